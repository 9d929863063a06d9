"""The TDX module: PAMT, locks, SEAMCALL leaves, a TD's life.

Start with `module.Module` (make calls), `td.SimpleTd` (a host that does it right), `runs.RUNS` (step through calls). Below them: `memory` (the
state), `locks`, `pamt` and `sizes`, `versions`; `leaves/` (what each leaf takes, locks, checks and does). Beside them: `scenes` (a world
for each leaf), `conflicts`, `differences` (code against letter), `pamt_state` (the PAMT as a flat state), `record`, `threads` (calls in
the explorer), `guest` (the other side of a lock).
"""

from tdxkit.doors import door

__all__, __getattr__ = door(__name__, module="Module", td="SimpleTd", runs="RUNS")
