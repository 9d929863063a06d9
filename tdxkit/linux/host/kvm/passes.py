"""RET_PF_RETRY: whatever a hook of the Secure EPT answers but 0, the TDP MMU drops the errno and asks for the fault again.

The caller, an EPT violation's handler or the ioctl that maps a TD's first pages, goes round until the page is there or something ends
it. There is no limit on the passes. Only a top-up that fails goes straight out, as -ENOMEM to user space [kvm-tdp-mmu, kvm-tdx-base].
"""

from collections.abc import Callable
from itertools import count

from tdxkit.errors import InputError
from tdxkit.linux.host.host import EINTR, EIO
from tdxkit.linux.host.kvm.places import FAULT, Place
from tdxkit.linux.host.kvm.td import Loop, Refused, Td

SOURCES = ("kvm-tdp-mmu", "kvm-tdx-base", "kvm-tdx-v6-base")

SIGNAL, EVENT, DELETION, DEATH = "signal", "event", "memslot deletion", "dead VM"
ENDS = {
    SIGNAL: "a signal is pending: KVM_RUN goes back to user space with -EINTR, and the next one faults again",
    EVENT: "an event for the vCPU is pending: the guest is entered with it, and faults again",
    DELETION: "the memslot is being deleted: the handler leaves so that the deletion can go on, and the guest faults again",
    DEATH: "KVM_REQ_VM_DEAD is pending: -EIO to user space, as from every later ioctl",
}
PATIENCE = 3  # passes after which the model has a signal come, where nothing else was asked for
RESTARTS = 10  # calls of a DEMOTE that is broken off each time, before the model has the interrupts stop


def until_mapped(
    td: Td, top_up: Callable[[], int], map_it: Callable[[], Refused | None], under: Place = FAULT
) -> tuple[int, str]:
    """Pass after pass, at a place that may sleep, as `top_up` may; `map_it` runs under mmu_lock. The errno, and what ended the loop (""
    where nothing had to)."""
    host = td.host
    after, comes = td.arrivals.pop(0) if td.arrivals else (PATIENCE, SIGNAL)
    for passes in count(1):
        before = host.state()
        if errno := top_up():
            return errno, ""
        with td.within(under):
            refused = map_it()
        if refused is None:
            return 0, ""
        host.log.step("RET_PF_RETRY", f"pass {passes}: {refused}; the errno is dropped, the TDP MMU asks again")
        if td.dead or passes == after:
            ended_by = DEATH if td.dead else comes
            td.loop = Loop(refused, passes, host.state() == before, ended_by)
            return _end(td, ended_by), ended_by
    raise AssertionError("count() does not end")


def _end(td: Td, ended_by: str) -> int:
    if ended_by not in ENDS or (ended_by == DELETION and not td.base.leaves_for_deletion):
        known = [end for end in ENDS if end != DELETION or td.base.leaves_for_deletion]
        raise InputError(
            f"end {ended_by!r}", f"in the base of {td.host.posted.name} a loop ends by {', '.join(known)}", "name one"
        )
    if ended_by == DEATH:
        td.dead = True
    td.host.log.step(ended_by, ENDS[ended_by])
    return {SIGNAL: EINTR, DEATH: EIO}.get(ended_by, 0)
