"""Gates: a prediction that a reader gives before what answers it is shown.

    gate = gate_named("who-takes-it-back")
    gate.judged("1")          # an option by its number
    gate.judged("512")        # of a gate that asks for a number

A gate has three or four options of which one is right, or asks for a number. Each option has its reason, the right one too, and so has each number
that people come to; one without a reason cannot be built. What a gate says is data: data/quizzes/NN.toml, the gates of notebook NN in its order.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.lessons.quizzes import by_name, check_keys, named, refusing, rows

FEWEST, MOST = 3, 4  # options
KEYS = {"name", "asks", "after", "source", "options", "number", "why", "unit", "beliefs", "otherwise"}


class Option(NamedTuple):
    """What can be chosen, and why it is right or wrong."""

    says: str
    why: str
    right: bool = False


class Belief(NamedTuple):
    """A number that people come to, and what they took for true on the way."""

    number: int
    why: str


class Judged(NamedTuple):
    """What is said of an answer. at: the option's place, -1 of a number."""

    right: bool
    why: str
    at: int = -1


@dataclass(frozen=True, slots=True)
class Gate:
    """A question of a notebook. asks, after: paragraphs as in a notebook (`code`, **bold**, links); after: what is there to read once it is answered.

    options: of a vote; number, unit, why, beliefs and otherwise: of a number that is asked for, why it is that, which others people come to, and what is
    said of any other. source: of the answer, an id of sources.toml.
    """

    name: str
    notebook: str
    asks: str
    after: str
    source: str
    options: tuple[Option, ...] = ()
    number: int | None = None
    unit: str = ""
    why: str = ""
    beliefs: tuple[Belief, ...] = ()
    otherwise: str = ""

    @property
    def right(self) -> Judged:
        """The right answer, as it is judged."""
        if self.number is not None:
            return Judged(True, self.why)
        return next(Judged(True, one.why, at) for at, one in enumerate(self.options) if one.right)

    def judged(self, answer: str) -> Judged:
        """What is said of an answer: the number of an option from 1 on, or a number. InputError for what is neither."""
        text = re.sub(r"[ ,_']", "", answer.strip())
        if self.number is None:
            if not re.fullmatch(r"[1-9]", text) or int(text) > len(self.options):
                raise InputError(
                    f"answer {printable(answer, 40)}", f"there are the options 1 to {len(self.options)}", "choose one"
                )
            one = self.options[int(text) - 1]
            return Judged(one.right, one.why, int(text) - 1)
        if not re.fullmatch(r"[-−]?\d{1,18}", text):
            raise InputError(f"answer {printable(answer, 40)}", "a whole number is asked for", "give one, such as 2")
        number = int(text.replace("−", "-"))
        if number == self.number:
            return self.right
        return Judged(False, next((belief.why for belief in self.beliefs if belief.number == number), self.otherwise))

    @property
    def said(self) -> str:
        """The right answer in words."""
        if self.number is None:
            return next(one.says for one in self.options if one.right)
        return f"{self.number:,} {self.unit}".rstrip()


@cache
def _gates() -> dict[str, Gate]:
    return by_name("gate", tuple(made(row, notebook) for row, notebook in rows("gate")))


def gates(notebook: str = "") -> tuple[Gate, ...]:
    """The gates of a notebook ("04") in its order, or of all. ModelError where one cannot be built, or has another's name."""
    return tuple(one for one in _gates().values() if notebook in ("", one.notebook))


def gate_named(name: str) -> Gate:
    """The gate of this name. InputError where there is none."""
    return named("gate", name, _gates())


def made(row: Mapping, notebook: str) -> Gate:
    """The gate of a row of data. ModelError, naming it, for one that cannot be asked or answered."""
    name, refuse = row.get("name", ""), refusing("gate", row, notebook)
    check_keys(row, KEYS, ("name", "asks", "after", "source"), refuse)
    options = tuple(
        Option(one.get("says", ""), one.get("why", ""), one.get("right", False)) for one in row.get("options", ())
    )
    beliefs = tuple(Belief(one["number"], one.get("why", "")) for one in row.get("beliefs", ()))
    if bool(options) == ("number" in row):
        raise refuse("it asks for a vote or for a number", "give it options, or a number with its beliefs")
    if options and not FEWEST <= len(options) <= MOST:
        raise refuse(f"it has {len(options)} options", f"give it {FEWEST} or {MOST}")
    if options and sum(one.right for one in options) != 1:
        raise refuse(f"{sum(one.right for one in options)} of its options are right", "mark the one with right = true")
    if bare := next((one for one in options if not (one.says.strip() and one.why.strip())), None):
        raise refuse(f"its option {printable(bare.says)} has no reason", "say why it is right or wrong")
    if not options and (
        len(beliefs) < FEWEST - 1 or not row.get("why", "").strip() or not row.get("otherwise", "").strip()
    ):
        raise refuse("a number has a why, two beliefs and an otherwise", "write what is missing")
    if bare := next((one for one in beliefs if not one.why.strip() or one.number == row["number"]), None):
        raise refuse(
            f"its belief {bare.number} has no reason, or is right", "say what one takes for true who comes to it"
        )
    return Gate(
        name, notebook, row["asks"], row["after"], row["source"], options, row.get("number"), row.get("unit", ""), row.get("why", ""), beliefs,
        row.get("otherwise", ""),
    )  # fmt: skip
