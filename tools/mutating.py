"""Faults that may be planted in a file, one at a time: in Python by its tree, in the page's scripts by their tokens.

for fault in faults(Path("tdxkit/seam/locks.py")):
    fault.planted()     # the text of the file with this one fault in it
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

COMPARES = {
    "<=": "<",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "<": "<=",
    ">": ">=",
    "is not": "is",
    "is": "is not",
    "not in": "in",
    "in": "not in",
}
SUMS = {"+": "-", "-": "+", "*": "+", "//": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&"}
RELEASE = re.compile(r"release|unlock|free|close|drop|discard|stop|give|unobserve")
LEAVE = (ast.Return, ast.Raise, ast.Continue, ast.Break)
# Of a script: what stands there, what comes in its place, and what it is called.
TOKENS = [
    (r"(?<=\s)===(?=\s)", "!==", "compare"), (r"(?<=\s)!==(?=\s)", "===", "compare"), (r"(?<=\s)<=(?=\s)", "<", "compare"),
    (r"(?<=\s)>=(?=\s)", ">", "compare"), (r"(?<=\s)<(?=\s)", "<=", "compare"), (r"(?<=[\w)\]]\s)>(?=\s)", ">=", "compare"),
    (r"(?<=\s)&&(?=\s)", "||", "and, or"), (r"(?<=\s)\|\|(?=\s)", "&&", "and, or"), (r"(?<=\s)\+(?=\s[\w(])", "-", "sum"), (r"(?<=\s)-(?=\s)", "+", "sum"),
    (r"\btrue\b", "false", "constant"), (r"\bfalse\b", "true", "constant"), (r"(?<=[\s(,\[?:-])\d+(?=[\s),;\]])", "+1", "constant"),
    (r"(?<=[(\s])!(?=[\w(])", "", "not"), (r"^( +)[\w.?]+\(.*\);$", "", "dropped statement"), (r'(?<=key === )"\w+"', '"F9"', "key"),
]  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """Bytes `start` to `end` of a file, and what comes in their place."""

    path: Path
    start: int
    end: int
    put: str
    kind: str

    def planted(self) -> bytes:
        """The file with the fault in it."""
        text = self.path.read_bytes()
        return text[: self.start] + self.put.encode() + text[self.end :]

    @property
    def line(self) -> int:
        """The number of its first line."""
        return self.path.read_bytes()[: self.start].count(b"\n") + 1

    def lines(self) -> tuple[str, str]:
        """Its line as it is and as it becomes, without the blanks around."""
        row = self.line - 1
        return tuple(text.decode().splitlines()[row].strip() for text in (self.path.read_bytes(), self.planted()))


def faults(path: Path) -> list[Fault]:
    """Every fault that may be planted in a file, in its order."""
    found = _in_script(path) if path.suffix == ".js" else _in_python(path)
    return sorted(found, key=lambda fault: (fault.start, fault.end, fault.put))


def _in_python(path: Path) -> Iterator[Fault]:
    text = path.read_bytes()
    rows = [0]
    for row in text.splitlines(keepends=True):
        rows.append(rows[-1] + len(row))
    place = lambda line, column: rows[line - 1] + column  # noqa: E731
    begin, end = (lambda n: place(n.lineno, n.col_offset)), (lambda n: place(n.end_lineno, n.end_col_offset))
    tree = ast.parse(text)
    skipped = set(_said_only(tree))
    above = {below: node for node in ast.walk(tree) for below in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if node in skipped:
            continue
        match node:
            case ast.Compare(left=left, ops=[_], comparators=[right]):
                yield from _between(path, text, end(left), begin(right), COMPARES, "compare")
            case ast.BoolOp(values=[one, other, *_]):
                yield from _between(path, text, end(one), begin(other), {"and": "or", "or": "and"}, "and, or")
            case ast.BinOp(left=left, right=right) if not isinstance(left, ast.Constant | ast.JoinedStr):
                yield from _between(path, text, end(left), begin(right), SUMS, "sum")
            case ast.AugAssign(target=target, value=value):
                yield from _between(
                    path, text, end(target), begin(value), {"+=": "-=", "-=": "+=", "|=": "&=", "&=": "|="}, "sum"
                )
                if isinstance(target, ast.Attribute | ast.Subscript):
                    yield Fault(path, begin(node), end(node), "pass", "dropped statement")
            case ast.Constant(value=bool() as value):
                yield Fault(path, begin(node), end(node), str(not value), "constant")
            case ast.Constant(value=int() as value):
                slot = isinstance(above.get(node), ast.Subscript)
                yield Fault(path, begin(node), end(node), str(value + 1), "wrong slot" if slot else "constant")
            case ast.UnaryOp(op=ast.Not()):
                yield Fault(path, begin(node), begin(node) + len("not"), "", "not")
            case ast.If(test=test) | ast.IfExp(test=test):
                yield Fault(path, begin(test), end(test), "False", "dropped branch")
                if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
                    yield Fault(path, begin(test), end(test), f"not ({text[begin(test) : end(test)].decode()})", "not")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield Fault(path, begin(node), end(node), "pass", "dropped statement")
            case ast.Expr(value=ast.Call() | ast.YieldFrom() as value):
                kind = (
                    "missing release"
                    if RELEASE.search(ast.unparse(value).lstrip("(").split("(")[0])
                    else "dropped statement"
                )
                yield Fault(path, begin(node), end(node), "pass", kind)
        for one, other in pairwise(getattr(node, "body", None) or () if isinstance(node, ast.stmt) else ()):
            if _leaves(one) and _leaves(other):
                texts = text[begin(one) : end(one)], text[end(one) : begin(other)], text[begin(other) : end(other)]
                yield Fault(path, begin(one), end(other), b"".join(reversed(texts)).decode(), "swapped checks")


def _leaves(node: ast.stmt) -> bool:
    """Whether this is a check: an `if` without another way, at whose end its function or loop is left."""
    return isinstance(node, ast.If) and not node.orelse and isinstance(node.body[-1], LEAVE)


def _said_only(tree: ast.AST) -> Iterator[ast.AST]:
    """What is there for people and checkers: annotations, what an error says, defaults of `__all__` and the like."""
    for node in ast.walk(tree):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        parts += [node.exc] if isinstance(node, ast.Raise) else []
        parts += node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        for part in filter(None, parts):
            yield from ast.walk(part)


def _between(path: Path, text: bytes, start: int, stop: int, table: dict[str, str], kind: str) -> Iterator[Fault]:
    """The operator that stands between two operands."""
    found = re.search(
        rb"(?<![\w<>=!+*/&|-])("
        + b"|".join(re.escape(sign.encode()).replace(rb"\ ", rb"\s+") for sign in table)
        + rb")(?![\w<>=/*])",
        text[start:stop],
    )
    if found:
        sign = " ".join(found[1].decode().split())
        yield Fault(path, start + found.start(1), start + found.end(1), table[sign], kind)


def _in_script(path: Path) -> Iterator[Fault]:
    at = 0
    for row in path.read_bytes().splitlines(keepends=True):
        line = row.decode()
        if not line.lstrip().startswith(("//", "*", "/*", "import ")):
            for pattern, put, kind in TOKENS:
                for found in re.finditer(pattern, line.rstrip("\n")):
                    before = len(line[: found.start()].encode())
                    after = before + len(found[0].encode())
                    new = str(int(found[0]) + 1) if put == "+1" else put
                    yield Fault(path, at + before, at + after, new, kind)
        at += len(row)
