"""What a design does, step by step, on a page: get, the use of the page, and put, of one CPU.

The form is that of `tests/data/posted/programs.json`, which holds the same of each posted text: a row a step, an answer and a set of values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import ndiff
from functools import partial

from tdxkit.errors import InputError
from tdxkit.explore.frames import in_c
from tdxkit.explore.program import Scenario
from tdxkit.explore.rows import END, Program, Row
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.posted import DESIGNS, Posted
from tdxkit.linux.refcount.registry import Variant, of_design, scenario, variants
from tdxkit.text import columns

RULES = frozenset({module.REMOVE_FINDS_A_PAIR, module.REMOVE_FINDS_NO_USER, module.USE_HAS_PAIR})
VALUES = {"refcount": tuple(range(-3, 5)), "pair": (False, True), "users": tuple(range(4)), "pamt_lock": (False, True)}
COUNTED = (-1, 0, 1, 2)  # a lock word that counts readers, or is -1 for a writer
SHOWN = 44  # characters of a line of C
MANY = 4  # values; more of them are told by those that they are not


def domain(name: str) -> tuple:
    """The values that a shared variable of a design is given, more than any run of two CPUs reaches."""
    return VALUES.get(name, COUNTED)


@dataclass(frozen=True, slots=True)
class Told:
    """A design's program, with all three faults on. `rows` as the explorer gives them; of C also, by step, the `lines` where it stands, and
    `text`: the C's lines."""

    name: str
    rows: tuple[Row, ...]
    lines: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    text: tuple[str, ...] = ()

    def as_json(self) -> dict:
        """The form that `program --json` prints."""
        rows = [_json(row) for row in self.rows]
        if self.text:
            rows = [row | {"lines": list(self.lines.get(row["step"], ()))} for row in rows]
        return {"name": self.name, "rows": rows}

    def at(self, step: int) -> tuple[str, str]:
        """The lines of a step, and the C of the first."""
        here = self.lines.get(step, ())
        bare = self.text[here[0] - 1].strip() if here else ""
        return ", ".join(map(str, here)), bare if len(bare) <= SHOWN else bare[:SHOWN] + "…"

    def __str__(self) -> str:
        used = {row.step for row in self.rows}
        end = next(n for n in range(1, len(used) + 2) if n not in used)
        return "\n".join(
            [
                *columns(
                    ("step", *(("line", "C") if self.text else ()), "does", "where", "changes", "then"), lines(self)
                ),
                "",
                f"Step {end} is the end. Memory may run out, ADD and REMOVE may fail; a count is looked at from {VALUES['refcount'][0]} "
                f"to {VALUES['refcount'][-1]}, pages in use from 0 to {VALUES['users'][-1]}.",
            ]
        )


def told(name: str) -> Told:
    """The program of a design by name; InputError where there is none of it."""
    return Told(name, program_of(one_cpu(name)).rows())


def told_of(one: Scenario) -> Told:
    """The program of a get and a put in C; InputError where it has none."""
    if one.make is None or not getattr(one.own, "pair", False):
        raise InputError(f"program of {one.name}", "it is told of a get and a put", "name them, and leave --run out")
    if "--softirq" in one.own.options:
        raise InputError(
            f"program of {one.name}", "it is told of one CPU alone, into which nothing comes", "leave --softirq out"
        )
    alone = one.make(threads=1, rounds=1, faults=("enomem", "add-fails", "remove-fails"), roles=(), regions=1)
    program = Program(alone, partial(_values_of, alone), RULES)
    rows = tuple(replace(row, changes=tuple(c for c in row.changes if c[0] != "c_failed")) for row in program.rows())
    return Told(
        one.name, rows, program.lines({f.__code__ for f in one.texts if in_c(f.__code__)}), tuple(one.own.c.split("\n"))
    )


def changed(old: Scenario, new: Scenario) -> list[str]:
    """What two versions of a get and a put do differently, a line each: with - what the old one does, with + the new one. InputError as `told_of`."""
    sides = []
    for one in map(told_of, (old, new)):
        rows, does = [], ""
        for _, _, _, name, when, change, _ in lines(one):
            does = name or does
            rows.append("  ".join(filter(None, (does, when, change))))
        sides.append(rows)
    return [line for line in ndiff(*sides) if line[:1] in "+-"]


def _values_of(one: Scenario, name: str) -> tuple:
    """The values that a variable of C is given: a lock's, or a counter's."""
    first = one.shared.get(name)
    return (False, True) if isinstance(first, bool) else domain(name)


def one_cpu(name: str) -> Scenario:
    """One CPU, once, every fault possible."""
    faults = Variant(name, memory_may_run_out=True, add_may_fail=True, remove_may_fail=True)
    return of_design(design_named(name).code, name, 1, 1, faults)


def design_named(name: str) -> Posted:
    """The design of this name; InputError for none, and for a scenario that is a design with something gone wrong."""
    scenario(name)  # its complaint where there is none of this name
    if name not in DESIGNS:
        design = variants()[name].design
        raise InputError(
            f"scenario {name}",
            f"a program is that of a design, and this is {design} where something goes wrong",
            f"take {design}, with its faults on",
        )
    return DESIGNS[name]


def program_of(scenario: Scenario) -> Program:
    """The table of a scenario's first thread."""
    return Program(scenario, domain, RULES)


def _json(row: Row) -> dict:
    found: dict[str, object] = {"step": row.step, "does": row.does}
    if row.answer is not None or row.does in module.LEAVES_THAT_MAY_FAIL:
        found["answer"] = answered(row.answer)
    if row.when:
        found["when"] = {bare(name): _values(values, name) for name, values in row.when}
    if row.changes:
        found["changes"] = {bare(name): _change(move) for name, move in row.changes}
    if row.breaks:
        found["breaks"] = list(row.breaks)
    return found | {"then": END if row.then is None else row.then}


def bare(name: str) -> str:
    """A variable of the one region without the region."""
    return name.removesuffix(f"[{module.REGION}]")


def answered(answer: object) -> str:
    """The answer that a step was given, in words."""
    if answer is None:
        return "as the module says"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return f"fails: {answer:#x}" if isinstance(answer, int) else str(answer)


def _values(values: tuple, name: str) -> object:
    others = [v for v in domain(name.partition("[")[0]) if v not in values]
    return f"other than {others}" if len(values) > MANY else list(values)


def _change(move: str) -> str:
    return {"=True": "set", "=False": "cleared"}.get(move, move)


def lines(one: Told) -> Iterator[tuple]:
    """The rows in words: step, what it does, where, what changes, what then."""
    last = 0
    for row in one.rows:
        answer = "" if row.answer is None else answered(row.answer)
        given = [f"{bare(name)} {_said(values, name)}" for name, values in row.when]
        moves = [f"{bare(name)} {_change(move)}" for name, move in row.changes]
        then = "the end" if row.then is None else row.then
        new = row.step != last
        last = row.step
        yield (
            row.step if new else "",
            *((one.at(row.step) if new else ("", "")) if one.text else ()),
            row.does if new else "",
            "; ".join([*([answer] if answer else []), *given]),
            ", ".join([*moves, *(f"!! {b}" for b in row.breaks)]),
            then,
        )


def _said(values: tuple, name: str) -> str:
    """Some values of a variable in words; those up to an end of what is looked at as a limit."""
    known = domain(name.partition("[")[0])
    if known == (False, True) or (len(values) == 1 and isinstance(values[0], bool)):
        return "yes" if values[0] else "no"
    if len(values) > 1 and values == known[-len(values) :]:
        return f"> {known[-len(values) - 1]}"
    if len(values) > 1 and values == known[: len(values)]:
        return f"< {known[len(values)]}"
    if len(values) > MANY:
        return "other than " + ", ".join(str(v) for v in known if v not in values)
    return " or ".join(map(str, values))
