"""What a notebook asks, and that the answer waits."""

import re
from collections.abc import Iterator

from tdxkit.lessons.copies import digest_of, edition_of, recorded
from tdxkit.lessons.exercises import exercises
from tdxkit.lessons.gates import Gate, gate_named, gates
from tdxkit.lessons.notebooks import calls
from tools.nbrules import Finding, Notebook, cells, prose, rule

FEWEST_ASKED = 3
GATES = {one.name for one in gates()}


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
    number = re.match(r"# (\d\d) ", first)
    if not number:
        return
    says = edition_of(nb)
    if says[0] != number[1]:
        yield (
            "notebook",
            f'no cell shows opened("{number[1]}", edition=…), so no word is explained on hover; let the first code cell end with it',
        )
    elif recorded(number[1]) != (says[1], digest_of(nb)):
        yield (
            "notebook",
            f"it has changed since edition {recorded(number[1])[0]}, and a saved copy would not know: make editions",
        )


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
