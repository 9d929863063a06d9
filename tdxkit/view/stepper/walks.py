"""What a reader walks who is the scheduler: all states of a small scenario; or those around a run, from each of its steps on.

With a run of the explorer its states travel along, all of them where they are few, else those nearest to the run: so that it can be taken over.
"""

from dataclasses import replace

from tdxkit.c.designs import walk_in_c
from tdxkit.explore.moves import Steps
from tdxkit.explore.program import Scenario
from tdxkit.explore.reachable import Graph, graph
from tdxkit.explore.schedule import parse
from tdxkit.explore.telling import replay_steps
from tdxkit.run import Run
from tdxkit.view.stepper import graph_data as graphs
from tdxkit.view.stepper.pictures import Picture

ALL, NEAREST = 1_600, 600  # states that travel along: all where they are so few, else so many around the run
LONGEST = 2_000  # steps of a run that can be taken over
# What a walk through the graph has of its own; all else is the run's.
OWN = ("tracks", "keys", "first", "start", "pics", "pictures", "waitPictures", "graph", "c")


def walk_of(
    scenario: Scenario, goal: str = "", goal_text: str = "", picture: Picture | None = None, begin: Steps = ()
) -> dict:
    """All states of a scenario as plain data. InputError where they are too many to travel. begin: a schedule after which the walk begins."""
    walked = graph(scenario, graphs.MOST, begin)
    graphs.check_all_here(walked, scenario.title or scenario.name)
    nothing = _begun(scenario, walked)
    data = _in_c(walked, graphs.graph_data(walked, nothing, goal=goal, goal_text=goal_text, picture=picture), begin)
    return data | {"path": list(walked.path)}


def taken_over(run: Run, picture: Picture | None = None, ahead: bool = False) -> dict | None:
    """The states around a run as plain data, with the run's own path in them; None for what is no run of the explorer, or a longer one.
    ahead: of too many states those that lie ahead of the run's end, and more of them."""
    if run.scenario is None or not 0 < len(run) <= LONGEST:
        return None
    steps = parse(run.code).steps
    walked = graph(run.scenario, ALL, steps)
    if not walked.complete:
        walked = graph(run.scenario, ALL if ahead else NEAREST, steps, ahead)
    nothing = _begun(run.scenario, walked)
    data = _in_c(walked, graphs.graph_data(walked, nothing, picture=picture), steps)
    return {name: data[name] for name in OWN if name in data} | {"path": list(walked.path)}


def _begun(scenario: Scenario, walked: Graph) -> Run:
    """The run of no steps, with a row for whatever some step of the graph changes, and for each rule."""
    first = walked.shared[0]
    moved = {name for state in walked.shared for name, value in state.items() if value != first[name]}
    rows = tuple(row for row in scenario.rows if row.kind == "rule" or row.key in moved)
    return replace(replay_steps(scenario, ()), tracks=rows)


def _in_c(walked: Graph, data: dict, steps: Steps) -> dict:
    """The data with the lines of C, where the design has them."""
    if other := walk_in_c(walked, data["code"], steps):
        data["c"] = graphs.in_other_lines(*other)
    return data
