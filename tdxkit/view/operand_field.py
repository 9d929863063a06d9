"""A register of a call, by a word or by a number: each follows the other."""

from collections.abc import Mapping
from contextlib import suppress

import ipywidgets as w

from tdxkit.errors import InputError, printable
from tdxkit.seam.operands import RELATIVE
from tdxkit.units import U64_MAX

OWN = "a number of my own"
NAMED = {"description_width": "40px"}


class OperandField(w.HBox):
    """`word` is a list, `number` a box beside it; what is typed there counts, until a word is chosen."""

    def __init__(self, register: str):
        self.register, self._written = register, ""
        self.word = w.Dropdown(options=(OWN,), description=register, style=NAMED, layout={"width": "286px"})
        self.number = w.Text(
            "",
            description=f"{register} =",
            continuous_update=False,
            style={"description_width": "48px"},
            layout={"width": "196px"},
        )
        super().__init__([self.word, self.number], layout={"flex_flow": "row wrap", "margin": "0 12px 0 0"})

    def offer(self, words: Mapping[str, int], value: str | int) -> None:
        """Let these words be chosen, and show one of them, or a number."""
        if self.word.options != (options := (*words, OWN)):
            self.word.options = options
        self.word.value = word = value if isinstance(value, str) else _word_for(value, words)
        self._write(words.get(word, value))

    def _write(self, number: int) -> None:
        self.number.value = self._written = f"{number:#x}"

    @property
    def wanted(self) -> str | int:
        """The word that is chosen, else the number; InputError for what is none."""
        if self.number.value == self._written and self.word.value != OWN:
            return self.word.value
        return parsed(self.number.value, self.register)


def _word_for(number: int, words: Mapping[str, int]) -> str:
    """The word for a number; none that speaks of another register, which may speak of this one."""
    return next((word for word, value in words.items() if value == number and word not in RELATIVE), OWN)


def parsed(text: str, register: str) -> int:
    """A number as people type it into a register."""
    clean = text.strip().replace("_", "").replace(",", "")
    number = None
    with suppress(ValueError):
        number = int(clean, 0) if clean.isascii() and len(clean) <= 70 else None
    if number is None or not 0 <= number <= U64_MAX:
        raise InputError(
            f"{register} {printable(text)}", "a register holds a number from 0 to 2^64 - 1", "write it like 0x40000001"
        )
    return number
