"""The kernel's habits that no macro and no grammar of C covers, turned into C that says the same; each token keeps its place.

| kernel C | read as |
|---|---|
| `EXPORT_SYMBOL…(f);`, `MODULE_…(…);`, `module_init(f);`, `…_initcall(f);` at file scope | nothing |
| `T x __free(kfree) = e;` | `T x = e; __cleanup(kfree, x);` |
| `list_for_each_entry(p, h, m) s` and whatever else is called for_each | `for (__list_for_each_entry(p, h, m); ; ) s` |
| `a ?: b` | `a ? __same : b` |
| `case 1 ... 5:`, `[1 ... 5] = x` | `case __range(1, 5):`, `[__range(1, 5)] = x` |
| a type as an argument, `container_of(p, struct foo, m)` | `__type(struct foo)`, of which parse makes the type |
"""

import re

from tdxkit.c.lexing import Token, refused
from tdxkit.c.typenames import BASE, JUMPS, KEYWORDS, QUALIFIERS, TAGS

OUTSIDE = re.compile(
    r"EXPORT_\w+|MODULE_\w+|module_\w+|builtin_\w+|\w*_initcall\w*|\w*_exitcall\w*|early_param|__setup|ALLOW_ERROR_INJECTION|"
    r"NOKPROBE_SYMBOL|BTF_ID\w*|__exitcall|__initcall|DEFINE_SHOW_ATTRIBUTE|STACK_FRAME_NON_STANDARD|KVM_X86_OP\w*|subsys_initcall"
)
LOOP = re.compile(r"\w*for_each\w*")
STATEMENT = {";", "{", "}", ")", "else", "do", ":"}
OPENS, CLOSES = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
NATIVE = {
    "sizeof",
    "offsetof",
    "typeof",
    "_Alignof",
    "if",
    "while",
    "for",
    "switch",
    "return",
    "case",
    "_Generic",
    "_Alignas",
}


def close(tokens: list[Token], at: int) -> int:
    """Where the bracket at `at` is closed; the end of the tokens where it is not."""
    depth = 0
    for end in range(at, len(tokens)):
        text = tokens[end].text
        depth += (text in OPENS) - (text in CLOSES)
        if not depth:
            return end
    return len(tokens) - 1


def sign(text: str, like: Token) -> Token:
    """A sign of ours at another token's place."""
    return like._replace(kind="sign", text=text)


def word(text: str, like: Token) -> Token:
    """A name of ours at another token's place."""
    return like._replace(kind="name", text=text)


def rewritten(tokens: list[Token], types: set[str]) -> list[Token]:
    """The tokens, the habits of the table above turned; `types` are the names of types besides C's."""
    return _types(_ranges(_loops(_cleanups(_outside(tokens)))), types)


def _outside(tokens: list[Token]) -> list[Token]:
    """Without what a file says to its linker and loader."""
    made: list[Token] = []
    depth = at = 0
    while at < len(tokens):
        token = tokens[at]
        depth += (token.text == "{") - (token.text == "}")
        if (
            not depth
            and token.kind == "name"
            and at + 1 < len(tokens)
            and tokens[at + 1].text == "("
            and OUTSIDE.fullmatch(token.text)
        ) and (not made or made[-1].text in (";", "}")):
            at = close(tokens, at + 1) + 1
            at += at < len(tokens) and tokens[at].text == ";"
            continue
        made.append(token)
        at += 1
    return made


def _cleanups(tokens: list[Token]) -> list[Token]:
    """__free(how) taken out of a declaration and told after it."""
    made: list[Token] = []
    after: list[Token] = []
    at = depth = 0
    while at < len(tokens):
        token = tokens[at]
        depth += (token.text in OPENS) - (token.text in CLOSES) if after else 0
        if token.text == "__free" and token.kind == "name" and at + 3 < len(tokens) and tokens[at + 1].text == "(":
            if not made or made[-1].kind != "name" or tokens[at + 3].text != ")":
                raise refused(
                    token, "__free(how) stands behind the name that it is for", "write TYPE name __free(how) = value;"
                )
            how, name = tokens[at + 2], made[-1]
            after += [
                word("__cleanup", token),
                sign("(", token),
                how,
                sign(",", token),
                name,
                sign(")", token),
                sign(";", token),
            ]
            at += 4
            continue
        made.append(token)
        if token.text == ";" and after and not depth:
            made += after
            after = []
        at += 1
    return made


def _loops(tokens: list[Token]) -> list[Token]:
    """…for_each…(…) statement as a for loop with the call for its beginning."""
    made: list[Token] = []
    ends: dict[int, Token] = {}
    for at, token in enumerate(tokens):
        if token.kind == "name" and LOOP.fullmatch(token.text) and at and tokens[at - 1].text in STATEMENT:  # noqa: SIM102
            if at + 1 < len(tokens) and tokens[at + 1].text == "(":
                end = close(tokens, at + 1)
                if end + 1 < len(tokens) and tokens[end + 1].text not in (";", ","):
                    ends[end] = token
                    made += [word("for", token), sign("(", token), word("__" + token.text.lstrip("_"), token)]
                    continue
        made.append(token)
        if at in ends:
            made += [sign(";", token), sign(";", token), sign(")", token)]
    return made


def _ranges(tokens: list[Token]) -> list[Token]:
    """`a ?: b`, `case a ... b:` and `[a ... b]` said with a word of ours."""
    made: list[Token] = []
    opened: list[int] = []  # where, in what is made, each `case` or `[` begins
    for at, token in enumerate(tokens):
        made.append(token)
        if token.text == "?" and at + 1 < len(tokens) and tokens[at + 1].text == ":":
            made.append(word("__same", token))
        elif token.text in ("case", "["):
            opened.append(len(made))
        elif token.text == "..." and opened and tokens[at - 1].text not in (",", "("):
            since = opened[-1]
            made[-1] = sign(",", token)
            made[since:since] = [word("__range", token), sign("(", token)]
            opened[-1] = -1
        elif token.text in ("]", ":") and opened and (token.text == "]") == (_opener(made, opened[-1]) == "["):  # noqa: SIM102
            if opened.pop() == -1:
                made.insert(-1, sign(")", token))
    return made


def _opener(made: list[Token], since: int) -> str:
    return made[since - 1].text if since > 0 else ""


def _types(tokens: list[Token], types: set[str]) -> list[Token]:
    """Each argument that is a type marked as one."""
    made: list[Token] = []
    ends: set[int] = set()
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.text == "{") - (token.text == "}")
        made.append(token)
        if depth and token.text in ("(", ",") and at + 1 < len(tokens):
            first = tokens[at + 1].text
            if first in TAGS or first in BASE or first in QUALIFIERS or first in types or first == "typeof":
                end = _type_end(tokens, at + 1)
                if end and _called(tokens, at):
                    made += [word("__type", tokens[at + 1]), sign("(", tokens[at + 1])]
                    ends.add(end)
        if at in ends:
            made.append(sign(")", token))
    return made


def _type_end(tokens: list[Token], at: int) -> int:
    """The last token of the type that fills an argument; 0 where the argument is more than a type."""
    names = 0
    while at < len(tokens):
        token = tokens[at]
        if token.text == "typeof":
            at = close(tokens, at + 1)
        elif token.text in (",", ")"):
            return at - 1
        elif token.kind != "name" and token.text != "*":
            return 0
        at += 1
    return names


def _called(tokens: list[Token], at: int) -> bool:
    """Is the parenthesis around `at` that of a call?"""
    depth = 0
    while at >= 0:
        text = tokens[at].text
        depth += (text in CLOSES) - (text in OPENS)
        if depth < 0:
            break
        at -= 1
    if at < 1 or tokens[at].text != "(" or tokens[at - 1].kind != "name" or tokens[at - 1].text in NATIVE | KEYWORDS:
        return False
    return at < 2 or tokens[at - 2].kind != "name" or tokens[at - 2].text in JUMPS
