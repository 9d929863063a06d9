"""What a CPU does with C's expressions: operands and addresses lie on a stack, an access to the shared memory is a step."""

from pycparser import c_ast

from tests.c.judge_kernel import ALWAYS_INT, KERNEL
from tests.c.judge_program import Program
from tests.c.judge_types import LONG, VOID, Array, Broken, Int, Unreadable, binary, unary


class Expressions:
    """The expressions' part of a Cpu. An address is a path: of shared memory its name, then fields and indices; of a local one item,
    (depth of the frame, key)."""

    program: Program
    frames: list
    tasks: list
    values: list
    defects: set
    line: int

    def value(self, node) -> None:
        self.line, method = node.coord.line, getattr(self, f"value_{type(node).__name__}", None)
        if method is None:
            raise Unreadable(f"line {self.line}: {type(node).__name__}")
        method(node)

    def push(self, value) -> None:
        self.values.append(value)

    def drop(self) -> None:
        self.values.pop()

    def truth(self) -> bool:
        value = self.values.pop()
        if value is None:
            raise Broken("uninitialised")
        return bool(value)

    def fitted(self, kind, value):
        if isinstance(kind, Int):
            return kind.fit(value)
        if value is None:
            raise Broken("uninitialised")
        return value

    def value_Constant(self, node) -> None:
        self.push(self.program.constant(node))

    def value_ID(self, node) -> None:
        if node in self.program.key or node.name not in self.program.numbers:
            self.plan(("address", node), ("read", node))
        else:
            self.push(self.program.numbers[node.name])

    def value_ArrayRef(self, node) -> None:
        self.plan(("address", node), ("read", node))

    value_StructRef = value_ArrayRef

    def read(self, node) -> None:
        """The value of what lies at an address."""
        path, kind = self.values.pop(), self.program.type_of(node)
        if isinstance(kind, Array):
            self.push((*path, 0))
        else:
            self.look(path, kind, node.coord.line)

    def look(self, path: tuple, kind, line: int) -> None:
        if path[0].__class__ is tuple:
            self.push(self.fitted(kind, self.local(path).get(path[0][1])))
        else:
            self.step("load", path, (), line)

    def local(self, path: tuple) -> dict:
        """The locals among which a pointer points: path[0] is (depth of the frame, key)."""
        return self.frames[path[0][0]][3]

    def write(self, node, path: tuple, new, result) -> None:
        """Assign; `result` is the value of the expression."""
        if path[0].__class__ is tuple:
            self.local(path)[path[0][1]] = new
            self.push(result)
        else:
            self.step("store", path, (new, result), node.coord.line)

    def address(self, node) -> None:
        if isinstance(node, c_ast.ID):
            key = self.program.key.get(node)
            self.push(((len(self.frames) - 1, key),) if key else (node.name,))
        elif isinstance(node, c_ast.ArrayRef):
            self.plan(("value", node.name), ("value", node.subscript), ("index", node))
        elif isinstance(node, c_ast.StructRef):
            self.plan(("value" if node.type == "->" else "address", node.name), ("field", node.field.name))
        elif isinstance(node, c_ast.UnaryOp) and node.op == "*":
            self.plan(("value", node.expr))
        else:
            raise Unreadable(f"line {node.coord.line}: no address")

    def index(self, node) -> None:
        n, path = self.values.pop(), self.values.pop()
        if n and not isinstance(path[-1], int):
            raise Unreadable(f"line {node.coord.line}: arithmetic on a pointer to no element")
        path = (*path[:-1], path[-1] + n) if n else path
        if isinstance(self.program.type_of(node), Int) and path not in self.program.first and path[0].__class__ is str:
            raise Unreadable(f"line {node.coord.line}: index {n} is out of range")
        self.push(path)

    def field(self, name: str) -> None:
        self.push((*self.values.pop(), name))

    def value_UnaryOp(self, node) -> None:
        op, inside = node.op, node.expr
        if op == "sizeof":
            self.push(self.program.size(inside))
        elif op == "&":
            self.plan(("address", inside))
        elif op == "*":
            self.plan(("value", inside), ("read", node))
        elif op in ("++", "--", "p++", "p--"):
            self.plan(("address", inside), ("fetch", inside), ("bump", node))
        else:
            self.plan(("value", inside), ("unary", node))

    def unary(self, node) -> None:
        kind, value = self.program.type_of(node.expr), self.values.pop()
        self.push(unary(node.op, value, kind) if isinstance(kind, Int) else int(not value))

    def fetch(self, node) -> None:
        """The value of what lies at an address, which is needed again."""
        self.look(self.values[-1], self.program.type_of(node), node.coord.line)

    def bump(self, node) -> None:
        old, path, kind = self.values.pop(), self.values.pop(), self.program.type_of(node)
        if not isinstance(kind, Int):
            raise Unreadable(f"line {node.coord.line}: arithmetic on a pointer")
        new = kind.fit(old + (1 if "+" in node.op else -1))
        self.write(node, path, new, old if node.op[0] == "p" else new)

    def value_Assignment(self, node) -> None:
        between = [] if node.op == "=" else [("fetch", node.lvalue)]
        self.plan(("value", node.rvalue), ("address", node.lvalue), *between, ("assign", node))

    def assign(self, node) -> None:
        old = self.values.pop() if node.op != "=" else None
        path, new, kind = self.values.pop(), self.values.pop(), self.program.type_of(node)
        if node.op != "=":
            new = binary(node.op[:-1], old, new, kind, self.program.type_of(node.rvalue))
        new = self.fitted(kind, new)
        self.write(node, path, new, new)

    def value_BinaryOp(self, node) -> None:
        if node.op in ("&&", "||"):
            self.plan(("value", node.left), ("logic", node))
        else:
            self.plan(("value", node.left), ("value", node.right), ("binary", node))

    def logic(self, node) -> None:
        if self.truth() == (node.op == "||"):
            self.push(int(node.op == "||"))
        else:
            self.plan(("value", node.right), ("yes_or_no",))

    def yes_or_no(self) -> None:
        self.push(int(self.truth()))

    def binary(self, node) -> None:
        right, left = self.values.pop(), self.values.pop()
        kinds = self.program.type_of(node.left), self.program.type_of(node.right)
        if all(isinstance(kind, Int) for kind in kinds):
            self.push(binary(node.op, left, right, *kinds))
        elif node.op in ("==", "!="):
            self.push(int((left == right) == (node.op == "==")))
        else:
            raise Unreadable(f"line {node.coord.line}: arithmetic on a pointer")

    def value_TernaryOp(self, node) -> None:
        self.plan(("value", node.cond), ("pick", node))

    def pick(self, node) -> None:
        side = node.iftrue if self.truth() else node.iffalse
        self.plan(("value", side), ("convert", self.program.type_of(node)))

    def value_Cast(self, node) -> None:
        self.plan(("value", node.expr), ("convert", self.program.type_of(node)))

    def convert(self, kind) -> None:
        self.push(self.fitted(kind, self.values.pop()) if kind is not VOID else self.values.pop())

    def value_ExprList(self, node) -> None:
        *first, last = node.exprs
        self.plan(*(task for e in first for task in (("value", e), ("drop",))), ("value", last))

    # -- calls ---------------------------------------------------------------------------------------------------------

    def value_FuncCall(self, node) -> None:
        name, given = node.name.name, list(node.args.exprs) if node.args else []
        if name in self.program.functions:
            wanted = len(self.program.parameters(self.program.functions[name]))
            tasks, after = [("value", e) for e in given], ("enter", name, wanted)
        elif name in ALWAYS_INT:
            wanted, tasks, after = 1, [("value", e) for e in given], ("warn", name, node.coord.line)
        elif name in KERNEL:
            takes = KERNEL[name].takes
            wanted, tasks = len(takes), [("address" if t == "l" else "value", e) for t, e in zip(takes, given)]
            after = ("kernel", name, node.coord.line)
            if takes == "lv":  # an assignment in other words: the right side comes first
                tasks.reverse()
        else:
            raise Unreadable(f"line {node.coord.line}: function {name}")
        if wanted != len(given):
            raise Unreadable(f"line {node.coord.line}: {name} takes {wanted} arguments")
        self.plan(*tasks, after)

    def operands(self, count: int) -> list:
        """The last values, in the order in which they were worked out."""
        found = self.values[len(self.values) - count :]
        del self.values[len(self.values) - count :]
        return found

    def enter(self, name: str, count: int) -> None:
        if any(frame[0] == name for frame in self.frames):
            raise Unreadable(f"{name} calls itself")
        given = self.operands(count)
        parameters = self.program.parameters(self.program.functions[name])
        env = {
            self.program.key[p]: self.fitted(self.program.local[self.program.key[p]], v)
            for p, v in zip(parameters, given)
        }
        self.frames.append((name, [("do", self.program.functions[name].body)], [], env))

    def warn(self, name: str, line: int) -> None:
        yes = self.truth()
        if yes and name == "BUG_ON":
            raise Broken("bug")
        if yes:
            self.defects.add(("warn", line))
        self.push(int(yes))

    def kernel(self, name: str, line: int) -> None:
        """All arguments of a function of the kernel are there: what is left is its step."""
        takes = KERNEL[name].takes
        given = list(zip("vl" if takes == "lv" else takes, self.operands(len(takes))))
        path = next((value for what, value in given if what in "pl"), None)
        values = [LONG.fit(value) for what, value in given if what == "v"]
        for what, pointer in given:
            if what == "o":
                if pointer[0].__class__ is not tuple:
                    raise Unreadable(f"line {line}: {name} looks at a local variable")
                expected = self.fitted(LONG, self.local(pointer).get(pointer[0][1]))
                values.insert(0, expected)
                self.values += [pointer, expected]
                self.plan(("tried",))
        if name.endswith("_bit") and not 0 <= values[0] < 64:
            raise Unreadable(f"line {line}: bit {values[0]}")
        self.step(name, path, tuple(values), line)

    def tried(self) -> None:
        """Behind try_cmpxchg: did the word have the value that was expected? Where not, the local variable has the word's now."""
        old, expected, pointer = self.values.pop(), self.values.pop(), self.values.pop()
        if old != expected:
            self.local(pointer)[pointer[0][1]] = self.program.local[pointer[0][1]].fit(old)
        self.push(int(old == expected))
