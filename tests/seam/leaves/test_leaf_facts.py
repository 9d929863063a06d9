"""The facts that drive the leaves: their shape, their names, and what the model makes of them against what they say."""

import json
import re

import pytest

from tdxkit.cli import main
from tdxkit.facts import cite, load_json
from tdxkit.seam.conflicts import OK, conflict, names
from tdxkit.seam.differences import DIFFERENCES
from tdxkit.seam.leaves.describe import describe
from tdxkit.seam.leaves.engine import find_leaf, leaves, tdcalls
from tdxkit.seam.leaves.leaf import CHECKS, CONDITIONS, EFFECTS, NEEDED
from tdxkit.seam.scenes import scenes, world_for
from tdxkit.status.codes import codes, operand_ids

FACTS = load_json("seamcalls.json")
EVERY_LEAF = FACTS["leaves"] + FACTS["tdcalls"]
AUG_2M = "TDH.MEM.PAGE.AUG 2M"  # the one leaf whose locks depend on its level
LEAF_KEYS = {*NEEDED, "scene"}
MAY = {
    "read_in",
    "versions",
    "out",
    "state",
    "op_states",
    "sept_states",
    "effects",
    "can_miss_pair",
    "hint",
    "note",
    "other_scenes",
    "also_when",
}
SEPT = {
    "FREE", "NL_MAPPED", "NL_BLOCKED", "MAPPED", "BLOCKED", "PENDING", "PENDING_BLOCKED", "REMOVED", "BLOCKEDW", "PENDING_BLOCKEDW",
    "EXPORTED_BLOCKEDW", "EXPORTED_DIRTY", "EXPORTED_DIRTY_BLOCKEDW", "PENDING_EXPORTED_BLOCKEDW", "PENDING_EXPORTED_DIRTY",
    "PENDING_EXPORTED_DIRTY_BLOCKEDW",
}  # fmt: skip


def test_the_file_has_the_shape_it_must_have():
    assert set(FACTS) == {"source", "gate", "op_states", "not_modelled", "leaves", "tdcalls"}
    for origin in [*FACTS["source"].values(), *(leaf["source"] for leaf in FACTS["leaves"])]:
        assert cite(origin).read_in.startswith("module ")
    numbers = [leaf["leaf"] for leaf in FACTS["leaves"]]
    assert len(numbers) == len(set(numbers))
    assert not set(map(str, numbers)) & set(FACTS["not_modelled"])
    for leaf in EVERY_LEAF:
        assert LEAF_KEYS <= set(leaf) <= LEAF_KEYS | MAY, leaf["name"]
        assert re.fullmatch(r"TD[HG](\.[A-Z]+){2,3}", leaf["name"]) and set(leaf.get("versions", [0])) <= {0, 1}
        assert set(leaf.get("op_states", ())) <= set(FACTS["op_states"]) and set(leaf.get("sept_states", ())) <= SEPT
        for check in leaf["checks"]:
            assert check["status"] in codes() and check.get("operand", "RCX") in operand_ids()
            assert set(check) <= {"test", "if", "left_out", "status", "operand", "details", "when"}
            assert "if" not in check or check["if"].split()[0] in CONDITIONS
            assert ("test" in check) != ("left_out" in check)
            assert "test" not in check or check["test"].split()[0] in CHECKS


def test_every_check_and_every_effect_is_used():
    checks = [c for leaf in EVERY_LEAF for c in leaf["checks"]]
    assert {c["test"].split()[0] for c in checks if "test" in c} == set(CHECKS)
    assert {c["if"].split()[0] for c in checks if "if" in c} == set(CONDITIONS)
    assert set(EFFECTS) == {*leaves(), *tdcalls()} == {scene.leaf for scene in scenes().values()}


@pytest.mark.parametrize("name", leaves())
def test_locks_taken_are_the_locks_named(name):
    """Run each leaf to where it has everything it takes, and compare with the facts' list of locks."""
    from tdxkit.seam.conflicts import locks
    from tdxkit.seam.leaves.act import IN_GUEST

    world = world_for(name)
    call = world.module.begin(name, **world.operands(name))
    tables = set()
    while call.step():
        tables |= {table for table, _, _ in locks(world.module)}
        if call.label == IN_GUEST:
            assert {t for t, _, _ in locks(world.module)} == {"lock_1g", "lock_2m", "lock_4k"}
    tables.discard("lock_1g")
    tables.discard("lock_2m")
    words = {
        "KOT": "kot_lock", "OP_STATE": "op_lock", "SEPT tree": "tree_lock", "SEPT entry": "sept_lock", "TD_EPOCH": "epoch_lock",
        "module global lock": "sys_lock", "TDMR": "tdmr_lock", "WBCACHE": "wb_lock",
    }  # fmt: skip
    named = {
        table
        for word, table in words.items()
        if any(lock.startswith(word) and "only when" not in lock for lock in leaves()[name].spec["locks"])
    }
    # locks that the facts name in the checks only
    named |= {"ket_lock"} if any(c.spec["test"] == "ket" for c in leaves()[name].checks) else set()
    pages = any("page" in lock for lock in leaves()[name].spec["locks"])
    if name in ("TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE"):
        pages = False  # the 2M entry; pair pages end at 2M here
    if name == "TDH.SYS.TDMR.INIT":
        named |= {"tdmr_lock"}
    assert tables - {"lock_4k"} == named and ("lock_4k" in tables) == pages


def test_the_conflict_table_of_the_facts():
    """On one 2 MiB region: 4K calls and a vCPU pass each other, ADD and REMOVE pass nobody."""
    four_k, enter, aug = ["TDH.MEM.PAGE.AUG", "TDH.MEM.SEPT.ADD"], "TDH.VP.ENTER", "TDH.MEM.PAGE.AUG"
    pamt, whole = ["TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE"], [AUG_2M]
    for a in four_k:
        assert conflict(a, enter).result == conflict(enter, a).result == OK
        assert all(conflict(a, b).result == OK for b in four_k)
        for b in pamt:
            assert conflict(a, b).result == conflict(enter, b).result == "TDX_OPERAND_BUSY|RCX"
            assert conflict(b, a).result == "TDX_OPERAND_BUSY|R8"
    assert all(conflict(a, b).result == "TDX_OPERAND_BUSY|RCX" for a in pamt for b in pamt)
    assert all(conflict(a, b).result == "TDX_OPERAND_BUSY|R8" for a in pamt for b in whole)
    assert all(conflict(b, a).result == "TDX_OPERAND_BUSY|RCX" for a in pamt for b in whole)
    for a in ("TDH.MEM.PAGE.PROMOTE", "TDH.MEM.PAGE.DEMOTE"):
        assert all(conflict(a, b).result == "TDX_OPERAND_BUSY|RCX" for b in [*pamt, "TDH.PHYMEM.PAGE.WBINVD"])
    assert conflict(aug, aug).result == OK
    assert all(conflict(a, AUG_2M).result == "TDX_OPERAND_BUSY|R8" for a in [*four_k, enter])


def test_what_the_letter_says_beside_the_code_is_sorted_fairly_and_shown(capsys):
    """Two differences; five details of which none says that the letter is wrong; one word."""
    assert [d.kind for d in DIFFERENCES] == ["difference"] * 2 + ["added detail"] * 5 + ["quibble"]
    assert not any("field of its own" in d.letter for d in DIFFERENCES), (
        "the letter says that the bitmap replaces PAMT_4K"
    )
    said = [d.show() for d in DIFFERENCES]
    expected = ("MISSING_PAMT_PAGE_PAIR|R8", "PAGE.ACCEPT at work holds a Secure-EPT entry and no PAMT lock; SERVTD", "4K exclusive: CPU 0", "1 GiB apart: TDX_SUCCESS", "static TDX_INVALID_PAMT",
                "R9 0x4000000000000000", "TDX_PAGE_METADATA_INCORRECT|R8; after PAMT.REMOVE: TDX_SUCCESS", "4K 32 KiB")  # fmt: skip
    assert all(part in text for part, text in zip(expected, said, strict=True))
    assert (
        "1G shared: CPU 0; 2M shared: CPU 0" in said[2]
        and "RCX 0x40000001" in said[5]
        and said[3].count("TDX_SUCCESS") == 3
    )
    assert main(["differences"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row for row in rows if row.startswith("the model ")] == [f"{'the model':17}  {text}" for text in said]
    assert len(rows) == 5 * len(said) - 1 and rows[0] == "difference"


def test_describe_names_every_check_in_order():
    text = describe(find_leaf("TDH.MEM.PAGE.DEMOTE"))
    at = [text.index(f"{k} {c['status']}") for k, c in enumerate(find_leaf(15).spec["checks"], 1)]
    assert at == sorted(at) and "not modelled: no L2 VMs" in text and "R12,R13" in text


@pytest.mark.parametrize("name", ["TDH.PHYMEM.PAMT.ADD", "phymem.pamt.add", "58"])
def test_seamcall_prints_a_leaf(name, capsys):
    assert main(["seamcall", name]) == 0
    out = capsys.readouterr().out
    assert "TDX_HPA_RANGE_NOT_FREE|RCX" in out and "pair page 1 HPA" in out
    assert main(["seamcall", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["leaf"] == 58


@pytest.mark.parametrize("name", ["nope", "\x1b]0;x", "TDH.MNG.RD", "99999", "-1", "x" * 5000, "58\n"])
def test_seamcall_refuses_in_one_line(name, capsys):
    assert main(["seamcall", name] if not name.startswith("-") else ["seamcall", "--", name]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "\x1b" not in error and len(error) < 400


@pytest.mark.slow
def test_conflicts_prints_every_pair(capsys):
    assert main(["seamcall"]) == 0 and len(capsys.readouterr().out.splitlines()) == len(FACTS["leaves"])
    assert main(["conflicts", "TDH.VP.ENTER", "--json"]) == 0
    pairs = json.loads(capsys.readouterr().out)["pairs"]
    assert len(pairs) == 2 * len(names()) - 1 and set(pairs[0]) == {"a", "b", "result", "only_if", "result_then"}
    assert {p["result"] for p in pairs if p["a"] == "TDH.VP.ENTER" and p["b"] == "TDH.PHYMEM.PAMT.REMOVE"} == {
        "TDX_OPERAND_BUSY|RCX"
    }
    assert main(["conflicts", "nope"]) == 2


@pytest.mark.slow
def test_the_whole_table_has_every_pair(capsys):
    assert main(["conflicts", "--json"]) == 0
    assert (
        len(json.loads(capsys.readouterr().out)["pairs"]) == (len(EVERY_LEAF) + 2) ** 2
    )  # AUG at 2M and version 1 of VP.INIT once more
