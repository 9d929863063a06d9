"""The runs that the PAMT lessons step through, each a function without arguments and in RUNS by name.

run = pamt_add_run(); str(run); run.state(12)["2M lock"]
"""

from collections.abc import Callable

from tdxkit.run import Run
from tdxkit.seam.leaves.act import IN_GUEST, LeafAct
from tdxkit.seam.record import record
from tdxkit.seam.scenes import CONTROL, EMPTY, EMPTY_WITH_PAIR, FRESH, PAIR, World, world_at


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
    first = steps_until(world, calls[0], lambda act: act.test == "pair RCX")
    schedule = [0] * first + [1] * 40
    return record(world.module, calls, schedule, region=FRESH, page=FRESH + 0x7000, title="Two walks to one page")


def steps_until(world: World, call: tuple, is_it: Callable[[LeafAct], bool]) -> int:
    """How many steps a call takes, alone, before the act that this is true of."""
    begun = world.copy().module.begin(call[1], **call[2])
    taken = 0
    while not is_it(begun.label) and begun.step():
        taken += 1
    return taken


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
    into_guest = steps_until(world, calls[0], lambda act: act == IN_GUEST)
    return record(
        world.module, calls, [0] * into_guest + [1] * 9 + [0] * 5, region=CONTROL, page=world.more["tdvpr"],
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


RUNS = {
    "pamt-add": pamt_add_run, "pamt-remove": pamt_remove_run, "one-walk": one_walk_run, "two-walks": two_walks_run,
    "same-page": same_page_run, "promotion-fails": promotion_fails_run, "running-vcpu": running_vcpu_run, "hint": hint_run,
}  # fmt: skip
