"""What judges answers about memory attributes: the tree is made, the C is run, the guest is watched; each answer is told what came of it."""

import pytest

from tdxkit.errors import InputError
from tdxkit.lessons.checks import attributes
from tdxkit.lessons.exercises import exercise_named
from tdxkit.linux.softlockup.lockup import lockup
from tdxkit.units import GIB
from tdxkit.work import drive

pytestmark = pytest.mark.slow  # all rows together

LOOPS = exercise_named("let-others-run")
RESERVED, STORED, OFFER = "\t\tif (err)\n\t\t\treturn err;\n", "\t\terr = xa_err(old);\n", "\t\tcond_resched();\n"
WAYS = {"first": 62, "end": 66, "models": ["none", "voluntary"]}


def tree(page, pages=2, nodes=9):
    return attributes.tree(page, None, pages=pages, nodes=nodes)


def loops(*changes):
    """The text of the box with some of its lines changed, judged."""
    text = LOOPS.begins
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return drive(LOOPS.check(text))


@pytest.mark.parametrize(
    "page, made", [(0, 1), (63, 3), (4095, 5), (262143, 7), (16777215, 9), (2**25 - 1, 9), (2**30 - 1, 11)]
)
def test_nodes_are_counted_in_a_tree_that_is_made(page, made):
    said = tree(page)
    assert said.passed == (made == 9) and f"{made} in all" in said.says
    assert said.run.state(len(said.run))["nodes"] == made and said.run.steps[said.at - 1].does == "xa_reserve"


@pytest.mark.parametrize("page", [-1, True, 1.0, "63", None, 1 << 52, (1, 2), pytest.param(10**5000, id="huge")])
def test_a_page_is_one_that_an_address_names(page):
    with pytest.raises(InputError, match="a page is a whole number"):
        tree(page)


def test_the_last_page_is_one():
    assert "in all" in tree((1 << 52) - 3).says


def cleared(answer):
    return attributes.cleared(answer, None, first=62, end=66, after=2, nodes=1)


@pytest.mark.parametrize(
    "order, left", [([65, 64, 63, 62], 1), ((64, 65, 62, 63), 1), ([62, 63, 64, 65], 2), ([62, 65, 63, 64], 3)]
)
def test_an_order_of_clearing_is_followed(order, left):
    said = cleared(order)
    assert said.passed == (left == 1) and f"{left} node" in said.says
    assert said.run.state(said.at)["nodes"] == left and said.run.state(len(said.run))["nodes"] == 0


@pytest.mark.parametrize(
    "order", [[62, 63, 64], [62, 63, 64, 64], [62, 63, 64, 66], "62 63 64 65", 62, [[62], 63, 64, 65], [True] * 4]
)
def test_each_page_is_cleared_once(order):
    with pytest.raises(InputError, match="is cleared once"):
        cleared(order)


def test_offers_may_stand_before_or_after_the_page():
    said = loops((RESERVED, RESERVED + OFFER), ("\t\tvoid *old", OFFER + "\t\tvoid *old"))
    assert said.passed and "8 times" in said.says


@pytest.mark.parametrize(
    "changes, told",
    [
        ([], "4 pages of the reserve loop go by"),
        ([(STORED, STORED + OFFER)], "4 pages of the reserve loop go by"),
        ([(RESERVED, RESERVED + OFFER)], "4 pages of the store loop go by"),
        ([(RESERVED, RESERVED + OFFER), (STORED, STORED + "\t\tmight_sleep();\n")], "On a NONE kernel 4 pages"),
        ([(RESERVED, RESERVED + OFFER), (STORED, STORED + "\t\tif (first % 2)\n\t" + OFFER)], "2 pages of the store loop"),
        ([(RESERVED, RESERVED + OFFER), ("entry, GFP", "NULL, GFP"), (STORED, STORED + OFFER)], "page 62 is not private"),
        ([("\tguard(mutex)(&slots_lock);", "\trcu_read_lock();"), (STORED, STORED + OFFER)], "reading under RCU"),
        ([("DEFINE_MUTEX", "DEFINE_SPINLOCK"), ("guard(mutex)", "guard(spinlock)"), (STORED, STORED + OFFER)], "slept"),
        ([("slots_lock", "another")], "slots_lock is not in it any more"),
        ([("\tguard(mutex)(&slots_lock);", "")], "slots_lock is not held"),
        ([(STORED, STORED + OFFER * 13)], "13 of its lines are new"),
    ],
)  # fmt: skip
def test_loops_that_do_not_give_way_or_do_too_much(changes, told):
    said = loops(*changes)
    assert not said.passed and told in said.says, said.says


GUARD, RESERVE = (
    "\tguard(mutex)(&slots_lock);	/* a mutex only, so the loops may yield */\n",
    "\terr = reserve_each(first, end);\n",
)
BOTH = ((RESERVED, RESERVED + OFFER), (STORED, STORED + OFFER))
NOT_HELD = "slots_lock is not held: another call may come to a range that is half done."
OTHER = [
    ([(GUARD + RESERVE, "\tscoped_guard(mutex, &slots_lock)\n\t" + RESERVE)], NOT_HELD),
    ([(GUARD + RESERVE, RESERVE + GUARD)], NOT_HELD),
    ([(GUARD + RESERVE, f"\tmutex_lock(&slots_lock);\n{RESERVE}\tmutex_unlock(&slots_lock);\n")], NOT_HELD),
    ([(GUARD, "\tmutex_lock(&slots_lock);\n\tmutex_unlock(&slots_lock);\n")], NOT_HELD),
    ([(RESERVE, "\terr = 0;\n")], "xa_reserve() is called 0 times for 4 pages"),
    ([("while (first < end) {", "if (first < end) {")], "xa_reserve() is called 1 time for 4 pages"),
    ([("\t\tif (err)\n\t\t\treturn err;\n", "")], "Where memory may run out, set_range(62, 66, 8) can come to this"),
    ([(RESERVE, "\treserve_each(first, end);\n\terr = 0;\n")], "Where memory may run out, set_range(62, 66, 8) can come to this"),
    ([("\t\terr = xa_err(old);\n", "")], "Where memory may run out, store_each(62, 66, xa_mk_value(8)) can come to this"),
    ([("bits ? xa_mk_value(bits) : NULL", "xa_mk_value(bits)")], "set_range(4294967296, 4294967297, 0) can come to this"),
    ([("bits ? xa_mk_value(bits)", "bits ? xa_mk_value(8)")], "set_range(4294967295, 4294967298, 5)"),
    ([(RESERVE, "\tif (end - first > 512)\n\t\treturn -EINVAL;\n" + RESERVE)], "set_range(0, 1 << 20, 8) can come to this"),
    ([("gfn_t first, gfn_t end", "int first, int end")], "set_range(4294967295, 4294967298, 5)"),
    ([("while (first < end) {", "do {"), ("\t}\n\treturn 0;", "\t} while (first < end);\n\treturn 0;")], "set_range(62, 62, 8) can come to this"),
    ([("store_each", "put_each")], "store_each() is not in it any more"),
]  # fmt: skip


@pytest.mark.parametrize("changes, told", OTHER, ids=range(len(OTHER)))
def test_offers_alone_are_not_enough(changes, told):
    said = loops(*BOTH, *changes)
    assert not said.passed and told in said.says, said.says


RIGHT = [
    [(GUARD + RESERVE, "\tmutex_lock(&slots_lock);\n" + RESERVE), ("\treturn err ? err : store_each(first, end, bits ? xa_mk_value(bits) : NULL);\n",
     "\tif (!err)\n\t\terr = store_each(first, end, bits ? xa_mk_value(bits) : NULL);\n\tmutex_unlock(&slots_lock);\n\treturn err;\n")],
    [("while (first < end) {", "for (; first < end; ) {")],
    [("\t\tcond_resched();\n", "\t\tif (first < end)\n\t\t\tcond_resched();\n")],
    [(GUARD, GUARD + "\tmight_sleep();\n")],
]  # fmt: skip


@pytest.mark.parametrize("changes", RIGHT, ids=range(len(RIGHT)))
def test_the_same_work_written_otherwise_passes(changes):
    said = loops(*BOTH, *changes)
    assert said.passed and said.run and "times, between any two pages of each loop" in said.says, said.says


def test_voluntary_alone_asks_less():
    text = LOOPS.begins.replace(STORED, STORED + OFFER)
    ways = WAYS | {"models": ["voluntary"]}
    assert drive(attributes.gives_way(text, LOOPS, **ways)).passed
    assert not drive(attributes.gives_way(text, LOOPS, **WAYS)).passed


def test_phases_are_those_of_the_watchdog():
    at = 24 - lockup(940 * GIB).longest.seconds  # from this phase on the tick falls into the loop
    assert attributes.phases((at + 0.01, at - 0.01), None, gib=940).passed
    assert attributes.phases([4, 0], None, gib=940).passed
    for wrong in ((at - 0.01, at - 0.01), (at + 0.01, at + 0.01)):
        assert not attributes.phases(wrong, None, gib=940).passed


@pytest.mark.parametrize(
    "pair", [(3,), 3, "31", (3, "1"), (3, True), (4.01, 1), (3, -0.01), (float("nan"), 1), (10**400, 1), None]
)
def test_what_is_no_pair_of_phases(pair):
    with pytest.raises(InputError):
        attributes.phases(pair, None, gib=940)


@pytest.mark.parametrize(
    "ns, told", [(69, "in no phase"), (70, "at 69 ns 19.86 s"), (71, "at 70 ns it can be too"), (1000, "at 999 ns")]
)
def test_the_least_cost_at_which_a_report_is_possible(ns, told):
    said = attributes.cheapest(ns, None, gib=1100)
    assert said.passed == (ns == 70) and told in said.says


@pytest.mark.parametrize("ns", [0, 1001, 70.0, "70", True])
def test_a_cost_is_a_whole_number(ns):
    with pytest.raises(InputError, match="ns a page"):
        attributes.cheapest(ns, None, gib=1100)
