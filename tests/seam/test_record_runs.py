"""Runs for the step player: what each shows, step by step, and that a run is the same every time."""

import json
from dataclasses import asdict

import pytest

from tdxkit.run import diff
from tdxkit.seam.leaf_text import NARROW, text_of
from tdxkit.seam.leaves.act import EFFECT, WAY_BACK
from tdxkit.seam.leaves.describe import status_of
from tdxkit.seam.leaves.engine import find_leaf, leaves, tdcalls
from tdxkit.seam.locks import held
from tdxkit.seam.pamt import FREE, PT_PAMT, Entry
from tdxkit.seam.record import SUSPECTED, record
from tdxkit.seam.runs import (
    RUNS,
    accept_run,
    pamt_add_run,
    pamt_remove_run,
    promotion_fails_run,
    running_vcpu_run,
    two_walks_run,
    zero_step_run,
)
from tdxkit.seam.scenes import EMPTY, FRESH, PAIR, world_at
from tdxkit.text import words


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_whole_and_the_same_every_time(name):
    run = RUNS[name]()
    assert str(run) == str(RUNS[name]()) and run.card.modelled
    json.dumps([asdict(s) for s in run.steps])
    for state in run.states():
        assert all(not isinstance(v, (dict, list)) for v in state.values())
    for step in run.steps:
        assert step.sentence.endswith(".") and step.line.index < len(run.texts[step.line.text].lines)
        assert step.next is None or step.next.index < len(run.texts[step.next.text].lines)
        assert step.kind in {"load", "store", "locked", "lock", "unlock"}
        assert step.label.part != WAY_BACK or "ends with" not in step.sentence
    for track in run.tracks:
        assert track.key in run.first
    end = run.state(len(run))
    assert all(lock.mode == "free" for key, lock in end.items() if key.endswith(" lock"))


def test_pamt_add_goes_through_its_checks_in_order():
    run = pamt_add_run()
    lines = [step.line.index for step in run.steps if step.label.part != WAY_BACK]
    assert lines == sorted(lines) and set(lines) == set(range(len(find_leaf("PHYMEM.PAMT.ADD").checks) + 2))
    done = next(k for k, step in enumerate(run.steps, 1) if step.label.part == EFFECT)
    before, after = run.state(done - 1), run.state(done)
    assert {c.key: (c.old, c.new) for c in diff(before, after)} == {
        "2M entry": (FREE, Entry(PT_PAMT)), "pair page 0": (None, PAIR[0]), "pair page 1": (None, PAIR[1]),
        "page count": (None, 0), "pair is there": (False, True),
    }  # fmt: skip
    assert [before[f"bitmap {p:#x}"] for p in PAIR] == [(p, 1) for p in PAIR]
    assert [run.first[f"bitmap {p:#x}"] for p in PAIR] == [(p, 0) for p in PAIR]
    assert before["2M exclusive"] == "CPU 0" and run.state(len(run))["CPU 0 RAX"] == 0


def test_pamt_remove_hands_the_pair_out():
    run = pamt_remove_run()
    end = run.state(len(run))
    assert end["2M entry"] == FREE and (end["CPU 0 RDX"], end["CPU 0 R8"]) == (
        run.first["pair page 0"],
        run.first["pair page 1"],
    )


def test_two_walks_share_the_upper_levels():
    run = two_walks_run()
    locks = {(s["1G lock"], s["2M lock"]) for s in run.states()}
    both = held(8, ("CPU 0", "CPU 1"))
    assert (both, both) in locks and str(both) == "shared: CPU 0, CPU 1"
    assert {run.state(len(run))[f"CPU {i} RAX"] for i in (0, 1)} == {0}


def test_a_second_walk_to_the_same_page_is_busy():
    end = RUNS["same-page"]()
    assert [str(end.state(len(end))[f"CPU {i} RAX"]) for i in (0, 1)] == ["TDX_SUCCESS", "TDX_OPERAND_BUSY|RCX"]


def test_a_promotion_that_fails_is_busy_with_its_operand_and_leaves_the_mark():
    run = promotion_fails_run()
    failed = [s for s in run.steps if "ends with" in s.sentence]
    assert [s.sentence for s in failed] == [
        "Not to be had: RCX: promote to exclusive. The call ends with TDX_OPERAND_BUSY|RCX. Check 4 of 6: lock or promotion failed."
    ]
    assert any(s["2M lock"].mode == "free" and s["2M lock"].priority for s in run.states())
    assert run.state(len(run))["CPU 1 RAX"] == 0  # asked again, after the walk has gone


def test_a_running_vcpu_answers_busy_then_not_empty():
    answers = []
    for state in running_vcpu_run().states():
        if state["CPU 1 RAX"] and str(state["CPU 1 RAX"]) not in answers:
            answers.append(str(state["CPU 1 RAX"]))
    assert answers == ["TDX_OPERAND_BUSY|RCX", "TDX_PAMT_PAGE_NOT_EMPTY|0"]


def test_a_state_holds_values_and_registers_are_numbers():
    run = RUNS["hint"]()
    for state in run.states():
        for name, value in state.items():
            if name.startswith("CPU 0 ") and name != "CPU 0 leaf":
                assert value is None or isinstance(value, int), name
            if name.endswith(" lock"):
                assert (value.mode, value.by) in {("free", None), ("shared", ("CPU 0",)), ("exclusive", ("CPU 0",))}
    rcx = [state["CPU 0 RCX"] for state in run.states() if state["CPU 0 leaf"] == "TDH.MEM.PAGE.REMOVE"][-1]
    assert rcx == 1 << 62 | FRESH + 0x9000 and words(rcx) == f"{rcx:#x}"


def test_a_check_that_fails_is_said():
    module = world_at("ready").module
    calls = [("CPU 0", "TDH.PHYMEM.PAMT.ADD", {"rcx": EMPTY | 1, "rdx": PAIR[0], "r8": PAIR[0]})]
    run = record(module, calls, region=EMPTY, watch=PAIR)
    assert [s.sentence for s in run.steps if "ends with" in s.sentence] == [
        "Is it so that the bitmap bit of R8 was 0 and is set now? No. The call ends with TDX_PAGE_NOT_FREE|R8. "
        "Check 15 of 15: bitmap bit already 1; bit of page 0 is rolled back (also when RDX = R8)."
    ]
    taken = [s.sentence for s in run.steps if "promote" in s.label]
    assert taken == ["Taken: RCX: promote to exclusive. Check 8 of 15."], "the text of a check says when it fails"
    assert not any("Check" in s.sentence for s in run.steps if "let go" in s.label)
    assert run.texts["TDH.PHYMEM.PAMT.ADD"].lines[8] == " 8 TDX_OPERAND_BUSY|RCX: 1G lock, 2M lock and promotion"
    assert run.texts["TDH.PHYMEM.PAMT.ADD"].lines[15] == "15 TDX_PAGE_NOT_FREE|R8: bitmap bit already 1"
    end = run.state(len(run))
    assert not end[f"bitmap {PAIR[0]:#x}"].bit and end["2M entry"] == FREE


def test_the_names_of_checks_say_enough_and_are_narrow():
    for leaf in (leaves() | tdcalls()).values():
        for line, check in zip(text_of(leaf).lines[1:], leaf.checks):
            name = line[3:].removeprefix(f"{status_of(check.spec)}: ")
            known = name in ("TDR", "TDCX", "TDVPR", "TD page", check.spec["when"])
            assert name and len(name) <= NARROW and (known or len(name) >= 8) and name not in ("v1", "GPA", "level"), (
                line
            )


def answers(run):
    """(CPU, what came back) of every call of a run, in order."""
    said, last = [], {}
    for state in run.states():
        for actor in run.actors:
            rax = state[f"{actor} RAX"]
            if rax is not None and last.get(actor) is None:
                said.append((actor[-1], str(rax).removeprefix("TDX_")))
            last[actor] = rax
    return said


@pytest.mark.parametrize("version, mode, mark", [("2.0.18", "shared", True), ("2.0.08", "exclusive", False)])
def test_a_suspected_entry_and_a_zap_are_in_each_others_way(version, mode, mark):
    run = zero_step_run(version)
    assert answers(run) == [
        ("1", "OPERAND_BUSY|SEPT_TREE"), ("0", "SUCCESS, exit: EPT violation"), ("0", "OPERAND_BUSY|SEPT_TREE"), ("1", "SUCCESS"),
        ("1", "SUCCESS"), ("0", "SUCCESS, exit: external interrupt"),
    ]  # fmt: skip
    states = list(run.states())
    assert {s["tree lock"].mode for s in states if s["tree lock"].by == ("CPU 0",)} == {mode}
    assert any(s["tree lock"].priority for s in states) == mark
    assert run.first["faults in a row"] == 6 and run.first[SUSPECTED] and not states[-1][SUSPECTED]
    assert {s["entry"] for s in states} == {"BLOCKED", "MAPPED"}


def test_a_guest_that_accepts_holds_the_entry_and_then_stands_back():
    run = accept_run()
    assert answers(run) == [
        ("1", "OPERAND_BUSY|RCX"), ("0", "SUCCESS"), ("0", "OPERAND_BUSY|RCX"), ("1", "SUCCESS"), ("0", "SUCCESS, exit: EPT violation"),
    ]  # fmt: skip
    seen = [s["entry lock"] for s in run.states()]
    assert [str(lock) for k, lock in enumerate(seen) if not k or seen[k - 1] != lock] == [
        "free", "exclusive: CPU 0", "exclusive: CPU 0, host priority", "free, host priority", "exclusive: CPU 1", "free", "exclusive: CPU 0",
        "free",
    ]  # fmt: skip
    assert [s["entry"] for s in run.states()][-1] == "BLOCKED"


WELL = "SUCCESS"
STORIES = {
    "pamt-add": [("0", WELL)], "pamt-remove": [("0", WELL)], "one-walk": [("0", WELL)], "two-walks": [("0", WELL), ("1", WELL)],
    "same-page": [("1", "OPERAND_BUSY|RCX"), ("0", WELL)], "promotion-fails": [("1", "OPERAND_BUSY|RCX"), ("0", WELL), ("1", WELL)],
    "running-vcpu": [("1", "OPERAND_BUSY|RCX"), ("0", "SUCCESS, exit: external interrupt"), ("1", "PAMT_PAGE_NOT_EMPTY|0")], "hint": [("0", WELL)] * 5,
    "two-tds": [("0", WELL)] * 8,
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_what_came_back_in_a_run_in_its_order(name):
    assert answers(RUNS[name]()) == STORIES[name]


def test_two_walks_go_step_by_step_beside_each_other():
    actors = [step.actor[-1] for step in RUNS["two-walks"]().steps]
    assert len(actors) > 40 and actors == ["0", "1"] * (len(actors) // 2)


def test_where_each_run_makes_one_cpu_wait():
    """The mark of host priority at the entry that was wanted, the guest at its page, the zap with the tree."""
    at = {
        name: [(step.actor, step.label.test) for step in RUNS[name]().steps]
        for name in ("same-page", "promotion-fails", "zero-step")
    }
    turned = {name: [k for k in range(1, len(steps)) if steps[k][0] != steps[k - 1][0]] for name, steps in at.items()}
    assert at["same-page"][turned["same-page"][0] - 1] == ("CPU 0", "walk RCX 4K exclusive"), (
        "it holds the 4K entry now"
    )
    assert (
        at["promotion-fails"][turned["promotion-fails"][0] - 1][1] == "walk RCX leaf shared"
        and len(turned["promotion-fails"]) == 3
    )
    tests = [[test for actor, test in at["zero-step"] if actor == cpu] for cpu in ("CPU 0", "CPU 1")]
    assert "tree_to_enter" in tests[0] and "sept_walk" in tests[1]
    stops = [at["zero-step"][k - 1] for k in turned["zero-step"]]
    assert ("CPU 1", "tree exclusive") in stops, "CPU 1 stops just after it has the tree"
