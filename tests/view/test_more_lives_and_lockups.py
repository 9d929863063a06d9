"""Where a stepper stands of a life, how a failure is named and found again, and what the tables and the bar of a lockup say at their limits."""

from types import SimpleNamespace

import ipywidgets as w
import pytest

from tdxkit.linux.host.life import Point
from tdxkit.linux.softlockup.lockup import lockup
from tdxkit.review.softlockup.registers import read_registers
from tdxkit.units import GIB, human
from tdxkit.view import life_board, lockup_tables
from tdxkit.view.life_board import LifeBoard, _offered, _same
from tdxkit.view.lockup_board import LockupBoard
from tdxkit.view.lockup_tables import (
    KERNELS,
    levels_table,
    patches_table,
    points_table,
    registers_table,
    reports_table,
    verdict_table,
)


class Placed(w.HTML):
    """What stands in the place of a stepper."""

    def __init__(self, run, picture, position):
        super().__init__()
        self.at = position

    @property
    def position(self):
        """Where it was begun."""
        return self.at


@pytest.fixture(scope="module")
def board():
    """The board of a life that takes 40 steps, in which nothing goes wrong whatever fails."""
    life = SimpleNamespace(run=range(40), wrong_at=0, pairs_left=0, pages_left=0)
    more = {
        "lived": lambda *_, **how: life,
        "bar": lambda life: "clean",
        "left_regions": lambda life: None,
        "Stepper": Placed,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, does in more.items():
            patch.setattr(life_board, name, does)
        yield LifeBoard("v6")


@pytest.mark.parametrize(
    "reached, steps, wrong_at, stands",
    [(0, 40, 0, 0), (31, 40, 0, 31), (31, 31, 0, 31), (31, 20, 0, 20), (31, 40, 7, 7)],
)
def test_a_life_is_shown_where_it_went_wrong_else_where_the_reader_stood(reached, steps, wrong_at, stands, board):
    seen = shown(board, steps, wrong_at, reached)
    assert (seen.position, len(seen.things)) == (stands, 1)


def test_what_is_left_of_a_life_stands_under_its_run(board):
    assert shown(board, 3, 0, 0, left=None).things == ["stepper"]
    assert shown(board, 3, 0, 0, left="a table").things == ["stepper", "a table"]


def shown(board, steps, wrong_at, reached, left=None):
    """Where a stepper is begun, and what is shown, of a life of so many steps."""
    seen = SimpleNamespace()

    def stepper(run, picture, position):
        seen.position = position
        return "stepper"

    life = SimpleNamespace(run=range(steps), wrong_at=wrong_at)
    more = {"lived": lambda *_, **how: life, "bar": str, "left_regions": lambda life: left, "Stepper": stepper}
    with pytest.MonkeyPatch.context() as patch:
        for name, does in more.items():
            patch.setattr(life_board, name, does)
        patch.setattr(LifeBoard, "reached", reached)
        was, seen.things = board.life, board.update()[1]
    board.life = was
    return seen


@pytest.mark.parametrize(
    "left, found", [((1, 2), True), ((1, 0), False), ((2, 2), False), ((0, 2), False), ((1, 3), False)]
)
def test_one_pair_with_its_two_pages_and_nothing_else_is_what_is_looked_for(left, found):
    life = SimpleNamespace(pairs_left=left[0], pages_left=left[1])
    fake = SimpleNamespace(life=life, where="X fails", version=SimpleNamespace(value="v6"))
    said = "X fails, on v6: the module keeps the pair, and nobody asks for it again."
    assert life_board.ONE_PAIR.answer(fake) == (said if found else "")


def test_nothing_fails_at_first(board):
    assert board.reached == 0 and board.where == "nothing fails" and len(board.shown.children) == 1


def test_what_fails_is_named_with_its_number_and_its_lane_and_how_it_fails_can_be_chosen(board):
    at = next(k for k, point in enumerate(board._points, 1) if not point.what.startswith("alloc"))
    board.point.value = at
    what, lane = board._points[at - 1]
    assert board.where == f"{what} fails at point {at}, in {lane}"
    assert board.point.label == f"{at}: {what}, {lane}" and board.point.options[at][1] == at
    assert (board.how.disabled, board.lasting.disabled) == (False, False) and "no memory" not in board.how.options
    board.point.value = 0
    assert (board.how.disabled, board.lasting.disabled) == (True, True) and board.how.options == ("no memory",)


A, B, ALLOC = Point("A", "build"), Point("A", "fault"), Point("alloc a page", "build")


def test_the_points_of_a_life_are_numbered_from_one_behind_nothing():
    assert _offered((A, ALLOC)) == [("nothing", 0), ("1: A, build", 1), ("2: memory for: a page, build", 2)]


@pytest.mark.parametrize(
    "before, after, at, found",
    [
        ((A, B), (A, B), 0, 0), ((A, B), (B, A), 1, 2), ((A, A, A), (A, B, A), 1, 1), ((A, A, A), (A, B, A), 2, 3), ((A, A, A), (A, B, A), 3, 3),
        ((A, B, A), (A, A, B), 3, 2), ((B, A), (A, A), 1, 0), ((B, A), (A, A), 2, 1),
    ],
)  # fmt: skip
def test_a_failure_is_found_again_by_its_name_and_how_many_of_it_came_before(before, after, at, found):
    assert _same(before, after, at) == found


def test_a_stepper_stands_at_the_first_step_of_a_pool_only_where_that_is_asked():
    run = SimpleNamespace(steps=[SimpleNamespace(actor=lane) for lane in ("TD init", life_board.BUILD_TOPUP.lane)])
    assert LifeBoard._first_page(None, run) == 1
    run.steps.pop()
    assert LifeBoard._first_page(None, run) == 0, "of a life that never came so far"


@pytest.mark.parametrize(
    "gib, said",
    [
        (875, "the reporter's 940 GB: "), (940, "the reporter's 940 GB if GiB were meant: "), (1770, "the reporter's 1900 GB: "),
        (1900, "the reporter's 1900 GB if GiB were meant: "), (1500, ""),
    ],
)  # fmt: skip
def test_the_sizes_that_the_reporter_named_are_called_so(gib, said):
    judged = lockup(gib * GIB)
    control = lambda value: SimpleNamespace(value=value)  # noqa: E731
    words = LockupBoard._words(SimpleNamespace(verdict=judged, guest=control(gib), patch=control("as is")))
    assert words.startswith(f"{said}{judged.work.tree.nodes:,} nodes; ") and "the release carries" not in words


def test_that_a_release_carries_the_patch_is_said_of_the_release_as_it_is():
    control = lambda value: SimpleNamespace(value=value)  # noqa: E731
    judged = lockup(64 * GIB, "7.0", "lazy")
    for patch, there in (("as is", True), ("v2", False)):
        words = LockupBoard._words(SimpleNamespace(verdict=judged, guest=control(64), patch=control(patch)))
        assert ("the release carries the patch; held without a break" in words) == there and "phases" not in words


@pytest.mark.parametrize("reports, more", [(1, ""), (2, ", the first of 2 reports")])
def test_how_often_a_lockup_was_reported_is_said_from_two_on(reports, more):
    judged = SimpleNamespace(lockup=True, loop="store", stuck=22, reports=[1] * reports, chance=1)
    made = LockupBoard._bar(SimpleNamespace(verdict=judged, _words=lambda: "n"))
    assert str(made) == f"✗ reported: soft lockup in the store loop, stuck for 22s{more}\nn"


@pytest.mark.parametrize(
    "gib, chances, found",
    [
        (512, {64: 0, 256: 0, 512: 0.5}, "512 GiB is reported in 50% of the phases, 256 GiB in none"),
        (512, {64: 0, 256: 0.1, 512: 0.5}, ""),
        (512, {64: 0, 256: 0, 512: 0}, ""),
        (64, {64: 0.5}, ""),
    ],
)
def test_the_smallest_guest_is_one_whose_neighbour_is_never_reported(gib, chances, found):
    guest = SimpleNamespace(value=gib, options=[(f"{n}", n) for n in (64, 256, 512, 700)])
    judged = {n: SimpleNamespace(chance=chance) for n, chance in chances.items()}
    fake = SimpleNamespace(guest=guest, verdict=judged[gib], _judged=judged.__getitem__)
    assert LockupBoard.answer(fake) == found


def test_a_tree_s_levels_have_their_shift_and_how_many_pages_lie_below_a_node():
    made, size = levels_table(64 * GIB), 64 << 18
    nodes = [-(-size // (64 << 6 * k)) for k in range(len(made.rows) - 1)]
    assert [row[:2] for row in made.rows[:3]] == [(0, "64"), (6, "4,096"), (12, "262,144")]
    assert abs(int(made.rows[0][2].replace(",", "")) - nodes[0]) <= 2
    assert made.rows[0][3] == human(576 * int(made.rows[0][2].replace(",", "")))
    assert made.rows[-1][:2] == ("all", "") and made.totals == {len(made.rows) - 1} and made.title == "64 GiB guest"


def test_a_patch_without_which_the_watchdog_reports_is_marked():
    made = patches_table(1500 * GIB)
    assert made.broken == {0} and made.rows[0][5].startswith("lockup in store") and made.rows[2][5] == "nothing"
    assert made.title == "1,500 GiB guest, Linux 6.15, PREEMPT(voluntary), costs: reporter"
    assert not patches_table(64 * GIB).broken


def test_the_loops_are_named_in_their_order_and_the_one_of_the_lockup_is_lit():
    made = points_table()
    assert [row[0] for row in made.rows] == [
        "slots_lock", "check", "reserve", "reserve, patched", "store", "store, patched",
    ]  # fmt: skip
    assert [made.rows[k][0] for k in made.marked] == ["store"] and made.lit == "the loop in which the lockup is"


def test_the_registers_that_hold_the_range_are_lit():
    made = registers_table(read_registers())
    assert made.marked == {4, 5} and made.lit == "the range that was asked for"
    assert len({made.rows[4][0], made.rows[5][0]}) == 2 and all("R" in made.rows[k][0] for k in (4, 5))


def test_the_guests_of_the_verdicts_are_five_sizes_in_which_the_loop_is_named(monkeypatch):
    monkeypatch.setattr(lockup_tables, "work", lambda size, text=None: size)
    monkeypatch.setattr(lockup_tables, "judge", lambda size, kernel, model, cost: size)
    monkeypatch.setattr(lockup_tables, "_field", lambda size: f"{size // GIB}")
    made = verdict_table()
    assert made.header[3:] == ("512 GiB", "940 GiB", "1,500 GiB", "1,900 GiB", "4,096 GiB")
    assert {row[3:] for row in made.rows} == {("512", "940", "1500", "1900", "4096")}
    assert list(dict.fromkeys(row[0] for row in made.rows)) == [
        "6.15, unpatched", "6.15, version 1: batches", "6.15, patched", "6.12.107, patched", "7.0, patched",
    ]  # fmt: skip
    assert len(KERNELS) == 5


@pytest.mark.parametrize(
    "verdict, said",
    [((False, 0), "–"), ((True, 1), "store"), ((True, 0.99), "store, at times")],
)
def test_a_loop_that_is_reported_in_some_phases_only_is_named_with_that(verdict, said):
    found, chance = verdict
    assert lockup_tables._field(SimpleNamespace(loop="store", lockup=found, chance=chance)) == said


@pytest.mark.parametrize("count, lit", [(1, set()), (3, {1})])
def test_of_several_reports_the_one_that_is_shown_is_lit(count, lit, monkeypatch):
    items = [SimpleNamespace(at=10 * k) for k in range(count)]
    finding = lambda report, banner: SimpleNamespace(report=report, columns=lambda: ("a", "b", "c"))  # noqa: E731
    monkeypatch.setattr(lockup_tables, "Finding", finding)
    made = reports_table(SimpleNamespace(items=items, banner=(), main=items[min(1, count - 1)]))
    assert made.marked == lit and made.rows[-1] == (10 * (count - 1), "a", "b", "c")
    assert made.title == ("1 report" if count == 1 else "3 reports")


@pytest.mark.parametrize("count, title", [(50, "50 reports"), (51, "51 reports, the first 50 shown")])
def test_fifty_reports_are_listed(count, title, monkeypatch):
    finding = lambda report, banner: SimpleNamespace(report=report, columns=lambda: ("a", "b", "c"))  # noqa: E731
    monkeypatch.setattr(lockup_tables, "Finding", finding)
    items = [SimpleNamespace(at=k) for k in range(count)]
    made = reports_table(SimpleNamespace(items=items, banner=(), main=items[0]))
    assert (made.title, len(made.rows), made.marked) == (title, 50, {0})
