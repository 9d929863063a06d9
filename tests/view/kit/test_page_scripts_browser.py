"""The small scripts of boards and tables in a page without a kernel: heard.js, tell.js, made.js, choices.js, copied.js, files.js, filter.js, picked.js,
slider.js, beside.js, named.js, unpack.js."""

import json

import pytest

from tdxkit.view.kit import heard, scripts
from tdxkit.view.kit.filtered import filtered
from tdxkit.view.kit.tables import table

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
AWAKE = "data-lm-suppress-shortcuts"


def script(name):
    return scripts.script(heard.PAGE, name)


BOARD = """<div class="tdx-live"><div id="place"></div><button id="ours">ours</button><select id="choice"><option>a<option>b</select><p id="words" tabindex="0">words</p></div>
<button id="theirs">theirs</button>"""


def line(one):
    return one.page.locator(".tdx-no-kernel")


def idle(one, state="idle"):
    one.page.evaluate("state => model.callbacks.iopub.status({ content: { execution_state: state } })", state)


class TestHeard:
    def test_it_asks_whenever_a_control_of_its_board_is_used_and_no_other(self, fake):
        one = fake(script("heard.js"), {}, BOARD)
        assert one.sent == [{"here": True}]
        one.page.locator("#ours").click()
        assert one.sent[1:] == [{"asked": 1}]
        one.page.locator("#choice").select_option("b")
        assert one.sent[-1] == {"asked": 2}
        one.page.locator("#theirs").click()
        one.page.locator("#choice").press("x")
        assert len(one.sent) == 3
        one.page.locator("#words").press("Enter")
        assert one.sent[3:] == [{"asked": 3}]
        one.hears("comm_live_update")
        assert one.sent[4:] == [{"asked": 4}]

    def test_nobody_answers_it_says_so_aloud_and_an_answer_takes_it_back(self, fake):
        one = fake(script("heard.js"), {}, BOARD)
        assert line(one).inner_text() == "" and line(one).get_attribute("role") is None
        one.page.locator("#ours").click()
        idle(one, "busy")
        assert line(one).inner_text() == "", "it is waited for"
        idle(one)
        assert line(one).inner_text() == "No kernel hears this any more: run the cell again."
        assert line(one).get_attribute("role") == "alert"
        one.hears("msg:custom", {"other": 1})
        assert line(one).get_attribute("role") == "alert"
        one.hears("msg:custom", {"heard": 1})
        assert line(one).inner_text() == "" and line(one).get_attribute("role") is None
        idle(one)
        assert line(one).inner_text() == "", "that question was answered"

    def test_an_answer_to_an_earlier_question_is_none_to_the_last(self, fake):
        one = fake(script("heard.js"), {}, BOARD)
        one.page.locator("#ours").click()
        one.page.locator("#ours").click()
        one.hears("msg:custom", {"heard": 1})
        idle(one)
        assert "No kernel" in line(one).inner_text()

    def test_where_nothing_can_be_sent_it_says_so_at_once(self, fake):
        one = fake(script("heard.js"), {}, BOARD)
        one.page.evaluate("model.dead = true")
        one.page.locator("#ours").click()
        assert "No kernel" in line(one).inner_text()
        one.page.evaluate("window.before = document.querySelector('.tdx-no-kernel').firstChild")
        one.page.locator("#ours").click()
        assert one.page.evaluate("before === document.querySelector('.tdx-no-kernel').firstChild"), "it is said once"

    def test_it_tells_what_is_typed_in_the_fields_that_the_kernel_names(self, fake):
        one = fake(script("heard.js"), {"m1.value": "of a line", "m2.text": "of a box"}, BOARD)
        one.hears("msg:custom", {"typed": [["m1", "value"], ["m2", "text"]]})
        one.page.wait_for_function("model.sent.length === 2")
        assert one.sent[1:] == [{"typed": {"m1": "of a line", "m2": "of a box"}}] and line(one).inner_text() == ""

    def test_labs_shortcuts_sleep_on_its_controls_alone(self, fake):
        one = fake(script("heard.js"), {}, BOARD)
        for name in ("ours", "choice", "theirs", "words"):
            one.page.locator(f"#{name}").focus()
        assert [
            one.page.locator(f"#{name}").get_attribute(AWAKE) for name in ("ours", "choice", "theirs", "words")
        ] == ["true", "true", None, None]

    def test_taken_away_it_asks_no_more(self, fake):
        one = fake(script("heard.js"), {}, BOARD)
        assert one.ends() == 0
        one.page.locator("#ours").click()
        one.page.locator("#choice").select_option("b")
        one.page.locator("#ours").press("Enter")
        assert one.sent == [{"here": True}, {"here": False}] and one.page.locator("#ours").get_attribute(AWAKE) is None


CHOICES = {
    "title": "What was found", "header": ["name", "verdict"],
    "rows": [{"cells": [{"text": "one <b>", "role": ""}, {"text": "ok", "role": "good"}], "more": "the first"},
             {"cells": [{"text": "two", "role": ""}, {"text": "none", "role": ""}], "more": ""},
             {"cells": [{"text": "three", "role": "bad"}, {"text": "", "role": ""}], "more": "the third"}],
}  # fmt: skip


class TestChoices:
    def test_a_row_with_more_has_a_button_and_the_chosen_says_that_it_is_shown(self, fake):
        one = fake(script("choices.js"), {"data": json.dumps(CHOICES), "chosen": 2})
        rows = one.page.locator("tbody tr")
        assert one.page.locator("caption").inner_text() == "What was found"
        assert one.page.locator("thead th[scope=col]").all_inner_texts() == ["name", "verdict", "more"]
        assert [len(row.locator("th[scope=row]").all()) for row in rows.all()] == [1, 1, 1]
        assert rows.first.locator("th").inner_text() == "one <b>" and rows.first.locator("td").count() == 2
        assert (
            one.page.locator(".tdx-word").all_inner_texts() == ["ok", "three"]
            and one.page.locator(".tdx-word.tdx-is-bad").count() == 1
        )
        buttons = one.page.locator("button")
        assert buttons.all_inner_texts() == ["show", "▸ shown below"]
        assert [b.get_attribute("aria-label") for b in buttons.all()] == ["Show the first", "Show the third"]
        assert [b.get_attribute("aria-pressed") for b in buttons.all()] == ["false", "true"]
        assert [row.get_attribute("class") or "" for row in rows.all()] == ["", "", "tdx-marked"]
        buttons.first.click()
        assert one.saved[-1]["chosen"] == 0 and one.sent == [{}]
        assert buttons.all_inner_texts() == ["▸ shown below", "show"] and [
            row.get_attribute("class") or "" for row in rows.all()
        ] == ["tdx-marked", "", ""]
        assert buttons.first.get_attribute("type") == "button" and buttons.first.get_attribute(AWAKE) == "true"

    def test_without_a_kernel_nothing_is_chosen_and_at_its_end_nothing_is_heard(self, fake):
        one = fake(script("choices.js"), {"data": json.dumps(CHOICES), "chosen": -1})
        one.page.evaluate("model.dead = true")
        one.page.locator("button").first.click()
        assert one.saved == [] and one.page.locator(".tdx-marked").count() == 0
        assert one.ends() == 0


def test_a_slider_says_its_label_as_it_moves_and_tells_where_it_stops(fake):
    one = fake(script("slider.js"), {"labels": ["none", "few", "many"], "index": 1, "description": "How many"})
    slider, said = one.page.get_by_role("slider", name="How many"), one.page.locator("output")
    read = lambda: (slider.input_value(), said.inner_text(), slider.get_attribute("aria-valuetext"))  # noqa: E731
    assert read() == ("1", "few", "few") and [slider.get_attribute(name) for name in ("min", "max", "step", AWAKE)] == [
        "0",
        "2",
        "1",
        "true",
    ]
    slider.evaluate("e => { e.value = 2; e.dispatchEvent(new Event('input')); }")
    assert read() == ("2", "many", "many") and one.saved == [], "it is still moving"
    slider.evaluate("e => { e.value = 0; e.dispatchEvent(new Event('input')); e.dispatchEvent(new Event('change')); }")
    assert read() == ("0", "none", "none") and [row["index"] for row in one.saved] == [0]
    one.gets("index", 2)
    assert read() == ("2", "many", "many")
    slider.press("ArrowLeft")
    assert read()[1] == "few" and one.saved[-1]["index"] == 1
    assert one.ends() == 0


class TestFiles:
    LOOK = json.dumps({"words": "Open a trace", "accept": ".txt", "several": True, "most": 2_000_000})

    def test_files_are_handed_over_by_name_and_bytes_and_can_be_opened_again(self, fake, tmp_path):
        one = fake(script("files.js"), {"look": self.LOOK})
        names = [tmp_path / "a.txt", tmp_path / "b.txt"]
        for name in names:
            name.write_text(f"in {name.name}", encoding="utf-8")
        assert (
            one.page.locator("input").get_attribute("accept") == ".txt" and not one.page.locator("input").is_visible()
        )
        for _ in range(2):
            with one.page.expect_file_chooser() as chosen:
                one.page.get_by_role("button", name="Open a trace").click()
            assert chosen.value.is_multiple()
            chosen.value.set_files(names)
        one.page.wait_for_function("model.sent.length === 2")
        assert (
            one.sent == [{"names": ["a.txt", "b.txt"]}] * 2
            and one.page.evaluate("model.buffers") == ["in a.txt", "in b.txt"] * 2
        )
        assert one.page.locator("[role=status]").inner_text() == ""

    def test_a_large_one_is_refused_by_name_and_exactly_the_most_is_not(self, fake, tmp_path):
        one = fake(script("files.js"), {"look": self.LOOK.replace("true", "false")})
        large, just = tmp_path / "large.txt", tmp_path / "just.txt"
        large.write_bytes(b"x" * 2_000_001)
        just.write_bytes(b"x" * 2_000_000)
        one.page.locator("input").set_input_files(large)
        one.page.get_by_text("large.txt has more than 2 MB: give its path on the server").wait_for()
        assert one.sent == [] and one.page.locator("input").evaluate("e => e.multiple") is False
        one.page.locator("input").set_input_files(just)
        one.page.wait_for_function("model.sent.length === 1")
        assert one.page.locator("[role=status]").inner_text() == ""
        one.page.locator("input").set_input_files([])
        one.page.wait_for_timeout(30)
        assert len(one.sent) == 1, "who takes none changes nothing"


class TestPicked:
    HTML = '<div class="tdx-live"><div style="height:3000px"></div><div id="place"></div><select id="first"></select><button>b</button></div>'

    def play(self, one, plays="a board"):
        one.page.evaluate(
            "plays => document.dispatchEvent(new CustomEvent('tdx-play', { detail: { plays, row: 'A', column: 'b' } }))",
            plays,
        )

    def test_a_cell_is_played_on_its_board_which_comes_into_sight_and_has_the_focus(self, fake):
        one = fake(script("picked.js"), {"plays": "a board"}, "<div style='height:3000px'></div>" + self.HTML)
        assert one.page.locator(".tdx-picked[data-plays='a board']").count() == 1
        self.play(one, "another")
        assert one.sent == [] and one.page.evaluate("scrollY") == 0
        self.play(one)
        assert one.sent == [{"cell": ["A", "b"]}]
        assert one.page.evaluate("document.activeElement.id") == "first"
        assert one.page.evaluate("document.querySelector('.tdx-live').getBoundingClientRect().top") == 0
        assert one.ends() == 0
        self.play(one)
        assert len(one.sent) == 1

    def test_without_a_kernel_nothing_moves(self, fake):
        one = fake(script("picked.js"), {"plays": "a board"}, "<div style='height:3000px'></div>" + self.HTML)
        one.page.evaluate("model.dead = true")
        self.play(one)
        assert one.page.evaluate("[scrollY, document.activeElement.tagName]") == [0, "BODY"]


COPIED = {"label": "the report", "shown": "shown <i>", "text": "all of it"}


class TestCopied:
    def test_a_button_copies_the_text_and_says_so_for_a_while(self, fake, timed):
        one = fake(script("copied.js"), dict(COPIED), page=timed)
        one.page.evaluate(
            "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async text => { window.kept = text; } } })"
        )
        said = one.page.locator("[role=status]")
        assert (
            one.page.locator("pre").inner_text() == "shown <i>"
            and one.page.locator("pre").get_attribute("aria-label") == "the report"
        )
        assert (
            one.page.locator("pre").get_attribute(AWAKE) == "true"
            and one.page.locator("pre").get_attribute("tabindex") == "0"
        )
        one.page.get_by_role("button", name="Copy the report").click()
        said.filter(has_text="copied").wait_for()
        assert one.page.evaluate("kept") == "all of it"
        timed.clock.run_for(1_499)
        assert said.inner_text() == "copied"
        timed.clock.run_for(1)
        assert said.inner_text() == ""

    @pytest.mark.parametrize(("can", "told"), [(True, "copied"), (False, "selected: press Ctrl+C")])
    def test_where_the_page_may_not_it_is_selected(self, fake, can, told):
        one = fake(script("copied.js"), dict(COPIED))
        one.page.evaluate(
            "can => { Object.defineProperty(navigator, 'clipboard', { value: undefined }); document.execCommand = () => can; }",
            can,
        )
        one.page.get_by_role("button").click()
        one.page.wait_for_function("told => document.querySelector('[role=status]').textContent === told", arg=told)
        assert one.page.evaluate("getSelection().toString()") == "shown <i>"


class TestFilter:
    ROWS = (("B1", "an ADD fails", "v1"), ("B2", "a lost pair", "v2"), ("B3", "add and remove", "v2"))

    @pytest.fixture
    def page(self, blank):
        shown = filtered(table(("bug", "what", "where"), self.ROWS), "versions", {"v1": [0], "v2": [1, 2]})
        blank.set_default_timeout(8_000)
        blank.goto("about:blank")
        blank.set_content(str(shown.html()))
        blank.locator("output").wait_for()
        return blank

    def state(self, page):
        rows = "all => all.filter(row => row.querySelector('td') && row.getClientRects().length).map(row => row.firstElementChild.textContent)"
        return (
            page.locator("tr").evaluate_all(rows),
            page.locator("output").inner_text(),
            page.get_by_role("button", name="Show all").is_visible(),
        )

    def test_words_and_a_choice_leave_what_fits_both_and_all_is_given_back(self, page):
        words, choice = (
            page.get_by_role("searchbox", name="with these words"),
            page.get_by_role("combobox", name="versions"),
        )
        assert self.state(page) == (["B1", "B2", "B3"], "all 3 rows", False)
        assert choice.locator("option").all_inner_texts() == ["all", "v1", "v2"]
        words.fill(" add ")
        assert self.state(page) == (["B1", "B3"], "2 of 3 rows", True)
        choice.select_option(label="v2")
        assert self.state(page) == (["B3"], "1 of 3 rows", True)
        words.fill("remove ADD")
        assert self.state(page)[0] == ["B3"], "several words, in any order"
        words.fill("zzz")
        assert self.state(page) == ([], "0 of 3 rows", True)
        words.fill("b")
        choice.select_option(label="all")
        assert self.state(page) == (["B1", "B2", "B3"], "all 3 rows", True), "there is a word to take back"
        choice.select_option(label="v1")
        page.get_by_role("button", name="Show all").click()
        assert self.state(page) == (["B1", "B2", "B3"], "all 3 rows", False) and (
            words.input_value(),
            choice.input_value(),
        ) == ("", "")
        assert words.evaluate("e => e === document.activeElement")
        assert [page.locator(kind).get_attribute(AWAKE) for kind in ("input", "select")] == ["true", "true"]
        assert page.locator("output[role=status]").count() == 1


OUTPUT = '<div class="jp-OutputArea"><div class="jp-OutputArea-child"><div id="a">{}</div></div><div class="jp-OutputArea-child" id="b">{}</div></div>'
LIVE = '<div class="jp-OutputArea-output lm-Panel">{}</div>'


class TestBeside:
    STATIC = "<div class='tdx-beside'><style>p {}</style><p>static</p><p>more</p></div>"

    def run(self, page, html):
        page.goto("about:blank")
        page.set_content(html)
        page.add_script_tag(content=script("beside.js"), type="module")
        return page.locator(".tdx-beside")

    def test_a_live_form_that_comes_after_it_empties_the_static_one(self, blank):
        here = self.run(blank, OUTPUT.format(self.STATIC, ""))
        assert here.inner_text().split() == ["static", "more"]
        blank.evaluate("html => { document.querySelector('#b').innerHTML = html; }", LIVE.format(""))
        blank.wait_for_timeout(30)
        assert here.inner_text().split() == ["static", "more"], "nothing is drawn there yet"
        blank.evaluate("document.querySelector('.lm-Panel').append(document.createElement('div'))")
        blank.wait_for_function("document.querySelectorAll('.tdx-beside p').length === 0")
        assert here.locator("style").count() == 1, "its style is the live one's too"
        blank.evaluate(
            "document.querySelector('.tdx-beside').append(document.createElement('p')); document.querySelector('.lm-Panel').append('x')"
        )
        blank.wait_for_timeout(30)
        assert here.locator("p").count() == 1, "it has done its work"

    def test_one_that_is_there_already_and_a_page_that_is_no_notebook(self, blank):
        assert self.run(blank, OUTPUT.format(self.STATIC, LIVE.format("<i>live</i>"))).inner_text() == ""
        assert self.run(blank, self.STATIC).inner_text().split() == ["static", "more"]

    def test_it_is_watched_once(self, blank):
        here = self.run(blank, OUTPUT.format(self.STATIC, LIVE.format("<i>live</i>")))
        blank.evaluate("document.querySelector('.tdx-beside').innerHTML = '<p>again</p>'")
        blank.add_script_tag(content=script("beside.js"), type="module")
        assert here.inner_text() == "again"


def test_a_chart_has_the_name_of_the_table_below_it(blank):
    table = '<div class="tdx-chart-table" data-chart="pairs in use"></div>'
    html = OUTPUT.format('<div class="jp-RenderedPlotly">chart</div>', table) + table
    blank.goto("about:blank")
    blank.set_content(html)
    blank.add_script_tag(content=script("named.js"), type="module")
    blank.wait_for_function("document.querySelectorAll('[data-named]').length === 2")
    chart = blank.locator(".jp-RenderedPlotly")
    assert (chart.get_attribute("role"), chart.get_attribute("aria-label")) == (
        "img",
        "Chart: pairs in use; the table below says the same",
    )


def test_a_packed_script_of_a_kind_runs_once_for_all_that_are_there(blank):
    from tdxkit.view.kit.svg import packed_script

    blank.goto("about:blank")
    blank.set_content(
        f"<body>{''.join(str(packed_script('window.count = (window.count ?? 0) + 1;', then)) for then in ('a: 1;', 'a: 1;', 'b: 2;'))}"
    )
    blank.wait_for_function("window.count >= 2")
    blank.wait_for_timeout(40)
    assert blank.evaluate(
        "[count, document.querySelectorAll('script.tdx-code[data-run]').length, document.head.querySelectorAll('script').length]"
    ) == [2, 3, 0]
