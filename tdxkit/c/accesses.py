"""Macros that are an access of memory: READ_ONCE(), smp_load_acquire(), rcu_dereference(), and container_of(), which is none.

On x86 an acquire is a plain load and a release a plain store [x86-tso]; smp_store_mb() is a store and a fence.
"""

from pycparser import c_ast

from tdxkit.c.flow import constant
from tdxkit.c.forms import is_place
from tdxkit.c.places import Place, Value
from tdxkit.c.types import VOID, Member, Pointer, Struct, Type

SOURCES = ("x86-tso",)
LOADS = ("READ_ONCE", "data_race", "rcu_dereference", "rcu_dereference_raw", "rcu_access_pointer", "rcu_dereference_check", "rcu_dereference_protected",
         "rcu_dereference_bh", "rcu_dereference_sched", "rcu_dereference_locked", "srcu_dereference", "srcu_dereference_check")  # fmt: skip
STORES = ("WRITE_ONCE", "rcu_assign_pointer", "RCU_INIT_POINTER")
MOST_BYTES = 8  # of what is read or written at once
CONTAINERS = ("container_of", "container_of_const", "list_entry", "hlist_entry", "list_entry_rcu", "llist_entry")


class Accesses:
    """The accesses by macro of one routine."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.values, self.places = calls.values, calls.values.places
        self.words = (
            dict.fromkeys(LOADS, self._once)
            | dict.fromkeys(STORES, self._store)
            | dict.fromkeys(CONTAINERS, self._container)
        )
        self.words |= {
            "smp_load_acquire": self._acquire,
            "smp_store_release": self._release,
            "smp_store_mb": self._store_mb,
        }
        self.words |= {"rcu_replace_pointer": self._replaced}

    def _once(self, node, word, args) -> Value:
        if word == "rcu_dereference_protected" and len(args) > 1:
            self.calls.checks.must(node, word, self.values.of(args[1]).code)
        place = self.places.place(args[0]) if is_place(args[0]) else None
        return self.places.load(place, args[0], word) if place else self.values.of(args[0])

    def once(self, node: c_ast.Node, kind: Type) -> tuple[str, c_ast.Node]:
        """By which macro an expression reads a struct, and which: READ_ONCE(pte), data_race(pte), or as it stands."""
        if not (isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) and node.name.name in LOADS):
            return "", node
        self._one_word(node, node.name.name, kind)
        return node.name.name, node.args.exprs[0]

    def _one_word(self, node: c_ast.Node, word: str, kind: Type) -> None:
        if kind.cells != 1 or kind.size > MOST_BYTES:
            raise self.declared.refuse(
                node, f"`{word}(…)`", f"it is of one word, and a {kind} is more", "access its members"
            )

    def _store(self, node, word, args) -> Value:
        kind = self.places.type_of(args[0])
        if isinstance(kind, Struct):
            self._one_word(node, word, kind)
            (leaf,) = (leaf for _, leaf in kind.leaves())
            read = self.places.load(self.places.within(self.places.place(args[1]), 0, leaf), node)
            value = Value(self.r.temp(read.code), leaf)
            self.places.store(self.places.within(self.places.place(args[0]), 0, leaf), value, node, word)
            return Value(constant(0), VOID)
        value = self.values.to(self.values.of(args[1]), kind, node)
        code = self.r.temp(value.code)
        self.places.store(self.places.place(args[0]), Value(code, kind), node, word)
        return Value(constant(0), VOID)

    def _replaced(self, node, word, args) -> Value:
        """rcu_replace_pointer(p, new, condition): the old pointer."""
        place = self.places.steady(self.places.place(args[0]))
        old = self.places.load(place, node, "rcu_dereference_protected")
        kept = Value(self.r.temp(old.code), old.type)
        new = self.values.to(self.values.of(args[1]), place.type, node)
        self.places.store(place, Value(self.r.temp(new.code), place.type), node, "rcu_assign_pointer")
        return kept

    def _acquire(self, node, word, args) -> Value:
        value = self.values.of(args[0])
        return self.places.load(Place(self.places.pointee(value, node), pointer=value.code), args[0], word)

    def _release(self, node, word, args) -> Value:
        target = self.values.of(args[0])
        kind = self.places.pointee(target, node)
        pointer = self.r.temp(target.code)
        value = self.values.to(self.values.of(args[1]), kind, node)
        self.places.store(Place(kind, pointer=pointer), Value(self.r.temp(value.code), kind), node, word)
        return Value(constant(0), VOID)

    def _store_mb(self, node, word, args) -> Value:
        self._store(node, "WRITE_ONCE", args)
        return self.calls.run(self.unit.kernel.functions["smp_mb"], [], VOID)

    def _container(self, node, word, args) -> Value:
        value, kind = self.values.of(args[0]), self.declared.type_of(args[1])
        member = self.member(kind, args[2])
        self.places.views.becomes(value, Pointer(member.type))
        return Value(self.places.views.moved(value.code, -member.cell, -member.byte), Pointer(kind))

    def offset(self, kind: Type, path: c_ast.Node) -> int:
        """Where a member of a type begins, in cells."""
        return self.member(kind, path).cell

    def member(self, kind: Type, path: c_ast.Node) -> Member:
        """A member of a type, or of one of its members."""
        if isinstance(path, c_ast.StructRef):
            outer = self.member(kind, path.name)
            inner = self.member(outer.type, path.field)
            return inner._replace(cell=outer.cell + inner.cell, byte=outer.byte + inner.byte)
        member = kind.members.get(path.name) if isinstance(kind, Struct) and isinstance(path, c_ast.ID) else None
        if member is None:
            raise self.declared.refuse(
                path, "this member", f"{kind} has none such here", "paste the struct's definition"
            )
        return member
