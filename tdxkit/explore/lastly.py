"""What is to be said of a run that stops before its end and whose last step broke nothing: that it is known how it will end."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace

from tdxkit.explore.foreseen import foreseen
from tdxkit.explore.moves import State
from tdxkit.explore.program import LIVELOCK
from tdxkit.explore.tables import Tables
from tdxkit.run import Recorder


def mark_last(recorder: Recorder, tables: Tables, states: list[State], endless: Callable[[State], bool]) -> None:
    """Name the last step where a rule about the end is broken for certain, else the step from which no end can be reached."""
    steps = recorder.steps
    if not any(states[-1][1]) or not steps or steps[-1].broken:
        return
    if names := foreseen(tables, states[-1]):
        steps[-1] = replace(steps[-1], broken=names)
    elif endless(states[-1]):
        at = (
            max(bisect_left(states, True, key=endless), 1) - 1
        )  # once there, always there; from the start: the first step
        steps[at] = replace(steps[at], broken=(*steps[at].broken, LIVELOCK))
