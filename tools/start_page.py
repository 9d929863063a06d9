"""The first page of the site (tools/start.html): what this is, what is fetched, where what a reader writes is kept, and the notebooks."""

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from tdxkit import __version__
from tdxkit.lessons.copies import edition_of
from tdxkit.lessons.notebooks import Lesson, lessons

FETCHED = 36  # MB of a first visit to 00, at most; tests/site/test_site_weight.py measures them


def start_page() -> str:
    """The page, of the notebooks that are there."""
    page = Template((Path(__file__).parent / "start.html").read_text(encoding="utf-8"))
    editions = ", ".join(f"{one.number}: {edition_of(one.read())[1]}" for one in lessons())
    rows = "\n".join(map(_row, lessons()))
    return page.substitute(rows=rows, version=escape(__version__), editions=editions, fetched=FETCHED)


def _row(one: Lesson) -> str:
    path = quote(f"{one.name}.ipynb")
    lab = f'<a href="lab/index.html?path={path}">{escape(one.title)}</a>'
    alone = f'<a href="notebooks/index.html?path={path}" aria-label="{escape(one.title)}, by itself">open</a>'
    return f"<tr><td>{lab}</td><td>{one.minutes}</td><td>{alone}</td></tr>"
