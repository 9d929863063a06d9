"""Which patch touches which file: a networkx graph, shown as a matrix of dots, a row for each patch and a column for each file."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import networkx as nx

from tdxkit.review.patches import Patch, series, totals
from tdxkit.review.series import Series, spans
from tdxkit.text import plural
from tdxkit.view.kit.grid import Grid, Head, Sign
from tdxkit.view.kit.svg import visible
from tdxkit.view.kit.tables import Table, table

MOST = 80  # rows and columns that are drawn; the text has all
_CHARS = 72  # of a title
DOTS = {0: "·", 10: "•", 50: "●"}  # from how many lines on a dot has which size
MOVED, UNKNOWN = "→", "●"


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
    return table(("patch", "title", "files", "added", "removed"), rows, said, totals=[len(rows) - 2, len(rows) - 1])


def patch_matrix(graph: nx.Graph, title: str = "Which patch touches which file") -> Grid:
    """The graph as a matrix: the patches in their order, the files as the patches come to them; a dot is as large as the change."""
    patches, files = sorted(n for kind, n in graph if kind == "patch"), _files_in_order(graph)
    rows, columns = patches[:MOST], files[:MOST]
    left_out = len(patches) - len(rows) + len(files) - len(columns)
    cells = {
        (rows.index(n), columns.index(p)): _dot(graph, n, p) for n, p in _touches(graph) if n in rows and p in columns
    }
    return Grid(
        title + (f" ({left_out} more in the text)" if left_out else ""), "rows: patches\ncolumns: files",
        [_row(graph, n) for n in rows], [Head(name, path) for name, path in zip(shortest_ends(columns), columns)],
        cells, _legend({cell.sign for cell in cells.values()}, graph), "{row}: leaves {column} alone", _words(graph, patches, files, title),
    )  # fmt: skip


def _touches(graph: nx.Graph) -> list[tuple[int, str]]:
    """(patch, file) for each edge, in order."""
    return sorted((n, path) for kind, n in graph if kind == "patch" for _, path in graph[("patch", n)])


def _files_in_order(graph: nx.Graph) -> list[str]:
    """The files, by the patches that touch them: the first comes first, and of one patch's those that are touched once."""
    touched = {path: sorted(n for _, n in graph[(kind, path)]) for kind, path in graph if kind == "file"}
    return sorted(touched, key=lambda path: (touched[path], path))


def shortest_ends(paths: Sequence[str]) -> list[str]:
    """Each path by as much of its end as no other has, whole names only.

    >>> shortest_ends(["arch/x86/virt/vmx/tdx/tdx.c", "arch/x86/kvm/vmx/tdx.c", "a/main.c"])
    ['tdx/tdx.c', 'vmx/tdx.c', 'main.c']
    """
    parts = {path: path.split("/") for path in paths}
    ends = Counter("/".join(names[-k:]) for names in parts.values() for k in range(1, len(names) + 1))
    return [
        next(("/".join(n[-k:]) for k in range(1, len(n)) if ends["/".join(n[-k:])] == 1), path)
        for path, n in parts.items()
    ]


def _row(graph: nx.Graph, n: int) -> Head:
    node = graph.nodes[("patch", n)]
    whole = f"{n} {node['title']}".rstrip()
    note = node.get("lines", "") if graph[("patch", n)] else "no files known"
    return Head(whole if len(whole) <= _CHARS else f"{whole[: _CHARS - 1]}…", whole, note)


def _dot(graph: nx.Graph, n: int, path: str) -> Sign:
    lines = graph.edges[("patch", n), ("file", path)]["lines"]
    said = f"{n} {graph.nodes[('patch', n)]['title']}: {path} {lines}".rstrip()
    others = [k for _, k in graph[("file", path)] if k != n]
    said += (
        f"; also touched by {plural(len(others), 'patch')} {spans(others)}" if others else "; no other patch touches it"
    )
    return Sign(_size(lines), "used", said)


def _size(lines: str) -> str:
    """The dot for a change."""
    if not lines:
        return UNKNOWN
    if lines.startswith("moved"):
        return MOVED
    changed = sum(int(word[1:]) for word in lines.split())
    return next(dot for least, dot in reversed(DOTS.items()) if changed >= least)


def _legend(used: set[str], graph: nx.Graph) -> list[tuple[str, str, str]]:
    if not any(lines for *_, lines in graph.edges(data="lines")):
        return [(UNKNOWN, "used", "the patch touches the file")]
    bounds = list(DOTS)
    words = {
        dot: f"{least or 1} lines and more" if least == bounds[-1] else f"{least or 1} to {bounds[k + 1] - 1} lines"
        for k, (least, dot) in enumerate(DOTS.items())
    }
    return [
        (sign, "used", said)
        for sign, said in {**words, MOVED: "the file goes away: it is moved"}.items()
        if sign in used
    ]


def _files(graph: nx.Graph, n: int) -> str:
    """The files of a patch, each with its lines where they are known."""
    edges = sorted((path, data["lines"]) for (_, path), data in graph[("patch", n)].items())
    return ", ".join(f"{path} {lines}".rstrip() for path, lines in edges)


def _words(graph: nx.Graph, patches: Sequence[int], files: Sequence[str], title: str) -> str:
    said = [title]
    for n in patches:
        whole = graph.nodes[("patch", n)].get("lines", "")
        said.append(
            f"{n:4}  {graph.nodes[('patch', n)]['title']}{f' ({whole})' * bool(whole)}: {_files(graph, n) or 'no files known'}"
        )
    said += [f"      {path}: {spans(n for _, n in graph[('file', path)])}" for path in files]
    return visible("\n".join(said))
