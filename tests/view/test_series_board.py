"""The board that judges pasted mails: the worst first, each row a click away, what is wrong in a line, all outside text as text."""

import html
import json
import shlex
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tdxkit.cli import main
from tdxkit.mail.mailbox import read_mails
from tdxkit.review.applied import Tree
from tdxkit.review.clinic import practice_mbox, practice_pairs
from tdxkit.review.grouping import series_of
from tdxkit.review.reviewed import judged
from tdxkit.view import series_board
from tdxkit.view.kit.choices import Choices, Copied
from tdxkit.view.kit.files import File
from tdxkit.view.lens_view import patches_table
from tdxkit.view.series_board import review_series
from tdxkit.view.stepper import Stepper
from tdxkit.view.verdict_view import Seen

MAILS = practice_pairs()


def shown(board, kind):
    return [one for one in board.shown.children if isinstance(one, kind)]


def markup(board):
    return html.unescape("".join(one.value for one in board.shown.children if hasattr(one, "value")))


@pytest.fixture(scope="module")
def board():
    return review_series(MAILS)


def test_the_worst_race_is_stepped_first_in_c_with_its_mail_and_packet(board):
    (table,), (stepper,) = shown(board, Choices), shown(board, Stepper)
    assert table.chosen == 4 and '<span role="status">4 judged</span>' in board.said.value
    rows = json.loads(table.data)["rows"]
    assert [row["cells"][1]["text"] for row in rows] == ["–", "✗ violation", "✓ ok", "✓ ok", "✗ violation"]
    assert [row["more"] for row in rows] == ["", "v1 2/5, violation", "v1 3/5, ok", "v1 4/5, ok", "v1 5/5, violation"]
    assert "After 5/5" in markup(board) and "Message-ID 20250203.v1-5-one@example.org" in markup(board)
    put = stepper._runs[0].texts["page_pair_put"]
    assert [put.lines[k].strip() for k in put.added if put.lines[k].endswith(")")] == ["if (atomic_read(users))"]
    packet, command = shown(board, Copied)
    assert "The model finds: a get failed" in packet.text and "-- >8 -- mine.c" in packet.text
    assert command.text.startswith("python -m tdxkit series thread.mbox --explore ") and "--after 5 >" in command.text


def test_the_text_has_a_sign_at_what_the_patch_brought_and_behind_it_where_it_was_posted(board):
    one, lines = board.seen.one, board.seen.text.split("\n")
    own, brought = one.scenario.own, one.text.brought(one.n)
    code = own.text.split("\n")[:-1]
    assert [k for k, line in enumerate(lines, 1) if line.startswith("+ ")] == [
        k for k in range(1, len(lines) + 1) if k in brought
    ]
    assert 0 < len(brought) < len(lines) == len(code)
    width, wide = len(str(len(code))), max(len(line.expandtabs()) for line in code)
    assert wide < 80
    for k, line in enumerate((line.ljust(4 + width + wide) for line in lines), 1):
        assert line[2 : 4 + width] == f"{k:{width}}  " and line[4 + width + wide :].strip() == str(own.origin(k) or "")


@pytest.mark.parametrize("n, sign", [(2, "+"), (0, " ")])
def test_behind_a_long_line_it_is_said_where_it_was_posted_and_others_are_filled_up_to_80(board, n, sign):
    own = replace(board.seen.one.scenario.own, text="x" * 90 + "\n\ty\n")
    shown = Seen.__new__(Seen)
    shown.one = SimpleNamespace(n=n, scenario=SimpleNamespace(own=own), text=SimpleNamespace(brought=lambda n: {2}))
    first, second = shown.text.split("\n")
    assert first == f"  1  {'x' * 90}  {own.origin(1) or ''}".rstrip()
    assert second == f"{sign} 2  {'        y':80}  {own.origin(2) or ''}".rstrip()


def test_which_patch_it_is_is_told_by_its_subject_its_title_and_its_mail():
    each = SimpleNamespace(series=SimpleNamespace(patches={2: SimpleNamespace(author="A <a@b>")}))
    for n, message_id, line in (
        (2, "<m@b>", ("After 2/5", "T", "Message-ID m@b, A <a@b>")),
        (2, "", ("After 2/5", "T", "a mail without a Message-ID, A <a@b>")),
        (0, "", ("2/5", "", "")),
    ):
        one = SimpleNamespace(judged=None, n=n, label="2/5", title="T", message_id=message_id)
        seen = Seen(each, one)
        assert seen.line == line and (seen.run, seen.packet, seen.command) == (None, "", "")


def test_each_row_that_was_judged_is_shown_by_its_button(board):
    (table,) = shown(board, Choices)
    table.chosen = 2
    assert not shown(board, Stepper) and not shown(board, Copied) and shown(board, Choices) == [table]
    said = markup(board)
    assert "After 3/5" in said and "+ 18          spin_lock(&pair_lock);" in said and "3/5, line " in said
    assert "After 3/5" in str(board) and "<details open" in said
    table.chosen = 1
    assert len(shown(board, Stepper)) == 1 and "After 2/5" in markup(board)
    table.chosen = 4


@pytest.mark.slow
def test_two_versions_are_held_against_each_other(live_widgets):
    board = review_series(MAILS + practice_pairs(2))
    first, second = shown(board, Choices)
    assert (first.chosen, second.chosen) == (4, -1) and "--after v1:5" in shown(board, Copied)[1].text
    said = markup(board)
    assert "v1-after-5 and v2-after-5, as they stand after their last patches" in said
    assert "atomic_dec_and_test(refcount[0])" in said and "the first step at which they part" in said
    before = len(live_widgets(Stepper))
    second.chosen = 1
    assert (first.chosen, second.chosen) == (-1, 1) and board.seen.each is board.reviewed.found[1]
    second.chosen = 4
    assert len(live_widgets(Stepper)) < before, "what is no longer shown is closed"


BAD = {
    "prose": ("what is this", {}, "the mails: there is no mail in it"),
    "mails without a patch": ("From: a@example.org\nSubject: hello\nMessage-ID: <a@example.org>\n\nhello\n", {}, "there is no patch in it"),
    "a stub that is none": (MAILS, {"stubs": "look up"}, '"stubs", look: it is NAME=NUMBER'),
    "a get alone": (MAILS, {"get": "page_pair_get"}, '"get" and "put": one of them is empty'),
    "a run that is no C": (MAILS, {"run": "page_pair_get("}, '"each CPU runs", row 1, column 14: `(`: it is never closed'),
    "base of nothing": (MAILS, {"base": "int x;\n"}, "the files before the series: the series makes all its files of C itself"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_a_line_and_what_was_shown_stays(name):
    text, fields, wanted = BAD[name]
    board = review_series("")
    board.mails.value = text
    for field, value in fields.items():
        getattr(board, field).value = value
    board.judge()
    said = html.unescape(board.said.value.rpartition("</style>")[2])
    assert (
        'role="alert"' in said
        and wanted in said
        and "\n" not in said
        and "Traceback" not in str(board)
        and "--run" not in said
    )


def test_the_verdicts_of_a_series_are_a_table_too():
    table = patches_table(judged(MAILS).found[0])
    assert table.title == "x86/tdx: Page pairs that are counted, v1" and [row[0] for row in table.rows][::4] == [
        "1/5",
        "5/5",
    ]
    assert [row[1] for row in table.rows] == ["–", "✗ violation", "✓ ok", "✓ ok", "✗ violation"]
    assert table.rows[4][2].endswith("while users are left") and "(17 steps, 1 switch)" in table.rows[4][3]


def test_mails_may_wait_in_the_box():
    board = review_series(MAILS, waits=True)
    assert board.reviewed is None and board.mails.value == MAILS and "not judged yet" in board.said.value
    board.judge()
    assert board.reviewed.found[0].breaks.n == 2 and "judged" in board.said.value


def test_an_empty_box_says_what_to_do_and_a_change_is_told():
    board = review_series()
    assert str(board).startswith("nothing judged yet") and "paste the mails" in board.said.value
    board.judge()
    assert "there is nothing in it" in board.said.value
    board.mails.value = practice_mbox().decode()
    board.judge()
    assert "no patch was judged" in board.said.value and board.reviewed.worst is None
    assert "changed since" not in board.said.value
    board.memory.value = "tso"
    assert "changed since it was judged" in board.said.value and "tdx-stale" in board.shown._dom_classes


def test_a_half_thread_names_the_mail_that_is_wanted_and_a_file_fills_the_hole():
    third = "From " + MAILS.split("\nFrom ")[3]
    board = review_series(third)
    assert "3/5 changes page_pair_get()" in str(board) and "paste " in str(board) and "2/5" in str(board)
    tree = Tree()
    tree.lay(series_of(read_mails(MAILS.encode(), text=True)[0])[0].patches[2].diff.files, 2)
    text = "".join(f"{row.text}\n" for row in tree.files["arch/x86/virt/vmx/tdx/pairs.c"].chunks[0].rows)
    board.base.value = text
    board.judge()
    assert [one.verdict for one in board.reviewed.found[0].patches] == ["violation", "ok"], str(board)
    assert board.seen.one.label == "before the series" and "--base before.c" in board.seen.command


def test_what_is_wanted_is_said_in_the_fields_of_the_board():
    board = review_series(("From " + MAILS.split("\nFrom ")[3]).replace("[PATCH 3/5]", "[PATCH]"))
    said = json.loads(shown(board, Choices)[0].data)["rows"][0]["cells"][4]["text"]
    assert 'under "files before the series"' in said and "--" not in said and "--base" not in str(board)
    assert "no patch was judged" in board.said.value and board.seen is None


def test_the_command_and_the_packet_replay_the_race_that_was_shown(board, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "thread.mbox").write_text(MAILS)
    for command in board.seen.command.split("; "):
        words, _, out = command.partition(" > ")
        assert main(shlex.split(words)[3:]) in (0, 1)
        said = capsys.readouterr().out
        if out:
            (tmp_path / out).write_text(said)
    assert "17  CPU 1" in said and "a get failed that nothing had made fail" in said
    cut = board.seen.packet.partition("-- >8 -- mine.c\n")[2].partition("-- >8 --")[0]
    (tmp_path / "mine.c").write_text(cut)
    again = board.seen.packet.partition("Replay it with tdxkit:\n")[2].partition("\n\n")[0].replace("\\\n", " ")
    words = shlex.split(again)[3:]
    at = next(k for k, word in enumerate(words) if word.startswith("v1-after-5:"))
    assert main([*words[:at], " ".join(words[at:])]) in (0, 1)
    assert capsys.readouterr().out.splitlines()[-5:] == said.splitlines()[-5:]


def test_a_hostile_subject_is_text():
    evil = "</script><img src=x onerror=alert(1)>\u202egnp"
    board = review_series(MAILS.replace("x86/tdx: Put without the lock while users are left", f"x86/tdx: {evil}"))
    made = "".join(one.value for one in board.shown.children if hasattr(one, "value"))
    assert "<img" not in made and "\u202e" not in made and "&lt;img src=x" in made
    (table,) = shown(board, Choices)
    assert "\u202e" not in table.data and "\\\\u202e" in table.data and "\u202e" not in str(board)


@pytest.mark.slow
def test_an_mbox_that_is_opened_stands_in_place_of_the_paste():
    board = review_series("what is this")
    board.file.value = (File("pairs <b>.mbox", MAILS.encode()),)
    assert board.mails.value == "" and board.seen.one.label == "5/5" and "'pairs <b>.mbox'" in board.seen.command
    assert "pairs &lt;b&gt;.mbox" in board.opened.value
    board.file.value = (File("-x\u202e.mbox", MAILS.encode()),)
    assert "series thread.mbox " in board.seen.command
    board.file.value = (File("-x.mbox", MAILS.encode()),)
    assert "series ./-x.mbox " in board.seen.command
    board.mails.value = practice_pairs(2)
    board.judge()
    assert board.opened.value == "" and board.seen.one.label == "2/5"


def test_files_before_the_series_are_opened_by_their_names(monkeypatch):
    board = review_series(MAILS)
    one = File("pairs.c", b"int a;\n")
    board.files.value = (one,)
    assert "files before the series: pairs.c; Judge the series" in board.said.value
    board.judge()
    assert "--base pairs.c" in board.seen.command
    monkeypatch.setattr(series_board, "MOST_BASE", 3)
    board.files.value = (one,)
    assert "pairs.c: a file of C has at most" in board.said.value and 'role="alert"' in board.said.value


def test_what_each_cpu_runs_and_the_memory_are_the_readers():
    board = review_series(MAILS, run=("if (!page_pair_get(0)) page_pair_put(0);",), memory="tso")
    (run,) = {tuple(one.judged.scenario.own.runs) for one in board.reviewed.found[0].judged}
    assert (
        run == ("if (!page_pair_get(0)) page_pair_put(0);",)
        and board.reviewed.found[0].last.judged.result.memory == "tso"
    )
    assert "--run 'if (!page_pair_get(0)) page_pair_put(0);'" in board.seen.command


@pytest.mark.parametrize(("notes", "more"), [(1, ""), (8, ""), (9, "and 1 more"), (30, "and 22 more")])
def test_eight_notes_are_said_and_how_many_more_there_are(board, notes, more):
    said = tuple(f"note {k:02}" for k in range(notes))
    before = board.reviewed
    board.reviewed = replace(before, notes=said, found=[replace(one, notes=()) for one in before.found])
    try:
        text = "".join(map(str, board._views()))
    finally:
        board.reviewed = before
    assert [word in text for word in said] == [k < 8 for k in range(notes)]
    assert (more in text) if more else (" more" not in text.partition("note 00")[2].partition("</ul>")[0])
