"""SEAMCALL leaves, and a TDCALL: the table of all that are modelled and the one engine that runs them.

A leaf is data (data/seamcalls.json: operands, locks, ordered checks, source) and a short function for what it does when every
check holds. `perform` is one generator for all: run to its end it is one call, stepped it is a thread whose every `yield` names
the start of an atomic step. Facts: sources module-leaves, module-1-5-06, module-1-5-01.

Fidelity card
  modelled: {modelled} leaves for TDs without L2 VMs: operands, ordered checks with their statuses and operand ids, PAMT locks by walk and
    implicit ones, PAMT transitions, page counts, removal hints, OP_STATE and Secure-EPT states, life cycle
  simplified: what a leaf does when all checks hold is one atomic step under the locks it holds, which hides half-done states no
    other SEAMCALL can see but for the page count; content of pages (only that a page is zeroed or copied is said); what depends on
    the platform (entropy, interrupts, MSRs) is given with the call as its weather
  simplified: registers that a failing call fills are given where RDX, RCX or R8 say something (a walk that stopped, RECLAIM, a call to
    make again); the others are left as they were
  simplified: the lock of a Secure-EPT entry behaves as the exclusive side of the PAMT lock, and its two bits change in one step
  simplified: a TDCALL does not end the VP.ENTER that it is made in, also where its answer is a TD exit; the guest's time-out for a lock:
    see guest.py; an interrupt in the middle of a 2M accept is left out
  left out: other TDCALLs. They take no PAMT lock, since they name no host address, but for TDG.SERVTD.RD and WR, which walk to the
    target's TDR, shared, as a guest; TDG.MEM.PAGE.ATTR.RD and WR lock Secure-EPT entries as PAGE.ACCEPT does
  left out: L2 VMs and their Secure EPT, migration states, leaves and the checks of export modes, IOMMU pages of TDX Connect and their
    tracking, module update (SYS.SHUTDOWN, SYS.UPDATE) and kexec with TDs or pairs in place
  left out: the other {others} leaf numbers (data/seamcalls.json names them)
"""

from collections.abc import Generator, Mapping
from functools import cache

from tdxkit.errors import InputError, printable
from tdxkit.facts import load_json
from tdxkit.seam.leaves import checks, checks_sept, mem, mng, phymem, stepping, sys, tdg, vp
from tdxkit.seam.leaves.act import GATE, UNDO, LeafAct, let_go
from tdxkit.seam.leaves.call import SHARED, Answer, Broken, Call, Facts
from tdxkit.seam.leaves.leaf import Check, Leaf, compile_leaf
from tdxkit.seam.locks import release_exclusive, release_shared
from tdxkit.status.codes import with_operand
from tdxkit.text import near

SOURCES = ("module-leaves", "module-1-5-06", "module-1-5-01")
FAMILIES = (
    checks,
    checks_sept,
    stepping,
    sys,
    mng,
    vp,
    mem,
    phymem,
    tdg,
)  # they register what they hold
BEFORE_READY = frozenset({31, 33, 35, 45})  # SYS.INIT, LP.INIT, CONFIG, KEY.CONFIG
NOTHING = Facts()


def card_counts() -> dict[str, int]:
    """The numbers on the fidelity card."""
    return {"modelled": len(leaves()), "others": len(load_json("seamcalls.json")["not_modelled"])}


@cache
def leaves() -> Mapping[str, Leaf]:
    """Every modelled SEAMCALL leaf by name."""
    return {leaf.name: leaf for leaf in map(compile_leaf, load_json("seamcalls.json")["leaves"])}


@cache
def tdcalls() -> Mapping[str, Leaf]:
    """Every modelled TDCALL leaf by name; their numbers are another row of numbers."""
    return {leaf.name: leaf for leaf in map(compile_leaf, load_json("seamcalls.json")["tdcalls"])}


def find_leaf(name: str | int) -> Leaf:
    """A leaf by name (TDH. may be missing, TDG. may not) or a SEAMCALL's number; InputError with the nearest names for one that is not
    modelled."""
    table = leaves()
    if name.__class__ is str and name in table:
        return table[name]
    if isinstance(name, int) and not isinstance(name, bool):
        found = next((leaf for leaf in table.values() if leaf.number == name), None)
    elif isinstance(name, str):
        upper = name.strip().upper()
        found = table.get(upper) or table.get(f"TDH.{upper}") or tdcalls().get(upper)
    else:
        found = None
    if found is None:
        raise InputError(
            f"leaf {printable(name)}", "it is not one of the modelled SEAMCALL and TDCALL leaves", _nearest(str(name))
        )
    return found


def _nearest(name: str) -> str:
    others = load_json("seamcalls.json")["not_modelled"]
    upper = name.strip().upper()[:80]
    if upper in others or upper in others.values():
        return "the module has it, but this model does not; `seamcall` lists those it has"
    meant = near(upper, [*leaves(), *(n.removeprefix("TDH.") for n in leaves()), *tdcalls()], 0.5)
    return f"did you mean {meant}?" if meant else "write it like TDH.PHYMEM.PAMT.ADD"


def gate(m, call: Call) -> int:
    """What stands before every leaf: the version in RAX, the module's state. 0 when the leaf may begin. A guest runs, so all is ready."""
    leaf = call.leaf
    if leaf.guest:
        return 0
    if call.version and (call.version > 255 or (call.version not in leaf.versions and not leaf.own_version)):
        return with_operand("TDX_OPERAND_INVALID", "RAX")
    if m.sys_state == "SYS_SHUTDOWN":
        return with_operand("TDX_SYS_SHUTDOWN", 0)
    if m.sys_state != "SYS_READY" and leaf.number not in BEFORE_READY:
        return with_operand("TDX_SYS_NOT_READY", 0)
    return 0


def perform(m, call: Call) -> Generator[LeafAct, None, Answer]:
    """One SEAMCALL or TDCALL on memory `m`, step by step: the gate, the checks in order, what it does, and letting go of its locks."""
    yield GATE
    status = gate(m, call)
    if status:
        return Answer(status)
    facts, leaf = NOTHING, call.leaf
    for act, test, args, check in leaf.plan:
        if check.only_if is not None and not check.only_if.needed(m, call, facts):
            continue
        if act:
            yield act
            found = test(m, call, facts, *args) if args else test(m, call, facts)
        else:
            found = yield from test(m, call, facts, *args)
        if found.__class__ is not Facts:
            break
        facts = found
    else:
        check = None
    held = facts.held
    if check is not None:
        status, regs = failure(check, found)
        regs = facts.out + regs
    elif leaf.effect_steps:
        status, regs, held = yield from leaf.effect(m, call, facts)
    else:
        yield leaf.act
        regs = tuple(leaf.effect(m, call, facts).items())
    for table, key, mode, operand in reversed(held):
        if mode is not UNDO:
            yield let_go(table, operand)
            (release_shared if mode == SHARED else release_exclusive)(getattr(m, table), key)
        elif check is not None:
            yield let_go(table, operand)
            TAKEN_BACK[table](m, key)
    return Answer(status, dict(regs))


TAKEN_BACK = {"bitmap": phymem.clear_bit, "inside": vp.leave_epoch}


def failure(check: Check, found: Broken | None) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Status and registers of a check that failed; details of its own take the place of the operand id."""
    if found is None:
        return check.status, ()
    details, regs = found
    return check.status if details is None else check.status & ~0xFFFFFFFF | details, regs
