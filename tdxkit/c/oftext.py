"""Whence a scenario of C comes, and what is said beside each answer about it."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from tdxkit.explore.program import Own
from tdxkit.explore.result import Result
from tdxkit.work import Job

if TYPE_CHECKING:
    from tdxkit.c.reach import Reach

OF_OPTION = "--"  # how a function is called that statements beside the text became, such as "--run 1", begins


@dataclass(frozen=True)
class OfText(Own):
    """Whence a scenario of C comes, with which statements of it there are."""

    in_c = True
    reach: "Reach | None" = field(default=None, compare=False, repr=False)

    def judged(self, job: Job[Result], lines: bool = False) -> Job[Result]:
        """An exploration, with what is to be said beside the answer and, where it is ok or they are asked for, the lines that never ran."""
        assert self.reach is not None, "a text has its statements"
        result, ran = yield from self.reach.noting(job)
        found = result.verdict in ("ok", "bounded")
        doubts = (self.doubt, *(self.reach.doubts(ran, result.stepped) if found else ()))
        return replace(
            result,
            remarks=(*result.remarks, *self.told, *self.reach.fired(ran)),
            doubt=" and ".join(filter(None, doubts)),
            unrun=self.reach.unrun(ran) if found or lines else (),
        )


class Origin(NamedTuple):
    """Where a line of a text was posted: the patch as its subject counts it, the line of the mail's own text from 1, and the Message-ID."""

    label: str
    line: int
    message_id: str = ""

    def __str__(self) -> str:
        return f"{self.label}, line {self.line}"


@dataclass(frozen=True)
class OfC(OfText):
    """Whence a scenario of C comes. kind: of the paste, as `after_text` tells it; lines: how many it has; functions: of each function of the
    text its name, first line and last; runs: what CPUs run by --run, none where each gets and puts; softirq: what comes into them, "put" or
    statements; whole: can no line be missing in the paste? c: its C, each line at its number in the paste; origins: of a text that was laid out of
    mails, where each of its lines was posted."""

    bounded = True
    kind: str = "plain"
    lines: int = 0
    functions: tuple[tuple[str, int, int], ...] = ()
    runs: tuple[str, ...] = ()
    softirq: str = ""
    whole: bool = True
    c: str = ""
    origins: tuple[Origin | None, ...] = ()

    def origin(self, line: int) -> Origin | None:
        """Where a line of the text was posted."""
        return self.origins[line - 1] if 0 < line <= len(self.origins) else None

    @property
    def pair(self) -> bool:
        """Does a CPU get and put, and not what --run says?"""
        return not self.runs

    @property
    def doubt(self) -> str:  # type: ignore[override]
        """What keeps an ok from being a plain one."""
        return "" if self.whole else "lines may be missing in the paste"

    def as_json(self) -> dict:
        """The keys that `explore --json` has for C."""
        source = {
            "file": self.file or None,
            "kind": self.kind,
            "sha256": self.digest,
            "lines": self.lines,
            "whole": self.whole,
        }
        return {"source": source, "functions": [dict(zip(("name", "first", "last"), f)) for f in self.functions]}
