"""What is kept of a reader: one file, only added to; whatever happens to it, the workbook goes on, says so once, and loses nothing that could be read."""

import json
import os
import stat
import subprocess
import sys

import pytest

from tdxkit.lessons import progress
from tdxkit.lessons.progress import LONGEST, Event, kept, notice, place, record, reset


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """A file that is not there yet."""
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "kept" / "progress.jsonl"))
    monkeypatch.setattr(progress, "_unwritten", [])
    monkeypatch.setattr(progress, "_said", set())
    monkeypatch.setattr(progress, "_why", "")
    return tmp_path / "kept" / "progress.jsonl"


GATE = Event("gate", "04", "second-look", "3", True)
WRONG = Event("gate", "04", "second-look", "1")
PASSED = Event("exercise", "00", "take-it-back", "A9 B2", True)


def test_nothing_is_known_where_there_is_no_file(own_progress):
    assert kept().events == [] and notice() == "" and not own_progress.exists()
    assert kept().of("gate", "second-look") is None


def test_what_is_recorded_is_kept_in_its_order(own_progress):
    for event in (WRONG, GATE, PASSED):
        record(event)
    assert kept().events == [WRONG, GATE, PASSED] and place() == own_progress
    assert kept().of("gate", "second-look") == GATE
    assert kept().passed("exercise", "take-it-back") and not kept().passed("gate", "take-it-back")
    lines = [json.loads(line) for line in own_progress.read_text().splitlines()]
    assert [line["v"] for line in lines] == [1, 1, 1] and all(line["at"].endswith("+00:00") for line in lines)


def test_the_last_answer_counts_and_once_passed_stays_passed():
    for event in (GATE, WRONG):
        record(event)
    assert kept().of("gate", "second-look") == WRONG and kept().passed("gate", "second-look")


def test_a_reset_forgets_one_notebook_and_deletes_no_line(own_progress):
    for event in (GATE, PASSED):
        record(event)
    reset("04")
    assert kept().of("gate", "second-look") is None and kept().passed("exercise", "take-it-back")
    record(WRONG)
    assert kept().of("gate", "second-look") == WRONG
    assert len(own_progress.read_text().splitlines()) == 4


def test_a_long_answer_is_cut(own_progress):
    record(Event("exercise", "04", "your-put", "x" * (LONGEST + 1)))
    record(Event("exercise", "04", "your-put", "y" * LONGEST))
    assert [len(one.answer) for one in kept().events] == [LONGEST, LONGEST]


ODD = [b"{", b"[]", b"7", b"null", b'"x"', b"\xff\xfe", b"{}", b'{"kind": 1, "notebook": "04"}', b'{"kind": "gate", "notebook": "04", "name": 3}',
       b'{"kind": "gate", "notebook": "04", "right": "yes"}', b"[" * 9000]  # fmt: skip


@pytest.mark.parametrize("line", ODD, ids=range(len(ODD)))
def test_a_corrupt_line_is_passed_over_and_said_once_and_stays(own_progress, line):
    record(PASSED)
    with own_progress.open("ab") as file:
        file.write(line + b"\n")
    record(GATE)
    assert kept().events == [PASSED, GATE] and kept().odd == 1
    said = notice()
    assert said == f"1 line of {own_progress} cannot be read and is passed over; all others count."
    assert notice() == "" and line in own_progress.read_bytes()


def test_several_corrupt_lines_are_counted(own_progress):
    own_progress.parent.mkdir()
    own_progress.write_bytes(b"x\n\ny\n" + json.dumps({"kind": "gate", "notebook": "00"}).encode())
    assert notice() == f"2 lines of {own_progress} cannot be read and are passed over; all others count."
    assert kept().events == [Event("gate", "00")]


def test_what_a_later_version_wrote_is_read_as_far_as_it_is_understood(own_progress):
    own_progress.parent.mkdir()
    rows = [
        {"v": 9, "kind": "gate", "notebook": "04", "name": "second-look", "answer": "3", "right": True, "mood": "glad"},
        {"v": 9, "kind": "essay", "notebook": "04", "name": "x"},
    ]
    own_progress.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert kept().events == [GATE] and kept().newer == 1
    assert "has entries of a later version, which stay there unread" in notice() and notice() == ""
    record(PASSED)
    assert own_progress.read_text().startswith(json.dumps(rows[0]))


def test_a_line_that_was_cut_off_spoils_only_itself(own_progress):
    own_progress.parent.mkdir()
    own_progress.write_bytes(b'{"v": 1, "kind": "ga')
    record(GATE)
    record(PASSED)
    assert kept().events == [GATE, PASSED] and kept().odd == 1


def test_where_nothing_can_be_written_it_counts_until_the_kernel_stops(own_progress, monkeypatch):
    own_progress.parent.mkdir()
    own_progress.mkdir()  # a folder is in the way: no user can write there, not even root
    record(GATE)
    assert kept().passed("gate", "second-look")
    said = notice()
    assert said.startswith("Progress is not kept: Is a directory") and "It counts until the kernel stops." in said
    assert notice() == ""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes to what is read-only")
def test_a_read_only_file_is_read_and_said(own_progress):
    record(GATE)
    own_progress.chmod(stat.S_IRUSR)
    record(PASSED)
    assert kept().events == [GATE, PASSED] and "Progress is not kept" in notice()


def test_two_labs_at_once_lose_nothing(own_progress):
    code = (
        "from tdxkit.lessons.progress import Event, record\n"
        "import sys\n"
        "for k in range(200): record(Event('gate', sys.argv[1], f'n{k}', 'x' * 500, True))\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, name]) for name in ("01", "02")]
    assert [one.wait(60) for one in both] == [0, 0]
    have = kept()
    assert have.odd == 0 and [sum(one.notebook == name for one in have.events) for name in ("01", "02")] == [200, 200]


def test_of_a_very_long_file_the_end_is_read(own_progress, monkeypatch):
    record(GATE)
    record(PASSED)
    monkeypatch.setattr(progress, "MOST", len(own_progress.read_bytes()) - 1)
    assert kept().events == [PASSED] and kept().odd == 0


def test_it_lies_where_programs_keep_their_data(monkeypatch):
    import platformdirs

    monkeypatch.delenv(progress.VARIABLE)
    assert place() == platformdirs.user_data_path("tdxkit", appauthor=False) / "progress.jsonl"


def test_without_platformdirs_it_counts_until_the_kernel_stops(monkeypatch):
    monkeypatch.delenv(progress.VARIABLE)
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    record(GATE)
    assert kept().events == [GATE]
    assert notice().startswith("Progress is not kept")


def test_in_a_browser_it_lies_beside_the_notebooks(tmp_path, monkeypatch):
    monkeypatch.delenv(progress.VARIABLE, raising=False)
    monkeypatch.setattr(progress, "IN_A_BROWSER", True)
    monkeypatch.setattr(progress, "DRIVE", tmp_path)
    monkeypatch.chdir(tmp_path)
    progress.record(Event("gate", "04", "second-look", "3", True))
    assert [path.name for path in tmp_path.iterdir()] == [progress.ON_THE_DRIVE]
    assert progress.kept().passed("gate", "second-look") and progress.notice() == ""


def test_a_page_without_a_drive_says_that_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.delenv(progress.VARIABLE, raising=False)
    monkeypatch.setattr(progress, "IN_A_BROWSER", True)
    monkeypatch.setattr(progress, "DRIVE", tmp_path / "drive")
    monkeypatch.chdir(tmp_path)
    progress.record(GATE)
    assert progress.notice() == (
        "Progress is not kept: this page has no drive; one from https:// or 127.0.0.1 has. It counts until the kernel stops."
    )
    assert progress.kept().events == [GATE] and progress.notice() == ""
