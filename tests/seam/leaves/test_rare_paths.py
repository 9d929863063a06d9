"""What a leaf does seldom: pages of 1 GiB, a static PAMT, a TD that does not run yet, epochs on their edge, a list that is full."""

import pytest
from test_failure_paths import differences

from tdxkit.errors import InputError, ModelError
from tdxkit.facts import load_json
from tdxkit.seam.guest import HP_LOCK_TIMEOUT, LONGEST, SHORTEST, Patience, enter_until_suspected, touch
from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.leaves.metadata import HINT
from tdxkit.seam.leaves.stepping import LIST_SIZE, THRESHOLD
from tdxkit.seam.locks import EXCLUSIVE, PRIORITY, READER
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import FREE, REG, RSVD, Entry
from tdxkit.seam.scenes import (
    EMPTY,
    EMPTY_WITH_PAIR,
    FRESH,
    GPA_FREE_2M,
    GPA_LARGE,
    GPA_PAGE,
    GPA_SMALL,
    LARGE,
    OWN_PAIRS,
    PAIR,
    SMALL,
    world_at,
    world_for,
)
from tdxkit.units import GIB, PAGE_2M

ADD, REMOVE, RECLAIM, AUG = (
    "TDH.PHYMEM.PAMT.ADD",
    "TDH.PHYMEM.PAMT.REMOVE",
    "TDH.PHYMEM.PAGE.RECLAIM",
    "TDH.MEM.PAGE.AUG",
)
WBINVD, RDMD, ENTER = "TDH.PHYMEM.PAGE.WBINVD", "TDH.PHYMEM.PAGE.RDMD", "TDH.VP.ENTER"
BUSY_RCX = "TDX_OPERAND_BUSY|RCX"


@pytest.fixture
def gib():
    """Block 5 is one page of a TD in teardown."""
    world = world_at("in teardown")
    m = world.module.m
    m.pamt_1g[5], m.pamt_2m[LARGE >> 21] = Entry(REG, world.td.tdr), FREE
    m.children[world.td.tdr] += (1 << 18) - 512
    return world


def test_a_1g_page_is_reclaimed_by_its_first_address_and_counts_as_512_times_512(gib):
    m, tdr, before = gib.module.m, gib.td.tdr, gib.module.m.copy()
    assert str(gib.module.call(RECLAIM, rcx=LARGE + PAGE_2M)) == "TDX_OPERAND_INVALID|RCX"
    assert str(gib.module.call(RDMD, rcx=LARGE + PAGE_2M)) == "TDX_SUCCESS" and differences(m, before) == {}
    answer = gib.module.call(RECLAIM, rcx=LARGE)
    assert dict(answer.regs) == {"RCX": REG, "RDX": tdr, "R8": 2, "R9": 0}
    assert {k: now for k, (_, now) in differences(m, before).items()} == {
        ("pamt_1g", 5): FREE,
        ("children", tdr): before.children[tdr] - (1 << 18),
    }


@pytest.mark.parametrize("held, left", [(READER, READER | PRIORITY), (EXCLUSIVE, EXCLUSIVE | PRIORITY | READER)])
def test_a_1g_entry_that_cannot_be_had_alone_is_busy_and_given_back(gib, held, left):
    m = gib.module.m
    m.lock_1g[5] = held
    before = m.copy()
    assert str(gib.module.call(RECLAIM, rcx=LARGE)) == BUSY_RCX
    assert differences(m, before) == {("lock_1g", 5): (held, left)}


def test_what_lies_in_a_1g_page_is_no_region_and_no_free_page(gib):
    module = gib.module
    assert str(module.call(ADD, rcx=LARGE | 1, rdx=PAIR[0], r8=PAIR[1])) == "TDX_HPA_RANGE_NOT_FREE|RCX"
    assert str(module.call(REMOVE, rcx=LARGE | 1)) == "TDX_NO_PAMT_PAGE_PAIR|RCX"
    assert str(module.call(ADD, rcx=EMPTY | 1, rdx=LARGE, r8=PAIR[1])) == "TDX_PAGE_NOT_FREE|RDX"
    assert str(module.call(WBINVD, rcx=LARGE + 0x1000)) == "TDX_PAGE_METADATA_INCORRECT|RCX"
    world = world_at("runnable")
    world.module.m.pamt_1g[5] = Entry(REG, world.td.tdr)
    given = {"rcx": GPA_FREE_2M | 1, "rdx": world.td.tdr, "r8": LARGE + PAGE_2M}
    assert str(world.module.call(AUG, **given)) == "TDX_PAGE_METADATA_INCORRECT|R8"
    assert not any(world.module.m.lock_1g.values())


def test_a_4k_page_is_not_taken_out_of_a_2m_page():
    world = world_for(AUG)
    given = world.operands(AUG) | {"r8": LARGE + 0x1000}
    assert str(world.module.call(AUG, **given)) == "TDX_PAGE_METADATA_INCORRECT|R8"


def test_a_reserved_page_is_not_reclaimed_whatever_its_level():
    world = world_at("in teardown")
    m = world.module.m
    m.pamt_4k[SMALL + 0x5000 >> 12], m.pamt_2m[LARGE >> 21] = Entry(RSVD), Entry(RSVD)
    for page in (SMALL + 0x5000, LARGE):
        answer = world.module.call(RECLAIM, rcx=page)
        assert str(answer) == "TDX_PAGE_METADATA_INCORRECT|RCX" and not answer.regs


def test_a_walk_outside_of_every_block_ends_the_model():
    module, call = Module(), Module().prepare(RDMD, rcx=GIB * 8)
    check = next(c for c in call.leaf.checks if c.steps)
    with pytest.raises(ModelError, match="a walk starts in an initialised block"):
        next(check.test(module.m, call, None, *check.args))


@pytest.mark.parametrize("entry", [0, 1, 511])
def test_with_a_static_pamt_a_single_4k_page_refuses_one_of_2m(entry):
    world = world_at("runnable", dynamic=False)
    module, given = world.module, {"rcx": GPA_FREE_2M | 1, "rdx": world.td.tdr, "r8": EMPTY}
    other = module.copy()
    assert module.call("TDH.MNG.CREATE", rcx=EMPTY + entry * 4096, rdx=50).ok
    assert str(module.call(AUG, **given)) == "TDX_PAGE_METADATA_INCORRECT|R8" and other.call(AUG, **given).ok
    assert other.m.pamt_2m[EMPTY >> 21].type == REG and not other.m.count[EMPTY >> 21]


def test_with_a_static_pamt_a_page_that_goes_leaves_no_hint_and_a_2m_page_below_one_is_found():
    world = world_at("blocked and tracked", dynamic=False)
    answer = world.module.call("TDH.MEM.PAGE.REMOVE", rcx=GPA_PAGE, rdx=world.td.tdr)
    assert answer.ok and not answer["RCX"] & HINT and not any(world.module.m.count.values())
    assert world.module.call(RDMD, rcx=LARGE + 0x5000)["R8"] == 1


def test_with_a_static_pamt_demote_and_promote_need_and_give_no_pair():
    world = world_at("blocked and tracked", dynamic=False)
    module, tdr = world.module, world.td.tdr
    assert module.call("TDH.MEM.PAGE.DEMOTE", rcx=GPA_LARGE | 1, rdx=tdr, r8=FRESH).ok
    assert module.m.pamt_2m[LARGE >> 21] == FREE and module.m.pamt_4k[(LARGE >> 12) + 511] == Entry(REG, tdr)
    answer = module.call("TDH.MEM.PAGE.PROMOTE", rcx=GPA_SMALL | 1, rdx=tdr)
    assert set(answer.regs) == {"RCX"} and module.m.pamt_2m[SMALL >> 21] == Entry(REG, tdr)


@pytest.mark.parametrize("entry, page", [(0, 0), (255, 0), (256, 1), (511, 1)])
def test_which_page_of_the_pair_is_not_empty(entry, page):
    world = world_at("runnable")
    world.module.m.pamt_4k[(EMPTY_WITH_PAIR >> 12) + entry] = Entry(REG, world.td.tdr)
    answer = world.module.call(REMOVE, rcx=EMPTY_WITH_PAIR | 1)
    assert answer.name == "TDX_PAMT_PAGE_NOT_EMPTY" and answer.status & 0xFFFF_FFFF == page


def test_the_caches_of_a_page_of_a_pair_are_not_written_back():
    module = world_at("ready").module
    page = module.m.pamt_2m[FRESH >> 21].pair[0]
    assert str(module.call(WBINVD, rcx=page)) == "TDX_PAGE_METADATA_INCORRECT|RCX"
    assert page == OWN_PAIRS + 63 * 4096, "the pool of 64 pages is given from its end"


RUNS = {"RUNNABLE", "LIVE_EXPORT", "LIVE_IMPORT", "START_EXPORT"}  # states in which vCPUs may be inside


@pytest.mark.parametrize("op_state", load_json("seamcalls.json")["op_states"])
def test_what_leaves_a_td_is_blocked_before_where_its_vcpus_may_run(op_state):
    world = world_at("runnable")
    m, tdr = world.module.m, world.td.tdr
    m.op_state[tdr] = op_state
    answer = str(world.module.call("TDH.MEM.PAGE.REMOVE", rcx=GPA_PAGE, rdx=tdr))
    if not answer.startswith("TDX_OP_STATE"):
        assert answer == ("TDX_GPA_RANGE_NOT_BLOCKED|RCX" if op_state in RUNS else "TDX_SUCCESS")


@pytest.mark.parametrize("then, inside, done", [
    (5, (), False), (4, (), True), (4, (4,), False), (4, (5,), True), (4, (3, 5), True), (3, (3, 4), True), (0, (), True), (6, (), False),
])  # fmt: skip
def test_tracking_is_done_two_epochs_later_or_one_with_nobody_of_it_inside(then, inside, done):
    world = world_at("blocked and tracked")
    m, tdr = world.module.m, world.td.tdr
    page = m.sept[reach(m, tdr, GPA_PAGE, 0)[0]][1]
    m.epoch[tdr], m.bepoch[page], m.inside[tdr] = 5, then, inside
    answer = world.module.call("TDH.MEM.PAGE.REMOVE", rcx=GPA_PAGE, rdx=tdr)
    assert str(answer) == ("TDX_SUCCESS" if done else "TDX_TLB_TRACKING_NOT_DONE|RCX")


@pytest.mark.parametrize("inside, good", [((), True), ((3,), True), ((2, 3), False), ((2,), False)])
def test_an_epoch_begins_once_nobody_of_the_one_before_is_inside(inside, good):
    world = world_at("runnable")
    world.module.m.epoch[world.td.tdr], world.module.m.inside[world.td.tdr] = 3, inside
    answer = world.module.call("TDH.MEM.TRACK", rcx=world.td.tdr)
    assert str(answer) == ("TDX_SUCCESS" if good else "TDX_PREVIOUS_TLB_EPOCH_BUSY")


def test_a_table_is_blocked_and_tracked_at_its_pages_own_epoch_and_a_2m_page_at_its_level():
    world = world_at("runnable")
    module, m, tdr = world.module, world.module.m, world.td.tdr
    for gpa, level in ((GPA_SMALL, 0), (GPA_LARGE, 1)):
        page = m.sept[reach(m, tdr, gpa, 1)[0]][1]
        assert module.call("TDH.MEM.RANGE.BLOCK", rcx=gpa | 1, rdx=tdr).ok
        assert m.bepoch[page | level] == 1 and not m.bepoch[page | 1 - level]


@pytest.mark.parametrize("noted, then", [(0, 1), (31, 32), (32, 32)])
def test_at_most_32_gpas_are_noted(noted, then):
    world = world_at("runnable")
    m, vcpu = world.module.m, world.more["tdvpr"]
    missing = 1 << 40
    touch(world.module, vcpu, GPA_PAGE, missing)
    m.epf_stepping[vcpu] = 6
    entry = world.module.enter(vcpu)
    m.epf_gpas[vcpu] = tuple(range(noted))
    answer = entry.finish()
    assert (answer.status, dict(answer.regs)) == (48, {"RCX": 2, "R8": missing})
    assert len(m.epf_gpas[vcpu]) == then and m.epf_stepping[vcpu] == 6 and (LIST_SIZE, THRESHOLD) == (32, 6)


def test_a_guest_that_may_touch_a_page_only_when_it_is_mapped():
    world = world_at("runnable")
    m, vcpu = world.module.m, world.more["tdvpr"]
    for gpa, reason in ((GPA_PAGE, 1), (GPA_SMALL, 48)):  # mapped; pending
        touch(world.module, vcpu, gpa)
        assert world.module.call(ENTER, rcx=vcpu).status == reason
    assert m.epf_stepping[vcpu] == 1 and m.needs[vcpu] == (GPA_SMALL,)


def test_how_many_entries_it_takes_to_be_suspected():
    def entered(*most):
        world = world_at("runnable")
        touch(world.module, world.more["tdvpr"], GPA_SMALL)
        return enter_until_suspected(world.module, world.more["tdvpr"], *most)

    assert entered() == entered(7) == 7
    with pytest.raises(InputError, match="6 entries of vCPU 0x"):
        entered(6)


@pytest.mark.parametrize("timeout, good", [(SHORTEST, 1), (SHORTEST - 1, 0), (LONGEST, 1), (LONGEST + 1, 0)])
def test_a_guests_patience_is_10_ms_to_100_s(timeout, good):
    assert (SHORTEST, LONGEST, HP_LOCK_TIMEOUT) == (10_000, 100_000_000, 1_000_000), "in microseconds"
    if good:
        assert Patience(timeout=timeout).timeout == timeout
    else:
        with pytest.raises(InputError, match="10 ms to 100 s"):
            Patience(timeout=timeout)


def test_a_guests_clock_starts_anew_when_another_answer_comes():
    marked, busy = "TDX_OPERAND_BUSY_HOST_PRIORITY", "TDX_OPERAND_BUSY"
    said, clock = Patience().meets(marked, 0)
    assert (said, clock.since) == (busy, 0) and clock.meets(busy, 5) == (busy, Patience())
    assert clock.meets(marked, 5) == (busy, clock) and clock.meets(marked, 10**6)[0] == "TDX_HOST_PRIORITY_BUSY_TIMEOUT"


@pytest.mark.parametrize("pending, rcx, weather, said", [
    (False, 0, (), "TDX_SUCCESS"), (True, 0, (), "TDX_SUCCESS"), (True, 1, (), "TDX_SUCCESS"), (False, 1, (), "TDX_WBCACHE_RESUME_ERROR"),
    (True, 1, ("interrupt",), "TDX_INTERRUPTED_RESUMABLE"), (True, 2, (), "TDX_OPERAND_INVALID|RCX"),
])  # fmt: skip
def test_a_write_back_starts_or_goes_on(pending, rcx, weather, said):
    world = world_for("TDH.PHYMEM.CACHE.WB")
    m = world.module.m
    m.wb_pending[0], m.wb_owed[33], m.wb_owed[34] = pending, (0, 1), (1,)
    assert str(world.module.call("TDH.PHYMEM.CACHE.WB", rcx=rcx, weather=weather)) == said
    if said == "TDX_SUCCESS":
        assert not m.wb_pending[0] and (m.wb_owed[33], m.wb_owed[34]) == ((1,), (1,)), "the other package's is left"
    else:
        assert m.wb_pending[0] == pending and m.wb_owed[33] == (0, 1)


def test_a_reserved_page_is_a_bit_of_the_bitmap_or_an_entry():
    """The first and the last page of an area, and those around it."""
    from tdxkit.seam.pamt import Area, Tdmr

    for dynamic in (True, False):
        m = Module([Tdmr(0, GIB, (Area(0x5000, 0x3000),))], dynamic_pamt=dynamic).m
        found = [m.bitmap[0] >> i & 1 if dynamic else int(m.pamt_4k[i].type == RSVD) for i in range(4, 9)]
        assert found == [0, 1, 1, 1, 0] and len(m.bitmap) + len(m.pamt_4k) == (1 if dynamic else 3)
