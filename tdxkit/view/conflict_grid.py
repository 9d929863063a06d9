"""Which calls get in each other's way, as a grid: a row for the call under way, a column for the call that meets it.

Three kinds of cells: empty, where they go side by side; two letters for the operand of the busy answer; the letters with "?" and a broken
frame, where most calls go side by side and only some, under a condition, do not.
"""

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap

from tdxkit.seam.conflicts import Conflict
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import Markup, drawing, element, group, text, visible

CELL, LEFT, TOP = 20, 214, 34
LETTER = 6.8  # px, the width of a letter of the legend; more than most
# operand: (mark in the cell, role, what it is)
KINDS = {
    "RCX": ("cx", "exclusive", "the page or region in RCX"),
    "RDX": ("dx", "a3", "the page in RDX, often the TDR"),
    "R8": ("r8", "a2", "the page in R8"),
    "TDR": ("td", "a1", "the TDR, found through another page"),
    "SEPT_TREE": ("tr", "pair", "the TD's Secure-EPT tree"),
    "": ("··", "a5", "something else, see the cell"),
}
SOMETIMES = "?"


def conflict_grid(pairs: Iterable[Conflict], only: Sequence[str] = ()) -> Picture:
    """The conflicts of `tdxkit.seam.conflicts.table()` as a picture; `only` keeps these leaves (as in `names()`), in this order."""
    found = {(c.a, c.b): c for c in pairs}
    names = list(only) or list(dict.fromkeys(a for a, _ in found))
    cells = [_cell(found[a, b], j, i) for i, a in enumerate(names) for j, b in enumerate(names)]
    heads = [
        group(
            text(LEFT - 30, TOP + i * CELL + 14, _short(name), anchor="end"),
            text(LEFT - 8, TOP + i * CELL + 14, i + 1, role="soft", anchor="end", font_size=10),
            text(LEFT + i * CELL + CELL / 2, TOP - 6, i + 1, role="soft", anchor="middle", font_size=10),
        )
        for i, name in enumerate(names)
    ]
    wide = max(LEFT + len(names) * CELL + 8, 620)
    legend = _legend(TOP + len(names) * CELL + 24, found.values(), wide)
    note = text(LEFT, 12, "→ this call is made while the call of the row is under way", role="soft", font_size=11)
    end = TOP + len(names) * CELL
    twin = _twin(found, names)
    return Picture(
        drawing(wide, end + 30 + 9 * len(legend), "conflicts of SEAMCALLs", note, *heads, *cells, *legend),
        twin,
    )


def _short(name: str) -> str:
    return name.removeprefix("TDH.")


def _cell(found: Conflict, column: int, row: int) -> Markup:
    x, y = LEFT + column * CELL, TOP + row * CELL
    box = {"x": x, "y": y, "width": CELL - 1, "height": CELL - 1, "rx": 2}
    hover = element("title", f"While {_short(found.a)} is under way, {_short(found.b)}: {found}")
    if not (found.met or found.then):
        return group(hover, element("rect", **box, fill="var(--tdx-panel)"))
    mark, role, _ = KINDS.get(found.operand, KINDS[""])
    frame = {"stroke_dasharray": "2.5 2"} if found.then else {}
    mark += SOMETIMES if found.then else ""
    ground = element(
        "rect", **box, fill=f"var(--tdx-{role}-bg)", stroke=f"var(--tdx-{role})", stroke_width=0.8, **frame
    )
    size = 9 if found.then else 10
    return group(hover, ground, text(x + CELL / 2 - 0.5, y + 13.5, mark, role=role, anchor="middle", font_size=size))


def _legend(y: float, found: Iterable[Conflict], wide: float) -> list[Markup]:
    kinds = [(mark, role, f"BUSY for {what}") for mark, role, what in KINDS.values()]
    conditions = dict.fromkeys(c.only_if for c in found if c.then)
    for words in conditions:
        first, *rest = wrap(f"after them: most calls are fine, BUSY only if {words}", int((wide - LEFT - 26) / LETTER))
        kinds += [(SOMETIMES, "soft", first), *(("", "soft", more) for more in rest)]
    rows = []
    for i, (mark, role, what) in enumerate(kinds):
        foot = y + i * 18
        rows.append(text(LEFT, foot, mark, role=role, font_size=11, font_weight=600))
        rows.append(text(LEFT + 26, foot, what, role="soft", font_size=11.5))
    return rows


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
