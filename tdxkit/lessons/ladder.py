"""The ladder of games: on each rung a shipped design, something to reach in it by choosing who moves next, and the best there is to beat.

    for rung in rungs():
        print(rung.title, best(rung))

What is best is searched for, not typed: over every way through the design's states.
"""

from collections.abc import Callable
from functools import cache
from heapq import heappop, heappush
from typing import NamedTuple

from tdxkit.errors import ModelError, printable
from tdxkit.explore.buffers import DRAIN
from tdxkit.explore.program import Scenario
from tdxkit.explore.reachable import Edge, Graph, graph
from tdxkit.explore.schedule import parse, shape_of
from tdxkit.explore.telling import replay_steps
from tdxkit.facts import load_toml
from tdxkit.linux.lock.flags import flags
from tdxkit.linux.refcount import scenario
from tdxkit.rules import known

THERE = -1  # stands for the goal among the nodes
WELL = "end well"  # a goal of its own: everybody finishes, and nothing breaks on the way


class Score(NamedTuple):
    """How many steps it takes, and how often another CPU goes on."""

    steps: int
    switches: int


class Rung(NamedTuple):
    """A game. goal: the name of a rule, deadlock, or `WELL`; begin: the (thread, choice) steps that have been taken when the reader comes."""

    id: str
    title: str
    scenario: Scenario
    goal: str
    text: str
    asks: tuple[str, ...]
    after: str
    begin: tuple[tuple[int, int], ...]
    source: str


@cache
def rungs() -> tuple[Rung, ...]:
    """Every rung, the lowest first, as data/ladder.toml has them."""
    return tuple(map(_rung, load_toml("ladder.toml")["rung"]))


def _rung(row: dict) -> Rung:
    made = named_scenario(row["scenario"], row.get("threads", 2), row.get("rounds", 1), row.get("memory", ""))
    begin = parse(f"{shape_of(made)}:0000 {row['begin']}").steps if "begin" in row else ()
    goal = row["goal"]
    meant = known(goal)
    return Rung(
        row["id"], row["title"], made, meant.name if meant else goal, row["text"], tuple(row["asks"]), row["after"], begin, row["source"],
    )  # fmt: skip


def named_scenario(name: str, threads: int = 2, rounds: int = 1, memory: str = "") -> Scenario:
    """A scenario of `list`, or the two flags, with a fence or without; "": on the memory that it is made for."""
    made = flags(fence=name == "two-flags-fenced") if name.startswith("two-flags") else scenario(name, threads, rounds)
    return made.on(memory or made.memory)


def ways(rung: Rung) -> Graph:
    """All states of a rung's design, along its beginning."""
    return graph(rung.scenario, along=rung.begin)


@cache
def best(rung_id: str) -> Score:
    """The fewest steps and the fewest switches in which a rung's goal is reached from its beginning; each has a way of its own."""
    rung = next(r for r in rungs() if r.id == rung_id)
    whole, start = ways(rung), 0
    for number in whole.path:
        start = whole.edges[start][number].target
    last = rung.begin[-1][0] if rung.begin else -1
    steps = _least(whole, rung.goal, start, last, lambda edge, before: 1)
    switches = _least(whole, rung.goal, start, last, _switched)
    return Score(steps, switches)


def _switched(edge: Edge, before: int) -> int:
    """1 where another CPU goes on; a drain is nobody's turn."""
    return int(edge.choice != DRAIN and before not in (-1, edge.actor))


def reaches(whole: Graph, goal: str, edge: Edge) -> bool:
    """Does a step reach the goal?"""
    if goal == WELL:
        return not edge.broken and all(whole.nodes[edge.target].finished)
    return goal in edge.broken


def _least(whole: Graph, goal: str, start: int, last: int, cost: Callable[[Edge, int], int]) -> int:
    """The least that a way to the goal costs, from a node at which `last` moved last. ModelError where there is no way."""
    waiting, done = [(0, start, last)], set()
    while waiting:
        price, node, before = heappop(waiting)
        if node == THERE:
            return price
        if (node, before) in done:
            continue
        done.add((node, before))
        for edge in whole.edges[node]:
            after = price + cost(edge, before)
            if reaches(whole, goal, edge):
                heappush(waiting, (after, THERE, -1))
            elif goal != WELL or not edge.broken:
                heappush(waiting, (after, edge.target, before if edge.choice == DRAIN else edge.actor))
    raise ModelError(f"goal {printable(goal)}", "no way leads to it", "choose another")


def begun(rung: Rung):
    """The run that a rung begins with."""
    return replay_steps(rung.scenario, rung.begin)
