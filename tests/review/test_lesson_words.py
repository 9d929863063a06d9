"""Sentences of lessons 03 and 07 to 10, some once false or unfair, held against what the models and the data say."""

import json
import re
from pathlib import Path

import pytest

from tdxkit.c.races import race, versions
from tdxkit.explore import explore
from tdxkit.lessons.gates import gate_named
from tdxkit.linux.memattr.guest_ram import guest_size
from tdxkit.linux.softlockup.lockup import lockup
from tdxkit.review.bugs import counted
from tdxkit.review.msr.claims import CLAIMS
from tdxkit.review.patches import totals
from tdxkit.units import GIB

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PROSE = {
    path.stem[:2]: {
        c["id"]: "".join(c["source"]) for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "markdown"
    }
    for path in NOTEBOOKS.glob("[0-9]*.ipynb")
}


def test_thirty_five_problems_two_of_them_ours():
    assert counted().startswith("35 problems, 2 of them found here")
    assert (
        "35 problems of the posted versions, two of them found here and not in the threads: B1 and B35"
        in PROSE["03"]["known-bugs"]
    )


def test_the_diffstats_are_the_posted_ones():
    (added, removed), _, cancelled = totals()
    said = PROSE["03"]["twelve-switches"]
    assert f"The twelve add {added} lines and remove {removed}" in said and f"{cancelled} lines cancel out" in said
    assert f"{added} + 35 − {cancelled} = 702" in gate_named("twenty-four-lines").after


def test_a_trace_has_what_is_intercepted_and_no_writers_name():
    assert "that it *intercepts*" in PROSE["08"]["evidence"]
    who = gate_named("who-wrote-0x3a")
    assert "strong circumstantial evidence and not a proof" in who.right.why and "in parallel" in who.judged("4").why


def test_the_seven_statements_are_those_that_are_judged():
    said = PROSE["08"]["wrong-in-part"].partition("seven statements: ")[2]
    assert all(claim.says in said for claim in CLAIMS) and len(CLAIMS) == 7


def test_gb_and_gib_as_the_model_judges_them():
    said = PROSE["07"]["board-read"]
    for text, seconds in (("940GB", "20.3 s"), ("940G", "21.8 s")):
        assert f"{lockup(guest_size(text)[0]).longest.seconds:.1f} s" == seconds and seconds in said
    assert [round(lockup(gib * GIB).chance * 100) for gib in (862, 875, 940)] == [0, 7, 45]
    assert all(word in said for word in ("875 GiB", "7 or 8 %", "45 %", "862 GiB"))


def test_the_numbers_of_the_small_races_are_those_that_are_found():
    count, half = explore(race("user-count").scenario()), explore(race("user-count", "atomic").scenario())
    said = PROSE["10"]["count-read"]
    assert (count.steps, count.switches, len(count.races)) == (5, 1, 6) and count.steps - half.steps == 2
    assert "five steps with one switch" in said and "six data races" in said
    assert "two steps sooner" in PROSE["10"]["count-mends-read"]
    silent = [one.mend for one in versions("two-flags") if _breaks_in_silence(one.scenario("tso"))]
    assert silent == ["once", "write-fence", "one-fence"]
    assert "three texts with no data race told" in PROSE["10"]["flags-mends-read"]


def _breaks_in_silence(scenario):
    found = explore(scenario)
    return found.property and not found.races


def test_in_notebook_10_no_answer_stands_open_under_its_question():
    for cell, text in PROSE["10"].items():
        opened = re.sub(r"<details>.*?</details>", "", text, flags=re.S)
        assert not re.search(r"\*\*Predict\.?\*\*.*[Tt]he model finds", opened, re.S), cell
    folds = "".join(PROSE["10"].values())
    assert folds.count("**Predict") == 8 == folds.count("<details>") - 1  # and one for who is stuck


@pytest.mark.parametrize(
    "gone",
    [
        "Only the diffstat of patch",
        "which inferred",
        "No mail was needed",
        "It took the thread",
        "that a guest executes",
        "who forgets",
        "culprit",
        "alone contradicts",
    ],
)
def test_what_was_false_or_unfair_is_gone(gone):
    assert not [(n, cell) for n, cells in PROSE.items() for cell, text in cells.items() if gone in text]
