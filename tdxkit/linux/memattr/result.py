"""What one call of kvm_vm_set_mem_attributes() did: its phases in order, and what it left behind."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the call. loop: slots_lock (mutex_lock, may sleep), check, reserve, pre, store or post.

    pages: GFNs gone through (in check: entries looked at), a failing one included; resched: cond_resched() calls; allocs, frees: nodes; walked: nodes
    stepped into. reserve and store take xa_lock once a page, pre and post mmu_lock once if a slot is in the range.
    """

    loop: str
    pages: int = 0
    resched: int = 0
    allocs: int = 0
    frees: int = 0
    walked: int = 0
    mmu_lock: int = 0


@dataclass(frozen=True, slots=True)
class SetResult:
    """What one call did. ret: 0 or -errno; phases in order; inval: the GFNs invalidated, None if no slot was met;
    unmap: (start, end, which mappings) of each zap; seq, in_progress: the VM's invalidation counters afterwards."""

    ret: int
    phases: tuple[Phase, ...] = ()
    inval: tuple[int, int] | None = None
    unmap: tuple[tuple[int, int, str], ...] = ()
    tlb: int = 0
    warns: int = 0
    bugs: int = 0
    seq: int = 0
    in_progress: int = 0
    trace: tuple[str, ...] = ()

    def total(self, loop: str, field: str = "pages") -> int:
        """A field summed over the phases of one loop."""
        return sum(getattr(phase, field) for phase in self.phases if phase.loop == loop)

    def as_vector(self) -> dict[str, object]:
        """The result as the vector files write it."""
        answer: dict[str, object] = {
            "ret": self.ret,
            "reserves": self.total("reserve"),
            "stores": self.total("store"),
            "resched": sum(phase.resched for phase in self.phases),
            "slots_lock": sum(phase.loop == "slots_lock" for phase in self.phases),
            "mmu_lock": sum(phase.mmu_lock for phase in self.phases),
            "tlb": self.tlb,
            "warns": self.warns,
            "bugs": self.bugs,
            "seq": self.seq,
            "inprog": self.in_progress,
        }
        if self.inval:
            answer |= {"inval": list(self.inval), "unmap": [list(zap) for zap in self.unmap]}
        return answer
