"""Which two SEAMCALLs KVM can have under way at once: by the locks of their places, the phase of the TD's life, and who is left.

The module answers BUSY where two calls meet; a kernel that keeps them apart never sees it. `conflicts --in-kernel` puts both together.

Fidelity card
  modelled: locks of places.py in the base asked for, one TD or two; the phases of a TD's life; that one thread takes a TD down
  simplified: guest memory of one TD is one inode, one memslot space; vCPUs of one TD are many
  simplified: VP.INIT's mmu_lock came with a patch of 27 October 2025 [kvm-vp-init-lock]; that v4, of 20 November, stands on it is inferred
  left out: what no lock says: the refcount that keeps REMOVE away from a region in use, the mirror's entry that is frozen while it is
    set. Both are told as a remark beside the answer
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from tdxkit.linux.host.base import Base
from tdxkit.linux.host.kvm.places import ENDING, KEYS, PAIR_LEAVES, PAMT_LOCK, PLACES, READ, RUNNING, WRITE, Place

SOURCES = ("kvm-tdx-base", "kvm-post-populate", "kvm-tdx-v6-base", "kvm-tdx-after-v6", "kvm-vp-init-lock")

GLOBAL = (KEYS[1], PAMT_LOCK)
VCPU, VCPUS = "vcpu->mutex", "every vcpu->mutex"
GUEST = "TDG."
DEMOTE = "TDH.MEM.PAGE.DEMOTE"
OF_A_VCPU = {
    "TDH.VP.ADDCX",
    "TDH.VP.INIT",
    "TDH.VP.ENTER",
    "TDH.VP.FLUSH",
}  # what they conflict on is that vCPU's own page
MAPPING, ZAPPING = (
    {"TDH.MEM.SEPT.ADD", "TDH.MEM.PAGE.AUG"},
    {"TDH.MEM.RANGE.BLOCK", "TDH.MEM.TRACK", "TDH.MEM.PAGE.REMOVE", "TDH.MEM.PAGE.DEMOTE"},
)


class Meeting(NamedTuple):
    """Two SEAMCALLs in one base. `meets`: the places where both can be under way, the first found; None where something keeps them
    apart, which `why` names. `remark`: what no lock says."""

    a: str
    b: str
    meets: tuple[Place, Place] | None
    why: str
    remark: str = ""

    def __str__(self) -> str:
        said = f"yes: {self.why}" if self.meets else f"no: {self.why}"
        return said + (f" ({self.remark})" if self.remark else "")

    def as_json(self) -> dict:
        """`in_kernel` of a pair of `conflicts --in-kernel --json`."""
        return {"meets": self.meets is not None, "why": self.why, "remark": self.remark or None}


def meeting(a: str, b: str, base: Base, same_td: bool = True) -> Meeting:
    """Whether leaf `a` and leaf `b` can be under way at once, on one TD or on two. A TDCALL is made by a guest that runs."""
    places_a, places_b = _places(a), _places(b)
    if not base.huge and (DEMOTE in (a, b) or any(leaf.endswith(" 2M") for leaf in (a, b))):
        return Meeting(a, b, None, "this KVM maps no 2 MiB pages")
    missing = {leaf for leaf, places in ((a, places_a), (b, places_b)) if not places}
    if missing:
        starts = any(leaf.startswith("TDH.SYS.") for leaf in missing)
        return Meeting(
            a,
            b,
            None,
            "TDX starts up before there is a TD" if starts else "KVM makes one of the two in no place that was read",
        )
    reasons = []
    for pa in places_a:
        for pb in places_b:
            between = apart(pa, pb, a, b, base, same_td)
            if not between:
                return Meeting(a, b, (pa, pb), f"{pa.lane} beside {pb.lane}", _remark(a, b, same_td))
            reasons.append(between)
    everywhere = [r for r in reasons[0] if all(r in between for between in reasons)]
    why = everywhere[0] if everywhere else " or ".join(dict.fromkeys(between[0] for between in reasons))
    return Meeting(a, b, None, why, _remark(a, b, same_td, apart=True))


def tally(meetings: Iterable[Meeting]) -> Counter[str]:
    """How many of them each reason keeps apart; those that no single lock keeps apart in every place are counted together."""
    return Counter(
        "not the same lock or phase in every place" if " or " in m.why else m.why for m in meetings if not m.meets
    )


def _places(leaf: str) -> list[Place]:
    """KVM makes VP.INIT in version 1 only."""
    wanted = "TDH.VP.ENTER" if leaf.startswith(GUEST) else leaf.partition(" ")[0]
    return [place for place in PLACES if wanted in place.leaves and leaf != "TDH.VP.INIT"]


def _phases(place: Place, leaf: str) -> set[str]:
    """tdx_track() returns at once before the TD runs."""
    return {RUNNING} & set(place.phases) if leaf == "TDH.MEM.TRACK" else set(place.phases)


def apart(pa: Place, pb: Place, a: str, b: str, base: Base, same_td: bool = True) -> list[str]:
    """What keeps two places apart, in words; nothing where they can be at once."""
    one_vcpu = same_td and {a, b} <= OF_A_VCPU
    pairs = [
        (one, two) for one in pa.held(base, a) for two in pb.held(base, b) if _excludes(one, two, same_td, one_vcpu)
    ]
    said = ["mmu_lock" if one in (READ, WRITE) else VCPU if VCPUS in (one, two) else one for one, two in pairs]
    if same_td and not _phases(pa, a) & _phases(pb, b):
        said.append("the phase of the TD's life")
    if same_td and ENDING in pa.phases and ENDING in pb.phases:
        said.append("one thread takes the TD down")
    return said


def _excludes(lock: str, other: str, same_td: bool, one_vcpu: bool) -> bool:
    """`one_vcpu`: the two calls want the same vCPU's pages, so they are in each other's way for that vCPU alone."""
    if lock in GLOBAL:
        return lock == other
    if not same_td or KEYS[0] in (lock, other):
        return False
    if {lock, other} <= {READ, WRITE}:
        return WRITE in (lock, other)
    if {lock, other} <= {VCPU, VCPUS}:
        return one_vcpu or VCPUS in (lock, other)  # two vCPUs have a mutex each
    return lock == other


def _remark(a: str, b: str, same_td: bool, apart: bool = False) -> str:
    """What is known beside the locks."""
    both = {a, b}
    if both == {"TDH.MNG.KEY.CONFIG"} and not same_td:
        return "on one package the call runs on its first CPU that is online, one after the other"
    if apart:
        return ""
    if both <= MAPPING and same_td:
        return "not for the same entry: the mirror's is frozen while it is set"
    if both & ZAPPING and (both & {"TDH.VP.ENTER"} or any(leaf.startswith(GUEST) for leaf in both)):
        return "the first try; on BUSY vCPUs are kept out and the call is repeated"
    if both & set(PAIR_LEAVES):
        return "not for a region in use: its refcount keeps REMOVE and ADD away; pages of a pair may lie in any region"
    return ""
