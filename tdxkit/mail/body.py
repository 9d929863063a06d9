"""The text of a mail: transfer encoding, character set, attachments, and what mail programs do to patches undone where it shows.

Undone: quoted-printable without a header that says so; the blank that format=flowed puts before lines that begin with one (RFC 3676).
"""

import quopri
import re
from base64 import b64decode
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from contextlib import suppress
from email.errors import MessageError
from email.message import Message as Mime
from email.parser import BytesParser
from itertools import accumulate

from tdxkit.mail.lines import Notes, decoded
from tdxkit.mail.quoting import signs_of

NESTING = 30  # multipart marks in a mail; one with more is not taken apart
_TOLD = 4096  # bytes by which a part's text is found
_MULTIPART = re.compile(rb"content-type:\s*(?:multipart|message)/", re.IGNORECASE)
_PATCH_NAME = re.compile(r".*\.(?:patch|diff|eml)$", re.IGNORECASE)
_ESCAPE = re.compile(r"=(?:[0-9A-F]{2}|[ \t]*$)", re.MULTILINE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}[ \t]*")
_QUOTED = re.compile(r"^>[> \t]*@@ -", re.MULTILINE)
_TELLING = re.compile(r"=(?:3D|20$|09|[89A-F][0-9A-F]=[89A-F][0-9A-F])|^.{72,75}=$", re.MULTILINE)


def text_of(data: bytes, head: Mime, start: int, line: int, notes: Notes) -> str:
    """All the plain text of a mail: its body, or the parts that are text or patches, in order; newlines are `\\n`."""
    if head.get_content_maintype() != "multipart":
        head.set_payload(data[start:].decode("ascii", "surrogateescape"))
        if head.get_content_type() == "text/html":
            notes.add(line, "the mail is HTML only: it is read as it stands")
        return _decode(head, line, notes)
    if len(_MULTIPART.findall(data)) > NESTING:
        notes.add(line, f"more than {NESTING} nested parts: the mail is read without taking them apart")
        return decoded(data[start:])[0]
    readable = _text_parts(data, line, notes)
    return decoded(data[start:])[0] if readable is None else "\n".join(_decode(part, line, notes) for part in readable)


def text_begins(data: bytes, head: Mime, start: int) -> int:
    """Where in its bytes the text of a mail begins that `text_of` gives: below its header, or below that of its first part that is text."""
    if head.get_content_maintype() != "multipart" or len(_MULTIPART.findall(data)) > NESTING:
        return start
    for part in _text_parts(data, 0, Notes()) or []:
        with suppress(MessageError, ValueError, LookupError):
            encoded = str(part.get("Content-Transfer-Encoding") or "").strip().lower() in ("quoted-printable", "base64")
            text = str(part.get_payload()).encode("ascii", "replace") if encoded else part.get_payload(decode=True)
            return max(data.find((text or b"")[:_TOLD], start), start)
    return start


def _text_parts(data: bytes, line: int, notes: Notes) -> list[Mime] | None:
    """The parts of a mail that are text, in order; None where they cannot be told apart."""
    try:
        parts = list(BytesParser().parsebytes(data).walk())
    except (MessageError, ValueError, LookupError, RecursionError) as error:
        notes.add(line, f"its parts cannot be told apart ({type(error).__name__}): read as it stands")
        return None
    readable = [part for part in parts if _is_text(part)]
    if not readable:
        notes.add(line, "no part of the mail is plain text")
    return readable


def _is_text(part: Mime) -> bool:
    """Plain text, a patch by its type, or an attachment with a patch's name, whatever type a mail program gave it."""
    kind = part.get_content_type()
    if kind in ("text/plain", "text/x-patch", "text/x-diff", "text/x-csrc", "application/x-patch"):
        return True
    name = ""
    with suppress(MessageError, ValueError, LookupError):
        name = str(part.get_filename() or "")
    return part.get_content_maintype() in ("text", "application") and bool(_PATCH_NAME.fullmatch(name[:300]))


def _decode(part: Mime, line: int, notes: Notes) -> str:
    """The text of one part, its transfer encoding and character set undone."""
    payload, charset, flowed = b"", "", False
    with suppress(MessageError, ValueError, LookupError):
        payload = part.get_payload(decode=True) or b""
    with suppress(MessageError, ValueError, LookupError):
        charset = str(part.get_content_charset() or "")
        flowed = str(part.get_param("format") or "").lower() == "flowed"
    text, clean = decoded(payload, charset)
    if "=3D" in text and is_quoted_printable(text):
        notes.add(line, "its text is quoted-printable, though no header says so: it is decoded")
        if _QUOTED.search(text):  # before it was quoted, or after: that is told line by line
            text = "\n".join(printable_lines(text.split("\n"), range(text.count("\n") + 1))[0])
        else:
            text, clean = decoded(quopri.decodestring(payload), charset)
    if not clean:
        notes.add(line, f"its text is not {charset or 'UTF-8'}: read as Windows-1252")
    text = text.replace("\r\n", "\n")
    return _unstuffed(text) if flowed else text


def is_quoted_printable(text: str, declared: bool = False) -> bool:
    """Every `=` begins an escape or ends its line, as in no C and in no prose, and some of them could be nothing else.

    `declared`: a header says so, and one of them is enough.
    """
    escapes = len(_ESCAPE.findall(text))
    return escapes == text.count("=") > 0 and (declared or bool(_TELLING.search(text)))


def printable_lines(lines: Sequence[str], numbers: Sequence[int]) -> tuple[list[str], list[int]]:
    """Quoted-printable undone with each line's number: one that went on behind a soft break has that of its first part.

    Where the quoted-printable text itself was quoted, as the head of its first hunk shows, the signs before the rest of a line go too.

    >>> printable_lines(["> @@ -1 +1 @@", "> +x =3D=", ">  1;", "> =20"], [7, 8, 9, 10])
    (['> @@ -1 +1 @@', '> +x = 1;', '>  '], [7, 8, 10])
    """
    soft = [line.rstrip(" \t").endswith("=") for line in lines]
    signs = next((signs_of(line) for line in lines if "@@ -" in line), "")
    quoted = [bool(signs.strip()) and line.startswith(signs) for line in lines]
    if not all(quoted[at + 1] for at in range(len(lines) - 1) if soft[at] and quoted[at]):
        quoted = [False] * len(lines)  # it was quoted first
    found, places, at = [], [], 0
    while at < len(lines):
        number, pieces = numbers[at], [lines[at]]
        while soft[at] and at + 1 < len(lines):
            pieces[-1] = pieces[-1].rstrip(" \t")[:-1]
            pieces.append(lines[at + 1][len(signs) if quoted[at] else 0 :])
            at += 1
        text = "".join(pieces)
        rows = decoded(quopri.decodestring(text.encode("utf-8", "replace")))[0].split("\n") if "=" in text else [text]
        found += rows
        places += [number] * len(rows)
        at += 1
    return found, places


def base64_lines(lines: Sequence[str], numbers: Sequence[int]) -> tuple[list[str], list[int]]:
    """Base64 undone with each line's number: that of the line in which it begins. What stands below the base64 is left as it is.

    >>> base64_lines(["eCA9", "IDE7CnkK", "", "--"], [7, 8, 9, 10])
    (['x = 1;', 'y', '', '', '--'], [7, 8, 8, 9, 10])
    """
    end = next((at for at, line in enumerate(lines) if not _BASE64.fullmatch(line)), len(lines))
    ends = list(accumulate(len(line.strip()) for line in lines[:end]))
    letters = "".join(line.strip() for line in lines[:end])
    data = b64decode(letters[: len(letters) - (len(letters) % 4)])
    rows = decoded(data)[0].split("\n") if end else []
    begins = accumulate((len(row) + 1 for row in data.split(b"\n")), initial=0)
    found = [numbers[min(bisect_right(ends, begin * 4 // 3), end - 1)] for begin, _ in zip(begins, rows)]
    return [*rows, *lines[end:]], [*found, *numbers[end:]]


def stuffed(context: Iterable[str]) -> bool:
    """Whether lines that each begin with a blank all got one more, as format=flowed asks for (RFC 3676)."""
    shown = [line for line in context if line.strip()]
    return bool(shown) and all(line[:2] == "  " for line in shown)


def _unstuffed(text: str) -> str:
    """Without the blank before each line that begins with one, if all of them have it: some programs say "flowed" and add none."""
    lines = text.split("\n")
    at = next((k for k, line in enumerate(lines) if line.startswith("@@ ")), len(lines))
    if not stuffed(line for line in lines[at:] if line[:1] == " "):
        return text
    return "\n".join(line[1:] if line[:1] == " " else line for line in lines)
