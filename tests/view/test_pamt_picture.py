"""The PAMT drawn as a tree: the boxes are the model's entries, none collide, the text twin says the same."""

from xml.etree import ElementTree

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import ModelError
from tdxkit.seam.locks import held
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import L1G, L2M
from tdxkit.seam.pamt_state import Spot, state_of
from tdxkit.seam.runs import RUNS
from tdxkit.seam.scenes import world_for
from tdxkit.units import GIB
from tdxkit.view.kit.layout import layered
from tdxkit.view.pamt_picture import pamt_graph, picture_of, region_graph, tree

OF_A_TD = ("zero-step", "accept")  # runs that show no region
FOREST = st.lists(st.integers(0, 7), max_size=30)


@given(FOREST, st.lists(st.floats(10, 200), min_size=31, max_size=31))
@settings(max_examples=60)
def test_nodes_of_a_layer_never_collide_and_parents_stand_over_their_children(parents, widths):
    graph = nx.DiGraph()
    graph.add_node(0, layer=0)
    for node, back in enumerate(parents, 1):
        parent = max(node - 1 - back, 0)
        graph.add_node(node, layer=graph.nodes[parent]["layer"] + 1)
        graph.add_edge(parent, node)
    places = layered(graph, widths.__getitem__, gap=5)
    for a in graph:
        for b in graph:
            if a < b and places[a][1] == places[b][1]:
                apart = abs(places[a][0] - places[b][0])
                assert apart >= (widths[a] + widths[b]) / 2 + 5 - 1e-6
        children = [places[c][0] for c in graph.successors(a)]
        if children:
            assert min(children) - 1e-6 <= places[a][0] <= max(children) + 1e-6
    assert min(x - widths[n] / 2 for n, (x, _) in places.items()) == pytest.approx(0)


def test_a_node_with_two_parents_is_refused():
    graph = nx.DiGraph([(0, 2), (1, 2)])
    nx.set_node_attributes(graph, {0: 0, 1: 0, 2: 1}, "layer")
    with pytest.raises(ModelError):
        layered(graph, lambda n: 1)


def test_the_layout_needs_no_numpy():
    import subprocess
    import sys

    code = "import sys; from tdxkit.view import Spot, tree; from tdxkit.seam.module import Module as M; tree(M().m, [Spot(0)]); assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_a_pair_the_page_has_no_entry_and_with_one_it_has():
    m = Module([(0, 2 * GIB)]).m
    before = tree(m, [Spot(0x1000, "page")])
    assert "no pair, no entry" in before.text and "PT_PAMT" not in before.text and "stroke-dasharray" in before.svg
    module = Module([(0, 2 * GIB)])
    assert module.call("TDH.PHYMEM.PAMT.ADD", rcx=L2M, rdx=GIB, r8=GIB + 0x1000).ok
    after = tree(module.m, [Spot(0x1000, "page"), Spot(GIB, "page of the pair")])
    assert "PT_PAMT, 0 in use" in after.text and "pair page 0: at 0x40000000" in after.text
    assert "a pair's page" in after.text and "4K entry 0x1000 (page): NDA; lock free" in after.text


def test_the_half_of_the_region_decides_the_pair_page():
    module = Module([(0, 2 * GIB)])
    module.call("TDH.PHYMEM.PAMT.ADD", rcx=L2M, rdx=GIB, r8=GIB + 0x1000)
    for index, page in ((0, 0), (255, 0), (256, 1), (511, 1)):
        graph = pamt_graph(state_of(module.m, [Spot(index << 12)]), [Spot(index << 12)])
        (parent,) = graph.predecessors((0, index))
        assert parent == ("pair", 0, page)


def test_static_mode_has_no_pairs():
    m = Module([(0, GIB)], dynamic_pamt=False).m
    assert "pair" not in tree(m, [Spot(0x1000), Spot(0, level=L2M)]).text


@pytest.mark.parametrize("leaf", ["TDH.MEM.PAGE.AUG", "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE"])
def test_every_lock_of_every_step_is_drawn_as_it_is(leaf):
    world = world_for(leaf)
    operands = world.operands(leaf)
    call, m = world.module.begin(leaf, **operands), world.module.m
    spots = [
        Spot(operands[r], r, L2M if r == "rcx" else 0) for r in operands if leaf.startswith("TDH.PHYMEM") or r != "rcx"
    ]
    seen = set()
    while call.step():
        graph = pamt_graph(state_of(m, spots), spots)
        for node, data in graph.nodes(data=True):
            if isinstance(node[0], int) and data["lock"] is not None:
                assert data["lock"] == held(getattr(m, ("lock_4k", "lock_2m", "lock_1g")[node[0]])[node[1]])
                seen.add(data["lock"].mode)
        ElementTree.fromstring(tree(m, spots).svg)
    assert seen == {"free", "shared", "exclusive"} and call.result.ok


def test_boxes_say_their_state_without_colour():
    world = world_for("TDH.PHYMEM.PAMT.ADD")
    operands = world.operands("TDH.PHYMEM.PAMT.ADD")
    call = world.module.begin("TDH.PHYMEM.PAMT.ADD", **operands).until("RCX: promote to exclusive")
    call.step()
    picture = tree(world.module.m, [Spot(operands["rcx"], "region", L2M)], "a title")
    drawn = {t.text for t in ElementTree.fromstring(picture.svg).iter("text")}
    assert {"exclusive", "shared by 1", "region", "a title", "not there"} <= drawn
    assert (
        picture.text.splitlines()[0] == "a title"
        and "  2M entry 0x100000000 (region): NDA; lock exclusive" in picture.text
    )
    frames = {}
    for group in ElementTree.fromstring(picture.svg).iter("g"):
        words = {t.text for t in group.findall("text")}
        for mode in ("exclusive", "shared by 1"):
            if mode in words:
                frames[mode] = [r.get("stroke-width") for r in group.findall("rect") if r.get("stroke")]
    assert frames == {"exclusive": ["2.6"], "shared by 1": ["1.2", "1"]}


def test_one_entry_is_drawn_once_and_labels_stay_text():
    m = Module([(0, GIB)]).m
    spots = [Spot(0x1000, "<script>"), Spot(0x2000), Spot(0, level=L1G), Spot(0, "r", L2M)]
    graph = pamt_graph(state_of(m, spots), spots)
    assert sum(1 for node in graph if node[0] == L1G) == 1 and sum(1 for node in graph if node[0] == L2M) == 1
    assert "<script" not in tree(m, [Spot(0x1000, "</text><script>alert(1)</script>")]).html()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in RUNS if name not in OF_A_TD])
def test_every_state_of_every_run_is_drawn_as_it_is(name):
    run = RUNS[name]()
    page = None if name.startswith("pamt") else 0x7000
    picture = picture_of(page)
    for state in run.states():
        graph = region_graph(state, page)
        entries = {data["title"]: data for _, data in graph.nodes(data=True)}
        assert entries["1G entry"]["lock"] == state["1G lock"] and entries["2M entry"]["lock"] == state["2M lock"]
        assert (state["2M lock"].mode == "exclusive") == (state["2M exclusive"] is not None)
        assert entries["pair page 0"]["absent"] == (not state["pair is there"])
        drawn = [t.text for t in ElementTree.fromstring(picture(state)).iter("text")]
        said = {str(state[key]) for key in ("1G lock", "2M lock")}
        locks = {"unlocked" if words == "free" else words for words in said}
        rows = " ".join(text for text in drawn if text)  # what is too long for one row goes on in the next
        assert all(words in rows for words in locks) and "host priori…" not in rows
        if page is None:
            bits = {data["title"]: data["content"] for (kind, *_), data in graph.nodes(data=True) if kind == "bit"}
            watched = {k.removeprefix("bitmap "): v for k, v in state.items() if k.startswith("bitmap ")}
            assert bits == {page: f"bitmap bit {bit.bit}" for page, bit in watched.items()}


def test_a_stepper_takes_the_pictures():
    from tdxkit.view.stepper.payload import run_data

    data = run_data(RUNS["pamt-add"](), picture_of())
    assert len(set(data["pic"])) == len(data["pictures"]) >= 5
