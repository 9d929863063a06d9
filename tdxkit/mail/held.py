"""What can be told only when all mails of a text are read: for which patch an answer stands in, which piece came twice, what is two series.

A mail that quotes a patch stands in for it where the patch itself is not there: no post with a diff has its version and its number, and
its title or the thread of the answer; without a number, its title.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from tdxkit.errors import printable
from tdxkit.mail.lines import Notes
from tdxkit.mail.post import Post

_NAMED = 5  # numbers that a note names


class Held:
    """Takes posts, gives those at once that wait for nothing, and the rest at the end."""

    def __init__(self, notes: Notes):
        self.notes = notes
        self.titles: dict[tuple, set[str]] = defaultdict(set)  # of the patches that are there, by version and number
        self.ids: dict[tuple, set[str]] = defaultdict(set)
        self.pieces: dict[tuple, Post] = {}
        self.quoting: dict[tuple, tuple[Post, Notes]] = {}
        self.empty: dict[object, Post] = {}  # patches without their diff

    def take(self, post: Post, notes: Notes) -> Post | None:
        """The post, if it need not wait; `notes`: what was said of it."""
        if post.quoted or (post.subject.forward and post.diff):
            key = _key(post)
            if key not in self.quoting or whole_hunks(post) > whole_hunks(self.quoting[key][0]):
                self.quoting[key] = post, notes
            return None
        self.notes.take(notes)
        if post.subject.role == "patch" and not post.diff:
            self.empty.setdefault(_key(post) if post.piece else id(post), post)
            return None
        self.titles[_number(post)].add(_title(post))
        if post.message_id:
            self.ids[_number(post)].add(post.message_id)
        return self._piece(post) if post.piece else post

    def _piece(self, post: Post) -> None:
        """Hold a piece, or the better one of two."""
        again = self.pieces.setdefault(_key(post), post)
        if again is post:
            return
        better = post if whole_hunks(post) > whole_hunks(again) else again
        worse = again if better is post else post
        self.pieces[_key(post)] = better
        self.notes.add(
            worse.line,
            f"{_name(post)}: it stands at line {better.line} too, and this one has no more of it: left out here",
        )

    def rest(self) -> Iterator[Post]:
        """What was held, stand-ins for what is not there among it."""
        found = [*self.pieces.values()]
        stand_ins = {key: held for key, held in self.quoting.items() if not self._is_there(held[0])}
        for post, notes in stand_ins.values():
            self.notes.take(notes)
            self.notes.add(post.line, f"{_name(post)}: {_stands_in(post)}")
            found.append(post)
        found += [post for post in self.empty.values() if not (_key(post) in stand_ins or self._is_shell(post))]
        self._tell_apart(found)
        yield from sorted(found, key=lambda post: post.line)

    def _is_shell(self, post: Post) -> bool:
        """Whether a mail without a diff hands on, or is a piece of, a patch that is there."""
        return (post.subject.forward or post.piece) and self._is_there(post)

    def _is_there(self, post: Post) -> bool:
        number = _number(post)
        return _title(post) in self.titles.get(number, ()) or not self.ids.get(number, set()).isdisjoint(
            post.references
        )

    def _tell_apart(self, posts: Iterable[Post]) -> None:
        """Say so where pieces of two series have one version and one total, and nothing tells which is whose."""
        series: dict[tuple, list[Post]] = defaultdict(list)
        for post in posts:
            if post.piece and post.subject.n is not None:
                series[post.subject.version, post.subject.minor, post.subject.total].append(post)
        for pieces in series.values():
            count = Counter(post.subject.n for post in pieces)
            twice = sorted(n for n, many in count.items() if n is not None and many > 1)
            if not twice or _listed(pieces) or _have_senders(pieces):
                continue
            what = pieces[0].subject
            numbers = ", ".join(map(str, twice[:_NAMED])) + ", …" * (len(twice) > _NAMED)
            self.notes.add(
                pieces[0].line,
                f"several series are {what.label} and have {what.total} patches, with the numbers {numbers} more than once: nothing in"
                " these pieces tells which belongs to which, so they are taken in the order in which they stand",
            )


def whole_hunks(post: Post) -> tuple[int, int]:
    """How many hunks of a post are whole, and how many there are."""
    hunks = [hunk for file in (post.diff.files if post.diff else ()) for hunk in file.hunks]
    return sum(hunk.whole for hunk in hunks), len(hunks)


def _listed(pieces: Iterable[Post]) -> bool:
    """Whether covers list all titles."""
    listed = {_bare(title) for post in pieces for log in post.message.shortlog for title in log.titles}
    return all(post.subject.n == 0 or _title(post) in listed for post in pieces)


def _have_senders(pieces: Iterable[Post]) -> bool:
    """Whether each has a sender, and none sent a number twice."""
    sent = [(post.sender.email or post.sender.name, post.subject.n) for post in pieces]
    return all(who for who, _ in sent) and len(set(sent)) == len(sent)


def _stands_in(post: Post) -> str:
    whole, count = whole_hunks(post)
    holes = f", of which {count - whole} {'are' if count - whole > 1 else 'is'} not whole" if count > whole else ""
    hunks = f"the {count} hunks" if count > 1 else "the one hunk"
    how = "a mail that hands it on has" if post.subject.forward and not post.quoted else "this mail quotes"
    return (
        f"the patch's own mail is not here, in its place {'stand' if count > 1 else 'stands'} {hunks} that {how}{holes}"
    )


def _number(post: Post) -> tuple:
    what = post.subject
    return what.version, what.minor, what.n, what.total


def _key(post: Post) -> tuple:
    return *_number(post), _title(post)


def _title(post: Post) -> str:
    return _bare(post.subject.title)


def _bare(title: str) -> str:
    return " ".join(title.split()).casefold()


def _name(post: Post) -> str:
    return printable(post.subject.text, 100) or "(no subject)"
