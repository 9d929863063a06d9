"""The kernel's functions as a text calls them: a table of data, and short programs over the shared memory.

A program takes the memory, then its arguments, and yields a label at each step, like any model of this workbook. What a function takes is a
letter for each argument: `v` a value, `p` a pointer, `T` a value of the type that the pointer before points to, `t` a type, `-` what the model
does not know, such as a format.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

from tdxkit.c.types import INT, Type
from tdxkit.text import near


class Entry(NamedTuple):
    """A function of the kernel. `returns`: None for the type that the pointer points to; `steps`: it is a program with steps; `stack`: it writes
    to what lies on the CPU's stack, and takes and gives it."""

    name: str
    program: Callable
    takes: str = ""
    returns: Type | None = INT
    steps: bool = True
    stack: bool = False


GUARDS = {
    "spinlock": ("spin_lock", "spin_unlock"), "spinlock_irq": ("spin_lock_irq", "spin_unlock_irq"), "spinlock_bh": ("spin_lock_bh", "spin_unlock_bh"),
    "spinlock_irqsave": ("spin_lock_irq", "spin_unlock_irq"), "raw_spinlock": ("raw_spin_lock", "raw_spin_unlock"),
    "raw_spinlock_irq": ("raw_spin_lock_irq", "raw_spin_unlock_irq"), "raw_spinlock_irqsave": ("raw_spin_lock_irq", "raw_spin_unlock_irq"),
    "mutex": ("mutex_lock", "mutex_unlock"), "rwsem_read": ("down_read", "up_read"), "rwsem_write": ("down_write", "up_write"),
    "read_lock": ("read_lock", "read_unlock"), "write_lock": ("write_lock", "write_unlock"), "rcu": ("rcu_read_lock", "rcu_read_unlock"),
    "irq": ("local_irq_disable", "local_irq_enable"), "preempt": ("preempt_disable", "preempt_enable"),
}  # fmt: skip


class Kernel:
    """What a text may call without defining it."""

    def __init__(self, functions: Mapping[str, Entry], constants: Mapping[str, object]):
        self.functions, self.constants = functions, constants

    def way_out(self, word: str, declared) -> str:
        """What to do about a name that is not known: near names, a stub, or its text."""
        meant = near(word, (*self.functions, *declared.functions, *declared.variables), 0.75)
        return f"{f'did you mean {meant}? else ' if meant else ''}define it in the text, or give --stub {word}=0"


@cache
def kernel() -> Kernel:
    """All of them."""
    from tdxkit.c.kernel import atomics, locks, pages, quiet

    functions: dict[str, Entry] = {}
    constants: dict[str, object] = {}
    for module in (quiet, atomics, locks, pages):
        functions |= {entry.name: entry for entry in module.functions()}
        constants |= module.CONSTANTS
    return Kernel(functions, constants)
