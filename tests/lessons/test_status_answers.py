"""Answers about statuses: where each check says yes, where no, and what it says; the gates' claims against the questions."""

from itertools import count

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.lessons.checks.status import fate, parts, tells, values
from tdxkit.lessons.checks.values import MOST, several
from tdxkit.lessons.exercises import exercise_named
from tdxkit.status import decode
from tdxkit.status.codes import codes
from tdxkit.status.kernel_rules import PLACES
from tdxkit.status.predicates import ask, differences
from tdxkit.work import drive

PARTS = exercise_named("two-against-four")
FATE = exercise_named("error-and-goes-on")
TELLS = exercise_named("mend-the-mask")
UD = 0x8000FF0000000006


@pytest.mark.parametrize(
    "value, question",
    [
        (0x8000070200000001, "VCPU_NOT_ASSOCIATED"),
        ("TDX_FLUSHVP_NOT_DONE|1", "FLUSHVP_NOT_DONE"),
        (0xC000FF0000000000, "SW_ERROR"),
        (0x8000FF00FFFF0001, "VMFAILINVALID"),
    ],
)
def test_two_forms_part_on_a_value(value, question):
    said = parts(value, PARTS, one="v2", other="v4")
    assert said.passed and said.says.startswith(f"{question}: v2 says ")


@pytest.mark.parametrize(
    "value, why",
    [
        (0x8000070200000000, "as about every code with an empty lower half"),
        (0xC000020300000000, "unknown status: v2 and v4 answer each question about it alike."),
        (0x30, "where before stands alone"),
        (0x8000FF000000000E, "on UD, where v3 stands alone"),
    ],
)
def test_two_forms_agree_on_a_value(value, why):
    said = parts(value, PARTS, one="v2", other="v4")
    assert not said.passed and why in said.says


def test_what_is_no_status_is_refused():
    for odd in (True, -1, 1 << 64, 1.0, None, "no status"):
        with pytest.raises(InputError):
            parts(odd, PARTS, one="v2", other="v4")


def test_two_errors_are_gone_on_with_and_no_other():
    found = {
        (name, leaf)
        for place in PLACES.values()
        for leaf in place.leaves
        for name in codes()
        if fate((name, leaf), FATE, kind="go on").passed
    }
    assert found == {("TDX_VCPU_NOT_ASSOCIATED", "TDH.VP.FLUSH"), ("TDX_HPA_RANGE_NOT_FREE", "TDH.PHYMEM.PAMT.ADD")}
    assert all(name in FATE.why or name in FATE.solution for name, _ in found)


@pytest.mark.parametrize(
    "odd",
    [
        "TDX_SUCCESS",
        ("TDX_SUCCESS",),
        ("TDX_SUCCESS", None),
        ("TDX_SUCCESS", True),
        (3.0, "VP.FLUSH"),
        ("x", "VP.FLUSH"),
        ("TDX_SUCCESS", "x"),
    ],
)
def test_a_status_and_a_leaf_are_asked_for(odd):
    with pytest.raises(InputError):
        fate(odd, FATE, kind="go on")


def told(test):
    return drive(tells(test, TELLS, question="UD", form="v4"))


@pytest.mark.parametrize(
    "test, first",
    [
        (lambda s: s & 0xFF == 6, "TDX_SUCCESS with 0x6 in its lower half: your test says yes, and it is not."),
        (lambda s: s & 0x7FFFFFFFFFFFFFFF == UD & 0x7FFFFFFFFFFFFFFF, "0x0000ff0000000006 is "),
        (lambda s: s & ~(1 << 50) == UD, "0x8004ff0000000006 is "),  # a bit that no code has
        (lambda s: (s ^ UD).bit_count() in (0, 2), "your test says yes, and it is not."),
        (lambda s: s in (UD, UD ^ (1 << 62 | 1 << 40)), f"{UD ^ (1 << 62 | 1 << 40):#018x} is "),
        (lambda s: False, "is vector 6: your test says no, and it is."),
        (lambda s: True, "is vector 0: your test says yes, and it is not."),
    ],
)
def test_the_first_status_that_a_test_takes_for_another_is_told(test, first):
    said = told(test)
    assert not said.passed and first in said.says


def test_a_right_test_passes_however_it_is_written():
    assert told(lambda s: s == UD).passed
    assert told(lambda s: not s ^ UD).passed
    assert told(lambda s, *, code=UD: int(s == code)).passed
    many = [*values("UD", "v4")]
    assert len(many) == 32 + 8 * len(codes()) + 64 + 64 * 63 // 2 and UD in many
    assert [v for v in many if ask("UD", "v4", v).says] == [UD]


def forever(status):
    while True:
        pass


@pytest.mark.parametrize(
    "test, error, why",
    [
        (7, InputError, "a function of one status is asked for"),
        (lambda: True, InputError, "a function of one status is asked for"),
        (lambda m, region: True, InputError, "a function of one status is asked for"),
        (lambda s: None, ModelError, "it says None; return True or False"),
        (lambda s: "yes", ModelError, "it says yes"),
        (lambda s: 1 // 0, ModelError, "line .* of <lambda>: it fails on 0x8000ff0000000000: ZeroDivisionError"),
        (lambda s: exit(), ModelError, "cannot end the program"),
        (forever, ModelError, "of forever: a step must end"),
        (len, ModelError, "your test: it fails"),
    ],
)
def test_a_test_that_says_nothing_is_told(test, error, why):
    with pytest.raises(error, match=why):
        told(test)


def test_what_the_gates_claim_of_the_forms_holds():
    assert not any(differences(value) for value in codes().values())
    assert ask("UD", "v3", 0x8000FF000000000E).says and not ask("GP", "v3", 0x8000FF000000000E).says
    assert [ask("SUCCESS", form, 0x30).says for form in ("before", "v2", "v3", "v4")] == [False, True, True, True]
    zap, fault = (decode("TDX_OPERAND_BUSY|RCX", leaf).kernel.kind for leaf in ("MEM.PAGE.REMOVE", "MEM.PAGE.AUG"))
    assert (zap, fault) == ("kick and retry once", "retry")
    assert decode(0x00000B0700000000).recoverable is None and decode("TDX_MISSING_PAMT_PAGE_PAIR|RCX").recoverable
    taken = [v for v in range(32) if ask("UD", "v3", 0x8000FF << 40 | v).says and v != 6]
    assert taken == exercise_named("mask-takes-in").given["right"]


def test_several_numbers_are_taken_as_a_list_that_ends():
    one = exercise_named("mask-takes-in")
    right = one.given["right"]
    for given in (right, right[::-1], tuple(right), {*right}, right * 2):
        assert several(given, one, right=right).passed
    for odd in (0, "", [], None, False):
        for mine in ([odd, 7, 14], [*right, odd]):
            assert several(mine, one, right=right).says == f"{odd} does not belong there."
    assert several(right[1:], one, right=right).says == "All of yours belong there, and 1 is missing."
    assert several([*right, [7]], one, right=right).says == "[7] does not belong there."
    assert not several([1] * MOST, one, right=right).passed
    for odd in (count(), [7] * (MOST + 1), "7, 14", {7: 14}, 7):
        with pytest.raises(InputError, match="several are asked for"):
            several(odd, one, right=right)
