"""XArray scripts: what a command's arguments may be, at the edges, and what the commands answer that no vector asks for."""

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.memattr import script as script_module
from tdxkit.linux.memattr.script import COMMANDS, MAX_ROWS, READ, Script, shown
from tdxkit.linux.xarray.node import XaNode, xa_error, xa_mk_internal, xa_mk_value
from tdxkit.units import U64_MAX

EDGES = {"index": (0, U64_MAX), "end": (0, U64_MAX), "u64": (0, U64_MAX), "number": (0, 2**63 - 1), "order": (0, 63), "mark": (0, 2),
         "n": (0, 100_000), "flag": (0, 1), "text": (1, 3)}  # fmt: skip
SAID = {"index": "an index", "end": "an index", "number": "a value", "order": "an order", "mark": "a mark", "n": "a count",
        "flag": "a switch", "text": "a kernel text", "u64": "a number"}  # fmt: skip
GOOD = {"entry": 8, "filter": 1, "flavour": "alloc", "pressure": "fail", "limit": 5} | {
    k: low for k, (low, _) in EDGES.items()
}


def ran(*commands, patch="v2"):
    script = Script(patch)
    return [script.do(command) for command in commands], script


@pytest.mark.parametrize("kind", EDGES)
def test_a_number_may_be_what_lies_between_its_edges(kind):
    low, high = EDGES[kind]
    assert [READ[kind]("op", value) for value in (low, high)] == [low, high]
    for odd in (low - 1, high + 1, True, 1.0, "1", None, [1]):
        with pytest.raises(InputError, match=rf"^op .*{SAID[kind]} is a whole number from {low} to {high}"):
            READ[kind]("op", odd)


@pytest.mark.parametrize(
    "kind, given, read",
    [("entry", None, 0), ("entry", "null", 0), ("entry", 0, 1), ("entry", 2**63 - 1, U64_MAX), ("filter", "present", None), ("filter", 2, 2),
     ("flavour", "alloc1", "alloc1"), ("pressure", "ok", "ok"), ("limit", "off", None), ("limit", 0, 0), ("limit", U64_MAX, U64_MAX)],
)  # fmt: skip
def test_what_is_no_bare_number(kind, given, read):
    assert READ[kind]("op", given) == read


@pytest.mark.parametrize(
    "kind, odd",
    [
        ("entry", 2**63),
        ("entry", "Z"),
        ("filter", 3),
        ("filter", "none"),
        ("flavour", "big"),
        ("pressure", "maybe"),
        ("limit", "on"),
        ("limit", -1),
    ],
)
def test_what_may_not_stand_there(kind, odd):
    with pytest.raises(InputError, match=r"^op "):
        READ[kind]("op", odd)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_takes_as_many_arguments_as_it_says(name):
    kinds = COMMANDS[name][0].split()
    least, script = sum(not kind.endswith("?") for kind in kinds), Script()
    for given in range(len(kinds) + 2):
        command = [name, *(GOOD.get(kind.rstrip("?")) for kind in kinds[:given]), *[0] * (given - len(kinds))]
        if least <= given <= len(kinds):
            assert len(script.arguments(command)) == given
        else:
            with pytest.raises(
                InputError, match=f"^command {name}: its arguments are: {' '.join(kinds) or 'none'}".replace("?", r"\?")
            ):
                script.arguments(command)


@pytest.mark.parametrize("command", [[], (), None, 5, "stat", [5], [None], {"stat": 1}])
def test_what_is_no_command(command):
    with pytest.raises(InputError, match="starts with its name"):
        Script().do(command)
    with pytest.raises(InputError, match="no such command"):
        Script().do(["steal"])


def test_a_wrong_argument_is_named_by_its_command():
    with pytest.raises(InputError, match=r"^store 99999999999999999999: an index"):
        Script().do(["store", 99999999999999999999, 1])


@pytest.mark.parametrize(
    "entry, answer",
    [(0, None), (xa_mk_value(0), 0), (xa_mk_value(8), 8), (xa_mk_internal(257), "Z"), (xa_mk_internal(256), "R"), (xa_mk_internal(7), "S7"),
     (xa_error(12), {"err": -12}), (XaNode(12), "N12"), (0x1000, "ptr 0x1000")],
)  # fmt: skip
def test_an_entry_as_the_vectors_write_it(entry, answer):
    assert shown(entry) == answer


def test_the_flavours_of_an_array():
    for flavour, free in (("plain", False), ("account", False), ("alloc", True), ("alloc1", False)):
        (_, marked, *_), script = ran(["new", flavour], ["marked", 0])
        assert (bool(marked), script.xa.track_free, script.xa.zero_busy) == (
            free,
            flavour.startswith("alloc"),
            flavour == "alloc1",
        )
    assert ran(["store", 5, 1], ["new"], ["empty"])[0][1:] == [0, 1]


@pytest.mark.parametrize("n, rows", [(0, 0), (1, 1), (2, 2), (3, 2)])
def test_so_many_rows_as_were_asked_for(n, rows):
    begin = [["store", 5, 1], ["store", 70, 2]]
    answers, _ = ran(
        *begin,
        ["for_each", 0, 99, n],
        ["xeach", 0, 99, n],
        ["xnext", 5, n],
        ["xprev", 70, n],
        ["xnext_entry", 0, 99, n],
    )
    assert answers[2] == [[5, 1], [70, 2]][:rows] and answers[3] == [[5, 1, "node"], [70, 2, "node"]][:rows]
    assert [len(a) for a in answers[4:]] == [n] * 3
    assert [a[0][:2] for a in answers[4:] if a] == [[5, 1], [70, 2], [5, 1]][: 3 * bool(n)]


def test_a_dump_is_the_tree_written_out():
    answers, _ = ran(["dump"], ["store", 0, 7], ["dump"], ["reserve", 65], ["set_mark", 65, 1], ["dump"])
    assert answers[0] is None and answers[2] == {"v": 7}
    leaf = {"sh": 0, "cnt": 1, "m": ["0", "0", "0"]}
    assert answers[5] == {
        "sh": 6, "off": 0, "cnt": 2, "nv": 0, "m": ["0", "2", "0"],
        "s": {"0": leaf | {"off": 0, "nv": 1, "s": {"0": {"v": 7}}}, "1": leaf | {"off": 1, "nv": 0, "m": ["0", "2", "0"], "s": {"1": "Z"}}},
    }  # fmt: skip


@pytest.mark.parametrize("leaves, fits", [(4, True), (5, False)])
def test_a_dump_has_so_many_nodes_at_most(leaves, fits, monkeypatch):
    assert MAX_ROWS == 100_000
    monkeypatch.setattr(script_module, "MAX_ROWS", 5)
    script = Script()
    script.do(["store_loop", 0, 64 * leaves, 1])  # the leaves, and the head on top
    if fits:
        assert len(script.do(["dump"])["s"]) == leaves
    else:
        with pytest.raises(InputError, match="at most 5 nodes"):
            script.do(["dump"])


def test_switches_of_the_machine():
    answers, script = ran(
        ["nowait", "fail"],
        ["store", 64, 1],
        ["allocinfo"],
        ["nowait", "ok"],
        ["nomem", 0],
        ["store", 1 << 20, 1],
        ["nomem", "off"],
    )
    assert answers[:3] == [0, None, [2, 2]] and answers[5] == {"err": -12}
    assert script.xa.slab.limit is None and script.xa.slab.pressure is False


@pytest.mark.parametrize("patch", [None, "v1", "v2"])
def test_a_script_keeps_its_kernels_patch(patch):
    _, script = ran(["new"], ["kvm", 3], patch=patch)
    assert (script.kvm.text.number, script.kvm.text.patch) == (3, patch)
    (_, _, result, _, again), _ = ran(
        ["new"], ["kvm", 1], ["set_attrs", 0, 10, 8], ["private_vm", 0], ["has_attrs", 0, 10, 8, 8], patch=patch
    )
    assert result["resched"] == (20 if patch == "v2" else 0) and again == 0


def test_the_state_after_a_command():
    _, script = ran(["store", 1, 8], ["reserve", 70], ["store_order", 128, 2, 5], ["set_mark", 1, 2])
    state = script.state()
    assert (state["head"], state["height"], state["nodes"], state["levels"]) == ("node", 2, 4, [3, 1])
    assert (state["vals"], state["zeros"], state["sibs"], state["allocs"], state["frees"], state["xm"]) == (
        2,
        1,
        3,
        4,
        0,
        "001",
    )
