"""The kernel's questions about a status, in each form that the Dynamic PAMT series had, so that one value can be put to all.

``before`` are the compares in the tree before the series, ``v2`` its `tdx_*()` helpers (`tdx-v2-01`, `tdx-v2-04`), ``v3`` and
``v4`` the `IS_TDX_*()` macros made from the names (`tdx-v3`, `tdx-v4`). Version 6 drops the clean-up: it asks as before.

Fidelity card
  modelled: which bits each form looks at, and with what it compares them
  simplified: compares that stand in several places of the tree are one question here; the form before the series is the
    one that the clean-up replaced in KVM and in the start-up code
  left out: what the callers do with the answer, which is in tdxkit.status.kernel
"""

from dataclasses import dataclass

from tdxkit.status import codes as c

SOURCES = ("tdx-v2-01", "tdx-v2-04", "tdx-v3", "tdx-v4")
FORMS = ("before", "v2", "v3", "v4")
_SW = {name: int(digits, 16) for name, digits in (
    ("SW_ERROR", "8000FF0000000000"), ("VMFAILINVALID", "8000FF00FFFF0000"), ("GP", "8000FF000000000D"),
    ("UD", "8000FF0000000006"),
)}  # fmt: skip
# how a form asks: whole = all 64 bits equal, upper = bits 63:32 equal, mask = every bit of the code is set, bit = bit 62 is set
QUESTIONS: dict[str, tuple[str | None, ...]] = {
    "SUCCESS": ("whole", "upper", "upper", "upper"),
    "RND_NO_ENTROPY": ("whole", "upper", "upper", "upper"),
    "OPERAND_INVALID": ("upper", "upper", "upper", "upper"),
    "OPERAND_BUSY": ("upper", "upper", "upper", "upper"),
    "HPA_RANGE_NOT_FREE": (None, "upper", "upper", "upper"),
    "VCPU_NOT_ASSOCIATED": ("whole", "whole", "upper", "upper"),
    "FLUSHVP_NOT_DONE": ("whole", "whole", "upper", "upper"),
    "NON_RECOVERABLE": ("bit", "bit", "bit", "bit"),
    "SW_ERROR": ("mask", "mask", "mask", "upper"),
    "VMFAILINVALID": ("whole", "whole", "mask", "mask"),
    "GP": ("whole", "whole", "mask", "whole"),
    "UD": ("whole", "whole", "mask", "whole"),
}
_HELPERS_OF_V2 = {"SUCCESS", "RND_NO_ENTROPY", "OPERAND_INVALID", "OPERAND_BUSY", "HPA_RANGE_NOT_FREE", "SW_ERROR"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One form's answer about one value: `says` is None where that form does not have the question; `expression` is the
    test in our words, `helper` its name in that version (empty: written out by hand)."""

    question: str
    form: str
    helper: str
    expression: str
    says: bool | None


def ask(question: str, form: str, value: int) -> Answer:
    """Put one question to a value. Questions are the keys of QUESTIONS, forms those of FORMS (KeyError otherwise)."""
    how = QUESTIONS[question][FORMS.index(form)]
    code = c.NON_RECOVERABLE if how == "bit" else _SW.get(question) or c.code(f"TDX_{question}")
    says = None if how is None else _TESTS[how](value, code)
    return Answer(question, form, _helper(question, form), _words(how, question), says)


_TESTS = {
    "whole": lambda value, code: value == code,
    "upper": lambda value, code: value & c.STATUS_MASK == code,
    "mask": lambda value, code: value & code == code,
    "bit": lambda value, code: bool(value & code),
}


def _helper(question: str, form: str) -> str:
    if form in ("v3", "v4"):
        return f"IS_TDX_{question}()"
    return f"tdx_{question.lower()}()" if form == "v2" and question in _HELPERS_OF_V2 else ""


def _words(how: str | None, question: str) -> str:
    return {
        None: "not asked",
        "whole": f"all 64 bits equal {question}",
        "upper": f"bits 63:32 equal {question}, details ignored",
        "mask": f"every bit of {question} is set, others may be",
        "bit": "bit 62 is set",
    }[how]


def answers(value: int) -> dict[str, tuple[Answer, ...]]:
    """Every question in every form, about one value: question → one answer a form, in the order of FORMS."""
    return {question: tuple(ask(question, form, value) for form in FORMS) for question in QUESTIONS}


def differences(value: int) -> dict[str, tuple[Answer, ...]]:
    """The questions that the forms do not answer alike for this value; a form that lacks a question does not count."""
    return {q: given for q, given in answers(value).items() if len({a.says for a in given} - {None}) > 1}
