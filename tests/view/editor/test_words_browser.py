"""words.js and shown.js: the words of C and of Python by what they are; no letter is lost, and what is only shown has the same colours."""

import json
import random

import pytest

from tdxkit.view.editor.code_view import PAGE, Text, code
from tdxkit.view.kit import scripts
from tests.view.pages import IMPORT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
C = """#define LIMIT 0x10 /* two
lines */
static int a_get(u64 pfn) // spin
{ if (pfn >= LIMIT) return -EINVAL; printk("a \\" b" , 'c'); goto out; }"""
PYTHON = '''def put(m, region):  # no
    """Two
    lines"""
    yield from f"x" if m is None else LOCK_A(7)'''


@pytest.fixture(scope="module")
def page(chromium):
    page = chromium.new_page()
    page.evaluate(IMPORT, scripts.script(PAGE, "words.js"))
    yield page
    page.close()


def kinds(page, text, language):
    """What has a colour: {kind: words}."""
    found = {}
    for line in page.evaluate("([text, language]) => script.colouredLines(text, language)", [text, language]):
        for kind, words in line:
            if kind:
                found.setdefault(kind, []).append(words)
    return found


def test_words_of_c(page):
    assert kinds(page, C, "c") == {
        "directive": ["#define"], "constant": ["LIMIT", "LIMIT", "EINVAL"], "number": ["0x10"], "comment": ["/* two", "lines */", "// spin"],
        "keyword": ["static", "if", "return", "goto"], "type": ["int", "u64"], "call": ["a_get", "printk"], "string": ['"a \\" b"', "'c'"],
    }  # fmt: skip


def test_words_of_python(page):
    assert kinds(page, PYTHON, "python") == {
        "keyword": ["def", "yield", "from", "if", "is", "else"], "call": ["put", "LOCK_A"], "comment": ["# no"],
        "string": ['"""Two', '    lines"""', 'f"x"'], "type": ["None"], "number": ["7"],
    }  # fmt: skip


@pytest.mark.parametrize("language", ["c", "python"])
def test_no_letter_is_lost_whatever_is_written(page, language):
    dice = random.Random(language)
    pieces = [
        '"',
        "'",
        "/*",
        "*/",
        "//",
        "#",
        "\n",
        "\\",
        " ",
        "int",
        "x9",
        "0x1",
        "(",
        ")",
        '"""',
        "é",
        "\t",
        "_A",
        "/",
    ]
    texts = ["".join(dice.choices(pieces, k=dice.randrange(30))) for _ in range(300)]
    lines = page.evaluate(
        "([texts, language]) => texts.map(text => script.colouredLines(text, language))", [texts, language]
    )
    assert ["\n".join("".join(words for _, words in line) for line in one) for one in lines] == texts
    assert all(words for one in lines for line in one for _, words in line), "no piece is empty"


def test_a_long_text_has_no_colours_and_one_that_is_just_not_too_long_has(page):
    many = "([n]) => script.colouredLines('int'.repeat(1) + ' '.repeat(n - 4) + '\\n', 'c')"
    assert page.evaluate(many, [60_000]) == [[["type", "int"], ["", " " * 59_996]], []]
    assert page.evaluate(many, [60_001]) == [[["", "int" + " " * 59_997]], [["", ""]]]


def test_a_word_is_a_call_where_a_bracket_follows_and_a_constant_in_capitals(page):
    assert kinds(page, "f (x) g() AB A B_1 _AB aB h", "c") == {"call": ["f", "g"], "constant": ["AB", "B_1", "_AB"]}
    assert kinds(page, "f" + " " * 7 + "(", "c") == {"call": ["f"]} and kinds(page, "f" + " " * 9 + "(", "c") == {}


def test_code_that_is_shown_has_the_colours_of_the_box(chromium, page):
    other = chromium.new_page()
    texts = [Text("a_get", "c", "here", 7, C + "\n"), Text("put", "python", "there", 1, PYTHON)]
    other.set_content(str(code(tuple(texts)).html()))
    other.locator(".tdx-c-keyword").first.wait_for()
    for text, shown in zip(texts, other.locator("pre.tdx-shown").all(), strict=True):
        assert shown.text_content() == text.text.rstrip("\n") + "\n"
        read = "e => [...e.querySelectorAll('[class]')].map(one => [one.className.slice(6), one.textContent])"
        coloured = page.evaluate(
            "([text, language]) => script.colouredLines(text, language)", [text.text.rstrip("\n"), text.language]
        )
        assert json.dumps(shown.evaluate(read)) == json.dumps(
            [piece for line in coloured for piece in line if piece[0]]
        )
        assert shown.get_attribute("data-mounted") == ""
    other.close()
