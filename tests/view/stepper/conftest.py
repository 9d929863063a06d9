"""Steppers opened in a browser, from their own files."""

import pytest

from tdxkit.view.stepper import scripts


@pytest.fixture
def show(chromium, tmp_path):
    """Open a stepper's page from its file; whatever happens, nothing is asked for outside and the console stays quiet."""
    contexts, complaints, asked = [], [], []

    def open_(stepper, **context):
        file = tmp_path / f"{len(contexts)}.html"
        stepper.html(file)
        contexts.append(chromium.new_context(**{"viewport": {"width": 940, "height": 800}, **context}))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda r: asked.append(r.url))
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.on("dialog", lambda d: (complaints.append("dialog " + d.message), d.dismiss()))
        page.goto(file.as_uri())
        page.wait_for_selector(".tdx-controls" if context.get("java_script_enabled", True) else ".tdx-still")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == [] and all(url.startswith("file://") for url in asked)


HTML = '<!doctype html><style>{}</style><div class="jp-Notebook" tabindex="-1"><div class="jp-Cell" id="cell" {}><div id="place"></div></div></div>'


@pytest.fixture
def widget(fake):
    """A stepper as a widget, with what its model has."""

    def open_(stepper, cell='tabindex="0"', page=None, **more):
        values = {
            "data": stepper.data,
            "position": stepper.position,
            "asks": False,
            "lines": stepper.lines,
            "_esm": "// script",
            "_css": "/* style */",
        }
        return fake(scripts.script(), values | more, HTML.format(scripts.style(), cell), page)

    return open_
