"""The conflict grid: every cell is the model's answer, the text twin names every conflict."""

from xml.etree import ElementTree

from tdxkit.seam.conflicts import OK, Conflict, conflict
from tdxkit.seam.leaves.call import Answer
from tdxkit.status.codes import with_operand
from tdxkit.view.conflict_grid import conflict_grid

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
    picture = conflict_grid(pairs)
    root = ElementTree.fromstring(picture.svg)
    titles = {t.text for t in root.iter("title")}
    letters = ("cx", "dx", "r8", "td", "tr", "··")
    marks = [t for t in root.iter("text") if t.get("font-size") == "10" and t.text in letters]
    assert len(marks) == sum(c.result != OK for c in pairs) > 5
    maybe = [t for t in root.iter("text") if t.get("font-size") == "9"]
    assert [t.text for t in maybe] == ["tr?"] * 2 and sum(bool(c.then) for c in pairs) == 2
    frames = [r for r in root.iter("rect") if r.get("stroke-dasharray")]
    assert len(frames) == 2, "a third kind of cell, by sign and frame and not by colour alone"
    legend = [t.text for t in root.iter("text") if t.get("font-size") == "11.5"]
    condition = next(c.only_if for c in pairs if c.then)
    assert f"most calls are fine, BUSY only if {condition}" in " ".join(legend), "whole, however many lines it takes"
    assert max(map(len, legend)) <= 60, "a letter has 6 px and 380 are there"
    for c in pairs:
        a, b = c.a.removeprefix("TDH."), c.b.removeprefix("TDH.")
        assert f"While {a} is under way, {b}: {c}" in titles
        line = next(row for row in picture.text.splitlines() if row.startswith(f"{a} under way"))
        assert (f"{b} ({c.result.removeprefix('TDX_')})" in line) == (c.result != OK)
        assert (f"{b} (sometimes OPERAND_BUSY|SEPT_TREE)" in line) == bool(c.then)
    assert picture.text.splitlines()[-1].startswith("sometimes: only if the module suspects zero-stepping")


def test_two_answers_name_no_one_operand():
    busy = [Answer(with_operand("TDX_OPERAND_BUSY", operand)) for operand in ("RCX", "R8")]
    both, one = Conflict("a", "b", tuple(busy)), Conflict("a", "a", tuple(busy[:1]))
    assert Conflict("a", "b", (), "it rains", tuple(busy[:1])).operand == "RCX"
    assert (both.operand, one.operand) == ("", "RCX") and both.result == "TDX_OPERAND_BUSY|RCX, TDX_OPERAND_BUSY|R8"
    others = [Conflict("b", "a"), Conflict("b", "b")]
    drawn = [t.text for t in ElementTree.fromstring(conflict_grid([one, both, *others]).svg).iter("text")]
    assert drawn.count("··") == 2 and drawn.count("cx") == 2  # the mark, and once in the legend


def test_some_leaves_only():
    pairs = [conflict(a, b) for a in NAMES for b in NAMES]
    picture = conflict_grid(pairs, NAMES[2:4])
    assert len(picture.text.splitlines()) == 2 and "MNG.INIT" not in picture.svg
