"""Answers that are a value: a number, a word, several of them, a completion status."""

from tdxkit.errors import InputError, printable
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.status import decode

LISTED, MOST = (list, tuple, set, frozenset, range), 1000  # what several things may be given as, and how many


def number(answer: object, exercise: Exercise, *, right: int, unit: str = "", otherwise: str) -> Said:
    """A whole number, read from a run or counted; a wrong one that people come to is told what they took for true."""
    if type(answer) is not int:
        raise InputError(
            f"answer {printable(answer, 40)}", "a whole number is asked for", f"give one, such as {right + 3}"
        )
    if answer == right:
        return Said(True, f"{right:,} {unit}".rstrip() + ".")
    return Said(False, exercise.belief(answer) or otherwise)


def word(answer: object, exercise: Exercise, *, right: str, otherwise: str, thing: str = "") -> Said:
    """A name, as a leaf, a lock, a function or a file has it; large and small letters, blanks, commas, an article before it and brackets at its end do not
    count, nor does the word for what it names (`thing`)."""
    if not isinstance(answer, str):
        raise InputError(
            f"answer {printable(answer, 40)}", "a name is asked for", f'give it in quotes, such as "{right[:1]}…"'
        )
    given = _bare(answer, thing)
    if given == _bare(right):
        return Said(True, f"{right}.")
    return Said(False, next((one.says for one in exercise.wrong if _bare(str(one.answer)) == given), otherwise))


def several(answer: object, exercise: Exercise, *, right: list, thing: str = "", ordered: bool = False) -> Said:
    """Several names or numbers, in their order where that is asked for; the first difference is told."""
    if not isinstance(answer, LISTED) or len(answer) > MOST:
        raise InputError(f"answer {printable(answer, 40)}", "several are asked for", 'give a list, such as ["a", "b"]')
    given = [_bare(one) if isinstance(one, str) else one for one in answer]
    wanted = [_bare(one) if isinstance(one, str) else one for one in right]
    if given == wanted if ordered else all(one in wanted for one in given) and all(one in given for one in wanted):
        return Said(True, f"{', '.join(map(str, right))}.")
    if promised := exercise.belief(list(answer)):
        return Said(False, promised)
    if ordered:
        at = next((k for k, (a, b) in enumerate(zip(given, wanted)) if a != b), min(len(given), len(wanted)))
        if at == len(wanted):
            return Said(False, f"After the {_th(at)} {thing} there is none more, and yours goes on.".replace("  ", " "))
        mine = printable(list(answer)[at], 60) if at < len(given) else "at its end"
        return Said(False, f"The {_th(at + 1)} {thing} is not right: yours is {mine}.".replace("  ", " "))
    if odd := [one for one, bare in zip(answer, given) if bare not in wanted]:
        return Said(False, f"{printable(odd[0], 60)} does not belong there.")
    missing = sum(one not in given for one in wanted)
    return Said(False, f"All of yours belong there, and {missing} {'is' if missing == 1 else 'are'} missing.")


def status(answer: object, exercise: Exercise, *, right: int, otherwise: str) -> Said:
    """A completion status as a number of 64 bits; the first part of it that differs is told: its name, then its operand."""
    if type(answer) is not int or not 0 <= answer < 1 << 64:
        raise InputError(
            f"answer {printable(answer, 40)}", "a status has 64 bits", "give it as a number, such as 0x8000020000000000"
        )
    if answer == right:
        return Said(True, f"{decode(right).title}.")
    if promised := exercise.belief(answer):
        return Said(False, promised)
    return Said(False, f"{answer:#018x} is {decode(answer).title}. {otherwise}")


def _bare(text: str, thing: str = "") -> str:
    """A name without what does not count."""
    words = text.casefold().replace(",", " ").split()
    words = words[1:] if words[:1] == ["the"] else words
    words = [one for one in words if one != thing] if thing else words
    return "".join(words).removesuffix("()")


def _th(number: int) -> str:
    return f"{number}{'th' if number % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
