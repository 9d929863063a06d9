"""Answers about the TDX module: each is tried on the model, whatever way it goes there; what cannot be tried is refused in a line."""

import random

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.lessons.checks import seam
from tdxkit.lessons.exercises import exercise_named
from tdxkit.seam.leaves.engine import find_leaf
from tdxkit.seam.one_call import Setting, make
from tdxkit.seam.scenes import EMPTY, EMPTY_WITH_PAIR, LARGE, PAIR, SMALL, world_at
from tdxkit.seam.shared_region import ACTS, MOST
from tdxkit.status import with_operand

ADD, RELOCATE = "TDH.PHYMEM.PAMT.ADD", "TDH.MEM.PAGE.RELOCATE"
LAST = "it is its region's last page"
NOT_FREE = exercise_named("page-not-free")


def call(answer, **how):
    return seam.call(answer, NOT_FREE, **{"leaf": ADD, "wanted": "TDX_PAGE_NOT_FREE|R8"} | how)


@pytest.mark.parametrize("answer", [
    {"R8": PAIR[0]}, {"r8": PAIR[0]}, {" R8 ": "the same page as the other"}, {"R8": "a page of the TD"}, {"R8": SMALL + 0x5000}, {"R8": LARGE},
    {"RDX": 0x9000_0000, "R8": 0x9000_0000}, {"R8": "a page of another pair"},
])  # fmt: skip
def test_every_way_to_a_status_passes(answer):
    said = call(answer)
    assert said.passed and "TDX_PAGE_NOT_FREE|R8" in said.says
    assert str(said.run.state(len(said.run))["CPU 0 RAX"]) == "TDX_PAGE_NOT_FREE|R8" and 0 < said.at <= len(said.run)


@pytest.mark.parametrize("answer, told", [
    ({}, "The module answers TDX_SUCCESS. Wanted: TDX_PAGE_NOT_FREE|R8."),
    ({"RDX": EMPTY + 0x1000, "R8": EMPTY + 0x2000}, "The module answers TDX_SUCCESS."),
    ({"RDX": SMALL + 0x5000, "R8": SMALL + 0x5000}, "TDX_PAGE_NOT_FREE|RDX, at check 11 of 15. The status is the one that is wanted, and it has to name R8."),
    ({"RCX": EMPTY_WITH_PAIR | 1}, "TDX_HPA_RANGE_NOT_FREE|RCX, at check 9 of 15. Wanted: TDX_PAGE_NOT_FREE|R8."),
    ({"R8": 2**64 - 1}, "TDX_OPERAND_INVALID|R8"),
])  # fmt: skip
def test_another_answer_is_told_what_the_module_says_to_it(answer, told):
    said = call(answer)
    assert not said.passed and told in said.says and len(said.run)


@pytest.mark.parametrize("answer, rule", [
    ({"R9": 1}, "TDH.PHYMEM.PAMT.ADD takes RCX, RDX, R8"), ({1: 1}, "takes RCX, RDX, R8"), ({"R8": True}, "holds 0 to"), ({"R8": -1}, "holds 0 to"),
    ({"R8": 2**64}, "holds 0 to"), ({"R8": 1.0}, "holds 0 to"), ({"R8": ...}, "holds 0 to"), ({"R8": "the same page"}, "no such word"), ([1, 2], "registers are asked for"),
])  # fmt: skip
def test_what_no_register_holds_is_refused(answer, rule):
    with pytest.raises(InputError, match=rule):
        call(answer)


def test_a_word_that_is_misspelt_is_told_the_near_one():
    with pytest.raises(InputError, match="try the same page as the other"):
        call({"R8": "the same page as the othr"})


@pytest.mark.slow
def test_whatever_numbers_are_given_the_module_has_an_answer():
    chance = random.Random(1)
    words = [0, 1, 7, 0xFFF, EMPTY, SMALL, LARGE, EMPTY_WITH_PAIR | 1, 1 << 40, 1 << 47, 1 << 51, 2**64 - 1]
    for leaf in (ADD, RELOCATE):
        registers = list(world_at("blocked and tracked").operands(leaf))
        for _ in range(60):
            given = {register: chance.choice(words) | chance.choice([0, 0, 1, 0x1000]) for register in registers}
            situation = LAST if leaf == RELOCATE else "all as it should be"
            said = call(given, leaf=leaf, situation=situation, wanted="")
            assert said.says.startswith("Found: " if said.passed else "The module answers TDX_") and len(said.run)


def test_a_quest_says_what_is_missing_and_what_was_found():
    quest = {"wanted": ""}
    assert (
        call({}, **quest).says
        == "The module answers TDX_SUCCESS. By itself none of its operands is wrong; two have to be."
    )
    assert call({"RDX": SMALL + 0x5000, "R8": 1 << 40}, **quest).passed
    assert not call({"RCX": 1 << 40 | 1, "RDX": SMALL + 0x5000}, **quest).passed  # check 7 comes before check 11
    last = {"leaf": RELOCATE, "situation": LAST, "wanted": ""}
    assert call({"R8": EMPTY_WITH_PAIR + 0x20_0000 - 0x1000}, **last).passed
    assert call({}, **last).says.endswith("There is the hint.")
    other = call({}, leaf=RELOCATE, wanted="")
    assert not other.passed and other.says.endswith("what it takes away is not its region's only page.")


def acts(*answer, wanted=seam.STALE, most=0):
    return seam.acts(list(answer), exercise_named("stale-hint"), wanted=wanted, most=most)


GIVE, IN, OUT, OTHER_IN, OTHER_OUT, TAKE = ACTS


def test_a_hint_turns_stale_whichever_td_comes_again_and_in_no_fewer_acts():
    for again in (IN, OTHER_IN):
        said = acts(GIVE, IN, OUT, again, TAKE, most=5)
        assert said.passed and said.says.startswith(
            "Act 3 gave the hint, and act 5 found a page: PHYMEM.PAMT.REMOVE answers TDX_PAMT_PAGE_NOT_EMPTY|"
        )
    assert not acts(GIVE, IN, OUT, IN, TAKE, most=4).passed
    assert acts("pamt.add", "TD a: aug A page", "td a:remove its page", " TD B: AUG a page", "PAMT.REMOVE").passed
    assert (
        acts(TAKE, GIVE, IN, OUT, IN, TAKE).passed
        and "6 acts: 5 are enough" in acts(TAKE, GIVE, IN, OUT, IN, TAKE, most=5).says
    )


@pytest.mark.parametrize("given, told", [
    ((GIVE,), "No hint is given"), ((GIVE, IN, TAKE), "No hint is given"), ((GIVE, IN, OUT), "The hint is given by act 3, and no PAMT.REMOVE after it"),
    ((GIVE, IN, OUT, TAKE, GIVE, IN, TAKE), "The hint is given by act 3, and no PAMT.REMOVE after it"),
    ((IN, GIVE, TAKE), "Act 1, TD A: AUG a page, is answered by TDX_MISSING_PAMT_PAGE_PAIR|R8. No hint"),
])  # fmt: skip
def test_acts_short_of_a_stale_hint_are_told_where(given, told):
    said = acts(*given)
    assert not said.passed and told in said.says


def test_the_last_act_has_to_answer_so():
    wanted = "TDX_PAMT_PAGE_NOT_EMPTY|1"
    assert acts(GIVE, OTHER_IN, TAKE, wanted=wanted).passed
    assert acts(GIVE, IN, OTHER_IN, OUT, TAKE, wanted=wanted).passed
    assert not acts(GIVE, OTHER_IN, TAKE, IN, wanted=wanted).passed
    said = acts(GIVE, OTHER_IN, TAKE, wanted="TDX_SUCCESS")
    assert said.says == f"The last act, {TAKE}, ends with {wanted}. Wanted: TDX_SUCCESS."
    assert [row[:2] for row in said.sheets[0].rows] == [(1, GIVE), (2, OTHER_IN), (3, TAKE)] and said.sheets[0].rows[1][
        3
    ] == 1


@pytest.mark.parametrize(
    "answer", [[], (), "host: PAMT.ADD", [GIVE, 1], [GIVE, "TD C: AUG a page"], [GIVE] * (MOST + 1), None, {GIVE}]
)
def test_what_is_no_list_of_acts_is_refused(answer):
    with pytest.raises(InputError):
        seam.acts(answer, exercise_named("stale-hint"), wanted=seam.STALE)


def lock(*answer, word=2, most=0):
    return seam.lock(list(answer), exercise_named("marked-and-free"), word=word, most=most)


@pytest.mark.parametrize("deeds, word", [
    (("A shared", "B exclusive", "A let go"), 2), (("A exclusive", "B shared", "A let go"), 2), (("A shared", "B shared", "B promote", "B let go", "A let go"), 2),
    (("A exclusive", "B shared"), 7), (("A shared", "B shared"), 8), (("a  Shared", "A promote"), 1), (("A shared", "B shared", "A promote"), 10),
    (("A shared", "B exclusive", "A let go", "C shared"), 4), (("A shared", "B exclusive", "A promote"), 1),
])  # fmt: skip
def test_a_word_is_what_the_deeds_leave(deeds, word):
    assert lock(*deeds, word=word).passed
    other = lock(*deeds, word=64)
    assert not other.passed and f"(the word is {word}); wanted:" in other.says


def test_deeds_are_counted():
    assert (
        not (said := lock("A exclusive", "A let go", "A shared", "B exclusive", "A let go", most=3)).passed
        and "5 deeds: 3 are enough" in said.says
    )


@pytest.mark.parametrize("deeds", [
    ("A let go",), ("A promote",), ("A shared", "A shared"), ("A exclusive", "A promote"), ("A shared", "B exclusive", "B let go"), ("D shared",), ("A",), ("A wait",), ("A shared",) * 41,
])  # fmt: skip
def test_deeds_that_no_call_does_are_refused(deeds):
    with pytest.raises(InputError):
        lock(*deeds)


def test_each_entry_of_a_region_is_told_from_the_others():
    task, m = exercise_named("where-the-entry-is"), world_at("runnable").module.m
    pair = m.pamt_2m[EMPTY_WITH_PAIR >> 21].pair
    for index in (0, 1, 255, 256, 511):
        page = EMPTY_WITH_PAIR + index * 4096
        right = pair[index // 256] + index % 256 * 16
        assert seam.entry(right, task, page=page).passed
        for near, told in (
            (right + 16, ""),
            (right + 8, "each takes 16 bytes"),
            (right ^ 0x10_0000, "in neither page"),
        ):
            said = seam.entry(near, task, page=page)
            assert not said.passed and told in said.says
    assert (
        f"it is about the page at {EMPTY_WITH_PAIR:#x}." in seam.entry(pair[0], task, page=EMPTY_WITH_PAIR + 4096).says
    )
    for odd in (True, -1, 2**64, 1.5, "0x1c003c5a0"):
        with pytest.raises(InputError):
            seam.entry(odd, task, page=EMPTY_WITH_PAIR)
    with pytest.raises((InputError, ModelError), match="no pair here"):
        seam.entry(1, task, page=EMPTY)


def test_the_statuses_that_are_wanted_are_statuses():
    """A status with a slip in it would be wanted for ever."""
    assert make(Setting(ADD, operands={"R8": PAIR[0]})).answer.status == with_operand("TDX_PAGE_NOT_FREE", "R8")
    assert find_leaf(ADD).name == ADD and NOT_FREE.given["wanted"] == "TDX_PAGE_NOT_FREE|R8"


def test_a_call_is_shown_with_the_entries_that_it_works_on():
    """What is drawn beside the steps is told by what the run's state has."""
    from tdxkit.view.tasks import _picture

    said = call({"R8": PAIR[0]})
    assert "2M entry" in str(_picture(said)(said.run.first))
