"""Steps taken apart into loads and stores: the same outcomes, as often, as programs split by hand or by another hand."""

import ast
import linecache
import random
import sys
from pathlib import Path

import pytest

from tdxkit.explore import Scenario, Thread, explore, interrupt, outcomes, replay
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.judging import judge
from tdxkit.explore.pieces import Pieces
from tdxkit.explore.rules import always, must
from tdxkit.explore.schedule import parse
from tdxkit.explore.split import meant, split
from tdxkit.kinds import conditional, lock, locked, seamcall, unlock

sys.path.insert(0, str(Path(__file__).parent))
from small_step import SHARED, as_text, random_threads


def scene(*programs, shared=None, **more):
    return Scenario("s", {"a": 0, "b": 0, "K": {0: 0, 1: 1}, "L": False, **(shared or {})}, tuple(map(Thread, programs)), **more)  # fmt: skip


def apart(scenario):
    return split(scenario, Pieces(scenario))


def table(scenario):
    """How it can end, each way with its number of interleavings."""
    found = outcomes(scenario)
    assert found.complete
    return sorted(
        (row.ended, sorted(map(str, row.state.items())), row.broken, row.interleavings or 0) for row in found.rows
    )


def inc(m):
    yield "inc"
    m.a += 1


def inc_by_hand(m):
    yield "load"
    x = m.a
    yield "store"
    m.a = x + 1


def either(m):
    for k in range(2):
        yield "test"
        if m.a == m.b or m.K[0] > 1:
            m.K[k] += m.a
        else:
            m.b = m.a + 1


def either_by_hand(m):
    for k in range(2):
        yield "a"
        a = m.a
        yield "b"
        yes = a == m.b
        if not yes:
            yield "K[0]"
            yes = m.K[0] > 1
        if yes:
            yield "K[k]"
            x = m.K[k]
            yield "a"
            x += m.a
            yield "K[k] ="
            m.K[k] = x
        else:
            yield "a"
            x = m.a + 1
            yield "b ="
            m.b = x


def spin(m):
    yield "spin"
    while m.L:
        yield "spin"
    m.L = True
    yield "work"
    m.a += 1
    yield unlock("spin_unlock", "L")
    m.L = False


def spin_by_hand(m):
    yield "spin"
    while m.L:
        yield "spin"
    yield "set"
    m.L = True
    yield "load"
    x = m.a
    yield "store"
    m.a = x + 1
    yield unlock("spin_unlock", "L")
    m.L = False


def add(m, to, more):
    setattr(m, to, getattr(m, to) + more)


def hidden(m):
    """A helper, an alias, a comprehension, a lambda and a finally: none of them keeps loads together."""
    table = m.K
    yield "helper"
    add(m, "a", 1)
    yield "all"
    seen = sum(table[k] for k in table)
    try:
        yield "lambda"
        (lambda: add(m, "b", seen))()
    finally:
        yield "finally"
        table[1] = m.a


def hidden_by_hand(m):
    yield "load"
    x = m.a
    yield "store"
    m.a = x + 1
    yield "K[0]"
    seen = m.K[0]
    yield "K[1]"
    seen += m.K[1]
    yield "load"
    x = m.b
    yield "store"
    m.b = x + seen
    yield "load"
    x = m.a
    yield "store"
    m.K[1] = x


TWINS = [(inc, inc_by_hand), (either, either_by_hand), (spin, spin_by_hand), (hidden, hidden_by_hand)]


@pytest.mark.slow
@pytest.mark.parametrize("threads", (2, 3))
@pytest.mark.parametrize(("whole", "hand"), TWINS, ids=lambda f: f.__name__)
def test_taken_apart_and_split_by_hand_end_alike_and_as_often(whole, hand, threads):
    one, other = scene(*[whole] * threads, locks=("L",)), scene(*[hand] * threads, locks=("L",))
    assert table(apart(one)) == table(other) != table(one)
    assert [explore(apart(one), r).property for r in ("none", "all")] == [explore(other, r).property for r in ("none", "all")]  # fmt: skip


def says_locked(m):
    yield locked("atomic_inc_return", "a")
    m.a += 1
    if m.a > 1:
        m.b += 1
    yield conditional("atomic_inc_not_zero", "a")
    if m.a:
        m.a += 1


def says_locked_by_hand(m):
    yield "a"
    m.a += 1
    a = m.a
    if a > 1:
        yield "load b"
        b = m.b
        yield "store b"
        m.b = b + 1
    yield "a"
    if m.a:
        m.a += 1


def calls(m):
    yield seamcall("TDH.X", "both")
    m.a += 1
    m.b += 1
    yield lock("spin_lock", "L")
    if not m.L:
        m.L = True
        m.a += 1


def calls_by_hand(m):
    yield "one"
    m.a += 1
    m.b += 1
    yield lock("spin_lock", "L")
    if not m.L:
        m.L = True
        yield "a"
        a = m.a
        yield "a ="
        m.a = a + 1


@pytest.mark.parametrize(("whole", "hand"), [(says_locked, says_locked_by_hand), (calls, calls_by_hand)])
def test_an_instruction_that_says_so_stays_together_and_nothing_else_does(whole, hand):
    """The first variable of a locked step; all of a call of a module whose own variables nobody names."""
    one = scene(whole, whole)
    named = Scenario("s", one.shared, tuple(map(Thread, (hand, hand))))
    # the twin's plain steps on one variable are its instructions: it is not taken apart
    assert table(apart(one)) == table(named)


def judging(m):
    yield locked("atomic_inc", "a")
    m.a += 1
    m.must("small", m.a < 3)
    assert m.a > 0, "somebody was here"
    m.tell(f"now {m.a} and {m.b}")


def test_rules_and_sentences_are_no_steps():
    one = scene(judging, judging, properties=(must("small"),))
    pieces = Pieces(one)
    assert table(split(one, pieces)) == [("finished", [*map(str, [("K[0]", 0), ("K[1]", 1), ("L", False), ("a", 2), ("b", 0)])], (), 2)]  # fmt: skip
    assert not pieces.pieces


class Parter(ast.NodeTransformer):
    """Another hand: writes a `yield` before each load and store but the first after a yield of the program's own."""

    def __init__(self):
        self.lines, self.number = [], 0

    def temp(self):
        self.number += 1
        return f"t{self.number}"

    def part(self):
        return "if used: yield 'part'\nused = True\n"

    def value(self, node):
        """Text that loads one after the other, and the expression left."""
        if isinstance(node, (ast.Attribute, ast.Subscript)) and ast.unparse(node).startswith("m."):
            name = self.temp()
            return f"{self.part()}{name} = {ast.unparse(node)}\n", name
        if isinstance(node, ast.BinOp):
            left, a = self.value(node.left)
            right, b = self.value(node.right)
            return left + right, f"({a} {'+' if isinstance(node.op, ast.Add) else '%'} {b})"
        if isinstance(node, ast.Compare):
            left, a = self.value(node.left)
            return left, f"{a} {'==' if isinstance(node.ops[0], ast.Eq) else '!='} {ast.unparse(node.comparators[0])}"
        if isinstance(node, ast.UnaryOp):
            text, a = self.value(node.operand)
            return text, f"not {a}"
        return "", ast.unparse(node)

    def visit_Assign(self, node):
        if isinstance(node.value, ast.Yield):
            return [node, *ast.parse("used = False").body]
        text, value = self.value(node.value)
        stored = [ast.unparse(target) for target in node.targets]
        text += "".join((self.part() if s.startswith("m.") else "") + f"{s} = {value}\n" for s in stored)
        return ast.parse(text).body

    def visit_If(self, node):
        self.generic_visit(node)
        text, test = self.value(node.test)
        node.test = ast.parse(test).body[0].value
        return [*ast.parse(text).body, node]

    def visit_Expr(self, node):
        return [node, *ast.parse("used = False").body] if isinstance(node.value, ast.Yield) else node

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        node.body.insert(0, ast.parse("used = False").body[0])
        return node


def made(text, name):
    linecache.cache[name] = len(text), None, text.splitlines(True), name
    exec(compile(text, name, "exec"), names := {"__name__": "reader"})
    return names["main"]


def twins(seed):
    """A random scenario, and the same split by the other hand; None where a program calls another, which that hand does not follow."""
    bodies = random_threads(random.Random(seed), waits=seed % 2 == 1)
    if any("yield from" in as_text(body) for body in bodies):
        return None
    pairs = {}
    for body in bodies:
        if body not in pairs:
            text = as_text(body)
            other = ast.unparse(ast.fix_missing_locations(Parter().visit(ast.parse(text))))
            number = len(pairs)
            pairs[body] = made(text, f"<whole {seed} {number}>"), made(other, f"<apart {seed} {number}>")
    rules = (must("rule"), always("small", lambda m: m.a < 2 or m.b < 2))
    both = [tuple(Thread(pairs[body][k]) for body in bodies) for k in (0, 1)]
    return [Scenario("random", SHARED, threads, rules) for threads in both]


def compare(seed, limit=4000):
    pair = twins(seed)
    if pair is None:
        return False
    whole, other = pair
    mine, its = outcomes(apart(whole), limit), outcomes(other, limit)
    if not (mine.complete and its.complete):
        return False
    rows = [sorted((r.ended, sorted(map(str, r.state.items())), r.broken, r.interleavings or 0) for r in found.rows) for found in (mine, its)]  # fmt: skip
    if any(
        row[0] == "livelock" for row in rows[0]
    ):  # told at its first state: which is first depends on what a program remembers
        rows = [{(row[0], *row[2:3]) for row in one} for one in rows]
    assert rows[0] == rows[1], seed
    assert explore(apart(whole)).verdict == explore(other).verdict, seed
    return True


@pytest.mark.slow
def test_random_programs_are_split_alike_by_two_hands():
    assert sum(compare(seed, 400) for seed in range(6)) >= 1


@pytest.mark.slow
def test_many_random_programs_are_split_alike_by_two_hands():
    assert sum(map(compare, range(1000, 1300))) >= 90


def test_the_readable_engine_says_the_same_of_a_scenario_taken_apart():
    for program in (inc, spin):
        one = apart(scene(program, program, locks=("L",)))
        slow, fast = explore_readably(one), explore(one, "none")
        assert (slow.states, slow.rule) == (fast.states, fast.property)


def test_a_code_of_the_scenario_taken_apart_replays_on_the_one_that_was_asked_for():
    one = scene(inc, inc)
    ended = next(row for row in outcomes(apart(one)).rows if row.state["a"] == 1)
    assert ended.schedule.startswith("s+split:2x1:")
    told = replay(one, ended.schedule)
    assert [step.label for step in told.steps if step.actor == "CPU 1"] == [
        "inc",
        f"store a (line {inc.__code__.co_firstlineno + 2} of inc)",
    ]
    assert meant(one, parse("s:2x1:0000 A1")) is one and meant(one, parse("t+split:2x1:0000 A1")) is one


def host(m):
    yield "a"
    m.a = 1
    yield "b"
    m.b = m.a


def once(m):
    yield "irq"
    m.a += 1


def test_an_interrupt_is_taken_apart_and_still_suspends_its_host():
    cpu = Thread(host)
    one = Scenario("irq", {"a": 0, "b": 0}, (cpu, interrupt(once, on=cpu)))
    assert {(row.state["a"], row.state["b"]) for row in outcomes(apart(one)).rows} == {(1, 1), (2, 1), (2, 2)}
    assert judge(one).result.verdict == "ok"
