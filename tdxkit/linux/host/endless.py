"""Faults that something keeps failing, in each version, and what ends them: the TDP MMU makes a retry of any errno (kvm/passes.py).

Facts: kvm-tdx-base, kvm-tdp-mmu, kvm-post-populate, kvm-tdx-v6-base, kvm-tdx-after-v6; what the replies to v1 saw of it, tdx-rfc-v1-replies.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from tdxkit.card import card_of
from tdxkit.linux.host.faults import Fault
from tdxkit.linux.host.host import ALL_PATCHES, ERRNO, Host
from tdxkit.linux.host.kvm import td as td_module
from tdxkit.linux.host.kvm.fault import fault
from tdxkit.linux.host.kvm.init import add_page, finalize, td_init, vcpu_create, vcpu_init
from tdxkit.linux.host.kvm.passes import ENDS, SIGNAL
from tdxkit.linux.host.kvm.td import Td
from tdxkit.linux.host.kvm.vcpu import enter
from tdxkit.linux.host.patches import PatchNo
from tdxkit.run import Run
from tdxkit.units import PAGE_2M, PAGE_4K

SOURCES = (
    "kvm-tdx-base",
    "kvm-tdp-mmu",
    "kvm-post-populate",
    "kvm-tdx-v6-base",
    "kvm-tdx-after-v6",
    "tdx-rfc-v1-replies",
)

ADD = "TDH.PHYMEM.PAMT.ADD"


class Case(NamedTuple):
    """Something that fails from now on. `builds`: while the first pages are added, not in a fault of the running TD."""

    what: str
    fault: Fault
    builds: bool = False
    patches: frozenset[int] = ALL_PATCHES


CASES = (
    Case("PAMT.ADD says an error", Fault(leaf=ADD)),
    Case("nobody fills the pools (patch 7 left out)", Fault(), patches=ALL_PATCHES - {PatchNo.POOLS}),
    Case("no memory for a pair at the top-up", Fault(leaf="alloc pair", how="no memory")),
    Case("SEPT.ADD says BUSY", Fault(leaf="TDH.MEM.SEPT.ADD", how="busy")),
    Case("SEPT.ADD says an error", Fault(leaf="TDH.MEM.SEPT.ADD")),
    Case("PAGE.AUG says BUSY", Fault(leaf="TDH.MEM.PAGE.AUG", how="busy")),
    Case("PAGE.AUG says an error", Fault(leaf="TDH.MEM.PAGE.AUG")),
    Case("PAGE.ADD says BUSY (a first page)", Fault(leaf="TDH.MEM.PAGE.ADD", how="busy"), builds=True),
    Case("PAGE.ADD says an error (a first page)", Fault(leaf="TDH.MEM.PAGE.ADD"), builds=True),
)


def ending(version: str, case: Case) -> str:
    """How a fault ends, in a few words: "page mapped", round and round, an errno to user space, or the VM bugged."""
    td = _before(version, case, record=False)
    errno = _act(case)(td)
    if td.dead:
        return "VM bugged"
    if td.loop:
        return "goes round" if td.loop.unchanged else "goes round, losing a page each time"
    return ERRNO[errno] if errno else "page mapped"


def endless_run(version: str = "v6", end: str = SIGNAL, passes: int = 3, case: Case = CASES[0]) -> Run:
    """The fault as a run, its loop ended after so many passes by one of `passes.ENDS`. InputError for an end that the base has not."""
    td = _before(version, case, record=True)
    td.arrivals = [(passes, end)]
    errno = _act(case)(td)
    run = td.host.run(f"A fault that cannot succeed, {version}: {case.what}", card=card_of(td_module))
    ended = ", then ".join(step.label for step in run.steps if step.label in ENDS) or "success"
    return replace(run, subtitle=f"ended by {ended}: {ERRNO.get(errno, '0')}")


def _before(version: str, case: Case, record: bool) -> Td:
    """A TD with its first page, the guest running unless it is still being built; the failures start now."""
    td = Td(Host(version, case.patches, record=record))
    for act in (td_init, vcpu_create, vcpu_init):
        act(td)
    if not case.builds:
        finalize(td)
        if PatchNo.POOLS in case.patches:
            fault(td, 0)  # Secure EPT and first region are there: only what the next page needs is missing
        enter(td)
    td.host.points.fault = case.fault
    if record:
        td.host.log.begin()
    return td


def _act(case: Case) -> Callable[[Td], int]:
    return (lambda td: add_page(td, PAGE_4K)) if case.builds else (lambda td: fault(td, 4 * PAGE_2M))


__all__ = ["CASES", "ENDS", "Case", "ending", "endless_run"]
