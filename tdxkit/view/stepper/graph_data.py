"""A reachable graph as plain data, so that the reader can be the scheduler without a kernel."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.explore.schedule import FOLD, LETTERS, MARKS
from tdxkit.run import ABSENT, Line, Run, Step, Text
from tdxkit.view.kit.svg import visible
from tdxkit.view.stepper import state_map
from tdxkit.view.stepper.payload import (
    OURS,
    frame,
    line,
    shown,
    shown_text,
    track_value,
    with_rules,
)
from tdxkit.view.stepper.pictures import Picture, Pictures, Waits

MOST = 5_000  # states that travel along
WELL = "end well"  # a goal that is no rule: everybody finishes, and nothing breaks on the way


class NodeRow(NamedTuple):
    """A state as it travels; the script is told the names of the slots. A text is its place among `strings`, -1 for none."""

    shared: int  # its place among the shared states
    lines: list[int]  # where each actor stands: a place among `lines`, -1 for none
    whys: list[int]  # why each actor cannot move
    over: list[int]  # 1 for each actor that has finished
    waiting: int  # the place of the picture of who waits, -1 where nobody does


class EdgeRow(NamedTuple):
    """A move as it travels; label, sentence, broken, wrong and kind are texts, deed its share in a code's mark."""

    actor: int
    choice: int
    target: int
    label: int
    sentence: int
    broken: list[int]
    wrong: list[int]
    kind: int
    deed: int
    reads: list  # [place among the keys, actors whose store buffers hold a newer value] for each name that is read in memory
    stores: list[int]  # the names whose new values it leaves in the actor's store buffer


SLOTS = {"node": NodeRow._fields, "edge": EdgeRow._fields}


class _Strings:
    """Each text once; others point at it."""

    def __init__(self):
        self.all: list[str] = []
        self._at: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        if text == "":
            return -1
        text = visible(text)
        if text not in self._at:
            self._at[text] = len(self.all)
            self.all.append(text)
        return self._at[text]


def check_all_here(graph, title: str) -> None:
    """InputError for a graph that is too large to travel whole."""
    if not graph.complete or len(graph.nodes) > MOST:
        raise InputError(
            title, f"it has over {MOST:,} states, and a graph up to that travels", "use a smaller scenario"
        )


def _check_goal(goal: str, broken: Iterable[str]) -> None:
    """InputError for a goal that no step reaches."""
    if goal not in ("", WELL, *broken):
        raise InputError(
            f"goal {printable(goal)}", "no step of this scenario breaks it", f"use one of {', '.join(broken) or 'none'}"
        )


class _Rows:
    """The nodes and edges of a graph as they travel; texts and lines each once."""

    def __init__(self, graph, names: Iterable[str]):
        self.graph, self.text, self.waits = graph, _Strings(), Waits(graph.actors)
        self.keys, self.lines = {name: i for i, name in enumerate(names)}, {}

    def _place(self, where: Line | None) -> int:
        return -1 if where is None else self.lines.setdefault((where.text, where.index), len(self.lines))

    def nodes(self) -> list[NodeRow]:
        """A row for each state."""
        text = self.text
        return [
            NodeRow(
                n.shared,
                [self._place(w) for w in n.lines],
                [text(w.why if w else "") for w in n.waits],
                [int(f) for f in n.finished],
                self.waits.place([w for w in n.waits if w]),
            )
            for n in self.graph.nodes
        ]

    def edges(self) -> list[list[EdgeRow]]:
        """For each state the moves that there are."""
        nodes = self.graph.nodes
        return [[_edge_row(e, nodes[e.target], self.text, self.keys) for e in row] for row in self.graph.edges]


def graph_data(graph, begin: Run, *, goal: str = "", goal_text: str = "", picture: Picture | None = None) -> dict:
    """A `tdxkit.explore.reachable.Graph` as the data of a run that has not begun, with the graph beside it.

    begin: the run of no steps, for title, tracks, texts, card and the first word of its codes. goal: the rule to break, "" for
    free play; goal_text says it in a sentence. Of a graph that is not whole `cut` are the nodes from which more can be done.
    """
    names = dict.fromkeys(name for state in graph.shared for name in state)
    actors = {name: i for i, name in enumerate(graph.actors)}
    broken = dict.fromkeys(rule for edges in graph.edges for edge in edges for rule in edge.broken)
    _check_goal(goal, broken)
    tracks = with_rules(begin.tracks, broken)
    data = frame(begin.title, begin.subtitle, graph.actors, names, begin.texts, tracks, begin.card, begin.code)
    pictures, rows = Pictures(picture), _Rows(graph, names)
    values = [
        {
            "values": [shown(s.get(n, ABSENT)) for n in names],
            "tracks": [track_value(t, s, actors) for t in tracks],
        }
        for s in graph.shared
    ]
    nodes, edges, code = rows.nodes(), rows.edges(), data["code"].split(" ")
    data["pics"] = [pictures.place(s) for s in graph.shared] if picture else []  # for each shared state its picture
    data["pictures"], data["waitPictures"] = pictures.made, rows.waits.made
    data["graph"] = {
        "head": code[0], "tail": [w for w in code if w[0] in "@%"], "letters": LETTERS[: len(actors)], "actors": data["actors"], "goal": visible(goal),
        "goalText": visible(goal_text), "strings": rows.text.all, "lines": [list(at) for at in rows.lines], "shared": values,
        "nodes": nodes, "edges": edges, "slots": SLOTS, "fold": FOLD, "marks": MARKS, "cut": sorted(graph.cut), "map": _map(graph),
    }  # fmt: skip
    start = graph.nodes[0]
    data |= {"steps": [], "first": values[start.shared]["values"], "start": [line(w) for w in start.lines], "total": 0}
    data["hint"] = "Nothing has happened yet. Choose who moves first."
    return data


def _map(graph) -> list[list[float]]:
    """The place of each node on the map, as two lists of numbers, columns and rows; none of a graph too large for one."""
    if len(graph.nodes) > state_map.MOST:
        return []
    found = state_map.places([[edge.target for edge in row] for row in graph.edges])
    return [[column for column, _ in found], [row for _, row in found]]


def in_other_lines(texts: Mapping[str, Text], nodes: Iterable[Iterable[Line | None]]) -> dict:
    """The texts of another language, and for each node of a graph where each actor stands in them."""
    lines: dict[Line, int] = {}
    places = [[-1 if at is None else lines.setdefault(at, len(lines)) for at in stands] for stands in nodes]
    return {
        "ours": OURS,
        "texts": {name: shown_text(t) for name, t in texts.items()},
        "lines": [line(at) for at in lines],
        "nodes": places,
    }


def _edge_row(edge, after, text: _Strings, keys: Mapping[str, int]) -> EdgeRow:
    """`after`: the node that the edge leads to."""
    broken = [text(rule) for rule in edge.broken]
    waits = tuple(wait for wait in after.waits if wait)
    step = Step("", edge.label, edge.sentence, waits=waits, broken=tuple(edge.broken))
    wrong, kind = [text(said) for said in step.wrong()], text(edge.kind)
    return EdgeRow(
        edge.actor, edge.choice, edge.target, text(edge.label), text(edge.sentence), broken, wrong, kind, edge.deed,
        [[keys[name], list(unseen)] for name, unseen in edge.reads], [keys[name] for name in edge.stores],
    )  # fmt: skip
