"""A reader's own get and put in the place of a posted design's.

    of_programs(put, get=get, threads=3)

What stands beside them in a file, and is an argument here by the same name in small letters:

    SHARED = {"mylock": False, "cache": {0: 0}}    shared variables of its own, m.mylock and m.cache[0], with what they hold first
    LOCKS = ("mylock",)                            which of them are spinlocks, false where they are free, as one that SHARED has not begins
    MUTEXES = ("mymutex",)                         locks under which one may sleep
    RULES = (always("the cache is small", lambda m: m.cache[0] < 3),)

Pages that a put keeps for a later get go into a shared variable by `keep_pages(m, "cache")` and out of it by `take_kept(m, "cache")`, of
tdxkit.linux.refcount.module: so the rule about lost pages knows where they are.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

from tdxkit.card import Card, card_of
from tdxkit.errors import InputError, ModelError, printable
from tdxkit.explore.program import Own, Scenario
from tdxkit.explore.rules import Property
from tdxkit.explore.whose import ours
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.own_text import text_of
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import FAULTS, MOST_REGIONS, Variant, of_design
from tdxkit.linux.refcount.roles import COUNT_FITS, GETS, ROLES
from tdxkit.text import near

DECLARED = ("SHARED", "LOCKS", "MUTEXES", "RULES")
TAKEN = ("refcount", "pair", "users", "pamt_lock")  # what every scenario of a get and a put has
CARD = Card(
    modelled=("the reader's own code as it is written: what stands between two yields happens at once",),
    simplified=(
        "a round is get, use, put, one page at a time; beside it stand the module's calls, the page allocator and pamt_lock as in v2",
    ),
    left_out=("what compilers reorder, memory weaker than x86-TSO, BUSY from the module, interrupts",),
)


def of_programs(
    put: Callable | None = None, get: Callable | None = None, name: str = "mine", threads: int | None = None, rounds: int = 1, *,
    shared: Mapping[str, object] | None = None, locks: Iterable[str] = (), mutexes: Iterable[str] = (),
    rules: Iterable[Property] = (), roles: Iterable[str] = (), regions: int = 1, faults: Iterable[str] = (),
) -> Scenario:  # fmt: skip
    """A reader's own `put` and `get` (v2's where one is missing), to be explored like a posted design.

    shared, locks, mutexes, rules: see the module. roles: what each CPU does, "life", "get" or "put" (tdxkit.linux.refcount.roles); by
    default two CPUs, or `threads`, with a whole life. regions: CPU k works on region k modulo so many. faults: what may go wrong, by the
    names behind v6-…: enomem, add-fails, remove-fails, page-by-page. InputError and ModelError for what cannot be meant.
    """
    programs = (put, get)
    for function in filter(None, programs):
        if not inspect.isgeneratorfunction(function):
            label = printable(getattr(function, "__name__", function))
            raise ModelError(label, "a program is a generator function", 'start each atomic step with yield "label"')
        try:
            inspect.signature(function).bind("m", "region")
        except TypeError as error:
            raise ModelError(_called(function), f"it is called as (m, region): {error}", "give it these two") from None
    declared = _declared(shared, locks, mutexes, rules)
    roles, faults = roles_of(roles, threads), _faults(faults)
    threads = len(roles) or threads or 2
    if type(regions) is not int or not 1 <= regions <= MOST_REGIONS:
        raise InputError(
            f"regions {printable(regions)}", f"there are 1 to {MOST_REGIONS}", "give a number in this range"
        )
    base, said = DESIGNS["v2"].code, " and ".join(w for w, f in zip(("get", "put"), (get, put)) if f) or "nothing"
    mine = SimpleNamespace(
        TITLE=f"{name}: a reader's own {said}", get=get or base.get, put=put or base.put, REGIONS=regions, ROLES=roles,
        CARD=_card(programs), SHARED=declared["SHARED"], LOCKS=declared["LOCKS"], MUTEXES=declared["MUTEXES"],
        PROPERTIES=(*module.PROPERTIES, *((COUNT_FITS,) if GETS in roles else ()), *declared["RULES"]),
    )  # fmt: skip
    variant = Variant("", ", ".join(FAULTS[f][0] for f in faults), **{FAULTS[f][1]: True for f in faults})
    again = partial(
        of_programs, put, get, name, shared=shared, locks=locks, mutexes=mutexes, rules=rules, roles=roles, regions=regions, faults=faults,
    )  # fmt: skip
    own = Own(*_source(programs, declared), (*_options(programs), *around(roles, regions, faults)))
    return replace(of_design(mine, name, threads, rounds, variant), own=own, make=again)


def _declared(shared, locks, mutexes, rules) -> dict[str, object]:
    """What a reader declares, each in its form; a lock that is no shared variable yet begins free."""
    if not isinstance(shared or {}, Mapping):
        raise ModelError("SHARED", "it maps each name to its first value", 'write SHARED = {"mylock": False}')
    locks, mutexes, rules = (_several(word, value) for word, value in zip(DECLARED[1:], (locks, mutexes, rules)))
    free = {n: False for n in (*locks, *mutexes) if n not in TAKEN}
    shared = free | dict(shared or {})
    if taken := next((n for n in shared if n in TAKEN), None):
        raise ModelError(
            f"shared variable {taken}", "every get and put has it already", "use it as it is, or rename yours"
        )
    if odd := [r for r in rules if not isinstance(r, Property)]:
        raise ModelError(
            f"RULES: {printable(odd[0])}", "it holds rules", 'write RULES = (always("it is small", lambda m: m.n < 5),)'
        )
    names = tuple(dict.fromkeys(n for n in (*locks, *mutexes) if n not in TAKEN))
    return {"SHARED": shared, "LOCKS": names, "MUTEXES": mutexes, "RULES": rules}


def _several(word: str, value: object) -> tuple:
    """A tuple of names or rules, of which one may come alone."""
    if isinstance(value, (str, Property)):
        return (value,)
    if not isinstance(value, Iterable):
        raise ModelError(word, "it is a tuple", f'write {word} = ("mylock",)')
    return tuple(value)


def roles_of(roles: Iterable[str], threads: int | None) -> tuple[str, ...]:
    """What each CPU does, one after the other or as words with commas; InputError for what no CPU does, and for another number of CPUs."""
    roles = tuple(r.strip() for r in roles.split(",")) if isinstance(roles, str) and roles else tuple(roles)
    if odd := [r for r in roles if r not in ROLES]:
        raise InputError(f"role {printable(odd[0])}", "a CPU does " + ", ".join(ROLES), "write them like get,get,put")
    if roles and threads not in (None, len(roles)):
        raise InputError(f"{threads} threads", f"there are {len(roles)} roles, one for each", "leave the threads out")
    return roles


def _faults(faults: Iterable[str]) -> tuple[str, ...]:
    faults = tuple(f.strip() for f in faults.split(",")) if isinstance(faults, str) and faults else tuple(faults)
    if odd := [f for f in faults if f not in FAULTS]:
        known = near(odd[0], FAULTS, 0.3) or ", ".join(FAULTS)
        raise InputError(f"fault {printable(odd[0])}", "nothing goes wrong by this name", f"try {known}")
    return faults


def _card(programs: tuple) -> Card:
    """The card that a reader wrote under his put or get, or what is true of every one."""
    return next((card for f in programs if f and (card := card_of(f)) != Card()), CARD)


def _source(programs: tuple, declared: dict) -> tuple[str, str, str]:
    """The text, the file (none) and the name that stand for functions given in Python."""
    mine = tuple(f for f in programs if f and not ours(f))
    plain = {name: declared[name] for name in DECLARED[:3]}
    text = text_of(mine, plain) if mine and not declared["RULES"] else ""
    return text, "", _called(mine[0]) if mine else "put"


def _called(function: Callable) -> str:
    """The name of a program, also of a partial of one."""
    while isinstance(function, partial):
        function = function.func
    return getattr(function, "__name__", "put")


def _options(programs: tuple) -> tuple[str, ...]:
    """The get and the put by name where FILE.py:NAME does not say them."""
    options: list[str] = []
    for word, function in zip(("--put", "--get"), programs):
        home = (getattr(function, "__module__", None) or "").rpartition(".")
        design = next((n for n, d in DESIGNS.items() if (home[0], home[2]) == (__package__, d.design)), None)
        if function and (design or (word == "--get" and _called(function) != "get")):
            options += [word, design or _called(function)]
    return tuple(options)


def around(roles: Iterable[str] = (), regions: int = 1, faults: Iterable[str] = ()) -> tuple[str, ...]:
    """The options of a command for these roles, regions and faults."""
    values = (
        ("--roles", ",".join(roles_of(roles, None))),
        ("--regions", regions > 1 and regions),
        ("--faults", ",".join(_faults(faults))),
    )
    return tuple(word for option, value in values if value for word in (option, str(value)))
