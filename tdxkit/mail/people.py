"""People as mail headers write them. Here, and nowhere else, a quoted name loses its quotes, once."""

import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header

from tdxkit.mail.lines import decoded

HEADER_LIMIT = 4096  # characters of a header that are read
_WORD = r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?\s]*\?="
_WORDS = re.compile(rf"{_WORD}(?:\s+{_WORD})*")
_AT = re.compile(r"^(<?[\w.+-]{1,64}) at ([\w-]+\.[\w.-]{1,200})")  # how list archives write an address
_ANGLED = re.compile(r"([^<>]*)<([^<>\s]+@[^<>\s]+)> *\(([^<>]*)\)")
_VIA = re.compile(r"(.+?) via .{1,80}")  # what lists and relays make of a sender whose domain they may not use
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Person:
    """A name, unquoted and decoded, and a mail address; either may be empty."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.email else self.name

    def as_json(self) -> dict[str, str]:
        """As data: `name`, `email`."""
        return {"name": self.name, "email": self.email}


def plain(header: str) -> str:
    """A header as people read it: unfolded, encoded words (RFC 2047) decoded, white space single.

    >>> plain("=?utf-8?q?Ren=C3=A9?= of\\n Somewhere")
    'René of Somewhere'
    """
    text = header[:HEADER_LIMIT]
    return " ".join((_WORDS.sub(_decode, text) if "=?" in text else text).split())


def _decode(match: re.Match) -> str:
    try:
        parts = decode_header(match.group())
    except (HeaderParseError, ValueError):
        return match.group()
    return "".join(decoded(p, (c or "").partition("*")[0])[0] if isinstance(p, bytes) else p for p, c in parts)


def person(text: str) -> Person:
    """`Name <mail>`, `"Quoted Name" <mail>`, `mail (Name)` or a bare address.

    >>> person('"One, Reviewer" <one@example.org>')
    Person(name='One, Reviewer', email='one@example.org')
    """
    text = _AT.sub(r"\1@\2", text[:HEADER_LIMIT].strip())
    if (found := _ANGLED.fullmatch(text)) and not text.endswith(">"):  # "<mail> (Name)", "Name <mail> (anything)"
        name, email = found[1] or found[3], found[2]
    elif text.endswith(">") and "<" in text:
        name, _, email = text[:-1].rpartition("<")
    elif text.endswith(")") and "(" in text:
        email, _, name = text[:-1].partition("(")
    elif "@" in text and " " not in text:
        name, email = "", text
    else:
        name, email = text, ""
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = _ESCAPED.sub(r"\1", name[1:-1])
    return Person(plain(name), "".join(email.split()))


def sender_of(sender: str, reply_to: str = "", original: str = "") -> Person:
    """Who sent a mail; behind a list that writes itself into `From:`, the one whose mail it was.

    >>> sender_of("'One' via List <list@example.org>", "One <one@example.org>")
    Person(name='One', email='one@example.org')
    """
    found = person(sender)
    if (via := _VIA.fullmatch(found.name)) and "@" in (reply_to or original):
        real = person(original or reply_to.partition(">")[0] + ">" * (">" in reply_to))
        name = via[1].strip("'\"")
        return Person(real.name or name, real.email) if real.email and "@" in real.email else Person(name, found.email)
    return found
