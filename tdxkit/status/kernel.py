"""What KVM and the TDX core of Linux do with a status: it depends on the SEAMCALL leaf that returned it.

Facts: the cover letters and patches of the Dynamic PAMT series (`tdx-v2-01`, `tdx-v2-04`, `tdx-v6`).

Fidelity card
  modelled: the fault side, the zap side, reclaim, cache write-back, PAMT.ADD and PAMT.REMOVE, VP.ENTER, TD creation
  simplified: a leaf has one caller; where KVM calls it from two places, the one on a running guest's path is told
  left out: leaves whose caller was not read; the answer says so
"""

from collections import namedtuple
from functools import cache

from tdxkit.errors import InputError, printable
from tdxkit.facts import load_json
from tdxkit.status import codes as c
from tdxkit.text import near

SOURCES = ("tdx-v2-01", "tdx-v2-04", "tdx-v6", "kvm-tdx-base")
FAULT = ("TDH.MEM.SEPT.ADD", "TDH.MEM.PAGE.ADD", "TDH.MEM.PAGE.AUG")
ZAP = ("TDH.MEM.RANGE.BLOCK", "TDH.MEM.TRACK", "TDH.MEM.PAGE.REMOVE", "TDH.MEM.PAGE.DEMOTE")
START_UP = ("TDH.SYS.INIT", "TDH.SYS.LP.INIT", "TDH.SYS.CONFIG", "TDH.SYS.KEY.CONFIG", "TDH.SYS.TDMR.INIT")
SW_ERROR = 0x8000FF00 << 32
AGAIN = 10  # tries of a SEAMCALL that says TDX_RND_NO_ENTROPY


class Action(namedtuple("Action", "kind text")):
    """What the kernel does, in one word or two that the same thing always has, and in a sentence."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


GO_ON = Action("go on", "the call did what it should")
NOT_READ = Action("not read", "the kernel's caller of this leaf was not read")


def _fault(name: str | None) -> Action:
    if name == "TDX_OPERAND_BUSY":
        return Action("retry", "-EBUSY, the fault is taken again until done, a signal comes or the VM is dead")
    return Action("bug the VM", "KVM_BUG_ON and -EIO: no vCPU of this VM runs again")


def _zap(name: str | None) -> Action:
    if name == "TDX_OPERAND_BUSY":
        return Action(
            "kick and retry once",
            "vCPUs are kept out of the guest, the call is made once more; an error then bugs the VM",
        )
    return Action("bug the VM", "KVM_BUG_ON and -EIO: no vCPU of this VM runs again")


def _reclaim(name: str | None) -> Action:
    return Action("warn and leak", "one warning, the page stays with the module and never comes back")


def _write_back(name: str | None) -> Action:
    if name == "TDX_INTERRUPTED_RESUMABLE":
        return Action("retry", "an interrupt came in between: the call goes on where it stopped, up to 10000 times")
    if name == "TDX_NO_HKID_READY_TO_WBCACHE":
        return Action("go on", "another package did it: counts as done")
    return NOT_READ


def _pamt_add(name: str | None) -> Action:
    if name == "TDX_HPA_RANGE_NOT_FREE":
        return Action(
            "go on", "in v1 to v5 a lost race against a put: the refcount is set to 1, in v3 raised; v6: -EIO"
        )
    return Action("fail", "-EIO, the refcount stays 0 (v3 and v4 return 0 by mistake); BUSY has no handling of its own")


def _pamt_remove(name: str | None) -> Action:
    return Action("warn and leak", "logged, the pair stays; v2 to v6 put the refcount back to count it")


def _enter(name: str | None) -> Action:
    if name == "TDX_OPERAND_BUSY":
        return Action("retry", "the exit is handled and the vCPU entered again later, not at once")
    return NOT_READ


def _create(name: str | None) -> Action:
    if name == "TDX_RND_NO_ENTROPY":
        return Action("retry", f"after {AGAIN} tries -EAGAIN: creation is undone, user space may ask again")
    return Action("fail", "creation of the TD is undone")


def _init_td(name: str | None) -> Action:
    if name == "TDX_OPERAND_INVALID":
        return Action("fail", "the ioctl fails without a warning, the operand goes to user space as a hint")
    return Action("fail", "creation of the TD is undone")


def _start_up(name: str | None) -> Action:
    return Action("fail", "printed, -EIO: TDX is not enabled on this host")


# where in the kernel: the leaves called there, and what is done with a status other than success
PLACES = {
    "fault side": (FAULT, _fault),
    "zap side": (ZAP, _zap),
    "reclaim": (("TDH.PHYMEM.PAGE.RECLAIM",), _reclaim),
    "cache write-back": (("TDH.PHYMEM.CACHE.WB",), _write_back),
    "PAMT.ADD": (("TDH.PHYMEM.PAMT.ADD",), _pamt_add),
    "PAMT.REMOVE": (("TDH.PHYMEM.PAMT.REMOVE",), _pamt_remove),
    "VP.ENTER": (("TDH.VP.ENTER",), _enter),
    "TD creation": (("TDH.MNG.CREATE", "TDH.MNG.ADDCX"), _create),
    "MNG.INIT": (("TDH.MNG.INIT",), _init_td),
    "start-up": (START_UP, _start_up),
}
_RULES = {leaf: rule for leaves, rule in PLACES.values() for leaf in leaves}


def action(value: int, name: str | None, leaf: str | None) -> Action:
    """What the kernel does with this status from this leaf; from no leaf: what the leaves have in common."""
    if value & SW_ERROR == SW_ERROR and value >> 48 == 0x8000:
        return _software(value, leaf)
    if value & c.STATUS_MASK == 0:
        return GO_ON
    if leaf is None:
        return _any_leaf(value, name)
    rule = _RULES.get(leaf)
    done = rule(name) if rule else NOT_READ
    if name == "TDX_RND_NO_ENTROPY" and leaf != "TDH.VP.ENTER":
        exact = "" if not value & c.DETAILS_MASK else " (before the series only with an empty lower half)"
        return Action("retry", f"up to {AGAIN} times{exact}; then {done}")
    return done


def _software(value: int, leaf: str | None) -> Action:
    if leaf == "TDH.VP.ENTER":
        return Action("bug the VM", "KVM_BUG_ON, unless the host is rebooting")
    code = {0xFFFF0000: "-ENODEV", 0xD: "-EOPNOTSUPP", 0x6: "-EACCES"}.get(value & c.DETAILS_MASK, "-EIO")
    return Action("fail", f"{code} while TDX starts up; on a running host the caller's rule for any other error")


def _any_leaf(value: int, name: str | None) -> Action:
    """The rules of the places that can see this status (all, where no leaf read returns it), those alike told together."""
    told = [place for place, (leaves, _) in PLACES.items() if any(name in _returned(leaf) for leaf in leaves)]
    if len(told) == 1:
        return action(value, name, PLACES[told[0]][0][0])
    groups: dict[str, list[str]] = {}
    for place in told or PLACES:
        groups.setdefault(action(value, name, PLACES[place][0][0]).kind, []).append(place)
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
    return frozenset(leaf_numbers().values())


def leaf_name(leaf: str | int) -> str:
    """``TDH.MEM.PAGE.AUG`` from ``tdh_mem_page_aug``, ``MEM.PAGE.AUG`` or 6. InputError where no leaf has that name."""
    if isinstance(leaf, int) or (leaf.isascii() and leaf.isdigit() and len(leaf) < 6):
        known = leaf_numbers().get(int(leaf))
        if known and not isinstance(leaf, bool):
            return known
    elif len(leaf) < 80:
        name = leaf.strip().upper().replace("_", ".")
        name = name if name.startswith("TDH.") else f"TDH.{name}"
        if name in _RULES or name in _leaf_names():
            return name
    meant = near(f"TDH.{str(leaf)[:60].upper().removeprefix('TDH.')}", _leaf_names())
    raise InputError(
        f"leaf {printable(leaf)}",
        "a leaf is a SEAMCALL like TDH.MEM.PAGE.AUG, or its number",
        f"did you mean {meant}?" if meant else "tdxkit seamcall lists those that are modelled",
    )
