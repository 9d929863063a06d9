"""What is left of a notebook without its kernel: saved and reopened, untrusted, converted by nbconvert; and the names in it stay text."""

import json
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

from tests.browser.gates import open_gates

SETUP = """from tdxkit.explore import explore, replay
from tdxkit.linux.refcount import scenario
from tdxkit.view import Stepper, region
two = scenario("v2")
run = replay(two, explore(two).schedule)
Stepper(run, picture=region, position=27)"""
CELLS = {
    "run": SETUP,
    "asks": "Stepper(run, picture=region, replay=lambda code: replay(two, code))",
    "board": "from tdxkit.view.patch_switches import PatchSwitches\nPatchSwitches()",
    "walk": 'Stepper.scheduler(two, goal="REMOVE must find a pair")',
}
METADATA = {"language_info": {"name": "python"}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}


@pytest.fixture(scope="module")
def kept(lab, chromium):
    """A notebook that was run, saved and closed, and its kernel shut down."""
    cells = [v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    file = lab.root / "kept.ipynb"
    nbformat.write(v4.new_notebook(cells=cells, metadata=METADATA), file)
    page = chromium.open(lab, file.name, viewport={"width": 1440, "height": 900})
    page.run_all()
    assert page.cell_errors() == [] and page.complaints == [] and page.outside == []
    for name in CELLS:
        steppers = page.cell(name).locator(".tdx-stepper")
        steppers.first.wait_for()
        assert steppers.count() == 1, f"{name}: one stepper, live or static"
    page.command("docmanager:save")
    page.command("kernelmenu:shutdown")
    page.close()
    return file


def opened(lab, chromium, name):
    """A notebook in a page of its own whose kernel nobody waits for."""
    page = chromium.browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(lab.url(f"lab/tree/{name}?reset"))
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    return page


def test_reopened_without_its_kernel_it_steps_and_shows_no_error(lab, chromium, kept):
    page = opened(lab, chromium, kept.name)
    page.locator(".tdx-stepper").nth(len(CELLS) - 1).wait_for()
    assert not any(one.is_visible() for one in page.get_by_text("Error displaying widget").all())
    for place in range(len(CELLS)):
        stepper = page.locator(".jp-Cell").nth(place).locator(".tdx-stepper")
        assert stepper.count() == 1 and stepper.is_visible()
    stepper = page.locator(".tdx-stepper").nth(1)
    stepper.locator(".tdx-timeline").press("End")
    assert "Broken here" in stepper.locator(".tdx-say").inner_text()
    assert "12/12" in page.locator(".tdx-set").inner_text(), "how the board's switches stood"
    page.context.close()


def test_untrusted_it_shows_picture_sentence_and_text(lab, chromium, kept):
    notebook = json.loads(kept.read_text())
    notebook["cells"][0]["source"] += "\n# changed by hand"
    (lab.root / "changed.ipynb").write_text(json.dumps(notebook))
    page = opened(lab, chromium, "changed.ipynb")
    cell = page.locator(".jp-Cell").first
    cell.locator("img").first.wait_for()
    wide = "e => e.complete && e.naturalWidth > 100"
    assert [image.evaluate(wide) for image in cell.locator("img").all()] == [True, True]
    said = cell.locator(".jp-OutputArea").inner_text()
    assert "Broken here: REMOVE must find a pair" in said and "trust this notebook" in said
    assert page.locator(".tdx-stepper, .jp-RenderedHTML script, .jp-RenderedHTML svg").count() == 0
    cell.locator("summary").click()
    assert "TDX_NO_PAMT_PAGE_PAIR" in cell.locator("details pre").inner_text()
    page.context.close()


@pytest.mark.parametrize(("name", "least", "charts"), [("04-refcount-races", 7, 0), ("01-pamt-memory", 4, 2)])
def test_nbconvert_makes_a_page_that_steps_without_a_network(chromium, lab, tmp_path, name, least, charts):
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "--output-dir", str(tmp_path)]
    made = subprocess.run([*command, str(lab.folder / f"{name}.ipynb")], capture_output=True, text=True, timeout=240)
    assert made.returncode == 0, made.stderr[-2000:]
    context = chromium.browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    page.goto((tmp_path / f"{name}.html").as_uri())
    steppers = page.locator(".tdx-stepper")
    steppers.nth(least - 1).wait_for()
    open_gates(page)
    for stepper in steppers.all():
        stepper.locator(".tdx-timeline").first.press("Home")
        count = stepper.locator(".tdx-count b")
        assert count.inner_text() == "0"
        stepper.get_by_label("Next", exact=True).click()
        pick = stepper.locator(".tdx-pick:not([aria-disabled])")
        assert count.inner_text() == "1" or pick.count()
    assert page.locator("text=Error displaying widget").count() == 0
    assert page.locator(".tdx-chart svg:visible").count() == charts, "a chart is drawn without plotly's script"
    context.close()


def test_escape_gives_the_cell_back_and_shift_enter_runs_it(lab, open_notebook):
    cells = [v4.new_code_cell(SETUP, id="run"), v4.new_code_cell("1 + 1", id="after")]
    nbformat.write(v4.new_notebook(cells=cells, metadata=METADATA), lab.root / "keys.ipynb")
    page = open_notebook("keys.ipynb")
    page.run_all()
    timeline = page.cell("run").locator(".tdx-timeline")
    inside = "() => document.activeElement.closest('.tdx-stepper') !== null"
    timeline.press("ArrowLeft")
    assert page.page.evaluate(inside) and page.cell("run").locator(".tdx-count b").inner_text() == "26"
    page.page.keyboard.press("Escape")
    assert not page.page.evaluate(inside)
    cells = len(page.page.locator(".jp-Cell").all())
    page.page.keyboard.press("b")  # a key of the notebook's own works again: a cell below
    page.until(f"panel.content.widgets.length === {cells + 1}")
    count = "panel.content.widgets[0].model.executionCount"
    before = page._panel(f"return {count};")
    page.cell("run").locator(".tdx-timeline").focus()
    page.page.keyboard.press("Shift+Enter")
    page.until(f"{count} > {before}")
    assert page.cell_errors() == [] and page.complaints == []


HOSTILE = r"$\href{https://evil.example/}{click}$ \(x\) $alloc and $free"
NAMES = f"""from tdxkit.run import Recorder
from tdxkit.view import Stepper, table
from tdxkit.view.kit.board import Board
name = {HOSTILE!r}
recorder = Recorder({{name: 0}})
recorder.step(name, name, name, {{name: 1}})
class Said(Board):
    def __init__(self): super().__init__(); self.watch()
    def update(self): return name, [table((name,), [(name,)], name)]
for one in (Stepper(recorder.run(name, (name,))), table((name,), [(name,)], name), Said()): one._ipython_display_() if hasattr(one, "_ipython_display_") else display(one)"""


def test_names_from_mails_and_models_are_not_typeset(lab, open_notebook):
    cells = [v4.new_code_cell(NAMES, id="names"), v4.new_markdown_cell("$x^2$", id="math")]
    nbformat.write(v4.new_notebook(cells=cells, metadata=METADATA), lab.root / "names.ipynb")
    page = open_notebook("names.ipynb")
    page.run_all()
    page.page.locator("mjx-container").first.wait_for()  # what is meant to be typeset is
    cell = page.cell("names")
    assert cell.locator("mjx-container").count() == 0 and cell.locator("a").count() == 0
    assert cell.locator(".jp-OutputArea").inner_text().count("$alloc and $free") >= 8
    assert page.cell_errors() == [] and page.outside == []
