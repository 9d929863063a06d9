"""A notebook as a file: what it may hold, so that it runs and reads everywhere."""

import re
from collections.abc import Iterator

from tdxkit.sources import paragraphs, tags
from tdxkit.text import near
from tools.nbrules import Finding, Notebook, cells, imported, parse, prose, rule

LONGEST_CELL, MOST_CELLS = 12, 45
# A browser alone (JupyterLite) has none of these; numpy has no WebAssembly wheel.
NOT_IN_A_BROWSER = {"numpy", "pandas", "threading", "multiprocessing", "concurrent", "socket", "subprocess", "ctypes"}
# Where a person's or a machine's own files lie. /sys, /proc and /dev are the kernel's and the same everywhere.
MACHINE_PATH = re.compile(r"(?<![\w.:/])(?:/(?:home|root|Users|tmp|var|opt|mnt|srv|work\w*)/|[A-Z]:\\)[\w.-]")
READABLE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RANDOM_ID = re.compile(r"[0-9a-f]{8}|[0-9a-f-]{32,}")
OUTSIDE_IMAGE = re.compile(r"""!\[[^\]]*\]\(\s*(?:https?:)?//|<(?:img|script|link|iframe)\b[^>]*(?:https?:)?//""", re.I)


@rule
def short_cells(nb: Notebook) -> Iterator[Finding]:
    """The reader on a small screen, who scrolls between a cell and its picture and keeps neither."""
    for cell_id, text, _ in cells(nb, "code"):
        if (lines := len(text.splitlines())) > LONGEST_CELL:
            yield cell_id, f"{lines} lines; a code cell has at most {LONGEST_CELL}, the rest belongs into tdxkit"


@rule
def not_too_many_cells(nb: Notebook) -> Iterator[Finding]:
    """The reader with half an hour, who sees a scroll bar without an end and leaves at the first break."""
    if (count := sum(1 for _ in cells(nb))) > MOST_CELLS:
        yield (
            "notebook",
            f"{count} cells; at most {MOST_CELLS}, split the lesson or drop what is not the one idea",
        )


@rule
def no_empty_cells(nb: Notebook) -> Iterator[Finding]:
    """The reader who looks for what should be in the empty cell."""
    for cell_id, text, _ in cells(nb):
        if not text.strip():
            yield cell_id, "an empty cell; fill it or take it out"


@rule
def readable_ids(nb: Notebook) -> Iterator[Finding]:
    """The reviewer whose diff of one changed word is a screenful of new random ids, and the teacher whose link to a cell died."""
    seen = set()
    for number, (cell_id, _, cell) in enumerate(cells(nb), 1):
        if "id" not in cell:
            yield f"cell {number}", "no id; give it a readable one"
        elif not READABLE_ID.fullmatch(cell_id) or RANDOM_ID.fullmatch(cell_id) or len(cell_id) > 64:
            yield cell_id, "an id is words in small letters with dashes, such as step-the-race"
        elif cell_id in seen:
            yield cell_id, "the id is taken; ids are unique in a notebook"
        seen.add(cell_id)


@rule
def no_outputs(nb: Notebook) -> Iterator[Finding]:
    """The learner who reads the answer under the question before predicting it."""
    for cell_id, _, cell in cells(nb, "code"):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield cell_id, "stored outputs; clear them before saving"


@rule
def no_widget_state(nb: Notebook) -> Iterator[Finding]:
    """The reader on a slow line, who waits for megabytes of a widget's last state in what should be a page of text."""
    if "widgets" in nb["metadata"]:
        yield "notebook", "stored widget state; clear the outputs before saving"


@rule
def names_its_language(nb: Notebook) -> Iterator[Finding]:
    """The reader in a browser-only lab, where no kernel is called python3 and a dialog asks which one to take."""
    if nb["metadata"].get("language_info", {}).get("name") != "python":
        yield "notebook", 'metadata.language_info.name is not "python"'
    if nb["metadata"].get("kernelspec", {}).get("name") != "python3":
        yield "notebook", 'metadata.kernelspec.name is not "python3"'


@rule
def plain_python(nb: Notebook) -> Iterator[Finding]:
    """The reader who pastes a cell into a file or a plain Python, and gets a syntax error from a magic or a shell line."""
    for cell_id, text, _ in cells(nb, "code"):
        try:
            parse(text)
        except SyntaxError as error:
            yield cell_id, f"not plain Python ({error.msg}, line {error.lineno})"


@rule
def runs_in_a_browser(nb: Notebook) -> Iterator[Finding]:
    """The reader without a Python of their own, whose only lab is a browser tab: no numpy there, no threads, no processes."""
    for cell_id, text, _ in cells(nb, "code"):
        for name in sorted(NOT_IN_A_BROWSER & set(imported(text))):
            yield cell_id, f"imports {name}, which a browser does not have"


@rule
def no_machine_paths(nb: Notebook) -> Iterator[Finding]:
    """The reader whose disk is not the author's."""
    for cell_id, text, _ in cells(nb):
        if found := MACHINE_PATH.search(text):
            yield cell_id, f"a path of somebody's machine: {text[found.start() : found.start() + 40].splitlines()[0]!r}"


@rule
def one_title(nb: Notebook) -> Iterator[Finding]:
    """The reader who comes by a link and looks for where they are; and the book, which makes one chapter of one title."""
    titles = [cell_id for cell_id, text in prose(nb) for line in text.splitlines() if re.match(r"# \S", line)]
    first = next(iter(cells(nb)), None)
    if first is None or first[2]["cell_type"] != "markdown" or not first[1].startswith("# "):
        yield "notebook", "the first cell is not a title (# …)"
    for cell_id in titles[1:]:
        yield cell_id, "a second title; sections begin with ##"


@rule
def nothing_from_outside(nb: Notebook) -> Iterator[Finding]:
    """The reader on a train or behind a firewall, who sees a broken picture; and the one who did not want to be counted."""
    for cell_id, text in prose(nb):
        if OUTSIDE_IMAGE.search(text):
            yield cell_id, "a picture or script from another machine; put it beside the notebook"


@rule
def says_where_from(nb: Notebook) -> Iterator[Finding]:
    """The maintainer who meets a sentence about their own code, holds it for wrong, and cannot find where we read it."""
    for cell_id, text, _ in cells(nb, "markdown"):
        for part in paragraphs(text):
            words = f'"{" ".join(part.text.split()[:5])} …"'
            if part.silent and part.tags:
                yield cell_id, f"source {part.tags[0]} belongs to no paragraph; it stands on the line after its text"
            elif not part.silent and len(part.tags) != 1:
                many = f"{len(part.tags)} sources" if part.tags else "no source"
                yield (
                    cell_id,
                    f"{many} after {words}; one line <!-- source: ID --> (an id of data/sources.toml, model, own)",
                )
            for tag in set(part.tags) - tags():
                meant = near(tag, tags())
                yield cell_id, f"source {tag} after {words} is not in data/sources.toml{meant and f'; {meant}?'}"
