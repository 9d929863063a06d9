"""Run: states and differences agree, in both directions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.card import card_of
from tdxkit.run import ABSENT, NO_END, Change, Line, Read, Recorder, Run, Step, Text, Wait, apply, diff, parts
from tdxkit.seam.locks import held
from tdxkit.text import words
from tdxkit.units import Hex

values = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4), st.tuples(st.integers(0, 3)))
states = st.dictionaries(st.sampled_from("abcdef"), values)


@given(states, states)
def test_diff_brings_one_state_to_the_other(before, after):
    state = dict(before)
    apply(state, diff(before, after))
    assert state == after


@pytest.mark.slow
@given(st.lists(states, min_size=1, max_size=6))
def test_a_recorded_run_gives_back_every_state(all_states):
    recorder = Recorder(all_states[0])
    for k, state in enumerate(all_states[1:]):
        recorder.step("CPU 0", f"step {k}", "something happens", state)
    run = recorder.run("a run", ["CPU 0"])
    assert [dict(s) for s in run.states()] == all_states
    assert [dict(run.state(k)) for k in range(len(run) + 1)] == all_states


def test_marks_are_where_the_actor_changes_or_a_rule_breaks():
    steps = [Step("A", "x", ""), Step("A", "x", ""), Step("B", "x", ""), Step("B", "x", "", broken=("rule",))]
    assert Run("t", ("A", "B"), {}, tuple(steps)).marks() == (3, 4)


def test_words():
    assert str(Change("refcount", 1, 0)) == "refcount 1 → 0"
    assert str(Change("pair", ABSENT, (1, 2))) == "pair — → 1, 2"
    assert [words(v) for v in (True, False, None, (), 7)] == ["yes", "no", "none", "none", "7"]
    assert words((Hex(4096), held(4, ("CPU 0", "CPU 1")))) == "0x1000, shared: CPU 0, CPU 1"  # their own words


def test_text_twin_names_every_step_and_every_broken_rule():
    run = Run(
        "title", ("CPU 0",), {"r": 1}, (Step("CPU 0", "dec", "it drops", (Change("r", 1, 0),), broken=("never 0",)),)
    )
    assert str(run).splitlines() == ["title", "   1  CPU 0  dec   [r 1 → 0]", "      !! broken: never 0: it drops"]


def test_a_text_twin_has_a_subtitle_what_came_of_it_and_what_stands_beside():
    steps = (
        Step("A", "x", "", (Change("n", 0, 1), Change("m", None, True))),
        Step("CPU 1", "TDH.X", "It says TDX_BUSY and TDX_NOT.", kind="seamcall"),
    )
    run = Run("t", ("A", "CPU 1"), {}, steps, subtitle="below")
    assert str(run).splitlines() == [
        "t",
        "below",
        "   1  A      x   [n 0 → 1; m none → yes]",
        "   2  CPU 1  TDH.X = TDX_BUSY",
    ]
    assert run.told(lambda step: "*", lambda step: step.actor).splitlines()[2:] == [
        "   1  A      *   [n 0 → 1; m none → yes]   A",
        "   2  CPU 1  *   CPU 1",
    ]
    assert len(run) == 2 and str(Run("t", (), {}, ())) == "t"


def test_only_a_seamcall_is_called_by_its_status():
    assert (
        Step("A", "x", "TDX_BUSY", kind="load").answered
        == "x"
        == Step("A", "x", "all is well", kind="seamcall").answered
    )


def test_why_a_rule_is_broken():
    waits = (Wait("A", "B", "A waits for B"), Wait("B", None, "B waits"))
    step = Step("A", "x", "it moves", waits=waits, broken=("r", "s", "deadlock", "livelock"), because={"s": "for this"})
    assert [step.why(rule) for rule in step.broken] == ["it moves", "for this", "A waits for B; B waits", NO_END]
    assert Step("A", "x", "it moves", broken=("deadlock",)).why("deadlock") == "it moves"
    assert step.wrong()[:2] == ("broken: r: it moves", "broken: s: for this") and len(step.wrong()) == 4


def reading(actor, *reads, broken=()):
    return Step(actor, "x", "", reads=tuple(Read(*r) for r in reads), broken=broken)


def test_what_a_step_rests_on():
    steps = (
        reading("A", ("p", 0)),
        reading("A", ("n", 1)),
        reading("B", ("n", 1)),
        reading("A"),
        reading("A", ("m", 3), ("k", 2), broken=("r",)),
    )
    run = Run("t", ("A", "B"), {}, steps)
    assert run.misled(0) == () == run.misled(4) and run.misled(3) == ((3, Read("n", 1)),)
    assert run.misled(5) == ((5, Read("m", 3)), (5, Read("k", 2)), (2, Read("n", 1)))
    first = Run("t", ("A", "B"), {}, (reading("A", ("p", 0)), reading("B"), reading("A", broken=("r",))))
    assert first.misled(3) == ((1, Read("p", 0)),)
    assert Run("t", ("A",), {}, (reading("A", ("n", 0), broken=("r",)),)).misled(1) == ((1, Read("n", 0)),)


def test_a_line_is_shown_without_its_blanks_and_with_the_sign_of_a_patch():
    run = Run("t", (), {}, (), texts={"get": Text("get", ("  a", "\tb  "), added=(1,))})
    assert [run.line_at(Line("get", k)) for k in (0, 1)] == ["a", "+ b"]


def test_chapters_begin_where_the_title_changes():
    steps = [Step(actor, "x", "") for actor in "AABAA"]
    assert parts(steps, lambda step: step.actor) == ((1, "A"), (3, "B"), (4, "A")) and parts([], str) == ()


def test_a_recorder_is_told_a_state_or_what_a_step_changed():
    first = {"a": 1, "b": 2}
    recorder = Recorder(first)
    first["a"] = 9  # what the caller does with its own is no matter
    recorder.change("A", "x", "s", {"a": ABSENT, "c": 3}, kind="store")
    recorder.change("A", "y", "s", {"b": 2})
    run = recorder.run("t", ["A"], code="k")
    assert run.steps[0].changes == (Change("a", 1, ABSENT), Change("c", ABSENT, 3)) and run.steps[1].changes == ()
    assert (
        run.state(0) == {"a": 1, "b": 2}
        and run.state(2) == {"b": 2, "c": 3}
        and (run.code, run.steps[0].kind) == ("k", "store")
    )


def test_card_is_read_from_a_docstring():
    def model():
        """A model.

        Fidelity card
          modelled: the atomics, in the posted
            order
          simplified: one region
          left out: weak memory
          left out: BUSY
        """

    card = card_of(model)
    assert card.modelled == ("the atomics, in the posted order",)
    assert card.left_out == ("weak memory", "BUSY")
    assert card_of(test_words).modelled == ()
