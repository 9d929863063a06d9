"""x86-TSO by its litmus tests: what may be seen and what never, by both engines and by a machine of the tests' own."""

from random import Random

import pytest
from tso_machine import outcomes as on_machine

from tdxkit.explore import Scenario, Thread, at_end, explore
from tdxkit.explore.endings import outcomes
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.space import Space
from tdxkit.explore.tables import Tables
from tdxkit.explore.visit import visit
from tdxkit.kinds import conditional, load, locked, store
from tests.house import Housed

# Each CPU's instructions: "x=1" a plain store, "a:x" a plain load into register a, "mb" a fence, "xchg x=1", "inc_not_zero z" and
# "cmpxchg z" which fail here. What is asked: registers, and variables at the end. SC, TSO: may it be seen?
LITMUS = {
    "SB": (["x=1", "a:y"], ["y=1", "b:x"], {"a": 0, "b": 0}, False, True),
    "SB+fences": (["x=1", "mb", "a:y"], ["y=1", "mb", "b:x"], {"a": 0, "b": 0}, False, False),
    "SB+one fence": (["x=1", "mb", "a:y"], ["y=1", "b:x"], {"a": 0, "b": 0}, False, True),
    "SB+xchg": (["xchg x=1", "a:y"], ["xchg y=1", "b:x"], {"a": 0, "b": 0}, False, False),
    "SB+failing inc_not_zero": (
        ["x=1", "inc_not_zero z", "a:y"],
        ["y=1", "inc_not_zero z", "b:x"],
        {"a": 0, "b": 0},
        False,
        True,
    ),
    "SB+failing cmpxchg": (
        ["x=1", "cmpxchg z", "a:y"],
        ["y=1", "cmpxchg z", "b:x"],
        {"a": 0, "b": 0},
        False,
        False,
    ),
    "MP": (["x=1", "y=1"], ["a:y", "b:x"], {"a": 1, "b": 0}, False, False),
    "LB": (["a:x", "y=1"], ["b:y", "x=1"], {"a": 1, "b": 1}, False, False),
    "S": (["x=2", "y=1"], ["a:y", "x=1"], {"a": 1, "x": 2}, False, False),
    "R": (["x=1", "y=1"], ["y=2", "a:x"], {"y": 2, "a": 0}, False, True),
    "2+2W": (["x=1", "y=2"], ["y=1", "x=2"], {"x": 1, "y": 1}, False, False),
    "forwarding": (
        ["x=1", "a:x", "b:y"],
        ["y=1", "c:y", "d:x"],
        {"a": 1, "b": 0, "c": 1, "d": 0},
        False,
        True,
    ),
    "n6": (["x=1", "a:x", "b:y"], ["y=2", "x=2"], {"a": 1, "b": 0, "x": 1}, False, True),
    "n5": (["x=1", "a:x"], ["x=2", "b:x"], {"a": 2, "b": 1}, False, False),
    "IRIW": (["x=1"], ["y=1"], ["a:x", "b:y"], ["c:y", "d:x"], {"a": 1, "b": 0, "c": 1, "d": 0}, False, False),
    "CoRR": (["x=1"], ["a:x", "b:x"], {"a": 1, "b": 0}, False, False),
}


def program(m, code):
    """A CPU's instructions as a program; its registers become shared variables at its end."""
    seen = ()
    for word in code:
        what, _, rest = word.rpartition(" ")
        if what == "inc_not_zero":
            yield conditional("atomic_inc_not_zero", rest)
            if value := getattr(m, rest):
                setattr(m, rest, value + 1)
        elif what == "cmpxchg":
            yield locked("atomic_cmpxchg", rest)
            if getattr(m, rest) == 5:
                setattr(m, rest, 6)
        elif what == "xchg":
            name, value = rest.split("=")
            yield locked("xchg", name)
            setattr(m, name, int(value))
        elif word == "mb":
            yield locked("smp_mb")
        elif "=" in word:
            name, value = word.split("=")
            yield store("WRITE_ONCE", name)
            setattr(m, name, int(value))
        else:
            register, name = word.split(":")
            yield load("READ_ONCE", name)
            seen = (*seen, (register, getattr(m, name)))
    for register, value in seen:
        yield store("WRITE_ONCE", register)
        setattr(m, register, value)


def litmus(codes, memory, rules=(), thread=Thread):
    """The scenario of such instructions, a CPU for each."""
    threads = tuple(thread(program, (tuple(code),)) for code in codes)
    return Scenario("litmus", dict.fromkeys("abcdxyz", 0), threads, rules, memory=memory)


def ends(codes, memory, thread=Thread):
    """Every final state, by the fast engine, as values in the order of the variables."""
    return {tuple(row.state.values()) for row in outcomes(litmus(codes, memory, thread=thread)).rows}


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize("name", LITMUS)
def test_what_may_be_seen_and_what_never(name, memory):
    *codes, asked, sc, tso = LITMUS[name]
    may = {"sc": sc, "tso": tso}[memory]
    never = at_end("never seen", lambda m: not all(getattr(m, v) == value for v, value in asked.items()))
    one = litmus(codes, memory, (never,))
    assert (explore(one).verdict == "violation") == may
    assert (explore(one, reduce="none").verdict == "violation") == may
    assert (explore_readably(one).rule is not None) == may
    machine = on_machine(codes, memory)
    assert ends(codes, memory) == machine
    assert any(all(end["abcdxyz".index(v)] == value for v, value in asked.items()) for end in machine) == may


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize("name", ["SB", "SB+failing inc_not_zero", "R", "n6", "forwarding", "MP"])
def test_both_engines_count_the_same_states(name, memory):
    *codes, _, _, _ = LITMUS[name]
    one = litmus(codes, memory)
    assert explore(one, reduce="none").states == explore_readably(one).states


def random_codes(die):
    """Two or three CPUs with one to four instructions each on x, y and z."""
    words = [*["{v}=1", "{v}=5", "{r}:{v}", "{r}:{v}"] * 2, "mb", "xchg {v}=3", "inc_not_zero {v}", "cmpxchg {v}"]
    registers = iter("abcd")
    codes = []
    cpus = die.choice((2, 2, 2, 3))
    for _ in range(cpus):
        code = []
        for _ in range(die.randint(2, 6 - cpus)):
            word = die.choice(words).format(v=die.choice("xxyyz"), r="{r}")
            if "{r}" in word:
                register = next(registers, None)
                word = word.format(r=register) if register else "mb"
            code.append(word)
        codes.append(code)
    return codes


def agree(seed, thread=Thread):
    """Does the explorer end as the machine does, under both memories and every reduction?"""
    codes = random_codes(Random(seed))
    for memory in ("sc", "tso"):
        machine = on_machine(codes, memory)
        assert ends(codes, memory, thread) == machine, (seed, memory, codes)
        for reduce in ("none", "sym", "all"):
            found = visit(
                Space(Tables(litmus(codes, memory, thread=thread), apart=reduce == "none"), reduce == "all"),
                True,
                10**6,
            )
            assert {tuple(found.space.tables.state(sid).values()) for sid in found.finals()} == machine, (
                seed,
                reduce,
                codes,
            )
    return ends(codes, "sc", thread) != ends(codes, "tso", thread)


@pytest.mark.slow
def test_twenty_random_programs():
    assert sum(map(agree, range(20, 40))) >= 2


@pytest.mark.slow
def test_a_thousand_random_programs():
    assert sum(agree(seed, Housed) for seed in range(1000, 2000)) >= 25
