"""A trace of MSR 0x3A on a page: a timeline that reaches its last access, what was lost or not readable, and the tables of every setup."""

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tdxkit.facts import data_path
from tdxkit.linux.msr.hotplug import IN_WORDS, OUTCOMES, REPORTED, hotplug
from tdxkit.linux.msr.table import outcomes
from tdxkit.review.msr.reading import read_trace
from tdxkit.view import msr_board, msr_view
from tdxkit.view.msr_board import LongTimeline, Switchboard, bad_table, matters_table, outcomes_table, trace_shown

POSTED = data_path("traces/kvm_msr.trace").read_bytes()
TRACE = read_trace(io.BytesIO(POSTED))


@pytest.mark.parametrize(
    "accesses, starts", [(41, [0, 1]), (50, [0, 10]), (60, [0, 20]), (61, [0, 20, 21]), (140, [0, 20, 40, 60, 80, 100])]
)
def test_a_long_timeline_begins_at_the_first_access_and_ends_with_the_last(accesses, starts):
    events = [TRACE.events[0]._replace(time=float(k)) for k in range(accesses)]
    board = LongTimeline(replace(TRACE, events=tuple(events)))
    assert (board.start.value, [value for _, value in board.start.options]) == (0, starts)
    assert f"{accesses - 40} accesses more" in str(board) and "0.000000 s" in str(board)
    board.start.value = starts[-1]
    assert "accesses more" not in str(board) and f"{accesses - 1}.000000 s" in str(board)
    assert str(msr_view.access_picture(events, starts[-1]).text) in str(board)
    (shown,) = board.shown.children
    assert f"{accesses - 1}.000000 s" in shown.value, "the picture moves along"


@pytest.mark.parametrize("count, long", [(40, False), (41, True)])
def test_a_trace_of_more_accesses_than_one_picture_shows_has_a_slider(count, long):
    shown = trace_shown(replace(TRACE, events=TRACE.events[:1] * count))
    assert any(isinstance(thing, LongTimeline) for thing in shown) == long


def test_what_a_tracer_lost_is_said_only_where_it_lost_something():
    counted = [str(trace_shown(replace(TRACE, counts=replace(TRACE.counts, lost=lost)))[0]) for lost in (0, 1234)]
    assert "lost" not in counted[0] and "; the tracer lost 1,234: what is missing may have been there" in counted[1]
    assert "18 kvm_msr events in" in counted[0]


def test_how_often_each_end_comes_and_what_one_switch_does():
    results = [hotplug(REPORTED), hotplug(replace(REPORTED, option="on")), hotplug(replace(REPORTED, option="auto"))]
    made = outcomes_table(results)
    assert made.header == ("it ends", "of 3", "that is")
    counts = outcomes(results)
    assert made.rows == tuple((IN_WORDS[end], count, OUTCOMES[end]) for end, count in counts.items())
    assert [made.rows[k][0] for k in made.marked] == [IN_WORDS["bugcheck"]] and sum(counts.values()) == 3


def test_what_a_switch_does_alone_is_told_by_its_name(monkeypatch):
    found = {"smm": {"otherwise": 3, "saves": 1}, "vcpus": {"otherwise": 0, "saves": 0}}
    monkeypatch.setattr(msr_board, "what_matters", lambda results: found)
    made = matters_table([None] * 7)
    assert made.rows == (("SMM", 3, 1), ("vcpus", 0, 0)) and made.title == "Of 7, if one switch is turned"
    assert made.header == ("this switch alone", "ends otherwise", "the crash (0x3E) goes")


@pytest.mark.parametrize(
    "skipped, title", [(1, "1 line could not be read"), (2, "2 lines could not be read, the first 1")]
)
def test_of_many_lines_that_could_not_be_read_the_first_are_named(skipped, title):
    bad = read_trace(io.BytesIO(POSTED + b"junk\n")).counts
    made = bad_table(replace(TRACE, counts=replace(bad, skipped=skipped)))
    assert made.title == title and made.rows == ((bad.bad[0].line, bad.bad[0].why, "junk"),)


FINE = replace(REPORTED, guest="linux")


@pytest.mark.parametrize(
    "first, now, outcome, found",
    [
        (REPORTED, replace(REPORTED, preset=1), "fixed", "the new MSR: "),
        (REPORTED, replace(REPORTED, firmware="ovmf", version=202508), "fixed", "the firmware: "),
        (REPORTED, replace(REPORTED, preset=1), "bugcheck", ""),
        (REPORTED, replace(REPORTED, preset=1, epc=not REPORTED.epc), "fixed", ""),
        (REPORTED, replace(REPORTED, option="on"), "fixed", ""),
        (REPORTED, REPORTED, "fixed", ""),
        (FINE, replace(FINE, preset=1), "fixed", ""),
    ],
)
def test_one_switch_that_saves_a_guest_that_would_stop_is_what_is_looked_for(first, now, outcome, found):
    board = SimpleNamespace(_first=first, scenario=now, result=SimpleNamespace(outcome=outcome))
    assert Switchboard.answer(board) == (found and found + OUTCOMES[outcome])


def test_a_firmware_without_code_for_smm_has_its_switch_at_rest():
    board = Switchboard()
    assert board.firmware.value == "SeaBIOS" and board.flags["smm"].disabled
    board.firmware.value = "OVMF, edk2-stable202505"
    assert not board.flags["smm"].disabled
