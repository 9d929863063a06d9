"""Cards, sources, tables, grids and the small parts of a page: what each says, which words are links, and where a limit cuts."""

import re

import pytest
from drawn import parts, size

from tdxkit.card import Card
from tdxkit.facts import Source
from tdxkit.view.kit import sources_view, svg, theme
from tdxkit.view.kit.bits import bits
from tdxkit.view.kit.card_view import Cards, Titled, cards
from tdxkit.view.kit.grid import Grid, Head
from tdxkit.view.kit.sources_view import Sources, address_of, short, sources
from tdxkit.view.kit.tables import table

ONE, TWO, NONE = "tdx-v2-04", "maple-rfc", "tdx-lock-figures"  # sources by how many addresses they have


def body(markup):
    """Markup without its style."""
    return re.sub(r"<style>.*?</style>", "", str(markup))


def test_a_card_of_a_model_has_its_title_its_name_and_its_sources_at_its_foot():
    made = body(Cards((Titled("a lock", Card(("one",)), (ONE, NONE)),)).html())
    assert '<section aria-label="Fidelity card: a lock"><h3>a lock</h3>' in made
    assert re.findall(r"<h4>(.*?)</h4>", made) == ["✓ Modelled", "≈ Simplified", "– Left out"]
    foot = made.partition("<footer>")[2].partition("</footer>")[0]
    assert re.sub("<[^>]*>", "", foot) == f"Sources: {ONE}{NONE}" and foot.count("<a ") == 1
    assert str(Cards((Titled("a lock", Card(("one",)), (ONE, NONE)),))).endswith(f"\nsources: {ONE}, {NONE}")


def test_a_card_of_a_run_has_no_title_and_no_foot():
    made = cards(Card(("one",)))
    page = body(made.html())
    assert '<section aria-label="Fidelity card"><div class="tdx-three">' in page and "<footer" not in page
    assert len(re.findall(r"<h3>", page)) == 3 and "<h4>" not in page, "no level of headings is left out"
    assert "sources" not in str(made)


def test_ids_of_sources_in_an_entry_are_links_where_they_have_one_address_and_other_words_stay():
    page = body(cards(Card((f"as {ONE} says, and tdx-v6, not {TWO}, of the lock-step `a-b` kind `c`",))).html())
    assert re.findall(r'<span title="[^"]*" class="tdx-source">(?:<a [^>]*>)?([\w-]+)', page) == [ONE, "tdx-v6", TWO]
    assert page.count("<a ") == 2 and "of the lock-step <code>a-b</code> kind <code>c</code>" in page


@pytest.mark.parametrize(
    "name, page", [(ONE, "https://lore.kernel.org/r/20250609191340.2051741-5-kirill.shutemov@linux.intel.com"), (TWO, ""), (NONE, "")]
)  # fmt: skip
def test_a_source_has_a_page_where_it_has_one_address(name, page):
    assert address_of(name) == page and ("<a " in short(name)) == bool(page)
    assert re.sub("<[^>]*>", "", short(name)) == name


@pytest.mark.parametrize(
    "source, small",
    [
        (Source("x", "T", "a mail"), "a mail; the text was read"),
        (Source("x", "T", "a mail", "2026-01-02", "run"), "a mail, 2026-01-02; run or measured here"),
        (Source("x", "T", "a mail", "2026", "inferred", "a copy"), "a mail, 2026; inferred from other texts (a copy)"),
    ],
)
def test_a_source_is_told_with_its_day_and_how_it_was_checked(source, small):
    assert f"<li><code>x</code> T<small>{small}</small></li>" in Sources((source,)).html()


def test_sources_stand_in_the_order_in_which_they_are_asked_for():
    made = sources(TWO, ONE)
    assert re.findall("<code>(.*?)</code>", made.html()) == [TWO, ONE]
    assert [row.partition(":")[0] for row in str(made).splitlines()] == [TWO, ONE]
    assert str(made.sources[0]) in str(made) and sources_view.CHECKED["read"] in made.html()


def test_a_table_has_its_title_over_it_or_none():
    assert "<caption>Costs</caption>" in table(("a",), [(1,)], "Costs").html()
    assert "<caption" not in table(("a",), [(1,)]).html()
    wide = [f"column number {k}" for k in range(9)]
    assert f'aria-label="table: {", ".join(wide)}"' in table(wide, []).html()


def test_the_first_column_names_its_row_even_where_it_holds_figures():
    page = table(("size", "cost"), [(1, 2), (10, 3)]).html()
    assert '<th scope="col">size</th><th scope="col" class="tdx-figure">cost</th>' in page
    assert '<td class="tdx-word">10</td><td class="tdx-figure">3</td>' in page


@pytest.mark.parametrize("letters, kept", [(20, True), (21, False)])
def test_a_word_of_up_to_twenty_letters_is_not_broken(letters, kept):
    cell = ('<td class="tdx-word">' if kept else "<td>") + "w" * letters
    assert cell in table(("a",), [("w" * letters,)]).html()


def test_a_cell_that_is_an_address_alone_is_a_link_where_links_are_asked_for():
    url = "https://a.org/b"
    assert f'<td><a href="{url}" target="_blank" rel="noopener noreferrer">{url}</a></td>' in table(
        ("a",), [(url,)], links=True
    ).html()  # fmt: skip
    assert f'<td class="tdx-word">{url}</td>' in table(("a",), [(url,)]).html()


def test_a_column_of_nothing_takes_the_room_of_its_margins():
    letters = (420 - 2 * 22) // 7  # beside it: 22 + 7 a letter
    assert 44 + 7 * letters <= 420 < 44 + 7 * (letters + 1)
    for more, reached in ((0, False), (1, True)):
        assert ("tabindex" in table(("", "x" * (letters + more)), []).html()) == reached
    exact = table(["", "", "", "", "", "x" * 10, "y" * 28], [])  # 7 · 22 + 7 · 38 = 420
    assert "tabindex" not in exact.html()


def test_a_grid_of_nothing_has_no_room_for_slanted_names():
    made = Grid("T", "c", [], [], {}, [], "", "words").html()
    assert "--tdx-tall:22px;--tdx-lean:0px" in made and '<pre tabindex="0">words</pre>' in made


def test_a_name_that_is_whole_has_no_tooltip():
    made = body(Grid("T", "c", [Head("r")], [Head("k", "the whole k")], {}, [], "", "words").html())
    assert re.findall('title="([^"]*)"', made) == ["the whole k"] and "data-still" not in made
    assert '<th scope="row">r</th>' in made


@pytest.mark.parametrize("letters, packed", [(19_998, False), (19_999, True)])
def test_a_value_of_more_than_twenty_thousand_letters_of_json_travels_packed(letters, packed):
    assert ("gzip" in svg.script_json("a" * letters)) == packed


def test_prose_is_markdown_and_never_html():
    assert svg.prose("a `b` **c**\n\n- <b>d</b>") == (
        "<p>a <code>b</code> <strong>c</strong></p>\n<ul>\n<li>&lt;b&gt;d&lt;/b&gt;</li>\n</ul>\n"
    )
    assert svg.phrase("a <b> *x*\u202e") == "a &lt;b&gt; <em>x</em>\\u202e"


def test_a_link_without_words_shows_its_address():
    assert svg.link("https://a.org/b").endswith(">https://a.org/b</a>")
    assert svg.link("https://a.org/b", "words").endswith(">words</a>")


@pytest.mark.parametrize(
    "names, colours",
    [
        (("CPU 1", "CPU 8", "CPU 2"), [1, 3, 2]),
        (("CPU 2", "CPU 1", "CPU 8"), [2, 1, 3]),
    ],
)
def test_of_those_that_want_one_colour_the_later_has_the_next_that_nobody_has(names, colours):
    assert theme.actor_roles(names) == colours


def test_the_paper_is_the_page_s_own_but_in_an_image():
    assert "--tdx-paper:var(--jp-layout-color0, #ffffff)" in theme.css()
    assert "--tdx-paper:var(--jp-layout-color0, #111418)" in theme.css() and "--tdx-paper:#" not in theme.css()
    light, dark = theme.image_css().split("@media")
    assert "--tdx-paper:#ffffff" in light and "--tdx-paper:#111418" in dark and "jp-layout" not in light + dark
    assert "--tdx-ink:#16191d" in light and "--tdx-ink:#e8ebef" in dark


@pytest.mark.parametrize("letters, rows", [(82, 1), (83, 2)])
def test_what_a_field_of_a_value_means_ends_790_px_from_the_left(letters, rows):
    meaning = f"{'a' * 40} {'b' * (letters - 41)}"
    picture = bits(0, [("nine-word", 0, 0, meaning)], width=8)  # it begins at 148.5 + 8.6 · 9; 6.8 px a letter
    assert size(picture.svg)[1] == 34 + 94 + 10 + 19 * rows + 6
    assert rows == 2 or f"'{meaning}'" in " ".join(parts(picture.svg))
