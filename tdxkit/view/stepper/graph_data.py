"""A reachable graph as plain data, so that the reader can be the scheduler without a kernel."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.explore.schedule import FOLD, LETTERS, MARKS
from tdxkit.run import ABSENT, Line, Run, Step, Text, Wait
from tdxkit.view.kit.svg import visible
from tdxkit.view.stepper.payload import OURS, Picture, Pictures, frame, line, shown, shown_text, track_value, with_rules

MOST = 5_000  # states that travel along


class NodeRow(NamedTuple):
    """A state as it travels; the script is told the names of the slots. A text is its place among `strings`, -1 for none."""

    shared: int  # its place among the shared states
    lines: list[int]  # where each actor stands: a place among `lines`, -1 for none
    whys: list[int]  # why each actor cannot move
    over: list[int]  # 1 for each actor that has finished


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


def graph_data(graph, begin: Run, *, goal: str = "", goal_text: str = "", picture: Picture | None = None) -> dict:
    """A `tdxkit.explore.reachable.Graph` as the data of a run that has not begun, with the graph beside it.

    begin: the run of no steps, for title, tracks, texts, card and the first word of its codes. goal: the rule to break, "" for
    free play; goal_text says it in a sentence.
    """
    if not graph.complete or len(graph.nodes) > MOST:
        raise InputError(
            begin.title, f"it has over {MOST:,} states, and a graph up to that travels", "use a smaller scenario"
        )
    names = dict.fromkeys(name for state in graph.shared for name in state)
    actors = {name: i for i, name in enumerate(graph.actors)}
    broken = dict.fromkeys(rule for edges in graph.edges for edge in edges for rule in edge.broken)
    if goal and goal not in broken:
        raise InputError(
            f"goal {printable(goal)}", "no step of this scenario breaks it", f"use one of {', '.join(broken) or 'none'}"
        )
    tracks = with_rules(begin.tracks, broken)
    data = frame(begin.title, begin.subtitle, graph.actors, names, begin.texts, tracks, begin.card, begin.code)
    pictures, text, lines = Pictures(picture), _Strings(), {}
    values = [
        {
            "values": [shown(s.get(n, ABSENT)) for n in names],
            "tracks": [track_value(t, s, actors) for t in tracks],
        }
        for s in graph.shared
    ]
    data["pics"] = [pictures.place(s) for s in graph.shared] if picture else []  # for each shared state its picture
    data["pictures"] = pictures.made

    def place(where) -> int:
        return -1 if where is None else lines.setdefault((where.text, where.index), len(lines))

    nodes = [
        NodeRow(n.shared, [place(w) for w in n.lines], [text(w) for w in n.why], [int(f) for f in n.finished])
        for n in graph.nodes
    ]
    edges = [[_edge_row(edge, graph.nodes[edge.target], text) for edge in row] for row in graph.edges]
    data["graph"] = {
        "head": data["code"].split(" ")[0], "tail": [w for w in data["code"].split(" ") if w[0] in "@%"], "letters": LETTERS[: len(actors)], "actors": data["actors"], "goal": visible(goal),
        "goalText": visible(goal_text), "strings": text.all, "lines": [list(at) for at in lines], "shared": values,
        "nodes": nodes, "edges": edges, "slots": SLOTS, "fold": FOLD, "marks": MARKS,
    }  # fmt: skip
    start = graph.nodes[0]
    data |= {"steps": [], "first": values[start.shared]["values"], "start": [line(w) for w in start.lines], "total": 0}
    data["hint"] = "Nothing has happened yet. Choose who moves first."
    return data


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


def _edge_row(edge, after, text: _Strings) -> EdgeRow:
    """`after`: the node that the edge leads to."""
    broken = [text(rule) for rule in edge.broken]
    waits = tuple(Wait("", "", why) for why in after.why if why)
    step = Step("", edge.label, edge.sentence, waits=waits, broken=tuple(edge.broken))
    wrong, kind = [text(said) for said in step.wrong()], text(edge.kind)
    return EdgeRow(
        edge.actor, edge.choice, edge.target, text(edge.label), text(edge.sentence), broken, wrong, kind, edge.deed
    )
