"""Fidelity cards: what a model keeps, what it simplifies, what it leaves out.

The card stands at the end of a model's docstring, so that whoever reads the model reads it, and the views show the same text:

    Fidelity card
      modelled: one entry a line, a longer one
        goes on with a deeper indent
      simplified: what, and what that hides
      left out: what

What can be counted is not typed: a model with a function `card_counts`, which gives numbers by name, writes "{leaves} leaves".
"""

import inspect
from dataclasses import dataclass

KINDS = ("modelled", "simplified", "left out")
WIDTH = 92  # columns of a printed card: what a notebook shows beside an open file list without breaking a word


@dataclass(frozen=True, slots=True)
class Card:
    """The three lists of a fidelity card, each a tuple of sentences."""

    modelled: tuple[str, ...] = ()
    simplified: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        import textwrap

        rows = zip(KINDS, (self.modelled, self.simplified, self.left_out))
        said = (f"{kind}: {entry}" for kind, entries in rows for entry in entries)
        return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False) for line in said)


def card_of(model: object) -> Card:
    """The card in the docstring of a module, class or function; an empty one where there is none."""
    _, _, tail = (inspect.getdoc(model) or "").partition("Fidelity card\n")
    counts = getattr(model, "card_counts", None)
    if counts:
        tail = tail.format(**counts())
    entries: dict[str, list[str]] = {kind: [] for kind in KINDS}
    current: list[str] | None = None
    for line in tail.splitlines():
        kind, colon, rest = line.strip().partition(":")
        if colon and kind in entries:
            current = entries[kind]
            current.append(rest.strip())
        elif current and line.strip():
            current[-1] += " " + line.strip()
        elif not line.strip():
            break
    return Card(*(tuple(entries[kind]) for kind in KINDS))
