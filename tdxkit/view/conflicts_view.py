"""Which calls get in each other's way, as a grid: a row for the call under way, a column for the call that meets it.

Three kinds of cells: empty, where they go side by side; two letters for the operand of the busy answer; the letters with "?" and a broken
frame, where most calls go side by side and only some, under a condition, do not.
"""

from collections.abc import Iterable, Mapping, Sequence

from tdxkit.seam.conflicts import Conflict
from tdxkit.seam.two_calls import leaves
from tdxkit.view.kit.grid import Grid, Head, Sign
from tdxkit.view.kit.svg import visible

# operand: (mark in the cell, role, what it is)
KINDS = {
    "RCX": ("cx", "exclusive", "the page or region in RCX"),
    "RDX": ("dx", "a3", "the page in RDX, often the TDR"),
    "R8": ("r8", "a2", "the page in R8"),
    "TDR": ("td", "a1", "the TDR, found through another page"),
    "SEPT_TREE": ("tr", "pair", "the TD's Secure-EPT tree"),
    "": ("··", "a5", "something else: the line says what"),
}
SOMETIMES = "?"
PLAYS = "two-calls"  # the board that plays a cell
NOT_PLAYED = "not to be played: {} brings the module up"


def conflict_grid(pairs: Iterable[Conflict], only: Sequence[str] = ()) -> Grid:
    """The conflicts of `tdxkit.seam.conflicts.table()` as a grid; `only` keeps these leaves (as in `names()`), in this order."""
    found = {(c.a, c.b): c for c in pairs}
    names = list(only) or list(dict.fromkeys(a for a, _ in found))
    marks = {(i, j): _sign(found[a, b]) for i, a in enumerate(names) for j, b in enumerate(names)}
    playable = leaves()
    heads = [Head(_short(name), still="" if name in playable else NOT_PLAYED.format(_short(name))) for name in names]
    return Grid(
        "Which SEAMCALLs get in each other's way", "rows: the call under way\ncolumns: called meanwhile", heads, heads,
        {place: sign for place, sign in marks.items() if sign}, _legend([found[a, b] for a in names for b in names]),
        "While {row} is under way, {column}: ok", _twin(found, names), PLAYS,
    )  # fmt: skip


def _short(name: str) -> str:
    return name.removeprefix("TDH.")


def _sign(found: Conflict) -> Sign | None:
    """What stands in the cell of a pair, nothing where they go side by side."""
    if not (found.met or found.then):
        return None
    mark, role, _ = KINDS.get(found.operand, KINDS[""])
    said = f"While {_short(found.a)} is under way, {_short(found.b)}: {found}"
    return Sign(mark + SOMETIMES * bool(found.then), role, said, bool(found.then))


def _legend(found: Iterable[Conflict]) -> list[tuple[str, str, str]]:
    kinds = [(mark, role, f"BUSY for {what}") for mark, role, what in KINDS.values()]
    conditions = dict.fromkeys(c.only_if for c in found if c.then)
    return kinds + [
        (SOMETIMES, "soft", f"after them: most calls are fine, BUSY only if {words}") for words in conditions
    ]


def _twin(found: Mapping[tuple[str, str], Conflict], names: Sequence[str]) -> str:
    rows = []
    for a in names:
        met = [f"{_short(b)} ({found[a, b].result.removeprefix('TDX_')})" for b in names if found[a, b].met]
        then = [
            f"{_short(b)} (sometimes {found[a, b].result_then.removeprefix('TDX_')})" for b in names if found[a, b].then
        ]
        rows.append(f"{_short(a)} under way gets in the way of: {', '.join(met + then) or 'nothing'}")
    conditions = dict.fromkeys(found[a, b].only_if for a in names for b in names if found[a, b].then)
    rows += [f"sometimes: only if {words}" for words in conditions]
    return visible("\n".join(rows))
