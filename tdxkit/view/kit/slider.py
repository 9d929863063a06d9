"""A slider with a name, which ipywidgets' own has not for who hears a page instead of seeing it.

    Slider(numbers(1, 40), 10, "TDs")
    Slider([("1.5 TiB", 1536), …], 1536, "Guest")

CSS classes that tests may rely on: `.tdx-slider input[type=range]` (labelled; aria-valuetext: the label of its value), `.tdx-slider output`.
"""

from collections.abc import Sequence
from math import floor
from pathlib import Path

import anywidget
import traitlets

from tdxkit.view.kit import scripts, theme
from tdxkit.view.kit.svg import visible

PAGE = Path(__file__).parent / "page"
Option = tuple[str, object]


def numbers(least: float, most: float, step: float = 1, unit: str = "") -> list[Option]:
    """The values from `least` on, a step apart, none above `most`, with their labels."""
    count = floor((most - least) / step + 1e-9) + 1
    values = [least + k * step if isinstance(step, int) else round(least + k * step, 6) for k in range(count)]
    return [(f"{value:g} {unit}".rstrip(), value) for value in values]


class Slider(anywidget.AnyWidget):
    """`value` is one of the values of `options`, (label, value) each; another that is set becomes the nearest of them."""

    _esm = scripts.script(PAGE, "slider.js")
    _css = theme.css() + scripts.read(PAGE, "slider.css")
    description = traitlets.Unicode().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    index = traitlets.Int(0).tag(sync=True)
    value = traitlets.Any()

    def __init__(self, options: Sequence[Option], value: object, description: str):
        self.options = tuple(options)
        labels = [visible(label) for label, _ in self.options]
        super().__init__(description=description, labels=labels, index=self._place(value))

    @property
    def label(self) -> str:
        """The label of the value."""
        return self.labels[self.index]

    def _place(self, value: object) -> int:
        values = [each for _, each in self.options]
        return values.index(value) if value in values else min(range(len(values)), key=lambda k: abs(values[k] - value))

    @traitlets.default("value")
    def _first(self) -> object:
        return self.options[self.index][1]

    @traitlets.validate("index")
    def _within(self, proposal) -> int:
        return max(0, min(proposal["value"], len(self.options) - 1))

    @traitlets.validate("value")
    def _one_of_them(self, proposal) -> object:
        return self.options[self._place(proposal["value"])][1]

    @traitlets.observe("index")
    def _moved(self, change) -> None:
        self.value = self.options[change["new"]][1]

    @traitlets.observe("value")
    def _set(self, change) -> None:
        self.index = self._place(change["new"])
