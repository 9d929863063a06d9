"""Answers that are the order of a zap: done step by step on a TD whose vCPU runs, until the module refuses one."""

from tdxkit.errors import InputError, printable
from tdxkit.lessons.checks.host import several
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.linux.host.host import Host
from tdxkit.linux.host.kvm.fault import fault
from tdxkit.linux.host.kvm.init import add_page, finalize, td_init, vcpu_create, vcpu_init
from tdxkit.linux.host.kvm.td import Td
from tdxkit.linux.host.kvm.vcpu import enter
from tdxkit.linux.host.kvm.zap import kick
from tdxkit.units import PAGE_2M

OF_A_ZAP = ("block", "track", "kick", "remove", "write back", "put")


def order(answer: object, exercise: Exercise) -> Said:
    """The steps of a zap in an order, done on a TD whose vCPU runs; the page is the last of its region."""
    given = [one if isinstance(one, str) else printable(one, 40) for one in several(answer)]
    for name in given:
        if name not in OF_A_ZAP:
            raise InputError(
                f"step {printable(name, 40)}", f"a zap is made of {', '.join(OF_A_ZAP)}", "take these words"
            )
    td = _running()
    for number, name in enumerate(given, 1):
        if said := _do(td, name):
            return _shown(td, f"Step {number}, {name}: {said}.")
    if left := [name for name in OF_A_ZAP if name not in given]:
        return _shown(td, f"So far nothing is refused, and {left[0]} is missing.")
    if len(given) > len(OF_A_ZAP):
        twice = next(name for name in given if given.count(name) > 1)
        return _shown(td, f"{twice} is there twice: once is enough.")
    return Said(
        True, "Nothing is refused, and the region's pair comes back with the put.", td.host.run("A zap in your order")
    )


def _running() -> Td:
    """A TD of v6 whose vCPU runs, with one page alone in its region."""
    td = Td(Host("v6"))
    for act in (td_init, vcpu_create, vcpu_init):
        act(td)
    add_page(td, 0)
    finalize(td)
    enter(td)
    fault(td, PAGE_2M)
    td.host.log.begin()
    return td


def _do(td: Td, name: str) -> str:
    """One step of a zap; what refuses it, "" where nothing does. A kick is out once: the vCPU goes in again."""
    host, page = td.host, td.leaves[PAGE_2M][0]
    if name == "kick":
        kick(td)
        enter(td)
        return ""
    if name == "put":
        before = len(host.log.warnings)
        host.pairs.put(page)
        return "; ".join(host.log.warnings[before:])
    leaf, registers = {
        "block": ("TDH.MEM.RANGE.BLOCK", {"rcx": PAGE_2M, "rdx": td.tdr}),
        "track": ("TDH.MEM.TRACK", {"rcx": td.tdr}),
        "remove": ("TDH.MEM.PAGE.REMOVE", {"rcx": PAGE_2M, "rdx": td.tdr}),
        "write back": ("TDH.PHYMEM.PAGE.WBINVD", {"rcx": page}),
    }[name]
    result = host.calls.make(leaf, **registers)
    return "" if result.ok else f"{leaf} says {result}"


def _shown(td: Td, says: str) -> Said:
    run = td.host.run("A zap in your order")
    return Said(False, says, run if len(run) else None)
