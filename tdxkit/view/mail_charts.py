"""What a digest or a heap of mails holds, as charts and tables: who posted, what a diffstat weighs, which series are whole."""

from tdxkit.mail.diffstat import Bounds, Diffstat, FileStat
from tdxkit.mail.lines import Notes
from tdxkit.mail.post import Post
from tdxkit.review.digest import Digest
from tdxkit.review.series import Series, spans
from tdxkit.review.trailers import meaning
from tdxkit.view.kit.charts import HATCHES, Chart, plotly_text
from tdxkit.view.kit.svg import visible
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.theme import ROLES, channels

SHOWN = 200  # rows of a table; a page is no archive
_CUT = 60  # characters of a name on an axis


def contributors(digest: Digest) -> Chart:
    """Mails counted for each person; hatched for who has no entry in the digest."""
    alone = set(digest.unposted())
    rows = [(_cut(row.who.name or row.who.email), row.count, row in alone) for row in digest.contributors]
    traces = []
    for index, (name, role, without) in enumerate((("with an entry", "a0", False), ("no entry here", "free", True))):
        part = [(who, count) for who, count, lone in rows if lone == without]
        if part:
            pattern = {"shape": HATCHES[index], "size": 6, "solidity": 0.25}
            traces.append({
                "type": "bar", "orientation": "h", "name": name, "x": [c for _, c in part], "y": [plotly_text(w) for w, _ in part],
                "marker": {"color": ROLES[role].both, "pattern": pattern}, "text": [str(c) for _, c in part],
            })  # fmt: skip
    table_rows = tuple((str(r.who), r.count, "no" if r in alone else "yes") for r in digest.contributors)
    layout = {
        "barmode": "stack", "height": 130 + 30 * len(rows), "xaxis": {"title": {"text": "mails counted"}, "dtick": None},
        "yaxis": {"autorange": "reversed", "categoryorder": "array", "categoryarray": [plotly_text(w) for w, _, _ in rows]},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"},
    }  # fmt: skip
    title = f"{visible(digest.list)}: who posted, {digest.from_commit} to {digest.to_commit}"
    return Chart(title, tuple(traces), ("who", "mails", "entry"), table_rows, layout)


def treemap(stat: Diffstat, title: str = "What the diffstat weighs") -> Chart:
    """The files of a diffstat by directory; area is changed lines, the words say how many were added and removed, or between what.

    Files that only grow, only shrink, or do both differ in colour and in the signs they carry.
    """
    tree: dict[str, str] = {}  # id: parent
    leaves: dict[str, FileStat] = {}
    for file in stat.files:
        parts = [part for part in file.path.split("/") if part] or [file.path]
        for depth in range(1, len(parts)):
            tree["/".join(parts[:depth]) + "/"] = "/".join(parts[: depth - 1]) + "/" if depth > 1 else ""
        leaves[file.path] = file
        tree[file.path] = "/".join(parts[:-1]) + "/" if len(parts) > 1 else ""
    ids = list(tree)
    values = [leaves[i].changes if i in leaves else 0 for i in ids]
    trace = {
        "type": "treemap", "ids": [plotly_text(i) for i in ids], "parents": [plotly_text(tree[i]) for i in ids], "values": values,
        "labels": [plotly_text(i.rstrip("/").rsplit("/", 1)[-1] + ("/" if i.endswith("/") else "")) for i in ids],
        "text": [plotly_text(signs(leaves[i])) if i in leaves else "" for i in ids], "textinfo": "label+text",
        "hovertext": [plotly_text(f"{i} {signs(leaves[i])}" if i in leaves else i) for i in ids], "hoverinfo": "text",
        "marker": {"colors": [_tint(leaves.get(i)) for i in ids], "line": {"width": 1}}, "tiling": {"pad": 2}, "branchvalues": "remainder",
        "pathbar": {"visible": False},
    }  # fmt: skip
    rows = tuple((f.path, f.changes, between(f.added, "+"), between(f.removed, "−")) for f in stat.files)
    head = f"{title}: {stat.files_changed} files, +{stat.insertions} −{stat.deletions}"
    return Chart(
        head,
        (trace,),
        ("file", "changed", "added", "removed"),
        rows,
        {"height": 420, "margin": {"l": 12, "r": 12, "t": 48, "b": 8}},
    )


def between(bounds: Bounds, sign: str = "") -> str:
    """A count, or the two it lies between."""
    low, high = bounds
    return f"{sign}{low}" if low == high else f"{sign}{low}…{high}"


def signs(file: FileStat) -> str:
    """`+3`, `−1` or both; what is zero is left out."""
    parts = [between(b, s) for b, s in ((file.added, "+"), (file.removed, "−")) if b[1]]
    return " ".join(parts) or ("binary" if file.binary else "no lines")


def _tint(file: FileStat | None) -> str:
    if file is None:
        return "rgba(128,136,146,.14)"
    role = "a0" if file.added[1] and file.removed[1] else "bad" if file.removed[1] else "ok"
    return "rgba({},{},{},.34)".format(*channels(ROLES[role].both))


def entries(posts: tuple[Post, ...], title: str = "") -> Table:
    """One row a post: role, version, number, title, author, lines added and removed, what is missing."""
    rows = []
    for post in posts[:SHOWN]:
        what, stat = post.subject, post.stat
        number = f"{what.n}/{what.total}" if what.n is not None else "alone"
        lines = f"+{stat.insertions} −{stat.deletions}" if stat else "—"
        rows.append(
            (
                what.role,
                what.label,
                number,
                what.title,
                post.author.name or post.author.email,
                lines,
                "; ".join(post.missing()),
            )
        )
    header = ("role", "version", "number", "title", "author", "lines", "what is missing")
    return table(header, rows, _titled(title or "Entries", len(posts)))


def trailers_table(posts: tuple[Post, ...], title: str = "The lines at the foot of the patches") -> Table:
    """One row a trailer: in which mail it stands, what it says, and what that means."""
    rows = [(p.subject.title, t.key, t.value, meaning(t.key, t.value)) for p in posts for t in p.message.trailers]
    return table(("mail", "trailer", "says", "which means"), rows[:SHOWN], _titled(title, len(rows)))


def series_table(series: tuple[Series, ...], title: str = "Series") -> Table:
    """One row a series: what there is of it and what is missing; incomplete ones are lit."""
    rows, marked = [], []
    for k, one in enumerate(series[:SHOWN]):
        size = "pull request" if one.total is None else one.total
        here = spans(one.present) or "—"
        gaps = "; ".join(one.gaps())
        rows.append(
            (
                one.title,
                one.label,
                one.sender.name or one.sender.email,
                size,
                "yes" if one.cover else "no",
                here,
                gaps,
            )
        )
        marked += [k] if gaps else []
    header = ("title", "version", "sender", "patches", "cover", "at hand", "what is missing")
    return table(header, rows, _titled(title, len(series)), marked)


def notes_table(notes: Notes) -> Table:
    """What could not be read, and where."""
    return table(
        ("line", "what"), [(n.line or "—", n.what) for n in notes], _titled("What was left out or guessed", len(notes))
    )


def _titled(title: str, count: int) -> str:
    return title if count <= SHOWN else f"{title}: the first {SHOWN} of {count}"


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else text[: _CUT - 1] + "…"
