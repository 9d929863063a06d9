"""A text read as a mail that answers a patch: its subject, what it cites, what it says of its own, the schedule codes in it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.explore.schedule import HEAD, PART
from tdxkit.mail.subject import Subject, subject

MOST = 100_000  # characters of a mail
# no changed line, though it begins as one: a file's name, what parts a mail, the signature's mark
AROUND = re.compile(r"(?:---|\+\+\+) (?:[ab]/|/dev/null).*|---?\s*")
QUOTED = re.compile(r"[ \t]{0,3}>[ \t]?(.*)")
SUBJECT = re.compile(r"(?im)^subject:[ \t]*(.{1,400}(?:\n[ \t]+.{1,400}){0,3})")
WROTE = re.compile(r"On .{1,120} wrote:\s*")
CODE = re.compile(r"(?<![^\s`'\"(])" + HEAD.pattern.replace("(", "(?:") + r"(?=\s)")


class Reply(NamedTuple):
    """A mail that answers. cited, own: its lines with their numbers, those that are quoted without the mark."""

    about: Subject | None
    cited: tuple[tuple[int, str], ...]
    own: tuple[tuple[int, str], ...]

    @property
    def words(self) -> str:
        """What its author wrote, on one line."""
        return " ".join(" ".join(line for _, line in self.own).split())

    @property
    def changed(self) -> tuple[tuple[int, str], ...]:
        """The changed lines of a patch among those that it cites."""
        return tuple(
            (number, line)
            for number, line in self.cited
            if line[:1] in ("+", "-") and line[1:].strip() and not AROUND.fullmatch(line)
        )


def reply(answer: object) -> Reply:
    """A text as a mail that answers. InputError for what is no text, or too long."""
    if not isinstance(answer, str):
        raise InputError(f"answer {printable(answer, 40)}", "a mail is asked for", "give it as a text")
    if len(answer) > MOST:
        raise InputError("the mail", f"it has more than {MOST:,} characters", "cite less")
    answer = answer.replace("\r\n", "\n").replace("\r", "\n")
    head, _, body = answer.lstrip("\n").partition("\n\n")
    found = SUBJECT.search(head)
    skipped = answer.count("\n") - body.count("\n") if found else 0
    cited, own = [], []
    for number, line in enumerate((body if found else answer).splitlines(), 1 + skipped):
        if quoted := QUOTED.fullmatch(line):
            cited.append((number, quoted[1]))
        elif not WROTE.fullmatch(line):
            own.append((number, line))
    return Reply(subject(" ".join(found[1].split())) if found else None, tuple(cited), tuple(own))


def codes(text: str) -> Iterator[str]:
    """The schedule codes in a text: a head, and the parts behind it, over ends of lines too."""
    for head in CODE.finditer(text):
        parts = [head[0]]
        for word in text[head.end() :].split():
            word = word.rstrip(".,;:)`'\"")
            if not (PART.fullmatch(word) or re.fullmatch(r"[+@%]\w{1,20}", word)):
                if word != "\\":
                    break
                continue
            parts.append(word)
        yield " ".join(parts)
