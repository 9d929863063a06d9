"""Zero-step mitigation: what the module does about a vCPU that faults again and again at one instruction (sources module-leaves, module-1-5-01).

An EPT violation on a private GPA is counted when the guest stands where it stood at the entry. The first six in a row may be lawful (an
instruction can touch that many pages). From the seventh on the module notes the GPA, and an entry of this vCPU is suspected: VP.ENTER
takes the Secure-EPT tree lock, answers BUSY with SEPT_TREE where it cannot have it, and looks whether each GPA noted is mapped by now.
Where one is not, the vCPU does not enter: the host is told of an EPT violation at that GPA, as if it had. Any exit after the guest got on
ends the suspicion.

Fidelity card
  modelled: the count, the threshold, the list of GPAs, the tree lock of a suspected entry and its mode by version, the entry that is
    refused, the end of the suspicion
  simplified: an instruction of the guest is the private GPAs that it touches (`needs`, set by guest.touch); the model has no RIP, and
    each instruction is another place. The guest may touch a page when its entry is MAPPED; that a PENDING page counts as missing was read
    in 1.5.01 (its entry suppresses #VE), and not again in 2.0
  left out: the #VE by which a TD can be told (NOTIFY_ENABLES), and stepping by interrupts (single-step mitigation), which takes no lock
"""

from tdxkit.seam.leaves.act import AT_EFFECT, EFFECT, LeafAct
from tdxkit.seam.leaves.call import EPT_VIOLATION, EXTERNAL_INTERRUPT
from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.leaves.leaf import condition
from tdxkit.seam.pamt import L4K

SOURCES = ("module-leaves", "module-1-5-01")

THRESHOLD = 6  # EPT violations at one instruction that are counted and forgiven
LIST_SIZE = 32  # GPAs that are noted at most
WRITE = 2  # exit qualification of an EPT violation: a data write
LOOK_AGAIN = LeafAct("look whether every GPA that was noted is mapped by now", "load", part=EFFECT, at=AT_EFFECT)


@condition("the module suspects zero-stepping: more than six EPT violations in a row at one instruction of this vCPU")
def suspected(m, call, f):
    """A GPA has been noted."""
    return bool(m.epf_gpas[call.address("RCX")])


def first_missing(m, call, tdr: int, gpas: tuple[int, ...]) -> int | None:
    """The first of these GPAs that the guest could not touch now; None when it can touch all."""
    for gpa in gpas:
        slot, _ = reach(m, tdr, gpa, L4K, call.platform.sept_top)
        if m.sept[slot][0] != "MAPPED":
            return gpa
    return None


def fault_of(gpa: int) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Exit reason and registers of an EPT violation: the exit qualification in RCX, the GPA in R8."""
    return EPT_VIOLATION, (("RCX", WRITE), ("R8", gpa & ~0xFFF))


def note_exit(m, call, tdr: int, vcpu: int) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Why the guest left, and what the module remembers of it: a fault is counted, then noted; a guest that got on is forgiven."""
    gpa = first_missing(m, call, tdr, m.needs[vcpu])
    if gpa is None:
        m.needs[vcpu], m.epf_stepping[vcpu], m.epf_gpas[vcpu] = (), 0, ()
        return EXTERNAL_INTERRUPT, ()
    if m.epf_stepping[vcpu] < THRESHOLD:
        m.epf_stepping[vcpu] += 1
    elif gpa not in m.epf_gpas[vcpu] and len(m.epf_gpas[vcpu]) < LIST_SIZE:
        m.epf_gpas[vcpu] += (gpa,)
    return fault_of(gpa)
