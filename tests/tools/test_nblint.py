"""Each rule for notebooks finds the fault planted for it, at its cell, and nothing in a notebook that keeps them all."""

import copy
import json
from pathlib import Path

import pytest

from tdxkit.lessons.exercises import exercises
from tdxkit.lessons.gates import gate_named, gates
from tools import nblint
from tools.nbrules import RULES, asks, form

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def markdown(cell_id: str, text: str) -> dict:
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": text.splitlines(True)}


def code(cell_id: str, text: str) -> dict:
    cell = markdown(cell_id, text) | {"cell_type": "code"}
    return cell | {"outputs": [], "execution_count": None}


GOOD = {
    "cells": [
        markdown(
            "title",
            "# A race\n\nSee [the patch](https://example.org/tmp/x) and /sys/kernel/debug/tracing.\n```\n# not a title\n```\n"
            "<!-- source: own -->",
        ),
        code("look", "from tdxkit import units\nawait_ = units.hpa(1)\nawait_"),
        markdown(
            "next-lesson", "## Next (2 minutes)\n\n[here](other.ipynb#cell-id=look) and 3 < 4\n<!-- source: tdx-v6 -->"
        ),
    ],
    "metadata": {"language_info": {"name": "python"}, "kernelspec": {"name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}

RIGHT = gate_named("who-takes-it-back").said
GATE = code("asks", 'gate("who-takes-it-back")')
ASKED = [
    markdown("title", "# 00 · Start here\n"),
    *(code(one.name, f'gate("{one.name}")') for one in gates("00")),
    *(code(one.name, f'exercise("{one.name}", ...)') for one in exercises("00")),
    code("answers", 'answers("00")'),
]

# rule: (what is done to a good notebook, the id that the finding must carry)
PLANTED = {
    "short_cells": [(lambda nb: nb["cells"].append(code("long", "x = 1\n" * 13)), "long")],
    "not_too_many_cells": [(lambda nb: nb["cells"].extend(code(f"c{i}", "1") for i in range(43)), "notebook")],
    "no_empty_cells": [
        (lambda nb: nb["cells"].append(code("nothing", " \n")), "nothing"),
        (lambda nb: nb["cells"].append(markdown("nothing", "")), "nothing"),
    ],
    "readable_ids": [
        (lambda nb: nb["cells"].append(code("look", "1")), "look"),
        (lambda nb: nb["cells"].append(code("3f9a01bc", "1")), "3f9a01bc"),
        (
            lambda nb: nb["cells"].append(code("0b0e1c6a-43c7-4a0b-8d5e-1f2a3b4c5d6e", "1")),
            "0b0e1c6a-43c7-4a0b-8d5e-1f2a3b4c5d6e",
        ),
        (lambda nb: nb["cells"].append(code("Step_One", "1")), "Step_One"),
        (lambda nb: nb["cells"].append(code("x" * 65, "1")), "x" * 65),
        (lambda nb: nb["cells"][1].pop("id"), "cell 2"),
    ],
    "no_outputs": [
        (lambda nb: nb["cells"][1].update(outputs=[{"output_type": "stream", "text": "4"}]), "look"),
        (lambda nb: nb["cells"][1].update(execution_count=0), "look"),
    ],
    "no_widget_state": [(lambda nb: nb["metadata"].update(widgets={}), "notebook")],
    "names_its_language": [
        (lambda nb: nb["metadata"].pop("language_info"), "notebook"),
        (lambda nb: nb["metadata"].update(kernelspec={"name": "my-venv"}), "notebook"),
    ],
    "plain_python": [
        (lambda nb: nb["cells"].append(code("magic", "%pip install x")), "magic"),
        (lambda nb: nb["cells"].append(code("shell", "!ls")), "shell"),
        (lambda nb: nb["cells"].append(code("open", "def f(:")), "open"),
    ],
    "runs_in_a_browser": [
        (lambda nb: nb["cells"].append(code("np", "import numpy.linalg as la")), "np"),
        (lambda nb: nb["cells"].append(code("pool", "def f():\n    from concurrent.futures import Future")), "pool"),
    ],
    "no_machine_paths": [
        (lambda nb: nb["cells"].append(code("read", "open('/home/me/trace.txt')")), "read"),
        (lambda nb: nb["cells"].append(markdown("where", "it lies in /tmp/out")), "where"),
        (lambda nb: nb["cells"].append(code("drive", r"open(r'C:\Users\me')")), "drive"),
    ],
    "one_title": [
        (lambda nb: nb["cells"].insert(0, code("early", "1")), "notebook"),
        (lambda nb: nb["cells"].append(markdown("again", "text\n# Another title")), "again"),
        (lambda nb: nb["cells"].clear(), "notebook"),
    ],
    "nothing_from_outside": [
        (lambda nb: nb["cells"].append(markdown("pic", "![badge](https://example.org/b.svg)")), "pic"),
        (lambda nb: nb["cells"].append(markdown("tag", '<img width=3 src="//example.org/b.svg">')), "tag"),
    ],
    "says_where_from": [
        (lambda nb: nb["cells"].append(markdown("bare", "## Title\n\n- a list")), "bare"),
        (lambda nb: nb["cells"].append(markdown("two", "Said.\n<!-- source: own -->\n<!-- source: model -->")), "two"),
        (lambda nb: nb["cells"].append(markdown("lost", "Said.\n<!-- source: tdx-v66 -->")), "lost"),
        (lambda nb: nb["cells"].append(markdown("apart", "## Title\n\n<!-- source: own -->")), "apart"),
        (lambda nb: nb["cells"].append(markdown("inside", "| a |\n|---|\n| b | <!-- source: own -->")), "inside"),
    ],
    "a_question_waits": [
        (lambda nb: nb["cells"].append(markdown("asks", "**Predict.** How many?\n<!-- source: own -->")), "asks"),
        (lambda nb: nb["cells"].append(markdown("task", "**Your turn.** Change it.\n<!-- source: own -->")), "task"),
    ],
    "no_answer_in_prose": [
        (lambda nb: nb["cells"].extend([GATE, markdown("says-no", "No. Nobody needs it.")]), "says-no"),
        (
            lambda nb: nb["cells"].extend([GATE, code("run", "1"), markdown("later", f"So it was: {RIGHT.lower()}.")]),
            "later",
        ),
        (lambda nb: nb["cells"].extend([GATE, markdown("before", f"{RIGHT}\n\n## Next\nSo.")]), "before"),
    ],
    "three_of_each": [
        (lambda nb: nb.update(cells=[c for c in ASKED if c["id"] != "take-it-back"]), "notebook"),
        (lambda nb: nb.update(cells=[c for c in ASKED if c["id"] != "what-a-code-holds"]), "notebook"),
        (lambda nb: nb.update(cells=ASKED[:-1]), "notebook"),
        (lambda nb: nb.update(cells=[ASKED[0], ASKED[2], ASKED[1], *ASKED[3:]]), "notebook"),
        (lambda nb: nb.update(cells=[*ASKED[:-1], code("more", 'gate("second-look")'), ASKED[-1]]), "notebook"),
    ],
    "explains_its_words": [
        (lambda nb: nb.update(cells=[ASKED[0], code("words", "keywords()")]), "notebook"),
        (lambda nb: nb.update(cells=[ASKED[0], code("tools", 'opened("01", edition=1)')]), "notebook"),
    ],
    "an_open_exercise_stops_nothing": [
        (lambda nb: nb["cells"].append(code("task", 'exercise("take-it-back", ...)')), "task"),
    ],
}


BY_NAME = {check.__name__: check for check in RULES if check.__module__ in (form.__name__, asks.__name__)}


def test_every_rule_has_a_planted_fault():
    assert set(BY_NAME) == set(PLANTED)


def test_a_good_notebook_passes_every_rule():
    assert [(check.__name__, *found) for check in RULES for found in check(GOOD)] == []


@pytest.mark.parametrize("name, number", [(name, n) for name, planted in PLANTED.items() for n in range(len(planted))])
def test_the_planted_fault_is_found_at_its_cell(name, number):
    plant, where = PLANTED[name][number]
    nb = copy.deepcopy(GOOD)
    plant(nb)
    found = list(BY_NAME[name](nb))
    assert [cell_id for cell_id, _ in found] == [where]


def test_limits_are_exact():
    nb = copy.deepcopy(GOOD)
    nb["cells"] += [code(f"c{i}", "x = 1\n" * 12) for i in range(42)]
    assert not list(form.short_cells(nb)) and not list(form.not_too_many_cells(nb))


def test_links_between_notebooks_lead_somewhere(tmp_path):
    (tmp_path / "one.ipynb").write_text(json.dumps(GOOD))
    assert nblint.lint(tmp_path / "one.ipynb") == ["one.ipynb: next-lesson: links to other.ipynb, which is not there"]
    (tmp_path / "other.ipynb").write_text(json.dumps(GOOD))
    assert nblint.main(tmp_path) == 0
    for text, part in (
        ("[x](other.ipynb#cell-id=gone)", "gone"),
        ("[x](#cell-id=gone)", "gone"),
        ("[x](other.ipynb#look)", "look"),
    ):
        cells = [*GOOD["cells"], markdown("leads", f"{text}\n<!-- source: own -->")]
        (tmp_path / "one.ipynb").write_text(json.dumps(GOOD | {"cells": cells}))
        (found,) = nblint.lint(tmp_path / "one.ipynb")
        assert found.startswith("one.ipynb: leads: links to ") and part in found
    cells = [*GOOD["cells"], markdown("leads", "[x](#cell-id=look)\n<!-- source: own -->")]
    (tmp_path / "one.ipynb").write_text(json.dumps(GOOD | {"cells": cells}))
    assert nblint.lint(tmp_path / "one.ipynb") == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', '{"cells": [{}], "metadata": {}}', "\x00", "[" * 10])
def test_a_file_that_is_no_notebook_is_said_to_be_none(tmp_path, text, capsys):
    (tmp_path / "broken.ipynb").write_text(text)
    assert nblint.main(tmp_path) == 1
    assert "broken.ipynb: not a notebook" in capsys.readouterr().out


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_our_notebooks_keep_the_rules(path):
    assert nblint.lint(path) == []


def test_a_notebook_that_asks_what_its_data_has_passes():
    nb = copy.deepcopy(GOOD) | {"cells": ASKED}
    assert not list(asks.three_of_each(nb))
    assert not list(asks.three_of_each(copy.deepcopy(GOOD) | {"cells": []}))
    [(_, said)] = asks.explains_its_words(nb | {"cells": [ASKED[0], code("tools", 'x = 1\nopened("00", edition=1)')]})
    assert said.startswith("it has changed since edition"), "what it has is not what data/editions.toml knows"


def test_what_it_asks_counts_as_a_cell_too():
    nb = copy.deepcopy(GOOD)
    nb["cells"] += [code(f"c{i}", "1") for i in range(41)] + [code(f"g{i}", 'gate("x")') for i in range(2)]
    assert [cell_id for cell_id, _ in form.not_too_many_cells(nb)] == ["notebook"]


def test_prose_that_only_leads_on_answers_nothing():
    nb = copy.deepcopy(GOOD)
    nb["cells"] += [
        GATE,
        markdown("leads", "Both runs move together. Who came first?"),
        markdown("next", f"## Next\n{RIGHT}"),
    ]
    assert not list(asks.no_answer_in_prose(nb))


def test_an_exercise_in_a_box_raises_nothing():
    nb = copy.deepcopy(GOOD)
    nb["cells"] += [code("box", 'exercise("your-put")')]
    assert not list(asks.an_open_exercise_stops_nothing(nb))


def test_a_number_counts_only_with_its_unit():
    gate = gate_named("fewest-switches")
    assert asks.answers_it("It needs 2 switches.", gate) and not asks.answers_it("In step 2 it goes on.", gate)
    assert not asks.answers_it("With 12 switches, or 2.5 switches.", gate)
