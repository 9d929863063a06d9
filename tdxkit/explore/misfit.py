"""Does a schedule fit? What is said of a step that cannot be taken, and of steps that do what they did."""

from typing import Any

from tdxkit.errors import InputError
from tdxkit.explore.buffers import DRAIN
from tdxkit.explore.moves import moves
from tdxkit.explore.standing import FINISHED
from tdxkit.text import many


def do_what_they_did(steps: int) -> str:
    """The sentence about the steps of a code."""
    if steps == 1:
        return "the 1 step of this code does what it did when it was written"
    return f"the {many(steps, 'step')} of this code do what they did when it was written"


def misfit(teller: Any, moment: Any, k: int, choice: int, number: int) -> InputError:
    """Why a step of a schedule cannot be taken."""
    step, actors = f"schedule step {number}", teller.scenario.actors
    if k >= len(actors):
        return InputError(step, f"there is no thread {chr(65 + k)}", f"the threads are A to {chr(64 + len(actors))}")
    if moment.state[1][k] == FINISHED:
        if all(place == FINISHED for place in moment.state[1]):
            return InputError(step, "everybody has finished", f"end the schedule with step {number - 1}")
        return InputError(step, f"{actors[k]} has finished", "let another thread go on")
    wait = teller.wait(moment, k)
    if wait:
        return InputError(step, wait.why, "let another thread go on")
    if choice == DRAIN:
        return InputError(step, f"the store buffer of {actors[k]} is empty", "leave the drain out")
    known = " or ".join(str(m.choice) for m in moves(teller.tables, moment.state, k))
    return InputError(step, f"{actors[k]} has no choice {choice} here", f"choose {known}")
