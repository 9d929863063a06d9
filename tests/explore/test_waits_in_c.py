"""Who waits in a text in C, and how that is said: the line, its text, what is seen there and who changed it last."""

import pytest

from tdxkit.errors import InputError
from tdxkit.explore.frames import OF_C
from tdxkit.explore.memory import DEADLOCK
from tdxkit.explore.program import Own
from tdxkit.explore.schedule import parse
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay_steps
from tdxkit.kinds import LOAD, LOCKED, Act, load, lock, store
from tdxkit.run import Text
from tests.explore.small_programs import one, spin
from tests.house import Housed


def in_c(text, lines=(), **known):
    """A function that C became, by its last `def`, and the lines of that C where they are shown."""
    names = {"__name__": "c", **known}
    exec(compile(text, f"{OF_C}, ", "exec"), names)
    made = names[text.rpartition("def ")[2].partition("(")[0]]
    if lines:
        made.shown = Text(made.__name__, tuple(lines))
    return made


ROUND = """def {name}(m):
    while True:
        yield act
        if m.n == 7:
            return
"""


def waiter(act, line, name="waits"):
    return in_c(ROUND.format(name=name), (f"void {name}(void)", "{", line, "", ""), act=act)


def writes(m, value):
    yield store("WRITE_ONCE", "n")
    m.n = value


def wait_of(made, steps):
    """What is said of CPU 0, the only one who waits at the end."""
    (wait,) = replay_steps(made, steps).steps[-1].waits
    return wait


def test_who_looks_again_and_again_at_a_line_of_c_spins_there():
    reads = waiter(load("READ_ONCE", "n"), "  while (READ_ONCE(n) != 7)  ")
    wait = wait_of(one(Housed(reads), Housed(writes, (3,)), texts=(reads,)), ((1, 0),))
    assert wait.why == (
        "CPU 0 spins in line 3 of waits (while (READ_ONCE(n) != 7)): n is 3 (last changed by CPU 1 in step 1)"
    )
    assert wait.spins and wait.holder is None


def test_a_line_that_is_not_shown_is_a_number_only():
    reads = waiter(load("READ_ONCE", "n"), "")
    del reads.shown
    wait = wait_of(one(Housed(reads), Housed(writes, (3,))), ((1, 0),))
    assert wait.why == "CPU 0 spins in line 3 of waits: n is 3 (last changed by CPU 1 in step 1)"


@pytest.mark.parametrize(("line", "spins"), [("wait_event(wq, n == 7)", False), ("swait(n)", False), ("await n", True)])
def test_who_sleeps_between_two_looks_does_not_spin(line, spins):
    reads = waiter(load("READ_ONCE", "n"), line)
    wait = wait_of(one(Housed(reads), Housed(writes, (3,)), texts=(reads,)), ((1, 0),))
    assert wait.why.startswith(f"CPU 0 {'spins' if spins else 'waits'} in line 3 of waits ({line}): n is 3")
    assert wait.spins is spins


@pytest.mark.parametrize(("does", "spins"), [("read_seqbegin", True), ("read_seqcount_begin", True), ("call", False)])
def test_below_a_call_of_c_only_a_sequence_counter_is_looked_at_again_and_again(does, spins):
    def helper(m):
        while True:
            yield load(does, "n")
            if m.n == 7:
                return

    calls = in_c("def calls(m):\n    yield from helper(m)\n", ("s = begin(&n);", "s = begin(&n);"), helper=helper)
    wait = wait_of(one(Housed(calls), Housed(writes, (3,)), texts=(calls,)), ((1, 0),))
    assert wait.why.startswith(f"CPU 0 {'spins' if spins else 'waits'} in line 2 of calls (s = begin(&n);): n is 3")
    assert wait.spins is spins


def test_as_much_of_a_line_is_said_as_fits():
    for length, said in ((60, "x" * 60), (61, "x" * 60 + "…")):
        reads = waiter(load("READ_ONCE", "n"), "x" * length)
        wait = wait_of(one(Housed(reads), Housed(writes, (3,)), texts=(reads,)), ((1, 0),))
        assert f" of waits ({said}): " in wait.why


def test_who_takes_what_no_lock_is_waits_and_does_not_spin():
    takes = waiter(lock("spin_lock", "n"), "spin_lock(&n)")
    wait = wait_of(one(Housed(takes), Housed(writes, (3,)), texts=(takes,)), ((1, 0),))
    assert wait.why.startswith("CPU 0 waits in line 3 of waits (spin_lock(&n)): n is 3") and not wait.spins


def test_a_lock_that_is_taken_from_the_start_is_held_by_nobody():
    taken = one(Housed(spin, ("A",)), Housed(writes, (3,)), shared={"A": True, "n": 0}, locks=("A",))
    assert wait_of(taken, ((1, 0),)).why == "CPU 0 waits for A, held by nobody"


def sleeper():
    asleep = Act("wait_event(wq): sleep", LOCKED, "wait_event", LOAD, True)
    return waiter(asleep, "wait_event(wq, n == 7);", "sleeps")


def test_who_sleeps_in_a_call_waits_for_somebody_to_wake_it():
    made = one(Housed(sleeper()), Housed(writes, (3,)), Housed(writes, (4,)))
    assert wait_of(made, ((1, 0),)).why == "CPU 0 sleeps in wait_event() of , line 3 on wq"
    assert wait_of(made, ((1, 0), (2, 0))).why == "CPU 0 sleeps in wait_event() of , line 3 on wq; nobody wakes it"


class OfC(Own):
    in_c = True


def test_a_deadlock_in_c_is_a_livelock_too_where_somebody_spins():
    reads, sleeps = waiter(load("READ_ONCE", "n"), "while (READ_ONCE(n) != 7)"), sleeper()
    own = OfC("text", "", "")
    for program, texts, spins in ((reads, (reads,), True), (sleeps, (), False)):
        found = explore(one(Housed(program), texts=texts, own=own))
        assert (found.verdict, found.spins) == (DEADLOCK, spins)
        assert found.kinds() == ({"deadlock", "livelock"} if spins else {"deadlock"})
    assert not explore(one(Housed(reads), texts=(reads,))).spins
    assert parse(explore(one(Housed(reads), own=own)).schedule).steps == ()


def test_an_interrupt_waits_until_the_stores_of_its_cpu_are_seen():
    host = Housed(writes, (3,))
    made = one(host, Housed(writes, (5,), on=host)).on("tso")
    assert wait_of(made, ((0, 0),)).why == "interrupt on CPU 0 does not begin until CPU 0's stores have reached memory"
    assert not replay_steps(made, ((0, 0), (0, -1))).steps[-1].waits


def test_who_is_suspended_is_not_said_to_sleep():
    host = Housed(sleeper())
    made = one(host, Housed(ticks, on=host))
    wait = wait_of(made, ((1, 0),))
    assert (
        wait.why == "CPU 0 is suspended until interrupt on CPU 0 has finished" and wait.holder == "interrupt on CPU 0"
    )


def ticks(m):
    yield store("WRITE_ONCE", "n")
    m.n = 1
    yield store("WRITE_ONCE", "n")
    m.n = 2


def test_of_two_reasons_why_a_step_does_not_fit_the_first_is_said():
    reads = waiter(load("READ_ONCE", "n"), "while (READ_ONCE(n) != 7)")
    with pytest.raises(InputError, match=r"schedule step 1: CPU 0 spins in line 3 of waits.*let another thread go on"):
        replay_steps(one(Housed(reads), texts=(reads,)).on("tso"), ((0, -1),))
