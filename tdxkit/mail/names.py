"""What a file is called in a diff: quotes undone, and the prefix gone that the sender's tool puts in front, whichever it is.

git writes `a/` and `b/`, other pairs where it is told so, or nothing; other tools write the names of two trees. What both names end in, by
whole components, is the file. Where a rename makes the names differ, git says both without a prefix.
"""

import re

NAME_LIMIT = 4000  # characters of a line that names files
_GIT_PREFIXES = ("a/", "b/", "i/", "w/", "c/", "o/", "1/", "2/")
_OCTAL = re.compile(r"\\([0-7]{3}|.)")
_ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
# What diff(1) and others put behind a name: a date after a tab, or after the spaces that a mailer made of it; a revision.
_AFTER_NAME = re.compile(
    r"\t.*|\s+(?:\d{4}-\d\d-\d\d \d|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[ ,]|\d{1,2} [A-Z][a-z]{2} \d{4} |\(revision ).*"
)
_BACKUP = re.compile(r"(?:~[^/]*|\.(?:orig|old|bak|org))$")
NOTHING = "/dev/null"

Names = tuple[str, str]


def unquoted(path: str) -> str:
    """A path without the quotes and escapes that git puts around unusual characters."""
    if len(path) < 2 or not path[0] == path[-1] == '"':
        return path
    raw = bytearray()
    at = 1
    inside = path[:-1]
    while at < len(inside):
        if found := _OCTAL.match(inside, at):
            code = found[1]
            octal = len(code) == 3 and code[0] in "0123"
            raw += bytes([int(code, 8)]) if octal else bytes([_ESCAPES[code]]) if code in _ESCAPES else code.encode()
            at = found.end()
        else:
            raw += inside[at].encode("utf-8", "replace")
            at += 1
    return raw.decode("utf-8", "replace")


def in_git_line(text: str) -> Names | None:
    """The two names of `diff --git ONE TWO`, prefixes and all; None where it cannot be told where the one ends.

    >>> in_git_line("old/my file.c new/my file.c")
    ('old/my file.c', 'new/my file.c')
    """
    text = text.strip()[:NAME_LIMIT]
    if found := _QUOTED.match(text):
        return unquoted(found.group()), unquoted(text[found.end() :].strip())
    if text.endswith('"') and (at := text.find(' "')) > 0:
        return text[:at], unquoted(text[at + 1 :])
    spaces = [at for at, c in enumerate(text) if c == " "][:100]
    if len(spaces) == 1:
        return text[: spaces[0]], text[spaces[0] + 1 :]
    splits = [(text[:at], text[at + 1 :]) for at in spaces]
    fitting = [split for split in splits if ending(*split)]
    return max(fitting, key=lambda split: len(ending(*split)), default=None)


def in_file_line(text: str) -> str:
    """The name in `--- NAME` or `+++ NAME`, without a date behind it."""
    text = text[:NAME_LIMIT]
    if found := _QUOTED.match(text):
        return unquoted(found.group())
    return _AFTER_NAME.sub("", text, count=1).rstrip()


def ending(one: str, two: str) -> str:
    """The components that two names end in alike; all of them where the names are the same.

    >>> ending("linux.orig/mm/x.c", "linux/mm/x.c"), ending("a.c", "b.c")
    ('mm/x.c', '')
    """
    left, right = one.split("/"), two.split("/")
    count = 0
    while count < min(len(left), len(right)) and left[-1 - count] == right[-1 - count]:
        count += 1
    return "/".join(left[len(left) - count :]) if count and left[-1] else ""


def without_prefix(before: str, after: str, known: frozenset[str] = frozenset(), git: bool = True) -> Names:
    """The names of a file before and after, their tool's prefix gone; `known` are prefixes of the same diff's other files.

    Only git is exact about its own: in other tools' diffs one of the two may be a copy kept beside the file.

    >>> without_prefix("old/src/x.c", "new/src/x.c"), without_prefix("docs/p.txt", "docs/p.txt")
    (('src/x.c', 'src/x.c'), ('docs/p.txt', 'docs/p.txt'))
    """
    if NOTHING in (before, after):
        there = _stripped(after if before == NOTHING else before, known)
        return there, there
    if not git:
        before, after = _beside(before, after)
    if before == after and not git and before.startswith(_GIT_PREFIXES):
        there = _stripped(after, known)
        return there, there
    if alike := ending(before, after):
        return alike, alike
    return _stripped(before, known), _stripped(after, known)


def _beside(before: str, after: str) -> Names:
    """The names without what marks a saved copy: `x.c.orig`, `x.c~fix`, or anything behind the whole name of the other one."""
    if after.startswith(before) and after[len(before) :][:1] in ("~", "."):
        return before, before
    saved = _BACKUP.sub("", before)
    return (saved, after) if ending(saved, after) else (before, after)


def _stripped(name: str, known: frozenset[str]) -> str:
    prefix = next((p for p in sorted(known, key=len, reverse=True) if p and name.startswith(p)), "")
    if not prefix and name.startswith(_GIT_PREFIXES) and "" not in known:
        prefix = name[:2]
    return name[len(prefix) :]
