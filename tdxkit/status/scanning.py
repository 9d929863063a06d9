"""Find every completion status in a log: dmesg, a trace, a register dump, a mail.

A number is taken for a status when its upper half is one that a header has. Where the line speaks of TDX before the number
(SEAMCALL, TDX, TDH…, TDG…) that is enough, and an unknown status with the error bit is found too; elsewhere it must also be an
error (so it has all 16 digits), and its lower half must be one that this status can have: page table entries and addresses
are 64 bits as well. The number of a call and what a register holds are none.

A report may go over several lines: the call on the line before, registers on those around (calls.py, registers.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tdxkit.errors import InputError
from tdxkit.intake import Source, opened
from tdxkit.status import codes as c
from tdxkit.status import registers as around
from tdxkit.status.calls import call_after, call_before, is_number_of_call
from tdxkit.status.decoding import Decoded, name_of, returned_by
from tdxkit.status.kernel import SW_ERROR
from tdxkit.status.lower import details_of
from tdxkit.work import Job

# Begins with what no search can skip over faster: a status has bits 59:48 clear. What stands before it is looked at in `finds`.
_NUMBER = re.compile(
    r"(?:0[xX](?:0|[0-9a-fA-F]{9,16})|[4689cCeE]000[0-9a-fA-F]{12}|0000[0-9a-fA-F]{12})(?![\w-])", re.ASCII
)
_SUBJECT = re.compile(r"seamcall|tdcall|tdx|tdh[_.]|tdg[_.]|seamldr", re.IGNORECASE)
_RESULT = re.compile(r"[:=]\s*\W?$|(?:returned|returns|ret|rax)\W*$", re.IGNORECASE)
_CLASSES = {*range(18), 255}
# What a line says it prints: with bit 63 set an entry of a Secure EPT looks like an error that no header has.
_OTHER_THING = re.compile(
    r"\b\w*(?:entry|pte|level|state|gpa|hpa|addr\w*|base|end|size|mask|attributes?|xfam|features?\d?|field|page|pfn|gfn|key\w*|info\d?)[\s:=(]*$",
    re.IGNORECASE,
)
_ANOTHER = re.compile(r"seamcall|tdcall|failed|error", re.IGNORECASE)
_MASK16 = 0x0FFF << 48
LINE_SHOWN = 300  # characters of a line that a find keeps
LIMIT = 256 << 20  # bytes of a log
_BLOCK = 1 << 18  # bytes looked through between two ticks
_LONGEST = 1 << 24  # bytes of a line; what is longer is taken for two


@dataclass(frozen=True, slots=True)
class Found:
    """A status in a text: its line (from 1) and column (from 0), the line's text (cut), the value, the call that returned it as far as
    the log says (see calls.py), and the registers printed with it, as (name, value) in the log's order."""

    line: int
    column: int
    text: str
    value: int
    leaf: str | None
    registers: around.Registers = ()

    @property
    def status(self) -> Decoded:
        """The status taken apart."""
        return returned_by(self.value, self.leaf)

    @property
    def said(self) -> str:
        """The find in one line of text, without its line number."""
        one = self.status
        rows = [
            f"0x{self.value:016X} {f'from {self.leaf} ' if self.leaf else ''}{one.title}, {one.details.text}",
            one.kernel.kind,
        ]
        held = ", ".join(f"{name} {value:#x}" for name, value in self.registers)
        return "; ".join([*rows, held] if held else rows)

    def as_json(self) -> dict:
        """An item of `decode --scan --json`."""
        held = {name: f"{value:#x}" for name, value in self.registers}
        return {**self.status.as_json(), "line": self.line, "leaf": self.leaf, "registers": held}


def scan_job(source: Source) -> Job[tuple[Found, ...]]:
    """Every status in a log, in order, whole lines at a time. InputError where it cannot be read, is binary or longer than LIMIT."""
    found: list[Found] = []
    held, begin, line, size = "", 0, 1, 0  # lines that are kept for what stands around them, and where the news begin
    with opened(source, text=True) as stream:
        while block := stream.read(_BLOCK):
            block += b"" if block.endswith(b"\n") else stream.readline(_LONGEST)
            size += len(block)
            if size > LIMIT:
                raise InputError(stream.title, f"a log has at most {LIMIT >> 20} MiB", "cut out the part that matters")
            text = held + block.decode("utf-8", "replace")
            stop = max(begin, _lines_back(text, len(text)))
            found += finds(text, line, begin, stop)
            line += text.count("\n", begin, stop)
            cut = _lines_back(text, stop)
            held, begin = text[cut:], stop - cut
            yield stream.at
    found += finds(held, line, begin)
    return tuple(found)


def scan(text: str) -> tuple[Found, ...]:
    """Every status in `text`, in order. Time is linear in its length; nothing in it can fail."""
    return tuple(finds(text))


def finds(text: str, line: int = 1, begin: int = 0, stop: int | None = None) -> Iterator[Found]:
    """The finds of `scan`, one by one, in a text whose first line, from `begin` on, has this number; what stands before and after
    `stop` is looked at for calls and registers only."""
    start, end, piece = begin, -1, begin  # of a line; and where in it the last find ended
    told = False  # whether the line has spoken of TDX
    for match in _NUMBER.finditer(text, begin, len(text) if stop is None else stop):
        at, value = match.start(), int(match[0], 16)
        if not _could_be(value) or (at and (text[at - 1].isalnum() or text[at - 1] in "_.-")):
            continue
        if at > end:  # a new line: count those passed since the last one
            first = text.rfind("\n", start, at) + 1 or start
            line += text.count("\n", start, first)
            start = piece = first
            end, told = _end_of_line(text, at), False
        if not value and not _RESULT.search(text[max(start, at - 20) : at]):
            continue  # success is only a plain zero that is given as a result
        before = text[max(start, at - LINE_SHOWN) : at]
        told = told or "SEAMCALL" in before or bool(_SUBJECT.search(before))
        likely = _likely(value, before, told, alone=piece == start)
        if likely is False:
            continue
        after = text[match.end() : min(end, match.end() + LINE_SHOWN)]
        if around.names_one(before) or ((value >> 63 or not value) and is_number_of_call(before[-60:], after[:20])):
            continue
        call = call_before(before) if told else None
        held: around.Registers = ()
        if not call:
            call, held = around.in_front(text, start)
        if not (likely or call):
            continue
        mine = _own(after)
        held += around.on_line(text[max(piece, at - LINE_SHOWN) : at]) + around.on_line(mine)
        if mine == after:
            held += around.behind(text, end, text[start : min(end, start + 60)])
        piece = match.end()
        found = tuple(dict(held).items()) if held else ()  # of two of one name the one that was printed last
        yield Found(
            line, at - start, text[start : min(end, start + LINE_SHOWN)], value, call or call_after(after), found
        )


def _own(after: str) -> str:
    """What stands behind a status on its line, up to where the line speaks of another one."""
    other = _ANOTHER.search(after) if len(after) > 8 else None
    return after[: other.start()] if other else after


def _lines_back(text: str, end: int) -> int:
    """Where the last lines of a text begin that may belong to what comes behind it."""
    for _ in range(around.AROUND + 1):
        end = text.rfind("\n", 0, end)
        if end < 0:
            return 0
    return end + 1


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end == -1 else end


def _could_be(value: int) -> bool:
    if not value >> 32:
        return not value  # success; a smaller number is a TD exit with its reason, and anything else
    return not value & _MASK16 and (value >> 63 == 1 or value >> 40 <= 0x11 or value >> 62 == 1)


def _likely(value: int, before: str, told: bool, alone: bool) -> bool | None:
    """Whether a number is a status, where this stands before it on its line; None where it is one if the line before leaves a call open.
    `told`: the line speaks of TDX there; `alone`: it has no status yet."""
    upper = value & c.STATUS_MASK
    if not upper:
        return told and not value
    known = upper in _known()
    if known and (told or (value >> 62 and details_of(value, name_of(value)[0]).plausible)):
        return True
    if not value >> 63 or value >> 40 & 0xFF not in _CLASSES or not alone or _OTHER_THING.search(before[-40:]):
        return False
    return told or None


@cache
def _known() -> frozenset[int]:
    """The upper halves that some header has."""
    theirs = (int(half, 16) << 32 for half in c.facts()["linux"]["differs"].values())
    return frozenset((*c.names(), *theirs, SW_ERROR))
