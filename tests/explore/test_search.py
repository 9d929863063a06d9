"""Exploring: rules of every kind, interrupts, bounds, and models that must be refused."""

import itertools
import random
import subprocess
import sys
import time
import types

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore import memory
from tdxkit.explore import space as space_module
from tdxkit.explore.endings import outcomes
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.program import DEADLOCK, Scenario, Thread, interrupt
from tdxkit.explore.rules import always, at_end, must, sometimes
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay, replay_steps
from tdxkit.kinds import locked
from tdxkit.linux.refcount import scenario


def scene(*programs, shared, **more):
    """A scenario of these programs, one thread each."""
    return Scenario("scene", shared, tuple(p if isinstance(p, Thread) else Thread(p) for p in programs), **more)


def lock(m, name="lock"):
    while True:
        yield f"lock {name}"
        if not getattr(m, name):
            setattr(m, name, True)
            return


def unlock(m, name="lock"):
    yield f"unlock {name}"
    setattr(m, name, False)


def adds(m):
    yield "read"
    seen = m.n
    yield "write"
    m.n = seen + 1


def safe(m):
    yield from lock(m)
    yield from adds(m)
    yield from unlock(m)


LOST = at_end("no addition is lost", lambda m: m.n == 2)


def test_the_lost_update_and_its_cure():
    broken = explore(scene(adds, adds, shared={"n": 0}, properties=(LOST,)))
    assert (broken.verdict, broken.property, broken.steps, broken.switches) == ("violation", LOST.name, 4, 2)
    run = replay(scene(adds, adds, shared={"n": 0}, properties=(LOST,)), broken.schedule)
    assert run.steps[-1].broken == (LOST.name,) and run.state(4)["n"] == 1
    cured = explore(scene(safe, safe, shared={"n": 0, "lock": False}, properties=(LOST,)), count=True)
    assert (cured.verdict, cured.complete, cured.interleavings) == ("ok", True, 2)


def test_an_always_rule_may_be_false_before_the_first_step():
    result = explore(scene(adds, shared={"n": 7}, properties=(always("small", lambda m: m.n < 5),)))
    assert (result.verdict, result.steps, result.states) == ("violation", 0, 1)
    assert len(result.schedule.split()) == 2  # no step, and the mark of none


def test_an_always_rule_breaks_at_its_step_and_is_told_once():
    made = scene(adds, adds, shared={"n": 0}, properties=(always("small", lambda m: m.n < 1),))
    result = explore(made)
    assert (result.verdict, result.property, result.steps) == ("violation", "small", 2)
    run = replay(made, result.schedule.rpartition(" +")[0] + " B2")
    assert [step.broken for step in run.steps] == [(), ("small",), (), ()]


def test_a_sometimes_rule_that_never_comes_true_is_a_violation_without_schedule():
    rules = (sometimes("two", lambda m: m.n == 2), sometimes("five", lambda m: m.n == 5))
    result = explore(scene(adds, adds, shared={"n": 0}, properties=rules))
    assert (result.verdict, result.property, result.schedule, result.seen) == (
        "violation",
        "five",
        None,
        {"two": True, "five": False},
    )
    assert explore(scene(adds, adds, shared={"n": 0}, properties=rules), prop="two").verdict == "ok"


def test_two_locks_in_two_orders_deadlock():
    def ab(m, first, second):
        yield from lock(m, first)
        yield from lock(m, second)
        yield from unlock(m, second)
        yield from unlock(m, first)

    shared = {"a": False, "b": False}
    both = scene(Thread(ab, ("a", "b")), Thread(ab, ("b", "a")), shared=shared, locks=("a", "b"))
    result = explore(both)
    assert (result.verdict, result.property, result.steps, result.switches) == ("deadlock", DEADLOCK, 2, 1)
    waits = [w.why for w in replay(both, result.schedule).steps[-1].waits]
    assert waits == ["CPU 0 waits for b, held by CPU 1 since step 2", "CPU 1 waits for a, held by CPU 0 since step 1"]
    assert explore(scene(Thread(ab, ("a", "b")), Thread(ab, ("a", "b")), shared=shared)).verdict == "ok"


def test_an_interrupt_that_takes_the_lock_of_the_thread_it_suspends_never_returns():
    cpu = Thread(safe, actor="CPU 0")
    irq = interrupt(safe, on=cpu)
    result = explore(scene(cpu, irq, shared={"n": 0, "lock": False}, locks=("lock",)))
    assert (result.verdict, result.steps) == ("deadlock", 2), "it has begun, and spins"

    def masked(m):
        while True:
            yield "interrupts on?"
            if not m.off:
                break
        yield from safe(m)

    def masks(m):
        yield "interrupts off"
        m.off = True
        yield from safe(m)
        yield "interrupts on"
        m.off = False

    host = Thread(masks)
    safely = scene(host, interrupt(masked, on=host), shared={"n": 0, "lock": False, "off": False}, locks=("lock",))
    assert explore(safely).verdict == "ok", "a first step that is blocked has not happened: it waits outside"

    def handler(m):
        yield "note the interrupt"
        m.irqs += 1
        yield from safe(m)

    late = interrupt(handler, on=cpu)
    cases = scene(cpu, late, shared={"n": 0, "irqs": 0, "lock": False}, locks=("lock",))
    result = explore(cases)
    assert (result.verdict, result.steps) == ("deadlock", 2)
    waits = [w.why for w in replay(cases, result.schedule).steps[-1].waits]
    assert waits == [
        "CPU 0 is suspended until interrupt on CPU 0 has finished",
        "interrupt on CPU 0 waits for lock, held by CPU 0 since step 1",
    ]
    other = Thread(safe, actor="CPU 1")
    apart = scene(cpu, other, interrupt(handler, on=other), shared={"n": 0, "irqs": 0, "lock": False})
    assert explore(apart, "none").verdict == explore(apart, "all").verdict == "deadlock"
    assert explore_readably(apart).rule == DEADLOCK


@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize(("least", "blinks", "ended"), [(1, False, {"iab", "abi"}), (1, True, {"iab", "aib", "abi"}), (2, False, {"iab", "aib", "abi"})])  # fmt: skip
def test_what_holds_an_interrupt_off_is_noted_by_whom_it_would_suspend(least, blinks, ended, memory):
    """blinks: it is switched on and off again between a and b, by steps that nobody else sees; there it comes in."""

    def host(m):
        for letter in "ab":
            if letter == "a" or blinks:
                yield "off"
                m.note("irqs", 1)
            yield locked("xchg", "log", label=letter)
            m.log = (*m.log, letter)
            if letter == "b" or blinks:
                yield "on"
                m.note("irqs", -1)

    def irq(m):
        mine = m.note("mine")
        yield locked("xchg", "log")
        m.must("never between", m.log != ("a",))
        m.must("its own notes", (mine, m.note("mine"), m.note("irqs")) == (7, 7, 0))
        m.log = (*m.log, "i")

    cpu = Thread(host)
    late = interrupt(irq, on=cpu, off=("irqs", least), noted=(("mine", 7),))
    one = scene(cpu, late, shared={"log": ()}, keeps=("mine",), properties=(must("never between"), must("its own notes"))).on(memory)  # fmt: skip
    assert {"".join(row.state["log"]) for row in outcomes(one.without("never between")).rows} == ended
    assert explore(one.without("never between"), "none").states == explore_readably(one.without("never between")).states
    found = {"never between"} if "aib" in ended else set()
    assert set(explore(one).broken) == set(explore(one, "none").broken) == found
    waits = replay_steps(one, ((0, 0),)).steps[0].waits
    assert [w.why for w in waits] == ["interrupt on CPU 0 does not begin until CPU 0 holds it off no more"] * (
        least == 1
    )


def test_an_interrupt_that_is_held_off_by_name_has_begun_where_it_spins():
    def host(m):
        yield "set"
        m.on = True

    def irq(m):
        while True:
            yield "on?"
            if m.on:
                return

    cpu = Thread(host)
    waits, spins = (scene(cpu, interrupt(irq, on=cpu, off=off), shared={"on": False}) for off in (None, ("irqs", 1)))
    assert explore(waits).verdict == "ok" and explore_readably(waits).rule is None
    assert explore(spins).verdict == "deadlock" and explore_readably(spins).rule == DEADLOCK


def test_of_two_interrupts_of_one_thread_the_second_waits_for_the_first_or_comes_into_it():
    def idle(m):
        yield "idle"
        m.log = (*m.log, "-")

    def irq(m, name):
        yield f"{name} in"
        m.log = (*m.log, name)
        yield f"{name} out"
        m.log = (*m.log, name.upper())

    cpu = Thread(idle)
    side = scene(cpu, interrupt(irq, "a", on=cpu), interrupt(irq, "b", on=cpu), shared={"log": ()})
    assert side.actors == ("CPU 0", "interrupt on CPU 0", "interrupt 2 on CPU 0")
    ended = {"".join(row.state["log"]) for row in outcomes(side).rows}
    assert ended == {"-aAbB", "-bBaA", "aA-bB", "bB-aA", "aAbB-", "bBaA-"}
    states = {explore(side, "none").states, explore_readably(side).states}
    assert len(states) == 1
    first = interrupt(irq, "a", on=cpu)
    nested = scene(cpu, first, interrupt(irq, "b", on=first), shared={"log": ()})
    ended = {"".join(row.state["log"]) for row in outcomes(nested).rows}
    assert {"abBA-", "-abBA"} < ended and explore(nested, "none").states == explore_readably(nested).states
    waits = replay_steps(side, ((1, 0),)).steps[0].waits
    assert [w.why for w in waits] == [
        "CPU 0 is suspended until interrupt on CPU 0 has finished",
        "interrupt 2 on CPU 0 does not begin until interrupt on CPU 0 has finished",
    ]


def test_an_interrupt_happens_once_at_any_moment():
    def two(m):
        yield "one"
        m.log = (*m.log, "a")
        yield "two"
        m.log = (*m.log, "b")

    def irq(m):
        yield "in"
        m.log = (*m.log, "(")
        yield "out"
        m.log = (*m.log, ")")

    cpu = Thread(two)
    found = outcomes(scene(cpu, interrupt(irq, on=cpu, actor="irq"), shared={"log": ()}))
    assert {"".join(row.state["log"]) for row in found.rows} == {"()ab", "a()b", "ab()"} and found.interleavings == 3


@pytest.mark.parametrize("reduction", ["none", "sym", "all"])
def test_a_thread_with_an_interrupt_is_not_taken_for_one_without(reduction):
    def irq(m):
        yield "begin"
        m.begun = True
        while True:
            yield "wait for the other CPU"
            if m.n:
                return

    cpu = Thread(adds, actor="CPU 0")
    made = scene(cpu, Thread(adds, actor="CPU 1"), interrupt(irq, on=cpu), shared={"n": 0, "begun": False})
    assert explore(made, reduction).verdict == explore(made, reduction, fewest_switches=True).verdict == "ok"
    assert explore_readably(made).states == explore(made, "none").states


def test_choices_that_nobody_sees_are_not_multiplied():
    def rolls(m):
        for _ in range(25):
            last = yield "roll", (0, 1)
        yield "tell"
        m.n = last

    start = time.monotonic()
    result = explore(scene(rolls, shared={"n": 0}))
    assert result.complete and time.monotonic() - start < 10
    assert explore(scene(rolls, shared={"n": 0}), "none").verdict == "ok"


def test_a_thread_that_runs_in_a_circle_of_its_own_is_no_deadlock():
    def circles(m):
        yield "touch"
        m.n = 1
        flag = 0
        while True:
            flag = 1 - flag
            yield f"circle {flag}"

    def chooses(m):
        yield "touch"
        m.n = 1
        while True:
            if (yield "again?", (True, False)):
                continue
            yield "leave"
            m.n = 2

    def leaves(m):
        yield "touch"
        m.n = 1
        while (yield "again?", (True, False)):
            pass
        yield "leave"
        m.n = 2

    for program in (circles, chooses, leaves):
        verdicts = {r: explore(scene(program, adds, shared={"n": 0}), r) for r in ("none", "sym", "all")}
        verdict = "ok" if program is leaves else "livelock"  # who may still leave is in none
        assert {(v.verdict, v.complete) for v in verdicts.values()} == {(verdict, True)}
        assert verdicts["all"].states <= verdicts["sym"].states


def test_a_house_model_that_spins_without_a_yield_is_stopped_too(monkeypatch):
    module = types.ModuleType("tdxkit.spins")
    module.__file__ = memory.__file__
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec("def spins(m):\n    yield 'wait'\n    while not m.n: pass", names := vars(module))
    with pytest.raises(ModelError, match="looks at shared memory: a step must end"):
        explore(scene(names["spins"], shared={"n": 0}))


def test_one_rule_can_be_asked_for_and_the_others_are_gone_past():
    def both(m):
        yield "first"
        m.must("first rule", m.n)
        yield "second"
        m.must("second rule", m.n)

    made = scene(both, shared={"n": 0}, properties=(must("first rule"), must("second rule")))
    assert [explore(made, prop=p).steps for p in (None, "first rule", "second rule")] == [1, 1, 2]
    assert explore(made, prop=DEADLOCK).verdict == "ok"
    with pytest.raises(InputError, match="no such property; use one of first rule, second rule, deadlock"):
        explore(made, prop="third")
    with pytest.raises(InputError, match="none, sym, all, movers"):
        explore(made, "some")


def test_asserts_and_raised_errors_always_count_and_slips_are_told_apart():
    def claims(m):
        yield "claim"
        assert m.n, "n is set"

    def divides(m):
        yield "divide"
        m.n = 1 // m.n

    def slips(m):
        yield "slip"
        m.n = nowhere  # noqa: F821

    assert explore(scene(claims, shared={"n": 0}), prop=DEADLOCK).property == "n is set"
    assert explore(scene(divides, shared={"n": 0})).property.startswith("ZeroDivisionError: ")
    with pytest.raises(ModelError, match=r"line \d+ of slips: NameError: name .nowhere."):
        explore(scene(slips, shared={"n": 0}))


def test_choices_are_all_taken():
    def picks(m):
        m.n = yield "pick", (1, 2, 3)

    assert {row.state["n"] for row in outcomes(scene(picks, shared={"n": 0})).rows} == {1, 2, 3}
    assert (
        explore(scene(picks, shared={"n": 0}, properties=(at_end("not three", lambda m: m.n != 3),)))
        .schedule.split(" +")[0]
        .endswith(" A1/2")
    )


@pytest.mark.slow
def test_a_model_without_end_stops_at_the_bound_and_says_so():
    def counts(m):
        while True:
            yield "tick"
            m.n += 1

    def counts_alone(m):
        n = 0
        while True:
            yield "tick"
            n += 1

    for reduction, program in itertools.product(("none", "sym", "all"), (counts, counts_alone)):
        result = explore(scene(program, program, shared={"n": 0}), reduction, bound=1000)
        assert not result.complete and result.bounded and result.verdict == "bounded" and 1000 <= result.states <= 1100
        assert "stopped at the bound, after" in str(result) and "nothing found so far" in str(result)
    assert outcomes(scene(counts, shared={"n": 0}), bound=500).interleavings is None


def test_a_loop_that_changes_something_has_no_number_of_interleavings():
    def toggles(m):
        while True:
            yield "toggle"
            m.n = 1 - m.n

    result = explore(scene(toggles, adds, shared={"n": 0}), count=True, bound=100)
    assert result.complete and result.interleavings is None and result.as_json()["interleavings"] is None


@pytest.mark.slow
def test_a_step_without_end_is_stopped():
    def spins(m):
        yield "wait"
        while m.n == 0:
            pass

    def burns(m):
        yield "burn"
        while True:
            pass

    def before(m):
        while True:
            pass
        yield "never"

    with pytest.raises(ModelError, match="put a yield into the loop"):
        explore(scene(spins, shared={"n": 0}))
    if sys.gettrace() is None:
        for program in (burns, before):
            with pytest.raises(ModelError, match=r"a step must end, and this one has run 1,000,000 instructions"):
                explore(scene(program, shared={"n": 0}))
        assert sys.gettrace() is None


def fickle_die(m):
    yield "roll"
    m.n = random.randrange(1000)  # what the test is about
    yield "end"


def fickle_list():
    seen = []

    def program(m):
        yield "note"
        m.n = len(seen)
        GLOBAL.append(1)
        seen.extend(GLOBAL)
        yield "end"

    return program


GLOBAL: list = []


def fickle_label(m):
    yield "start"
    GLOBAL.append(1)
    yield f"label {len(GLOBAL) % 7}"


def fickle_clock(m):
    yield "look"
    m.n = time.perf_counter_ns()
    yield "end"


def test_a_model_that_does_something_else_the_second_time_is_refused():
    with pytest.raises(ModelError, match="no random, clock, input or outside object"):
        explore(scene(fickle_clock, fickle_clock, fickle_clock, shared={"n": 0}))


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (fickle_die, r"of fickle_die: random.randrange: it is outside m and changed .*let it be a choice: yield"),
        (
            fickle_label,
            r"of fickle_label: GLOBAL\[\d\]: it is outside m and changed .*make it a shared variable, m.GLOBAL$",
        ),
    ],
)
def test_a_model_that_changes_what_is_outside_is_refused_with_its_line(program, said):
    with pytest.raises(ModelError, match=said):
        explore(scene(program, program, program, shared={"n": 0}))


def test_a_list_from_outside_is_refused():
    with pytest.raises(ModelError, match="local variable seen of program"):
        explore(scene(fickle_list(), shared={"n": 0}))


def returns(m):
    return 3


def silent(m):
    m.n = 1
    yield "late"


def no_label(m):
    yield 7


def no_choice(m):
    yield "pick", ()


def wrong_name(m):
    yield "a"
    m.other = 1


def wrong_key(m):
    yield "a"
    m.keyed[3] = 1


def whole_keyed(m):
    yield "a"
    m.keyed = 1


def arguments(m, more):
    yield more


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (returns, "a program is a generator function"),
        (silent, "shared memory used outside a step"),
        (no_label, "a step starts with a label"),
        (no_choice, "a tuple of values to choose from"),
        (wrong_name, "m.other: the shared variables of this scenario are n, keyed"),
        (wrong_key, r"m.keyed\[3\]: its keys are 0, 1"),
        (whole_keyed, "keyed is keyed; set one of its keys"),
        (arguments, "missing 1 required positional argument"),
    ],
)
def test_a_model_with_a_mistake_gets_one_line(program, says):
    for run in (explore, explore_readably):
        with pytest.raises(ModelError, match=says) as caught:
            run(scene(program, shared={"n": 0, "keyed": {0: 0, 1: 0}}))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["must", "tell", "_hidden", "not a name", "class_", "limit"])
def test_names_of_shared_variables(name):
    if name == "class_":
        explore(scene(adds, shared={"n": 0, name: 0}))
        return
    with pytest.raises(ModelError, match="shared variable"):
        explore(scene(adds, shared={"n": 0, name: 0}, constants={"limit": 3}))


def test_constants_are_read_and_never_written():
    def uses(m):
        yield "use"
        m.n = m.limit
        yield "write"
        m.limit = 2

    with pytest.raises(ModelError, match=r"m\.limit: "):
        explore(scene(uses, shared={"n": 0}, constants={"limit": 3}))


@pytest.mark.parametrize("count", [0, 16, 400])
def test_the_number_of_threads_has_a_limit(count):
    with pytest.raises(InputError, match="1 to 15 threads"):
        scene(*[adds] * count, shared={"n": 0})


@pytest.mark.slow
def test_fifteen_threads_are_told_apart_and_counted():
    def one(m):
        yield "one"
        m.n += 1

    fifteen = scene(*[one] * 15, shared={"n": 0})
    assert explore(fifteen, "sym").states == 16 and explore(fifteen, "none").states == 1 << 15
    assert explore(fifteen, count=True).interleavings == 1307674368000  # 15!


def test_the_names_of_threads_are_their_own():
    with pytest.raises(ModelError, match="a name of its own"):
        scene(Thread(adds, actor="A"), Thread(adds, actor="A"), shared={"n": 0})
    with pytest.raises(ModelError, match="thread of the same scenario"):
        scene(adds, interrupt(adds, on=Thread(safe, actor="elsewhere")), shared={"n": 0})


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["none", "sym", "all"])
def test_many_places_make_wide_states_and_the_same_answers(reduction, monkeypatch):
    narrow = [explore(scenario(n, 2, 2), reduction, fewest_switches=f) for n in ("v2", "v6") for f in (False, True)]
    for wide in (0, 9):
        monkeypatch.setattr(space_module, "WIDE", wide)
        assert [
            explore(scenario(n, 2, 2), reduction, fewest_switches=f) for n in ("v2", "v6") for f in (False, True)
        ] == narrow


def test_stopping_at_the_first_violation_gives_the_same_schedule():
    for calm in (False, True):
        whole = explore(scenario("v2", 3), "all", fewest_switches=calm)
        first = explore(scenario("v2", 3), "all", fewest_switches=calm, whole=False)
        assert (first.schedule, first.property) == (whole.schedule, whole.property)
        assert not first.complete and first.states < whole.states and not first.bounded
    clean = explore(scenario("v6"), fewest_switches=True, whole=False)
    assert clean.complete and clean.verdict == "ok"


@pytest.mark.slow
def test_the_answer_does_not_depend_on_the_hash_seed():
    text = "from tdxkit.linux.refcount import scenario; from tdxkit.explore.search import explore; print(explore(scenario('v2', 3)))"
    runs = {
        subprocess.run(
            [sys.executable, "-c", text], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(runs) == 1 and "27 steps" in runs.pop()


def test_endless_states_do_not_take_endless_memory_or_time():
    def grows(m):
        n = 0
        while True:
            yield "grow"
            n += 1
            m.n = n

    start = time.monotonic()
    assert explore(scene(grows, grows, shared={"n": 0}), bound=8_000).bounded
    assert time.monotonic() - start < 30
