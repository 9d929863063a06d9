"""The guest's side: how long it waits for a lock that the host wants, and what its next instruction touches.

A guest call that meets the host-priority mark is told TDX_OPERAND_BUSY and a clock starts; when the same call still fails after
HP_LOCK_TIMEOUT, VP.ENTER returns TDX_HOST_PRIORITY_BUSY_TIMEOUT to the host. Source module-pamt-manager. Times in microseconds.
TDG.MEM.PAGE.ACCEPT, the guest call that locks a Secure-EPT entry, is a leaf (`leaves.tdg`).
"""

from dataclasses import dataclass, replace

from tdxkit.errors import InputError
from tdxkit.seam.module import Module

SOURCES = ("module-pamt-manager",)
HP_LOCK_TIMEOUT = 1_000_000
SHORTEST, LONGEST = 10_000, 100_000_000


@dataclass(frozen=True, slots=True)
class Patience:
    """One vCPU's clock: `since` when its call has been failing on host priority, None when it is not."""

    since: int | None = None
    timeout: int = HP_LOCK_TIMEOUT

    def __post_init__(self):
        if not SHORTEST <= self.timeout <= LONGEST:
            raise InputError(
                f"HP_LOCK_TIMEOUT {self.timeout}", "it is 10 ms to 100 s in microseconds", "choose one in range"
            )

    def meets(self, answer: str, now: int) -> tuple[str, "Patience"]:
        """(what the guest or, on a time-out, the host is told; the clock after it). `answer` is a lock function's, "" for got."""
        if answer != "TDX_OPERAND_BUSY_HOST_PRIORITY":
            return answer, replace(self, since=None)
        if self.since is None:
            return "TDX_OPERAND_BUSY", replace(self, since=now)
        if now - self.since >= self.timeout:
            return "TDX_HOST_PRIORITY_BUSY_TIMEOUT", replace(self, since=None)
        return "TDX_OPERAND_BUSY", self


def touch(module: Module, tdvpr: int, *gpas: int) -> None:
    """The vCPU's guest comes to an instruction that touches these private GPAs: it has got on, so nothing is held against it."""
    m = module.m
    m.needs[tdvpr], m.epf_stepping[tdvpr], m.epf_gpas[tdvpr] = gpas, 0, ()


def enter_until_suspected(module: Module, tdvpr: int, most: int = 64) -> int:
    """VP.ENTER again and again, with nothing done about the EPT violation that ends it, until the module suspects zero-stepping; how
    many entries that took. InputError when `most` were not enough: the page is there, or the vCPU cannot enter."""
    for entries in range(1, most + 1):
        if not module.call("TDH.VP.ENTER", rcx=tdvpr).exit_reason:
            break
        if module.m.epf_gpas[tdvpr]:
            return entries
    raise InputError(
        f"{most} entries of vCPU {tdvpr:#x}", "each has to end with an EPT violation", "block what it touches first"
    )
