"""Which call a log names, and the registers it prints: every way of writing them, with noise around, read back; what must not be joined."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.status import decode, scan
from tdxkit.status.calls import call_before, left_open, number
from tdxkit.status.codes import codes, facts
from tdxkit.status.kernel import leaf_name, leaf_numbers
from tdxkit.status.scanning import scan_job
from tdxkit.work import drive

BUSY = 0x8000020000000092
INIT, AUG, RD, RECLAIM = "TDH.SYS.INIT", "TDH.MEM.PAGE.AUG", "TDH.SYS.RD", "TDH.PHYMEM.PAGE.RECLAIM"


def told(text):
    """(line, value, call) of every find."""
    return [(f.line, f.value, f.leaf) for f in scan(text)]


# The public cases ------------------------------------------------------------------------------------------------------


def test_a_number_without_0x_is_decimal_and_with_it_hex():
    text = (
        "virt/tdx: SEAMCALL (34) failed: 0xc000050500000000\nvirt/tdx: SEAMCALL (33) failed: 0xc000092100000122\n"
        "virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000\n"
    )
    assert told(text) == [
        (1, 0xC000050500000000, RD), (2, 0xC000092100000122, INIT), (3, 0xC000050500000000, RD),
    ]  # fmt: skip
    second = scan(text)[1].status
    assert (second.name, second.details.text, second.kernel.kind) == ("TDX_INCORRECT_MSR_VALUE", "MSR 0x122", "fail")


def test_a_leaf_in_words():
    text = (
        "tdx: SEAMCALL failed: CPU 12: leaf 33, error 0xc000092100000122.\ntdx: SEAMCALL failed: leaf 28, error 0xc000030000000001.\n"
        "SEAMCALL failed: leaf: 0x1c, error: 0xc000030000000001\nSEAMCALL failed: leaf 0x1c, rcx 0x1000, error 0xc000030000000001.\n"
    )
    found = scan(text)
    assert [f.leaf for f in found] == [INIT, RECLAIM, RECLAIM, RECLAIM]
    assert [f.status.kernel.kind for f in found] == ["fail"] + ["warn and leak"] * 3
    assert found[3].registers == (("RCX", 0x1000),) and found[3].said.endswith("warn and leak; RCX 0x1000")


@pytest.mark.parametrize(
    "call", ["0x8000000000000001", "-9223372036854775807", "9223372036854775809", "8000000000000001"]
)
def test_the_loader_is_no_leaf_of_the_module(call):
    (found,) = scan(f"virt/tdx: SEAMCALL ({call}) failed: 0x8000000000010003\n")
    assert (found.value, found.leaf) == (0x8000000000010003, "P-SEAMLDR call 0x1")
    one = found.status
    assert (one.maker, one.name, one.recoverable, one.kernel.kind) == ("P-SEAMLDR", None, None, "not read")
    assert one.as_json()["class"] is None and "class" not in str(one) and "P-SEAMLDR" in str(one)


def test_what_linux_makes_of_a_call_to_the_loader_is_linux_own():
    (found,) = scan("SEAMCALL (0x8000000000000000) failed: 0x8000ff00ffff0000")
    assert (found.status.maker, found.status.name) == ("Linux", "TDX_SEAMCALL_VMFAILINVALID")
    assert "TDX module" not in found.status.details.text


@pytest.mark.parametrize("name", facts()["guest"]["only"])
def test_a_status_of_guest_calls_gets_no_rule_of_the_host(name):
    kernel = decode(name).kernel
    assert kernel.kind == "the guest's" and "host's kernel does not get it" in kernel.text
    assert "bug the VM" not in kernel.text


def test_a_call_of_the_guest_gets_no_rule_of_the_host():
    for line in (
        "TDG.MEM.PAGE.ACCEPT failed: 0x8000020000000001",
        "tdg_mem_page_accept() = 0x8000020000000001",
        "tdx_guest: TDCALL (6) failed: 0x8000020000000001",
        "TDCALL 6 failed: 0x8000020000000001",
        "TDCALL failed: leaf 0x6, error 0x8000020000000001",
    ):
        (found,) = scan(line)
        assert (found.leaf, found.status.name) == ("TDG.MEM.PAGE.ACCEPT", "TDX_OPERAND_BUSY"), line
        assert found.status.kernel.kind == "the guest's"
    assert decode("TDX_OPERAND_BUSY|RCX", "tdg_mem_page_accept").kernel.kind == "the guest's"


def test_a_tdvmcalls_own_answer_is_the_hosts():
    (found,) = scan("TDG.VP.VMCALL<MapGPA> failed: 0x8000000000000001")
    assert found.status.maker == "the host (GHCI)" and found.status.details.kind == "foreign"


def test_without_a_leaf_nothing_is_said_of_one():
    for name in codes():
        kernel = decode(name).kernel
        assert kernel.kind in ("depends on the leaf", "the guest's", "go on"), name


# Leaves ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "digits, value",
    [("34", 34), ("0x22", 34), ("0X1C", 28), ("1c", 28), ("0000000000000022", 34), ("000000000000001c", 28), ("0022", 22), ("-1", 2**64 - 1)],
)  # fmt: skip
def test_numbers(digits, value):
    assert number(digits) == value


@pytest.mark.parametrize(
    "line, call",
    [
        ("SEAMCALL 7 failed: ", "TDH.MEM.RANGE.BLOCK"), ("SEAMCALL[28] failed: ", RECLAIM), ("seamcall#34 error ", RD),
        ("SEAMCALL leaf number 33 failed: ", INIT), ("SEAMCALL failed, leaf function: 0x21, err ", INIT), ("tdx: fn=0x22 ret=", RD),
        ("SEAMCALL (0x1c) failed: ", RECLAIM), ("SEAMCALL (1c) failed: ", RECLAIM), ("SEAMCALL (0x10022) failed: ", RD),
        ("SEAMCALL failed: leaf 254, error ", "leaf 254"), ("TDCALL failed: leaf 99, error ", "TDG. leaf 99"),
        ("TDH.VP.ENTER: then SEAMCALL (34) failed: ", RD), ("SEAMCALL (34), TDH_MEM_PAGE_AUG failed: ", AUG),
        ("SEAMCALL failed: leaf 0xffff888123456000, error ", None), ("CPUID leaf 0x21: SEAMCALL failed ", None), ("tdx: ", None),
        ("virt/tdx: TDH.SYS.DISABLE failed: ", "TDH.SYS.DISABLE"), ("tdh_do_something() failed: ", None), ("seamldr: install failed: ", "P-SEAMLDR"), ("/lib/firmware/intel-seam/p-seamldr.bin: tdx ", None), ("SEAMCALL 7 of 9: ", None),
    ],
)  # fmt: skip
def test_what_a_line_says_before_a_status(line, call):
    assert call_before(line) == call
    assert [f.leaf for f in scan(f"{line}0xc000030000000001")] == [call]


@pytest.mark.parametrize(
    "behind", [" (TDH_SYS_RD)", " from TDH.SYS.RD", " returned by tdh_sys_rd()", ", TDH.SYS.RD", " in TDH_SYS_RD"]
)
def test_a_leaf_behind_the_status(behind):
    assert told(f"tdx error 0xc000050500000000{behind}") == [(1, 0xC000050500000000, RD)]


def test_another_call_behind_the_status_is_not_its_own():
    assert told("tdx: error 0xc000050500000000; retry TDH_MEM_TRACK")[0][2] is None


def test_a_leaf_that_is_newer_than_the_tables_is_named_and_nothing_is_said_for_it():
    (found,) = scan("virt/tdx: TDH.SYS.DISABLE failed: 0xc000010000000000")
    assert (found.leaf, found.status.name, found.status.kernel.kind) == (
        "TDH.SYS.DISABLE",
        "TDX_OPERAND_INVALID",
        "not read",
    )
    with pytest.raises(InputError):
        leaf_name("TDH.SYS.DISABLE")


def test_leaves_by_number_and_by_name_are_the_same_to_decode():
    assert leaf_name("0x22") == leaf_name(34) == leaf_name("tdh_sys_rd") == RD and leaf_name("tdg_vm_rd") == "TDG.VM.RD"
    assert leaf_name(0x8000000000000001) == leaf_name("0x8000000000000001") == "P-SEAMLDR call 0x1"
    for wrong in ("0xfe", "254", "0x1000000", "TDG.NOPE", "0x", True):
        with pytest.raises(InputError):
            leaf_name(wrong)


# Reports over several lines --------------------------------------------------------------------------------------------

MAINLINE = """\
[   10.798780] virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000
[   10.798786] virt/tdx: RCX 0x0000000000000000 RDX 0x9100000100000008 R08 0x0000000000000000
[   10.798790] virt/tdx: R09 0x0000000000000001 R10 0x0000000000000000 R11 0x0000000000000000
[   10.798793] virt/tdx: module initialization failed (-5)
"""


def test_registers_on_the_lines_that_follow():
    (found,) = scan(MAINLINE)
    assert dict(found.registers) == {"RCX": 0, "RDX": 0x9100000100000008, "R8": 0, "R9": 1, "R10": 0, "R11": 0}
    assert found.as_json()["registers"]["RDX"] == "0x9100000100000008"


def test_an_entry_of_the_secure_ept_is_no_status():
    """Bit 63 of an entry says that #VE is suppressed: the line has one status."""
    assert told(
        "SEAMCALL TDH_MEM_SEPT_ADD failed: 0xc0000b0000000001, entry 0x8000000000000000, level_state 0x8000000000000001"
    ) == [(1, 0xC0000B0000000001, "TDH.MEM.SEPT.ADD")]
    assert told("tdx: RCX 0x8000000000000001, R8: 0xc000010000000000") == []


def test_lines_of_others_between_and_none_too_far():
    rows = MAINLINE.splitlines()
    between = "\n".join([rows[0], "e1000e 0000:00:1f.6: link up", rows[1], "usb 1-1: new device", rows[2]])
    assert len(scan(between)[0].registers) == 6
    far = "\n".join([rows[0], "one", "two", "three", rows[1]])
    assert scan(far)[0].registers == ()


def test_two_reports_through_each_other_keep_none_that_nobody_can_place():
    rows = MAINLINE.splitlines()
    other = rows[0].replace("0022", "0021")
    assert [f.registers for f in scan("\n".join([rows[0], other, rows[1], rows[1], rows[2], rows[2]]))] == [(), ()]
    marked = [row.replace("] virt", "] [ T12] virt", 1) for row in rows]
    second = [row.replace("] virt", "] [ T34] virt", 1).replace("0xc0000505", "0xc0000506") for row in rows]
    first, last = (
        scan("\n".join([marked[0], second[1], marked[1], marked[2]])),
        scan("\n".join([second[0], marked[1], second[1]])),
    )
    assert len(first[0].registers) == 6 and len(last[0].registers) == 3, "the kernel's caller mark tells them apart"


def test_the_call_on_the_line_before():
    assert told("> virt/tdx: SEAMCALL (34)\n> failed: 0xc000050500000000") == [(2, 0xC000050500000000, RD)]
    assert told("SEAMCALL failed:\n leaf: 0x6\n rcx: 0x1000\n rdx: 0x2000\n error: 0x8000020000000092\n") == [
        (5, BUSY, AUG)
    ]
    (found,) = scan("SEAMCALL failed:\n leaf: 0x6\n rcx: 0x1000\n rdx: 0x2000\n error: 0x8000020000000092\n r8: 0x3\n")
    assert found.registers == (("RCX", 0x1000), ("RDX", 0x2000), ("R8", 3))
    assert left_open("TDH_MEM_PAGE_AUG done") is None and left_open("TDH_MEM_PAGE_AUG failed with") == AUG
    assert told("tdx: TDH_MEM_PAGE_AUG done\ntdx: error 0x8000020000000092") == [(2, BUSY, None)]


WAYS = {
    "mainline, hex": (["SEAMCALL ({n:#018x}) failed: {v:#018x}", "RCX {a:#018x} RDX {b:#018x} R08 {c:#018x}"], "virt/tdx: "),
    "mainline, decimal": (["SEAMCALL ({n}) failed: {v:#018x}", "RCX {a:#018x} RDX {b:#018x} R08 {c:#018x}"], "virt/tdx: "),
    "one line": (["SEAMCALL ({n:#018x}) failed: {v:#018x} RCX {a:#018x} RDX {b:#018x} R8 {c:#018x}"], ""),
    "in words": (["SEAMCALL failed: CPU 94: leaf {n}, error {v:#x}.", "additional output: rcx {a:#x}, rdx {b:#x}, r8 {c:#x}."], "tdx: "),
    "leaf with a colon": (["SEAMCALL failed: leaf: {n:#x}, error: {v:#x}, additional output: rcx {a:#x}, rdx {b:#x}, r8 {c:#x}."], ""),
    "kvm": (["SEAMCALL {name} failed: {v:#x}, rcx {a:#x} rdx {b:#x} r8 {c:#x}"], "kvm_intel: "),
    "registers first": (["SEAMCALL failed: leaf {n:#x}, rcx {a:#x}, rdx {b:#x}, r8 {c:#x}, error {v:#x}."], "tdx: "),
    "line by line": (["SEAMCALL leaf={n:#x}", "RCX={a:#x}", "RDX={b:#x}", "R8={c:#x}", "error={v:#x}"], "vmm: "),
    "broken off": (["SEAMCALL ({n})", "failed: {v:#018x}", "RCX {a:#018x} RDX {b:#018x} R08 {c:#018x}"], "virt/tdx: "),
}  # fmt: skip
HEADS = (
    "",
    "[   10.798780] ",
    "<3>[   10.798780] ",
    "Jun  9 10:00:00 host kernel: ",
    "2025-06-09T10:00:00+00:00 host kernel: ",
    "> ",
    ">> [ 1.2] [ T77] ",
)
NOISE = (
    "usb 1-1: new high-speed device", "kvm: vcpu 3 exit 48 gpa 0x0000000123456000 rip ffffffff81234567", "", "EXT4-fs (sda1): mounted",
    "BIOS-e820: [mem 0x0000000100000000-0x000000807fffffff] usable", "PTE 8000000123456067", "audit: type=1400 pid=23850 comm=\"python3\"",
)  # fmt: skip
reports = st.tuples(
    st.sampled_from(sorted(WAYS)), st.sampled_from(sorted(leaf_numbers())), st.sampled_from(sorted(v for v in codes().values() if v >> 62)),
    st.integers(0, 0xFF), st.tuples(*[st.integers(0, 2**64 - 1)] * 3), st.sampled_from(HEADS), st.sampled_from(NOISE), st.booleans(),
)  # fmt: skip


@pytest.mark.slow
@given(st.lists(reports, min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_what_is_written_in_every_way_is_read_back(rows):
    lines, truth = [], []
    for way, leaf, status, low, (a, b, c), head, noise, between in rows:
        value = status | low
        forms, prefix = WAYS[way]
        told_at = None
        for k, form in enumerate(forms):
            said = form.format(n=leaf, v=value, a=a, b=b, c=c, name=leaf_numbers()[leaf].replace(".", "_"))
            lines.append(f"{head}{prefix}{said}")
            if "{v" in form:
                told_at = len(lines)
            if between and told_at and k < len(forms) - 1:
                lines.append(f"{head}{noise}")
        truth.append((told_at, value, leaf_numbers()[leaf], {"RCX": a, "RDX": b, "R8": c}))
        lines += [f"{head}{noise}"] * 3
    text = "\n".join(lines)
    assert [(f.line, f.value, f.leaf, dict(f.registers)) for f in scan(text)] == truth, text


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_reports_that_cross_the_blocks_of_a_long_log_are_joined_too(seed):
    rng, rows = random.Random(seed), []
    for _ in range(6000):
        rows += MAINLINE.splitlines() + ["x" * rng.randrange(200)] * rng.randrange(4)
    text = "\n".join(rows)
    found = drive(scan_job(text.encode()))
    assert len(text) > 3 << 18 and found == scan(text)
    assert len(found) == 6000 and all(len(f.registers) == 6 for f in found)
