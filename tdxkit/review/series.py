"""Series out of posts: which cover and which patches belong together, which numbers are missing, who touched what.

Mails are linked by their thread where they name one, else by sender, version and total, with the shortlog of a cover to tell two such
series apart. Their order in the file means nothing: covers come before and after their patches.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tdxkit.mail.people import Person
from tdxkit.mail.post import Post

_TAG = re.compile(r"(?:\[[^\[\]]*\]\s*)+")


@dataclass(frozen=True, slots=True)
class Series:
    """One version of a series. `total` is None for a pull request, whose patches are not mailed; a lone patch has total 1."""

    sender: Person
    version: int
    total: int | None
    cover: Post | None
    patches: Mapping[int, Post] = field(default_factory=dict)

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
            for file in self.patches[n].files:
                found.setdefault(file.path, []).append(n)
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
        said = []
        if self.cover is None and (self.total or 0) > 1:
            said.append("no cover")
        if self.total and len([n for n in self.patches if n <= self.total]) < self.total:
            said.append(f"missing of {self.total}: {gaps(self.present, self.total)}")
        for post in filter(None, (self.cover, *self.patches.values())):
            name = "cover" if post is self.cover else f"patch {post.subject.n or 1}"
            said += [f"{name}: {what}" for what in post.missing()]
        return tuple(said)

    def as_json(self) -> dict:
        """An item of `series --json`; `patches` are those at hand."""
        return {
            "title": self.title,
            "version": self.version,
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


def series_of(posts: Iterable[Post]) -> tuple[Series, ...]:
    """Sort posts into series, in the order of their first mail. A mail that comes twice (same Message-ID) counts once."""
    groups = _Groups()
    once: dict[object, Post] = {post.message_id or id(post): post for post in posts}
    order = {id(post): k for k, post in enumerate(once.values())}
    for post in sorted(
        once.values(), key=lambda p: p.subject.n or 0
    ):  # stable: covers first, so that patches find them
        groups.place(post)
    ready = sorted(groups.all, key=lambda g: min(order[id(p)] for p in g.members()))
    return tuple(group.series() for group in ready)


@dataclass(slots=True)
class _Group:
    key: tuple
    cover: Post | None = None
    patches: dict[int, Post] = field(default_factory=dict)

    def members(self) -> list[Post]:
        return [*([self.cover] if self.cover else []), *self.patches.values()]

    def series(self) -> Series:
        sender, version, total = self.key
        return Series(sender, version, total, self.cover, dict(sorted(self.patches.items())))


class _Groups:
    """Groups found by thread, by a shortlog's titles, or by being the next with this number: each a look-up, so sorting is linear."""

    def __init__(self):
        self.all: list[_Group] = []
        self.threads: dict[tuple, _Group] = {}
        self.titles: dict[tuple, _Group] = {}
        self.queues: dict[tuple, list[_Group]] = {}
        self.roots: dict[str, str] = {}  # message id: root of its thread

    def place(self, post: Post) -> None:
        what = post.subject
        if what.n is None:
            group = self._new((post.sender, what.version, None if what.pull else 1))
            if what.pull:
                group.cover = post
            else:
                group.patches[1] = post
            return
        root = self._root(post)
        thread = (root, what.version, what.total)
        group = self.threads.get(thread) if root else None
        if group is None or self._taken(group, what.n):
            group = self._unthreaded(post, alone=group is None and bool(post.references))
        if root:
            self.threads.setdefault(thread, group)
        self._put(group, post)

    def _root(self, post: Post) -> str:
        """The thread's first mail, as far as it can be followed; a mail that names none begins one."""
        known = next((self.roots[r] for r in reversed(post.references) if r in self.roots), "")
        root = known or (post.references[0] if post.references else post.message_id)
        if post.message_id:
            self.roots[post.message_id] = root
        return root

    def _unthreaded(self, post: Post, alone: bool) -> _Group:
        what = post.subject
        key = (post.sender.email, what.version, what.total)
        listed = self.titles.get((key, bare(what.title)))
        if listed and not self._taken(listed, what.n):
            return listed
        queue = self.queues.setdefault(key, [])
        free = next((g for g in queue[-50:] if not self._taken(g, what.n)), None) if not alone else None
        if free is None:
            free = self._new((post.sender, what.version, what.total))
            queue.append(free)
        return free

    @staticmethod
    def _taken(group: _Group, n: int) -> bool:
        return group.cover is not None if n == 0 else n in group.patches

    def _new(self, key: tuple) -> _Group:
        self.all.append(_Group(key))
        return self.all[-1]

    def _put(self, group: _Group, post: Post) -> None:
        what = post.subject
        if what.n:
            group.patches[what.n] = post
            return
        group.cover = post
        key = (post.sender.email, what.version, what.total)
        for log in post.message.shortlog:
            for title in log.titles:
                self.titles.setdefault((key, bare(title)), group)
