"""The guide for a room: its routes add up, its sections are those of the notebooks, and each planted fault is found."""

import re
from pathlib import Path

import pytest

from tdxkit.lessons.notebooks import lessons
from tools.dry_run import GUIDE, REVIEWER, faults, reviewers, routes

TEXT = GUIDE.read_text(encoding="utf-8")
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_three_routes_add_up_with_ten_minutes_to_spare():
    assert [(title.partition(":")[0], whole) for title, whole, _ in routes(TEXT)] == [
        ("90 minutes", 90),
        ("Half a day", 240),
        ("A day", 480),
    ]
    assert list(faults(TEXT)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("| 0:04 | 5 |", "| 0:06 | 5 |", "begins at 6 minutes, and what is before it ends at 4"),
        ("| 0:04 | 5 |", "| 0:04 | 9 |", "is no section of 00 that says so"),
        ("#cell-id=one-idea", "#cell-id=step-it", "is no section of 00 that says so"),
        ("[04 · The code]", "[04 · Some code]", "04 · Some code, 3 minutes, is no section"),
        ("| 5 |  | Wrap-up: three", "| 10 |  | Wrap-up: three", "it takes 81 of 90 minutes; at least ten"),
    ],
)
def test_a_planted_fault_is_found(old, new, said):
    assert old in TEXT
    assert any(said in line for line in faults(TEXT.replace(old, new, 1)))


def test_each_section_of_the_short_route_has_something_to_ask():
    _, _, rows = next(routes(TEXT))
    headings = set(re.findall(r"(?m)^### (.*)$", TEXT))
    missing = [f"{row.number} · {row.title}" for row in rows if row.number and row.title != "Key points"]
    assert [one for one in missing if one not in headings] == []


def test_every_command_of_the_guide_is_one():
    from tdxkit.cli import COMMANDS

    assert set(re.findall(r"python -m tdxkit (\w+)", TEXT)) <= set(COMMANDS)
    assert all((ROOT / "docs" / name).is_file() for name in re.findall(r"\]\((ten-questions/[\w.-]+)\)", TEXT))
    numbers = {one.number for one in lessons()}
    assert set(re.findall(r"tdxkit lessons (\d\d)", TEXT)) <= numbers


def test_a_reviewers_cells_are_there_and_have_twenty_minutes():
    found = reviewers()
    assert len(found) == 5 and sum(minutes for minutes, *_ in found) == REVIEWER == 20
    cells = {one.number: {cell["id"] for cell in one.read()["cells"]} for one in lessons()}
    assert all(cell in cells[number] for _, number, _, cell in found)
