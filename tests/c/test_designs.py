"""The C beside each design is the same program as its model: step by step under every value, and in all that a search says of it."""

from collections import Counter
from pathlib import Path

import pytest

from tdxkit.c.designs import design_in_c
from tdxkit.c.harness import scenario_of_c
from tdxkit.explore.endings import outcomes
from tdxkit.explore.search import explore
from tdxkit.facts import data_path
from tdxkit.linux.refcount.naming import scenario_of
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import FAULTS, Variant, of_design, scenario
from tests.c.same import canonical_states, difference

PAIRS = [name for name in DESIGNS if name not in ("lazy", "per-region")]
LOCKS = {"inc-first": "count_lock"}
FROM = {"minus-one": -1, "minus-one-repaired": -1}
WORDS = {"enomem": "alloc", "add-fails": "add", "remove-fails": "remove"}
CASES = [(), *((fault,) for fault in WORDS), tuple(WORDS)]


def text_of(name):
    return Path(data_path(f"designs/{name}.c")).read_text(encoding="utf-8")


def both(name, faults, threads=2, rounds=1):
    """The design's model and its C."""
    variant = Variant(
        "", "x" if faults else "", **{FAULTS[fault][1]: True for fault in faults}, first_refcount=FROM.get(name)
    )
    model = of_design(DESIGNS[name].code, "one", threads, rounds, variant)
    sets = {"refcount": FROM[name]} if name in FROM else {}
    return model, scenario_of_c(
        text_of(name), threads=threads, rounds=rounds, sets=sets, may_fail=[WORDS[fault] for fault in faults]
    )


@pytest.mark.slow
@pytest.mark.parametrize("faults", CASES, ids=lambda faults: "+".join(faults) or "none")
@pytest.mark.parametrize("name", PAIRS)
def test_the_c_is_the_same_program_as_the_model(name, faults):
    model, text = both(name, faults, threads=1)
    lock = next(lock for lock in text.locks)
    assert difference(model, text, [("pamt_lock", str(lock))]) == ""


@pytest.mark.slow
@pytest.mark.parametrize("faults", CASES[:4], ids=lambda faults: "+".join(faults) or "none")
@pytest.mark.parametrize("name", PAIRS)
def test_a_search_says_the_same_of_both(name, faults):
    model, text = both(name, faults)
    asked = {rule.name for rule in text.asked}
    model = model.without(*(rule.name for rule in model.asked if rule.name not in asked))
    mine, theirs = explore(model, "none"), explore(text, "none")
    assert said_of(mine) == said_of(theirs)
    assert explore(model, fewest_switches=True).switches == explore(text, fewest_switches=True).switches
    assert ends_of(model) == ends_of(text)


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_with_a_softirq_v5_is_the_models_in_every_state(memory):
    """Its two CPUs, and the softirq that gives a page back on top of the first."""
    model, text = (one("v5-softirq").on(memory) for one in (scenario, design_in_c))
    assert {rule.name for rule in model.asked} == {rule.name for rule in text.asked}
    assert model.actors == text.actors
    mine, theirs = explore(model, "none"), explore(text, "none")
    assert (mine.verdict, mine.property, mine.steps, mine.switches, mine.states) == (
        theirs.verdict,
        theirs.property,
        theirs.steps,
        theirs.switches,
        theirs.states,
    )
    assert set(mine.broken) == set(theirs.broken)
    small = [canonical_states(one("v5-softirq", 1).on(memory)) for one in (scenario, design_in_c)]
    assert small == [84 if memory == "sc" else 99] * 2


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_with_a_softirq_v5_has_the_same_canonical_states(memory):
    assert {canonical_states(one("v5-softirq").on(memory)) for one in (scenario, design_in_c)} == {1191 if memory == "sc" else 1358}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize("faults", CASES[:4], ids=lambda faults: "+".join(faults) or "none")
@pytest.mark.parametrize("name", PAIRS)
def test_both_have_the_same_canonical_states(name, faults, memory):
    model, text = (one.on(memory) for one in both(name, faults))
    asked = {rule.name for rule in text.asked}
    model = model.without(*(rule.name for rule in model.asked if rule.name not in asked))
    assert canonical_states(model) == canonical_states(text)
    mine, theirs = explore(model, "none"), explore(text, "none")
    assert (mine.verdict, mine.steps, set(mine.broken)) == (theirs.verdict, theirs.steps, set(theirs.broken))


@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize("name", ["lazy", "per-region"])
def test_what_its_head_runs_is_the_models_in_every_state(name, memory):
    one, other = (explore(s.on(memory), "none") for s in (scenario_of(name), design_in_c(name)))
    assert (said_of(one), one.states) == (said_of(other), other.states)


def said_of(found):
    """What a search finds, its states aside."""
    return found.verdict, found.property, found.steps, found.switches, set(found.broken)


def ends_of(one):
    """How often each end comes."""
    found = Counter()
    for row in outcomes(one).rows:
        found[row.ended, row.broken, row.state["refcount[0]"], row.state["pair[0]"]] += row.interleavings
    return found
