"""What is to be said of a reader's own code once it is judged: the verdict, why, what it costs beside v6, and what to ask next.

An `Opinion` is a few rows, each a heading and what stands under it; a box and a text are made of the same ones. Code that cannot be judged
has an opinion too: the line that says why, and the reader's own line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tdxkit.c.oftext import OfC
from tdxkit.errors import TdxkitError
from tdxkit.explore.buffers import SC
from tdxkit.explore.judging import judging
from tdxkit.explore.program import Scenario
from tdxkit.explore.result import ON_BOUND, Result
from tdxkit.explore.search import explore
from tdxkit.explore.whose import STAYS
from tdxkit.linux.refcount.own_text import line_at, line_of
from tdxkit.linux.refcount.registry import FAULTS, scenario
from tdxkit.review.lens import Cost, cost
from tdxkit.rules import SIGNS, known, told, verdicts
from tdxkit.run import NO_END
from tdxkit.text import columns, many
from tdxkit.work import Job

STAYS_AS_TEXT = "What you judge is read and becomes steps of the search; it does not run as a program, and nothing of it is sent anywhere."
BESIDE = ("v6", "after-v6")  # what costs are held against
ONE_BY_ONE = ("enomem", "add-fails", "remove-fails")  # what to let fail next, each by itself
# What --may-fail calls it in C, and what the names of the functions that may fail have in them.
IN_C = {"enomem": ("alloc", "alloc"), "add-fails": ("add", "pamt_add"), "remove-fails": ("remove", "pamt_remove")}
PLACES = (re.compile(r"line (?P<line>\d+) of (?P<name>\w+)"), re.compile(r"(?P<name>\w+), line (?P<line>\d+)"))


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that is next: in words, as arguments of Python and as options of a command."""

    said: str
    python: str
    shell: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What was found of a scenario, or why nothing was. in_c: is the text C? beside: of what went wrong on purpose, what v6 does under the same, in words.

    scenario is None where not even that could be made; then error says why. costs and next are there after an ok.
    """

    scenario: Scenario | None
    result: Result | None
    error: TdxkitError | None = None
    line: str = ""
    costs: tuple[Cost, ...] = ()
    next: tuple[Ask, ...] = ()
    beside: str = ""
    in_c: bool = False

    @property
    def verdict(self) -> str:
        """One of the five verdicts, or "" where there is none."""
        return self.result.verdict if self.result else ""

    @property
    def head(self) -> str:
        """The verdict in a line, with its sign."""
        if self.result is None:
            return f"{SIGNS['']} not judged: {self.error}"
        found = self.result.defect or verdicts()[self.verdict]
        return f"{SIGNS[self.verdict]} {self.verdict}: {found}{self.result.but}"

    @property
    def stays(self) -> str:
        """What becomes of the text that is judged."""
        return STAYS_AS_TEXT if self.in_c or (self.scenario and isinstance(self.scenario.own, OfC)) else STAYS

    @property
    def source(self) -> str:
        """The text that was judged."""
        return self.scenario.own.text if self.scenario and self.scenario.own else ""

    def rows(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Heading and lines of all that belongs under the head, what matters most first."""
        if self.line:
            yield "your line", (self.line,)
        if self.result is not None:
            yield from self._found(self.result)
        if self.beside:
            yield "v6 under the same", (self.beside,)
        if self.next:
            yield (
                "ask next, by a click or with one argument more",
                tuple(f"{ask.said}: {ask.python}" for ask in self.next),
            )
        if self.costs:
            head = ("version", "steps", "SEAMCALLs", "steps with a lock", "pages")
            rows = [(c.version, *(f"{alone} / {c.shared[key]}" for key, alone in c.alone.items())) for c in self.costs]
            yield "a round costs a CPU, alone / where the pair is there", tuple(columns(head, rows))

    def _found(self, result: Result) -> Iterator[tuple[str, tuple[str, ...]]]:
        if result.property and known(result.property):
            yield "the rule", (result.property,)
        if remarks := (*result.remarks, *result.orders):
            yield "remarks", remarks
        if result.waits:
            yield "who waits", result.waits
        if result.loop:
            yield "the round", (NO_END, *str(result.loop).splitlines())
        if result.schedule:
            yield (
                "the schedule",
                (f"{result.schedule}  ({many(result.steps, 'step')}, {many(result.switches, 'switch')})",),
            )
        if also := [
            f"{told(rule)}: {code or 'no schedule within the bound'}"
            for rule, code in result.broken.items()
            if rule != result.property
        ]:
            yield "also broken", tuple(also)
        assert self.scenario is not None
        seen = f"{many(result.states, 'state')}: {'all there are' if result.complete else 'and there are more'}"
        yield "looked at", (f"{self.scenario.title}; {self.scenario.setting}", seen)
        if result.verdict == "bounded":
            yield "to go on", (ON_BOUND,)

    def __str__(self) -> str:
        lines = [self.head]
        for heading, said in self.rows():
            lines += [f"{heading}:", *(f"  {line}" for line in said)]
        return "\n".join([*lines, self.stays])


def answering(one: Scenario, bound: int | None = None) -> Job[Opinion]:
    """The opinion on a reader's scenario, as a job that ticks with its search. What is wrong with the model is an opinion, no error."""
    try:
        judged = yield from judging(one, bound=bound)
    except TdxkitError as error:
        return refused(error, one)
    ok = judged.result.verdict == "ok"
    costs = tuple(map(cost, (one, *BESIDE))) if ok and one.make and getattr(one.own, "pair", True) else ()
    return Opinion(
        judged.scenario, judged.result, costs=costs, next=asks(one) if ok else (), beside="" if ok else _beside(one)
    )


def refused(error: TdxkitError, one: Scenario | None = None, functions: tuple = ()) -> Opinion:
    """The opinion on code that cannot be judged, with the reader's own line where the error names one."""
    if line := line_of(error):
        return Opinion(one, None, error, line)
    programs = tuple(p for t in one.threads for p in (t.program, *t.args) if callable(p)) if one else functions
    for place in PLACES:
        if (at := place.search(str(error))) and (line := line_at(programs, at["name"], int(at["line"]))):
            return Opinion(one, None, error, f"{at['line']}: {line}")
    return Opinion(one, None, error)


def asks(one: Scenario) -> tuple[Ask, ...]:
    """What to ask after an ok: another CPU, another round, and each thing that may go wrong, of what was not asked yet."""
    if one.make is None:
        return ()
    own, found = one.own, []
    in_c = isinstance(own, OfC)
    told = isinstance(own, OfC) and ("--roles" in own.options or own.options.count("--run") > 1)  # how many CPUs
    if one.count < 3 and not told:
        found.append(Ask("three CPUs", "threads=3", "--threads 3"))
    if one.rounds < 2:
        found.append(Ask("two rounds on each CPU", "rounds=2", "--rounds 2"))
    if in_c and one.memory == SC:
        found.append(Ask("stores that wait in their CPU's buffer", 'memory="tso"', "--memory tso"))
    for fault in ONE_BY_ONE:
        said, constant = FAULTS[fault]
        if one.constants.get(constant):
            continue
        if not isinstance(own, OfC):
            found.append(Ask(said, f'faults="{fault}"', f"--faults {fault}"))
        elif IN_C[fault][1] in own.text:
            word = IN_C[fault][0]
            found.append(Ask(said, f'may_fail=("{word}",)', f"--may-fail {word}"))
    return tuple(found)


def _beside(one: Scenario) -> str:
    """What v6 does where the same goes wrong: a design of a posting may leave a pair there too."""
    on = [name for name, (_, constant) in FAULTS.items() if one.constants.get(constant)]
    if len(on) != 1 or one.own is None:
        return ""
    found = explore(scenario(f"v6-{on[0]}", one.count, one.rounds))
    return f"{found.verdict}" + (f": {found.defect}" if found.defect else "")
