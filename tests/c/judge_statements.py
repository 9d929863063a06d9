"""What a CPU does with C's statements: each says what is to be done next."""

from pycparser import c_ast

from tests.c.judge_program import Program, cases, items
from tests.c.judge_types import VOID, Pointer


class Statements:
    """The statements' part of a Cpu. A method is a task: `do` begins a statement, the others go on with one."""

    program: Program
    frames: list
    tasks: list
    values: list
    env: dict
    line: int

    def do(self, node) -> None:
        self.keep(self.program.visible[node])
        method = getattr(self, f"do_{type(node).__name__}", None)
        if method:
            method(node)
        else:
            self.plan(("value", node), ("drop",))

    def keep(self, visible: frozenset) -> None:
        """Forget the locals that are out of scope."""
        for key in [key for key in self.env if key not in visible]:
            del self.env[key]

    def do_Compound(self, node) -> None:
        self.items(node, 0)

    do_Case = do_Default = do_Compound

    def items(self, node, n: int) -> None:
        inside = items(node)
        if n < len(inside):
            self.plan(("do", inside[n]), *([("items", node, n + 1)] if n + 1 < len(inside) else []))

    def do_Label(self, node) -> None:
        self.plan(("do", node.stmt))

    def do_EmptyStatement(self, node) -> None:
        pass

    def do_If(self, node) -> None:
        self.plan(("value", node.cond), ("branch", node))

    def branch(self, node) -> None:
        side = node.iftrue if self.truth() else node.iffalse
        if side:
            self.plan(("do", side))

    def do_While(self, node) -> None:
        self.plan(("again", node))

    def do_DoWhile(self, node) -> None:
        self.plan(("do", node.stmt), ("again", node))

    def do_For(self, node) -> None:
        self.plan(*([("do", node.init)] if node.init else []), ("test", node))

    def again(self, node) -> None:
        """Round a loop: the body is done."""
        self.keep(self.program.visible[(node, "inside") if isinstance(node, c_ast.For) else node])
        step = [("value", node.next), ("drop",)] if isinstance(node, c_ast.For) and node.next else []
        self.plan(*step, ("test", node))

    def test(self, node) -> None:
        self.plan(*([("value", node.cond)] if node.cond else [("push", 1)]), ("looped", node))

    def looped(self, node) -> None:
        if self.truth():
            self.plan(("do", node.stmt), ("again", node))

    def do_Switch(self, node) -> None:
        self.plan(("value", node.cond), ("choose", node))

    def choose(self, node) -> None:
        wanted, found = self.program.type_of(node.cond).fit(self.values.pop()), None
        for case in cases(node.stmt):
            if isinstance(case, c_ast.Default):
                found = found or case
            elif self.program.constant(case.expr) == wanted:
                found = case
                break
        if found:
            self.tasks += [("end", node), *self.program.way(node.stmt, found)]

    def end(self, node) -> None:
        """Behind a switch."""

    def do_Break(self, node) -> None:
        while self.tasks.pop()[0] not in ("again", "end"):
            pass

    def do_Continue(self, node) -> None:
        while self.tasks[-1][0] != "again":
            self.tasks.pop()

    def do_Goto(self, node) -> None:
        function = self.frames[-1][0]
        self.tasks[:] = self.program.way(
            self.program.functions[function].body, self.program.labels[function, node.name]
        )

    def do_Return(self, node) -> None:
        self.plan(*([("value", node.expr)] if node.expr else [("push", None)]), ("return_",))

    def return_(self) -> None:
        kind, value = self.program.gives(self.frames[-1][0]), self.values.pop()
        self.leave(value if kind is VOID or isinstance(kind, Pointer) else kind.fit(value))

    def leave(self, value) -> None:
        """Back to the caller, with a value for it."""
        self.frames.pop()
        if self.frames:
            self.frames[-1][2].append(value)

    def do_Decl(self, node) -> None:
        self.env.pop(self.program.key[node], None)
        if node.init:
            self.plan(("value", node.init), ("declare", node))

    def do_DeclList(self, node) -> None:
        self.plan(*(("do", decl) for decl in node.decls))

    def declare(self, node) -> None:
        key = self.program.key[node]
        self.env[key] = self.fitted(self.program.local[key], self.values.pop())
