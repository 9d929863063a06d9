"""The module's state as flat variables: plain ones (`m.dynamic`) and keyed ones (`m.lock_2m[region]`), all values immutable.

A leaf's generator reads and writes `m` and nothing else, so the same body runs on a `Memory` here (dictionaries, fast) and on the
explorer's tracked memory (see `threads.py`). A key that is not there holds its variable's default, as zeroed
memory does: writing the default back and never having written are the same state, see `snapshot`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from tdxkit.seam.pamt import FREE, Entry, Tdmr

SEPT_FREE = ("FREE", 0)  # a Secure-EPT entry: its state and the HPA it points to

# name: default of each key. HPAs are plain numbers, a TD is named by its TDR's HPA, a vCPU by its TDVPR's.
KEYED: dict[str, object] = {
    # PAMT: keyed by HPA >> 30, HPA >> 21, HPA >> 12
    "pamt_1g": FREE,
    "pamt_2m": FREE,
    "pamt_4k": FREE,
    "lock_1g": 0,
    "lock_2m": 0,
    "lock_4k": 0,
    "count": 0,  # entries in use below a 2M entry of type PT_PAMT
    "bitmap": 0,  # 512 bits of a 2M region: pages that are PAMT pages or reserved
    "bepoch": 0,  # by HPA | level
    "block": 0,  # by HPA >> 30: 1 + index of the TDMR once the block is initialised
    # TDMRs and packages, by index
    "tdmr_next": 0,
    "tdmr_lock": 0,
    "lp_done": False,
    "package_keyed": False,
    "wb_lock": 0,
    "wb_pending": False,
    # one of each, under key 0
    "sys_lock": 0,
    "kot_lock": 0,
    "ket_lock": 0,
    "kot": "FREE",  # by HKID: FREE, ASSIGNED or FLUSHED
    "wb_owed": (),  # by HKID: packages that owe a cache write-back
    # TDs, by TDR
    "lifecycle": "",
    "hkid": None,
    "fatal": False,
    "children": 0,  # CHLDCNT, in 4K units
    "keyed_on": (),  # packages
    "tdcx": (),  # HPAs
    "eptp": 0,  # HPA of the Secure-EPT root, one of the TDCX pages, from MNG.INIT on
    "op_state": "UNINITIALIZED",
    "op_lock": 0,
    "epoch": 0,
    "epoch_lock": 0,
    "inside": (),  # the epoch at which each running vCPU entered
    "vcpus": 0,
    "max_vcpus": 0,
    "apic_ids": (),
    "associated": 0,
    "mrtd": 0,  # how many pages and chunks went into the measurement
    "tree_lock": 0,
    # vCPUs, by TDVPR
    "vcpu": "",
    "vcpu_pages": (),
    "vcpu_lp": None,
    "epf_stepping": 0,  # EPT violations on private GPAs in a row at one instruction, up to a threshold
    "epf_gpas": (),  # the GPAs of those beyond it: zero-stepping is suspected while there are any
    "needs": (),  # the private GPAs that the guest's next instruction touches (the guest's own state, not the module's)
    # Secure EPT, by the HPA of the 8-byte entry
    "sept": SEPT_FREE,
    "sept_lock": 0,
    # what the host wrote into memory shared with the module, by HPA
    "shared": None,
}
PLAIN: dict[str, object] = {"sys_state": "SYSINIT_PENDING", "dynamic": False, "tdmrs": ()}

# Tables a call may leave host-priority marks in.
LOCKS = tuple(name for name in KEYED if name.endswith("_lock") or name.startswith("lock_"))


V = TypeVar("V")


class Table(dict[Any, V]):
    """One keyed variable: a dictionary whose missing keys hold the default."""

    __slots__ = ("default",)

    def __init__(self, default: V, items: Mapping[Any, V] = MappingProxyType({})):
        super().__init__(items)
        self.default = default

    def __missing__(self, key: object) -> V:
        return self.default


class Memory:
    """All variables of one module, in dictionaries. What each holds is said at KEYED and PLAIN."""

    __slots__ = (*KEYED, *PLAIN)

    pamt_1g: Table[Entry]
    pamt_2m: Table[Entry]
    pamt_4k: Table[Entry]
    lock_1g: Table[int]
    lock_2m: Table[int]
    lock_4k: Table[int]
    count: Table[int]
    bitmap: Table[int]
    bepoch: Table[int]
    block: Table[int]
    tdmr_next: Table[int]
    tdmr_lock: Table[int]
    lp_done: Table[bool]
    package_keyed: Table[bool]
    wb_lock: Table[int]
    wb_pending: Table[bool]
    sys_lock: Table[int]
    kot_lock: Table[int]
    ket_lock: Table[int]
    kot: Table[str]
    wb_owed: Table[tuple[int, ...]]
    lifecycle: Table[str]
    hkid: Table[int | None]
    fatal: Table[bool]
    children: Table[int]
    keyed_on: Table[tuple[int, ...]]
    tdcx: Table[tuple[int, ...]]
    eptp: Table[int]
    op_state: Table[str]
    op_lock: Table[int]
    epoch: Table[int]
    epoch_lock: Table[int]
    inside: Table[tuple[int, ...]]
    vcpus: Table[int]
    max_vcpus: Table[int]
    apic_ids: Table[tuple[int, ...]]
    associated: Table[int]
    mrtd: Table[int]
    tree_lock: Table[int]
    vcpu: Table[str]
    vcpu_pages: Table[tuple[int, ...]]
    vcpu_lp: Table[int | None]
    epf_stepping: Table[int]
    epf_gpas: Table[tuple[int, ...]]
    needs: Table[tuple[int, ...]]
    sept: Table[tuple[str, int]]
    sept_lock: Table[int]
    shared: Table[Any]
    sys_state: str
    dynamic: bool
    tdmrs: tuple[Tdmr, ...]

    def __init__(self) -> None:
        for name, default in KEYED.items():
            setattr(self, name, Table(default))
        for name, value in PLAIN.items():
            setattr(self, name, value)

    def copy(self) -> "Memory":
        """An independent copy; values are immutable and are shared."""
        other = Memory.__new__(Memory)
        for name, default in KEYED.items():
            setattr(other, name, Table(default, getattr(self, name)))
        for name in PLAIN:
            setattr(other, name, getattr(self, name))
        return other

    def snapshot(self) -> dict[tuple[str, object], object]:
        """{(variable, key): value} of everything that is not at its default; plain variables under key None."""
        seen = {
            (name, key): value
            for name, default in KEYED.items()
            for key, value in getattr(self, name).items()
            if value != default
        }
        seen.update({(name, None): getattr(self, name) for name in PLAIN})
        return seen
