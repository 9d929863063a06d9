"""What a step of a SEAMCALL is, beside what it says: an act is the label of the step, and carries the rest as data.

    >>> act = let_go("lock_2m", "RCX")
    >>> act, act.kind, act.operand, act.lock
    ('let go of the 2M entry (RCX)', 'unlock', 'RCX', 'lock_2m')

Nothing reads the words to know what happens: to rename an act changes what is on the screen and nothing else.
"""

from functools import cache

from tdxkit.kinds import LOAD, Act

CHECK, EFFECT, WAY_BACK = "check", "effect", "way back"
UNDO = "undo"  # how a call "holds" what it has done and takes back should a later check fail: a bitmap bit, its place in an epoch
AT_EFFECT, AT_WAY_BACK = -2, -1  # lines of a leaf's text, counted from its end
LEAF_LOCK = "lock_leaf"  # the lock of a PAMT entry at the level that RCX names


class Fixed:
    """Never changes and is compared by identity: what a suspended thread may hold without it being part of the thread's state."""

    __slots__ = ()

    def as_local(self) -> int:
        """What the explorer takes it for."""
        return id(self)


class LeafAct(Act):
    """A step of a SEAMCALL, as an act with its kind.

    operand: the register or structure that a failure names ("RCX", "TDR", "OP_STATE"), "" for none. lock: the table of lock words
    (or a table of what can be undone) it is about, "" for none. part: a check, the effect, or the way back, on which a call gives up what it holds.
    at: the line of the leaf's text, from its end where negative. test: the check as the facts write it, "walk RCX 4K exclusive".
    """

    __slots__ = ("at", "lock", "part", "test")
    at: int
    lock: str
    part: str
    test: str

    def __new__(
        cls,
        label: str,
        kind: str = LOAD,
        operand: str = "",
        lock: str = "",
        part: str = CHECK,
        at: int = 0,
        test: str = "",
    ) -> "LeafAct":
        act = super().__new__(cls, label, kind, operand=operand)
        act._settle(lock=lock, part=part, at=at, test=test)
        return act

    def as_local(self) -> tuple:
        """All that it is, its words first."""
        return str(self), self.kind, self.operand, self.lock, self.part, self.at, self.test


GATE = LeafAct("RAX and the module's state")
DO_IT = LeafAct("all checks hold: do it", "store", part=EFFECT, at=AT_EFFECT)
LOOK = LeafAct(DO_IT, "load", part=EFFECT, at=AT_EFFECT)  # of a leaf that only reads
IN_GUEST = LeafAct("the guest runs", "store", part=EFFECT, at=AT_EFFECT)

# What is given up, by the table of its lock words; {} is the operand, where a call may hold several of the kind.
GIVEN_UP = {
    "lock_1g": "let go of the 1G entry ({})",
    "lock_2m": "let go of the 2M entry ({})",
    "lock_4k": "let go of the 4K entry ({})",
    "bitmap": "clear the bitmap bit again ({})",
    "inside": "the vCPU no longer counts in its epoch",
    "op_lock": "let go of OP_STATE",
    "tree_lock": "let go of the Secure-EPT tree",
    "sept_lock": "let go of the Secure-EPT entry",
    "epoch_lock": "let go of TD_EPOCH",
    "kot_lock": "let go of the KOT",
    "ket_lock": "let go of the KET",
    "sys_lock": "let go of the module lock",
    "wb_lock": "let go of the write-back lock",
    "tdmr_lock": "let go of the TDMR",
}

UNDONE = ("bitmap", "inside")  # the tables that hold no locks


@cache
def let_go(lock: str, operand: str, at: int = AT_WAY_BACK) -> LeafAct:
    """The act of giving up a lock, or of undoing what was done, on the way back."""
    kind = "locked" if lock in UNDONE else "unlock"
    return LeafAct(GIVEN_UP[lock].format(operand), kind, operand, lock, WAY_BACK, at)
