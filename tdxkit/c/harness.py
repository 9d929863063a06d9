"""What each CPU runs: a get and a put with the use of a page between them, or statements of the reader's; the memory they share, the rules."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from tdxkit.c.program import Program, program
from tdxkit.c.runtime import Defect
from tdxkit.c.types import Atomic, Int, Lock
from tdxkit.card import Card
from tdxkit.errors import InputError
from tdxkit.explore.memory import Cell
from tdxkit.explore.program import Own, Scenario, Thread
from tdxkit.explore.rules import must
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.roles import life
from tdxkit.run import Track

CARD = Card(
    modelled=("the C as it is written, one access of shared memory a step, in the widths of x86-64",),
    simplified=("operands are taken from left to right, which C leaves open",),
    left_out=("what compilers reorder, join or repeat; memory weaker than x86-TSO",),
)
PFN = 512


def told(function: Callable, *args):
    """A function of the text run by a CPU: its value, or the defect with its line."""

    def run(m, *more):
        try:
            value, _ = yield from function(m, (), *args)
        except Defect as error:
            raise Defect(_with_line(error)) from None
        return value

    return run


def _with_line(error: Defect) -> str:
    line, tb = 0, error.__traceback__
    while tb is not None:
        if tb.tb_frame.f_code.co_filename == "a text in C":
            line = tb.tb_lineno
        tb = tb.tb_next
    return f"line {line}: {error}" if line else str(error)


def scenario_of_c(
    text: str, runs: tuple[str, ...] = (), threads: int | None = None, rounds: int = 1, get: str = "", put: str = "", name: str = "text",
    stubs: Mapping[str, int] | None = None, defines: Mapping[str, str] | None = None, sets: Mapping[str, int] | None = None, may_fail: tuple[str, ...] = (),
) -> Scenario:  # fmt: skip
    """The scenario of a text: `runs`, one for every CPU or one for each, or the pair of functions that end in get and put."""
    made = program(text, defines, stubs, runs)
    sets = dict(sets or {})
    shared: dict[str, object] = {}
    locks, mutexes = [], []
    for variable in _objects(made):
        for cell, (_, leaf), first in zip(made.unit.cells[variable.name], variable.type.leaves(), variable.first):
            shared[Cell(cell)] = sets.pop(cell, first)
            if isinstance(leaf, Lock):
                locks.append(cell)
                if leaf.sleeps:
                    mutexes.append(cell)
    tdx = not runs
    first = sets.pop("refcount", 0)
    base: dict[str, object] = {"refcount": {0: first}, "pair": {0: False}, "users": {0: 0}} if tdx else {}
    if may_fail:
        base["c_failed"] = False
    constants = {
        "memory_may_run_out": "alloc" in may_fail, "add_may_fail": "add" in may_fail, "remove_may_fail": "remove" in may_fail, "one_by_one": False,
        "c_cells": made.unit.cells, "c_may_fail": bool(may_fail), **({} if may_fail else {"c_failed": False}),
    }  # fmt: skip
    rules = tuple(must(rule) for rule in made.unit.rules)
    programs: tuple[Thread, ...]
    if runs:
        entries = [made.functions[f"__run_{k}"] for k in range(len(runs))]
        many = threads or (2 if len(runs) == 1 else len(runs))
        programs = (
            tuple(Thread(_rounds, (told(entries[k % len(entries)]), rounds)) for k in range(many))
            if len(runs) > 1
            else (Thread(_rounds, (told(entries[0]), rounds)),) * 1
        )
        if len(runs) == 1:
            one = told(entries[0])
            programs = tuple(Thread(_rounds, (one, rounds)) for _ in range(many))
        properties = rules
    else:
        pair = [get or _ends(made, "get"), put or _ends(made, "put")]
        get_, put_ = (told(made.functions[w], *([0] * len(made.declared.takes[w].takes))) for w in pair)
        many = threads or 2
        programs = tuple(Thread(life, (0, rounds, _of(get_), module.use, _of(put_))) for _ in range(many))
        skipped = {module.NOT_NEGATIVE, module.REFCOUNT_HAS_PAIR} if first else set()
        properties = (*(p for p in module.PROPERTIES if p.name not in skipped), *rules)
    return Scenario(
        name=name, shared=base | shared, threads=programs, properties=properties, rounds=rounds, constants=constants, locks=tuple(locks), mutexes=tuple(mutexes),
        module=module.INSIDE if tdx else (), title=f"{name}, in C", texts=tuple(made.functions.values()),
        tracks=tuple(Track(str(lock), str(lock), "lock") for lock in locks), card=CARD,
    )  # fmt: skip


def _of(run: Callable) -> Callable:
    return run


def _rounds(m, run, rounds):
    for _ in range(rounds):
        yield from run(m)


def _objects(made: Program):
    return made.unit.objects()


def _ends(made: Program, word: str) -> str:
    found = [name for name in made.functions if name == word or name.endswith(f"_{word}")]
    if len(found) != 1:
        raise InputError(
            f"the {word}",
            f"{'no function ends' if not found else f'{len(found)} functions end'} in _{word}",
            f"say --{word} NAME, or --run 'STATEMENTS'",
        )
    return found[0]


@lru_cache(4)
def _compiled(text: str) -> Program:
    return program(text)


def value_of(text: str, function: str, args: tuple[int, ...]) -> int:
    """What a function of a text gives when it runs alone."""
    made = _compiled(text)
    kind = made.declared.takes[function]
    given = [k.wrap(v) if isinstance(k, Int) else v for k, v in zip(kind.takes, args)]
    memory = _Alone(made)
    run = made.functions[function](memory, (), *given)
    while True:
        try:
            next(run)
        except StopIteration as end:
            return end.value[0]


class _Alone:
    """The memory of a single CPU."""

    def __init__(self, made: Program):
        put = object.__setattr__
        put(self, "c_cells", made.unit.cells)
        for variable in made.unit.objects():
            for cell, first in zip(made.unit.cells[variable.name], variable.first):
                put(self, cell, first)

    def must(self, name: str, condition: object) -> None:
        """Nobody asks here."""

    def tell(self, sentence: str) -> None:
        """Nobody listens."""


__all__ = ["Atomic", "Own", "scenario_of_c", "value_of"]
