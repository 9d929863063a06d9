"""What the older boards ask: not answered as they begin, answered by the controls that answer it, and by none that only look like it."""

from dataclasses import replace
from types import SimpleNamespace

from tdxkit.linux.msr.hotplug import REPORTED
from tdxkit.view.contention_board import Contention
from tdxkit.view.lockup_board import LockupBoard
from tdxkit.view.msr_board import Switchboard
from tdxkit.view.patch_switches import PatchSwitches


def test_a_patch_that_fails_nothing_and_leaves_something():
    board = PatchSwitches()
    assert board.found == ""
    board.boxes[6].value = False  # this one fails at once
    assert board.found == ""
    board.boxes[6].value, board.boxes[9].value = True, False
    assert board.found.startswith("without 9, left: 5 pairs")


def test_one_switch_that_saves_the_guest():
    board = Switchboard(replace(REPORTED, vcpus=2))
    board.flags["sgx"].value = False  # tolerated, but SGX is to stay
    assert board.found == ""
    board.flags["sgx"].value = True
    board.guest.value = "linux"  # another guest
    assert board.found == ""
    board.guest.value = REPORTED.guest
    board.option.value = "on"  # another QEMU
    board.preset.value = "0x40005"
    assert board.found == ""
    board.option.value = board._first.option
    assert board.found.startswith("the new MSR: ")


def test_the_smallest_guest_that_can_be_reported():
    board = LockupBoard(940)
    board.guest.value = 1100
    assert board.verdict.chance and board.found == ""
    board.guest.value = 700
    assert board.found == ""
    board.guest.value = 875
    assert board.found == "875 GiB is reported in 7% of the phases, 700 GiB in none"
    other = LockupBoard(940)
    other.patch.value = "v2"
    other.guest.value = 875
    assert other.found == ""


def test_waits_with_hashed_locks_on_a_small_host():
    board = Contention()
    assert board.answer() == ""
    board.results = {"hashed": SimpleNamespace(contentions=0)}
    assert board.answer() == ""
    board.results = {"hashed": SimpleNamespace(contentions=12), "global": SimpleNamespace(contentions=99)}
    board.toggling.value = 4
    assert board.answer() == "10 TDs with 4 vCPUs each, 4 of them toggling: 12 waits in 10 s"
    board.tds.value = 11
    assert board.answer() == ""
