"""What a run records, value by value, and how a state names what it holds."""

import pytest

from tdxkit.seam.leaves.act import EFFECT, WAY_BACK
from tdxkit.seam.locks import Held
from tdxkit.seam.pamt import FREE, L1G, L2M, PT_PAMT, REG, TDR, TDVPR, Entry
from tdxkit.seam.pamt_state import Bit, Spot, base, bit_of, key, lock_at, region_of, state_of
from tdxkit.seam.record import ENTRY, TD_TRACKS, TRACKS, InTd, record
from tdxkit.seam.runs import RUNS
from tdxkit.seam.scenes import CONTROL, EMPTY, EMPTY_WITH_PAIR, FRESH, GPA_SMALL, LARGE, world_at
from tdxkit.units import Hex

ADD, AUG, RDMD, ENTER = "TDH.PHYMEM.PAMT.ADD", "TDH.MEM.PAGE.AUG", "TDH.PHYMEM.PAGE.RDMD", "TDH.VP.ENTER"


def test_a_state_names_each_entry_on_the_way_by_its_level_and_address():
    world = world_at("runnable")
    m, tdr = world.module.m, world.td.tdr
    m.lock_2m[CONTROL >> 21] = 6
    state, pair = state_of(m, [Spot(CONTROL + 0x10)]), m.pamt_2m[CONTROL >> 21].pair
    assert state == {
        "dynamic": True, "1G lock 0x0": Held("free"), "1G entry 0x0": FREE, "2M lock 0x200000": Held("shared", None, 1, True), "2M entry 0x200000": Entry(PT_PAMT),
        "pair page 0 0x200000": pair[0], "pair page 1 0x200000": pair[1], "page count 0x200000": m.count[CONTROL >> 21], "4K lock 0x200000": Held("free"),
        "4K entry 0x200000": Entry(TDR), "bitmap 0x200000": Bit(Hex(CONTROL), 0),
    }  # fmt: skip
    large = state_of(m, [Spot(LARGE + 0x1000, "large", L2M), Spot(EMPTY, level=L1G)])
    assert large["2M entry 0x140000000"] == Entry(REG, tdr) and large["page count 0x140000000"] is None
    assert [name for name in large if "4K" in name or "bitmap" in name] == [] and large[
        "pair page 0 0x140000000"
    ] is None
    assert "1G entry 0x100000000" in large and "2M entry 0x100000000" not in large


def test_a_static_state_has_no_bitmap():
    assert not [name for name in state_of(world_at("ready", dynamic=False).module.m, [Spot(EMPTY)]) if "bitmap" in name]


def test_what_stands_above_an_address():
    m = world_at("ready").module.m
    page = m.pamt_2m[EMPTY_WITH_PAIR >> 21].pair[0]
    assert [base(0x4020_1234, level) for level in (0, 1, 2)] == [0x4020_1000, 0x4020_0000, 0x4000_0000]
    assert bit_of(m, page) == {f"bitmap {page:#x}": Bit(Hex(page), 1)} and str(Bit(Hex(page), 1)) == "1"
    assert region_of(m, EMPTY) == {"2M entry": FREE, "pair page 0": None, "pair page 1": None, "page count": None}
    assert region_of(m, EMPTY_WITH_PAIR)["page count"] == 0 and key("x") == "x" and key("x", 16) == "x 0x10"
    m.lock_1g[4] = 4
    assert (lock_at(m, L1G, EMPTY), lock_at(m, L2M, EMPTY)) == (4, 0)


def test_a_run_tells_who_takes_which_lock_and_who_gives_it_up():
    run = RUNS["pamt-add"]()
    seen = [(s["1G lock"].by, s["2M lock"].mode, s["2M exclusive"], s["1G exclusive"]) for s in run.states()]
    assert [one for k, one in enumerate(seen) if not k or seen[k - 1] != one] == [
        (None, "free", None, None), (("CPU 0",), "free", None, None), (("CPU 0",), "shared", None, None), (("CPU 0",), "exclusive", "CPU 0", None),
        (("CPU 0",), "free", None, None), (None, "free", None, None),
    ]  # fmt: skip


def test_a_promotion_that_fails_leaves_its_holder_in_the_state():
    """CPU 1 held it shared beside CPU 0 and gives that up; the reader that stays is CPU 0."""
    states = list(RUNS["promotion-fails"]().states())
    held = [s["2M lock"].by for s in states]
    assert ("CPU 0", "CPU 1") in held and held[held.index(("CPU 0", "CPU 1")) :].index(("CPU 0",)) > 0
    assert [s["pair is there"] for s in states][-1] is False and states[0]["pair is there"] is True


def test_registers_of_a_call_are_in_the_state_and_what_no_register_is_is_not():
    world = world_at("runnable")
    calls = [
        ("CPU 0", ENTER, {"rcx": world.more["tdvpr"], "lp": 0, "v": 0, "weather": ("msr",)}),
        ("CPU 0", RDMD, {"rcx": FRESH}),
    ]
    run = record(world.module, calls, region=FRESH)
    assert {name for name in run.first if name.startswith("CPU 0")} == {"CPU 0 leaf", "CPU 0 RCX", "CPU 0 RAX"}
    assert (
        run.first["CPU 0 leaf"] == ENTER
        and run.first["CPU 0 RAX"] is None
        and run.first["CPU 0 RCX"] == world.more["tdvpr"]
    )
    answers = [(s["CPU 0 leaf"], str(s["CPU 0 RAX"])) for s in run.states() if s["CPU 0 RAX"] is not None]
    assert list(dict.fromkeys(answers)) == [(ENTER, "TDX_INCONSISTENT_MSR|59"), (RDMD, "TDX_SUCCESS")]
    assert run.title == "SEAMCALLs, step by step" and run.subtitle == "" and run.actors == ("CPU 0",)


def test_lines_point_along_the_text_and_the_last_step_comes_to_none():
    run = RUNS["pamt-add"]()
    assert run.steps[0].line.index == 0 and run.steps[-1].next is None and run.steps[-1].line.index == 17
    for one, other in zip(run.steps, run.steps[1:]):
        assert one.next == other.line
    assert [step.line.index for step in run.steps if step.label.part == EFFECT] == [16]
    assert {step.line.index for step in run.steps if step.label.part == WAY_BACK} == {17}
    assert run.start["CPU 0"].index == 0


def test_a_schedule_moves_a_cpu_once_to_an_act_or_to_its_end():
    calls = [(f"CPU {i}", RDMD, {"rcx": FRESH + i * 4096}) for i in (0, 1)]

    def actors(schedule):
        return "".join(step.actor[-1] for step in record(world_at("ready").module, calls, schedule).steps)

    whole = len(actors([])) // 2
    assert actors([]) == "0" * whole + "1" * whole and actors([1]) == "1" + "0" * whole + "1" * (whole - 1)
    assert actors([(1, None)]) == "1" * whole + "0" * whole
    assert actors([(1, lambda act: act.test == "form RCX 7")]).startswith("110"), (
        "the gate and the level; then it comes to the form"
    )
    assert actors([0] * 40) == actors([]), "who has nothing left to do takes no step"


def test_tracks_and_chapters_are_those_of_what_is_shown():
    assert tuple(RUNS["pamt-add"]().tracks) == TRACKS and tuple(RUNS["zero-step"]().tracks) == TD_TRACKS
    assert [track.name for track in TRACKS] == [f"{level} entry, exclusive" for level in ("1G", "2M", "4K")] + [
        "the region has a pair"
    ]
    assert [track.key for track in TD_TRACKS] == ["tree exclusive", "entry exclusive", "suspected"]


def test_a_runs_td_shows_the_entry_over_its_gpa():
    world = world_at("runnable")
    td, tdvpr = world.td.tdr, world.more["tdvpr"]
    block = {"rcx": GPA_SMALL | 1, "rdx": td}
    run = record(world.module, [("CPU 0", "TDH.MEM.RANGE.BLOCK", block)], td=InTd(td, GPA_SMALL, tdvpr, 1))
    assert [run.first[ENTRY], run.state(len(run))[ENTRY]] == ["NL_MAPPED", "NL_BLOCKED"] and "1G lock" not in run.first
    held = [(s["tree lock"].mode, s["entry lock"].mode) for s in run.states()]
    assert ("exclusive", "free") in held and ("exclusive", "exclusive") in held and held[-1] == ("free", "free")


@pytest.mark.parametrize("name, pages", [("one-walk", 1), ("two-walks", 2), ("same-page", 1), ("hint", 0)])
def test_how_many_pages_of_the_region_are_in_use_at_the_end(name, pages):
    run = RUNS[name]()
    assert run.state(len(run))["page count"] == (pages if name != "hint" else None) and run.first["page count"] == 0


def test_a_running_vcpu_keeps_the_entries_of_its_page_shared():
    states = list(RUNS["running-vcpu"]().states())
    inside = [s for s in states if str(s["CPU 1 RAX"]) == "TDX_OPERAND_BUSY|RCX"]
    assert inside and all(s["4K lock"].by == s["1G lock"].by == ("CPU 0",) for s in inside[:1])
    assert states[0]["4K entry"].type == TDVPR
