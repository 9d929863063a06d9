"""The text of a patch mail taken apart: shortlog, changelog, trailers, diffstats, links. The prose itself is not kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tdxkit.mail.diffstat import Diffstat, diffstats
from tdxkit.mail.people import plain

LINKS_KEPT = 100
ITEM_LIMIT = 4000  # characters of a title, a change or a trailer over several lines
_SHORTLOG = re.compile(r"(\S.{0,120}?) \((\d{1,5})\):")
_TRAILER = re.compile(r"([A-Z][A-Za-z0-9-]{1,40}): +(\S.*)")
_AFTER_BY = re.compile(r"\[.*\]|\(cherry picked from .*\)|\s+\S.*")  # what may stand among trailers
_BULLET = re.compile(r"(\s*)(?:[-*+•]|o|\d{1,2}[.)]) +(\S.*)")
# "v2:", "v1 -> v2", "Changes in v3:", "Changes since v2", "Changes from v1 to v2:", "v3 changes:"
_CHANGES = re.compile(
    r"[-*=# ]{0,4}(?:change(?:s|log)\b\s*)?(in|since|from|between)?\s*v(\d{1,4})"
    r"(?:\s*(?:-+>|=+>|→|to|and|\.\.+)\s*v(\d{1,4}))?(?:\s+changes)?\s*[:=-]{0,4}\s*",
    re.IGNORECASE,
)
_LINK = re.compile(r"\b(?:https?|git)://[^\s<>\"'`]{3,500}")
_PREVIOUS = re.compile(r"[-*\[ ]{0,4}(?:link to )?v(\d{1,4})\]?:? +(https?://\S{3,500})", re.IGNORECASE)
_BRANCH = re.compile(r"\s*((?:git|https?)://\S{3,500}) (?:(?:branch|tag):? )?([\w./-]{1,200})\s*")
_SUMMARY = re.compile(
    r" (?:create|delete|mode|rename|copy|rewrite) |base-commit:|prerequisite-|change-id:|={10}|-{3}$", re.IGNORECASE
)
_BASE = re.compile(r"(?:based on(?: tag)?|base-commit|base):\s+(\S{1,100})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shortlog:
    """One author's block in a cover: the number in brackets and the titles that follow."""

    author: str
    count: int
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changelog:
    """What changed up to version `to`, and since which one, where the mail says (None: it does not)."""

    to: int | None
    since: int | None
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trailer:
    """`Signed-off-by: Name <mail>` and its kin."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Message:
    """What a reader takes out of the text of a mail, before its diff."""

    shortlog: tuple[Shortlog, ...] = ()
    changelog: tuple[Changelog, ...] = ()
    trailers: tuple[Trailer, ...] = ()
    stat: Diffstat | None = None  # the last one where there are several: a cover may quote others
    links: tuple[str, ...] = ()
    branches: tuple[tuple[str, str], ...] = ()  # repository, branch or tag
    previous: tuple[tuple[int, str], ...] = ()  # earlier version, where it was posted
    base: str = ""
    own_stat: bool = False  # `stat` stands where a tool puts it: below the `---` line, or right above the diff


def message(lines: Sequence[str]) -> Message:
    """Read the lines of a mail's text, without its diff; any text is accepted."""
    shortlog, taken = _shortlogs(lines)
    stats = list(diffstats(lines))
    for first, last, _ in stats:
        taken.update(range(first, last + 1))
    rest = [(i, line.rstrip()) for i, line in enumerate(lines) if i not in taken]
    links, branches, previous, base = _references(line for _, line in rest)
    return Message(
        shortlog,
        _changelogs(rest),
        _trailers([line for _, line in rest]),
        stats[-1][2] if stats else None,
        links,
        branches,
        previous,
        base,
        own_stat=bool(stats) and _is_own(lines, stats[-1][0], stats[-1][1]),
    )


def _is_own(lines: Sequence[str], first: int, last: int) -> bool:
    """Whether a diffstat is that of the mail's own diff, and not one that the text quotes."""
    return "---" in (line.rstrip() for line in lines[:first]) or not any(
        line.strip() and not _SUMMARY.match(line) for line in lines[last + 1 :]
    )


def _joined(text: str, more: str) -> str:
    """A line and its continuation; what has grown past its limit stays as it is, so that a long paragraph costs no square."""
    return text if len(text) > ITEM_LIMIT else f"{text} {more.strip()}"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _shortlogs(lines: Sequence[str]) -> tuple[tuple[Shortlog, ...], set[int]]:
    """Blocks of titles under `Name (count):`; a block counts when it has that many, or is indented as git does it."""
    found, taken = [], set()
    at = 0
    while at < len(lines):
        line = lines[at].rstrip()
        head = _SHORTLOG.fullmatch(line) if line.endswith("):") else None
        at += 1
        if not head or at == len(lines):
            continue
        margin, titles, start = _indent(lines[at]), [], at
        while at < len(lines) and lines[at].strip() and (depth := _indent(lines[at])) >= max(margin, 2):
            title = " ".join(lines[at].split())
            if depth == margin:
                titles.append(title)
            else:  # wrapped by git shortlog -w
                titles[-1] = _joined(titles[-1], title)
            at += 1
        if titles and (len(titles) == int(head[2]) or margin in (2, 6)):
            found.append(Shortlog(plain(head[1]), int(head[2]), tuple(titles)))
            taken.update(range(start - 1, at))
    return tuple(found), taken


def _changelogs(lines: list[tuple[int, str]]) -> tuple[Changelog, ...]:
    found = []
    at = 0
    while at < len(lines):
        line = lines[at][1]
        head = _CHANGES.fullmatch(line) if 2 <= len(line) < 100 else None
        at += 1
        if head:
            items, at = _items(lines, at)
            word, first, second = (head[1] or "").lower(), int(head[2]), head[3] and int(head[3])
            if second is not None:
                span = (second, first) if second > first else (first, second)
            else:
                span = (None, first) if word in ("since", "from") else (first, None)
            found += [Changelog(*span, items)] if items else []
    return tuple(found)


def _items(lines: list[tuple[int, str]], at: int) -> tuple[tuple[str, ...], int]:
    """The bullets, or the one paragraph, under a changelog's heading; ends where another block begins."""
    items: list[str] = []
    margin, bulleted = -1, False
    while at < len(lines):
        number, line = lines[at]
        jump = at > 0 and number != lines[at - 1][0] + 1  # a shortlog or diffstat stood here
        if (jump and items) or _CHANGES.fullmatch(line[:100]) or line == "---":
            break
        bullet = _BULLET.fullmatch(line)
        if not line:
            following = lines[at + 1][1] if at + 1 < len(lines) else ""
            if items and not (bulleted and _BULLET.fullmatch(following)):
                break
        elif bullet and (margin < 0 or len(bullet[1]) <= margin or not items):
            margin, bulleted = len(bullet[1]), True
            items.append(bullet[2])
        elif items:
            if bulleted and _indent(line) <= margin:
                break
            items[-1] = _joined(items[-1], line)
        else:
            items.append(line.strip())
        at += 1
    return tuple(items), at


def _trailers(lines: list[str]) -> tuple[Trailer, ...]:
    """The last paragraph before the `---` line, or before the end, when it is made of trailers."""
    end = lines.index("---") if "---" in lines else len(lines)
    while end and not lines[end - 1]:
        end -= 1
    start = end
    while start and lines[start - 1]:
        start -= 1
    found: list[Trailer] = []
    for line in lines[start:end]:
        if match := _TRAILER.fullmatch(line):
            found.append(Trailer(match[1], match[2]))
        elif found and line[:1] == " ":
            found[-1] = Trailer(found[-1].key, _joined(found[-1].value, line))
        elif not _AFTER_BY.fullmatch(line):
            found = []  # prose: trailers may still follow it in the same paragraph
    return tuple(found)


def _references(lines):
    links: dict[str, None] = {}
    branches: dict[tuple[str, str], None] = {}
    previous: dict[int, str] = {}
    base = ""
    for line in lines:
        if "://" in line:
            line = line[:4000]
            if found := _PREVIOUS.match(line):
                previous.setdefault(int(found[1]), found[2])
            if found := _BRANCH.fullmatch(line):
                branches.setdefault((found[1], found[2]))
            for link in _LINK.findall(line):
                if len(links) < LINKS_KEPT:
                    links.setdefault(link.rstrip(".,;:)>]"))
        elif not base and line[:4].lower() == "base" and (found := _BASE.fullmatch(line[:200])):
            base = found[1]
    return tuple(links), tuple(branches), tuple(previous.items()), base
