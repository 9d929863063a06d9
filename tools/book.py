"""The notebooks as a book of HTML pages: ``python tools/book.py [--out dist/book]``. `make book` calls it.

Each notebook is run; what a page can show without Python is kept (steppers, questions, games, charts, tables, the still form of boards), and what only a kernel
could drive is left out. Charts are drawn by a plotly.js that lies beside the pages, and only a page with a chart asks for it. Nothing is fetched from a network.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.placed import Stopped, succeeds, whole  # noqa: E402

WIDGET, PLOTLY = "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json"
BESIDE = "tdx-beside"  # the class of a still form that has a live one in the lab
CHART = '<div class="tdx-plotly"><script type="application/json">{spec}</script></div>'
DRAWS = """<script src="_static/plotly.min.js"></script><script>
document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".tdx-plotly")) {
    const { data, layout, config } = JSON.parse(box.firstElementChild.textContent);
    Plotly.newPlot(box.appendChild(document.createElement("div")), data, layout, { ...config, responsive: true });
  }
});
</script>"""
PROSE = ("docs/teaching.md", *(f"docs/ten-questions/{name}.md" for name in ("questions", "key", "marks")))
LEFT = re.compile(r"\[([^\]]+)\]\(answers/[^)]*\)")  # links to what stands in the checkout alone


def run(path: Path) -> dict:
    """A notebook as it is after all of its cells were run. An exercise that is not done raises, and that is no error."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(ROOT)}}).execute()
    return notebook


def kept(notebook: dict) -> dict:
    """The notebook with what a page can show: no widgets; charts as markup, with the script that draws them on the first; ids to link to."""
    charts, cells = 0, []
    for cell in notebook["cells"]:
        cells += [_anchor(cell["id"]), cell]
        if cell["cell_type"] == "markdown":
            continue
        outputs = []
        for output in cell["outputs"]:
            data = output.get("data", {})
            if WIDGET in data and outputs and BESIDE in outputs[-1].get("data", {}).get("text/html", ""):
                outputs.append(_note(cell["id"]))
            if WIDGET in data or output["output_type"] == "error":
                continue
            if PLOTLY in data:
                spec = json.dumps(data[PLOTLY]).replace("</", "<\\/")
                output["data"] = {"text/html": (DRAWS if not charts else "") + CHART.replace("{spec}", spec)}
                charts += 1
            outputs.append(output)
        cell["outputs"] = outputs
    notebook["cells"] = cells
    notebook["metadata"].pop("widgets", None)
    return notebook


def _note(cell: str) -> dict:
    """Said under what stands still here and would compute in the lab."""
    words = f"This stands as it was. It computes in the lab: <code>make lab</code>, then cell <code>{cell}</code> of this notebook."
    return {"output_type": "display_data", "metadata": {}, "data": {"text/html": f'<p class="tdx-lives">{words}</p>'}}


def _anchor(name: str) -> dict:
    """A place that links go to by the id of the cell after it, as they do in the lab."""
    return {
        "cell_type": "markdown",
        "id": f"to-{name}"[:64],
        "metadata": {},
        "source": f'<div id="cell-id={name}"></div>',
    }


def pages(source: Path, out: Path) -> None:
    """Let Sphinx write the pages; a warning is an error."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(source), str(out)]
    if subprocess.run(command, cwd=source, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode:
        raise Stopped("Sphinx found something to mend, see above")
    shutil.rmtree(out / ".doctrees")


def make(out: Path) -> None:
    """Run, keep, write: the pages, whole, in the place of whatever was there."""
    os.environ["TDXKIT_PROGRESS"] = os.devnull  # what this reader has answered is nobody else's
    with whole(out) as new, tempfile.TemporaryDirectory(dir=out.parent) as folder:
        source = Path(folder)
        shutil.copytree(ROOT / "docs" / "book", source, dirs_exist_ok=True)
        static = source / "_static"
        static.mkdir(exist_ok=True)
        for name in PROSE:
            to = source / Path(name).relative_to("docs")
            to.parent.mkdir(parents=True, exist_ok=True)
            text = (ROOT / name).read_text(encoding="utf-8")
            to.write_text(LEFT.sub(r"\1", text.replace("](../notebooks/", "](")), encoding="utf-8")
        notebooks = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
        with ThreadPoolExecutor(2) as pool:
            for path, done in zip(notebooks, pool.map(run, notebooks)):
                text = json.dumps(kept(done))
                (source / path.name).write_text(text, encoding="utf-8")
                if "plotly.min.js" in text:
                    _plotly(static)
        pages(source, new)


def main(arguments: list[str]) -> int:
    """Make it, and say where it is, how large and how long it took; 1 and one line where it cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "book", help="where the pages go (dist/book)")
    out, begin = parser.parse_args(arguments).out.resolve(), time.monotonic()
    if not succeeds("book", make, out):
        return 1
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"book: {out / 'index.html'}, {size / 1e6:.1f} MB, {time.monotonic() - begin:.0f} s")
    return 0


def _plotly(static: Path) -> None:
    import plotly

    shutil.copy(Path(plotly.__file__).parent / "package_data" / "plotly.min.js", static)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
