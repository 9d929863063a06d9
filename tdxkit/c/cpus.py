"""Who runs, and in what context: smp_processor_id(), current, which is compared and not looked into, in_atomic(), in_interrupt(), irqs_disabled().

A CPU runs one task, and a task stays on its CPU. What the text asks for lies at the bottom of the CPU's stack: its number, and how often it has
switched preemption, softirqs and interrupts off.
"""

import ast

from tdxkit.c.flow import STACK, assign, call, constant, name
from tdxkit.c.kernel import asked
from tdxkit.c.kernel.asked import ASKS, switched
from tdxkit.c.operators import truth_of
from tdxkit.c.places import Value
from tdxkit.c.types import INT, INTS, Pointer, Struct

CURRENT = "current"


class Cpus:
    """What one routine asks of its CPU."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.words = dict.fromkeys(("smp_processor_id", "raw_smp_processor_id"), self._number)
        self.words |= dict.fromkeys(ASKS, self._context)

    def _asked(self, node, word: str, args: list) -> None:
        if args:
            raise self.declared.refuse(
                node, f"`{word}(…)`", f"it takes 0 arguments, and gets {len(args)}", "correct the call"
            )
        self.unit.numbered = True
        self.unit.modules.add(asked.__name__)

    def _number(self, node, word: str, args: list) -> Value:
        """The CPU's number, from 0."""
        self._asked(node, word, args)
        return Value(_at(0), INTS["unsigned int"])

    def task(self) -> Value:
        """current: a pointer that is another one on each CPU."""
        self.unit.numbered = True
        self.unit.modules.add(asked.__name__)
        kind = self.declared.tags.setdefault("task_struct", Struct("struct task_struct"))
        return Value(self.r.temp(call("own_task", name(STACK))), Pointer(kind))

    def _context(self, node, word: str, args: list) -> Value:
        """Is one of these switched off?"""
        self._asked(node, word, args)
        code, *more = map(_at, ASKS[word])
        for one in more:
            code = ast.BinOp(code, ast.Add(), one)
        return Value(self.r.temp(truth_of(ast.Compare(code, [ast.Gt()], [constant(0)]))), INT)

    def counted(self, word: str, answer: ast.expr | None) -> None:
        """A function of the kernel has run, and may have switched something; `answer`: what it gave."""
        found = switched(word) if self.unit.asks_contexts else None
        if found is None:
            return
        self.unit.numbered = True
        laid = [
            assign(
                STACK, call("laid", name(STACK), constant(what), ast.BinOp(_at(what), ast.Add(), constant(found.by)))
            )
            for what in found.what
        ]
        for statement in [ast.If(answer, laid, [])] if found.asks and answer is not None else laid:
            self.r.emit(statement)


def _at(cell: int) -> ast.expr:
    """What lies at the bottom of the stack."""
    return ast.Subscript(name(STACK), constant(cell), ast.Load())
