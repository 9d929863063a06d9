"""Answers about two SEAMCALLs at once: orders, pairs and rows are what the model finds, and what is none is refused in a line."""

import pytest

from tdxkit.errors import InputError
from tdxkit.lessons.checks import beside
from tdxkit.lessons.exercises import exercise_named
from tdxkit.seam.conflicts import conflict, names
from tdxkit.work import drive

ADD, REMOVE, RDMD, AUG_2M = (
    "TDH.PHYMEM.PAMT.ADD",
    "TDH.PHYMEM.PAMT.REMOVE",
    "TDH.PHYMEM.PAGE.RDMD",
    "TDH.MEM.PAGE.AUG 2M",
)
BUSY, OK = "TDX_OPERAND_BUSY|RCX", "TDX_SUCCESS"


def order(answer, first=ADD, second=ADD, wanted=(BUSY, BUSY)):
    return beside.order(answer, exercise_named("both-at-once"), first=first, second=second, wanted=list(wanted))


@pytest.mark.parametrize("answer, came", [
    ("", (OK, "TDX_HPA_RANGE_NOT_FREE|RCX")), ("B1", (OK, "TDX_HPA_RANGE_NOT_FREE|RCX")), ("A10 B10 A1 B1", (BUSY, BUSY)), ("A10 B10 B1 A1", (BUSY, BUSY)),
    ("A10 B11", (BUSY, BUSY)), ("A10 B12", (OK, BUSY)), ("A10 B9", (OK, "TDX_HPA_RANGE_NOT_FREE|RCX")), ("A10 B10 A2 B1", (BUSY, OK)), ("  A11   B10 ", (OK, BUSY)),
])  # fmt: skip
def test_an_order_ends_as_the_module_answers(answer, came):
    said = order(answer, wanted=came)
    assert said.passed and said.says == f"CPU 0 answers {came[0]}, CPU 1 answers {came[1]}."
    last = said.run.state(len(said.run))
    assert (str(last["CPU 0 RAX"]), str(last["CPU 1 RAX"])) == came
    assert "pair is there" in last, "the region where they meet is shown"


def test_the_first_cpu_that_answers_otherwise_is_named():
    assert order("A27 B1").says.endswith("Wanted of CPU 0: TDX_OPERAND_BUSY|RCX.")
    assert order("A10 B10 A2").says.endswith("Wanted of CPU 1: TDX_OPERAND_BUSY|RCX.")
    assert order("A7 B6", REMOVE, RDMD, (OK, BUSY)).passed and not order("A6 B6", REMOVE, RDMD, (OK, BUSY)).passed


def test_a_turn_of_a_call_that_has_returned_is_told():
    assert order("A27").run is not None
    said = order("A28 B1")
    assert not said.passed and said.says == "Turn 28 is CPU 0's, and its call has returned before it."


@pytest.mark.parametrize(
    "answer", [None, 7, ["A1"], "A0", "C1", "A1 b2", "A401", "A9999 B9999", "v2:2x1:b14f A1", "\x1b[31m", "A1;B2"]
)
def test_what_is_no_order_of_two_is_refused(answer):
    with pytest.raises(InputError):
        order(answer)


def both(*answer):
    return drive(beside.both(answer, exercise_named("two-different")))


@pytest.mark.slow
def test_two_that_succeed_alone_and_can_both_be_busy():
    for pair in ((ADD, AUG_2M), ("mem.page.aug 2m", " phymem.pamt.add ")):
        said = both(*pair)
        assert said.passed
        last = said.run.state(len(said.run))
        assert str(last["CPU 0 RAX"]).startswith("TDX_OPERAND_BUSY") and str(last["CPU 1 RAX"]).startswith(
            "TDX_OPERAND_BUSY"
        )


@pytest.mark.slow
@pytest.mark.parametrize("pair, told", [
    ((ADD, ADD), "same call twice"), ((ADD, RDMD), f"at times {ADD} is, at times {RDMD} is."),
    ((RDMD, "TDH.PHYMEM.PAGE.WBINVD"), "they go side by side"),
    ((ADD, REMOVE), f"alone it answers {REMOVE} TDX_NO_PAMT_PAGE_PAIR|RCX"), ((REMOVE, AUG_2M), "one would have failed by itself as well"),
])  # fmt: skip
def test_two_that_are_none_are_told_why(pair, told):
    said = both(*pair)
    assert not said.passed and told in said.says


@pytest.mark.parametrize(
    "pair", [(), (ADD,), (ADD, REMOVE, RDMD), (ADD, 3), (ADD, "SYS.INIT"), (ADD, "PAMT.SUB"), (ADD, "x" * 5000)]
)
def test_what_is_no_pair_of_calls_is_refused(pair):
    with pytest.raises(InputError):
        both(*pair)


def disturbs(answer, most=4):
    return beside.disturbs(answer, exercise_named("disturbs-few"), most=most)


@pytest.mark.slow
def test_whoever_disturbs_so_few_passes_and_nobody_else():
    for name, count in ((RDMD, 3), ("phymem.page.wbinvd", 3), ("PHYMEM.CACHE.WB", 4)):
        assert disturbs(name).passed and disturbs(name, count).passed and not disturbs(name, count - 1).passed
    said = disturbs("PHYMEM.PAMT.ADD")
    assert not said.passed and said.says.startswith(f"{ADD} under way is in the way of 10 calls, ")
    assert "17 calls" in disturbs("mem.page.aug").says


@pytest.mark.parametrize("answer", [None, 3, ["PHYMEM.PAGE.RDMD"], "SYS.INIT", "", "\x1b[31mred"])
def test_what_is_no_call_is_refused(answer):
    with pytest.raises(InputError):
        disturbs(answer)


def sometimes(answer, version="2.0.08"):
    return beside.sometimes(answer, exercise_named("older-filter"), leaf="TDH.VP.ENTER", version=version)


@pytest.mark.slow
@pytest.mark.parametrize("version, count", [("2.0.08", 10), ("2.0.18", 4)])
def test_who_hears_busy_only_sometimes_is_what_the_model_finds(version, count):
    found = [one.b for name in names() if (one := conflict("TDH.VP.ENTER", name, version)).then and not one.met]
    assert len(found) == count
    assert sometimes(found, version).says == f"{count} calls, each BUSY for SEPT_TREE and only then."
    assert sometimes(tuple(name.removeprefix("TDH.").lower() for name in reversed(found)), version).passed
    for one_less in (found[1:], [*found[1:], found[1]]):
        assert sometimes(one_less, version).says == "All of yours belong there, and 1 is missing."
    for odd, told in ((AUG_2M, "it hears TDX_OPERAND_BUSY|R8 in any case"), (RDMD, "it is never BUSY because of that")):
        said = sometimes([*found, odd], version)
        assert not said.passed and told in said.says


@pytest.mark.parametrize("answer", [None, "VP.ENTER", [], [1], ["SYS.INIT"], ["VP.ENTER"] * 99, {"VP.ENTER": 1}])
def test_what_is_no_list_of_calls_is_refused(answer):
    with pytest.raises(InputError):
        sometimes(answer)
