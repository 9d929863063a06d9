"""The registers that a log prints with a status: on its line, and on the lines around it that hold nothing else.

    virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000
    virt/tdx: RCX 0x0000000000000000 RDX 0x9100000100000008 R08 0x0000000000000000
    virt/tdx: R09 0x0000000000000000 R10 0x0000000000000000 R11 0x0000000000000000

Lines of other CPUs may stand between. Where the same register comes a second time nobody can tell whose it is: what follows the status
is then left out. RAX is the status itself.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from tdxkit.status.calls import left_open

_REGISTER = re.compile(
    r"(?<![\w.])(R[BCD]X|R[SD]I|RBP|R0?[89]|R1[0-5])[ \t]{0,3}[:=]?[ \t]{0,3}(0x[0-9a-f]{1,16})(?![\w-])", re.IGNORECASE
)
_NAME = re.compile(
    r"(?<![\w.])(?:R[BCD]X|R[SD]I|R[BS]P|RIP|R0?[89]|R1[0-5]|[CD]R[0-7])[ \t]{0,3}[:=]?[ \t]{0,3}$", re.IGNORECASE
)
_OTHERS = re.compile(  # what does not stand in front of registers alone
    r"seamcall|tdcall|td[hg][_.]|\bR[AI][XP]\b|\bRSP\b|\bleaf\b|(?<![0-9a-fx])[0-9a-f]{12,}", re.IGNORECASE
)
_ANOTHER = re.compile(r"seamcall|tdcall|td[hg][_.]|0x[4689ce]000[0-9a-f]{12}", re.IGNORECASE)
_CALLER = re.compile(r"\[ *([TC]\d{1,9})\]")
AROUND = 8  # lines before and after a status that are looked at
_STRANGERS = 2  # lines of others among them
_LONGEST = 400  # characters of such a line
Registers = tuple[tuple[str, int], ...]


def names_one(before: str) -> bool:
    """Whether a text ends with a register's name, other than RAX: the number behind it is what that holds."""
    name = before[-7:].rstrip("\t :=")
    return name[-1:] in "xipXIP0123456789" and bool(_NAME.search(before[-20:]))


def on_line(text: str) -> Registers:
    """The registers of a piece of a line, in its order; the first of a name counts."""
    return _held(_REGISTER.findall(text)) if "0x" in text else ()


def _held(pairs: list[tuple[str, str]]) -> Registers:
    found: dict[str, int] = {}
    for name, value in pairs:
        found.setdefault(name.upper().replace("R0", "R"), int(value, 16))
    return tuple(found.items())


def behind(text: str, end: int, head: str) -> Registers:
    """Those on the lines that follow: `end` is where the status's own line ends, `head` how it begins."""
    found: dict[str, int] = {}
    strangers, caller = 0, _caller(head)
    for line in _lines_after(text, end):
        mine = _only(line)
        if mine is None:
            strangers += bool(line.strip())
            if strangers > _STRANGERS or "SEAMCALL" in line or _ANOTHER.search(line):
                break
        elif caller == _caller(line):
            before = len(found)
            found.update(mine)
            if len(found) < before + len(mine):  # one of them was there already
                return ()
    return tuple(found.items())


def in_front(text: str, start: int) -> tuple[str | None, Registers]:
    """The call that the lines before `start` leave open, and the registers between: (None, ()) where they leave none open."""
    found: dict[str, int] = {}
    for _ in range(AROUND):
        if start <= 0:
            break
        floor = max(0, start - 2 - _LONGEST)  # a longer line is none of these, and not worth a search for its beginning
        begin = text.rfind("\n", floor, start - 1) + 1
        if not begin and floor:
            break
        line = text[begin : start - 1]
        mine = _only(line)
        if mine is None:
            call = left_open(line.rstrip())
            return (call, tuple(found.items())) if call else (None, ())
        found = dict(mine) | found
        start = begin
    return None, ()


def _only(line: str) -> Registers | None:
    """The registers of a line that holds nothing else of the kind; None for any other line."""
    if "0x" not in line or len(line) > _LONGEST or "SEAMCALL" in line or not (pairs := _REGISTER.findall(line)):
        return None
    (name, _), (_, last) = pairs[0], pairs[-1]
    alone = line.count("0x") == len(pairs) and line.rstrip(" ,;.|\t\r").endswith(last)
    words = line[: line.index(name)]
    return (
        _held(pairs) if alone and _may_stand_before(words.partition("] ")[2] if words[:1] == "[" else words) else None
    )


@lru_cache(1000)  # behind the time the same few words again and again
def _may_stand_before(words: str) -> bool:
    return not _OTHERS.search(words)


def _caller(line: str) -> str:
    """The mark of the task or CPU that printed a line, where the kernel writes one."""
    found = _CALLER.search(line, 0, 60) if "T" in line[:60] or "C" in line[:60] else None
    return found[1] if found else ""


def _lines_after(text: str, end: int) -> Iterator[str]:
    for _ in range(AROUND):
        if end >= len(text):
            return
        begin, ceiling = end + 1, end + 2 + _LONGEST
        end = text.find("\n", begin, ceiling)
        if end < 0 and ceiling < len(text):
            return  # a longer line is none of these
        end = len(text) if end < 0 else end
        yield text[begin:end]
