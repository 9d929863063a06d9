"""Contrast, one place that escapes, and pictures that stay pictures whatever they are given."""

import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.view.kit import svg, theme

THEMES = ("light", "dark")
HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onload='alert(1)", "a\0b", "\u202egnp.exe",
    "</script><script>alert(1)//", "&lt;", "\ud800", "\u2028", "javascript:alert(1)", "]]>", "<!--", "${7*7}", "\x1b[31m",
]  # fmt: skip
anything = st.one_of(st.sampled_from(HOSTILE), st.text(), st.text(st.characters(codec=None), max_size=20))


@pytest.mark.parametrize("name", THEMES)
def test_text_and_marks_can_be_read(name):
    colours = theme.variables(name)
    grounds = [*theme.PAPERS[name], colours["--tdx-panel"]]
    for ground in grounds:
        assert theme.contrast(colours["--tdx-edge"], ground) >= theme.MARK_CONTRAST
        for text in ("ink", "soft", *theme.ROLES):
            assert theme.contrast(colours[f"--tdx-{text}"], ground) >= theme.TEXT_CONTRAST, (text, ground)
    for role in theme.ROLES:  # a box: its title, its note and its own colour, on its own tint
        for text in ("ink", "soft", role):
            assert theme.contrast(colours[f"--tdx-{text}"], colours[f"--tdx-{role}-bg"]) >= theme.TEXT_CONTRAST, (
                text,
                role,
            )
    assert theme.contrast(colours["--tdx-ink"], colours["--tdx-hot"]) >= theme.TEXT_CONTRAST


def test_chart_colours_can_be_seen_on_every_paper():
    for role in theme.ROLES.values():
        for paper in theme.CHART_PAPERS:
            assert theme.contrast(role.both, paper) >= theme.MARK_CONTRAST, (role.name, paper)


def test_contrast_is_wcags():
    assert (theme.TEXT_CONTRAST, theme.MARK_CONTRAST) == (4.5, 3.0)
    assert theme.contrast("#000000", "#ffffff") == 21 and theme.contrast("#777777", "#ffffff") == 4.48
    assert theme.contrast("#777777", "#777777") == 1


def test_every_role_is_a_colour_of_its_own():
    for name in THEMES:
        assert len({getattr(r, name) for r in theme.ROLES.values()}) == len(theme.ROLES)
    assert [theme.actor_role(i) for i in (0, 6, 7)] == ["a0", "a6", "a0"]


def test_css_follows_lab_the_book_and_the_system():
    css = theme.css(".x")
    assert '[data-jp-theme-light="false"] .x' in css and 'html[data-theme="dark"] .x' in css
    assert "prefers-color-scheme:dark" in css and "body:not([data-jp-theme-light],[data-vscode-theme-kind]) .x" in css
    assert css.count("--tdx-pair:") == 3 and "http" not in css


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


@given(anything, anything)
def test_no_text_becomes_markup(content, label):
    made = svg.drawing(10, 10, label, svg.box(0, 0, 5, 5, content, content), svg.text(1, 1, content))
    reader = Reader()
    reader.feed(made)
    reader.close()
    assert set(reader.tags) <= {"svg", "g", "rect", "text"}
    assert not [k for k, _ in reader.attributes if k.startswith("on")]
    assert dict(reader.attributes)["aria-label"] == svg.visible(label)
    assert "".join(reader.text).count(svg.visible(content)) >= (3 if content else 0)
    ElementTree.fromstring(made)  # well-formed, no control characters, no lone surrogates


@given(anything)
def test_nothing_hidden_is_left(content):
    seen = svg.visible(content)
    seen.encode("utf-8")
    assert not set(seen) & set("\0\x1b\u202e\u2066\u2028\u200b\ufeff")
    assert svg.visible(seen) == seen


def test_ordinary_words_stay():
    for words in ("refcount 1→0", "grün, 価格, —", "a < b"):
        assert svg.visible(words) == words
    assert svg.esc("a < 'b'") == "a &lt; &#39;b&#39;" and svg.esc(svg.esc("<")) == "&lt;"


@pytest.mark.slow
@given(st.recursive(anything, lambda x: st.lists(x) | st.dictionaries(anything, x), max_leaves=8))
def test_json_cannot_end_its_script(value):
    made = svg.script_json(value)
    raw = made.removeprefix('<script type="application/json">').removesuffix("</script>")
    assert "<" not in raw and ">" not in raw and "\u2028" not in raw
    assert json.loads(raw) == value


def test_style_rules_stand_as_they_are_and_end_with_their_element():
    assert svg.style(".x>b{content:'&'}") == "<style>.x>b{content:'&'}</style>"
    for css in ("</style><script>", "a<b"):
        with pytest.raises(ValueError):
            svg.style(css)
    assert svg.joined(svg.style("a{}"), "<b>") == "<style>a{}</style>&lt;b&gt;" and svg.style("") in svg.joined(
        svg.style("")
    )


def test_a_script_stands_as_it_is_and_ends_with_its_element():
    assert svg.script("if (a < b) c();") == '<script type="module">if (a < b) c();</script>'
    for code in ("'</script>'", "<!-- a"):
        with pytest.raises(ValueError):
            svg.script(code)


def test_an_image_is_a_drawing_that_stays_whole():
    made = svg.image(
        svg.drawing(40, 20, 'a "<b>"', svg.text(1, 9, "<&>")), 'it says "<b>"', svg.style("svg{color:red}")
    )
    found = ElementTree.fromstring(made)
    assert found.tag == "img" and found.attrib["alt"] == 'it says "<b>"' and found.attrib["width"] == "40"
    file = b64decode(found.attrib["src"].removeprefix("data:image/svg+xml;base64,")).decode()
    root = ElementTree.fromstring(file)
    assert (
        root.tag.endswith("}svg")
        and root.find("{*}style").text == "svg{color:red}"
        and root.find("{*}text").text == "<&>"
    )


def test_what_is_framed_is_left_alone_by_the_page():
    assert svg.framed("$a$", class_="x") == '<div class="tdx x tex2jax_ignore mathjax_ignore">$a$</div>'


def test_markup_is_made_in_one_place():
    """Whoever else called Markup could let text in as it is."""
    package = Path(svg.__file__).parents[2]
    makers = {p.name for p in package.rglob("*.py") if re.search(r"\bMarkup\(", p.read_text(encoding="utf-8"))}
    assert makers == {"svg.py"}


@pytest.mark.parametrize("name", ["script", "foreignObject", "a b", "g onload=x", "image", ""])
def test_elements_that_run_or_fetch_are_refused(name):
    with pytest.raises(ValueError):
        svg.element(name)


@pytest.mark.parametrize("key", ["href", "onload", "onclick_", "src", "a b", "x=1 onload"])
def test_attributes_that_run_or_fetch_are_refused(key):
    with pytest.raises(ValueError):
        svg.element("g", **{key: "x"})


def test_a_link_leads_to_the_web_and_nowhere_else():
    made = svg.link("https://example.org/a?b=1&c", "<b>")
    assert made.startswith('<a href="https://example.org/a?b=1&amp;c" ') and made.endswith(">&lt;b&gt;</a>")
    assert 'rel="noopener noreferrer"' in made
    for url in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "https://",
        "http://a b",
        "file:///etc/passwd",
        "x",
    ):
        with pytest.raises(ValueError):
            svg.link(url)
