"""A verdict for each patch of a series that touches what is raced: the functions as they stand after it, out of the mails, every interleaving of
them, and where that cannot be had, which mail or file is missing. No verdict is given on a text that a hunk which did not fit may have changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from tdxkit.c.naming import of_text
from tdxkit.c.oftext import OfC, Origin
from tdxkit.errors import InputError, TdxkitError, printable
from tdxkit.explore.judging import judging
from tdxkit.explore.program import Scenario
from tdxkit.mail.agree import mismatches
from tdxkit.mail.post import Post
from tdxkit.review.applied import OF_C, Before, Text, Tree, names_in
from tdxkit.review.racing import Racing
from tdxkit.review.series import Series, spans
from tdxkit.review.verdict import Verdict, Verdicts, placed
from tdxkit.run import Text as Shown
from tdxkit.work import Job

BEFORE = "before the series"
MOST_NAMED = 4  # patches that are missing, by name; more of them as a range


def verdicts_job(
    series: Series, racing: Racing, before: Before = lambda path: None, beside: Iterable[str] = ()
) -> Job[Verdicts]:
    """A verdict for each patch at hand. beside: files that `before` has; those that no patch touches stand beside what they bring."""
    one = _Series(series, racing, Tree(before))
    touched = [file for post in series.patches.values() if post.diff for file in post.diff.files]
    made: set[str] = set()
    for file in touched:
        path = file.before or file.path
        if file.what != "new" and path not in made and path.endswith(OF_C) and before(path) is not None:
            one.tree.begin(path)
        made.add(file.path)
    known = [before(path) for path in one.tree.files]
    for path in beside:
        if before(path) not in known:
            one.tree.begin(path, beside=True)
    found: list[Verdict] = []
    if one.tree.files and (first := (yield from one.judged(0, None))).judged:
        found.append(first)
    for n, post in series.patches.items():
        found.append((yield from one.judged(n, post)))
    return Verdicts(series, tuple(found), tuple(one.notes))


@dataclass
class _Series:
    """The walk through a series."""

    series: Series
    racing: Racing
    tree: Tree
    said: tuple = ()  # what was judged last: its words and its doubts
    spelled: dict[str, str] = field(default_factory=dict)  # each function of it
    notes: list[str] = field(default_factory=list)

    def label(self, n: int) -> str:
        """A patch as its subject counts it."""
        total = self.series.total or max(self.series.patches, default=1)
        return f"{n:0{len(str(total))}}/{total}" if n else BEFORE

    def judged(self, n: int, post: Post | None) -> Job[Verdict]:
        """What is known after one patch, None before the first."""
        files = post.diff.files if post and post.diff else ()
        for path, doubt in self.tree.lay(files, n):
            self.notes.append(
                f"{self.label(n)}: the hunk at line {doubt.line} for {printable(path, 80) or 'no file'} is not laid: {doubt.why}"
            )
        blank = Verdict(n, self.label(n), post.subject.title if post else BEFORE, post.message_id if post else "")
        functions = self.tree.functions()
        try:
            roots = self.racing.roots(functions)
        except InputError as error:
            return replace(blank, missing=(str(error),)) if self._touches(files) else blank
        text = self.tree.text(roots)
        whole = text.needed.functions
        parts = self.tree.parts()
        if gone := [name for name in self.spelled if name in roots and name not in whole and name not in parts]:
            self.spelled = {name: words for name, words in self.spelled.items() if name not in gone}
            return replace(blank, functions=tuple(gone), missing=(self._gone(n, gone),))
        if not whole or not (self.racing.run or all(root in whole for root in roots)):
            touched = self._touches(files)
            return replace(blank, missing=(self._hole(n, touched),)) if touched else blank
        said = (text.spelled, text.doubts)
        if said == self.said:
            return blank
        fresh = {doubt.patch for doubt in text.doubts} == {n}
        changed = tuple(
            name
            for name, words in text.functions.items()
            if self.spelled.get(name) != words or (fresh and name in text.doubted)
        )
        self.said, self.spelled = said, text.functions
        blank = replace(blank, functions=changed or tuple(root for root in roots if root in whole), text=text)
        if missing := self._doubtful(text):
            return replace(blank, missing=missing)
        if begun := sorted(name for name in parts if name in roots):
            return replace(blank, missing=(self._hole(n, begun),))
        try:
            scenario = self._scenario(n, text)
            judged = yield from judging(scenario)
        except TdxkitError as error:
            return replace(blank, missing=(placed(str(error), self._origins(text)) + self._or_base(text),))
        return replace(blank, judged=judged, missing=self._open(n, text))

    def _scenario(self, n: int, text: Text) -> Scenario:
        """The text's scenario, each line with the mail that brought it."""
        how = {key: value for key, value in self.racing.how.items() if value}
        racing = {"get": self.racing.get, "put": self.racing.put, "run": self.racing.run}
        if not self.racing.run:
            racing["get"], racing["put"] = self.racing.roots(list(text.functions))
        name = f"{self.series.label}-after-{n}" if n else f"{self.series.label}-before"
        one = of_text(text.text, "", self.racing.threads, self.racing.rounds, label=name, **racing, **how)
        assert isinstance(one.own, OfC)
        origins = self._origins(text)
        brought = text.brought(n)
        for function in one.texts:
            shown: Shown = function.shown  # type: ignore[attr-defined]
            if shown.first:
                added = tuple(k for k in range(len(shown.lines)) if shown.first + k in brought)
                function.shown = shown._replace(added=added)  # type: ignore[attr-defined]
        return replace(
            one,
            own=replace(one.own, origins=origins),
            title=f"{printable(self.series.title, 80)}, after {self.label(n)}" if n else BEFORE,
        ).on(self.racing.memory)

    def _origins(self, text: Text) -> tuple[Origin | None, ...]:
        """Where each line was posted; of a line of a file that was given, where it stands there."""
        found: list[Origin | None] = []
        for row, file in zip(text.rows, text.files):
            if row is None or not row.patch:
                found.append(row and Origin(PurePosixPath(file).name, row.line))
                continue
            post = self.series.patches[row.patch]
            found.append(Origin(self.label(row.patch), row.line - post.body + 1, post.message_id.strip("<>")))
        return tuple(found)

    def _touches(self, files: Iterable) -> list[str]:
        """The raced functions that the hunks of a patch seem to be in, as their heads and their lines have it."""
        heads = [hunk.heading for file in files for hunk in file.hunks]
        heads += [
            line[1:]
            for file in files
            for hunk in file.hunks
            for line in hunk.lines
            if line[1:2].isalpha() and not line.rstrip().endswith(";")
        ]
        return sorted({name for head in heads if (name := names_in(head)) and self.racing.means(name)})

    def _hole(self, n: int, names: Sequence[str]) -> str:
        """Which mails or files are wanted for functions that a patch shows a part of."""
        named = " and ".join(f"{name}()" for name in names[:2])
        lost = [k for k in self._lost() if k < n]
        if not lost:
            return f"{self.label(n)} changes {named}, of which the mails show a part: give the file as it was before, --base FILE"
        some = (
            " and ".join(map(self.label, lost)) if len(lost) <= MOST_NAMED else f"{spans(lost)} of {self.series.total}"
        )
        return f"{self.label(n)} changes {named} of an earlier patch: paste {some} too"

    def _doubtful(self, text: Text) -> tuple[str, ...]:
        said = [
            f"{self.label(doubt.patch)}: its hunk at line {doubt.line} does not fit ({doubt.why}), so this may not be what stands here"
            for doubt in text.doubts
        ]
        said += [
            f"{name}() stands in {' and '.join(sorted(set(files)))} {len(files)} times"
            for name, files in text.needed.twice.items()
        ]
        return tuple(said)

    def _gone(self, n: int, names: Sequence[str]) -> str:
        """What to do about functions that a patch takes away."""
        named = " and ".join(f"{name}()" for name in names[:2])
        return f"{self.label(n)} takes {named} away: what is raced from there on is to be said, by --get and --put, or --run"

    def _or_base(self, text: Text) -> str:
        """The other way out where a file is not known whole."""
        some = dict.fromkeys(
            PurePosixPath(file).name for file in text.files if file and not self.tree.files[file].complete
        )
        return f"; or give {' and '.join(some)} as before the series, --base FILE" if some else ""

    def _open(self, n: int, text: Text) -> tuple[str, ...]:
        """What may have changed the text and is not at hand, or not all of it."""
        first = min((row.patch for row in text.rows if row and row.patch), default=n)
        said = []
        if lost := [k for k in self._lost() if first < k < n]:
            isnt = f"{spans(lost)} of {self.series.total} {'is' if len(lost) == 1 else 'are'} not at hand"
            said.append(f"{isnt} and may change this too")
        cut = [k for k, post in self.series.patches.items() if k <= n and post.diff and may_lack(post)]
        said += [f"{self.label(k)} may bring more than is here: it {'is quoted' if self.series.patches[k].quoted else 'does not add up'}" for k in cut[:MOST_NAMED]]  # fmt: skip
        return tuple(said)

    def _lost(self) -> list[int]:
        """The patches of which there is no diff."""
        without = [k for k, post in self.series.patches.items() if not post.diff]
        return sorted({*self.series.missing, *without})


def may_lack(post: Post) -> bool:
    """May lines of a patch be missing here? Its own diffstat tells; of one that is quoted nothing else does."""
    stat = post.message.stat
    if not post.diff or stat is None or not (post.quoted or post.message.own_stat):
        return post.quoted
    return bool(mismatches(stat, post.diff))
