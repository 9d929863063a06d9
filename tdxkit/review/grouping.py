"""Series out of posts: which cover and which patches belong together.

Mails are linked by their thread where they name one, else by sender, version and total, with the shortlog of a cover to tell two such
series apart. Their order in the file means nothing: covers come before and after their patches. Only where mails have neither a thread nor
an identity, as `git format-patch --stdout` writes them, each with its author as the sender, the order of the file says what belongs together.
What was cut out of a text of pieces, and an answer that stands in for a patch, goes with whatever has its version and total and lacks its
number, that of the same sender first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tdxkit.mail.post import Post
from tdxkit.review.series import Series, bare


def series_of(posts: Iterable[Post]) -> tuple[Series, ...]:
    """Sort posts into series, in the order of their first mail. A mail that comes twice (same Message-ID) counts once."""
    once: dict[object, Post] = {}
    for post in posts:
        key = post.message_id or id(post)
        once[key] = max(post, once.get(key, post), key=_changes)  # a copy may be cut
    groups = _Groups(_runs(once.values()))
    order = {id(post): k for k, post in enumerate(once.values())}
    for post in sorted(
        once.values(), key=lambda p: (_loose(p), p.subject.n or 0, p.subject.minor)
    ):  # stable: covers first, so that patches find them
        groups.place(post)
    ready = sorted(groups.joined(), key=lambda g: min(order[id(p)] for p in g.members()))
    return tuple(group.series() for group in ready)


def _changes(post: Post) -> int:
    """How many changed lines a post brings."""
    return sum(file.changes for file in post.diff.stat.files) if post.diff else -1


def chained(series: Iterable[Series]) -> tuple[Series, ...]:
    """The same, patches without numbers put together where one was made on the file that the one before it left, as git's index lines say."""
    found: list[Series] = []
    left: dict[
        tuple[str, str], int
    ] = {}  # a path, and what git calls the file after the last patch: which series left it so
    for one in series:
        post = next(iter(one.patches.values()), None)
        files = post.diff.files if post and post.diff and one.total == 1 and post.subject.n is None else ()
        blobs = {(file.path, file.blobs[1]) for file in files if file.blobs[1]}
        on = {left[key] for file in files if (key := (file.before or file.path, file.blobs[0])) in left}
        if len(on) == 1:
            at = on.pop()
            patches = dict(enumerate([*found[at].patches.values(), post], 1))
            found[at] = replace(found[at], total=len(patches), patches=patches)
        else:
            at = len(found)
            found.append(one)
        left |= dict.fromkeys(blobs, at)
    return tuple(found)


def _runs(posts: Iterable[Post]) -> dict[int, int]:
    """Posts without thread and identity whose numbers rise from one to the next, by several senders: post's id to its run's number."""
    found: dict[int, int] = {}
    run: list[Post] = []
    for post in [*posts, None]:
        if post and run and _follows(run[-1], post):
            run.append(post)
            continue
        if len({one.sender for one in run}) > 1:
            found.update(dict.fromkeys(map(id, run), len(found) + 1))
        run = [post] if post and _anonymous(post) else []
    return found


def _anonymous(post: Post) -> bool:
    return (
        post.subject.n is not None
        and not post.message_id
        and not post.references
        and not _loose(post)
        and bool(post.diff or not post.subject.n)
    )


def _loose(post: Post) -> bool:
    """Whether neither its thread nor its sender need be those of its series."""
    return post.piece or post.quoted


def _follows(last: Post, post: Post) -> bool:
    one, two = last.subject, post.subject
    same = (one.version, one.minor, one.total) == (two.version, two.minor, two.total)
    return same and _anonymous(post) and one.n < two.n  # both have a number


@dataclass(slots=True)
class _Group:
    first: Post
    root: str = ""
    cover: Post | None = None
    patches: dict[int, Post] = field(default_factory=dict)
    replaced: list[Post] = field(default_factory=list)

    def members(self) -> list[Post]:
        return [*([self.cover] if self.cover else []), *self.patches.values(), *self.replaced]

    def taken(self, n: int) -> bool:
        return self.cover is not None if n == 0 else n in self.patches

    def series(self) -> Series:
        what = self.first.subject
        total = what.total if what.n is not None else None if what.pull else 1
        sender = (self.cover or self.first).sender
        patches = dict(sorted(self.patches.items()))
        return Series(sender, what.version, total, self.cover, patches, what.minor, tuple(self.replaced))

    def takes(self, other: "_Group") -> bool:
        """Whether the other's patches take the place of some of this one's: by their version, v2.1 for v2, or as answers to them."""
        if other.cover or not other.patches or not other.patches.keys() <= self.patches.keys():
            return False
        newer = other.first.subject.minor > self.first.subject.minor
        return all(newer or self._again(n, post) for n, post in other.patches.items())

    def _again(self, n: int, post: Post) -> bool:
        """Is a post the patch of this number once more, sent as an answer to it? Another title is another proposal."""
        there = self.patches[n]
        return there.message_id in post.references and bare(there.subject.title) == bare(post.subject.title)

    @property
    def lost(self) -> bool:
        """Has none of its mails a thread or an identity left?"""
        return not any(post.message_id or post.references for post in self.members())

    def fits(self, other: "_Group") -> bool:
        """Has another group none of the numbers of this one, nor a second cover?"""
        return not (self.patches.keys() & other.patches.keys() or (self.cover and other.cover))

    def join(self, other: "_Group") -> None:
        """Put the other's patches beside this one's."""
        self.cover = self.cover or other.cover
        self.patches.update(other.patches)
        self.replaced += other.replaced

    def take(self, other: "_Group") -> None:
        """Put the other's patches in the place of this one's."""
        self.replaced += [self.patches[n] for n in other.patches]
        self.patches.update(other.patches)


class _Groups:
    """Groups found by thread, by a shortlog's titles, or by being the next with this number: each a look-up, so sorting is linear."""

    def __init__(self, runs: dict[int, int]):
        self.all: list[_Group] = []
        self.runs = runs
        self.threads: dict[tuple, _Group] = {}
        self.titles: dict[tuple, _Group] = {}
        self.queues: dict[tuple, list[_Group]] = {}
        self.roots: dict[str, str] = {}  # message id: root of its thread

    def place(self, post: Post) -> None:
        what = post.subject
        if what.n is None:
            group = self._new(post)
            if what.pull:
                group.cover = post
            else:
                group.patches[1] = post
            return
        if _loose(post) and not post.references:
            group = self._unthreaded(post, alone=False)
            group.root = group.root or "pieces"
            self._put(group, post)
            return
        root = f"run {self.runs[id(post)]}" if id(post) in self.runs else self._root(post)
        thread = (root, what.version, what.minor, what.total)
        group = self.threads.get(thread) if root else None
        if group and what.n and self._is_talk(group, post):
            return
        if group is None or group.taken(what.n):
            group = self._unthreaded(post, alone=group is None and bool(post.references) and not post.quoted)
        if root:
            group.root = group.root or root
            self.threads.setdefault(thread, group)
        self._put(group, post)

    def joined(self) -> list[_Group]:
        """All groups, those that replace patches of another one put into it."""
        by_thread: dict[tuple, list[_Group]] = {}
        kept = []
        for group in sorted(self.all, key=lambda g: g.first.subject.minor):
            what = group.first.subject
            earlier = by_thread.setdefault((group.root, what.version, what.total), []) if group.root else []
            if into := next((other for other in earlier[:50] if other.takes(group)), None):
                into.take(group)
            else:
                earlier.append(group)
                kept.append(group)
        return self._without_thread(kept)

    @staticmethod
    def _without_thread(groups: list[_Group]) -> list[_Group]:
        """The same, with the groups whose mails lost their headers put to the one of their sender, version and total that has other numbers."""
        found: list[_Group] = []
        alike: dict[tuple, list[_Group]] = {}
        for group in groups:
            what = group.first.subject
            others = alike.setdefault((group.first.sender.email, what.version, what.minor, what.total), [])
            fit = (
                [one for one in others if (one.lost or group.lost) and one.fits(group)] if (what.total or 0) > 1 else []
            )
            if len(fit) == 1:
                fit[0].join(group)
            else:
                others.append(group)
                found.append(group)
        return found

    @staticmethod
    def _is_talk(group: _Group, post: Post) -> bool:
        """An answer whose subject lacks "Re:": it brings no diff and names the patch of its number."""
        there = group.patches.get(post.subject.n)
        return bool(there and there.diff and not post.diff and there.message_id in post.references)

    def _root(self, post: Post) -> str:
        """The thread's first mail, as far as it can be followed; a mail that names none begins one."""
        known = next((self.roots[r] for r in reversed(post.references) if r in self.roots), "")
        root = known or (post.references[0] if post.references else post.message_id)
        if post.message_id:
            self.roots[post.message_id] = root
        return root

    def _unthreaded(self, post: Post, alone: bool) -> _Group:
        what = post.subject
        key = (what.version, what.minor, what.total)
        for who in (post.sender.email, ""):  # the cover may be somebody else's
            listed = self.titles.get((who, *key, bare(what.title)))
            if listed and not listed.taken(what.n):
                return listed
        who = (post.sender.email or post.sender.name) if _loose(post) else post.sender.email
        queue, anyone = self.queues.setdefault((who, *key), []), self.queues.setdefault((None, *key), [])
        near = [] if alone else queue[-50:] + (anyone[-50:] if _loose(post) else [])
        free = next((g for g in near if not g.taken(what.n)), None)
        if free is None:
            free = self._new(post)
            anyone.append(free)
        if all(free is not known for known in queue[-50:]):
            queue.append(free)
        return free

    def _new(self, post: Post) -> _Group:
        self.all.append(_Group(post))
        return self.all[-1]

    def _put(self, group: _Group, post: Post) -> None:
        what = post.subject
        if what.n:
            group.patches[what.n] = post
            return
        group.cover = post
        key = (what.version, what.minor, what.total)
        for log in post.message.shortlog:
            for title in log.titles:
                for who in (post.sender.email, ""):
                    self.titles.setdefault((who, *key, bare(title)), group)
