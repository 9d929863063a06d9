"""Every scenario that can be explored by name. A design is a module with TITLE, SOURCES, `get` and `put`; here it gets threads."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from tdxkit.card import card_of
from tdxkit.errors import InputError, printable
from tdxkit.explore.declared import MAX_THREADS
from tdxkit.explore.program import Scenario, Thread, interrupt
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.roles import LIFE, ROLES, given_back
from tdxkit.run import Track
from tdxkit.text import many, near

MAX_ROUNDS = 9
MOST_REGIONS = 4
CONSTANTS = ("memory_may_run_out", "add_may_fail", "remove_may_fail", "one_by_one")


class Variant(NamedTuple):
    """A design under conditions of its own: its name in posted.DESIGNS, and how this scenario differs from the plain one.

    `one_by_one`: the pages of a pair are allocated in two steps, of which either may fail. `first_refcount`: what the counters hold
    before anybody counts; `softirq`: the region of which a softirq on CPU 0 gives back a page.
    """

    design: str
    variation: str = ""
    memory_may_run_out: bool = False
    add_may_fail: bool = False
    remove_may_fail: bool = False
    one_by_one: bool = False
    first_refcount: int | None = None
    softirq: int | None = None


AS_IT_IS = Variant("")
# What may go wrong in a posted design, by what stands behind its name: v4-enomem, v3-page-by-page.
FAULTS = {
    "enomem": ("memory may run out", "memory_may_run_out"),
    "add-fails": ("ADD may fail", "add_may_fail"),
    "remove-fails": ("REMOVE may fail", "remove_may_fail"),
    "page-by-page": ("a pair's pages are taken one by one, and either may fail", "one_by_one"),
}
SPECIAL = {
    "v3-not-zeroed": Variant("v3-unoptimised", "counters not zeroed", first_refcount=5),
    "v5-softirq": Variant("v5", "a softirq on CPU 0 gives a page back", softirq=1),
}


def variants() -> dict[str, Variant]:
    """Every scenario by name: each design as it is, each posted one with each fault, and two with another beginning."""
    plain = {name: Variant(name) for name in DESIGNS}
    faulty = {
        f"{name}-{behind}": Variant(name, said, **{field: True})
        for name, design in DESIGNS.items()
        if design.posted
        for behind, (said, field) in FAULTS.items()
    }
    return plain | faulty | SPECIAL


def names() -> tuple[str, ...]:
    """The scenarios that can be asked for."""
    return tuple(variants())


def asked_by(rule: str) -> tuple[str, ...]:
    """The designs that are judged by a rule, by its name."""
    return tuple(name for name in DESIGNS if rule in {p.name for p in scenario(name).properties})


def asked_of(names: tuple[str, ...]) -> str:
    """Designs in few words: "every design", "every design but lazy", "lazy"."""
    if not names:
        return "no design as it is: it comes with what it is about"
    others = [name for name in DESIGNS if name not in names]
    if len(names) < len(others):
        return ", ".join(names)
    return "every design" + (f" but {', '.join(others)}" if others else "")


def titles() -> dict[str, str]:
    """What each scenario is, in a line."""
    return {name: _title(variant, _design(variant)) for name, variant in variants().items()}


def scenario(name: str, threads: int = 2, rounds: int = 1) -> Scenario:
    """The scenario of this name: `threads` CPUs, each `rounds` times get, use, put, on one 2 MiB region.

    InputError for a name that is not there (with the near ones) and for numbers over the limit.
    """
    variant = variants().get(name)
    if variant is None:
        meant = near(name, names(), 0.3) or ", ".join(names())
        raise InputError(f"scenario {printable(name)}", "there is no such scenario", f"try {meant}")
    made = of_design(_design(variant), name, threads, rounds, variant)
    return replace(made, make=partial(scenario, name))


def of_design(design, name: str, threads: int, rounds: int, variant: Variant = AS_IT_IS) -> Scenario:
    """Threads that run `design.get`, a use of the page and `design.put`; a design may bring its own `use`, and roles for the threads."""
    _within("threads", threads, MAX_THREADS)
    _within("rounds", rounds, MAX_ROUNDS)
    programs = (design.get, getattr(design, "use", module.use), design.put)
    properties = getattr(design, "PROPERTIES", module.PROPERTIES)
    shared_out = range(getattr(design, "REGIONS", 1))  # CPU k works on region k, modulo how many there are
    regions = range(max(len(shared_out), (variant.softirq or 0) + 1))
    roles = getattr(design, "ROLES", ())
    cpus = tuple(
        Thread(ROLES[role], (shared_out[k % len(shared_out)], rounds, *programs))
        for k, role in enumerate(roles or (LIFE,) * threads)
    )
    return Scenario(
        name=name,
        shared=_shared(design, regions, variant, given_back(roles, rounds, len(regions))),
        threads=(*cpus, interrupt(softirq, variant.softirq, design.put, on=cpus[0], actor="softirq on CPU 0"))
        if variant.softirq is not None
        else cpus,
        properties=properties,
        rounds=rounds,
        constants={f: getattr(variant, f) for f in CONSTANTS},
        locks=("pamt_lock", *getattr(design, "LOCKS", ())),
        module=module.INSIDE,
        title=_title(variant, design),
        subtitle=_subtitle(threads, rounds, roles, len(regions)),
        texts=_texts(programs),
        tracks=(
            *(
                Track("refcount" if len(regions) == 1 else f"refcount of region {r}", f"refcount[{r}]", "value")
                for r in regions
            ),
            Track("pamt_lock", "pamt_lock", "lock"),
            *(Track(name, name, "lock") for name in _own_locks(design)),
            *(
                Track("pair in the region" if len(regions) == 1 else f"pair in region {r}", f"pair[{r}]", "fact")
                for r in regions
            ),
            Track("page in use", f"users[{module.REGION}]", "fact"),
            *(Track(p.name, p.name, "rule") for p in properties if p.kind == "must"),
        ),
        card=getattr(design, "CARD", None) or card_of(design),
        mutexes=getattr(design, "MUTEXES", ()),
    )


def _own_locks(design) -> Iterator[str]:
    """The locks of a design beside pamt_lock, as a state calls them: one a name, or one for each key."""
    for name in getattr(design, "LOCKS", ()):
        words = getattr(design, "SHARED", {}).get(name)
        yield from (f"{name}[{key}]" for key in words) if isinstance(words, Mapping) else (name,)


def _subtitle(threads: int, rounds: int, roles: tuple[str, ...], regions: int) -> str:
    each = f": {', '.join(roles)}, {rounds} × each" if roles else f", {rounds} × get, use, put each"
    return f"{many(threads, 'CPU')}{each}, {'one 2 MiB region' if regions == 1 else f'{regions} regions'}"


def _shared(design, regions: range, variant: Variant, used: tuple[int, ...]) -> dict[str, object]:
    """First values. The page that a softirq gives back is counted from the start, and its region has its pair; `used`: how many pages of
    each region are in use, and counted, from the start."""
    first = variant.first_refcount if variant.first_refcount is not None else getattr(design, "FIRST_REFCOUNT", 0)
    held = [n + (r == variant.softirq) for r, n in enumerate(used)]
    return {
        "refcount": {r: first + held[r] for r in regions},
        "pair": {r: held[r] > 0 for r in regions},
        "users": {r: used[r] for r in regions},
        "pamt_lock": False,
        **getattr(design, "SHARED", {}),
    }


def softirq(m, region, put):
    """The RCU callback that frees an S-EPT page: its reference goes back, on top of whatever CPU 0 was doing."""
    yield from put(m, region)


def _design(variant: Variant):
    return DESIGNS[variant.design].code


def _title(variant: Variant, design) -> str:
    return design.TITLE + (f", {variant.variation}" if variant.variation else "")


def _texts(programs: tuple) -> tuple:
    """The functions that the lanes show: those of the files of get and put, in their order, and the use of the page."""
    texts: dict[str, Callable] = {}
    for file in dict.fromkeys(inspect.getmodule(f) for f in programs):
        if file is module or not getattr(file, "__name__", "").startswith(__package__):
            continue  # what every design has, and a reader's own file or notebook, of which the programs alone are shown
        own = [f for _, f in inspect.getmembers(file, inspect.isgeneratorfunction) if inspect.getmodule(f) is file]
        own.sort(key=lambda f: f.__code__.co_firstlineno)
        texts |= {f.__name__: f for f in own if f.__name__ not in {"get", "put", *texts} or f in programs}
    return tuple(dict.fromkeys((*texts.values(), *programs)))


def _within(what: str, number: int, limit: int) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= limit:
        raise InputError(
            f"{what} {printable(number)}", f"a scenario has 1 to {limit} {what}", "give a number in this range"
        )
