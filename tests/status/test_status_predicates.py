"""The kernel's questions in each form: a table by hand, and values on which the forms part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.status import code
from tdxkit.status.predicates import FORMS, QUESTIONS, answers, ask, differences

SW = 0x8000FF0000000000


def says(question, value):
    return [ask(question, form, value).says for form in FORMS]


@pytest.mark.parametrize(
    ("question", "value", "expected"),
    [
        ("SUCCESS", 0, [True] * 4),
        ("SUCCESS", 0x30, [False, True, True, True]),
        ("RND_NO_ENTROPY", 0x8000020300000000, [True] * 4),
        ("RND_NO_ENTROPY", 0x8000020300000007, [False, True, True, True]),
        ("OPERAND_BUSY", 0x8000020000000092, [True] * 4),
        ("OPERAND_BUSY", 0x8000020100000092, [False] * 4),
        ("OPERAND_INVALID", 0xC000010000000001, [True] * 4),
        ("HPA_RANGE_NOT_FREE", 0xC000030400000001, [None, True, True, True]),
        ("VCPU_NOT_ASSOCIATED", 0x8000070200000001, [False, False, True, True]),
        ("NON_RECOVERABLE", 0x4000000100000000, [True] * 4),
        ("SW_ERROR", SW | 13, [True] * 4),
        ("SW_ERROR", SW | 1 << 62 | 6, [True, True, True, False]),  # v4 compares the upper half
        ("VMFAILINVALID", SW | 0xFFFF0000, [True] * 4),
        ("VMFAILINVALID", SW | 0xFFFF0001, [False, False, True, True]),
        ("GP", SW | 13, [True] * 4),
        ("GP", SW | 15, [False, False, True, False]),
        ("UD", SW | 6, [True] * 4),
        ("UD", SW | 14, [False, False, True, False]),  # a page fault taken for #UD
        ("UD", SW | 13, [False] * 4),
    ],
)
def test_one_question_of_one_value(question, value, expected):
    assert says(question, value) == expected


def test_the_masks_of_v3_take_exactly_these_vectors_for_others():
    wrong = {q: [v for v in range(32) if ask(q, "v3", SW | v).says != ask(q, "v4", SW | v).says] for q in ("GP", "UD")}
    assert wrong == {"GP": [15, 29, 31], "UD": [7, 14, 15, 22, 23, 30, 31]}


@given(st.integers(0, (1 << 64) - 1))
def test_with_an_empty_lower_half_v2_asks_what_was_asked_before(value):
    upper = value >> 32 << 32
    for question, (before, v2, *_) in answers(upper).items():
        assert before.says == v2.says or before.says is None, question
    assert set(differences(upper)) <= set(QUESTIONS)


def test_helpers_have_the_names_of_their_version():
    assert ask("OPERAND_BUSY", "v2", 0).helper == "tdx_operand_busy()"
    assert ask("OPERAND_BUSY", "v4", 0).helper == "IS_TDX_OPERAND_BUSY()"
    assert ask("OPERAND_BUSY", "before", 0).helper == "" == ask("GP", "v2", 0).helper
    assert ask("SW_ERROR", "v3", 0).helper == "IS_TDX_SW_ERROR()" == ask("SW_ERROR", "v4", 0).helper


def test_a_question_with_a_code_says_yes_to_it():
    for question in QUESTIONS:
        if question not in ("NON_RECOVERABLE", "SW_ERROR", "VMFAILINVALID", "GP", "UD"):
            assert set(says(question, code(f"TDX_{question}"))) <= {True, None}


def test_unknown_questions_and_forms_are_not_answered():
    for question, form in (("NOPE", "v2"), ("GP", "v9")):
        with pytest.raises((KeyError, ValueError)):
            ask(question, form, 0)
