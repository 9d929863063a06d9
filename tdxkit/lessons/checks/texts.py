"""Answers that are a text in C with what each CPU runs: it has to hold, and still to do what it is for.

An ok says that no rule breaks, and a function in which nothing stands breaks none. So small runs of one CPU ask, beside the search, whether the text does
its work (`probes`), which locks it takes, and which it holds when it writes something.
"""

from collections.abc import Iterable, Mapping

from tdxkit.c.items import items
from tdxkit.c.naming import scenario_of
from tdxkit.errors import InputError, ModelError, printable
from tdxkit.explore.endings import outcomes
from tdxkit.explore.program import Scenario
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay
from tdxkit.lessons.checks.puts import said_of, small_change
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.review.own import answering
from tdxkit.run import Run
from tdxkit.work import Job


def mended(
    answer: object, exercise: Exercise, *, run: list[str], memory: str = "", keeps: Iterable[str] = (), probes: Iterable[Mapping] = (),
    locks: list[str] | None = None, holding: Mapping[str, list[str]] | None = None, **how,
) -> Job[Said]:  # fmt: skip
    """A text that holds. run, memory and how: as of `scenario_of`; of what stood in the box at most MOST_LINES lines are new.

    keeps: functions that stay as they were. probes: runs of one CPU, each {run, says} and at will {sets, breaks}: it has to hold, or with `breaks` to break,
    else that is said. locks: those that a CPU alone takes, all of them. holding: of a variable, the locks that are held where it is written.
    """
    text = text_of(answer)
    small_change(exercise.begins, text)
    if gone := next((name for name in keeps if function_of(text, name) != function_of(exercise.begins, name)), ""):
        raise InputError("the answer", f"{gone}() asks whether it holds, and has changed", "put it back as it was")
    one = scenario_of(text, 2 if len(run) == 1 else None, label="mine", run=run, **how)
    opinion = yield from answering(one.on(memory) if memory else one)
    if opinion.verdict != "ok":
        return said_of(opinion)
    wrong = next(filter(None, (probed(text, probe, how) for probe in probes)), None)
    if wrong is None and (locks is not None or holding):
        wrong = next(filter(None, (_locked(alone(text, [line], **how), locks, holding or {}) for line in run)), None)
    return wrong or said_of(opinion)


def probed(text: str, probe: Mapping, how: Mapping) -> Said | None:
    """What is said where a run of one CPU does not come out as it should."""
    given = {**how, "sets": {**how.get("sets", {}), **probe.get("sets", {})}}
    one = scenario_of(text, 1, label="mine", run=[probe["run"]], **given)
    found = explore(one)
    if (found.verdict != "ok") == probe.get("breaks", False):
        return None
    return Said(False, probe["says"], replay(one, found.schedule) if found.schedule else None, one)


def alone(text: str, run: list[str], **how) -> Run:
    """The run of one CPU to its end. ModelError where it comes to none."""
    return to_its_end(scenario_of(text, 1, label="mine", run=run, **how))


def to_its_end(one: Scenario) -> Run:
    """A run of a scenario to its end, the shortest that there is."""
    row = next((row for row in outcomes(one).rows if row.ended == "finished"), None)
    if row is None:
        raise ModelError(one.title, "by itself a CPU must come to its end, and comes to none", "step it by itself")
    return replay(one, row.schedule)


def _locked(run: Run, locks: list[str] | None, holding: Mapping[str, list[str]]) -> Said | None:
    """What is said of the locks that a CPU takes by itself, where they are others than asked for."""
    taken = {change.key for step in run.steps if step.kind == "lock" for change in step.changes}
    if locks is not None and (odd := sorted(taken - {*locks})):
        asked = f"only {' and '.join(locks)} were" if locks else "a text without a lock was"
        return Said(False, f"It takes {' and '.join(odd)}, and {asked} asked for.", run)
    states = list(run.states())
    for name, held in holding.items():
        written = [k for k, step in enumerate(run.steps, 1) if any(change.key == name for change in step.changes)]
        if not written:
            return Said(False, f"{name} is not written any more: by itself a CPU has to do what it did.", run)
        for k in written:
            if free := [lock for lock in held if not states[k].get(lock)]:
                return Said(False, f"At step {k} {name} is written while {' and '.join(free)} is not held.", run, at=k)
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
