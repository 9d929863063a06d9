"""The model for SPIN run by a small machine of the tests: as many states, the same broken rules, ends and deadlocks as the explorer finds."""

import sys
from itertools import count, islice
from pathlib import Path

import pytest

from tdxkit.explore.program import DEADLOCK, Own, Scenario
from tdxkit.explore.promela import FORBIDDEN, INTS, MISSING, _comment, _type, promela
from tdxkit.explore.rules import always, at_end
from tdxkit.explore.search import explore
from tdxkit.kinds import store
from tests.house import Housed

sys.path.insert(0, str(Path(__file__).parent))
from promela_machine import Machine
from random_scenes import scene


@pytest.mark.parametrize(("memory", "start"), [("sc", 0), ("tso", 0), ("tso", 7000)])
def test_the_text_does_what_the_search_found(memory, start):
    found = ((made, explore(made, "none")) for seed in count(start) for made in [scene(seed, memory)])
    for made, result in islice((pair for pair in found if 4 < pair[1].states < 400), 12):
        model = promela(made)
        machine = Machine(model.text)
        states, told, _, stuck = machine.search()
        assert model.complete and states == result.states == model.states
        broken = {model.rules[n] for n in told} | ({DEADLOCK} if stuck else set())
        assert broken == set(result.broken) - {"livelock"}
        assert {n for n, (_, acts, _) in machine.lines.items() if acts[0] != "finish()"} == set(model.steps)


def sets(m, name, value):
    yield store("WRITE_ONCE", name)
    setattr(m, name, value)


def one(*threads, shared, **more):
    return Scenario("one", shared, threads, **more)


def test_of_a_bounded_search_what_is_not_known_is_told():
    def grows(m):
        while True:
            yield store("WRITE_ONCE", "n")
            m.n += 1

    model = promela(one(Housed(grows), shared={"n": 0}), 5)
    states, told, _, stuck = Machine(model.text).search()
    assert (model.complete, told, stuck) == (False, {1}, 0) and states == model.states and model.rules[1] == MISSING
    assert ": not known */" in model.text


def test_names_values_and_choices_are_written_so_that_they_can_be_read():
    def picks(m):
        m.if_ = yield "pick */ one", ("left", "right")

    made = Scenario(
        "one",
        {"if_": "none", "active": 0, "K": {"a b": 1, "a.b": -300}, "big": 70_000, "flag": True},
        (Housed(picks), Housed(sets, ("big", 2**31 - 1))),
        (at_end("right", lambda m: m.if_ != "left"), always("flag", lambda m: m.flag)),
        title="a */ title",
        own=Own("text", "", ""),
    )  # fmt: skip
    model = promela(made)
    assert model.renamed == {"if_": "v_if", "active": "v_active", "K[a b]": "K_a_b", "K[a.b]": "K_a_b_2"}
    first = Machine(model.text).first
    assert first["K_a_b_2"] == -300 and first["big"] == 70_000 and first["flag"] == 1 and first["v_active"] == 0
    assert Machine(model.text).types["K_a_b_2"] == "short" and Machine(model.text).types["K_a_b"] == "byte"
    assert "/* active is v_active here */" in model.text and "/* v_if holds 0: none, 1: left, 2: right */" in model.text
    assert "/* rule 2: right */" in model.text and "the text's SHA-256: " in model.text and " = left" in model.text
    assert "a * / title" in model.text and "pick * / one" in model.text and "big holds" not in model.text
    assert [model.steps[n] for n in sorted(model.steps)][:2] == [(0, 0), (0, 1)]
    states, told, ends, stuck = Machine(model.text).search()
    assert ({model.rules[n] for n in told}, ends, stuck) == ({"right"}, 2, 0) and states == 6


def test_rules_after_each_step_are_asked_only_where_there_are_some():
    plain, judged = (one(Housed(sets, ("n", 1)), shared={"n": 0}, properties=rules) for rules in ((), (always("0", lambda m: not m.n),)))  # fmt: skip
    assert "; judge() }" not in promela(plain).text and "; judge() }" in promela(judged).text
    at_once = promela(one(Housed(sets, ("n", 1)), shared={"n": 0}, properties=(always("1", lambda m: m.n),)))
    assert [n for false, n in Machine(at_once.text).rules["judge"] if false({"n": 0})] == [2]
    never = promela(one(Housed(sets, ("n", 1)), shared={"n": 0}, properties=(always("never", lambda m: False),)))
    assert "if :: true -> " in never.text


def test_types_and_comments():
    cases = {(0,): "byte", (255,): "byte", (256,): "short", (-1,): "short", (-(2**15),): "short", (2**15,): "int", (1 - 2**31,): "int"}  # fmt: skip
    assert {values: _type(*values) for values in cases} == cases
    assert INTS["int"] == (1 - 2**31, 2**31 - 1) and "if" in FORBIDDEN and "broken" in FORBIDDEN
    assert _comment("2 × é */ /* a\\b") == "2 x ? * / / * a/b"
    large = promela(one(Housed(sets, ("n", 2**31)), Housed(sets, ("t", 1)), shared={"n": 0, "t": True})).text
    assert "n holds 0: 0, 1: 2147483648" in large and "t holds 0: True, 1: 1" in large
