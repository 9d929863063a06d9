"""The lanes of a shipped design in C: what travels, what the text says, who may ask for it, and that the next stepper remembers."""

import json
import re

import pytest

from tdxkit.c.designs import in_c
from tdxkit.c.memattr import record_set
from tdxkit.errors import InputError
from tdxkit.explore import explore, replay
from tdxkit.facts import data_path
from tdxkit.linux.refcount import scenario
from tdxkit.view.stepper import Stepper

TWO = scenario("v2")
CODE = explore(TWO).schedule


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch):
    monkeypatch.setattr(Stepper, "_chosen", "python")


def stepper(**more):
    return Stepper(replay(TWO, CODE), replay=lambda code: replay(TWO, code), **more)


def stands(position):
    """Where each CPU is in the C before it takes its next step."""
    run = in_c(replay(TWO, CODE))
    at = dict(run.start)
    for step in run.steps[:position]:
        at[step.actor] = step.next
    return [place and (place.text, place.index) for place in at.values()]


@pytest.mark.slow
def test_the_text_twin_has_the_line_of_each_step():
    text = str(stepper(lines="c"))
    lines = data_path("designs/v2.c").read_text(encoding="utf-8").splitlines()
    at = next(k for k, line in enumerate(lines, 1) if "if (!atomic_dec_and_test(users))" in line)
    assert f"   {at}  region_pair_put: if (!atomic_dec_and_test(users))\n" in text
    assert len(re.findall(r"   \d+  region_pair_", text)) + text.count("   the use of the page: TDH.MEM.PAGE.") == 27
    assert "The C was written for this workbook, in its own words; its steps are the model's.\n" in text
    assert "region_pair" not in str(stepper()) and "own words" not in str(stepper())


def test_both_travel_and_a_line_is_where_the_model_s_is():
    (view,) = json.loads(stepper().data)["views"]
    assert set(view["c"]["texts"]) == {"region_pair_get", "region_pair_put", "the use of the page"}
    assert len(view["c"]["lines"]) == len(view["steps"]) and len(view["c"]["start"]) == 2
    for (at, then), step in zip(view["c"]["lines"], view["steps"]):
        _, _, _, _, line, following, *_ = step
        assert (at is None, then is None) == (line is None, following is None)


def test_what_the_reader_chose_is_what_the_next_begins_with():
    first = stepper()
    assert first.lines == "python"
    first.lines = "c"
    assert stepper().lines == "c" and stepper(lines="python").lines == "python"


def test_a_window_of_a_long_run_has_the_lines_of_its_steps(monkeypatch):
    whole = json.loads(stepper().data)["views"][0]["c"]["lines"]
    monkeypatch.setattr("tdxkit.view.stepper.widget.LIMIT", len(stepper().data.encode()) - 1_500)
    made = stepper(position=20)
    top = json.loads(made.data)
    (view,) = top["views"]
    assert 0 < len(view["steps"]) < len(whole)
    assert view["c"]["lines"] == whole[top["offset"] : top["offset"] + len(view["steps"])]
    assert top["offset"] > 0 and [at and at[0] for at in view["c"]["start"]] == [
        at and at[0] for at in stands(top["offset"])
    ]


def test_a_pasted_code_brings_its_own_lines():
    made = stepper(lines="c")
    made.paste("v2:2x1:" + CODE.split(":")[2][:4] + " A3")
    (view,) = json.loads(made.data)["views"]
    assert len(view["c"]["lines"]) == 3 == len(view["steps"])


def test_a_run_without_c_offers_none(bad_run):
    assert "c" not in json.loads(Stepper(bad_run).data)["views"][0]
    with pytest.raises(InputError, match="no C beside it"):
        Stepper(bad_run, lines="c")
    with pytest.raises(InputError, match="python or in c"):
        Stepper(bad_run, lines="rust")


def test_the_scheduler_walks_in_c_too():
    made = Stepper.scheduler(TWO, lines="c")
    (view,) = json.loads(made.data)["views"]
    assert len(view["c"]["nodes"]) == len(view["graph"]["nodes"])
    text, index = view["c"]["lines"][view["c"]["nodes"][0][0]]
    assert view["c"]["texts"][text][1][index].strip() == "if (atomic_inc_not_zero(users))"


def test_lines_that_a_patch_adds_travel_and_have_their_sign_in_the_text():
    shown = Stepper(record_set([(62, 66, 8)], patch="v2"), lines="c")
    (view,) = json.loads(shown.data)["views"]
    assert {name: added for name, (_, _, added, _) in view["c"]["texts"].items() if added} == {
        "reserve_each": [8, 9],
        "store_each": [8],
    }
    assert (
        str(shown).count("  reserve_each: + cond_resched();\n")
        == str(shown).count("  store_each: + cond_resched();\n")
        == 4
    )
    assert "+ " not in str(Stepper(record_set([(62, 66, 8)]), lines="c"))
