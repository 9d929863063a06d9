"""Where something stands, as its reader knows it: the line and column of the paste, or of the --run that the statement was given with."""

import re
from typing import NamedTuple

from tdxkit.errors import InputError

RUN = "__run_"  # how the name of what a --run became begins
_PLACE = re.compile(r"line (\d+), column (\d+)")


class Where(NamedTuple):
    """Places of a text. last: its lines, behind which stand the statements of each of `runs`, and of `softirq`; margins: of each line of the
    paste how many characters stand before its C, such as the signs of a quotation; none where there are fewer."""

    last: int
    runs: tuple[str, ...] = ()
    margins: tuple[int, ...] = ()
    softirq: str = ""

    @property
    def given(self) -> tuple[str, ...]:
        """The statements that were given beside the text."""
        return (*self.runs, self.softirq) if self.softirq else self.runs

    def title(self, k: int) -> str:
        """The option that statements were given by."""
        return f"--run {k + 1}" if k < len(self.runs) else "--softirq"

    def bodies(self) -> str:
        """The statements as functions `__run_0`, `__run_1` …, to be put behind the text."""
        return "".join(f"{_opening(k)}{words}\n}}\n" for k, words in enumerate(self.given))

    def of(self, line: int, column: int = 1) -> tuple[str, int, int]:
        """The option whose statements a place is in, "" for the text itself; its line and column there."""
        if line <= self.last or not self.given:
            return "", line, column + (self.margins[line - 1] if 0 < line <= len(self.margins) else 0)
        row = line - self.last
        for k, words in enumerate(self.given):
            count = words.count("\n") + 2
            if row <= count or k == len(self.given) - 1:
                return self.title(k), min(row, count - 1), max(1, column - (len(_opening(k)) if row == 1 else 0))
            row -= count
        raise AssertionError("a place behind the last statement")

    def at(self, line: int, column: int) -> str:
        """A place in words."""
        run, line, column = self.of(line, column)
        return f"{run}{', ' * bool(run)}line {line}, column {column}"

    def line(self, line: int, column: int) -> str:
        """The same by the line alone, where it is one of the text: a --run is seldom more than one."""
        run, row, _ = self.of(line, column)
        return self.at(line, column) if run else f"line {row}"

    def moved(self, error: InputError) -> InputError:
        """What was said of a text with the statements behind it, by the reader's places."""
        thing, rule = (
            _PLACE.sub(lambda found: self.at(int(found[1]), int(found[2])), said) for said in (error.thing, error.rule)
        )
        return InputError(thing, rule, error.action)


def _opening(k: int) -> str:
    return f"void {RUN}{k}(void) {{ "
