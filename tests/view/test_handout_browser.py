"""The page for the table, as Chromium prints it."""

import re

import pytest

from tdxkit.view.handout import handout

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_it_prints_on_one_sheet(tmp_path, blank):
    page = handout(("v2:2x1:37b4 A10 B2", "one"), ("v6:2x1:f5ae A9 B2", "two"))
    (tmp_path / "handout.html").write_text(page, encoding="utf-8")
    blank.goto((tmp_path / "handout.html").as_uri())
    printed = blank.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1
    assert blank.evaluate("document.documentElement.scrollWidth <= innerWidth")
