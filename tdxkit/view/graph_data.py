"""A reachable graph as plain data, so that the reader can be the scheduler without a kernel."""

from collections.abc import Mapping

from tdxkit.errors import InputError
from tdxkit.run import ABSENT, NO_CARD, Text, Track
from tdxkit.view.payload import Picture, Pictures, frame, line, shown, track_value, with_rules
from tdxkit.view.svg import visible

MOST = 5_000  # states that travel along
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


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


def graph_data(
    graph, *, title: str, subtitle: str = "", goal: str = "", goal_text: str = "", head: str = "", texts: Mapping[str, Text] = {},
    tracks: tuple[Track, ...] = (), card=NO_CARD, picture: Picture | None = None, path: tuple[int, ...] = (),
) -> dict:  # fmt: skip
    """A `tdxkit.explore.graph.Graph` as the data of a run that has not begun, with the graph beside it.

    goal: the rule to break, "" for free play. head: the first word of its schedule codes. path: edges already taken.
    """
    if len(graph.nodes) > MOST:
        raise InputError(
            f"{len(graph.nodes):,} states",
            f"a graph of up to {MOST:,} travels to the browser",
            "use a smaller scenario",
        )
    names = dict.fromkeys(name for state in graph.shared for name in state)
    actors = {name: i for i, name in enumerate(graph.actors)}
    broken = [rule for edges in graph.edges for edge in edges for rule in edge.broken]
    tracks = with_rules(tracks, [*([goal] if goal else []), *broken])
    data = frame(title, subtitle, graph.actors, names, texts, tracks, card, head)
    pictures, text, lines = Pictures(picture), _Strings(), {}
    shared = [
        {"v": [shown(s.get(n, ABSENT)) for n in names], "t": [track_value(t, s, actors) for t in tracks]}
        for s in graph.shared
    ]
    # The pictures of a walk are numbered like the shared states, so each state keeps the place of its picture.
    data["pics"] = [pictures.place(s) for s in graph.shared] if picture else []

    def place(where) -> int:
        return -1 if where is None else lines.setdefault((where.text, where.index), len(lines))

    nodes = [[n.shared, [place(w) for w in n.lines], [text(w) for w in n.whys]] for n in graph.nodes]
    edges = [[_edge(e, text) for e in row] for row in graph.edges]
    data["pictures"], data["path"] = pictures.made, list(path)
    data["graph"] = {
        "head": visible(head), "letters": LETTERS[: len(actors)], "actors": data["actors"], "goal": visible(goal),
        "goalText": visible(goal_text), "strings": text.all, "lines": [list(at) for at in lines], "shared": shared,
        "nodes": nodes, "edges": edges,
    }  # fmt: skip
    first = graph.nodes[0]
    data |= {"steps": [], "first": shared[first.shared]["v"], "start": [line(w) for w in first.lines], "total": 0}
    data["hint"] = "Nothing has happened yet. Choose who moves first."
    return data


def _edge(edge, text: _Strings) -> list:
    choice = -1 if edge.choice is None else text(shown(edge.choice))
    return [
        edge.actor,
        choice,
        edge.target,
        text(edge.label),
        text(edge.sentence),
        [text(rule) for rule in edge.broken],
    ]
