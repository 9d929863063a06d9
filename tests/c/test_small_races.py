"""The races of notebook 10: what is found of each text and of each of its mends, how soon, on which memory; and that the files are what is listed."""

import re

import pytest

from tdxkit.c.naming import scenario_of
from tdxkit.c.races import MENDS, race, versions
from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.explore import explore, replay, replay_steps
from tdxkit.facts import data_path
from tdxkit.sources import places, tags

OK = ("ok", None, 0)
WARN = "WARN_ON_ONCE() of line 12 fires"
SELF = "a CPU deadlocks with itself on a lock that it holds"
STILL = "nobody can move, and not everybody has finished"
# name, mend: verdict, defect and steps under sc, the same under tso where it is another, data races told
FOUND = {
    ("user-count", ""): (("violation", "line 21: NULL is followed", 5), 6),
    ("user-count", "mutex"): (OK, 0),
    ("user-count", "atomic"): (("violation", "line 21: NULL is followed", 3), 2),
    ("user-count", "dec-and-test"): (("violation", "line 24: use of log#2.lines after it was freed", 18), 0),
    ("user-count", "dec-and-lock"): (OK, 0),
    ("user-count", "refcount"): (OK, 0),
    ("lock-order", ""): (("deadlock", STILL, 2), 0),
    ("lock-order", "by-address"): (OK, 0),
    ("lock-order", "to-itself"): (("violation", SELF, 2), 0),
    ("lock-order", "keep-trying"): (("deadlock", STILL, 2), 0),
    ("lock-order", "back-off"): (OK, 0),
    ("two-flags", ""): (OK, 2),
    ("two-flags", "once"): (OK, 0),
    ("two-flags", "write-fence"): (OK, 0),
    ("two-flags", "one-fence"): (OK, 0),
    ("two-flags", "fence"): (OK, 0),
    ("two-flags", "xchg"): (OK, 0),
    ("check-then-add", ""): (("violation", "WARN_ON() of line 18 fires", 15), 0),
    ("check-then-add", "under-lock"): (OK, 0),
}
ON_TSO = {"": 8, "once": 8, "write-fence": 8, "one-fence": 9}  # of the two flags: steps until the WARN


def found(one, memory="sc"):
    result = explore(one.scenario(memory))
    assert result.complete
    return result.verdict, result.defect, result.steps


@pytest.mark.slow
@pytest.mark.parametrize("name", MENDS)
def test_what_is_found_of_each_text_as_each_store_is_seen_at_once(name):
    for one in versions(name):
        assert (found(one), len(explore(one.scenario()).races)) == FOUND[name, one.mend], one.mend
    assert sum(key[0] == name for key in FOUND) == len(versions(name))


def test_on_x86_the_two_flags_need_a_full_fence_on_both_sides_and_a_lock_is_a_lock():
    for one in versions("two-flags"):
        steps = ON_TSO.get(one.mend)
        assert found(one, "tso") == (("violation", WARN, steps) if steps else OK), one.mend
    for name in ("lock-order", "check-then-add"):
        for one in versions(name):
            assert found(one, "tso")[0] == FOUND[name, one.mend][0][0], (name, one.mend)


def test_all_four_endings_of_the_user_count():
    broken = explore(race("user-count").scenario()).broken
    said = " ".join(broken)
    assert all(words in said for words in ("NULL is followed", "after it was freed", "may be lost", "was freed before"))
    assert len(broken) == 6
    lost = next(code for rule, code in broken.items() if "may be lost" in rule)
    assert replay(race("user-count").scenario(), lost).state(18)["users"] == -1


def test_half_a_mend_frees_what_another_cpu_has_just_made():
    half = race("user-count", "dec-and-test").scenario()
    run = replay(half, explore(half).schedule)
    made, freed = ([s.actor for s in run.steps if s.label.startswith(does)] for does in ("kzalloc", "kfree(log#2"))
    assert (made, freed, run.steps[-1].actor) == (["CPU 0", "CPU 1"], ["CPU 0"], "CPU 1")


def test_each_end_of_a_standstill_says_who_waits_for_whom():
    for mend in ("", "keep-trying"):
        result = explore(race("lock-order", mend).scenario())
        assert len(result.waits) == 2 and "for right.lock, held by CPU 1 since step 2" in result.waits[0]
    assert len(explore(race("lock-order").scenario()).orders) == 1


def test_three_transfers_in_a_circle_stand_still_after_three_steps():
    text = race("lock-order").text.replace("right = { .money = 2 };", "right = { .money = 2 }, third = { .money = 2 };")
    ring = [f"transfer(&{a}, &{b});" for a, b in (("left", "right"), ("right", "third"), ("third", "left"))]
    result = explore(scenario_of(text, None, run=ring))
    assert (result.verdict, result.steps, len(result.waits)) == ("deadlock", 3, 3)


def test_two_that_back_off_in_step_come_back_to_where_they_began():
    run = replay_steps(race("lock-order", "back-off").scenario(), ((0, 0), (1, 0)) * 6)
    assert [at for at in range(13) if run.state(at) == run.state(0)] == [0, 6, 12]


def test_a_count_of_three_cpus_and_two_rounds_holds_with_its_mends_too():
    for mend in ("mutex", "dec-and-lock", "refcount"):
        one = race("user-count", mend)
        assert explore(scenario_of(one.text, 3, run=one.run)).verdict == "ok", mend
        assert explore(scenario_of(one.text, 2, 2, run=one.run)).verdict == "ok", mend


def test_the_files_are_those_that_are_listed_and_each_names_a_source():
    folder = data_path("races")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.c")}
    assert there == {
        f"{one.name}/{one.mend}.c" if one.mend else f"{one.name}.c" for name in MENDS for one in versions(name)
    }
    said = {place.place: place.source for place in places() if place.place.startswith("data/races/")}
    assert (
        len(said) == len(there)
        and set(said.values()) <= tags()
        and said["data/races/two-flags/fence.c"] == "linux-recipes"
    )


def test_a_head_says_all_that_goes_with_a_text():
    one = race("check-then-add")
    assert (one.run, one.stubs, one.sets) == (("if (!seat_take()) seat_give();",), {"seat_audit": 0}, {"limit": 1})
    assert race("two-flags").run == ("left();", "right();") and race("two-flags").idea.startswith("Flag up, ")


@pytest.mark.parametrize(
    "name, mend, said",
    [
        ("user-cuont", "", "race user-cuont: there is none of this name; try user-count"),
        ("user-count", "mutexes", "mend mutexes: there is none of this name; try mutex"),
    ],
)
def test_a_name_that_there_is_not(name, mend, said):
    with pytest.raises(InputError, match="^" + re.escape(said)):
        race(name, mend)


def test_the_shell_finds_the_same_in_the_file(capsys):
    path = str(data_path("races/two-flags/one-fence.c"))
    options = [word for words in race("two-flags").run for word in ("--run", words)]
    assert main(["explore", path, *options, "--memory", "tso", "--fail-on", "bad"]) == 1
    said = capsys.readouterr().out
    assert f"one-fence, 2 threads × 1 round: violation, {WARN}" in said and "\n9 steps, " in said
    assert explore(race("two-flags", "one-fence").scenario("tso")).schedule in said
