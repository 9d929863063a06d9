"""Bit by bit: which bits of a register a leaf takes and which it refuses, and the levels of each, by a table beside the facts."""

import pytest

from tdxkit.facts import load_json
from tdxkit.seam.leaves.engine import leaves
from tdxkit.seam.scenes import GPA_SMALL, world_at, world_for
from tdxkit.status import with_operand
from tdxkit.units import GIB


def bits(first, last):
    """The mask of bits first to last, both with it."""
    return (1 << last + 1) - (1 << first)


PAGE, WHOLE_2M = bits(12, 45), bits(21, 45)  # of an HPA with 52 address bits, of which 6 are HKID bits
GPA, GPA_2M = bits(12, 46), bits(21, 46)
TDR_ONLY = {"RDX": PAGE}
# Bits that may be flipped without "operand invalid"; levels are tried apart from these.
TAKES = {
    "TDH.SYS.INIT": {"RCX": 0},
    "TDH.MNG.CREATE": {"RCX": PAGE},
    "TDH.MNG.KEY.CONFIG": {"RCX": PAGE},
    "TDH.MNG.ADDCX": {"RCX": PAGE, "RDX": PAGE},
    "TDH.MNG.INIT": {"RCX": PAGE, "RDX": bits(10, 45)},
    "TDH.VP.CREATE": {"RCX": PAGE, "RDX": PAGE},
    "TDH.VP.ADDCX": {"RCX": PAGE, "RDX": PAGE},
    "TDH.VP.INIT": {"RCX": PAGE},
    "TDH.MEM.SEPT.ADD": {"RCX": GPA_2M, "RDX": PAGE | 1, "R8": PAGE | 1 << 63},
    "TDH.MEM.SEPT.REMOVE": {"RCX": GPA_2M, "RDX": PAGE},
    "TDH.MEM.PAGE.ADD": {"RCX": GPA, "RDX": PAGE, "R8": PAGE, "R9": PAGE},
    "TDH.MEM.PAGE.AUG": {"RCX": GPA, "RDX": PAGE, "R8": PAGE},
    "TDH.MEM.PAGE.AUG 2M": {"RCX": GPA_2M, "RDX": PAGE, "R8": WHOLE_2M},
    "TDH.MEM.PAGE.REMOVE": {"RCX": GPA, "RDX": PAGE},
    "TDH.MEM.PAGE.PROMOTE": {"RCX": GPA_2M, "RDX": PAGE},
    "TDH.MEM.PAGE.DEMOTE": {"RCX": GPA_2M, "RDX": PAGE | 1, "R8": PAGE, "R12": PAGE, "R13": PAGE},
    "TDH.MEM.PAGE.RELOCATE": {"RCX": GPA, "RDX": PAGE, "R8": PAGE},
    "TDH.MR.EXTEND": {"RCX": bits(8, 46), "RDX": PAGE},
    "TDH.MR.FINALIZE": {"RCX": PAGE},
    "TDH.MEM.RANGE.BLOCK": {"RCX": GPA, "RDX": PAGE},
    "TDH.MEM.RANGE.UNBLOCK": {"RCX": GPA, "RDX": PAGE},
    "TDH.MEM.TRACK": {"RCX": PAGE},
    "TDH.VP.ENTER": {"RCX": PAGE},
    "TDH.VP.FLUSH": {"RCX": PAGE},
    "TDH.MNG.VPFLUSHDONE": {"RCX": PAGE},
    "TDH.PHYMEM.CACHE.WB": {"RCX": 1},
    "TDH.MNG.KEY.FREEID": {"RCX": PAGE},
    "TDH.PHYMEM.PAGE.RECLAIM": {"RCX": PAGE},
    "TDH.PHYMEM.PAGE.WBINVD": {"RCX": bits(12, 51)},
    "TDH.PHYMEM.PAGE.RDMD": {"RCX": PAGE | 3},
    "TDH.PHYMEM.PAMT.ADD": {"RCX": WHOLE_2M, "RDX": PAGE, "R8": PAGE},
    "TDH.PHYMEM.PAMT.REMOVE": {"RCX": WHOLE_2M},
}
ROWS = [(name, reg, mask) for name, regs in TAKES.items() for reg, mask in regs.items()]
# tdh_mem_*.c: the levels that RCX may name (3 is the root's entries).
LEVELS = {
    "TDH.MEM.SEPT.ADD": {1, 2, 3},
    "TDH.MEM.SEPT.REMOVE": {1, 2, 3},
    "TDH.MEM.PAGE.ADD": {0},
    "TDH.MEM.PAGE.AUG": {0, 1},
    "TDH.MEM.PAGE.REMOVE": {0, 1, 2},
    "TDH.MEM.PAGE.PROMOTE": {1, 2},
    "TDH.MEM.PAGE.DEMOTE": {1, 2},
    "TDH.MEM.PAGE.RELOCATE": {0},
    "TDH.MEM.RANGE.BLOCK": {0, 1, 2, 3},
    "TDH.MEM.RANGE.UNBLOCK": {0, 1, 2, 3},
}


def call(world, name, **more):
    return world.module.call(name.removesuffix(" 2M"), **world.operands(name) | more)


@pytest.mark.parametrize("name, reg, mask", ROWS, ids=[f"{name}-{reg}" for name, reg, _ in ROWS])
def test_a_bit_that_a_register_does_not_take_is_operand_invalid_by_its_name(name, reg, mask):
    world, wrong = world_for(name), with_operand("TDX_OPERAND_INVALID", reg)
    right = world.operands(name).get(reg.lower(), 0)
    gpa = name.startswith("TDH.MEM") and reg == "RCX"
    for bit in range(3 if gpa or name.endswith("RDMD") else 0, 64):
        if not mask >> bit & 1:
            assert call(world, name, **{reg.lower(): right ^ 1 << bit}).status == wrong, bit
    lowest, highest = (mask & -mask).bit_length() - 1, mask.bit_length() - 1
    for bit in {lowest, highest} if mask else ():
        assert call(world_for(name), name, **{reg.lower(): right ^ 1 << bit}).status != wrong, bit


@pytest.mark.parametrize("name", LEVELS)
def test_a_level_that_a_leaf_does_not_know_is_operand_invalid(name):
    for level in range(8):
        world = world_for(name)
        answer = world.module.call(name, **world.operands(name) | {"rcx": level})
        assert (str(answer) == "TDX_OPERAND_INVALID|RCX") == (level not in LEVELS[name]), level


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_gpa_is_aligned_to_its_level(level):
    """Bit 11 + 9 * level is the highest that has to be 0."""
    world = world_at("runnable")
    for bit, refused in ((11 + 9 * level, True), (12 + 9 * level, False)):
        answer = world.module.call("TDH.MEM.RANGE.BLOCK", rcx=1 << bit | level, rdx=world.td.tdr)
        assert (answer.name == "TDX_OPERAND_INVALID") == refused


@pytest.mark.parametrize("level, dynamic, good", [(0, True, True), (1, True, True), (2, True, True), (3, True, False), (0, False, True), (1, False, False)])  # fmt: skip
def test_rdmd_asks_for_a_level_only_with_dynamic_pamt(level, dynamic, good):
    answer = world_at("ready", dynamic=dynamic).module.call("TDH.PHYMEM.PAGE.RDMD", rcx=level)
    assert str(answer) == ("TDX_SUCCESS" if good else "TDX_OPERAND_INVALID|RCX")


@pytest.mark.parametrize("hpa, said", [(0, "TDX_SUCCESS"), (8 * GIB - 0x1000, "TDX_SUCCESS"), (8 * GIB, "TDX_OPERAND_ADDR_RANGE_ERROR|RCX")])  # fmt: skip
def test_the_first_and_the_last_page_of_a_tdmr(hpa, said):
    assert str(world_at("ready").module.call("TDH.PHYMEM.PAGE.RDMD", rcx=hpa)) == said


@pytest.mark.parametrize("hkid, said", [(31, "TDX_OPERAND_INVALID|RDX"), (32, "TDX_HKID_NOT_FREE"), (33, "TDX_SUCCESS"), (63, "TDX_SUCCESS"), (64, "TDX_OPERAND_INVALID|RDX")])  # fmt: skip
def test_the_first_and_the_last_private_hkid(hkid, said):
    """32 is the module's own."""
    world = world_at("ready")
    assert str(world.module.call("TDH.MNG.CREATE", **world.operands("TDH.MNG.CREATE") | {"rdx": hkid})) == said


@pytest.mark.parametrize("rcx, said", [(1 << 47, "TDX_OPERAND_INVALID|RCX"), ((1 << 47) - 256, "TDX_EPT_ENTRY_NOT_PRESENT|RCX"), (256, "TDX_SUCCESS")])  # fmt: skip
def test_extend_measures_256_bytes_of_a_private_gpa(rcx, said):
    world = world_for("TDH.MR.EXTEND")
    assert str(world.module.call("TDH.MR.EXTEND", rcx=rcx, rdx=world.td.tdr)) == said


OP_STATES = load_json("seamcalls.json")["op_states"]


@pytest.mark.parametrize("name", [name for name, leaf in leaves().items() if leaf.op_states and "op_state" in [c.spec["test"] for c in leaf.checks]])  # fmt: skip
def test_a_wrong_op_state_is_told_by_its_number(name):
    for state, number in OP_STATES.items():
        world = world_for(name)
        world.module.m.op_state[world.td.tdr] = state
        answer = call(world, name)
        if state in leaves()[name].op_states:
            assert answer.name != "TDX_OP_STATE_INCORRECT"
        else:
            assert answer.name == "TDX_OP_STATE_INCORRECT" and answer.operand == str(number)


@pytest.mark.parametrize("state, number", [("", 0), ("UNINITIALIZED", 0), ("ACTIVE", 4), ("DISABLED", 8)])
def test_a_vcpu_in_a_wrong_state_is_told_by_the_states_number(state, number):
    world = world_at("runnable")
    world.module.m.vcpu[world.more["tdvpr"]] = state
    answer = world.module.call("TDH.VP.ENTER", rcx=world.more["tdvpr"])
    assert (answer.name, answer.status & 0xFFFF_FFFF) == ("TDX_VCPU_STATE_INCORRECT", number)


def test_a_vcpu_that_is_ready_is_not_initialised_again():
    world = world_for("TDH.VP.INIT")
    assert call(world, "TDH.VP.INIT").ok
    answer = call(world, "TDH.VP.INIT")
    assert (answer.name, answer.status & 0xFFFF_FFFF) == ("TDX_VCPU_STATE_INCORRECT", 2)


@pytest.mark.parametrize("leaf, weather, said, msr", [("TDH.VP.ENTER", "msr", "TDX_INCONSISTENT_MSR", 0x3B), ("TDH.VP.ENTER", "msr_value", "TDX_INCORRECT_MSR_VALUE", 0x1A0), ("TDH.VP.INIT", "tsc_adjust", "TDX_INCONSISTENT_MSR", 0x3B)])  # fmt: skip
def test_an_msr_that_is_not_right_is_told_by_its_number(leaf, weather, said, msr):
    answer = call(world_for(leaf), leaf, weather=[weather])
    assert (answer.name, answer.status & 0xFFFF_FFFF) == (said, msr)


@pytest.mark.parametrize("v, r8, said", [(1, 7, "TDX_SUCCESS"), (1, 0xFFFF_FFFF, "TDX_SUCCESS"), (1, 1 << 32, "TDX_OPERAND_INVALID|R8"), (0, 1 << 32, "TDX_SUCCESS"), (1, 5, "TDX_X2APIC_ID_NOT_UNIQUE|5"), (0, 5, "TDX_SUCCESS")])  # fmt: skip
def test_version_1_of_vp_init_takes_an_x2apic_id_that_nobody_has(v, r8, said):
    world = world_for("TDH.VP.INIT")
    m, tdr = world.module.m, world.td.tdr
    m.apic_ids[tdr], m.vcpus[tdr] = (0, 5), 2
    assert str(world.module.call("TDH.VP.INIT", v=v, rcx=world.more["tdvpr"], r8=r8)) == said
    if said == "TDX_SUCCESS":
        assert m.apic_ids[tdr] == (0, 5, r8 if v else 2)


@pytest.mark.parametrize("vcpus, said", [(1, "TDX_SUCCESS"), (2, "TDX_MAX_VCPUS_EXCEEDED")])
def test_the_last_vcpu_that_a_td_may_have(vcpus, said):
    world = world_for("TDH.VP.INIT")
    world.module.m.max_vcpus[world.td.tdr], world.module.m.vcpus[world.td.tdr] = 2, vcpus
    assert str(call(world, "TDH.VP.INIT")) == said


@pytest.mark.parametrize("leaf, table, key, full", [("TDH.MNG.ADDCX", "tdcx", "tdr", 12), ("TDH.VP.ADDCX", "vcpu_pages", "vcpu", 14)])  # fmt: skip
def test_the_last_control_page_that_there_is_room_for(leaf, table, key, full):
    """2.0.18 takes up to 12 TDCX pages of a TD and 14 further ones of a vCPU."""
    for have, good in ((full - 1, True), (full, False)):
        world = world_for(leaf)
        at = world.td.tdr if key == "tdr" else world.more["tdvpr"]
        getattr(world.module.m, table)[at] = tuple(range(have))
        assert str(call(world, leaf)) == ("TDX_SUCCESS" if good else "TDX_TDCX_NUM_INCORRECT")


@pytest.mark.parametrize("have, op_state, said", [(8, "RUNNABLE", "TDX_SUCCESS"), (9, "RUNNABLE", "TDX_OP_STATE_INCORRECT"), (9, "UNINITIALIZED", "TDX_SUCCESS")])  # fmt: skip
def test_beyond_the_minimum_only_an_uninitialised_td_takes_tdcx_pages(have, op_state, said):
    world = world_for("TDH.MNG.ADDCX")
    m, tdr = world.module.m, world.td.tdr
    m.tdcx[tdr], m.op_state[tdr] = tuple(range(have)), op_state
    assert call(world, "TDH.MNG.ADDCX").name == said


@pytest.mark.parametrize("have, said", [(7, "TDX_SUCCESS"), (8, "TDX_RND_NO_ENTROPY"), (9, "TDX_SUCCESS")])
def test_the_page_that_completes_the_minimum_needs_entropy(have, said):
    world = world_for("TDH.MNG.ADDCX")
    world.module.m.tdcx[world.td.tdr] = tuple(range(have))
    assert str(call(world, "TDH.MNG.ADDCX", weather=["entropy"])) == said


@pytest.mark.parametrize("leaf, table, least", [("TDH.MNG.INIT", "tdcx", 9), ("TDH.VP.INIT", "vcpu_pages", 5)])
def test_one_control_page_too_few(leaf, table, least):
    world = world_for(leaf)
    pages = getattr(world.module.m, table)
    at = world.td.tdr if table == "tdcx" else world.more["tdvpr"]
    assert len(pages[at]) == least
    pages[at] = pages[at][:-1]
    assert call(world, leaf).name == ("TDX_TDCS_NOT_ALLOCATED" if table == "tdcx" else "TDX_TDCX_NUM_INCORRECT")


@pytest.mark.parametrize("entry", [0, 1, 255, 511])
def test_a_single_entry_of_512_keeps_a_table(entry):
    world = world_for("TDH.MEM.SEPT.REMOVE")
    m, gpa = world.module.m, world.operands("TDH.MEM.SEPT.REMOVE")["rcx"]
    table = next(page for state, page in m.sept.values() if state == "NL_BLOCKED" and m.sept[page] == ("FREE", 0))
    m.sept[table + 8 * entry] = ("PENDING", GPA_SMALL)
    assert str(world.module.call("TDH.MEM.SEPT.REMOVE", rcx=gpa, rdx=world.td.tdr)) == "TDX_EPT_PAGE_NOT_FREE|RCX"
