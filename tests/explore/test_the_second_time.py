"""A program that does something else the second time is refused, wherever it is run again; and one that takes too long to come back."""

from functools import lru_cache

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import tables as tables_module
from tdxkit.explore.audit import _compare, audit
from tdxkit.explore.program import Thread
from tdxkit.explore.rules import must
from tdxkit.explore.space import Space
from tdxkit.explore.tables import Tables
from tdxkit.explore.visit import visit
from tdxkit.kinds import conditional, store
from tests.explore.small_programs import counts, one
from tests.house import Housed


class Tells:
    """Says another number each time it is asked."""

    def __init__(self):
        self.asked = 0

    def __call__(self):
        self.asked += 1
        return self.asked


TOLD = Tells()


def fickle(answer):
    """A thread of the house whose steps depend on something else than the memory."""
    return one(Housed(answers, (answer,)), shared={"n": 0, "k": 1})


def answers(m, answer):
    yield "first"
    m.n = answer(TOLD(), m)
    yield "second"


@pytest.mark.parametrize(
    "answer", [lambda n, m: n, lambda n, m: m.n if n % 2 else m.k, lambda n, m: 0 if n == 1 else 1 // (n % 2)]
)
def test_a_program_that_does_something_else_the_second_time_is_refused(answer):
    with pytest.raises(
        ModelError, match="step first: the program did something else when it was run again on the same"
    ):
        audit_all(fickle(answer))


def audit_all(made):
    TOLD.asked = 0
    tables = Tables(made)
    visit(Space(tables, False), True, 99)
    audit(tables)
    audit(tables)


def test_a_program_that_stops_elsewhere_the_second_time_is_refused_where_it_is_made_again(monkeypatch):
    monkeypatch.setattr(tables_module, "POOL", 0)

    def other(m):
        yield "first"
        yield f"then {TOLD()}"
        m.n = 1
        yield "last"

    with pytest.raises(ModelError, match="the program did something else when it was run again"):
        visit(Space(Tables(one(Housed(other))), False), True, 99)

    def breaks(m):
        yield "first"
        if TOLD() % 2:
            raise ValueError("now and then")
        yield "second"
        m.n = 1

    TOLD.asked = 1
    with pytest.raises(ModelError, match="step first: the program did something else when it was run again"):
        visit(Space(Tables(one(Housed(breaks))), False), True, 99)

    def looks(m):
        yield "first"
        if TOLD() > 1 and m.n:
            yield "never"
        yield "second"
        m.n = 1

    TOLD.asked = 0
    with pytest.raises(ModelError, match="the program did something else when it was run again"):
        visit(Space(Tables(one(Housed(looks))), False), True, 99)


def test_a_search_says_why_it_stopped(monkeypatch):
    tables = Tables(one(Thread(counts, (2,))))
    assert tables.spent == ""
    tables._again = tables_module.AGAIN + 1
    assert tables.spent == "at 500,000 steps taken again: a program comes to each state from its start, and these are long ways"  # fmt: skip
    tables._again, tables._kept = tables_module.AGAIN, tables_module.KEPT
    assert tables.spent == ""
    tables._kept += 1
    assert tables.spent == "at 500,000 items: every value is kept"
    house = Tables(one(Housed(counts, (2,))))
    house._again = tables_module.AGAIN + 1
    assert house.spent == ""


def test_a_program_that_takes_too_long_to_come_back_is_stopped(monkeypatch):
    monkeypatch.setattr(tables_module, "POOL", 0)
    made = one(Thread(counts, (3,)))
    monkeypatch.setattr(tables_module, "AGAIN", 3)
    for before, stopped in ((6, True), (5, False)):
        tables = Tables(made)
        tables._again = before
        lid = tables.outcome(tables.first_sid, tables.first_lids[0], 0).after
        if stopped:
            with pytest.raises(ModelError, match=r"that has taken 6 steps; let it count in m"):
                tables._rebuild(lid)
        else:
            assert tables._rebuild(lid).gi_frame is not None and tables._again == 6


def first_label(m):
    yield f"first {TOLD()}"
    m.n = 1
    yield "second"


def reads_another(m):
    yield "look"
    if TOLD() == 1:
        m.k = m.n
    else:
        m.n = m.k


def reads_nothing(m):
    yield "look"
    if TOLD() == 1:
        m.k = m.n


def stores_then_compares(m):
    yield store("WRITE_ONCE", "n")
    m.n = 1
    yield conditional("cmpxchg", "k")
    if m.k == 0 and TOLD() > 1:
        m.k = 1


@pytest.mark.parametrize("program", [reads_another, reads_nothing])
def test_a_step_that_looks_at_something_else_the_second_time_is_refused(program):
    TOLD.asked = 0
    tables = Tables(one(Housed(program), Housed(counts, (2,)), shared={"n": 0, "k": 7}))
    with pytest.raises(ModelError, match="one, step look: the program did something else when it was run again"):
        visit(Space(tables, False), True, 99)


def test_a_label_that_is_another_the_second_time_is_refused():
    TOLD.asked = 0
    with pytest.raises(ModelError, match="one, step first 1: the program did something else when it was run again"):
        _compare(Tables(one(Housed(first_label))), 0, None)


def test_a_step_that_has_to_wait_the_second_time_is_refused():
    TOLD.asked = 0
    tables = Tables(one(Housed(stores_then_compares), shared={"n": 0, "k": 0}).on("tso"))
    visit(Space(tables, False), True, 99)
    with pytest.raises(ModelError, match=r"step cmpxchg\(k\): the program did something else when it was run again"):
        _compare(tables, 0, ((0, 0), (0, 0)))


@lru_cache
def kept(x):
    return x


def asks(m):
    yield "ask"
    m.n = kept(1)


def breaks_later(m):
    yield "look"
    m.must("r", TOLD() == 1)


def test_a_rule_that_breaks_the_second_time_only_is_refused():
    TOLD.asked = 0
    tables = Tables(one(Housed(breaks_later), properties=(must("r"),)))
    visit(Space(tables, False), True, 99)
    with pytest.raises(ModelError, match="one, step look: the program did something else when it was run again"):
        _compare(tables, 0, None)


def test_an_answer_that_was_cached_is_told_by_its_name():
    found = Tables(one(Thread(asks))).fickle("ask")
    assert str(found).endswith("kept is cached, and answers from an earlier step: take the cache away")
    assert str(Tables(one(Thread(counts, (1,)))).fickle()).startswith("one, step a step: ")
