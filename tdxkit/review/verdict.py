"""What is known after each patch of a series: the verdict or what is wanted for one, and which patches make a turn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tdxkit.c.oftext import OfC, Origin
from tdxkit.explore.judging import Judged
from tdxkit.explore.program import Scenario
from tdxkit.review.applied import Text
from tdxkit.review.series import Series

LINE = re.compile(r"\bline (\d+)\b")


@dataclass(frozen=True)
class Verdict:
    """What is known after a patch. `functions`: those of the raced ones that it changed; `missing`: why there is no verdict, or why an ok is no plain
    one; judged: the answer, None where there is none; text: the C that it is about."""

    n: int
    label: str
    title: str
    message_id: str = ""
    functions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    judged: Judged | None = None
    text: Text | None = None

    @property
    def verdict(self) -> str | None:
        """One of `explore`'s, None where there is none."""
        return self.judged.result.verdict if self.judged else None

    @property
    def defect(self) -> str | None:
        """What is the case, its lines with where they were posted."""
        own = self.judged.scenario.own if self.judged else None
        found = self.judged.result.defect if self.judged else None
        return placed(found, own.origins) if found and isinstance(own, OfC) else found

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said beside the answer, its lines with where they were posted: what was taken for granted, data races."""
        if not self.judged or not isinstance(own := self.judged.scenario.own, OfC):
            return ()
        result = self.judged.result
        return tuple(placed(said, own.origins) for said in (*result.remarks, *result.orders, *result.races))

    @property
    def bad(self) -> bool:
        """Does a rule break after it, or nobody come to an end?"""
        return bool(self.judged and self.judged.result.property)

    @property
    def scenario(self) -> Scenario | None:
        """The scenario that was judged."""
        return self.judged.scenario if self.judged else None

    def as_json(self) -> dict:
        """An entry of `series --explore --json`."""
        result = self.judged.result if self.judged else None
        return {
            "n": self.n,
            "title": self.title,
            "message_id": self.message_id.strip("<>"),
            "functions": list(self.functions),
            "verdict": self.verdict,
            "property": result.property if result else None,
            "defect": self.defect,
            "steps": result.steps if result and result.schedule else None,
            "schedule": result.schedule if result else None,
            "missing": list(self.missing),
            "remarks": list(self.remarks),
        }


@dataclass(frozen=True)
class Verdicts:
    """All of a series; the verdict before it is the first, where the files before it are known. notes: what to say beside the table."""

    series: Series
    patches: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def judged(self) -> tuple[Verdict, ...]:
        """Those with a verdict."""
        return tuple(one for one in self.patches if one.judged)

    @property
    def turns(self) -> tuple[Verdict, ...]:
        """Each patch after which it is otherwise than before: one that breaks a rule, or after which none breaks any more."""
        found: list[Verdict] = []
        for one in self.judged:
            if one.bad != bool(found and found[-1].bad):
                found.append(one)
        return tuple(found)

    def since(self, turn: Verdict) -> tuple[Verdict, ...]:
        """The patches that may have made a turn: itself, and those before it that had to go without a verdict."""
        at = self.patches.index(turn)
        above = next((k for k in reversed(range(at)) if self.patches[k].judged), -1)
        return (*(one for one in self.patches[above + 1 : at] if one.missing), turn)

    @property
    def breaks(self) -> Verdict | None:
        """The first patch after which a rule breaks."""
        return next((one for one in self.turns if one.bad), None)

    @property
    def heals(self) -> Verdict | None:
        """The last patch after which none breaks any more."""
        return next((one for one in reversed(self.turns) if not one.bad), None)

    @property
    def last(self) -> Verdict | None:
        """What is known after the last patch that was judged."""
        return self.judged[-1] if self.judged else None


def placed(said: str, origins: Sequence[Origin | None]) -> str:
    """What was said of a text, each line with where it was posted."""

    def place(found: re.Match) -> str:
        at = int(found[1])
        origin = origins[at - 1] if 0 < at <= len(origins) else None
        return f"{found[0]} ({origin})" if origin else found[0]

    return LINE.sub(place, said)
