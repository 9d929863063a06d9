"""What each CPU runs of a text: a get and a put with the use of a page between them, or statements of the reader's; the memory and the rules.

    scenario_of_c(text)                                   # the pair of functions that end in _get and _put
    scenario_of_c(text, run=("left();", "right();"))      # one CPU each; one alone is what every CPU runs
    scenario_of_c(text, softirq="put")                    # and what comes into them: `tdxkit.c.softirqs`

Everything at file scope is shared memory. The region's counter is `refcount`, whatever the text calls it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import tdxkit.c
from tdxkit.c.cells import beside_models, compiled, first_values, fitting, locks_of, spare_readers, value_set
from tdxkit.c.checks import BEGINS
from tdxkit.c.kernel import simplified
from tdxkit.c.oftext import OfText
from tdxkit.c.pair import arguments_of, counts_by_region, given_to, in_use, pair_of
from tdxkit.c.program import Program
from tdxkit.c.runtime import Defect
from tdxkit.c.softirqs import PUT, SIMPLIFIED, coming_into, goes_with_pair, of_statements, region_given_back
from tdxkit.c.softirqs import told as told_of_softirq
from tdxkit.c.told import constants_of, keeps_pages
from tdxkit.c.types import Int
from tdxkit.c.where import RUN
from tdxkit.card import card_of
from tdxkit.errors import InputError, ModelError, printable
from tdxkit.explore.frames import OF_C
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.rules import must
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.registry import FAULTS, Variant, of_design
from tdxkit.linux.refcount.registry import softirq as gives_back
from tdxkit.run import Text, Track
from tdxkit.text import many, near
from tdxkit.work import drive

OWN_LOCK = "pamt_lock"  # which every design has; a text has its own locks
MAY_FAIL = {"alloc": "enomem", "add": "add-fails", "remove": "remove-fails", "pages": "page-by-page"}
NOT_FROM_ZERO = (module.NOT_NEGATIVE, module.REFCOUNT_HAS_PAIR)
CARD = card_of(tdxkit.c)


def scenario_of_c(
    text: str, *, run: Iterable[str] = (), get: str = "", put: str = "", name: str = "text", threads: int | None = None, rounds: int = 1,
    stubs: Mapping[str, int] | None = None, defines: Mapping[str, str] | None = None, sets: Mapping[str, int] | None = None,
    may_fail: Iterable[str] = (), roles: Iterable[str] = (), regions: int = 1, softirq: str = "", margins: tuple[int, ...] = (),
) -> Scenario:  # fmt: skip
    """The scenario of a text in C.

    run: C statements; one for every CPU, or one for each. get, put: their names, where the text does not say. stubs: functions that give a
    number and do nothing. defines: as -D. sets: first values of variables, `refcount` of the regions' counters. may_fail: alloc, add, remove,
    pages (one page of a pair at a time). roles, regions: as of a Python put. softirq: "put", or C statements. margins: of each line how many
    characters of the paste stand before it.
    InputError with line and column for what is not read, and for names that are not there.
    """
    run = tuple(run)
    goes_with_pair(softirq, run)
    made = beside_models(
        text, tuple((defines or {}).items()), tuple((stubs or {}).items()), run, margins, _cpus(run, threads, roles), of_statements(softirq),
    )  # fmt: skip
    cells, sets = first_values(made), dict(sets or {})
    faults = tuple(_fault(word) for word in may_fail)
    first = 0 if run else fitting("refcount", sets.pop("refcount", 0))
    for word, value in sets.items():
        cells |= value_set(made, word, value, cells, counters=not run)
    again = partial(
        scenario_of_c, text, run=run, get=get, put=put, name=name, stubs=stubs, defines=defines, sets=sets | ({"refcount": first} if first else {}),
        may_fail=may_fail, roles=roles, regions=regions, softirq=softirq, margins=margins,
    )  # fmt: skip
    pair = () if run else pair_of(made, get, put)
    scenario = (
        _of_runs(made, run, cells, name, threads, rounds, faults)
        if run
        else _of_pair(made, pair, cells, name, threads, rounds, _variant(made, faults, first, softirq), roles, regions)
    )
    scenario = _with_softirqs(made, scenario, softirq, pair)
    spare = spare_readers(made, len(scenario.threads))
    known = constants_of(made, faults, len(scenario.threads), bool(softirq))
    return replace(
        scenario, own=OfText(text, "", "", told=(*_told(made, first), *given_to(made, pair), *told_of_softirq(made, softirq)), reach=replace(made.reach, starts=_starts(made, pair, roles, softirq))), make=again, texts=(*made.functions.values(), *((in_use(),) if pair else ())),
        shared={word: value for word, value in scenario.shared.items() if str(word) not in spare}, locks=tuple(w for w in scenario.locks if w not in spare),
        mutexes=tuple(w for w in scenario.mutexes if w not in spare), tracks=tuple(t for t in scenario.tracks if t.key not in spare),
        card=replace(CARD, simplified=(*CARD.simplified, *(SIMPLIFIED if softirq else ()), *simplified(made.unit.modules))), keeps=made.unit.keeps, constants={**scenario.constants, **known}, title=f"{name}, in C",
    )  # fmt: skip


def _starts(made: Program, pair: tuple[str, ...], roles: Iterable[str], softirq: str) -> dict[str, str]:
    """The functions that CPUs run, each with what it is called."""
    roles, where = {*roles} or {"life"}, made.where
    ways = {word: word for way, word in zip(("get", "put"), pair) if roles & {"life", way} or softirq == way}
    return ways | {f"{RUN}{k}": where.title(k) for k in range(len(where.given))}


def _variant(made: Program, faults: tuple[str, ...], first: int, softirq: str) -> Variant:
    """What may go wrong around a get and a put, as the designs have it."""
    said, region = ", ".join(FAULTS[f][0] for f in faults), region_given_back(made) if softirq == PUT else None
    return Variant("", said, **{FAULTS[f][1]: True for f in faults}, first_refcount=first, softirq=region)


def _with_softirqs(made: Program, scenario: Scenario, softirq: str, pair: tuple[str, ...]) -> Scenario:
    """The same with what comes into its CPUs."""
    if not softirq:
        return scenario
    cpus = tuple(thread for thread in scenario.threads if thread.on is None)
    stacks = [(k,) if made.unit.numbered else () for k in range(len(cpus))]
    if softirq == PUT:
        put = _called(made, pair[1], stacks[0])
        found = coming_into([(cpus[0], gives_back)], region_given_back(made), put)
    else:
        word = _entitled(made, len(made.where.given) - 1, softirq)
        found = coming_into((cpu, _called(made, word, stack)) for cpu, stack in zip(cpus, stacks))
        scenario = replace(scenario, subtitle=f"{scenario.subtitle}, a softirq on each")
    return replace(scenario, threads=(*cpus, *found))


def _rules(made: Program) -> tuple:
    return (*(must(rule) for rule in made.unit.rules), *made.unit.properties.values())


def _told(made: Program, first: int) -> tuple[str, ...]:
    """What is to be said of the text beside every answer."""
    asked = () if not first else (f"the refcount starts at {first}: {' and '.join(NOT_FROM_ZERO)} are not asked",)
    kept = (
        (f"pages lie in shared variables: {module.PAGE_IN_HAND} is not asked",)
        if made.unit.pages_in_hand and keeps_pages(made)
        else ()
    )
    return (*made.remarks, *asked, *kept)


def _fault(word: str) -> str:
    if word not in MAY_FAIL:
        raise InputError(f"--may-fail {printable(word)}", f"what may fail is {', '.join(MAY_FAIL)}", "use one of these")
    return MAY_FAIL[word]


def _of_pair(
    made: Program, pair: tuple[str, ...], cells, name, threads, rounds, variant: Variant, roles, regions
) -> Scenario:
    """CPUs that get, use and put."""
    locks, mutexes = locks_of(made)
    programs = [_called(made, word) for word in pair]
    skipped = (
        *(NOT_FROM_ZERO if variant.first_refcount else ()),
        *((module.PAGE_IN_HAND,) if keeps_pages(made) else ()),
    )
    failed = {"c_failed": False} if variant.variation else {}
    design = SimpleNamespace(
        TITLE=name, get=programs[0], put=programs[1], REGIONS=regions, ROLES=tuple(roles), CARD=CARD, SHARED=cells | failed, LOCKS=tuple(locks), MUTEXES=tuple(mutexes),
        PROPERTIES=(*(p for p in module.PROPERTIES if p.name not in skipped), *_rules(made)),
    )  # fmt: skip
    scenario = of_design(design, name, len(design.ROLES) or threads or 2, rounds, variant)
    if made.unit.numbered:
        cpus = tuple(thread for thread in scenario.threads if thread.on is None)
        scenario = replace(scenario, threads=_numbered(made, cpus, programs))
    if not counts_by_region(made):  # of what is in use from the start the text's own counter knows
        counters = dict.fromkeys(range(len(scenario.shared["refcount"])), variant.first_refcount or 0)
        scenario = replace(scenario, shared={**scenario.shared, "refcount": counters})
    if OWN_LOCK in locks:
        return replace(
            scenario, locks=tuple(dict.fromkeys(scenario.locks)), tracks=tuple(dict.fromkeys(scenario.tracks))
        )
    tracks = tuple(track for track in scenario.tracks if track.key != OWN_LOCK)
    return replace(
        scenario, shared={word: value for word, value in scenario.shared.items() if word != OWN_LOCK}, locks=tuple(locks), tracks=tracks,
        properties=tuple(p for p in scenario.properties if locks or p.kind != "lock"),
    )  # fmt: skip


def _of_runs(made: Program, run: tuple[str, ...], cells, name, threads, rounds, faults) -> Scenario:
    """CPUs that run the reader's statements."""
    if threads is not None and len(run) > 1 and threads != len(run):
        raise InputError(
            f"--threads {threads}",
            f"there are {len(run)} --run, one for each CPU",
            "leave --threads out, or give one --run",
        )
    locks, mutexes = locks_of(made)
    titles = [_entitled(made, k, words) for k, words in enumerate(run)]
    bodies = [_called(made, title) for title in titles]
    bodies *= (threads or 2) if len(run) == 1 else 1
    cpus = tuple(Thread(_rounds, (body, rounds)) for body in bodies)
    failed = {"c_failed": False} if faults else {}
    inside = made.unit.keyed  # of the TDX module, where the text calls it
    locks += [word for word in inside if word.endswith("_lock")]
    return Scenario(
        name=name, shared=cells | inside | failed, module=tuple(word for word in module.INSIDE if word in inside), threads=_numbered(made, cpus, bodies) if made.unit.numbered else cpus, properties=_rules(made), rounds=rounds, locks=tuple(locks),
        mutexes=tuple(mutexes), subtitle=f"{many(len(bodies), 'CPU')}, {rounds} × each", tracks=tuple(Track(lock, lock, "lock") for lock in locks),
        constants={attribute: word in faults for word, (_, attribute) in FAULTS.items()},
    )  # fmt: skip


def _entitled(made: Program, k: int, words: str) -> str:
    """The name of the function that statements of the reader's became; what is told of it names the option, and counts its lines."""
    title, function = made.where.title(k), made.functions[f"{RUN}{k}"]
    code, function.__name__ = function.__code__, title
    function.__code__ = code.replace(co_name=title, co_filename=f"{OF_C}{title}, ", co_firstlineno=1)
    function.shown = Text(title, tuple(words.split("\n")))
    return f"{RUN}{k}"


def _rounds(m, body, rounds):
    """A CPU that does the same so many times."""
    for _ in range(rounds):
        yield from body(m)


def _numbered(made: Program, cpus: tuple[Thread, ...], programs: list[Callable]) -> tuple[Thread, ...]:
    """The same CPUs, each with its number at the bottom of its stack."""
    return tuple(
        replace(cpu, args=tuple(_called(made, arg.__name__, (k,)) if arg in programs else arg for arg in cpu.args))
        for k, cpu in enumerate(cpus)
    )


def _cpus(run: tuple[str, ...], threads: int | None, roles: Iterable[str]) -> int:
    """How many CPUs there are."""
    return len(run) if len(run) > 1 else len(tuple(roles)) or threads or 2


def _called(made: Program, word: str, stack: tuple = ()) -> Callable:
    """A function of the text as a CPU calls it: with the region's first page frame, or its address, or with nothing. stack: what lies on the
    CPU's already."""
    if word not in made.functions:
        raise InputError(
            f"function {printable(word)}",
            "the text does not have it",
            f"try {near(word, made.functions, 0.3) or 'another name'}",
        )
    function, takes = made.functions[word], arguments_of(made, word)

    def called(m, region=None):
        given = (one.value + one.by_region * (region or 0) for one in takes)
        try:
            value, _ = yield from function(m, stack, *given)
        except Defect as error:
            said = f"{made.place(error)}{error}"
            if not m._open:  # before the first step: then it is the first
                yield BEGINS
            raise Defect(said) from None
        except ModelError as error:
            error.stands(made.place(error))
            raise
        except TypeError as error:
            raise made.of_address(error) from None
        return value

    called.__name__ = word
    return called


def value_of(text: str, function: str, args: tuple[int, ...]) -> int:
    """What a function of a text gives when it runs alone, its arguments converted to what it takes."""
    made = compiled(text)
    kind = made.declared.takes[function]
    given = [k.wrap(v) if isinstance(k, Int) else v for k, v in zip(kind.takes, args)]
    value, _ = drive(made.functions[function](_Alone(made), (0,), *given))
    return value


class _Alone:
    """The memory of a CPU that is alone."""

    def __init__(self, made: Program):
        self.c_cells, self.c_heap, self.c_failed, self.c_may_fail = made.unit.cells, made.unit.heap, False, False
        self.c_counted = made.unit.counted
        self.memory_may_run_out, self._open, self.c_lists, self.c_spins, self.c_cpus = (
            False,
            True,
            (),
            (),
            1,
        )
        self.c_layouts = made.unit.layouts.all() if made.unit.careful else {}
        for cell, first in first_values(made).items():
            setattr(self, cell, first)

    def must(self, rule: str, condition: object) -> None:
        """Nobody asks here."""

    def note(self, what: str, change: int = 0) -> int:
        """Nobody keeps it."""
        return 0

    def tell(self, sentence: str) -> None:
        """Nobody listens."""


__all__ = ["scenario_of_c", "value_of"]
