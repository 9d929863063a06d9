"""One version of a series: what is at hand of it, what is missing, who touched what. `grouping` makes them out of posts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tdxkit.mail.people import Person
from tdxkit.mail.post import Post

_TAG = re.compile(r"(?:\[[^\[\]]*\]\s*)+")


@dataclass(frozen=True, slots=True)
class Series:
    """One version of a series. `total` is None for a pull request, whose patches are not mailed; a lone patch has total 1.

    `minor` is what stands behind the dot of a version such as v2.1; `replaced` holds the patches that such a mail took the place of.
    """

    sender: Person
    version: int
    total: int | None
    cover: Post | None
    patches: Mapping[int, Post] = field(default_factory=dict)
    minor: int = 0
    replaced: tuple[Post, ...] = ()

    @property
    def label(self) -> str:
        """The version in words: v2, v2.1."""
        return f"v{self.version}.{self.minor}" if self.minor else f"v{self.version}"

    @property
    def known(self) -> bool:
        """Whether there is a title for each of its patches."""
        return self.total is not None and len([n for n in self.titles if n <= self.total]) == self.total

    @property
    def title(self) -> str:
        """The cover's title; without a cover, that of the first patch at hand."""
        first = self.cover or self.patches[min(self.patches)]
        return first.subject.title

    @property
    def present(self) -> tuple[int, ...]:
        """Numbers of the patches at hand."""
        return tuple(sorted(self.patches))

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers up to the total without a mail."""
        return tuple(n for n in range(1, (self.total or 0) + 1) if n not in self.patches)

    @property
    def titles(self) -> dict[int, str]:
        """Titles by number: of the patches at hand, and of missing ones where the cover's shortlog leaves no doubt.

        A shortlog keeps the order of the series within each author: what is left of it fits the gaps if one author wrote it all.
        """
        known = {n: post.subject.title for n, post in self.patches.items()}
        here = {bare(title) for title in known.values()}
        left = [
            [t for t in log.titles if bare(t) not in here]
            for log in (self.cover.message.shortlog if self.cover else ())
        ]
        left = [titles for titles in left if titles]
        if len(left) == 1 and len(left[0]) == len(self.missing):
            known.update(zip(self.missing, left[0]))
        return dict(sorted(known.items()))

    @property
    def touched(self) -> dict[str, tuple[int, ...]]:
        """Each file, and the numbers of the patches that touch it."""
        found: dict[str, list[int]] = {}
        for n in self.present:
            for path in {file.path for file in self.patches[n].files}:
                found.setdefault(path, []).append(n)
        return {path: tuple(numbers) for path, numbers in sorted(found.items())}

    @property
    def authors(self) -> dict[Person, tuple[int, ...]]:
        """Who wrote which of the patches at hand."""
        found: dict[Person, list[int]] = {}
        for n in self.present:
            found.setdefault(self.patches[n].author, []).append(n)
        return {who: tuple(numbers) for who, numbers in found.items()}

    def gaps(self) -> tuple[str, ...]:
        """What of this series is not at hand, as sentences; empty when it is whole."""
        said = [f"patch {one.subject.n}: {self._stead(one)}" for one in self.replaced]
        if self.cover is None and (self.total or 0) > 1:
            said.append("no cover")
        if self.total and len([n for n in self.patches if n <= self.total]) < self.total:
            said.append(f"missing of {self.total}: {gaps(self.present, self.total)}")
        for post in filter(None, (self.cover, *self.patches.values())):
            name = "cover" if post is self.cover else f"patch {post.subject.n or 1}"
            said += [f"{name}: {what}" for what in post.missing()]
        return tuple(said)

    def _stead(self, old: Post) -> str:
        new = self.patches[old.subject.n or 1].subject
        return f"{new.label} takes the place of {old.subject.label}"

    def as_json(self) -> dict:
        """An item of `series --json`; `patches` are those at hand."""
        return {
            "title": self.title,
            "version": self.version,
            "label": self.label,
            "total": self.total,
            "present": list(self.present),
            "missing": list(self.missing),
            "patches": [_patch(n, self.patches[n]) for n in self.present],
        }


def _patch(n: int, post: Post) -> dict:
    """A patch of a series as data."""
    stat = post.diff.stat if post.diff else post.stat
    return {
        "n": n,
        "title": post.subject.title,
        "author": post.author.as_json(),
        "files": [f.path for f in post.files],
        "insertions": stat.insertions if stat else 0,
        "deletions": stat.deletions if stat else 0,
        "message_id": post.message_id.strip("<>"),
        "link": post.link,
    }


def spans(numbers: Iterable[int]) -> str:
    """Numbers in words: runs joined.

    >>> spans([1, 2, 3, 7])
    '1–3, 7'
    """
    runs: list[list[int]] = []
    for n in sorted(numbers):
        if runs and runs[-1][1] == n - 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)


def gaps(present: Iterable[int], total: int) -> str:
    """What lies between sorted numbers, 1 to `total`, in words; no longer to find than there are numbers.

    >>> gaps([2, 5], 9)
    '1, 3–4, 6–9'
    """
    edges = [0, *(n for n in present if n <= total), total + 1]
    runs = [(a + 1, b - 1) for a, b in pairwise(edges) if b - a > 1]
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)


def bare(title: str) -> str:
    """A title for comparison: without tags in brackets, in lower case."""
    return " ".join(_TAG.sub("", title, count=1).lower().split())
