"""Guards: what is taken now and given back on each way out of its block, last taken first.

guard(kind)(&lock) holds to the end of its block, scoped_guard(kind, &lock) for one statement, __free(how) gives a variable back.
"""

import ast

from pycparser import c_ast

from tdxkit.c.flow import Block, assign
from tdxkit.c.kernel import GUARDS
from tdxkit.c.places import Value
from tdxkit.c.routine import Fixed, Local, Scope
from tdxkit.c.types import ULONG, Pointer

SCOPED = "__scoped_guard"


class Guards:
    """The guards of one routine."""

    def __init__(self, statements):
        self.statements, self.r, self.values = statements, statements.r, statements.values
        self.declared = statements.declared

    def guards(self, node: c_ast.FuncCall) -> bool:
        """guard(kind)(&lock); and what stands for __free() of a variable."""
        if (
            isinstance(node.name, c_ast.FuncCall)
            and isinstance(node.name.name, c_ast.ID)
            and node.name.name.name == "guard"
        ):
            if not node.name.args or len(node.name.args.exprs) != 1:
                raise self.declared.refuse(
                    node, "`guard(…)`", "it names one kind of lock", "write guard(spinlock)(&lock);"
                )
            self._hold(node, node.name.args.exprs[0], node.args.exprs if node.args else [])
            return True
        if isinstance(node.name, c_ast.ID) and node.name.name == "__cleanup":
            how, variable = node.args.exprs
            known = f"__free_{how.name}"
            free = known if known in self.declared.functions or known in self.r.unit.kernel.functions else how.name
            clean = c_ast.FuncCall(c_ast.ID(free, node.coord), c_ast.ExprList([variable], node.coord), node.coord)
            self.r.scopes[-1].undo.append(lambda: self.statements.without_mark(clean))
            return True
        return False

    def _hold(self, node: c_ast.Node, kind: c_ast.Node, args: list) -> None:
        word = kind.name if isinstance(kind, c_ast.ID) else ""
        if word not in GUARDS:
            raise self.declared.refuse(
                node, f"`guard({word})`", "this guard is not known", f"there are {', '.join(sorted(GUARDS))}"
            )
        take, give = GUARDS[word]
        # the lock is found once, where it is taken
        held = [self.values.of(arg) for arg in args]
        if any(not isinstance(value.type, Pointer) for value in held):
            raise self.declared.refuse(node, f"`guard({word})`", "it takes the address of a lock", "write & before it")
        pointer = [c_ast.ID(self._kept(value), node.coord) for value in held]
        if take.endswith("save"):  # each guard has flags of its own
            flags = f"&flags {self.r.temps}"
            self.r.declare(flags, ULONG)
            pointer.append(c_ast.ID(flags, node.coord))
        self.r.move(node)
        for function_ in (take, give):

            def call_(function_=function_) -> None:
                self.statements.without_mark(
                    c_ast.FuncCall(
                        c_ast.ID(function_, node.coord),
                        c_ast.ExprList(pointer, node.coord) if pointer else None,
                        node.coord,
                    )
                )

            if function_ is take:
                call_()
            else:
                self.r.scopes[-1].undo.append(call_)

    def _kept(self, value: Value) -> str:
        """A value under a name of its own that no C has."""
        if isinstance(value.code, ast.Constant) and isinstance(value.code.value, tuple):
            word = f"&{value.code.value[0]}+{value.code.value[1]}"
            self.r.scopes[-1].names[word] = Fixed(value.code, value.type)
            return word
        word = f"&{self.r.temps}"
        found = self.r.declare(word, value.type)
        assert isinstance(found, Local), "a pointer"
        self.r.emit(assign(found.word, value.code))
        return word

    def scoped(self, node: c_ast.While) -> None:
        """scoped_guard() is a loop in the kernel, run once: break and continue leave it."""
        kind, *args = node.cond.args.exprs
        after = Block()
        self.r.scopes.append(Scope(end=self.r.end(node.stmt)))
        outer = len(self.r.scopes) - 1
        self._hold(node.cond, kind, args)
        self.r.scopes.append(Scope(leave=after, again=after))
        self.statements.statement(node.stmt)
        self.r.undo(outer + 1)
        self.r.scopes.pop()
        self.r.begin(after)
        self.r.undo(outer)
        self.r.scopes.pop()
