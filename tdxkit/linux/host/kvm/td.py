"""KVM's state of one TD, and what becomes of a SEAMCALL that fails.

The entries into the kernel are functions of a Td: init.py, fault.py, vcpu.py, zap.py, huge.py, teardown.py. Each returns 0 or a negative errno,
as the C does. `KVM_BUG_ON` marks the VM dead: every later entry but teardown answers -EIO. The gets and puts are those of the series
[tdx-v2-00 to tdx-v6]; what a failure comes to, the order of teardown and the locks (places.py) are those of the KVM that the version was
cut from, base.py [kvm-tdx-base, kvm-tdp-mmu, kvm-post-populate, kvm-tdx-v6-base, kvm-tdx-after-v6].

Fidelity card
  modelled: top-up before mmu_lock, S-EPT pages and guest pages under it, the undo paths; every errno under mmu_lock becomes RET_PF_RETRY
    and the fault goes round until it succeeds, a signal or an event comes, the VM is dead, or (newer bases) its memslot is deleted
  modelled: BUSY on the zap side (kick all vCPUs, call once more), TRACK and the kick after it, whose failure does not stop the zap;
    teardown in KVM's order, and what a failure there leaves: a RECLAIM that fails leaks its page, a key id that is stuck leaks all
  modelled: PAGE.ADD as part of the mapping from v4's base on, before that a page noted and added later; v5's pairs for S-EPT pages at top-up
  modelled: a wish for 4K inside a 2 MiB leaf, which no fault splits; DEMOTE that is broken off and called again
  modelled: VP.ENTER that says BUSY is a handled exit, and the vCPU enters again
  simplified: a signal comes after three passes where nothing else is asked for, of a vCPU that may not enter after three tries;
    KVM has no such limits
  simplified: pools and the cache of S-EPT pages are filled to their minimum (a cache of KVM's own refills to 40); where KVM's cache
    would BUG() on a failed GFP_ATOMIC the model warns and goes on as with -ENOMEM
  simplified: v1's phys_prepare() and phys_cleanup() are the get and put at the place that they stand before; S-EPT pages freed by RCU
    (v1 to v5) are freed at once, with v5's put there too (its softirq is the explorer's scenario v5-softirq)
  simplified: the guest's memory is one run of pages from a 2 MiB boundary; one package, one CPU; v5's small pool is taken to hold 10
    pages as v6's does, its base to be v4's
  simplified: a split sets the count of its region to 512 in one go (v5 outside pamt_lock), a promotion to 0; no posted version promotes
  simplified: that an errno becomes a retry under v6 and in the newer text is inferred from the fault handler, the TDP MMU there was not
    read; arch/x86/kvm/mmu/tdp_mmu.c of those trees would settle it
  left out: L2 VMs, migration, the guest's own TDCALLs and locks, dirty logging, S-EPT pages freed before teardown; kexec and update of
    the module (neither touches the counts), memory that goes offline, hwpoison, NUMA (pairs come from the node of who tops up)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tdxkit.linux.host.base import BASES, Base
from tdxkit.linux.host.host import EIO, ERRNO, Host
from tdxkit.linux.host.kvm.places import Place
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.module import Begun
from tdxkit.text import many

SOURCES = (
    "tdx-v2-00",
    "tdx-v6",
    "kvm-tdx-base",
    "kvm-tdp-mmu",
    "kvm-post-populate",
    "kvm-tdx-v6-base",
    "kvm-tdx-after-v6",
)


TDX_PS_4K, TDX_PS_2M = 0, 1


class Refused(NamedTuple):
    """Why a pass did not do it: who answered (a function or a SEAMCALL leaf), and what; an errno is dropped."""

    what: str
    said: int | str

    def __str__(self) -> str:
        return f"{self.what} says {ERRNO.get(self.said, self.said)}"


class Loop(NamedTuple):
    """A loop that something ended, or the model's patience. `unchanged`: its last pass left the host as it found it, so that the next
    would end like it."""

    refused: Refused
    passes: int
    unchanged: bool
    ended_by: str

    def __str__(self) -> str:
        like = ", each like the last" if self.unchanged else ""
        return f"{self.refused}, {many(self.passes, 'pass')}{like}; ended by: {self.ended_by}"


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
        self.widened: dict[str, int] = {}  # vCPU -> GPA of the 2 MiB that it is content to have mapped as one page
        self.inside: dict[int, Begun] = {}  # vCPU -> its VP.ENTER, while its guest runs
        self.dead = self.runnable = self.hkid = False  # hkid: a key id is assigned
        self.first: tuple[str, Answer] | None = None  # the first SEAMCALL that was not expected to fail
        self.arrivals: list[
            tuple[int, str]
        ] = []  # what ends the next loops of faults: (after so many passes, passes.ENDS)
        self.loop: Loop | None = None  # the last loop that something ended

    # Contexts and failures.

    @contextmanager
    def within(self, place: Place) -> Iterator[None]:
        """At this place of KVM, with what its base holds there, until the block ends."""
        outer, self.host.log.context = self.host.log.context, place.context(self.base)
        try:
            yield
        finally:
            self.host.log.context = outer

    @property
    def base(self) -> Base:
        """The KVM that the version was cut from."""
        return BASES[self.host.posted.base]

    def bug(self, leaf: str, result: Answer) -> int:
        """A SEAMCALL's failure for which KVM_BUG_ON is called: the VM is dead."""
        self.note(leaf, result)
        return self.bug_on(leaf, str(result))

    def bug_on(self, what: str, said: str) -> int:
        """KVM_BUG_ON: every later entry but teardown answers -EIO."""
        self.dead = True
        self.host.log.warn(f"KVM_BUG_ON: {what} said {said}")
        return EIO

    def warn(self, leaf: str, result: Answer) -> int:
        """A SEAMCALL's failure that is only warned of or printed."""
        self.note(leaf, result)
        self.host.log.warn(f"{leaf} said {result}")
        return EIO

    def note(self, leaf: str, result: Answer) -> None:
        """Remember the first SEAMCALL that failed for good."""
        self.first = self.first or (leaf, result)
