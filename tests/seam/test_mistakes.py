"""Every row of the lists of statuses comes back when its mistake is made, and no word or situation breaks the model."""

import itertools

import pytest

from tdxkit.seam.leaves.engine import find_leaf
from tdxkit.seam.mistakes import LEAVES, NOBODY, rows
from tdxkit.seam.one_call import Setting, make
from tdxkit.seam.operands import choices, numbers
from tdxkit.seam.pamt import PT_PAMT
from tdxkit.seam.quests import QUESTS
from tdxkit.seam.scenes import world_at, world_for
from tdxkit.seam.situations import AS_IT_SHOULD, LAST_PAGE, STATIC, situations
from tdxkit.seam.versions import VERSIONS

ADD, RELOCATE = "TDH.PHYMEM.PAMT.ADD", "TDH.MEM.PAGE.RELOCATE"
ROWS = [(leaf, row) for leaf in LEAVES for row in rows(leaf)]


def told(made):
    return str(made.answer), made.failed


@pytest.mark.slow
@pytest.mark.parametrize(("leaf", "row"), ROWS, ids=[f"{leaf}-{at}" for at, (leaf, _) in enumerate(ROWS)])
def test_a_rows_mistake_gives_its_status_and_is_found_by_its_check(leaf, row):
    if not row.setting:
        assert row.why == NOBODY or row.why.startswith("not modelled: ")
        return
    made, known = make(row.setting), find_leaf(leaf)
    assert row.is_from(made) and sum(other.is_from(made) for other in rows(leaf)) == 1
    if not row.number:
        assert made.answer.ok and made.failed is None
        return
    check = known.checks[row.number - 1]
    assert (
        made.failed == row.number
        and made.answer.name == check.spec["status"]
        and row.status.startswith(made.answer.name)
    )
    if "operand" in check.spec:
        assert made.answer.operand == check.spec["operand"]
    step = made.run.steps[made.position - 1]
    assert step.actor == "CPU 0" and f" Check {row.number} of {len(known.checks)}: " in step.sentence
    assert str(made.run.state(len(made.run))["CPU 0 RAX"]) == str(made.answer)


def test_only_what_is_not_in_the_model_has_no_mistake():
    without = {(leaf, row.status) for leaf, row in ROWS if row.number and not row.setting}
    assert {status for _, status in without} == {"TDX_OPERAND_BUSY|OP_STATE"}
    assert sum(bool(row.setting) for _, row in ROWS) == 177


@pytest.mark.parametrize("leaf", LEAVES)
def test_the_first_word_of_a_register_is_the_one_with_which_the_leaf_succeeds(leaf):
    world = world_for(leaf)
    right = {name.upper(): value for name, value in world.operands(leaf).items()}
    for register, value in right.items():
        assert next(iter(choices(leaf, register, world, right).values())) == value
    assert numbers(leaf, world, {}) == right and make(Setting(leaf)).answer.ok


def every_word(leaf):
    """(register, word, number, whether it is the right one) of every word for every register of a leaf."""
    world = world_for(leaf)
    right = numbers(leaf, world, {})
    for register in right:
        for word, number in choices(leaf, register, world, right).items():
            yield register, word, number == right[register]


def is_answered(leaf, situation, register, word, right):
    made = make(Setting(leaf, situation=situation, operands={register: word}))
    assert made.answer.name and (made.failed is None) == made.answer.ok
    assert made.answer.ok or not right or situation != AS_IT_SHOULD, word


@pytest.mark.slow
@pytest.mark.parametrize("leaf", LEAVES)
def test_every_word_and_every_situation_is_answered(leaf):
    """Each word where all is as it should be, and one after the other in the other situations."""
    among = itertools.cycle(situations(leaf))
    for register, word, right in every_word(leaf):
        is_answered(leaf, AS_IT_SHOULD, register, word, right)
        is_answered(leaf, next(among), register, word, right)


@pytest.mark.slow
@pytest.mark.parametrize("leaf", LEAVES)
def test_every_word_in_every_situation_is_answered(leaf):
    for situation, (register, word, right) in itertools.product(situations(leaf), list(every_word(leaf))):
        is_answered(leaf, situation, register, word, right)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("leaf", LEAVES)
def test_every_leaf_works_in_every_version_but_those_of_pairs_where_there_are_none(leaf, version):
    made = make(Setting(leaf, version))
    pairs = "PAMT" in leaf and not VERSIONS[version].dynamic_pamt
    assert told(made) == (("TDX_OPERAND_INVALID|RAX", 1) if pairs else ("TDX_SUCCESS", None))


def test_a_static_world_has_no_pair_at_any_stage():
    m = world_at("runnable", "1.0", dynamic=False).module.m
    assert (
        not m.dynamic and not any(entry.type == PT_PAMT for entry in m.pamt_2m.values()) and not any(m.bitmap.values())
    )
    assert make(Setting("TDH.MEM.PAGE.AUG", situation=STATIC, operands={"R8": "in a region without a pair"})).answer.ok


@pytest.mark.parametrize(("words", "status"), [
    ({"R8": "next to the other page"}, "TDX_SUCCESS"), ({"RDX": "inside the region itself"}, "TDX_SUCCESS"),
    ({"RDX": "inside the region itself", "R8": "inside the region itself"}, "TDX_SUCCESS"),
    ({"RDX": "in a region that has a pair"}, "TDX_SUCCESS"), ({"R8": "1 GiB after the other page"}, "TDX_SUCCESS"),
    ({"R8": "the same page as the other"}, "TDX_PAGE_NOT_FREE|R8"), ({"RDX": 0x8000_0008}, "TDX_OPERAND_INVALID|RDX"),
    ({"RCX": "a 2 MiB page of the TD"}, "TDX_HPA_RANGE_NOT_FREE|RCX"), ({"RDX": 0xC000_0000}, "TDX_PAGE_NOT_FREE|R8"),
])  # fmt: skip
def test_pages_of_a_pair_may_lie_anywhere_but_not_twice(words, status):
    assert str(make(Setting(ADD, operands=words)).answer) == status


def test_the_hint_is_told_and_only_by_leaves_that_give_it():
    for leaf in LEAVES:
        hinted = make(Setting(leaf)).hint
        gives = find_leaf(leaf).spec.get("hint")
        assert hinted is (False if gives else None)
        assert (LAST_PAGE in situations(leaf)) == bool(gives)
    reclaimed = {name: row for name, *row in make(Setting(LEAVES[-1], situation=LAST_PAGE)).registers}
    assert reclaimed["R9"][1] == 1 << 62 and reclaimed["RCX"][1:] == [3, "page type: REG"]


@pytest.mark.slow
def test_a_quest_is_reached_by_operands_and_by_no_row():
    for leaf, quest in QUESTS.items():
        assert not any(quest.found(make(row.setting)) for row in rows(leaf) if row.setting)
    find = QUESTS[ADD].found
    wrong = Setting(ADD, operands={"RCX": "in no TDMR", "R8": "not aligned"})
    assert told(make(wrong)) == ("TDX_OPERAND_INVALID|R8", 5) and find(make(wrong)).startswith(
        "RCX alone gives TDX_OPERAND_ADDR"
    )
    assert not find(make(Setting(ADD, operands={"RCX": "not aligned", "R8": "not aligned"})))  # RCX is named, and first
    inside = {"R8": "free, in the region of the page mapped there"}
    moved = make(Setting(RELOCATE, situation=LAST_PAGE, operands=inside))
    assert moved.hint is False and "went to 2" in QUESTS[RELOCATE].found(moved)
    assert not QUESTS[RELOCATE].found(make(Setting(RELOCATE, "1.0", situation=LAST_PAGE, operands=inside)))
