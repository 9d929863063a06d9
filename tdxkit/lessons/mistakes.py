"""A sentence of the workbook that is wrong: the text in which a reader says so.

    note = note_on(lesson_of("04"))
    print(note.text("harm", "In the first posted version the same race is there", "v2:2x1:37b4 A10 B15 A3 +066fa5"))

It names the version, the notebook, the section and the cell with a mark of its text, so that whoever gets it finds the place even after it was changed.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

import tdxkit
from tdxkit.errors import InputError, printable
from tdxkit.lessons.notebooks import Lesson

FIRST_WORDS = 60  # characters that a cell is known by in a list
NOTE = """Subject: tdxkit {version}, notebook {number}, cell {cell}: this sentence is wrong

The sentence:
> {sentence}

What is wrong with it:

What shows it (a mail, a line of code, a run):
{code}

--
tdxkit {version}
{title}, section "{section}"
cell {cell}, its text begins with SHA-256 {mark}
"""
OPEN = ("cell", "section", "mark", "sentence", "code")


@dataclass(frozen=True, slots=True)
class Place:
    """A cell that can be wrong. mark: how the SHA-256 of its source begins; begins: its first words."""

    cell: str
    section: str
    mark: str
    begins: str


@dataclass(frozen=True, slots=True)
class Note:
    """What is said of a wrong sentence of one notebook, and of which of its cells it can be said."""

    title: str
    number: str
    places: tuple[Place, ...]

    def text(self, cell: str, sentence: str = "", code: str = "") -> str:
        """The text of the mail. sentence: what is wrong, code: of a run that shows it. InputError for a cell that the notebook has not."""
        place = next((one for one in self.places if one.cell == cell), None)
        if place is None:
            raise InputError(
                f"cell {printable(cell, 40)}", f"notebook {self.number} has none of that name", "take one of its list"
            )
        said = {
            "cell": cell,
            "section": place.section,
            "mark": place.mark,
            "sentence": " ".join(sentence.split()) or "…",
            "code": code.strip(),
        }
        return re.sub(r"\{(\w+)\}", lambda found: said[found[1]], self.template)

    @property
    def template(self) -> str:
        """The text, with {cell}, {section}, {mark}, {sentence} and {code} where these go."""
        return NOTE.format(
            version=tdxkit.__version__, number=self.number, title=self.title, **{name: f"{{{name}}}" for name in OPEN}
        )


def note_on(lesson: Lesson) -> Note:
    """The note on a notebook, with its cells as they stand now."""
    section, places = "", []
    for cell in lesson.read()["cells"]:
        text = "".join(cell["source"])
        heads = re.findall(r"(?m)^##? (.+)", text) if cell["cell_type"] == "markdown" else []
        section = heads[0] if text.startswith("#") and heads else section
        places.append(Place(cell["id"], section, sha256(text.encode()).hexdigest()[:8], _first_words(text)))
        section = heads[-1] if heads else section
    return Note(lesson.title, lesson.number, tuple(places))


def _first_words(text: str) -> str:
    bare = " ".join(re.sub(r"<!--.*?-->|[#*`|>]", "", text, flags=re.S).split())
    return bare if len(bare) <= FIRST_WORDS else bare[:FIRST_WORDS].rsplit(" ", 1)[0] + " …"
