"""Steps taken apart: what the log knows and refuses, what is noted of a reader's lines, what to write instead of each."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import logged, split
from tdxkit.explore.closer import _also, _change, _peeks, _sections, _what, _write
from tdxkit.explore.judging import judge
from tdxkit.explore.logged import SPARE, Enough, Log, Logged
from tdxkit.explore.memory import Memory
from tdxkit.explore.pieces import Piece, Pieces, Where
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.rules import at_end, must, sometimes
from tdxkit.explore.search import explore
from tdxkit.kinds import LOAD, STORE, Act, conditional, lock, locked, seamcall
from tests.explore.small_programs import one


def adds(m):
    yield "n += 1"
    m.n += 1


SCENE = one(Thread(adds), shared={"n": 0, "k": 5, "L": False, "pair": 0}, locks=("L",), module=("pair",))
N, K, L, PAIR = range(4)
LINE = Where(adds.__code__, adds.__code__.co_firstlineno + 2)
AT = f"line {LINE.line} of adds"


def pieces(*found, scene=SCENE):
    made = Pieces(scene)
    for piece in found:
        made.label(piece, "helper")
    return made


def log():
    return Log(Memory(SCENE.layout), Pieces(SCENE))


SAYS = Act("inc", "locked", "atomic_inc", operand="n")


@pytest.mark.parametrize(
    ("item", "said"),
    [("a", "a"), (("a", (1,)), "a"), (SAYS, SAYS), ((SAYS, (1, 2)), SAYS), (7, ""), ((7, (1,)), ""), ((), ""), (None, "")],
)  # fmt: skip
def test_what_a_step_says_it_is_is_its_label(item, said):
    made = log()
    made.says(item)
    assert made._said == said and made._said.kind == getattr(said, "kind", "") and type(made._said) is Act


def test_a_step_with_a_choice_may_be_one_instruction_too():
    def rolls(m):
        by = yield locked("atomic_add", "n"), (1, 2)
        m.n += by

    rule = at_end("as many", lambda m: 2 <= m.n <= 4)
    told = judge(one(Thread(rolls), Thread(rolls), properties=(rule,))).result
    assert told.verdict == "ok" and told.remarks == ()


def test_what_a_log_has_is_not_done_again_and_must_be_the_same():
    made, done = log(), []
    made.says("a step of mine")
    for over in (False, True):
        made.go_on([(LOAD, N, 4), (STORE, K, 6)], over)
        assert made.event(LOAD, N, done.append, None) == 4 and made.event(STORE, K, done.append, None, 6) == 6
        assert not done
    with pytest.raises(ModelError, match="a step of mine: the program did something else when it was run again on the"):
        made.event(LOAD, N, done.append, None)
    made.go_on([(LOAD, N, 4)])
    for what, slot in ((STORE, N), (LOAD, K)):
        with pytest.raises(ModelError, match="a step may depend on m and its own variables only"):
            made.event(what, slot, done.append, None)
    made.says(())
    with pytest.raises(ModelError, match=r"^a step: the program did something else"):
        made.event(STORE, N, done.append, None)


def test_what_runs_for_nothing_sees_what_it_wrote_or_saw_or_what_was_there():
    made = log()
    made.go_on([(LOAD, N, 4), ("note", "n", 9)])
    made.pausing, made._spare = True, 8
    seen = [made.event(LOAD, slot, None, None) for slot in (N, K)]
    assert made.event(STORE, K, None, None, 8) == 0 and made.event("note", "x", None, None) == 0
    assert [*seen, made.event(LOAD, K, None, None), made.event(LOAD, N, None, None)] == [4, 5, 8, 4]
    made.event(STORE, N, None, None, 7)
    assert made.event(LOAD, N, None, None) == 7, "what it wrote last"
    with pytest.raises(Enough):
        made.event(LOAD, N, None, None)
    assert made.events == [(LOAD, N, 4), ("note", "n", 9)] and SPARE == 100


def many_looks(many):
    def program(m):
        yield "look"
        m.k = sum(m.n for _ in range(many))

    return judge(one(Thread(program), shared={"n": 0, "k": 0})).result.remarks


def test_a_step_of_too_many_loads_and_stores_is_taken_as_it_stands(monkeypatch):
    monkeypatch.setattr(logged, "MOST", 4)
    says = "a step with more than 4 loads and stores; its parts were not looked at"
    assert not any(says in row for row in many_looks(3))
    (told,) = (row for row in many_looks(4) if says in row)
    assert told.endswith(": this is an answer about steps as they stand, and C has smaller ones")


def test_a_thread_of_too_many_steps_is_not_taken_apart(monkeypatch):
    def program(m):
        for _ in range(4):
            yield "n += 1"
            m.n += 1

    for limit, apart in ((4, True), (3, False)):
        monkeypatch.setattr(split, "LONGEST", limit)
        told = judge(one(Thread(program))).result.remarks
        assert any("more than one load or store under one yield" in row for row in told) is apart
        assert any(f"a thread with more than {limit} steps: its steps cannot be taken apart" in row for row in told) is not apart  # fmt: skip


def test_a_rule_that_looks_amid_an_instruction_does_not_cut_it():
    def incs(m):
        yield locked("atomic_inc", "n")
        before = m.n
        m.must("k is 0", m.k == 0)
        m.n = before + 1

    rules = must("k is 0"), at_end("both", lambda m: m.n == 2)
    told = judge(one(Thread(incs), Thread(incs), shared={"n": 0, "k": 0}, properties=rules)).result
    assert told.verdict == "ok" and told.property is None


def test_two_stores_of_what_is_no_lock_are_no_section():
    def stores(m):
        yield "twice"
        m.n = 1
        m.n = 2
        yield "look"
        m.k = m.L

    told = judge(one(Thread(stores), shared={"n": 0, "k": 0, "L": False}, locks=("L",))).result
    assert told.verdict == "ok" and not any("taken and let go" in row for row in told.remarks)


def test_what_breaks_when_it_is_taken_apart_is_worse_than_the_bound():
    def looks_twice(m):
        yield "look twice"
        before = m.n
        if m.n != before:
            raise ValueError("changed")

    def counts_up(m):
        for number in range(1, 40):
            yield "count"
            m.n = number

    made = one(Thread(looks_twice), Thread(counts_up))
    assert explore(made, bound=20).verdict == "bounded"
    assert judge(made, bound=20).result.property == "ValueError: changed"


def test_an_error_in_a_later_part_of_a_step_breaks_its_rule():
    def fails(m):
        yield "look twice"
        before = m.n
        if m.n != before:
            raise ValueError("changed")

    def writes(m):
        yield "n = 1"
        m.n = 1

    found = judge(one(Thread(fails), Thread(writes)))
    assert (found.result.property, found.scenario.name) == ("ValueError: changed", "one+split")
    assert found.as_json()["property"] == "ValueError: changed" and str(found) == str(found.result)


def test_a_scenario_taken_apart_has_other_sizes_too():
    def make(threads=1):
        return one(*(Thread(adds) for _ in range(threads)), make=make, subtitle="small")

    apart = split.split(make(), Pieces(make()))
    more = apart.make(threads=3)
    assert (more.name, len(more.threads), more.subtitle) == ("one+split", 3, "small, each load and store a step")
    assert split.split(one(Thread(adds)), Pieces(SCENE)).subtitle == "each load and store a step"
    assert split.split(one(Thread(adds)), Pieces(SCENE)).make is None


def piece(what, slot, *before, said=None, rule=False, where=LINE):
    return Piece(where, what, slot, before, said, rule)


READ, WROTE = (LOAD, N), (STORE, N)
INC, DEC, TEST = locked("atomic_inc", "n"), locked("atomic_dec", "n"), locked("atomic_dec_and_test", "n")


@pytest.mark.parametrize(
    ("found", "write"),
    [
        (piece("", -1), "a call of the module is one step: give it a yield of its own"),
        (piece(LOAD, N, rule=True), "in C a rule's look is a load too"),
        (piece(STORE, N, WROTE, said=INC), "atomic_inc stores once: give the rest a yield of its own"),
        (piece(STORE, N, WROTE, said=TEST), "atomic_dec_and_test stores once: give the rest a yield of its own"),
        (piece(STORE, L, (LOAD, L), said=locked("atomic_inc", "L")), "atomic_inc tests nothing; one that does is yield cond"),
        (piece(LOAD, N, READ, WROTE, said=TEST), "atomic_dec_and_test is over where another variable is touched: keep what it gives"),
        (piece(LOAD, N, READ, WROTE, said=DEC), 'atomic_dec gives nothing back; one that does is yield locked("atomic_dec_and_test", "n")'),
        (piece(LOAD, N, READ, WROTE, said=INC), 'atomic_inc gives nothing back; one that does is yield locked("atomic_inc_return", "n")'),
        (piece(STORE, N, READ, said=TEST), "atomic_dec_and_test is over where another variable is touched: touch that one before"),
        (piece(STORE, N, READ, said=INC), 'atomic_inc tests nothing; one that does is yield conditional("atomic_add_unless", "n")'),
        (piece(STORE, L, (LOAD, L)), 'a test and a set are two; if they are one instruction, say so: yield lock("spin_lock", "L")'),
        (piece(LOAD, N, (LOAD, K)), "no instruction does both: hold a lock over them, or show that it may come in"),
        (piece(STORE, N, READ, READ), 'if it is one instruction, say so: yield conditional("atomic_add_unless", "n")'),
        (piece(STORE, N, READ), 'if it is one instruction, say so: yield locked("atomic_inc", "n")'),
        (piece(STORE, N, READ, said=locked("atomic_inc", "k")), 'if it is one instruction, say so: yield locked("atomic_inc", "n")'),
        (piece(STORE, N, READ, where=Where(LINE.code, LINE.line - 1)), 'say so: yield conditional("atomic_add_unless", "n")'),
    ],
)  # fmt: skip
def test_what_to_write_where_another_comes_into_a_step(found, write):
    assert write in _write(pieces(found), found)


def test_what_a_piece_is_and_where():
    assert _what(pieces(), piece(LOAD, N)) == "load of n" and _what(pieces(), piece("", -1)) == "call"
    assert pieces().label(piece("", -1), "helper") == f"helper() ({AT})" and str(LINE) == AT
    assert pieces().label(piece(LOAD, N, rule=True), "") == f"load n for a rule ({AT})"
    assert pieces().label(piece(STORE, K), "").kind == STORE and pieces()._as_local() == "pieces"
    assert _change(LINE) == "atomic_inc" and _change(Where(LINE.code, 1)) == ""
    assert _also(pieces()) == "judged load by load and store by store as well"
    assert _also(pieces(piece(LOAD, N)), "so it is") == f"{AT}: more than one load or store under one yield; so it is"
    both = pieces(piece(LOAD, N), piece(LOAD, K, rule=True, where=Where(LINE.code, 999)))
    assert _also(both, "x").startswith(f"{AT}: ")


def test_what_only_the_module_knows_is_told_and_not_written():
    made = pieces()
    made.look(LINE, LOAD, N, False, Act(""))
    made.look(LINE, LOAD, PAIR, True, Act(""))
    assert _peeks(made) == []
    made.look(LINE, LOAD, PAIR, False, Act(""))
    assert _peeks(made) == [f"{AT}: it reads m.pair, which the kernel cannot see: PAMT.ADD and PAMT.REMOVE answer it"]
    made.look(LINE, STORE, PAIR, False, seamcall("TDH.MINE", "pair"))
    with pytest.raises(ModelError, match=f"{AT}: m.pair = …: only the TDX module changes that"):
        made.look(LINE, STORE, PAIR, False, Act(""))


def test_a_lock_that_is_let_go_where_it_was_taken_is_told():
    made = pieces()
    for events in ([], [(STORE, N, True)], [(STORE, L, False)], [(LOAD, L, True)]):
        made.store(LINE, L, events)
    assert _sections(made) == []
    made.store(LINE, L, [(LOAD, N, 0), (STORE, L, True)])
    assert _sections(made) == [f"{AT}: L is taken and let go under one yield, so nobody ever meets it taken: give each its own"]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "says"),
    [
        (seamcall("TDH.MINE", "n"), None),
        (lock("mutex_lock", "L"), 'mutex_lock(L): it may sleep, so L counts as a mutex: MUTEXES = ("L",)'),
        (lock("spin_lock", "L"), None),
        (Act("msleep(10)"), 'msleep(10) is words only, and no rule knows that it may sleep: yield sleep("msleep")'),
        (Act("count"), None),
        (conditional("atomic_inc_not_zero", "n"), None),
    ],
)
def test_what_is_told_of_a_label(label, says):
    made = pieces()
    made.labelled(LINE, label)
    assert list(made.told) == [] if says is None else says in next(iter(made.told))


def test_a_call_of_the_module_needs_the_names_of_what_only_it_knows():
    made = pieces(scene=one(Thread(adds)))
    made.labelled(LINE, seamcall("TDH.MINE", "n"))
    assert next(iter(made.told)).startswith(f"{AT}: TDH.MINE(n) is one step with all that it touches: name what only")


def test_what_else_is_told_once():
    made = pieces()
    for where in (LINE, Where(LINE.code, 1)):
        made.worked(where, lock("spin_lock", "n"), N)
        made.worked(LINE, lock("spin_lock", "L"), L)
        made.worked(LINE, INC, N)
    assert list(made.told) == [f"{AT}: spin_lock(n): n is no declared lock, and no rule about locks is judged of it: " 'LOCKS = ("n",) in the file, locks=("n",) in Python']  # fmt: skip
    made = pieces()
    made.counted(LINE, locked("refcount_inc", "n"), 0, 1)
    made.counted(LINE, locked("refcount_inc", "n"), 1, 2)
    made.unnamed(LINE, INC, "k")
    made.noted(LINE, "mine")
    assert [row.partition(": ")[2][:40] for row in made.told] == [
        "refcount_inc from 0 warns, and a refcoun",
        "atomic_inc(n) names no shared variable, ",
        'm.note("mine", …): no rule asks for it',
    ]


def test_rules_that_no_run_checks():
    rules = must("one"), must("two"), sometimes("three", lambda m: True)
    made = Pieces(Scenario("s", {"n": 0}, (Thread(adds),), rules))
    made.checked.add("two")
    assert made.unchecked() == ['rule one: no run checks it: m.must("one", …)']


def test_a_memory_that_is_logged_does_what_a_memory_does():
    made = log()
    seen = Logged(made)
    seen.must("r", False)
    seen.tell("so it goes")
    assert seen.note("x") == 0 and seen.note("x", 0) == 0
    assert made.memory._broken == ["r"] and made.memory._told == ["so it goes"]
    assert made._pieces.checked == {"r"} and [what for what, *_ in made.events] == ["say", "say", "note", "note"]
