"""The verdict in a bar: a colour, and beside it a sign, a word and a sentence that say the same; and what went wrong, said in the same form.

>>> print(verdict("violation", "REMOVE found no pair"))
✗ violation: REMOVE found no pair
>>> print(verdict("ok", "every page came back", word="clean"))
✓ clean: every page came back
"""

from dataclasses import dataclass

from tdxkit.rules import SIGNS
from tdxkit.view.kit import theme
from tdxkit.view.kit.svg import Markup, element, framed, style, visible

NOT_JUDGED = "not judged"
ROLE = {"ok": "ok", "bounded": "free"}  # the colour of a verdict's bar; every other is bad
STALE = "tdx-stale"  # the class of what is shown and is of something older
_B = ".tdx .tdx-bar"
STYLE = (
    f".{STALE}>*{{opacity:.65}}.{STALE}::before{{content:'from before the last change:';font-weight:600;color:var(--jp-ui-font-color2,#666)}}"
    f"{_B}{{box-sizing:border-box;display:flex;flex-wrap:wrap;gap:2px 10px;align-items:baseline;color:var(--tdx-ink);margin:4px 0;padding:7px 12px;"
    "border:1px solid;border-left:6px solid;border-radius:4px;max-width:1100px;font-size:13.5px;line-height:1.4;overflow-wrap:anywhere}"
    f"{_B}>span{{flex:1 1 24ch}}{_B} b{{font-size:14.5px}}{_B}>small{{flex:1 0 100%;color:var(--tdx-soft);font-size:12.5px}}"
    f"{_B} h3{{margin:0;flex:1 1 100%;font-size:14.5px;line-height:1.4}}{_B} h3 span{{white-space:nowrap}}"
    ".tdx .tdx-asked{margin:6px 0;max-width:1100px;font-size:13.5px;line-height:1.45;color:var(--tdx-ink)}"
    ".tdx .tdx-asked em{font-style:normal;color:var(--tdx-ok);font-weight:600}"
) + "".join(
    f"{_B}.tdx-as-{role}{{background:var(--tdx-{role}-bg);border-color:var(--tdx-{role})}}{_B}.tdx-as-{role} b{{color:var(--tdx-{role})}}"
    for role in ("ok", "bad", "free")
)


@dataclass(frozen=True, slots=True, repr=False)
class Bar:
    """A verdict: its `kind` (a verdict of `data/rules.json`, or "" for none), the word for it, what is the case, and a smaller note under it."""

    kind: str
    said: str
    word: str = ""
    note: str = ""

    @property
    def shown(self) -> str:
        """The word that is shown: the verdict's own where it has no other."""
        return self.word or self.kind or NOT_JUDGED

    def __str__(self) -> str:
        return visible("\n".join(filter(None, (f"{SIGNS[self.kind]} {self.shown}: {self.said}", self.note))))

    __repr__ = __str__

    def html(self) -> Markup:
        """The bar; a board says it to whoever listens."""
        word = element("b", f"{SIGNS[self.kind]} {self.shown}")
        note = element("small", self.note) if self.note else ""
        return bar(word, element("span", self.said), note, role=ROLE.get(self.kind, "bad"), live="status")

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": str(self)}


def verdict(kind: str, said: str, word: str = "", note: str = "") -> Bar:
    """The bar of a verdict: ok, violation, deadlock, livelock, bounded, or "" for what is not judged; `word` in place of the verdict's own."""
    return Bar(kind, said, word, note)


def alert(what: object) -> Markup:
    """What went wrong, in red, with a sign; a page reads it out."""
    return bar(element("b", SIGNS[""]), element("span", what), role="bad", live="alert")


def bar(*parts: object, role: str, live: str | None = None) -> Markup:
    """Parts in a coloured bar. live: "status" or "alert", how a page reads it out when it changes; None: it does not."""
    return framed(style(theme.css() + STYLE), band(*parts, role=role, live=live))


def band(*parts: object, role: str, live: str | None = None) -> Markup:
    """The same inside of something that has the style already."""
    return element("div", *parts, class_=f"tdx-bar tdx-as-{role}", role=live)


def asked(question: str, found: str = "") -> Markup:
    """What a board asks, and below it what was found, once it was."""
    answer = element("em", f"✓ Found: {found}") if found else ""
    words = element(
        "p", element("b", "Find: "), question, element("br") if found else "", answer, class_="tdx-asked", role="status"
    )
    return framed(style(theme.css() + STYLE), words)
