"""The judges that every notebook shares: values, schedules and code, each to its boundary and in the subject's words."""

import pytest

from tdxkit.explore.telling import replay_steps
from tdxkit.lessons.checks import puts, runs
from tdxkit.lessons.checks.puts import MOST_LINES, climbing, put_rungs
from tdxkit.lessons.exercises import Exercise, Said, exercise_named
from tdxkit.lessons.ladder import named_scenario
from tdxkit.work import drive


def asked(check, wrong=(), box="", **given):
    return Exercise(
        "x", "00", "read", "?", ("a", "b", "c"), "", "python", "why", "own", check, given, tuple(wrong), box
    )


def said(check, answer, **given):
    found = drive(asked(check, **given).check(answer))
    assert isinstance(found, Said)
    return found


def test_a_word_is_one_word_however_it_is_spelt():
    right = {"right": "spin_lock()", "otherwise": "Look again."}
    for spelt in ("spin_lock", "SPIN_LOCK()", " spin_lock( )".replace("( )", "()")):
        assert said("values.word", spelt, **right) == Said(True, "spin_lock().")
    assert said("values.word", "spin_unlock", **right).says == "Look again."
    assert "a name is asked for" in said("values.word", 3, **right).says


def test_several_names_count_in_any_order_and_the_first_difference_is_told():
    given = {"right": ["RCX", "R8", "RDX"]}
    assert said("values.several", ["rdx", "R8", "RCX"], **given).passed
    assert said("values.several", {"RCX", "R9"}, **given).says == "R9 does not belong there."
    assert said("values.several", ["RCX", "R8"], **given).says == "All of yours belong there, and 1 is missing."
    assert said("values.several", ["R8"], **given).says == "All of yours belong there, and 2 are missing."
    assert "several are asked for" in said("values.several", "RCX", **given).says


def test_several_in_their_order_are_compared_place_by_place():
    given = {"right": ["1G", "2M", "4K"], "thing": "lock", "ordered": True}
    assert said("values.several", ["1G", "2M", "4K"], **given).passed
    assert said("values.several", ["1G", "4K", "2M"], **given).says == "The 2nd lock is not right: yours is 4K."
    assert said("values.several", ["1G", "2M"], **given).says == "The 3rd lock is not right: yours is at its end."
    assert (
        said("values.several", ["1G", "2M", "4K", "4K"], **given).says
        == "After the 3rd lock there is none more, and yours goes on."
    )


def test_a_status_is_told_by_what_it_is():
    given = {"right": 0x8000020000000001, "otherwise": "Another operand."}
    assert said("values.status", 0x8000020000000001, **given).passed
    wrong = said("values.status", 0x8000020000000003, **given)
    assert (
        not wrong.passed and wrong.says.startswith("0x8000020000000003 is ") and wrong.says.endswith("Another operand.")
    )
    for odd in (-1, 1 << 64, "0x80", 1.5):
        assert "a status has 64 bits" in said("values.status", odd, **given).says
    assert said("values.status", (1 << 64) - 1, **given).says.startswith("0xffffffffffffffff is ")


RACE = {"scenario": "v2", "goal": "remove-finds-a-pair"}


def test_a_schedule_comes_to_its_goal_with_a_code_or_with_its_turns():
    for code in ("A10 B15 A3", "v2:2x1:37b4 A10 B15 A3", " a10 ".upper() + "B15 A3"):
        assert said("runs.schedule", code, **RACE).says == "REMOVE found no pair, after 28 steps with 2 switches."
    assert "25 steps break no rule" in said("runs.schedule", "A10 B15", **RACE).says
    assert said("runs.schedule", "A10 B15 A4", **RACE).passed, "what comes after the goal does not matter"
    assert said("runs.schedule", "A10 B15 A99", **RACE).says.startswith("schedule step 3")


@pytest.mark.parametrize("most, passed", [(1, False), (2, True), (3, True)])
def test_switches_are_counted_to_the_bound(most, passed):
    assert said("runs.schedule", "A10 B15 A3", **RACE, most_switches=most).passed is passed


@pytest.mark.parametrize("most, passed", [(27, False), (28, True)])
def test_steps_are_counted_to_the_bound(most, passed):
    assert said("runs.schedule", "A10 B15 A3", **RACE, most_steps=most).passed is passed


def test_another_rule_that_breaks_is_named():
    found = said("runs.schedule", "A10 B15 A3", scenario="v2", goal="use-has-pair")
    assert found.says.startswith("It breaks another rule: REMOVE found no pair. Wanted: ") and found.run is not None


def test_a_good_end_is_one_that_everybody_comes_to_and_nothing_breaks():
    assert said("runs.schedule", "A15 B15", scenario="v6", goal="end well").passed
    assert (
        said("runs.schedule", "A15", scenario="v6", goal="end well").says
        == "It stops where CPU 1 still has steps to take."
    )
    assert "On the way it breaks a rule" in said("runs.schedule", "A10 B15 A3", scenario="v2", goal="end well").says


def test_a_goal_is_named_by_what_is_the_case():
    assert runs._named("deadlock") == "deadlock" and runs._named("remove-finds-a-pair") == "REMOVE found no pair"
    assert runs._named("one CPU must see the other") == "broken: one CPU must see the other"


def test_a_deadlock_is_a_goal():
    assert said("runs.schedule", "A99", scenario="per-region", goal="deadlock").passed is False
    from tdxkit.explore import explore
    from tdxkit.linux.refcount import scenario

    assert said(
        "runs.schedule", explore(scenario("per-region")).schedule, scenario="per-region", goal="deadlock"
    ).passed


def test_the_rungs_go_up_and_each_asks_something_new():
    assert [rung.id for rung in put_rungs()] == [
        "two",
        "three",
        "remove",
        "memory",
        "add",
        "softirq",
        "tso",
        "cheapest",
    ]
    assert [(rung.threads, rung.rounds) for rung in put_rungs()[:2]] == [(2, 1), (3, 2)]


TEXT = exercise_named("your-put").solution
BH = TEXT.replace("spin_lock_bh", "spin_lock").replace("spin_unlock_bh", "spin_unlock")
COUNTS_AGAIN = "\t\tatomic_set(users, 1);\t/* the pair is still there */\n"
ADOPTS = "\tif (IS_TDX_HPA_RANGE_NOT_FREE(status))\n\t\tatomic_set(users, 1);\t/* there is a pair already */\n\telse\n\t\terr = -EIO;\n"
NOT_ADOPTED = TEXT.replace(COUNTS_AGAIN, '\t\tpr_err("left");\n').replace(ADOPTS, "\terr = -EIO;\n")
ON_EACH = {
    "three": None,
    "remove": NOT_ADOPTED,
    "memory": TEXT.replace("		return -ENOMEM;", "		return 0;"),
    "add": TEXT.replace("err = -EIO;", "err = 0;"),
    "softirq": BH,
    "cheapest": TEXT.replace("	if (atomic_add_unless(users, -1, 1))\n		return;\n\n", ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("rung", [rung for rung, text in ON_EACH.items() if text])
def test_a_put_stops_at_the_rung_that_it_does_not_hold(rung):
    assert ON_EACH[rung] != TEXT
    found = drive(climbing(ON_EACH[rung]))
    assert (
        found.stopped.id == rung
        and [one.id for one in found.passed] == [one.id for one in put_rungs()][: len(found.passed)]
    )
    assert put_rungs()[len(found.passed)].id == rung


@pytest.mark.slow
def test_one_that_holds_everywhere_comes_to_the_top_or_as_high_as_is_asked():
    assert drive(climbing(TEXT)).stopped is None and len(drive(climbing(TEXT)).passed) == 8
    assert [rung.id for rung in drive(climbing(BH, 4)).passed] == ["two", "three", "remove", "memory"]
    assert drive(climbing(BH, 4)).stopped is None


def test_python_goes_up_to_where_softirqs_have_to_be_kept_off():
    from tdxkit.linux.refcount import v6

    found = drive(climbing((v6.put, v6.get)))
    assert found.stopped.id == "softirq" and found.why == puts.IN_C and found.opinion is None


def test_what_costs_more_is_named_with_what_is_enough():
    costs = drive(climbing(BH, 1)).costs
    assert puts.dearer(costs) == "" and [one.version for one in costs] == ["mine", "v6", "after-v6"]
    dear = costs[0].__class__("mine", {**costs[0].alone}, {**costs[0].shared, "locked": 1})
    assert puts.dearer((dear, *costs[1:])) == "steps with a lock of a round where the pair is there: 1, and 0 in v6."


BEGINS = exercise_named("mend-put").begins


@pytest.mark.parametrize(
    "more, told", [(MOST_LINES, "It breaks"), (MOST_LINES + 1, "13 of its lines are new, and 12 are enough")]
)
def test_twelve_new_lines_are_enough_and_blank_ones_do_not_count(more, told):
    text = BEGINS + "\n\n" + "".join(f"int spare_{k};\n" for k in range(more))
    assert told in drive(exercise_named("mend-put").check(text)).says


def test_what_is_no_text_is_asked_for_in_the_box():
    assert "C is asked for; write it into the box" in drive(exercise_named("mend-put").check(3)).says


@pytest.mark.slow
def test_a_text_in_python_is_taken_as_far_as_functions_are():
    text = (
        "from tdxkit.linux.refcount import v6\n\n\n"
        "def get(m, region):\n    return (yield from v6.get(m, region))\n\n\n"
        "def put(m, region):\n    yield from v6.put(m, region)\n"
    )
    found = drive(climbing(text))
    assert (found.stopped.id, found.why) == ("softirq", puts.IN_C) and [one.id for one in found.passed][-1] == "add"


BACK = {"scenario": "v6", "goal": "end well", "actor": "CPU 1", "does": "TDH.PHYMEM.PAMT.REMOVE"}


def test_who_has_to_do_it_is_the_only_one_who_does():
    assert (
        said("runs.schedule", "B15 A15", **BACK).says
        == "TDH.PHYMEM.PAMT.REMOVE is done by CPU 0 too, and CPU 1 alone was asked for."
    )
    assert "is done by CPU 0, and CPU 1 was asked for" in said("runs.schedule", "A9 B4 A6", **BACK).says
    assert said("runs.schedule", "A15 B15", scenario="v6", actor="CPU 1", does="m").says.startswith(
        "m is not called at all"
    )
    good = said("runs.schedule", "A9 B2 A1 B7", **BACK)
    assert good.passed and good.says == "Everybody comes to an end, after 19 steps with 3 switches."


NO_WAIT = [
    "pamt_lock",
    "A9 B4 A6 (pamt_lock)",
    "A9 B5 pamt_lock",
    "pamt_lock:2x1:0000 A1",
    "pamt_lock:2x1:0000 A3 B3",
    "A9 B5",
    "A15 B1 C1",
    "A0",
]


@pytest.mark.parametrize("answer", NO_WAIT)
def test_a_lock_that_is_only_named_keeps_nobody_waiting(answer):
    assert not said("runs.schedule", answer, scenario="v6", refused="pamt_lock").passed


def test_the_refused_step_is_one_of_a_cpu_that_waits_for_this_lock():
    whole = replay_steps(named_scenario("v6"), [(0, 0)]).code
    for answer in ("A3 B3", f"{whole.split()[0]} A3 B3", "v6:2x1:0000 A3 B3"):
        found = said("runs.schedule", answer, scenario="v6", refused="pamt_lock")
        assert found.passed and "CPU 1 waits" in found.says and "pamt_lock" in found.says
    assert not said("runs.schedule", "A3 B3", scenario="v6", refused="another_lock").passed


@pytest.mark.parametrize("name, answers", [
    ("longest-wait", ["TD 2, vCPU 0", "td2 vcpu0", " TD 2 vCPU 0 "]),
    ("last-pair", ["the TDR", "TDR page", "The TDR page", "tdr"]),
    ("apart-from-zaps", ["mmu_lock (write)", "write mmu_lock", "mmu_lock, write", "Write: mmu_lock"]),
])  # fmt: skip
def test_a_name_may_be_spelt_as_people_do(name, answers):
    for answer in answers:
        assert drive(exercise_named(name).check(answer)).passed, answer


@pytest.mark.parametrize("name, answers", [
    ("longest-wait", ["TD 1, vCPU 0", "TD 20", ","]),
    ("last-pair", ["the TDVPR page", "page", "the", "the page"]),
    ("apart-from-zaps", ["mmu_lock", "mmu_lock (read)", "mmu_lock write read", "write"]),
])  # fmt: skip
def test_another_name_is_another_however_it_is_spelt(name, answers):
    for answer in answers:
        assert not drive(exercise_named(name).check(answer)).passed, answer
