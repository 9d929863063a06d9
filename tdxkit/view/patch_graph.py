"""Which patch touches which file: a networkx graph, laid out with patches in order on the left and files by directory on the right."""

from collections.abc import Iterable, Mapping

import networkx as nx

from tdxkit.review.patches import Patch, series, totals
from tdxkit.review.series import Series, spans
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import Markup, drawing, element, line, text
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.theme import actor_role

ROW, TOP = 22, 34
LEFT, FILES, WIDTH = 372, 560, 940  # where a patch's words end, where the files' begin, the whole
MOST = 80  # rows that are drawn on a side; the text has all
_PATCH_CHARS, _FILE_CHARS = 54, 44


def patch_graph(titles: Mapping[int, str], touched: Mapping[int, Iterable[str] | Mapping[str, str]]) -> nx.Graph:
    """A bipartite graph. Nodes: ("patch", n) with `title` (and `lines`, where somebody sets them), ("file", path) with `folder`; an edge
    where a patch touches a file.

    Paths may come with words for what the patch does to the file, such as "+5 −1": the `lines` of the edge. A patch of `titles`
    without files is there as a node without edges.
    """
    graph = nx.Graph()
    for n, title in titles.items():
        graph.add_node(("patch", n), title=title, kind="patch")
    for n, paths in touched.items():
        graph.add_node(("patch", n), title=titles.get(n, ""), kind="patch")
        for path in paths:
            graph.add_node(("file", path), folder=path.rpartition("/")[0], kind="file")
            graph.add_edge(("patch", n), ("file", path), lines=paths[path] if isinstance(paths, Mapping) else "")
    return graph


def series_graph(series: Series) -> nx.Graph:
    """The graph of a series as far as its mails are at hand; a missing patch has no edges."""
    return patch_graph(series.titles, {n: [f.path for f in post.files] for n, post in series.patches.items()})


def files_graph() -> nx.Graph:
    """The graph of the twelve patches of the Dynamic PAMT series, with the lines of their posted diffstats."""
    graph = patch_graph({p.n: p.title for p in series()}, {p.n: _lines_of(p) for p in series()})
    nx.set_node_attributes(graph, {("patch", p.n): counted(p.added, p.removed) for p in series()}, "lines")
    return graph


def _lines_of(patch: Patch) -> dict[str, str]:
    lines = {row.path: counted(row.added, row.removed) for row in patch.stat}
    return lines | {row.was: f"moved to {row.path}" for row in patch.stat if row.was}


def counted(added: int, removed: int) -> str:
    """Lines added and removed, as a word.

    >>> counted(5, 1), counted(2, 0), counted(0, 3)
    ('+5 −1', '+2', '−3')
    """
    return " ".join(f"{sign}{count}" for sign, count in (("+", added), ("−", removed)) if count)


def diffstat_table() -> Table:
    """The posted diffstat of each of the twelve patches, their sum, and the cover's: why the last two differ is in `totals`."""
    rows = [(p.n, p.title, len(p.stat), p.added, p.removed) for p in series()]
    summed, cover, gone = totals()
    rows += [("", "the twelve, added up", "", *summed), ("", "the cover, the moved file counted alike", 17, *cover)]
    said = (
        f"{gone} lines cancel out between patches: the cover compares the tree before the series with the tree after it"
    )
    return table(("patch", "title", "files", "added", "removed"), rows, said, [len(rows) - 2, len(rows) - 1])


def draw_patch_graph(graph: nx.Graph, title: str = "Which patch touches which file") -> Picture:
    """The graph as a picture: a curve from each patch to each file it touches, the patch's number again at the file."""
    patches = sorted(n for kind, n in graph if kind == "patch")
    rows = _file_rows(graph)
    drawn = patches[:MOST], rows[:MOST]
    step = min(max(ROW, ROW * len(drawn[1]) / max(len(drawn[0]), 1)), 2.2 * ROW)  # patches spread along the files
    patch_y = {n: TOP + step * k for k, n in enumerate(drawn[0])}
    file_y = {path: TOP + ROW * k for k, (path, _) in enumerate(drawn[1]) if path}
    height = TOP + max(step * len(drawn[0]), ROW * len(drawn[1]), ROW)
    parts: list[Markup] = []
    for k, n in enumerate(drawn[0]):
        for path in sorted(p for _, p in graph[("patch", n)]):
            if path in file_y:
                parts.append(_curve(patch_y[n], file_y[path], actor_role(k)))
    parts += [_patch(graph, n, patch_y[n], actor_role(k)) for k, n in enumerate(drawn[0])]
    parts += [_file(graph, path, folder, TOP + ROW * k) for k, (path, folder) in enumerate(drawn[1])]
    left_out = len(patches) - len(drawn[0]) + sum(1 for path, _ in rows[MOST:] if path)
    head = title + (f" ({left_out} more in the text)" if left_out else "")
    label = f"{title}: {len(patches)} patches, {sum(bool(p) for p, _ in rows)} files, {graph.number_of_edges()} edges"
    return Picture(
        drawing(WIDTH, height, label, text(0, 14, head, font_size=13.5, font_weight=600), *parts),
        _words(graph, patches, rows, title),
    )


def _file_rows(graph: nx.Graph) -> list[tuple[str, str]]:
    """(path, folder) for each row on the right; a folder's own row has no path."""
    folders: dict[str, list[str]] = {}
    for kind, path in graph:
        if kind == "file":
            folders.setdefault(graph.nodes[(kind, path)]["folder"], []).append(path)
    return [
        row
        for folder, paths in sorted(folders.items())
        for row in [("", folder), *((p, folder) for p in sorted(paths))]
    ]


def _curve(y0: float, y1: float, role: str) -> Markup:
    middle = (LEFT + FILES) / 2
    path = f"M{LEFT + 8} {y0}C{middle} {y0} {middle} {y1} {FILES - 6} {y1}"
    return element("path", d=path, fill="none", stroke=f"var(--tdx-{role})", stroke_width=1.6, opacity=0.85)


def _cut(words: str, room: int) -> str:
    return words if len(words) <= room else words[: room - 1] + "…"


def _patch(graph: nx.Graph, n: int, y: float, role: str) -> Markup:
    title = graph.nodes[("patch", n)]["title"]
    here = bool(graph[("patch", n)])
    words = text(LEFT - 22, y + 4, _cut(title, _PATCH_CHARS), role="ink" if here else "soft", anchor="end")
    ring = element(
        "circle",
        cx=LEFT,
        cy=y,
        r=9,
        fill="var(--tdx-paper)",
        stroke=f"var(--tdx-{role})",
        stroke_dasharray=None if here else "3 2",
    )
    number = text(LEFT, y + 3.5, n, role="ink" if here else "soft", anchor="middle", font_size=10, font_weight=600)
    touched = f": {_files(graph, n)}" if here else " (no files known)"
    lines = graph.nodes[("patch", n)].get("lines", "")
    below = [text(LEFT - 22, y + 17, lines, role="soft", anchor="end", font_size=10.5)] if lines else []
    return element("g", element("title", f"{n}: {title}{touched}"), words, ring, number, *below)


def _files(graph: nx.Graph, n: int) -> str:
    """The files of a patch, each with its lines where they are known."""
    edges = sorted((path, data["lines"]) for (_, path), data in graph[("patch", n)].items())
    return ", ".join(f"{path} {lines}".rstrip() for path, lines in edges)


def _file(graph: nx.Graph, path: str, folder: str, y: float) -> Markup:
    if not path:
        return text(FILES, y + 4, _cut(f"{folder}/" if folder else "top", _FILE_CHARS + 12), role="soft", font_size=11)
    numbers = sorted(n for _, n in graph[("file", path)])
    name = path.rpartition("/")[2]
    dot = element("circle", cx=FILES, cy=y, r=3.5, fill="var(--tdx-ink)")
    words = text(FILES + 12, y + 4, _cut(name, _FILE_CHARS), font_weight=600)
    return element(
        "g", element("title", f"{path}: patches {spans(numbers)}"), dot, words,
        text(WIDTH - 4, y + 4, _cut(spans(numbers), 18), role="soft", anchor="end"), line((FILES + 12, y + 9), (WIDTH - 4, y + 9), role="line"),
    )  # fmt: skip


def _words(graph: nx.Graph, patches: list[int], rows: list[tuple[str, str]], title: str) -> str:
    said = [title]
    for n in patches:
        whole = graph.nodes[("patch", n)].get("lines", "")
        said.append(
            f"{n:4}  {graph.nodes[('patch', n)]['title']}{f' ({whole})' * bool(whole)}: {_files(graph, n) or 'no files known'}"
        )
    for path, _ in rows:
        if path:
            said.append(f"      {path}: {spans(n for _, n in graph[('file', path)])}")
    return "\n".join(said)
