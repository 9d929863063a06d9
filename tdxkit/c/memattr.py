"""The two loops of memory attributes in C, `data/designs/memattr-before.c` and `memattr-after.c`, and the model's run told in its lines.

    record_set([(62, 66, 8)], patch="v2")      # a recording of the model; `also` of it has the same steps at their lines of memattr-after.c

The C has the lock and the two loops, and the model has its check and the handlers of the memslots beside them. So the C runs beside the model,
and each step that both have is held against the C's own, with its page, its entry and the whole tree after it, before its line is believed. A
step that is the model's alone has no line of C.
"""

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from tdxkit.c.harness import scenario_of_c
from tdxkit.c.kernel.xarrays import Tree
from tdxkit.errors import TdxkitError
from tdxkit.explore.telling import replay_steps
from tdxkit.facts import data_path
from tdxkit.linux.memattr.tree_run import record
from tdxkit.linux.memattr.tree_state import flat
from tdxkit.run import Run, State, Step, Text

BEFORE = "before"
TEXTS = {None: BEFORE, "v2": "after"}  # by the patch that the kernel carries
XARRAY, LOOPS = "attributes", ("reserve_each", "store_each")
OF_CALL = ("at", "walk", "allocs", "frees")  # what a state of the model says beside the tree
Call = tuple[int, int, int]  # the first GFN, the one after the last, the attributes


def record_set(calls: Sequence[Call], title: str = "Memory attributes, page by page", patch: str | None = None) -> Run:
    """kvm_vm_set_mem_attributes() for each call, on an empty XArray, as `tdxkit.linux.memattr.tree_run.record` tells it. Its `also`: the same at
    the lines of C; None where the patch has none, or where a step of the C is another one. InputError as there."""
    run = record([["set_attrs", *call] for call in calls], title, patch)
    return replace(run, also=_in_c(run, calls, patch))


def _in_c(run: Run, calls: Sequence[Call], patch: str | None) -> Run | None:
    """The run at the lines of C."""
    done, mine = _shared(run, calls)
    if patch not in TEXTS or not done:
        return None
    try:
        other = _of_c(done, patch, len(mine))
    except TdxkitError:
        return None
    states, theirs = list(run.states())[1:], list(other.states())[1:]
    same = all(_same(run.steps[k], states[k], *there) for k, there in zip(mine, zip(other.steps, theirs)))
    if not same or other.steps[-1].next:
        return None
    return _told(run, dict(zip(mine, other.steps)), other)


def _shared(run: Run, calls: Sequence[Call]) -> tuple[list[Call], list[int]]:
    """The calls that had something to do, for the C does not ask whether they have, and where in the run the steps are that both take."""
    found: list[list[int]] = []
    for k, step in enumerate(run.steps):
        found += [[]] if step.does == "mutex_lock" else []
        found[-1] += [] if step.does.startswith("kvm_") else [k]
    busy = [(call, steps) for call, steps in zip(calls, found) if len(steps) > 2]
    return [call for call, _ in busy], [k for _, steps in busy for k in steps]


def _of_c(calls: Sequence[Call], patch: str | None, steps: int) -> Run:
    """The C's own run of so many steps; TdxkitError where it has fewer."""
    words = " ".join(f"set_range({start}, {end}, {bits});" for start, end, bits in calls)
    return replay_steps(scenario_of_c(_text(TEXTS[patch]), run=(words,), threads=1), [(0, 0)] * steps)


def _same(mine: Step, then: State, theirs: Step, there: State) -> bool:
    """Is a step of the C that of the model, with its operands, and the tree after it the same?"""
    kept = flat(Tree(there[f"{XARRAY}.xa_head"]).xa)
    tree = {key: value for key, value in then.items() if key not in OF_CALL}
    label = theirs.label.replace(f"({XARRAY}, ", "(")
    operands = mine.does.startswith("xa_") and label != mine.label
    return mine.does == theirs.does and not operands and tree == {key: kept[key] for key in kept if key not in OF_CALL}


def _told(run: Run, there: dict[int, Step], other: Run) -> Run:
    """The run with its steps at the lines of C; where it takes a step of its own, the C stands where it stood."""
    steps, stands = [], next(iter(other.start.values()))
    start = dict.fromkeys(run.actors, stands)
    for k, step in enumerate(run.steps):
        stands = there[k].next if k in there else stands
        steps.append(replace(step, line=there[k].line if k in there else None, next=stands))
    return replace(run, steps=tuple(steps), start=start, texts=_marked(other.texts))


def _marked(texts: dict[str, Text]) -> dict[str, Text]:
    """The texts that are shown, the lines that the patch adds marked."""
    before = _functions(BEFORE)
    found = {}
    for name, text in texts.items():
        if name in before:
            pieces = SequenceMatcher(None, before[name].lines, text.lines, autojunk=False).get_opcodes()
            added = tuple(k for what, _, _, first, stop in pieces if what == "insert" for k in range(first, stop))
            found[name] = text._replace(added=added)
    return found


@cache
def _functions(name: str) -> dict[str, Text]:
    """The functions of a text of C."""
    scenario = scenario_of_c(_text(name), run=("set_range(0, 1, 8);",), threads=1)
    return {
        function.__name__: function.shown for function in scenario.texts if not function.__name__.startswith("__run_")
    }


def _text(name: str) -> str:
    return Path(data_path(f"designs/memattr-{name}.c")).read_text(encoding="utf-8")
