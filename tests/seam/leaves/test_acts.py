"""What a step is stands beside its words: kind, operand and lock of every act of every leaf, and a world in which all words differ."""

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tdxkit.seam.leaf_text import lines, text_of
from tdxkit.seam.leaves.act import EFFECT, GIVEN_UP, LEAF_LOCK, UNDONE, WAY_BACK, LeafAct, let_go
from tdxkit.seam.leaves.engine import leaves
from tdxkit.seam.memory import LOCKS
from tdxkit.seam.record import record
from tdxkit.seam.runs import pamt_add_run, promotion_fails_run
from tdxkit.seam.scenes import EMPTY, FRESH, PAIR, world_at, world_for

ROOT = Path(__file__).parents[3]


def acts_of(name):
    """Every act of a call that succeeds, in order."""
    world = world_for(name)
    call = world.module.begin(name, **world.operands(name))
    found = [call.label]
    while call.step():
        found.append(call.label)
    assert call.result.ok
    return found


@pytest.mark.parametrize("name", leaves())
def test_every_act_says_what_it_is_and_what_is_taken_is_let_go_by_the_same_operand(name):
    leaf, acts = leaves()[name], acts_of(name)
    operands = {c.spec["test"]: c.spec.get("operand", "") for c in leaf.checks}
    for act in acts:
        assert act.kind in {"load", "store", "locked", "lock", "unlock"} and 0 <= act.at % lines(leaf) < lines(leaf)
        assert act.operand == operands.get(act.test, act.operand)
        assert (act.kind in ("lock", "unlock")) <= (act.lock in {*LOCKS, LEAF_LOCK})
    assert len(text_of(leaf).lines) == lines(leaf)
    taken = {(act.lock, act.operand) for act in acts if act.kind == "lock"}
    given_up = {(act.lock, act.operand) for act in acts if act.kind == "unlock"}
    leaf_locks = {operand for lock, operand in taken if lock == LEAF_LOCK}
    taken = {(lock, operand) for lock, operand in taken if lock != LEAF_LOCK}
    assert taken <= given_up
    assert all(lock.startswith("lock_") and operand in leaf_locks for lock, operand in given_up - taken)


@pytest.mark.parametrize("name", leaves())
def test_a_check_of_the_facts_that_is_about_a_lock_is_of_that_kind(name):
    for check in leaves()[name].checks:
        busy = check.spec["status"] in ("TDX_OPERAND_BUSY", "TDX_SYS_BUSY", "TDX_CONCURRENT_LP_INIT")
        takes = any(act.kind == "lock" for act in check.acts)
        assert takes or not busy or check.spec["test"].split()[0] == "previous_epoch", check.spec


def test_the_six_that_are_let_go_are_told_apart():
    back = [step.label for step in pamt_add_run().steps if step.label.part == WAY_BACK]
    assert [(act.lock, act.operand) for act in back] == [
        (lock, operand) for operand in ("R8", "RDX", "RCX") for lock in ("lock_2m", "lock_1g")
    ]
    assert len(set(back)) == 6 and all(step.kind == "unlock" for step in pamt_add_run().steps[-6:])


def test_a_lock_that_is_not_to_be_had_was_one_locked_operation():
    failed = [step for step in promotion_fails_run().steps if step.label.kind == "lock" and step.kind == "locked"]
    assert [(step.label.lock, step.label.operand) for step in failed] == [("lock_2m", "RCX")]


def test_the_bit_that_is_taken_back_names_its_operand():
    calls = [("CPU 0", "TDH.PHYMEM.PAMT.ADD", {"rcx": EMPTY | 1, "rdx": PAIR[0], "r8": PAIR[0]})]
    run = record(world_at("ready").module, calls, region=EMPTY)
    undone = [step for step in run.steps if step.label.lock == "bitmap" and step.label.part == WAY_BACK]
    assert [(step.kind, step.label.operand) for step in undone] == [("locked", "RDX")]


def test_a_leaf_that_only_reads_stores_nothing():
    world = world_for("TDH.PHYMEM.PAGE.RDMD")
    calls = [("CPU 0", "TDH.PHYMEM.PAGE.RDMD", world.operands("TDH.PHYMEM.PAGE.RDMD"))]
    run = record(world.module, calls, region=FRESH)
    assert [step.kind for step in run.steps if step.label.part == EFFECT] == ["load"]


def test_an_act_is_a_value():
    act = let_go("lock_2m", "RCX")
    for same in (copy.deepcopy(act), pickle.loads(pickle.dumps(act)), LeafAct(*act.as_local())):
        assert same == act and same.as_local() == act.as_local()
    with pytest.raises(AttributeError):
        act.kind = "lock"
    assert set(GIVEN_UP) == {*LOCKS, *UNDONE}


RENAMED = """
import json, sys
from tdxkit.seam.leaves import act
if sys.argv[1] == "renamed":  # every word another, before any other module of the floor is loaded; "{0}" stays
    new, other = act.LeafAct.__new__, {ord(c): ord(c) + 1 for c in "abcdefghijklmnopqrstuvwxyABCDEFGHIJKLMNOPQRSTUVWXY -:'"}
    act.LeafAct.__new__ = lambda cls, label, *more, **named: new(cls, label.translate(other), *more, **named)
    for name in ("GATE", "DO_IT", "LOOK", "IN_GUEST"):
        setattr(act, name, act.LeafAct(*getattr(act, name).as_local()))
from tdxkit.seam.conflicts import conflict
from tdxkit.seam.differences import DIFFERENCES
from tdxkit.seam.runs import RUNS
seen = {"shown": [d.show() for d in DIFFERENCES], "labels": []}
seen["pairs"] = [conflict("TDH.VP.ENTER", b).result for b in ("TDH.PHYMEM.PAMT.REMOVE", "TDH.VP.FLUSH", "TDH.MEM.TRACK")]
for name, make in RUNS.items():
    run = make()
    seen["labels"] += [step.label for step in run.steps]
    seen[name] = [
        [s.actor, s.kind, str(s.line), str(s.next), [str(c) for c in s.changes], s.label.as_local()[1:]] for s in run.steps
    ]
print(json.dumps(seen))
"""


@pytest.mark.slow
def test_renaming_every_label_changes_words_and_nothing_else():
    def told(how):
        done = subprocess.run(
            [sys.executable, "-c", RENAMED, how], capture_output=True, text=True, cwd=ROOT, check=True
        )
        return json.loads(done.stdout)

    plain, renamed = told("plain"), told("renamed")
    labels = zip(plain.pop("labels"), renamed.pop("labels"), strict=True)
    assert all(a != b for a, b in labels)
    assert plain == renamed
