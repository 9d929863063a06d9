"""The TDX module: PAMT, locks, SEAMCALL leaves, a TD's life.

Start with `module.Module` (make calls), `td.Td` (drive a TD), `runs.RUNS` (step through calls). Below them: `memory` (the state),
`locks`, `pamt` and `sizes`; `seamcalls` (the engine, with the fidelity card), `call` (what a leaf is made of), `checks*` and
`leaves_*` (the checks and what each leaf does); beside them: `scenes` (a world for each leaf), `conflicts`, `differences`, `record`,
`threads` (calls in the explorer), `bulk` (larger guests), `guest` (the other side of a lock), `describe` (a leaf in words).
"""
