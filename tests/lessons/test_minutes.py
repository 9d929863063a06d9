"""Minutes: what a section adds up to, from what stands in it."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.lessons.exercises import exercise_named
from tdxkit.lessons.gates import gate_named
from tdxkit.lessons.minutes import LINE, LOOK, STEP, THOUGHT, WORDS, WORK, sections, words


def md(text, id="a"):
    return {"cell_type": "markdown", "id": id, "source": text, "metadata": {}}


def code(text, id="b", **own):
    return {"cell_type": "code", "id": id, "source": text, "metadata": {"tdxkit": own} if own else {}}


def only(*cells):
    (section,) = sections({"cells": list(cells)})
    return section


def test_a_word_counts_where_it_is_read():
    assert words("two words") == 2
    assert words("three words here\n<!-- source: own -->") == 3
    assert words("before\n```\nfive lines of a shell\n```\nafter") == 2
    assert words("seen <details><summary>more</summary>and much that is folded</details> seen") == 2


def test_a_section_is_its_heading_with_its_minutes():
    found = sections(
        {"cells": [md("# 00 · Title"), md("## One (1 minute)\ntext\n## Two (extra, 12 minutes)"), md("## Three")]}
    )
    assert [(one.title, one.stated, one.extra) for one in found] == [
        ("One", 1, False),
        ("Two", 12, True),
        ("Three", 0, False),
    ]


def test_what_stands_above_the_first_heading_is_read_too():
    assert (
        only(md("# T\none two three", "top"), code("import x", "tools"), md("## A (1 minute)", "a")).words == 2 + 3 + 4
    )
    assert only(md("# T", "top"), md("## A (1 minute)", "a")).cells == ("top", "a")


def test_without_a_heading_there_is_no_section():
    with pytest.raises(ModelError, match="sections, each under a heading"):
        sections({"cells": [md("# Title")]})


def test_each_thing_has_its_pace():
    empty = only(md("## A")).adds_up
    assert only(md("## A " + "word " * WORDS)).adds_up - empty == pytest.approx(1)
    assert (only(md("## A"), code("import a")).adds_up - empty) * 60 == pytest.approx(LINE)
    assert (only(md("## A"), code("a()")).adds_up - empty) * 60 == pytest.approx(LINE + LOOK)
    assert (only(md("## A"), code("import a", steps=30)).adds_up - empty) * 60 == pytest.approx(LINE + 30 * STEP)
    assert only(md("## A"), code("import a", minutes=4)).adds_up - empty == pytest.approx(4 + LINE / 60)


def test_a_gate_is_read_thought_about_and_read_again():
    one = gate_named("who-needs-the-lock")
    read = [one.asks, one.after, one.right.why, *(option.says for option in one.options)]
    took = only(md("## A"), code('gate("who-needs-the-lock")')).adds_up - only(md("## A"), code("a()")).adds_up
    assert took == pytest.approx(sum(map(words, read)) / WORDS + THOUGHT / 60)


def test_an_exercise_takes_what_its_kind_takes():
    one = exercise_named("who-removes")
    took = only(md("## A"), code('exercise("who-removes", ...)')).adds_up - only(md("## A"), code("a()")).adds_up
    assert took == pytest.approx(words(one.asks) / WORDS + WORK[one.kind])
