"""What the subject of a patch mail says: version, number, total, and the words in its brackets."""

import re
from dataclasses import dataclass

from tdxkit.mail.people import plain

_REPLY = re.compile(r"(?:re|aw|sv|fwd?)(?:\[\d+\])?\s*:\s*", re.IGNORECASE)
_GROUP = re.compile(r"\[([^\[\]]*)\]\s*")
_NUMBER = re.compile(r"\(?(\d{1,4})/(\d{1,4})\)?:?")
_VERSION = re.compile(
    r"(?:(PATCH(?:ES|SET)?|RFC|RFT|PULL|RESEND|SERIES)[-_]?)?-?v(\d{1,4})(?:\.\d{1,4})?", re.IGNORECASE
)
_MARKS = {
    "PATCH": "patch", "PATCHES": "patch", "PATCHSET": "patch", "SERIES": "patch", "RFC": "rfc", "RFT": "rft",
    "RESEND": "resend", "RESENT": "resend", "REPOST": "resend", "PULL": "pull",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject taken apart.

    `tags`: what stands in the leading brackets, one string a pair; `words`: the words in them that are no mark, version or number
    (a tree such as next, kvm-unit-tests, for-9.2). `n` and `total` are None for a lone mail; `version` is 1 where none is written.
    """

    text: str
    title: str
    tags: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    version: int = 1
    n: int | None = None
    total: int | None = None
    marks: frozenset[str] = frozenset()
    reply: bool = False

    @property
    def posted(self) -> bool:
        """Whether this mail posts a patch, a cover or a pull request, and is no talk about one."""
        return not self.reply and bool(self.marks & {"patch", "rfc", "pull"} or self.n is not None)

    @property
    def pull(self) -> bool:
        """A request to pull from a repository."""
        return "pull" in self.marks

    @property
    def role(self) -> str:
        """`cover` for number 0 and for a pull request of its own, which carries no change; else `patch`."""
        return "cover" if self.n == 0 or (self.pull and self.n is None) else "patch"


def subject(header: str) -> Subject:
    """Read a subject as the header has it: folded or not, with encoded words or without.

    >>> s = subject("[RFC PATCHv2 01/12] x86/tdx: A title")
    >>> s.title, s.version, s.n, s.total, sorted(s.marks)
    ('x86/tdx: A title', 2, 1, 12, ['patch', 'rfc'])
    """
    text = plain(header)
    tags: list[str] = []
    at, reply = 0, False
    while True:  # brackets and answers' marks take turns: "[list] Re: [PATCH 1/2] title"
        if found := _GROUP.match(text, at):
            tags.append(found.group(1).strip())
        elif found := _REPLY.match(text, at):
            reply = reply or not found.group().lower().startswith("f")
        else:
            break
        at = found.end()
    return Subject(text, text[at:], tuple(tags), reply=reply, **_inside(tags))


def _inside(tags: list[str]) -> dict:
    """Version, number, total, marks and other words of the brackets' contents; the first of a kind counts."""
    version = n = total = None
    marks: set[str] = set()
    words: list[str] = []
    for tag in tags:
        pieces = re.split(r"[\s,]+", re.sub(r"\b(\d{1,4}) of (\d{1,4})\b", r"\1/\2", tag))
        for piece in filter(None, pieces):
            if (number := _NUMBER.fullmatch(piece)) and n is None and int(number[2]) > 0:
                n, total = int(number[1]), int(number[2])
            elif (found := _VERSION.fullmatch(piece)) and version is None:
                version = int(found[2])
                marks |= {_MARKS[found[1].upper()]} if found[1] else set()
            elif known := {_MARKS.get(part.upper()) for part in piece.split("/")} - {None}:
                marks |= known
            elif not (piece.upper() == "GIT" and "PULL" in tag.upper()):
                words.append(piece)
    return {
        "version": 1 if version is None else version,
        "n": n,
        "total": total,
        "marks": frozenset(marks),
        "words": tuple(words),
    }
