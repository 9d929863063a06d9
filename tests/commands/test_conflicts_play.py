"""`conflicts A B --play FILE`: the page of two calls, how they can end, and what is refused."""

import pytest

from tdxkit.cli import main


def test_a_pair_is_written_as_a_page_and_its_ends_are_told(tmp_path, capsys):
    file = tmp_path / "pair.html"
    assert main(["conflicts", "phymem.pamt.add", "PHYMEM.PAGE.RDMD", "--play", str(file)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "✗ in each other's way: CPU 0 can hear TDX_OPERAND_BUSY|RCX; CPU 1 can hear TDX_OPERAND_BUSY|RCX"
    )
    assert "TDX_SUCCESS" in said and str(file) in said
    page = file.read_text(encoding="utf-8")
    assert "tdx-run" in page and "TDH.PHYMEM.PAMT.ADD" in page


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["PHYMEM.PAMT.ADD"], "two calls are put beside each other"),
        ([], "two calls are put beside each other"),
        (["PHYMEM.PAMT.ADD", "PAMT.REMOV"], "did you mean PHYMEM.PAMT.REMOVE"),
        (["SYS.INIT", "PHYMEM.PAMT.ADD"], "not one of those that can be under way at once"),
    ],
)
def test_what_cannot_be_played_is_said_in_one_line(args, line, tmp_path, capsys):
    file = tmp_path / "pair.html"
    assert main(["conflicts", *args, "--play", str(file)]) == 2
    said = capsys.readouterr().err
    assert line in said and said.count("\n") == 1 and not file.exists()


@pytest.mark.slow
def test_a_page_that_cannot_be_written_is_said_in_one_line(tmp_path, capsys):
    assert main(["conflicts", "VP.ENTER", "MEM.PAGE.AUG", "--play", str(tmp_path / "no" / "where.html")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
