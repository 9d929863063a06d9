"""A still picture for a notebook: a drawing and the words that say the same, light and dark."""

from dataclasses import dataclass

from tdxkit.view.kit import theme
from tdxkit.view.kit.svg import Markup, element, style

_SYSTEM_DARK = "@media (prefers-color-scheme:dark){.tdx{%s}}"


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
        """The drawing with the colours of both themes."""
        return element("div", style(theme.css()), self.svg, class_="tdx")

    def file(self) -> str:
        """The drawing as an SVG file of its own; its colours follow the reader's system."""
        dark = ";".join(f"{name}:{value}" for name, value in theme.variables("dark").items())
        start, end = self.svg.index(">"), self.svg.index("<svg") + 4
        head = f'{self.svg[:end]} xmlns="http://www.w3.org/2000/svg" class="tdx"{self.svg[end:start]}>'
        return f"{head}{style(theme.css() + _SYSTEM_DARK % dark)}{self.svg[start + 1 :]}"

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": self.text}
