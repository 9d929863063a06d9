"""A text that one CPU runs alone: its steps, what they gave, and what is in memory at the end."""

from typing import NamedTuple

from tdxkit.c.harness import scenario_of_c, value_of
from tdxkit.explore.engine import World

MOST = 200


class Ran(NamedTuple):
    """kinds and names of the steps; memory at the end, by name; rules broken; whether it ended (else it waits)."""

    kinds: tuple[str, ...]
    names: tuple[str, ...]
    memory: dict[str, object]
    broken: tuple[str, ...]
    ended: bool


def alone(text: str, run: str, choose: int = 0, **more) -> Ran:
    """Let one CPU run statements; of choices it is given the one of this number, where there is one."""
    world = World(scenario_of_c(text, run=(run,), threads=1, **more))
    kinds, names, broken = [], [], []
    while not world.finished(0) and len(kinds) < MOST:
        act, choices = world.asks[0]
        before = world.state()
        broken += world.run_step(0, min(choose, len(choices) - 1))
        kinds.append(act.kind_when(bool(world.memory._written), bool(world.memory._read), False, False))
        names.append(act.does or str(act))
        if world.state() == before:
            break
    memory = dict(zip(world.memory._layout.labels, world.memory._values))
    return Ran(tuple(kinds), tuple(names), memory, tuple(broken), world.finished(0))


def each_alone(text: str, bodies: list[str], of: str = "r") -> list[int]:
    """What a variable is after each of these statements, each run on a memory of its own; the text is compiled once."""
    whole = text + "".join(f"\nlong of_body_{k}(void) {{ {body} return {of}; }}" for k, body in enumerate(bodies))
    return [value_of(whole, f"of_body_{k}", ()) for k in range(len(bodies))]
