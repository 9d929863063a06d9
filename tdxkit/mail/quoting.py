"""What mail programs put before the lines of a text that is answered or handed on, `> `, `>` or `> > `: told, and taken off."""

import re
from collections.abc import Sequence

from tdxkit.mail.hunks import HEAD

_SIGNS = r"[ \t]{0,16}+(?:[>|][ \t]?+){0,20}+"  # bounded, so that heads which may be lines of hunks are read a bounded number of times
_BEFORE = re.compile(_SIGNS)
_SIGN = re.compile(r"[ \t]*+[>|]")
_QUOTED = re.compile(r"[ \t]{0,16}+(?:>[ \t]?+){1,20}+")
_MARK = re.compile(rf"({_SIGNS})(@@ -\d|diff --(?:git|cc|combined) \S|--- \S|Index: \S)")
_HARD = re.compile(rf"{_SIGNS}(?:{HEAD.pattern}|diff --(?:git|cc|combined) \S)")
HUNK_SIGNS = ("+", "-", " ", "\\", "")  # what a line of a hunk begins with; an empty one lost its blank


def signs_of(line: str) -> str:
    """All that may be the signs of a quotation before a line, the blanks around them too."""
    return _BEFORE.match(line).group()


class Quoting:
    """What stands before one line of a text, and so before those below it.

    >>> Quoting("> > ").off(">> +x"), Quoting("> ").off(">+x"), Quoting(">").off("> +x", loosely=True), Quoting("> ").off("Why?")
    ('+x', '+x', '+x', None)
    """

    def __init__(self, signs: str):
        self.signs = signs
        self.depth = sum(sign in ">|" for sign in signs)

    def off(self, line: str, loosely: bool = False) -> str | None:
        """The line without the signs; None where it does not have them.

        `loosely`: the blank after the last sign may be there or not, in each line as it likes, wherever what follows begins as a line of a
        hunk does.
        """
        if not loosely and line.startswith(self.signs):
            return line[len(self.signs) :]
        if not self.depth:
            return None if line.strip() else ""
        at = 0
        for _ in range(self.depth):
            if not (found := _SIGN.match(line, at)):
                return None
            at = found.end()
        rest = line[at:]
        shorter = rest[1:]
        return shorter if rest[:1] in (" ", "\t") and shorter[:1] in HUNK_SIGNS else rest


def begins_hunk_or_file(line: str) -> bool:
    """Whether a head stands here that no line of a hunk can be mistaken for, quoted in whatever way."""
    return ("@@ -" in line or "diff --" in line) and bool(_HARD.match(line))


def quoting_of(lines: Sequence[str], at: int) -> tuple[Quoting, bool] | None:
    """What stands before the head of a hunk or of a file, and whether it is a hunk's; None where neither is at this place."""
    if not (found := _MARK.match(lines[at])):
        return None
    quoting, mark = Quoting(found[1]), found[2]
    if mark.startswith("@"):
        return (quoting, True) if HEAD.match(lines[at], found.end(1)) else None
    return quoting, False


def unquoted_text(lines: Sequence[str]) -> list[str] | None:
    """The lines of a text all of which are quoted, blank ones aside, as they were; None where any is not.

    >>> unquoted_text(["> int x;", ">", ">> int y;"]), unquoted_text(["> int x;", "Why?"])
    (['int x;', '', '> int y;'], None)
    """
    signs = [_QUOTED.match(line) for line in lines if line.strip()]
    if not signs or not all(signs):
        return None
    quoting = Quoting(">" * min(found.group().count(">") for found in signs if found))
    rests = [quoting.off(line) or "" for line in lines]
    spaced = all(rest[:1] in (" ", ">", "") for rest in rests)
    return [rest.removeprefix(" ") for rest in rests] if spaced else rests
