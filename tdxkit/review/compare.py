"""Two versions of a series side by side: patches added, dropped, retitled, moved, and which files changed in those that stayed.

A patch is dropped or added only where the other version is known to its last title, by mails or by its cover; else nobody can say so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from tdxkit.mail.post import Post
from tdxkit.review.series import Series, bare

PAIRS_TRIED = 20_000  # of unlike titles; above that retitled patches are not looked for
_ALIKE = 0.55  # how alike two patches must be to be one that was retitled


@dataclass(frozen=True, slots=True)
class Pair:
    """A patch in the old version (number and title), in the new one, or in both; None where it is not.

    `files` names what differs between the two diffs; None where they are not both at hand. `sure`: the other version is known whole.
    """

    old: tuple[int, str] | None
    new: tuple[int, str] | None
    files: tuple[str, ...] | None = None
    sure: bool = True

    @property
    def verdict(self) -> str:
        """`added`, `dropped`, `retitled`, `changed`, `same`; `kept` where only the titles can be compared; `alone` where the other version
        is not known whole: it may have this patch too.
        """
        if self.old is None or self.new is None:
            return "alone" if not self.sure else "added" if self.old is None else "dropped"
        if self.old[1] != self.new[1]:
            return "retitled"
        return "kept" if self.files is None else "changed" if self.files else "same"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions; `pairs` in the order of the new one, dropped patches at the place they had."""

    old: Series
    new: Series
    pairs: tuple[Pair, ...]
    files_added: tuple[str, ...]
    files_dropped: tuple[str, ...]

    def verdict(self, word: str) -> tuple[Pair, ...]:
        """The pairs with this verdict."""
        return tuple(pair for pair in self.pairs if pair.verdict == word)

    def __str__(self) -> str:
        rows = [f"{self.old.label} → {self.new.label}  {self.new.title}"]
        for pair in self.pairs:
            numbers = [f"{side[0]:>4}" if side else "   –" for side in (pair.old, pair.new)]
            title = pair.new[1] if pair.new else pair.old[1]
            was = f"  (was: {pair.old[1]})" if pair.verdict == "retitled" else ""
            files = f"  [{', '.join(pair.files)}]" if pair.files else ""
            rows.append(f"{numbers[0]} →{numbers[1]}  {pair.verdict:8}  {title}{was}{files}")
        for word, paths in (("new files", self.files_added), ("files no longer touched", self.files_dropped)):
            rows += [f"{word}: {', '.join(paths)}"] if paths else []
        for side in (self.old, self.new):
            if any(p.verdict == "alone" and (p.old if side is self.new else p.new) for p in self.pairs):
                rows.append(
                    f"{side.label} is not known whole ({len(side.titles)} of {side.total}): what stands alone may be in it too"
                )
        return "\n".join(rows)


def compare(old: Series, new: Series) -> Comparison:
    """Match the patches of two versions by title, then by likeness of title and files."""
    links = _same_titles(old.titles, new.titles)
    links |= _retitled(old, new, links)
    pairs = [_pair(old, new, links.get(n), n) for n in new.titles]
    dropped = [n for n in old.titles if n not in links.values()]
    for n in reversed(dropped):
        at = next((k for k, p in enumerate(pairs) if p.old and p.old[0] > n), len(pairs))
        pairs.insert(at, _pair(old, new, n, None))
    before, after = _paths(old), _paths(new)
    fresh = () if before is None else _known(after, new) - before
    gone = () if after is None else _known(before, old) - after
    return Comparison(old, new, tuple(pairs), tuple(sorted(fresh)), tuple(sorted(gone)))


def _paths(series: Series) -> set[str] | None:
    """All files that a version touches; None where they are not all known."""
    whole = not series.missing and all(post.files for post in series.patches.values())
    if whole and series.patches:
        return set(series.touched)
    stat = series.cover.stat if series.cover else None
    full = stat and stat.listed and not any(f.abbreviated for f in stat.files)
    return {f.path for f in stat.files} if full else None


def _known(paths: set[str] | None, series: Series) -> set[str]:
    """All the files that are known, where not all are."""
    return set(series.touched) if paths is None else paths


def _same_titles(old: dict[int, str], new: dict[int, str]) -> dict[int, int]:
    """New number: old number, for equal titles in order."""
    places: dict[str, list[int]] = {}
    for n, title in reversed(old.items()):
        places.setdefault(bare(title), []).append(n)
    return {n: places[bare(title)].pop() for n, title in new.items() if places.get(bare(title))}


def _retitled(old: Series, new: Series, links: dict[int, int]) -> dict[int, int]:
    """Among patches without an equal title, the pairs that are most alike, best first."""
    left = [n for n in old.titles if n not in links.values()]
    right = [n for n in new.titles if n not in links]
    if len(left) * len(right) > PAIRS_TRIED:
        return {}
    scores = [(_likeness(old, a, new, b), a, b) for a in left for b in right]
    found: dict[int, int] = {}
    for score, a, b in sorted(scores, key=lambda s: (-s[0], s[1], s[2])):
        if score >= _ALIKE and b not in found and a not in found.values():
            found[b] = a
    return found


def _likeness(old: Series, a: int, new: Series, b: int) -> float:
    """0 to 1: the same lines changed is 1; else words of the title, and where both diffs are known the files they share."""
    words = SequenceMatcher(None, bare(old.titles[a]).split()[:40], bare(new.titles[b]).split()[:40]).ratio()
    left, right = old.patches.get(a), new.patches.get(b)
    if not (left and right and left.files and right.files):
        return words
    if left.diff and right.diff and left.diff.prints == right.diff.prints:
        return 1.0
    one, two = ({f.path for f in post.files} for post in (left, right))
    return 0.5 * words + 0.5 * len(one & two) / len(one | two)


def _pair(old: Series, new: Series, a: int | None, b: int | None) -> Pair:
    left = (a, old.titles[a]) if a is not None else None
    right = (b, new.titles[b]) if b is not None else None
    if left and right:
        return Pair(left, right, _changed(old.patches.get(a), new.patches.get(b)))
    return Pair(left, right, sure=(old if right else new).known)


def _changed(old: Post | None, new: Post | None) -> tuple[str, ...] | None:
    """Files whose change differs between two posts of a patch; None where one of them brings no diff."""
    if not (old and new and old.diff and new.diff):
        return None
    one, two = dict(old.diff.prints), dict(new.diff.prints)
    return tuple(sorted(path for path in one.keys() | two.keys() if one.get(path) != two.get(path)))


def lineages(series: Iterable[Series]) -> tuple[tuple[Series, ...], ...]:
    """Series that are versions of one another, oldest first: same cover title, or half of their patch titles in common.

    The sender may change between versions; another person's series with the same title takes it up.
    """
    found: list[list[Series]] = []
    by_title: dict[str, list[Series]] = {}
    by_patch: dict[str, list[Series]] = {}
    for one in sorted(series, key=lambda s: (s.version, s.minor)):
        patches = {bare(title) for title in one.titles.values()}
        line = by_title.get(bare(one.title)) or _kin(patches, by_patch)
        if line is None or any((other.version, other.minor) == (one.version, one.minor) for other in line):
            line = []
            found.append(line)
        line.append(one)
        by_title[bare(one.title)] = line
        by_patch.update(dict.fromkeys(patches, line))
    return tuple(tuple(line) for line in found)


def _kin(patches: set[str], by_patch: dict[str, list[Series]]) -> list[Series] | None:
    lines = [by_patch[title] for title in patches if title in by_patch]
    best = max(lines, key=lambda line: sum(other is line for other in lines), default=None)
    return best if best and 2 * sum(other is best for other in lines) >= len(patches) else None
