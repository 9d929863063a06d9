"""Answers about two SEAMCALLs at once: an order in which they come back so, two that can both be BUSY, whom a call gets in the way of.

The calls, and where they meet, are those of `tdxkit.seam.two_calls`; what is told is what the model finds.
"""

from functools import cache

from tdxkit.errors import InputError, printable
from tdxkit.explore.schedule import parse
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.run import Run
from tdxkit.seam.conflicts import Conflict, conflict, names, shared_region
from tdxkit.seam.meeting import CPUS, Meeting, meeting_job
from tdxkit.seam.record import record
from tdxkit.seam.two_calls import SAME_PAGE, SAME_REGION, TwoCalls, call_named, leaves
from tdxkit.seam.versions import LATEST
from tdxkit.text import many
from tdxkit.work import Job

MOST_TURNS = 400


def order(answer: object, exercise: Exercise, *, first: str, second: str, wanted: list[str]) -> Said:
    """Who moves, as "A9 B4": CPU 0 makes the first call, CPU 1 the second, in one region; what is left is done by CPU 0, then CPU 1. wanted: what
    each of the two has to answer."""
    if not isinstance(answer, str):
        raise InputError(
            f"answer {printable(answer, 40)}", "an order is asked for", 'give who moves in quotes, such as "A9 B4"'
        )
    turns = [cpu for cpu, _ in parse(f"calls:2x1:0000 {answer.strip()}").steps]
    if len(turns) > MOST_TURNS or any(cpu >= len(CPUS) for cpu in turns):
        raise InputError(
            f"order {printable(answer, 40)}",
            f"there are two CPUs, A and B, and {MOST_TURNS} steps are more than they have",
            "give less",
        )
    run = _played(TwoCalls(first, second), turns)
    if too_many := _after_its_end(run, turns):
        return Said(False, too_many, run)
    last = run.state(len(run))
    came = [str(last[f"{cpu} RAX"]) for cpu in CPUS]
    said = ", ".join(f"{cpu} answers {answer}" for cpu, answer in zip(CPUS, came))
    if came == wanted:
        return Said(True, f"{said}.", run)
    cpu, asked = next((cpu, ask) for cpu, mine, ask in zip(CPUS, came, wanted) if mine != ask)
    return Said(False, f"{said}. Wanted of {cpu}: {asked}.", run)


def _played(one: TwoCalls, turns: list[int]) -> Run:
    """A run of the two in this order, with the region where they meet."""
    module, calls = one.made()
    made = [(cpu, *call) for cpu, call in zip(CPUS, calls)]
    region, title = shared_region(one.first, one.second), f"{one.first} beside {one.second}"
    return record(module, made, turns, region=region, title=title)


def _after_its_end(run: Run, turns: list[int]) -> str:
    """The first turn of a CPU that has returned, in a sentence; "" where there is none."""
    left = {cpu: sum(step.actor == cpu for step in run.steps) for cpu in CPUS}
    for at, turn in enumerate(turns, 1):
        left[CPUS[turn]] -= 1
        if left[CPUS[turn]] < 0:
            return f"Turn {at} is {CPUS[turn]}'s, and its call has returned before it."
    return ""


def both(answer: object, exercise: Exercise) -> Job[Said]:
    """The names of two different calls, each of which succeeds by itself in a region, and which can both come back BUSY in one order."""
    if not isinstance(answer, (list, tuple)) or len(answer) != 2 or not all(isinstance(name, str) for name in answer):
        raise InputError(
            f"answer {printable(answer, 40)}",
            "two calls are asked for",
            'give their names, such as ("PHYMEM.PAMT.ADD", "MEM.PAGE.AUG")',
        )
    pair = tuple(call_named(name) for name in answer)
    if pair[0] == pair[1]:
        return Said(False, "These are the same call twice; two different ones are asked for.")
    told, busy = "", dict[str, None]()
    for where in (SAME_REGION, SAME_PAGE):
        one = TwoCalls(*pair, where)
        module, calls = one.made()
        met = yield from meeting_job(module, calls)
        found = next((end for end in met.ends if end.busy == CPUS), None)
        busy |= dict.fromkeys(pair[CPUS.index(cpu)] for end in met.ends for cpu in end.busy)
        if found is None:
            continue
        ends = "; ".join(f"{name}: {said}" for name, said in zip(pair, found.answers))
        alone = [module.copy().call(name, **given) for name, given in calls]
        failing = next((f"{name} {said}" for name, said in zip(pair, alone) if not said.ok), "")
        if not failing:
            return Said(
                True, f"{ends}, in one order of {many(len(found.path), 'step')}.", _played(one, _turns(met, found.path))
            )
        why = f"one would have failed by itself as well: alone it answers {failing}"
        told = told or f"Both can be BUSY ({ends}), and {why}."
    sides = f"at times {' is, at times '.join(busy)} is" if busy else "they go side by side"
    return Said(False, told or f"The model finds no order in which both are BUSY: {sides}.")


def _turns(met: Meeting, path: tuple[int, ...]) -> list[int]:
    """Who moves on a way through the graph."""
    turns, node = [], 0
    for number in path:
        edge = met.graph.edges[node][number]
        turns.append(edge.actor)
        node = edge.target
    return turns


def disturbs(answer: object, exercise: Exercise, *, most: int) -> Said:
    """The name of a call that is in the way of so many others at most, in any case or under a condition."""
    if not isinstance(answer, str):
        raise InputError(
            f"answer {printable(answer, 40)}", "a call is asked for", 'give its name in quotes, such as "MEM.PAGE.AUG"'
        )
    name = call_named(answer)
    found = [one.b for one in _row(name, LATEST) if one.met or one.then]
    listed = ", ".join(other.removeprefix("TDH.") for other in found[: most + 1])
    if len(found) > most:
        return Said(False, f"{name} under way is in the way of {len(found)} calls, {listed} among them.")
    return Said(True, f"{name} under way is in the way of {many(len(found), 'call')}: {listed}.")


def sometimes(answer: object, exercise: Exercise, *, leaf: str, version: str = LATEST) -> Said:
    """The names of all calls that hear BUSY because of this one only under a condition, in this module version."""
    if not isinstance(answer, (list, tuple, set)) or not answer or not all(isinstance(name, str) for name in answer):
        raise InputError(
            f"answer {printable(answer, 40)}",
            "several calls are asked for",
            'give a list of names, such as ["MEM.TRACK"]',
        )
    if len(answer) > len(leaves()):
        raise InputError(f"{len(answer)} calls", f"there are {len(leaves())}", "give each once")
    given = {call_named(name) for name in answer}
    row = {one.b: one for one in _row(leaf, version)}
    right = [name for name, one in row.items() if one.then and not one.met]
    if odd := next((name for name in row if name in given and name not in right), ""):
        met = row[odd]
        return Said(
            False,
            f"{odd} does not belong there: {f'it hears {met.result} in any case' if met.met else 'it is never BUSY because of that'}.",
        )
    if missing := len(right) - len(given):
        return Said(False, f"All of yours belong there, and {missing} {'is' if missing == 1 else 'are'} missing.")
    return Said(True, f"{many(len(right), 'call')}, each BUSY for {row[right[0]].operand} and only then.")


@cache
def _row(leaf: str, version: str) -> tuple[Conflict, ...]:
    """What each other call hears while this one is under way."""
    return tuple(conflict(leaf, other, version) for other in names())
