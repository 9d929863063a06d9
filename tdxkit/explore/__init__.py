"""Every interleaving of a few threads: programs as generators, engines, schedules, outcomes.

What a scenario is made of: `program`, the `rules` it asks for, and `memory` that its threads share. Read `engine` next: it explores by
running each schedule again, on a page. `running` begins and resumes a program, `values` says when two values are one. The fast way to
the same answers: `place` (where a suspended generator stands), `tables` (what each step does), `space` (states as numbers), `visit` (all of them), `movers` (locks that move), `search`,
`shortest`, `livelock` (states of no return), `audit` (the tables held against live generators). With what was found: `result`, `schedule`
(codes), `moves`, `telling` (a schedule as a `Run`), `endings` (the outcome table), `reachable` (the graph that a view walks), `waiting`
(who waits for whom where a run stands still, and the loop of a livelock), `dice` (what random runs would have met), `shrinking` (a long
schedule made short). Store buffers are in `buffers` and `standing`, what KCSAN would tell in `races`, the same machine in SPIN's
language in `transitions` and `promela`. A reader's own code is kept by `guard` (a step that never ends), `outside` (what it reaches beside the memory),
`closing` (how it is thrown away), and judged by `judging` with a `closer` look: `reading` refuses what is no model (on `names`, `libraries`), `split` takes its
steps apart into loads and stores (on `logged`, `pieces`), `unrun` names the lines that never ran. `orders` are those of locks.
"""

from tdxkit.doors import door

__all__, __getattr__ = door(
    __name__,
    program="Scenario Thread interrupt",
    rules="Property always at_end each_step finished must sometimes",
    search="explore",
    judging="judge",
    result="Result",
    endings="outcomes",
    telling="replay replay_steps",
    reachable="graph",
    schedule="encode parse switches",
    dice="stress walk walks",
    shrinking="shrink",
)
