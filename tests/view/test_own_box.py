"""The box of an opinion and its controls, without a long search: what they begin with, what is said meanwhile, whether the source is open."""

from types import SimpleNamespace

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.refcount import v2, v6
from tdxkit.linux.refcount.own_file import TEXT
from tdxkit.run import Line
from tdxkit.view import own_board, write_board
from tdxkit.view.editor import CodeBox, Mark
from tdxkit.view.own_board import judge_own, opinion_box
from tdxkit.view.stepper import Stepper
from tdxkit.view.write_board import WriteBoard, _marks, _slip, write_own


def put(m, region):
    yield from v6.put(m, region)


def put_that_races(m, region):
    yield from v2.put(m, region)


@pytest.fixture(scope="module")
def right():
    return judge_own(put, threads=1)


@pytest.fixture(scope="module")
def wrong():
    return judge_own(put_that_races)


def test_what_is_right_has_no_stepper_and_its_source_stands_open(right):
    assert right.opinion.verdict == "ok" and right.ran is None and "judged" in right.said.value
    assert not any(isinstance(one, Stepper) for one in right.shown.children)
    assert '<details open="open">' in opinion_box(right.opinion) and "def put(" in opinion_box(right.opinion)
    assert "<details" not in opinion_box(right.opinion, source=False)


def test_what_breaks_is_stepped_to_its_end_and_its_source_is_folded(wrong):
    stepper = wrong.shown.children[-1]
    assert isinstance(stepper, Stepper) and stepper.position == len(wrong.ran) == wrong.opinion.result.steps
    assert "<details><summary>the source that was judged" in opinion_box(wrong.opinion)
    assert stepper.asks and wrong.shown.children[0].value.count("<h3>") == 1


def test_how_far_it_is_and_that_it_was_cancelled_is_said(right, monkeypatch):
    monkeypatch.setattr(right, "at", (1234, 50_000))
    assert right.under_way(1234, 50_000) == "1,234 states so far, 50,000 at most"
    assert right.given_up() == ("cancelled after 1,234 states: no verdict; what is shown is older", None)


def test_roles_fix_how_many_cpus_there_are_and_faults_are_one_choice():
    fixed = judge_own("nothing.py:put", roles="get,get,put", threads=2)
    assert (fixed.threads.value, fixed.threads.disabled) == (3, True)
    listed = judge_own("nothing.py:put", roles=("get", "put"), faults=("enomem", "add-fails"))
    assert listed.threads.value == 2 and listed.faults.value == "enomem,add-fails" == listed.faults.options[-1][0]
    free = judge_own("nothing.py:put", rounds=3, faults="enomem", memory="tso")
    assert (free.threads.value, free.threads.disabled, free.rounds.value) == (2, False, 3)
    assert (free.faults.label, free.memory.label, free.opinion.verdict) == ("memory", "x86-TSO", "")
    assert "not judged" in free.said.value and str(free).startswith("! not judged: nothing.py: No such file")


@pytest.mark.parametrize("get, named", [("v6", {"get": "v6"}), (None, {}), ("", {})])
def test_a_get_is_named_where_one_is(get, named, monkeypatch):
    asked = []

    def refuse(put, **how):
        asked.append((put, how))
        raise InputError("it", "is", "not")

    monkeypatch.setattr(own_board, "scenario_of", refuse)
    judge_own("a.py:put", get, locks=("a",), rounds=2)
    assert asked == [("a.py:put", {**named, "locks": ("a",), "threads": 2, "rounds": 2, "faults": ""})]


def test_a_range_of_lines_in_a_headline_is_not_broken():
    first, lines, rest = own_board._unbroken("lines 12–15 of put")
    assert (first, str(lines), rest) == ("lines ", "<span>12–15</span>", " of put")


def test_a_round_s_costs_keep_their_columns():
    (one,) = own_board._lines("a round costs, alone", ("a  b", "c  d"))
    assert str(one) == '<dd class="tdx-columns">a  b\nc  d</dd>'
    assert [str(line) for line in own_board._lines("the rule", ("a", "b"))] == ["<dd>a</dd>", "<dd>b</dd>"]


def test_a_memory_that_is_none_stands_in_the_list_as_it_was_asked_for():
    assert judge_own("nothing.py:put", memory="pso").memory.options[-1] == ("pso", "pso")


def test_what_may_fail_is_one_of_a_list():
    with pytest.raises(InputError, match="may_fail disk: what may fail is "):
        write_own("int a;\n", may_fail=["disk"])


class Box(WriteBoard):
    """One in which nothing is judged."""

    def judge(self, _change=None):
        self._tell_language()


PYTHON = "def put(m, region):\n    yield 'a'\n"


@pytest.fixture
def box():
    return Box(PYTHON, ("one();", "other();"), {}, {}, 2, 1, "", "sc")


def test_a_text_tells_its_language_unless_one_is_chosen(box):
    assert (box.spoken, box.language.value, box.of_c.layout.display, box.threads.disabled) == (
        "python",
        "",
        "none",
        False,
    )
    assert "read as Python" in box.reads.value and box.code.label == "Your code, Python"
    box.language.value = "c"
    assert (box.spoken, box.of_c.layout.display, box.threads.disabled) == ("c", "", True), "each line is a CPU"
    assert "the text: it is Python, and read as C; let the text tell its language" in box.said.value
    box.run.value = "one();"
    assert not box.threads.disabled


@pytest.mark.parametrize(
    "text, line, column",
    [("def put(m, region):\n    yield 'a\n", 2, 11), ("def put(:\n", 1, 9), ("x = 1\ndef put(m):\n    a b\n", 3, 7)],
)
def test_a_slip_of_python_is_marked_at_its_place(box, text, line, column):
    box.language.value = "python"
    box.code.text = text
    (mark,) = box._slips()
    assert (mark.line, mark.column, mark.kind) == (line, column, "slip") and mark.said.startswith("it is not Python: ")


def test_a_slip_without_a_place_is_marked_at_the_beginning(box, monkeypatch):
    def parse(text):
        raise SyntaxError("too much")

    monkeypatch.setattr(write_board, "ast", SimpleNamespace(parse=parse))
    (mark,) = box._slips()
    assert (mark.line, mark.column, mark.said) == (1, 0, "it is not Python: too much")


def test_a_text_that_no_parser_takes_is_marked_at_its_first_line(box):
    box.language.value = "python"
    for text, column in (("x = '\0'", 0), ("a = " + "(" * 5000, 205)):  # Python takes 200 brackets
        box.code.text = text
        (mark,) = box._slips()
        assert (mark.line, mark.column) == (1, column) and mark.said.startswith("it is not Python: ")
    box.code.text = ""
    assert box._slips() == ()


@pytest.mark.parametrize("thing, line, marked", [("line 2: `x`", "", 2), ("put", "3: m.x = 1", 3), ("put", "", None)])
def test_what_cannot_be_judged_is_marked_where_it_names_a_line_or_has_one(thing, line, marked):
    opinion = SimpleNamespace(error=InputError(thing, "is none", "mend it"), line=line, result=None, scenario=None)
    assert [(mark.line, mark.kind) for mark in _marks(opinion, "a\nb\nc", None)] == (
        [(marked, "slip")] if marked else []
    )


@pytest.mark.parametrize("lines, width", [(1, 1), (9, 1), (10, 2), (100, 3)])
def test_the_text_of_a_box_has_numbers_as_wide_as_its_last_and_what_is_said_below_its_line(lines, width):
    box = CodeBox("\n".join("x" * lines), label="l")
    box.mark([Mark(1, 0, "slip", "why")])
    rows = str(box).split("\n")
    assert rows[:2] == [f"{1:{width}}  x", f"{'':{width}}  ^ why"] and len(rows) == lines + 1
    assert lines == 1 or rows[-1] == f"{lines}  x"


def test_a_race_is_marked_at_the_line_of_the_last_step_that_breaks():
    names = {}
    exec(compile("def other():\n    1\n\n\ndef put():\n    2\n    3\n", TEXT, "exec"), names)
    texts, step = (
        (names["put"], names["other"], put),
        lambda broken, text, index: SimpleNamespace(broken=broken, line=Line(text, index)),
    )
    opinion = SimpleNamespace(
        error=None, result=SimpleNamespace(defect="no pair"), scenario=SimpleNamespace(texts=texts)
    )
    steps = [
        step(("r",), "put", 1),
        step(("r",), "put", 2),
        step((), "other", 1),
        SimpleNamespace(broken=("r",), line=None),
    ]
    for run, lines in ((steps, [7]), (steps[:1], [6]), (steps[2:3], []), ([step(("r",), "another", 1)], []), ([], [])):
        marks = _marks(opinion, "\n" * 6, SimpleNamespace(steps=run))
        assert [(mark.line, mark.kind, mark.said) for mark in marks] == [(line, "broken", "no pair") for line in lines]
    opinion.result.defect = "WARN of line 3 fires"
    assert [mark.line for mark in _marks(opinion, "\n\n", SimpleNamespace(steps=steps))] == [3]
    assert not _marks(opinion, "\n", SimpleNamespace(steps=steps)), "the text has no such line"
    assert not _marks(opinion, "\n\n", None)
    for number, there in ((0, False), (1, True)):
        opinion.result.defect = f"WARN of line {number} fires"
        assert bool(_marks(opinion, "", SimpleNamespace(steps=steps))) == there


@pytest.mark.parametrize("line, there", [(0, False), (1, True), (3, True), (4, False)])
def test_a_mark_stands_in_the_text_or_nowhere(line, there):
    error = InputError(f"line {line}, column 7: `x`", "it is none", "take it out")
    mark = _slip(error, "a\nb\nc")
    assert (mark is not None) == there
    if mark:
        assert (mark.line, mark.column, mark.said) == (line, 7, "column 7: `x`: it is none; take it out")
    assert _slip(InputError('"line 1"', "it is none", "take it out"), "a") is None
