"""Programs on x86-TSO: locks and flags, interrupts that share a buffer, codes, what is said of it, and what is refused."""

import re
from random import Random

import pytest
from test_litmus import program, random_codes

from tdxkit.cli import main
from tdxkit.errors import InputError, ModelError
from tdxkit.explore import Scenario, Thread, always, at_end, explore, interrupt, outcomes, replay
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.judging import judge
from tdxkit.explore.reachable import graph
from tdxkit.explore.schedule import encode, parse, switches
from tdxkit.explore.space import Space
from tdxkit.explore.tables import Tables
from tdxkit.explore.visit import visit
from tdxkit.kinds import load, lock, locked, store, unlock
from tdxkit.linux.refcount import names, scenario
from tests.house import Housed


def peterson(m, me, fence):
    """Peterson's lock with plain flags, and what it should protect."""
    other = 1 - me
    yield store("WRITE_ONCE", f"flag[{me}]")
    m.flag[me] = 1
    yield store("WRITE_ONCE", "turn")
    m.turn = other
    if fence:
        yield locked("smp_mb")
    while True:
        yield load("READ_ONCE", f"flag[{other}]")
        if not m.flag[other]:
            break
        yield load("READ_ONCE", "turn")
        if m.turn == me:
            break
    yield locked("atomic_inc", "inside")
    m.inside += 1
    yield locked("atomic_dec", "inside")
    m.inside -= 1
    yield store("WRITE_ONCE", f"flag[{me}]")
    m.flag[me] = 0


def dekker(m, me, fence):
    """Dekker's way in: it gives up where the other has its flag up."""
    yield store("WRITE_ONCE", f"flag[{me}]")
    m.flag[me] = 1
    if fence:
        yield locked("smp_mb")
    yield load("READ_ONCE", f"flag[{1 - me}]")
    if not m.flag[1 - me]:
        yield locked("atomic_inc", "inside")
        m.inside += 1
        yield locked("atomic_dec", "inside")
        m.inside -= 1
    yield store("WRITE_ONCE", f"flag[{me}]")
    m.flag[me] = 0


def spin(m, me, fence):
    """A spinlock: an exchange takes it, a plain store lets it go."""
    while True:
        yield lock("spin_lock", "l")
        if not m.l:
            m.l = True
            break
    for change in (1, -1):
        yield store("plain", "inside")
        m.inside += change
    yield unlock("spin_unlock", "l")
    m.l = False


def two(way_in, fence=False, memory="tso"):
    shared = {"flag": {0: 0, 1: 0}, "turn": 0, "inside": 0, "l": False}
    rule = always("one at a time", lambda m: m.inside < 2)
    return Scenario(
        "two", shared, tuple(Thread(way_in, (k, fence)) for k in (0, 1)), (rule,), locks=("l",), memory=memory
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way_in", "fence", "memory", "verdict"),
    [
        (peterson, False, "sc", "ok"),
        (peterson, False, "tso", "violation"),
        (peterson, True, "tso", "ok"),
        (dekker, False, "sc", "ok"),
        (dekker, False, "tso", "violation"),
        (dekker, True, "tso", "ok"),
        (spin, False, "sc", "ok"),
        (spin, False, "tso", "ok"),
    ],
)
def test_locks_with_flags_need_a_fence_and_a_spinlock_does_not(way_in, fence, memory, verdict):
    one = two(way_in, fence, memory)
    results = [explore(one, reduce) for reduce in ("none", "sym", "all", "movers")]
    assert {result.verdict for result in results} == {verdict} and {result.memory for result in results} == {memory}
    assert len({(result.steps, result.switches) for result in results}) == 1
    readable = explore_readably(one)
    assert readable.states == results[0].states and (readable.rule is None) == (verdict == "ok")
    if verdict == "violation":
        assert len(readable.schedule) == results[0].steps
        assert replay(one, results[0].schedule).steps[-1].broken == ("one at a time",)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v2", "v6", "per-region", "v3-not-zeroed"])
def test_the_readable_engine_agrees(name):
    one = scenario(name).on("tso")
    slow, fast = explore_readably(one), explore(one, "none")
    assert (slow.states, slow.rule) == (fast.states, fast.property)


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_the_readable_engine_agrees_on_every_shipped_design(name):
    one = scenario(name).on("tso")
    slow, fast = explore_readably(one), explore(one, "none")
    assert slow.states == fast.states and len(slow.schedule or ()) == fast.steps
    assert {r.verdict for r in (fast, explore(one, "sym"), explore(one, "all"), explore(one))} == {fast.verdict}


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_no_verdict_of_a_shipped_design_changes(name):
    plain, tso = explore(scenario(name)), explore(scenario(name), memory="tso")
    assert (plain.verdict, set(plain.broken)) == (tso.verdict, set(tso.broken))


def stores_then_looks(m):
    yield store("WRITE_ONCE", "x")
    m.x = 1
    yield load("READ_ONCE", "y")
    seen = m.y
    yield store("WRITE_ONCE", "a")
    m.a = seen


def stores(m, name):
    yield store("WRITE_ONCE", name)
    setattr(m, name, 1)


def looks(m, name, into):
    yield load("READ_ONCE", name)
    seen = getattr(m, name)
    yield store("WRITE_ONCE", into)
    setattr(m, into, seen)


def ends(one):
    """The values of a and b at the end, of every run; both engines."""
    fast = {(row.state["a"], row.state["b"]) for row in outcomes(one).rows}
    labels = one.layout.labels
    slow = {
        tuple(dict(zip(labels, (value for _, value in final)))[n] for n in "ab")
        for final in explore_readably(one).finals
    }
    assert fast == slow and explore(one, "none").states == explore_readably(one).states
    return fast


@pytest.mark.slow
def test_an_interrupt_is_taken_with_an_empty_buffer_and_leaves_its_own_to_its_cpu():
    """Its store is seen by its CPU at once and by the others later: the host's look at y after its own CPU's interrupt set it."""
    shared = dict.fromkeys("xyab", 0)
    cpu = Thread(stores_then_looks)
    one = Scenario("irq", shared, (cpu, interrupt(stores, "y", on=cpu), Thread(looks, ("y", "b"))), memory="tso")
    assert ends(one) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    # an interrupt that has looked at x = 0 cannot have come after the host's store of it: taking it has emptied the buffer
    sees_x = Scenario(
        "irq", shared, (cpu, interrupt(looks, "x", "b", on=cpu)), (at_end("never", lambda m: True),), memory="tso"
    )
    assert ends(sees_x) == {(0, 0), (0, 1)}


@pytest.mark.slow
def test_two_interrupts_and_one_in_another_hand_their_buffer_on():
    shared = dict.fromkeys("xyab", 0)
    cpu = Thread(looks, ("y", "a"))
    outer = interrupt(stores, "y", on=cpu)
    for more in (
        interrupt(stores, "x", on=outer),
        interrupt(looks, "y", "b", on=cpu),
        interrupt(looks, "x", "b", on=outer),
    ):
        one = Scenario("irq", shared, (cpu, outer, more, Thread(looks, ("x", "b"))), memory="tso")
        assert ends(one)


def test_a_drain_is_a_small_letter_a_step_with_a_sentence_and_nobodys_turn():
    one = two(dekker)
    found = explore(one)
    code = found.schedule
    assert code.endswith(" @tso") and re.search(r" [ab]\d", code)
    run, parsed = replay(one, code), parse(code)
    assert parsed.memory == "tso" and encode(one, parsed.steps) == code and replay(one.on("sc"), code).code == code
    drains = [step for step in run.steps if step.kind == "drain"]
    assert drains and all(step.sentence.startswith("the store ") and step.line is None for step in drains)
    assert len(run) == found.steps and switches(parsed.steps) == found.switches
    k = int(run.steps[0].actor[-1])
    assert (
        run.state(1)[f"store buffer of CPU {k}"] == (f"flag[{k}] = 1",) and run.first[f"store buffer of CPU {k}"] == ()
    )
    assert "x86-TSO memory" in run.subtitle and [track.name for track in run.tracks][-2:] == [
        f"store buffer of CPU {k}" for k in (0, 1)
    ]


def test_who_has_let_go_in_a_store_that_waits_is_still_named():
    one = two(spin)
    walk = graph(one)
    whys = {wait.why for node in walk.nodes for wait in node.waits if wait}
    assert any("waits for l, held by CPU 0" in why for why in whys) and walk.complete
    assert any(edge.kind == "drain" and edge.choice == -1 for edges in walk.edges for edge in edges)


def test_a_code_of_the_other_memory_is_told_apart():
    with pytest.raises(InputError, match="a part is a thread's letter"):
        parse("two:2x1:0000 A1 a1 +000000")
    with pytest.raises(InputError, match="schedules on sc and tso memory"):
        parse("two:2x1:0000 A1 +000000 @pso")
    plain = explore(scenario("v2")).schedule
    assert parse(plain).memory == "sc" and "@" not in plain


def reads_and_writes(m):
    yield "users++"
    m.inside += 1


def lies(m):
    yield load("READ_ONCE", "inside")
    m.inside = 1


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            reads_and_writes,
            "step users++ on tso memory: it reads and writes and does not say that it is one locked instruction",
        ),
        (lies, "step READ_ONCE(inside) on tso memory: it is a load and writes; say store, or locked"),
    ],
)
def test_a_step_that_nobody_can_tell_is_refused(step, said):
    one = Scenario("s", {"inside": 0}, (Thread(step),))
    assert explore(one).verdict == "ok"
    for judged in (
        lambda: explore(one, memory="tso"),
        lambda: judge(one.on("tso")),
        lambda: explore_readably(one.on("tso")),
    ):
        with pytest.raises(ModelError, match=re.escape(said)):
            judged()


def test_a_memory_that_there_is_not(capsys):
    with pytest.raises(InputError, match="memory pso: there are sc and tso; use one of these"):
        explore(scenario("v2"), memory="pso")
    assert main(["explore", "v2", "--memory", "pso"]) == 2 and "sc" in capsys.readouterr().err
    assert main(["explore", "v2", "--memory", "tso"]) == 0
    said = capsys.readouterr().out
    assert "memory: tso, that of x86; the kernel's contract is the LKMM" in said
    code = re.search(r"replay v2 '([^']+)'", said)[1]
    assert main(["replay", "v2", code]) == 0 and "a store leaves the buffer" in capsys.readouterr().out


@pytest.mark.slow
def test_a_readers_own_put_is_judged_on_the_machines_memory(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text("from tdxkit.linux.refcount import v6\n\n\ndef put(m, region):\n    yield from v6.put(m, region)\n")
    assert main(["explore", f"{path}:put", "--memory", "tso"]) == 0
    assert "mine.put, 2 threads × 1 round: ok" in capsys.readouterr().out
    for words in (["stress", f"{path}:put"], ["packet", "v2"], ["export", f"{path}:put", "--to", "promela"]):
        assert main([*words, "--memory", "tso"]) == 0, words
    assert "@tso" in capsys.readouterr().out


def with_interrupts(seed):
    """Random instructions on two CPUs, and one or two interrupts, one perhaps in the other."""
    die = Random(seed)
    codes = [tuple(random_codes(die)[0][:3]) for _ in range(4)]
    cpu = Housed(program, (codes[0],))
    irq = Housed(program, (codes[1][:2],), on=cpu)
    threads = [cpu, irq, Housed(program, (codes[2][:2],))]
    if die.random() < 0.5:
        threads.append(Housed(program, (codes[3][:1],), on=die.choice((cpu, irq))))
    return Scenario("irqs", dict.fromkeys("abcdxyz", 0), tuple(threads), memory=die.choice(("tso", "tso", "sc")))


def agree(seed):
    one = with_interrupts(seed)
    slow, fast = explore_readably(one), explore(one, "none")
    assert slow.states == fast.states, seed
    finals = {tuple(value for _, value in final) for final in slow.finals}
    assert {tuple(row.state.values()) for row in outcomes(one).rows} == finals, seed
    for reduce in ("sym", "all"):
        found = visit(Space(Tables(one), reduce == "all"), True, 10**6)
        assert {tuple(found.space.tables.state(sid).values()) for sid in found.finals()} == finals, (seed, reduce)


@pytest.mark.slow
def test_three_random_programs_with_interrupts_agree():
    for seed in range(3):
        agree(seed)


@pytest.mark.slow
def test_twelve_random_programs_with_interrupts_agree():
    for seed in range(120, 132):
        agree(seed)
