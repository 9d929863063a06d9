"""What a step is, beside what it says: one of eight kinds, and the operation by the name that the kernel or the module gives it.

    yield "look at the flag"                               # words only: its kind is read off what the step did to the memory
    yield locked("atomic_inc", "refcount")                 # its words are atomic_inc(refcount)
    yield conditional("atomic_inc_not_zero", "refcount")   # locked where it wrote, a load where it did nothing
    yield seamcall("TDH.PHYMEM.PAMT.ADD", "region")

The words are for people. Whoever wants to know what happened asks for `kind` and `does`.
"""

from tdxkit.errors import ModelError

LOAD, STORE, LOCKED, LOCK, UNLOCK, SEAMCALL, ALLOC, FREE = KINDS = (
    "load",
    "store",
    "locked",  # a read-modify-write instruction of x86 with a lock prefix, or a fence
    "lock",
    "unlock",
    "seamcall",
    "alloc",
    "free",
)


class Act(str):
    """A step's label that also knows its kind ("" leaves it to the memory) and what it does ("": no name but the label).

    `idle` is the kind of a step that wrote nothing, where that differs: a conditional operation has the kind of what it did.
    `sleeps`: the step may go to sleep, which nobody may who holds a spinlock. `operand`: what it works on, as the C names it.
    """

    __slots__ = ("does", "idle", "kind", "operand", "sleeps")
    kind: str
    does: str
    idle: str
    sleeps: bool
    operand: str

    def __new__(
        cls, label: str, kind: str = "", does: str = "", idle: str = "", sleeps: bool = False, operand: str = ""
    ) -> "Act":
        made = super().__new__(cls, label)
        made._settle(kind=kind, does=does, idle=idle or kind, sleeps=sleeps, operand=operand)
        return made

    def _settle(self, **more: object) -> None:
        """Give it what it carries, once and for all."""
        for name, value in more.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an act does not change: {name}")

    def __reduce__(self):
        return type(self), self.as_local()

    def as_local(self) -> tuple:
        """All that it is, its words first: what it counts for where a program keeps one in a variable."""
        return str(self), self.kind, self.does, self.idle, self.sleeps, self.operand

    def kind_when(self, wrote: bool, read: bool, took: bool, gave: bool) -> str:
        """The kind of a step that started here: as declared, else by what it did to the memory ("" where it did not touch it)."""
        if self.kind:
            return self.kind if wrote else self.idle
        if took or gave:
            return LOCK if took else UNLOCK
        if wrote:
            return LOCKED if read else STORE
        return LOAD if read else ""


def _act(kind: str, does: str, operand: str, label: str, idle: str = "", sleeps: bool = False) -> Act:
    if not isinstance(operand, str):
        raise ModelError(
            f"{does}({operand!r})",
            "what it works on is given by its name",
            'write the name as a text, like "pamt_lock"',
        )
    return Act(label or f"{does}({operand})", kind, does, idle, sleeps, operand)


def load(does: str, operand: str = "", label: str = "") -> Act:
    """A plain load."""
    return _act(LOAD, does, operand, label)


def store(does: str, operand: str = "", label: str = "") -> Act:
    """A plain store."""
    return _act(STORE, does, operand, label)


def locked(does: str, operand: str = "", label: str = "") -> Act:
    """A locked read-modify-write, whatever comes of it."""
    return _act(LOCKED, does, operand, label)


def conditional(does: str, operand: str = "", label: str = "") -> Act:
    """A read-modify-write that may leave things alone: then it has only looked, and is a load."""
    return _act(LOCKED, does, operand, label, LOAD)


def lock(does: str, operand: str = "", label: str = "") -> Act:
    """Taking a lock; while it spins it looks, which is a load."""
    return _act(LOCK, does, operand, label, LOAD)


def unlock(does: str, operand: str = "", label: str = "") -> Act:
    """Letting go of a lock."""
    return _act(UNLOCK, does, operand, label)


def seamcall(leaf: str, operand: str = "", label: str = "") -> Act:
    """A call of the TDX module, or a part of one."""
    return _act(SEAMCALL, leaf, operand, label)


def alloc(does: str, operand: str = "", label: str = "", sleeps: bool = True) -> Act:
    """Asking the page allocator, which may sleep; with GFP_ATOMIC or GFP_NOWAIT in its words it does not."""
    atomic = any(flag in f"{does} {operand} {label}" for flag in ("GFP_ATOMIC", "GFP_NOWAIT"))
    return _act(ALLOC, does, operand, label, sleeps=sleeps and not atomic)


def sleep(does: str, operand: str = "", label: str = "") -> Act:
    """Going to sleep: msleep(), cond_resched(), waiting for a completion. It touches no memory of the model."""
    return _act("", does, operand, label, sleeps=True)


def free(does: str, operand: str = "", label: str = "") -> Act:
    """Giving back to the page allocator."""
    return _act(FREE, does, operand, label)
