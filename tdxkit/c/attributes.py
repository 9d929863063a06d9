"""Attributes and `#pragma pack`. No grammar of C has them, so what lays types out otherwise becomes an assertion that stands beside it, the rest is left out.

| stands there | read as |
|---|---|
| `struct __packed s { … }`, `struct s { … } __aligned(8)` | `struct s { static_assert(__packed_type()); … }`, `… static_assert(__aligned_type(8)); …` |
| `enum e { … } __packed` | `enum e : void { … }` |
| `int a, b __aligned(8);` in a struct or behind typedef | `int a, b; static_assert(__aligned_here(0, 0, 8));`: of the last declared, counted from the end |
| `#pragma pack(1)` | `static_assert(__pack(1));` in each struct that ends while it holds |
"""

import re
from collections import defaultdict

from tdxkit.c.lexing import Token, refused

ATTRIBUTE = {"__attribute__", "__attribute"}
TAGS, COMPOSITE = {"struct", "union", "enum"}, {"struct", "union"}
WIDEST = "16"  # what aligned without a number is
PRAGMA = "pragma"  # the kind of a token that begins one which lays structs out
PACK = re.compile(r"\((?:(?P<pop>pop)|(?P<push>push)(?:,(?P<pushed>[01248]|16))?|(?P<number>[01248]|16)?)\)")
PRAGMAS = {"pack", "scalar_storage_order", "ms_struct"}
# fmt: off
HARMLESS = """
access acquire_capability alloc_align alloc_size always_inline annotate artificial assume_aligned assume btf_decl_tag btf_type_tag address_space
cold common const copy counted_by counted_by_or_null deprecated designated_init diagnose_if disable_sanitizer_instrumentation enable_if error
externally_visible fallthrough fd_arg flatten format format_arg function_return gcc_struct gnu_inline guarded_by hot indirect_branch
leaf malloc may_alias maybe_unused naked no_caller_saved_registers no_instrument_function no_profile_instrument_function no_reorder no_sanitize
no_sanitize_address no_sanitize_memory no_sanitize_thread no_sanitize_undefined no_sanitize_coverage no_split_stack no_stack_protector nocf_check
nocommon noclone noderef noinline noipa nonnull nonstring noplt noreturn nothrow null_terminated_string_arg objc_root_class optimize overloadable
patchable_function_entry pass_object_size preserve_most pt_guarded_by pure randomize_layout no_randomize_layout release_capability
require_capability requires_capability retain returns_nonnull returns_twice section sentinel simd strict_flex_array stack_protect symver target target_clones
tls_model unavailable uninitialized unused used visibility warn_if_not_aligned warn_unused_result warning weak zero_call_used_regs bitwise force nocast
context safe no_address_safety_analysis error_or_warning latent_entropy regparm sysv_abi cf_check nocfi kcfi_unchecked no_builtin
"""
OTHER_TYPE = "it makes another type of what it stands at, which is not read"
ELSEWHERE = "what it stands for is elsewhere, and is not read"
REFUSED = {
    "mode": (OTHER_TYPE, "write the type that is meant"), "vector_size": (OTHER_TYPE, "write an array"), "ext_vector_type": (OTHER_TYPE, "write an array"),
    "scalar_storage_order": ("the order of bytes in a struct's members is not read", "take it out, and turn the bytes with cpu_to_be32() and kin"),
    "transparent_union": ("a union that is passed as one of its members is not read", "pass the member"),
    "ms_struct": ("structs are laid out as gcc does, not so", "take it out"),
    "cleanup": ("what runs at the end of a block is not read so", "write TYPE name __free(how) = value;, with its DEFINE_FREE"),
    "alias": (ELSEWHERE, "write the function out"), "ifunc": (ELSEWHERE, "write the function out"), "weakref": (ELSEWHERE, "write the function out"),
    "constructor": ("what runs before everything else is not read", "call it"), "destructor": ("what runs after everything else is not read", "call it"),
}
# fmt: on


class _Mark:
    """What a text says of a type or of what it declares: packed, or aligned to so many bytes."""

    def __init__(self, token: Token, word: str, number: list[Token]):
        self.token, self.word, self.number = token, word, number
        self.pointed = False  # does it stand behind a *?

    def asserted(self, where: str, *given: int) -> list[Token]:
        """As an assertion that stands in the text."""
        args = [*map(str, given)]
        words = [*" , ".join(args).split(), *([","] if args and self.number else [])]
        said = [_word(self.token, word) for word in ("static_assert", "(", f"__{self.word}_{where}", "(", *words)]
        return [*said, *self.number, *(_word(self.token, word) for word in (")", ")", ";"))]


class _Level:
    """Braces that are open: what their tag is, where they open, and the declaration that is under way in them."""

    def __init__(self, tag: str = "", at: int = -1):
        self.tag, self.at = tag, at
        self.begin(at + 1)

    def begin(self, at: int) -> None:
        """A declaration."""
        self.start, self.commas, self.brackets = at, 0, 0
        self.marks: list[tuple[_Mark, int | None]] = []  # with the number of the one declared, None for all


class _Attributes:
    """The pass over one text. `made`: what is left of it; `before` and `after`: what comes beside tokens of that, by number."""

    def __init__(self, tokens: list[Token], remarks: list[str]):
        self.tokens, self.remarks = tokens, remarks
        self.made: list[Token] = []
        self.before: defaultdict[int, list[Token]] = defaultdict(list)
        self.after: defaultdict[int, list[Token]] = defaultdict(list)
        self.levels = [_Level()]
        self.begun = -1  # the word struct whose { may still come
        self.waiting: list[_Mark] = []  # what was said behind it
        self.closed: _Level | None = None  # the body whose } was just there
        self.pack, self.packs = "", list[str]()
        self.known: dict[int, str] = {}  # what stands behind attributes, by where they begin
        at = 0
        while at < len(tokens):
            at = self._next(at)

    def result(self) -> list[Token]:
        """The text without attributes."""
        if not (self.before or self.after):
            return self.made
        return [t for at, token in enumerate(self.made) for t in (*self.before[at], token, *self.after[at])]

    def _next(self, at: int) -> int:
        token = self.tokens[at]
        opens = at + 1 < len(self.tokens) and self.tokens[at + 1].text == "("
        if token.kind == PRAGMA:
            end = next((end for end in range(at + 1, len(self.tokens)) if self.tokens[end].kind == PRAGMA), at)
            self._pragma(token, "".join(t.text for t in self.tokens[at + 1 : end]))
            return end + 1
        if opens and token.text == "_Pragma":
            end = self._end(at + 1)
            if any(word in t.text for t in self.tokens[at:end] for word in PRAGMAS):
                raise refused(token, "it lays structs out in another way, and is read as a line alone", "write #pragma")
            return end + 1
        if opens and token.text in ATTRIBUTE:
            end = self._end(at + 1)
            marks = [mark for part in _parted(self.tokens[at + 3 : end - 1]) if (mark := self._mark(part))]
            if marks:
                self._place(marks, self._behind(end + 1))
            return end + 1
        self._plain(token)
        self.made.append(token)
        return at + 1

    def _end(self, at: int) -> int:
        """The bracket that closes the one at `at`."""
        depth = 0
        for end in range(at, len(self.tokens)):
            depth += (self.tokens[end].text == "(") - (self.tokens[end].text == ")")
            if not depth:
                return end
        raise refused(self.tokens[at], "it is never closed", "close it with )")

    def _behind(self, at: int) -> str:
        """The word at `at`, or behind the attributes there."""
        passed = []
        while at not in self.known and self._text(at) in ATTRIBUTE and self._text(at + 1) == "(":
            passed.append(at)
            at = self._end(at + 1) + 1
        word = self.known.get(at) or self._text(at)
        self.known |= dict.fromkeys(passed, word)  # or many in a row would each be looked over by all before it
        return word

    def _text(self, at: int) -> str:
        return self.tokens[at].text if at < len(self.tokens) else ";"

    def _mark(self, part: list[Token]) -> _Mark | None:
        """What one attribute says of a layout; refused or told where it may change something else."""
        word = part[0].text.strip("_")
        if word == "packed":
            return _Mark(part[0], word, [])
        if word == "aligned":
            return _Mark(part[0], word, part[2:-1] or [part[0]._replace(kind="number", text=WIDEST)])
        if word in REFUSED:
            raise refused(part[0], *REFUSED[word])
        remark = f"line {part[0].line}: the attribute {part[0].text} is not known here and left out"
        if word not in HARMLESS.split() and remark not in self.remarks:
            self.remarks.append(remark)
        return None

    # where it stands

    def _place(self, marks: list[_Mark], behind: str) -> None:
        level = self.levels[-1]
        before = self.made[-1].text if self.made else ";"
        if before in TAGS or (self.begun >= 0 and behind == "{"):
            self.waiting += marks
        elif self.closed is not None:
            self._body(self.closed, marks)
        else:
            for mark in marks:
                mark.pointed = before == "*"
            one = level.commas if level.commas or behind in (";", ",", ":", "=") else None
            level.marks += [(mark, one) for mark in marks]

    def _body(self, level: _Level, marks: list[_Mark]) -> None:
        """Marks of a struct, union or enum whose braces these are."""
        for mark in marks:
            if level.tag != "enum":
                self.after[level.at] += mark.asserted("type")
            elif mark.word == "aligned":
                raise refused(mark.token, "an enum that is aligned is not read", "take it out, or align the member")
            elif not self.before[level.at]:
                self.before[level.at] += [_word(mark.token, word) for word in (":", "void")]

    def _plain(self, token: Token) -> None:
        """A token that stays."""
        text, level, here = token.text, self.levels[-1], len(self.made)
        closed, self.closed = self.closed, None
        if token.kind == "name" and text in TAGS:
            self.begun, self.waiting = here, []
        elif text == "{":
            self.levels.append(_Level(self.made[self.begun].text if self.begun >= 0 else "", here))
            self._body(self.levels[-1], self.waiting)
            self.begun, self.waiting = -1, []
        elif text == "}" and len(self.levels) > 1:
            self._close(token, self.levels.pop())
        elif text == ";" and not level.brackets:
            self._declared(level)
            level.begin(here + 1)
            self.begun = -1
        elif token.kind == "sign" and text != ":":
            level.brackets += (text in ("(", "[")) - (text in (")", "]"))
            level.commas += text == "," and not level.brackets
            self.begun = -1
        if closed is None and self.begun < 0:
            self.waiting = []

    def _close(self, token: Token, level: _Level) -> None:
        if level.tag:
            self.closed = level
        else:
            self.levels[-1].begin(len(self.made) + 1)
        if level.tag in COMPOSITE and self.pack:
            number = [token._replace(kind="number", text=self.pack)]
            self._body(level, [_Mark(token, "pack", number)])
        self.begun = -1

    def _declared(self, level: _Level) -> None:
        """The end of a declaration: what was said of the members or types that it declares; of others it changes nothing here."""
        if (
            not level.marks
            or level.start == len(self.made)
            or (level.tag not in COMPOSITE and not self._typedef(level))
        ):
            return
        for mark, one in level.marks:
            if mark.pointed:
                raise refused(mark.token, "an attribute of what is pointed to is not read", "put it behind the name")
            first, last = (level.commas, 0) if one is None else (level.commas - one,) * 2
            self.after[len(self.made)] += mark.asserted("here", first, last)

    def _typedef(self, level: _Level) -> bool:
        """Is it a typedef? InputError where it is one that is not read."""
        if all(token.text != "typedef" for token in self.made[level.start :]):
            return False
        aligned = [mark for mark, _ in level.marks if mark.word == "aligned"]
        if len(aligned) > 1:
            raise refused(aligned[1].token, "a typedef is aligned once here", "take one out")
        if aligned and len(self.levels) > 1:
            raise refused(aligned[0].token, "of a typedef in a function it is not read", "put the typedef outside")
        return True

    def _pragma(self, token: Token, said: str) -> None:
        """#pragma pack(…): how far the members of structs are aligned at most, from here on."""
        if token.text != "pack":
            raise refused(token, *REFUSED[token.text])
        found = PACK.fullmatch(said)
        if not found:
            raise refused(token, "it is #pragma pack(push, 1), pack(pop), pack(1) or pack()", "write it so")
        if found["pop"]:
            if not self.packs:
                raise refused(token, "no pack(push) is open here", "take it out")
            self.pack = self.packs.pop()
        elif found["push"]:
            self.packs.append(self.pack)
        number = found["pushed"] or found["number"]
        if number or said == "()":
            self.pack = (number or "0").strip("0")


def _word(like: Token, text: str) -> Token:
    """A word of ours at another token's place."""
    kind = "name" if text[0].isalpha() or text[0] == "_" else "number" if text[0].isdigit() else "sign"
    return like._replace(kind=kind, text=text)


def _parted(tokens: list[Token]) -> list[list[Token]]:
    """The attributes between commas."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "," and not depth:
            found.append([])
        else:
            found[-1].append(token)
    return [part for part in found if part]


def attributed(tokens: list[Token], remarks: list[str]) -> list[Token]:
    """The tokens without attributes, as in the table above; InputError for one that means what is not read. `remarks` hears of what is not known."""
    if not any(token.text in ATTRIBUTE or token.kind == PRAGMA or token.text == "_Pragma" for token in tokens):
        return tokens
    return _Attributes(tokens, remarks).result()
