"""grid.js, a grid of signs: as a page without a script, and in Chromium by pointer and by keys."""

from html.parser import HTMLParser

import pytest

from tdxkit.view.kit.grid import Grid, Head, Sign

BROWSER = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
EVIL = "<img src=x onerror=alert(1)>\"'&\u202e"
SIGNS = {(0, 1): Sign("cx", "pair", "A meets B"), (2, 0): Sign("td?", "bad", f"C meets {EVIL}", dashed=True)}


def grid(size=3, cells=SIGNS):
    names = [Head(chr(65 + k), note="+1" * (k == 1)) for k in range(size)]
    names[2] = names[2]._replace(still="C is no more")
    columns = [Head("a", "the whole a"), *(Head(chr(97 + k)) for k in range(1, size))]
    key = [("cx", "pair", "of one kind"), ("?", "soft", EVIL)]
    return Grid(
        "Who meets whom",
        "rows: these\ncolumns: those",
        names,
        columns,
        cells,
        key,
        "{row} and {column}: nothing",
        "A meets B",
        "a board",
    )


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def of(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]


def test_without_a_script_it_is_a_table_with_names_and_words():
    page = Tags(grid().html())
    assert len(page.of("td")) == 9 and [a.get("scope") for a in page.of("th")] == ["row", *["col"] * 3, *["row"] * 3]
    assert [a["title"] for a in page.of("td") if "title" in a] == ["A meets B", f"C meets {EVIL[:-1]}\\u202e"]
    assert not page.of("img") and len(page.of("script")) == 1
    (box,) = (a for a in page.of("div") if a.get("class") == "tdx-box")
    assert box["tabindex"] == "0" and box["aria-label"].startswith("Who meets whom: 3 rows, 3 columns")
    assert {a.get("hidden") for a in page.of("label")} == {"hidden"}, "what needs the script is not there without it"
    assert str(grid()) == grid()._repr_mimebundle_()["text/plain"] == "A meets B"
    assert ".tdx-in-pair{color:var(--tdx-pair)" in grid().html() and "$" not in grid().html().split("<script")[0]


def test_an_empty_grid_is_a_page_too():
    Tags(Grid("T", "c", [], [], {}, [], "", "t").html())


@pytest.fixture
def page(chromium, tmp_path):
    context = chromium.new_context(viewport={"width": 500, "height": 500})
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append("dialog"), dialog.dismiss()))
    many = {(k, 7 * k % 30): Sign("cx", "pair", f"sign {k}") for k in range(30)}
    (tmp_path / "g.html").write_text(
        f"<meta charset=utf-8>{grid().html()}<hr>{grid(30, many).html()}", encoding="utf-8"
    )
    page.goto((tmp_path / "g.html").as_uri())
    yield page
    context.close()
    assert complaints == []


def names(grid, which):
    """The names of the rows or columns that are seen."""
    seen = "all => all.filter(e => e.getClientRects().length).map(e => e.firstChild.textContent)"
    return grid.locator(which).evaluate_all(seen)


class TestInChromium:
    pytestmark = BROWSER

    def test_keys_move_say_and_pin(self, page):
        first = page.locator(".tdx-grid").first
        told = first.locator(".tdx-told")
        assert first.locator("table").get_attribute("role") == "grid" and "arrow keys" in told.inner_text()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert told.inner_text() == "A and the whole a: nothing"
        page.keyboard.press("ArrowRight")
        assert told.inner_text() == "A meets B"
        assert first.locator(".tdx-lit").all_inner_texts() == ["b", "A"] and first.locator(".tdx-cross").count() == 5
        page.keyboard.press("Enter")
        for key, at in (
            ("ArrowDown", (1, 1)),
            ("End", (1, 2)),
            ("Control+End", (2, 2)),
            ("Home", (2, 0)),
            ("ArrowLeft", (2, 0)),
        ):
            page.keyboard.press(key)
            here = "e => [e.parentNode.rowIndex - 1, e.cellIndex - 1]"
            assert tuple(page.locator("td:focus").evaluate(here)) == at
            assert told.inner_text().endswith(" · Pinned: A meets B"), "kept until it is let go"
        page.keyboard.press("Escape")
        assert told.inner_text() == "C meets " + EVIL[:-1] + "\\u202e" and first.locator(".tdx-pinned").count() == 0
        assert first.locator("[tabindex='0']").count() == 2, "Tab reaches the one cell, and the text's box"

    def test_the_pointer_lights_and_a_click_keeps(self, page):
        first = page.locator(".tdx-grid").first
        cell = first.locator("td").nth(1)
        cell.hover()
        assert first.locator(".tdx-told").inner_text() == "A meets B"
        cell.click()
        first.locator("td").nth(8).hover()
        assert first.locator(".tdx-told").inner_text().endswith(" · Pinned: A meets B")
        assert cell.get_attribute("class").endswith("tdx-pinned")
        cell.click()
        assert first.locator(".tdx-pinned").count() == 0

    def test_a_pinned_cell_is_played_where_something_plays_it_or_says_why_it_cannot_be(self, page):
        first = page.locator(".tdx-grid").first
        first.locator("td").nth(1).click()
        assert first.locator(".tdx-play").count() == 0, "nothing on the page plays it"
        page.evaluate("""() => {
            document.body.insertAdjacentHTML("beforeend", '<div class="tdx-picked" data-plays="a board"></div>');
            document.addEventListener("tdx-play", ({ detail }) => { window.played = detail; });
        }""")
        first.locator("td").nth(4).click()
        first.locator(".tdx-play").click()
        assert page.evaluate("played") == {"plays": "a board", "row": "B", "column": "b"}
        first.locator("td").nth(7).click()
        assert first.locator(".tdx-play").count() == 0
        assert first.locator(".tdx-told").inner_text() == "C and b: nothing · C is no more"

    def test_a_word_leaves_what_it_names_and_what_meets_that(self, page):
        first = page.locator(".tdx-grid").first
        first.locator(".tdx-only").fill("C")
        first.locator(".tdx-only").press("Tab")
        assert (names(first, "thead th:not(.tdx-corner)"), names(first, "tbody th")) == (["a", "c"], ["C"])
        assert first.locator("td:focus").evaluate("e => e.parentNode.rowIndex") == 3, "the first cell that is left"
        page.keyboard.press("ArrowUp")
        assert first.locator("td:focus").evaluate("e => e.parentNode.rowIndex") == 3
        page.keyboard.press("ArrowRight")
        assert first.locator(".tdx-told").inner_text() == "C and c: nothing"
        first.locator(".tdx-only").fill("a")
        first.locator(".tdx-only").press("Tab")
        page.keyboard.press("End")
        assert first.locator(".tdx-told").inner_text() == "A meets B", "the last that is left in the row"
        first.locator(".tdx-only").fill("")
        assert names(first, "tbody th") == ["A", "B", "C"]

    def test_a_large_one_scrolls_in_its_box_and_stays_readable(self, page):
        large = page.locator(".tdx-grid").nth(1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        sizes = large.locator("td, th, small, .tdx-told").evaluate_all(
            "all => all.map(e => parseFloat(getComputedStyle(e).fontSize))"
        )
        assert min(sizes) >= 11
        large.locator("td").first.click()
        for keys in ("Control+End", *["ArrowUp"] * 29, *["ArrowLeft"] * 29, "Control+End", "Home", "Control+ArrowUp"):
            page.keyboard.press(keys)
            seen = """cell => {
                const { left, top, width, height } = cell.getBoundingClientRect();
                return document.elementFromPoint(left + width / 2, top + height / 2) === cell;
            }"""
            assert large.locator("td:focus").evaluate(seen), (
                f"after {keys} the cell is not under the names, nor beyond the box"
            )

    def test_keys_that_others_need_are_left_to_them(self, page):
        first = page.locator(".tdx-grid").first
        page.evaluate("window.keys = []; document.body.onkeydown = e => { keys.push([e.key, e.defaultPrevented]); }; 0")
        first.locator("td").nth(4).focus()
        here = lambda: page.locator("td:focus").evaluate("e => [e.parentNode.rowIndex - 1, e.cellIndex - 1]")  # noqa: E731
        for keys in ("Alt+ArrowRight", "Shift+ArrowRight", "Alt+Enter", "Shift+Home", "x", "Escape"):
            page.keyboard.press(keys)
        assert here() == [1, 1] and first.locator(".tdx-pinned").count() == 0
        heard = [key for key in page.evaluate("keys") if key[0] not in ("Alt", "Shift")]
        assert heard == [[key, False] for key in ("ArrowRight", "ArrowRight", "Enter", "Home", "x", "Escape")]
        page.evaluate("keys.length = 0")
        for keys in ("ArrowRight", "Home", "Control+ArrowDown", "Meta+ArrowUp", " ", "Escape", "Control+Home"):
            page.keyboard.press(keys)
        assert [key for key in page.evaluate("keys") if key[0] not in ("Control", "Meta")] == []

    def test_with_control_a_key_goes_all_the_way(self, page):
        first = page.locator(".tdx-grid").first
        first.locator("td").nth(4).focus()
        here = lambda: page.locator("td:focus").evaluate("e => [e.parentNode.rowIndex - 1, e.cellIndex - 1]")  # noqa: E731
        for keys, at in (
            ("Control+ArrowDown", [2, 1]), ("Meta+ArrowRight", [2, 2]), ("Control+Home", [0, 0]), ("End", [0, 2]), ("ArrowUp", [0, 2]), ("Control+End", [2, 2]), ("ArrowRight", [2, 2]),
            ("ArrowDown", [2, 2]), ("ArrowUp", [1, 2]), ("Home", [1, 0]), ("ArrowLeft", [1, 0]),
        ):  # fmt: skip
            page.keyboard.press(keys)
            assert here() == at, keys
            assert first.locator("td[tabindex='0']").evaluate_all(
                "all => all.map(e => e === document.activeElement)"
            ) == [True], "Tab comes back here"

    def test_what_is_lit_is_the_row_and_the_column_of_one_cell(self, page):
        first = page.locator(".tdx-grid").first
        told, quiet = (
            first.locator(".tdx-told"),
            "Rest the pointer on a cell, or press Tab and the arrow keys; Enter or a click keeps it.",
        )
        assert told.inner_text() == quiet and told.is_visible() and first.locator(".tdx-only").is_visible()
        crossed = "all => all.map(e => [e.parentNode.rowIndex - 1, e.cellIndex - 1].join())"
        first.locator("td").nth(5).hover()
        assert first.locator(".tdx-cross").evaluate_all(crossed) == ["0,2", "1,0", "1,1", "1,2", "2,2"]
        assert first.locator(".tdx-lit").count() == 2
        page.mouse.move(0, 0)
        assert told.inner_text() == quiet and first.locator(".tdx-lit, .tdx-cross").count() == 0
        first.locator("td").first.focus()
        first.locator("td").nth(5).hover()
        page.mouse.move(0, 0)
        assert told.inner_text() == "A and the whole a: nothing", "the one with the focus again"
        page.keyboard.press("Enter")
        assert told.inner_text() == "A and the whole a: nothing", "it is pinned, and said once"
        first.locator("td").nth(5).hover()
        assert told.inner_text() == "B and c: nothing · Pinned: A and the whole a: nothing"
        first.locator("th").first.click()
        assert first.locator(".tdx-pinned").count() == 1, "a name is no cell"
        assert first.locator("td[title]").count() == 0

    def test_a_word_is_looked_for_in_names_of_both_sides_and_nothing_may_have_it(self, page):
        first = page.locator(".tdx-grid").first
        first.locator(".tdx-only").fill(" B ")
        assert (names(first, "thead th:not(.tdx-corner)"), names(first, "tbody th")) == (["b"], ["A", "B"])
        assert first.locator(".tdx-faint:visible").count() == 0
        first.locator(".tdx-only").fill("zzz")
        assert names(first, "tbody th") == names(first, "thead th:not(.tdx-corner)") == []
        first.locator(".tdx-only").fill("")
        assert first.locator(".tdx-faint").count() == 0 and len(first.locator("td:visible").all()) == 9
