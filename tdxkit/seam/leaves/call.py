"""One SEAMCALL: the call with its registers on its platform, what its checks have found so far, and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from tdxkit.seam.leaves.act import Fixed
from tdxkit.seam.leaves.leaf import Leaf
from tdxkit.seam.pamt import L1G, L2M, L4K
from tdxkit.seam.versions import ModuleVersion
from tdxkit.status.codes import facts, names, operand_names
from tdxkit.units import PAGE_4K, U64_MAX

SHARED, EXCLUSIVE = "shared", "exclusive"
EXTERNAL_INTERRUPT, EPT_VIOLATION = 1, 48  # basic exit reasons; the first is that of a kick
EXIT_REASONS = {EXTERNAL_INTERRUPT: "external interrupt", EPT_VIOLATION: "EPT violation"}
UNKNOWN = -1  # nothing found yet: below every address and every level
NULL_PA = U64_MAX  # where a call may leave a page out
LOCK_TABLE = {L4K: "lock_4k", L2M: "lock_2m", L1G: "lock_1g"}


class Facts(NamedTuple):
    """What the checks so far have found, and what the call holds.

    `level` is where the last walk ended, `target` where it was to end, `walked` whose it was. `held`: (table, key, mode, operand) of each
    lock; with mode UNDO something that the call has done and takes back should a later check fail. `out`: registers that it has
    filled by now and returns whether or not a later check fails.
    """

    tdr: int = UNKNOWN
    slot: int = UNKNOWN
    page: int = 0
    level: int = UNKNOWN
    target: int = UNKNOWN
    walked: str = ""
    held: tuple[tuple[str, object, str, str], ...] = ()
    out: tuple[tuple[str, int], ...] = ()

    def hold(self, table: str, key: object, mode: str, operand: str = "") -> "Facts":
        """The same with one more lock held; `operand` as in the facts of the check that took it."""
        return tuple.__new__(Facts, (*self[:6], (*self[6], (table, key, mode, operand)), self[7]))


class Broken(NamedTuple):
    """A check that fails with details or registers of its own."""

    details: int | None = None
    regs: tuple[tuple[str, int], ...] = ()


class Registers(dict):
    """Input registers; one that is not given is 0."""

    __slots__ = ()

    def __missing__(self, name: str) -> int:
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class Platform(Fixed):
    """What does not change while a module is loaded.

    `cmrs` are convertible memory as (base, size) pairs, `sept_top` the level of the Secure-EPT root's entries (3: four levels).
    """

    version: ModuleVersion
    pa_bits: int = 52
    hkid_bits: int = 6
    private_hkids: range = range(32, 64)
    packages: int = 1
    lps: int = 4
    cmrs: tuple = ()
    sept_top: int = 3

    pa_limit: int = field(init=False)  # first address with an HKID bit set
    page_mask: int = field(init=False)  # a page address without flags and HKID bits
    not_address: int = field(init=False)  # bits no page address has

    def __post_init__(self):
        limit = 1 << (self.pa_bits - self.hkid_bits)
        object.__setattr__(self, "pa_limit", limit)
        object.__setattr__(self, "page_mask", limit - PAGE_4K)
        object.__setattr__(self, "not_address", U64_MAX & ~(limit - 1))

    def package_of(self, lp: int) -> int:
        """The package that a logical processor sits in."""
        return lp * self.packages // self.lps

    def one_lp_each(self) -> tuple[int, ...]:
        """The first LP of each package."""
        return tuple(-(-package * self.lps // self.packages) for package in range(self.packages))


@dataclass(slots=True, eq=False)  # not frozen only because that takes three times as long to make
class Call(Fixed):
    """One SEAMCALL: leaf, registers, the LP it runs on, and what the platform does to it.

    `weather` names what no operand decides: "entropy" runs out, an "interrupt" is pending, … (see the leaf's checks). `vcpu`: the
    TDVPR of the vCPU that makes it, for a TDCALL.
    """

    leaf: Leaf
    regs: Registers
    platform: Platform
    version: int = 0
    lp: int = 0
    weather: frozenset[str] = frozenset()
    vcpu: int = 0

    def address(self, name: str) -> int:
        """The page address in a register, without flags below 4K and HKID bits."""
        return self.regs[name] & self.platform.page_mask

    @property
    def level(self) -> int:
        """The level in bits 2:0 of RCX."""
        return self.regs["RCX"] & 7

    @property
    def gpa(self) -> int:
        """The guest page address in RCX."""
        return self.regs["RCX"] & ~0xFFF


@cache
def _numbered() -> frozenset[str]:
    """Statuses whose details are a state, an index, an MSR or a level, never an operand id; there 0 says something, too."""
    levels = ("TDX_PAGE_ALREADY_ACCEPTED", "TDX_PAGE_SIZE_MISMATCH")
    return frozenset(levels).union(*(group for kind, group in facts()["details"].items() if kind != "operand"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status (RAX) and the output registers."""

    status: int
    regs: Mapping[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """No error and nothing to report: the status word is zero but for an exit reason."""
        return not self.status >> 32

    @property
    def name(self) -> str:
        """Name of the status, without details."""
        return names()[self.status & ~0xFFFFFFFF]

    @property
    def operand(self) -> str:
        """Name of the operand in the details, their number where they name none (a state, a page of the pair), or ""."""
        details = self.status & 0xFFFFFFFF
        if self.ok or self.name in _numbered():
            return "" if self.ok else str(details)
        named = self.name in ("TDX_OPERAND_INVALID", "TDX_OPERAND_BUSY") or details
        return operand_names().get(details, str(details)) if named else ""

    def __getitem__(self, register: str) -> int:
        return self.regs.get(register, 0)

    @property
    def exit_reason(self) -> str:
        """Why the guest left, where the call let it run: "external interrupt", "EPT violation"; "" where it did not."""
        return EXIT_REASONS.get(self.status, "")

    def __str__(self) -> str:
        return self.name + (
            f"|{self.operand}" if self.operand else f", exit: {reason}" if (reason := self.exit_reason) else ""
        )


class Status(int):
    """A completion status as a value of a state: the number in RAX, read as its name.

    >>> str(Status(0)), Status(0) == 0
    ('TDX_SUCCESS', True)
    """

    __slots__ = ()

    def __str__(self) -> str:
        return str(Answer(int(self)))
