"""A TD from creation to teardown on one kernel, and what it leaves behind: the scenario behind the patch switches and fault tables.

The life: init, one vCPU, two pages added before the TD runs (the first one measured), finalize, the vCPU into the guest, faults in two
regions, a page converted to shared and back, another one taken away while the vCPU runs, and, with `huge`, a 2 MiB page mapped, split
and promoted; then everything is torn down.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from tdxkit.card import Card, card_of
from tdxkit.linux.host import host as host_module
from tdxkit.linux.host.faults import NO_FAULT, Fault
from tdxkit.linux.host.host import ALL_PATCHES, ERRNO, Host
from tdxkit.linux.host.kvm import td as td_module
from tdxkit.linux.host.kvm.fault import fault as page_fault
from tdxkit.linux.host.kvm.huge import promote, split
from tdxkit.linux.host.kvm.init import add_page, finalize, td_init, vcpu_create, vcpu_init
from tdxkit.linux.host.kvm.td import TDX_PS_2M, Td
from tdxkit.linux.host.kvm.teardown import teardown
from tdxkit.linux.host.kvm.vcpu import enter
from tdxkit.linux.host.kvm.zap import convert, zap
from tdxkit.linux.host.log import Context
from tdxkit.linux.host.pairs import PAIR
from tdxkit.run import Run
from tdxkit.text import many
from tdxkit.units import PAGE_2M, PAGE_4K
from tdxkit.work import Job, drive, in_parts

CLEAN = "clean: nothing is left"
HOWS_TABLED = ("no memory", "busy", "error")  # a SEAMCALL that finds no entropy once is simply made again


@dataclass(frozen=True, slots=True)
class Life:
    """How a TD's life ended.

    `result`: a sentence; `leaf`, `status`: the first SEAMCALL that failed for good and what it said, "" if none did; what is left:
    pairs in the module, references in the kernel, pages that nobody freed; `meminfo_kb` as at the end, None without the line;
    `peak_kb`: its highest value (of the pairs themselves where the line is missing); `points`: allocations and SEAMCALLs made;
    `uncleared`: pair pages freed without being cleared; `stopped`: where the life ended early and with which errno, "" if it did not;
    `wrong_at`: for a recorded life the step at which something first went wrong, the fault or a warning, 0 if nothing did;
    `loop`: the loop of a fault that something had to end, in words, "" if there was none;
    `work`: for a recorded life how often each operation was done in each context, by its name.
    """

    result: str
    leaf: str
    status: str
    pairs_left: int
    refs_left: int
    pages_left: int
    meminfo_kb: int | None
    peak_kb: int
    seamcalls: int
    points: int
    bugged: bool
    uncleared: int
    stopped: str
    loop: str
    warnings: tuple[str, ...]
    run: Run | None = None
    wrong_at: int = 0
    work: Mapping[Context, Mapping[str, int]] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Nothing is left and nobody complained."""
        return self.result == CLEAN

    def as_json(self) -> dict:
        """The form that `life --json` prints."""
        names = ("result", "status", "leaf", "pairs_left", "refs_left", "meminfo_kb", "loop")
        return {name: getattr(self, name) for name in names}


def live(
    version: str = "v2",
    patches: frozenset[int] = ALL_PATCHES,
    fault: Fault = NO_FAULT,
    *,
    huge: bool = False,
    record: bool = False,
    pool_pages: int | None = None,
) -> Life:
    """One life. `record` keeps a Run of every step; `pool_pages`: what pools are filled to, by default as the version has it."""
    return live_on(Host(version, patches, fault, record, pool_pages), huge, record)


def live_on(host: Host, huge: bool = False, record: bool = False) -> Life:
    """One life on a host of one's own."""
    td, peak = Td(host), 0
    stopped = ""
    for name, act in _acts(td, huge):
        errno = act()
        peak = max(peak, host.pairs.count)
        if errno:
            stopped = f"{name} ends with {ERRNO[errno]}"
            break
    teardown(td)
    return _judge(host, td, peak, stopped, record)


def _acts(td: Td, huge: bool) -> Iterator[tuple[str, Callable[[], int]]]:
    yield "TD init", lambda: td_init(td)
    yield "vCPU creation", lambda: vcpu_create(td)
    yield "vCPU init", lambda: vcpu_init(td)
    yield "adding a page", lambda: add_page(td, 0, measure=True)
    yield "adding a page", lambda: add_page(td, PAGE_4K)
    yield "finalizing", lambda: finalize(td)
    yield "running the vCPU", lambda: enter(td)
    yield "a fault", lambda: page_fault(td, 2 * PAGE_4K)
    yield "a fault", lambda: page_fault(td, PAGE_2M)
    yield "a fault", lambda: page_fault(td, PAGE_2M + PAGE_4K)
    yield "a conversion", lambda: convert(td, PAGE_2M)
    yield "a zap", lambda: zap(td, PAGE_2M + PAGE_4K)
    if huge:
        yield "a fault", lambda: page_fault(td, 2 * PAGE_2M, TDX_PS_2M)
        yield "a fault", lambda: page_fault(td, 2 * PAGE_2M + PAGE_4K)
        yield "a split", lambda: split(td, 2 * PAGE_2M)
        yield "a promotion", lambda: promote(td, 2 * PAGE_2M)


def _judge(host: Host, td: Td, peak: int, stopped: str, record: bool) -> Life:
    leaf, result = td.first or ("", None)
    left = [
        many(n, what)
        for n, what in (
            (host.pairs.count, "pair"),
            (host.pairs.references, "reference"),
            (len(host.allocator.pages), "page"),
        )
        if n
    ]
    loop = str(td.loop) if td.loop and not td.dead else ""
    parts = [
        f"{leaf} failed: {result}" if leaf else "",
        "KVM_BUG_ON" if td.dead else "",
        ": ".join(filter(None, (stopped, loop))) if not td.dead else "",
        "left: " + ", ".join(left) if left else "",
    ]
    if not leaf and host.log.warnings:
        parts.insert(0, host.log.warnings[0])
    text = "; ".join(filter(None, parts)) or CLEAN
    return Life(
        result=text,
        leaf=leaf,
        status=str(result) if leaf else "",
        pairs_left=host.pairs.count,
        refs_left=host.pairs.references,
        pages_left=len(host.allocator.pages),
        meminfo_kb=host.meminfo_kb,
        peak_kb=peak * PAIR * PAGE_4K // 1024,
        seamcalls=sum(host.calls.made.values()),
        points=host.points.count,
        bugged=td.dead,
        uncleared=host.allocator.dirty_frees,
        stopped=stopped,
        loop=loop,
        warnings=tuple(host.log.warnings),
        wrong_at=host.log.wrong_at,
        run=host.run(_title(host), subtitle="creation, faults, conversion, teardown", card=_card()) if record else None,
        work={context: dict(done) for context, done in host.log.work.items()},
    )


def _title(host: Host) -> str:
    missing = sorted(ALL_PATCHES - host.patches)
    return f"A TD's life on {host.posted.name}" + (f" without patch {', '.join(map(str, missing))}" if missing else "")


def _card() -> Card:
    ours, paths = card_of(host_module), card_of(td_module)
    return Card(ours.modelled + paths.modelled, ours.simplified + paths.simplified, ours.left_out + paths.left_out)


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One injected fault and the life that followed. `where`: the allocation or leaf that failed."""

    version: str
    point: int
    how: str
    where: str
    life: Life

    def as_json(self) -> dict:
        """An item of `life --faults --json`."""
        return {
            "point": self.point,
            "how": self.how,
            "where": self.where,
            "result": self.life.result,
            "loop": self.life.loop,
        }


def fault_table(
    version: str, huge: bool = False, hows: Iterable[str] = HOWS_TABLED, lasting: bool = False
) -> tuple[FaultRow, ...]:
    """Every single fault of a version's life, one row each: the n-th allocation or SEAMCALL fails, everything else works. A `lasting`
    fault goes on at each later point of the same name."""
    return drive(_table_job(version, huge, tuple(hows), lasting))


def faults_job(names: Iterable[str]) -> Job[dict[str, tuple[FaultRow, ...]]]:
    """The fault tables of several versions, as work in slices: ticks are versions."""
    return in_parts({name: _table_job(name, False, HOWS_TABLED, False) for name in names})


def _table_job(version: str, huge: bool, hows: tuple[str, ...], lasting: bool) -> Job[tuple[FaultRow, ...]]:
    key = (version, huge, hows, lasting)
    if key not in _TABLES:
        places = [
            (point, where, how)
            for point, (where, _) in enumerate(points(version, huge), 1)
            for how in hows
            if where.startswith("alloc") == (how == "no memory")
        ]
        rows = []
        for k, (point, where, how) in enumerate(places, 1):
            life = live(version, fault=Fault(point, how, lasting=lasting), huge=huge)
            rows.append(FaultRow(version, point, how, where, life))
            yield k, len(places)
        _TABLES[key] = tuple(rows)
    return _TABLES[key]


_TABLES: dict[tuple, tuple[FaultRow, ...]] = {}  # what was found once


class Point(NamedTuple):
    """A place in a life where something may fail: "alloc KIND" for an allocation, else a SEAMCALL's leaf; the lane it is in."""

    what: str
    lane: str


def points(
    version: str, huge: bool = False, patches: frozenset[int] = ALL_PATCHES, pool_pages: int | None = None
) -> tuple[Point, ...]:
    """The points of a life in which nothing is made to fail, the first is number 1."""
    return _points(version, huge, patches, pool_pages)


@cache
def _points(version: str, huge: bool, patches: frozenset[int], pool_pages: int | None) -> tuple[Point, ...]:
    found: list[Point] = []

    class Spy(Fault):
        """A fault that never hits and writes down where it could have."""

        def hits(self, point: int, what: str) -> bool:
            found.append(Point(what, host.log.context.name))
            return False

    host = Host(version, patches, Spy(), False, pool_pages)
    live_on(host, huge)
    return tuple(found)
