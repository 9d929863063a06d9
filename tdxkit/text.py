"""Text as this workbook writes it, for every floor: a value in words, a count with its noun, a table in columns, a name misspelt."""

import re
from collections.abc import Iterable, Sequence


class Pattern:
    """A regular expression that is compiled when it is first asked: most of what an import would cost is in those that nobody asks."""

    def __init__(self, text: str, flags: int = 0):
        self.text, self.flags = text, flags

    def __getattr__(self, name: str):
        compiled = re.compile(self.text, self.flags)
        for asked in ("search", "match", "fullmatch", "findall", "split"):
            setattr(self, asked, getattr(compiled, asked))
        return getattr(compiled, name)


ADDRESS = re.compile(r" at 0x[0-9a-f]+(?=>)")  # of an object, another in each process: a schedule code must not know it


def words(value: object) -> str:
    """A value of a state as people read it: in its own words where it has some, such as a lock word's."""
    if value is True or value is False:
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, tuple) and type(value).__str__ is object.__str__:
        return ", ".join(words(v) for v in value) or "none"
    return ADDRESS.sub("", str(value))


def plural(number: int, thing: str) -> str:
    """The noun that goes with a number.

    >>> plural(2, "switch"), plural(1, "switch"), plural(0, "status"), plural(3, "guest page"), plural(2, "entry")
    ('switches', 'switch', 'statuses', 'guest pages', 'entries')
    """
    if number == 1:
        return thing
    if thing.endswith(("s", "x", "ch", "sh")):
        return f"{thing}es"
    if thing.endswith("y") and thing[-2:-1] not in "aeiou":
        return f"{thing[:-1]}ies"
    return f"{thing}s"


def many(number: int, thing: str) -> str:
    """A number and its noun.

    >>> many(1, "state"), many(12345, "patch")
    ('1 state', '12,345 patches')
    """
    return f"{number:,} {plural(number, thing)}"


def near(name: object, known: Iterable[str], likeness: float = 0.6) -> str:
    """The one or two known names that a name may have been meant for, as "a or b"; "" where none comes near.

    >>> near("explor", ["explore", "replay"]), near("zzz", ["explore"])
    ('explore', '')
    """
    from difflib import get_close_matches  # here, not above: only a mistake needs it

    return " or ".join(get_close_matches(str(name)[:80], list(known), 2, likeness))


SHORTEST = 4  # letters of a name that may be another's: of fewer one is half of it


def slip(name: str, known: Iterable[str]) -> str:
    """The same of names that one slip of the hand makes of it: a letter too many, too few, another, two in the wrong order, or its underscores.

    >>> slip("spin_lok", ["spin_lock", "spin_unlock"]), slip("spinunlock", ["spin_unlock"]), slip("my_put", ["my_get"])
    ('spin_lock', 'spin_unlock', '')
    """
    return " or ".join([word for word in known if _one_slip(name, word)][:2])


def _one_slip(one: str, other: str) -> bool:
    if one.replace("_", "").lower() == other.replace("_", "").lower():
        return True
    if abs(len(one) - len(other)) > 1 or len(one) < SHORTEST:
        return False
    start = next((k for k, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def shown(value: object) -> str:
    """A cell of a table: thousands set apart, six digits of a fraction."""
    return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else words(value)


NUMBER = Pattern(r"[≈~<>≤≥+−-]?\s?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?(…\d[\d,]*)?(\s?[^\W\d_]{0,5}|\s?%)")
NOTHING = ("", "—", "–", "none")


def numeric(cells: Iterable[str]) -> bool:
    """Do the cells of a column, as they are shown, hold figures: each a number, maybe with a sign or a unit, or a word for none?

    >>> numeric(["1,200", "7 µs", "—"]), numeric(["6.15", "6.12.107"]), numeric(["0x40005"]), numeric(["none"])
    (True, False, False, False)
    """
    held = [cell for cell in cells if cell not in NOTHING]
    return bool(held) and all(map(NUMBER.fullmatch, held))


def columns(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table as lines of text: words to the left, figures to the right; the first column names the row and stays left.

    >>> print(*columns(("design", "waits"), [("global", 1200), ("hashed", 7)]), sep="\\n")
    design  waits
    global  1,200
    hashed      7
    """
    body = [[shown(v) for v in row] for row in rows]
    cells = [list(header), *body]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    right = [i > 0 and numeric(row[i] for row in body) for i in range(len(header))]
    return ["  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right)).rstrip() for row in cells]
