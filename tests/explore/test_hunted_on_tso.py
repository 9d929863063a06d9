"""Programs that got a wrong answer out of the search: under `movers`, on store buffers, of data races, beside SPIN."""

import shutil

import pytest

from tdxkit.cli import main
from tdxkit.explore.program import Scenario, Thread, interrupt
from tdxkit.explore.promela import promela
from tdxkit.explore.rules import at_end, must
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay
from tdxkit.kinds import load, lock, locked, store, unlock
from tdxkit.linux.refcount import scenario

spin = pytest.mark.skipif(not (shutil.which("spin") and shutil.which("gcc")), reason="spin or gcc is not installed")


def take(m, name="l"):
    while True:
        yield lock("spin_lock", name)
        if not getattr(m, name):
            setattr(m, name, True)
            return


def let_go(m, name="l"):
    yield unlock("spin_unlock", name)
    setattr(m, name, False)


def scene(*programs, memory="sc", rules=(), locks=("l",), **shared):
    threads = tuple(p if isinstance(p, Thread) else Thread(p) for p in programs)
    return Scenario("hunted", {**dict.fromkeys(locks, False), **shared}, threads, rules, locks=locks, memory=memory)


def alike(one, **how):
    """What every reduction says, which is one thing."""
    said = {
        (r.verdict, r.property, r.steps, tuple(sorted(r.broken)))
        for r in (explore(one, name, **how) for name in ("none", "sym", "all", "movers"))
    }
    assert len(said) == 1, said
    return said.pop()


def test_who_looks_at_more_than_the_lock_while_it_is_taken_may_do_more_than_wait():
    def holder(m):
        yield from take(m)
        yield from let_go(m)

    def gives_up(m):
        yield store("WRITE_ONCE", "stop")
        m.stop = True
        while True:
            yield lock("spin_lock_or_stop", "l")
            if not m.l:
                m.l = True
                break
            if m.stop:
                m.must("it never gives up", False)
                return
        yield from let_go(m)

    assert alike(scene(holder, gives_up, rules=(must("it never gives up"),), stop=False))[:3] == (
        "violation",
        "it never gives up",
        3,
    )


def test_a_lock_that_is_taken_by_a_store_in_a_buffer_is_no_lock():
    def section(m, changes):
        while True:
            yield store("WRITE_ONCE", "l")
            if not m.l:
                m.l = True
                break
        if changes:
            yield locked("atomic_inc", "x")
            m.x = 1
            yield locked("atomic_dec", "x")
            m.x = 0
        else:
            yield load("READ_ONCE", "x")
            m.must("alone", m.x == 0)
        yield from let_go(m)

    one = scene(Thread(section, (0,)), Thread(section, (1,)), memory="tso", rules=(must("alone"),), x=0)
    assert alike(one, prop="alone")[0] == "violation"


def test_a_store_that_is_the_last_thing_a_cpu_does_still_leaves_the_buffer():
    def last(m):
        yield store("WRITE_ONCE", "l")
        m.l = True

    one = scene(last, memory="tso", rules=(at_end("x at the end", lambda m: m.x == 1),), x=0)
    assert alike(one, prop="x at the end")[0] == "violation"
    assert alike(one, prop="deadlock")[0] == "ok"


def test_what_was_only_tried_leaves_no_trace():
    def trying(m, first, second):
        yield from take(m, first)
        while True:
            yield locked("spin_trylock", second)
            if not getattr(m, second):
                setattr(m, second, True)
                break
        yield from let_go(m, second)
        yield from let_go(m, first)

    one = scene(Thread(trying, ("k", "l")), Thread(trying, ("l", "k")), locks=("k", "l"))
    assert len({explore(one, name).orders for name in ("none", "all", "movers")}) == 1


def both_flags(does, kind):
    """Each CPU raises its flag by this operation, then looks at the other's: on store buffers neither need see the other, unless the
    operation empties the buffer."""
    rule, looks = at_end("one saw the other", lambda m: m.r or m.s), _raising(does, kind)
    threads = (Thread(looks, ("x", "y", "r")), Thread(looks, ("y", "x", "s")))
    return Scenario("flags", {"x": 0, "y": 0, "r": 1, "s": 1}, threads, (rule,), memory="tso")


def _raising(does, kind):
    def looks(m, mine, theirs, saw):
        yield kind(does, mine)
        setattr(m, mine, 1)
        yield load("READ_ONCE", theirs)
        seen = getattr(m, theirs)
        yield store("WRITE_ONCE", saw)
        setattr(m, saw, seen)

    return looks


PLAIN = "atomic_set atomic64_set atomic_long_set atomic_set_release arch_atomic_set raw_atomic_set refcount_set kref_init atomic_init __set_bit __clear_bit this_cpu_inc cmpxchg_local incl x++"
FULL = "atomic_inc xchg set_bit test_and_set_bit smp_store_mb set_current_state assign_bit cmpxchg atomic_add_return"


@pytest.mark.parametrize("does", PLAIN.split())
def test_what_x86_does_by_a_plain_store_waits_in_the_buffer_whatever_it_is_called(does):
    assert explore(both_flags(does, locked), "all").verdict == "violation"


@pytest.mark.parametrize("does", FULL.split())
def test_what_x86_does_with_a_lock_prefix_does_not(does):
    assert explore(both_flags(does, locked), "all").verdict == "ok"


@pytest.mark.parametrize(("fence", "verdict"), [("smp_mb", "ok"), ("mb", "ok"), ("virt_mb", "ok"), ("smp_wmb", "violation"), ("virt_rmb", "violation"), ("sfence", "violation"), ("lfence", "violation"), ("cpu_relax", "violation"), ("barrier", "violation"), ("smp_mb__before_atomic", "violation")])  # fmt: skip
def test_which_fences_empty_the_buffer(fence, verdict):
    def side(m, mine, theirs, saw):
        yield store("WRITE_ONCE", mine)
        setattr(m, mine, 1)
        yield locked(fence)
        yield load("READ_ONCE", theirs)
        seen = getattr(m, theirs)
        yield store("WRITE_ONCE", saw)
        setattr(m, saw, seen)

    rule = at_end("one saw the other", lambda m: m.r or m.s)
    one = Scenario(
        "flags",
        {"x": 0, "y": 0, "r": 1, "s": 1},
        (Thread(side, ("x", "y", "r")), Thread(side, ("y", "x", "s"))),
        (rule,),
        memory="tso",
    )
    assert explore(one, "all").verdict == verdict


UNLOCKS = {
    "spin_unlock _raw_spin_unlock do_raw_spin_unlock raw_spin_unlock_irqrestore write_unlock write_sequnlock smp_store_release WRITE_ONCE xa_unlock task_unlock unlock": "violation",
    "mutex_unlock read_unlock up_read up_write up clear_bit_unlock bit_spin_unlock rt_mutex_unlock": "ok",
}


@pytest.mark.slow
@pytest.mark.parametrize(("does", "verdict"), [(d, v) for names, v in UNLOCKS.items() for d in names.split()])
def test_which_unlocks_empty_the_buffer(does, verdict):
    def side(m, mine, theirs, saw, own):
        yield from take(m, own)
        yield store("WRITE_ONCE", mine)
        setattr(m, mine, 1)
        yield unlock(does, own)
        setattr(m, own, False)
        yield load("READ_ONCE", theirs)
        seen = getattr(m, theirs)
        yield store("WRITE_ONCE", saw)
        setattr(m, saw, seen)

    rule = at_end("one saw the other", lambda m: m.r or m.s)
    one = scene(
        Thread(side, ("x", "y", "r", "k")),
        Thread(side, ("y", "x", "s", "l")),
        memory="tso",
        rules=(rule,),
        locks=("k", "l"),
        x=0,
        y=0,
        r=1,
        s=1,
    )
    assert explore(one, "all").verdict == verdict


@pytest.mark.parametrize("reduce", ["none", "sym", "all", "movers"])
def test_the_calmest_schedule_on_store_buffers_breaks_the_rule(reduce):
    def stores(m):
        yield store("WRITE_ONCE", "x")
        m.x = 1
        yield store("WRITE_ONCE", "y")
        m.y = 1

    def looks(m):
        yield load("READ_ONCE", "x")
        m.must("x stays 0", m.x == 0)

    one = scene(stores, looks, memory="tso", rules=(must("x stays 0"),), locks=(), x=0, y=0)
    found = explore(one, reduce, fewest_switches=True)
    assert replay(one, found.schedule).steps[-1].broken == ("x stays 0",) and found.switches == 1


def test_who_waits_for_a_flag_looks_at_it():
    def raises(m):
        yield "f = 1"
        m.f = 1

    def waits(m):
        while True:
            yield "while (!f)"
            if m.f:
                return

    for memory in ("sc", "tso"):
        assert len(explore(scene(raises, waits, memory=memory, locks=(), f=0), "all").races) == 1


def test_races_that_were_not_looked_for_to_the_end_are_said_to_be_so():
    def section(m, plain):
        for _ in range(3):
            yield from take(m)
            yield locked("atomic_inc", "x")
            m.x += 1
            yield from let_go(m)
        if plain:
            yield "z = 1"
            m.z = 1

    one = scene(Thread(section, (0,)), Thread(section, (1,)), Thread(section, (1,)), x=0, z=0)
    whole = explore(one, "movers")
    assert len(whole.races) == 1 and not any("looked for" in remark for remark in whole.remarks)
    short = explore(one, "movers", bound=whole.states)
    assert (
        short.complete
        and not short.races
        and any("data races were looked for in the first" in remark for remark in short.remarks)
    )


def test_marked_accesses_of_the_kernel_do_not_race():
    def side(m, does, kind):
        yield kind(does, "p")
        m.p = m.p if kind is load else 1

    for stores, loads in (
        ("rcu_assign_pointer", "rcu_dereference"),
        ("smp_store_mb", "smp_cond_load_acquire"),
        ("WRITE_ONCE", "kref_read"),
        ("set_current_state", "test_bit"),
    ):
        one = scene(Thread(side, (stores, store)), Thread(side, (loads, load)), locks=(), p=0)
        assert explore(one, "all").races == ()


def test_a_cpu_that_has_finished_takes_on_the_buffer_of_its_interrupt():
    def stores(m, name):
        yield store("WRITE_ONCE", name)
        setattr(m, name, 1)

    cpu = Thread(stores, ("a",))
    one = Scenario("handed", {"a": 0, "z": 0}, (cpu, interrupt(stores, "z", on=cpu)), (), memory="tso")
    drains = [line for line in promela(one).text.splitlines() if "leaves the buffer" in line and "CPU 0:" in line]
    assert len(drains) >= 3  # of a, of z, of z where CPU 0 has finished before its interrupt came
    assert explore(one, "none").verdict == "ok"


@pytest.mark.slow
@spin
@pytest.mark.parametrize("text", [
    'SHARED = {"notrace": 0, "linux": 0}\n\n\ndef put(m, region):\n    yield store("WRITE_ONCE", "notrace")\n    m.notrace = 1\n',
    'SHARED = {"n": -2**31}\n\n\ndef put(m, region):\n    yield store("WRITE_ONCE", "n")\n    m.n = 5\n',
    'SHARED = {"n": 0}\nRULES = (sometimes("never comes", lambda m: m.n == 7),)\n\n\ndef put(m, region):\n    yield store("WRITE_ONCE", "n")\n    m.n = 5\n',
])  # fmt: skip
def test_spin_says_the_same_of_odd_names_values_and_rules(text, tmp_path, capsys):
    file = tmp_path / "odd.py"
    file.write_text(f"from tdxkit.explore import sometimes\nfrom tdxkit.kinds import store\n{text}")
    assert main(["confirm", f"{file}:put", "--roles", "put,put", "--with", "spin"]) == 0, capsys.readouterr().out
    assert "the same" in capsys.readouterr().out


@spin
def test_what_is_broken_before_the_first_step_needs_no_second_opinion(tmp_path, capsys):
    file = tmp_path / "odd.py"
    file.write_text(
        'from tdxkit.explore import always\nSHARED = {"n": 0}\nRULES = (always("never true", lambda m: m.n == 5),)\n\n\ndef put(m, region):\n    yield "n"\n    m.n = 1\n'
    )
    assert main(["confirm", f"{file}:put", "--roles", "put,put", "--with", "spin"]) == 2
    assert "before the first step" in capsys.readouterr().err


def test_a_code_names_its_own_memory_and_threads(capsys):
    code = explore(scenario("v2")).schedule
    assert main(["export", *code.split(), "--to", "promela", "--memory", "tso"]) == 2
    assert "a schedule code names its own" in capsys.readouterr().err
