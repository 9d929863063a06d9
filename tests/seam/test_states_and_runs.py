"""What a run records, value by value; the module's doors: what a call takes, where PAMT areas are placed, how a copy parts from its original."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.seam.leaves.act import EFFECT, IN_GUEST, WAY_BACK
from tdxkit.seam.leaves.call import Platform
from tdxkit.seam.locks import Held
from tdxkit.seam.memory import KEYED, PLAIN, Memory
from tdxkit.seam.module import Module, place
from tdxkit.seam.pamt import FREE, L1G, L2M, PT_PAMT, REG, TDR, TDVPR, Area, Entry, Tdmr
from tdxkit.seam.pamt_state import Bit, Spot, base, bit_of, key, lock_at, region_of, state_of
from tdxkit.seam.record import ENTRY, TD_TRACKS, TRACKS, InTd, record
from tdxkit.seam.runs import RUNS
from tdxkit.seam.scenes import CONTROL, EMPTY, EMPTY_WITH_PAIR, FRESH, GPA_PAGE, GPA_SMALL, LARGE, PAIR, world_at
from tdxkit.seam.threads import MAX_CALLS, Window, threads, together, written
from tdxkit.units import GIB, PAGE_2M, Hex

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


def test_a_register_is_taken_by_any_lower_case_name_and_bounded():
    module = Module()
    for name in ("rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13"):
        assert module.prepare(RDMD, **{name: 2**64 - 1}).regs[name.upper()] == 2**64 - 1
    assert module.prepare(RDMD).regs["R13"] == 0 and module.prepare(RDMD).weather == frozenset()
    for given, said in (
        ({"rcx": 2**64}, "a register holds 0 to 2^64 - 1"),
        ({"rax": 1}, "a leaf takes rcx, rdx"),
        ({"lp": 4}, "there are 4 LPs"),
        ({"v": 1 << 48}, "there are 4 LPs"),
        ({"lp": -1}, "there are 4 LPs"),
        ({"lp": True}, "there are 4 LPs"),
        ({"lp": "0"}, "lp 0, v 0"),
        ({"v": -1}, "there are 4 LPs"),
        ({"v": True}, "there are 4 LPs"),
    ):
        with pytest.raises(InputError) as error:
            module.prepare(RDMD, **given)
        assert said in str(error.value)
    assert module.prepare(RDMD, lp=3, v=(1 << 48) - 1, weather=["x"]).weather == {"x"}


@pytest.mark.parametrize("v, leaf, said", [
    (0, RDMD, "TDX_SUCCESS"), (1, RDMD, "TDX_OPERAND_INVALID|RAX"), (256, "TDH.MEM.PAGE.PROMOTE", "TDX_OPERAND_INVALID|RAX"), (255, "TDH.MEM.PAGE.PROMOTE", "TDX_OPERAND_INVALID|RAX"),
    (1, "TDH.MEM.PAGE.PROMOTE", "TDX_OPERAND_INVALID|RDX"),
])  # fmt: skip
def test_a_version_that_a_leaf_does_not_have(v, leaf, said):
    assert str(Module().call(leaf, v=v, rdx=0 if leaf == RDMD else 1)) == said


def test_before_the_module_is_ready_only_four_leaves_begin():
    """By number: KEY.CONFIG 31, INIT 33, LP.INIT 35, CONFIG 45."""
    from tdxkit.seam.leaves.engine import leaves

    module = Module(ready=False)
    begins = {leaf.number for leaf in leaves().values() if module.copy().call(leaf.number).name != "TDX_SYS_NOT_READY"}
    assert begins == {31, 33, 35, 45}
    module.m.sys_state = "SYS_SHUTDOWN"
    assert {module.call(leaf.number).name for leaf in leaves().values()} == {"TDX_SYS_SHUTDOWN"}


@pytest.mark.parametrize("given, good", [
    ({"packages": 0}, 0), ({"packages": 4}, 1), ({"packages": 5}, 0), ({"lps": 1024}, 1), ({"lps": 1025}, 0), ({"pa_bits": 31}, 0), ({"pa_bits": 46}, 1), ({"pa_bits": 52}, 1), ({"pa_bits": 53}, 0),
    ({"hkid_bits": 1}, 0), ({"hkid_bits": 4}, 1), ({"hkid_bits": 15}, 1), ({"hkid_bits": 16}, 0),
])  # fmt: skip
def test_a_platform_on_its_edges(given, good):
    if good:
        half = 1 << given.get("hkid_bits", 6) - 1
        assert Module(**given, ready=False).platform.private_hkids == range(half, 2 * half)
    else:
        with pytest.raises(InputError, match="1 to 1024 LPs"):
            Module(**given)


def test_areas_that_are_missing_follow_one_another_above_the_last_tdmr():
    first, second = place([(0, 2 * GIB), (4 * GIB, GIB)], True)[0]
    assert first == Tdmr(0, 2 * GIB, (), Area(5 * GIB, 4096), Area(5 * GIB + 4096, 16384), Area(5 * GIB + 20480, 65536))
    assert second.pamt_1g == Area(first.pamt_4k.end, 4096) and second.pamt_4k.size == 32768
    assert place([(0, 2 * GIB), (4 * GIB, GIB)], True)[1] == 6 * GIB, "whole GiB"
    own = Tdmr(0, GIB, (), *(Area(at * GIB, 4 << 20) for at in (8, 9, 10)))
    assert place([own], False) == ((own,), GIB) and place([(0, GIB)] * 64, True)[1] == 2 * GIB
    for wrong in ([], [(0, GIB)] * 65):
        with pytest.raises(InputError, match="1 to 64"):
            place(wrong, True)
    assert place([(0, 0)], True)[0][0].pamt_1g is None


def test_a_module_made_ready_keeps_nothing_of_its_configuration_in_shared_memory():
    module = Module([(0, GIB)], packages=2)
    assert (
        not any(module.m.shared.values())
        and module.m.kot == {32: "RESERVED"}
        and dict(module.m.package_keyed) == {0: True, 1: True}
    )
    assert module.m.lp_done == dict.fromkeys(range(4), True) and module.m.block[0] == 1


def test_a_copy_goes_its_own_way_and_a_vcpu_enters_as_far_as_the_guest():
    world = world_at("runnable")
    module, other = world.module, world.module.copy()
    entry = other.enter(world.more["tdvpr"])
    assert entry.label == IN_GUEST and not entry.done and other.m.vcpu[world.more["tdvpr"]] == "ACTIVE"
    assert module.m.vcpu[world.more["tdvpr"]] == "READY" and other.platform is module.platform
    assert module.enter(0).done, "0 is no vCPU"


def test_a_memory_is_its_defaults_until_something_is_written_and_a_default_written_back_is_none():
    m = Memory()
    assert m.snapshot() == {(name, None): value for name, value in PLAIN.items()}
    m.count[5], m.lock_1g[1] = 3, 0
    copied = m.copy()
    copied.count[5] = 4
    assert m.snapshot()["count", 5] == 3 and ("lock_1g", 1) not in m.snapshot() and copied.count[5] == 4
    assert all(getattr(copied, name).default == default for name, default in KEYED.items())


def test_calls_that_run_at_once_are_one_to_five_and_share_what_any_order_writes():
    module = world_at("ready").module
    call = module.prepare(RDMD, rcx=FRESH)
    assert len(threads(module, [call] * MAX_CALLS)[1]) == MAX_CALLS == 5
    for wrong in ([], [call] * 6):
        with pytest.raises(InputError, match="1 to 5 calls"):
            threads(module, wrong)
    page = {"rcx": FRESH + 0x7000, "rdx": 40}
    both = [module.prepare("TDH.MNG.CREATE", **page), module.prepare("TDH.MNG.CREATE", **page | {"rdx": 41})]
    assert {("kot", 40), ("kot", 41)} <= written(module, both), "whichever comes first"
    shared, _ = threads(module, both)
    assert shared["kot"] == {40: "FREE", 41: "FREE"} and shared["count"] == {FRESH >> 21: 0}


def test_a_scenario_is_called_by_its_leaves():
    one = together(
        world_at("ready").module, [(RDMD, {"rcx": FRESH}), (ADD, {"rcx": EMPTY | 1, "rdx": PAIR[0], "r8": PAIR[1]})]
    )
    assert one.title == f"Beside each other: {RDMD}, {ADD}" and len(one.threads) == 2 and one.card.modelled


def test_what_a_thread_may_not_write_is_named():
    m = Memory()
    m.count[3] = 7
    window = Window(m, m, {"count": {3: 7}})
    window.count[3] = 8
    assert m.count[3] == 8 and window.count[4] == 0 and window.as_local() == "m"
    with pytest.raises(ModelError, match=r"m\.count\[4\]"):
        window.count[4] = 1
    with pytest.raises(ModelError, match=r"run SYS leaves with Module.call"):
        window.dynamic = True


@pytest.mark.parametrize("gpa", [GPA_PAGE, PAGE_2M])
def test_the_gpa_of_a_violation_is_a_pages(gpa):
    from tdxkit.seam.leaves.stepping import fault_of

    assert fault_of(gpa + 0x123) == (48, (("RCX", 2), ("R8", gpa)))


def test_a_module_of_which_nothing_is_said_has_a_gib_one_package_and_four_lps():
    module = Module()
    assert [(t.base, t.size) for t in module.tdmr_infos] == [(0, GIB)] and module.m.dynamic
    p = module.platform
    assert (p.version.name, p.pa_bits, p.hkid_bits, p.packages, p.lps, p.sept_top) == ("2.0.18", 52, 6, 1, 4, 3)
    bare = Platform(p.version)
    assert (bare.pa_bits, bare.hkid_bits, bare.private_hkids, bare.packages, bare.lps, bare.cmrs, bare.sept_top) == (
        52,
        6,
        range(32, 64),
        1,
        4,
        (),
        3,
    )
    assert (
        p.private_hkids == range(32, 64)
        and p.cmrs == ((0, 2 * GIB),)
        and module.prepare(RDMD).lp == module.prepare(RDMD).version == 0
    )
