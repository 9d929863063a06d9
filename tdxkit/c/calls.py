"""Calls: the text's own functions, the kernel's, and what looks like a call and is none, such as READ_ONCE() and WARN_ON()."""

import ast
from collections import Counter

from pycparser import c_ast

from tdxkit.c.accesses import Accesses
from tdxkit.c.allocated import Allocated
from tdxkit.c.checks import Checks
from tdxkit.c.cpus import Cpus
from tdxkit.c.entries import Entries
from tdxkit.c.flow import BASE, MEMORY, STACK, Block, assign, call, constant, name
from tdxkit.c.forms import is_range
from tdxkit.c.indexed import Indexed
from tdxkit.c.kernel import may_be_null
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.quiet import NEVER_LOOKS, ONCE
from tdxkit.c.numbers import Numbers
from tdxkit.c.objects import Objects
from tdxkit.c.percpu import PerCpu
from tdxkit.c.places import Place, Value
from tdxkit.c.routine import Routine
from tdxkit.c.sizes import Sizes
from tdxkit.c.spelt import spelt
from tdxkit.c.types import INT, LONG, ULONG, VOID, Atomic, Int, Pointer, Type, Void
from tdxkit.c.values import Values
from tdxkit.c.waits import Waits
from tdxkit.errors import InputError

NAMED = 8  # functions that are not known, by their names in one line
WORK_ON = (
    "atomics",
    "bitlocks",
    "bits",
    "lists",
    "llists",
    "lockrefs",
    "locks",
    "refcounts",
    "semaphores",
    "seqcount",
    "waiting",
    "xarrays",
)
NO_CALLS = ("trace_",)  # tracepoints: nothing happens


class Calls:
    """The calls of one routine. wanted: the type that what a call gives is assigned to, where that is known."""

    def __init__(self, routine: Routine):
        self.r, self.unit, self.declared = routine, routine.unit, routine.declared
        self.values = Values(routine, self)
        self.wanted: Type | None = None
        self.accesses, self.checks, self.entries = Accesses(self), Checks(self), Entries(self)
        self.indexed, self.objects, self.allocated = Indexed(self), Objects(self), Allocated(self)
        self.sizes, self.cpus, self.each = Sizes(self), Cpus(self), PerCpu(self)
        parts = (
            self.each,
            self.accesses,
            self.checks,
            self.entries,
            self.objects,
            self.allocated,
            self.sizes,
            self.cpus,
            Waits(self),
            Numbers(self),
        )
        self.special = {word: how for part in parts for word, how in part.words.items()}
        self.unit.kernel.macros.update(self.special)

    def value(self, node: c_ast.FuncCall) -> Value:
        """The value of a call; its steps are taken."""
        if not isinstance(node.name, c_ast.ID):
            raise self.declared.refuse(
                node, spelt(node), "a function is called by its name", "pointers to functions are not followed: name it"
            )
        if is_range(node):
            raise self.declared.refuse(node, "`...`", "a range stands in a case only", "write the elements one by one")
        word, args = node.name.name, (node.args.exprs if node.args else [])
        if word in self.declared.functions:
            return self._own(node, word, args)
        if word in self.unit.stubs:
            known = self.unit.kernel.functions.get(word)
            for arg in args if known is None or known.takes != "…" else ():
                if self._is_read(arg):
                    self.values.of(arg)
            return self._stub(node, word)
        if how := self.special.get(word):
            try:
                return how(node, word, args)
            except IndexError:
                raise self.declared.refuse(
                    node, f"`{word}(…)`", f"it takes more arguments than the {len(args)} here", "correct the call"
                ) from None
        entry = self.unit.kernel.functions.get(word)
        if entry is None and word.startswith(NO_CALLS):
            for arg in filter(self._is_read, args):
                self.values.of(arg)
            return Value(constant(0), VOID)
        if entry is None:
            if self.r.find(word) is not None:
                raise self.declared.refuse(
                    node,
                    f"`{word}(…)`",
                    "a function is called by its name",
                    "pointers to functions are not followed: name it",
                )
            raise self._unknown(node, word)
        return self._kernels(node, entry, args)

    def is_function(self, word: str) -> bool:
        """Is it the name of a function, of the text or of the kernel?"""
        return any(
            word in names
            for names in (
                self.declared.functions, self.declared.prototypes, self.unit.stubs, self.unit.kernel.functions,
            )
        )  # fmt: skip

    def _unknown(self, node: c_ast.FuncCall, word: str) -> InputError:
        """What is said of a function that nobody knows, and of all others of which the same will have to be said."""
        known = (self.declared.functions, self.unit.stubs, self.special, self.unit.kernel.functions)
        others = dict.fromkeys(
            other for (other, _), _ in sorted(self.unit.called.items(), key=lambda item: (item[0][1], min(item[1])))
            if other != word and not other.startswith(NO_CALLS) and not any(other in names for names in known)
        )  # fmt: skip
        more = [*list(others)[:NAMED], *([f"{len(others) - NAMED} more"] if len(others) > NAMED else [])]
        nor = f", nor {'is' if len(more) == 1 else 'are'} {', '.join(more)}" if more else ""
        rule = f"this function is not known{nor}"
        return self.declared.refuse(node, f"`{word}(…)`", rule, self.unit.kernel.way_out(word, self.declared))

    def _stub(self, node: c_ast.FuncCall, word: str) -> Value:
        """A number that stands for what a function gives, in the type of its prototype where the text has one."""
        given, known = self.unit.stubs[word], self.declared.prototypes.get(word)
        if known is None or isinstance(known.returns, Void):
            return Value(constant(given), INT)
        return self.values.to(Value(constant(given), LONG), known.returns, node)

    def _is_read(self, node: c_ast.Node) -> bool:
        """Is an argument of a stub an expression that is known here? A type, or what a macro would make of a name, is left out."""
        kept = self.r.at, self.r.temps, self.r.line
        self.r.at = Block()
        try:
            self.values.of(node)
        except InputError:
            return False
        finally:
            self.r.at, self.r.temps, self.r.line = kept
        return True

    def place(self, node: c_ast.FuncCall) -> Place | None:
        """The place that a macro stands for, such as per_cpu(); None for a call."""
        return self.each.place(node) if isinstance(node.name, c_ast.ID) else None

    def assigns(self, node: c_ast.Assignment) -> bool:
        """Was an assignment one that a call makes by itself? Then it is done. None is; but a call may ask for the type."""
        if isinstance(node.rvalue, c_ast.FuncCall):
            self.wanted = self.values.places.type_of(node.lvalue)
        return False

    # the text's own

    def _own(self, node: c_ast.FuncCall, word: str, args: list) -> Value:
        kind = self.declared.takes[word]
        if len(args) != len(kind.takes):
            raise self.declared.refuse(
                node, f"`{word}(…)`", f"it takes {len(kind.takes)} arguments, and gets {len(args)}", "correct the call"
            )
        self.unit.calls.setdefault(self.r.title, Counter())[word] += 1
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
        self.values.places.views.becomes(value, kind)
        return self.r.temp(self.values.to(value, kind, node).code if isinstance(kind, Int) else value.code)

    def looked_at(self, node: c_ast.Node, word: str) -> None:
        """What is given to a function that makes nothing of it here has its value, and what it does is done."""
        if word in NEVER_LOOKS or not self._is_read(node):
            return
        if word in ONCE and _changes(node):
            raise self.declared.refuse(
                node, spelt(node), f"{word}() does it the first time alone", "do it on a line of its own"
            )
        self.values.of(node)

    # the kernel's

    def _kernels(self, node: c_ast.FuncCall, entry: Entry, args: list) -> Value:
        takes = entry.takes.rstrip("…")
        if len(args) < len(takes) or (len(args) > len(takes) and takes == entry.takes):
            raise self.declared.refuse(
                node, f"`{entry.name}(…)`", f"it takes {len(takes)} arguments, and gets {len(args)}", "correct the call"
            )
        given, pointee, saved = [], None, None
        for arg, kind in zip(args, takes.ljust(len(args), "-")):
            if kind == "-":  # printed, or nothing that the model knows
                self.looked_at(arg, entry.name)
                continue
            if kind == "s":
                saved = arg, self.run(self.unit.kernel.functions["the_irq_flags"], [], ULONG)
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
            if kind == "p" and isinstance(value.type, Pointer) and _works_on(entry):
                self._is_typed(value, arg)
                self.values.places.views.same(given[-1], value.type.to)
            if kind == "p" and not may_be_null(entry) and not _plainly_somewhere(value.code):
                self.r.do(call("far", given[-1]))
        self.r.move(node)
        answer = self.run(entry, given, entry.returns if entry.returns is not None else _held(pointee))
        if saved is not None:
            self.values.places.store(self.values.places.place(saved[0]), saved[1], saved[0])
        return answer

    def _is_typed(self, value: Value, node: c_ast.Node) -> None:
        """InputError for a pointer to nothing in particular that a function of the kernel makes one to what it works on."""
        null = isinstance(value.code, ast.Constant) and not isinstance(value.code.value, tuple)
        if isinstance(value.type, Pointer) and isinstance(value.type.to, Void) and not null:
            rule = "it is given as a void *, and what it points to is not followed"
            raise self.declared.refuse(node, spelt(node), rule, "give a pointer of the type that it is")

    def run(self, entry: Entry, given: list[ast.expr], returns: Type) -> Value:
        """A function of the kernel with its arguments."""
        code = call(self.unit.kernel_word(entry), name(MEMORY), *([name(STACK)] if entry.stack else []), *given)
        if not entry.steps:
            return Value(self.r.temp(code) if not isinstance(returns, Void) else constant(0), returns)
        made = ast.YieldFrom(code)
        result = self.r.variable()
        if entry.stack:
            self.r.emit(ast.Assign([ast.Tuple([name(result, True), name(STACK, True)], ast.Store())], made))
        elif isinstance(returns, Void):
            self.r.do(made)
        else:
            self.r.emit(assign(result, made))
        self.r.do(call("went"))
        return Value(name(result) if not isinstance(returns, Void) else constant(0), returns)


def _works_on(entry: Entry) -> bool:
    """Does it look at what it is given a pointer to, and not only at the pointer?"""
    return entry.program.__module__.rpartition(".")[2] in WORK_ON


def _changes(node: c_ast.Node) -> bool:
    """Does an expression do something beside having a value, as far as can be seen in it?"""
    does = isinstance(node, (c_ast.Assignment, c_ast.FuncCall)) or (
        isinstance(node, c_ast.UnaryOp) and node.op in ("++", "--", "p++", "p--")
    )
    return does or any(_changes(child) for _, child in node.children())


def _plainly_somewhere(code: ast.expr) -> bool:
    """Is a pointer one to an object that the text names?"""
    return isinstance(code, ast.Tuple) or (isinstance(code, ast.Constant) and isinstance(code.value, tuple))


def _held(kind: Type | None) -> Type:
    return kind.of if isinstance(kind, Atomic) else kind if kind is not None else INT


__all__ = ["BASE", "Calls"]
