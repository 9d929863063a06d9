"""Which language a text is in: one answer for the command line and for the box."""

import pytest

from tdxkit.c.naming import scenario_of
from tdxkit.c.paste import language_of
from tdxkit.errors import InputError
from tdxkit.view.write_board import write_own

TEXTS = {
    "int users;\nvoid x_get(void)\n{\n\tusers++;\n}\nvoid x_put(void)\n{\n\tusers--;\n}\n": "c",
    "import of the refcount\nis what this is about:\n\nint x_get(void)\n{\n\treturn 0;\n}\n": "c",
    "/*\ndef put(m, region): in Python\n */\nint x_get(void)\n{\n\treturn 0;\n}\n": "c",
    "int users;\n": "c",
    "def put(m, region):\n    yield 'x'\n": "python",
    "def put(m, region):\n    get(m)\n    return {'a': 1}\n": "python",
    "import os\n": "python",
    "from tdxkit import x\n# /* never closed\n": "python",
    "Hello,\n\nthis is no C; it is a mail.\n": "",
    "": "",
}


@pytest.mark.parametrize("text,language", TEXTS.items(), ids=range(len(TEXTS)))
def test_the_language_of_a_text(text, language):
    assert language_of(text) == language


@pytest.mark.slow
@pytest.mark.parametrize("text,language", [(t, of) for t, of in TEXTS.items() if t.strip() and of != "c"])
def test_the_command_line_says_the_same_as_the_box(text, language):
    with pytest.raises(InputError) as told:
        scenario_of(text + "\n")
    assert ("it is Python" in told.value.rule) is (language == "python")
    assert ("no function and no declaration" in told.value.rule) is (language == "")
    assert ("read as Python" in write_own(text).reads.value) is (language == "python")


def test_many_comments_that_never_close_take_no_time():
    assert language_of("/*" * 500_000) == ""
