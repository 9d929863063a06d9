"""Answers that are a schedule: the reader chooses who moves, and something has to come of it."""

from tdxkit.errors import InputError, printable
from tdxkit.explore.buffers import SC
from tdxkit.explore.moves import Steps
from tdxkit.explore.program import Scenario
from tdxkit.explore.schedule import Code, parse, shape_of, switches
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import Teller, moments, replay, replay_steps
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.lessons.ladder import WELL, named_scenario
from tdxkit.rules import defect, known, result, verdicts
from tdxkit.run import Run
from tdxkit.text import many


def schedule(
    answer: object, exercise: Exercise, *, scenario: str | Scenario, goal: str = WELL, threads: int = 2, rounds: int = 1, memory: str = "",
    most_steps: int = 0, most_switches: int = -1, actor: str = "", does: str = "", refused: str = "",
) -> Said:  # fmt: skip
    """A schedule code of a scenario (by its name, or one that another check has made) that comes to a goal: a rule by its id that breaks, "deadlock", or `WELL`; within so many steps and switches.

    The turns alone are enough (`A9 B4 A6`). actor: who has to break it, or with `does` who alone has to have done that on the way. refused: the goal is that the model refuses the
    schedule at a step in which somebody waits for this.
    """
    one = named_scenario(scenario, threads, rounds, memory) if isinstance(scenario, str) else scenario
    if not isinstance(answer, str):
        raise InputError(
            f"answer {printable(answer, 40)}", "a schedule is asked for", 'give who moves in quotes, such as "A9 B4 A6"'
        )
    code = _read(one, answer)
    taken = code.steps
    try:
        run = replay(one, answer.strip()) if ":" in answer else replay_steps(one, taken)
    except InputError as error:
        if refused and code.shape == shape_of(one) and refused == _waited_for(one, taken):
            return Said(True, f"{error}.")
        raise
    if refused:
        return Said(False, "Nothing is refused: every one of its steps can be taken.", run, one)
    if wrong := _missed(run, one, goal):
        return Said(False, wrong, run, one)
    if actor and not does and (other := next(step.actor for step in run.steps if step.broken)) != actor:
        return Said(False, f"It gets there, but {other} is the one who does it, and {actor} was asked for.", run, one)
    doers = [step.actor for step in run.steps if step.does == does]
    if does and {*doers} != {actor}:
        other = next((who for who in doers if who != actor), "")
        too, alone = (" too", " alone") if actor in doers else ("", "")
        how = f"done by {other}{too}" if other else "not called at all"
        return Said(False, f"{does} is {how}, and {actor}{alone} was asked for.", run, one)
    if most_steps and len(run) > most_steps:
        return Said(False, f"It gets there, in {many(len(run), 'step')}: {most_steps} are enough.", run, one)
    if 0 <= most_switches < switches(taken):
        return Said(
            False, f"It gets there, with {many(switches(taken), 'switch')}: {most_switches} are enough.", run, one
        )
    return Said(
        True, f"{_named(goal)}, after {many(len(run), 'step')} with {many(switches(taken), 'switch')}.", run, one
    )


def _read(one: Scenario, answer: str) -> Code:
    """A whole code, or turns alone as one of this scenario. InputError for what is none."""
    text = answer.strip()
    memory = f" @{one.memory}" if one.memory != SC else ""
    return parse(text if ":" in text else f"{shape_of(one)}:0000 {text}{memory}")


def _waited_for(one: Scenario, steps: Steps) -> str:
    """What the CPU waits for whose step is the first that cannot be taken; "" where it waits for nothing."""
    teller = Teller(Tables(one))
    reached = moments(teller, steps)
    k = steps[len(reached) - 1][0] if len(reached) <= len(steps) else len(one.actors)
    wait = teller.wait(reached[-1], k) if k < len(one.actors) else None
    return wait.what if wait else ""


def _missed(run: Run, one: Scenario, goal: str) -> str:
    """Why a run does not come to a goal; "" where it does."""
    broken = [rule for step in run.steps for rule in step.broken]
    if goal == WELL:
        if broken:
            return f"On the way it breaks a rule: {result(broken[0])}."
        left = [actor for actor in run.actors if actor not in _finished(run)]
        return (
            f"It stops where {' and '.join(left)} still {'has' if len(left) == 1 else 'have'} steps to take."
            if left
            else ""
        )
    rule = known(goal)
    wanted = rule.name if rule else goal
    if wanted in broken:
        return ""
    if broken:
        return f"It breaks another rule: {result(broken[0])}. Wanted: {_named(goal)}."
    return f"Its {many(len(run), 'step')} break no rule. Wanted: {_named(goal)}."


def _finished(run: Run) -> set[str]:
    """The actors that have no step left."""
    last = {step.actor: step.next for step in run.steps}
    return {actor for actor, line in last.items() if line is None}


def _named(goal: str) -> str:
    if goal == WELL:
        return "Everybody comes to an end"
    return defect(goal) if goal not in verdicts() else goal
