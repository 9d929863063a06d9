"""The conflict grid: every cell is the model's answer, the text twin names every conflict, and every word of it reaches the page."""

import html

from tdxkit.seam.conflicts import OK, Conflict, conflict
from tdxkit.seam.leaves.call import Answer
from tdxkit.status.codes import with_operand
from tdxkit.view.conflicts_view import conflict_grid

AUG_2M = "TDH.MEM.PAGE.AUG 2M"
NAMES = (
    "TDH.MEM.PAGE.AUG",
    AUG_2M,
    "TDH.PHYMEM.PAMT.ADD",
    "TDH.PHYMEM.PAMT.REMOVE",
    "TDH.VP.ENTER",
    "TDH.MNG.INIT",
    "TDH.MEM.RANGE.BLOCK",
)


def test_every_cell_says_what_the_model_found():
    pairs = [conflict(a, b) for a in NAMES for b in NAMES]
    grid = conflict_grid(pairs)
    letters = ("cx", "dx", "r8", "td", "tr", "··")
    marks = [sign.sign for sign in grid.cells.values()]
    assert sum(mark in letters for mark in marks) == sum(c.result != OK for c in pairs) > 5
    maybe = [sign for sign in grid.cells.values() if sign.sign not in letters]
    assert [sign.sign for sign in maybe] == ["tr?"] * 2 and sum(bool(c.then) for c in pairs) == 2
    assert [sign.dashed for sign in maybe] == [True] * 2 and sum(sign.dashed for sign in grid.cells.values()) == 2, (
        "a third kind of cell, by sign and frame and not by colour alone"
    )
    condition = next(c.only_if for c in pairs if c.then)
    assert f"most calls are fine, BUSY only if {condition}" in grid.legend[-1][-1]
    page = html.unescape(grid.html())
    for c in pairs:
        a, b = c.a.removeprefix("TDH."), c.b.removeprefix("TDH.")
        place = NAMES.index(c.a), NAMES.index(c.b)
        said = f"While {a} is under way, {b}: {c}"
        assert grid.cells[place].said == said if place in grid.cells else grid.empty.format(row=a, column=b) == said
        assert (f'title="{said}"' in page) == (place in grid.cells)
        line = next(row for row in grid.text.splitlines() if row.startswith(f"{a} under way"))
        assert (f"{b} ({c.result.removeprefix('TDX_')})" in line) == (c.result != OK)
        assert (f"{b} (sometimes OPERAND_BUSY|SEPT_TREE)" in line) == bool(c.then)
    assert grid.text.splitlines()[-1].startswith("sometimes: only if the module suspects zero-stepping")


def test_two_answers_name_no_one_operand():
    busy = [Answer(with_operand("TDX_OPERAND_BUSY", operand)) for operand in ("RCX", "R8")]
    both, one = Conflict("a", "b", tuple(busy)), Conflict("a", "a", tuple(busy[:1]))
    assert Conflict("a", "b", (), "it rains", tuple(busy[:1])).operand == "RCX"
    assert (both.operand, one.operand) == ("", "RCX") and both.result == "TDX_OPERAND_BUSY|RCX, TDX_OPERAND_BUSY|R8"
    grid = conflict_grid([one, both, Conflict("b", "a"), Conflict("b", "b")])
    assert {place: sign.sign for place, sign in grid.cells.items()} == {(0, 0): "cx", (0, 1): "··"}


def test_some_leaves_only():
    pairs = [conflict(a, b) for a in NAMES for b in NAMES]
    grid = conflict_grid(pairs, NAMES[2:4])
    assert len(grid.text.splitlines()) == 2 and "MNG.INIT" not in grid.html() and len(grid.rows) == 2


def test_a_call_that_cannot_be_played_says_so():
    names = ("TDH.SYS.TDMR.INIT", "TDH.MNG.CREATE")
    grid = conflict_grid([conflict(a, b) for a in names for b in names])
    assert [head.still for head in grid.rows] == ["not to be played: SYS.TDMR.INIT brings the module up", ""]
    assert grid.columns == grid.rows and grid.html().count('data-still="not to be played: SYS.TDMR') == 2
