"""The shared memory: slots and names, what is refused and with which words, looks counted, sentences, notes."""

from types import MappingProxyType

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore import memory
from tdxkit.explore.engine import World
from tdxkit.explore.memory import Layout, Memory, View
from tdxkit.explore.overlay import Overlay
from tdxkit.explore.program import BOUND, OWN_BOUND, Own, Scenario, Thread, interrupt
from tdxkit.explore.rules import always, must, sometimes
from tdxkit.explore.tables import Tables
from tdxkit.run import Track
from tests.house import Housed

LAYOUT = Layout({"n": 1, "K": {0: 5, "b": 6}, "lock": False}, {"LIMIT": 9})


def nothing(m):
    yield "nothing"


def test_a_layout_numbers_plain_and_keyed_variables_in_their_order():
    assert LAYOUT.labels == ["n", "K[0]", "K[b]", "lock"] and LAYOUT.names == ["n", "K", "K", "lock"]
    assert LAYOUT.first == [1, 5, 6, False] and LAYOUT.plain == {"n": 0, "lock": 3} and LAYOUT.keyed == {"K": {0: 1, "b": 2}}  # fmt: skip
    assert isinstance(LAYOUT.constants, MappingProxyType) and not LAYOUT.of_scenario


def test_a_memory_reads_and_writes_what_was_declared():
    m = Memory(LAYOUT)
    m.n, m.K[0] = m.n + 1, m.LIMIT
    assert (m.n, m.K[0], m.K["b"], m._values) == (2, 9, 6, [2, 9, 6, False])
    assert list(m.K) == [0, "b"] and len(m.K) == 2 and "b" in m.K and 1 not in m.K
    assert LAYOUT.first == [1, 5, 6, False]


@pytest.mark.parametrize(
    ("do", "says"),
    [
        (lambda m: m.users, "m.users.*the shared variables of this scenario are n, lock, K, LIMIT"),
        (lambda m: m.nn, "try m.n"),
        (lambda m: m.pamt_lock, 'SHARED = {"pamt_lock": False}, LOCKS = .*locks=\\("pamt_lock",\\)'),
        (lambda m: m.my_mutex, 'LOCKS = \\("my_mutex",\\)'),
        (lambda m: m.count, 'SHARED = {"count": 0} in the file; shared={"count": 0} in Python'),
        (lambda m: m.K[1], "m.K\\[1\\].*its keys are 0, b"),
        (lambda m: m.K[[]], "its keys are 0, b"),
        (lambda m: setattr(m, "K", 1), "K is keyed"),
        (lambda m: setattr(m, "LIMIT", 1), "m.LIMIT"),
        (lambda m: bool(m.K), "write m.K\\[0\\]"),
        (lambda m: m.K == 1, "it is keyed"),
        (lambda m: m.must("", True), "a rule is named by a text"),
        (lambda m: m.must("deadlock", True), "the explorer's own finding"),
        (lambda m: m.must("r", [1]), "a list with something in it"),
        (lambda m: m.must("r", (True, 0)), "a tuple with something in it"),
        (lambda m: m.must("r", len), "a builtin_function_or_method is always true"),
    ],
)
def test_what_a_memory_refuses(do, says):
    with pytest.raises(ModelError, match=says):
        do(Memory(LAYOUT))


def test_python_may_ask_a_memory_for_what_it_asks_everything_for():
    assert not hasattr(Memory(LAYOUT), "__len__")


def test_a_rule_is_noted_once_and_a_tuple_of_numbers_is_an_answer():
    m = Memory(LAYOUT)
    m.must("r", 0)
    m.must("r", 0)
    m.must("s", (1, 2))
    m.must("t", ())
    assert m._broken == ["r", "t"]


def test_a_step_may_look_so_often_and_no_more(monkeypatch):
    assert memory.ENDLESS == 100_000
    monkeypatch.setattr(memory, "ENDLESS", 3)
    m = Memory(LAYOUT)
    assert [m.n, m.K[0], m.n] == [1, 5, 1]
    with pytest.raises(ModelError, match="a step must end"):
        _ = m.n
    m._begin()
    assert m.n == 1


def test_a_memory_is_shut_between_two_steps():
    m = Memory(LAYOUT)
    object.__setattr__(m, "_open", False)
    for do in (lambda: m.n, lambda: m.K[0], lambda: setattr(m, "n", 1)):
        with pytest.raises(ModelError, match="outside a step"):
            do()


def test_notes_are_kept_where_somebody_asks_and_sentences_cut():
    m = Memory(LAYOUT)
    object.__setattr__(m, "_notes", {"pages": 1})
    assert [m.note("pages"), m.note("pages", 2), m.note("pages"), m.note("other", 1), m.note("other")] == [1, 3, 3, 0, 0]  # fmt: skip
    m.tell(7)
    m.tell("x" * 20_000)
    assert m._told == ["7", "x" * memory.LONGEST]


def test_a_view_shows_other_values_and_takes_none():
    seen = View(LAYOUT, [8, 5, 6, True])
    assert (seen.n, seen.lock) == (8, True)
    with pytest.raises(ModelError, match=r"m.K\[b\] = …"):
        seen.K["b"] = 1


def test_a_memory_of_a_steps_own_is_no_local():
    with pytest.raises(ModelError, match="of a step's own"):
        Memory(LAYOUT)._as_local()
    shared = World(Scenario("s", {"K": {0: 1}}, (Housed(nothing),))).memory
    assert (shared._as_local(), shared.K._as_local()) == ("m", "m.K")


def test_who_holds_a_lock_is_known_in_the_middle_of_a_step():
    tables = Tables(Scenario("s", {"L": False}, (Housed(nothing),), locks=("L",)))
    m = tables.memory
    assert isinstance(m, Overlay)
    no, yes = (tables.number(value, 0) for value in (False, True))
    m._on((no,), {}, (), ())
    assert not m._holds("L")
    m.L = True
    assert m._holds("L")
    m._on((yes,), {}, (), (0,))
    assert m._holds("L")
    m.L = False
    assert not m._holds("L")
    m._on((no,), {}, ((0, yes),), (0,))  # taken by a store that waits in the buffer
    m.L = False
    assert m._written_word(0) == (True, False) and not m._holds("L")


def test_an_overlay_notes_reads_in_order_and_keeps_writes_aside():
    tables = Tables(Scenario("s", {"a": 1, "b": 2, "L": False}, (Housed(nothing),), locks=("L",)))
    one, two, no = tables.shared[tables.first_sid]
    reads, writes = tables.memory._on((one, two, no), {"k": 3})
    m = tables.memory
    assert (m.b, m.a, m.note("k")) == (2, 1, 3) and list(reads) == [1, 0]
    m.b = 1
    assert m.b == 1 and writes == {1: one} and reads[1] == two
    m.L = True
    assert list(reads) == [1, 0, 2], "whether it is taken depends on its word"
    reads, _ = m._on((one, two, no), {}, ((0, two),))
    assert m.a == 2 and not reads and m._own == {0: two}, "its own buffer first"
    m._off()
    m.a = 5
    assert m._writes == {} and m.a == 1, "what a closing generator does is dropped"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Thread("put"), "give the function, not a call of it"),
        (lambda: Thread(nothing, [1]), "they are a tuple"),
        (lambda: Scenario("s", {}, (nothing,)), r"write \(Thread\(nothing\),\)"),
        (lambda: Scenario("s", {}, (Thread(nothing),), ("rule",)), "write .always"),
        (lambda: Scenario("s", [1], (Thread(nothing),)), "it maps each name to its first value"),
        (
            lambda: Scenario("s", {"lock": 0}, (Thread(nothing),), locks=("lok",)),
            "no such lock|no such shared.*try lock",
        ),
        (lambda: Scenario("s", {"n": 0}, (Thread(nothing),), module=("zzz",)), "no such shared variable.*there are n"),
        (lambda: Scenario("s", {"n": 0}, (Thread(nothing),), mutexes=("n",)), "no such lock.*there are none"),
        (lambda: Scenario("s", {}, (interrupt(nothing, on=Thread(nothing, (1,))),)), "add that thread"),
        (lambda: Scenario("s", {}, (Thread(nothing, actor="x"), Thread(nothing, actor="x"))), "a name of its own"),
        (lambda: Scenario("s", {}, (Thread(nothing, actor=7),)), "no name for a thread"),
        (lambda: Scenario("s", {"n": 0}, (Thread(nothing),), constants={"n": 1}).layout, "the name is taken"),
    ],
)
def test_what_a_scenario_refuses(make, says):
    with pytest.raises(ModelError, match=says):
        make()


def test_a_memory_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="there are sc and tso"):
        Scenario("s", {}, (Thread(nothing),), memory="arm")


def test_lanes_cpus_and_who_keeps_whom_back():
    cpu, other = Thread(nothing), Thread(nothing, actor="spare")
    irq = interrupt(nothing, on=cpu)
    more = interrupt(nothing, on=cpu)
    nmi = interrupt(nothing, on=irq)
    made = Scenario("s", {}, (cpu, irq, other, more, nmi))
    assert made.actors == ("CPU 0", "interrupt on CPU 0", "spare", "interrupt 2 on CPU 0", "interrupt on interrupt on CPU 0")  # fmt: skip
    assert made.hosts == (None, 0, None, 0, 1) and made.cpus == (0, 0, 2, 0, 0) and made.count == 2
    assert made.beneath == ((), (0, 3), (), (0, 1, 4), (0, 1, 3))
    assert made.buffers == {} and made.on("sc") is made
    tso = made.on("tso")
    assert tso.buffers == {0: "store buffer of CPU 0", 2: "store buffer of spare"}
    assert tso.rows == (Track("store buffer of CPU 0", "store buffer of CPU 0", "value"), Track("store buffer of spare", "store buffer of spare", "value"))  # fmt: skip


def test_rows_for_numbers_that_nobody_chose():
    shared = {"L": 0, "a": 1, "t": "x", "K": {0: 2, 1: 3}, "b": 4, "flag": True}
    one = Scenario("s", shared, (Thread(nothing),), locks=("L",))
    assert [t.key for t in one.counters] == ["a", "K[0]", "K[1]"]
    shown = Scenario("s", shared, (Thread(nothing),), locks=("L",), tracks=(Track("a", "a", "fact"),))
    assert [t.key for t in shown.counters] == ["K[0]", "K[1]", "b"]
    assert Scenario("s", shared, (Thread(nothing),), tracks=(Track("b", "b", "value"),)).counters == ()


def test_rules_are_found_by_name_or_id_and_asked_one_by_one():
    rules = (must("one"), always("two", lambda m: True), sometimes("three", lambda m: True))
    made = Scenario("s", {"L": 0}, (Thread(nothing),), rules, locks=("L",))
    assert [r.name for r in made.asking("two").asked] == ["two"] == [r.name for r in made.asking("two", "two").asked]
    assert "two" not in [r.name for r in made.without("two").asked] and "one" in [r.name for r in made.without("two").asked]  # fmt: skip
    assert made.without("two").without("one").unasked == {"one", "two"}
    assert made.rule("deadlock") == "deadlock" and made.rule("no-relock") in [r.name for r in made.properties]
    with pytest.raises(InputError, match=r"use one of one, two, three, .*deadlock, livelock"):
        made.rule("four")
    assert made.as_json()["properties"][:3] == ["one", "two", "three"]
    assert [r.name for r in Scenario("s", {}, (Thread(nothing),)).properties] == []


def test_how_far_a_search_goes_depends_on_whose_it_is():
    own = Own("", "", "")
    assert Scenario("s", {}, (Housed(nothing),)).bound == BOUND
    assert Scenario("s", {}, (Thread(nothing),)).bound == OWN_BOUND
    assert Scenario("s", {}, (Housed(nothing),), own=own).bound == BOUND
    bounded = type("Bounded", (Own,), {"bounded": True})("", "", "")
    assert Scenario("s", {}, (Housed(nothing),), own=bounded).bound == OWN_BOUND


def test_the_setting_names_the_memory_that_is_not_the_plain_one():
    one = Scenario("s", {}, (Thread(nothing),), subtitle="two CPUs")
    assert (one.setting, one.on("tso").setting) == ("two CPUs", "two CPUs, x86-TSO memory")
    assert Own("text", "", "").digest == "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1" and Own("", "", "").digest == ""  # fmt: skip
