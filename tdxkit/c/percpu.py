"""Variables of which each CPU has one: an array with an element a CPU; this_cpu_*() is of the element of the CPU that runs [linux-this-cpu].

alloc_percpu() makes such an array as it runs: of a pointer it is seen then whether it is to one.

this_cpu_inc() is one instruction without a lock: nothing on its own CPU comes between, but another CPU that writes to the element may. So it is
a load and a store here, between which no softirq comes. The number of its CPU a routine finds at the bottom of its CPU's stack.
"""

import ast

from pycparser import c_ast

from tdxkit.c.allocated import GFP_KERNEL
from tdxkit.c.arithmetic import Defect
from tdxkit.c.flow import MEMORY, STACK, Block, assign, call, constant, name
from tdxkit.c.forms import EACH_CPUS
from tdxkit.c.kernel.contexts import inside
from tdxkit.c.places import Place, Value
from tdxkit.c.routine import Fixed
from tdxkit.c.runtime import far
from tdxkit.c.spelt import spelt
from tdxkit.c.types import INT, VOID, Array, Pointer, whole
from tdxkit.errors import ModelError

SOURCES = ("linux-this-cpu",)
CPU = "&cpu"  # no name of C
COUNTS = ("num_possible_cpus", "num_online_cpus", "num_present_cpus")
FORMS = ("this_cpu_", "__this_cpu_", "raw_cpu_")
FOR_EACH = " for each CPU"  # ends the name of what alloc_percpu() gives
OF_CPU = "&of_cpu"
CHANGES = {"inc": "+", "dec": "-", "add": "+", "sub": "-", "and": "&", "or": "|"}


def of_cpu(pointer: object, cpu: int, cells: int, cpus: int) -> object:
    """A CPU's part of what alloc_percpu() gave. ModelError for another pointer."""
    far(pointer)
    where, at = pointer  # type: ignore[misc]
    if f"{FOR_EACH}#".replace(" ", "_") not in where:
        rule = "each CPU has one of what DEFINE_PER_CPU() and alloc_percpu() make, and this is none"
        raise ModelError(f"a pointer to {where or 'a local variable'}", rule, "give a pointer that alloc_percpu() gave")
    if not 0 <= cpu < cpus:
        raise Defect(f"CPU {cpu} of {cpus}")
    return where, at + cpu * cells


class PerCpu:
    """The calls of one routine that are about each CPU's variables."""

    def __init__(self, calls):
        self.calls, self.r, self.unit, self.declared = calls, calls.r, calls.unit, calls.declared
        self.values, self.places = calls.values, calls.values.places
        number = ast.Subscript(name(STACK), constant(0), ast.Load())
        self.r.scopes[0].names[CPU] = Fixed(number, INT)
        self.words = {"get_cpu": self._number} | dict.fromkeys(COUNTS, self._count)
        self.words |= dict.fromkeys(EACH_CPUS, self._held) | {"per_cpu_ptr": self._pointer}
        self.words |= dict.fromkeys(("put_cpu", "put_cpu_var", "put_cpu_ptr"), self._on)
        self.words |= {"alloc_percpu": self._allocated, "alloc_percpu_gfp": self._allocated, OF_CPU: self._of_cpu}
        for form in FORMS:
            self.words |= {f"{form}read": self._read, f"{form}write": self._write, f"{form}ptr": self._pointer}
            self.words |= {f"{form}xchg": self._exchange, f"{form}cmpxchg": self._compare}
            for change in CHANGES:
                self.words |= {f"{form}{change}": self._change, f"{form}{change}_return": self._change}

    def place(self, node: c_ast.FuncCall) -> Place | None:
        """What per_cpu() or get_cpu_var() stands for; None for another call."""
        word, args = node.name.name, node.args.exprs if node.args else []
        if word not in EACH_CPUS:
            return None
        if word == "get_cpu_var":
            self._off()
        return self.places.place(self._element(args[0], self._cpu(args[0]) if word == "get_cpu_var" else args[1]))

    # which CPU

    def _cpu(self, node: c_ast.Node) -> c_ast.Node:
        self.unit.numbered = True
        return c_ast.ID(CPU, node.coord)

    def _element(self, node: c_ast.Node, cpu: c_ast.Node) -> c_ast.Node:
        """The part of a CPU's variable that an expression names: its variable is the array's element."""
        if isinstance(node, c_ast.ID) and node.name in self.declared.per_cpu:
            return c_ast.ArrayRef(node, cpu, node.coord)
        if isinstance(node, c_ast.StructRef):
            outer = self._element(node.name, cpu) if node.type == "." else self._of_pointer(node.name, cpu)
            return c_ast.StructRef(outer, ".", node.field, node.coord)
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            return self._of_pointer(node.expr, cpu)
        if isinstance(node, c_ast.ArrayRef):
            return c_ast.ArrayRef(self._element(node.name, cpu), node.subscript, node.coord)
        raise self.declared.refuse(
            node, spelt(node), "it is no variable of which each CPU has one", "name one that DEFINE_PER_CPU() declares"
        )

    def _of_pointer(self, node: c_ast.Node, cpu: c_ast.Node) -> c_ast.Node:
        """A CPU's part of what a pointer points to that alloc_percpu() gave."""
        call_ = c_ast.FuncCall(c_ast.ID(OF_CPU, node.coord), c_ast.ExprList([node, cpu], node.coord), node.coord)
        return c_ast.UnaryOp("*", call_, node.coord)

    def _of_cpu(self, node, word, args) -> Value:
        pointer = self.values.of(args[0])
        kind = self.places.pointee(pointer, args[0])
        kept, cpu = self.r.temp(pointer.code), self.values.number(args[1]).code
        code = call("of_cpu", kept, cpu, constant(kind.cells), constant(self.declared.cpus))
        return Value(self.r.temp(code), Pointer(kind))

    def _allocated(self, node, word, args) -> Value:
        """alloc_percpu(TYPE): zeroed, one for each CPU."""
        kind = whole(self.declared.at(node), self.declared.type_of(args[0]))
        every = Array(kind, self.declared.cpus)
        every.name = f"{kind}{FOR_EACH}"
        flags = self.values.number(args[1]).code if len(args) > 1 else constant(GFP_KERNEL)
        return self.calls.allocated.new(node, word, every, True, flags, kind)

    def _mine(self, node: c_ast.Node) -> Place:
        return self.places.steady(self.places.place(self._element(node, self._cpu(node))))

    def _number(self, node, word, args) -> Value:
        self._off()
        return self.values.of(self._cpu(node))

    def _count(self, node, word, args) -> Value:
        return Value(constant(self.declared.cpus), INT)

    def _off(self) -> None:
        self.calls.run(self.unit.kernel.functions["preempt_disable"], [], VOID)

    def _on(self, node, word, args) -> Value:
        return self.calls.run(self.unit.kernel.functions["preempt_enable"], [], VOID)

    # accesses

    def _held(self, node, word, args) -> Value:
        place = self.place(node)
        assert place is not None, "it is one of those words"
        return self.places.load(place, node)

    def _pointer(self, node, word, args) -> Value:
        """this_cpu_ptr(&x), per_cpu_ptr(&x, cpu)."""
        pointer, cpu = args[0], args[1] if word == "per_cpu_ptr" else self._cpu(node)
        if isinstance(pointer, c_ast.UnaryOp) and pointer.op == "&":
            element = self._element(pointer.expr, cpu)
        else:
            declared = isinstance(pointer, c_ast.ID) and pointer.name in self.declared.per_cpu
            element = self._element(pointer, cpu) if declared else self._of_pointer(pointer, cpu)
        value = self.places.address(element)
        return Value(self.r.temp(value.code), value.type)

    def _read(self, node, word, args) -> Value:
        return self.places.load(self._mine(args[0]), node, word)

    def _given(self, node: c_ast.Node, kind) -> Value:
        """What is to be stored, worked out before the old value is looked at."""
        return Value(self.r.temp(self.values.to(self.values.of(node), kind, node).code), kind)

    def _write(self, node, word, args) -> Value:
        place = self._mine(args[0])
        self.places.store(place, self._given(args[1], place.type), node, word)
        return Value(constant(0), VOID)

    def _change(self, node, word, args) -> Value:
        gives = word.endswith("_return")
        change = word.removesuffix("_return").rpartition("_")[2]
        place = self._mine(args[0])
        one = change in ("inc", "dec")
        by = Value(constant(1), INT) if one else self.values.of(args[1])
        by = Value(self.r.temp(by.code), by.type)
        old = self._looked_at(place, node, word)
        new = self.values.to(self.values.binary(CHANGES[change], old, by, node), place.type, node)
        code = self.r.temp(new.code)
        self.places.store(place, Value(code, place.type), node, word)
        self._inside(word, -1)
        return Value(code, place.type) if gives else Value(constant(0), VOID)

    def _exchange(self, node, word, args) -> Value:
        place = self._mine(args[0])
        new = self._given(args[1], place.type)
        old = self._looked_at(place, node, word)
        self.places.store(place, new, node, word)
        self._inside(word, -1)
        return old

    def _compare(self, node, word, args) -> Value:
        place = self._mine(args[0])
        expected, new = self._given(args[1], place.type), self._given(args[2], place.type)
        old = self._looked_at(place, node, word)
        kept, same, after = self.r.variable(), Block(), Block()
        self.r.emit(assign(kept, old.code))
        self.r.branch(ast.Compare(name(kept), [ast.Eq()], [expected.code]), same, after)
        self.r.at = same
        self.places.store(place, new, node, word)
        self.r.jump(after)
        self.r.at = after
        self._inside(word, -1)
        return Value(name(kept), place.type)

    def _looked_at(self, place: Place, node: c_ast.FuncCall, word: str) -> Value:
        """The load that an instruction begins with."""
        old = self.places.load(place, node, word)
        self._inside(word, 1)
        return old

    def _inside(self, word: str, by: int) -> None:
        """this_cpu_inc() and kin are one instruction to their own CPU; the forms with underscores do not say so."""
        if word.startswith(FORMS[0]):
            self.unit.constants["inside"] = inside
            self.r.do(call("inside", name(MEMORY), constant(by)))
