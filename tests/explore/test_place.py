"""Where a thread stands: the traps that once gave wrong counts without a word."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import place as place_module
from tdxkit.explore.endings import outcomes
from tdxkit.explore.memory import Layout, Memory
from tdxkit.explore.outside import Outside
from tdxkit.explore.place import place
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.rules import always
from tdxkit.explore.search import explore


class Some:
    n = 5


def after(program, steps, *args):
    """The place of a fresh generator after so many yields."""
    generator = program(*args)
    for _ in range(steps):
        next(generator)
    return place(generator)


def one(program, shared, threads=1, **more):
    """A scenario of threads that all run one program."""
    return Scenario("trap", shared, tuple(Thread(program) for _ in range(threads)), **more)


def rounds(k):
    for _ in range(k):
        yield "round"


def test_the_round_of_a_loop_is_part_of_the_place():
    assert len({after(rounds, n, 3) for n in (1, 2, 3)}) == 3
    assert after(rounds, 2, 3) == after(rounds, 2, 3)


@pytest.mark.parametrize(
    "loop",
    ["(1, 2, 3)", "'abc'", "[1, 2, 3]", "enumerate('ab')", "zip('ab', 'cd')", "reversed((1, 2))", "{'a': 1, 'b': 2}", "sorted('ba')",
     "map(str, (1, 2))", "{1, 2}", "{'a': 1, 'b': 2}.items()", "range(1 << 70, (1 << 70) + 2)", "(c for c in 'ab')", "b'ab'"],
)  # fmt: skip
def test_every_kind_of_loop_tells_its_rounds_apart(loop):
    exec(f"def program():\n    for _ in {loop}:\n        del _\n        yield 'x'", names := {})
    first, second = after(names["program"], 1), after(names["program"], 2)
    assert first != second == after(names["program"], 2)


def test_a_loop_counted_wrong_would_lose_states():
    def twice(m):
        for _ in range(2):
            yield "add"
            m.n = (m.n + 1) % 2

    assert explore(one(twice, {"n": 0}, 2), "none").states == 9  # 3 x 3 rounds; the shared bit follows from them


def test_a_variable_nobody_reads_again_does_not_count():
    def leftover(m, first):
        yield "look"
        yield "go on"
        m.n = 1

    def nothing(m, first):
        yield "look"
        yield "go on"
        m.n = first

    assert after(leftover, 2, Some, 1) == after(leftover, 2, Some, 2)
    assert after(nothing, 2, None, 1) != after(nothing, 2, None, 2)


def test_what_is_read_on_another_way_only_does_not_count():
    def returns(flag, value):
        if flag:
            yield "over"
            return
        yield value

    def raises(flag, value):
        if flag:
            yield "over"
            raise ValueError
        yield value

    def jumps(flag, value):
        while True:
            if flag:
                yield "round"
                continue
            yield value
            return

    for program in (returns, raises):
        assert after(program, 1, True, 1) == after(program, 1, True, 2)
        assert after(program, 1, False, 1) == after(program, 1, False, 2), "it has been given out"
    assert after(jumps, 1, True, 1) != after(jumps, 1, True, 2), "flag may change, as far as anybody knows"


def test_one_is_not_true_and_minus_zero_is_not_zero():
    def keep(value):
        yield "x"
        yield value

    places = {
        after(keep, 1, v) for v in (1, True, 1.0, 0, False, 0.0, -0.0, "1", None, (), (1,), (True,), frozenset({1}))
    }
    assert len(places) == 13


def test_shared_values_are_told_apart_by_type():
    def flip(m):
        yield "flip"
        m.flag = 1 if m.flag is True else True

    result = explore(one(flip, {"flag": True}, 2), "none")
    assert result.states == 4  # after one step 1, after two True again


def test_what_instructions_do_to_variables():
    """Some of these exist in newer Pythons only; one that nobody knows reads what it names."""

    def effect(opname, argval):
        reads, sets = place_module._effect(SimpleNamespace(opname=opname, argval=argval))
        return "".join(sorted(reads)), "".join(sorted(sets))

    assert effect("STORE_FAST_LOAD_FAST", ("a", "b")) == ("b", "a")
    assert effect("STORE_FAST_LOAD_FAST", ("a", "a")) == ("", "a")
    assert effect("STORE_FAST_STORE_FAST", ("a", "b")) == ("", "ab")
    assert effect("LOAD_FAST_BORROW_LOAD_FAST_BORROW", ("a", "b")) == ("ab", "")
    assert effect("DELETE_FAST", "a") == effect("NEW_FAST_THING", "a") == ("a", "")
    assert effect("LOAD_GLOBAL", "a") == ("", "")


def test_values_on_the_stack_count():
    def asked(m):
        m.n = (yield "first") or (1, (yield "second", (2, 3)), (yield "third"))[1]

    found = {row.state["n"] for row in outcomes(one(asked, {"n": 0})).rows}
    assert found == {2, 3}


def test_a_delegated_generator_and_the_one_that_delegates_both_count():
    def inner(k):
        yield k

    def outer(k):
        yield from inner(0)
        yield k

    assert after(outer, 1, 1) != after(outer, 1, 2)
    assert after(outer, 1, 1) == after(outer, 1, 1)


def test_where_locals_are_looked_at_as_a_whole_all_count():
    def looks(k):
        yield "a"
        yield len(locals())

    assert after(looks, 1, 1) != after(looks, 1, 2)


def test_a_variable_read_only_in_a_handler_is_live():
    def careful(k):
        try:
            yield "a"
            raise ValueError
        except ValueError:
            yield k

    def last_words(m, k):
        try:
            yield "a"
        finally:
            m.n = k

    assert after(careful, 1, 1) != after(careful, 1, 2)
    memory = Memory(Layout({"n": 0}, {}, Outside()))
    assert after(last_words, 1, memory, 1) != after(last_words, 1, memory, 2)


def test_a_generator_between_except_and_its_end_is_told_from_one_outside():
    def handled(error):
        try:
            raise error
        except ValueError:
            yield "x"
            raise

    assert after(handled, 1, ValueError(1)) != after(handled, 1, ValueError(2))


@pytest.mark.parametrize("value", ["[1]", "{1: 2}", "{1}", "object()", "bytearray(1)", "open", "[[]]"])
def test_what_cannot_be_compared_is_refused_unless_it_is_dead(value):
    exec(
        f"def live(m):\n    x = {value}\n    yield 'a'\n    yield str(x)\ndef dead(m):\n    x = {value}\n    yield 'a'",
        names := {},
    )
    assert explore(one(names["dead"], {})).verdict == "ok"
    if value == "open":  # a function is compared by identity
        explore(one(names["live"], {}))
        return
    with pytest.raises(ModelError, match="local variable x of live"):
        explore(one(names["live"], {}))


def test_a_list_in_shared_memory_is_refused_with_the_variable_named():
    def grow(m):
        yield "grow"
        m.items = [1]

    with pytest.raises(ModelError, match=r"shared variable items holds .*use a tuple"):
        explore(one(grow, {"items": ()}))
    with pytest.raises(ModelError, match="shared variable items"):
        explore(one(grow, {"items": []}))


class Guard:
    """A lock's guard, without any state of its own."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


def test_a_yield_within_with_needs_a_guard_without_state():
    def guarded(m):
        with Guard():
            yield "a"
            yield "b"

    @contextmanager
    def noted():
        yield

    def refused(m):
        with noted():
            yield "a"

    assert explore(one(guarded, {})).verdict == "ok"
    with pytest.raises(ModelError, match="around a yield of refused"):
        explore(one(refused, {}))


def test_setting_an_outside_variable_is_refused():
    exec("n = 0\ndef counts(m):\n    global n\n    yield 'a'\n    n += 1", names := {})
    with pytest.raises(ModelError, match="outside variable n"):
        explore(one(names["counts"], {}))

    def make():
        n = 0

        def counts(m):
            nonlocal n
            yield "a"
            n += 1

        return counts

    with pytest.raises(ModelError, match="outside variable n"):
        explore(one(make(), {}))


def test_the_canary_sings(monkeypatch):
    monkeypatch.setattr(place_module, "_stack", lambda generator, code, known: [])
    with pytest.raises(ModelError, match="this Python"):
        place_module._canary()


@pytest.mark.parametrize("wrong", [lambda code, offset: (), lambda code, offset: code.co_varnames])
def test_the_canary_notices_wrong_liveness(monkeypatch, wrong):
    monkeypatch.setattr(place_module, "live_locals", wrong)
    if wrong(test_the_canary_sings.__code__, 0):
        with pytest.raises(ModelError, match="this Python"):
            place_module._canary()


def test_closing_kept_generators_disturbs_nothing():
    def tidy(m):
        try:
            yield "take"
            m.n += 1
            yield "wait"
            yield "wait more"
        finally:
            m.n -= 1
            m.cleaned = True

    scenario = one(tidy, {"n": 0, "cleaned": False}, 3, properties=(always("bounded", lambda m: 0 <= m.n <= 3),))
    result = explore(scenario, "none")
    assert result.verdict == "ok"
    assert {row.state["n"] for row in outcomes(scenario).rows} == {0}


def test_a_step_is_not_tried_in_a_state_that_is_never_reached():
    def careful(m):
        yield "set"
        m.n = 1
        yield "use"
        m.seen = 10 // m.n  # would raise where n is 0, which this thread never meets here
        yield "end"

    assert explore(one(careful, {"n": 0, "seen": 0}, 2)).verdict == "ok"
