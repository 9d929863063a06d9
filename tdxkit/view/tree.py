"""The PAMT as a tree: 1G entry, 2M entry, the two pages of a pair, 4K entries; who holds which lock, what each entry says.

    tree(module.m, [Spot(0x40001000, "new page")])         # a still picture of a live module
    Stepper(pamt_add_run(), picture=picture_of())          # one for each state of a run of `tdxkit.seam.record`

Only the branches that lead to the places asked for are drawn: a region has 512 entries, a block 512 regions.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import networkx as nx

from tdxkit.run import State
from tdxkit.seam.locks import describe
from tdxkit.seam.pamt import FREE, L1G, L2M, L4K, NDA, PT_PAMT, RSVD, SHIFT, Entry
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import Markup
from tdxkit.view.tree_drawing import NARROW, draw, twin_of

LAYERS = {L1G: 0, L2M: 1, "pair": 2, L4K: 3}
TABLE = {L1G: "pamt_1g", L2M: "pamt_2m", L4K: "pamt_4k"}
LOCK = {L1G: "lock_1g", L2M: "lock_2m", L4K: "lock_4k"}
NAMES = {L1G: "1G entry", L2M: "2M entry", L4K: "4K entry"}


class Spot(NamedTuple):
    """A place to draw the way to: an HPA, what it is ("new page", "TDVPR"), and the level where the way ends."""

    hpa: int
    label: str = ""
    level: int = L4K


def pamt_graph(m, spots: Iterable[Spot]) -> nx.DiGraph:
    """The branches of the PAMT that lead to some places, as a graph with edges from parent to child.

    `m` has the module's variables: `pamt_1g`, `lock_2m`, `count` and so on, see `tdxkit.seam.memory`. Nodes carry `layer`, `title`,
    `content`, `lock` (in words, or None where there is no lock), `role` and `absent`.
    """
    graph = nx.DiGraph()
    for spot in spots:
        block = _entry(graph, m, L1G, spot.hpa, spot.label if spot.level == L1G else "")
        if spot.level == L1G or m.pamt_1g[spot.hpa >> SHIFT[L1G]].type != NDA:
            continue
        region = _entry(graph, m, L2M, spot.hpa, spot.label if spot.level == L2M else "")
        graph.add_edge(block, region)
        entry = m.pamt_2m[spot.hpa >> SHIFT[L2M]]
        above, has_pair = region, entry.type == PT_PAMT
        half = spot.hpa >> 20 & 1  # page 0 of a pair has entries 0..255, the first half of the region
        if m.dynamic and (has_pair or (spot.level == L2M and entry.type == NDA)):
            pair = [_pair(graph, region, i, entry) for i in ((0, 1) if spot.level == L2M else (half,))]
            above = pair[0]
        if spot.level == L4K:
            graph.add_edge(above, _page(graph, m, spot, absent=m.dynamic and not has_pair))
    return graph


def _entry(graph: nx.DiGraph, m, level: int, hpa: int, label: str) -> tuple:
    number = hpa >> SHIFT[level]
    node = (level, number)
    entry = getattr(m, TABLE[level])[number]
    content = _says(entry, m.count[number] if level == L2M and m.dynamic else None)
    old = graph.nodes[node]["label"] if node in graph else ""
    graph.add_node(
        node, layer=LAYERS[level], title=NAMES[level], at=number << SHIFT[level], label=label or old, content=content,
        lock=describe(getattr(m, LOCK[level])[number]), role=_role(entry), absent=False,
    )  # fmt: skip
    return node


def _pair(graph: nx.DiGraph, region: tuple, i: int, entry: Entry) -> tuple:
    here = entry.type == PT_PAMT
    node = ("pair", region[1], i)
    graph.add_node(
        node, layer=LAYERS["pair"], title=f"pair page {i}", at=None, label="", lock=None, absent=not here,
        content=f"at {entry.pair[i]:#x}" if here else "not there", role="pair" if here else "free",
    )  # fmt: skip
    graph.add_edge(region, node)
    return node


def _page(graph: nx.DiGraph, m, spot: Spot, absent: bool) -> tuple:
    number = spot.hpa >> SHIFT[L4K]
    entry = FREE if absent else m.pamt_4k[number]
    bit = m.dynamic and m.bitmap[number >> 9] >> (number & 511) & 1
    content = "no pair, no entry" if absent else _says(entry)
    if bit:
        content = "a pair's page (bit 1)" if not absent else "a pair's page, no entry"
    node = (L4K, number)
    graph.add_node(
        node, layer=LAYERS["pair" if absent else L4K], title=NAMES[L4K], at=number << SHIFT[L4K], label=spot.label, content=content,
        lock=None if absent else describe(m.lock_4k[number]), role="pair" if bit else _role(entry), absent=bool(absent),
    )  # fmt: skip
    return node


def _says(entry: Entry, count: int | None = None) -> str:
    if entry.type == PT_PAMT:
        return f"PT_PAMT, {count} in use"
    return f"{entry.type}" + (f" of TD {entry.owner:#x}" if entry.owner else "")


def _role(entry: Entry) -> str:
    return "pair" if entry.type == PT_PAMT else "free" if entry.type in (NDA, RSVD) else "used"


def region_graph(state: State, page: int | None = None) -> nx.DiGraph:
    """The same for one region of a run's state, as `tdxkit.seam.record` keeps it; `page` is the HPA whose 4K entry the run watches,
    None where it watches the region alone. Pages whose bitmap bits the run watches stand under the pair, in their order."""
    graph = nx.DiGraph()
    kind = state["2M entry"]
    pairs = [state["pair page 0"], state["pair page 1"]]
    here = pairs[0] is not None
    content = f"{kind}, {state['page count']} in use" if here else kind
    _add(graph, "1G", 0, "1G entry", "", state["1G lock"], "free")
    role = "pair" if here else "free" if kind == "NDA" else "used"
    _add(graph, "2M", 1, "2M entry", content, state["2M lock"], role, parent="1G")
    for i in (0, 1):
        said = f"at {pairs[i]}" if here else "not there"
        _add(graph, f"pair {i}", 2, f"pair page {i}", said, None, "pair" if here else "free", "2M", not here)
    if page is not None:
        entry = state["4K entry"] if here else "no pair, no entry"
        used = "free" if entry.startswith(("NDA", "no")) else "used"
        lock = state["4K lock"] if here else None
        _add(graph, "4K", 3, f"{page:#x}", entry, lock, used, f"pair {page >> 20 & 1}", not here)
        return graph
    for i, (key, bit) in enumerate((k, v) for k, v in state.items() if k.startswith("bitmap ")):
        name, said = key.removeprefix("bitmap "), f"bitmap bit {int(bit)}"
        _add(graph, key, 3, name, said, None, "pair" if bit else "free", f"pair {min(i, 1)}", not here)
        graph.nodes[key]["wide"] = NARROW
    return graph


def _add(graph, node, layer, title, content, lock, role, parent=None, absent=False) -> None:
    level = {0: "1G", 1: "2M", 3: "4K"}.get(layer, "")
    graph.add_node(
        node,
        layer=layer,
        title=title,
        at=None,
        label="",
        content=content,
        lock=lock,
        role=role,
        absent=absent,
        level=level,
    )
    if parent:
        graph.add_edge(parent, node)


def picture_of(page: int | None = None) -> Callable[[State], Markup]:
    """picture(state) for a `Stepper` over a run of `tdxkit.seam.record`; `page` as for `region_graph`."""

    def picture(state: State) -> Markup:
        graph = region_graph(state, page)
        return draw(graph, twin_of(graph))

    return picture


def tree(m, spots: Iterable[Spot], title: str = "") -> Picture:
    """The branches that lead to some places, drawn, with the same as indented text."""
    graph = pamt_graph(m, spots)
    twin = twin_of(graph, title)
    return Picture(draw(graph, twin, title), twin)
