"""The cover letter of the series beside the module's code: where they differ, what the code adds, and where only words differ.

    for d in DIFFERENCES: print(d.kind, "|", d.letter, "|", d.code, "|", d.show())

A letter sums up, so most of what it does not say is detail and no mistake. The letter: source tdx-v2-00; the code: sources module-leaves
and module-pamt-manager; the words "three levels" also in the log of version 6, source tdx-v6.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tdxkit.card import card_of
from tdxkit.seam.conflicts import locks
from tdxkit.seam.leaves import engine
from tdxkit.seam.leaves.sys import DYNAMIC_PAMT
from tdxkit.seam.leaves.tdg import MAP
from tdxkit.seam.module import TDMR_LIST, Module
from tdxkit.seam.pamt import L2M, pamt_bytes
from tdxkit.seam.runs import one_walk_run
from tdxkit.seam.scenes import EMPTY, EMPTY_WITH_PAIR, GPA_FREE_2M, GPA_SMALL, PAIR, world_at, world_for
from tdxkit.units import GIB, human

SOURCES = ("tdx-v2-00", "module-leaves", "module-pamt-manager", "tdx-v6")
DIFFERS, ADDS, WORDS = "difference", "added detail", "quibble"


@dataclass(frozen=True, slots=True)
class Difference:
    """What the letter says, what the code does, and a function that runs the model and says what came of it. `kind`: "difference",
    "added detail" (the letter is right and says less) or "quibble" (about a word)."""

    kind: str
    letter: str
    code: str
    show: Callable[[], str]

    def as_json(self) -> dict:
        """An item of `differences --json`."""
        return {"kind": self.kind, "letter": self.letter, "code": self.code, "shown": self.show()}


def sept_add_misses_the_pair() -> str:
    """SEPT.ADD with a new page in a region without a pair."""
    world = world_for("TDH.MEM.SEPT.ADD")
    return str(world.module.call("TDH.MEM.SEPT.ADD", **world.operands("TDH.MEM.SEPT.ADD", region=EMPTY)))


def what_a_tdcall_locks() -> str:
    """PAGE.ACCEPT stopped at work: what is held that was not before. SERVTD is on the fidelity card, among what is left out."""
    assert "TDG.SERVTD.RD and WR" in "; ".join(card_of(engine).left_out)
    world = world_at("runnable").arrange("in the guest")
    before = locks(world.module)
    world.module.begin("TDG.MEM.PAGE.ACCEPT", rcx=GPA_SMALL, vcpu=world.more["tdvpr"]).until(MAP)
    assert [lock[0] for lock in locks(world.module) if lock not in before] == ["sept_lock"]
    return "PAGE.ACCEPT at work holds a Secure-EPT entry and no PAMT lock; SERVTD.RD and WR are not modelled"


def leaf_is_exclusive() -> str:
    """The three lock words while MNG.CREATE takes its page."""
    run = one_walk_run()
    state = run.state(next(k for k, step in enumerate(run.steps) if step.kind == "store"))
    return "; ".join(f"{level} {state[f'{level} lock']}" for level in ("1G", "2M", "4K"))


def three_fixed_levels() -> str:
    """PAMT bytes of one GiB in both modes."""
    names = ("1G", "2M", "4K")
    static = ", ".join(f"{n} {human(b)}" for n, b in zip(names, pamt_bytes(GIB, False)))
    dynamic = ", ".join(f"{n} {human(b)}" for n, b in zip(names, pamt_bytes(GIB, True)))
    return f"a GiB in whole pages, static: {static}; dynamic: {dynamic} (the bitmap; 4K entries lie in the pairs)"


def bitmap_in_the_4k_field() -> str:
    """SYS.CONFIG with areas sized for Dynamic PAMT, asked for with and without it."""
    said = []
    for mode in (DYNAMIC_PAMT, 0):
        module = Module([(0, GIB)], dynamic_pamt=True, ready=False)
        module.call("TDH.SYS.INIT")
        for lp in range(module.platform.lps):
            module.call("TDH.SYS.LP.INIT", lp=lp)
        module.put(TDMR_LIST, module.tdmr_infos)
        said.append(str(module.call("TDH.SYS.CONFIG", rcx=TDMR_LIST, rdx=1, r8=32 | mode)))
    return f"PAMT_4K of {human(module.tdmr_infos[0].pamt_4k.size)}: dynamic {said[0]}, static {said[1]}"


def hints_in_bit_62() -> str:
    """The last page of a region leaves by PAGE.RECLAIM, then by PAGE.REMOVE."""
    world = world_for("TDH.PHYMEM.PAGE.RECLAIM")
    given = world.operands("TDH.PHYMEM.PAGE.RECLAIM")
    world.module.m.count[given["rcx"] >> 21] = 1
    reclaimed = world.module.call("TDH.PHYMEM.PAGE.RECLAIM", **given)
    world = world_at("runnable")
    world.module.call("TDH.MEM.PAGE.AUG", rcx=0x2000, rdx=world.td.tdr, r8=EMPTY_WITH_PAIR)
    for name in ("TDH.MEM.RANGE.BLOCK", "TDH.MEM.TRACK", "TDH.MEM.PAGE.REMOVE"):
        given = {"rcx": world.td.tdr} if name.endswith("TRACK") else {"rcx": 0x2000, "rdx": world.td.tdr}
        removed = world.module.call(name, **given)
    return f"RECLAIM: R9 {reclaimed['R9']:#x}; PAGE.REMOVE: RCX {removed['RCX']:#x}"


def no_pair_under_a_2m_page() -> str:
    """AUG of 2M over a pair, then again after PAMT.REMOVE."""
    world = world_at("runnable")
    given = {"rcx": GPA_FREE_2M | L2M, "rdx": world.td.tdr, "r8": EMPTY_WITH_PAIR}
    first = world.module.call("TDH.MEM.PAGE.AUG", **given)
    world.module.call("TDH.PHYMEM.PAMT.REMOVE", rcx=EMPTY_WITH_PAIR | L2M)
    return f"with the pair: {first}; after PAMT.REMOVE: {world.module.call('TDH.MEM.PAGE.AUG', **given)}"


def pair_pages_anywhere() -> str:
    """PAMT.ADD with two pages a GiB apart, with two of the region itself, with one of each."""
    said = []
    for pages in ((PAIR[0], PAIR[1]), (EMPTY, EMPTY + 0x1000), (EMPTY + 0x5000, PAIR[0])):
        answer = world_at("ready").module.call("TDH.PHYMEM.PAMT.ADD", rcx=EMPTY | L2M, rdx=pages[0], r8=pages[1])
        said.append(str(answer))
    return (
        f"pages 1 GiB apart: {said[0]}; two pages of the region itself: {said[1]}; one inside, one outside: {said[2]}"
    )


DIFFERENCES = (
    Difference(DIFFERS, "eight leaves can miss the page pair", "SEPT.ADD is a ninth", sept_add_misses_the_pair),
    Difference(
        DIFFERS,
        "TDCALLs take no PAMT lock",
        "TDG.SERVTD.RD and WR walk to a TDR; the others take none",
        what_a_tdcall_locks,
    ),
    Difference(
        ADDS,
        "a walk locks entries shared, a change of the tree exclusive",
        "which is which: the leaf of a new page is exclusive, both levels above shared",
        leaf_is_exclusive,
    ),
    Difference(ADDS, "the pages of a pair need not be contiguous", "nor lie outside the region", pair_pages_anywhere),
    Difference(
        ADDS, "a page bitmap replaces the PAMT_4K allocation", "it is handed over as PAMT_4K", bitmap_in_the_4k_field
    ),
    Difference(ADDS, "removal hints", "they are in bit 62, and for RECLAIM in R9", hints_in_bit_62),
    Difference(
        ADDS, "a pair covers a 2M region", "one 2M page needs none, and is refused over one", no_pair_under_a_2m_page
    ),
    Difference(
        WORDS, "a radix tree", "three levels, as version 6 says too; the lowest hangs on pointers", three_fixed_levels
    ),
)
