"""Which names are types: C's words, the kernel's types, the text's own typedefs."""

from tdxkit.c.known import NAMED
from tdxkit.c.lexing import Token

# fmt: off
BASE = {
    "void", "char", "short", "int", "long", "signed", "unsigned", "float", "double", "_Bool", "__int128", "__signed__", "__signed",
}
QUALIFIERS = {"const", "volatile", "_Atomic", "__const", "__volatile__", "__volatile"}
STORAGE = {"static", "extern", "register", "auto", "typedef", "_Thread_local", "_Noreturn", "__auto_type"}
TAGS = {"struct", "union", "enum"}
TYPEOF = {"typeof", "__typeof__", "__typeof", "typeof_unqual"}
OFFSETS = {"offsetof", "__builtin_offsetof"}
SIZES = {"sizeof", "_Alignof", "__alignof__", "_Alignas", "_Generic", "__builtin_va_arg"} | TYPEOF | OFFSETS
JUMPS = {"return", "else", "do", "case", "goto", "default", "break", "continue"}
# fmt: on
HEADS = {"if", "while", "for", "switch"}
SPECIFIERS = BASE | QUALIFIERS | STORAGE | TAGS
KEYWORDS = SPECIFIERS | JUMPS | HEADS | SIZES
KERNEL = frozenset(NAMED)


def own(tokens: list[Token]) -> set[str]:
    """The names that the text's own typedefs give: `typedef struct foo foo_t, *foo_p;`, `typedef int (*call)(void);`."""
    found: set[str] = set()
    within, depth = False, 0
    for at, token in enumerate(tokens[:-1]):
        text, after = token.text, tokens[at + 1].text
        if not within or (text == ";" and not depth):
            within, depth = text == "typedef", 0
        elif token.kind == "sign":
            depth += (text in ("(", "{", "[")) - (text in (")", "}", "]"))
        elif token.kind == "name" and text not in KEYWORDS:
            pointer = depth == 1 and after == ")" and [t.text for t in tokens[at - 2 : at]] == ["(", "*"]
            if pointer or (not depth and after in (";", ",", "[", "(")):
                found.add(text)
    return found
