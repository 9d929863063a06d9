"""Run: states and differences agree, in both directions."""

from hypothesis import given
from hypothesis import strategies as st

from tdxkit.card import card_of
from tdxkit.run import ABSENT, Change, Recorder, Run, Step, apply, diff
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
