"""A reader's way through the site: from the start page on, over a reload, on a telephone; what is old, what is hostile, what takes long."""

import json
import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from benchmarks.bench_site import LONG, cancelled, output
from tdxkit.lessons.notebooks import lessons
from tests.browser.test_paste_c import MENDED, RACY, paste
from tools.lab import CHROMIUM_ARGS, LabPage, find_chromium

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("site")]


def test_from_the_start_page_through_a_gate_and_an_exercise_and_back_after_a_reload(chromium, served):
    context = chromium.browser.new_context(viewport={"width": 1400, "height": 1000})
    start = context.new_page()
    start.goto(served.url(""))
    assert start.locator("tbody tr").count() == len(lessons())
    assert "tdxkit" in start.title() and start.get_by_role("link", name="Open the workbook").is_visible()
    address = start.get_by_role("link", name="Open the workbook").get_attribute("href")
    assert served.url(address) == served.address("00-start-here.ipynb")
    page = LabPage(start, served, "00-start-here.ipynb")
    page.run_all()
    gate = page.cell("step-it").locator(".tdx-gate")
    gate.scroll_into_view_if_needed()
    gate.get_by_role("radio").nth(1).check()
    gate.get_by_role("button", name="Answer").click()
    expect(gate).to_contain_text("Who finds a count above zero knows", timeout=20_000)
    page.write("who-removes", 'exercise("who-removes", 17)')
    page.run("who-removes")
    expect(page.cell("who-removes")).to_contain_text("✓ passed", timeout=20_000)
    page.run("progress")
    expect(page.cell("progress")).to_contain_text("1 of 3", timeout=20_000)
    page.command("docmanager:save")
    page = LabPage(context.new_page(), served, "00-start-here.ipynb")
    assert page.source("who-removes") == 'exercise("who-removes", 17)'
    gate = page.cell("step-it").locator(".tdx-gate")
    gate.get_by_role("radio").nth(0).check()
    gate.get_by_role("button", name="Answer").click()
    expect(gate).to_contain_text("it is not in your progress")
    page.run("tools")
    page.run("step-it")
    expect(gate).to_contain_text("Who finds a count above zero knows", timeout=60_000)
    expect(gate).not_to_contain_text("it is not in your progress")
    page.run("progress")
    expect(page.cell("progress")).to_contain_text("1 of 3", timeout=60_000)
    assert page.outside == []
    context.close()


def test_a_copy_that_is_older_is_offered_the_newer_one_and_keeps_what_was_written(open_there, served):
    page = open_there("06-status-codes.ipynb")
    page.write("tools", re.sub(r"edition=\d+", "edition=0", page.source("tools")))
    page.run("tools")
    cell = page.cell("tools")
    expect(cell.locator(".tdx-edition")).to_contain_text("edition 0", timeout=60_000)
    cell.get_by_role("button", name=re.compile("Put edition")).click()
    expect(cell).to_contain_text("06-status-codes-edition-", timeout=20_000)
    listed = page._panel("return (await app.serviceManager.contents.get('')).content.map(one => one.name);")
    assert any(name.startswith("06-status-codes-edition-") for name in listed) and "06-status-codes.ipynb" in listed


@pytest.mark.parametrize("what", LONG)
def test_long_work_shows_how_far_it_is_and_hears_its_cancel(what, open_there):
    notebook, *work = LONG[what]
    seconds, said = cancelled(open_there(notebook), *work)
    assert seconds < 3, "on a machine under load; benchmarks/bench_site.py has the figure"
    assert re.search(r"\d%|states so far", said)


def test_completion_and_graphs_do_without_what_was_left_out_of_their_wheels(open_there):
    page = open_there("04-refcount-races.ipynb")
    words = [
        "import jedi, networkx",
        "names = [one.name for one in jedi.Interpreter('import json; json.du', [{}]).complete()]",
        "print(names, jedi.Interpreter('[].appe', [{}]).complete()[0].name, networkx.path_graph(3))",
    ]
    page.write("packet", "\n".join(words))
    page.run("packet")
    assert output(page, "packet").strip() == "['dump', 'dumps'] append Graph with 3 nodes and 2 edges"


def test_c_is_pasted_judged_and_stepped(open_there):
    page = open_there("04-refcount-races.ipynb")
    page.run("tools")
    page.run("write-put")
    box = page.cell("write-put")
    for text, verdict in (
        (RACY, "✗ violation: "),
        (MENDED, "✓ ok: "),
        (RACY.replace("lock(&door);", "lock(&door)", 1), "! not judged: line "),
    ):
        paste(box, text)
        box.locator("button", has_text=re.compile(r"^\s*Judge$")).click()
        box.locator(".tdx-opinion h3", has_text=re.compile(f"^{verdict}")).wait_for()
        assert (box.locator(".tdx-stepper").count() == 1) is (text == RACY)
    assert page.outside == []


def test_mails_are_judged_and_the_worst_race_stands_below(open_there):
    page = open_there("09-patch-review.ipynb")
    page.run("tools")
    page.run("paste-the-mails")
    cell = page.cell("paste-the-mails")
    cell.get_by_role("button", name="Judge the series").click()
    expect(cell.locator(".tdx-choices tbody tr")).to_have_count(5, timeout=30_000)
    cell.locator(".tdx-stepper").get_by_role("button", name="Last", exact=True).click()
    assert "tdx-broken" in cell.locator(".tdx-stepper .tdx-say").get_attribute("class")


def test_a_trace_is_uploaded_and_read(open_there, tmp_path):
    from tdxkit.facts import data_path

    page = open_there("08-msr-hotplug.ipynb")
    page.run("tools")
    page.run("reader")
    cell = page.cell("reader")
    file = tmp_path / "<b>mine.trace"
    file.write_bytes(data_path("traces/second.trace").read_bytes())
    cell.locator("input[type=file]").first.set_input_files(file)
    expect(cell).to_contain_text("vCPU 3", timeout=30_000)
    assert cell.locator("b", has_text="mine").count() == 0


def test_a_link_with_a_hostile_name_stays_text(chromium, served):
    context = chromium.browser.new_context()
    page = context.new_page()
    page.goto(served.url("lab/index.html?path=%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D1%22%3E.ipynb"))
    page.wait_for_selector("#jp-main-dock-panel, .jp-Dialog", timeout=60_000)
    page.wait_for_timeout(2_000)
    assert page.evaluate("window.hit ?? 0") == 0
    context.close()


def test_a_notebook_with_a_hostile_name_stays_text(open_there):
    page = open_there("00-start-here.ipynb")
    name = "<img src=x onerror='window.hit=1'>.ipynb"
    page._panel(
        f"await app.serviceManager.contents.save({json.dumps(name)}, {{type: 'notebook', format: 'json', content: {{cells: [], metadata: {{}}, nbformat: 4, nbformat_minor: 5}}}});"
        "await app.commands.execute('filebrowser:refresh');"
    )
    page.page.wait_for_timeout(1_500)
    assert page.page.evaluate("window.hit ?? 0") == 0


def test_the_start_page_and_a_notebook_fit_a_telephone(chromium, served):
    context = chromium.browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2)
    page = context.new_page()
    page.goto(served.url(""))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    href = page.locator("tbody tr").nth(4).get_by_role("link", name=re.compile("by itself")).get_attribute("href")
    page.goto(served.url(href))
    page.wait_for_selector(".jp-Notebook .jp-MarkdownCell", timeout=90_000)
    page.wait_for_timeout(1_000)
    wide = page.evaluate(
        "[...document.querySelectorAll('.jp-Notebook .jp-RenderedMarkdown')].slice(0, 6).map(e => e.getBoundingClientRect().right)"
    )
    assert wide and max(wide) <= 391
    with context.expect_page() as other:
        page.locator(".jp-RenderedMarkdown a", has_text="Next").or_(
            page.locator("a[href*='05-']", has_text="05")
        ).last.click()
    other.value.wait_for_url(re.compile(r"/notebooks/index\.html\?path=05-fault-path-pools\.ipynb"))
    other.value.wait_for_selector(".jp-Notebook .jp-MarkdownCell", timeout=90_000)
    context.close()


def test_a_link_between_notebooks_leads_nowhere_else(chromium, served):
    page = chromium.browser.new_context().new_page()
    for path in ("//example.org/x.ipynb", "https://example.org/x.ipynb", "javascript:x.ipynb", "../../x", ""):
        page.goto(served.url(f"tree?path={quote(path)}"))
        page.wait_for_timeout(500)
        assert page.url.startswith(served.url(""))
    page.context.close()


class Elsewhere:
    """The same server under a name that is not the machine's own, to the browser."""

    def __init__(self, served):
        self.served, self.port = served, served.port

    def address(self, notebook):
        return self.served.address(notebook).replace("127.0.0.1", "room.test")


def test_over_http_from_elsewhere_all_runs_and_what_is_not_kept_is_said(served, chromium):
    args = [one.replace("MAP * ~NOTFOUND", "MAP room.test 127.0.0.1, MAP * ~NOTFOUND") for one in CHROMIUM_ARGS]
    browser = chromium.playwright.chromium.launch(executable_path=find_chromium(), args=args)
    page = LabPage(browser.new_context().new_page(), Elsewhere(served), "00-start-here.ipynb")
    assert not page.page.evaluate("window.isSecureContext")
    page.run_all()
    assert page.cell_errors() == []
    page.write("who-removes", 'exercise("who-removes", 17)')
    page.run("who-removes")
    expect(page.cell("who-removes")).to_contain_text("Progress is not kept: this page has no drive", timeout=20_000)
    page.run("progress")
    expect(page.cell("progress")).to_contain_text("kept nowhere", timeout=20_000)
    browser.close()
