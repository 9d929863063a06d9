"""sheet.js and box.js in a page without a kernel: keys, marks, what the kernel is told and when."""

import json

import pytest

from tdxkit.view.editor import widget
from tdxkit.view.kit import scripts

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
HTML = f"<!doctype html><style>{widget.CodeBox._css}</style><div class=tdx><button id=before>b</button><div id=place></div><button id=after>a</button></div>"


@pytest.fixture
def box(fake):
    """`box(text)` opens a box of code; `write(value, from, to)` puts the text and the selection there, as a reader has them."""

    def open_(text="", language="c", marks=(), html=HTML, page=None):
        values = {"text": text, "begun": text, "language": language, "label": "Your code", "marks": json.dumps(marks)}
        return fake(scripts.script(widget.PAGE, "box.js"), values, html, page)

    return open_


def area(one):
    return one.page.locator("textarea")


def select(one, start, end=None):
    area(one).evaluate(
        "(area, [a, b]) => { area.focus(); area.setSelectionRange(a, b); }", [start, start if end is None else end]
    )


def now(one):
    """The text with its selection between marks: ‹ and ›, or | for a caret."""
    value, start, end = area(one).evaluate("area => [area.value, area.selectionStart, area.selectionEnd]")
    if start == end:
        return f"{value[:start]}|{value[start:]}"
    return f"{value[:start]}‹{value[start:end]}›{value[end:]}"


def at(text):
    """A text without its marks, and where they stood."""
    if "|" in text:
        return text.replace("|", ""), text.index("|"), text.index("|")
    return text.replace("‹", "").replace("›", ""), text.index("‹"), text.index("›") - 1


@pytest.mark.parametrize(
    ("language", "before", "key", "after"),
    [
        ("c", "a|b", "Tab", "a\t|b"), ("python", "a|b", "Tab", "a    |b"), ("c", "‹a›", "Tab", "‹\ta›".replace("‹\t", "\t‹")),
        ("c", "a‹b\n\nc›d\ne", "Tab", "\ta‹b\n\n\tc›d\ne"), ("c", "a\n‹b\n›c", "Tab", "a\n\t‹b\n›c"),
        ("python", "if x:\n‹  y›\nz", "Tab", "if x:\n    ‹  y›\nz"), ("c", "a\n‹b\nc›", "Tab", "a\n\t‹b\n\tc›"),
        ("c", "\t\ta|", "Shift+Tab", "\ta|"), ("c", "      a|", "Shift+Tab", "  a|"), ("c", "  a|", "Shift+Tab", "a|"), ("c", "a|\n\tb", "Shift+Tab", "a|\n\tb"),
        ("c", "x\n\ta‹b\n\tc›\n\td", "Shift+Tab", "x\na‹b\nc›\n\td"), ("c", "x\n‹\ta›", "Shift+Tab", "x\n‹a›"), ("c", "\t|a\nb", "Shift+Tab", "|a\nb"),
        ("c", "\n\t|\n\ta", "Shift+Tab", "\n|\n\ta"), ("c", "\t|", "Shift+Tab", "|"),
        ("c", "\tif (a)|", "Enter", "\tif (a)\n\t|"), ("c", " \t|x", "Enter", " \t\n \t|x"), ("c", "  |  x", "Enter", "  \n  |  x"), ("c", "|\tx", "Enter", "\n|\tx"),
        ("c", "\ta\nb|", "Enter", "\ta\nb\n|"), ("c", "a\n\t‹b›c", "Enter", "a\n\t\n\t|c"),
    ],
)  # fmt: skip
def test_indenting_is_in_and_out_and_kept_by_the_next_line(box, language, before, key, after):
    text, start, end = at(before)
    one = box(text, language)
    select(one, start, end)
    one.page.keyboard.press(key)
    assert now(one) == after
    if after.replace("|", "") != text and "‹" not in after:
        one.page.keyboard.press("Control+z")
        assert area(one).input_value() == text, "it can be undone"


def focused(one):
    return one.page.evaluate("document.activeElement.id || document.activeElement.tagName")


@pytest.mark.parametrize(
    ("keys", "where", "text"),
    [
        ("Escape Tab", "after", "a"), ("Escape Shift+Tab", "before", "a"), ("Escape x Tab", "TEXTAREA", "ax\t"), ("Tab Tab", "TEXTAREA", "a\t\t"),
        ("Shift Tab", "TEXTAREA", "a\t"), ("Escape Control+Tab Tab", "TEXTAREA", "a\t"),
    ],
)  # fmt: skip
def test_escape_and_then_tab_leaves_the_box(box, keys, where, text):
    one = box("a")
    select(one, 1)
    for key in keys.split():
        one.page.keyboard.press(key)
    assert (focused(one), area(one).input_value()) == (where, text)


def test_what_is_the_boxs_stays_there_and_what_is_the_notebooks_goes_on(box):
    """Lab listens above: it must not undo in a cell, nor miss its own keys."""
    one = box("a b")
    one.page.evaluate(
        "window.heard = []; document.body.addEventListener('keydown', e => heard.push([e.key, e.defaultPrevented]))"
    )
    select(one, 3)
    ours = [
        "x",
        "Enter",
        "Tab",
        "ArrowLeft",
        "Control+a",
        "Control+z",
        "Meta+c",
        "Control+Shift+Z",
        "Control+ArrowLeft",
        "Control+Enter",
        "Meta+Enter",
        "Shift+A",
    ]
    for key in ours:
        one.page.keyboard.press(key)
    alone = one.page.evaluate("heard.map(([key]) => key).filter(key => !['Control', 'Meta', 'Shift'].includes(key))")
    assert alone == []
    for key in ("Control+s", "Control+b", "Meta+s", "Alt+b"):
        one.page.keyboard.press(key)
    theirs = one.page.evaluate("heard.filter(([key]) => key.length === 1)")
    assert theirs == [["s", False], ["b", False], ["s", False], ["b", False]]
    select(one, 0, 1)
    one.page.keyboard.press("Control+a")
    assert now(one).startswith("‹") and now(one).endswith("›"), "the textarea's own keys do what they do"


@pytest.mark.parametrize("key", ["Control+Enter", "Meta+Enter"])
def test_a_verdict_is_asked_for_with_the_text_that_is_seen(box, key):
    one = box("a")
    select(one, 1)
    one.page.keyboard.press(key)
    assert one.sent == [{"judge": True}], "nothing new is there to tell"
    one.page.keyboard.type("bc")
    one.page.keyboard.press(key)
    assert one.sent[1:] == [{"text": "abc"}, {"judge": True}] and area(one).input_value() == "abc"


def test_what_is_typed_is_told_once_the_reader_rests_or_goes_elsewhere(box, timed):
    one = box("a", page=timed)
    select(one, 1)
    one.page.keyboard.type("bc")
    timed.clock.run_for(349)
    one.page.keyboard.type("d")
    timed.clock.run_for(349)
    assert one.sent == [] and one.page.evaluate("model.get('text')") == "abcd", "whom the kernel asks has it at once"
    timed.clock.run_for(1)
    assert one.sent[-1] == {"text": "abcd"}
    one.page.keyboard.type("e")
    one.page.keyboard.press("Escape")
    one.page.keyboard.press("Tab")
    assert one.sent[1:] == [{"text": "abcde"}], "at once"
    timed.clock.run_for(900)
    assert len(one.sent) == 2
    select(one, 0)
    one.page.locator("#after").focus()
    assert len(one.sent) == 2, "nothing was changed"


def test_at_its_end_the_kernel_has_the_text_and_hears_no_more(box):
    one = box("a")
    select(one, 1)
    one.page.keyboard.type("b")
    assert one.ends() == 0
    assert one.sent == [{"text": "ab"}]


def test_a_text_from_the_kernel_is_shown_and_its_own_echo_is_not(box):
    one = box("a")
    select(one, 1)
    one.page.keyboard.type("bc")
    one.hears("change:text")  # its own
    assert now(one) == "abc|"
    one.gets("text", "int n;\nint m;")
    assert area(one).input_value() == "int n;\nint m;" and gutter(one) == ["1", "2"]
    area(one).blur()
    assert one.sent == [], "the kernel knows its own"


def test_a_text_from_the_kernel_is_not_followed_by_letters_that_were_on_their_way(box, timed):
    one = box("a", page=timed)
    select(one, 1)
    one.page.keyboard.type("bc")
    one.gets("text", "of the kernel")
    timed.clock.run_for(900)
    assert area(one).input_value() == "of the kernel" and one.sent == [], "else the kernel has what nobody sees"
    assert one.ends() == 0 and one.sent == []


def gutter(one):
    return [row.strip() for row in one.page.locator(".tdx-gutter div").all_text_contents()]


SLIP = {"line": 2, "column": 3, "kind": "slip", "said": "`x`: it is not known; write `y`"}
BROKEN = {"line": 4, "column": 0, "kind": "broken", "said": "here a rule breaks"}
FIVE = "one\ntwo x\nthree\nfour\nfive"


def test_marks_stand_beside_their_lines_and_are_said_below(box):
    one = box(FIVE, marks=[SLIP, BROKEN])
    assert gutter(one) == ["1", "✗ 2", "3", "▸ 4", "5"]
    classes = [
        [e.get_attribute("class") or "" for e in one.page.locator(f"{part} > div").all()]
        for part in (".tdx-gutter", ".tdx-ink")
    ]
    assert classes == [["", "tdx-slip", "", "tdx-broken", ""]] * 2
    said = one.page.locator(".tdx-slips li")
    assert said.all_inner_texts() == ["✗ line 2 x: it is not known; write y", "▸ line 4 here a rule breaks"]
    assert said.first.locator("code").all_inner_texts() == ["x", "y"]
    status = one.page.locator("[role=status]")
    assert status.get_attribute("aria-live") == "polite" and status.get_attribute("id") in area(one).get_attribute(
        "aria-describedby"
    )
    assert (
        "Escape, then Tab leaves"
        in one.page.locator(f"#{area(one).get_attribute('aria-describedby').split()[0]}").inner_text()
    )
    assert area(one).get_attribute("aria-invalid") == "true"
    one.gets("marks", json.dumps([BROKEN]))
    assert area(one).get_attribute("aria-invalid") == "false" and gutter(one)[1] == "2"
    one.gets("marks", "[]")
    assert said.count() == 0 and gutter(one)[3] == "4"


def test_what_is_said_of_a_mark_leads_to_its_place(box):
    one = box(FIVE, marks=[SLIP, BROKEN])
    one.page.get_by_role("button", name="line 2").click()
    assert now(one) == "one\ntw|o x\nthree\nfour\nfive" and focused(one) == "TEXTAREA"
    one.page.get_by_role("button", name="line 4").click()
    assert now(one) == "one\ntwo x\nthree\n|four\nfive", "the whole line: its beginning"


@pytest.mark.parametrize(
    ("before", "typed", "marks"),
    [
        ("one|", "\n", ["1", "2", "✗ 3", "4", "▸ 5", "6"]), ("|one", "x", ["1", "✗ 2", "3", "▸ 4", "5"]), ("tw|o", "x", ["1", "✗ 2", "3", "▸ 4", "5"]),
        ("fo|ur", "x", ["1", "✗ 2", "3", "4", "5"]), ("three|", "\n", ["1", "✗ 2", "3", "4", "▸ 5", "6"]), ("five|", "\n", ["1", "✗ 2", "3", "▸ 4", "5", "6"]),
        ("‹one\n›", "", ["✗ 1", "2", "▸ 3", "4"]), ("‹three\n›", "", ["1", "✗ 2", "▸ 3", "4"]), ("‹\nthree\nfour\nfive›", "", ["1", "✗ 2"]),
        ("‹one\ntwo x\nthree\nfour\nfive›", "z", ["1"]),
    ],
)  # fmt: skip
def test_marks_go_with_their_lines_while_one_types(box, before, typed, marks):
    text, start, end = at(before)
    place = FIVE.index(text)
    one = box(FIVE, marks=[SLIP, BROKEN])
    select(one, place + start, place + end)
    one.page.keyboard.insert_text(typed) if typed else one.page.keyboard.press("Delete")
    assert gutter(one) == marks
    assert [int(button.split()[1]) for button in one.page.locator(".tdx-slips button").all_inner_texts()] == [
        int(row.split()[1]) for row in marks if " " in row
    ]


def test_each_line_has_its_number_and_its_text_below_the_textarea(box):
    one = box("int a;\n\n\tb();", "c")
    for typed in ("x", "\n\n\n", "}"):
        select(one, len(area(one).input_value()))
        one.page.keyboard.insert_text(typed)
        lines = area(one).input_value().split("\n")
        assert one.page.locator(".tdx-ink > div").all_text_contents() == lines
        assert gutter(one) == [str(k) for k in range(1, len(lines) + 1)]
    wide = lambda: one.page.locator(".tdx-gutter").evaluate("e => e.style.minWidth")  # noqa: E731
    assert wide() == "4ch"
    select(one, 0)
    one.page.keyboard.insert_text("\n" * 8)
    assert wide() == "5ch"
    select(one, 0, len(area(one).input_value()))
    one.page.keyboard.press("Delete")
    assert gutter(one) == ["1"]


def test_a_language_has_its_colours_and_its_name(box):
    one = box("def f(x):\n    pass  # int", "c")
    assert one.page.locator(".tdx-c-keyword").count() == 0 and area(one).get_attribute("aria-label") == "Your code"
    one.page.evaluate("model.values.label = 'A model'")
    one.gets("language", "python")
    assert one.page.locator(".tdx-c-keyword").all_inner_texts() == ["def", "pass"]
    assert (
        area(one).get_attribute("aria-label") == "A model"
        and one.page.locator(".tdx-c-comment").inner_text() == "# int"
    )


def in_sight(one, line):
    return (
        one.page.locator(".tdx-gutter div")
        .nth(line - 1)
        .evaluate(
            """row => { const frame = row.closest('.tdx-frame').getBoundingClientRect(), here = row.getBoundingClientRect();
            return here.top >= frame.top && here.bottom <= frame.bottom; }"""
        )
    )


LONG = "\n".join(f"line {k}" for k in range(1, 101))


def test_a_mark_is_brought_into_sight_but_a_slip_moves_nothing_under_who_types(box):
    one = box(LONG)
    scroll = lambda: one.page.locator(".tdx-frame").evaluate("e => e.scrollTop")  # noqa: E731
    far = {**SLIP, "line": 80, "said": "s"}
    one.gets("marks", json.dumps([far, {**far, "line": 3}]))
    assert in_sight(one, 80), "the first of them"
    select(one, 0)
    one.page.locator(".tdx-frame").evaluate("e => e.scrollTop = 0")
    one.gets("marks", json.dumps([far]))
    assert scroll() == 0, "the reader is writing"
    one.gets("marks", json.dumps([{**far, "kind": "broken"}]))
    assert in_sight(one, 80), "a verdict was asked for"
    middle = scroll()
    one.gets("marks", json.dumps([{**far, "kind": "broken", "line": 81}]))
    assert scroll() == middle, "it was in sight already"
    one.gets("marks", json.dumps([{**far, "kind": "broken", "line": 5}]))
    assert in_sight(one, 5)
    one.gets("marks", json.dumps([{**far, "kind": "broken", "line": 500}]))
    assert in_sight(one, 5), "there is no such line"


def test_a_mark_in_a_box_that_is_not_shown_yet_is_in_sight_once_it_is(box):
    one = box(LONG, marks=[{**BROKEN, "line": 90}], html=HTML.replace("<div class=tdx>", "<div class=tdx hidden>"))
    one.page.evaluate("document.querySelector('[hidden]').hidden = false")
    one.page.wait_for_function("document.querySelector('.tdx-frame').scrollTop > 1000")
    assert in_sight(one, 90)
    one.page.locator(".tdx-frame").evaluate("e => { e.scrollTop = 0; e.style.height = '300px'; }")
    one.page.wait_for_timeout(60)
    assert one.page.locator(".tdx-frame").evaluate("e => e.scrollTop") == 0, "once, and not whenever its size changes"


def test_what_is_drawn_beside_the_text_is_not_read_out_a_second_time(box):
    one = box("int a;\nint b;")
    for part in (".tdx-ink", ".tdx-gutter"):
        assert one.page.locator(part).get_attribute("aria-hidden") == "true"
    assert one.page.get_by_role("textbox", name="Your code").count() == 1
