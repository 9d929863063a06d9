"""No name that a model gives is taken for one of the explorer's."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore.dice import walk
from tdxkit.explore.engine import World, explore_readably
from tdxkit.explore.memory import Keyed, Memory
from tdxkit.explore.overlay import Overlay
from tdxkit.explore.program import Scenario, Thread, interrupt
from tdxkit.explore.rules import always, at_end, must
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay

OWN = {"must", "note", "tell"}
# What once was public beside them, and is what one calls "interrupts off".
ONCE = {"on", "off", "begin", "load", "store", "as_local"}
PUBLIC = sorted({n for c in (Memory, Overlay, Keyed, World) for n in dir(c) if not n.startswith("_")} | ONCE)


def window(name):
    """A CPU opens a window in which `name` is false, a device looks into it."""

    def cpu(m):
        yield "off"
        setattr(m, name, False)
        yield "on"
        setattr(m, name, True)

    def device(m):
        yield "deliver"
        m.must("never delivered", getattr(m, name))

    return Scenario("window", {name: True}, (Thread(cpu), Thread(device)), (must("never delivered"),))


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLIC)
def test_a_variable_of_any_name_is_itself_in_search_audit_replay_and_dice_or_is_refused(name):
    if name in OWN:
        with pytest.raises(ModelError, match=f"shared variable {name}: the name is taken"):
            explore(window(name))
        return
    for reduction in ("none", "sym", "all"):
        result = explore(window(name), reduction)
        assert (result.verdict, result.steps) == ("violation", 2) == ("violation", explore(window("shut")).steps)
        assert result.states == explore(window("shut"), reduction).states
    run = replay(window(name), result.schedule)
    assert run.state(1)[name] is False and run.steps[-1].broken == ("never delivered",)
    assert explore_readably(window(name)).rule == "never delivered"
    assert {bool(walk(window(name), seed).broken) for seed in range(20)} == {True, False}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_constant_of_any_name_is_itself_or_is_refused(name):
    def reads(m):
        yield "read"
        m.seen = getattr(m, name)

    made = Scenario(
        "constant", {"seen": 0}, (Thread(reads),), (at_end("seven", lambda m: m.seen == 7),), constants={name: 7}
    )
    if name in OWN:
        with pytest.raises(ModelError, match=f"constant {name}: the name is taken"):
            explore(made)
    else:
        assert explore(made).verdict == "ok"


@pytest.mark.parametrize("name", ["_values", "not a name", "", 7])
@pytest.mark.parametrize("what", ["shared", "constants"])
def test_what_is_no_plain_name_is_refused(what, name):
    def nothing(m):
        yield "nothing"

    with pytest.raises(ModelError, match="the name is taken or not a plain name; rename it"):
        explore(Scenario("names", **{"shared": {}, what: {name: 7}}, threads=(Thread(nothing),)))


def test_keys_that_read_alike_are_refused():
    def nothing(m):
        yield "nothing"

    with pytest.raises(ModelError, match=r"shared variable k\[1\]: two of its keys read alike"):
        explore(Scenario("names", {"k": {1: 0, "1": 0}}, (Thread(nothing),)))
    assert explore(Scenario("names", {"k": {1: 0, 2: 0}}, (Thread(nothing),))).verdict == "ok"


def sets(m):
    yield "set"
    m.n = 1


@pytest.mark.parametrize("name", ["deadlock", "livelock"])
def test_no_rule_is_called_what_the_explorer_finds_by_itself(name):
    def claims(m):
        yield "claim"
        m.must(name, False)

    def asserts(m):
        yield "assert"
        raise AssertionError(name)

    for rule in (must(name), always(name, lambda m: True)):
        with pytest.raises(ModelError, match=f"rule {name}: the explorer's own finding has this name"):
            Scenario("rules", {"n": 0}, (Thread(sets),), (rule,))
    with pytest.raises(ModelError, match=f"m.must: rule {name}: "):
        explore(Scenario("rules", {"n": 0}, (Thread(claims),)))
    result = explore(Scenario("rules", {"n": 0}, (Thread(asserts),)))
    assert (result.verdict, result.property) == ("violation", f"assert: {name}")


def test_two_rules_of_one_name_are_refused_and_one_told_twice_is_not():
    small, end = always("small", lambda m: m.n < 2), at_end("small", lambda m: m.n == 1)
    with pytest.raises(ModelError, match="rule small: another rule has this name"):
        Scenario("rules", {"n": 0}, (Thread(sets),), (small, end))
    assert explore(Scenario("rules", {"n": 0}, (Thread(sets),), (small, small))).verdict == "ok"


@pytest.mark.parametrize("name", [7, None, "", ("a",)])
def test_a_rule_has_a_text_for_a_name(name):
    def swapped(m):
        yield "claim"
        m.must(name, "the name comes first")

    with pytest.raises(ModelError, match="a rule is named by a text"):
        explore(Scenario("rules", {"n": 0}, (Thread(swapped),)))
    with pytest.raises(ModelError, match="a rule is named by a text"):
        Scenario("rules", {"n": 0}, (Thread(sets),), (must(name),))


def test_a_condition_that_is_always_true_is_refused():
    def lazy(m):
        yield "claim"
        m.must("small", (m.n < 2 for _ in range(1)))

    def uncalled(m):
        yield "claim"
        m.must("small", lambda: m.n < 2)

    for program, kind in ((lazy, "generator"), (uncalled, "function")):
        with pytest.raises(ModelError, match=f"rule small: a {kind} is always true"):
            explore(Scenario("rules", {"n": 0}, (Thread(program),)))


@pytest.mark.parametrize("name", ["nobody", 7])
def test_no_actor_is_called_nobody(name):
    with pytest.raises(ModelError, match=f"actor {name}: it is no name for a thread"):
        Scenario("actors", {"n": 0}, (Thread(sets, actor=name),))


def test_an_interrupt_suspends_the_very_thread_it_names():
    one, two = Thread(sets), Thread(sets)
    made = Scenario("alike", {"n": 0}, (one, two, interrupt(sets, on=two, actor="irq")))
    assert made.hosts == (None, None, 1)
