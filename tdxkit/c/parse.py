"""A text of kernel-style C as a tree: pycparser's own, each node with its line and column in the paste.

pycparser's lexer is not asked: it gets our tokens, numbered, so that `node.coord.line` is the number of a token and `places` says where that stands.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pycparser import c_ast
from pycparser.c_lexer import Token as Word
from pycparser.c_parser import CParser, ParseError

from tdxkit.c import typenames
from tdxkit.c.directives import preprocessed
from tdxkit.c.habits import rewritten
from tdxkit.c.lexing import Token, lexed, refused
from tdxkit.errors import InputError

NOTHING: Mapping[str, str] = {}
SIGNS = {
    "...": "ELLIPSIS", "<<=": "LSHIFTEQUAL", ">>=": "RSHIFTEQUAL", "++": "PLUSPLUS", "--": "MINUSMINUS", "->": "ARROW", "&&": "LAND",
    "||": "LOR", "<<": "LSHIFT", ">>": "RSHIFT", "<=": "LE", ">=": "GE", "==": "EQ", "!=": "NE", "*=": "TIMESEQUAL", "/=": "DIVEQUAL",
    "%=": "MODEQUAL", "+=": "PLUSEQUAL", "-=": "MINUSEQUAL", "&=": "ANDEQUAL", "|=": "OREQUAL", "^=": "XOREQUAL", "=": "EQUALS",
    "+": "PLUS", "-": "MINUS", "*": "TIMES", "/": "DIVIDE", "%": "MOD", "|": "OR", "&": "AND", "~": "NOT", "^": "XOR", "!": "LNOT",
    "<": "LT", ">": "GT", "?": "CONDOP", "(": "LPAREN", ")": "RPAREN", "[": "LBRACKET", "]": "RBRACKET", "{": "LBRACE", "}": "RBRACE",
    ",": "COMMA", ".": "PERIOD", ";": "SEMI", ":": "COLON",
}  # fmt: skip
WORDS = {
    word: word.upper()
    for word in [
        "auto",
        "break",
        "case",
        "char",
        "const",
        "continue",
        "default",
        "do",
        "else",
        "enum",
        "extern",
        "for",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "register",
        "offsetof",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "typedef",
        "union",
        "unsigned",
        "void",
        "volatile",
        "while",
        "__int128",
        "_Bool",
        "_Alignof",
        "_Alignas",
        "_Generic",
        "_Noreturn",
        "_Thread_local",
        "typeof",
    ]
}
ALIKE = {
    "__type": "SIZEOF", "__signed__": "SIGNED", "__signed": "SIGNED", "__const": "CONST", "__volatile__": "VOLATILE", "__volatile": "VOLATILE",
    "__typeof__": "TYPEOF", "__typeof": "TYPEOF", "typeof_unqual": "TYPEOF", "__auto_type": "AUTO", "__alignof__": "_ALIGNOF",
    "__builtin_offsetof": "OFFSETOF",
}  # fmt: skip
NUMBER = re.compile(
    r"(0[xX][0-9a-fA-F]+|(0[bB][01]+)|0[0-7]*|[1-9][0-9]*)([uU]?(?:ll|LL|[lL])?|(?:ll|LL|[lL])[uU])", re.ASCII
)


class Parsed(NamedTuple):
    """A text read. `places`: line and column of each token, that of number n at n - 1; `remarks`: what was taken for granted, a line each."""

    tree: c_ast.FileAST
    places: tuple[tuple[int, int], ...]
    remarks: tuple[str, ...]

    def place(self, node: c_ast.Node) -> tuple[int, int]:
        """Line and column at which a node begins in the paste; (1, 1) where nothing of it stands there."""
        if node.coord is not None:
            return self.places[node.coord.line - 1]
        return next((self.place(child) for child in node), (1, 1))


class _Words:
    """pycparser's lexer: hands out words that are ready."""

    filename = ""
    given: Iterator[Word] = iter(())

    def __init__(self, error_func: object, dialect: str):
        pass

    def input(self, text: str, filename: str) -> None:
        """Nothing is read from a text."""

    def token(self) -> Word | None:
        """The next word."""
        return next(self.given, None)


def parsed(text: str, defines: Mapping[str, str] = NOTHING) -> Parsed:
    """The tree of a text. InputError, one line with line and column, for whatever is not C as it is read here."""
    remarks: list[str] = []
    tokens = preprocessed(lexed(text), defines, remarks)
    known = typenames.KERNEL | typenames.own(tokens)
    taken = typenames.taken(tokens, known)
    remarks += [f"line {token.line}: {name} is taken for a type (int)" for name, token in taken.items()]
    tokens = rewritten(tokens, known | taken.keys())
    before, kernels = _typedefs(tokens, taken)
    tokens = before + tokens
    tree = _tree(tokens)
    tree.ext = [node for number, node in enumerate(tree.ext) if number >= kernels]
    if any(token.text == "__type" for token in tokens):
        _unmark(tree)
    return Parsed(tree, tuple((token.line, token.column) for token in tokens), tuple(remarks))


def _typedefs(tokens: list[Token], taken: dict[str, Token]) -> tuple[list[Token], int]:
    """A typedef for each of the kernel's types that the text uses, then for those that are taken for one; how many of the first."""
    used = {token.text: token for token in tokens if token.text in typenames.KERNEL}
    made: list[Token] = []
    for _name, like in [*used.items(), *taken.items()]:
        made += [
            like._replace(kind="name", text="typedef"),
            like._replace(kind="name", text="int"),
            like,
            like._replace(kind="sign", text=";"),
        ]
    return made, len(used)


def _tree(tokens: list[Token]) -> c_ast.FileAST:
    parser = CParser(lexer=_Words, dialect="c23")  # type: ignore[arg-type]
    parser.clex.given = _words(tokens)  # type: ignore[attr-defined]
    try:
        return parser.parse("")
    except ParseError as error:
        found = re.match(r".*?:(\d+):", str(error))
        at = int(found[1]) - 1 if found else len(tokens) - 1
        raise refused(tokens[at], f"C does not read so ({error})", "mend it") from None
    except RecursionError:
        raise InputError("the text", "it is nested too deep", "paste less") from None


def _words(tokens: list[Token]) -> Iterator[Word]:
    for number, token in enumerate(tokens, 1):
        yield Word(_kind(token), token.text, number, 1, "")


def _kind(token: Token) -> str:
    kind, text = token.kind, token.text
    if kind == "name":
        return WORDS.get(text) or ALIKE.get(text) or "ID"
    if kind == "sign" and text in SIGNS:
        return SIGNS[text]
    if kind == "number":
        return _number(token)
    if kind == "string":
        return "STRING_LITERAL"
    if kind == "char":
        return "CHAR_CONST"
    raise refused(token, "C here has no such sign", "take it out")


def _number(token: Token) -> str:
    match = NUMBER.fullmatch(token.text)
    if not match:
        raise refused(token, "numbers are whole numbers of C, such as 10, 0x1fUL", "write one")
    return "INT_CONST_BIN" if match[2] else "INT_CONST_HEX" if match[1][:2] in ("0x", "0X") else "INT_CONST_DEC"


def _unmark(node: c_ast.Node) -> None:
    """Each argument that was marked as a type becomes that type."""
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, c_ast.ExprList):
            node.exprs = [
                child.expr if isinstance(child, c_ast.UnaryOp) and child.op == "__type" else child
                for child in node.exprs
            ]
        stack += list(node)
