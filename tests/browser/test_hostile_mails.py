"""Hostile names in mails and digests, in a real browser: shown as text, and nothing of them runs."""

import re
from pathlib import Path

import nbformat
from nbformat import v4

from tdxkit.review.clinic import practice_mbox
from tdxkit.review.evidence import read_evidence
from tdxkit.view.evidence_view import evidence_views
from tdxkit.view.kit.outputs import outputs

HOSTILE = Path(__file__).parents[1] / "data" / "mail"
EVIL = "</script><script>window.hit=1</script><img src=x onerror=window.hit=2>\"'&{{7*7}}\u202egnp"
# What the project itself does not put into an output: it has modules of its own, and images of its drawings.
OTHERS = "script:not([type=module]), img:not(.tdx-image, .plot-img), b, iframe, [onerror], [onload]"
MAIL, DIGEST = ((HOSTILE / name).read_text(encoding="utf-8") for name in ("hostile.mbox", "hostile-digest.txt"))


def hostile():
    """Everything drawn from a hostile mbox of two versions, and from a hostile digest."""
    two = MAIL + MAIL.replace("v2 1/2", "v3 1/2").replace("+x", "+y")
    return [read_evidence(two.encode()), read_evidence(DIGEST.encode())]


def test_hostile_names_do_nothing_in_a_browser(tmp_path, chromium):
    """Every table and picture in Chromium, where only a real parser decides what is an element."""
    parts = []
    for evidence in hostile():
        for output in outputs(evidence_views(evidence)):
            parts.append(str(output["data"].get("text/html", "")))
    page_file = tmp_path / "hostile.html"
    page_file.write_text("<!doctype html><meta charset=utf-8><body>" + "".join(parts), encoding="utf-8")
    page = chromium.browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    page.wait_for_timeout(300)
    assert page.evaluate("window.hit") is None
    assert page.evaluate(f"document.querySelectorAll({OTHERS!r}).length") == 0
    assert [url for url in asked if not url.startswith("data:image/svg+xml;base64,")] == [page_file.as_uri()]
    seen = page.evaluate("document.body.innerText")
    page.close()
    assert re.search(r"</script><script>window\.hit=1", seen)  # shown as what it is: text


def test_hostile_names_do_nothing_in_lab(open_notebook, lab):
    """The charts too, as plotly draws them inside JupyterLab; and a click on Cancel is heard while a large file is read."""
    (lab.root / "hostile.mbox").write_text(MAIL + MAIL.replace("v2 1/2", "v3 1/2"), encoding="utf-8")
    (lab.root / "hostile.txt").write_text(DIGEST, encoding="utf-8")
    (lab.root / "large.mbox").write_bytes(practice_mbox() * 3000)
    start = "from tdxkit.view.evidence_view import evidence_box\nbox = evidence_box()\n"
    cells = [
        v4.new_code_cell(f"{start}box.begin('hostile.mbox')\nbox", id="mails"),
        v4.new_code_cell(f"{start}box.begin('hostile.txt')\nbox", id="digest"),
        v4.new_code_cell(f"{start}box", id="large"),
    ]
    metadata = {"language_info": {"name": "python"}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(v4.new_notebook(cells=cells, metadata=metadata), lab.root / "hostile.ipynb")
    page = open_notebook("hostile.ipynb")
    page.run_all()
    page.page.wait_for_selector(".js-plotly-plot .slice, .js-plotly-plot .point", timeout=60_000)
    assert page.cell_errors() == [] and page.outside == []
    assert page.page.evaluate("window.hit") is None
    assert page.page.locator(f".jp-OutputArea-output :is({OTHERS})").count() == 0
    large = page.cell("large")
    large.locator("input[placeholder*=path]").fill("large.mbox")
    large.locator("input[placeholder*=path]").press("Enter")
    large.locator("button:has-text('Cancel'):not([disabled])").wait_for(timeout=30_000)
    large.locator("button:has-text('Cancel')").click()
    large.locator("text=cancelled at").wait_for(timeout=30_000)
