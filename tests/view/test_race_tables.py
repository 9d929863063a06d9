"""The tables of notebook 10: made from what the reader of C has, and what they say is so."""

import re
from types import SimpleNamespace

import pytest

from tdxkit.c.kernel import kernel
from tdxkit.c.races import race
from tdxkit.errors import InputError
from tdxkit.explore import explore, replay
from tdxkit.facts import load_toml
from tdxkit.rules import verdicts
from tdxkit.view import race_tables
from tdxkit.view.race_tables import endings_table, mends_table, reach_table, refusals_table
from tdxkit.view.write_board import write_own


def test_what_can_be_judged_is_taken_from_the_tables_of_the_reader():
    rows = reach_table().rows
    known = next(said for what, said in rows if what == "known")
    assert int(re.match(r"[\d,]+", known)[0].replace(",", "")) == len(kernel().functions)
    assert [row for row in rows if row[0] in verdicts()] == list(verdicts().items())
    assert ("", "memory weaker than x86-TSO") in rows and "[" not in str(reach_table())
    assert "does not run as a program" in rows[-1][1]


def test_a_mend_that_does_not_mend_is_lit():
    table = mends_table("two-flags", "sc", "tso")
    assert [table.rows[k][0] for k in sorted(table.broken)] == ["as found", "once", "write-fence", "one-fence"]
    assert table.rows[1][2:] == ("ok", "WARN_ON_ONCE() of line 12 fires, 8 steps", 0)
    counts = mends_table("user-count")
    assert [(row[0], row[-1]) for k, row in enumerate(counts.rows) if k in counts.broken] == [
        ("as found", 6),
        ("atomic", 2),
        ("dec-and-test", 0),
    ]


def test_every_ending_has_a_schedule_that_ends_so():
    one = race("user-count").scenario()
    rows = endings_table(explore(one)).rows
    assert [row[1] for row in rows] == [5, 14, 16, 18, 20, 20] and rows[0][2] == 1
    for what, steps, _, code in rows:
        run = replay(one, code)
        assert len(run) == steps and run.steps[-1].broken, what


def test_each_text_is_refused_with_a_way_out_in_the_words_of_the_box():
    rows = refusals_table().rows
    assert [row[0] for row in rows] == [text["what"] for text in load_toml("refused.toml")["text"]]
    for what, said, way in rows:
        assert way and said != "it is read" and "--" not in said + way, what
    assert rows[0][1:] == ("line 4: `1`: a `;` is missing after it", "end the line with ;")


def test_what_is_refused_is_said_without_its_column_and_what_is_read_is_said_too(monkeypatch):
    def reader(text, threads, run):
        if text == "int bad;":
            raise InputError("line 3, column 7: `x`, column 9", "it is none", "take it out")

    monkeypatch.setattr(race_tables, "scenario_of", reader)
    monkeypatch.setattr(race_tables, "explore", lambda one: one)
    assert race_tables._refusal({"what": "w", "text": "\nint bad;"}) == (
        "w",
        "line 3: `x`, column 9: it is none",
        "take it out",
    )
    assert race_tables._refusal({"what": "w", "text": "int ok;"}) == ("w", "it is read", "")


def test_a_rule_that_no_schedule_was_found_for_comes_first_and_says_so():
    code = explore(race("user-count").scenario()).schedule
    made = endings_table(SimpleNamespace(broken={"a rule": code, "another": ""}, scenario="s"))
    assert [row[3] for row in made.rows] == ["none within the bound", code] and made.rows[0][1:3] == (0, 0)
    assert made.title == "s: every rule that breaks"


@pytest.mark.slow
def test_the_boxes_of_the_lesson_break_as_they_are_and_hold_when_they_are_mended():
    for name, mend, memory in (("user-count", "mutex", "sc"), ("lock-order", "by-address", "sc"), ("two-flags", "fence", "tso"), ("check-then-add", "under-lock", "sc")):  # fmt: skip
        board = write_own(**race(name).box, memory=memory)
        assert board.opinion.verdict in ("violation", "deadlock") and board.ran, name
        board.code._heard(board.code, {"text": race(name, mend).text}, [])
        board.judge()
        assert board.opinion.verdict == "ok", name
