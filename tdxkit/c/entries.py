"""Entries of lists: list_first_entry() and kin, and the loops over lists and bits.

list_for_each_entry() looks at the head again for each entry; what takes the entry off under it is a defect. Its _safe form has the next one
before the body runs. The _rcu forms go over what was there when they began: what is taken off meanwhile may still be met.
"""

import ast

from pycparser import c_ast

from tdxkit.c.flow import Block, assign, call, constant, name
from tdxkit.c.kernel.listed import ALL, ENDS, FOLLOWING, WALK, WALK_BACK
from tdxkit.c.known import LLIST_NODE
from tdxkit.c.places import Place, Value
from tdxkit.c.types import INT, Pointer, Type

BESIDE = ("list_next_entry", "list_prev_entry")
RCU = frozenset(("rcu", "srcu", "lockless"))
FORMS = {  # of loops over entries, over list_heads, and over hlists: what their names end in
    "list_for_each_entry": "safe rcu srcu lockless reverse safe_reverse continue continue_reverse from from_reverse safe_continue safe_from",
    "list_for_each": "safe rcu reverse prev prev_safe continue", "hlist_for_each_entry": "safe rcu srcu", "hlist_for_each": "safe",
}  # fmt: skip
LOOPS = {
    "_".join(filter(None, (word, form))): ("entry" if "entry" in word else "raw", frozenset(form.split("_")))
    for word, forms in FORMS.items()
    for form in ("", *forms.split())
}
LOCKLESS = ("llist_for_each", "llist_for_each_safe", "llist_for_each_entry", "llist_for_each_entry_safe")
REST = (
    "hlist_for_each_entry_continue",
    "hlist_for_each_entry_from",
    "hlist_for_each_entry_continue_rcu",
    "hlist_for_each_entry_from_rcu",
)  # no head
BITS = {
    "for_each_set_bit": ("find_first_bit", "find_next_bit"),
    "for_each_clear_bit": ("find_first_zero_bit", "find_next_zero_bit"),
}


class Entries:
    """The entries of lists in one routine."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.values, self.places = calls.values, calls.values.places
        self.words = dict.fromkeys(ENDS, self._end) | dict.fromkeys(BESIDE, self._beside)
        self.words |= {
            "hlist_entry_safe": self._or_null,
            "list_prepare_entry": self._prepared,
            "list_entry_is_head": self._is_head,
        }

    def _run(self, word: str, *given: ast.expr) -> ast.expr:
        made = self.calls.run(self.unit.kernel.functions[word], [self.r.temp(code) for code in given], INT)
        return self.r.temp(made.code)

    def _end(self, node, word: str, args: list) -> Value:
        pointer = self._run(f"the_{word}", self.values.of(args[0]).code)
        return self._object(pointer, self.declared.type_of(args[1]), args[2])

    def _or_null(self, node, word: str, args: list) -> Value:
        return self._object(self.r.temp(self.values.of(args[0]).code), self.declared.type_of(args[1]), args[2])

    def _beside(self, node, word: str, args: list) -> Value:
        value = self.values.of(args[0])
        kind = self.places.pointee(value, node)
        entry = call("moved", value.code, constant(self.calls.accesses.offset(kind, args[1])))
        return self._object(self._run(f"the_{word}", entry), kind, args[1])

    def _object(self, pointer: ast.expr, kind: Type, member: c_ast.Node) -> Value:
        """The object that an entry is in; NULL for NULL."""
        return Value(
            self._run("the_within", pointer, constant(self.calls.accesses.offset(kind, member))), Pointer(kind)
        )

    def _prepared(self, node, word: str, args: list) -> Value:
        """list_prepare_entry(pos, head, member): pos, or where it is NULL what begins a loop that goes on from there."""
        place = self.places.place(args[0])
        cells = self.calls.accesses.offset(place.type.to, args[2])
        pos = self.r.temp(self.places.load(place, args[0]).code)
        start = call("moved", self.values.of(args[1]).code, constant(-cells))
        return Value(self._run("the_first_of", pos, start), place.type)

    def _is_head(self, node, word: str, args: list) -> Value:
        """list_entry_is_head(pos, head, member)."""
        entry = self._entry_of(args[0], args[2])
        return Value(self._run("the_same", entry, self.values.of(args[1]).code), INT)

    def _entry_of(self, pos: c_ast.Node, member: c_ast.Node | None) -> ast.expr:
        """The list_head of the object that the variable of a loop points to."""
        value = self.values.of(pos)
        if member is None:
            return self.r.temp(value.code)
        cells = self.calls.accesses.offset(self.places.pointee(value, pos), member)
        return self.r.temp(call("moved", value.code, constant(cells)))

    # loops

    def loop(self, node: c_ast.For, word: str, args: list, body) -> None:
        """A loop over entries; `body(leave, again)` is its body."""
        how = self._lockless if word in LOCKLESS else self._rest if word in REST else self._walk
        how(node, word, args, body)

    def _walk(self, node: c_ast.For, word: str, args: list, body) -> None:
        """Over a list."""
        if word not in LOOPS:
            raise self.declared.refuse(node, f"`{word}(…)`", "this loop is not known", "write it as a for loop")
        kind, form = LOOPS[word]
        safe, rcu, raw, hlist = "safe" in form, bool(form & RCU), kind == "raw", word.startswith("hlist")
        pos, nxt, where, member = args[0], args[1] if safe else None, args[1 + safe], None if raw else args[2 + safe]
        cells = 0 if member is None else self.calls.accesses.offset(self.places.type_of(pos).to, member)
        kept, now, then = self.r.variable(), self.r.variable(), self.r.variable()
        self.r.emit(assign(kept, self.r.temp(self.values.of(where).code)))
        step = self.unit.kernel.functions[WALK_BACK if form & {"reverse", "prev"} else WALK]
        again, inside, over, on, after = Block(), Block(), Block(), Block(), Block()
        if rcu:
            self._snapshot(name(kept), then)
        elif "from" in form:
            self.r.emit(assign(now, self._run("the_unless", self._entry_of(pos, member), name(kept))))
        else:
            before = self._entry_of(pos, member) if "continue" in form else constant(0)
            self.r.emit(assign(now, self.calls.run(step, [name(kept), before], INT).code))
        self.r.begin(again)
        if rcu:
            self._next_of(then, now)
        self.r.branch(name(now), inside, over)
        self.r.at = inside
        self._gives(pos, call("moved", name(now), constant(-cells)))
        if safe:
            self.r.emit(assign(then, self.calls.run(step, [name(kept), name(now)], INT).code))
            self._gives(nxt, self._run("the_within", name(then), constant(0 if raw or hlist else cells)))
        body(after, on)
        self.r.begin(on)
        if safe:
            self.r.emit(assign(now, name(then)))
        elif not rcu:
            self.r.emit(assign(now, self.calls.run(step, [name(kept), name(now)], INT).code))
        self.r.do(call("again"))
        self.r.jump(again)
        self.r.at = over  # the loop has come to its end: there is no entry, but in an hlist NULL
        self._gives(pos, constant(0) if hlist else call("moved", name(kept), constant(-cells)))
        self.r.jump(after)
        self.r.at = after

    def _rest(self, node: c_ast.For, word: str, args: list, body) -> None:
        """Over what follows an entry of an hlist, itself too where the loop is one `from` it."""
        pos, cells = args[0], self.calls.accesses.offset(self.places.type_of(args[0]).to, args[1])
        following, now = self.unit.kernel.functions[FOLLOWING], self.r.variable()
        first = self._run("the_within", self.values.of(pos).code, constant(-cells))
        if "continue" in word:
            first = self.calls.run(following, [first], INT).code
        self.r.emit(assign(now, first))
        again, inside, over, after, on = Block(), Block(), Block(), Block(), Block()
        self.r.begin(again)
        self.r.branch(name(now), inside, over)
        self.r.at = inside
        self._gives(pos, call("moved", name(now), constant(-cells)))
        body(after, on)
        self.r.begin(on)
        self.r.emit(assign(now, self.calls.run(following, [name(now)], INT).code))
        self.r.do(call("again"))
        self.r.jump(again)
        self.r.at = over
        self._gives(pos, constant(0))
        self.r.jump(after)
        self.r.at = after

    def _lockless(self, node: c_ast.For, word: str, args: list, body) -> None:
        """A loop over the entries of a list without a lock that were taken off it: their next pointers are followed."""
        safe = "_safe" in word
        pos, nxt, first = args[0], args[1] if safe else None, args[1 + safe]
        member = args[2 + safe] if "_entry" in word else None
        cells = 0 if member is None else self.calls.accesses.offset(self.places.type_of(pos).to, member)
        link = Pointer(LLIST_NODE)
        now, then = self.r.variable(), self.r.variable()
        self.r.emit(assign(now, self.values.of(first).code))
        again, inside, after, on = Block(), Block(), Block(), Block()
        following = Place(link, pointer=name(now))
        self.r.begin(again)
        self.r.branch(name(now), inside, after)
        self.r.at = inside
        self._gives(pos, call("moved", name(now), constant(-cells)))
        if safe:
            self.r.emit(assign(then, self.places.load(following, node).code))
            self._gives(nxt, self._run("the_within", name(then), constant(cells)))
        body(after, on)
        self.r.begin(on)
        self.r.emit(assign(now, name(then) if safe else self.places.load(following, node).code))
        self.r.do(call("again"))
        self.r.jump(again)
        self.r.at = after

    def _snapshot(self, where: ast.expr, kept: str) -> None:
        self.r.emit(assign(kept, self.calls.run(self.unit.kernel.functions[ALL], [where], INT).code))

    def _next_of(self, kept: str, now: str) -> None:
        """The first of what is left to go over; NULL where nothing is."""
        some, none, go = Block(), Block(), Block()
        self.r.branch(name(kept), some, none)
        self.r.at = some
        self.r.emit(assign(now, ast.Subscript(name(kept), constant(0), ast.Load())))
        self.r.emit(assign(kept, ast.Subscript(name(kept), ast.Slice(constant(1), None, None), ast.Load())))
        self.r.jump(go)
        self.r.at = none
        self.r.emit(assign(now, constant(0)))
        self.r.jump(go)
        self.r.at = go

    def _gives(self, variable: c_ast.Node, code: ast.expr) -> None:
        """The variable of a loop has this value."""
        place = self.places.place(variable)
        self.places.store(place, Value(self.r.temp(code), place.type), variable)

    def bits(self, node: c_ast.For, word: str, args: list) -> c_ast.For:
        """for_each_set_bit() as the loop that it is."""
        first, following = BITS[word]
        bit, bitmap, size = args
        at = node.init.coord

        def called(function: str, *given) -> c_ast.Node:
            return c_ast.FuncCall(c_ast.ID(function, at), c_ast.ExprList(list(given), at), at)

        one = c_ast.BinaryOp("+", bit, c_ast.Constant("int", "1", at), at)
        return c_ast.For(
            c_ast.Assignment("=", bit, called(first, bitmap, size), at), c_ast.BinaryOp("<", bit, size, at),
            c_ast.Assignment("=", bit, called(following, bitmap, size, one), at), node.stmt, at,
        )  # fmt: skip
