"""TDH.MNG.* and TDH.MR.*: a TD is created, keyed, given its control pages, initialised, measured, and loses its key again."""

from tdxkit.seam.leaves.call import Broken
from tdxkit.seam.leaves.checks import op_state_number, owned
from tdxkit.seam.leaves.checks_sept import SHARED_BIT, looked_up, reach
from tdxkit.seam.leaves.leaf import check, effect
from tdxkit.seam.leaves.metadata import take
from tdxkit.seam.pamt import TDCX, TDR
from tdxkit.seam.params import TdParams
from tdxkit.status.codes import operand_ids


@check("{0} is a private HKID")
def hkid(m, call, f, reg):
    """One of the private ones, but the global one is not excluded here (it is never free)."""
    return f if call.regs[reg] in call.platform.private_hkids else None


@check("the HKID is free")
def hkid_free(m, call, f):
    """Its entry of the key ownership table."""
    return f if m.kot[call.regs["RDX"]] == "FREE" else None


@effect("TDH.MNG.CREATE")
def create(m, call, f):
    """NDA → TDR; the HKID is the TD's."""
    tdr = call.address("RCX")
    take(m, tdr, TDR, 0)
    m.lifecycle[tdr], m.hkid[tdr] = "HKID_ASSIGNED", call.regs["RDX"]
    m.kot[call.regs["RDX"]] = "ASSIGNED"
    return {}


@check("this package has no key of the TD yet")
def td_package_unkeyed(m, call, f):
    """Once on each package; informational."""
    return None if call.platform.package_of(call.lp) in m.keyed_on[owned(f).tdr] else f


@effect("TDH.MNG.KEY.CONFIG")
def key_config(m, call, f):
    """The last package makes the TD's keys configured."""
    m.keyed_on[f.tdr] += (call.platform.package_of(call.lp),)
    if len(m.keyed_on[f.tdr]) == call.platform.packages:
        m.lifecycle[f.tdr] = "KEYS_CONFIGURED"
    return {}


@check("the TD has room for a TDCX page")
def tdcx_room(m, call, f):
    """Below the version's maximum."""
    return f if len(m.tdcx[owned(f).tdr]) < call.platform.version.tdcx_max else None


@check("entropy for the page that completes the minimum")
def tdcx_entropy(m, call, f):
    """The TD's own secrets are drawn when the minimum is reached."""
    last = len(m.tdcx[owned(f).tdr]) + 1 == call.platform.version.tdcx
    return None if last and "entropy" in call.weather else f


@check("beyond the minimum: OP_STATE allows it")
def tdcx_op_state(m, call, f):
    """Only an uninitialised TD takes more; details are the state's number."""
    now, more = m.op_state[owned(f).tdr], len(m.tdcx[f.tdr]) >= call.platform.version.tdcx
    return Broken(op_state_number(now)) if more and now not in call.leaf.op_states else f


@effect("TDH.MNG.ADDCX")
def addcx(m, call, f):
    """NDA → TDCX. Which of them becomes the Secure-EPT root depends on the module version."""
    page = call.address("RCX")
    take(m, page, TDCX, f.tdr)
    m.children[f.tdr] += 1
    m.tdcx[f.tdr] += (page,)
    return {}


@check("{0} is a shared 1 KiB-aligned address")
def params_at(m, call, f, reg):
    """Where the host put TD_PARAMS."""
    return None if call.regs[reg] & 1023 or call.regs[reg] >= call.platform.pa_limit else f


@check("TD_PARAMS: every field is allowed")
def params_fields(m, call, f):
    """Details name the first field that is not."""
    wrong = (m.shared[call.regs["RDX"]] or TdParams()).wrong()
    return Broken(operand_ids()[wrong]) if wrong else f


@effect("TDH.MNG.INIT")
def init(m, call, f):
    """OP_STATE INITIALIZED, epoch 1, and the pointer to the Secure-EPT root."""
    m.op_state[f.tdr], m.epoch[f.tdr] = "INITIALIZED", 1
    m.eptp[f.tdr] = m.tdcx[f.tdr][call.platform.version.sept_root]
    m.max_vcpus[f.tdr] = (m.shared[call.regs["RDX"]] or TdParams()).max_vcpus
    return {}


@check("RCX is a private GPA, 256-byte aligned")
def gpa_256(m, call, f):
    """The chunk that is measured."""
    rcx = call.regs["RCX"]
    return f if not rcx & 255 and rcx < SHARED_BIT else None


@check("the Secure-EPT walk reaches a 4K entry")
def mapped_walk(m, call, f):
    """Down to level 0."""
    slot, at = reach(m, owned(f).tdr, call.regs["RCX"], 0, call.platform.sept_top)
    return f._replace(slot=slot) if at == 0 else None


@check("the page is mapped")
def mapped(m, call, f):
    """State MAPPED."""
    return f if m.sept[looked_up(f).slot][0] in call.leaf.sept_states else None


@effect("TDH.MR.EXTEND")
def extend(m, call, f):
    """256 bytes go into the measurement."""
    m.mrtd[f.tdr] += 1
    return {}


@check("the TD has a vCPU")
def has_vcpus(m, call, f):
    """At least one was initialised."""
    return f if m.vcpus[owned(f).tdr] else None


@effect("TDH.MR.FINALIZE")
def finalize(m, call, f):
    """The TD may run."""
    m.op_state[f.tdr] = "RUNNABLE"
    return {}


@check("no vCPU is associated with an LP")
def flushed(m, call, f):
    """Every vCPU went through VP.FLUSH."""
    return None if m.associated[owned(f).tdr] else f


@effect("TDH.MNG.VPFLUSHDONE")
def vpflushdone(m, call, f):
    """BLOCKED: nobody enters any more; every package owes a write-back of the HKID."""
    m.lifecycle[f.tdr] = "BLOCKED"
    m.kot[m.hkid[f.tdr]] = "FLUSHED"
    m.wb_owed[m.hkid[f.tdr]] = tuple(range(call.platform.packages))
    return {}


@check("every package has written back")
def wb_done(m, call, f):
    """CACHE.WB ran on all of them."""
    return None if m.wb_owed[m.hkid[owned(f).tdr]] else f


@effect("TDH.MNG.KEY.FREEID")
def freeid(m, call, f):
    """TEARDOWN: pages can be reclaimed; the HKID is free."""
    m.kot[m.hkid[f.tdr]] = "FREE"
    m.lifecycle[f.tdr], m.hkid[f.tdr] = "TEARDOWN", None
    return {}
