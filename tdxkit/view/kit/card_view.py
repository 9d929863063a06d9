"""A fidelity card to look at: what a model keeps, simplifies and leaves out, side by side, and below each other where the page is narrow.

cards(pamt, sizes)          # models, by their docstrings; or a Card, such as a run's
"""

import inspect
import re
from dataclasses import dataclass

from tdxkit.card import Card, card_of
from tdxkit.errors import InputError
from tdxkit.facts import load_toml
from tdxkit.view.kit import theme
from tdxkit.view.kit.sources_view import STYLE as OF_SOURCES
from tdxkit.view.kit.sources_view import short
from tdxkit.view.kit.svg import Markup, element, framed, joined, style, visible

HEADS = {"modelled": "✓ Modelled", "simplified": "≈ Simplified", "left_out": "– Left out"}
_ID = re.compile(r"([a-z0-9][\w]*(?:-[\w]+)+)")
_AT_END = re.compile(r"\s*(?:\[[\w-]+\]|\(sources? [\w, -]+\))$")
_C = ".tdx.tdx-cards"
STYLE = (
    f"{_C}{{color:var(--tdx-ink);font-size:13px;line-height:1.45;max-width:1100px}}"
    f"{_C} section{{border:1px solid var(--tdx-line);border-radius:6px;margin:8px 0;background:var(--tdx-panel);overflow:hidden;container-type:inline-size}}"
    f"{_C} h3{{margin:0;padding:7px 12px;font-size:13.5px;line-height:1.4;border-bottom:1px solid var(--tdx-line)}}"
    f"{_C} .tdx-three{{display:grid;grid-template-columns:repeat(3,minmax(0,1fr))}}"
    f"@container (max-width:640px){{{_C} .tdx-three{{grid-template-columns:minmax(0,1fr)}}}}"
    f"{_C} .tdx-three>div{{padding:7px 12px 9px;border-right:1px solid var(--tdx-line)}}{_C} .tdx-three>div:last-child{{border-right:0}}"
    f"{_C} .tdx-three :is(h3,h4){{margin:0 0 3px;padding:0;border:0;font-size:12.5px;line-height:1.4;font-weight:650;color:var(--tdx-soft)}}"
    f"{_C} ul{{margin:0;padding:0;list-style:none}}{_C} li{{margin:0 0 5px;overflow-wrap:anywhere}}"
    f"{_C} code{{background:none;color:inherit;padding:0;font-size:12px}}"
    f"{_C} li.tdx-nothing{{color:var(--tdx-soft)}}"
    f"{_C} footer{{padding:5px 12px;border-top:1px solid var(--tdx-line);color:var(--tdx-soft);font-size:12.5px;text-align:left}}{_C} footer .tdx-source{{margin-right:10px}}"
)


@dataclass(frozen=True, slots=True)
class Titled:
    """A card, what it is of, and the ids of the sources that the model draws on."""

    title: str
    card: Card
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Cards:
    """Some cards below each other, as markup and as text."""

    cards: tuple[Titled, ...]

    def __str__(self) -> str:
        return visible(
            "\n\n".join("\n".join(filter(None, (one.title, str(one.card), _from(one)))) for one in self.cards)
        )

    __repr__ = __str__

    def html(self) -> Markup:
        """Each card in a frame of its own."""
        return framed(style(theme.css() + OF_SOURCES + STYLE), *map(_framed, self.cards), class_="tdx-cards")

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": str(self)}


def _from(one: Titled) -> str:
    return f"sources: {', '.join(one.sources)}" if one.sources else ""


def _framed(one: Titled) -> Markup:
    below = "h4" if one.title else "h3"  # headings have no gap between their levels
    columns = [
        element("div", element(below, head), element("ul", *_entries(getattr(one.card, kind))))
        for kind, head in HEADS.items()
    ]
    title = element("h3", _named(one.title)) if one.title else ""
    foot = element("footer", "Sources: ", *map(short, one.sources)) if one.sources else ""
    return element("section", title, element("div", *columns, class_="tdx-three"), foot, aria_label=f"Fidelity card: {one.title}" if one.title else "Fidelity card")  # fmt: skip


def _entries(entries: tuple[str, ...]) -> list[Markup]:
    if not entries:
        return [element("li", "nothing that is worth a word", class_="tdx-nothing")]
    return [element("li", _named(entry)) for entry in entries]


def _named(text: str) -> Markup:
    """A sentence in which the ids of sources are links where they have an address, and what stands between backticks is code."""
    known = load_toml("sources.toml")
    made = []
    for k, part in enumerate(text.split("`")):
        # what was captured stands at the odd places
        named = [short(word) if j % 2 and word in known else word for j, word in enumerate(_ID.split(part))]
        made += [element("code", part)] if k % 2 else named
    return joined(*made)


def cards(*models: object) -> Cards:
    """The cards of these models, or cards as they are; InputError for a model without one."""
    return Cards(tuple(map(_titled, models)))


def _titled(model: object) -> Titled:
    if isinstance(model, Card):
        return Titled("", model)
    card = card_of(model)
    name = getattr(model, "__name__", type(model).__name__)
    if card == Card():
        raise InputError(
            f"card of {name}", "a fidelity card stands at the end of a model's docstring", "name a model that has one"
        )
    title = _AT_END.sub("", (inspect.getdoc(model) or "").partition("\n")[0].rstrip("."))  # the foot has them
    return Titled(title, card, tuple(getattr(model, "SOURCES", ())))
