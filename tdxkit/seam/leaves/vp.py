"""TDH.VP.*: a vCPU gets its pages, is initialised, runs in the guest and is flushed from its LP.

VP.ENTER keeps its walk to the TDVPR and the TDR's entry shared for as long as the guest runs (source module-td-exit):
its generator stops at "the guest runs" and goes on at the TD exit. What it does when zero-stepping is suspected: see `stepping`.
"""

from tdxkit.seam.leaves.act import AT_WAY_BACK, EFFECT, IN_GUEST, UNDO, LeafAct, let_go
from tdxkit.seam.leaves.call import SHARED, Broken
from tdxkit.seam.leaves.checks import owned
from tdxkit.seam.leaves.leaf import check, effect
from tdxkit.seam.leaves.metadata import take
from tdxkit.seam.leaves.stepping import LOOK_AGAIN, fault_of, first_missing, note_exit
from tdxkit.seam.locks import release_exclusive, release_shared, shared
from tdxkit.seam.pamt import TDVPR

SOURCES = ("module-td-exit",)
VCPU_STATES = {"": 0, "UNINITIALIZED": 0, "READY": 2, "ACTIVE": 4, "DISABLED": 8}
PAGE_LOCKS = ("lock_4k", "lock_2m", "lock_1g")
OP_STATE_DONE, TREE_DONE = (
    LeafAct(f"{operand} lock was only needed to enter", "unlock", operand, table, EFFECT, AT_WAY_BACK)
    for table, operand in (("op_lock", "OP_STATE"), ("tree_lock", "SEPT_TREE"))
)


@effect("TDH.VP.CREATE")
def create(m, call, f):
    """NDA → TDVPR."""
    page = call.address("RCX")
    take(m, page, TDVPR, f.tdr)
    m.children[f.tdr] += 1
    m.vcpu[page] = "UNINITIALIZED"
    return {}


@check("the vCPU is {0}")
def vcpu_is(m, call, f, state, reg="RCX"):
    """Details are the state's number."""
    now = m.vcpu[call.address(reg)]
    return f if now == state else Broken(VCPU_STATES[now])


@check("the vCPU has room for a page")
def vcpu_room(m, call, f):
    """Below the version's maximum."""
    return f if len(m.vcpu_pages[call.address("RDX")]) < call.platform.version.vcpu_extra_max else None


@effect("TDH.VP.ADDCX")
def addcx(m, call, f):
    """NDA → TDCX (TDVPX in module 1.0)."""
    page, vcpu = call.address("RCX"), call.address("RDX")
    take(m, page, call.platform.version.extra_type, f.tdr)
    m.children[f.tdr] += 1
    m.vcpu_pages[vcpu] += (page,)
    return {}


@check("the vCPU has its pages")
def vcpu_pages(m, call, f):
    """The version's number of extra pages."""
    return f if len(m.vcpu_pages[call.address("RCX")]) >= call.platform.version.vcpu_extra else None


@check("the TD may have one more vCPU")
def vcpu_slots(m, call, f):
    """MAX_VCPUS of TD_PARAMS."""
    return f if m.vcpus[owned(f).tdr] < m.max_vcpus[f.tdr] else None


@check("version 1: R8 is an x2APIC id")
def x2apic(m, call, f):
    """32 bits."""
    return None if call.version and call.regs["R8"] >> 32 else f


@check("version 1: no other vCPU has this x2APIC id")
def x2apic_unique(m, call, f):
    """Details are the id."""
    taken = call.version and call.regs["R8"] in m.apic_ids[owned(f).tdr]
    return Broken(call.regs["R8"] & 0xFFFFFFFF) if taken else f


@effect("TDH.VP.INIT")
def init(m, call, f):
    """READY, associated with this LP. Without an x2APIC id (version 0) the vCPU takes its index."""
    vcpu = call.address("RCX")
    m.vcpu[vcpu], m.vcpu_lp[vcpu] = "READY", call.lp
    m.apic_ids[f.tdr] += (call.regs["R8"] if call.version else m.vcpus[f.tdr],)
    m.vcpus[f.tdr] += 1
    m.associated[f.tdr] += 1
    return {}


@check("no other LP has the vCPU, and this one has it from now on", kind="locked")
def vcpu_here(m, call, f):
    """Associated with this LP, before or by this check; it stays so when a later check fails."""
    vcpu = call.address("RCX")
    if m.vcpu_lp[vcpu] is None:
        m.vcpu_lp[vcpu] = call.lp
        m.associated[f.tdr] += 1
    return f if m.vcpu_lp[vcpu] == call.lp else None


@check("bit 52 of RCX fits the last exit")
def hint_fits(m, call, f):
    """The host's recoverability hint needs a last exit that was a trap; no exit of this model is one."""
    return None if call.regs["RCX"] >> 52 & 1 else f


@check("bit 53 of RCX fits the last exit")
def resume_fits(m, call, f):
    """Resuming L1 after an L2 exit; there is no L2 here."""
    return None if call.regs["RCX"] >> 53 & 1 else f


@check(
    LeafAct("TD_EPOCH lock shared", "lock", lock="epoch_lock"),
    LeafAct("the vCPU counts in this epoch", "locked", lock="inside"),
    LeafAct("let go of TD_EPOCH", "unlock", lock="epoch_lock"),
)
def enter_epoch(m, call, f, acts):
    """The epoch is read and the vCPU counted in it under the lock, which is let go at once."""
    lock, count, unlock = acts
    tdr = owned(f).tdr
    yield lock
    if not shared(m.epoch_lock, tdr, False):
        return None
    yield count
    epoch = m.epoch[tdr]
    m.inside[tdr] = tuple(sorted((*m.inside[tdr], epoch)))
    yield unlock
    release_shared(m.epoch_lock, tdr)
    return f.hold("inside", (tdr, epoch), UNDO, "TD_EPOCH")


def leave_epoch(m, key: tuple[int, int]) -> None:
    """A vCPU that was counted in an epoch of a TD is out again."""
    tdr, epoch = key
    left = list(m.inside[tdr])
    left.remove(epoch)
    m.inside[tdr] = tuple(left)


@effect("TDH.VP.ENTER")
def enter(m, call, f):
    """Into the guest with the page locks kept; the exit reason is in the status's low half."""
    vcpu, kept = call.address("RCX"), tuple(held for held in f.held if held[0] in PAGE_LOCKS)
    op_state, inside, *tree = (held for held in f.held if held not in kept)
    tree = tree[0] if tree else None
    if tree:
        yield LOOK_AGAIN
        missing = first_missing(m, call, f.tdr, m.epf_gpas[vcpu])
        if missing is not None:
            yield let_go(tree[0], tree[3])
            release(m, tree)
            yield let_go(inside[0], inside[3])
            leave_epoch(m, inside[1])
            return *fault_of(missing), (*kept, op_state)
    yield OP_STATE_DONE
    release(m, op_state)
    if tree:
        yield TREE_DONE
        release(m, tree)
    m.vcpu[vcpu] = "ACTIVE"
    yield IN_GUEST
    m.vcpu[vcpu] = "READY"
    leave_epoch(m, inside[1])
    return *note_exit(m, call, f.tdr, vcpu), kept


def release(m, held: tuple) -> None:
    """Give up one of the locks of `Facts.held`."""
    table, key, mode, _ = held
    (release_shared if mode == SHARED else release_exclusive)(getattr(m, table), key)


@check("the vCPU is associated with this LP")
def associated_here(m, call, f):
    """FLUSH runs where the vCPU ran last."""
    return f if m.vcpu_lp[call.address("RCX")] == call.lp else None


@effect("TDH.VP.FLUSH")
def flush(m, call, f):
    """No LP has it any more."""
    m.vcpu_lp[call.address("RCX")] = None
    m.associated[f.tdr] -= 1
    return {}
