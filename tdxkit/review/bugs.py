"""The known problems of the posted versions, B1 to B35, each shown by a run of a model that has it and of one that has not.

`data/bugs.toml` says what each is; what runs stands in bugs_counting.py (get, put, counters) and bugs_host.py (KVM's paths, pools, the
module, the lock). A verdict speaks of the models: "the model finds", not "the kernel has".
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from tdxkit.errors import InputError, printable
from tdxkit.facts import load_toml


@dataclass(frozen=True, slots=True)
class Verdict:
    """`shown`: the model with the problem has it and the one it is held against has not; `text`: what the model finds, in a line."""

    shown: bool
    text: str


@dataclass(frozen=True, slots=True)
class Bug:
    """One problem of the list, its fields as in data/bugs.toml.

    inferred: found here, no mail that was read says it. unshown: why no scenario shows it.
    """

    id: str
    versions: str
    problem: str
    fixed: str
    source: str
    checked: str = "read"
    unshown: str = ""

    @property
    def inferred(self) -> bool:
        """Worked out from the posted algorithm: no mail read says it."""
        return self.checked == "inferred"

    def concerns(self, version: str) -> bool:
        """Does one of these versions have it? version: v1 to v6, after-v6, lazy; what all have, lazy has not: it is no version of the series."""
        number = re.fullmatch(r"v(\d)", version)
        if self.versions.startswith("all"):
            return version != "lazy"
        if number and any(int(a) <= int(number[1]) <= int(b) for a, b in re.findall(r"v(\d)-v(\d)", self.versions)):
            return True
        said = self.versions.replace("the text after it", "after-v6")
        return re.search(rf"(?<![\w-]){re.escape(version)}(?![\w-])", said) is not None

    def as_json(self, verdict: Verdict | None) -> dict:
        """An item of `bugs --json`, with what its scenario came to (None: it has none)."""
        return {
            "id": self.id,
            "versions": self.versions,
            "problem": self.problem,
            "fixed": self.fixed,
            "inferred": self.inferred,
            "shown": verdict and verdict.shown,
            "verdict": verdict.text if verdict else self.unshown,
        }


_SHOWS: dict[str, Callable[[], Verdict]] = {}


def shows(bug: str) -> Callable:
    """Register the scenario of a bug."""

    def register(run: Callable[[], Verdict]) -> Callable[[], Verdict]:
        _SHOWS[bug] = run
        return run

    return register


@cache
def scenarios() -> dict[str, Callable[[], Verdict]]:
    """What shows each bug, by its id."""
    for name in ("bugs_counting", "bugs_host"):
        import_module(f"tdxkit.review.{name}")
    return _SHOWS


def bugs() -> tuple[Bug, ...]:
    """All of them, in order."""
    return tuple(Bug(id, **fields) for id, fields in load_toml("bugs.toml").items())


def counted() -> str:
    """How many there are, and which of them are this workbook's own."""
    ours = [bug.id for bug in bugs() if bug.inferred]
    return f"{len(bugs())} problems, {len(ours)} of them found here and not in the threads: {', '.join(ours)}"


def verdict(bug: str) -> Verdict:
    """Run the scenario of a bug; InputError for one that no scenario shows."""
    known = {b.id: b for b in bugs()}
    if bug not in known:
        raise InputError(f"bug {printable(bug)}", f"the bugs are B1 to B{len(known)}", "give one of these")
    if bug not in scenarios():
        raise InputError(f"bug {bug}", known[bug].unshown, "see data/bugs.toml")
    return scenarios()[bug]()


def all_verdicts() -> Iterator[tuple[Bug, Verdict | None]]:
    """Every bug with its verdict, None where no scenario shows it."""
    for bug in bugs():
        yield bug, scenarios()[bug.id]() if bug.id in scenarios() else None
