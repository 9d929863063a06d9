"""Our tokens as pycparser's parser takes them, and the refusal of those that are no C, or none that is read here."""

import re
from collections.abc import Iterator

from pycparser.c_lexer import Token as Word

from tdxkit.c.conditions import CHARACTER, NUMBER
from tdxkit.c.lexing import Token, refused
from tdxkit.errors import InputError

SIGNS = {
    "...": "ELLIPSIS", "<<=": "LSHIFTEQUAL", ">>=": "RSHIFTEQUAL", "++": "PLUSPLUS", "--": "MINUSMINUS", "->": "ARROW", "&&": "LAND",
    "||": "LOR", "<<": "LSHIFT", ">>": "RSHIFT", "<=": "LE", ">=": "GE", "==": "EQ", "!=": "NE", "*=": "TIMESEQUAL", "/=": "DIVEQUAL",
    "%=": "MODEQUAL", "+=": "PLUSEQUAL", "-=": "MINUSEQUAL", "&=": "ANDEQUAL", "|=": "OREQUAL", "^=": "XOREQUAL", "=": "EQUALS",
    "+": "PLUS", "-": "MINUS", "*": "TIMES", "/": "DIVIDE", "%": "MOD", "|": "OR", "&": "AND", "~": "NOT", "^": "XOR", "!": "LNOT",
    "<": "LT", ">": "GT", "?": "CONDOP", "(": "LPAREN", ")": "RPAREN", "[": "LBRACKET", "]": "RBRACKET", "{": "LBRACE", "}": "RBRACE",
    ",": "COMMA", ".": "PERIOD", ";": "SEMI", ":": "COLON",
}  # fmt: skip
# fmt: off
WORDS = (
    "auto", "break", "case", "char", "const", "continue", "default", "do", "else", "enum", "extern", "for", "goto", "if", "int",
    "long", "register", "offsetof", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef", "union",
    "unsigned", "void", "volatile", "while", "__int128", "__builtin_va_arg", "_Bool", "_Alignof", "_Alignas", "_Generic",
    "_Noreturn", "_Thread_local", "_Atomic", "typeof",
)
NAMES = {word: word.upper() for word in WORDS} | {
    "__type": "SIZEOF", "__signed__": "SIGNED", "__signed": "SIGNED", "__const": "CONST", "__volatile__": "VOLATILE", "__volatile": "VOLATILE",
    "__typeof__": "TYPEOF", "__typeof": "TYPEOF", "typeof_unqual": "TYPEOF_UNQUAL", "__auto_type": "AUTO", "__alignof__": "_ALIGNOF",
    "__builtin_offsetof": "OFFSETOF", "static_assert": "_STATIC_ASSERT", "_Static_assert": "_STATIC_ASSERT",
}
# fmt: on
FLOAT = re.compile(r"[0-9]*\.[0-9]*\w*|[0-9]+[eE][-+]?[0-9]+\w*|0[xX][0-9a-fA-F.]*[pP].*", re.ASCII)

FLOATING = "the kernel does not reckon with floating point", "use whole numbers"
ASSEMBLER = "assembler is not read", "write what it does in C, or smp_mb() or barrier() where it is one"
CPP = "this is C++, and C is read"
OF_EACH_CPU = "variables of which each CPU has its own are not read", "make it a local variable, or one that all share"
NOT_READ = {
    "asm": ASSEMBLER, "__asm__": ASSEMBLER, "__asm": ASSEMBLER, "asm_inline": ASSEMBLER, "asm_volatile_goto": ASSEMBLER, "asm_goto_output": ASSEMBLER,
    "float": FLOATING, "double": FLOATING, "_Complex": FLOATING, "__float128": FLOATING, "_Float16": FLOATING,
    "nullptr": (CPP, "write NULL"), **dict.fromkeys(("static_cast", "dynamic_cast", "reinterpret_cast", "const_cast"), (CPP, "write it in C")),
    "__label__": ("labels of a block's own are not read", "take the line out, and use a name that no other label has"),
    "_Thread_local": OF_EACH_CPU, "__thread": OF_EACH_CPU, "thread_local": OF_EACH_CPU,
}  # fmt: skip
GUARD = (
    "guards of a text's own are not read",
    "lock and unlock in the text itself, or use guard(spinlock), guard(mutex) and their kin",
)
WRITTEN_OUT = "it makes a function that is not in the text", "write the function out"
NOT_CALLED = {
    "scoped_cond_guard": ("a guard that may fail is not read", "write it with a trylock and an if"),
    "CLASS": GUARD, "DEFINE_CLASS": GUARD, "EXTEND_CLASS": GUARD, "DEFINE_GUARD": GUARD, "DEFINE_GUARD_COND": GUARD, "DEFINE_LOCK_GUARD_0": GUARD,
    "DEFINE_LOCK_GUARD_1": GUARD, "DEFINE_LOCK_GUARD_1_COND": GUARD, "ACQUIRE": GUARD,
    "__cleanup": ("__cleanup(how) is not read", "write TYPE name __free(how) = value;, with its DEFINE_FREE"),
    "TRACE_EVENT": WRITTEN_OUT, "DEFINE_EVENT": WRITTEN_OUT, "DECLARE_EVENT_CLASS": WRITTEN_OUT, "DEFINE_IDTENTRY": WRITTEN_OUT,
}  # fmt: skip
QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00ab\u00bb\u00b4"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"


def words(tokens: list[Token]) -> Iterator[Word]:
    """pycparser's tokens; the line of each is its number, from 1."""
    for number, token in enumerate(tokens, 1):
        kind, text = token.kind, "auto" if token.text == "__auto_type" else token.text
        yield Word(
            NAMES.get(text, "ID") if kind == "name" else SIGNS[text] if kind == "sign" else _literal(token),
            text,
            number,
            1,
            "",
        )


def _literal(token: Token) -> str:
    if token.kind != "number":
        return "STRING_LITERAL" if token.kind == "string" else "CHAR_CONST"
    return {"0x": "INT_CONST_HEX", "0b": "INT_CONST_BIN"}.get(token.text[:2].lower(), "INT_CONST_DEC")


def check(tokens: list[Token]) -> None:
    """InputError for the first token that is not read, whatever stands around it."""
    for at, token in enumerate(tokens):
        after = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if token.kind == "name":
            if found := NOT_READ.get(token.text) or (after == "(" and NOT_CALLED.get(token.text)):
                raise refused(token, *found)
            if token.text == "goto" and after == "*":
                raise refused(token, "a goto to a label that is a value is not read", "name the label, or use a switch")
        elif token.kind == "number":
            if len(token.text) > 80 or not NUMBER.fullmatch(token.text):
                raise _no_number(token)
        elif token.kind in ("string", "char"):
            if token.text[0] not in "\"'":
                raise refused(token, "wide characters are not read", "take the letter before it away")
            if token.kind == "char" and not CHARACTER.fullmatch(token.text):
                raise refused(token, "it is not one character", "write one, or one escape such as '\\n'")
        elif token.kind == "other":
            raise _no_sign(token)
        elif token.text == "::":
            raise refused(token, CPP, "write it in C")
        elif token.text in ("#", "##"):
            raise refused(token, "a directive is the first on its line", "put the # there, or take it out")
        elif token.text == "&&" and (not at or tokens[at - 1].text in ("=", "(", ",", "{", "[", "return", ";")):
            raise refused(token, "the address of a label is not read", "use a switch")


def _no_number(token: Token) -> InputError:
    if FLOAT.fullmatch(token.text):
        return refused(token, *FLOATING)
    return refused(token, "it is no whole number of C, such as 10, 0x1f, 8UL", "mend it")


def _no_sign(token: Token) -> InputError:
    sign = token.text
    if sign in "\"'":
        kind, rule = ("string", "") if sign == '"' else ("character", ", and is not empty")
        return refused(token, f"a {kind} ends on the line on which it begins{rule}", f"close it with {sign}")
    if sign in QUOTES:
        return refused(token, "C's quotes are straight", "write \" or '")
    if sign in DASHES:
        return refused(token, "C's minus is a plain hyphen", "write -")
    if sign == "\\":
        return refused(
            token,
            "a backslash stands in strings and at the end of a line",
            "take it out, or what follows it on its line",
        )
    if sign.isalpha():
        return refused(token, "names in C have the letters a to z, digits and _", "write it so")
    return refused(token, "C has no such sign", "take it out; of a diff or a mail, paste the text after the change")
