"""`handout`: a page for the table, whole in itself, with codes that replay."""

import re

import pytest

from tdxkit.cli import main
from tdxkit.lessons.words import meaning
from tdxkit.rules import known
from tdxkit.view.handout import RULES, WORDS, handout

CODE = "v2:2x1:37b4 A10 B2"


def test_it_asks_nobody_and_runs_nothing():
    page = handout()
    assert page.startswith("<!doctype html>") and "<script" not in page and "default-src" in page
    assert not re.search(r"(?:src|href)=|url\(|@import", page)


def test_words_and_rules_are_those_of_the_workbook():
    page = handout()
    assert all(meaning(word).word in page for word in WORDS)
    assert all(known(name) and known(name).defect in page for name in RULES)


def test_it_gives_no_race_away_that_is_to_be_found(capsys):
    assert main(["handout"]) == 0
    out = capsys.readouterr().out
    assert "v2:" not in out and out.count('<li class="line">') == 3


def test_codes_of_the_day_replay_and_are_escaped(capsys):
    assert main(["handout", "--code", f"{CODE} = where <it> goes wrong", "--code", "v6:2x1:f5ae A9 B2 = v6"]) == 0
    out = capsys.readouterr().out
    assert f"<code>{CODE}</code> where &lt;it&gt; goes wrong" in out and 'class="line"' not in out
    assert out.index(f"<code>{CODE}<") < out.index("<code>v6:2x1:f5ae A9 B2</code> v6")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (CODE, 'it says what it shows; write --code "CODE = what it shows"'),
        (f"{CODE} = ", "it says what it shows"),
        ("v2:2x1:0000 A10 = x", "v2 has changed since"),
        ("v2:2x1:37b4 A99 = x", "step"),
        ("nonsense = x", "schedule code nonsense"),
        ("v9:2x1:37b4 A1 = x", "v9"),
    ],
)
def test_a_code_that_does_not_replay_is_refused(capsys, given, said):
    assert main(["handout", "--code", given]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and captured.out == ""
