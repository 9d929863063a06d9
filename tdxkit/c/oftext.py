"""Whence a scenario of C comes, and what is said beside each answer about it."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

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
