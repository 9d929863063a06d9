"""The module's doors: what a call takes, where PAMT areas are placed, how a copy parts from its original, calls as threads."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.seam.leaves.act import IN_GUEST
from tdxkit.seam.leaves.call import Platform
from tdxkit.seam.memory import KEYED, PLAIN, Memory
from tdxkit.seam.module import Module, place
from tdxkit.seam.pamt import Area, Tdmr
from tdxkit.seam.scenes import EMPTY, FRESH, GPA_PAGE, PAIR, world_at
from tdxkit.seam.threads import MAX_CALLS, Window, threads, together, written
from tdxkit.units import GIB, PAGE_2M

ADD, AUG, RDMD, ENTER = "TDH.PHYMEM.PAMT.ADD", "TDH.MEM.PAGE.AUG", "TDH.PHYMEM.PAGE.RDMD", "TDH.VP.ENTER"


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
