"""scan(): every code in every way that a log writes it, what is not a status, hostile text, time linear in length."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.status import scan
from tdxkit.status.codes import codes, facts
from tdxkit.status.scanning import scan_job
from tdxkit.work import drive

WAYS = {
    "kvm": "[   12.{i:06}] kvm_intel: SEAMCALL TDH_MEM_PAGE_AUG failed: {v:#x}",
    "core": "[   12.{i:06}] virt/tdx: SEAMCALL (0x0000000000000006) failed: 0x{v:016x}",
    "function": "tdh_mem_page_aug() returned {v:#018x}, giving up",
    "equals": "tdx: TDH.MEM.PAGE.AUG status=0x{v:016X}",
}


@pytest.mark.parametrize("way", WAYS)
def test_every_code_is_found_in_every_way(way):
    lines = [f"[    1.0] noise {i:x}\n{WAYS[way].format(i=i, v=v)}" for i, v in enumerate(codes().values())]
    found = scan("\n".join(lines))
    assert [f.value for f in found] == list(codes().values())
    assert [f.line for f in found] == [2 * i + 2 for i in range(len(codes()))]
    for f in found:
        assert int(f.text[f.column :].split()[0].rstrip(","), 16) == f.value
        assert f.status.name == codes_by_value()[f.value]


def codes_by_value():
    return {value: name for name, value in codes().items()}


@pytest.mark.parametrize("way", ["kvm", "function", "equals"])
def test_the_leaf_on_the_line_is_used(way):
    (found,) = scan(WAYS[way].format(i=1, v=0x8000020000000092))
    assert found.leaf == "TDH.MEM.PAGE.AUG" and found.status.kernel.kind == "retry"


def test_in_a_register_dump_errors_are_found():
    dump = "RIP: 0010:tdx_foo\nRAX: {:016x} RBX: ffff888123456000 RCX: 0000000000000000\n"
    for value in codes().values():
        assert [f.value for f in scan(dump.format(value))] == ([value] if value >> 62 else [])


def test_linux_values_and_unknown_ones():
    theirs = [int(h, 16) << 32 for h in facts()["linux"]["differs"].values()]
    software = [int(d, 16) for d in facts()["linux"]["software"].values()]
    for value in (*theirs, *software, 0x8000039900000001):
        assert [f.value for f in scan(f"SEAMCALL failed: {value:#x}")] == [value]
    assert not scan(f"something failed: {0x8000039900000001:#x}"), "unknown and nothing says TDX"


NOT_STATUSES = """
PTE 8000000123456067 PMD 8000000312345063 tdx
tdx: PAMT at [0x0000008150000000-0x00000081ffffffff]
tdx: seamcall entry ffffffffc0000300 stack ffffc90000000000
uuid 80000200-0000-0001-0000-000000000000 TDX build 8000020000000001-rc1
x8000020000000001 tdx_8000020000000001 1.8000020000000001
RCX: 0000000000000001 RDX: 0x0
virt/tdx: module initialized, TDH.SYS.INIT done in 1234567890123 ns
"""


def test_what_is_none():
    assert [f.text for f in scan(NOT_STATUSES)] == []


@given(st.text() | st.text("0123456789abcdefx: \nTDXH_.SEAMCL()-", max_size=300))
def test_any_text_is_scanned(text):
    for found in scan(text):
        assert found.status.value == found.value and found.text in text and "\n" not in found.text


@pytest.mark.slow
def test_hostile_texts_take_linear_time():
    status = "SEAMCALL failed: 0x8000020000000001 "
    texts = [
        "f" * 10**6,
        "0x" * 10**6,
        status * 30000,
        "TDH_" * 300000,
        "tdh_a" * 200000 + " 0x8000020000000001",
        "\n" * 10**6,
        "x" * 10**6 + "\n" + "0x8000020000000001 " * 5000 + "\n" + "y" * 10**6,
        "leaf 7 " * 10**5 + status,
        "RCX 0x0 " * 10**5 + "\n" + status * 1000 + "\n" + "RCX 0x0 " * 10**5,
    ]
    for text in texts:
        start = time.perf_counter()
        scan(text)
        assert time.perf_counter() - start < 5, text[:20]
    assert len(scan(status * 30000)) == 30000


@pytest.mark.slow
@pytest.mark.parametrize("length", [20, 70_001, 300_000])
def test_a_log_read_in_blocks_gives_what_its_text_gives(length):
    """Lines of all lengths, those that cross a block's end too; the line's number and column stay right."""
    rows = [
        f"{'ö' * (k % 3 * length // 2)} TDX {0x8000020000000001:#x}{'.' * (k * 37 % length)}"
        for k in range(900_000 // length)
    ]
    text = "\n".join([*rows, "no line feed at the end: TDX 0x8000020000000001"])
    ticks = []
    assert drive(scan_job(text.encode()), lambda *tick: ticks.append(tick)) == scan(text) != ()
    assert len(ticks) > 1 and ticks[-1] == (len(text.encode()),) * 2 and len(scan(text)) == len(rows) + 1
