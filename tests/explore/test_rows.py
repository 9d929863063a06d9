"""A program as a table: by hand, in two spellings, and row for row what its steps do under every value."""

from itertools import product

import pytest

from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.rows import Program, Row
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import of_design
from tdxkit.review.program import RULES, VALUES, bare, one_cpu, program_of

BROKEN = "x is not 2"


def domain(name):
    return {"x": (0, 1, 2), "flag": (False, True)}[name]


def table_of(program) -> tuple[Row, ...]:
    return Program(Scenario("s", {"x": 0, "flag": False}, (Thread(program),)), domain, frozenset({BROKEN})).rows()


def by_hand(m):
    if (yield "ask", (True, False)):
        yield "count"
        m.x += 1
        if m.x > 2:
            return
    yield "judge"
    m.must(BROKEN, m.x != 2)
    m.flag = True


def test_a_table_by_hand():
    assert table_of(by_hand) == (
        Row(1, "ask", True, (), (), (), 2),
        Row(1, "ask", False, (), (), (), 3),
        Row(2, "count", None, (("x", (0, 1)),), (("x", "+1"),), (), 3),
        Row(2, "count", None, (("x", (2,)),), (("x", "+1"),), (), None),
        Row(3, "judge", None, (("x", (0, 1)),), (("flag", "=True"),), (), None),
        Row(3, "judge", None, (("x", (2,)),), (("flag", "=True"),), (BROKEN,), None),
    )


def test_one_program_in_two_spellings_is_one_table():
    def spelled(m):
        """The end of it written twice, with a local variable that means nothing."""
        useless = yield "ask", (True, False)
        if not useless:
            yield "judge"
            m.must(BROKEN, m.x != 2)
            m.flag = True
            return
        yield "count"
        m.x += 1
        if m.x <= 2:
            yield "judge"
            m.must(BROKEN, m.x != 2)
            m.flag = True

    assert table_of(spelled) == table_of(by_hand)


def counts_twice(m):
    yield "count"
    m.x += 2


def sets(m):
    yield "count"
    m.x = 1


def counts(m):
    yield "count"
    m.x += 1


def test_what_does_another_thing_has_another_table():
    assert len({table_of(program) for program in (counts, counts_twice, sets)}) == 3
    assert table_of(sets) == (Row(1, "count", None, (), (("x", "=1"),), (), None),)


def test_places_are_one_only_where_name_and_answers_are():
    def asks(first, second, do="count"):
        def program(m):
            if (yield "ask", (True, False)):
                if (yield do, first):
                    m.x = 1
            elif (yield "count", second):
                m.x = 1

        return {row.step for row in table_of(program) if row.step > 1}

    assert len(asks((True, False), (True, False))) == 1
    assert len(asks((True, False), (5, False))) == 2 and len(asks((True, False), (True, False), "sum")) == 2


def test_values_that_no_box_covers_are_split():
    def xor(m):
        yield "look"
        if m.flag != (m.x == 1):
            m.x = 2

    covered = [dict(row.when) for row in table_of(xor)]
    for x, flag in product((0, 1, 2), (False, True)):
        assert sum(x in w.get("x", (x,)) and flag in w.get("flag", (flag,)) for w in covered) == 1


@pytest.mark.parametrize("name", DESIGNS)
def test_every_step_has_one_row_for_every_value_and_answer(name):
    """No value is forgotten and none is told twice."""
    rows = program_of(one_cpu(name)).rows()
    for step, does, answer in {(row.step, row.does, row.answer) for row in rows}:
        mine = [row for row in rows if (row.step, row.answer) == (step, answer)]
        asked = sorted({key for row in mine for key, _ in row.when})
        values = [sorted({v for row in mine for k, vs in row.when if k == key for v in vs}, key=repr) for key in asked]
        for state in product(*values):
            fit = [row for row in mine if all(dict(zip(asked, state))[k] in vs for k, vs in row.when)]
            assert len(fit) == 1, (name, does, state)


def test_the_table_does_not_depend_on_how_many_cpus_and_rules_there_are():
    design = DESIGNS["v2"].code
    tables = {program_of(of_design(design, "v2", threads, 1)).rows() for threads in (1, 2, 4)}
    assert len(tables) == 1
    assert {bare(k) for row in tables.pop() for k, _ in (*row.when, *row.changes)} <= set(VALUES) and len(RULES) == 3
