"""A mail handed on with the signs of an answer before its lines, `> `, `>` or `> > `: the signs taken off."""

import re
from collections.abc import Sequence

_HEAD = re.compile(r"((?:[>|] ?)+)(?:diff --git \S|--- \S|Index: \S)")
_HUNK = re.compile(r"((?:[>|] ?)+)@@ -\d")


def unquoted_patch(lines: Sequence[str]) -> list[str]:
    """The lines of a mail whose diff is quoted, as they were before; none where no diff is quoted.

    What stands before a `@@` stands before every line up to the next one; only blanks at its end may be lost. What was written between
    the lines of the diff is left out.

    >>> unquoted_patch(["Hello,", "> Text.", "> diff --git a/x b/x", ">", "why?", "> @@ -1 +1 @@", "> -a", ">+b"])
    ['Hello,', 'Text.', 'diff --git a/x b/x', '', '@@ -1 +1 @@', '-a', '+b']
    """
    first = next((at for at, line in enumerate(lines) if line[:1] in (">", "|") and _HEAD.match(line)), None)
    if first is None:
        return []
    signs = _HEAD.match(lines[first])[1]
    found = [
        line.removeprefix(signs) if line.startswith(signs) else line.removeprefix(signs.rstrip())
        for line in lines[:first]
    ]
    for line in lines[first:]:
        if mark := _HEAD.match(line) or _HUNK.match(line):
            signs = mark[1]
        if line.startswith(signs):
            found.append(line[len(signs) :])
        elif line.startswith(signs.rstrip()):
            found.append(line[len(signs.rstrip()) :])
    return found
