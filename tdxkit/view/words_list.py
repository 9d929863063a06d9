"""The words of a notebook, explained: on hover and on focus where the page first uses each, and in a folded list.

    words()          # in a notebook's first code cell

Without a kernel and in a page that nbconvert makes it works as well. `python -m tdxkit words` has them all.

CSS classes that tests may rely on: `.tdx-words` (the list), `abbr.tdx-word` (a word in prose, its title the meaning; a source in a link to where it is).
"""

from pathlib import Path

from tdxkit.facts import load_toml
from tdxkit.lessons.words import bracketed
from tdxkit.lessons.words import words as known
from tdxkit.view.kit import live, scripts, svg, theme
from tdxkit.view.kit.sources_view import address_of
from tdxkit.view.kit.svg import Markup, element, framed, script_json, style

PAGE = Path(__file__).parent / "kit" / "page"


class Words:
    """Every word of the glossary, every source and every known problem, for a page to look up."""

    needs_kernel = False

    def static(self) -> Markup:
        """The list, still empty: what the page uses it fills in itself."""
        meanings = {
            "words": {one.word: one.means for one in known().values()},
            "keys": {one.word: one.means for one in bracketed()},
            "links": {key: page for key in load_toml("sources.toml") if (page := address_of(key))},
        }
        folded = element(
            "details",
            element("summary", "The words of this notebook"),
            element("ul"),
            script_json(meanings),
            class_="tdx-words",
        )
        code = svg.packed_script(scripts.script(PAGE, "glossary.js"), "wordsHere();")
        return framed(style(theme.css() + scripts.lean(scripts.read(PAGE, "glossary.css"))), folded, code)

    def __str__(self) -> str:
        return "Words are explained on hover; all of them: python -m tdxkit words"

    def _ipython_display_(self) -> None:
        live.display(self)


def words() -> Words:
    """The words of the notebook."""
    return Words()
