"""Who runs: smp_processor_id(), and current, which is compared and not looked into.

A CPU runs one task, and a task stays on its CPU. Its number lies at the bottom of the CPU's stack, where the text asks for it.
"""

import ast

from tdxkit.c.flow import STACK, call, constant, name
from tdxkit.c.kernel import asked
from tdxkit.c.places import Value
from tdxkit.c.types import INTS, Pointer, Struct

CURRENT = "current"


class Cpus:
    """What one routine asks of its CPU."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.words = dict.fromkeys(("smp_processor_id", "raw_smp_processor_id"), self._number)

    def _number(self, node, word: str, args: list) -> Value:
        """The CPU's number, from 0."""
        if args:
            raise self.declared.refuse(
                node, f"`{word}(…)`", f"it takes 0 arguments, and gets {len(args)}", "correct the call"
            )
        self.unit.numbered = True
        self.unit.modules.add(asked.__name__)
        return Value(ast.Subscript(name(STACK), constant(0), ast.Load()), INTS["unsigned int"])

    def task(self) -> Value:
        """current: a pointer that is another one on each CPU."""
        self.unit.numbered = True
        self.unit.modules.add(asked.__name__)
        kind = self.declared.tags.setdefault("task_struct", Struct("struct task_struct"))
        return Value(self.r.temp(call("own_task", name(STACK))), Pointer(kind))
