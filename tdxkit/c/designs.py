"""The C beside each shipped design, `data/designs/NAME.c`, and a recording of the design told in its lines.

    in_c(replay(scenario("v2"), code))      # the same run, each step at its line of v2.c; None where it has no C

The C is the same program as the model (tests/c/test_designs.py), so it takes the same schedule; each step is held against the recording's
before its line is believed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from tdxkit.c.harness import MAY_FAIL, scenario_of_c
from tdxkit.c.softirqs import PUT
from tdxkit.errors import TdxkitError
from tdxkit.explore.moves import Steps
from tdxkit.explore.program import Scenario
from tdxkit.explore.reachable import Graph, graph
from tdxkit.explore.schedule import parse
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import Teller, replay_steps
from tdxkit.facts import data_path
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import FAULTS, Variant, variants
from tdxkit.run import Line, Run, Text

FLAGS = ("two-flags", "two-flags-fenced")
REGIONS = {"per-region": 2}
# What else stands around the C of a design is in the head of its file.
RUN, SET = re.compile(r"^ \* run: (.*;)$", re.MULTILINE), re.compile(r"--set (\w+)=(-?\d+)")
SAME = ("refcount[", "pair[", "users[", "flag[", "saw[")  # what a design and its C call alike
ROOM = 500  # states by which the C of a design may have more than twice as many as the design, and be walked beside it


class Lines(NamedTuple):
    """The lines of C for a graph: its texts, and for each node where each actor stands."""

    texts: Mapping[str, Text]
    nodes: tuple[tuple[Line | None, ...], ...]


def design_in_c(name: str, threads: int = 2, rounds: int = 1) -> Scenario | None:
    """The C of a scenario of `list`, or of the two flags; None where it has none."""
    variant = variants().get(name) or Variant(name)
    if variant.first_refcount is not None or variant.design not in {*DESIGNS, *FLAGS}:
        return None
    file = Path(data_path(f"designs/{variant.design}.c"))
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    head = text.partition("*/")[0]
    run, sets = tuple(RUN.findall(head)), {name: int(value) for name, value in SET.findall(head)}
    return scenario_of_c(
        text, name=variant.design, threads=None if len(run) > 1 else threads, rounds=rounds, run=run, sets=sets,
        may_fail=tuple(_failing(variant)), regions=REGIONS.get(variant.design, 1), softirq="" if variant.softirq is None else PUT,
    )  # fmt: skip


def _failing(variant: Variant) -> Iterator[str]:
    """What may fail in a variant, by the words of C."""
    for word, fault in MAY_FAIL.items():
        if getattr(variant, FAULTS[fault][1]):
            yield word


def in_c(run: Run) -> Run | None:
    """A recording of a design with each step at its line of the C; None where there is no C, or where a step of it is another one."""
    tables = _tables_of(run.code)
    if tables is None:
        return None
    try:
        other = replay_steps(tables.scenario, parse(run.code).steps, tables)
    except TdxkitError:
        return None
    if len(other) != len(run) or not all(map(_same, run.steps, other.steps, run.states(), other.states())):
        return None
    steps = [replace(step, line=there.line, next=there.next) for step, there in zip(run.steps, other.steps)]
    return replace(run, steps=tuple(steps), start=other.start, texts=other.texts)


def _same(mine, theirs, before, then) -> bool:
    """Is a step of the C that of the recording, from the same values?"""
    if (mine.actor, mine.does, mine.kind) != (theirs.actor, theirs.does, theirs.kind):
        return False
    return _alike(before, then)


def _alike(values: Mapping[str, object], others: Mapping[str, object]) -> bool:
    """Have a design and its C the same in what they call alike?"""
    return all(values[key] == others[key] for key in values if key.startswith(SAME) and key in others)


def _values(one: Graph, node: int) -> Mapping[str, object]:
    return one.shared[one.nodes[node].shared]


def _does(label: str) -> str:
    """The operation that a label names, without its operands: they are called otherwise in C."""
    return label.partition("(")[0]


def walk_in_c(walked: Graph, code: str, steps: Steps = ()) -> Lines | None:
    """The lines of C in the graph of a design that was made along these steps, `code` being any of its codes; None where there are none, or
    where one state of the design has two."""
    tables = _tables_of(code)
    if tables is None:
        return None
    try:
        other = graph(tables.scenario, 2 * len(walked.nodes) + ROOM, steps)
    except TdxkitError:
        return None
    there = {0: 0}
    todo = [0]
    for node in todo:
        ways = {(edge.actor, edge.choice): edge for edge in other.edges[there[node]]}
        for edge in walked.edges[node]:
            way = ways.get((edge.actor, edge.choice))
            if way is None or (way.kind, _does(way.label)) != (edge.kind, _does(edge.label)):
                return None
            if not _alike(_values(walked, edge.target), _values(other, way.target)):
                return None
            if edge.target not in there:
                there[edge.target] = way.target
                todo.append(edge.target)
            elif other.nodes[there[edge.target]].lines != other.nodes[way.target].lines:
                return None
    nodes = tuple(other.nodes[there[k]].lines for k in range(len(walked.nodes)))
    return Lines(Teller(tables).texts, nodes)


def _tables_of(code: str) -> Tables | None:
    """The tables of the C that a schedule code of a design is about; None for a reader's own, and where there is no C."""
    try:
        parsed = parse(code)
    except TdxkitError:
        return None
    return None if parsed.text else _tables(parsed.name, parsed.threads, parsed.rounds, parsed.memory)


@lru_cache(16)
def _tables(name: str, threads: int, rounds: int, memory: str) -> Tables | None:
    scenario = design_in_c(name, threads, rounds)
    return scenario and Tables(scenario.on(memory))
