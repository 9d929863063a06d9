"""After a check that fails, of any leaf: every lock is given back, nothing has changed but the marks that a lock leaves; in which order it goes."""

import pytest
from breakers import BREAK, Ground

from tdxkit.seam.leaves.act import EFFECT, WAY_BACK
from tdxkit.seam.leaves.engine import leaves
from tdxkit.seam.locks import EXCLUSIVE, PRIORITY, READER
from tdxkit.seam.memory import KEYED, LOCKS, PLAIN
from tdxkit.seam.scenes import world_for

LEAVES = leaves()
PLAIN_LOCKS = {"sys_lock", "kot_lock", "ket_lock", "epoch_lock", "wb_lock", "tdmr_lock"}  # no host priority
# What a check leaves though a later one fails: VP.ENTER's vCPU stays with its LP, an interrupted write-back can be resumed.
STAYS = {"vcpu_lp", "associated", "wb_pending"}


def differences(m, before):
    """{(table, key): (before, now)} of all that is not what it was."""
    found = {}
    for name, default in KEYED.items():
        was, now = getattr(before, name), getattr(m, name)
        if was != now:
            keys = was.keys() | now.keys()
            found |= {(name, k): (was[k], now[k]) for k in keys if was.get(k, default) != now.get(k, default)}
    return found | {
        (n, None): (getattr(before, n), getattr(m, n)) for n in PLAIN if getattr(before, n) != getattr(m, n)
    }


def begun(world, name):
    return world.module.begin(name, **world.operands(name))


def locks_taken(name):
    """(table, key, mode, promoted, number of its check) of each lock that a leaf takes where it succeeds, in order."""
    world = world_for(name)
    call, m, found = begun(world, name), world.module.m, []
    words = {table: dict(getattr(m, table)) for table in LOCKS}
    while not call.done:
        act = call.label
        call.step()
        for table in LOCKS:
            now = getattr(m, table)
            for key in [k for k in now if now[k] != words[table].get(k, 0)]:
                was, word = words[table].get(key, 0), now[key]
                if act.kind == "lock":
                    mode = "exclusive" if word & EXCLUSIVE else "shared"
                    found.append((table, key, mode, mode == "exclusive" and was & ~PRIORITY > 0, act.at))
                words[table][key] = word
    assert call.result.ok and not any(word for table in LOCKS for word in getattr(m, table).values())
    return found


def collision(name, lock, word):
    """The call where somebody has a lock: (answer, what differs from before, the words of its way back)."""
    world = world_for(name)
    table, key = lock[:2]
    getattr(world.module.m, table)[key] = word
    before, call, back = world.module.m.copy(), begun(world, name), []
    while not call.done:
        back += [call.label] if call.label.part == WAY_BACK else []
        assert call.label.part != EFFECT
        call.step()
    return call.result, differences(world.module.m, before), back


@pytest.mark.parametrize("name", LEAVES)
def test_a_lock_that_somebody_has_is_busy_at_its_check_and_leaves_only_its_mark(name):
    """A writer stops whoever comes first to the word; a reader stops whoever wants it alone."""
    met, taken = set(), locks_taken(name)
    for at, (table, key, mode, promoted, number) in enumerate(taken):
        plain = table in PLAIN_LOCKS
        for held in (EXCLUSIVE, READER):
            if (table, key, held) in met or (held == READER and mode == "shared") or (held == EXCLUSIVE and promoted):
                continue
            met.add((table, key, held))
            answer, changed, back = collision(name, (table, key), held)
            assert answer.status == LEAVES[name].checks[number - 1].status
            assert bool(answer.regs) == (
                name.endswith("RECLAIM") and table == "lock_4k" and key == world_for(name).td.tdr >> 12
            ), "RECLAIM says what the page is"
            stray = READER if held == EXCLUSIVE and mode == "shared" else 0
            expected = {} if plain else {(table, key): (held, held + stray | PRIORITY)}
            assert {k: v for k, v in changed.items() if k[0] not in STAYS} == expected
            held_by_now = [t for t, _, _, up, _ in taken[:at] if not up and t != "epoch_lock"]
            assert [act.lock for act in back if act.kind == "unlock"] == held_by_now[::-1]


@pytest.mark.parametrize("name", LEAVES)
def test_a_check_that_fails_leaves_everything_as_it_was(name):
    """But for the mark and the stray reader on the lock that was not to be had."""
    leaf = LEAVES[name]
    for check in leaf.checks:
        g = Ground(world_for(name), leaf)
        BREAK[check.spec["test"].split()[0]](g, *(check.args[1:] if check.steps else check.args))
        before = g.m.copy()
        assert not g.run().ok
        changed = {k: v for k, v in differences(g.m, before).items() if k[0] not in STAYS}
        assert len(changed) <= (check.spec["status"] in ("TDX_OPERAND_BUSY", "TDX_SYS_BUSY")), check.spec["test"]
        for (table, _), (was, now) in changed.items():
            assert table in set(LOCKS) - PLAIN_LOCKS and now in (was | PRIORITY, was + READER | PRIORITY)


@pytest.mark.parametrize("name", LEAVES)
def test_what_is_taken_is_given_back_in_the_opposite_order(name):
    """A failing last check gives back all that was held, the last taken first."""
    world = world_for(name)
    call, taken, back = begun(world, name), [], []
    while not call.done:
        act = call.label
        if act.kind == "lock" and not (act.test.startswith("walk") and "promote" in act):
            taken.append(act.operand)
        if act.part == WAY_BACK:
            back.append(act.operand)
        call.step()
    if name != "TDH.VP.ENTER":  # which gives OP_STATE up before the guest runs
        assert back == taken[::-1]
