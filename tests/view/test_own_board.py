"""The board that judges a reader's own put: one box whatever comes, the reader's own line in it, and what to ask next."""

import asyncio
import linecache

import ipywidgets as w
import pytest

from tdxkit.explore.whose import STAYS
from tdxkit.linux.refcount import v6
from tdxkit.rules import SIGNS, verdicts
from tdxkit.view.own_board import OwnBoard, judge_own
from tdxkit.view.stepper import Stepper

pytestmark = pytest.mark.slow

HEAD = """
from tdxkit.linux.refcount import v6
from tdxkit.linux.refcount.module import *


def put(m, region):
"""
RIGHT = "    yield from v6.put(m, region)"
RACE = """    yield "dec"
    m.refcount[region] -= 1
    if m.refcount[region]:
        return
    yield from spin_lock(m)
    yield from tdh_phymem_pamt_remove(m, region)
    yield from spin_unlock(m)
    yield from free_pages(m)"""
TWICE = "    yield from spin_lock(m)\n    yield from spin_lock(m)"
ROUND = '    while True:\n        yield "a"\n        m.refcount[region] += 1\n        yield "b"\n        m.refcount[region] -= 1'
GROWS = '    while True:\n        yield "a <b>&$x$"\n        m.refcount[region] += 1'
NOT_DECLARED = '    yield "a"\n    m.mylock = True'
SLIP = '    yield "a"\n    m.refcount[region] -= 1 / zero'


def put_of(body, name="<cell>"):
    text = HEAD + body + "\n"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    exec(compile(text, name, "exec"), names := {"__name__": "__main__"})
    return names["put"]


def box(board):
    return board.shown.children[0].value


@pytest.mark.parametrize(
    ("body", "head", "more"),
    [
        (RIGHT, "✓ ok: every state was looked at, and no rule that was asked is broken in any", "after-v6  14 / 11"),
        (RACE, "✗ violation: REMOVE found a page in use", "also broken"),
        (TWICE, "✗ violation: ", "the rule"),
        (ROUND, "↻ livelock: ", "the round"),
        (NOT_DECLARED, "! not judged: line 8 of put: m.mylock: the shared variables", "8: m.mylock = True"),
        (SLIP, "! not judged: line 8 of put: NameError", "8: m.refcount[region] -= 1 / zero"),
        ("    m.refcount[region] -= 1\n    return", "! not judged: put: a program is a generator function", ""),
    ],
)
def test_one_box_says_what_came_of_it_and_the_text_says_the_same(body, head, more):
    board = judge_own(put_of(body))
    text = str(board)
    assert text.startswith(head) and more in text and text.endswith(STAYS)
    assert head.split(":")[0] in box(board) and box(board).count("<h3>") == 1 and "Traceback" not in box(board)
    assert isinstance(board.shown.children[-1], Stepper) == bool(board.opinion.result and board.opinion.result.schedule)


def test_every_verdict_has_a_sign_of_its_own():
    assert set(SIGNS) == {*verdicts(), ""} and len(set(SIGNS.values())) == len(SIGNS)


def test_a_click_asks_again_and_what_was_asked_is_not_proposed():
    board = judge_own(put_of(RIGHT), v6.get)
    assert [ask.python for ask in board.opinion.next] == [
        *("threads=3", "rounds=2"),
        *('faults="enomem"', 'faults="add-fails"', 'faults="remove-fails"'),
    ]
    board.threads.value = 3
    assert board.opinion.result.threads == 3 and "threads=3" not in str(board)
    board.faults.value = "enomem"
    assert (
        "memory may run out" in str(board) and [ask.shell for ask in board.opinion.next][-1] == "--faults remove-fails"
    )
    board.faults.value = "remove-fails"
    assert "v6 under the same:\n  violation: at the end a pair was left" in str(board)


def test_the_source_that_was_judged_is_shown_open_where_no_stepper_shows_it():
    right, wrong = box(judge_own(put_of(RIGHT))), box(judge_own(put_of(RACE)))
    assert '<details open="open">' in right and "yield from v6.put(m, region)" in right
    assert "<details><summary>the source that was judged" in wrong


def test_the_memory_is_a_button_and_one_that_is_not_there_is_told():
    board = judge_own(put_of(RIGHT), memory="tso")
    states = board.opinion.result.states
    assert "x86-TSO memory" in str(board) and board.opinion.result.memory == "tso"
    board.memory.value = "sc"
    assert "x86-TSO memory" not in str(board) and board.opinion.result.states < states
    assert "there are sc and tso" in str(judge_own(put_of(RIGHT), memory="pso"))
    assert "locked" in str(judge_own(put_of(RACE), memory="tso"))  # words alone do not say what the machine does


def test_hostile_text_is_text():
    board = judge_own(put_of(RACE.replace('"dec"', '"<script>$x$"')), name="<img src=x> $\\alpha$")
    assert "<img" not in box(board) and "&lt;img src=x&gt;" in box(board) and "mathjax_ignore" in box(board)


def test_what_takes_long_is_bounded_goes_on_beside_the_cell_and_can_be_cancelled(monkeypatch):
    monkeypatch.setattr("tdxkit.view.kit.work.PATIENCE", 0.0)
    monkeypatch.setattr(OwnBoard.soon, "__defaults__", (0.0,))
    said = []

    async def scene():
        board = judge_own(put_of(GROWS))
        assert board.opinion is None and str(board) == "not judged yet"
        while "so far" not in board.said.value:
            await asyncio.sleep(0.01)
        said.append(board.said.value)
        assert not board.cancel.disabled
        board.cancel.click()
        await asyncio.wait_for(board._task, 10)
        return board

    board = asyncio.run(scene())
    assert "states so far, 50,000 at most" in said[0] and "cancelled after" in board.said.value
    assert board.opinion is None and board.shown.children == ()


@pytest.mark.slow
def test_what_grows_for_ever_is_bounded():
    board = judge_own(put_of(GROWS))
    assert str(board).startswith("… bounded: nothing found among the states looked at") and "a higher bound" in box(
        board
    )


def test_a_file_roles_and_a_missing_one(tmp_path):
    (path := tmp_path / "own.py").write_text(HEAD + RIGHT + "\n")
    board = judge_own(f"{path}:put", "v6", roles="get,get,put")
    assert board.opinion.verdict == "ok" and (board.threads.value, board.threads.disabled) == (3, True)
    board = judge_own("nothing.py:put")
    assert str(board).startswith("! not judged: nothing.py: No such file or directory")


def test_a_box_in_place_of_a_box_leaves_no_widget_behind(live_widgets):
    board = judge_own(put_of(RACE))
    before = len(live_widgets())
    for threads in (3, 2, 3, 2):
        board.threads.value = threads
    assert len(live_widgets()) == before and isinstance(board.said, w.HTML)
