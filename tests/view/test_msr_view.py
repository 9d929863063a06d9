"""Pictures of MSR 0x3A and the controls around them, without a browser: what they say, and that nothing hostile gets through."""

import asyncio
import io
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.facts import data_path
from tdxkit.linux.msr.hotplug import IN_WORDS, OUTCOMES, REPORTED, hotplug
from tdxkit.linux.msr.register import Event
from tdxkit.linux.msr.table import every_result, outcomes
from tdxkit.review.msr.reading import read_trace
from tdxkit.view import msr_view
from tdxkit.view.kit.files import File
from tdxkit.view.kit.verdict import STALE
from tdxkit.view.msr_board import (
    STOPPED,
    LongTimeline,
    Switchboard,
    gates_told,
    matters_table,
    outcome_bar,
    outcome_html,
    outcomes_table,
    trace_reader,
)
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
    picture = msr_view.access_picture(TRACE.events)
    seen = Tags(picture.svg)
    assert seen.tags.count("title") == 18
    assert "writes 0x40005 = lock + VMX outside SMX + SGX" in seen.text
    assert seen.text.count("vCPU 4 (pid 17500) reads 0x0") == 2
    assert "4.1 s" in seen.text and "68.7 s" in seen.text
    assert len(str(picture).splitlines()) == 19 and "453.733743 s  vCPU 4" in str(picture)


def test_notes_can_be_kept_back():
    shown, hidden = (msr_view.access_picture(TRACE.events, notes=n) for n in (True, False))
    assert "debug_before_write" in shown.svg and "debug_before_write" in shown.text
    assert "debug_before_write" not in hidden.svg + hidden.text


def test_lanes_stand_in_order_whoever_came_first():
    texts = Tags(msr_view.access_picture(TRACE.events).svg).text
    assert [texts.index(f"vCPU {k}") for k in range(5)] == sorted(texts.index(f"vCPU {k}") for k in range(5))


def test_a_long_trace_is_shown_in_pieces():
    events = TRACE.events * 10
    assert "140 accesses more" in msr_view.access_picture(events).text
    assert "accesses more" not in msr_view.access_picture(events, len(events) - 5).text
    assert "nobody did" in msr_view.access_picture(()).svg


def test_the_model_is_drawn_without_times():
    both = replace(REPORTED, firmware="ovmf", smm=True, version=202508, option="on")
    picture = msr_view.access_picture(hotplug(both).events)
    assert "vCPU 4 writes 0x40005 = lock + VMX outside SMX + SGX (#GP: refused)" in picture.text


@pytest.mark.parametrize("value", [0, 0x40005, 0x1FFFFF, 1 << 21, 2**64 - 1])
def test_any_value_has_a_picture(value):
    assert f"{value:#x} = " in msr_view.register_bits(value).text


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


@pytest.mark.slow
@given(st.lists(odd_events, max_size=50), st.integers(0, 50))
@settings(deadline=None, max_examples=60)
def test_no_name_or_note_becomes_markup(events, start):
    seen = Tags(msr_view.access_picture(events, start).svg)
    assert not {"script", "img", "foreignobject", "a"} & set(seen.tags)
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert set(seen.tags) <= {"svg", "g", "title", "text", "rect", "circle", "path"}


def test_the_picture_of_a_step_shows_each_register_and_who_differs():
    run = hotplug().run
    last = Tags(msr_view.vcpus(run.state(len(run)))).text
    assert "bug check 0x3E" in last and "0x0 differs" in last and last.count("0x40005") == 5
    assert "differs" not in Tags(msr_view.vcpus(run.state(0))).text
    first = msr_view.vcpus(run.state(0))
    assert "0x0: not set" in Tags(first).text and "tdx-ok" not in first, "what nobody has written is not well"
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
    board.path.value = str(tmp_path / "nothing")
    assert "no such file" in board.said.value and board.result is None
    board.file.value = (File("t.trace", POSTED),)
    assert board.result.counts.events == 18 and board.file.value == () and board.path.value == "", (
        "the path named another"
    )
    assert "t.trace: 1.6 KiB read" in board.said.value
    board.paste.value = POSTED.decode() + "junk\n"
    board.read.click()
    assert board.result.counts.skipped == 1 and "no event" in board.shown.children[-1].value
    (tmp_path / "t").write_bytes(POSTED * 10)
    board.path.value = str(tmp_path / "t")
    assert board.result.counts.events == 180 and any(isinstance(c, LongTimeline) for c in board.shown.children)
    board.path.value = str(tmp_path / "<b>")
    assert "&lt;b&gt;: no such file" in board.said.value
    assert board.result.counts.events == 180 and STALE in board.shown._dom_classes, "what is shown is older"
    board.paste.value = "  "
    board.read.click()
    assert "there is nothing in it" in board.said.value and board.cancel.layout.display == "none"
    board.paste.value = POSTED.decode()
    board.read.click()
    assert STALE not in board.shown._dom_classes and board.path.value == ""


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


@pytest.mark.slow
def test_how_it_ends_is_told_in_words_and_not_by_an_id():
    assert set(IN_WORDS) == set(OUTCOMES) and len(set(IN_WORDS.values())) == len(IN_WORDS)
    results = every_result()
    for end, result in {result.outcome: result for result in results}.items():
        bar = outcome_bar(result)
        assert str(bar).startswith(("✗ " if end in STOPPED else "✓ ") + f"{IN_WORDS[end]}: {OUTCOMES[end]}")
        assert "-" not in end or end not in outcome_html(result)
    assert [row[0] for row in outcomes_table(results).rows] == [IN_WORDS[end] for end in outcomes(results)]
    assert sum(row[1] for row in outcomes_table(results).rows) == len(results) == 1728
    assert {row[0] for row in matters_table(results).rows} >= {"SMM", "SGX in CPUID", "the posted option"}


def test_what_the_posted_option_does_is_a_sentence_and_a_qemu_without_it_has_none():
    assert gates_told(hotplug(REPORTED)) == "" and "tests, in its order" not in outcome_html(hotplug(REPORTED))
    off, on = (hotplug(replace(REPORTED, option=option)) for option in ("off", "on"))
    assert gates_told(off).startswith("The posted option does nothing: ") and "✗ option off" in outcome_html(off)
    assert gates_told(on) == "The posted option copies vCPU 0's value: all 7 of its tests hold."


def test_rubbish_makes_no_empty_table_and_says_why():
    board = trace_reader()
    board.begin(b"rubbish\n")
    shown = "".join(part.value for part in board.shown.children)
    assert 'role="alert"' in shown and "no access to MSR 3a: 0 kvm_msr events in 1 line" in shown
    assert shown.count("<table") == 1 and "1 line could not be read" in shown


def test_a_mark_with_a_note_is_explained():
    board = trace_reader()
    board.begin(POSTED)
    assert "* Behind this line" in "".join(getattr(part, "value", "") for part in board.shown.children)
    board.begin(b"\n".join(line.partition(b"<")[0] for line in POSTED.splitlines()))
    assert board.result.counts.events == 18
    assert "* Behind this line" not in "".join(getattr(part, "value", "") for part in board.shown.children)
