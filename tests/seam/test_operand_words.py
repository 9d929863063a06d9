"""What a word for an operand says is true of its number; the words of the scenes; what stands around a call is there when it is made."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.leaves.engine import leaves
from tdxkit.seam.mistakes import LEAVES
from tdxkit.seam.one_call import Setting
from tdxkit.seam.operands import choices, numbers
from tdxkit.seam.pamt import NDA, PT_PAMT, REG, TDR
from tdxkit.seam.scenes import (
    CAN_ENTER,
    CONTROL,
    EMPTY,
    EMPTY_WITH_PAIR,
    FRESH,
    LARGE,
    PAIR,
    SMALL,
    scene_of,
    scenes,
    stages,
    world_at,
    world_for,
)
from tdxkit.seam.situations import (
    ALIVE,
    AS_IT_SHOULD,
    LAST_PAGE,
    NO_INIT,
    NO_KEYS,
    NO_TDCX,
    STATIC,
    at_page,
    situations,
)
from tdxkit.units import GIB, PAGE_2M, PAGE_4K

ADD, DEMOTE = "TDH.PHYMEM.PAMT.ADD", "TDH.MEM.PAGE.DEMOTE"


class Of:
    """A number in a world, and what the PAMT and the Secure EPT say of it."""

    def __init__(self, world, number):
        self.m, self.number, self.at = world.module.m, number, number & ~0xFFF
        self.large, self.small = self.m.pamt_2m[number >> 21], self.m.pamt_4k[number >> 12]
        self.pair_page = self.m.bitmap[number >> 21] >> (number >> 12 & 511) & 1
        self.in_use = [self.m.pamt_4k[(number >> 21 << 9) + i].type != NDA for i in range(512)]
        self.level = number & 7
        self.slot, self.reached = reach(self.m, world.td.tdr, self.at, self.level)
        self.state, self.points = self.m.sept[self.slot]
        self.reaches = self.reached == self.level
        self.below = {self.m.sept[self.points + 8 * i][0] for i in range(512)} if self.points else set()


HPA = {
    "a region without a pair": lambda o: o.level == 1 and o.large.type == NDA,
    "a region with a pair, all free": lambda o: o.level == 1 and o.large.type == PT_PAMT and not any(o.in_use),
    "a region in use, its first page": lambda o: o.level == 1 and o.in_use[0],
    "a region in use, its last page": lambda o: o.level == 1 and o.large.type == PT_PAMT and any(o.in_use),
    "a region of pages of pairs": lambda o: o.level == 1 and o.large.type == NDA and o.m.bitmap[o.number >> 21],
    "level 4K": lambda o: o.level == 0 and o.number % PAGE_2M == 0,
    "in a region that has a pair": lambda o: o.large.type == PT_PAMT and o.small.type == NDA,
    "in a region without a pair": lambda o: o.number % PAGE_4K == 0 and o.large.type == NDA,
    "a page of the TD": lambda o: o.small.type == REG,
    "a page of another pair": lambda o: o.pair_page,
    "a page of a pair": lambda o: o.pair_page,
    "inside a 2 MiB page of the TD": lambda o: o.large.type == REG and o.number % PAGE_2M,
    "all of a region without a pair": lambda o: o.number % PAGE_2M == 0 and o.large.type == NDA and not o.pair_page,
    "all of a region with a pair": lambda o: o.number % PAGE_2M == 0 and o.large.type == PT_PAMT,
    "all of a region of pages of pairs": lambda o: o.number % PAGE_2M == 0 and o.m.bitmap[o.number >> 21],
    "the TDR": lambda o: o.small.type == TDR,
    "the TD's TDR": lambda o: o.small.type == TDR,
    "in no TDMR": lambda o: not o.number >> 46 and not o.m.block[o.number >> 30],
    "HKID bits set": lambda o: o.number >> 46 and not o.number >> 52,
    "not aligned": lambda o: o.number & 8 and not o.number >> 46,
}
GPA = {
    "a 4 KiB page": lambda o: o.level == 0 and o.reaches and o.points,
    "a 2 MiB page": lambda o: o.level == 1 and o.reaches and o.m.pamt_2m[o.points >> 21].type == REG,
    "a table of 512 pages": lambda o: o.level == 1 and o.state.startswith("NL_") and o.below == {"PENDING"},
    "an empty table": lambda o: o.level == 1 and o.state.startswith("NL_") and o.below == {"FREE"},
    "nothing mapped": lambda o: o.level == 0 and o.reaches and o.state == "FREE",
    "nothing mapped, 2 MiB": lambda o: o.level == 1 and o.reaches and o.state == "FREE",
    "no table above it": lambda o: not o.reaches and o.state == "FREE" and not o.number >> 47,
    "a shared GPA": lambda o: o.number >> 47 == 1,
}


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_word_says_what_its_number_is(leaf):
    world = world_for(leaf)
    right = numbers(leaf, world, {})
    for register in right:
        gpa = "GPA" in scene_of(leaf).registers[register]
        for word, number in choices(leaf, register, world, right).items():
            of = Of(world, number)
            if word == "a reserved bit set":
                assert (number ^ right[register]).bit_count() == 1 and number ^ right[register] in (2, 0x800)
            elif word == "a 2 MiB page of the TD":
                assert of.large.type == REG and number & ~7 == LARGE
            elif word == "a free page":
                assert of.small.type == NDA and not of.pair_page and number % PAGE_4K == 0
            elif word in (GPA if gpa else HPA):
                assert (GPA if gpa else HPA)[word](of), (register, word, hex(number))
            assert "pair of" not in word and (word != "in no TDMR" or of.level == right[register] & 7)


@pytest.mark.parametrize("register, other, index", [("RDX", "R8", 0), ("R8", "RDX", 1)])
def test_a_word_for_one_page_of_a_pair_looks_at_the_other(register, other, index):
    world, at = world_at("runnable"), 2 * GIB + 0x7000
    found = choices(ADD, register, world, {"RCX": EMPTY | 1, register: 0, other: at})
    assert found["next to the other page"] == at ^ 0x1000 and found["1 GiB after the other page"] == at + GIB
    assert found["the same page as the other"] == at and found["inside the region itself"] == EMPTY + index * 4096
    assert found["a free page"] == PAIR[index] and found["in a region that has a pair"] == FRESH + 0x7000 + index * 4096


def test_a_pair_of_demote_may_lie_in_the_page_that_is_split():
    world = world_for(DEMOTE)
    right = numbers(DEMOTE, world, {})
    inside = [choices(DEMOTE, register, world, right)["inside the region itself"] for register in ("R12", "R13")]
    assert inside == [LARGE, LARGE + 0x1000]


def test_numbers_of_ones_own_are_taken_and_what_speaks_of_another_register_comes_last():
    world = world_at("runnable")
    found = numbers(ADD, world, {"RCX": "level 4K", "RDX": "inside the region itself", "R8": 0x123000})
    assert found == {"RCX": EMPTY, "RDX": EMPTY, "R8": 0x123000}
    found = numbers(ADD, world, {"RDX": "the same page as the other", "R8": "a page of the TD"})
    assert found["RDX"] == found["R8"] == SMALL + 0x5000
    with pytest.raises(KeyError):
        numbers(ADD, world, {"RDX": "somewhere"})


def test_the_words_of_a_scene_and_of_a_second_call_beside_it():
    world = world_at("runnable")
    one, two = world.words(), world.words(second=True)
    moved = {word: two[word] - one[word] for word in one if two[word] != one[word]}
    assert moved == {
        **dict.fromkeys(("new page", "page of the TD", "pair page 0", "pair page 1", "mapped GPA", "free GPA", "pending GPA"), 4096),
        "free HKID": 1, "free 2M GPA": PAGE_2M,
    }  # fmt: skip
    assert one["new page"] == FRESH + 0x7000 and one["page of the TD"] == SMALL + 0x5000 and one["free HKID"] == 40
    there = {word: at for word, at in world.words(LARGE).items() if at != one[word]}
    assert there == {
        "new page": LARGE + 300 * 4096, "region": LARGE, "region without a pair": LARGE | 1, "region with a pair": LARGE | 1,
        "page of the TD": LARGE + 0x5000,
    }  # fmt: skip
    assert one["region without a pair"] == EMPTY | 1 and one["region with a pair"] == EMPTY_WITH_PAIR | 1
    assert world_at("loaded").words()["TDR"] == CONTROL == one["TDR"]


@pytest.mark.parametrize("name", scenes())
def test_the_second_of_two_calls_succeeds_too_where_it_takes_another_page(name):
    scene = scene_of(name)
    world = world_at(scene.stage)
    if scene.guest:
        world.arrange("in the guest")
    given = world.operands(name, second=True) | ({"vcpu": world.more["tdvpr"]} if scene.guest else {})
    assert world.module.call(scene.leaf, **given).ok


def test_the_stages_in_their_order_and_where_a_vcpu_can_enter():
    found = [stage for stage, _ in stages(tdvpr=FRESH + 0x18_0000)]
    assert found == [
        "loaded", "started", "started on every LP", "configured", "keyed", "ready", "created", "has keys", "has TDCX", "initialised", "has a TDVPR",
        "has vCPU pages", "has a vCPU", "runnable", "blocked and tracked", "flushed", "flush done", "written back", "in teardown",
    ]  # fmt: skip
    for stage in found[found.index("has a TDVPR") : found.index("in teardown")]:
        world = world_at(stage)
        entry = world.module.enter(world.more["tdvpr"])
        assert (not entry.done) == (stage in (*CAN_ENTER, "flushed")), (
            stage
        )  # a flushed one would be none the same after it
    with pytest.raises(InputError, match="take one of loaded, started"):
        world_at("nowhere")


@pytest.mark.parametrize("stage, state", [("runnable", "MAPPED"), ("blocked and tracked", "BLOCKED")])
def test_a_suspected_vcpu_can_be_arranged_with_its_page_as_it_was(stage, state):
    world = world_at(stage).arrange("suspected")
    m, tdvpr = world.module.m, world.more["tdvpr"]
    assert m.epf_gpas[tdvpr] == (0,) and m.sept[reach(m, world.td.tdr, 0, 0)[0]][0] == state
    assert m.epoch[world.td.tdr] == 2 and world_at(stage).arrange("in the guest").module.m.vcpu[tdvpr] == "ACTIVE"
    with pytest.raises(ModelError, match='take "suspected" or "in the guest"'):
        world.arrange("asleep")


def test_a_copy_of_a_world_goes_its_own_way():
    world = world_at("runnable")
    other = world.copy()
    assert other.module.call("TDH.MEM.TRACK", rcx=world.td.tdr).ok and world.module.m.epoch[world.td.tdr] == 1
    assert other.fresh == world.fresh == FRESH and other.more == world.more


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_situation_is_there_for_a_check_of_its_leaf(leaf):
    """And where it arranges another CPU, that CPU has begun and holds what is wanted."""
    tests = {check.spec["test"].split()[0] for check in leaves()[leaf].checks}
    found = situations(leaf)
    assert next(iter(found)) == AS_IT_SHOULD and not found[AS_IT_SHOULD].check
    same = {"tree": "tree_to_promote"}
    for words, one in found.items():
        assert (
            not one.check or {one.check, same.get(one.check)} & tests or (words == LAST_PAGE) == (one.check == "hint")
        )
        assert (one.check == "dynamic") == (words == STATIC and "PAMT" in leaf)
    walks = [check.spec["test"].split()[1] for check in leaves()[leaf].checks if check.spec["test"].startswith("walk ")]
    assert [words for words in found if words.startswith(at_page("")[:-1])] == [at_page(register) for register in walks]


@pytest.mark.parametrize("words, look", [
    (STATIC, lambda w: not w.module.m.dynamic), (NO_KEYS, lambda w: w.module.m.lifecycle[w.td.tdr] == "HKID_ASSIGNED"),
    (NO_TDCX, lambda w: not w.module.m.tdcx[w.td.tdr]), (NO_INIT, lambda w: w.module.m.op_state[w.td.tdr] == "UNINITIALIZED"),
])  # fmt: skip
def test_how_far_the_world_has_come_in_a_situation(words, look):
    world = Setting("TDH.MEM.PAGE.AUG", situation=words).world()
    assert look(world) and not look(Setting("TDH.MEM.PAGE.AUG").world())
    assert Setting("TDH.PHYMEM.PAGE.RECLAIM", situation=ALIVE).world().module.m.lifecycle[CONTROL] == "KEYS_CONFIGURED"


@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if LAST_PAGE in situations(leaf)])
def test_the_last_page_of_a_region_is_its_only_one(leaf):
    m = Setting(leaf, situation=LAST_PAGE).world().module.m
    region = (SMALL if leaf.endswith("RECLAIM") else EMPTY_WITH_PAIR) >> 21
    used = [i for i in range(512) if m.pamt_4k[(region << 9) + i].type != NDA]
    assert m.count[region] == 1 and used == [5 if leaf.endswith("RECLAIM") else 9]
