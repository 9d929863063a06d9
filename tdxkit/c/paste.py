"""A paste as a text that the reader of C takes: what is whole in it, each line where it stands in the paste, so that every line told is the paste's.

`tdxkit.mail.aftertext` takes the C out of a diff, a mail or a quotation; here what its hunks show half of is left out, and said.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from tdxkit.c.items import Item, items, unpaired
from tdxkit.c.lexing import MOST_TEXT
from tdxkit.errors import InputError
from tdxkit.mail.aftertext import AfterText, after_text
from tdxkit.mail.answers import said_in
from tdxkit.text import plural

WHOLE = "a diff with all of it, git diff -U9999; out of the mails of a series the command series makes one text"
MOST_RANGES = 4  # of lines that a remark names
OF_PASTE = "lines are those of the paste"
DIFFS = ("diff", "quoted diff")
_FUNCTION = re.compile(r"\b[A-Za-z_]\w*\s{0,4}\([^;{}]{0,2000}\)[\w\s()]{0,80}\{")
_DECLARED = re.compile(r"^[A-Za-z_#][^\n]{0,300}[;{\\>][ \t]*(?:/[/*].*)?$", re.MULTILINE)
_NAME = re.compile(r"([A-Za-z_]\w*)\s{0,4}\(")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_OF_C = re.compile(r"[;{}\\]\s*$|\*/\s*$|^\s*(?:#\s*[a-z]|/[/*])")  # in a line of C
_DEF = re.compile(r"^def \w+\(.*\).*:", re.MULTILINE)
_IMPORT = re.compile(r"^(?:from [\w.]+ import |import \w)", re.MULTILINE)


class Pasted(NamedTuple):
    """C out of a paste. Line n of `text` is line n of the paste, and empty where that is none of it; `kind` as of `after_text`; `lines`: how
    many the paste has; `remarks`: what was left out, mended or does not add up; `margins`: as of `Where`; `whole`: no line can be missing in
    what is read; `parts`: of each function that the paste has a part of, its first and last line in it."""

    text: str
    kind: str
    lines: int
    remarks: tuple[str, ...]
    margins: tuple[int, ...] = ()
    whole: bool = True
    parts: Mapping[str, tuple[int, int]] = {}

    def spans(self) -> dict[int, int]:
        """Of each function and declaration its first line and its last."""
        return {item.first: item.last for item in items(self.text)}


def pasted(paste: str, what: str = "the text") -> Pasted:
    """The C in a paste; `what` to call that in a complaint. InputError for one that is too large, or has no C in it."""
    if len(paste) > MOST_TEXT:
        raise InputError(
            what, f"C is read up to {MOST_TEXT:,} characters, and it has {len(paste):,}", "give the functions in question only"
        )  # fmt: skip
    after = bare = after_text(paste)
    if after.kind == "plain":
        after = next(_answers(paste), after)
    count = paste.count("\n") + (not paste.endswith("\n"))
    if after.kind not in DIFFS:
        if not after.text.strip():
            raise InputError(what, "there is nothing in it", "give a file of C")
        whole = all(stretch.whole for stretch in after.stretches)
        said = (f"read without its marks of quoting; {OF_PASTE}",) if after.kind == "quoted" and after is bare else ()
        return Pasted(after.text, after.kind, count, (*said, *after.remarks), _margins(after.text, paste), whole)
    kept, left = _whole(after)
    text, moved = _in_place(after, kept)
    if not _FUNCTION.search(text):
        left_out = f": what it shows of {_ranges(left)} has its beginning or its end elsewhere" if left else ""
        raise InputError(
            what, f"no whole function stands in the diff{left_out}", f"give the file itself, or {WHOLE}"
        )  # fmt: skip
    said = [f"read as what a {after.kind} leaves behind; {OF_PASTE}"]
    said += after.remarks
    if left:
        said.append(f"{_ranges(left)}: not whole in the paste, left out")
    if moved:
        said.append(f"from line {moved} on lines are told too high: one line of the paste is several of C")
    doubted = [s for s in after.stretches if not s.whole and any(s.first <= at <= s.last for at in kept)]
    if doubted:
        said.append(
            f"{_ranges([_lines_of(after, s.first, s.last) for s in doubted])}: lines may be missing: they are not as many as their hunk says"
        )
    parts = {name: lines for lines in left for name in _names(paste.split("\n"), lines)}
    return Pasted(text, after.kind, count, tuple(said), _margins(text, paste), not doubted, parts)


def _answers(paste: str) -> Iterator[AfterText]:
    """What the mails of a paste say and quote, where functions stand in it, without the prose around them."""
    for said in said_in(paste):
        text, left = _without_prose(said.text)
        if _FUNCTION.search(text):
            yield replace(
                said, text=text, remarks=(*said.remarks, *([f"{_ranges(left)}: no C, left out"] if left else []))
            )


def _without_prose(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text with the paragraphs emptied in which nothing ends as a line of C does, and their lines. Inside braces all is C."""
    rows = text.split("\n")
    left, depth, at = [], 0, 0
    while at < len(rows):
        last = next((n for n in range(at, len(rows)) if not rows[n].strip()), len(rows))
        paragraph = rows[at:last]
        if depth <= 0 and paragraph and not any(map(_OF_C.search, paragraph)):
            rows[at:last] = [""] * (last - at)
            left.append((at + 1, last))
        else:
            depth += sum(row.count("{") - row.count("}") for row in paragraph)
        at = last + 1
    return "\n".join(rows), left


def language_of(text: str) -> str:
    """The language of a text, whatever it is called: "c", "python", or "" where nothing of either stands in it.

    A `def` decides, outside of C's comments. An `import` does not, for prose beside a function of C may begin so.
    """
    bare = _COMMENT.sub("", text)
    if _DEF.search(bare):
        return "python"
    if _FUNCTION.search(bare):
        return "c"
    if _IMPORT.search(bare):
        return "python"
    return "c" if ";" in bare and _DECLARED.search(text) else ""


def _whole(after: AfterText) -> tuple[set[int], list[tuple[int, int]]]:
    """The lines of the text that are whole, and the lines of the paste that are not."""
    rows = after.text.split("\n")
    kept: set[int] = set()
    left: list[tuple[int, int]] = []
    for stretch in after.stretches:
        text = "\n".join(rows[stretch.first - 1 : stretch.last])
        found, odd = items(text), unpaired(text)
        here = {line for item in found if item.whole for line in range(item.first, item.last + 1)} - odd
        kept |= {stretch.first - 1 + line for line in here}
        missing = [*found, *(Item(line, line, False) for line in odd)]
        for item in missing:
            if not item.whole:
                left.append(_lines_of(after, stretch.first - 1 + item.first, stretch.first - 1 + item.last))
    return kept, sorted(set(left))


def _lines_of(after: AfterText, first: int, last: int) -> tuple[int, int]:
    """Lines of the text as lines of the paste."""
    return after.lines[first - 1], after.lines[last - 1]


def _names(rows: list[str], lines: tuple[int, int]) -> Iterator[str]:
    """What the function may be called of which these lines of the paste are a part: its head names it, or that of its hunk."""
    first, last = lines
    heads = [
        rows[first - 1],
        *(row for row in rows[max(0, first - 3) : first - 1] if "@@" in row),
        *rows[first:last][:2],
    ]
    for row in heads:
        if found := _NAME.search(row.rpartition("@@")[2]):
            yield found[1]
            return


def _margins(text: str, paste: str) -> tuple[int, ...]:
    """How many characters stand before each line of the text in that of the paste; nothing where none has any."""
    found = tuple(map(_margin, text.split("\n"), paste.removeprefix("\ufeff").split("\n")))
    return found if any(found) else ()


def _margin(row: str, raw: str) -> int:
    bare = row.strip()
    at = raw.rfind(bare) if bare and not raw.startswith(row) else -1
    return at - row.index(bare) if at >= 0 else 0


def _in_place(after: AfterText, kept: set[int]) -> tuple[str, int]:
    """The kept lines, each at its number in the paste; and the first that had to go further down, 0 where none had."""
    rows = after.text.split("\n")
    made: list[str] = []
    moved = 0
    for at in sorted(kept):
        row, number = rows[at - 1], after.lines[at - 1]
        if not row.strip():
            continue
        if number <= len(made):
            moved = moved or number
        made += _between(made, number)
        made.append(row)
    return "\n".join(made) + "\n", moved


def _between(made: list[str], number: int) -> Iterator[str]:
    """Lines that are none of the text, up to a line; they do not break one that goes on."""
    goes_on = bool(made) and made[-1].endswith("\\")
    for _ in range(number - 1 - len(made)):
        yield "\\" if goes_on else ""


def _ranges(lines: list[tuple[int, int]]) -> str:
    said = [f"{first}–{last}" if last > first else str(first) for first, last in lines]
    more = f" and {len(said) - MOST_RANGES} more" if len(said) > MOST_RANGES else ""
    many = len(said) > 1 or "–" in said[0]
    return f"{plural(1 + many, 'line')} {', '.join(said[:MOST_RANGES])}{more}"
