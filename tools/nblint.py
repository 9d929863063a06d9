"""The rules that every notebook keeps, each a small function named after what it asks for: ``python tools/nblint.py [FOLDER]``.

A rule gets a notebook (its JSON) and yields what it finds as (cell id, what to mend). Its docstring says who is lost without it.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tdxkit.lessons.exercises import exercises
from tdxkit.lessons.gates import Gate, gate_named, gates
from tdxkit.lessons.notebooks import calls
from tdxkit.sources import paragraphs, tags
from tdxkit.text import near

ROOT = Path(__file__).resolve().parent.parent
LONGEST_CELL, MOST_CELLS, FEWEST_ASKED = 12, 45, 3
GATES = {one.name for one in gates()}
IMPORTS = "tools"  # the cell that has them
# A browser alone (JupyterLite) has none of these; numpy has no WebAssembly wheel.
NOT_IN_A_BROWSER = {"numpy", "pandas", "threading", "multiprocessing", "concurrent", "socket", "subprocess", "ctypes"}
# Where a person's or a machine's own files lie. /sys, /proc and /dev are the kernel's and the same everywhere.
MACHINE_PATH = re.compile(r"(?<![\w.:/])(?:/(?:home|root|Users|tmp|var|opt|mnt|srv|work\w*)/|[A-Z]:\\)[\w.-]")
READABLE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RANDOM_ID = re.compile(r"[0-9a-f]{8}|[0-9a-f-]{32,}")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)[^)]*\)")
OUTSIDE_IMAGE = re.compile(r"""!\[[^\]]*\]\(\s*(?:https?:)?//|<(?:img|script|link|iframe)\b[^>]*(?:https?:)?//""", re.I)

Notebook = dict
Finding = tuple[str, str]
RULES = []


def rule(check):
    """Register a rule; one without a docstring is not one."""
    assert check.__doc__
    RULES.append(check)
    return check


def cells(nb: Notebook, kind: str = "") -> Iterator[tuple[str, str, dict]]:
    """(id, source, cell) of every cell of a kind, or of all; a cell without an id goes by its number."""
    for number, cell in enumerate(nb["cells"], 1):
        if cell["cell_type"] == kind or not kind:
            yield cell.get("id", f"cell {number}"), "".join(cell["source"]), cell


def prose(nb: Notebook) -> Iterator[tuple[str, str]]:
    """(id, text) of every Markdown cell, code blocks taken out."""
    for cell_id, text, _ in cells(nb, "markdown"):
        yield cell_id, re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.S | re.M)


def imported(text: str) -> Iterator[str]:
    """Top-level names that a code cell imports; nothing from a cell that does not parse, another rule says so."""
    try:
        tree = parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def parse(text: str) -> ast.AST:
    """A code cell as Python; a cell may await at its top level."""
    return compile(text, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


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
def imports_come_first(nb: Notebook) -> Iterator[Finding]:
    """The reader who comes back next day, runs the first cell and then the one they were at, and is told NameError."""
    brought, asked = {}, {}  # cell id: names
    for cell_id, text, _ in cells(nb, "code"):
        try:
            nodes = list(ast.walk(parse(text)))
        except SyntaxError:
            continue
        imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
        brought[cell_id] = {alias.asname or alias.name for node in imports for alias in node.names}
        asked[cell_id] = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    for cell_id in list(brought)[1:]:
        for name in sorted(brought[cell_id]):
            others = [other for other in asked if other != cell_id and name in asked[other]]
            if others:
                yield cell_id, f"it imports {name}, which {others[0]} uses too: import it in the first code cell"


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


@rule
def a_question_waits(nb: Notebook) -> Iterator[Finding]:
    """The learner who was to predict, and had nothing to say it to."""
    for cell_id, text in prose(nb):
        if re.search(r"\*\*(Predict|Your turn)\b", text):
            yield cell_id, 'a question or a task in prose; make it a gate("…") or an exercise("…") of data/quizzes'


@rule
def no_answer_in_prose(nb: Notebook) -> Iterator[Finding]:
    """The learner who reads the answer on the same screen before having said anything. It looks from each gate to the next heading."""
    waiting: list = []
    for cell_id, text, cell in cells(nb):
        if cell["cell_type"] == "code":
            waiting += [gate_named(name) for what, name in calls(text) if what == "gate" and name in GATES]
            continue
        before, heading, _ = text.partition("\n## ")
        if text.startswith("## "):
            waiting, before = [], ""
        for one in waiting:
            if answers_it(before, one):
                yield cell_id, f"it answers the gate {one.name} above it; move that into its `after`"
        waiting = [] if heading else waiting


@rule
def three_of_each(nb: Notebook) -> Iterator[Finding]:
    """The learner who reads for an hour, is never asked, and learns little of it. Of a notebook with a number; it ends with its key."""
    first = next((text for _, text, _ in cells(nb)), "")
    if not (number := re.match(r"# (\d\d) ", first)):
        return
    asked = [call for _, text, _ in cells(nb, "code") for call in calls(text)]
    for kind, known in (("gate", gates(number[1])), ("exercise", exercises(number[1]))):
        names = [name for what, name in asked if what == kind]
        if names != [one.name for one in known]:
            odd = next((name for name in names if name not in {one.name for one in known}), "")
            missing = next((one.name for one in known if one.name not in names), "")
            why = (
                f"{odd} is not in it"
                if odd
                else f"{missing} is not asked"
                if missing
                else "another order, or one twice"
            )
            yield "notebook", f"its {kind}s are not those of data/quizzes/{number[1]}.toml: {why}"
        elif len(names) < FEWEST_ASKED:
            yield "notebook", f"{len(names)} {kind}s; at least {FEWEST_ASKED}"
    if asked[-1:] != [("answers", number[1])]:
        yield "notebook", f'it does not end with answers("{number[1]}")'


@rule
def explains_its_words(nb: Notebook) -> Iterator[Finding]:
    """The reader who meets a word of somebody else's trade, and finds nothing behind it. Of a notebook with a number."""
    first = next((text for _, text, _ in cells(nb)), "")
    if re.match(r"# \d\d ", first) and not any(
        re.search(r"^words\(\)", text, re.M) for _, text, _ in cells(nb, "code")
    ):
        yield "notebook", "no cell shows words(), so none is explained on hover; let the first code cell end with it"


@rule
def an_open_exercise_stops_nothing(nb: Notebook) -> Iterator[Finding]:
    """The reader who runs all cells, and is stopped at the first exercise that is not done yet."""
    for cell_id, text, cell in cells(nb, "code"):
        waits = {name for what, name in calls(text) if what == "exercise"} - {
            one.name for one in exercises() if one.box
        }
        if waits and "raises-exception" not in cell["metadata"].get("tags", ()):
            yield cell_id, "an exercise without the tag raises-exception"


def answers_it(text: str, gate: Gate) -> bool:
    """Does prose say what a gate asks? It begins like an answer, has most of the right option's words, or the number in a sentence of its own subject."""
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S).strip()
    if re.match(r"(yes|no|neither|both|none|nobody|all of them)[.,:;!]", text, re.I):
        return True
    if gate.number is not None:
        return (
            bool(re.search(rf"(?<![\w.,]){gate.number:,}(?![\w,]|\.\d) {re.escape(gate.unit)}", text))
            if gate.unit
            else False
        )
    said = words_of(gate.said) - words_of(gate.asks)
    return len(said) >= 3 and any(
        len(said & words_of(part)) > 0.7 * len(said) for part in re.split(r"(?<=[.!?])\s", text)
    )


def words_of(text: str) -> set[str]:
    """Its words of more than three letters, small."""
    return {word for word in re.findall(r"[a-z0-9_.]+", text.lower()) if len(word) > 3}


def dead_links(nb: Notebook, folder: Path) -> Iterator[Finding]:
    """The reader who follows "next: 05" and meets a 404. Not pure, so not in RULES: it looks which files are there."""
    for cell_id, text in prose(nb):
        for target in LINK.findall(text):
            if not re.match(r"[a-z][a-z0-9+.-]*:", target) and not (folder / target).exists():
                yield cell_id, f"links to {target}, which is not there"


def lint(path: Path) -> list[str]:
    """All findings in one notebook file, a line each."""
    try:
        nb = json.loads(path.read_text(encoding="utf-8"))
        found = [finding for check in RULES for finding in check(nb)]
        found += dead_links(nb, path.parent)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"{path.name}: not a notebook ({type(error).__name__}: {error})"]
    return [f"{path.name}: {cell_id}: {what}" for cell_id, what in found]


def main(folder: Path) -> int:
    """Lint every notebook of a folder; 1 when there is something to mend."""
    paths = sorted(folder.glob("*.ipynb"))
    found = [line for path in paths for line in lint(path)]
    print("\n".join([*found, f"notebooks: {len(paths)} read, {len(found)} to mend"]))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "notebooks"))
