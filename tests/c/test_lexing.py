"""Tokens of C: each as it is written, with the line and column at which it begins in the paste, whatever stands between."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tdxkit.c.lexing import FIRST, GLUED, SPACED, lexed
from tdxkit.errors import InputError

WORDS = ["int", "x1", "__class__", "lambda", "0x1fUL", "1e+5", ".5", "1.2.3e-x", '"a\\"b"', 'L"w"', "'\\''", "u8'c'", "->", "++", "+", "<<=", "...", "(", ")",
         "{", "}", ";", "##", "#", "%=", "::", ":", "~"]  # fmt: skip
GAPS = [
    " ",
    "\t",
    "\n",
    "\r\n",
    "/**/",
    "/* a\n * b */",
    "// c\n",
    "\\\n",
    "\\ \t\n",
    "\\\r\n",
    "\f\v",
    "\u00a0",
    "/* \\\n */",
    "// a \\\n b\n",
]


def test_kinds():
    text = "name _n1 12 .5e+3 0x1p-3 \"s\\\"t\" L's' 'c' -> @ é"
    kinds = ["name", "name", "number", "number", "number", "string", "char", "char", "sign", "other", "other"]
    assert [token.kind for token in lexed(text)] == kinds


def test_the_longest_sign_is_taken():
    assert [t.text for t in lexed("a+++++b>>=c<<d...e..f->g-->h:::i###")] == (
        ["a", "++", "++", "+", "b", ">>=", "c", "<<", "d", "...", "e", ".", ".", "f", "->", "g", "--", ">", "h", "::", ":", "i", "##", "#"]
    )  # fmt: skip


def test_places_in_a_text_with_everything_between():
    text = '/* one\n two */ a\tb \\\n  c "x\\\ny" d\\\ne\r\n\n\tf // g \\\n h\ni'
    assert [(t.text, t.line, t.column) for t in lexed(text)] == [
        ("a", 2, 9), ("b", 2, 11), ("c", 3, 3), ('"xy"', 3, 5), ("de", 4, 4), ("f", 7, 2), ("i", 9, 1),
    ]  # fmt: skip


def test_what_stands_before_a_token():
    tokens = lexed("a b/**/c(\n d\\\ne\\\n f")
    assert [(t.text, t.before) for t in tokens] == [
        ("a", FIRST), ("b", SPACED), ("c", SPACED), ("(", GLUED), ("de", FIRST), ("f", SPACED),
    ]  # fmt: skip


def moved(line, column, text):
    """The place behind a text that begins at a place."""
    lines = text.split("\n")
    return (line + len(lines) - 1, len(lines[-1]) + 1) if len(lines) > 1 else (line, column + len(text))


@given(
    st.lists(st.tuples(st.sampled_from(WORDS), st.lists(st.sampled_from(GAPS), min_size=1, max_size=3)), max_size=30)
)
@example([("a", ["\\\n", "\\\n"]), ("b", ["\\\n"])])
def test_whatever_stands_between_tokens_keeps_their_places(pieces):
    text, line, column, wanted = " ", 1, 2, []
    for word, gaps in pieces:
        gap = " " + "".join(gaps)
        wanted.append((word, line, column))
        line, column = moved(line, column, word + gap)
        text += word + gap
    assert [(t.text, t.line, t.column) for t in lexed(text)] == wanted


@given(st.sampled_from([word for word in WORDS if len(word) > 1]), st.data())
def test_a_line_joined_within_a_token_does_not_move_its_beginning(word, data):
    cut = data.draw(st.integers(1, len(word) - 1))
    text = f"\n  {word[:cut]}\\\n{word[cut:]} z"
    tokens = lexed(text)
    assert (tokens[0].text, tokens[0].line, tokens[0].column) == (word, 2, 3)
    assert (tokens[1].line, tokens[1].column) == (3, len(word) - cut + 2)


def test_a_quote_that_never_ends_waits_until_somebody_reads_it():
    assert [(t.kind, t.text) for t in lexed("don't \"x\n'")] == [
        ("name", "don"), ("other", "'"), ("name", "t"), ("other", '"'), ("name", "x"), ("other", "'"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text, said",
    [
        ("int x;\n  /* a\n b", "line 2, column 3: `/*`: a comment that begins here never ends; close it with */"),
        (
            "ab\n c\0d",
            "line 2, column 3: `\\x00`: this is no text: C has no control characters; paste the source itself",
        ),
        ("\x1b[0m", "line 1, column 1: `\\x1b`: this is no text: C has no control characters; paste the source itself"),
        (
            "/* \u202e */",
            "line 1, column 4: `\\u202e`: a sign that turns the direction of writing hides what the text says; take it out",
        ),
        ("x" * 200_001, "a text of 200,001 characters: C is read up to 200,000; paste the functions in question only"),
    ],
)
def test_what_is_no_text_of_c(text, said):
    with pytest.raises(InputError) as error:
        lexed(text)
    assert str(error.value) == said


def test_comments_are_blanks_and_hold_anything():
    assert [t.text for t in lexed("a/*'\"\\*/b//'\"\\x\nc/**//**/d/***/e/*/*/f")] == ["a", "b", "c", "d", "e", "f"]
