"""The same leaves as threads of the explorer: every interleaving of two calls on one region."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore.rules import always, at_end
from tdxkit.explore.search import explore
from tdxkit.seam.memory import LOCKS
from tdxkit.seam.pamt import PT_PAMT
from tdxkit.seam.scenes import EMPTY, EMPTY_WITH_PAIR, FRESH, PAIR, world_at
from tdxkit.seam.threads import Window, threads, together, written


def two_adds():
    """Two CPUs add a pair to one region, each with pages of its own."""
    pages = [PAIR[0] + i * 0x2000 for i in (0, 1)]
    return [("TDH.PHYMEM.PAMT.ADD", {"rcx": EMPTY | 1, "rdx": page, "r8": page + 0x1000}) for page in pages]


def no_exclusive_left(m):
    return not any(m.lock_2m[k] & 1 for k in m.lock_2m)


def test_two_adds_to_one_region_install_one_pair_in_every_interleaving():
    module = world_at("ready").module
    calls = two_adds()
    region = EMPTY >> 21
    one_pair = at_end("one pair or none", lambda m: bin(m.bitmap[PAIR[0] >> 21]).count("1") in (0, 2))
    agrees = at_end(
        "entry and bitmap agree", lambda m: (m.pamt_2m[region].type == PT_PAMT) == bool(m.bitmap[PAIR[0] >> 21])
    )
    free = at_end("no lock is left exclusive", no_exclusive_left)
    result = explore(together(module, calls, one_pair, agrees, free))
    assert result.verdict == "ok" and result.complete and result.states > 200


def test_both_can_fail_busy_when_two_promote():
    """Neither reader is alone: the model finds the interleaving in which both adds are turned away."""
    module = world_at("ready").module
    calls = two_adds()
    somebody = at_end("somebody succeeds", lambda m: m.pamt_2m[EMPTY >> 21].type == PT_PAMT)
    assert explore(together(module, calls, somebody)).verdict == "violation"


def test_remove_and_a_new_page_never_leave_a_page_without_its_pair():
    module = world_at("ready").module
    calls = [
        ("TDH.PHYMEM.PAMT.REMOVE", {"rcx": EMPTY_WITH_PAIR | 1}),
        ("TDH.MNG.CREATE", {"rcx": EMPTY_WITH_PAIR + 0x3000, "rdx": 40}),
    ]
    region, frame = EMPTY_WITH_PAIR >> 21, (EMPTY_WITH_PAIR + 0x3000) >> 12
    safe = always("no page without its pair", lambda m: not m.pamt_4k[frame].type or m.pamt_2m[region].type == PT_PAMT)
    result = explore(together(module, calls, safe))
    assert result.verdict == "ok" and result.complete


def test_a_program_run_alone_gives_what_call_gives():
    world = world_at("runnable")
    given = world.operands("TDH.MEM.PAGE.AUG")
    _, (program,) = threads(world.module, [world.module.prepare("TDH.MEM.PAGE.AUG", **given)])
    m = world.module.copy().m
    steps = program(m)
    try:
        while True:
            next(steps)
    except StopIteration as end:
        result = end.value
    direct = world.module.copy()
    assert result == direct.call("TDH.MEM.PAGE.AUG", **given)
    assert m.snapshot() == direct.m.snapshot()


def test_a_write_nobody_declared_is_refused():
    module = world_at("ready").module
    window = Window(module.m, module.m, {})
    with pytest.raises(ModelError):
        window.lock_1g[0] = 4
    window.lock_1g[0] = 0  # no change, no harm
    with pytest.raises(ModelError):
        window.sys_state = "SYS_SHUTDOWN"
    with pytest.raises(InputError):
        threads(module, [])


def test_written_finds_locks_and_entries():
    module = world_at("ready").module
    keys = written(module, [module.prepare("TDH.MNG.CREATE", rcx=FRESH + 0x7000, rdx=40)])
    assert {
        ("lock_1g", 1),
        ("lock_2m", FRESH >> 21),
        ("pamt_4k", (FRESH + 0x7000) >> 12),
        ("count", FRESH >> 21),
    } <= keys
    assert {name for name, _ in keys} & set(LOCKS) == {"lock_1g", "lock_2m", "lock_4k", "kot_lock"}
