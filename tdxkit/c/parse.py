"""A text of kernel-style C as a tree: pycparser's own, and of each node its line and column in the paste.

pycparser's lexer is left out: the parser gets our tokens, numbered, so that `node.coord.line` is the number of a token and `places` says where that stands.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, NoReturn

from pycparser import c_ast
from pycparser.c_lexer import Token as Word
from pycparser.c_parser import CParser

from tdxkit.c.attributes import attributed
from tdxkit.c.complaints import Complaint
from tdxkit.c.directives import bounded, preprocessed
from tdxkit.c.guesses import Guesses
from tdxkit.c.habits import Habits
from tdxkit.c.lexing import Token, lexed, refused
from tdxkit.c.scopes import scopes
from tdxkit.c.typenames import KERNEL, own
from tdxkit.c.words import check, words

NOTHING: Mapping[str, str] = {}
NOTHING_OPENED: Mapping[int, int] = {}
MOST_REMARKS, DEEPEST = 50, 200


class Parsed(NamedTuple):
    """A text read. `places`: line and column of each token, that of number n at n - 1; `remarks`: what was taken for granted, a line each;
    `braces`: of each `{` the number of its token, with that of its `}`."""

    tree: c_ast.FileAST
    places: tuple[tuple[int, int], ...]
    remarks: tuple[str, ...]
    braces: Mapping[int, int] = NOTHING_OPENED

    def end(self, node: c_ast.Compound) -> int:
        """The line of the } of a block."""
        return self.places[self.braces[node.coord.line] - 1][0]

    def place(self, node: c_ast.Node) -> tuple[int, int]:
        """Line and column at which a node stands in the paste; (1, 1) where nothing of it does."""
        if node.coord is not None:
            return self.places[node.coord.line - 1]
        return next((self.place(child) for child in node), (1, 1))


def parsed(text: str, defines: Mapping[str, str] = NOTHING) -> Parsed:
    """The tree of a text, with the macros of `defines` (name: value) set. InputError, one line that names the place, for what is not read."""
    remarks: list[str] = []
    tokens = attributed(preprocessed(lexed(text), defines, remarks), remarks)
    check(tokens)
    found, types = scopes(tokens), KERNEL | own(tokens)
    guesses = Guesses(tokens, found, types)
    remarks += guesses.remarks
    tokens = Habits(tokens, found, types | guesses.types.keys(), guesses.out).made()
    bounded(tokens)
    used = {token.text: token for token in tokens if token.text in KERNEL}
    tokens = [word for name in (*used.values(), *guesses.types.values()) for word in _typedef(name)] + tokens
    tree = _tree(tokens)
    del tree.ext[: len(used)]  # the kernel's types are not the text's
    _finish(tree, tokens)
    if len(remarks) > MOST_REMARKS:
        remarks[MOST_REMARKS:] = [f"and {len(remarks) - MOST_REMARKS} more of this kind"]
    return Parsed(tree, tuple((token.line, token.column) for token in tokens), tuple(remarks), _braces(tokens))


def _braces(tokens: list[Token]) -> dict[int, int]:
    """The number of each { with that of its }."""
    found, opened = {}, []
    for number, token in enumerate(tokens, 1):
        if token.text == "{":
            opened.append(number)
        elif token.text == "}" and opened:
            found[opened.pop()] = number
    return found


def _typedef(name: Token) -> list[Token]:
    return [name._replace(text="typedef"), name._replace(text="int"), name, name._replace(kind="sign", text=";")]


class _Words:
    """In place of pycparser's lexer."""

    filename = ""

    def __init__(self, error_func: object, dialect: str):
        self.given: Iterator[Word] = iter(())

    def input(self, text: str, filename: str) -> None:
        """Text is not read here."""

    def token(self) -> Word | None:
        """The next word."""
        return next(self.given, None)


class _Stopped(Exception):
    """The grammar does not go on: at which token, and what pycparser says."""


class _Parser(CParser):
    """pycparser's parser that says at which token it stops, and stops when it reads the same again and again.

    A type in parentheses is read twice where `{` follows it, and so, in each other, 2, 4, 8 … times.
    """

    def __init__(self, tokens: list[Token]):
        super().__init__(lexer=_Words, dialect="c23")  # type: ignore[arg-type]
        self.clex.given = words(tokens)  # type: ignore[attr-defined]
        self.left = 20 * len(tokens) + 1000

    def _parse_error(self, msg: str, coord: object) -> NoReturn:
        at = (
            self._tokens._index + 1 if msg == "Invalid declaration" else getattr(coord, "line", self._tokens._index + 1)
        )
        raise _Stopped(at - 1, msg)

    def _reset(self, mark: int) -> None:
        self.left -= self._tokens._index - mark
        if self.left < 0:
            raise RecursionError
        super()._reset(mark)


def _tree(tokens: list[Token]) -> c_ast.FileAST:
    parser = _Parser(tokens)
    try:
        return parser.parse("")
    except _Stopped as stop:
        raise Complaint(tokens, *stop.args).error() from None
    except RecursionError:
        at = min(parser._tokens._index, len(tokens) - 1)
        raise refused(tokens[at], "what stands here is nested too deep", "make it simpler") from None
    except Exception as error:  # it was not written for hostile texts, and gives up in many ways
        at = min(parser._tokens._index, len(tokens) - 1)
        raise Complaint(tokens, at, str(error)).error() from None


def _finish(tree: c_ast.FileAST, tokens: list[Token]) -> None:
    """Arguments that were marked as types become types; InputError for a tree that is too deep, and for functions in the manner of K&R."""
    level: list[c_ast.Node] = [tree]
    for _ in range(DEEPEST):
        below: list[c_ast.Node] = []
        for node in level:
            if isinstance(node, c_ast.ExprList):
                node.exprs = [
                    each.expr if isinstance(each, c_ast.UnaryOp) and each.op == "__type" else each
                    for each in node.exprs
                ]
            elif isinstance(node, c_ast.FuncDef):
                _with_types(node, tokens)
            below += node
        if not below:
            return
        level = below
    token = next((tokens[node.coord.line - 1] for node in level if node.coord is not None), tokens[0])
    raise refused(token, f"statements and expressions are nested to a depth of {DEEPEST}", "make it simpler")


def _with_types(function: c_ast.FuncDef, tokens: list[Token]) -> None:
    kind = function.decl.type
    listed = kind.args.params if isinstance(kind, c_ast.FuncDecl) and kind.args else ()
    if function.param_decls or any(isinstance(param, c_ast.ID) for param in listed):
        raise refused(
            tokens[function.coord.line - 1],
            "its parameters have no types in the parentheses (K&R)",
            "write TYPE name there",
        )
