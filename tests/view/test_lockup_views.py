"""Trees, timelines, tables and controls of notebook 07: each says what the model says, and nothing hostile gets through."""

import itertools
import os
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.linux.memattr.tree_run import record
from tdxkit.linux.memattr.tree_state import tree_of
from tdxkit.linux.softlockup.lockup import lockup
from tdxkit.linux.softlockup.run import timeline_run
from tdxkit.linux.softlockup.watchdog import SECOND
from tdxkit.review.softlockup.reading import read_report, read_reports
from tdxkit.review.softlockup.registers import posted, read_registers, registers_in
from tdxkit.review.softlockup.report import posted_text
from tdxkit.units import GIB
from tdxkit.view import lockup_board
from tdxkit.view import lockup_tables as tables
from tdxkit.view.lockup_board import KERNELS, LockupBoard
from tdxkit.view.lockup_picture import WIDTH, watchdog_picture
from tdxkit.view.lockup_reader import report_reader
from tdxkit.view.stepper import Stepper
from tdxkit.view.xarray_picture import KEEP, xarray


def titles(markup):
    """What each group of a drawing says on hover; the drawing is well-formed, or this fails."""
    return [e.text for e in ElementTree.fromstring(str(markup)).iter("title")]


def nodes_of(tree):
    return [] if tree is None else [tree, *(n for child in tree.children for n in nodes_of(child))]


indexes = st.integers(0, 200) | st.integers(4000, 4200) | st.integers(0, 1 << 24)


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from(("store", "reserve", "erase")), indexes), min_size=1, max_size=10))
@settings(max_examples=40, deadline=None)
def test_every_node_of_every_state_is_drawn_once(calls):
    run = record([[name, index, 8] if name == "store" else [name, index] for name, index in calls])
    for state in run.states():
        expected = sorted(n.key for n in nodes_of(tree_of(state)))
        drawn = sorted(t.split(":")[0] for t in titles(xarray(state)))
        if len(expected) <= KEEP:
            assert drawn == expected
        else:
            assert set(drawn) <= set(expected) and set(state["walk"]) <= set(drawn)


def test_a_slot_shows_what_it_holds_at_its_place():
    run = record([["set_attrs", 62, 66, 8]])
    before, after = (str(xarray(run.state(k))) for k in (6, 11))
    value, reserved = 'fill="var(--tdx-used)"', 'fill="var(--tdx-pair-bg)"'
    assert before.count(reserved) - after.count(reserved) == 2  # two stretches of two pages
    assert after.count(value) - before.count(value) == 2
    left = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="4" height="12" fill="var\(--tdx-used\)"', after)
    first, second = map(float, left)
    assert second - first == pytest.approx((142 + 8) - 124)  # slots 62 of one node and 0 of its neighbour


def test_the_empty_tree_and_a_single_entry():
    run = record([["store", 0, 8]])
    assert "the head is NULL" in xarray(run.state(0)) and "one entry in the head" in xarray(run.state(1))
    assert any("64" in title for title in titles(xarray(record([["set_attrs", 62, 66, 8]]).state(6))))


def test_a_wide_tree_leaves_brothers_out_and_says_so():
    run = record([["store", 64 * k, 8] for k in range(20)])
    drawn = titles(xarray(run.state(19)))
    assert len(drawn) == 3 and "17 not drawn" in " ".join(drawn)
    assert len(Stepper(run, picture=xarray).data) > 1000


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"from_idle": True},
        {"patch": "v1"},
        {"patch": "v2"},
        {"preempt": "none", "others": 3},
        {"preempt": "full", "others": 1},
    ],
)
def test_the_timeline_shows_every_sample_and_every_report(more):
    verdict = lockup(1500 * GIB, **more)
    picture = watchdog_picture(verdict)
    root = ElementTree.fromstring(str(picture.svg))
    ticks = [s for s in verdict.samples if s.who == "timer"]
    assert picture.text.count("tick: stamp") == len(ticks)
    assert picture.text.count("reports") == len(verdict.reports)
    drawn = [e.text for e in root.iter("text")]
    assert [t for t in drawn if re.fullmatch(r"\d+s", t or "")] == [f"{s.stuck}s" for s in verdict.reports]
    assert sum(e.get("r") == "3" for e in root.iter("circle")) == len(ticks) - len(verdict.reports)
    assert ("✗" in picture.text) == verdict.lockup
    for shape in root.iter("rect"):
        assert 0 <= float(shape.get("x")) <= 860 and float(shape.get("width")) >= 0


def test_a_very_long_call_is_cut_and_says_so():
    picture = watchdog_picture(lockup(64 << 40, cost="thunk"))
    assert "the first 600 s are shown" in picture.text and len(picture.svg) < 200_000


def test_the_size_chart_has_the_counts_of_the_kernel():
    rows = {row[0]: row for row in tables.size_chart().rows}
    assert rows["940 GiB"][2] == "3,911,356" and rows["1,900 GiB"][2] == "7,905,932"
    assert tables.size_chart().traces[0]["customdata"][-1] == "17,043,524 nodes"
    assert [row[2] for row in tables.levels_table(1900 * GIB).rows[:5]] == ["7,782,400", "121,600", "1,900", "31", "1"]


def test_the_verdict_table_field_by_field():
    """Each field against a verdict of its own."""
    made, asked = tables.verdict_table(sizes=(512, 1500)), 0
    for kernel, models, costs, *fields in made.rows:
        name, _, how = kernel.partition(", ")
        patch = {"unpatched": None, "patched": "v2"}.get(how, "v1")
        for model in models.split(", "):
            for cost in ("reporter", "plain", "thunk") if costs == "each" else (costs,):
                asked += 1
                for gib, field in zip((512, 1500), fields):
                    verdict = lockup(gib * GIB, name, model, cost, patch=patch)
                    assert field.partition(",")[0] == (verdict.loop or "–")
                    assert field.endswith(", at times") == (0 < verdict.chance < 1)
        assert costs != "each" or set(fields) == {"–"}
    assert asked == 17 * 3, "every kernel with each of its models and each cost, once"


def test_the_other_tables():
    rows = tables.patches_table(1900 * GIB).rows
    assert [row[1] for row in rows] == ["2", "5", "2"] and rows[2][2] == f"{2 * 498_073_600:,}"
    assert [row[5] for row in rows] == ["lockup in store, 22s", "nothing", "nothing"]
    points = {row[0]: row[1:] for row in tables.points_table().rows}
    assert points["store"] == ("–", "–", "unlock, interrupt", "unlock, interrupt")
    assert points["store, patched"][:2] == ("cond_resched", "cond_resched")
    assert [row[:3] for row in tables.costs_table().rows] == [
        ("reporter", 88.7, 88.7), ("plain", 47.9, 50.0), ("thunk", 100.8, 93.9)
    ]  # fmt: skip


def test_the_registers_of_the_posted_report():
    found = read_registers()
    assert found.gfns == (0x10000000, 0x27680000) and found.pages == 392_691_712 and found.guest == 1500 * GIB
    said = str(tables.registers_table(found))
    assert "5 levels" in said and "object 13 of 28" in said and "PRIVATE" in said


def report(kernel, user):
    lines = [f"{name}: {value:016x}" for name, value in kernel.items()]
    lines += ["FS: 0000000000000000"] + [
        f"{name.replace('R8', 'R08').replace('R9', 'R09')}: {value:016x}" for name, value in user.items()
    ]
    return "\n".join(lines)


def test_the_report_is_a_table_and_nothing_hostile_gets_through():
    rows = tables.report_table(read_report(posted_text()))
    assert len(rows.rows) == 33 and "soft lockup on CPU 8, qemu-kvm (thread 6372)" in str(rows)
    all_of_it = str(tables.reports_table(read_reports(posted_text())))
    assert (
        "the upper RAM of a guest of 1,500 GiB" in all_of_it
        and "without the patch a soft lockup, in the store loop" in all_of_it
    )
    assert "1 report" in all_of_it and "shown" not in all_of_it.splitlines()[0]
    many = tables.reports_table(read_reports(posted_text() * (tables.REPORTS_SHOWN + 1)))
    assert "51 reports, the first 50 shown" in str(many) and len(many.rows) == 50
    evil = posted_text().replace("qemu-kvm", "<script>x()</script>").replace("ORACLE", "<img src=x onerror=x()>")
    markup = str(tables.report_table(read_report(evil)).html())
    assert "<script" not in markup and "<img" not in markup and "&lt;script&gt;" in markup


def test_the_sizes_that_were_said_both_ways():
    assert [row[1:] for row in tables.said_sizes_table().rows] == [
        ("940 GB", "875.4 GiB", "20.3 s", "8%"), ("940 GiB", "940 GiB", "21.8 s", "45%"),
        ("1900 GB", "1,769.5 GiB", "41.1 s", "100%"), ("1900 GiB", "1,900 GiB", "44.1 s", "100%"),
    ]  # fmt: skip


def test_the_box_reads_a_pasted_report_and_keeps_it_when_the_next_is_none():
    box = report_reader()
    box.paste.value = posted_text()
    box.read.click()
    assert box.result.main.fields["pid"] == "6372" and "the store loop" in box.shown.children[0].value
    assert "goes on at byte 835 of 1808" in box.shown.children[1].value
    box.paste.value = "nothing of the kind"
    box.read.click()
    assert (
        'role="alert"' in box.said.value
        and "BUG: soft lockup" in box.said.value
        and box.result.main.fields["pid"] == "6372"
    )


def test_a_pasted_report_reads_the_same():
    kernel, user = posted()
    assert read_registers(registers_in(report(kernel, user))) == read_registers()


@pytest.mark.parametrize(
    "change",
    [
        {"ORIG_RAX": 1},
        {"RSI": 0xAE80},
        {"R9": 0},
        {"R9": 4097},
        {"R8": 1},
        {"R9": (1 << 64) - 4096},
        {"RDX": None},
        {"R14": None},
    ],
)
def test_reports_that_are_something_else(change):
    kernel, user = posted()
    changed = {k: v for k, v in (user | change).items() if v is not None}
    with pytest.raises(InputError) as caught:
        read_registers((kernel, changed))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [GIB, 1498 * GIB + (1 << 20), 3 * GIB])
def test_a_range_that_is_no_guest_is_called_none(size):
    kernel, user = posted()
    assert read_registers((kernel, user | {"R9": size})).guest is None


@pytest.mark.slow
@given(st.text(max_size=200) | st.from_regex(r"(R[0-9A-DSX]{2}: [0-9a-f]{16}\s?){0,9}", fullmatch=True))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read_or_refused(text):
    try:
        read_registers(registers_in(text))
    except InputError as error:
        assert "\n" not in str(error)


def test_a_long_text_is_read_to_its_end():
    kernel, user = posted()
    text = "nothing of the kind\n" * 200_000 + report(kernel, user)
    assert read_registers(registers_in(text)) == read_registers()


def test_the_board_follows_its_controls():
    board = LockupBoard(1500)
    assert board.verdict.lockup and "soft lockup in the store loop" in board.shown.children[0].value
    board.patch.value = "v2"
    assert not board.verdict.lockup and str(board).startswith("✓ no report: ") and "no lockup" in str(board)
    board.patch.value, board.guest.value, board.phase.value = "as is", 940, 0
    assert not board.verdict.lockup and str(board).startswith("… not reported here: ")
    board.phase.value = 4
    assert board.verdict.lockup and str(board).startswith("✗ reported: soft lockup in the store loop, stuck for ")
    assert "✗ reported</b>" in board.said.value
    board.others.value, board.idle.value = 2, True
    assert board.verdict.others == 2 and board.verdict.from_idle and "2 other tasks" in str(board)


def test_the_board_has_what_was_said_and_both_ways_to_take_it():
    """940 GB are 875 GiB: seldom reported; 940 GiB in nearly half of the phases. Both lie beyond the threshold."""
    board = LockupBoard(940)
    labels = {value: label for label, value in board.guest.options}
    assert labels[875] == "875 GiB" and max(map(len, labels.values())) <= 10  # a slider cuts what is longer
    assert str(board).splitlines()[1].startswith("the reporter's 940 GB if GiB were meant: ")
    assert "reported in 45% of the watchdog's phases" in str(board)
    board.guest.value = 512
    assert "reporter's" not in str(board).splitlines()[1]
    board.guest.value = 875
    assert str(board).splitlines()[1].startswith("the reporter's 940 GB: ")
    assert "20.3 s at most, reported in 7% of the watchdog's phases" in str(board)


def test_ten_changes_leave_one_picture_and_a_refusal_keeps_it(live_widgets, monkeypatch):
    board = LockupBoard(1500)
    before, (picture,) = len(live_widgets()), board.shown.children
    for k in range(10):
        board.others.value, board.kernel.value = k % 4, KERNELS[k % len(KERNELS)]
    assert len(live_widgets()) == before and board.shown.children == (picture,)
    drawn, verdict = picture.value, board.verdict

    def refuse(*_args, **_more):
        raise InputError("guest", "it is too large", "take a smaller one")

    monkeypatch.setattr(lockup_board, "lockup", refuse)
    board.guest.value = 512
    assert 'role="alert"' in board.said.value and "guest: it is too large; take a smaller one" in board.said.value
    assert picture.value == drawn and board.verdict is verdict


def test_a_change_is_judged_once(monkeypatch):
    board, judged = LockupBoard(1500), []
    monkeypatch.setattr(lockup_board, "lockup", lambda *a, **more: judged.append(a) or lockup(*a, **more))
    board.kernel.value = "7.0"  # which takes a preemption model with it
    assert len(judged) == 1


def test_the_board_offers_only_models_that_a_kernel_has():
    board = LockupBoard(1500)
    for kernel in (*KERNELS, *KERNELS[::-1]):
        board.kernel.value = kernel
        assert board.verdict.kernel.name == kernel and board.verdict.preempt == board.preempt.value
        assert board.preempt.value in board.verdict.kernel.models
    board.kernel.value = "7.0"
    assert "the release carries the patch" in str(board)


def test_a_run_and_its_verdict_agree_in_time():
    verdict = lockup(1500 * GIB)
    last = list(timeline_run(verdict).states())[-1]
    assert float(last["time"].removesuffix(" s")) == pytest.approx(verdict.end / SECOND, abs=0.001)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
@pytest.mark.parametrize("what", ["pipe", "device", "folder", "none"])
def test_a_path_that_is_no_file_is_said_and_nothing_waits(what, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    box = report_reader()
    box.path.value = {"device": "/dev/zero", "folder": str(tmp_path)}.get(what, str(tmp_path / what))
    assert 'role="alert"' in box.said.value and box.result is None
    (tmp_path / "log").write_text(posted_text())
    box.path.value = str(tmp_path / "log")
    assert box.result.main.fields["pid"] == "6372"


@pytest.mark.parametrize("gib, preempt, patch, others", [(8192, "voluntary", None, 0), (8192, "none", None, 4), (8192, "voluntary", "v2", 4), (64, "voluntary", None, 0), (940, "none", "v1", 1)])  # fmt: skip
def test_nothing_in_the_picture_is_smeared_or_clipped(gib, preempt, patch, others):
    verdict = lockup(gib * GIB, preempt=preempt, patch=patch, others=others)
    root = ElementTree.fromstring(watchdog_picture(verdict).svg)
    rows = {}
    for node in root.iter("text"):
        wide = 6.4 * len(node.text) * float(node.get("font-size")) / 11.5
        left = float(node.get("x")) - {"start": 0, "middle": wide / 2, "end": wide}[node.get("text-anchor")]
        assert left >= 0 and left + wide <= WIDTH, node.text
        rows.setdefault(round(float(node.get("y"))), []).append((left, left + wide, node.text))
    for row in rows.values():
        for (_, end, one), (begin, _, other) in itertools.pairwise(sorted(row)):
            assert end <= begin + 1, (one, other)
    rings = sorted(float(c.get("cx")) for c in root.iter("circle") if c.get("r") == "3")
    assert all(b - a >= 6 for a, b in itertools.pairwise(rings)), "rings do not touch"


def test_the_headline_says_the_first_report_and_the_last():
    picture = watchdog_picture(lockup(8192 * GIB, preempt="none"))
    assert "first report at 20.1 s: stuck for 22s; the last of 16 at 380.1 s: 357s" in str(picture)
    assert (
        picture.svg.count(">22s</text>") == picture.svg.count(">357s</text>") == 1 and ">44s</text>" not in picture.svg
    )
    assert "one report, at 54.9 s: stuck for 22s" in str(watchdog_picture(lockup(1500 * GIB)))
