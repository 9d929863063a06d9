"""The shared memory of a compiled text: its cells under names that no model beside it has, what they begin with, which are locks."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from tdxkit.c.known import ATOMIC, READER
from tdxkit.c.neighbours import has_neighbours, values
from tdxkit.c.program import Program, program
from tdxkit.c.types import Atomic, Int, Lock, Type
from tdxkit.errors import InputError, printable
from tdxkit.explore.memory import Cell, Memory
from tdxkit.linux.refcount.registry import FAULTS
from tdxkit.text import near

OF_A_PAIR = ("refcount", "pair", "users")  # variables of every scenario of a get and a put
OF_ITSELF = (
    "c_cells",
    "c_heap",
    "c_counted",
    "c_lists",
    "c_paged",
    "c_layouts",
    "c_spins",
    "c_cpus",
    "c_softirqs",
    "c_may_fail",
    "c_failed",
)  # what programs of the kernel know of the text
TAKEN = frozenset({*(attribute for _, attribute in FAULTS.values()), *OF_ITSELF})


@lru_cache(8)
def compiled(
    text: str, defines: tuple = (), stubs: tuple = (), run: tuple[str, ...] = (), margins: tuple[int, ...] = (), taken: frozenset[str] = frozenset(), cpus: int = 2,
    softirq: str = "",
) -> Program:  # fmt: skip
    """A text as `program` compiles it, kept for the next who asks."""
    return program(text, dict(defines), dict(stubs), run, margins, taken, cpus, softirq)


def beside_models(
    text: str, defines: tuple, stubs: tuple, run: tuple[str, ...], margins: tuple[int, ...], cpus: int, softirq: str = ""
) -> Program:  # fmt: skip
    """A text compiled; its variables that are called like one of the models' have another name in the memory, which is said."""
    cpus = (
        cpus if "cpu" in text.lower() or any("cpu" in words for words in (*run, softirq)) else 2
    )  # where nobody asks one is kept for all
    made = compiled(text, defines, stubs, run, margins, cpus=cpus, softirq=softirq)
    theirs = TAKEN.union(made.unit.keyed if run else OF_A_PAIR)
    twice = [word for word in made.unit.cells if word in theirs or hasattr(Memory, word)]
    return compiled(text, defines, stubs, run, margins, frozenset(twice), cpus, softirq) if twice else made


def first_values(made: Program) -> dict[str, object]:
    """The cells of the shared objects, each with what it begins with."""
    return {
        Cell(cell): first
        for variable in made.unit.objects()
        for cell, first in zip(made.unit.cells[variable.name], values(variable.type, variable.first))
    }


def value_set(made: Program, word: str, value: int, begins: Mapping[str, object], counters: bool) -> dict[str, object]:
    """The cell that a name of the text means (`users`, `dev.count`, `flag[1]`) with the value that it is to begin with, where they `begin` with these."""
    cells = {path: (cell, leaf) for path, cell, leaf in _leaves(made)}
    if word not in cells:
        known = {*cells, *(("refcount",) if counters else ())}
        raise InputError(
            f"--set {printable(word)}",
            "there is no such variable",
            f"try {near(word, known, 0.3) or 'another name'}",
        )
    cell, kind = cells[word]
    new = fitting(word, value, kind)
    if has_neighbours(kind):
        row = begins[cell]
        new = (*row[: kind.at], new, *row[kind.at + 1 :])
    return {Cell(cell): new}


def fitting(word: str, value: int, kind: Type = ATOMIC) -> int:
    """A first value that is asked for, where the variable can hold it."""
    number = kind.of if isinstance(kind, Atomic) else kind
    if not isinstance(number, Int):
        raise InputError(f"--set {printable(word)}", f"it is no number, but {kind}", "set numbers only")
    if number.wrap(value) != value:
        most = 1 if number.name == "_Bool" else number.most
        raise InputError(
            f"--set {printable(word)}={value}", f"{kind} holds {number.least} to {most}", "give a value in this range"
        )
    return value


def locks_of(made: Program) -> tuple[list[str], list[str]]:
    """The cells that are locks, and those of them under which one may sleep."""
    locks = [(cell, leaf) for _, cell, leaf in _leaves(made) if isinstance(leaf, Lock)]
    return [cell for cell, _ in locks], [cell for cell, leaf in locks if leaf.sleeps]


def spare_readers(made: Program, cpus: int) -> dict[str, str]:
    """The cells for readers of RCU and SRCU that are more than there are CPUs, each with the first of its kin."""
    cells = [cell.rpartition("[") for _, cell, leaf in _leaves(made) if leaf is READER]
    return {f"{kin}[{number}": f"{kin}[0]" for kin, _, number in cells if int(number.rstrip("]")) >= cpus}


def _leaves(made: Program) -> Iterator[tuple[str, str, Type]]:
    """Each scalar of the shared objects as the text calls it, as the memory does, and its type."""
    for variable in made.unit.objects():
        for cell, (path, leaf) in zip(made.unit.cells[variable.name], variable.type.leaves()):
            yield variable.name + path, cell, leaf
