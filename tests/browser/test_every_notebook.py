"""Each notebook in a real JupyterLab: it runs, draws, asks nobody outside and leaves the console silent."""

import os
from pathlib import Path

import nbformat
import pytest
from axe import violations
from nbformat import v4

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_and_draws(path, open_notebook):
    page = open_notebook(path.name)
    page.run_all()
    assert page.cell_errors() == []
    assert page.outside == []
    assert page.complaints == []
    prose = page.page.locator(".jp-RenderedMarkdown").all_inner_texts()
    assert prose and not [text for text in prose if "<!--" in text], "where a paragraph comes from is for its author"
    assert out_of_sight(page.page) == []
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.theme(theme)
        assert [found for found in violations(page.page) if found[1] not in REASONS] == [], theme
    page.command("docmanager:save")
    saved = page.lab.root / path.name
    size = saved.stat().st_size
    saved.write_bytes(path.read_bytes())  # other tests open it, and it has no outputs then
    assert size < LARGEST
    assert uncounted(page, path) == []


def uncounted(page, path) -> list[tuple]:
    """The cells whose steppers have another number of steps than the cell says, which the minutes of the notebook rest on: (id, says, has)."""
    page.page.evaluate("document.querySelectorAll('.tdx-stepper .tdx-fog').forEach(fog => fog.click())")
    found = []
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code":
            own = cell.metadata.get("tdxkit", {})
            sliders = page.cell(cell.id).locator(".tdx-stepper [role=slider]").all()
            there = sum(int(slider.get_attribute("aria-valuemax") or 0) for slider in sliders)
            told = own.get("steps", 0)
            if told > there or (there and not told and not own.get("minutes")):
                found.append((cell.id, told, there))
    return found


LARGEST = 2_000_000  # bytes of a notebook with all that it shows
REASONS: dict[str, str] = {}  # rules of axe that a page may break, each with why
SIZES = ((1440, 900), (1024, 768), (1152, 720))  # the last is the first at 125 %
# Pixels of each stepper, from its top: what of the notebook is in sight, and where what a step changes ends.
ENDS = """e => {
  const sight = e.closest('.jp-WindowedPanel-outer, .jp-Notebook').clientHeight;
  const top = e.getBoundingClientRect().top;
  const parts = [...e.querySelectorAll('.tdx-say, .tdx-timeline, .tdx-why, .tdx-code')];
  return [Math.round(Math.max(...parts.map(part => part.getBoundingClientRect().bottom - top))), sight];
}"""


def out_of_sight(page) -> list[tuple]:
    """The steppers of which sentence, changes and lanes are not in sight at once at some size: (size, its name, pixels, of so many)."""
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(400)  # timelines are drawn anew, and lanes laid
        for stepper in page.locator(".tdx-stepper:visible").all():
            ends, sight = stepper.evaluate(ENDS)
            if ends > sight:
                found.append((f"{width}x{height}", stepper.get_attribute("aria-label"), ends, sight))
    return found


# What the test above must catch, a cell each and what it is known by. The exception comes late, for Run All stops there.
VIEW = "{'application/vnd.jupyter.widget-view+json': {'model_id': 'gone', 'version_major': 2, 'version_minor': 0}}"
FAULTS = {
    "words-on-stderr": ("import sys\nprint('careful', file=sys.stderr)", "stderr: careful"),
    "picture-from-outside": (
        "from IPython.display import HTML\nHTML('<img src=\"https://example.org/x.png\">')",
        "https://example.org/x.png",
    ),
    "script-that-complains": ("HTML('<script>console.error(\"planted complaint\")</script>')", "planted complaint"),
    "widget-that-throws": (
        "import anywidget\nclass A(anywidget.AnyWidget):\n"
        "    _esm = 'export default {render() { throw Error(\"planted throw\") }}'\nA()",
        "planted throw",
    ),
    "widget-that-is-gone": (f"from IPython.display import display\ndisplay({VIEW}, raw=True)", "a widget did not draw"),
    "exception": ("1 / 0", "exception: ZeroDivisionError"),
    "never-reached": ("1", "never-reached: did not run"),
}


def test_planted_faults_are_seen(lab, open_notebook):
    cells = [v4.new_code_cell(source, id=name) for name, (source, _) in FAULTS.items()]
    metadata = {"language_info": {"name": "python"}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(v4.new_notebook(cells=cells, metadata=metadata), lab.root / "planted.ipynb")
    page = open_notebook("planted.ipynb")
    page.run_all()
    seen = "\n".join([*page.cell_errors(), *page.outside, *page.complaints])
    assert [name for name, (_, sign) in FAULTS.items() if sign not in seen] == [], seen

    # Also what a script asks for later, on another channel than HTTP.
    with page.page.expect_event("websocket"):
        page.page.evaluate("() => { new WebSocket('wss://example.org/socket') }")
    assert any(url.startswith("wss://example.org/socket") for url in page.outside)


def test_one_worker_has_all_of_this_folder(request):
    """xdist writes the group into the name; a pytest that does not let it would start a server on every worker."""
    if os.environ.get("PYTEST_XDIST_WORKER") and request.config.getvalue("loadgroup"):
        assert request.node.nodeid.endswith("@browser")
