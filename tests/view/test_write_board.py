"""The box for C and Python: what it says at which line, what it judges, and what it is told by the page."""

import json

import pytest

from tdxkit.errors import InputError
from tdxkit.facts import data_path
from tdxkit.view.editor import CodeBox, Mark
from tdxkit.view.stepper import Stepper
from tdxkit.view.write_board import write_own

TEXT = data_path("write-your-own.c").read_text(encoding="utf-8")
MENDED = TEXT.replace(
    "\tif (!atomic_dec_and_test(users))\n\t\treturn;\n\n\tspin_lock(&pamt_lock);\n",
    "\tif (!atomic_dec_and_lock(users, &pamt_lock))\n\t\treturn;\n\n",
)
PYTHON = """from tdxkit.linux.refcount import v6


def put(m, region):
    yield from v6.put(m, region)
"""
TWO = """int left, right, seen;

static void one(void)
{
	left = 1;
	if (!right)
		seen++;
}

static void other(void)
{
	right = 1;
	if (!left)
		seen++;
	BUG_ON(seen > 1);
}
"""


def marks(board):
    return [(mark["line"], mark["kind"], mark["said"]) for mark in json.loads(board.code.marks)]


def type_in(board, text):
    """As the page does a moment after the last letter."""
    board.code._heard(board.code, {"text": text}, [])


def line_of(text, words):
    return next(k for k, line in enumerate(text.splitlines(), 1) if words in line)


def test_the_race_is_found_and_stepped_in_the_lines_of_the_box():
    board = write_own()
    assert board.opinion.verdict == "violation" and "read as C" in board.reads.value
    stepper = board.shown.children[-1]
    assert isinstance(stepper, Stepper)
    last = board.ran.steps[-1].line
    assert board.ran.texts[last.text].lines[last.index].strip() == "tdh_phymem_pamt_remove(pfn, pages);"
    assert marks(board) == [(line_of(TEXT, "_remove("), "broken", board.opinion.result.defect)]
    assert "the source that was judged" not in board.shown.children[0].value


def test_a_slip_is_marked_as_it_is_typed_and_gone_when_it_is_mended():
    board = write_own()
    type_in(board, MENDED.replace("free_pamt_array(pages);\n}", "free_pamt_array(pages)\n}"))
    ((line, kind, said),) = marks(board)
    assert kind == "slip" and line in (MENDED.count("\n") - 1, MENDED.count("\n"))
    assert "column" in said and "\n" not in said
    assert "changed since it was judged" in board.said.value
    board.code._heard(board.code, {"judge": True}, [])
    assert str(board).startswith("! not judged: line ") and board.opinion.line.startswith(f"{line}: ")
    assert not any(isinstance(one, Stepper) for one in board.shown.children)
    type_in(board, MENDED)
    assert marks(board) == []
    board.judge()
    assert board.opinion.verdict == "ok" and marks(board) == [] and board.said.value.count("judged") == 1


def test_an_unknown_function_is_told_at_its_line_with_the_way_out_and_a_stub_is_it():
    text = MENDED.replace(
        "\tspin_unlock(&pamt_lock);\n\tfree", "\tledger_note(pfn);\n\tspin_unlock(&pamt_lock);\n\tfree"
    )
    board = write_own(text)
    ((line, kind, said),) = marks(board)
    assert (line, kind) == (line_of(text, "ledger_note"), "slip") and "ledger_note" in said and "stub" in said
    board.stubs.value = "ledger_note=0"
    board.judge()
    assert board.opinion.verdict == "ok" and marks(board) == []


def test_a_warn_that_fires_is_marked_where_it_stands():
    text = MENDED.replace("\tstatus = tdh", "\tWARN_ON_ONCE(pfn == 0);\n\tstatus = tdh")
    board = write_own(text)
    assert board.opinion.verdict == "violation" and marks(board)[0][:2] == (line_of(text, "WARN_ON_ONCE"), "broken")


def test_statements_for_each_cpu_and_both_memories():
    board = write_own(TWO, run=("one();", "other();"))
    assert board.opinion.verdict == "ok" and board.run.value == "one();\nother();" and board.threads.disabled
    board.memory.value = "tso"
    assert board.opinion.verdict == "violation" and marks(board)[0][0] == line_of(TWO, "BUG_ON")
    board.run.value = "one();"
    board.memory.value = "sc"
    assert board.opinion.result.threads == 2 and not board.threads.disabled


def test_what_may_fail_is_asked_of_c_by_the_same_buttons():
    board = write_own(MENDED, faults="remove-fails")
    assert board.opinion.scenario.constants["remove_may_fail"] and "v6 under the same" in str(board)
    board.faults.value = "enomem"
    assert board.opinion.verdict == "ok" and board.opinion.scenario.constants["memory_may_run_out"]


@pytest.mark.slow
def test_python_is_told_by_its_text_and_judged_by_the_same_box():
    board = write_own()
    type_in(board, PYTHON)
    assert (
        "read as Python" in board.reads.value
        and board.of_c.layout.display == "none"
        and board.code.language == "python"
    )
    board.judge()
    assert board.opinion.verdict == "ok"
    type_in(board, PYTHON.replace("yield from v6", "yield form v6"))
    assert marks(board)[0][:2] == (5, "slip") and "it is not Python" in marks(board)[0][2]
    type_in(board, PYTHON.replace("yield from v6.put(m, region)", "yield 'a'\n    m.mylock = True"))
    board.judge()
    assert marks(board)[0][:2] == (6, "slip") and "m.mylock" in marks(board)[0][2]
    board.language.value = "c"
    assert "read as C" in board.reads.value and "read as C; let the text tell" in board.said.value


def test_python_is_not_run_while_it_is_typed(tmp_path):
    board = write_own()
    type_in(board, f"open({str(tmp_path / 'there')!r}, 'w')\n{PYTHON}")
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    "text",
    ["\n", "   \n\n", "}}}}\n", "int a;\n", "\0\1\n", "def put(m):\n    yield\n", "int __class__(void) { return 1 }\n"],
)
def test_whatever_stands_there_is_answered_in_a_line(text):
    board = write_own(text)
    assert board.opinion.error is not None and "\n" not in board.opinion.head and "Traceback" not in str(board)


def test_a_sign_that_turns_the_direction_of_writing_is_a_slip():
    board = write_own(MENDED.replace("/* there is a pair already */", "/* \u202e } \u2066 */"))
    assert marks(board)[0][:2] == (line_of(MENDED, "there is a pair already"), "slip") and "\\u202e" in str(board)
    assert "\u202e" not in str(board)


def test_what_is_typed_while_a_search_is_under_way_is_not_marked_with_its_lines():
    board = write_own()
    board.judge()
    opinion = board.opinion
    type_in(board, "\n\n" + TEXT)
    board._conclude(lambda: board.finished(opinion))
    assert marks(board) == []


def test_fields_that_cannot_be_meant_are_told():
    board = write_own()
    board.stubs.value = "name"
    board.judge()
    assert str(board).startswith('! not judged: "stubs", name: it is NAME=NUMBER')
    assert "write it like name=0" in str(board)


def test_what_the_page_sends_is_bounded_and_not_sent_back():
    box = CodeBox("a")
    sent = []
    box.send_state = lambda key=None: sent.append(key)
    for message in ({"text": "b"}, {"text": 7}, {"text": "x" * 200_001}, "text", {"judge": "yes"}, {}):
        box._heard(box, message, [])
    assert box.text == "b" and not any("text" in (key or ()) for key in sent)


def test_the_text_twin_has_numbers_and_what_is_said():
    box = CodeBox("int a\nint b;")
    box.mark([Mark(2, 1, "slip", "column 1: `int`: a `;` is missing")])
    assert str(box) == "1  int a\n2  int b;\n   ^ column 1: `int`: a `;` is missing"


@pytest.mark.slow
def test_memory_that_is_not_there_is_told():
    assert "there are sc and tso" in str(write_own(MENDED, memory="pso"))
    with pytest.raises(InputError):
        Stepper(write_own(MENDED).ran or write_own().ran, lines="c")


def test_a_softirq_may_come_into_what_is_judged():
    text = "int n;\nvoid one(void)\n{\n\tlocal_bh_disable();\n\tn++;\n\tlocal_bh_enable();\n}\nvoid two(void)\n{\n\tn++;\n\tWARN_ON(n > 2);\n}\n"
    plain, into = (
        write_own(text, run=("one();",), threads=1),
        write_own(text, run=("one();",), threads=1, softirq="two();"),
    )
    assert plain.opinion.verdict == into.opinion.verdict == "ok"
    assert "a softirq on each" in str(into) and "softirq" not in str(plain)
    board = write_own(text, run=("one();",), threads=1, softirq="twoo();")
    assert str(board).startswith("! not judged: --softirq") or "softirq" in str(board)
