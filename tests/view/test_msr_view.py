"""Pictures of MSR 0x3A and the controls around them, without a browser: what they say, and that nothing hostile gets through."""

import asyncio
import io
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.facts import data_path
from tdxkit.linux.msr.hotplug import REPORTED, hotplug
from tdxkit.linux.msr.register import Event
from tdxkit.review.msr.reading import read_trace
from tdxkit.view import msr_view
from tdxkit.view.msr_board import Switchboard, outcome_html, trace_reader
from tdxkit.view.stepper import Stepper

POSTED = data_path("traces/kvm_msr.trace").read_bytes()
TRACE = read_trace(io.BytesIO(POSTED))


class Tags(HTMLParser):
    def __init__(self, markup):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(str(markup))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.text += data


def test_the_timeline_has_a_mark_and_a_hover_for_each_access():
    picture = msr_view.timeline(TRACE.events)
    seen = Tags(picture.svg)
    assert seen.tags.count("title") == 18
    assert "writes 0x40005 = lock + VMX outside SMX + SGX" in seen.text
    assert seen.text.count("vCPU 4 (pid 17500) reads 0x0") == 2
    assert "4.1 s" in seen.text and "68.7 s" in seen.text
    assert len(str(picture).splitlines()) == 19 and "453.733743 s  vCPU 4" in str(picture)


def test_notes_can_be_kept_back():
    shown, hidden = (msr_view.timeline(TRACE.events, notes=n) for n in (True, False))
    assert "debug_before_write" in shown.svg and "debug_before_write" in shown.text
    assert "debug_before_write" not in hidden.svg + hidden.text


def test_lanes_stand_in_order_whoever_came_first():
    texts = Tags(msr_view.timeline(TRACE.events).svg).text
    assert [texts.index(f"vCPU {k}") for k in range(5)] == sorted(texts.index(f"vCPU {k}") for k in range(5))


def test_a_long_trace_is_shown_in_pieces():
    events = TRACE.events * 10
    assert "140 accesses more" in msr_view.timeline(events).text
    assert "accesses more" not in msr_view.timeline(events, len(events) - 5).text
    assert "nobody did" in msr_view.timeline(()).svg


def test_the_model_is_drawn_without_times():
    both = replace(REPORTED, firmware="ovmf", smm=True, version=202508, option="on")
    picture = msr_view.timeline(hotplug(both).events)
    assert "vCPU 4 writes 0x40005 = lock + VMX outside SMX + SGX (#GP: refused)" in picture.text


@pytest.mark.parametrize("value", [0, 0x40005, 0x1FFFFF, 1 << 21, 2**64 - 1])
def test_any_value_has_a_picture(value):
    assert f"{value:#x} = " in msr_view.register(value).text


hostile = st.sampled_from(
    [
        "<script>x()</script>",
        "<img src=x onerror=x()>",
        "' onload='x()",
        '"><svg onload=x()>',
        "]]>",
        "\u202eCPU",
        "&lt;",
    ]
) | st.text(max_size=20)
odd_events = st.builds(
    Event, st.none() | st.integers(0, 99), st.none() | st.integers(0, 99), st.integers(0, 9),
    st.none() | st.floats(0, 1e9), st.sampled_from(["read", "write"]), st.just(0x3A), st.integers(0, 2**64 - 1),
    st.booleans(), hostile, hostile,
)  # fmt: skip


@given(st.lists(odd_events, max_size=50), st.integers(0, 50))
@settings(deadline=None, max_examples=60)
def test_no_name_or_note_becomes_markup(events, start):
    seen = Tags(msr_view.timeline(events, start).svg)
    assert not {"script", "img", "foreignobject", "a"} & set(seen.tags)
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert set(seen.tags) <= {"svg", "g", "title", "text", "rect", "circle", "path"}


def test_the_picture_of_a_step_shows_each_register_and_who_differs():
    run = hotplug().run
    last = Tags(msr_view.vcpus(run.state(len(run)))).text
    assert "bug check 0x3E" in last and "0x0 differs" in last and last.count("0x40005") == 5
    assert "differs" not in Tags(msr_view.vcpus(run.state(0))).text
    assert "vCPU 4 holds 0x0" in msr_view.vcpus(run.state(len(run)))
    assert "WRMSR 3a = 0x40005" in str(Stepper(run, picture=msr_view.vcpus))


def test_the_board_follows_its_switches():
    board = Switchboard()
    assert board.result.outcome == "bugcheck" and "0x3E" in str(board)
    board.option.value = "auto"
    assert board.result.outcome == "copied"
    board.flags["enlightened"].value = False
    assert board.result.outcome == "bugcheck"
    board.firmware.value, board.flags["smm"].value = "OVMF, edk2-stable202508", True
    assert board.result.outcome == "fixed" and board.scenario.version == 202508
    board.preset.value = "0x5"
    assert board.result.outcome == "smi-fault"
    assert "option auto, Hyper-V is on" in outcome_html(hotplug(replace(REPORTED, option="auto")))


def test_the_board_offers_each_release_the_unpatched_qemu_and_names_the_posted_default():
    board = Switchboard()
    assert board.option.value == "none" and dict(board.option.options)["auto, as posted"] == "auto"
    assert [value for _, value in board.guest.options][:4] == [
        "windows",
        "windows-2016",
        "windows-2019",
        "windows-2022",
    ]
    assert "E3-1230 v6" in {v: k for k, v in board.vendor.options}["intel"]
    board.guest.value = "windows-2019"
    assert board.result.outcome == "bugcheck" and "Windows Server 2019" in str(board)


@pytest.mark.slow
def test_ten_switches_leave_one_stepper(live_widgets):
    board = Switchboard()
    before = len(live_widgets()), len(live_widgets(Stepper))
    for k in range(10):
        board.flags["smm"].value, board.preset.value = k % 2 == 0, ("0x1", "0x5")[k % 2]
    assert (len(live_widgets()), len(live_widgets(Stepper))) == before
    assert board.shown.children[1].comm and "What a kvm_msr trace would show" in board.shown.children[0].value


def test_a_board_starts_where_it_is_told():
    board = Switchboard(replace(REPORTED, firmware="ovmf", version=202508, smm=True, vcpus=2))
    assert board.result.outcome == "fixed" and board.scenario.vcpus == 2


def test_the_reader_reads_files_pastes_and_paths(tmp_path):
    board = trace_reader()
    assert "nothing read yet" in str(board)
    board.file.value = (
        {"name": "t", "type": "", "size": 3, "content": memoryview(POSTED), "last_modified": datetime.now(UTC)},
    )
    assert board.result.counts.events == 18 and board.file.value == ()
    board.paste.value = POSTED.decode() + "junk\n"
    board.read.click()
    assert board.result.counts.skipped == 1 and "no event" in board.shown.children[-1].value
    (tmp_path / "t").write_bytes(POSTED * 10)
    board.path.value = str(tmp_path / "t")
    assert board.result.counts.events == 180 and any(hasattr(c, "max") for c in board.shown.children)
    board.path.value = str(tmp_path / "<b>")
    assert "no such file" in board.said.value and "<b>" not in board.said.value
    assert board.result.counts.events == 180


def test_cancel_is_heard_within_half_a_second():
    async def scene():
        board = trace_reader()
        board.begin(POSTED * 20_000)  # 30 MiB
        await asyncio.sleep(0.05)
        assert not board.cancel.disabled and 0 < board.bar.value < 1
        begin = asyncio.get_running_loop().time()
        board.cancel.click()
        await board._task
        return board, asyncio.get_running_loop().time() - begin

    board, took = asyncio.run(scene())
    assert took < 0.5 and board.result is None and "cancelled" in board.said.value and board.cancel.disabled


def test_a_second_reading_takes_over_from_the_first():
    async def scene():
        board = trace_reader()
        board.begin(POSTED * 20_000)
        await asyncio.sleep(0.02)
        first = board._task
        board.begin(POSTED)
        await board._task
        return board, first.cancelled()

    board, given_up = asyncio.run(scene())
    assert given_up
    assert board.result.counts.events == 18 and "1.6 KiB read" in board.said.value
