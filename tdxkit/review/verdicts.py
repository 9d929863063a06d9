"""A verdict for each patch of a series that touches what is raced: the functions as they stand after it, out of the mails, every interleaving of
them, and where that cannot be had, which mail or file is missing. No verdict is given on a text that a hunk which did not fit may have changed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from tdxkit.c.kernel.pages import PREDICATES
from tdxkit.c.naming import of_text
from tdxkit.c.oftext import OfC, Origin
from tdxkit.errors import InputError, TdxkitError, printable
from tdxkit.explore.judging import judging
from tdxkit.explore.program import Scenario
from tdxkit.mail.laid import Laid
from tdxkit.mail.patchdiff import PatchFile
from tdxkit.mail.post import Post
from tdxkit.review.applied import NUMBER, OF_C, Before, Text, Tree, alike, named_as
from tdxkit.review.racing import Racing
from tdxkit.review.series import Series, spans
from tdxkit.review.verdict import Verdict, Verdicts, placed
from tdxkit.review.wanting import BEFORE, Words, some
from tdxkit.run import Text as Shown
from tdxkit.work import Job

UNKNOWN = re.compile(r"`(\w+)\(…\)`: this function is not known(, nor (?:is|are) [\w, ]+)?")
LACKS = re.compile(
    r"not declared|not known|no such|not defined|a constant here|the struct's definition|not in the text"
)
_ASKED = re.compile(rf"^[ \t]*#[ \t]*(?:el)?if\b.*\b{NUMBER}\b", re.MULTILINE)


def verdicts_job(
    series: Series,
    racing: Racing,
    before: Before = lambda path: None,
    beside: Iterable[str] = (),
    known: Iterable[str] = (),
) -> Job[Verdicts]:
    """A verdict for each patch at hand. beside: files that `before` has; those that no patch touches stand beside what they bring, and their
    functions in place of others. known: paths of files that `before` has, whether a patch touches them or not."""
    racing.check()
    one = _Series(series, racing, Tree(before))
    one.begin(beside, known)
    found: list[Verdict] = []
    if (
        set(one.tree.files) - set(one.tree.beside)
        and (first := (yield from one.judged(0, None))).missing + first.functions
    ):
        found.append(first)
    for n, post in series.patches.items():
        found.append((yield from one.judged(n, post)))
    found = [one.settled(each, found) for each in found]
    found = [each for each in found if each.n or each.judged or each.missing]
    return Verdicts(series, tuple(found), tuple(one.all_notes(found)))


@dataclass
class _Series:
    """The walk through a series."""

    series: Series
    racing: Racing
    tree: Tree
    said: tuple = ()  # what was judged last: its words and its doubts
    spelled: dict[str, str] = field(default_factory=dict)  # each function of it
    hidden: dict[str, str] = field(default_factory=dict)  # those in whose place stands another
    unseen: dict[int, tuple[str, ...]] = field(
        default_factory=dict
    )  # of each patch the functions that stood in no text
    notes: list[str] = field(default_factory=list)
    failed: Verdict | None = None  # the first one without a verdict since there was one
    raced: set[str] = field(default_factory=set)  # the files that the text came from

    def __post_init__(self):
        self.words = Words(self.series, self.racing, self.tree)

    def begin(self, beside: Iterable[str], others: Iterable[str]) -> None:
        """Lay out the files that are known before the series, and those beside it."""
        made: set[str] = set()
        for n, post in self.series.patches.items():
            for file in post.diff.files if post.diff else ():
                path = file.before or file.path
                if file.what != "new" and path not in made and path.endswith(OF_C):
                    self._begin(n, path, file.blobs[0])
                made |= {path, file.path}
        for path in others:
            if path.endswith(OF_C) and path not in made:
                self.tree.begin(path)
        known = [self.tree.before(path) for path in self.tree.files]
        for path in beside:
            text = self.tree.before(path)
            if not path.endswith(OF_C):
                self.notes.append(f"{printable(path, 80)} is left out: its name does not end in .c or .h")
            elif text is not None and text not in known:
                self._beside(path, text)
        self.notes += [f"{printable(path, 80)} is not read: {why}" for path, why in self.tree.unread()]

    def _beside(self, path: str, text: str) -> None:
        """A file that no patch calls so: it is one that hunks fit, or one that the series makes itself, or stands beside it."""
        posts = [post for post in self.series.patches.values() if post.diff]
        files = [file for post in posts for file in post.diff.files if file.path.endswith(OF_C)]  # type: ignore[union-attr]
        if new := next((file for file in files if file.what == "new" and alike(file.path, path)), None):
            self.notes.append(f"{printable(path, 80)} is left out: the series makes {printable(new.path, 80)} itself")
            return
        laid, first = Laid.of_text(text), dict[str, PatchFile]()
        for file in files:
            first.setdefault(file.before or file.path, file)
        fit = [
            name
            for name, file in first.items()
            if file.what == "change" and name not in self.tree.files and any(map(laid.takes, file.hunks))
        ]
        if len(fit) == 1:
            self.tree.files[fit[0]] = laid
            self.notes.append(f"{printable(path, 80)} is taken for {printable(fit[0], 80)}, whose hunks fit it")
        else:
            self.tree.begin(path, beside=True)

    def _begin(self, n: int, path: str, index: str) -> None:
        text = self.tree.before(path)
        if text is None:
            return
        self.tree.begin(path)
        if index and not named_as(text).startswith(index):
            self.notes.append(
                f"{printable(path, 80)} is not the file that {self.words.label(n)} was made on, whose index is {index}: a part of it, or another version"
            )

    def judged(self, n: int, post: Post | None) -> Job[Verdict]:
        """What is known after one patch, None before the first."""
        files = post.diff.files if post and post.diff else ()
        unlaid = [self.words.unlaid(path, doubt) for path, doubt in self.tree.lay(files, n)]
        self.notes += [f"{self.words.label(n)}: {said}" for said in unlaid]
        one = yield from self._looked(n, post, files)
        if one.judged:
            self.failed = None
        elif one.missing:
            self.failed = self.failed or one
        elif unlaid:
            one = replace(one, missing=tuple(unlaid))
        elif self.failed and any(file.path in self.raced for file in files):
            one = replace(one, missing=(f"it may change this too: since {self.failed.label} there is no verdict",))
        return one

    def _looked(self, n: int, post: Post | None, files: tuple[PatchFile, ...]) -> Job[Verdict]:
        """The same once its hunks are laid."""
        blank = Verdict(n, self.words.label(n), post.subject.title if post else BEFORE, post.message_id if post else "")
        if post and not files:
            return replace(blank, missing=self.words.unread(n))
        try:
            roots = self.racing.roots(self.tree.functions())
        except InputError as error:
            return replace(blank, missing=(str(error),)) if self.words.touches(files) else blank
        text = self.tree.text(roots, self.racing.others, n)
        self._replaced(n, text)
        whole, parts = text.needed.functions, self.tree.parts()
        if gone := [name for name in self.spelled if name in roots and name not in whole and name not in parts]:
            self.spelled = {name: words for name, words in self.spelled.items() if name not in gone}
            return replace(blank, functions=tuple(gone), missing=(self.words.gone(n, gone),))
        wanted = [name for name in (self.racing.called() or roots) if name not in whole]
        if wanted and not self.racing.run:
            return self._without(blank, wanted, files)
        if not roots and (touched := self.words.touches(files)):
            return replace(blank, missing=(self.words.hole(n, touched),))
        if not roots or (text.spelled, text.doubts) == self.said:
            part = [name for name in wanted if name in self.words.named]
            return self._without(blank, self.unseen.get(-1, ()) or part, files)
        return (yield from self._explored(blank, text, wanted, files))

    def _explored(self, blank: Verdict, text: Text, wanted: list[str], files: tuple[PatchFile, ...]) -> Job[Verdict]:
        """The verdict on a text that is another than before."""
        n, whole = blank.n, text.needed.functions
        self.raced |= {*text.files} - {*self.tree.beside}
        changed = self._changed(n, text)
        self.said, self.spelled = (text.spelled, text.doubts), text.functions
        self.unseen.pop(-1, None)
        one = replace(
            blank, functions=changed or tuple(name for name in self.racing.called() if name in whole), text=text
        )
        if missing := self.words.doubtful(text):
            return replace(one, missing=missing)
        if begun := sorted(name for name in self.tree.parts() if name in wanted):
            self.unseen[-1] = tuple(begun)  # as long as it is so
            return replace(one, missing=(self.words.hole(n, begun),))
        try:
            judged = yield from judging(self._scenario(n, text))
        except TdxkitError as error:
            if unknown := tuple(name for name in wanted if not text.spelled or re.search(rf"\b{name}\b", str(error))):
                self.unseen[-1] = unknown  # as long as it is so
                return self._without(one if n == 0 else blank, unknown, files)
            self.unseen[n] = tuple(
                name for one in UNKNOWN.findall(str(error)) for name in re.findall(r"\w+", "".join(one))
            )
            said = placed(str(error), self._origins(text)) + (
                self.words.or_base(text) if LACKS.search(str(error)) else ""
            )
            return replace(one, missing=(said,))
        return replace(one, judged=judged, missing=self.words.short_of(n, text))

    def _without(self, blank: Verdict, wanted: Iterable[str], files: tuple[PatchFile, ...]) -> Verdict:
        """No verdict: of a patch that may change functions which are not to be seen it is said."""
        if touched := self.words.touches(files) if wanted else ():
            return replace(blank, missing=(self.words.hole(blank.n, touched),))
        if wanted and (not blank.n or any(file.hunks and self._is_part(file.path) for file in files)):
            self.unseen[blank.n] = tuple(wanted)
            return replace(blank, missing=(self.words.unseen(blank.n, tuple(wanted), files),))
        return replace(blank, missing=unread) if (unread := self.words.unread(blank.n)) else blank

    def _is_part(self, path: str) -> bool:
        """Is it a file of C of which not all is known?"""
        return path.endswith(OF_C) and not (path in self.tree.files and self.tree.files[path].complete)

    def settled(self, one: Verdict, found: Iterable[Verdict]) -> Verdict:
        """A verdict once the whole series is known: what a later patch brings new an earlier one cannot have changed."""
        names = self.unseen.get(one.n, ())
        if not names or one.judged:
            return one
        later = (each.text for each in found if each.judged and each.n > one.n and each.text)
        text = next((text for text in later if set(names) & text.spans.keys()), None)
        spans = [text.spans[name] for name in names if name in text.spans] if text else []
        rows = [row for first, last in spans for row in text.rows[first - 1 : last] if row] if text else []
        return replace(one, missing=()) if rows and all(row.added and row.patch > one.n for row in rows) else one

    def _changed(self, n: int, text: Text) -> tuple[str, ...]:
        """The functions that a patch changed, or may have changed; of those beside the series none."""
        fresh = {doubt.patch for doubt in text.doubts} == {n}
        return tuple(
            name
            for name, words in text.functions.items()
            if (self.spelled.get(name) != words or (fresh and name in text.doubted))
            and text.files[text.spans[name][0] - 1] not in self.tree.beside
        )

    def _replaced(self, n: int, text: Text) -> None:
        """Note what a patch changes that is not judged, as a file beside the series has a function in its place."""
        for name, (file, other, words) in text.needed.hidden.items():
            if name not in self.hidden:
                self.notes.append(f"{name}() is that of {printable(file, 80)}, not the one of {printable(other, 80)}")
            elif self.hidden[name] != words:
                self.notes.append(
                    f"{self.words.label(n)} changes {name}(), in whose place stands that of {printable(file, 80)}"
                )
            self.hidden[name] = words

    def all_notes(self, found: Iterable[Verdict]) -> list[str]:
        """What is to be said beside the table."""
        notes = list(self.notes)
        if self.words.lost() and self.series.total:
            lost = self.words.lost()
            notes.append(
                f"of {self.series.total} patches {spans(lost)} {'is' if len(lost) == 1 else 'are'} not at hand"
            )
        if own := [name for name in self.tree.functions() if name in PREDICATES and name in self.racing.others]:
            notes.append(
                f"{some(own)} {'is' if len(own) == 1 else 'are'} the model's own, Dynamic PAMT is on and a pair is two pages; a file beside may say otherwise"
            )
        if not any(one.judged or one.missing for one in found) and not self.racing.called():
            notes.append(self.words.ask())
        return notes

    def _scenario(self, n: int, text: Text) -> Scenario:
        """The text's scenario, each line with the mail that brought it."""
        how = {key: value for key, value in self.racing.how.items() if value}
        if _ASKED.search(text.text):
            how["defines"] = {**how.get("defines", {}), NUMBER: str(n)}
        racing = {"get": self.racing.get, "put": self.racing.put, "run": self.racing.run}
        if not self.racing.run:
            racing["get"], racing["put"] = self.racing.roots(list(text.functions))
        name = f"{self.series.label}-after-{n}" if n else f"{self.series.label}-before"
        one = of_text(text.text, "", self.racing.threads, self.racing.rounds, label=name, **racing, **how)
        assert isinstance(one.own, OfC)
        brought = text.brought(n)
        for function in one.texts:
            shown: Shown = function.shown  # type: ignore[attr-defined]
            if shown.first:
                added = tuple(k for k in range(len(shown.lines)) if shown.first + k in brought)
                function.shown = shown._replace(added=added)  # type: ignore[attr-defined]
        title = f"{printable(self.series.title, 80)}, after {self.words.label(n)}" if n else BEFORE
        return replace(one, own=replace(one.own, origins=self._origins(text)), title=title).on(self.racing.memory)

    def _origins(self, text: Text) -> tuple[Origin | None, ...]:
        """Where each line was posted; of a line of a file that was given, where it stands there."""
        found: list[Origin | None] = []
        for row, file in zip(text.rows, text.files):
            if row is None or not row.patch:
                found.append(row and Origin(PurePosixPath(file).name, row.line))
                continue
            post = self.series.patches[row.patch]
            label, line = self.words.label(row.patch), row.line - post.body + 1
            found.append(Origin(label, line, post.message_id.strip("<>")))
        return tuple(found)
