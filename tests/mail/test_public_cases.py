"""Mails in the forms that people really post, one file a kind: what must come out of each, and nothing else."""

import json
from pathlib import Path

import pytest

from tdxkit.cli import main
from tdxkit.mail.mailbox import read_mails
from tdxkit.review.compare import compare
from tdxkit.review.grouping import series_of

HERE = Path(__file__).parent.parent / "data" / "public"


def told(name, capsys):
    """What the command says of a case: its lines, and its notes."""
    assert main(["series", str(HERE / name)]) == 0
    said = capsys.readouterr()
    return said.out, said.err


def series(name, capsys):
    """The same as data: version, total, numbers at hand, and of each patch title, files, added, removed."""
    assert main(["series", str(HERE / name), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["series"]
    keys = ("title", "files", "insertions", "deletions")
    return [
        (s["version"], s["total"], s["present"], [tuple(p[key] for key in keys) for p in s["patches"]]) for s in found
    ]


# name of the case: its series
WHOLE = {
    "series-bars-of-git-apply.mbox": [(1, 1, [1], [("mshv: a helper", ["drivers/main.c", "include/mini.h"], 58, 27)])],
    "series-colon-after-bracket.mbox": [(1, 1, [1], [("x: one", ["a.c"], 1, 1)])],
    "series-mailman-digest.txt": [(1, 2, [1, 2], [("x: one", ["a.c"], 1, 1), ("x: two", ["b.c"], 1, 1)])],
    "series-no-patch-in-brackets.mbox": [
        (1, 1, [1], [("x: one thing", ["a.c"], 1, 1)]),
        (3, 1, [1], [("y: another", ["b.c"], 1, 1)]),
    ],
    "series-no-prefix.mbox": [(1, 1, [1], [("docs: an image and a page", ["pixel.bmp", "docs/page.txt"], 1, 1)])],
    "series-reply-without-re.mbox": [(1, 1, [1], [("x: one", ["a.c"], 1, 1)])],
    "series-separators-without-a-date.mbox": [(v, 1, [1], [("x: one", ["a.c"], 1, 1)]) for v in (1, 2, 3)],
    "series-src-dst-prefix.mbox": [(1, 1, [1], [("x: y", ["src/x.c"], 1, 1)])],
    "series-two-authors.mbox": [
        (1, 3, [1, 2, 3], [(f"x: {word}", [f"{name}.c"], 1, 1) for word, name in zip(("one", "two", "three"), "abc")])
    ],
    "series-typechange.mbox": [(1, 1, [1], [("htdocs: a file in the place of a link", ["htdocs/x.js"], 2, 1)])],
}
SKIPPED = {"series-mailman-digest.txt": "5 lines before the first header of a mail are skipped\n"}


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_in_it_and_no_note(name, capsys):
    assert series(name, capsys) == WHOLE[name]
    out, err = told(name, capsys)
    assert err == SKIPPED.get(name, "") and "missing" not in out and "no diff" not in out and "touched by" not in out


def test_an_answer_without_re_is_counted_as_one():
    posts, box = read_mails(HERE / "series-reply-without-re.mbox")
    assert [str(post.author) for post in posts] == ["Jane Doe <jane@example.org>"]
    (answer,) = box.answers
    assert str(answer.sender) == "John Roe <john@example.com>" and answer.references[-1] == posts[0].message_id


def test_two_comparisons_out_of_a_file_without_dates(capsys):
    out, _ = told("series-separators-without-a-date.mbox", capsys)
    assert out.count("changed   x: one  [a.c]") == 2 and "v1 → v2" in out and "v2 → v3" in out


def test_dropped_only_with_proof(capsys):
    out, _ = told("series-dropped-or-not-at-hand.mbox", capsys)
    assert "dropped" not in out and "no longer touched" not in out and "missing of 2: 1" in out
    assert "   1 →   –  alone     x: one\n" in out and "v2 is not known whole (1 of 2)" in out
    v1, v2 = series_of(read_mails(HERE / "series-dropped-or-not-at-hand.mbox")[0])
    assert [pair.verdict for pair in compare(v1, v2).pairs] == ["alone", "changed"]
    back = compare(v2, v1)  # of a version that is not at hand nothing says that a patch is new
    assert [pair.verdict for pair in back.pairs] == ["alone", "changed"] and back.files_added == ()
