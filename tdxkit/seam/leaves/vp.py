"""TDH.VP.*: a vCPU gets its pages, is initialised, runs in the guest and is flushed from its LP.

VP.ENTER keeps its walk to the TDVPR and the TDR's entry shared for as long as the guest runs (source module-td-exit):
its generator stops at "the guest runs" and goes on at the TD exit.
"""

from tdxkit.seam.leaves.act import AT_WAY_BACK, EFFECT, IN_GUEST, LeafAct
from tdxkit.seam.leaves.call import Broken
from tdxkit.seam.leaves.checks import owned
from tdxkit.seam.leaves.leaf import check, effect
from tdxkit.seam.leaves.metadata import take
from tdxkit.seam.locks import release_shared
from tdxkit.seam.pamt import TDVPR

SOURCES = ("module-td-exit",)
VCPU_STATES = {"": 0, "UNINITIALIZED": 0, "READY": 2, "ACTIVE": 4, "DISABLED": 8}
PAGE_LOCKS = ("lock_4k", "lock_2m", "lock_1g")
NEEDED_TO_ENTER = {
    table: LeafAct(f"{operand} lock was only needed to enter", "unlock", operand, table, EFFECT, AT_WAY_BACK)
    for table, operand in (("op_lock", "OP_STATE"), ("epoch_lock", "TD_EPOCH"))
}
EXTERNAL_INTERRUPT = 1  # the exit reason of a kick


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


@check("no other LP has the vCPU")
def vcpu_here(m, call, f):
    """Associated with this LP or none."""
    return f if m.vcpu_lp[call.address("RCX")] in (None, call.lp) else None


@check("bit 53 of RCX fits the last exit")
def resume_fits(m, call, f):
    """Resuming L1 after an L2 exit; there is no L2 here."""
    return None if call.regs["RCX"] >> 53 & 1 else f


@effect("TDH.VP.ENTER")
def enter(m, call, f):
    """Into the guest with the page locks kept; the exit reason is in the status's low half."""
    vcpu, tdr = call.address("RCX"), f.tdr
    if m.vcpu_lp[vcpu] is None:
        m.associated[tdr] += 1
    epoch = m.epoch[tdr]
    m.vcpu[vcpu], m.vcpu_lp[vcpu] = "ACTIVE", call.lp
    m.inside[tdr] = tuple(sorted((*m.inside[tdr], epoch)))
    kept = ()
    for held in f.held:
        table, key, *_ = held
        if table in PAGE_LOCKS:
            kept += (held,)
        else:
            yield NEEDED_TO_ENTER[table]
            release_shared(getattr(m, table), key)
    yield IN_GUEST
    m.vcpu[vcpu] = "READY"
    left = list(m.inside[tdr])
    left.remove(epoch)
    m.inside[tdr] = tuple(left)
    return EXTERNAL_INTERRUPT, (), kept


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
