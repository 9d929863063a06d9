"""A still picture for a notebook: a drawing and the words that say the same, light and dark."""

import re
from dataclasses import dataclass

from tdxkit.view.kit import theme
from tdxkit.view.kit.svg import Markup, alone, element, esc, framed, image, joined, style

VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ')
NARROW, LEAST = 560, 0.95  # a picture wider than this many pixels scrolls before it is drawn smaller than this share
RULES = (
    "svg+.tdx-untrusted{display:none}.tdx-pan{overflow-x:auto}.tdx-pan>svg{min-width:var(--least)}"
    ".tdx-pan:focus-visible{outline:2px solid var(--tdx-a0)}"
)


def shown_or_image(picture: Markup, words: str) -> Markup:
    """A drawing; where a page takes drawings out, its image."""
    still = element("div", image(picture, words, style(theme.image_css())), class_="tdx-untrusted")
    wide = float(VIEW_BOX.search(picture)[1])
    shown = joined(style(RULES), picture, still)
    if wide <= NARROW:
        return shown
    label = "a wide picture, which scrolls where the page is narrower"
    return element(
        "div",
        shown,
        class_="tdx-pan",
        tabindex=0,
        role="group",
        aria_label=label,
        **{"style": f"--least:{wide * LEAST:.0f}px"},
    )


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """`svg` is a drawing made by `tdxkit.view.kit.svg`, `text` its twin. In a notebook it shows itself; `print` gives the text.

    `file()` is what goes beside a mail or onto a page: Path("pamt.svg").write_text(picture.file()).
    """

    svg: Markup
    text: str

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def html(self) -> Markup:
        """The drawing in the colours of the page, with its words under a fold; where a page takes drawings out, as an image."""
        words = element("details", element("summary", "as text"), element("pre", esc(self.text)), class_="tdx-twin")
        return framed(style(theme.css()), shown_or_image(self.svg, self.text), words)

    def file(self) -> str:
        """The drawing as an SVG file of its own; its colours follow the reader's system."""
        return str(alone(self.svg, style(theme.image_css())))

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": self.text}
