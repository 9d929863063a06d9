"""Which names are types: C's, the kernel's, the text's own typedefs, and those that stand where only a type can stand."""

from tdxkit.c.lexing import Token

BASE = {
    "void",
    "char",
    "short",
    "int",
    "long",
    "signed",
    "unsigned",
    "float",
    "double",
    "_Bool",
    "__int128",
    "__signed__",
}
QUALIFIERS = {"const", "volatile", "_Atomic"}
STORAGE = {"static", "extern", "register", "auto", "typedef", "_Thread_local", "_Noreturn"}
TAGS = {"struct", "union", "enum"}
JUMPS = {"return", "else", "do", "case", "goto", "default", "break", "continue"}
KEYWORDS = (
    BASE
    | QUALIFIERS
    | STORAGE
    | TAGS
    | JUMPS
    | {"if", "while", "for", "switch", "sizeof", "typeof", "offsetof", "_Alignof", "_Generic", "_Alignas", "asm"}
)
KERNEL = {
    "u8",
    "u16",
    "u32",
    "u64",
    "s8",
    "s16",
    "s32",
    "s64",
    "__u8",
    "__u16",
    "__u32",
    "__u64",
    "__s8",
    "__s16",
    "__s32",
    "__s64",
    "__le8",
    "__le16",
    "__le32",
    "__le64",
    "__be8",
    "__be16",
    "__be32",
    "__be64",
    "int8_t",
    "int16_t",
    "int32_t",
    "int64_t",
    "uint8_t",
    "uint16_t",
    "uint32_t",
    "uint64_t",
    "bool",
    "size_t",
    "ssize_t",
    "uintptr_t",
    "intptr_t",
    "ptrdiff_t",
    "uint",
    "ulong",
    "ushort",
    "gfp_t",
    "fmode_t",
    "umode_t",
    "pid_t",
    "dev_t",
    "pgoff_t",
    "loff_t",
    "sector_t",
    "ktime_t",
    "irqreturn_t",
    "cycles_t",
    "pfn_t",
    "kvm_pfn_t",
    "gfn_t",
    "gpa_t",
    "gva_t",
    "hpa_t",
    "hfn_t",
    "hva_t",
    "phys_addr_t",
    "dma_addr_t",
    "atomic_t",
    "atomic64_t",
    "atomic_long_t",
    "refcount_t",
    "spinlock_t",
    "raw_spinlock_t",
    "rwlock_t",
    "seqlock_t",
    "seqcount_t",
    "seqcount_spinlock_t",
    "wait_queue_head_t",
    "wait_queue_entry_t",
    "local_lock_t",
}
ENDS = {";", "=", ",", ")", "["}


def own(tokens: list[Token]) -> set[str]:
    """The names that the text's own typedefs give."""
    found: set[str] = set()
    at, size = 0, len(tokens)
    while at < size:
        if tokens[at].text != "typedef":
            at += 1
            continue
        depth = 0
        while at < size and (depth or tokens[at].text != ";"):
            text = tokens[at].text
            depth += (text in "({[") - (text in ")}]")
            if tokens[at].kind == "name" and at + 1 < size:
                after = tokens[at + 1].text
                pointer = after == ")" and tokens[at - 1].text == "*" and depth == 1
                if pointer or (not depth and after in (";", ",", "[", "(")):
                    found.add(text)
            at += 1
    return found


def taken(tokens: list[Token], known: set[str]) -> dict[str, Token]:
    """Names that are no known type and stand where only one can: the name and where it is first."""
    found: dict[str, Token] = {}
    braces = 0
    for at in range(len(tokens) - 2):
        token = tokens[at]
        braces += (token.text == "{") - (token.text == "}")
        if token.kind == "name" and token.text not in KEYWORDS and token.text not in known and token.text not in found:
            before = tokens[at - 1].text if at else ";"
            if _declares(tokens, at, before, not braces) or _casts(tokens, at, before):
                found[token.text] = token
    return found


def _plain(token: Token, known: set[str] = frozenset()) -> bool:
    return token.kind == "name" and token.text not in KEYWORDS


def _declares(tokens: list[Token], at: int, before: str, outside: bool) -> bool:
    """`T x;`, `T *x = …`, `static T f(`, a parameter `T x`."""
    if before not in (";", "{", "}", "(", ",") and before not in STORAGE and before not in QUALIFIERS:
        return False
    end = at + 1
    while end < len(tokens) and (tokens[end].text == "*" or tokens[end].text in QUALIFIERS):
        end += 1
    if end + 1 >= len(tokens) or not _plain(tokens[end]):
        return False
    after = tokens[end + 1].text
    if end > at + 1 and before in ("(", ",") and not outside:
        return False
    return after in ENDS or (outside and after == "(")


def _casts(tokens: list[Token], at: int, before: str) -> bool:
    """`(T *)`, and `(T)x` behind an operator."""
    if before != "(" or at < 2:
        return False
    opener = tokens[at - 2]
    if _plain(opener) or opener.text in ("if", "while", "for", "switch", ")"):
        return False
    end = at + 1
    while end < len(tokens) and tokens[end].text == "*":
        end += 1
    if end + 1 >= len(tokens) or tokens[end].text != ")":
        return False
    return end > at + 1 or tokens[end + 1].kind in ("number", "string", "char") or _plain(tokens[end + 1])
