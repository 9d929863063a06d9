"""Which statements of a text the runs of a search came to: each is marked as it is run, and those that never were are told by their lines.

A mark is one store into a row of bytes, made when a program is resumed for the first time somewhere; a state that is met again costs nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from pycparser import c_ast

from tdxkit.c.where import Where
from tdxkit.explore.guard import inside
from tdxkit.explore.result import Result
from tdxkit.explore.unrun import Part, missed
from tdxkit.text import many
from tdxkit.work import Job

NEVER = " never fires"  # how the rule that a WARN or a BUG is ends
RAN = "_ran"  # the row of marks, in the module that a text became
UNCALLED = 5  # functions that nothing calls, named
NO_STATEMENTS = (
    c_ast.Compound,
    c_ast.DeclList,
    c_ast.Typedef,
    c_ast.EmptyStatement,
    c_ast.Pragma,
    c_ast.Case,
    c_ast.Default,
    c_ast.Label,
)
HEADS = {"If": ("cond",), "While": ("cond",), "DoWhile": (), "For": ("init", "cond", "next"), "Switch": ("cond",)}


def counts(node: c_ast.Node) -> bool:
    """Is it a statement that a reader would count?"""
    return node.coord is not None and not (
        isinstance(node, NO_STATEMENTS) or (isinstance(node, c_ast.Decl) and node.init is None)
    )


class Marks:
    """The statements of a text, in the order in which they were compiled: of each its function and its node."""

    def __init__(self) -> None:
        self.of: list[tuple[str, c_ast.Node]] = []
        self._numbers: dict[int, int] = {}

    def number(self, function: str, node: c_ast.Node) -> int:
        """The number of a statement; one that is written in several ways out has one."""
        if id(node) not in self._numbers:
            self._numbers[id(node)] = len(self.of)
            self.of.append((function, node))
        return self._numbers[id(node)]


@dataclass(frozen=True)
class Reach:
    """The statements of a compiled text. there: its module; calls: of each function those that it calls; starts: the functions that CPUs run,
    each with what it is called; rules: those that its WARNs and BUGs are."""

    marks: Marks
    there: dict
    place: object
    where: Where
    calls: Mapping[str, Counter]
    rules: tuple[str, ...]
    starts: Mapping[str, str] = field(default_factory=dict)

    def noting(self, job: Job[Result]) -> Job[tuple[Result, bytearray]]:
        """The job, and what it ran."""
        ran = bytearray(len(self.there[RAN]))

        @contextmanager
        def here() -> Iterator[None]:
            before, self.there[RAN] = self.there[RAN], ran
            try:
                yield
            finally:
                self.there[RAN] = before

        return (yield from inside(here, job)), ran

    def fired(self, ran: bytearray) -> tuple[str, ...]:
        """The WARNs that fired in a run in which something was made to fail: whoever asks for that wants to see them, and no rule is broken."""
        said = [rule.removesuffix(NEVER) for number, rule in enumerate(self.rules, 1) if ran[-number]]
        return tuple(f"{warn} fires in a run in which something was made to fail: that breaks no rule" for warn in said)

    def unrun(self, ran: bytearray) -> tuple[str, ...]:
        """What no run came to: "line 7, 9–10 of put", and the functions that nothing calls."""
        said: list[str] = []
        alone: list[str] = []
        for name, parts in self._parts().items():
            left = [part for part, number in parts if not ran[number]]
            shown = self.starts.get(name, name)
            if name in self._called():
                said += missed(shown, sorted(part for part, _ in parts), sorted(left))
            else:
                alone.append(shown)
        return (*said, *_alone(alone))

    def doubts(self, ran: bytearray, stepped: frozenset[str]) -> Iterator[str]:
        """What keeps an ok from being a plain one. stepped: the functions in which a step was taken."""
        for shown in self.starts.values():
            if shown not in stepped:
                yield f"{shown} takes no step in any run"
        lines: dict[tuple[str, int], bool] = {}
        for name in self._called():
            for part, number in self._parts().get(name, ()):
                at = name, part.first[0]
                lines[at] = lines.get(at, False) or bool(ran[number])
        if 2 * sum(lines.values()) < len(lines):
            yield f"of {many(len(lines), 'line')} only {sum(lines.values())} ever ran"

    def _parts(self) -> dict[str, list[tuple[Part, int]]]:
        found: dict[str, list[tuple[Part, int]]] = {}
        for number, (function, node) in enumerate(self.marks.of):
            rows = [self.where.of(*at)[1:] for at in self._places(node, HEADS.get(type(node).__name__))]
            first, last = rows[0], max(row for row, _ in rows)
            found.setdefault(function, []).append((Part(first, first, last), number))
        return found

    def _places(self, node: c_ast.Node, heads: Iterable[str] | None) -> Iterator[tuple[int, int]]:
        """Where a statement and what is in it stand; of one that holds others its head alone."""
        if node.coord is not None:
            yield self.place(node)  # type: ignore[operator]
        for name, child in node.children():
            if heads is None or name in heads:
                yield from self._places(child, None)

    def _called(self) -> set[str]:
        found, todo = set(self.starts), list(self.starts)
        for name in todo:
            new = set(self.calls.get(name, ())) - found
            found |= new
            todo += sorted(new)
        return found


def _alone(names: list[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(names[:UNCALLED]) + (f" and {len(names) - UNCALLED} more" if len(names) > UNCALLED else "")
    return [f"all of {shown}, which nothing here calls"]
