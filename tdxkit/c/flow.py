"""A function's flow: blocks of Python statements that end in a jump, and Python's own tree of the generator that they become.

C goes from anywhere to anywhere, Python does not. So a block that one other leads to is written where it is led to, and the rest are numbered:
`_b` says which comes next, in one loop around all. At each jump of that loop the variables that nobody reads from there on are
emptied, so that what a CPU has done with does not make two states of one.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

NEXT, MEMORY, STACK, BASE = "_b", "m", "_s", "_f"
DEEPEST = 40  # ifs in ifs, before a block gets a number of its own


@dataclass(eq=False)
class Block:
    """Statements, and how they end: `test` decides between two blocks, one block follows, or none: then they end in a return."""

    body: list[ast.stmt] = field(default_factory=list)
    test: ast.expr | None = None
    ways: tuple["Block", ...] = ()
    line: int = 1
    uses: set[str] = field(default_factory=set)  # variables read before they are set here
    sets: set[str] = field(default_factory=set)
    live: set[str] = field(default_factory=set)  # variables that are still read from the beginning on


def name(word: str, stores: bool = False) -> ast.Name:
    """A name, read or set."""
    return ast.Name(word, ast.Store() if stores else ast.Load())


def assign(word: str, value: ast.expr) -> ast.stmt:
    """word = value"""
    return ast.Assign([name(word, True)], value)


def call(function: str, *args: ast.expr) -> ast.Call:
    """function(args)"""
    return ast.Call(name(function), list(args), [])


def constant(value: object) -> ast.Constant:
    """A constant: a number, a text, or a tuple of these."""
    return ast.Constant(value)


def function(word: str, params: Iterable[str], entry: Block, line: int) -> ast.FunctionDef:
    """The generator function of these blocks."""
    blocks, params = reached(entry), list(params)
    _lives(blocks)
    heads = _heads(blocks, entry)
    body: list[ast.stmt] = []
    if heads:
        numbers = {block: k for k, block in enumerate([entry, *(h for h in heads if h is not entry)])}
        kept = set().union(*(block.live for block in numbers))
        writer = _Writer(numbers, kept)
        body += [assign(v, constant(None)) for v in sorted(kept - entry.live - set(params))]
        turns = [
            ast.If(ast.Compare(name(NEXT), [ast.Eq()], [constant(k)]), writer.written(block), [])
            for block, k in numbers.items()
        ]
        body += [assign(NEXT, constant(0)), ast.While(constant(True), turns, [])]
    else:
        body += _Writer({}, set()).written(entry)
    body.append(ast.If(constant(0), [ast.Expr(ast.Yield(None))], []))  # a generator, though it may have no step
    made = ast.FunctionDef(
        word, ast.arguments([], [ast.arg(p) for p in params], None, [], [], None, []), body, [], None
    )
    return _placed(made, line)


def reached(entry: Block) -> list[Block]:
    """The blocks that a run can come to, each once."""
    seen, todo = {entry}, [entry]
    for block in todo:
        for way in block.ways:
            if way not in seen:
                seen.add(way)
                todo.append(way)
    return todo


def _heads(blocks: list[Block], entry: Block) -> list[Block]:
    """The blocks that are led to from several places, or lie too deep."""
    led: dict[Block, int] = {entry: 1}
    for block in blocks:
        for way in block.ways:
            led[way] = led.get(way, 0) + 1
    heads = [block for block in blocks if led.get(block, 0) > 1]
    depth, todo = {entry: 0, **dict.fromkeys(heads, 0)}, [entry, *(h for h in heads if h is not entry)]
    for block in todo:
        for way in block.ways:
            if way not in depth:
                depth[way] = depth[block] + (len(block.ways) > 1)
                if depth[way] > DEEPEST:
                    heads.append(way)
                    depth[way] = 0
                todo.append(way)
    return heads


class _Writer:
    """Writes blocks; those with a number are jumped to."""

    def __init__(self, numbers: dict[Block, int], kept: set[str]):
        self.numbers, self.kept = numbers, kept

    def written(self, block: Block) -> list[ast.stmt]:
        """The statements of a block and of what follows it without a number."""
        out: list[ast.stmt] = []
        while True:
            out += block.body
            if len(block.ways) == 2:
                assert block.test is not None, "two ways have a test"
                yes, no = (self._to(way, block.line) for way in block.ways)
                out.append(_placed(ast.If(block.test, yes, no), block.line))
                return out
            if not block.ways:
                return out
            (way,) = block.ways
            if way in self.numbers:
                return out + self._to(way, block.line)
            block = way

    def _to(self, way: Block, line: int) -> list[ast.stmt]:
        if way not in self.numbers:
            return self.written(way) or [ast.Pass()]
        emptied = [assign(v, constant(None)) for v in sorted(self.kept - way.live)]
        return [_placed(s, line) for s in (*emptied, assign(NEXT, constant(self.numbers[way])), ast.Continue())]


def _lives(blocks: list[Block]) -> None:
    """Which variables are live at the beginning of each block: the backward data flow."""
    for block in blocks:
        for node in (*block.body, *([block.test] if block.test else [])):
            read, put = _touched(node)
            block.uses |= read - block.sets
            block.sets |= put
    changed = True
    while changed:
        changed = False
        for block in reversed(blocks):
            live = block.uses.union(*(way.live - block.sets for way in block.ways))
            if live != block.live:
                block.live, changed = live, True


def _touched(node: ast.AST) -> tuple[set[str], set[str]]:
    """The variables that a statement reads, and those that it sets for sure."""
    reads = {n.id for n in nodes(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and _variable(n.id)}
    puts: set[str] = set()
    if isinstance(node, ast.Assign):
        puts = {n.id for target in node.targets for n in nodes(target) if isinstance(n, ast.Name)}
    return reads, puts


def _variable(word: str) -> bool:
    """Is it a variable of the function, and no name of its module?"""
    return word[:2] in ("c_", "t_") or word == STACK


def nodes(tree: ast.AST, enter: Callable[[ast.AST], object] = lambda _: True) -> Iterator[ast.AST]:
    """A node and what is in it, in no order; not what is in one that `enter` says no of. (`ast.walk` takes twice as long.)"""
    todo = [tree]
    while todo:
        node = todo.pop()
        if not enter(node):
            continue
        yield node
        for value in vars(node).values():
            if isinstance(value, ast.AST):
                todo.append(value)
            elif type(value) is list:
                todo += [item for item in value if isinstance(item, ast.AST)]


def _placed(node, line: int):
    """The node with a line, for whatever in it has none. What has one had it given with all that is in it."""
    for inner in nodes(node, lambda inner: not hasattr(inner, "lineno")):
        if "lineno" in inner._attributes:
            inner.lineno = inner.end_lineno = line
            inner.col_offset = inner.end_col_offset = 0
    return node


placed = _placed
