"""What a text of C declares: types, shared memory with its first values, functions, which name means what, and where jumps lead."""

import re
from functools import cached_property

from pycparser import CParser, c_ast

from tests.c.judge_kernel import ALWAYS_INT, KERNEL
from tests.c.judge_types import (
    INT,
    LOCKS,
    MUTEX,
    NAMED,
    PRELUDE,
    UINT,
    ULONG,
    Array,
    Int,
    Pointer,
    Struct,
    Unreadable,
    binary,
    binary_type,
    literal,
    promoted,
    size_of,
    spelled,
    unary,
    usual,
)

INITS = ("ATOMIC_INIT", "REFCOUNT_INIT")


def parsed(text: str) -> c_ast.FileAST:
    """The tree of a text; lines count from 1. Of kernel habits it knows the types, and DEFINE_SPINLOCK and DEFINE_MUTEX."""
    text = re.sub(r"\bDEFINE_SPINLOCK\((\w+)\)", r"spinlock_t \1", text)
    text = re.sub(r"\bDEFINE_MUTEX\((\w+)\)", r"struct mutex \1", text)
    return CParser().parse(f'{PRELUDE}\n# 1 "text"\n{text}', "text")


class Program:
    """A tree, looked at from all sides before it runs.

    functions, shared: by name the definition of each function and the type of each file-scope variable. kinds, first: the type and first
    value of each leaf of the shared memory, by its path (name, then fields and indices). key: of each identifier that is a local variable a name of its
    own in its function; local: the type of that. visible: of each statement the locals in scope there.
    """

    def __init__(self, tree: c_ast.FileAST):
        self.functions, self.shared, self.first, self.kinds, self.numbers = {}, {}, {}, {}, {}
        self.structs, self.typedefs = {"mutex": MUTEX}, {}
        self.key, self.local, self.visible, self._types, self._ways = {}, {}, {}, {}, {}
        for node in tree.ext:
            self._declare(node)
        for function in self.functions.values():
            scope = {}
            for parameter in self.parameters(function):
                self._local(parameter, scope)
            self._scope(function.body, scope)

    def _declare(self, node) -> None:
        if isinstance(node, c_ast.Typedef):
            if node.name not in NAMED:
                self.typedefs[node.name] = self.type_from(node.type)
        elif isinstance(node, c_ast.FuncDef):
            self.functions[node.decl.name] = node
        elif isinstance(node.type, c_ast.FuncDecl):
            pass
        elif node.name is None:
            self.type_from(node.type)  # a struct or enum on its own
        else:
            kind = self.shared[node.name] = self.type_from(node.type)
            self._fill((node.name,), kind, node.init)

    def type_from(self, node):
        """The type that a declaration or a type name stands for."""
        if isinstance(node, (c_ast.TypeDecl, c_ast.Typename, c_ast.Decl)):
            return self.type_from(node.type)
        if isinstance(node, c_ast.PtrDecl):
            return Pointer(self.type_from(node.type))
        if isinstance(node, c_ast.ArrayDecl):
            return Array(self.type_from(node.type), self.constant(node.dim))
        if isinstance(node, c_ast.Struct):
            if node.decls:
                self.structs[node.name] = Struct(tuple((d.name, self.type_from(d.type)) for d in node.decls))
            return self.structs[node.name]
        if isinstance(node, c_ast.Enum):
            following = 0
            for item in node.values.enumerators if node.values else ():
                following = self.constant(item.value) if item.value else following
                self.numbers[item.name] = following
                following += 1
            return UINT
        if isinstance(node, c_ast.IdentifierType):
            only = node.names[0]
            return self.typedefs[only] if only in self.typedefs else spelled(node.names)
        raise Unreadable(f"type {type(node).__name__}")

    def _fill(self, path: tuple, kind, init) -> None:
        """First values of a variable: 0 where nothing is said."""
        if isinstance(kind, Int):
            self.kinds[path] = kind
            self.first[path] = kind.fit(self.constant(init)) if init and kind not in LOCKS else 0
            return
        items = list(init.exprs) if isinstance(init, c_ast.InitList) else []
        steps = [name for name, _ in kind.fields] if isinstance(kind, Struct) else list(range(kind.size))
        given, at = {}, 0
        for item in items:
            if isinstance(item, c_ast.NamedInitializer):
                (where,) = item.name
                at = steps.index(where.name if isinstance(where, c_ast.ID) else self.constant(where))
                item = item.expr
            given[steps[at]] = item
            at += 1
        for step in steps:
            inner = dict(kind.fields)[step] if isinstance(kind, Struct) else kind.of
            self._fill((*path, step), inner, given.get(step))

    def constant(self, node) -> int:
        """The value of a constant expression."""
        if isinstance(node, c_ast.Constant):
            return literal(node)[0]
        if isinstance(node, c_ast.ID) and node.name in self.numbers:
            return self.numbers[node.name]
        if isinstance(node, c_ast.FuncCall) and node.name.name in INITS:
            return self.constant(node.args.exprs[0])
        if isinstance(node, c_ast.Cast):
            return self.type_from(node.to_type).fit(self.constant(node.expr))
        if isinstance(node, c_ast.UnaryOp) and node.op in "-+~!":
            return unary(node.op, self.constant(node.expr), self.type_of(node.expr))
        if isinstance(node, c_ast.BinaryOp):
            sides = self.constant(node.left), self.constant(node.right)
            return binary(node.op, *sides, self.type_of(node.left), self.type_of(node.right))
        raise Unreadable(f"constant {type(node).__name__}")

    # -- names ---------------------------------------------------------------------------------------------------------

    @staticmethod
    def parameters(function: c_ast.FuncDef) -> list:
        """The declarations of a function's parameters."""
        args = function.decl.type.args
        return [p for p in args.params if isinstance(p, c_ast.Decl)] if args else []

    def gives(self, name: str):
        """The type that a function gives back."""
        return self.type_from(self.functions[name].decl.type.type)

    def _local(self, node: c_ast.Decl, scope: dict) -> None:
        scope[node.name] = self.key[node] = f"{node.name}.{len(self.local)}"
        kind = self.local[self.key[node]] = self.type_from(node.type)
        if not isinstance(kind, (Int, Pointer)) or "static" in node.storage:
            raise Unreadable(f"local variable {node.name}: no integer or pointer of the function's own")

    def _scope(self, node, scope: dict) -> None:
        """Settle what each name below means; a declaration changes `scope`."""
        if isinstance(node, c_ast.Decl):
            self._local(node, scope)
        elif isinstance(node, c_ast.ID):
            if node.name in scope:
                self.key[node] = scope[node.name]
        elif isinstance(node, (c_ast.Compound, c_ast.For)):
            self.visible[node] = frozenset(scope.values())
            scope = dict(scope)
        if not isinstance(node, (c_ast.Compound, c_ast.For)):
            self.visible[node] = frozenset(scope.values())
        inside = [c for _, c in node.children() if not (isinstance(node, c_ast.FuncCall) and c is node.name)]
        for child in inside[:1] if isinstance(node, c_ast.StructRef) else inside:
            self._scope(child, scope)
        if isinstance(node, c_ast.For):
            self.visible[node, "inside"] = frozenset(scope.values())

    # -- types of expressions ------------------------------------------------------------------------------------------

    def type_of(self, node):
        """The type of an expression."""
        if node not in self._types:
            self._types[node] = getattr(self, f"_{type(node).__name__}")(node)
        return self._types[node]

    def _Constant(self, node):
        return literal(node)[1]

    def _ID(self, node):
        if node in self.key:
            return self.local[self.key[node]]
        if node.name not in self.numbers and node.name not in self.shared:
            raise Unreadable(f"line {node.coord.line}: {node.name} is not declared")
        return INT if node.name in self.numbers else self.shared[node.name]

    def _UnaryOp(self, node):
        if node.op == "sizeof":
            return ULONG
        kind = self.type_of(node.expr)
        if node.op == "*":
            return kind.of if isinstance(kind, Array) else kind.to
        if node.op == "&":
            return Pointer(kind)
        return INT if node.op == "!" else kind if node.op.strip("p") in ("++", "--") else promoted(kind)

    def _BinaryOp(self, node):
        return binary_type(node.op, self.type_of(node.left), self.type_of(node.right))

    def _Assignment(self, node):
        return self.type_of(node.lvalue)

    def _TernaryOp(self, node):
        sides = self.type_of(node.iftrue), self.type_of(node.iffalse)
        return usual(*sides) if all(isinstance(kind, Int) for kind in sides) else sides[0]

    def _Cast(self, node):
        return self.type_from(node.to_type)

    def _ExprList(self, node):
        return self.type_of(node.exprs[-1])

    def _ArrayRef(self, node):
        kind = self.type_of(node.name)
        return kind.of if isinstance(kind, Array) else kind.to

    def _StructRef(self, node):
        kind = self.type_of(node.name)
        return dict((kind.to if node.type == "->" else kind).fields)[node.field.name]

    def _FuncCall(self, node):
        name = node.name.name
        if name in self.functions:
            return self.gives(name)
        if name in ALWAYS_INT:
            return INT
        if name not in KERNEL:
            raise Unreadable(f"line {node.coord.line}: function {name}")
        kind = KERNEL[name].gives
        if kind != "leaf":
            return kind
        target = self.type_of(node.args.exprs[KERNEL[name].takes.index("l" if "l" in KERNEL[name].takes else "p")])
        return target.to if isinstance(target, Pointer) and "l" not in KERNEL[name].takes else target

    def size(self, node) -> int:
        """What `sizeof node` is."""
        return size_of(self.type_from(node) if isinstance(node, c_ast.Typename) else self.type_of(node))

    # -- jumps ---------------------------------------------------------------------------------------------------------

    @cached_property
    def labels(self) -> dict:
        """(function, label): its statement."""
        found = {}
        for name, function in self.functions.items():
            todo = [function.body]
            while todo:
                node = todo.pop()
                if isinstance(node, c_ast.Label):
                    found[name, node.name] = node
                todo += [child for _, child in node.children()]
        return found

    def way(self, root, target) -> tuple:
        """What is left to do, the next last, for a CPU that jumps to `target` somewhere below `root`, up to where `root` ends."""
        if (root, target) not in self._ways:
            self._ways[root, target] = tuple(_way(root, target))
        return self._ways[root, target]


def _holes(node):
    """Each statement right below a statement, with what comes after it."""
    if isinstance(node, (c_ast.Compound, c_ast.Case, c_ast.Default)):
        inside = items(node)
        return [([("items", node, n + 1)] if n + 1 < len(inside) else [], item) for n, item in enumerate(inside)]
    if isinstance(node, c_ast.If):
        return [([], side) for side in (node.iftrue, node.iffalse) if side]
    if isinstance(node, (c_ast.While, c_ast.DoWhile, c_ast.For)):
        return [([("again", node)], node.stmt)]
    if isinstance(node, c_ast.Switch):
        return [([("end", node)], node.stmt)]
    return [([], node.stmt)] if isinstance(node, c_ast.Label) else []


def _way(node, target):
    if node is target:
        return [("do", node)]
    for after, child in _holes(node):
        found = _way(child, target)
        if found:
            return after + found
    return []


def items(node) -> list:
    """The statements of a block, or those behind a case."""
    return (node.block_items if isinstance(node, c_ast.Compound) else node.stmts) or []


def cases(node) -> list:
    """The cases and the default of the switch whose body this is, not those of a switch inside."""
    own = [node] if isinstance(node, (c_ast.Case, c_ast.Default)) else []
    return own + [c for _, child in _holes(node) if not isinstance(child, c_ast.Switch) for c in cases(child)]
