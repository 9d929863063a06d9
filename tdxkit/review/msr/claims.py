"""What the mail about the Windows guest claimed, and what became of each claim: the diagnosis that held in part.

Sources: the mail `cite("win-hack-patch")`, its review `cite("win-hack-review")`, the firmware `cite("seabios")`, the fix
`cite("edk2-11335")`, the register's bits `cite("kvm-feat-ctl")`.
"""

from typing import NamedTuple

SOURCES = ("win-hack-patch", "win-hack-review", "kvm-feat-ctl", "seabios", "edk2-11335")


class Claim(NamedTuple):
    """One statement of the mail in our words: is it true, what shows it (trace, review, firmware, register), and why.

    true: "yes", "no", "in part", "open" where what would decide is not public, or "an opinion" where no fact decides.
    """

    says: str
    true: str
    shown_by: str
    because: str


CLAIMS = (
    Claim(
        "Windows writes the register at start-up", "no", "firmware, review",
        "SeaBIOS and OVMF write it on each CPU at boot; the trace's burst in arrival order points there and cannot name the writer",
    ),
    Claim("the new vCPU holds 0", "yes", "trace", "two reads, and no write before them"),
    Claim("Windows expects the same value", "in part", "review", "0x0 beside 0x5 is tolerated: not the raw value"),
    Claim("with SGX off the register is 0x5", "in part", "review", "on the old vCPUs; the new one still reads 0x0"),
    Claim("bit 18 says that SGX is supported", "no", "register", "it is SGX's global enable; CPUID says what there is"),
    Claim(
        "this is a Windows bug", "open", "review",
        "firmware owed the new CPU the value, its author reported it there, and OVMF now gives it; "
        "whether Windows had to stop over it, nobody outside can say",
    ),
    Claim(
        "so many releases are affected that a hack is worth it", "an opinion", "review",
        "it would have served guests of any firmware; the reviewers asked first whether firmware is the better place, and the fix went there",
    ),
)  # fmt: skip
