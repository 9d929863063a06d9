"""A kernel log as people post it, as the rows that the kernel printed: what stands before them taken off, wrapped ones joined.

    >>> bare("> Jun  9 11:02:07 host kernel: [   48.1][ C8] Call Trace:")
    Row(text='Call Trace:', caller='C8', line=0, stamped=True)

Quoting, dates, hosts, `kernel:`, levels, time stamps and callers may stand before a row, in any order and number. A row that a mailer broke goes
on in the next one where the two together are a row of a report and the second alone is none; where they come to none, they stay what they were.

Fidelity card
  modelled: the prefixes of dmesg, /dev/kmsg, journald, syslog, netconsole and mails; colours; logs as JSON; breaks between words and, in a register's value, inside one
  simplified: a row goes on over at most MAX_JOINED lines
  left out: pictures of a console
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from html import unescape
from typing import NamedTuple

from tdxkit.review.pasted import DATE, MONTH, SOFT_BREAK_AT, unescaped

SOURCES = ("linux-report",)
LONGEST = 500  # characters of a line that are looked at
MAX_JOINED = 6
_PREFIX = re.compile(
    r"(?:[>|`] ?)+"  # quoted
    r"|[\w.-]{1,40} +\| "  # one of several machines
    rf"|{DATE}(?: |$)|\[{DATE}\] ?|\[{MONTH}\d{{1,2}} \d\d:\d\d\] ?|\d{{9,10}}\.\d{{3,9}} "
    r"|<\d{1,3}>(?:1 )?"  # a level; RFC 5424 says its version too
    r"|\d{1,3},\d{1,10},\d{1,16},[-c+](?:,caller=(?P<kmsg>[TC]\d{1,9}))?[^;]{0,80};"  # /dev/kmsg, netconsole
    r"|\[ *\+?\d{1,12}\.\d{1,9}(?:@\d{1,4})? ?\] ?|kern +:\w{1,8} *: ?"
    r"|\[ *(?P<caller>[TC]\d{1,9}) ?\] ?"
    r"|[^\[]{1,80}(?=\[ *\d{1,8}\.\d{6}\])"  # a console's prompt, a host
    r"|(?:\S{1,64} )?kernel(?:\[\d{1,9}\])? ?(?:[:-] ?){1,3}"
    r"|(?:ttyS\d|console|dmesg|netconsole): "
)
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}[mK]")
_MESSAGE = re.compile(r'"(?:MESSAGE|message|msg|log)" ?: ?("(?:[^"\\]|\\.){0,2000}")')
_VALUE = re.compile(r"[0-9a-f]{1,16}\b")
_CUT = re.compile(
    r"(?:^| )(?:R[A-Z0-9]{2}|ORIG_RAX|CR\d|EFLAGS|PKRU|[FG]S|knlGS): {0,2}(?:[0-9a-f]{4}:)?([0-9a-f]{0,15})$"
)
_RIP = re.compile(r"RIP:(?: ?[0-9a-f]{4}:)?")
_MODULE = re.compile(r"\[[\w-]{1,60}(?: [0-9a-f]{8,64})?\]")
_BIOS = re.compile(r"BIOS|\d\d/\d\d/\d{4}$")
_REST = re.compile(  # of a head or a task's line; a name may be broken too: "CPU" on one line, "0/KVM Not tainted" on the next
    r"(?:\S{1,40} )?(?:Not tainted|Tainted: |Kdump: )|\[.{1,40}:\d{1,9}\]$|PREEMPT|VOLUNTARY$|NONE$"
)
_BYTES = re.compile(r"(?:(?:[0-9a-f]{2}|<[0-9a-f]{2}>)(?: |$))+")


class Row(NamedTuple):
    """A row: its text, who printed it where the log says so (T and a thread, C and a CPU), its line's number, has it a time stamp."""

    text: str
    caller: str = ""
    line: int = 0
    stamped: bool = False


def bare(line: str, number: int = 0) -> Row:
    """One line without what stands before the kernel's own words."""
    text, caller, stamped, quoted = _plain(line[: 4 * LONGEST]), "", False, False
    while found := _PREFIX.match(text):
        if text[0] in ">|`" and quoted:
            break
        quoted = quoted or text[0] not in ">|`"  # after a stamp, > is the kernel's own
        caller = found["caller"] or found["kmsg"] or caller
        stamped = stamped or text[0] not in ">|`"
        text = text[found.end() :].lstrip()
    if "#011" in text:  # syslog's tab
        text = text.replace("#011", " ").strip()
    if "&lt;" in text or "&gt;" in text:
        text = unescape(text)
    return Row(text[:LONGEST].strip(" `\t\r\n"), caller, number, stamped)


def _plain(line: str) -> str:
    """A line without colours; of a log as JSON, the message."""
    if "\x1b" in line:
        line = _COLOUR.sub("", line)
    if line.startswith("{") and (found := _MESSAGE.search(line)):
        with suppress(ValueError):  # it may be cut off in an escape
            line = str(json.loads(found[1]))
    return line.rstrip().lstrip("\ufeff \t")[: 2 * LONGEST]


class Joiner:
    """Puts lines together to rows; `kind` says what a text is ("" for none, "open" for half of one), as `lines.kind_of` does."""

    def __init__(self, kind: Callable[[str], str]):
        self._kind, self._held, self._text, self._before = kind, [], "", ""

    def rows(self, lines: Iterable[tuple[int, str]]) -> Iterator[Row]:
        """The rows that are whole once these (number, line) have been read."""
        for number, line in lines:
            whole = self._unquoted(line.rstrip("\r\n"))
            row = bare(whole, number)
            if not row.text:
                continue
            held = self._held
            near = bool(held) and number - held[-1].line < 3
            if near and not row.stamped:  # a piece that a mailer broke off, it may be
                row = row._replace(caller=row.caller or held[0].caller)
            if (
                near
                and len(held) <= MAX_JOINED
                and (longer := _joined(held[0]._replace(text=self._text), row, self._kind))
            ):
                self._text = longer[: 3 * LONGEST]
                held.append(row)
                continue
            yield from self.rest()
            self._held, self._text = [row], row.text

    def rest(self) -> Iterable[Row]:
        """The row that is still held, as it is; line by line where these come to none."""
        held, self._held = self._held, []
        whole = len(held) > 1 and self._kind(self._text) not in ("", "open")
        return [held[0]._replace(text=self._text)] if whole else held

    def _unquoted(self, line: str) -> str:
        """The line with quoted-printable undone: a long one that ends with = goes on in the next ("" until then)."""
        line, self._before = self._before + line, ""
        if line.endswith("=") and SOFT_BREAK_AT <= len(line) < 4 * LONGEST:
            self._before = line[:-1]
            return ""
        return unescaped(line)


def _joined(held: Row, row: Row, kind: Callable[[str], str]) -> str:
    """The two as one row, or "" where the second is one of its own."""
    if row.stamped:
        return ""
    first, second = held.text, row.text
    if cut := _CUT.search(first):
        found = _VALUE.match(second)
        if found and len(cut[1]) + len(found[0]) in (16, 8):
            return first + ("" if cut[1] else " ") + second
    if _RIP.fullmatch(first):
        return first + (" " if first == "RIP:" else "") + second
    if kind(second):
        return ""
    both, now = f"{first} {second}", kind(first)
    if now == "open" and not first.startswith("RIP"):
        return both
    if now == "code":
        return both if _BYTES.fullmatch(second) else ""
    if now == "hardware":
        return both if first.endswith(",") or _BIOS.match(second) else ""
    if now == "frame":
        return both if _MODULE.fullmatch(second) else ""
    if now in ("head", "task"):  # they may be whole, and more to come
        return both if kind(both) == now and _REST.match(second) else ""
    return both if not now and kind(both) not in ("", "open", "registers") else ""
