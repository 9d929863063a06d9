"""The guest's side of a lock with host priority: how long it is told to try again before the TD exits.

A guest call that meets the host-priority mark is told TDX_OPERAND_BUSY and a clock starts; when the same call still fails after
HP_LOCK_TIMEOUT, VP.ENTER returns TDX_HOST_PRIORITY_BUSY_TIMEOUT to the host. Source module-pamt-manager. Times in microseconds.
"""

from dataclasses import dataclass, replace

from tdxkit.errors import InputError

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
