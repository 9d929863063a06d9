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
from tdxkit.explore.effects import effects
from tdxkit.explore.frames import step_at
from tdxkit.explore.program import Scenario
from tdxkit.explore.running import holds
from tdxkit.explore.space import Space
from tdxkit.explore.states import Judged
from tdxkit.explore.tables import Tables
from tdxkit.explore.transitions import Seen, Transition, Transitions
from tdxkit.explore.visit import visiting
from tdxkit.work import Job, drive

SOURCES = ("spin-promela",)

RESERVED = """
    active assert atomic bit bool break byte c_code c_decl c_expr c_state c_track chan d_step d_proctype do else empty enabled eval false fi
    for full get_priority goto hidden if in init inline int len local ltl mtype nempty never nfull np_ od of pc_value pid printf printm
    priority proctype provided run select set_priority short show skip timeout trace true typedef unless unsigned xr xs
    auto case char const continue default double enum extern float long register return signed sizeof static struct switch union void
    volatile while asm typeof restrict linux unix errno uint ulong ushort uchar rand notrace D_proctype NULL EOF SYNC ASYNC NFAIR BASE SAFETY
    NOREDUCE VECTORSZ main now model wipe judge finish blank broken over told tell
"""  # words of Promela, of the C that SPIN makes of it, and of the models here
FORBIDDEN = frozenset(RESERVED.split())
INTS = {
    "byte": (0, 255),
    "short": (-(1 << 15), (1 << 15) - 1),
    "int": (1 - (1 << 31), (1 << 31) - 1),
}  # C reads no literal of the least int
NO_RULES = 3  # lines of an inline that asks for nothing


@dataclass
class Model:
    """A model's text, and what leads from it back.

    steps: for each line the (thread, choice) of its step. rules: the rule of each number that `broken` may have. renamed: what a name of
    the scenario became. states: how many the search has met that filled the tables. complete: are these all steps that there are? Else a step that is missing is told by SPIN as rule 1.
    """

    scenario: Scenario
    text: str = ""
    steps: dict[int, tuple[int, int]] = field(default_factory=dict)
    rules: dict[int, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    complete: bool = True
    states: int = 0


# A broken rule, and the end, are each a state of their own, and so are the two in which SPIN's process then ends.
ENDED, ENDS = 'c_code { if (!tdx_ended[now.broken]++) printf("tdxkit: ended %d\\n", now.broken); }', 3
MISSING = "a step is wanted that these tables do not have, and nothing is said of what it does"


def promela(scenario: Scenario, bound: int | None = None) -> Model:
    """The scenario as a model for SPIN; its tables are filled by a search of at most `bound` states (`scenario.bound`)."""
    return drive(writing(scenario, bound))


def writing(scenario: Scenario, bound: int | None = None) -> Job[Model]:
    """`promela` as a job: it ticks as a search does."""
    tables = Tables(scenario)
    found = yield from visiting(Space(tables, fuse=False), True, bound or scenario.bound)
    model = Model(scenario, complete=found.complete, states=found.states, rules={1: MISSING})
    return _Writer(tables, model).write()


class _Writer:
    """Writes the lines of a model one after the other, and notes which step each is."""

    def __init__(self, tables: Tables, model: Model):
        self.tables, self.model, self.scenario = tables, model, model.scenario
        self.lines: list[str] = []
        self.ids = {MISSING: 1}
        self.judges = False  # is there a rule that is asked after each step?
        self.threads = range(len(self.scenario.threads))
        self.names = self._named(tables.layout.labels)
        self.codes = [self._coded(slot) for slot in range(len(self.names))]

    def write(self) -> Model:
        """The model."""
        judge, finish = list(self._rules("always", "judge()")), list(self._rules("at_end", "finish()"))
        self.judges = len(judge) > NO_RULES
        steps = [(step, *self._line(step)) for step in Transitions(self.tables, self.model.complete)]
        self._head()
        self.lines += [*self._variables(), *judge, *finish, "", "active proctype model() {", "  do"]
        for step, guard, acts in steps:
            self.lines.append(f"  :: d_step {{ {' && '.join(guard)} -> {'; '.join(acts)} }}  /* {self._said(step)} */")
            self.model.steps[len(self.lines)] = step.thread, step.choice
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
        if self.scenario.own and self.scenario.own.digest:
            said.append(f"the text's SHA-256: {self.scenario.own.digest}")
        said.append(
            "made by tdxkit; to search it: spin -a FILE && gcc -O2 -w -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -c0 -n"
        )
        said.append("python -m tdxkit confirm does that, and compares")
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

    def _rules(self, kind: str, name: str) -> Iterator[str]:
        """The rules about states as one inline."""
        checks = [(p.name, p) for p in self.scenario.asked if p.kind == kind and p.check]
        yield f"inline {name} {{"
        for rule, one in checks:
            paths = self._false_paths(one)
            if paths:
                yield f"  if :: {' || '.join(paths)} -> {self._tell_more(rule)} :: else fi;  /* {_comment(rule)} */"
        yield "  if :: broken -> wipe() :: else fi"
        yield "}"

    def _tell_more(self, rule: str) -> str:
        n = self._id(rule)
        return f'broken = (broken -> broken : {n}); c_code {{ if (!tdx_told[{n}]++) printf("tdxkit: rule {n}\\n"); }}'

    def _false_paths(self, rule) -> list[str]:
        """What must stand in shared memory for a rule not to hold, as conditions, read off every state that the search has met."""
        paths: dict[str, None] = {}
        for numbers in self.tables.shared:
            looked: dict[int, None] = {}
            view = Judged(self.tables.layout, [self.tables.values[number] for number in numbers], looked)
            if not holds(rule, view):
                paths[self._when(tuple((slot, numbers[slot]) for slot in looked)) or "true"] = None
        return list(paths)

    def _when(self, seen: Seen) -> str:
        """A condition on shared variables."""
        said = " && ".join(f"{self.names[slot]} == {self.codes[slot][number]}" for slot, number in seen)
        return f"({said})" if len(seen) > 1 else said

    def _line(self, step: Transition) -> tuple[list[str], list[str]]:
        """A transition as conditions and changes."""
        k = step.thread
        guard = [f"!broken && at_{k} == {step.lid}"]
        for j, places in step.stands.items():
            either = " || ".join(f"at_{j} == {place}" for place in places)
            guard.append(f"({either})" if len(places) > 1 else either)
        guard += [f"at_{j} != {place}" for j, places in step.avoids.items() for place in places]
        guard += [self._when(step.sees)] if step.sees else []
        guard += [f"!({self._when(step.not_all)})"] if step.not_all else []
        guard += [f"{self.names[slot]} != {self.codes[slot][number]}" for slot, number in step.but_not]
        if broken := step.broken if step.known else (MISSING,):
            return guard, [self._tells(broken), "wipe()"]
        acts = [f"{self.names[slot]} = {self.codes[slot][number]}" for slot, number in step.writes]
        judge = ["judge()"] if acts and self.judges else []
        return guard, [*acts, *(f"at_{j} = {place}" for j, place in step.goes.items()), *judge]

    def _said(self, step: Transition) -> str:
        """The step in words: who, the line of the program, the label."""
        at = self.tables.places[step.lid]
        if step.choice == DRAIN:
            return _comment(f"{self.scenario.actors[step.thread]}: {DRAINED}")
        given = f" = {printable(at.choices[step.choice], 20)}" if len(at.choices) > 1 else ""
        unknown = "" if step.known else ": not known"
        return _comment(f"{self.scenario.actors[step.thread]}, {step_at(at.lines)}: {at.label}{given}{unknown}")


def _type(*values: int) -> str:
    """The smallest type that holds these numbers."""
    return next(name for name, (least, most) in INTS.items() if least <= min(values) and max(values) <= most)


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
