"""The PAMT as a tree: 1G entry, 2M entry, the two pages of a pair, 4K entries; who holds which lock, what each entry says.

    tree(module.m, [Spot(0x40001000, "new page")])         # a still picture of a live module
    Stepper(pamt_add_run(), picture=picture_of())          # one for each state of a run of `tdxkit.seam.record`

Both are drawn from a state (`tdxkit.seam.pamt_state`). Only the branches that lead to the places asked for are drawn: a region has 512
entries, a block 512 regions.
"""

from collections.abc import Callable, Iterable

import networkx as nx

from tdxkit.run import State
from tdxkit.seam.pamt import FREE, L1G, L2M, L4K, LEVEL_NAMES, NDA, PT_PAMT, RSVD, SHIFT, Entry
from tdxkit.seam.pamt_state import DYNAMIC, Bit, Spot, base, key, state_of
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import Markup
from tdxkit.view.tree_drawing import NARROW, draw, twin_of

__all__ = ["Spot", "pamt_graph", "picture_of", "region_graph", "tree"]

LAYERS = {L1G: 0, L2M: 1, "pair": 2, L4K: 3}


def pamt_graph(state: State, spots: Iterable[Spot], one_region: bool = False) -> nx.DiGraph:
    """The branches of the PAMT that lead to some places, as a graph with edges from parent to child.

    state: as `state_of` gives it; with `one_region` that of a run of `tdxkit.seam.record`, whose names have no address. Nodes carry
    `layer`, `title`, `at` (the address, None for what is called by its title), `label`, `content`, `lock` (a `Held`, or None where
    there is no lock), `role` and `absent`.
    """
    graph = nx.DiGraph()
    for spot in spots:
        _branch(graph, state, spot, one_region)
    return graph


def _branch(graph: nx.DiGraph, state: State, spot: Spot, one_region: bool) -> None:
    """Down from the 1G entry to one place, or to the leaf above it."""
    block = _entry(graph, state, L1G, spot, one_region)
    if spot.level == L1G or graph.nodes[block]["entry"].type != NDA:
        return
    region = _entry(graph, state, L2M, spot, one_region)
    graph.add_edge(block, region)
    kind = graph.nodes[region]["entry"].type
    dynamic, has_pair = state.get(DYNAMIC, True), kind == PT_PAMT
    half = ("pair", region[1], spot.hpa >> 20 & 1)  # page 0 of a pair has entries 0..255, the first half of the region
    if dynamic and spot.level == L2M and (has_pair or kind == NDA):
        for i in (0, 1):
            _pair(graph, state, spot, region, i, one_region)
    elif dynamic and has_pair:
        _pair(graph, state, spot, region, half[2], one_region)
    if spot.level == L4K:
        above = half if half in graph else region
        graph.add_edge(above, _page(graph, state, spot, above, dynamic and not has_pair, one_region))


def _entry(graph: nx.DiGraph, state: State, level: int, spot: Spot, one_region: bool) -> tuple:
    """A 1G or 2M entry. A run does not record the 1G entry, only its lock."""
    name, at = LEVEL_NAMES[level], None if one_region else base(spot.hpa, level)
    node = (level, spot.hpa >> SHIFT[level])
    entry = state.get(key(f"{name} entry", at))
    count = state[key("page count", at)] if level == L2M else None
    label = spot.label if spot.level == level else ""
    old = graph.nodes[node]["label"] if node in graph else ""
    graph.add_node(
        node, layer=LAYERS[level], title=f"{name} entry", at=at, label=label or old, content=_says(entry, count),
        lock=state[key(f"{name} lock", at)], role=_role(entry or FREE), absent=False, entry=entry or FREE,
    )  # fmt: skip
    return node


def _pair(graph: nx.DiGraph, state: State, spot: Spot, region: tuple, i: int, one_region: bool) -> None:
    page = state[key(f"pair page {i}", None if one_region else base(spot.hpa, L2M))]
    node = ("pair", region[1], i)
    graph.add_node(
        node, layer=LAYERS["pair"], title=f"pair page {i}", at=None, label="", lock=None, absent=page is None,
        content=f"at {page:#x}" if page is not None else "not there", role="free" if page is None else "pair",
    )  # fmt: skip
    graph.add_edge(region, node)


def _page(graph: nx.DiGraph, state: State, spot: Spot, above: tuple, absent: bool, one_region: bool) -> tuple:
    """A 4K entry, below its page of the pair where that is drawn."""
    at = base(spot.hpa, L4K)
    where = None if one_region else at
    entry = FREE if absent else state[key("4K entry", where)]
    bit = state.get(key("bitmap", at), Bit(at, 0)).bit
    content = "no pair, no entry" if absent else _says(entry)
    if bit:
        content = "a pair's page (bit 1)" if not absent else "a pair's page, no entry"
    node = (L4K, at >> SHIFT[L4K])
    layer = LAYERS["pair"] if absent and above[0] != "pair" else LAYERS[L4K]
    graph.add_node(
        node, layer=layer, title=f"{at:#x}" if one_region else "4K entry", at=where, label=spot.label, content=content,
        lock=None if absent else state[key("4K lock", where)], role="pair" if bit else _role(entry), absent=absent,
    )  # fmt: skip
    return node


def _says(entry: Entry | None, count: object = None) -> str:
    if entry is None:
        return ""
    return f"PT_PAMT, {count} in use" if entry.type == PT_PAMT else str(entry)


def _role(entry: Entry) -> str:
    return "pair" if entry.type == PT_PAMT else "free" if entry.type in (NDA, RSVD) else "used"


def region_graph(state: State, page: int | None = None) -> nx.DiGraph:
    """The same for the one region of a run's state; `page` is the HPA whose 4K entry the run watches, None where it watches the
    region alone. Pages whose bitmap bits the run watches then stand under the pair, in their order."""
    if page is not None:
        return pamt_graph(state, [Spot(page, level=L2M), Spot(page)], one_region=True)
    graph = pamt_graph(state, [Spot(0, level=L2M)], one_region=True)
    absent = state["pair page 0"] is None
    for i, bit in enumerate(value for value in state.values() if isinstance(value, Bit)):
        graph.add_node(
            ("bit", bit.page), layer=LAYERS[L4K], title=f"{bit.page:#x}", at=None, label="", lock=None, absent=absent,
            content=f"bitmap bit {bit.bit}", role="pair" if bit.bit else "free", wide=NARROW,
        )  # fmt: skip
        half = ("pair", 0, min(i, 1))
        graph.add_edge(
            half if half in graph else (L2M, 0), ("bit", bit.page)
        )  # one large page: the pair is yet to come
    return graph


def picture_of(page: int | None = None) -> Callable[[State], Markup]:
    """picture(state) for a `Stepper` over a run of `tdxkit.seam.record`; `page` as for `region_graph`."""
    drawn: dict[str, Markup] = {}  # by their text: few of a run's steps change what is drawn

    def picture(state: State) -> Markup:
        graph = region_graph(state, page)
        twin = twin_of(graph)
        if twin not in drawn:
            drawn[twin] = draw(graph, twin)
        return drawn[twin]

    return picture


def tree(m, spots: Iterable[Spot], title: str = "") -> Picture:
    """The branches that lead to some places of a live module, drawn, with the same as indented text."""
    spots = tuple(spots)
    graph = pamt_graph(state_of(m, spots), spots)
    twin = twin_of(graph, title)
    return Picture(draw(graph, twin, title), twin)
