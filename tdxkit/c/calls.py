"""Calls: the text's own functions, the kernel's, and what looks like a call and is none: READ_ONCE(), WARN_ON(), guard()."""

import ast

from pycparser import c_ast

from tdxkit.c.flow import BASE, MEMORY, STACK, Block, assign, call, constant, name
from tdxkit.c.kernel import Entry
from tdxkit.c.places import Place, Value
from tdxkit.c.routine import Routine
from tdxkit.c.types import INT, VOID, Atomic, Int, Pointer, Struct, Type, Void
from tdxkit.c.values import Values

WARNS = {
    "WARN_ON",
    "WARN_ON_ONCE",
    "WARN",
    "WARN_ONCE",
    "KVM_BUG_ON",
    "VM_WARN_ON_ONCE",
    "VM_WARN_ON",
    "lockdep_assert",
}
STOPS = {"BUG_ON", "BUG", "VM_BUG_ON", "BUILD_BUG_ON"}
ONCE = {"READ_ONCE": "", "WRITE_ONCE": "", "data_race": ""}
LOADS = {
    "READ_ONCE",
    "data_race",
    "rcu_dereference",
    "rcu_dereference_raw",
    "rcu_access_pointer",
    "rcu_dereference_check",
    "rcu_dereference_protected",
    "srcu_dereference",
}
STORES = {"WRITE_ONCE", "rcu_assign_pointer", "RCU_INIT_POINTER"}


class Calls:
    """The calls of one routine."""

    def __init__(self, routine: Routine):
        self.r, self.unit, self.declared = routine, routine.unit, routine.declared
        self.values = Values(routine, self)

    def value(self, node: c_ast.FuncCall) -> Value:
        """The value of a call; its steps are taken."""
        if not isinstance(node.name, c_ast.ID):
            raise self.declared.refuse(
                node, "a call", "a function is called by its name", "pointers to functions are not followed: name it"
            )
        word, args = node.name.name, (node.args.exprs if node.args else [])
        if word in self.declared.functions:
            return self._own(node, word, args)
        if word in self.unit.stubs:
            for arg in args:
                self.values.of(arg)
            return Value(constant(self.unit.stubs[word]), INT)
        if how := self._special(word):
            return how(node, word, args)
        entry = self.unit.kernel.functions.get(word)
        if entry is None:
            if isinstance(self.r.find(word), object) and self.r.find(word) is not None:
                raise self.declared.refuse(
                    node,
                    f"`{word}(…)`",
                    "a function is called by its name",
                    "pointers to functions are not followed: name it",
                )
            raise self.declared.refuse(
                node, f"`{word}(…)`", "this function is not known", self.unit.kernel.way_out(word, self.declared)
            )
        return self._kernels(node, entry, args)

    def place(self, node: c_ast.FuncCall) -> Place | None:
        """The place that a macro stands for, such as per_cpu(); None for a call."""
        return None

    def assigns(self, node: c_ast.Assignment) -> bool:
        """Was an assignment one that a call makes by itself? Then it is done."""
        return False

    # the text's own

    def _own(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        kind = self.declared.takes[word]
        if len(args) != len(kind.takes):
            raise self.declared.refuse(
                node, f"`{word}(…)`", f"it takes {len(kind.takes)} arguments, and gets {len(args)}", "correct the call"
            )
        self.unit.calls.setdefault(self.r.title, set()).add(word)
        given = [self._argument(arg, takes) for arg, takes in zip(args, kind.takes)]
        self.r.move(node)
        self.r.temps += 1
        result = f"t_{self.r.temps}"
        made = ast.YieldFrom(call(self.unit.word(word), name(MEMORY), name(STACK), *given))
        target = ast.Tuple([name(result, True), name(STACK, True)], ast.Store())
        self.r.emit(ast.Assign([target], made))
        return Value(name(result) if not isinstance(kind.returns, Void) else constant(0), kind.returns)

    def _argument(self, node: c_ast.Node, kind: Type) -> ast.expr:
        value = self.values.places.of_array(node) if not isinstance(kind, Int) else self.values.of(node)
        return self.r.temp(self.values.to(value, kind, node).code if isinstance(kind, Int) else value.code)

    # the kernel's

    def _kernels(self, node: c_ast.FuncCall, entry: Entry, args: list) -> Value:
        takes = entry.takes.rstrip("…")
        if len(args) < len(takes) or (len(args) > len(takes) and takes == entry.takes):
            raise self.declared.refuse(
                node, f"`{entry.name}(…)`", f"it takes {len(takes)} arguments, and gets {len(args)}", "correct the call"
            )
        given, pointee = [], None
        for arg, kind in zip(args, takes.ljust(len(args), "-")):
            if kind == "-":  # printed, or nothing that the model knows
                continue
            if kind == "t":
                given.append(constant(arg.name if isinstance(arg, c_ast.ID) else ""))
                continue
            value = self.values.places.of_array(arg)
            if kind == "T" and pointee is not None:
                value = self.values.to(value, _held(pointee), arg)
            if isinstance(value.type, Pointer) and pointee is None:
                pointee = value.type.to
            given.append(self.r.temp(value.code))
        self.r.move(node)
        returns = entry.returns if entry.returns is not None else _held(pointee)
        code = call(self.unit.kernel_word(entry), name(MEMORY), *([name(STACK)] if entry.stack else []), *given)
        if not entry.steps:
            return Value(self.r.temp(code) if not isinstance(returns, Void) else constant(0), returns)
        made = ast.YieldFrom(code)
        self.r.temps += 1
        result = f"t_{self.r.temps}"
        if entry.stack:
            self.r.emit(ast.Assign([ast.Tuple([name(result, True), name(STACK, True)], ast.Store())], made))
        elif isinstance(returns, Void):
            self.r.do(made)
        else:
            self.r.emit(assign(result, made))
        self.r.do(call("went"))
        return Value(name(result) if not isinstance(returns, Void) else constant(0), returns)

    # what is no call

    def _special(self, word: str):
        if word in WARNS or word in STOPS:
            return self._warn
        if word in LOADS:
            return self._once
        if word in STORES:
            return self._store
        return {
            "smp_load_acquire": self._acquire, "smp_store_release": self._release, "likely": self._same, "unlikely": self._same,
            "container_of": self._container, "list_entry": self._container, "rcu_dereference_locked": self._once,
            "smp_store_mb": self._store_mb, "ACCESS_ONCE": self._once, "__cleanup": None,
        }.get(word)  # fmt: skip

    def _same(self, node, word, args) -> Value:
        return self.values.of(args[0])

    def _once(self, node, word, args) -> Value:
        place = self.values.places.place(args[0]) if _addressable(args[0]) else None
        return self.values.places.load(place, args[0], word) if place else self.values.of(args[0])

    def _store(self, node, word, args) -> Value:
        place = self.values.places.type_of(args[0])
        value = self.values.to(self.values.of(args[1]), place, node)
        code = self.r.temp(value.code)
        self.values.places.store(self.values.places.place(args[0]), Value(code, place), node, word)
        return Value(constant(0), VOID)

    def _acquire(self, node, word, args) -> Value:
        value = self.values.of(args[0])
        return self.values.places.load(
            Place(self.values.places.pointee(value, node), pointer=value.code), args[0], word
        )

    def _release(self, node, word, args) -> Value:
        target = self.values.of(args[0])
        kind = self.values.places.pointee(target, node)
        pointer = self.r.temp(target.code)
        value = self.values.to(self.values.of(args[1]), kind, node)
        self.values.places.store(Place(kind, pointer=pointer), Value(self.r.temp(value.code), kind), node, word)
        return Value(constant(0), VOID)

    def _store_mb(self, node, word, args) -> Value:
        self._store(node, "WRITE_ONCE", args)
        return self._kernels(node, self.unit.kernel.functions["smp_mb"], [])

    def _container(self, node, word, args) -> Value:
        value = self.values.of(args[0])
        kind = self.declared.type_of(args[1])
        path = args[2]
        cells = self._offset(kind, path)
        if value.code and isinstance(value.code, ast.Constant) and isinstance(value.code.value, tuple):
            where, index = value.code.value
            return Value(constant((where, index - cells)), Pointer(kind))
        return Value(call("moved", value.code, constant(-cells)), Pointer(kind))

    def _offset(self, kind: Type, path: c_ast.Node) -> int:
        if isinstance(path, c_ast.StructRef):
            outer = self._member(kind, path.name)
            return self._offset(kind, path.name) + outer.members[path.field.name].cell  # type: ignore[attr-defined]
        member = kind.members.get(path.name) if isinstance(kind, Struct) and isinstance(path, c_ast.ID) else None
        if member is None:
            raise self.declared.refuse(
                path, "this member", f"{kind} has none such here", "paste the struct's definition"
            )
        return member.cell

    def _member(self, kind: Type, path: c_ast.Node) -> Type:
        return kind.members[path.name].type if isinstance(kind, Struct) and isinstance(path, c_ast.ID) else kind

    def _warn(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        if word == "BUILD_BUG_ON":
            return Value(constant(0), VOID)
        condition = args[1] if word == "KVM_BUG_ON" and len(args) == 2 and False else (args[0] if args else None)
        yes, no, after, answer = Block(), Block(), Block(), self.r.variable()
        rule = self.unit.rule(word, node)
        if condition is None:
            self.r.jump(yes)
        else:
            self.values.truth(condition, *((no, yes) if word == "lockdep_assert" else (yes, no)))
        for block, wrong in ((yes, 1), (no, 0)):
            self.r.at = block
            self.r.move(node)
            if wrong:
                self.r.do(call("bug" if word in STOPS else "warned", name(MEMORY), constant(rule)))
            self.r.emit(assign(answer, constant(wrong)))
            self.r.at.ways, self.r.at.line = (after,), self.r.line
        self.r.at = after
        return Value(name(answer), INT)


def _held(kind: Type | None) -> Type:
    return kind.of if isinstance(kind, Atomic) else kind if kind is not None else INT


def _addressable(node: c_ast.Node) -> bool:
    return isinstance(node, (c_ast.ID, c_ast.StructRef, c_ast.ArrayRef)) or (
        isinstance(node, c_ast.UnaryOp) and node.op == "*"
    )


__all__ = ["BASE", "Calls"]
