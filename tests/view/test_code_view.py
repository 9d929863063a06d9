"""Code to be read: the lines of the file with their numbers, folded where long, C beside Python."""

import inspect

import pytest

from tdxkit.errors import InputError
from tdxkit.facts import data_path
from tdxkit.linux.refcount import v2
from tdxkit.view import c_function, code
from tdxkit.view.editor.code_view import UNFOLDED, Text


def test_python_comes_with_the_numbers_of_its_file():
    shown = code(v2.put)
    lines, first = inspect.getsourcelines(v2.put)
    assert (
        f'data-n="{first}">def put(m, region):' in shown.html() and f'data-n="{first + len(lines) - 1}"' in shown.html()
    )
    assert f"{first:4}  def put(m, region):" in str(shown) and "tdxkit/linux/refcount/v2.py" in str(shown)


def test_a_function_of_c_is_the_whole_of_it_with_its_lines():
    file = data_path("designs/v2.c").read_text().splitlines()
    put = c_function("v2", "region_pair_put")
    assert (
        put.lines == file[put.first - 1 : put.first - 1 + len(put.lines)]
        and put.lines[-1] == "}"
        and "goto unlock;" in put.text
    )
    html = code((put, v2.put)).html()
    assert html.count("<pre") == 2 and 'data-language="c"' in html and 'data-language="python"' in html


@pytest.mark.parametrize(
    "design, name", [("v2", "nothing"), ("../sources", "x"), ("no-such", "region_pair_put"), ("v2", "region_pair")]
)
def test_what_is_not_there_is_refused(design, name):
    with pytest.raises(InputError):
        c_function(design, name)


def test_the_first_row_is_open_and_what_is_too_long_is_folded():
    def text(lines):
        return Text("f", "c", "here", 1, "<b>$x$;\n" * lines)

    long, short = text(UNFOLDED + 1), text(2)
    assert [part.startswith(" open") for part in code(long, short).html().split("<details")[1:]] == [True, False]
    assert [part.startswith(" open") for part in code(short, short).html().split("<details")[1:]] == [True, True]
    assert "&lt;b&gt;$x$;" in code(short).html() and "mathjax_ignore" in code(short).html()
