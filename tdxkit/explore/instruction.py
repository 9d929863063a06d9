"""One instruction, as a step's label says it: which variables it works on, and what it may do to them.

A step of kind `locked`, `conditional`, `lock` or `unlock` is an instruction on the variable that its operand names first, for only
cmpxchg16b and its like work on two. It looks, and then it stores once. What it finds it gives back only where its name says so: after
atomic_dec() the value is that of another look, after atomic_dec_and_test() it is not. Names as in the kernel's atomic and refcount API.
"""

import re
from collections.abc import Collection

from tdxkit.explore.memory import Layout
from tdxkit.kinds import LOCK, LOCKED, STORE, UNLOCK, Act
from tdxkit.text import Pattern

KINDS = (LOCKED, LOCK, UNLOCK)
WORD = Pattern(r"[A-Za-z_]\w*")
WIDE = Pattern(r"cmpxchg(16b|128|_double|8b)")
HEAD = Pattern(r"(?P<around>\W*(?:(?:if|while|return)\b\W*)*)(?P<prefix>(?:lock\s+)?)_*(?P<name>[A-Za-z]?\w*)")
GIVES_BACK = Pattern(
    r"_and_test|test_?(and_?)?set|test_and_|_return|fetch|xchg|exchange|swap$|xadd|negative|_unless|_if_|_not_|_and_(raw_)?(mutex_)?lock|(^|_)try"
    r"|^bt[src][lq]?$|testzero|put(_|$)|mmdrop|^rcuref_get$|^get_file_rcu$",
    re.IGNORECASE,
)
TAKES = Pattern(r"_lock(_irq|_irqsave|_bh|_nested)?$")  # it spins: each try looks and takes, or leaves things alone
FENCE = Pattern(
    r"^(smp_|dma_|virt_)?(mb|rmb|wmb|store_mb|mb__\w+)$|barrier|fence$|^prefetch|^(cpu_relax|pause|clflush)"
)
# What its name says to be no locked read-modify-write of x86: a plain access, one that only its own CPU makes, what is done under a lock.
PLAIN = Pattern(
    r"(^|_)(set|read|init)(_acquire|_release)?$|^(READ_ONCE|WRITE_ONCE|smp_(load|store)_\w+|test_bit\w*|assign_bit|rcu_(assign|dereference)\w*|set_(current_state|page_private))$"
    r"|^(init_|INIT_|h?list_|xas?_(?!cmpxchg|insert|alloc)|mem(cpy|set|move)|raw_cpu_|local(64)?_(?!lock|unlock)|percpu_(?!ref_|down_|up_))|_local$|seqcount_|_copy$"
    r"|_(node|zone)_\w*state$|^count_vm_event|^(rdtsc|rdmsr|wrmsr)"
)
NOT_ATOMIC = Pattern(
    r"^__((test_and_)?(set|clear|change)_bit|(Test)?(Set|Clear)Page|folio_(set|clear)_|(this_cpu|raw_cpu|inc|dec|mod|count)_)"
)
BARE = Pattern(r"^(inc|dec|neg|not|add|sub|adc|sbb|and|or|xor|xadd|bt[src])[bwlq]?$")  # locked only with the prefix
STATEMENT = Pattern(r"^\W*[\w.>-]+\s*(\+\+|--|[-+|&^]=)|^\s*(\+\+|--)")
OF_ITS_CPU = Pattern(
    r"^(this_cpu_|local(64)?_(?!irq|bh|lock|unlock))|_local$"
)  # one instruction to what interrupts it, and no more
LOCKS = Pattern(
    r"(^|_)(try|un)?lock(_irq\w*|_bh|_nested\w*|_killable|_interruptible)?$|^(percpu_)?(down|up)(_(read|write|trylock|killable|interruptible|timeout|nested))*$"
)
LOCKS_NOTHING = Pattern(r"^s?rcu_|_and_")


def name_of(does: str) -> str:
    """The name of the operation, as in `if (test_and_set_bit(0, &word))`; without underscores before it, as they change nothing but who
    may call it."""
    return _head(does)["name"]


def _head(does: str) -> re.Match[str]:
    """What stands before the operands, each part of which may be empty."""
    found = HEAD.match(does)
    assert found is not None, "nothing at all is a head too"
    return found


def plain(does: str) -> bool:
    """Does the name of an operation say that it is no locked read-modify-write?"""
    head = _head(does)
    name = head["name"]
    if (
        FENCE.search(name)
        or STATEMENT.match(does)
        or OF_ITS_CPU.search(name)
        or NOT_ATOMIC.match(does[len(head["around"]) :])
    ):
        return True
    if BARE.match(name):
        return not head["prefix"]
    return bool(PLAIN.search(name)) and not GIVES_BACK.search(name) and not LOCKS.search(name)


def takes_lock(label: Act) -> bool:
    """Does a step take a lock or let go of one: by its kind, or by the name of what it says to be one instruction?"""
    name = name_of(label.does)
    return label.kind in (LOCK, UNLOCK) or bool(
        label.kind == LOCKED and LOCKS.search(name) and not LOCKS_NOTHING.search(name)
    )


def saturates(does: str, before: object, after: object) -> str:
    """What a refcount_t makes of a step: it warns, and stays saturated, where it is counted up from 0 or, unasked, down to it."""
    name = name_of(does)
    if before == 0 and type(before) is int and re.match(r"(refcount_(inc|add)|kref_get)$", name):
        return f"{name} from 0 warns, and a refcount_t saturates: refcount_set(…, 1) where nobody else counts, refcount_inc_not_zero where it may be gone"
    if after == 0 and type(after) is int and re.match(r"refcount_dec$", name):
        return f"{name} to 0 warns, and a refcount_t saturates: refcount_dec_and_test"
    return ""


class Instruction:
    """What the step is that starts under this label. `words`: the variables that it works on; where the label names none of them, the
    first that it touches, which of `lock` and `unlock` is a declared lock (`sure`: it is no guess). `gives_back`: what it found; `tests`: it
    may leave things alone."""

    def __init__(self, label: Act, layout: Layout, locks: Collection[str] = (), one_cpu: bool = False):
        self.label, self._layout = label, layout
        self._locks = locks if label.kind in (LOCK, UNLOCK) else ()
        name = name_of(label.does)
        alone = (
            one_cpu and OF_ITS_CPU.search(name_of(label.does or label)) and not (label.does or label).startswith("__")
        )
        self.is_one = bool(alone) or (label.kind in KINDS and not plain(label.does))
        self.gives_back = bool(GIVES_BACK.search(name))
        self.tests = self.gives_back or label.kind in (LOCK, UNLOCK) or bool(TAKES.search(name))
        operand = label.operand if label.does else label
        known = [word for word in WORD.findall(operand) if word in layout.plain or word in layout.keyed]
        self.words = tuple(dict.fromkeys(known))[: None if WIDE.search(label.does) else 1]
        self.sure = bool(self.words or self._locks)
        self._slots: dict[str, int] = {}
        self._later: dict[int, object] = {}  # the same instruction begun again, by the looks before it

    def part(self, what: str, slot: int, before: Collection[tuple[str, int]]) -> object | None:
        """The instruction that a load or store of this slot is part of; None where it is of none. before: what the step did, as (what, slot).

        One that gives nothing back does not test: of several looks before its store only the last is its own.
        """
        if not self.is_one:
            return None
        name = self._layout.names[slot]
        if not self.words and (not self._locks or name in self._locks):
            self.words = (name,)
        if name not in self.words or self._slots.setdefault(name, slot) != slot:
            return None
        if (STORE, slot) in before:
            return self if what != STORE and self.gives_back else None
        looks = sum(at == slot for _, at in before) - (what == STORE)
        return self if self.tests or looks < 1 else self._later.setdefault(looks, object())
