"""Answers about completion statuses: one that two forms of the kernel's questions answer differently, one with which the kernel does something, and
a test of the reader's own, put to every code there is."""

from collections.abc import Callable, Iterator
from inspect import signature
from itertools import combinations

from tdxkit.errors import InputError, ModelError, TdxkitError, printable, said
from tdxkit.explore.guard import guarded, place_of
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.status import decode
from tdxkit.status.codes import codes
from tdxkit.status.predicates import QUESTIONS, ask, differences
from tdxkit.work import Job

U64 = 1 << 64
SOFTWARE = 0x8000FF << 40  # what Linux makes up where SEAMCALL itself faults: the vector in the lower half
DETAILS = (0, 1, 2, 6, 8, 13, 0x92, 0xFFFF0000)  # lower halves that a test meets
VECTORS = 32


def parts(answer: object, exercise: Exercise, *, one: str, other: str) -> Said:
    """A status that two forms answer differently, by the questions that both have."""
    value = _value(answer)
    for question in QUESTIONS:
        mine, yours = ask(question, one, value), ask(question, other, value)
        if None not in (mine.says, yours.says) and mine.says != yours.says:
            told = ", ".join(f"{a.form} says {'yes' if a.says else 'no'} ({a.expression})" for a in (mine, yours))
            return Said(True, f"{question}: {told}.")
    same = f"{one} and {other} answer each question about it alike"
    if apart := differences(value):
        question, given = next(iter(apart.items()))
        alone = next((a.form for a in given if a.says is not None and sum(b.says == a.says for b in given) == 1), "")
        return Said(
            False, f"The forms part on {question}{f', where {alone} stands alone' if alone else ''}, but {same}."
        )
    plain = ", as about every code with an empty lower half" if value in codes().values() else ""
    return Said(False, f"{decode(value).title}: {same}{plain}.")


def fate(answer: object, exercise: Exercise, *, kind: str) -> Said:
    """An error and the leaf that returns it, with which the kernel does this: a status and a leaf, each by its name or number."""
    if type(answer) not in (tuple, list) or len(answer) != 2:
        raise InputError(
            f"answer {printable(answer, 40)}",
            "a status and a leaf are asked for",
            'give both, such as "TDX_OPERAND_BUSY", "MEM.PAGE.AUG"',
        )
    status, leaf = answer
    if type(leaf) not in (str, int):
        raise InputError(f"leaf {printable(leaf, 40)}", "it has a name or a number", 'give it, such as "MEM.PAGE.AUG"')
    one = decode(_value(status), leaf)
    if not one.error:
        return Said(False, f"{one.title} is no error: bit 63 is clear.")
    return Said(one.kernel.kind == kind, f"{one.title} from {one.leaf}: {one.kernel}.")


def tells(answer: object, exercise: Exercise, *, question: str, form: str) -> Job[Said]:
    """A test of the reader's, a function of a status, that answers every code as this form of this question does. The first difference is told."""
    if not callable(answer) or not _takes_one(answer):
        raise InputError(
            f"answer {printable(answer, 40)}", "a function of one status is asked for", "write def NAME(status)"
        )
    for number, value in enumerate(values(question, form), 1):
        says = _asked(answer, value)
        if says != ask(question, form, value).says:
            wrong = "yes, and it is not" if says else "no, and it is"
            return Said(False, f"{value:#018x} is {_named(value)}: your test says {wrong}.")
        if number % 64 == 0:
            yield number, 0
    return Said(
        True,
        f"Right for each of {number:,} statuses: {VECTORS} vectors, every code with {len(DETAILS)} lower halves, and all that is a bit or two off the right one.",
    )


def values(question: str, form: str) -> Iterator[int]:
    """What a test is put to: each vector, each code with lower halves that there are, the plain codes first, and what is a bit or two off the first yes."""
    there = [SOFTWARE | vector for vector in range(VECTORS)]
    there += [value | low for low in DETAILS for value in codes().values()]
    yield from there
    right = next(value for value in there if ask(question, form, value).says)
    for off in (1, 2):
        yield from (right ^ sum(1 << bit for bit in bits) for bits in combinations(range(64), off))


def _asked(test: Callable, value: int) -> bool:
    """What the reader's test says of a value; ModelError for one that says nothing, or fails."""
    try:
        says = guarded(test, value, told=[])
    except TdxkitError as error:
        raise ModelError(error.thing, error.rule, "let it come to an end and return True or False") from None
    except Exception as error:
        where = place_of(error, "").removesuffix(" of _asked")
        where = where if " of " in where else "your test"
        raise ModelError(
            where, f"it fails on {value:#018x}: {type(error).__name__}: {printable(said(error), 80)}", "mend it"
        ) from None
    if type(says) not in (bool, int):
        raise ModelError("your test", f"of {value:#018x} it says {printable(says, 40)}", "return True or False")
    return bool(says)


def _takes_one(test: Callable) -> bool:
    try:
        signature(test).bind(0)
    except TypeError:
        return False
    except ValueError:  # of Python's own, which do not say
        pass
    return True


def _named(value: int) -> str:
    """What a status is to whoever tests it: a vector that Linux made a status of, or its title with its lower half."""
    if SOFTWARE <= value < SOFTWARE + VECTORS:
        return f"vector {value - SOFTWARE}"
    low = value % (1 << 32)
    return decode(value).title + (f" with {low:#x} in its lower half" if low else "")


def _value(answer: object) -> int:
    """A status by its number of 64 bits, or as a text that can be decoded."""
    if type(answer) is str:
        return decode(answer).value
    if type(answer) is not int or not 0 <= answer < U64:
        raise InputError(
            f"answer {printable(answer, 40)}", "a status has 64 bits", "give it as a number, such as 0x8000020000000000"
        )
    return answer
