"""What the mail about the Windows guest claimed, and what became of each claim: the diagnosis that was wrong in part.

Sources: the mail `cite("win-hack-patch")`, its review `cite("win-hack-review")`, the register's bits `cite("kvm-feat-ctl")`.
"""

from typing import NamedTuple

SOURCES = ("win-hack-patch", "win-hack-review", "kvm-feat-ctl")


class Claim(NamedTuple):
    """One statement of the mail in our words: is it true, what shows it (the trace, the review, the register), and why."""

    says: str
    true: str
    shown_by: str
    because: str


CLAIMS = (
    Claim(
        "Windows writes the register at start-up", "no", "trace", "a burst in arrival order, before any OS: firmware"
    ),
    Claim("the new vCPU holds 0", "yes", "trace", "two reads, and no write before them"),
    Claim("Windows expects the same value", "in part", "review", "0x0 beside 0x5 is tolerated: not the raw value"),
    Claim("with SGX off the register is 0x5", "in part", "review", "on the old vCPUs; the new one still reads 0x0"),
    Claim("bit 18 says that SGX is supported", "no", "register", "it is SGX's global enable; CPUID says what there is"),
)
