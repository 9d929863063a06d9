"""The rules for a lesson's shape, minutes and order: each finds the fault planted for it, and nothing in lessons that keep them all."""

import copy
import json
from pathlib import Path

import pytest

from tdxkit.lessons.minutes import sections
from tools.nbrules import RULES, shape
from tools.nbrules.order import one_order
from tools.nbrules.shape import names_of

BY_NAME = {check.__name__: check for check in RULES if check.__module__ == shape.__name__}
FIRST = """# 07 · A lesson

A hook.

**About 5 minutes**, and 2 more. Before: [00](00-start-here.ipynb).

Afterwards you can

- say so.
"""
END = """## What the models keep and leave out
Cards.

## From a shell
Nothing.

**Next:** [08 · Another](08-another.ipynb)"""
POINTS = f"## Key points (1 minute)\n{'word ' * 150}\n### What people think\n### For reviewers\n"


def markdown(cell_id, text):
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": text}


def code(cell_id, text, **own):
    return markdown(cell_id, text) | {"cell_type": "code", "metadata": {"tdxkit": own}}


GOOD = {
    "cells": [
        markdown("title", FIRST),
        code("tools", "from tdxkit.view import Stepper, table, this_is_wrong\nrows = 3"),
        markdown("one", "## One (4 minutes)\nText."),
        code("look", "here = [table(k) for k in range(rows)]\ndisplay(here)", minutes=3.5),
        code("again", "def f(x):\n    return x + len(here)\n\nf(rows)"),
        markdown("two", "## Two (extra, 2 minutes)\nMore."),
        code("step", "there = rows\nStepper(there)", steps=40),
        markdown("points", POINTS),
        markdown("end", END),
        code("wrong", 'this_is_wrong("07")'),
    ]
}


def cell(nb, name):
    return next(one for one in nb["cells"] if one["id"] == name)


def change(name, old, new):
    def plant(nb):
        assert old in cell(nb, name)["source"]
        cell(nb, name)["source"] = cell(nb, name)["source"].replace(old, new)

    return plant


PLANTED = {
    "opens_like_the_others": [
        (change("title", "A hook.", "word " * 121), "title"),
        (change("title", "Afterwards you can", "You learn"), "title"),
        (change("title", "Before: ", "After "), "title"),
        (lambda nb: nb["cells"].insert(1, markdown("between", "text")), "title"),
        (lambda nb: cell(nb, "tools").update(id="imports"), "title"),
    ],
    "imports_stand_on_top": [(change("look", "here =", "import io\nhere ="), "look")],
    "a_section_stands_alone": [
        (change("step", "there = rows", "there = here"), "step"),
        (change("again", "f(rows)", "f(later)\nlater = 1\n"), None),
        (change("look", "range(rows)", "range(there)"), "look"),
        (change("again", "len(here)", "len(there)"), "again"),
    ],
    "minutes_add_up": [
        (change("one", "4 minutes", "9 minutes"), ("one", "title")),
        (change("title", "About 5", "About 6"), "title"),
        (change("title", ", and 2 more", ""), "title"),
        (change("one", " (4 minutes)", ""), "title"),
        (change("look", "display(here)", 'gate("second-look")'), None),
        (lambda nb: cell(nb, "look")["metadata"]["tdxkit"].update(minutes=60) or change("one", "(4 m", "(61 m")(nb) or change("title", "About 5", "About 62")(nb), "title"),
        (change("wrong", "this_is", 'gate("second-look"); this_is'), "end"),
    ],
    "ends_like_the_others": [
        (change("points", "Key points", "Summary"), "notebook"),
        (change("points", "### What people think", ""), "notebook"),
        (change("points", "### For reviewers", ""), "notebook"),
        (change("end", "From a shell", "Shell"), "notebook"),
        (change("end", "What the model", "The model"), "notebook"),
        (change("end", "**Next:**", "Next:"), "notebook"),
        (change("end", "**Next:**", "**Next:** [a](b.ipynb) **Next:**"), "notebook"),
        (change("wrong", "07", "08"), "notebook"),
    ],
}  # fmt: skip


def test_every_rule_has_a_planted_fault():
    assert set(BY_NAME) == set(PLANTED)


def test_a_good_lesson_passes_every_rule():
    assert [(name, *found) for name, check in BY_NAME.items() for found in check(GOOD)] == []


@pytest.mark.parametrize("name, number", [(name, n) for name, planted in PLANTED.items() for n in range(len(planted))])
def test_the_planted_fault_is_found_at_its_cell(name, number):
    plant, where = PLANTED[name][number]
    nb = copy.deepcopy(GOOD)
    plant(nb)
    found = tuple(cell_id for cell_id, _ in BY_NAME[name](nb))
    assert found == (where if isinstance(where, tuple) else (where,) if where else ())


def test_a_notebook_without_a_number_is_no_lesson():
    nb = {"cells": [markdown("title", "# Scratch"), code("any", "import io\nfoo")]}
    assert [found for check in BY_NAME.values() for found in check(nb)] == []


@pytest.mark.parametrize(
    ("text", "made", "needed"),
    [
        ("a = b", {"a"}, {"b"}),
        ("import os.path as p, io", {"p", "io"}, set()),
        ("[x for x in xs if x in y]", set(), {"xs", "y"}),
        ("x = 1\nz = {x: k for x, (k, _) in xs}", {"x", "z"}, {"xs"}),
        ("def f(a, b=c):\n    d = a\n    return d + e", {"f"}, {"c", "e"}),
        ("for k, v in pairs:\n    print(k)", {"k", "v"}, {"pairs", "print"}),
        ("def outer():\n    def inner():\n        return lost\n    return inner", {"outer"}, {"lost"}),
        ("not python(", set(), set()),
    ],
)
def test_what_a_cell_makes_and_needs(text, made, needed):
    assert names_of(text) == (made, needed)


def test_the_sections_of_the_good_lesson():
    assert [(one.title, one.stated, one.extra) for one in sections(GOOD)][:3] == [
        ("One", 4, False),
        ("Two", 2, True),
        ("Key points", 1, False),
    ]


def lesson(number, following, minutes=5, before="[00]"):
    told = f"# {number} · L\n\n**About {minutes} minutes.** Before: {before}\n\n**Next:** [x]({following})"
    return {"cells": [markdown("title", told)]}


ROWS = (
    "| [00 · L](00-start-here.ipynb) | 5 | |\n| [01 · L](01-b.ipynb) | 5 | 00 |\n| [02 · L](02-c.ipynb) | 5 | 00, 01 |"
)


def course():
    first = lesson("00", "01-b.ipynb", before="nothing")
    first["cells"].append(markdown("map", ROWS.replace("| 5 | |", "| 5 |  |")))
    third = lesson("02", "00-start-here.ipynb", before="[00](x), [01](y)")
    readme = ROWS.replace("](", "](notebooks/").replace("| 5 | |", "| 5 |  |")
    return {"00-start-here.ipynb": first, "01-b.ipynb": lesson("01", "02-c.ipynb"), "02-c.ipynb": third}, readme


ROOT = Path(__file__).parents[2]


def test_our_course_has_one_order_and_the_readme_tells_it():
    notebooks = {
        path.name: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "notebooks").glob("*.ipynb")
    }
    assert len(notebooks) == 11 and list(one_order(notebooks, (ROOT / "README.md").read_text(encoding="utf-8"))) == []


def test_one_order_told_once_passes():
    assert list(one_order(*course())) == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("[x](02-c.ipynb)", "[x](00-start-here.ipynb)", "01-b.ipynb"),
        ("Before: [00](x), [01](y)", "Before: [00](x)", "02-c.ipynb"),
        ("| [01 · L](01-b.ipynb) | 5 | 00 |\n", "", "00-start-here.ipynb"),
        ("[01 · L](01-b.ipynb) | 5", "[01 · L](01-b.ipynb) | 15", "00-start-here.ipynb"),
        ("[01 · L](01-b.ipynb) | 5", "[01 · M](01-b.ipynb) | 5", "00-start-here.ipynb"),
    ],
)
def test_another_order_is_found_in_the_notebooks(old, new, where):
    notebooks, readme = course()
    planted = 0
    for nb in notebooks.values():
        for one in nb["cells"]:
            planted += old in one["source"]
            one["source"] = one["source"].replace(old, new)
    assert planted == 1
    assert where in [name for name, _ in one_order(notebooks, readme)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| 5 | 00 |", "| 6 | 00 |"),
        ("[02 · L](notebooks/02-c.ipynb)", "[02 · L](notebooks/02-d.ipynb)"),
        ("01 · L", "01 · M"),
    ],
)
def test_another_order_is_found_in_the_readme(old, new):
    notebooks, readme = course()
    assert old in readme
    assert {name for name, _ in one_order(notebooks, readme.replace(old, new))} == {"README.md"}


def test_nothing_is_to_be_read_before_that_comes_after():
    notebooks, readme = course()
    notebooks["01-b.ipynb"]["cells"][0]["source"] = notebooks["01-b.ipynb"]["cells"][0]["source"].replace(
        "[00]", "[02](z)"
    )
    first = notebooks["00-start-here.ipynb"]["cells"][1]
    first["source"] = first["source"].replace("| 5 | 00 |", "| 5 | 02 |")
    assert ("01-b.ipynb", "02 comes after it and is to be read before") in list(one_order(notebooks, readme))
