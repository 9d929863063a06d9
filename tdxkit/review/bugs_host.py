"""Bugs of KVM's paths, the pools, the module's answers and the lock, shown by the host model and the lock simulation. See bugs.py."""

from tdxkit.linux.host import pool
from tdxkit.linux.host.allocator import guest_page
from tdxkit.linux.host.base import BASES
from tdxkit.linux.host.faults import NO_FAULT, Fault
from tdxkit.linux.host.host import EINTR, EIO, Host
from tdxkit.linux.host.kvm.fault import fault
from tdxkit.linux.host.kvm.huge import split
from tdxkit.linux.host.kvm.init import finalize, td_init, vcpu_create, vcpu_init
from tdxkit.linux.host.kvm.places import FAULT
from tdxkit.linux.host.kvm.td import TDX_PS_2M, Td
from tdxkit.linux.host.kvm.teardown import teardown
from tdxkit.linux.host.kvm.zap import zap
from tdxkit.linux.host.life import fault_table, live
from tdxkit.linux.lock.simulation import Simulation
from tdxkit.review.bugs import Verdict, shows
from tdxkit.units import PAGE_2M, PAGE_4K


@shows("B6")
def retried_for_ever() -> Verdict:
    """A get that always fails in the fault path."""
    ended = {}
    for version in ("v1", "v2", "v5", "v6", "after-v6"):
        td = _running(version)
        fault(td, 0)  # the region of the Secure EPT has its pair now, only the guest page's is missing
        td.host.points.fault = Fault(leaf="TDH.PHYMEM.PAMT.ADD")
        errno = fault(td, 4 * PAGE_2M)
        ended[version] = errno, td.dead, td.loop is not None and td.loop.unchanged
    round_and_round = (EINTR, False, True)
    return Verdict(
        all(ended[v] == round_and_round for v in ("v1", "v2", "v5", "v6")) and ended["after-v6"][:2] == (EIO, True),
        "ADD keeps failing: in v1, v2, v5 and v6 each pass of the fault ends as the last one, RET_PF_RETRY, until a signal comes; "
        "in the text after v6 the VM is bugged, -EIO",
    )


@shows("B8")
def uncleared() -> Verdict:
    """Pair pages on their way back."""
    freed = {v: live(v).uncleared for v in ("v2", "v3")}
    return Verdict(
        freed["v2"] > 0 == freed["v3"], f"one TD's life: v2 frees {freed['v2']} pair pages uncleared, v3 none"
    )


@shows("B9")
def pools_for_all() -> Verdict:
    """A vCPU of a VM that is no TD."""
    pages = {v: pool.target(Host(v, record=False), tdx=False) for v in ("v2", "v3")}
    return Verdict(
        pages == {"v2": 10, "v3": 0},
        f"a vCPU of an ordinary VM on a Dynamic PAMT host: v2 keeps {pages['v2']} pages for it, v3 none",
    )


@shows("B16")
def first_page_lost() -> Verdict:
    """The second allocation of a pair fails."""
    lost = {v: max(r.life.pages_left for r in fault_table(v, hows=["no memory"])) for v in ("v3", "v4")}
    return Verdict(lost == {"v3": 1, "v4": 0}, f"one allocation fails: v3 loses {lost['v3']} page, v4 none")


@shows("B17")
def pool_never_set_up() -> Verdict:
    """A vCPU that is created and freed."""
    warned = {}
    for version in ("v3", "v4"):
        td = Td(Host(version, record=False))
        vcpu_create(td)
        teardown(td)
        warned[version] = td.host.log.warnings
    return Verdict(
        bool(warned["v3"]) and not warned["v4"],
        f"a vCPU created and never initialised: v3: {' '.join(warned['v3'])}; v4: fine",
    )


@shows("B18")
def pool_runs_dry() -> Verdict:
    """An S-EPT page and a pair wanted from a pool that nobody filled."""
    got = {}
    for version in ("v2", "v3", "v4", "v6"):
        host = Host(version, record=False)
        host.log.context = FAULT.context(BASES[host.posted.base])
        got[version] = [kind for kind in ("S-EPT", "pair") if pool.take(host, "vCPU 0", kind) is not None]
    return Verdict(
        got == {"v2": ["S-EPT", "pair"], "v3": [], "v4": ["S-EPT"], "v6": []},
        "pools never filled: v2 warns and tries GFP_ATOMIC; v3 gets nothing; v4 only S-EPT pages that way; v6 answers -ENOMEM, "
        "which is a retry: the next pass tops up",
    )


@shows("B23")
def one_list() -> Verdict:
    """What is left of the pool after a first fault."""
    left = {}
    for version in ("v4", "v6"):
        td = _running(version)
        fault(td, 4 * PAGE_2M)
        left[version] = (td.host.posted.pool_pages, len(td.host.pools["vCPU 0"]))
    (full4, left4), (full6, left6) = left["v4"], left["v6"]
    return Verdict(
        (left4 - full4) - (left6 - full6) < 0,
        f"one fault takes {full4 - left4} of v4's {full4} pages, S-EPT pages and pairs from one list; {full6 - left6} of v6's {full6}, pairs only",
    )


@shows("B26")
def split_without_get() -> Verdict:
    """A 2 MiB leaf split with and without a reference for the S-EPT page."""
    ended = {}
    for counted in (False, True):
        td = _running("v5")
        fault(td, 2 * PAGE_2M, TDX_PS_2M)
        split(td, 2 * PAGE_2M, count_sept=counted)
        teardown(td)
        ended[counted] = td.host.pairs.references, list(td.host.log.warnings)
    refs, warned = ended[False]
    return Verdict(
        (refs < 0 or bool(warned)) and ended[True] == (0, []),
        f"split without the get: {warned[0] if warned else ''} (references left: {refs}); with it: nothing left",
    )


@shows("B27")
def noisy_neighbour() -> Verdict:
    """One of ten TDs toggles a page."""
    small = {"tds": 10, "seconds": 1.0, "regions": 64}
    quiet, noisy = (Simulation("fast-path", toggling=n, **small).run() for n in (0, 1))
    return Verdict(
        noisy.contentions > 3 * quiet.contentions,
        f"a simulated second, 10 TDs: {quiet.contentions} waits; with one TD toggling a page {noisy.contentions}",
    )


@shows("B28")
def false_contention() -> Verdict:
    """Nobody shares a region."""
    one, own = (Simulation(d, seconds=4.0, fault=5.0, regions=512).run() for d in ("fast-path", "per-region"))
    return Verdict(
        one.contentions == one.false_waits > 0 == own.contentions,
        f"regions shared by nobody: {one.contentions} waits behind the one lock, all for other regions; {own.contentions} with a lock for each",
    )


@shows("B29")
def unmovable() -> Verdict:
    """A pair page inside the region."""
    td = _running("v6")
    host, region = td.host, guest_page(2 * PAGE_2M)
    host.calls.make("TDH.PHYMEM.PAMT.ADD", rcx=40 * PAGE_2M | 1, rdx=region, r8=region + PAGE_4K)
    errno = fault(td, 2 * PAGE_2M, TDX_PS_2M)
    return Verdict(
        errno == EIO and td.first is not None,
        f"two pages of a region are another's pair: mapping it as 2 MiB gets {td.first[1] if td.first else 'success'}",
    )


@shows("B30")
def blocked_by_a_left_pair() -> Verdict:
    """REMOVE fails, then a 2 MiB mapping."""
    td, gpa = _running("v6"), 2 * PAGE_2M
    fault(td, gpa)
    td.host.points.fault = Fault(leaf="TDH.PHYMEM.PAMT.REMOVE")
    zap(td, gpa)
    td.host.points.fault = NO_FAULT
    page = guest_page(gpa)
    said = td.host.calls.make("TDH.MEM.PAGE.AUG", rcx=6 * PAGE_2M | TDX_PS_2M, rdx=td.tdr, r8=page)
    return Verdict(
        str(said) == "TDX_PAGE_METADATA_INCORRECT|R8",
        f"REMOVE failed once: mapping the region as 2 MiB then gets {said}",
    )


@shows("B34")
def busy_breaks_remove() -> Verdict:
    """T6: ADD of a region whose pair lies in another one, stopped while it holds that one."""
    host = Host("v6", record=False)
    outer, inner = 40 * PAGE_2M, 41 * PAGE_2M
    host.calls.make("TDH.PHYMEM.PAMT.ADD", rcx=inner | 1, rdx=50 * PAGE_2M, r8=50 * PAGE_2M + PAGE_4K)
    add = host.module.begin("TDH.PHYMEM.PAMT.ADD", rcx=outer | 1, rdx=inner, r8=inner + PAGE_4K)
    while not host.module.m.lock_2m[inner >> 21] and add.step():
        pass
    said = host.module.call("TDH.PHYMEM.PAMT.REMOVE", rcx=inner | 1)
    return Verdict(
        said.name == "TDX_OPERAND_BUSY",
        f"an ADD whose pair lies in another region, half way: REMOVE of that region says {said}",
    )


@shows("B35")
def ambiguous() -> Verdict:
    """A get on a region that is mapped as 2 MiB."""
    seen = {}
    for version in ("v5", "v6"):
        td = _running(version)
        fault(td, 2 * PAGE_2M, TDX_PS_2M)
        page = guest_page(2 * PAGE_2M)
        seen[version] = td.host.pairs.get(page), td.host.pairs.has(page >> 21)
    return Verdict(
        seen == {"v5": (0, False), "v6": (EIO, False)},
        "a get where a 2 MiB leaf is mapped: v5 answers success and there is no pair, v6 -EIO",
    )


def _running(version: str) -> Td:
    """A TD that runs, with nothing mapped yet."""
    td = Td(Host(version, record=False))
    td_init(td)
    vcpu_create(td)
    vcpu_init(td)
    finalize(td)
    return td
