"""The boards of two TDs in one region and of sizes and versions."""

from html import unescape

import pytest

from tdxkit.seam.shared_region import ACTS, MOST, PLACES
from tdxkit.seam.versions import VERSIONS
from tdxkit.units import human
from tdxkit.view.sizes_board import SizesBoard, versions_table
from tdxkit.view.two_tds_board import RegionBoard

ADD, A_IN, A_OUT, B_IN, B_OUT, REMOVE = ACTS


def press(board, *names):
    for name in names:
        board.buttons[name].click()


def test_each_button_is_an_act_and_what_came_of_it_is_told():
    board = RegionBoard()
    assert "nothing done" in str(board)
    press(board, ADD, A_IN, B_IN, A_OUT)
    assert "the region's page count is 1" in unescape(board.said.value) and "TDX_SUCCESS" in board.said.value
    press(board, B_OUT)
    assert "bit 62 of RCX is 1" in board.said.value and not board.found
    press(board, A_IN, REMOVE)
    assert "TDX_PAMT_PAGE_NOT_EMPTY|0" in board.said.value and "act 5 was true" in board.found
    text, static = str(board), unescape(str(board.static()))
    for said in ("7. host: PAMT.REMOVE", "pair page 0: at 0x80000000", "✓ Found", "6. TD A: AUG a page"):
        assert said in text
    assert "7. host: PAMT.REMOVE" in static and "<svg" in static and "The pair's pages lie: 1 GiB apart" in static


def test_no_button_goes_dead():
    board = RegionBoard()
    press(board, "undo", "start over", A_OUT)
    assert "TDX_EPT_ENTRY_STATE_INCORRECT|RCX" in board.said.value
    press(board, *[A_IN] * MOST)
    assert len(board.acts) == MOST and "undo some" in board.said.value
    press(board, "undo")
    assert len(board.acts) == MOST - 1 and 'role="status"' in board.said.value
    press(board, "start over")
    assert board.acts == [] and "nothing done" in board.said.value


@pytest.mark.parametrize("place", PLACES)
def test_where_the_pair_lies_changes_the_tree_and_no_answer(place):
    board = RegionBoard()
    press(board, ADD, A_IN, A_OUT)
    board.place.value = place
    assert [str(one.answer) for one in board.played.done] == ["TDX_SUCCESS"] * 3
    assert all(f"at {page:#x}" in str(board) for page in PLACES[place])


def test_the_largest_entry_is_found_by_trying_both_sides_of_it():
    board = SizesBoard()
    assert "no pair" in board.said.value and "3 pages" in str(board)
    board.entry.value = 16
    assert "a pair" in board.said.value and not board.found
    board.entry.value = 17
    assert board.found.startswith("16 bytes")
    board.entry.value = 8
    assert "half a pair" in board.said.value and "the second of a pair stays empty" in str(board)


def test_controls_change_what_they_say_they_change():
    board = SizesBoard("12T", entry=16)
    assert [row[1] for row in board.costs().rows[:3]] == ["0.3914%", "0.0038%", "0.3906%"] and "12 TiB" in str(board)
    board.bits.value = 2
    assert [row[1] for row in board.costs().rows[:3]] == ["0.3914%", "0.0069%", "0.3906%"]
    board.machine.value = "no machine"
    assert 'role="alert"' in board.said.value
    board.machine.value = "64G"
    board.version.value = "1.5.06"
    assert "static only" in board.said.value and "not in this version" in str(board)
    assert "64 GiB" in str(board.static())


@pytest.mark.parametrize("name", VERSIONS)
def test_a_version_stands_beside_the_latest_and_what_parts_is_marked(name):
    made = versions_table(name)
    assert made.marked == {k for k, row in enumerate(made.rows) if len(set(row[1:])) > 1}
    assert {len(made.header), *map(len, made.rows)} == {2 if name == "2.0.18" else 3}


@pytest.mark.parametrize(
    "entry, filled",
    [(1, "512 bytes of 4,096: 12%"), (3, "1,536 bytes of 4,096: 38%"), (9, "4,608 bytes of 8,192: 56%")],
)
def test_how_far_a_region_s_pages_are_filled_is_said(entry, filled):
    assert f"{filled} filled. Every version that was read has 16 bytes." in str(SizesBoard(entry=entry).bar())


def test_the_costs_of_a_machine_are_those_of_its_pages():
    rows = {row[0]: row[2:] for row in SizesBoard("256G", entry=16).costs().rows}
    pages, regions = 256 << 18, 256 << 9
    assert rows["static"][0] == human(16 * (pages + regions + 256))
    assert rows["dynamic, fixed part"] == (
        human(16 * (regions + 256) + pages // 8),
        "2M and 1G entries, 1 bit for every 4K page",
    )
    assert rows["one region's pages"] == ("8 KiB", "2 pages for each 2 MiB region in use")
    assert rows["pages of every region"] == ("1 GiB", "all 131,072 regions in use")


@pytest.mark.parametrize("typed, memory", [("1M", "1 GiB"), ("1500M", "1 GiB"), ("2G", "2 GiB")])
def test_a_machine_has_whole_gibs_and_one_at_least(typed, memory):
    assert SizesBoard(typed).costs().title == f"PAMT of a machine of {memory}, entries of 24 bytes"
