"""At a notebook's end: a text to mail where a sentence of the notebook is wrong.

    this_is_wrong("04")

It works by itself, in Lab, without a kernel and in a page that nbconvert makes. Nothing is sent: what stands in the box is the reader's to copy.

CSS classes that tests may rely on: `.tdx-wrong`, in it a select Cell, inputs "The sentence" and "Code of a run", `.tdx-wrong pre` (the text), a button "Copy the text".
"""

from pathlib import Path

from tdxkit.lessons.mistakes import Note, note_on
from tdxkit.lessons.notebooks import lesson_of
from tdxkit.view.kit import live, scripts, svg, theme
from tdxkit.view.kit.svg import Markup, element, framed, script_json, style

PAGE = Path(__file__).parent / "kit" / "page"


class WrongSentence:
    """The text, and a form that fills it in."""

    needs_kernel = False

    def __init__(self, note: Note):
        self.note = note

    def static(self) -> Markup:
        """The form, folded."""
        options = [
            element("option", f"{one.cell}: {one.begins}", value=one.cell, data_section=one.section, data_mark=one.mark)
            for one in self.note.places
        ]
        fields = (
            element("label", "Cell ", element("select", *options)),
            element("label", "The sentence ", element("input", type="text", name_="sentence")),
            element("label", "Code of a run, if one shows it ", element("input", type="text", name_="code")),
        )
        text = element("pre", str(self), tabindex="0", aria_label="the text")
        button = element("p", element("button", "Copy the text", type="button"), " ", element("span", role="status"))
        taken = element("div", button, text, class_="tdx-copied")
        folded = element(
            "details", element("summary", "A text to mail"), *(element("p", one) for one in fields), taken, script_json(self.note.template),
            class_="tdx-wrong",
        )  # fmt: skip
        code = svg.packed_script(scripts.script(PAGE, "wrong.js"), "wrongHere();")
        rules = "".join(scripts.lean(scripts.read(PAGE, name)) for name in ("kit.css", "wrong.css"))
        return framed(style(theme.css() + rules), folded, code)

    def __str__(self) -> str:
        return self.note.text(self.note.places[0].cell)

    def _ipython_display_(self) -> None:
        live.display(self)


def this_is_wrong(notebook: str) -> WrongSentence:
    """The text for a notebook, by its number ("04"). InputError for one that is not there."""
    return WrongSentence(note_on(lesson_of(notebook)))
