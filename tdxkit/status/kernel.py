"""What KVM and the TDX core of Linux do with a status: it depends on the SEAMCALL leaf that returned it.

The facts, with the bases of the kernel that they were read in, are in kernel_rules.py.

Fidelity card
  modelled: every leaf that KVM calls for a TD's life, from MNG.CREATE to KEY.FREEID, with start-up, PAMT.ADD and PAMT.REMOVE
  simplified: a leaf has one caller; where KVM calls it from two places, the one on a running guest's path is told
  left out: leaves whose caller was not read; the answer says so
"""

import re
from functools import cache

from tdxkit.errors import InputError, printable
from tdxkit.facts import load_json
from tdxkit.status import codes as c
from tdxkit.status.kernel_rules import AGAIN, PLACES, Action
from tdxkit.text import near

SOURCES = (
    "kvm-tdx-base",
    "kvm-tdp-mmu",
    "kvm-post-populate",
    "kvm-tdx-v6-base",
    "kvm-tdx-after-v6",
    "tdx-v2-01",
    "tdx-v2-04",
    "tdx-v6",
    "module-guest-calls",
)
P_SEAMLDR = "P-SEAMLDR"  # the loader of the module: SEAMCALLs with bit 63 set in their number are for it
VMCALL = "TDG.VP.VMCALL"
SW_ERROR = 0x8000FF00 << 32
EPT_MISCONFIG = 49  # exit reason
GO_ON = Action("go on", "the call did what it should")
NOT_READ = Action("not read", "the kernel's caller of this leaf was not read")
GUEST = Action(
    "the guest's",
    "a call of the guest returns it, and the guest's kernel answers it; the host's kernel does not get it",
)
LOADER = Action(
    "not read",
    "P-SEAMLDR answered, not the TDX module; its codes, and what the kernel does with them, are not known here",
)
_RULES = {leaf: place for place in PLACES.values() for leaf in place.leaves}


def action(value: int, name: str | None, leaf: str | None) -> Action:
    """What the kernel does with this status from this leaf; from no leaf: what the leaves have in common."""
    if value & SW_ERROR == SW_ERROR and value >> 48 == 0x8000:
        return _software(value, leaf)
    if leaf and leaf.startswith(P_SEAMLDR):
        return LOADER
    if value & c.STATUS_MASK == 0:
        return _exit(value) if leaf == "TDH.VP.ENTER" else GO_ON
    if leaf is None:
        return _any_leaf(value, name)
    if leaf.startswith("TDG."):
        return GUEST
    rule = _RULES.get(leaf)
    done = rule.named.get(name or "", rule.others) if rule else NOT_READ
    if name == "TDX_RND_NO_ENTROPY" and leaf != "TDH.VP.ENTER":
        exact = (
            ""
            if not value & c.DETAILS_MASK
            else " (with details in the lower half in v3 to v5 only, whose loop asks for the upper half)"
        )
        return Action("retry", f"up to {AGAIN} times{exact}; then {done}")
    return done


def _exit(value: int) -> Action:
    """A TD exit by its reason, in the lower half."""
    if value & c.DETAILS_MASK == EPT_MISCONFIG:
        return Action(
            "bug the VM", "KVM_BUG_ON and -EIO: an EPT misconfiguration of private memory is nobody's to handle"
        )
    return Action("go on", "the guest ran, and its exit is handled by the reason")


def _software(value: int, leaf: str | None) -> Action:
    if leaf == "TDH.VP.ENTER":
        return Action("bug the VM", "KVM_BUG_ON, unless the host is rebooting")
    code = {0xFFFF0000: "-ENODEV", 0xD: "-EOPNOTSUPP", 0x6: "-EACCES"}.get(value & c.DETAILS_MASK, "-EIO")
    return Action("fail", f"{code} while TDX starts up; on a running host the caller's rule for any other error")


def _any_leaf(value: int, name: str | None) -> Action:
    """The rules of the places that can see this status (all, where no leaf read returns it), those alike told together."""
    if name in c.facts()["guest"]["only"]:
        return GUEST
    told = [place for place, rule in PLACES.items() if any(name in _returned(leaf) for leaf in rule.leaves)]
    if len(told) == 1:
        done = action(value, name, PLACES[told[0]].leaves[0])
        return Action("depends on the leaf", f"of those read only {told[0]} can get it: {done}")
    groups: dict[str, list[str]] = {}
    for place in told or PLACES:
        groups.setdefault(action(value, name, PLACES[place].leaves[0]).kind, []).append(place)
    if len(groups) > 1:
        groups.pop(NOT_READ.kind, None)
    return Action("depends on the leaf", "; ".join(f"{kind} ({', '.join(where)})" for kind, where in groups.items()))


@cache
def _returned(leaf: str) -> frozenset[str]:
    """The statuses that a leaf's checks return."""
    found = (entry["checks"] for entry in load_json("seamcalls.json")["leaves"] if entry["name"] == leaf)
    return frozenset(check["status"] for checks in found for check in checks) | {"TDX_RND_NO_ENTROPY"}


@cache
def leaf_numbers() -> dict[int, str]:
    """Every SEAMCALL leaf by its number in RAX."""
    table = load_json("seamcalls.json")
    others = {int(number): name.split(" ")[0] for number, name in table["not_modelled"].items()}
    return others | {leaf["leaf"]: leaf["name"] for leaf in table["leaves"]}


@cache
def _leaf_names() -> frozenset[str]:
    return frozenset((*leaf_numbers().values(), *c.facts()["guest"]["leaves"].values()))


@cache
def families() -> frozenset[tuple[str, ...]]:
    """How the names of leaves begin: TDH and SYS, TDH and MEM, TDG and VP …"""
    return frozenset(tuple(name.split(".")[:2]) for name in _leaf_names())


def numbered_leaf(number: int, guest: bool = False) -> str | None:
    """The call of this number in RAX: a leaf's name, "leaf 254" where no table here has it, P-SEAMLDR's where bit 63 is set.
    None for what cannot be the number of a call. Bits 23:16 are the leaf's version."""
    loader, number = number >> 63 and not guest, number & ~(1 << 63)
    if number >> 24:
        return None
    if loader:
        return f"{P_SEAMLDR} call {number:#x}"
    leaf = number & 0xFFFF
    known = c.facts()["guest"]["leaves"].get(str(leaf)) if guest else leaf_numbers().get(leaf)
    return known or (f"TDG. leaf {leaf}" if guest else f"leaf {leaf}")


def leaf_name(leaf: str | int) -> str:
    """``TDH.MEM.PAGE.AUG`` from ``tdh_mem_page_aug``, ``MEM.PAGE.AUG``, 6 or 0x6. InputError where no leaf has that name."""
    number = _number(leaf)
    if number is not None:
        known = numbered_leaf(number)
        if known and not known.startswith("leaf "):
            return known
    elif isinstance(leaf, str) and len(leaf) < 80:
        name = leaf.strip().upper().replace("_", ".")
        if name == P_SEAMLDR:
            return name
        name = name if name.startswith(("TDH.", "TDG.")) else f"TDH.{name}"
        if name in _RULES or name in _leaf_names():
            return name
    meant = near(f"TDH.{str(leaf)[:60].upper().removeprefix('TDH.')}", _leaf_names())
    raise InputError(
        f"leaf {printable(leaf)}",
        "a leaf is a SEAMCALL like TDH.MEM.PAGE.AUG, or its number",
        f"did you mean {meant}?" if meant else "tdxkit seamcall lists those that are modelled",
    )


def _number(leaf: str | int) -> int | None:
    """The number that this is, or stands for; None for a name."""
    if isinstance(leaf, int):
        return None if isinstance(leaf, bool) or not 0 <= leaf < 1 << 64 else leaf
    if leaf.isascii() and leaf.isdigit() and len(leaf) < 6:
        return int(leaf)
    return int(leaf, 16) if re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}", leaf) else None
