"""C in the box of notebook 04, in a real Lab: a race pasted, found and stepped in its own lines; a slip at its line; mended, ok; both themes."""

import re

import pytest

from tests.browser.test_be_the_scheduler import CONTRAST

RACY = """/* One pair for all; who leaves last takes it along. */
static DEFINE_SPINLOCK(door);

int shed_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	if (alloc_pamt_array(pages))
		return -ENOMEM;
	spin_lock(&door);
	if (atomic_read(users))
		free_pamt_array(pages);
	else
		tdh_phymem_pamt_add(pfn, pages);
	atomic_inc(users);
	spin_unlock(&door);
	return 0;
}

void shed_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	if (!atomic_dec_and_test(users))
		return;
	tdh_phymem_pamt_remove(pfn, pages);
	free_pamt_array(pages);
}
"""
UNLOCKED = "\tif (!atomic_dec_and_test(users))\n\t\treturn;\n\ttdh_phymem_pamt_remove(pfn, pages);\n"
LOCKED = "\tif (!atomic_dec_and_lock(users, &door))\n\t\treturn;\n\ttdh_phymem_pamt_remove(pfn, pages);\n\tspin_unlock(&door);\n"
MENDED = RACY.replace(UNLOCKED, LOCKED)


@pytest.fixture(scope="module")
def lab_page(lab, chromium):
    page = chromium.open(lab, "04-refcount-races.ipynb")
    page.run("tools")
    page.run("write-put")
    page.page.set_default_timeout(20_000)
    page.cell("write-put").locator(".tdx-editor textarea").wait_for()
    page.cell("write-put").locator(".tdx-opinion h3").wait_for()  # of what the box begins with
    yield page
    page.close()


@pytest.fixture
def box(lab_page):
    """The cell with the box; whatever a test does, the console stays silent and nothing is asked outside."""
    yield lab_page.cell("write-put")
    assert lab_page.complaints == [] and lab_page.outside == []


def paste(box, text):
    """As a reader does: all of it selected, and the clipboard's text in its place."""
    area = box.locator(".tdx-editor textarea")
    area.focus()
    area.press("ControlOrMeta+a")
    box.page.keyboard.insert_text(text)
    assert area.input_value() == text


def judged(box, verdict):
    """Press Judge and wait for the opinion; of one that stood there before the page would show the same heading."""
    box.locator(".tdx-opinion h3").evaluate_all("all => all.forEach(one => { one.dataset.before = ''; })")
    box.locator("button", has_text=re.compile(r"^\s*Judge$")).click()
    box.locator(".tdx-opinion h3:not([data-before])", has_text=re.compile(verdict)).wait_for()


def line_of(text, words):
    return next(k for k, line in enumerate(text.splitlines(), 1) if words in line)


def test_a_race_is_pasted_found_and_stepped_in_its_own_lines(lab_page, box):
    paste(box, RACY)
    judged(box, "^✗ violation: ")
    stepper = box.locator(".tdx-stepper", has_text="text, in C")
    stepper.get_by_role("button", name="First", exact=True).click()
    lines = {line.strip() for line in RACY.splitlines()} | {"TDH.MEM.PAGE.AUG(page);", "TDH.MEM.PAGE.REMOVE(page);"}
    seen = []
    count = int(re.search(r"of (\d+)", stepper.locator(".tdx-count").inner_text())[1])
    stepper.locator("[role=slider]").first.focus()
    for _ in range(count):
        lab_page.page.keyboard.press("ArrowRight")
        now = stepper.locator("li.tdx-now").all_inner_texts()
        seen += [line.strip() for line in now]
    assert set(seen) <= lines and "if (!atomic_dec_and_test(users))" in seen
    assert seen[0] == "if (alloc_pamt_array(pages))"
    assert "tdx-broken" in stepper.locator(".tdx-say").get_attribute("class")
    marked = box.locator(".tdx-gutter .tdx-broken")
    assert int(re.sub(r"\D", "", marked.inner_text())) in range(1, len(RACY.splitlines()) + 1)
    assert "▸" in marked.inner_text()


def test_a_slip_is_one_line_at_its_line_and_mended_it_is_ok(lab_page, box):
    slip = line_of(MENDED, "spin_unlock(&door);\n".strip())
    paste(box, MENDED)
    area = box.locator(".tdx-editor textarea")
    end = len("\n".join(MENDED.splitlines()[:slip]))
    area.evaluate("(area, at) => area.setSelectionRange(at, at)", end)
    area.press("Backspace")  # the semicolon
    said = box.locator(".tdx-slips li")
    said.filter(has_text="column").wait_for()
    assert said.count() == 1 and "column" in said.inner_text() and "\n" not in said.inner_text()
    at = int(re.search(r"line (\d+)", said.inner_text())[1])
    assert at in (slip, slip + 1)
    marked = box.locator(".tdx-gutter .tdx-slip")
    assert marked.inner_text().split() == ["✗", str(at)]
    judged(box, f"^! not judged: line {at}, column ")
    assert box.locator(".tdx-stepper").count() == 0 and "Traceback" not in box.inner_text()
    area.focus()
    area.press("ControlOrMeta+z")
    assert area.input_value() == MENDED
    said.wait_for(state="detached")
    area.press("Control+Enter")
    box.locator(".tdx-opinion h3", has_text=re.compile("^✓ ok: ")).wait_for()
    assert box.locator(".tdx-gutter :is(.tdx-slip, .tdx-broken)").count() == 0


def test_what_is_marked_is_in_sight_and_what_was_judged_before_is_told_as_that(lab_page, box):
    paste(box, "\n" * 60 + RACY)
    area, frame = box.locator(".tdx-editor textarea"), box.locator(".tdx-editor .tdx-frame")
    area.press("ControlOrMeta+Home")
    area.press("Control+Enter")  # the focus stays in the text
    marked = box.locator(".tdx-gutter .tdx-broken")
    marked.wait_for()
    at, seen = marked.bounding_box(), frame.bounding_box()
    assert seen["y"] <= at["y"] and at["y"] + at["height"] <= seen["y"] + seen["height"]
    assert box.locator(".progress-bar").count() == 0 or not box.locator(".progress-bar").first.is_visible()
    area.press("x")
    box.locator(".tdx-stale .tdx-opinion").wait_for()
    before = "e => getComputedStyle(e, '::before').content"
    assert "before the last change" in box.locator(".tdx-stale").evaluate(before)
    area.press("ControlOrMeta+z")
    box.locator(".tdx-stale").wait_for(state="detached")


def test_the_way_out_of_an_unknown_function_is_typed_as_it_is_told(lab_page, box):
    paste(box, MENDED.replace("\tspin_unlock(&door);\n\tfree", "\tmy_account(pfn);\n\tspin_unlock(&door);\n\tfree"))
    said = box.locator(".tdx-slips li")
    said.filter(has_text='write my_account=0 under "stubs"').wait_for()
    assert "`" not in said.inner_text() and said.locator("code").inner_text() == "my_account(…)"
    stubs = box.get_by_label("stubs:")
    stubs.fill("my_account = 0")
    stubs.press("Tab")
    said.wait_for(state="detached")
    judged(box, "^✓ ok: ")
    stubs.fill("")
    stubs.press("Tab")
    said.wait_for()
    judged(box, "^! not judged: line")
    assert box.locator(".tdx-opinion h3").bounding_box()["height"] < 30, "a headline of one line"


def test_no_pop_up_stands_before_the_lesson(lab_page):
    assert lab_page.page.get_by_text("Jupyter news").count() == 0


def test_what_is_chosen_is_told_by_a_word(lab_page, box):
    memory = box.get_by_label("memory:")
    assert memory.evaluate("e => e.tagName") == "SELECT" and memory.input_value() == "sequentially consistent"
    assert box.locator("button.widget-toggle-button").count() == 0


def test_a_verdict_fits_a_narrow_page(lab_page, box):
    lab_page.page.set_viewport_size({"width": 900, "height": 1000})
    paste(box, MENDED)
    judged(box, "^✓ ok: ")
    card = box.locator(".tdx-opinion")
    assert "a round costs" in card.inner_text()
    inside = "e => e.closest('.jp-OutputArea-output').getBoundingClientRect().right - e.getBoundingClientRect().right"
    assert card.evaluate(inside) >= 0
    wide = "e => { const o = e.closest('.jp-OutputArea-output'); return o.scrollWidth - o.clientWidth; }"
    assert card.evaluate(wide) <= 1
    lab_page.page.set_viewport_size({"width": 1280, "height": 720})


def test_lines_have_their_numbers_and_a_long_one_hangs(lab_page, box):
    paste(box, RACY)
    judged(box, "^✗ violation: ")
    lane = box.locator(".tdx-lane", has=lab_page.page.locator("li[data-number]")).first
    for item in lane.locator("li[data-number]").all():
        number, words = int(item.get_attribute("data-number")), item.text_content()
        assert RACY.splitlines()[number - 1].strip() == words.strip()
    number = "e => getComputedStyle(e, '::after').content"
    assert lane.locator("li[data-number]").first.evaluate(number).strip('"') == lane.locator(
        "li[data-number]"
    ).first.get_attribute("data-number")
    indent = "e => [parseFloat(getComputedStyle(e).paddingLeft), parseFloat(getComputedStyle(e).textIndent)]"
    padding, hang = lane.locator("li").last.evaluate(indent)
    assert hang < 0 < padding + hang


def test_typing_scrolling_tabs_and_the_way_out(lab_page, box):
    paste(box, "int a;\n" * 200)
    area, frame = box.locator(".tdx-editor textarea"), box.locator(".tdx-editor .tdx-frame")
    area.press("ControlOrMeta+End")
    lab_page.page.keyboard.type("int last;")
    assert frame.evaluate("f => f.scrollTop") > 1000, "the caret is in sight"
    rows = box.locator(".tdx-editor .tdx-ink > div")
    assert rows.count() == 201 and box.locator(".tdx-gutter > div").last.inner_text().strip() == "201"
    top = "e => Math.round(e.getBoundingClientRect().top)"
    assert abs(rows.last.evaluate(top) - box.locator(".tdx-gutter > div").last.evaluate(top)) <= 1
    paste(box, "void f(void)\n{")
    area.press("ControlOrMeta+End")
    for key in ("Enter", "Tab", "x", ";", "Enter", "y", ";"):
        area.press(key)
    assert area.input_value() == "void f(void)\n{\n\tx;\n\ty;"
    area.press("ControlOrMeta+a")
    area.press("Tab")
    assert area.input_value() == "\tvoid f(void)\n\t{\n\t\tx;\n\t\ty;"
    area.press("Shift+Tab")
    assert area.input_value() == "void f(void)\n{\n\tx;\n\ty;"
    cells = lab_page.page.locator(".jp-Notebook .jp-Cell.jp-CodeCell").count()
    for key in ("b", "a", "d", "d"):
        area.press(key)
    assert lab_page.page.locator(".jp-Notebook .jp-Cell.jp-CodeCell").count() == cells
    area.press("Escape")
    area.press("Tab")
    assert not area.evaluate("area => area === document.activeElement")


HOSTILE = {
    "markup": 'int a; /* <img src=x onerror=alert(1)> */ char *s = "</div><script>";',
    "open comment": "int a;\n/* never closed\nint b;\n",
    "open strings": "char *a = \"x\nchar b = 'y\n\"\"\"\n'''\n",
    "lines of a macro": "#define A(x) \\\n\t((x) + 1)\n#  if B\n#endif\n",
    "other letters": "/* ä → ∎ 😀 */ int 変数;\n\t\t\n   \n",
    "Python": "def put(m, region):\n    yield f'a {1}' # b\n    '''x\n    y'''\n",
    "parentheses": "(" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_seen_is_what_is_typed(box, name):
    """The coloured layer has the letters of the textarea, line by line, and nothing of them becomes markup."""
    paste(box, HOSTILE[name])
    ink = box.locator(".tdx-editor .tdx-ink")
    assert ink.evaluate("ink => [...ink.children].map(row => row.textContent)") == HOSTILE[name].split("\n")
    assert ink.locator("img, script").count() == 0
    colours = "ink => new Set([...ink.querySelectorAll('span')].map(s => getComputedStyle(s).color)).size"
    assert ink.evaluate(colours) or name == "parentheses"


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_it_reads_in_both_themes(lab_page, box, theme):
    paste(box, RACY.replace("return 0;", "return 0"))
    box.locator(".tdx-slips li").wait_for()
    lab_page.theme(theme)
    poor = box.locator(".tdx-editor").evaluate(CONTRAST)
    assert [one for one in poor if "TEXTAREA" not in one] == []


def test_lanes_in_c_by_a_click_and_by_a_key_and_the_next_stepper_remembers(lab_page, box):
    lab_page.run("quiet-run")
    stepper = lab_page.cell("quiet-run").locator(".tdx-stepper")
    stepper.wait_for()
    assert "yield" in stepper.locator(".tdx-lanes").inner_text()
    stepper.get_by_role("button", name="C", exact=True).click()
    code = stepper.locator(".tdx-lanes").inner_text()
    assert "spin_lock(&pamt_lock);" in code and "yield" not in code
    stepper.locator("[role=slider]").first.focus()
    lab_page.page.keyboard.press("l")
    assert "yield" in stepper.locator(".tdx-lanes").inner_text()
    lab_page.page.keyboard.press("l")
    assert stepper.get_by_role("button", name="C", exact=True).get_attribute("aria-pressed") == "true"
    stepper.get_by_role("button", name="as text").click()
    text = stepper.locator(".tdx-panel pre").inner_text()
    assert "15  region_pair_get: if (atomic_inc_not_zero(users))" in text and "yield" not in text
    ours = "The C was written for this workbook, in its own words"
    assert ours in text and ours in stepper.locator(".tdx-head").inner_text()
    slider = stepper.locator("[role=slider]").first
    slider.focus()
    slider.press("Home")
    heads = set()
    for _ in range(28):
        slider.press("ArrowRight")
        heads |= set(stepper.locator(".tdx-lane-head span").all_inner_texts())
        assert "yield" not in stepper.locator(".tdx-lanes").inner_text()
        if stepper.locator(".tdx-lane-head", has_text="the page is in use").count():
            assert stepper.locator("li.tdx-now").count() == 1
    assert "between get and put: the page is in use" in heads
    said = stepper.locator(".tdx-sentence").inner_text()
    assert not said.startswith("Atomic_")
    stepper.get_by_role("button", name="what this model leaves out").click()
    assert "Left out" in stepper.locator(".tdx-card").inner_text()
    lab_page.run("scheduler")
    walk = lab_page.cell("scheduler").locator(".tdx-stepper")
    walk.locator(".tdx-pick[data-actor='0']").first.click()
    assert walk.locator("li.tdx-now").inner_text().strip() == "if (atomic_inc_not_zero(users))"
    walk.get_by_role("button", name="Python", exact=True).click()
    assert "yield" in walk.locator(".tdx-lanes").inner_text()


def test_what_was_written_stands_in_the_box_again_when_the_kernel_was_restarted(lab_page, box):
    paste(box, MENDED)
    judged(box, "^✓ ok: ")
    lab_page._panel("await panel.sessionContext.session.kernel.restart();")
    lab_page.run("tools")
    lab_page.complaints[:] = [
        said for said in lab_page.complaints if "Comm not found" not in said
    ]  # of what was there before
    lab_page.run("write-put")
    line = box.locator(".tdx-editor .tdx-written")
    line.get_by_text("What you wrote here last").wait_for()
    area = box.locator(".tdx-editor textarea")
    assert area.input_value() == MENDED
    judged(box, "^✓ ok: ")
    line.get_by_role("button", name="Begin anew").click()
    begun = area.input_value()
    assert begun != MENDED and "As it began" in line.inner_text()
    lab_page.page.keyboard.press("Enter")  # the button that puts it back has the focus
    assert area.input_value() == MENDED
    line.get_by_role("button", name="Begin anew").click()
    judged(box, "^✗ violation: ")
    lab_page.run("write-put")  # what began anew is no draft
    box.locator(".tdx-editor textarea").wait_for()
    lab_page.page.wait_for_timeout(500)
    assert area.input_value() == begun and line.count() == 0
