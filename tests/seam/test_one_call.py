"""One call as somebody has set it up: what a picture of it shows, what decided, register by register what came back."""

import itertools

import pytest

from tdxkit.seam.leaves.engine import find_leaf
from tdxkit.seam.mistakes import GONE_WELL, HINTED, LEAVES, NOBODY, rows
from tdxkit.seam.one_call import Setting, Shown, make
from tdxkit.seam.quests import QUESTS
from tdxkit.seam.scenes import CONTROL, EMPTY, EMPTY_WITH_PAIR, FRESH, LARGE, PAIR, SMALL, world_at
from tdxkit.seam.situations import BLOCKING, INTERRUPT, LAST_PAGE, STATIC

ADD, REMOVE, AUG = "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE", "TDH.MEM.PAGE.AUG"
DEMOTE, PROMOTE, RELOCATE = "TDH.MEM.PAGE.DEMOTE", "TDH.MEM.PAGE.PROMOTE", "TDH.MEM.PAGE.RELOCATE"
RECLAIM = "TDH.PHYMEM.PAGE.RECLAIM"


def pair_of(region):
    return world_at("runnable").module.m.pamt_2m[region >> 21].pair


@pytest.mark.parametrize("setting, shown", [
    (Setting(ADD), Shown(EMPTY, None, PAIR)),
    (Setting(ADD, operands={"RDX": "a page of the TD"}), Shown(EMPTY, None, (SMALL + 0x5000, PAIR[1]))),  # a leaf of the region shows the region
    (Setting(ADD, operands={"RCX": "a region with a pair, all free"}), Shown(EMPTY_WITH_PAIR, None, pair_of(EMPTY_WITH_PAIR))),
    (Setting(REMOVE), Shown(EMPTY_WITH_PAIR, None, pair_of(EMPTY_WITH_PAIR))),
    (Setting(REMOVE, operands={"RCX": "a region without a pair"}), Shown(EMPTY)),
    (Setting(AUG), Shown(FRESH, FRESH + 0x7000)),  # the new page
    (Setting(AUG, operands={"R8": "in a region without a pair"}), Shown(EMPTY, EMPTY + 0x12_C000)),
    (Setting(DEMOTE), Shown(LARGE, None, PAIR)),  # the page under the entry, and the pair it gets
    (Setting(DEMOTE, operands={"R12": "a page of the TD"}), Shown(SMALL, SMALL + 0x5000)),  # the page that the status names
    (Setting(DEMOTE, operands={"R13": "a page of the TD"}), Shown(SMALL, SMALL + 0x5000)),
    (Setting(DEMOTE, operands={"R8": "in a region without a pair"}), Shown(EMPTY, EMPTY + 0x12_C000)),
    (Setting(PROMOTE), Shown(SMALL, None, pair_of(SMALL))),  # the first of the 512
    (Setting(RECLAIM), Shown(SMALL, SMALL + 0x5000)),
    (Setting(RECLAIM, operands={"RCX": "inside a 2 MiB page of the TD"}), Shown(LARGE, LARGE + 0x1000)),
    (Setting(RELOCATE, operands={"R8": "HKID bits set"}), Shown(FRESH, FRESH + 0x7000)),
])  # fmt: skip
def test_a_picture_is_about_the_operand_that_a_status_names_or_what_the_call_works_on(setting, shown):
    assert make(setting).shown == shown


def test_what_decided_is_the_effect_or_the_check_that_failed():
    good, bad = make(Setting(AUG)), make(Setting(AUG, operands={"R8": "in a region without a pair"}))
    assert good.run.steps[good.decisive].kind == "store" and good.failed is None and good.position == good.decisive + 1
    step = bad.run.steps[bad.decisive]
    assert step.label.test == "pair R8" and bad.failed == step.label.at and "ends with TDX_MISSING" in step.sentence
    assert make(Setting(ADD, v=3)).failed == 0, "what stands before all checks"


def test_beside_a_call_stands_another_that_goes_on_when_this_one_has_returned():
    made = make(Setting(AUG, situation=BLOCKING))
    actors = [step.actor for step in made.run.steps]
    assert str(made.answer) == "TDX_OPERAND_BUSY|SEPT_TREE" and made.run.steps[made.decisive].actor == "CPU 0"
    assert actors[0] == actors[-1] == "CPU 1" and sum(a != b for a, b in itertools.pairwise(actors)) == 2
    end = made.run.state(len(made.run))
    assert (str(end["CPU 0 RAX"]), str(end["CPU 1 RAX"])) == ("TDX_OPERAND_BUSY|SEPT_TREE", "TDX_SUCCESS")


def what(made):
    return {name: (before, after, said) for name, before, after, said in made.registers}


def test_registers_are_told_in_order_with_what_was_given_and_what_came_back():
    made = make(Setting(PROMOTE))
    pair = pair_of(SMALL)
    assert [name for name, *_ in made.registers] == ["RCX", "RDX", "R12", "R13"]
    assert what(made)["RDX"] == (CONTROL, None, "TDR HPA")
    assert [what(made)[name][:2] for name in ("R12", "R13")] == [(None, page) for page in pair]
    assert what(made)["R13"][2] == "Dynamic PAMT, 4K->2M: the freed page pair"
    assert [name for name, *_ in make(Setting(RECLAIM)).registers] == ["RCX", "RDX", "R8", "R9"]
    assert what(make(Setting(RECLAIM)))["RCX"] == (SMALL + 0x5000, 3, "page type: REG")


def test_what_a_register_of_a_failing_call_is():
    walk = what(make(Setting(AUG, operands={"RCX": "no table above it"})))
    assert walk["RCX"] == (1 << 40, 0, "the Secure-EPT entry where the walk stopped") and walk["RDX"][1:] == (
        3,
        "its level",
    )
    assert walk["R8"][1:] == (None, "new page HPA (4K or 2M)")
    again = what(make(Setting(DEMOTE, "2.0.08", situation=INTERRUPT)))
    assert again["RCX"][0] == again["RCX"][1] and again["RDX"][2] == "as it was given, to make the same call again"
    assert again["R12"][2] == "Dynamic PAMT, 2M->4K: page pair HPAs"


def test_where_a_walk_stops_at_a_page_its_entry_comes_back():
    """The 2M page's entry is PENDING, so bits 2:0 are clear; a MAPPED one has them set."""
    for state, low in (("PENDING", 0), ("MAPPED", 7)):
        world = world_at("runnable")
        m, tdr = world.module.m, world.td.tdr
        slot = next(slot for slot, entry in m.sept.items() if entry == ("PENDING", LARGE))
        m.sept[slot] = (state, LARGE)
        answer = world.module.call("TDH.MEM.RANGE.BLOCK", rcx=0x20_0000, rdx=tdr)
        assert answer.name == "TDX_EPT_WALK_FAILED" and (answer["RCX"], answer["RDX"]) == (LARGE | low, 1)


def test_the_hint_is_a_yes_or_no_of_a_leaf_that_gives_one_and_succeeded():
    assert make(Setting(RELOCATE, situation=LAST_PAGE)).hint is True and make(Setting(RELOCATE)).hint is False
    assert make(Setting(RELOCATE, operands={"R8": "not aligned"})).hint is None and make(Setting(AUG)).hint is None


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_list_has_a_row_a_check_and_one_for_success_and_one_for_the_hint(leaf):
    spec, found = find_leaf(leaf).spec, rows(leaf)
    ends = [HINTED] * bool(spec.get("hint"))
    assert [row.when for row in found] == [c["when"] for c in spec["checks"]] + [GONE_WELL, *ends]
    modelled = [c for c in spec["checks"] if "test" in c]
    assert [row.number for row in found if row.number] == list(range(1, len(modelled) + 1))
    for check, row in zip(spec["checks"], found):
        assert row.status.startswith(check["status"]) and (check.get("operand", "") in row.status)
        assert row.why == (
            NOBODY
            if "test" in check and not row.setting
            else f"not modelled: {check['left_out']}"
            if "left_out" in check
            else ""
        )


def test_a_row_knows_its_own_call():
    added = rows(ADD)
    good, hinted = make(Setting(RELOCATE)), make(Setting(RELOCATE, situation=LAST_PAGE))
    well, hint = rows(RELOCATE)[-2:]
    assert well.is_from(good) and not well.is_from(hinted) and hint.is_from(hinted) and not hint.is_from(good)
    assert not added[-1].is_from(make(Setting(ADD, operands={"RDX": "not aligned"})))
    assert not any(row.is_from(good) for row in rows(RELOCATE) if not row.setting)


def test_the_quests_say_what_was_found():
    named = QUESTS[ADD].found(make(Setting(ADD, operands={"RCX": "in no TDMR", "R8": "not aligned"})))
    assert named == (
        "RCX alone gives TDX_OPERAND_ADDR_RANGE_ERROR|RCX (check 7), and here R8 is named: its check, number 5, comes before"
    )
    add = QUESTS[ADD].found
    wrong = {"RCX": "in no TDMR", "R8": "not aligned"}
    assert not add(make(Setting(ADD))) and not add(make(Setting(ADD, operands=wrong, v=1)))
    assert not add(make(Setting(ADD, operands=wrong, situation=STATIC))) and not add(
        make(Setting(ADD, operands={"R8": "not aligned"}))
    )
    assert "status does not name the first" in QUESTS[ADD].question and "gives no hint" in QUESTS[RELOCATE].question


def test_a_relocate_within_the_region_is_found_only_where_it_was_the_regions_last_page():
    found, inside = QUESTS[RELOCATE].found, {"R8": "free, in the region of the page mapped there"}
    assert found(make(Setting(RELOCATE, situation=LAST_PAGE, operands=inside))).endswith(
        "before it fell to 1, never to 0"
    )
    assert not found(make(Setting(RELOCATE, operands=inside))) and not found(
        make(Setting(RELOCATE, situation=LAST_PAGE))
    )
