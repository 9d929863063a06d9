"""Where KVM makes each SEAMCALL of a TD's life, and what it holds there, in two bases: who holds which lock.

`old` is the base of RFC, v2 and v3 [kvm-tdx-base]; `new` has the state guard of the post-populate series, under v4 to v6 and in the text
newer than v6 [kvm-post-populate, kvm-tdx-v6-base, kvm-tdx-after-v6]. pamt_lock comes on top, innermost, wherever a pair goes in or out.

Fidelity card
  modelled: mutexes, rwlocks and spinlocks that keep others out, with the side of mmu_lock; whether the caller may sleep
  simplified: a lock is named where it is held for the SEAMCALL, not where it is taken; the order between mutexes is not told
  left out: PREEMPT_RT, where pamt_lock and mmu_lock sleep: their nesting stays legal (inferred; no thread speaks of it)
  left out: SRCU and RCU, which exclude nobody here; locks of guest_memfd's own file operations but the invalidate lock
"""

from dataclasses import dataclass

from tdxkit.linux.host.base import Base
from tdxkit.linux.host.log import Context

SOURCES = ("kvm-tdx-base", "kvm-post-populate", "kvm-tdx-v6-base", "kvm-tdx-after-v6")

GUARD = ("kvm->lock", "every vcpu->mutex", "slots_lock")  # tdx_vm_state_guard
INVALIDATE = "filemap_invalidate_lock"
READ, WRITE = "mmu_lock read", "mmu_lock write"
KEYS = ("cpus_read_lock", "tdx_lock")
PAMT_LOCK = "pamt_lock"
CREATING, BUILD, RUNNING, ENDING = "the TD is created", "it is built", "it runs", "its last user takes it down"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in KVM: the lane it is shown in, what goes on, the SEAMCALLs made there, when in a TD's life, and what is held.

    `old`, `new`: locks in either base, `new` None where it is as in the old one. `spins`: the caller may not sleep though no mmu_lock
    says so.
    """

    lane: str
    what: str
    phases: tuple[str, ...]
    leaves: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...] | None = None
    spins: bool = False

    def held(self, base: Base, leaf: str = "") -> tuple[str, ...]:
        """The locks held in this base, for this SEAMCALL where it is one that moves a pair."""
        locks = self.old if self.new is None or not base.overhauled else self.new
        return (*locks, PAMT_LOCK) if leaf in PAIR_LEAVES else locks

    def context(self, base: Base) -> Context:
        """As the host's log writes it down."""
        locks = self.held(base)
        return Context(self.lane, locks, not (self.spins or {READ, WRITE} & set(locks)), self.what)


ADD, REMOVE = PAIR_LEAVES = ("TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE")
ZAPPED = ("TDH.MEM.RANGE.BLOCK", "TDH.MEM.TRACK", "TDH.MEM.PAGE.REMOVE", "TDH.PHYMEM.PAGE.WBINVD", REMOVE)
BUILD_LOCKS = ("vcpu->mutex", "slots_lock", INVALIDATE)

# fmt: off
# __tdx_td_init(), tdx_td_vcpu_init(), KVM_TDX_INIT_MEM_REGION, KVM_TDX_FINALIZE_VM
TD_INIT = Place("TD init", "control pages", (CREATING,), ("TDH.MNG.ADDCX", "TDH.MNG.INIT", ADD, REMOVE), ("kvm->lock",), GUARD)
TD_CREATE = Place("TD init", "the TD's root", (CREATING,), ("TDH.MNG.CREATE",), ("kvm->lock", *KEYS), (*GUARD, *KEYS))
KEY_CONFIG = Place("TD init", "the key, once for each package", (CREATING,), ("TDH.MNG.KEY.CONFIG",), ("kvm->lock", KEYS[0]), (*GUARD, KEYS[0]))
VCPU_INIT = Place("vCPU init", "control pages", (BUILD,), ("TDH.VP.CREATE", "TDH.VP.ADDCX", ADD, REMOVE), ("vcpu->mutex",), GUARD)
VP_INIT = Place("vCPU init", "the vCPU's state", (BUILD,), ("TDH.VP.INIT",), ("vcpu->mutex",), (*GUARD, WRITE))
BUILD_TOPUP = Place("build", "stores are filled, passes begin and end", (BUILD,), (ADD,), BUILD_LOCKS, (*GUARD, INVALIDATE))
BUILD_MAP = Place("build", "a first page is mapped", (BUILD,), ("TDH.MEM.SEPT.ADD", ADD, REMOVE), (*BUILD_LOCKS, READ), (*GUARD, INVALIDATE, READ))
PAGE_ADD = Place("build", "a first page is added", (BUILD,), ("TDH.MEM.PAGE.ADD",), BUILD_LOCKS, (*GUARD, INVALIDATE, READ))
EXTEND = Place("build", "a first page is measured", (BUILD,), ("TDH.MR.EXTEND",), BUILD_LOCKS, (*GUARD, INVALIDATE))
FINALIZE = Place("TD init", "the TD may run", (BUILD,), ("TDH.MR.FINALIZE",), ("kvm->lock", "slots_lock"), GUARD)
# KVM_RUN and its faults
RUN = Place("vCPU run", "the guest runs", (RUNNING,), ("TDH.VP.ENTER",), ("vcpu->mutex",))
MOVE = Place("vCPU run", "the vCPU moves to another CPU", (RUNNING,), ("TDH.VP.FLUSH",), ("vcpu->mutex",), spins=True)
TOPUP = Place("fault", "stores are filled, passes begin and end", (RUNNING,), (ADD,), ("vcpu->mutex",))
FAULT = Place("fault", "a page is mapped", (RUNNING,), ("TDH.MEM.SEPT.ADD", "TDH.MEM.PAGE.AUG", ADD, REMOVE), ("vcpu->mutex", READ))
# private memory goes
CONVERT = Place("zap", "attributes change", (BUILD, RUNNING), ZAPPED, ("slots_lock", WRITE))
ZAP = Place("zap", "a hole is punched", (BUILD, RUNNING), ZAPPED, (INVALIDATE, WRITE))
SPLIT = Place("zap", "a huge page is split", (RUNNING,), ("TDH.MEM.RANGE.BLOCK", "TDH.MEM.TRACK", "TDH.MEM.PAGE.DEMOTE", ADD, REMOVE), (WRITE,))
RELEASE = Place("teardown", "guest_memfd is closed", (BUILD, RUNNING), ZAPPED, ("slots_lock", INVALIDATE, WRITE))
# kvm_destroy_vm()
FLUSH = Place("teardown", "vCPUs are flushed, by an interrupt on their CPUs", (ENDING,), ("TDH.VP.FLUSH",), KEYS[:1], spins=True)
RELEASE_HKID = Place("teardown", "the key goes", (ENDING,), ("TDH.MNG.VPFLUSHDONE", "TDH.PHYMEM.CACHE.WB", "TDH.MNG.KEY.FREEID"), KEYS)
SEPT_RECLAIM = Place("teardown", "S-EPT pages go", (ENDING,), ("TDH.PHYMEM.PAGE.RECLAIM", REMOVE), (WRITE,))
RECLAIM = Place("teardown", "control pages go", (ENDING,), ("TDH.PHYMEM.PAGE.RECLAIM", "TDH.PHYMEM.PAGE.WBINVD", REMOVE), ())
# at any time
MACHINE_CHECK = Place("machine check", "a poisoned page is looked up", (CREATING, BUILD, RUNNING, ENDING), ("TDH.PHYMEM.PAGE.RDMD",), (), spins=True)
PLACES = (
    TD_CREATE, KEY_CONFIG, TD_INIT, VCPU_INIT, VP_INIT, BUILD_TOPUP, BUILD_MAP, PAGE_ADD, EXTEND, FINALIZE, RUN, MOVE, TOPUP, FAULT, CONVERT, ZAP,
    SPLIT, RELEASE, FLUSH, RELEASE_HKID, SEPT_RECLAIM, RECLAIM, MACHINE_CHECK,
)
# fmt: on
