"""The small races of notebook 10: texts of C under `data/races/`, each as it was found, and beside it what might mend it and does or does not.

    race("user-count")                           # as it was found: data/races/user-count.c
    race("user-count", "mutex").scenario()       # data/races/user-count/mutex.c
    write_own(**race("lock-order").box)          # in a box

The head of a file says its idea, what each CPU runs, the numbers that go with it, and the source that it rests on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tdxkit.c.naming import scenario_of
from tdxkit.errors import InputError, printable
from tdxkit.explore.buffers import SC
from tdxkit.explore.program import Scenario
from tdxkit.facts import data_path
from tdxkit.text import near

MENDS = {
    "user-count": ("mutex", "atomic", "dec-and-test", "dec-and-lock", "refcount"),
    "lock-order": ("by-address", "to-itself", "keep-trying", "back-off"),
    "two-flags": ("once", "write-fence", "one-fence", "fence", "xchg"),
    "check-then-add": ("under-lock",),
}
FIELD = re.compile(r"^ \* (run|stub|set): (.+)$", re.MULTILINE)
CPUS = 2  # where one line is what all of them run


@dataclass(frozen=True, slots=True)
class Race:
    """A text with what goes with it. name: of the race; mend: "" as it was found; idea: the first line of its head; run, stubs, sets: as of
    `explore --run --stub --set`."""

    name: str
    mend: str
    text: str
    idea: str
    run: tuple[str, ...]
    stubs: Mapping[str, int]
    sets: Mapping[str, int]

    @property
    def box(self) -> dict:
        """What `write_own` takes."""
        return {"text": self.text, "run": self.run, "stubs": dict(self.stubs), "sets": dict(self.sets)}

    def scenario(self, memory: str = SC) -> Scenario:
        """It as a scenario of two CPUs, under `sc` or `tso`."""
        given = {"run": self.run, "stubs": dict(self.stubs), "sets": dict(self.sets)}
        threads = CPUS if len(self.run) == 1 else None
        return scenario_of(self.text, threads, label=self.mend or self.name, **given).on(memory)


def race(name: str, mend: str = "") -> Race:
    """A race by its name, as it was found or with a mend; InputError for one that there is not."""
    for thing, word, known in (("race", name, MENDS), ("mend", mend, ("", *MENDS.get(name, ())))):
        if word not in known:
            raise InputError(f"{thing} {printable(word)}", "there is none of this name", f"try {near(word, [*known], 0.0) or [*known][-1]}")  # fmt: skip
    text = data_path(f"races/{name}/{mend}.c" if mend else f"races/{name}.c").read_text(encoding="utf-8")
    head = text.partition("*/")[0]
    said: dict[str, list[str]] = {"run": [], "stub": [], "set": []}
    for field, words in FIELD.findall(head):
        said[field].append(words)
    stubs, sets = ({n: int(v) for n, v in (words.split("=") for words in said[field])} for field in ("stub", "set"))
    return Race(name, mend, text, head.splitlines()[1].removeprefix(" * "), tuple(said["run"]), stubs, sets)


def versions(name: str) -> list[Race]:
    """A race as it was found, then with each mend."""
    return [race(name), *(race(name, mend) for mend in MENDS[name])]
