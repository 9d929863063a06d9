"""One thing that goes wrong: the n-th allocation or SEAMCALL of a run fails, in one of four ways."""

from dataclasses import dataclass

from tdxkit.status import code, with_operand

HOWS = {
    "no memory": 0,
    "busy": with_operand("TDX_OPERAND_BUSY", "RCX"),
    "error": with_operand("TDX_PAGE_METADATA_INCORRECT", "RCX"),
    "no entropy": code("TDX_RND_NO_ENTROPY"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Point `at` fails (allocations and SEAMCALLs are numbered from 1 as they happen); `how` is a key of HOWS, 0 means never.

    An allocation can only fail with "no memory", a SEAMCALL only with the others; at another kind of point nothing happens.
    With `leaf` (or "alloc KIND") every point of that name fails, whichever its number. A `lasting` fault strikes at `at` and at each
    later point of the same name, as hardware that stays broken does.
    """

    at: int = 0
    how: str = "error"
    leaf: str = ""
    lasting: bool = False

    def hits(self, point: int, what: str) -> bool:
        """Whether this point, an allocation (its name starts with "alloc") or a leaf, fails."""
        return (point == self.at or what == self.leaf) and what.startswith("alloc") == (self.how == "no memory")

    @property
    def status(self) -> int:
        """What the SEAMCALL answers."""
        return HOWS[self.how]


NO_FAULT = Fault()


class Points:
    """The points of a run that may fail, numbered from 1 as they happen, and the fault that strikes one of them."""

    def __init__(self, fault: Fault = NO_FAULT):
        self.fault, self.count, self.struck = fault, 0, ""

    def fails(self, what: str) -> int | None:
        """The status to answer with if this point is one to fail, else None; allocations only look whether it is not None."""
        self.count += 1
        if self.fault.hits(self.count, what):
            self.struck = what if self.fault.lasting else ""
            return self.fault.status
        return self.fault.status if what == self.struck else None
