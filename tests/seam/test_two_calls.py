"""Two calls by name: which can be under way at once, where they meet, what their registers may hold, what of it `conflicts` tells."""

import pytest

from tdxkit.errors import InputError
from tdxkit.seam.conflicts import (
    OK,
    Conflict,
    call_of,
    conditions,
    conflict,
    in_words,
    lock_points,
    names,
    pair_world,
    shared_region,
    stages,
)
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.leaves.engine import leaves as known
from tdxkit.seam.scenes import CONTROL, EMPTY, EMPTY_WITH_PAIR, FRESH, LARGE, PAIR, SMALL
from tdxkit.seam.two_calls import APART, SAME_PAGE, SAME_REGION, WHERE, TwoCalls, call_named, leaves, telling
from tdxkit.status import with_operand

ADD, REMOVE, ACCEPT = "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE", "TDG.MEM.PAGE.ACCEPT"
AUG, CREATE, FLUSH, ENTER = "TDH.MEM.PAGE.AUG", "TDH.MNG.CREATE", "TDH.VP.FLUSH", "TDH.VP.ENTER"
BLOCK, RECLAIM = "TDH.MEM.RANGE.BLOCK", "TDH.PHYMEM.PAGE.RECLAIM"


def test_what_brings_the_module_up_is_not_under_way_beside_another():
    assert len(names()) == len(known()) + 3 and names()[-2:] == ("TDH.VP.INIT v1", f"{AUG} 2M")
    assert set(names()) - set(leaves()) == {name for name in known() if name.startswith("TDH.SYS.")}


@pytest.mark.parametrize("said, name", [
    ("phymem.pamt.add", ADD), (" TDH.MEM.PAGE.AUG 2M", f"{AUG} 2M"), ("vp.init v1", "TDH.VP.INIT v1"), ("vp.init", "TDH.VP.INIT"), ("tdg.mem.page.accept", ACCEPT),
])  # fmt: skip
def test_a_call_is_known_by_its_name_in_any_case(said, name):
    assert call_named(said) == name


@pytest.mark.parametrize("said, next_action", [
    ("PAMT.AD", "did you mean PHYMEM.PAMT.ADD"), ("SYS.INIT", "did you mean"), ("xyzzy", "name one of those in `conflicts`, none of SYS"),
])  # fmt: skip
def test_another_is_refused_with_the_next_to_it(said, next_action):
    with pytest.raises(InputError, match="under way at once") as error:
        call_named(said)
    assert next_action in str(error.value)


def test_where_two_meet_and_where_each_is_by_itself():
    """Entry 300 of the region that ADD works on, the page beside it, the page of AUG's own scene."""
    words = TwoCalls(ADD, AUG).words(TwoCalls(ADD, AUG).world(), True)
    new, gpa = EMPTY + 300 * 4096, 0x2000
    assert words["R8"] == {SAME_REGION: new + 4096, SAME_PAGE: new, APART: FRESH + 0x8000}
    assert words["RCX"] == {SAME_REGION: gpa + 4096, SAME_PAGE: gpa} and list(words["RDX"]) == [SAME_REGION]
    first = TwoCalls(ADD, AUG).words(TwoCalls(ADD, AUG).world(), False)
    assert first == {"RCX": {SAME_REGION: EMPTY | 1}, "RDX": {SAME_REGION: PAIR[0]}, "R8": {SAME_REGION: PAIR[1]}}
    apart = TwoCalls(ADD, AUG, where=APART)
    assert list(apart.words(apart.world(), True)["R8"]) == [APART, SAME_REGION, SAME_PAGE] and WHERE[0] == SAME_REGION


@pytest.mark.parametrize("where, page", [(SAME_REGION, 301), (SAME_PAGE, 300)])
def test_the_second_takes_another_page_unless_it_is_to_be_the_same(where, page):
    _, calls = TwoCalls(REMOVE, AUG, where).made()
    assert calls[0] == (REMOVE, {"rcx": EMPTY_WITH_PAIR | 1}) and calls[1][1]["r8"] == EMPTY_WITH_PAIR + page * 4096
    assert [name for name, _ in TwoCalls(REMOVE, f"{AUG} 2M").made()[1]] == [REMOVE, AUG]


def test_registers_of_ones_own_in_words_or_numbers():
    _, calls = TwoCalls(ADD, AUG, wanted=({"RDX": 0x5000}, {"R8": APART})).made()
    assert calls[0][1] == {"rcx": EMPTY | 1, "rdx": 0x5000, "r8": PAIR[1]} and calls[1][1]["r8"] == FRESH + 0x8000
    assert calls[1][1]["rcx"] == 0x3000, "the others are as they were"


def test_a_tdcall_is_made_on_the_page_that_the_other_works_on_by_a_vcpu_in_the_guest():
    module, calls = TwoCalls(ACCEPT, BLOCK).made()
    assert calls[0][1]["rcx"] == calls[1][1]["rcx"] == 0 and module.m.vcpu[calls[0][1]["vcpu"]] == "ACTIVE"
    assert "VCPU" not in TwoCalls(ACCEPT, BLOCK).words(TwoCalls(ACCEPT, BLOCK).world(), False)
    world = pair_world("runnable", "2.0.18", ACCEPT, AUG, "")
    assert call_of(world, ACCEPT, AUG, CONTROL)[1]["rcx"] == 0x2000, "AUG's GPA"
    assert call_of(world, ACCEPT, RECLAIM, CONTROL)[1]["rcx"] == 0x40_5000, "its own: RECLAIM names no GPA"


def test_the_stages_of_a_pair_and_the_most_fitting():
    pair = TwoCalls(CREATE, FLUSH)
    assert pair.stages == ("ready", "runnable") and pair.fitting_stage == "runnable" and pair.conditions == ("",)
    assert TwoCalls(ENTER, BLOCK).conditions == ("", "suspected") and conditions(ACCEPT, ENTER) == ()
    assert tuple(stages("TDH.VP.INIT", RECLAIM, "suspected")) == () and tuple(stages(ENTER, RECLAIM, "suspected")) == (
        "runnable",
    )
    assert TwoCalls(CREATE, FLUSH, stage="ready").world().td.vcpus is not None


def test_a_stage_that_is_wanted_is_taken_only_where_one_of_the_two_succeeds():
    ready, other = (TwoCalls(CREATE, FLUSH, stage=stage).made()[0].m for stage in ("ready", "in teardown"))
    assert not ready.vcpu and other.vcpu, "the second is at the most fitting one"


@pytest.mark.parametrize("given, said", [
    ({"first": "TDH.SYS.INIT", "second": ADD}, "call TDH.SYS.INIT"), ({"first": ADD, "second": "nope"}, "call nope"),
    ({"first": RECLAIM, "second": RECLAIM, "condition": "suspected"}, "no stage at which both can be made"),
])  # fmt: skip
def test_two_that_cannot_be_are_refused(given, said):
    with pytest.raises(InputError, match=said):
        TwoCalls(**given).world()


def test_the_two_as_conflicts_tells_them():
    told = telling(ENTER, BLOCK)
    assert (told.condition, told.stage) == ("suspected", "runnable") and telling(CREATE, FLUSH).stage == "ready"
    assert telling(ADD, REMOVE).condition == "" and telling(ENTER, REMOVE).stage == "runnable"
    assert telling("TDH.MEM.PAGE.REMOVE", RECLAIM).stage == "", "they go side by side"
    assert telling(ENTER, BLOCK, "2.0.08").version == "2.0.08"


@pytest.mark.parametrize("a, b, region", [
    (ADD, AUG, EMPTY), (REMOVE, ADD, EMPTY_WITH_PAIR), ("TDH.MEM.PAGE.DEMOTE", AUG, LARGE), ("TDH.MEM.PAGE.PROMOTE", AUG, SMALL), (AUG, ADD, CONTROL), (AUG, f"{AUG} 2M", FRESH),
    (f"{AUG} 2M", AUG, EMPTY),
])  # fmt: skip
def test_the_region_in_which_a_pair_meets(a, b, region):
    assert shared_region(a, b) == region


def test_locks_are_looked_at_after_each_step_that_took_or_gave_one_up():
    """CREATE: 1G, 2M, 4K, the KOT; then KOT, 4K, 2M are given up; the last step is the call's end."""
    points = lock_points(CREATE, ADD, "runnable", "2.0.18", "")
    assert len(points) == 4 + 3 and list(points) == sorted(set(points))
    assert len(lock_points(ENTER, ADD, "runnable", "2.0.18", "suspected")) > len(
        lock_points(ENTER, ADD, "runnable", "2.0.18", "")
    )


def test_a_conflict_in_words_and_as_data():
    busy, tree = (Answer(with_operand("TDX_OPERAND_BUSY", name)) for name in ("RCX", "SEPT_TREE"))
    none, one, both = Conflict("a", "b"), Conflict("a", "b", (busy,)), Conflict("a", "b", (busy,), "it rains", (tree,))
    assert (str(none), none.result_then, none.operand) == (OK, "", "")
    assert (str(one), one.operand, one.as_json()["only_if"]) == ("TDX_OPERAND_BUSY|RCX", "RCX", None)
    assert str(both) == "TDX_OPERAND_BUSY|RCX; only if it rains: TDX_OPERAND_BUSY|SEPT_TREE" and both.operand == ""
    assert Conflict("a", "b", (), "it rains", (tree,)).operand == "SEPT_TREE"
    assert both.as_json() == {
        "a": "a",
        "b": "b",
        "result": "TDX_OPERAND_BUSY|RCX",
        "only_if": "it rains",
        "result_then": "TDX_OPERAND_BUSY|SEPT_TREE",
    }
    assert in_words((busy, tree)) == "TDX_OPERAND_BUSY|RCX, TDX_OPERAND_BUSY|SEPT_TREE"


def test_a_version_without_pairs_has_no_conflicts_here():
    with pytest.raises(InputError, match=r"take 1\.5\.28 or later"):
        conflict(ADD, ADD, "1.5.06")
    assert conflict(ADD, ADD, "1.5.28").met
