"""A scenario as a model for SPIN: the tables written out, one line for each thing that a step may do, and its rules.

One process holds the whole state: the shared variables by name, and for each thread the number of the place where it stands (0: it has
finished). Each line of its loop is one step in `d_step`: who, where and what it must see, what it changes, where it stands then, and in a
comment the line of the program and the words of the step. A step that breaks a rule leads to a state of its own from which nothing goes on,
as here no search goes past one; so SPIN counts the states of `reduce="none"`, two more for each broken rule and two for the end.

What SPIN then says is said of these tables. That the tables are the programs is shown by the readable engine and by the tests.


"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from tdxkit.errors import printable
from tdxkit.explore.buffers import DRAIN, DRAINED
from tdxkit.explore.effects import Ask, Effect, effects, ways
from tdxkit.explore.memory import View
from tdxkit.explore.program import Scenario
from tdxkit.explore.running import holds
from tdxkit.explore.search import visiting
from tdxkit.explore.space import Space
from tdxkit.explore.tables import FINISHED, Tables
from tdxkit.work import Job, drive

SOURCES = ("spin-promela",)

FORBIDDEN = frozenset(
    # words of Promela, and of the C that SPIN makes of it
    [
        "active",
        "assert",
        "atomic",
        "bit",
        "bool",
        "break",
        "byte",
        "c_code",
        "c_decl",
        "c_expr",
        "c_state",
        "c_track",
        "chan",
        "d_step",
        "d_proctype",
        "do",
        "else",
        "empty",
        "enabled",
        "eval",
        "false",
        "fi",
        "for",
        "full",
        "get_priority",
        "goto",
        "hidden",
        "if",
        "in",
        "init",
        "inline",
        "int",
        "len",
        "local",
        "ltl",
        "mtype",
        "nempty",
        "never",
        "nfull",
        "np_",
        "od",
        "of",
        "pc_value",
        "pid",
        "printf",
        "printm",
        "priority",
        "proctype",
        "provided",
        "run",
        "select",
        "set_priority",
        "short",
        "show",
        "skip",
        "timeout",
        "trace",
        "true",
        "typedef",
        "unless",
        "unsigned",
        "xr",
        "xs",
        "auto",
        "case",
        "char",
        "const",
        "continue",
        "default",
        "double",
        "enum",
        "extern",
        "float",
        "long",
        "register",
        "return",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "union",
        "void",
        "volatile",
        "while",
        "main",
        "now",
        "model",
        "wipe",
        "judge",
        "finish",
        "broken",
        "over",
        "told",
        "tell",
    ]
)
INTS = {"byte": (0, 255), "short": (-(1 << 15), (1 << 15) - 1), "int": (-(1 << 31), (1 << 31) - 1)}
Seen = tuple[tuple[int, int], ...]  # (slot, number of a value): what must stand in shared variables


@dataclass
class Model:
    """A model's text, and what leads from it back.

    steps: for each line the (thread, choice) of its step. rules: the rule of each number that `broken` may have. renamed: what a name of
    the scenario became. complete: are these all steps that there are? Else a step that is missing is told by SPIN as rule 1.
    """

    scenario: Scenario
    text: str = ""
    steps: dict[int, tuple[int, int]] = field(default_factory=dict)
    rules: dict[int, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    complete: bool = True


# A broken rule, and the end, are each a state of their own, and so are the two in which SPIN's process then ends.
ENDED, ENDS = 'c_code { if (!tdx_ended[now.broken]++) printf("tdxkit: ended\\n"); }', 3
MISSING = "the tables have no step for this"


def promela(scenario: Scenario, bound: int | None = None) -> Model:
    """The scenario as a model for SPIN; its tables are filled by a search of at most `bound` states (`scenario.bound`)."""
    return drive(writing(scenario, bound))


def writing(scenario: Scenario, bound: int | None = None) -> Job[Model]:
    """`promela` as a job: it ticks as a search does."""
    tables = Tables(scenario)
    found = yield from visiting(Space(tables, fuse=False), True, bound or scenario.bound)
    model = Model(scenario, complete=found.complete, rules={1: MISSING})
    return _Writer(tables, model).write()


class _Writer:
    """Writes the lines of a model one after the other, and notes which step each is."""

    def __init__(self, tables: Tables, model: Model):
        self.tables, self.model, self.scenario = tables, model, model.scenario
        self.lines: list[str] = []
        self.ids = {MISSING: 1}
        self.threads = range(len(self.scenario.threads))
        self.names = self._named(tables.layout.labels)
        self.codes = [self._coded(slot) for slot in range(len(self.names))]

    def write(self) -> Model:
        """The model."""
        steps = [way for k in self.threads for way in self._thread(k)]
        judge = list(self._rules("always", "judge()", "wipe()"))
        finish = list(self._rules("at_end", "finish()", "wipe()"))
        self._head()
        self.lines += [*self._variables(), *judge, *finish, "", "active proctype model() {", "  do"]
        for k, choice, guard, acts, said in steps:
            self.lines.append(f"  :: d_step {{ {guard} -> {'; '.join(acts)} }}  /* {said} */")
            self.model.steps[len(self.lines)] = k, choice
        over = " && ".join(f"at_{k} == 0" for k in self.threads)
        self.lines += [
            f"  :: d_step {{ !broken && !over && {over} -> finish(); if :: broken :: else -> blank(); over = 1; {ENDED} fi }}  /* all have finished */",
            "  :: broken || over -> break",
            "  od",
            "}",
        ]
        self.model.text = "\n".join(self.lines) + "\n"
        self.model.rules = {number: rule for rule, number in self.ids.items()}
        return self.model

    def _named(self, labels: list[str]) -> list[str]:
        """A name of Promela for each shared variable, none twice."""
        taken: set[str] = {f"at_{k}" for k in self.threads}
        made = []
        for label in labels:
            plain = re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_") or "v"
            name = plain if plain not in FORBIDDEN and plain[0].isalpha() else f"v_{plain}"
            while name in taken:
                name += "_2"
            taken.add(name)
            made.append(name)
            if name != label:
                self.model.renamed[label] = name
        return made

    def _coded(self, slot: int) -> dict[int, int]:
        """For each value of a shared variable, by its number, the number that stands for it: itself where all are numbers of one type."""
        tables = self.tables
        written = (n for at in tables.places for e in effects(at.rows) for s, n in e.writes if s == slot)
        held = (entry[1] for at in tables.places for entry in at.buffer if entry[0] == slot)
        numbers = dict.fromkeys(chain((state[slot] for state in tables.shared), written, held))
        values = [tables.values[number] for number in numbers]
        same = all(type(v) is int and INTS["int"][0] <= v <= INTS["int"][1] for v in values)
        if same or all(type(v) is bool for v in values):
            return {number: int(v) for number, v in zip(numbers, values)}  # type: ignore[call-overload]
        return {number: code for code, number in enumerate(numbers)}

    def _head(self) -> None:
        """What the model is, and what stands for what."""
        said = [f"{self.scenario.title or self.scenario.name}; {self.scenario.setting}"]
        said += [f"{label} is {name} here" for label, name in self.model.renamed.items()]
        for slot, codes in enumerate(self.codes):
            if any(code != self.tables.values[number] for number, code in codes.items()):
                meant = ", ".join(f"{code}: {printable(self.tables.values[n], 40)}" for n, code in codes.items())
                said.append(f"{self.names[slot]} holds {meant}")
        said += [f"rule {number}: {rule}" for rule, number in self.ids.items()]
        said.append("made by tdxkit; spin -a, then gcc -DSAFETY -DNOREDUCE: see python -m tdxkit confirm --help")
        self.lines += [f"/* {_comment(line)} */" for line in said]

    def _variables(self) -> Iterator[str]:
        """Declarations, and the state that a broken rule leads to."""
        first = self.tables.shared[self.tables.first_sid]
        places = _type(len(self.tables.places))
        yield f"c_decl {{ static int tdx_told[{len(self.ids) + 1}], tdx_ended[{len(self.ids) + 1}]; }};"
        for k in self.threads:
            yield f"{places} at_{k} = {self.tables.first_lids[k]};  /* {_comment(self.scenario.actors[k])} */"
        for slot, name in enumerate(self.names):
            codes = self.codes[slot]
            yield f"{_type(*codes.values())} {name} = {codes[first[slot]]};"
        yield f"{_type(len(self.ids))} broken = 0; bool over = 0;"
        blanks = [*(f"at_{k} = 0" for k in self.threads), *(f"{name} = 0" for name in self.names)]
        yield f"inline blank() {{ {'; '.join(blanks)} }}"
        yield f"inline wipe() {{ blank(); {ENDED}; assert(broken == 0) }}"

    def _id(self, rule: str) -> int:
        return self.ids.setdefault(rule, len(self.ids) + 1)

    def _tells(self, rules: Iterable[str]) -> str:
        """Say which rules broke, each once a run of SPIN; the first is the state that the run comes into."""
        ids = [self._id(rule) for rule in rules]
        told = " ".join(f'if (!tdx_told[{n}]++) printf("tdxkit: rule {n}\\n");' for n in ids)
        return f"broken = {ids[0]}; c_code {{ {told} }}"

    def _rules(self, kind: str, name: str, then: str) -> Iterator[str]:
        """The rules about states as one inline."""
        checks = [(p.name, p) for p in self.scenario.asked if p.kind == kind and p.check]
        yield f"inline {name} {{"
        for rule, one in checks:
            paths = self._false_paths(one, kind)
            if paths:
                yield f"  if :: {' || '.join(paths)} -> {self._tell_more(rule)} :: else fi;  /* {_comment(rule)} */"
        yield f"  if :: broken -> {then} :: else fi"
        yield "}"

    def _tell_more(self, rule: str) -> str:
        n = self._id(rule)
        return f'broken = (broken -> broken : {n}); c_code {{ if (!tdx_told[{n}]++) printf("tdxkit: rule {n}\\n"); }}'

    def _false_paths(self, rule, kind: str) -> list[str]:
        """What must stand in shared memory for a rule not to hold, as conditions, read off every state that the search has met."""
        paths: dict[str, None] = {}
        for numbers in self.tables.shared:
            seen = _Seeing(self.tables, numbers)
            if not holds(rule, seen):
                paths[self._when(tuple(seen._looked.items())) or "true"] = None
        return list(paths)

    def _when(self, seen: Seen) -> str:
        """A condition on shared variables."""
        said = " && ".join(f"{self.names[slot]} == {self.codes[slot][number]}" for slot, number in seen)
        return f"({said})" if len(seen) > 1 else said

    def _thread(self, k: int) -> Iterator[tuple[int, int, str, list[str], str]]:
        """Everything that thread k may do: (thread, choice, guard, changes, words)."""
        tables = self.tables
        todo = [tables.first_lids[k]]
        known = set(todo)
        for lid in todo:
            at = tables.places[lid]
            for choice in at.options if lid != FINISHED else ():
                for seen, effect in self._ways(lid, choice):
                    new = [a for a in self._stands(k, effect.after) if a not in known]
                    known.update(new)
                    todo += new
                    yield from self._lines(k, lid, choice, seen, effect)
                if not self.model.complete and choice != DRAIN:
                    yield from self._missing(k, lid, choice)
            if k in self._heirs():  # an interrupt may leave its buffer to who stands here
                more = [a for a in self._inherited(k, lid) if a not in known]
                known.update(more)
                todo += more

    def _heirs(self) -> set[int]:
        return {j for i, _ in self.tables.interrupts if self.tables.hands for j in self.scenario.beneath[i]}

    def _inherited(self, k: int, lid: int) -> list[int]:
        """The places that thread k at this one is in once it has taken over a buffer."""
        tables = self.tables
        buffers = {tables.places[hand].buffer for hand in tables.hands}
        return [tables.with_buffer(tables.standing_at(k, lid), b) for b in buffers if not tables.places[lid].buffer]

    def _stands(self, k: int, lid: int) -> list[int]:
        return [] if lid in self.tables.hands else [lid]

    def _ways(self, lid: int, choice: int) -> Iterator[tuple[Seen, Effect]]:
        """What a step is known to do, under each of the values that it reads."""
        if choice == DRAIN:
            yield (), self.tables.outcome(self.tables.first_sid, lid, DRAIN)
            return
        rows = self.tables.places[lid].rows
        yield from ((tuple(seen.items()), effect) for _, seen, effect in ways(rows[choice : choice + 1]))

    def _lines(self, k: int, lid: int, choice: int, seen: Seen, effect: Effect) -> Iterator[tuple]:
        guard = [f"!broken && at_{k} == {lid}", *self._may_run(k, lid)]
        if seen:
            guard.append(self._when(seen))
        if effect.after == lid and not effect.broken:
            read = dict(seen)
            changes = [f"{self.names[s]} != {self.codes[s][n]}" for s, n in effect.writes if read.get(s) != n]
            if not changes:
                return  # blocked: nothing would change
            guard.append(f"({' || '.join(changes)})")
        writes = [f"{self.names[slot]} = {self.codes[slot][number]}" for slot, number in effect.writes]
        said = self._said(k, lid, choice)
        if effect.broken:
            yield k, choice, " && ".join(guard), [self._tells(effect.broken), "wipe()"], said
            return
        judged = ["judge()"] if writes else []
        if effect.after in self.tables.hands:
            for more, moves in self._handed(k, self.tables.places[effect.after].buffer):
                yield k, choice, " && ".join([*guard, *more]), [*writes, f"at_{k} = 0", *moves, *judged], said
            return
        yield k, choice, " && ".join(guard), [*writes, f"at_{k} = {effect.after}", *judged], said

    def _handed(self, k: int, buffer) -> Iterator[tuple[list[str], list[str]]]:
        """Who goes on with an interrupt's buffer, where it stands, and where it stands then."""
        tables, first = self.tables, self.tables.first_lids
        for j in self.scenario.beneath[k]:
            others = [i for i, _ in tables.interrupts if i != k and j in self.scenario.beneath[i]]
            free = [f"(at_{i} == 0 || at_{i} == {first[i]})" for i in others]
            if self.scenario.hosts[j] is not None:
                free.append(f"at_{j} != 0 && at_{j} != {first[j]}")
            for lid in self._places(j):
                if not tables.places[lid].buffer:
                    after = tables.with_buffer(tables.standing_at(j, lid), buffer)
                    yield [*free, f"at_{j} == {lid}"], [f"at_{j} = {after}"]

    def _places(self, k: int) -> list[int]:
        """Every place that thread k may stand at."""
        role = self.tables.roles[k]
        return [FINISHED, *(lid for lid, at in enumerate(self.tables.places) if at.role == role and at.start == k)]

    def _may_run(self, k: int, lid: int) -> list[str]:
        """What keeps a thread back: an interrupt of its CPU and, where it is one, its CPU's buffer."""
        tables, first = self.tables, self.tables.first_lids
        over = [f"(at_{i} == 0 || at_{i} == {first[i]})" for i, _ in tables.interrupts if k in self.scenario.beneath[i]]
        if tables.tso and self.scenario.hosts[k] is not None and lid == first[k]:
            for j in self.scenario.beneath[k]:
                full = [f"at_{j} != {p}" for p in self._places(j) if tables.places[p].buffer]
                over += full
        return over

    def _missing(self, k: int, lid: int, choice: int) -> Iterator[tuple]:
        """Where the tables know no more: rule 1."""
        rows = self.tables.places[lid].rows
        for seen, slot, known in _gaps(rows[choice] if rows else None, ()):
            guard = [f"!broken && at_{k} == {lid}", *self._may_run(k, lid)]
            if seen:
                guard.append(self._when(seen))
            guard += [f"{self.names[slot]} != {self.codes[slot][number]}" for number in known]
            yield (
                k,
                choice,
                " && ".join(guard),
                [self._tells([MISSING]), "wipe()"],
                f"{self._said(k, lid, choice)}: not known",
            )

    def _said(self, k: int, lid: int, choice: int) -> str:
        at = self.tables.places[lid]
        code, line = at.lines[-1] if at.lines else (None, 0)
        where = f", line {line} of {code.co_name}" if code and choice != DRAIN else ""
        given = f" = {printable(at.choices[choice], 20)}" if len(at.choices) > 1 and choice != DRAIN else ""
        return _comment(f"{self.scenario.actors[k]}{where}: {DRAINED if choice == DRAIN else at.label}{given}")


class _Seeing(View):
    """A state as a rule sees it, with what the rule looked at."""

    __slots__ = ("_looked", "_numbers")

    def __init__(self, tables: Tables, numbers: tuple[int, ...]):
        object.__setattr__(self, "_looked", {})
        object.__setattr__(self, "_numbers", numbers)
        super().__init__(tables.layout, [tables.values[number] for number in numbers])

    def _load(self, slot: int) -> object:
        self._looked[slot] = self._numbers[slot]
        return super()._load(slot)


def _gaps(row, seen: Seen) -> Iterator[tuple[Seen, int, list[int]]]:
    """Where a row knows only some values of what it asks: (what was seen before, slot, the values known)."""
    if type(row) is Ask:
        yield seen, row.slot, list(row.branches)
        for number, branch in row.branches.items():
            yield from _gaps(branch, (*seen, (row.slot, number)))


def _type(*values: int) -> str:
    """The smallest type that holds these numbers, and 0."""
    low, high = min(0, *values), max(0, *values)
    return next(name for name, (least, most) in INTS.items() if least <= low and high <= most)


def _comment(text: str) -> str:
    """A text that ends no comment and no line."""
    return (
        printable(text, 200)
        .replace("×", "x")
        .encode("ascii", "replace")
        .decode()
        .replace("*/", "* /")
        .replace("/*", "/ *")
        .replace("\\", "/")
    )
