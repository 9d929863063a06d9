"""What an opinion says, row by row: of a verdict all that belongs to it and nothing else, of C what is asked next, of a slip the line."""

from dataclasses import replace

import pytest

from tdxkit.c.naming import of_text
from tdxkit.errors import ModelError
from tdxkit.explore.result import ON_BOUND, Result
from tdxkit.explore.waiting import Loop
from tdxkit.explore.whose import STAYS
from tdxkit.linux.refcount import scenario, v2, v6
from tdxkit.linux.refcount.own import of_programs
from tdxkit.review.own import STAYS_AS_TEXT, Opinion, answering, asks, refused
from tdxkit.run import NO_END
from tdxkit.work import drive

ONE = of_text("int up;\n", run=("up = 1;",))
OK = Result("text", 2, 1, "all", "ok", None, True, 3, 4, 1, None)


def rows(result: Result = OK, one=ONE, **more) -> dict[str, tuple[str, ...]]:
    return dict(Opinion(one, result, **more).rows())


def test_an_ok_says_what_was_looked_at():
    assert rows() == {"looked at": ("text, in C; 2 CPUs, 1 × each", "3 states: all there are")}
    assert rows(replace(OK, complete=False))["looked at"][1] == "3 states: and there are more"
    assert rows(replace(OK, verdict="bounded"))["to go on"] == (ON_BOUND,)


@pytest.mark.parametrize(
    ("more", "heading", "said"),
    [
        ({"property": "REMOVE must find a pair"}, "the rule", ("REMOVE must find a pair",)),
        ({"remarks": ("a",), "orders": ("b",)}, "remarks", ("a", "b")),
        ({"waits": ("CPU 0 waits",)}, "who waits", ("CPU 0 waits",)),
        ({"schedule": "v2:2x1 A1"}, "the schedule", ("v2:2x1 A1  (4 steps, 1 switch)",)),
        (
            {"property": "deadlock", "broken": {"deadlock": "x", "REMOVE must find a pair": "y", "own": None}}, "also broken",
            ("REMOVE must find a pair: y", "own: no schedule within the bound"),
        ),
    ],
)  # fmt: skip
def test_a_row_stands_where_there_is_something_to_say(more, heading, said):
    assert heading not in rows() and rows(replace(OK, **more))[heading] == said
    assert [*rows(replace(OK, **more))] == [heading, "looked at"]


def test_a_rule_that_is_a_readers_own_is_not_told_twice():
    assert "the rule" not in rows(replace(OK, property="BUG_ON() of line 3 fires"))
    assert "also broken" not in rows(replace(OK, property="own", broken={"own": "x"}))


def test_a_round_is_told_with_why_it_never_ends():
    loop = Loop("spin", ("CPU 0",), 1, (("CPU 0", "look"),), "v2:2x1 A1")
    assert rows(replace(OK, loop=loop))["the round"] == (NO_END, *str(loop).splitlines())


def test_heads_and_texts():
    assert Opinion(ONE, OK).head.startswith("✓ ok: ") and Opinion(None, None).verdict == ""
    broken = Opinion(ONE, replace(OK, verdict="violation", property="REMOVE must find a pair"))
    assert broken.head == "✗ violation: REMOVE found no pair" and broken.verdict == "violation"
    assert Opinion(ONE, replace(OK, unrun=("line 3",))).head.endswith("; never executed: line 3")
    assert str(broken).split("\n") == [
        broken.head, "the rule:", "  REMOVE must find a pair", "looked at:", "  text, in C; 2 CPUs, 1 × each", "  3 states: all there are",
        STAYS_AS_TEXT,
    ]  # fmt: skip


def test_what_is_judged_runs_or_is_read_and_it_is_said_which():
    ours = of_programs(v2.put)
    assert Opinion(ONE, OK).stays == Opinion(None, None, in_c=True).stays == STAYS_AS_TEXT
    assert Opinion(ours, OK).stays == Opinion(None, None).stays == STAYS
    assert Opinion(ONE, OK).source == "int up;\n" and Opinion(None, None).source == ""
    assert Opinion(scenario("v2"), OK).source == ""


def test_v6_stands_beside_what_went_wrong_on_purpose():
    def beside(put, **more):
        return dict(drive(answering(of_programs(put, **more))).rows()).get("v6 under the same")

    assert beside(v2.put) is None and beside(v2.put, faults=("add-fails",)) == ("ok",)
    assert beside(v2.put, faults=("remove-fails",)) == ("violation: at the end a pair was left",)
    assert beside(v2.put, faults=("add-fails", "remove-fails")) is None
    assert beside(v6.put, faults=("add-fails",)) is None, "an ok needs nothing beside it"


def said(text: str, memory="sc", **more) -> list[tuple[str, str]]:
    return [(ask.python, ask.shell) for ask in asks(of_text(text, **more).on(memory))]


CPUS, ROUNDS, TSO = ("threads=3", "--threads 3"), ("rounds=2", "--rounds 2"), ('memory="tso"', "--memory tso")


def test_of_c_other_memory_is_asked_next_and_more_cpus_where_nobody_said_how_many():
    assert said("int up;\n", run=("up = 1;",)) == [CPUS, ROUNDS, TSO]
    assert said("int up;\n", "tso", run=("up = 1;",), rounds=2) == [CPUS]
    assert said("int up;\n", run=("up = 1;", "up = 2;")) == [ROUNDS, TSO]
    assert said("int up;\n", run=("up = 1;",), threads=3) == [ROUNDS, TSO]


@pytest.mark.parametrize(
    ("call", "word"), [("f", ""), ("tdx_pamt_add", "add"), ("x_pamt_remove", "remove"), ("my_alloc", "alloc")]
)
def test_of_c_only_what_it_calls_may_fail(call, word):
    found = said(f"int up;\nvoid dev_get(void) {{ up = {call}(); }}\n", run=("up = 1;",), stubs={call: 0})
    assert found[3:] == ([(f'may_fail=("{word}",)', f"--may-fail {word}")] if word else [])


def leans(m, region):
    yield "look"
    m.nothing += 1


def fell() -> ModelError:
    try:
        raise ModelError("a model", "it falls", "mend it")
    except ModelError as error:
        return error


def test_the_readers_own_line_is_that_of_the_error_else_that_which_it_names():
    line = fell().__traceback__.tb_lineno
    assert refused(fell()).line == f'{line}: raise ModelError("a model", "it falls", "mend it")'
    at = leans.__code__.co_firstlineno + 2
    error = ModelError(f"leans, line {at}", "there is no m.nothing", "declare it")
    one = of_programs(leans)
    assert refused(error, one).line == refused(error, functions=(leans,)).line == f"{at}: m.nothing += 1"
    assert refused(error).line == "" and refused(error, one).scenario is one
    assert str(refused(error)).startswith(f"! not judged: leans, line {at}")
