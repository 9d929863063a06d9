"""Each notebook in a real JupyterLab: it runs, draws, asks nobody outside and leaves the console silent."""

import os
from pathlib import Path

import nbformat
import pytest
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
