"""What a reader needs to take a run over: from each of its steps, who else could have gone on, and where that leads.

With a run of the explorer its states travel along: all of them where they are few, else those nearest to the run.
"""

from tdxkit.explore.schedule import parse
from tdxkit.run import Run
from tdxkit.view.stepper import graph_data as graphs
from tdxkit.view.stepper.pictures import Picture

ALL, NEAREST = 1_600, 600  # states that travel along: all where they are so few, else so many around the run
LONGEST = 2_000  # steps of a run that can be taken over
# What a walk through the graph has of its own; all else is the run's.
OWN = ("tracks", "keys", "first", "start", "pics", "pictures", "waitPictures", "graph", "c")


def taken_over(run: Run, picture: Picture | None = None) -> dict | None:
    """The graph around a run as plain data, with the run's own path in it; None for what is no run of the explorer, or a longer one."""
    if run.scenario is None or not 0 < len(run) <= LONGEST:
        return None
    from tdxkit.c.designs import walk_in_c
    from tdxkit.explore.reachable import graph
    from tdxkit.explore.telling import replay_steps

    steps = parse(run.code).steps
    walked = graph(run.scenario, ALL, steps)
    if not walked.complete:
        walked = graph(run.scenario, NEAREST, steps)
    data = graphs.graph_data(walked, replay_steps(run.scenario, ()), picture=picture)
    if other := walk_in_c(walked, run.code):
        data["c"] = graphs.in_other_lines(*other)
    return {name: data[name] for name in OWN if name in data} | {"path": list(walked.path)}
