"""One instruction, as a step's label says it: which variables it works on, and what it may do to them.

A step of kind `locked`, `conditional`, `lock` or `unlock` is an instruction on the variable that its operand names first, for only
cmpxchg16b and its like work on two. It looks, and then it stores once. What it finds it gives back only where its name says so: after
atomic_dec() the value is that of another look, after atomic_dec_and_test() it is not. Names as in the kernel's atomic and refcount API.
"""

import re
from collections.abc import Collection

from tdxkit.explore.memory import Layout
from tdxkit.kinds import LOCK, LOCKED, STORE, UNLOCK, Act

KINDS = (LOCKED, LOCK, UNLOCK)
WORD = re.compile(r"[A-Za-z_]\w*")
WIDE = re.compile(r"cmpxchg(16b|128|_double|8b)")
GIVES_BACK = re.compile(
    r"_and_test|test_and_|_return|fetch|xchg|xadd|negative|_unless|_if_|_not_(zero|one)|_and_(raw_)?(mutex_)?lock|(^|_)try|^bt[src]$"
)
FENCE = re.compile(r"^(smp_|dma_|virt_)?(mb|rmb|wmb|store_mb|mb__\w+)$|barrier")
PLAIN = re.compile(
    r"^(atomic\w*_(set|read)\w*|READ_ONCE|WRITE_ONCE|smp_(load_acquire|store_release)|(__|this_cpu_|raw_cpu_)\w+)$"
)


class Instruction:
    """What the step is that starts under this label. `words`: the variables that it works on; where the label names none of them, the
    first that it touches, which of `lock` and `unlock` is a declared lock (`sure`: it is no guess)."""

    def __init__(self, label: Act, layout: Layout, locks: Collection[str] = ()):
        self.label, self._layout = label, layout
        self._locks = locks if label.kind in (LOCK, UNLOCK) else ()
        name = (WORD.match(label.does) or [""])[0]
        self.is_one = label.kind in KINDS and not FENCE.search(name) and not PLAIN.search(name)
        self._gives_back = bool(GIVES_BACK.search(name))
        self._tests = self._gives_back or label.kind in (LOCK, UNLOCK)
        known = [word for word in WORD.findall(label.operand) if word in layout.plain or word in layout.keyed]
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
            return self if what != STORE and self._gives_back else None
        looks = sum(at == slot for _, at in before) - (what == STORE)
        return self if self._tests or looks < 1 else self._later.setdefault(looks, object())
