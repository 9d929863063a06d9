"""The judge of C programs itself: programs counted by hand, C's arithmetic, and faults planted in it."""

import pytest

from tests.c import judge as judging
from tests.c import judge_expressions
from tests.c.judge import TooLarge
from tests.c.judge_by_hand import CHECKS, COUNTER, told
from tests.c.judge_cpu import ACTS
from tests.c.judge_expressions import Expressions
from tests.c.judge_kernel import Effect
from tests.c.judge_statements import Statements
from tests.c.judge_types import UINT, Unreadable


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_by_hand(check):
    check()


# -- faults planted in the judge ---------------------------------------------------------------------------------------

BINARY = judge_expressions.binary
FAULTS = {
    "x++ reads nothing": (Expressions, "fetch", lambda cpu, node: cpu.push(0)),
    "a lock lets two in": (ACTS, "spin_lock", lambda *_: Effect(1, None, empty=True, moves=1)),
    "anybody may unlock": (ACTS, "spin_unlock", lambda *_: Effect(0, None, moves=-1)),
    "a fence lets stores wait": (ACTS, "smp_mb", lambda *_: Effect()),
    "a count goes up from 0": (ACTS, "refcount_inc", lambda old, *_: Effect(old + 1, None, empty=True)),
    "a CPU does not see its own stores": (judging, "seen", lambda shared, buffer, slot: shared[slot]),
    "all is unsigned": (judge_expressions, "binary", lambda op, a, b, *_: BINARY(op, a, b, UINT, UINT)),
    "no case is chosen": (Statements, "choose", lambda cpu, node: cpu.values.pop()),
    "locals outlive their block": (Statements, "keep", lambda cpu, visible: None),
    "every place is another": (judging, "classes", lambda table, *_: list(range(len(table.places)))),
    "all places are one": (judging, "classes", lambda table, *_: [0] * len(table.places)),
    "nobody goes round for ever": (judging.Graph, "traps", lambda graph: set()),
    "nobody waits for ever": (judging.Graph, "deadlocks", lambda graph, ended: set()),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen(fault, monkeypatch):
    where, name, wrong = FAULTS[fault]
    (monkeypatch.setitem if isinstance(where, dict) else monkeypatch.setattr)(where, name, wrong)
    with pytest.raises(AssertionError):
        for check in CHECKS:
            check()


# -- what it refuses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, said",
    [
        ("kfree(x);", "function kfree"),
        ("run();", "run calls itself"),
        ("for (;;) ;", "a loop without a step"),
        ("a[x + 2] = 1;", "index 2 is out of range"),
        ("y = 1;", "y is not declared"),
        ("int b[2];", "local variable b"),
    ],
)
def test_what_it_does_not_know_it_says(body, said):
    with pytest.raises(Unreadable, match=said):
        told(f"int x; int a[2]; void run(void) {{ {body} }}", "run")


def test_too_many_states_are_said():
    with pytest.raises(TooLarge):
        told(COUNTER, "run", "run", limit=11)
    assert told(COUNTER, "run", "run", limit=12).states == 12


def test_questions_that_nobody_has_settled_are_said():
    own = "spinlock_t l; void run(void) { spin_lock(&l); spin_trylock(&l); spin_unlock(&l); }"
    assert told(own, "run").open == {"a CPU tries a lock that it holds"}
    both = "spinlock_t l; int x; void run(void) { int u; spin_unlock(&l); x = u; }"
    assert told(both, "run").open == {"a step breaks two rules"}
    twice = "int x; void run(void) { while (!x) if (x) break; }"
    verdict = told(twice, "run")
    assert (verdict.verdict, verdict.states, verdict.open) == ("deadlock", 1, {"where a wait begins"})
