"""What was pasted, as numbered lines within bounds, and the mails in it, each with its transfer encoding undone.

A mail begins with its header: after a blank line, a line `From …` of an mbox or a boundary of MIME, fields of which one is a mail's own.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message as Mime
from email.parser import HeaderParser

from tdxkit.errors import InputError
from tdxkit.mail.body import base64_lines, is_quoted_printable, printable_lines
from tdxkit.mail.hunks import HEAD
from tdxkit.mail.lines import LINE_LIMIT, Notes
from tdxkit.mail.quoting import signs_of

SIZE_LIMIT = 8 << 20  # characters
LINES_LIMIT = 300_000
HUNKS_LIMIT = 20_000
WHAT = "what was pasted"
_ONE_BY_ONE = "paste the mails one by one"
_HARD_BLANK = "\xa0"
_SIGNATURE = "--=20"  # what stands above one, quoted-printable
_FIELD = re.compile(r"[!-9;-~]{1,76}:")
_OWN = re.compile(
    r"(?:from|subject|message-id|date|received|return-path|delivered-to|content-type|content-transfer-encoding):\s",
    re.IGNORECASE,
)
_COUNTS = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_COMBINED = re.compile(r"@@@+ -\d|diff --(?:cc|combined) \S")
_DIGITS = 9  # of a number that is looked at


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail's lines below its header, with the numbers of where they stand; `line` is where it begins. What is no mail has no header."""

    line: int
    lines: Sequence[str]
    numbers: Sequence[int]
    head: Mime = field(default_factory=Mime)

    @property
    def flowed(self) -> bool:
        """Whether it says that its lines are stuffed (RFC 3676)."""
        with suppress(MessageError, ValueError, LookupError):
            return str(self.head.get_param("format") or "").lower() == "flowed"
        return False

    @property
    def html(self) -> bool:
        """Whether it says that it is HTML."""
        return self.head.get_content_type() == "text/html"

    @property
    def encoding(self) -> str:
        """Its transfer encoding, where it states one."""
        return str(self.head.get("Content-Transfer-Encoding") or "").strip().lower()


def pasted_lines(paste: str, notes: Notes) -> list[str]:
    """The lines of a paste, its carriage returns taken off; InputError where it is larger than it may be, or no text."""
    if len(paste) > SIZE_LIMIT:
        raise InputError(WHAT, f"it has {len(paste):,} characters, and may have {SIZE_LIMIT:,}", _ONE_BY_ONE)
    text = paste.removeprefix("\ufeff").encode("utf-8", "replace").decode()  # half a surrogate would stop every printer
    lines = [line.rstrip("\r") for line in text.split("\n")]
    _within_bounds(lines, range(1, len(lines) + 1))
    for number, line in enumerate(lines, 1):
        if "\r" in line:
            notes.add(number, "a carriage return inside the line is read as a blank")
            lines[number - 1] = line.replace("\r", " ")
    return lines


def _within_bounds(lines: Sequence[str], numbers: Sequence[int]) -> None:
    """InputError where these are more lines, or longer ones, than may be, or no text."""
    if len(lines) > LINES_LIMIT:
        raise InputError(WHAT, f"it has {len(lines):,} lines, and may have {LINES_LIMIT:,}", _ONE_BY_ONE)
    for number, line in zip(numbers, lines):
        if len(line) > LINE_LIMIT:
            rule = f"it has {len(line):,} characters, and may have {LINE_LIMIT:,}"
            raise InputError(f"line {number} of {WHAT}", rule, "leave it out, or break it")
        if "\0" in line:
            rule = "it has a NUL, which no text has"
            raise InputError(f"line {number} of {WHAT}", rule, "paste the text of the mail or of the file")


def heads_in(mails: Sequence[Mail]) -> bool:
    """Whether there is a diff in some mails; InputError where there is one that cannot be read."""
    hunks = files = 0
    for number, line in ((number, line) for mail in mails for number, line in zip(mail.numbers, mail.lines)):
        if "@@ -" not in line and "diff --" not in line:
            continue
        signs = signs_of(line)
        rest = line[len(signs) :]
        surely = bool(signs.strip() or not signs)  # blanks alone may stand before what is a line of a hunk
        if surely and _COMBINED.match(rest):
            rule = "this is a combined diff, of a merge, which has several texts before the change"
            action = "paste the diff against one parent: git diff COMMIT^1 COMMIT"
            raise InputError(f"line {number} of {WHAT}", rule, action)
        if surely and (found := _COUNTS.match(rest)):
            _reasonable(number, found)
        hunks += HEAD.match(rest) is not None
        files += rest.startswith("diff --git ")
        if hunks > HUNKS_LIMIT:
            raise InputError(WHAT, f"there are more than {HUNKS_LIMIT:,} hunks in it", _ONE_BY_ONE)
    return bool(hunks or files)


def _reasonable(number: int, head: re.Match) -> None:
    """InputError where the head of a hunk counts more than any paste may have."""
    for place, said in enumerate(head.groups()):
        if said and (len(said) > _DIGITS or (place % 2 and int(said) > LINES_LIMIT)):
            says = said if len(said) <= 2 * _DIGITS else f"a number of {len(said):,} digits"
            rule = f"the head of a hunk says {says}, and a hunk has at most {LINES_LIMIT:,} lines"
            raise InputError(f"line {number} of {WHAT}", rule, "paste the diff as the tool wrote it")


def mails_in(lines: Sequence[str], notes: Notes) -> Iterator[Mail]:
    """The mails among some lines, in their order; what stands above the first header, or has none, is like a mail without one."""
    heads = list(_heads(lines))
    ends = [begin for begin, _ in heads[1:]] + [len(lines)]
    if not heads or heads[0][0] > 0:
        end = heads[0][0] if heads else len(lines)
        yield _decoded(Mail(1, lines[:end], range(1, end + 1)), notes)
    for (begin, below), end in zip(heads, ends):
        head = HeaderParser().parsestr("\n".join(lines[begin:below]))
        yield _decoded(Mail(begin + 1, lines[below + 1 : end], range(below + 2, end + 1), head), notes)


def _heads(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Of each header the index of its first line, and of the blank one below it."""
    at = 0
    while at < len(lines):
        above = lines[at - 1] if at else ""
        below = at
        if _FIELD.match(lines[at]) and (not above.strip() or above.startswith(("From ", "--"))):
            while below < len(lines) and (
                _FIELD.match(lines[below]) or (below > at and lines[below][:1] in (" ", "\t"))
            ):
                below += 1
        ends = below == len(lines) or not lines[below].strip()
        if below > at and ends and any(_OWN.match(line) for line in lines[at:below]):
            yield at, below
        at = max(below, at + 1)


def _decoded(mail: Mail, notes: Notes) -> Mail:
    """The mail with its transfer encoding undone, where it says that it has one or shows it, and blanks that break."""
    lines, numbers = mail.lines, mail.numbers
    text = "\n".join(
        line for line in lines if line[:2] != "--" or line == _SIGNATURE
    )  # MIME's boundaries may have any sign
    encoding = ""
    if mail.encoding == "base64":
        encoding, (lines, numbers) = "base64", base64_lines(lines, numbers)
    elif "=" in text and is_quoted_printable(text, mail.encoding == "quoted-printable"):
        encoding, (lines, numbers) = "quoted-printable", printable_lines(lines, numbers)
    if encoding == "base64" and any("\0" in line for line in lines):
        notes.add(mail.line, "what begins here is base64 and no text: not read")
        return Mail(mail.line, [], [], mail.head)
    if encoding:
        lines = [line.rstrip("\r") for line in lines]
        _within_bounds(lines, numbers)
        notes.add(mail.line, f"the text from here on is {encoding}: it is decoded")
    if changed := [number for number, line in zip(numbers, lines) if _HARD_BLANK in line]:
        lines = [line.replace(_HARD_BLANK, " ") for line in lines]
        many = f"{len(changed)} line{'s' if len(changed) > 1 else ''}"
        notes.add(changed[0], f"blanks that do not break are read as blanks, in {many} from here on")
    return Mail(mail.line, lines, numbers, mail.head)
