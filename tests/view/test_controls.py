"""What the boards' controls offer and begin with, and what holds for the controls of every board."""

import re

import anywidget
import ipywidgets as w
import pytest

from tdxkit.view.contention_board import Contention
from tdxkit.view.counter_board import CounterBoard
from tdxkit.view.decoder import LogDecoder, StatusDecoder
from tdxkit.view.editor import CodeBox
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.choices import Choices, Copied
from tdxkit.view.kit.files import Files
from tdxkit.view.kit.heard import Heard
from tdxkit.view.kit.picked import Picked
from tdxkit.view.kit.slider import Slider
from tdxkit.view.life_board import LifeBoard
from tdxkit.view.lockup_board import LockupBoard
from tdxkit.view.msr_board import Switchboard
from tdxkit.view.own_board import OwnBoard, judge_own
from tdxkit.view.range_board import RangeBoard
from tdxkit.view.seamcall_board import SeamcallBoard
from tdxkit.view.sizes_board import SizesBoard
from tdxkit.view.stepper import Stepper
from tdxkit.view.two_tds_board import RegionBoard

BOARDS = (
    Contention,
    CounterBoard,
    LogDecoder,
    StatusDecoder,
    LifeBoard,
    LockupBoard,
    Switchboard,
    RangeBoard,
    SeamcallBoard,
    SizesBoard,
    RegionBoard,
)


@pytest.fixture(scope="module", params=BOARDS, ids=lambda board: board.__name__)
def board(request):
    return request.param()


def controls(widget):
    """All that a reader can change, in the rows of a board."""
    found = []
    for child in widget._rows if isinstance(widget, Board) else getattr(widget, "children", ()):
        found += (
            [child]
            if isinstance(child, Slider | w.ValueWidget) and not isinstance(child, w.HTML | w.Box | w.FloatProgress)
            else controls(child)
        )
    return found


def test_every_control_has_a_name(board):
    for control in controls(board):
        assert control.description or getattr(control, "tooltip", ""), control
        assert not isinstance(control, w.Checkbox) or control.indent is False, (
            "a box stands at its words, not behind an empty label"
        )


def test_a_row_of_buttons_has_its_label_at_its_left_as_the_lists_have(board):
    for control in controls(board):
        assert not isinstance(control, w.ToggleButtons) or "widget-inline-hbox" in control._dom_classes, control


def test_a_line_of_text_is_heard_when_it_is_left_and_not_letter_by_letter(board):
    for control in controls(board):
        assert not isinstance(control, w.Text) or control.continuous_update is False


def test_every_control_says_when_it_changes_or_waits_for_a_button(board):
    for control in controls(board) if not isinstance(board, Contention) else ():
        assert control._trait_notifiers.get("value", {}).get("change"), control.description


WIDGETS = (Choices, Copied, Files, Heard, Picked, Slider, CodeBox, Stepper)


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.__name__)
def test_what_a_page_s_script_reads_and_sets_travels(widget):
    read = set(re.findall(r'model\.(?:get|set)\("(\w+)"|on\("change:(\w+)"', str(widget._esm)))
    named = {name for pair in read for name in pair if name}
    assert named - {"_esm", "_css"} <= set(widget.class_traits(sync=True)) and (named or widget is Heard)
    ours = {name for name, trait in widget.class_own_traits().items() if trait.metadata.get("sync")}
    assert {name for name in ours if name[0] != "_"} <= named, "what no script reads need not travel"
    assert issubclass(widget, anywidget.AnyWidget)


@pytest.mark.parametrize("make", [RangeBoard, SizesBoard, CounterBoard, StatusDecoder], ids=lambda make: make.__name__)
def test_a_board_whose_first_input_is_refused_says_so_in_its_text_and_on_a_page(make):
    board = make("<nonsense>")
    words = next(line for line in str(board).splitlines() if line.startswith("! "))
    assert "<nonsense>" in words and "<div" not in str(board) and board.shown.children == ()
    assert "&lt;nonsense&gt;" in board.static()


def test_the_text_of_a_board_is_what_it_says_asks_and_shows(board):
    text = str(board)
    assert "<div" not in text and "<style" not in text and not text.startswith(type(board).__name__)
    assert not board.question or f"Find: {board.question}" in text


def values(slider):
    return [value for _, value in slider.options]


def test_the_sliders_of_the_lock_simulation():
    board = Contention()
    assert (values(board.tds), board.tds.value) == ([*range(1, 41)], 10) and (
        values(board.vcpus),
        board.vcpus.value,
    ) == ([*range(1, 17)], 4)
    assert (values(board.seconds), board.seconds.label) == ([*range(1, 61)], "10 s") and (
        values(board.toggling),
        board.toggling.value,
    ) == ([0, 1, 2, 3, 4], 0)


def test_the_controls_of_the_sizes():
    board = SizesBoard()
    assert (values(board.entry), board.entry.label) == ([*range(1, 65)], "24 bytes")
    assert [label for label, _ in board.bits.options] == ["1 bit", "2 bits", "3 bits", "4 bits"] and values(
        board.bits
    ) == [1, 2, 3, 4]
    assert board.machine.value == "256G"


def test_the_controls_of_a_lockup():
    board = LockupBoard()
    sizes = [64, 256, 512, 700, 875, 940, 1100, 1300, 1500, 1770, 1900, 2048, 3072, 4096, 8192]
    assert (
        values(board.guest) == sizes
        and board.guest.label == "1,500 GiB"
        and values(LockupBoard(777).guest) == sorted([*sizes, 777])
    )
    assert values(board.others) == [0, 1, 2, 3, 4] and board.others.value == 0
    assert (
        values(board.phase) == pytest.approx([k / 10 for k in range(41)])
        and board.phase.label == "4 s"
        and not board.idle.value
    )
    assert (board.kernel.value, board.preempt.value, board.cost.value, board.patch.value) == (
        "6.15",
        "voluntary",
        "reporter",
        "as is",
    )


@pytest.mark.parametrize(
    "kernel, chosen, other, left",
    [("6.15", "voluntary", "7.0", "lazy"), ("6.15", "full", "7.0", "full"), ("7.0", "lazy", "6.8", "full"), ("6.8", "none", "6.12", "none")],
)  # fmt: skip
def test_another_kernel_keeps_the_preemption_model_that_it_has_and_else_takes_its_last(kernel, chosen, other, left):
    board = LockupBoard(kernel=kernel, preempt=chosen)
    board.kernel.value = other
    assert board.preempt.value == board.verdict.preempt == left
    assert board.preempt.options == board.verdict.kernel.models


def test_the_controls_of_a_life():
    board = LifeBoard()
    assert [label for label, _ in board.pool.options][:3] == ["0 pages", "1 page", "2 pages"] and values(
        board.pool
    ) == [*range(21)]
    assert (
        board.without.options[0] == ("nothing", 0)
        and board.point.options[0] == ("nothing", 0)
        and board.point.value == 0
    )
    assert not board.huge.value and not board.lasting.value and board.how.disabled and board.lasting.disabled
    assert [row.children[0].description for row in board.children[:2]] == ["Version:", "What fails:"]
    assert LifeBoard(pool_first=True).children[0].children[0].description == "Pool"


def test_the_controls_of_a_verdict_on_one_s_own_code():
    board = judge_own("no such file.py:put")
    assert isinstance(board, OwnBoard) and [board.threads.options, board.rounds.options] == [(1, 2, 3, 4), (1, 2, 3)]
    assert [board.threads.value, board.rounds.value, board.faults.value, board.memory.value] == [2, 1, "", "sc"]
    assert [label for label, _ in board.faults.options] == ["nothing", "memory", "ADD", "REMOVE"]
    more = judge_own("no such file.py:put", threads=5, rounds=4)
    assert [more.threads.options[-1], more.rounds.options[-1], more.threads.value, more.rounds.value] == [5, 4, 5, 4]


def test_the_controls_of_one_seamcall_and_of_two_tds():
    board = SeamcallBoard()
    assert board.v.options == (0, 1, 2) and (board.v.value, board.leaf.value) == (0, "TDH.PHYMEM.PAMT.ADD")
    for name in ("RCX", "RDX", "R8"):
        assert board.fields[name].layout.display == ""
    assert board.fields["R12"].layout.display == board.fields["R13"].layout.display == "none"
    region = RegionBoard()
    assert region.acts == [] and {button.disabled for button in region.buttons.values()} == {False}


def test_a_machine_of_the_list_fills_the_box_and_a_board_begins_with_a_hole():
    board = CounterBoard()
    assert board.machine.label == "a PCI hole below 4 GiB" and board.version.value == "v2" and board.dynamic.value
    assert [label for label, _ in board.machine.options][-1] == "your own"
