"""A changed model and the codes of the old one: every one-token mutant of v2, v3 and v6, against an independent comparison step by step."""

import ast
import inspect
from functools import cache
from types import SimpleNamespace

import pytest

from tdxkit.errors import InputError
from tdxkit.explore import explore, replay
from tdxkit.explore.endings import outcomes
from tdxkit.explore.schedule import encode, parse
from tdxkit.explore.telling import compared, replay_steps
from tdxkit.linux.refcount import scenario
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import of_design

SWAPS = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Lt: ast.GtE, ast.Gt: ast.LtE}


class Mutate(ast.NodeTransformer):
    """Changes the n-th token that can be changed: a number, a truth, an operator, a `not`; counts them on the way."""

    def __init__(self, wanted: int):
        self.wanted, self.seen, self.what = wanted, -1, ""

    def _hit(self, what: str) -> bool:
        self.seen += 1
        self.what = what if self.seen == self.wanted else self.what
        return self.seen == self.wanted

    def visit_Constant(self, node):
        """0 and 1 change places, as True and False do; other numbers grow by one."""
        if isinstance(node.value, bool):
            return ast.copy_location(ast.Constant(not node.value), node) if self._hit(f"{node.value}") else node
        if isinstance(node.value, int):
            return (
                ast.copy_location(ast.Constant(1 - node.value if node.value in (0, 1) else node.value + 1), node)
                if self._hit(f"{node.value}")
                else node
            )
        return node

    def visit_Compare(self, node):
        """== and its like turn round."""
        self.generic_visit(node)
        swap = SWAPS.get(type(node.ops[0]))
        if swap and self._hit(type(node.ops[0]).__name__):
            node.ops[0] = swap()
        return node

    def visit_AugAssign(self, node):
        """+= and -= change places."""
        self.generic_visit(node)
        if type(node.op) in SWAPS and self._hit(type(node.op).__name__):
            node.op = SWAPS[type(node.op)]()
        return node

    def visit_UnaryOp(self, node):
        """A `not` is dropped."""
        self.generic_visit(node)
        return node.operand if isinstance(node.op, ast.Not) and self._hit("not") else node

    def visit_If(self, node):
        """A condition is turned round."""
        self.generic_visit(node)
        if self._hit("if"):
            node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
        return node


@cache
def mutants(name: str) -> list[tuple[str, object]]:
    """Every mutant of a design's get and put, as a design to explore, with what was changed."""
    base = DESIGNS[name].code
    found = []
    for function in (base.get, base.put):
        source = ast.parse(inspect.getsource(function))
        for n in range(100):
            mutate = Mutate(n)
            tree = ast.fix_missing_locations(mutate.visit(ast.parse(ast.unparse(source))))
            if mutate.seen < n:
                break
            space = dict(vars(base))
            exec(compile(tree, f"<{name} {function.__name__} {n}>", "exec"), space)  # our own source, one token changed
            parts = {"get": base.get, "put": base.put} | {function.__name__: space[function.__name__]}
            design = SimpleNamespace(TITLE=name, SOURCES=(), __doc__="", **parts)
            found.append((f"{function.__name__} {n}: {mutate.what}", of_design(design, name, 2, 1)))
    return found


@cache
def codes(name: str) -> tuple[str, ...]:
    """Codes of the design as it is: what a search finds, one CPU after the other, and each of its ends."""
    whole = scenario(name)
    found = explore(whole)
    quiet = encode(whole, ((0, 0),) * 15 + ((1, 0),) * 15)
    ends = [end.schedule for end in outcomes(whole).rows] if hasattr(outcomes(whole), "rows") else []
    return tuple(dict.fromkeys(filter(None, (found.schedule, quiet, *ends))))


def did(run) -> list:
    """What a run's steps did, off the told run: who, of what kind, what changed to what, what broke."""
    return [(s.actor, s.kind, [(c.key, c.new) for c in s.changes], s.broken) for s in run.steps]


def differs(name: str, mutant, code: str) -> bool:
    """Whether any step of the code's own run is another under the mutant, by the told runs."""
    steps = parse(code).steps
    try:
        return did(replay_steps(mutant, steps)) != did(replay_steps(scenario(name), steps))
    except InputError:
        return True


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v2", "v3", "v6"])
def test_a_mutant_is_noticed_wherever_a_step_of_the_code_differs(name):
    noticed = silent = 0
    for what, mutant in mutants(name):
        for code in codes(name):
            expected = differs(name, mutant, code)
            try:
                replay(mutant, code)
                said = compared(mutant, parse(code))
                assert not expected, (what, code)
                assert said.endswith("no others were compared")
                silent += 1
            except InputError as error:
                assert expected, (what, code, str(error))
                noticed += 1
    assert noticed > 20 and silent > 5, (noticed, silent)


def test_an_old_code_replays_and_says_that_it_was_not_checked():
    v2 = scenario("v2")
    old = "v2:2x1:37b4 A10 B15 A3"
    assert compared(v2, parse(old)) == "a code without a mark: that its steps do what they did was not checked"
    assert len(replay(v2, old)) == 28
