"""Answers that are a text in C with what each CPU runs: it has to hold, and still to do what it is for.

An ok says that no rule breaks, and a function in which nothing stands breaks none. So small runs ask, beside the search, whether the text does its work
(`probes`), and all its states which locks it takes, which it holds when it writes something, and whether a CPU waits for another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from tdxkit.c.items import items
from tdxkit.c.naming import scenario_of
from tdxkit.errors import InputError, ModelError, printable
from tdxkit.explore.endings import outcomes
from tdxkit.explore.program import Scenario
from tdxkit.explore.rules import at_end
from tdxkit.explore.search import exploring
from tdxkit.explore.telling import replay
from tdxkit.lessons.checks.puts import said_of, small_change
from tdxkit.lessons.checks.walks import held_up, taken, unguarded, walked
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.review.own import answering
from tdxkit.rules import result
from tdxkit.run import Run
from tdxkit.work import Job

NO_LOCK = "that is a lock, whatever it is made of, and a text without one was asked for"


def mended(
    answer: object, exercise: Exercise, *, run: list[str], memory: str = "", keeps: Iterable[str] = (), probes: Iterable[Mapping] = (),
    locks: list[str] | None = None, holding: Mapping[str, list[str]] | None = None, **how,
) -> Job[Said]:  # fmt: skip
    """A text that holds. run, memory and how: as of `scenario_of`; of what stood in the box at most MOST_LINES lines are new.

    keeps: functions that stay as they were. probes: what else it has to do, as of `probed`. locks: those that it takes, all of them; where there are
    none nobody may wait for another CPU either. holding: of a variable, the locks that are held by whoever writes it.
    """
    text = text_of(answer)
    small_change(exercise.begins, text)
    if gone := next((name for name in keeps if function_of(text, name) != function_of(exercise.begins, name)), ""):
        raise InputError("the answer", f"{gone}() asks whether it holds, and has changed", "put it back as it was")
    one = scenario_of(text, 2 if len(run) == 1 else None, label="mine", run=run, **how)
    one = one.on(memory) if memory else one
    opinion = yield from answering(one)
    if opinion.verdict != "ok":
        return said_of(opinion)
    for probe in probes:
        if wrong := (yield from probed(text, probe, how)):
            return wrong
    wrong = yield from _locked(one, locks, holding or {})
    return wrong or said_of(opinion)


def probed(text: str, probe: Mapping, how: Mapping) -> Job[Said | None]:
    """What is said where a run does not come out as it should.

    run: what one CPU does, or several do; sets: first values; also: declarations behind the text. It has to hold, and at the end `ends` to be what
    the variables are, or with `breaks` to break just that, of which these are words; else `says` is said. holding: as of `mended`.
    """
    lines = [probe["run"]] if isinstance(probe["run"], str) else probe["run"]
    given = {**how, "sets": {**how.get("sets", {}), **probe.get("sets", {})}}
    one = scenario_of(text + probe.get("also", ""), len(lines), label="mine", run=lines, **given)
    ends = tuple(at_end(f"{name} must be {n}", partial(_is, name, n)) for name, n in probe.get("ends", {}).items())
    one = replace(one, properties=(*one.properties, *ends))
    found = yield from exploring(one)
    wanted = probe.get("breaks", "")
    if any(wanted in result(rule) for rule in found.broken) if wanted else found.verdict == "ok":
        return (yield from _locked(one, None, probe.get("holding", {})))
    return Said(False, probe["says"], replay(one, found.schedule) if found.schedule else None, one)


def _is(name: str, value: int, m) -> bool:
    return getattr(m, name) == value


def to_its_end(one: Scenario) -> Run:
    """A run of a scenario to its end, the shortest that there is."""
    row = next((row for row in outcomes(one).rows if row.ended == "finished"), None)
    if row is None:
        raise ModelError(one.title, "by itself a CPU must come to its end, and comes to none", "step it by itself")
    return replay(one, row.schedule)


def _locked(one: Scenario, locks: list[str] | None, holding: Mapping[str, list[str]]) -> Job[Said | None]:
    """What is said of the locks that are taken and held, in any order of the CPUs, where they are others than asked for."""
    if locks is None and not holding:
        return None
    walk = yield from walked(one)
    if locks is not None and (odd := {name: run for name, run in taken(walk).items() if name not in locks}):
        asked = f"only {' and '.join(locks)} were" if locks else "a text without a lock was"
        return Said(False, f"It takes {' and '.join(sorted(odd))}, and {asked} asked for.", next(iter(odd.values())))
    if locks == [] and (found := held_up(walk)):
        return Said(False, f"{found[0]} can only wait here until another CPU goes on: {NO_LOCK}.", found[1])
    if found := unguarded(walk, holding):
        name, free, run = found
        said = f"At step {len(run)} {name} is written while {' and '.join(free)} is not held by who writes it."
        return Said(False, said, run, at=len(run))
    return None


def text_of(answer: object) -> str:
    """An answer that is a text in C. InputError for anything else."""
    if not isinstance(answer, str):
        raise InputError(f"answer {printable(answer, 40)}", "C is asked for", "give the text that stands in the box")
    return answer if answer.endswith("\n") else answer + "\n"


def function_of(text: str, name: str) -> str:
    """A function of a text, blanks squeezed. InputError where it is not there."""
    rows = text.splitlines()
    for item in items(text):
        lines = " ".join(rows[item.first - 1 : item.last])
        if f"{name}(" in lines.partition("{")[0] and "{" in lines:
            return " ".join(lines.split())
    raise InputError("the answer", f"{name}() is not in it any more", f"put {name}() back as it was")
