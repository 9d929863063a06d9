"""What the subject of a patch mail says: version, number, total, and the words in its brackets."""

import re
from dataclasses import dataclass

from tdxkit.mail.people import plain

# "Re:" as mail programs write it in English, German, Swedish, Danish, Polish, Portuguese, Turkish, Dutch, Chinese; and those who hand on.
_REPLY = re.compile(
    r"(?:(re|aw|sv|vs|odp|res|ynt|antw(?:ort)?|答复|回复|回覆)|fwd?|wg|tr|rv|转发)\s*(?:\[\d+\]|\^\d+)?\s*[:：]\s*",
    re.IGNORECASE,
)
_GROUP = re.compile(r"\[([^\[\]]*)\]\s*")
_UNBRACKETED = re.compile(r"((?:RFC )?PATCH(?:SET)?(?: +v\d{1,4})?(?: +\d{1,4}/\d{1,4})?) ?: ", re.IGNORECASE)
_AFTER_TAGS = re.compile(r"(?::|[-–—](?=\s))+\s*")
_NUMBER = re.compile(r"\(?(\d{1,4})/(\d{1,4})\)?:?")
_VERSION = re.compile(
    r"(?:(PATCH(?:ES|SET)?|RFC|RFT|PULL|RESEND|SERIES)[-_]?)?[-(]?v(?:er)?\.?(\d{1,4})(?:\.(\d{1,4}))?\)?",
    re.IGNORECASE,
)
_FOR_TREE = re.compile(r"(?:(RFC|RESEND)-)?PATCH-(\S+)", re.IGNORECASE)
_OF_GIT = re.compile(
    r"git(?:[ -](?:pull|patch(?:es)?)\b.*)?", re.IGNORECASE
)  # a maintainer's request to pull, older forms too
_KERNEL = re.compile(r"v\d\.\d{1,2}(?:\.\w+)?(?:-rc\d+)?", re.IGNORECASE)
_MARKS = {
    "PATCH": "patch", "PATCHES": "patch", "PATCHSET": "patch", "SERIES": "patch", "RFC": "rfc", "RFT": "rft",
    "RESEND": "resend", "RESENT": "resend", "REPOST": "resend", "PULL": "pull",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject taken apart.

    `tags`: what stands in the leading brackets, one string a pair; `words`: the words in them that are no mark, version or number
    (a tree such as next, kvm-unit-tests, for-9.2). `n` and `total` are None for a lone mail; `version` is 1 where none is written, and
    `minor` what stands behind its dot: v2.1 is a patch of version 2 in place of an earlier one.
    """

    text: str
    title: str
    tags: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    version: int = 1
    minor: int = 0
    n: int | None = None
    total: int | None = None
    marks: frozenset[str] = frozenset()
    reply: bool = False
    forward: bool = False  # handed on: "Fwd:"

    @property
    def label(self) -> str:
        """The version in words: v2, v2.1."""
        return f"v{self.version}.{self.minor}" if self.minor else f"v{self.version}"

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
    at, reply, forward = 0, False, False
    while True:  # brackets and answers' marks take turns: "[list] Re: [PATCH 1/2] title"
        if found := _GROUP.match(text, at):
            tags.append(found.group(1).strip())
        elif found := _REPLY.match(text, at):
            reply, forward = reply or bool(found.group(1)), forward or not found.group(1)
        else:
            break
        at = found.end()
    if not tags and (found := _UNBRACKETED.match(text, at)):
        tags, at = [found.group(1)], found.end()
    if tags and (found := _AFTER_TAGS.match(text, at)):  # "[PATCH 1/2]: title", "[PATCH] - title"
        at = found.end()
    return Subject(text, text[at:], tuple(tags), reply=reply, forward=forward, **_inside(tags))


def _inside(tags: list[str]) -> dict:
    """Version, number, total, marks and other words of the brackets' contents; the first of a kind counts."""
    version = n = total = None
    minor = 0
    marks: set[str] = set()
    words: list[str] = []
    for tag in tags:
        pieces = re.split(r"[\s,]+", re.sub(r"\b(\d{1,4}) of (\d{1,4})\b", r"\1/\2", tag))
        for piece in filter(None, pieces):
            if (number := _NUMBER.fullmatch(piece)) and n is None and int(number[2]) > 0:
                n, total = int(number[1]), int(number[2])
            elif _KERNEL.fullmatch(piece) and re.search("pull", tag, re.IGNORECASE):
                words.append(piece)  # the release that a pull request is for
            elif (found := _VERSION.fullmatch(piece)) and version is None:
                version, minor = int(found[2]), int(found[3] or 0)
                marks |= {_MARKS[found[1].upper()]} if found[1] else set()
            elif found := _FOR_TREE.fullmatch(piece):
                marks |= {"patch"} | ({_MARKS[found[1].upper()]} if found[1] else set())
                words.append(found[2])
            elif known := {_MARKS.get(part.upper()) for part in piece.split("/")} - {None}:
                marks |= known
            elif piece.upper() == "GIT" and _OF_GIT.fullmatch(tag):
                marks.add("pull")
            else:
                words.append(piece)
    return {
        "version": 1 if version is None else version,
        "minor": minor,
        "n": n,
        "total": total,
        "marks": frozenset(marks),
        "words": tuple(words),
    }
