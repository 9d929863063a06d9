"""A thread as a reviewer brings it: its series, a verdict for each patch of them, and its last two versions held against each other."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from tdxkit.errors import InputError, TdxkitError, printable
from tdxkit.intake import Source
from tdxkit.mail.laid import Laid
from tdxkit.mail.patchdiff import PatchFile
from tdxkit.review.applied import OF_C, before_of
from tdxkit.review.compare import lineages
from tdxkit.review.evidence import evidence_job
from tdxkit.review.grouping import chained
from tdxkit.review.lens import Lens, lens
from tdxkit.review.program import changed
from tdxkit.review.racing import Racing
from tdxkit.review.series import Series
from tdxkit.review.verdict import Verdict, Verdicts
from tdxkit.review.verdicts import verdicts_job
from tdxkit.review.verdicts_text import worst
from tdxkit.review.wanted import wanted
from tdxkit.work import Job, drive

HEAD = re.compile(r"==> (\S{1,400}) <==")
WHAT = "the files before the series"
MOST_STATES = 20_000  # of a version that is put into the lens, which counts all interleavings and hears no cancel


@dataclass(frozen=True)
class Beside:
    """Two versions of a series: the lens on how they stand after their last patches, what changed in get and put as programs; `why` where there is none."""

    old: str
    new: str
    seen: Lens | None = None
    rows: tuple[str, ...] = ()
    why: str = ""

    def __str__(self) -> str:
        if self.seen is None:
            return f"{self.old} and {self.new} are not held against each other: {self.why}"
        head = ["", f"{self.old} and {self.new}: what changed in get and put, step by step"] if self.rows else []
        return "\n".join([str(self.seen), *head, *self.rows])


@dataclass(frozen=True)
class Reviewed:
    """What came of a thread. notes: what the mails' reader says."""

    found: tuple[Verdicts, ...]
    beside: tuple[Beside, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def worst(self) -> tuple[Verdicts, Verdict] | None:
        """What to step first: the newest version that is bad as it ends; where none is, the newest one that was on its way."""
        bad = [(each, one) for each in reversed(self.found) if (one := worst(each))]
        return next((pair for pair in bad if pair[1] is pair[0].last), bad[0] if bad else None)


def reviewed_job(
    source: Source, racing: Racing, given: str = "", files: Mapping[str, str] | None = None
) -> Job[Reviewed]:
    """All that can be said of a thread. given: files before the series, as text (see `given_files`); files: the same by their names. InputError
    where there is no patch in it."""
    job = wanted(("mbox", "patch"), partial(evidence_job, text=True), lambda read: read.posts)
    read = yield from job(source)
    series = [one for one in chained(read.series) if one.patches]
    if not series:
        rule, action = (
            "there is no patch in it",
            "paste the mails of a series, or the patches that git format-patch makes",
        )
        raise InputError("the mails", rule, action)
    found = []
    for one in series:
        before = {**given_files(given, one), **(files or {})}
        found.append((yield from verdicts_job(one, racing, before_of(before), before)))
    pairs = []
    for pair in beside(found, racing):
        pairs.append(pair)
        yield len(pairs), 0
    return Reviewed(tuple(found), tuple(pairs), tuple(str(read.notes).splitlines()))


def judged(text: str) -> Reviewed:
    """All that can be said of the mails in a text, whose raced functions end in _get and _put."""
    return drive(reviewed_job(text.encode("utf-8", "surrogateescape"), Racing()))


def given_files(text: str, series: Series) -> dict[str, str]:
    """Files out of one text: each under a line `==> NAME <==`, as head and tail print several. Without such a line it is one file, and its
    path that of the file of the series which the first hunks fit. InputError where that is no one file."""
    if not text.strip():
        return {}
    lines = text.splitlines(keepends=True)
    heads = [(k, found[1]) for k, line in enumerate(lines) if (found := HEAD.fullmatch(line.strip()))]
    if heads:
        ends = [k for k, _ in heads[1:]] + [len(lines)]
        return {name: "".join(lines[k + 1 : end]) for (k, name), end in zip(heads, ends)}
    first: dict[str, PatchFile] = {}
    for post in series.patches.values():
        for file in post.diff.files if post.diff else ():
            if file.path.endswith(OF_C):
                first.setdefault(file.before or file.path, file)
    first = {path: file for path, file in first.items() if file.what != "new"}
    laid = Laid.of_text(text)
    fit = [path for path, file in first.items() if any(map(laid.takes, file.hunks))]
    if len(fit) != 1 and len(first) == 1:
        fit = list(first)
    if len(fit) == 1:
        return {fit[0]: text}
    some = ", ".join(printable(path, 80) for path in list(first)[:3])
    rule = f"it may be {some}" if first else "the series makes all its files of C itself"
    raise InputError(WHAT, rule, "write ==> NAME <== above the file" if first else "leave them out")


def beside(found: Iterable[Verdicts], racing: Racing) -> Iterator[Beside]:
    """The neighbours among the versions of each series, as they stand after their last patches."""
    found = tuple(found)
    for line in lineages(one.series for one in found):
        for pair in pairwise(line):
            old, new = (next(one for one in found if one.series is side) for side in pair)
            if old.last and new.last:
                yield _held(old, new, racing)


def _held(old: Verdicts, new: Verdicts, racing: Racing) -> Beside:
    one, two = (each.last.scenario for each in (old, new))
    states = max(each.last.judged.result.states for each in (old, new))
    if states > MOST_STATES:
        return Beside(
            one.name,
            two.name,
            why=f"they have {states:,} states, and are held against each other here up to {MOST_STATES:,}",
        )
    try:
        seen = lens((one, two), len(one.threads), racing.rounds or 1, memory=racing.memory)
        rows = () if racing.run else changed(one, two)
    except TdxkitError as error:
        return Beside(one.name, two.name, why=str(error))
    return Beside(one.name, two.name, seen, tuple(rows))
