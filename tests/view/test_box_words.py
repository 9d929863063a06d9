"""What the box says has the box's fields in it, and none of the options of the command line."""

import json
import re

import pytest

from tdxkit.errors import InputError
from tdxkit.view.box_words import in_the_box, of_the_box
from tdxkit.view.write_board import write_own

GET_PUT = """int a_get(kvm_pfn_t pfn)
{
	atomic_inc(tdx_find_pamt_refcount(pfn));
	my_account(pfn);
	return 0;
}

void a_put(kvm_pfn_t pfn)
{
	atomic_dec(tdx_find_pamt_refcount(pfn));
}
"""
PLAIN = "int n;\nvoid one(void)\n{\n\tn = 1;\n}\n"
OPTION = re.compile(r"(?<![-\w])--?[a-zA-Z]\w+|(?<!\w)-D\b|python -m")


def said(board):
    marks = [mark["said"] for mark in json.loads(board.code.marks)]
    return "\n".join([str(board), board.said.value, *marks])


WRONG = {  # a text, what each CPU runs, what is to be said
    "a stub": (GET_PUT, (), 'write my_account=0 under "stubs"'),
    "no pair": (PLAIN, (), 'no function ends in _get; name the functions under "each CPU runs"'),
    "no end": (PLAIN, ("one()",), '"each CPU runs", row 1, column 5: `)`: a statement ends with ;'),
    "a row": (PLAIN, ("one();", "onee();"), '"each CPU runs", row 2, column 1: `onee(…)`: this function is not known; did you mean one?'),
    "a name": (PLAIN.replace("= 1", "= limit"), ("one();",), "write #define limit 0 at the top"),
    "no C": ("Hello, this is prose.\n", (), "paste the functions themselves, whole"),
    "an option": ("#if IS_ENABLED(CONFIG_A)\nint a;\n#endif\n" + PLAIN, ("one();",), "#define CONFIG_A at the top defines it"),
    "a timer": (PLAIN.replace("n = 1", "mod_timer(n)"), ("one();",), 'in a row of its own under "each CPU runs"'),
    "a stub of nothing": (PLAIN, ("one();",), '"stubs", other: the text does not call it'),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_complaint_names_the_field(name):
    text, run, wanted = WRONG[name]
    board = write_own(text, run=run, stubs={"other": 0} if name == "a stub of nothing" else None)
    assert wanted in str(board), str(board)
    assert not OPTION.search(said(board)), said(board)


def test_a_line_of_the_row_is_none_of_the_text():
    board = write_own(PLAIN, run=("onee();",))
    assert json.loads(board.code.marks) == []


@pytest.mark.parametrize("typed", ["my_account=0", "my_account = 0", "--stub my_account=0", "--stub=my_account=0", "x=1, my_account =0"])  # fmt: skip
def test_the_way_out_works_as_it_is_typed(typed):
    board = write_own(GET_PUT)
    assert json.loads(board.code.marks)
    board.stubs.value = typed
    assert json.loads(board.code.marks) == [] and "changed since it was judged" in board.said.value
    board.judge()
    assert board.opinion.result is not None, str(board)


@pytest.mark.parametrize("typed", ["my_account", "my_account=x", "my_account="])
def test_what_is_no_number_is_told_with_this_fields_example_and_the_slip_stays(typed):
    board = write_own(GET_PUT)
    board.stubs.value = typed
    (mark,) = json.loads(board.code.marks)
    assert mark["line"] == 4 and "write it like my_account=0" in board.said.value
    board.judge()
    (mark,) = json.loads(board.code.marks)
    assert mark["line"] == 4 and str(board).startswith('! not judged: "stubs", my_account')


def test_an_error_without_options_is_itself():
    error = InputError("line 3", "it is wrong", "mend it")
    assert of_the_box(error) is error and in_the_box("users--; a -D-") == "users--; a -D-"
