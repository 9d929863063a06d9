"""What a digest or a heap of mails holds, as charts and tables: who posted, what a diffstat weighs, which series are whole."""

from collections.abc import Iterable, Mapping, Sequence

from tdxkit.mail.diffstat import Bounds, Diffstat, FileStat
from tdxkit.mail.lines import Notes
from tdxkit.mail.post import Post
from tdxkit.review.digest import Digest
from tdxkit.review.series import Series, spans
from tdxkit.review.trailers import meaning
from tdxkit.view.kit.charts import HATCH, HATCHES, Chart, plotly_text
from tdxkit.view.kit.scales import told_apart
from tdxkit.view.kit.svg import visible
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.theme import ROLES

SHOWN = 200  # rows of a table; a page is no archive
_CUT = 44  # characters of a name on an axis
MOST = 40  # bars of a chart; the table has all


def contributors(digest: Digest) -> Chart:
    """Mails counted for each person; hatched for who has no entry in the digest."""
    alone = set(digest.unposted())
    names = told_apart(_cut(row.who.name or row.who.email) for row in digest.contributors)
    rows = [(name, row.count, f"{row.count:,}", row in alone) for name, row in zip(names, digest.contributors)]
    kinds = {False: ("with an entry", "a0"), True: ("no entry here", "free")}
    table_rows = tuple((str(r.who), r.count, "no" if r in alone else "yes") for r in digest.contributors)
    title = f"{visible(digest.list)}: who posted, {visible(digest.from_commit)} to {visible(digest.to_commit)}"
    return _lying(title, "mails counted", rows, kinds, ("who", "mails", "entry"), table_rows)


def weights(stat: Diffstat, title: str = "What the diffstat weighs") -> Chart:
    """The files of a diffstat by their changed lines, the most first; the words say how many were added and removed, or between what.

    Files that only grow, only shrink, or do both differ in colour and hatching.
    """
    files = sorted(stat.files, key=lambda file: -file.changes)
    names = told_apart(_end(file.path) for file in files)
    rows = [(name, file.changes, signs(file), _way(file)) for name, file in zip(names, files)]
    kinds = {"both": ("gains and loses lines", "a0"), "+": ("only gains", "ok"), "-": ("only loses", "bad")}
    table_rows = tuple((f.path, f.changes, between(f.added, "+"), between(f.removed, "−")) for f in files)
    head = f"{title}: {stat.files_changed} files, +{stat.insertions} −{stat.deletions}"
    head += f"; the {MOST} largest" if len(files) > MOST else ""
    return _lying(head, "lines changed", rows[:MOST], kinds, ("file", "changed", "added", "removed"), table_rows)


def _lying(
    title: str, what: str, rows: Sequence[tuple], kinds: Mapping[object, tuple[str, str]], header: tuple[str, ...],
    table_rows: tuple[tuple, ...],
) -> Chart:  # fmt: skip
    """A lying bar for each row (name, value, words, kind); `kinds` has the name and the role of each."""
    traces = []
    for index, (kind, (name, role)) in enumerate(kinds.items()):
        part = [row for row in rows if row[3] == kind]
        if part:
            traces.append({
                "type": "bar", "orientation": "h", "name": name, "x": [r[1] for r in part], "y": [plotly_text(r[0]) for r in part],
                "marker": {"color": ROLES[role].both, "pattern": HATCH | {"shape": HATCHES[index]}},
                "text": [plotly_text(r[2]) for r in part], "textposition": "outside", "cliponaxis": False,
            })  # fmt: skip
    names = [plotly_text(row[0]) for row in rows]
    layout = {
        "barmode": "stack", "height": 150 + 28 * len(rows), "margin": {"r": 150}, "xaxis": {"title": {"text": what}},
        "yaxis": {"type": "category", "autorange": "reversed", "categoryorder": "array", "categoryarray": names},
    }  # fmt: skip
    return Chart(title, tuple(traces), header, table_rows, layout)


def between(bounds: Bounds, sign: str = "") -> str:
    """A count, or the two it lies between."""
    low, high = bounds
    return f"{sign}{low}" if low == high else f"{sign}{low}…{high}"


def signs(file: FileStat) -> str:
    """`+3`, `−1` or both; what is zero is left out."""
    parts = [between(b, s) for b, s in ((file.added, "+"), (file.removed, "−")) if b[1]]
    return " ".join(parts) or ("binary" if file.binary else "no lines")


def _way(file: FileStat) -> str:
    return "-" if file.removed[1] and not file.added[1] else "both" if file.removed[1] else "+"


def _end(path: str) -> str:
    """A path, or its end where it is long: the name of the file says more than the folder."""
    return path if len(path) <= _CUT else f"…{path[1 - _CUT :]}"


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


def stat_rows(posts: Iterable[Post], part: str = "", title: str = "") -> Table:
    """One row for each row of the posts' diffstats whose path has this part: the mail, the file, the lines changed, added and removed, or between what."""
    rows = []
    for post in posts:
        what = post.subject
        number = f"{what.n}/{what.total}" if what.n is not None else "alone"
        for file in post.stat.files if post.stat else ():
            if part in file.path:
                was = f" (was {file.renamed_from})" if file.renamed_from else ""
                rows.append(
                    (number, f"{file.path}{was}", file.changes, between(file.added, "+"), between(file.removed, "−"))
                )
    head = ("mail", "file", "changed", "added", "removed")
    return table(head, rows[:SHOWN], _titled(title or "What the diffstats say", len(rows)))


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
    return table(header, rows, _titled(title, len(series)), marked, lit="something is missing")


def notes_table(notes: Notes) -> Table:
    """What could not be read, and where."""
    return table(
        ("line", "what"), [(n.line or "—", n.what) for n in notes], _titled("What was left out or guessed", len(notes))
    )


def _titled(title: str, count: int) -> str:
    return title if count <= SHOWN else f"{title}: the first {SHOWN} of {count}"


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else text[: _CUT - 1] + "…"
