"""Where one form of a small thing ends and the next begins: pictures that scroll, tables that are reached, long texts, sliders, boxes."""

import ipywidgets as w
import pytest
from drawn import parts

from tdxkit.errors import InputError
from tdxkit.view.fields import check_numbers, columns_of, lines_of, number_field, numbers_in
from tdxkit.view.kit import live, svg, theme
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.grid import Grid, Head, Sign
from tdxkit.view.kit.picture import shown_or_image
from tdxkit.view.kit.tables import table
from tdxkit.view.kit.verdict import STALE


@pytest.mark.parametrize("wide, pans", [(560, False), (561, True), (1000, True)])
def test_a_picture_wider_than_560_px_scrolls_before_it_shrinks_below_95_per_cent(wide, pans):
    made = shown_or_image(svg.drawing(wide, 10, "words"), "words")
    assert (
        'class="tdx-pan"' in made and f"--least:{wide * 0.95:.0f}px" in made and 'tabindex="0" role="group"' in made
    ) == pans
    assert 'class="tdx-untrusted"' in made and 'alt="words"' in made


@pytest.mark.parametrize("letters, reached", [(32, False), (33, True)])
def test_a_table_that_needs_more_than_420_px_is_reached_by_the_keyboard(letters, reached):
    assert (7 * 22 + 7 * (6 + letters) > 420) == reached, "seven columns of 22 px beside their letters of 7 px"
    assert ("tabindex" in table("abcdefg", [(*"123456", "y" * letters)]).html()) == reached
    assert ("tabindex" in table([*"abcdef", "g" * letters], []).html()) == reached


@pytest.mark.parametrize("lit, dashed", [(False, False), (True, False), (False, True)])
def test_a_box_has_its_words_in_its_middle(lit, dashed):
    look = f"pair-bg pair/{2 if lit else 1}{' dash=4 3' if dashed else ''} rx=5"
    alone, noted = (
        svg.box(10, 20, 100, 40, "T", role="pair", lit=lit, dashed=dashed),
        svg.box(10, 20, 100, 40, "T", 0, role="pair", lit=lit, dashed=dashed),
    )
    assert parts(alone) == [f"rect 10 20 100×40 {look}", "text 60 44 'T' 11.5/600 middle"]
    assert parts(noted) == [
        f"rect 10 20 100×40 {look}",
        "text 60 39 'T' 11.5/600 middle",
        "text 60 52 '0' soft 10.5/400 middle",
    ]


def test_numbers_are_written_short_and_what_is_not_there_is_left_out():
    assert (
        svg.element("g", x=1.001, y=2.0, width=10, rx=None, ry=False, height=0)
        == '<g x="1" y="2" width="10" height="0"></g>'
    )
    assert svg.line((0, 0.5), (1 / 3, 100)) == '<path d="M0 0.5L0.33 100" fill="none" stroke="var(--tdx-soft)"></path>'
    assert (
        svg.element("g", class_="a", stroke_width=2, viewbox="0 0 1 1")
        == '<g class="a" stroke-width="2" viewBox="0 0 1 1"></g>'
    )


def test_a_long_value_travels_packed():
    short, long = "a" * (svg.PACKED - 2), "a" * (svg.PACKED - 1)
    assert "application/json" in svg.script_json(short) and "application/gzip" in svg.script_json(long)


def test_a_drawing_has_its_size_and_never_grows_beyond_it():
    made = svg.drawing(40.5, 20, "a & b")
    assert made.startswith(
        '<svg viewBox="0 0 40.5 20" role="img" aria-label="a &amp; b" style="max-width:40.5px;width:100%;height:auto;'
    )


@pytest.mark.parametrize("theme_name, share", [("light", 0.12), ("dark", 0.2)])
def test_a_tint_is_a_share_of_its_colour_on_the_paper(theme_name, share):
    role = theme.ROLES["pair"]
    colour, paper = getattr(role, theme_name), theme.PAPERS[theme_name][0]
    channels = [round(int(colour[k : k + 2], 16) * share + int(paper[k : k + 2], 16) * (1 - share)) for k in (1, 3, 5)]
    assert role.tint(theme_name) == "#" + "".join(f"{c:02x}" for c in channels)


@pytest.mark.parametrize(
    "names, places",
    [
        (("CPU 0", "CPU 7"), [0, 1]),
        (("CPU 1", "CPU 8"), [1, 2]),
        (("CPU 6", "CPU 13"), [1 - 1, 6]),
        (tuple(f"CPU {k}" for k in range(8)), [*range(7)]),
    ],
)
def test_a_cpu_has_the_colour_of_its_number_and_the_later_of_two_the_next_free(names, places):
    found = theme.actor_roles(names)
    assert sorted(set(found)) == sorted(places)
    assert [theme.actor_role(k) for k in (0, 6, 7, 8)] == ["a0", "a6", "a0", "a1"]


@pytest.mark.parametrize(
    "colour, light",
    [
        ("#000000", 0),
        ("#ffffff", 1),
        ("#808080", 0.2159),
        ("#ff0000", 0.2126),
        ("#00ff00", 0.7152),
        ("#0000ff", 0.0722),
        ("#0a0a0a", 0.00304),
        ("#0b0b0b", 0.00335),
    ],
)
def test_luminance_is_wcag_s(colour, light):
    assert theme.luminance(colour) == pytest.approx(light, abs=5e-5)


def test_a_grid_has_room_for_its_slanted_names_and_its_own_colours():
    made = Grid(
        "T",
        "corner",
        [Head("r", "whole r", "note")],
        [Head("c" * 10), Head("d", "d", still="why")],
        {(0, 1): Sign("x", "pair", "said", True)},
        [("x", "soft", "words")],
        "{row} {column}",
        "text",
    )
    page = made.html()
    assert (
        f"--tdx-tall:{73 * 0.85 + 22:.0f}px;--tdx-lean:{73 * 0.53:.0f}px" in page
        and made.name == "T: 1 rows, 2 columns; corner"
    )
    assert (
        '<td></td><td class="tdx-in-pair tdx-dashed" title="said">x</td>' in page
        and '<th scope="row" title="whole r">r<small>note</small></th>' in page
    )
    assert (
        'data-still="why"' in page
        and 'title="d"' not in page
        and ".tdx-in-soft{color:var(--tdx-soft);background:transparent}" in page
    )
    assert ".tdx-in-pair{color:var(--tdx-pair);background:var(--tdx-pair-bg)}" in page
    assert not Sign("x", "pair", "said").dashed


@pytest.mark.parametrize("letters, cut", [(19_999, False), (20_000, True)])
def test_a_text_twin_in_a_notebook_is_bounded(letters, cut, monkeypatch):
    class View:
        needs_kernel = False
        static = lambda self: svg.joined("static")  # noqa: E731
        __str__ = lambda self: "x" * letters  # noqa: E731

    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append((bundle, raw)))
    live.display(View())
    ((bundle, raw),) = shown
    assert (
        bundle["text/plain"] == "x" * min(letters, 20_000) + "\n…" * cut
        and raw is True
        and bundle["text/html"] == "static"
    )


def test_settings_are_said_in_words_box_by_box():
    rows = [
        w.HBox(
            [
                w.Text("a", description="Name:"),
                w.Checkbox(True, description="on"),
                w.ToggleButton(False, description="off"),
                w.Button(description="go"),
                w.HTML("x"),
                w.Text("", description="empty:"),
            ]
        ),
        w.Textarea("some\ntext", description="long"),
        w.Textarea("  "),
    ]
    made = live.settings(rows)
    assert (
        made
        == '<p class="tdx-set"><span>Name: a</span> · <span>☑ on</span> · <span>☐ off</span></p><pre>some\ntext</pre>'
    )
    assert (
        live.settings([w.HTML("x")]) == "" and live.static(w.HTML("x")) == "" and live.static("<") == "<pre>&lt;</pre>"
    )


@pytest.mark.parametrize(
    "written, found, odd",
    [
        ("a=1, b = -2;c=0x10", {"a": 1, "b": -2, "c": 16}, []),
        ("--stub a=1 --set=b=2", {"a": 1, "b": 2}, []),
        ("a", {}, ["a"]),
        ("=1", {}, ["=1"]),
        ("a=x", {}, ["a=x"]),
        ("a=" + "1" * 39, {"a": int("1" * 39)}, []),
        ("a=" + "1" * 40, {}, ["a=" + "1" * 40]),
    ],
)
def test_names_with_numbers_are_read_as_they_are_typed(written, found, odd):
    assert numbers_in(written) == (found, odd)
    field = number_field("stubs:", "lookup=0, charge=-12", {})
    field.value = written
    if odd:
        with pytest.raises(InputError, match="it is NAME=NUMBER") as caught:
            check_numbers(field)
        assert str(caught.value).startswith('"stubs", ') and str(caught.value).endswith(
            "a=0" if odd[0][0] == "a" else "lookup=0"
        )
    else:
        check_numbers(field)
    assert number_field("n", "e", {"a": 1, "b": -2}).value == "a=1, b=-2" and lines_of(w.Textarea("a\n \nb")) == (
        "a",
        "b",
    )
    assert [type(child) for child in columns_of([w.Button()], w.HTML()).children] == [w.VBox, w.HTML]


def test_a_board_says_red_in_a_line_of_its_own_and_takes_a_bar_as_it_is():
    said = w.HTML()
    board = Board([w.Button(), said], said=said)
    board.say("wrong", "alert")
    assert said.layout.flex == "1 1 100%" and 'role="alert"' in said.value
    board.say("")
    assert said.layout.flex is None and said.value == ""
    board.show([svg.element("p", 1)])
    board.complain("odd")
    assert STALE in board.shown._dom_classes and board.reached == 0
