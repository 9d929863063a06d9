"""Where each part of the two trees stands: the PAMT's boxes with their locks, the XArray's nodes with their strips of slots."""

import networkx as nx
import pytest
from drawn import parts, px, rooms, size

from tdxkit.linux.memattr.tree_run import record
from tdxkit.linux.memattr.tree_state import tree_of
from tdxkit.seam.locks import Held
from tdxkit.view.tree_drawing import draw, twin_of
from tdxkit.view.xarray_picture import xarray

FREE, SHARED, EXCLUSIVE = Held("free"), Held("shared", ("A", "B")), Held("exclusive", ("A",))


def pamt(*nodes):
    """A graph of entries, (layer, parent, what else): each below its parent."""
    graph = nx.DiGraph()
    for k, (layer, parent, more) in enumerate(nodes):
        plain = {
            "title": f"{layer}G entry",
            "at": None,
            "label": "",
            "content": "NDA",
            "lock": None,
            "role": "free",
            "absent": False,
        }
        graph.add_node(k, layer=layer, **{**plain, **more})
        if parent is not None:
            graph.add_edge(parent, k)
    return graph


def box(x, y, wide, node, tall=50):
    """A box of the PAMT from its left edge: frame, strip of a pair or a TD, name, level, content."""
    dash = " dash=4 3" if node.get("absent") else ""
    lock = node.get("lock")
    mode = lock.mode if lock else "free"
    made = [f"rect {x} {y} {wide}×{tall} {mode}-bg {mode}/{2.6 if mode == 'exclusive' else 1.2}{dash} rx=5"]
    made += [f"rect {x + 3} {y + 3} {wide - 6}×{tall - 6} none shared/1 rx=3.5"] if mode == "shared" else []
    role = node.get("role", "free")
    made += [f"rect {x + 5} {y + 7} 4×{tall - 14} {role} rx=2"] if role != "free" else []
    made.append(f"text {x + 14} {y + 17} '{node['name']}' 11/600")
    made += (
        [f"text {x + wide - 8} {y + 17} '{node['title'][:2]}' soft 10/400 end"] if node.get("at") is not None else []
    )
    made.append(f"text {x + 14} {y + 30} '{node.get('content', 'NDA')}' soft 10/400")
    if lock:
        made.append(f"circle {x + 18} {y + 39.5} 4 {mode if mode == 'exclusive' else 'none'} {mode}/1.3")
        half = f"path M{x + 18} {y + 35.5}A4 4 0 0 1 {x + 18} {y + 43.5}Z shared"
        made += [half] if mode == "shared" else []
        made += [f"text {x + 27} {y + 43 + 12 * k} '{row}' {mode} 10/600" for k, row in enumerate(node["rows"])]
    return made


def unfloated(told):
    return [part.replace(".0 ", " ").replace("M", "M") for part in told]


def test_each_box_of_the_pamt_says_its_lock_by_frame_disc_and_words():
    top = {"title": "1G entry", "at": 0x40000000, "lock": SHARED, "label": "", "content": "NDA"}
    left = {
        "title": "2M entry",
        "at": 0x200000,
        "label": "mine",
        "lock": EXCLUSIVE,
        "role": "pair",
        "content": "PT_PAMT",
    }
    right = {"title": "2M entry", "at": None, "lock": FREE, "role": "used", "absent": True, "content": "x" * 40}
    title, tops = "A title", (24, 24 + 50 + 20)
    made = draw(pamt((0, None, top), (1, 0, left), (1, 0, right)), "label", title)
    middle, lefts = 2 + (76 + 238) / 2, (2, 2 + 152 + 10)
    line = lambda to, dash="": f"path M{px(middle)} 74L{px(middle)} 84L{to} 84L{to} 94 edge/1{dash}"  # noqa: E731
    expected = ["text 2 15 'A title' 13/700", line(78), line(240, " dash=4 3")]
    expected += box(int(middle - 76), tops[0], 152, {**top, "name": "0x40000000", "rows": [str(SHARED)]})
    expected += box(lefts[0], tops[1], 152, {**left, "name": "mine", "rows": [str(EXCLUSIVE)]})
    cut = "x" * 21 + "…"  # 22 letters of 6 px have room beside the margins
    expected += box(lefts[1], tops[1], 152, {**right, "name": "2M entry", "content": cut, "rows": ["unlocked"]})
    assert unfloated(parts(made)) == unfloated(expected)
    assert size(made) == (2 * 152 + 10 + 4, tops[1] + 50 + 4) and "data-wide" not in made
    assert f"<title>2M entry 0x200000 (mine): PT_PAMT; lock {EXCLUSIVE}</title>" in made


def test_a_lock_that_takes_two_rows_makes_its_layer_higher():
    words = "exclusive, and host priority for some more calls"

    class Long(Held):
        __slots__ = ()

        def __str__(self):
            return words

    lock = Long("exclusive", ("A",))
    made = draw(pamt((0, None, {"lock": lock}), (1, 0, {}), (3, 1, {})), "label")
    frames = [room for room in rooms(made) if room.kind == "rect"]
    assert [(room.top, room.foot) for room in frames] == [
        (2, 76),
        (96, 146),
        (166, 216),
    ]  # three rows of 22 letters; no gap for a layer that is not there
    assert [part.split("'")[1] for part in parts(made) if "exclusive 10/600" in part] == [
        "exclusive, and host",
        "priority for some more",
        "calls",
    ]
    assert [(room.left, room.right) for room in frames] == [(2, 154), (2, 154), (7, 149)]
    assert size(made) == (156, 220)


@pytest.mark.parametrize("count, wide", [(2, False), (3, True)])
def test_a_tree_wider_than_its_column_says_so_and_a_long_title_makes_room(count, wide):
    made = draw(pamt((0, None, {}), *((2, 0, {}) for _ in range(count))), "label")
    assert ('data-wide="yes"' in made) == wide and size(made)[0] == max(count * 106 + (count - 1) * 10, 152) + 4
    assert size(draw(pamt((2, None, {})), "label", "t" * 40))[0] == 320


def test_a_name_is_cut_where_its_box_ends():
    for wide, letters in ((106, 11), (152, 17)):
        made = draw(pamt((0, None, {"label": "n" * 60, "wide": wide})), "label")
        assert f"'{'n' * (letters - 1)}…' 11/600" in " ".join(parts(made))
        assert all(room.right <= wide for room in rooms(made) if room.kind == "text")


def test_the_twin_is_indented_by_layer_in_the_order_of_the_tree():
    graph = pamt((0, None, {"at": 16}), (1, 0, {"label": "l", "lock": FREE}), (2, 1, {}), (1, 0, {}))
    assert twin_of(graph, "T").splitlines() == [
        "T",
        "0G entry 0x10: NDA",
        "  1G entry (l): NDA; lock free",
        "    2G entry: NDA",
        "  1G entry: NDA",
    ]
    assert twin_of(graph).splitlines()[0] == "0G entry 0x10: NDA"


def slot(left, at):
    """The left edge of a slot in a strip that begins 7 px inside its box; a slot is 2 px wide."""
    return left + 7 + 2 * at


def strip(node, left, y):
    """What a node's slots hold: a value full height, a reserved one a hollow half, a node a foot."""
    made = []
    for low, high, held in node.slots:
        x, wide = slot(left, low), 2 * (high - low + 1)
        if held.kind == "node":
            made.append(f"rect {px(x)} {y + 49} {wide}×4 edge")
        elif held.kind == "value":
            made.append(f"rect {px(x)} {y + 41} {wide}×12 used")
        else:
            made.append(f"rect {px(x)} {y + 47} {wide}×6 pair-bg pair/1")
    return made


def xa_box(node, left, y, lit, at, hidden=""):
    role, thick = ("a0", 2) if lit else ("edge", 1)
    first, last = (f"{n:,}" if node.last < 1 << 20 else f"{n:#x}" for n in (node.first, node.last))
    values = f", {node.nr_values} value{'s' * (node.nr_values > 1)}" if node.nr_values else ""
    made = [
        f"rect {px(left)} {y} 142×60 {'a0-bg' if lit else 'panel'} {role}/{thick} rx=5", f"text {px(left + 7)} {y + 14} '{first} – {last}' 10.5/600",
        f"text {px(left + 7)} {y + 28} 'count {node.count}{values}{hidden}' soft 10/400", f"rect {px(left + 7)} {y + 41} 128×12 paper line/1",
    ]  # fmt: skip
    made += strip(node, left, y)
    if lit:
        tip = slot(left, (at >> node.shift) % 64 + 0.5)
        made.append(f"path M{px(tip - 4)} {y + 34}h8l-4 6z a0")
    return made


@pytest.mark.parametrize("at", range(1, 13))
def test_each_node_of_the_xarray_stands_in_its_layer_and_hangs_at_its_slot(at):
    state = record([["set_attrs", 62, 66, 8]]).state(at)
    tree = tree_of(state)
    if tree is None or len(tree.children) != 2:
        return
    lefts, top = (2, 152), (2 + 152) // 2
    lines, boxes = [], [xa_box(tree, top, 4, tree.key in state["walk"], state["at"])]
    for left, child in zip(lefts, tree.children):
        lit = child.key in state["walk"]
        x = slot(top, child.offset + 0.5)
        lines.append(f"path M{px(x)} 57L{px(x)} 75L{left + 71} 75L{left + 71} 86 {'a0/1.8' if lit else 'edge/1'}")
        boxes.append(xa_box(child, left, 86, lit, state["at"]))
    foot = 86 + 60 + 8
    key = [
        f"rect 0 {foot + 10} 8×6 pair-bg pair/1", f"rect 72 {foot + 4} 8×12 used", f"rect 128 {foot + 12} 8×4 edge",
        f"text 12 {foot + 14} 'reserved' soft 10/400", f"text 84 {foot + 14} 'a value' soft 10/400", f"text 140 {foot + 14} 'a node below' soft 10/400",
    ]  # fmt: skip
    made = parts(xarray(state))
    assert sorted(made) == sorted([*lines, *(part for one in boxes for part in one), *key])
    assert size(xarray(state)) == (296, foot + 16) and 'data-roomy="yes"' in xarray(state)


def test_a_tree_of_more_than_twelve_nodes_leaves_brothers_out_and_one_of_twelve_does_not():
    for leaves, drawn in ((11, 12), (12, 3)):
        state = record([["store", 64 * k, 8] for k in range(leaves)]).state(leaves)
        frames = [part for part in parts(xarray(state)) if "142×60" in part]
        assert len(frames) == drawn and (f"{leaves - 2} not drawn" in xarray(state)) == (drawn == 3)


def test_a_lone_node_has_a_picture_as_wide_as_its_key_and_large_indexes_are_in_hex():
    lone = xarray(record([["store", 5, 8]]).state(1))
    assert size(lone)[0] == 250 and "'0 – 63' 10.5/600" in " ".join(parts(lone))
    high = " ".join(parts(xarray(record([["store", 1 << 20, 8]]).state(1))))
    assert "'0x100000 – 0x10003f'" in high and "'0x0 – 0xffffff'" in high
    just = " ".join(parts(xarray(record([["store", (1 << 20) - 1, 8]]).state(1))))
    assert "'1,048,512 – 1,048,575'" in just


@pytest.mark.parametrize(
    "calls, head, dash",
    [([["store", 0, 8]], "empty: the head is NULL", " dash=4 3"), ([["store", 0, 8]], "one entry in the head: ", "")],
)
def test_what_stands_in_the_head_alone_is_a_box(calls, head, dash):
    state = record(calls).state(0 if dash else 1)
    made = parts(xarray(state))
    assert (
        made[0] == f"rect 1 1 248×30 free-bg free/1{dash} rx=5"
        and made[1].startswith(f"text 125 20 '{head}")
        and len(made) == 2
    )
    assert size(xarray(state)) == (250, 34)
