"""Local variables whose address may go where another CPU, or a later moment, finds it: known before a function is compiled.

An address goes from expressions into variables, arguments and results. A local variable escapes where its own comes into shared memory, into a
function of the kernel that works on that, out of its function, or into a variable that outlives its block. Nothing is asked of the order of
statements; what a pointer points to counts as shared where something is stored through it, and an integer as no address.
"""

from collections.abc import Mapping

from pycparser import c_ast

from tdxkit.c.accesses import LOADS, STORES
from tdxkit.c.entries import LOCKLESS, LOOPS, REST
from tdxkit.c.kernel.listed import ENDS
from tdxkit.c.types import VOID, Array, Atomic, Int, Lock, Pointer, Struct, Type
from tdxkit.errors import InputError

OUT, LISTED = ("out", "shared memory"), ("listed", "what is on some list")
INTO_FIRST = (*STORES, "rcu_replace_pointer", "smp_store_mb")
GIVEN_AWAY = ("call_rcu", "call_rcu_hurry", "kref_put")
CALLS_BACK = ("kref_put_lock", "kref_put_mutex", "kref_put_spinlock_irqsave")
WITH_HEAD = ("list_add", "hlist_add", "list_move", "list_splice", "list_replace")
OPERATES = ("try_cmpxchg",)  # its first pointer is one to shared memory, its second is not
ALONE = {c_ast.If: ("iftrue", "iffalse")} | dict.fromkeys(
    (c_ast.While, c_ast.DoWhile, c_ast.For, c_ast.Switch), ("stmt",)
)  # blocks without braces
Node = tuple[str, int | str]


class Escapes:
    """The addresses of one text. `found`: the declarations and literals, by identity, of what escapes."""

    def __init__(self, declared, kernel: Mapping, heads: bool):
        self.declared, self.kernel, self.heads = declared, kernel, heads
        self.ways: dict[Node, set[Node]] = {}
        self.kinds: dict[int, Type | None] = {}
        self.depths: dict[int, tuple[str, int]] = {}  # of each local variable its function, and how deep its block lies
        self.scopes: list[dict[str, int | None]] = []
        self.params = {word: _params(node) for word, node in declared.functions.items()}
        for self.title, node in declared.functions.items():
            self.scopes = [{}]
            for param in self.params[self.title]:
                self._declare(param)
                if isinstance(kind := self.kinds[id(param)], Array):
                    self.kinds[id(param)] = Pointer(kind.of)
            for item in node.body.block_items or []:
                self._visit(item)
        self.found = frozenset(one for one in self.depths if self._goes_out(one))

    def _goes_out(self, one: int) -> bool:
        """Does the address of a variable come where it outlives it?"""
        function, depth = self.depths[one]
        todo: list[Node] = [("&", one)]
        seen: set[Node] = set()
        while todo:
            node = todo.pop()
            if node == OUT or node == ("return", function):
                return True
            kind, which = node
            if kind == "held" and self.depths[which][0] == function and self.depths[which][1] < depth:  # type: ignore[index]
                return True
            new = self.ways.get(node, set()) - seen
            seen |= new
            todo += new
        return False

    # names

    def _declare(self, node: c_ast.Decl) -> None:
        shared = {"static", "extern"} & set(node.storage or [])
        self.scopes[-1][node.name] = None if shared else id(node)
        self.kinds[id(node)] = self._kind_of(node.type)
        if not shared:
            self.depths[id(node)] = self.title, len(self.scopes)

    def _kind_of(self, node: c_ast.Node) -> Type | None:
        """The type of a declaration, where that needs no reading of a function."""
        base, arrays = node, isinstance(node, c_ast.ArrayDecl)
        while isinstance(base, (c_ast.TypeDecl, c_ast.PtrDecl, c_ast.ArrayDecl)):
            base = base.type
        plain = isinstance(base, c_ast.Struct) and base.decls is None and base.name in self.declared.tags
        try:
            if plain or isinstance(base, c_ast.IdentifierType):
                return self.declared.type_of(node)
        except InputError:
            pass
        return Array(VOID, 0) if arrays else None

    def _find(self, word: str) -> tuple[int | None, Type | None]:
        """A local variable and its type; None and the type for one that is shared."""
        for scope in reversed(self.scopes):
            if word in scope:
                return scope[word], self.kinds.get(scope[word]) if scope[word] is not None else None  # type: ignore[arg-type]
        known = self.declared.variables.get(word)
        return None, known.type if known else None

    def _kind(self, node: c_ast.Node) -> Type | None:
        """The type of an expression, where it is plain to see."""
        if isinstance(node, c_ast.ID):
            return self._find(node.name)[1]
        if isinstance(node, c_ast.CompoundLiteral):
            return self._kind_of(node.type.type)
        if isinstance(node, c_ast.StructRef):
            outer = self._kind(node.name)
            outer = outer.to if isinstance(outer, Pointer) else outer.of if isinstance(outer, Array) else outer
            member = outer.members.get(node.field.name) if isinstance(outer, Struct) else None
            return member.type if member else None
        if isinstance(node, c_ast.ArrayRef) or (isinstance(node, c_ast.UnaryOp) and node.op == "*"):
            outer = self._kind(node.name if isinstance(node, c_ast.ArrayRef) else node.expr)
            return outer.to if isinstance(outer, Pointer) else outer.of if isinstance(outer, Array) else None
        if _called(node) in LOADS:
            return self._kind(node.args.exprs[0])
        return None

    # where addresses come from

    def _values(self, node: c_ast.Node | None) -> set[Node]:
        """What an expression may have as its value, or in it."""
        if node is None or not (isinstance(kind := self._kind(node), Array) or _holds(kind)):
            return set()
        if isinstance(node, c_ast.UnaryOp):
            moved = node.op[-2:] in ("++", "--")
            return (
                self._object(node.expr)
                if node.op == "&"
                else self._values(node.expr)
                if moved or node.op == "*"
                else set()
            )
        if isinstance(node, (c_ast.ID, c_ast.StructRef, c_ast.ArrayRef, c_ast.CompoundLiteral)):
            there = self._object(node)
            inside = isinstance(kind, Array) or isinstance(node, c_ast.ArrayRef) or _arrow(node)
            return there if inside else {one for one in there if one[0] != "&"}
        if (word := _called(node)) in self.params:
            return {("return", word)}
        if word in ENDS:
            return {LISTED}
        parts = {
            c_ast.Cast: ("expr",), c_ast.TernaryOp: ("cond", "iftrue", "iffalse"), c_ast.BinaryOp: ("left", "right"), c_ast.Assignment: ("rvalue",),
            c_ast.NamedInitializer: ("expr",),
        }.get(type(node))  # fmt: skip
        inner = [getattr(node, part) for part in parts] if parts else self._last(node)
        return {one for part in inner for one in self._values(part)}

    def _last(self, node: c_ast.Node) -> list:
        """What a list, a block or a call has the value of."""
        if isinstance(node, c_ast.Compound):
            return (node.block_items or [])[-1:]
        if isinstance(node, c_ast.FuncCall):
            entry = self.kernel.get(_called(node))
            return [] if entry and isinstance(entry.returns, Int) else _args(node)
        return node.exprs or [] if isinstance(node, (c_ast.InitList, c_ast.ExprList)) else []

    def _object(self, node: c_ast.Node) -> set[Node]:
        """The address of a place, and what lies there."""
        if isinstance(node, c_ast.ID):
            one, _ = self._find(node.name)
            return set() if one is None else {("&", one), ("held", one)}
        if isinstance(node, c_ast.CompoundLiteral):
            return {("&", id(node)), ("held", id(node))}
        if isinstance(node, c_ast.StructRef):
            return self._values(node.name) if node.type == "->" else self._object(node.name)
        if isinstance(node, c_ast.ArrayRef):
            return self._values(node.name) if isinstance(self._kind(node.name), Pointer) else self._object(node.name)
        return self._values(node.expr if isinstance(node, (c_ast.UnaryOp, c_ast.Cast)) else node)

    # where they go

    def _flow(self, values: set[Node], to: Node) -> None:
        for one in values - {to}:
            self.ways.setdefault(one, set()).add(to)

    def _into(self, values: set[Node], node: c_ast.Node) -> None:
        """Addresses into a place."""
        while isinstance(node, c_ast.Cast) or (isinstance(node, c_ast.StructRef) and node.type == "."):
            node = node.expr if isinstance(node, c_ast.Cast) else node.name
        if isinstance(node, c_ast.ArrayRef) and not isinstance(self._kind(node.name), Pointer):
            return self._into(values, node.name)
        if values:
            one, _ = self._find(node.name) if isinstance(node, c_ast.ID) else (None, None)
            self._flow(values, OUT if one is None else ("held", one))
        return None

    def _assigned(self, place: c_ast.Node, value: c_ast.Node | None) -> None:
        """An assignment; an integer has an address only where a cast makes one of it."""
        if _holds(self._kind(place)) or isinstance(value, c_ast.Cast):
            self._into(self._values(value), place)

    def _behind(self, values: set[Node], pointer: c_ast.Node) -> None:
        """Addresses into what a pointer points to."""
        if isinstance(pointer, c_ast.UnaryOp) and pointer.op == "&":
            self._into(values, pointer.expr)
        else:
            self._flow(values, OUT)

    def _visit(self, node: c_ast.Node) -> None:
        """All that a statement or an expression does."""
        block = isinstance(node, (c_ast.Compound, *ALONE))
        if block:
            self.scopes.append({})
        if isinstance(node, c_ast.CompoundLiteral):
            self.depths[id(node)] = self.title, len(self.scopes)
            self._flow(self._values(node.init), ("held", id(node)))
        elif isinstance(node, c_ast.Decl) and node.name is not None:
            self._declare(node)
            self._assigned(c_ast.ID(node.name), node.init)
        elif isinstance(node, c_ast.Assignment):
            self._assigned(node.lvalue, node.rvalue)
        elif isinstance(node, c_ast.Return):
            if _holds(self.declared.takes[self.title].returns) or isinstance(node.expr, c_ast.Cast):
                self._flow(self._values(node.expr), ("return", self.title))
        elif isinstance(node, c_ast.FuncCall):
            self._call(node, _called(node), _args(node))
        for part, child in node.children():
            if isinstance(child, (c_ast.Typename, c_ast.Typedef)) or (isinstance(node, c_ast.Decl) and part != "init"):
                continue
            alone = part in ALONE.get(type(node), ())
            if alone:
                self.scopes.append({})
            self._visit(child)
            if alone:
                self.scopes.pop()
        if block:
            self.scopes.pop()

    def _call(self, node: c_ast.FuncCall, word: str, args: list) -> None:
        if word in self.params:
            for arg, param in zip(args, self.params[word]):
                self._flow(self._values(arg), ("held", id(param)))
        elif word in LOOPS or word in LOCKLESS or word in REST:
            safe = "safe" in word
            for pos in args[: 1 + safe]:
                self._into(self._values(args[1 + safe]) if word in LOCKLESS else {LISTED}, pos)
        elif word in INTO_FIRST and len(args) > 1:
            self._assigned(args[0], args[1])
        elif word in ("smp_store_release", "memcpy", "memmove") and len(args) > 1:
            self._behind(self._values(args[1]), args[0])
        elif word == "swap" and len(args) == 2:
            self._into(self._values(args[0]), args[1])
            self._into(self._values(args[1]), args[0])
        elif word in (*GIVEN_AWAY, *CALLS_BACK):
            self._flow({one for arg in args for one in self._values(arg)}, OUT)
        elif word.startswith(WITH_HEAD) and len(args) > 1:
            self._on_a_list(args[0], args[1], whole="splice" in word)
        elif entry := self.kernel.get(word):
            self._kernels(entry, word, args)

    def _on_a_list(self, entry: c_ast.Node, where: c_ast.Node, whole: bool) -> None:
        """An entry, or the whole of a list, is on a list that begins elsewhere, and says where."""
        entries = {one for one in self._values(entry) if not whole or one[0] != "&"}
        self._flow(entries, LISTED)
        self._behind(entries, where)
        if self.heads:
            self._behind(self._values(where), entry)

    def _kernels(self, entry, word: str, args: list) -> None:
        """A function of the kernel: what works on shared memory must find what it is given there."""
        for k, (arg, takes) in enumerate(zip(args, entry.takes)):
            works = takes == "p" and (not entry.stack or (k == 0 and any(one in word for one in OPERATES)))
            if takes == "T":
                self._behind(self._values(arg), args[0])
            elif entry.steps and (works or (takes == "v" and not entry.stack)):
                self._flow(self._values(arg), OUT)


def _params(node: c_ast.FuncDef) -> list[c_ast.Decl]:
    args = node.decl.type.args
    return [one for one in (args.params if args else []) if isinstance(one, c_ast.Decl)]


def _holds(kind: Type | None) -> bool:
    """May an address be in something of this type? Where that is not known it may."""
    if isinstance(kind, (Int, Atomic, Lock)):
        return False
    if isinstance(kind, Array):
        return _holds(kind.of)
    return not isinstance(kind, Struct) or not kind.known or any(_holds(of) for _, of in kind.fields)


def _called(node: c_ast.Node) -> str:
    """The function or macro that is called, by name."""
    return node.name.name if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) else ""


def _args(node: c_ast.FuncCall) -> list:
    return node.args.exprs if node.args else []


def _arrow(node: c_ast.Node) -> bool:
    """Is it a member of what a pointer points to?"""
    while isinstance(node, c_ast.StructRef):
        if node.type == "->":
            return True
        node = node.name
    return False
