"""The runs that the PAMT lessons step through, each a function without arguments and in RUNS by name.

run = pamt_add_run(); str(run); run.state(12)["2M lock"]
"""

from tdxkit.run import Run
from tdxkit.seam.guest import enter_until_suspected, touch
from tdxkit.seam.leaves.act import IN_GUEST
from tdxkit.seam.leaves.stepping import LOOK_AGAIN
from tdxkit.seam.leaves.tdg import MAP
from tdxkit.seam.record import InTd, record
from tdxkit.seam.scenes import (
    CONTROL,
    EMPTY,
    EMPTY_WITH_PAIR,
    FRESH,
    GPA_FREE,
    GPA_PAGE,
    GPA_SMALL,
    PAIR,
    SECOND,
    world_at,
)  # fmt: skip
from tdxkit.seam.td import HostPages, SimpleTd
from tdxkit.seam.versions import LATEST
from tdxkit.units import PAGE_2M, PAGE_4K


def pamt_add_run() -> Run:
    """PAMT.ADD check by check: operands in, 2M entry NDA → PT_PAMT, two bitmap bits set."""
    given = {"rcx": EMPTY | 1, "rdx": PAIR[0], "r8": PAIR[1]}
    module = world_at("ready").module
    calls = [("CPU 0", "TDH.PHYMEM.PAMT.ADD", given)]
    return record(module, calls, region=EMPTY, watch=PAIR, title="A region gets its page pair")


def pamt_remove_run() -> Run:
    """PAMT.REMOVE check by check: 2M entry PT_PAMT → NDA, two bitmap bits cleared, the pair out in RDX and R8."""
    module = world_at("ready").module
    watch = module.m.pamt_2m[EMPTY_WITH_PAIR >> 21].pair
    calls = [("CPU 0", "TDH.PHYMEM.PAMT.REMOVE", {"rcx": EMPTY_WITH_PAIR | 1})]
    return record(module, calls, region=EMPTY_WITH_PAIR, watch=watch, title="A region gives its page pair back")


def one_walk_run() -> Run:
    """One walk: MNG.CREATE locks 1G shared, 2M shared, the new page's 4K entry exclusive."""
    calls = [("CPU 0", "TDH.MNG.CREATE", {"rcx": FRESH + 0x7000, "rdx": 40})]
    return record(world_at("ready").module, calls, region=FRESH, page=FRESH + 0x7000, title="One walk down the PAMT")


def two_walks_run() -> Run:
    """Two walks at once to neighbouring pages: the upper levels are shared, nobody is in the way."""
    world = world_at("initialised")
    calls = [(f"CPU {i}", "TDH.VP.CREATE", {"rcx": FRESH + 0x7000 + i * 0x1000, "rdx": world.td.tdr}) for i in (0, 1)]
    return record(world.module, calls, [0, 1] * 40, region=FRESH, page=FRESH + 0x7000, title="Two walks to one region")


def same_page_run() -> Run:
    """Two walks to the same page: the second finds the 4K entry exclusive and is BUSY with the operand's name."""
    world = world_at("initialised")
    calls = [(f"CPU {i}", "TDH.VP.CREATE", {"rcx": FRESH + 0x7000, "rdx": world.td.tdr}) for i in (0, 1)]
    schedule = [(0, lambda act: act.test == "pair RCX"), (1, None)]
    return record(world.module, calls, schedule, region=FRESH, page=FRESH + 0x7000, title="Two walks to one page")


def promotion_fails_run() -> Run:
    """A walk holds the 2M entry shared, so PAMT.REMOVE cannot promote: BUSY on RCX, and the mark of host priority stays."""
    calls = [
        ("CPU 0", "TDH.PHYMEM.PAGE.RDMD", {"rcx": EMPTY_WITH_PAIR + 0x3000}),
        ("CPU 1", "TDH.PHYMEM.PAMT.REMOVE", {"rcx": EMPTY_WITH_PAIR | 1}),
        ("CPU 1", "TDH.PHYMEM.PAMT.REMOVE", {"rcx": EMPTY_WITH_PAIR | 1}),
    ]
    module = world_at("ready").module
    watch = module.m.pamt_2m[EMPTY_WITH_PAIR >> 21].pair
    return record(
        module, calls, [0] * 7 + [1] * 9 + [0] * 9, region=EMPTY_WITH_PAIR, page=EMPTY_WITH_PAIR + 0x3000, watch=watch,
        title="A promotion that fails",
    )  # fmt: skip


def running_vcpu_run() -> Run:
    """A running vCPU blocks PAMT.REMOVE on the region of its TDVPR: BUSY while it runs, NOT_EMPTY after it left."""
    world = world_at("runnable")
    remove = ("CPU 1", "TDH.PHYMEM.PAMT.REMOVE", {"rcx": CONTROL | 1})
    calls = [("CPU 0", "TDH.VP.ENTER", {"rcx": world.more["tdvpr"]}), remove, remove]
    return record(
        world.module, calls, [(0, lambda act: act == IN_GUEST), (1, None), (0, None)], region=CONTROL, page=world.more["tdvpr"],
        title="A running vCPU keeps its region's pair",
    )  # fmt: skip


def hint_run() -> Run:
    """The last page of a region leaves: the hint in RCX, then PAMT.REMOVE succeeds."""
    world = world_at("runnable")
    module, td = world.module, world.td
    setup = {"rcx": 0x2000, "rdx": td.tdr, "r8": FRESH + 0x9000}
    calls = [
        ("CPU 0", "TDH.MEM.PAGE.AUG", setup),
        ("CPU 0", "TDH.MEM.RANGE.BLOCK", {"rcx": 0x2000, "rdx": td.tdr}),
        ("CPU 0", "TDH.MEM.TRACK", {"rcx": td.tdr}),
        ("CPU 0", "TDH.MEM.PAGE.REMOVE", {"rcx": 0x2000, "rdx": td.tdr}),
        ("CPU 0", "TDH.PHYMEM.PAMT.REMOVE", {"rcx": FRESH | 1}),
    ]
    watch = module.m.pamt_2m[FRESH >> 21].pair
    return record(module, calls, region=FRESH, page=FRESH + 0x9000, watch=watch, title="The last page leaves a region")


def two_tds_run() -> Run:
    """Two TDs with a page each in one region: one pair for both, and the hint only with the last page of the two."""
    world = world_at("runnable")
    module, one = world.module, world.td.tdr
    other = SimpleTd(module, HostPages(module, EMPTY_WITH_PAIR + PAGE_2M)).build().run()
    other.sept(GPA_FREE, 0)
    calls = []
    for k, tdr in enumerate((one, other.tdr)):
        calls.append(("CPU 0", "TDH.MEM.PAGE.AUG", {"rcx": GPA_FREE, "rdx": tdr, "r8": EMPTY_WITH_PAIR + k * PAGE_4K}))
    for tdr in (one, other.tdr):
        page = {"rcx": GPA_FREE, "rdx": tdr}
        calls += [("CPU 0", "TDH.MEM.RANGE.BLOCK", page), ("CPU 0", "TDH.MEM.TRACK", {"rcx": tdr})]
        calls.append(("CPU 0", "TDH.MEM.PAGE.REMOVE", page))
    return record(module, calls, region=EMPTY_WITH_PAIR, title="Two TDs, one region, one pair")


def zero_step_run(version: str = LATEST) -> Run:
    """A vCPU whose entry is suspected, beside a zap. It has faulted seven times at a page that CPU 1 has blocked; CPU 1 blocks another
    page: now the entry is in its way, now it is in the entry's; then the page is open again and the guest gets in."""
    world = world_at("runnable", version)
    module, tdr, tdvpr = world.module, world.td.tdr, world.more["tdvpr"]
    missing, other = ({"rcx": GPA_PAGE + step, "rdx": tdr} for step in (0, SECOND))
    module.call("TDH.MEM.RANGE.BLOCK", **missing)
    module.call("TDH.MEM.TRACK", rcx=tdr)
    touch(module, tdvpr, GPA_PAGE)
    enter_until_suspected(module, tdvpr)
    block, enter = ("CPU 1", "TDH.MEM.RANGE.BLOCK", other), ("CPU 0", "TDH.VP.ENTER", {"rcx": tdvpr})
    calls = [enter, enter, enter, block, block, ("CPU 1", "TDH.MEM.RANGE.UNBLOCK", missing)]
    holds_tree = (1, lambda act: act.test == "sept_walk")
    schedule = [(0, lambda act: act == LOOK_AGAIN), (1, None), (0, None), holds_tree, (0, None), (1, None), (1, None)]
    return record(
        module, calls, schedule, td=InTd(tdr, GPA_PAGE, tdvpr),
        title=f"A suspected entry and a zap (module {version})",
    )  # fmt: skip


def accept_run() -> Run:
    """A guest accepts a page while the host wants to block it: BUSY, the mark that keeps the guest away, and the host's turn."""
    world = world_at("runnable").arrange("in the guest")
    tdr, tdvpr = world.td.tdr, world.more["tdvpr"]
    accept = ("CPU 0", "TDG.MEM.PAGE.ACCEPT", {"rcx": GPA_SMALL, "vcpu": tdvpr})
    block = ("CPU 1", "TDH.MEM.RANGE.BLOCK", {"rcx": GPA_SMALL, "rdx": tdr})
    calls = [accept, accept, accept, block, block]
    schedule = [(0, lambda act: act == MAP), (1, None), (0, None), (0, None), (1, None)]
    return record(
        world.module, calls, schedule, td=InTd(tdr, GPA_SMALL, tdvpr),
        title="A guest accepts a page that the host wants to take",
    )  # fmt: skip


RUNS = {
    "pamt-add": pamt_add_run, "pamt-remove": pamt_remove_run, "one-walk": one_walk_run, "two-walks": two_walks_run,
    "same-page": same_page_run, "promotion-fails": promotion_fails_run, "running-vcpu": running_vcpu_run, "hint": hint_run,
    "zero-step": zero_step_run, "accept": accept_run, "two-tds": two_tds_run,
}  # fmt: skip
