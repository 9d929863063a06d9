"""Answers that are a schedule: the reader chooses who moves, and something has to come of it."""

from tdxkit.errors import InputError, printable
from tdxkit.explore.buffers import SC
from tdxkit.explore.program import Scenario
from tdxkit.explore.schedule import parse, shape_of, switches
from tdxkit.explore.telling import replay, replay_steps
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

    The turns alone are enough (`A9 B4 A6`). actor: who has to break it, or with `does` who has to have done that on the way. refused: the goal is that the model refuses the
    schedule, with these words in what it says.
    """
    one = named_scenario(scenario, threads, rounds, memory) if isinstance(scenario, str) else scenario
    if not isinstance(answer, str):
        raise InputError(
            f"answer {printable(answer, 40)}", "a schedule is asked for", 'give who moves in quotes, such as "A9 B4 A6"'
        )
    try:
        run, taken = _run(one, answer)
    except InputError as error:
        if refused and refused in str(error):
            return Said(True, f"{error}.")
        raise
    if refused:
        return Said(False, "Nothing is refused: every one of its steps can be taken.", run, one)
    if wrong := _missed(run, one, goal):
        return Said(False, wrong, run, one)
    if actor and not does and (other := next(step.actor for step in run.steps if step.broken)) != actor:
        return Said(False, f"It gets there, but {other} is the one who does it, and {actor} was asked for.", run, one)
    if does and not any(step.actor == actor and step.does == does for step in run.steps):
        others = [step.actor for step in run.steps if step.does == does]
        return Said(
            False,
            f"{does} is {f'done by {others[0]}' if others else 'not called at all'}, and {actor} was asked for.",
            run,
            one,
        )
    if most_steps and len(run) > most_steps:
        return Said(False, f"It gets there, in {many(len(run), 'step')}: {most_steps} are enough.", run, one)
    if 0 <= most_switches < switches(taken):
        return Said(
            False, f"It gets there, with {many(switches(taken), 'switch')}: {most_switches} are enough.", run, one
        )
    return Said(
        True, f"{_named(goal)}, after {many(len(run), 'step')} with {many(switches(taken), 'switch')}.", run, one
    )


def _run(one: Scenario, answer: str) -> tuple[Run, tuple]:
    """The run of a whole code, or of turns alone."""
    text = answer.strip()
    code = text if ":" in text else f"{shape_of(one)}:0000 {text}" + (f" @{one.memory}" if one.memory != SC else "")
    steps = parse(code).steps
    return replay(one, code) if ":" in text else replay_steps(one, steps), steps


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
    return defect(goal) if goal not in verdicts() else goal
