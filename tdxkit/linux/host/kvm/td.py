"""KVM's state of one TD, the contexts it works in, and what becomes of a SEAMCALL that fails.

The entries into the kernel are functions of a Td: init.py, fault.py, vcpu.py, zap.py, huge.py, teardown.py. Each returns 0 or a negative errno,
as the C does. `KVM_BUG_ON` marks the VM dead: every later entry but teardown answers -EIO. Contexts, retry rules and undo order:
dynamic-pamt threads, v2 patches 05 to 09 [tdx-v2-00].

Fidelity card
  modelled: top-up before mmu_lock, S-EPT pages and guest pages under it, the undo paths, BUSY on the fault side (put, -EBUSY, the
    fault is retried) and on the zap side (kick all vCPUs, call once more), TRACK and the kick after it, leaks after a failed RECLAIM
  modelled: PAGE.ADD in the fault itself from v4 on, before that a page noted and added later; v5's pairs for S-EPT pages at top-up
  simplified: pools and the cache of S-EPT pages are filled to their minimum (a cache of KVM's own refills to 40)
  simplified: a fault that meets BUSY is retried three times, the kernel goes on; where KVM's cache would BUG() on a failed
    GFP_ATOMIC the model warns and goes on as with -ENOMEM
  simplified: v1's phys_prepare() and phys_cleanup() are the get and put at the place that they stand before; S-EPT pages freed by RCU
    (v1 to v5) are freed at once, with v5's put there too (its softirq is the explorer's scenario v5-softirq)
  simplified: the guest's memory is one run of pages from a 2 MiB boundary; v5's small pool is taken to hold 10 pages as v6's does
  simplified: a split sets the count of its region to 512 in one go, a promotion to 0; no posted version promotes
  left out: L2 VMs, migration, the guest's own TDCALLs and locks, dirty logging, S-EPT pages freed before teardown
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tdxkit.linux.host.host import EIO, Context, Host
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.module import Begun

SOURCES = ("kvm-tdx-base", "tdx-rfc-v1", "tdx-v2-00", "tdx-v3", "tdx-v4", "tdx-v5", "tdx-v6")


TDX_PS_4K, TDX_PS_2M = 0, 1
TRIES = 3  # how often a vCPU comes back to what the module was busy for; the kernel goes on until it is done
TD_INIT = Context("TD init", ("kvm->lock",))
POPULATE = Context("TD init", ("slots_lock",))
VCPU_INIT = Context("vCPU init", ("vcpu->mutex",))
TOPUP = Context("fault", ("vcpu->mutex",))
FAULT = Context("fault", ("vcpu->mutex", "mmu_lock read"), may_sleep=False)
RUN = Context("vCPU run", ("vcpu->mutex",))
ZAP = Context("zap", ("mmu_lock write",), may_sleep=False)
SEPT_TEARDOWN = Context("teardown", ("mmu_lock write",), may_sleep=False)
TEARDOWN = Context("teardown")
CONTEXTS = (TD_INIT, POPULATE, VCPU_INIT, RUN, TOPUP, FAULT, ZAP, SEPT_TEARDOWN, TEARDOWN)


class Td:
    """One TD on a host. GPA 0 of its memory lies at the start of a region."""

    def __init__(self, host: Host):
        self.host = host
        self.tdr: int | None = None
        self.tdcs: list[int] = []  # TDCX pages that the module has
        self.vcpus: dict[int, list[int]] = {}  # TDVPR -> its TDCX pages
        self.sept: dict[tuple[int, int], int] = {}  # (level of the parent entry, GPA) -> S-EPT page
        self.leaves: dict[int, tuple[int, int]] = {}  # GPA -> (page, level)
        self.premapped: set[int] = set()
        self.inside: dict[int, Begun] = {}  # vCPU -> its VP.ENTER, while its guest runs
        self.dead = self.runnable = self.keyed = False
        self.first: tuple[str, Answer] | None = None  # the first SEAMCALL that was not expected to fail

    # Contexts and failures.

    @contextmanager
    def within(self, context: Context) -> Iterator[None]:
        """In this context until the block ends."""
        outer, self.host.log.context = self.host.log.context, context
        try:
            yield
        finally:
            self.host.log.context = outer

    def bug(self, leaf: str, result: Answer) -> int:
        """KVM_BUG_ON: the VM is dead."""
        self.note(leaf, result)
        self.dead = True
        self.host.log.warn(f"KVM_BUG_ON: {leaf} said {result}")
        return EIO

    def note(self, leaf: str, result: Answer) -> None:
        """Remember the first SEAMCALL that failed for good."""
        self.first = self.first or (leaf, result)
