"""Steppers opened in a browser, from their own files."""

import pytest


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
