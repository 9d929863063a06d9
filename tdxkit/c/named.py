"""The items of a stretch by their words: what each declares, the names in it, whether it is a function. What one declares is guessed generously,
as too much does no harm.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from tdxkit.c.items import OPENS_IF, WITHIN_IF, Item, parted, tokens_of, unpaired_of
from tdxkit.c.lexing import FIRST, Token
from tdxkit.c.typenames import KEYWORDS
from tdxkit.errors import InputError

MARKED = ("__attribute__", "__printf", "__section", "__aligned", "__acquires", "__releases", "__must_hold", "__malloc", "__no_sanitize")  # fmt: skip
_FORWARD = re.compile(r"(?:struct|union|enum) \w+ ;")
_CALLED = re.compile(r"(?:static )?[A-Z][A-Z0-9_]* \(")
KEPT = 20_000  # stretches whose items are kept
MOST_FILE = 4 << 20  # characters


@dataclass(frozen=True, slots=True)
class Named:
    """An item, what it declares, all names in it, its words without comments, and whether it is a function with a body, or a directive that
    opens, splits or ends a condition ("if", "else", "endif")."""

    item: Item
    declares: frozenset[str]
    uses: frozenset[str]
    spelled: str
    function: str = ""
    condition: str = ""

    @property
    def macro(self) -> bool:
        """Is it a macro, or the end of one?"""
        return self.spelled.startswith(("# define", "# undef"))

    @property
    def static(self) -> bool:
        """Can no other file see it?"""
        return self.macro or self.spelled.startswith("static ")

    @property
    def pasted(self) -> tuple[str, ...]:
        """Of a macro that pastes words together, what the words may be, as patterns."""
        if not self.macro or "##" not in self.spelled:
            return ()
        words = self.spelled.split(" ")
        given = set(self.spelled.partition("(")[2].partition(")")[0].replace(",", " ").split())
        found, at = [], 0
        while at < len(words):
            run = [words[at]]
            while at + 2 < len(words) and words[at + 1] == "##":
                at += 2
                run.append(words[at])
            if len(run) > 1 and not all(word in given for word in run):
                found.append("".join(r"\w+" if word in given else re.escape(word) for word in run))
            at += 1
        return tuple(found)

    @property
    def defines(self) -> bool:
        """Is it more than a declaration: is it what its names are?"""
        if _FORWARD.fullmatch(self.spelled) or self.spelled.startswith("extern "):
            return False
        return not self.spelled.endswith(") ;") or bool(_CALLED.match(self.spelled)) or "{" in self.spelled

    @property
    def early(self) -> bool:
        """Is it a macro or a type, which others need above them?"""
        word = self.spelled.partition(" ")[0]
        kind = word in ("struct", "union", "enum") and ("{" in self.spelled or bool(_FORWARD.fullmatch(self.spelled)))
        return kind or word == "typedef" or self.spelled.startswith(("# define", "# undef"))


@lru_cache(KEPT)
def named_in(text: str) -> tuple[Named, ...]:
    """The whole items of a stretch, and the conditions of which all is there. None of a stretch that is no text."""
    try:
        tokens = tokens_of(text, MOST_FILE)
    except InputError:
        return ()
    odd = unpaired_of(tokens)
    return tuple(_named(item, own) for item, own in parted(text, tokens) if item.whole and item.first not in odd)


def unread(text: str) -> str:
    """Why nothing of a stretch is taken; "" where it is read."""
    try:
        tokens_of(text, MOST_FILE)
    except InputError as error:
        return str(error)
    return ""


def functions_in(text: str) -> tuple[str, ...]:
    """The functions of a stretch that are whole."""
    return tuple(one.function for one in named_in(text) if one.function)


def _named(item: Item, tokens: list[Token]) -> Named:
    words = [token.text for token in tokens]
    spelled = " ".join(words)
    uses = frozenset(token.text for token in tokens if token.kind == "name")
    if tokens and tokens[0].text == "#" and tokens[0].before == FIRST:
        return _directive(item, words, uses, spelled)
    depths, depth = [], 0
    for word in words:
        depth -= word in ")]}"
        depths.append(depth)
        depth += word in "([{"
    calls = [w for w, follows, d in zip(words, [*words[1:], ""], depths) if follows == "(" and not d and (w[0].isalpha() or w[0] == "_")]  # fmt: skip
    if words[-1] == "}" and calls:
        title = next((word for word in calls if word not in MARKED), calls[0])
        return Named(item, frozenset([title]), uses, spelled, title)
    if words[0].startswith("EXPORT_SYMBOL"):
        return Named(item, frozenset(), frozenset(), spelled)
    return Named(item, frozenset(_declared(words, depths)), uses, spelled)


def _directive(item: Item, words: list[str], uses: frozenset[str], spelled: str) -> Named:
    """A macro, a condition, or what nobody needs."""
    kind = words[1] if len(words) > 1 else ""
    condition = "if" if kind in OPENS_IF else "endif" if kind == "endif" else "else" if kind in WITHIN_IF else ""
    return Named(
        item, frozenset(words[2:3]) if kind in ("define", "undef") else frozenset(), uses, spelled, "", condition
    )


def _declared(words: list[str], depths: list[int]) -> Iterator[str]:
    """What a declaration declares: what stands at its edge before `= , ; [ (` or a member list, tags, constants of an enum; of one that is
    written as a call, as `DEFINE_SPINLOCK(lock)`, what it is given."""
    before = ("=", ",", ";", "[", "(", "{", ":", ")")
    given = (
        len(words) > 2 and words[-2:] == [")", ";"] and any(w.isupper() and n == "(" for w, n in pairwise(words[:3]))
    )
    for k, (word, follows, depth) in enumerate(zip(words, words[1:], depths)):  # the last one is a ; or }
        if not (word[0].isalpha() or word[0] == "_") or word in KEYWORDS:
            continue
        above = words[k - 1] if k else ""
        if (
            (not depth and follows in before and not given)
            or (above in ("struct", "union", "enum") and follows in ("{", ";"))
            or (depth == 1 and given)
            or (words[0] in ("enum", "typedef") and depth == 1 and above in ("{", ",") and follows in ("=", ",", "}"))
            or (words[max(0, k - 2) : k] == ["(", "*"] and follows == ")" and depth == 1)  # a pointer to a function
        ):
            yield word
