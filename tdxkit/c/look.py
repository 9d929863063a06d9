"""What a text of C is, before anything is asked of it: its functions, its get and put, what was taken for granted, what to ask."""

import re
import shlex
from dataclasses import dataclass, replace

from tdxkit.c.cells import compiled
from tdxkit.c.naming import functions_of
from tdxkit.c.oftext import OfC
from tdxkit.c.pair import ends_in
from tdxkit.c.paste import Pasted
from tdxkit.c.program import Program
from tdxkit.c.types import Int, Pointer
from tdxkit.c.where import RUN
from tdxkit.text import many

MOST_RUNS = 4  # functions that are proposed, one for each CPU
_RUN = re.compile(
    r"^(?:> ?)*[+ ]?[ /*]*\brun:[ \t]*(\S.*;)[ */]*$", re.MULTILINE
)  # in a comment of the text, what a CPU runs
KINDS = {"plain": "C", "quoted": "quoted C", "diff": "a diff of C", "quoted diff": "a quoted diff of C"}


@dataclass(frozen=True, slots=True)
class Looked:
    """own: whence it comes, with its functions; get, put: their names, "" where the text does not say; remarks: what was left out and taken for
    granted; calls: of a text without a pair what CPUs could run; file: what a command calls it."""

    own: OfC
    get: str
    put: str
    remarks: tuple[str, ...]
    calls: tuple[str, ...]
    file: str

    @property
    def next(self) -> tuple[str, ...]:
        """The commands to go on with."""
        explore = ["python", "-m", "tdxkit", "explore", self.file]
        if self.get and self.put:
            return (shlex.join(explore),)
        runs = [*self.calls, *self.calls][: max(2, len(self.calls))] if len(self.calls) > 1 else list(self.calls)
        return (shlex.join([*explore, *(word for call in runs for word in ("--run", call))]),) if runs else ()

    def as_json(self) -> dict:
        """The form that `read --json` prints of a text without a get and a put."""
        return self.own.as_json() | {"remarks": list(self.remarks), "next": list(self.next)}

    def __str__(self) -> str:
        said = [
            f"{name} (line{'s' if last > first else ''} {first}{f'–{last}' if last > first else ''})"
            for name, first, last in self.own.functions
        ]
        rows = [f"it is {KINDS[self.own.kind]}, {many(self.own.lines, 'line')}: {', '.join(said) or 'no function'}"]
        if self.get and self.put:
            rows.append(
                f"{self.get} and {self.put} are what each CPU does, with the use of a page between them; {self.next[0]} says:"
            )
            return "\n".join(rows)
        rows.append("no get and put in it: say what each CPU runs" + ("" if self.calls else ", --run 'STATEMENTS'"))
        return "\n".join([*rows, *self.remarks, *(f"next: {command}" for command in self.next)])


def looked(found: Pasted, file: str, text: str) -> Looked:
    """Look at a paste that was read. InputError with line and column where its C is not read."""
    made = compiled(
        found.text, run=(";",), margins=found.margins
    )  # as for --run: then it may call every leaf of the module
    get, put = ends_in(made, "get"), ends_in(made, "put")
    paired = len(get) == len(put) == 1
    own = OfC(text, file, "", kind=found.kind, lines=found.lines, whole=found.whole, c=found.text)
    own = replace(own, functions=functions_of(tuple(made.functions.values()), found.spans()))
    return Looked(
        own,
        get[0] if paired else "",
        put[0] if paired else "",
        (*found.remarks, *made.remarks),
        () if paired else tuple(_RUN.findall(text)[:MOST_RUNS]) or _calls(made),
        file or "-",
    )


def _calls(made: Program) -> tuple[str, ...]:
    """Calls of the functions that no other calls, with what they take."""
    called = {word for calls in made.unit.calls.values() for word in calls}
    found = []
    for word in made.functions:
        given = [_argument(made, kind) for kind in made.declared.takes[word].takes]
        if word not in called and None not in given and not word.startswith(RUN):
            found.append(f"{word}({', '.join(map(str, given))});")
    return tuple(found[:MOST_RUNS])


def _argument(made: Program, kind) -> str | None:
    """A value for an argument: a number, or the address of a variable of the text; None where there is none."""
    if isinstance(kind, Int):
        return "0"
    if isinstance(kind, Pointer):
        return next(
            (
                f"&{v.name}"
                for v in made.declared.variables.values()
                if v.type is kind.to or v.type.name == kind.to.name
            ),
            None,
        )
    return None
