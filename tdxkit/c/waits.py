"""Calls that wait for a condition of the text's, and calls that call a function of the text's: wait_event(), kref_put(), call_rcu() and kin.

A condition is looked at again and again: each look is the steps that it has. wait_event() and kin sleep between two looks until they are
woken; smp_cond_load_*() spins, and stands still where nothing has changed.
"""

import ast

from pycparser import c_ast

from tdxkit.c.flow import Block, assign, call, constant, name
from tdxkit.c.forms import is_place
from tdxkit.c.kernel.waiting import GOES_ON, IS_OVER, WAIT_EVENTS
from tdxkit.c.places import Place, Value
from tdxkit.c.routine import Fixed, Scope
from tdxkit.c.types import INT, VOID, Void

VAL = "VAL"  # what smp_cond_load_*() calls the value in its condition
FREES = {"kfree", "kvfree", "kfree_sensitive", "kmem_cache_free"}
PUTS = {"kref_put": "", "kref_put_mutex": "mutex", "kref_put_lock": "lock", "kref_put_spinlock_irqsave": "lock"}


class Waits:
    """The calls of one routine that wait for a condition or call a function of the text."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.values, self.places = calls.values, calls.values.places
        self.words = dict.fromkeys(WAIT_EVENTS, self._event)
        for order in ("relaxed", "acquire"):
            self.words |= {f"smp_cond_load_{order}": self._until, f"atomic_cond_read_{order}": self._until}
        self.words |= dict.fromkeys(PUTS, self._put) | {"call_rcu": self._callback, "call_rcu_hurry": self._callback}

    def _entry(self, word: str):
        return self.unit.kernel.functions[word]

    def _event(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        """The condition is looked at; where it does not hold the kernel's program goes on, which queues or sleeps, and it is looked at again."""
        returns, timed, _ = WAIT_EVENTS[word]
        pointer = self._is_pointer(args[0]) or word.startswith("wait_var_event")
        head = self.places.of_array(args[0]) if pointer else self.places.address(args[0])
        queue = self.r.temp(head.code)
        for timeout in args[2:]:
            self.calls.looked_at(timeout, word)
        self.calls.run(self._entry(word), [queue], VOID)
        number, answer = self.r.variable(), self.r.variable()
        self.r.emit(assign(number, constant(0)))
        again, holds, wrong, late, after = Block(), Block(), Block(), Block(), Block()
        self.r.begin(again)
        self.values.truth(args[1], holds, wrong)
        self.r.at = wrong
        self.r.move(node)
        self.r.emit(assign(number, self.calls.run(self._entry(GOES_ON + word), [queue, name(number)], INT).code))
        self.r.branch(name(number), again, late) if timed else self.r.jump(again)
        self.r.at = holds
        self.r.move(node)
        self.calls.run(self._entry(IS_OVER + word), [queue, name(number)], VOID)
        for block, gives in ((self.r.at, int(timed)), (late, 0)):
            self.r.at = block
            self.r.emit(assign(answer, constant(gives)))
            self.r.jump(after)
        self.r.at = after
        return Value(name(answer) if not isinstance(returns, Void) else constant(0), returns)

    def _is_pointer(self, node: c_ast.Node) -> bool:
        """wait_event() takes the queue's head itself; a pointer to it stands there as *p."""
        return not is_place(node)

    def _until(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        """smp_cond_load_*(pointer, condition on VAL): the value that it holds of."""
        pointer = self.values.of(args[0])
        place = Place(self.places.pointee(pointer, node), pointer=self.r.temp(pointer.code))
        again, holds, wrong = Block(), Block(), Block()
        kept = self.r.variable()
        self.r.begin(again)
        value = self.places.load(place, node, word)
        self.r.emit(assign(kept, value.code))
        self.r.scopes.append(Scope({VAL: Fixed(name(kept), value.type)}))
        self.values.truth(args[1], holds, wrong)
        self.r.scopes.pop()
        self.r.at = wrong
        self.r.do(call("again"))
        self.r.jump(again)
        self.r.at = holds
        return Value(name(kept), value.type)

    # functions of the text that are called later

    def _put(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        """kref_put(&k, release): whoever brings the count to 0 calls release(&k)."""
        kind = PUTS[word]
        pointer = self.r.temp(self.values.of(args[0]).code)
        given = [pointer]
        if kind:
            given.append(self.r.temp(self.values.of(args[2]).code))
        entry = self._entry(
            {"": "refcount_dec_and_test", "mutex": "refcount_dec_and_mutex_lock", "lock": "refcount_dec_and_lock"}[kind]
        )
        last, more, after, answer = Block(), Block(), Block(), self.r.variable()
        self.r.branch(self.calls.run(entry, given, INT).code, last, more)
        for block, did in ((last, 1), (more, 0)):
            self.r.at = block
            self.r.move(node)
            if did:
                self._called(args[1], pointer)
            self.r.emit(assign(answer, constant(did)))
            self.r.jump(after)
        self.r.at = after
        return Value(name(answer), INT)

    def _called(self, function: c_ast.Node, pointer: ast.expr) -> None:
        """A function of the text that is named, with what it is given."""
        if not isinstance(function, c_ast.ID) or function.name not in self.declared.functions:
            raise self.declared.refuse(
                function,
                "this function",
                "it is called later, so it must be one of the text's",
                "paste it too, and name it here",
            )
        word = f"&later {self.r.temps}"
        kind = self.declared.takes[function.name].takes
        self.r.scopes.append(Scope({word: Fixed(pointer, kind[0] if kind else VOID)}))
        given = c_ast.ExprList([c_ast.ID(word, function.coord)], function.coord)
        self.calls.value(c_ast.FuncCall(function, given, function.coord))
        self.r.scopes.pop()

    def _callback(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        """call_rcu(&p->rcu, f). Where f does nothing but free the object the memory goes with the last reader. Else its CPU waits and calls f."""
        pointer = self.r.temp(self.values.of(args[0]).code)
        function = self.declared.functions.get(args[1].name) if isinstance(args[1], c_ast.ID) else None
        if function is not None and _only_frees(function.body):
            self.calls.run(self._entry("call_rcu_frees"), [pointer], VOID)
            return Value(constant(0), VOID)
        self.unit.remarks.append(
            f"{self.declared.where.line(*self.declared.place(node))}: the CPU that calls call_rcu() waits for the readers, and calls the function itself"
        )
        self.calls.run(self._entry("call_rcu"), [], VOID)
        self._called(args[1], pointer)
        return Value(constant(0), VOID)


def _only_frees(body: c_ast.Node) -> bool:
    """Does a callback do nothing but free the object that it is in?"""
    words = list(_calls(body))
    items = body.block_items or []
    plain = all(isinstance(item, (c_ast.Decl, c_ast.FuncCall)) for item in items)
    return plain and sum(word in FREES for word in words) == 1 and FREES.union({"container_of"}).issuperset(words)


def _calls(node: c_ast.Node):
    """The names of the functions that are called."""
    if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID):
        yield node.name.name
    for _, child in node.children():
        yield from _calls(child)
