"""A leaf in words: operands, locks, the checks in order, what comes back; from the same facts that run it."""

from tdxkit.facts import cite
from tdxkit.seam.leaves.leaf import Leaf, compile_condition


def describe(leaf: Leaf) -> str:
    """Some dozen lines of text."""
    spec = leaf.spec
    made = "TDCALL " if leaf.guest else ""
    rows = [f"{leaf.name}  ({made}leaf {leaf.number}, version {' or '.join(map(str, leaf.versions))})", "", "takes"]
    rows += [f"  {reg:7} {what}" for reg, what in spec["in"].items()] or ["  no register"]
    if spec.get("state"):
        rows += ["needs", f"  {spec['state']}"]
    rows += [f"  {title}: {', '.join(spec[key])}" for key, title in STATES.items() if spec.get(key)]
    rows += ["locks", *(f"  {lock}" for lock in spec["locks"])]
    rows += ["checks, in this order"]
    rows += [
        f"{k:4} {status_of(check)}: {check['when']}{_only_if(check)}{_left_out(check)}"
        for k, check in enumerate(spec["checks"], 1)
    ]
    rows += ["does", f"  PAMT: {spec['transition'] or 'nothing'}"]
    if spec.get("effects"):
        rows += [f"  {spec['effects']}"]
    rows += ["returns"]
    rows += [f"  {reg:7} {what}" for reg, what in spec.get("out", {}).items()] or ["  the status in RAX only"]
    if spec.get("hint"):
        rows += [
            f"hint\n  bit 62 of {spec['hint']}: the page count of the region went from 1 to 0, PAMT.REMOVE may succeed"
        ]
    if spec.get("can_miss_pair"):
        rows += [f"page pair\n  may answer TDX_MISSING_PAMT_PAGE_PAIR ({spec['can_miss_pair']})"]
    if spec.get("note"):
        rows += [f"note\n  {spec['note']}"]
    origin = cite(spec["source"])
    return "\n".join([*rows, f"source\n  {spec.get('read_in') or origin.read_in}; {origin}"])


STATES = {"op_states": "OP_STATE", "sept_states": "Secure-EPT entry"}


def status_of(check) -> str:
    """A check's status as NAME|OPERAND, NAME|<what the details hold>, or NAME."""
    if check.get("operand"):
        return f"{check['status']}|{check['operand']}"
    return check["status"] + (f"|<{check['details']}>" if check.get("details") else "")


def _only_if(check) -> str:
    return f" (only if {compile_condition(check['if']).words})" if check.get("if") else ""


def _left_out(check) -> str:
    return f" (not modelled: {check['left_out']})" if check.get("left_out") else ""
