"""What a step read that others had written: against the run's own changes, and on store buffers against what waits in them."""

import random

import pytest

from tdxkit.explore import explore, replay, replay_steps
from tdxkit.explore.moves import able, first
from tdxkit.explore.tables import Tables
from tdxkit.linux.lock.flags import flags
from tdxkit.linux.refcount import scenario
from tdxkit.run import Read


def walked(one, seed):
    """A run of the scenario, in the order of a die."""
    tables, chance = Tables(one), random.Random(seed)
    state, steps = first(tables), []
    while moves := able(tables, state):
        k, move = chance.choice(moves)
        steps.append((k, move.choice))
        state = move.state
        if move.outcome.raised:
            break
    return replay_steps(one, steps, tables)


def last_changes(run, number):
    """For each name the step before `number` that changed it last."""
    return {c.key: k for k, step in enumerate(run.steps[: number - 1], 1) for c in step.changes}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v2", "v6", "lazy", "v2-enomem", "v5-softirq"])
def test_each_read_is_of_the_last_that_another_wrote(name):
    seen = 0
    for seed in range(12):
        run = walked(scenario(name), seed)
        for number, step in enumerate(run.steps, 1):
            changed = last_changes(run, number)
            for read in step.reads:
                assert read.step == changed[read.key] and not read.missed
                assert run.steps[read.step - 1].actor != step.actor
                seen += 1
    assert seen > 3


def test_the_race_of_v2_rests_on_what_the_other_cpu_left():
    run = replay(scenario("v2"), explore(scenario("v2"), fewest_switches=True).schedule)
    broken = len(run)
    removed = next(
        k for k, s in enumerate(run.steps, 1) if any(c.key == "pair[0]" and c.new is False for c in s.changes)
    )
    zero = max(k for k, s in enumerate(run.steps[: broken - 1], 1) if any(c.key == "refcount[0]" for c in s.changes))
    looked = max(k for k, s in enumerate(run.steps, 1) if s.actor == run.steps[-1].actor and s.does == "atomic_read")
    assert run.misled(broken) == ((broken, Read("pair[0]", removed)), (looked, Read("refcount[0]", zero)))
    assert not any(read.key == "pamt_lock" for step in run.steps for read in step.reads), "a lock is no news"


def test_a_read_that_comes_before_a_store_has_left_its_buffer_is_told_by_that_store():
    one = flags().on("tso")
    run = replay(one, explore(one).schedule)
    missed = [(k, read) for k, step in enumerate(run.steps, 1) for read in step.reads if read.missed]
    assert missed
    for number, read in missed:
        store = run.steps[read.step - 1]
        assert store.kind == "store" and store.actor != run.steps[number - 1].actor and read.step < number
        waiting = run.state(number - 1)[f"store buffer of {store.actor}"]
        assert any(entry.startswith(f"{read.key} = ") for entry in waiting)


@pytest.mark.parametrize("seed", range(6))
def test_on_store_buffers_what_is_read_has_reached_memory(seed):
    run = walked(flags().on("tso"), seed)
    for number, step in enumerate(run.steps, 1):
        changed = last_changes(run, number)
        for read in step.reads:
            if not read.missed:
                assert read.step == changed[read.key] and run.steps[read.step - 1].kind == "drain"
        own = run.state(number - 1)[f"store buffer of {step.actor}"]
        assert not {entry.split(" = ")[0] for entry in own} & {read.key for read in step.reads}
