"""Sentences of lessons 03 and 07 to 10, some once false or unfair, held against what the models and the data say."""

import json
from pathlib import Path

import pytest

from tdxkit.c.naming import scenario_of
from tdxkit.c.races import race, versions
from tdxkit.explore import explore, parse, replay_steps
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
    said = gate_named("shortest-harm").after
    assert (count.steps, count.switches, len(count.races)) == (5, 1, 6) and count.steps - half.steps == 2
    assert "five steps with one switch" in said and "six data races" in said
    assert "two steps sooner" in gate_named("which-mends-hold").after
    silent = [one.mend for one in versions("two-flags") if _breaks_in_silence(one.scenario("tso"))]
    assert silent == ["once", "write-fence", "one-fence"]
    assert "three texts with no data race told" in gate_named("kcsan-is-silent").after


def test_the_steps_at_which_each_harm_is_done():
    shortest = {}
    for rule, code in explore(race("user-count").scenario()).broken.items():
        kind = next(word for word in ("NULL", "use of", "lost", "kfree") if word in rule)
        shortest[kind] = min(shortest.get(kind, 99), len(parse(code).steps))
    assert shortest == {"NULL": 5, "use of": 14, "lost": 18, "kfree": 20}
    whys = [option.why for option in gate_named("shortest-harm").options]
    assert "18 steps" in whys[0] and "14 steps" in whys[2] and "20 steps" in whys[3]


def test_a_circle_of_three_transfers_stands_still_after_three_steps():
    text = race("lock-order").text.replace("account left", "account a").replace("right = {", "b = {").replace("};\n\nstatic void", "}, c = { .money = 2 };\n\nstatic void")  # fmt: skip
    run = ("transfer(&a, &b);", "transfer(&b, &c);", "transfer(&c, &a);")
    found = explore(scenario_of(text, label="three", run=run))
    assert (found.verdict, found.steps) == ("deadlock", 3) and "after three steps" in gate_named(
        "same-two-accounts"
    ).after


def test_six_steps_in_turn_lead_back():
    back_off = race("lock-order", "back-off").scenario()
    run = replay_steps(back_off, ((0, 0), (1, 0)) * 3)
    assert run.state(6) == run.state(0) != run.state(3) and explore(back_off).verdict == "ok"
    assert "Six steps in turn" in gate_named("round-for-ever").after


def test_what_the_questions_of_07_say_is_what_the_model_says():
    assert gate_named("node-at-64").number == 2 and gate_named("four-nodes").number == 64**3
    posted, idle = lockup(1500 * GIB), lockup(1500 * GIB, from_idle=True)
    assert posted.stuck == 22 and (idle.stuck, gate_named("fresh-from-idle").number) == (26, 26)
    tree = posted.work.tree, lockup(1900 * GIB).work.tree
    assert f"{tree[1].nodes:,} nodes" in gate_named("guest-tree").after and tree[1].height == 5
    shared = {s.loop: s.seconds for s in lockup(1500 * GIB, others=4).stretches}
    assert (round(shared["reserve"]), round(shared["store"])) == (174, 35)
    assert "174 s in place of 35 s" in gate_named("who-waits").after
    cures = [bool(lockup(1900 * GIB, preempt=model, patch="v1").chance) for model in ("voluntary", "none")]
    assert cures == [False, True] and gate_named("v1-cures").said == "On VOLUNTARY, not on NONE"


def _breaks_in_silence(scenario):
    found = explore(scenario)
    return found.property and not found.races


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
