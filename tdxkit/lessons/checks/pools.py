"""Answers about what a vCPU keeps in store and what it waits for: a pool that loses pages, a pair taken whole or not at all, a host with waits."""

from collections.abc import Callable, Iterator
from itertools import product

from tdxkit.errors import InputError, ModelError, TdxkitError, printable
from tdxkit.explore import guard
from tdxkit.lessons.checks.host import Left, left_of, lived, parts, version_name
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.linux.host.faults import NO_FAULT, Fault
from tdxkit.linux.host.host import Host
from tdxkit.linux.host.kvm.passes import PATIENCE
from tdxkit.linux.host.life import live, live_on
from tdxkit.linux.host.pairs import PAIR
from tdxkit.linux.lock.simulation import Simulation
from tdxkit.linux.refcount.posted import posted_named
from tdxkit.text import many
from tdxkit.work import Job

LARGEST_POOL = 20
MOST = {"TDs": 10, "vCPUs a TD": 16, "toggling TDs": 4}
# What may go wrong while a pair is taken on v3: which failure, and to what pools are filled.
TRIED = (
    ("nothing fails", NO_FAULT, None),
    ("the second page of the first pair cannot be had", Fault(3, "no memory"), None),
    ("the first page of the first pair cannot be had", Fault(2, "no memory"), None),
    ("a pool is filled to two pages only", NO_FAULT, 2),
)
WAYS = tuple(product((True, False), repeat=4))  # what comes of the first calls of take(); later ones give nothing
MOST_TAKES = 50


def losing(answer: object, exercise: Exercise) -> Said:
    """(version, pages in the pool): a fault that goes round, and loses a page in each pass."""
    version, pages = parts(answer, 2, '("v6", 4)')
    version = posted_named(version_name(version)).name
    if type(pages) is not int or not 0 <= pages <= LARGEST_POOL:
        raise InputError(
            f"pool {printable(pages, 40)}", f"it holds 0 to {LARGEST_POOL} pages", "give a number of these"
        )
    life = live(version, pool_pages=pages, record=True)
    with_it, found = f"{version} with a pool of {many(pages, 'page')}", left_of(life)
    if not life.loop:
        how = "the VM is bugged" if life.bugged else "the page is mapped"
        return lived(False, f"{with_it}: {how}. Left at the end: {found}", life)
    is_lost = f"{found} {'are' if found.pages > 1 else 'is'} lost"
    if found.pages < PATIENCE:
        return lived(False, f"{with_it}: the fault goes round, {PATIENCE} passes are seen, and {is_lost}", life)
    return lived(True, f"{with_it}: {PATIENCE} passes are seen, and {is_lost}", life)


def whole_pair(answer: object, exercise: Exercise) -> Job[Said]:
    """A function (take, free) that takes both pages of a pair or none, in the place of v3's: in none of three lives is a page left."""
    if not callable(answer):
        raise InputError(
            f"answer {printable(answer, 40)}", "a function is asked for", "write take_pair(take, free), and give it"
        )
    for when, fault, pages in TRIED:
        yield 0, 0
        host = Host("v3", fault=fault, pool_pages=pages)
        host.pairs.takes = lambda take, free: _taken(answer, take, free)
        life = live_on(host, record=True)
        if left_of(life) != Left(0, 0, 0) or (when == TRIED[0][0] and not life.clean):
            return lived(False, f"Where {when}: {life.result}", life)
    for way in WAYS:
        if wrong := _alone(answer, way):
            return Said(False, wrong)
    return Said(
        True,
        "Both pages or none, and nothing is lost: without a failure, with one in each place, and with a pool that is too small.",
    )


def _alone(function: Callable, way: tuple[bool, ...]) -> str:
    """What is wrong where the calls of take() go this way, "" where nothing is."""
    came: list[bool] = []
    held: set[int] = set()

    def take() -> int | None:
        if len(came) == MOST_TAKES:
            raise InputError(
                "take()", f"nothing comes, and it is called {MOST_TAKES} times", "return None where it gives nothing"
            )
        came.append(len(came) < len(way) and way[len(came)])
        if came[-1]:
            held.add(len(came))
        return len(came) if came[-1] else None

    where = "Where take() gives {}: "
    try:
        taken = {*_taken(function, take, held.remove)}
    except TdxkitError as error:
        error.stands(where.format(_in_words(came)))
        raise
    if lost := held - taken:
        return f"{where.format(_in_words(came))}left: {many(len(lost), 'page')}."
    if all(came[:PAIR]) and not taken:
        return f"{where.format(_in_words(came))}it has both, and returns None."
    return ""


def _in_words(came: list[bool]) -> str:
    words = ["a page" if page else "nothing" for page in came[: len(WAYS[0])]]
    return ", then ".join(words) or "what it likes"


def waits(answer: object, exercise: Exercise, *, fewest: int, seconds: float) -> Said:
    """(TDs, vCPUs a TD, how many of the TDs toggle): a host on which vCPUs wait that often for the one lock, and nobody for 64 hashed ones."""
    given = parts(answer, len(MOST), "(10, 4, 0)")
    for value, (what, most) in zip(given, MOST.items()):
        low = 0 if what == "toggling TDs" else 1
        if type(value) is not int or not low <= value <= most:
            raise InputError(
                f"{what}: {printable(value, 40)}", f"this host has {low} to {most}", "give a number of these"
            )
    tds, vcpus, toggling = given
    if toggling > tds:
        raise InputError(
            f"{toggling} toggling TDs",
            f"of {many(tds, 'TD')} no more than all toggle",
            "give fewer of these, or more TDs",
        )
    one, hashed = (_simulated(design, tds, vcpus, toggling, seconds) for design in ("fast-path", "hashed"))
    counted = f"{one:,} waits for the one lock in {seconds:g} seconds"
    if one < fewest:
        return Said(False, f"{counted}: {fewest:,} are asked for.")
    if hashed:
        return Said(False, f"{counted}, and {hashed:,} with hashed locks: none is asked for there.")
    return Said(True, f"{counted}, and none with hashed locks.")


def _simulated(design: str, tds: int, vcpus: int, toggling: int, seconds: float) -> int:
    return Simulation(design, tds=tds, vcpus=vcpus, seconds=seconds, toggling=toggling).run().contentions


def _taken(function: Callable, take: Callable, free: Callable) -> Iterator[int]:
    """What a reader's function took: nothing, or two pages that it got from take() and did not free."""
    got: list[object] = []

    def taking() -> int | None:
        page = take()
        got.append(page)
        return page

    def freeing(page: object) -> None:
        if page is None or page not in got:
            raise InputError(
                f"free({printable(page, 40)})", "what take() gave is given back, once", "free a page that you hold"
            )
        free(page)
        got.remove(page)

    try:
        pages = guard.guarded(function, taking, freeing, told=[])
    except TdxkitError:
        raise
    except Exception as error:
        raise ModelError(guard.place_of(error, "take_pair"), f"it raises {type(error).__name__}", "mend it") from None
    if pages is None:
        return iter(())
    whole = isinstance(pages, (tuple, list)) and len(pages) == PAIR and pages[0] != pages[1]
    if not whole or any(page is None or page not in got for page in pages):
        raise InputError("what take_pair returns", "it is two pages that take() gave, or None", "return both, or None")
    return iter(pages)
