"""What a text checks: WARN_ON(), BUG_ON(), lockdep_assert_held(). Each is a rule by its line, that it never fires.

A check is no step. It is judged with the step that it comes after; where a CPU's program begins with it, with one of its own.
"""

import ast

from pycparser import c_ast

from tdxkit.c.flow import MEMORY, Block, assign, call, constant, name
from tdxkit.c.places import Value
from tdxkit.c.reach import RAN
from tdxkit.c.types import INT, VOID
from tdxkit.kinds import Act

WARNS = ("WARN_ON", "WARN_ON_ONCE", "WARN", "WARN_ONCE", "WARN_RATELIMIT", "KVM_BUG_ON", "KVM_BUG", "VM_WARN_ON_ONCE", "VM_WARN_ON", "lockdep_assert",
         "RCU_LOCKDEP_WARN", "VM_WARN_ON_ONCE_PAGE", "KVM_MMU_WARN_ON", "lockdep_assert_once")  # fmt: skip
STOPS = ("BUG_ON", "BUG", "VM_BUG_ON", "VM_BUG_ON_PAGE")
HOLD = ("lockdep_assert", "lockdep_assert_once")  # what is to be true, where of others it is to be false
HELD = {  # what says that a lock is held: how
    "lockdep_assert_held": "", "lockdep_assert_held_once": "", "assert_spin_locked": "", "assert_raw_spin_locked": "",
    "lockdep_assert_held_write": "_write", "lockdep_assert_held_read": "_read", "lockdep_assert_not_held": "",
}  # fmt: skip
CONTEXTS = {  # what says what is switched off: by which question, and its answer
    "lockdep_assert_irqs_disabled": ("irqs_disabled", True), "lockdep_assert_irqs_enabled": ("irqs_disabled", False), "lockdep_assert_in_softirq": ("in_softirq", True),
    "lockdep_assert_preemption_disabled": ("preemptible", False), "lockdep_assert_preemption_enabled": ("preemptible", True), "cant_sleep": ("preemptible", False),
}  # fmt: skip
BEGINS = Act("begins", "", "begins")


class Checks:
    """The checks of one routine."""

    def __init__(self, calls):
        self.calls, self.r, self.unit = calls, calls.r, calls.unit
        self.values = calls.values
        self.words = dict.fromkeys((*WARNS, *STOPS), self._warn) | dict.fromkeys(HELD, self._held)
        self.words |= dict.fromkeys(CONTEXTS, self._context)
        self.words |= dict.fromkeys(("BUILD_BUG_ON", "BUILD_BUG_ON_MSG"), self._built)

    def _held(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        entry = self.unit.kernel.functions[f"the_lock_is_held{HELD[word]}"]
        held = self.calls.run(entry, [self.r.temp(self.values.of(args[0]).code)], INT).code
        self.must(node, word, held if word != "lockdep_assert_not_held" else ast.UnaryOp(ast.Not(), held))
        return Value(constant(0), VOID)

    def _built(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        self.unit.declared.asserted(node, word, args[0], False)
        return Value(constant(0), VOID)

    def _context(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        question, wanted = CONTEXTS[word]
        answer = self.calls.run(self.unit.kernel.functions[question], [], INT).code
        self.must(node, word, answer if wanted else ast.UnaryOp(ast.Not(), answer))
        return Value(constant(0), VOID)

    def must(self, node: c_ast.Node, word: str, wanted: ast.expr) -> None:
        """The rule that a check of this line is, and that what is wanted is true."""
        self.r.move(node)
        self._begun()
        rule = constant(self.unit.rule(word, node))
        self.r.do(ast.Call(ast.Attribute(name(MEMORY), "must", ast.Load()), [rule, wanted], []))

    def _begun(self) -> None:
        """A step, where none has begun: the program begins with a check."""
        shut = ast.UnaryOp(ast.Not(), ast.Attribute(name(MEMORY), "_open", ast.Load()))
        self.r.emit(ast.If(shut, [ast.Expr(ast.Yield(self.unit.act(BEGINS)))], []))

    def _warn(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        """WARN_ON(condition) is the condition; where it is true the rule is broken, or the CPU stops."""
        condition = args[0] if args and word not in ("BUG", "KVM_BUG") else None
        yes, no, after, answer = Block(), Block(), Block(), self.r.variable()
        rule = self.unit.rule(word, node)
        if condition is None:
            self.r.jump(yes)
        else:
            self.values.truth(condition, *((no, yes) if word in HOLD else (yes, no)))
        for block, wrong in ((yes, 1), (no, 0)):
            self.r.at = block
            self.r.move(node)
            if wrong:
                self._begun()
                told = () if word in STOPS else (name(RAN), constant(self.unit.fired(rule)))
                self.r.do(call("bug" if word in STOPS else "warned", name(MEMORY), constant(rule), *told))
            self.r.emit(assign(answer, constant(wrong)))
            self.r.at.ways, self.r.at.line = (after,), self.r.line
        self.r.at = after
        return Value(name(answer), INT)
