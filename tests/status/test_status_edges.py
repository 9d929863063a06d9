"""How far a scan looks: along a line, to the lines around, and what it takes for a register, a call's number or a log."""

import pytest

from tdxkit.errors import InputError
from tdxkit.status import scan, scanning
from tdxkit.status.calls import is_number_of_call, left_open
from tdxkit.status.registers import AROUND, behind, in_front, names_one, on_line
from tdxkit.status.scanning import LINE_SHOWN, Found, scan_job
from tdxkit.work import drive

STATUS = "0x8000020000000001"
CALL = f"SEAMCALL (34) failed: {STATUS}"


def held(text):
    (found,) = scan(text)
    return [name for name, _ in found.registers]


NAMES = ["RBX", "RCX", "RDX", "RSI", "RDI", "R8", "R9", "R10", "R11", "R12"]


def test_registers_are_looked_for_on_eight_lines_behind():
    assert AROUND == 8 and held("\n".join([CALL, *(f"{name} 0x1" for name in NAMES)])) == NAMES[:8]


@pytest.mark.parametrize("lines, call", [(7, "TDH.SYS.RD"), (8, None)])
def test_a_call_is_looked_for_on_eight_lines_in_front(lines, call):
    text = "\n".join(["tdx: SEAMCALL (34)", *(f"{name} 0x1" for name in NAMES[:lines]), f"tdx: failed: {STATUS}"])
    (found,) = scan(text)
    assert (found.leaf, len(found.registers)) == (call, lines if call else 0)


@pytest.mark.parametrize("length, names", [(400, ["RCX", "RDX"]), (401, []), (402, []), (600, [])])
def test_a_line_of_registers_has_400_characters_at_most(length, names):
    line = "RCX 0x1 RDX 0x2"
    assert held(f"{CALL}\n{' ' * (length - len(line))}{line}\n") == names
    assert held(f"{CALL}\n{' ' * (length - len(line))}{line}") == names, "at the end of the log too"


@pytest.mark.parametrize("length, call", [(400, "TDH.SYS.RD"), (402, None), (900, None)])
def test_so_has_a_line_that_names_a_call(length, call):
    text = "x\n" + " " * (length - 13) + "SEAMCALL (34)\n" + f"tdx: failed: {STATUS}"
    assert scan(text)[0].leaf == call


def test_the_lines_around_by_their_ends():
    text = "first\nRCX 0x1\n\nRDX 0x2\nRAX 0x3\nstranger\nR8 0x4"
    assert behind(text, len("first"), "first") == (("RCX", 1), ("RDX", 2), ("R8", 4)), (
        "RAX is none, its line a stranger's"
    )
    assert behind(text, len(text), "first") == () and in_front(text, 0) == (None, ())
    assert behind("a\nRCX 0x1\nRDX 0x2\nRCX 0x3", 1, "a") == (), "a second one of a name: nobody knows whose"
    assert behind("a\nRCX 0x1\nSEAMCALL\nRDX 0x2", 1, "a") == (("RCX", 1),), "another report begins"
    assert in_front("SEAMCALL (34)\nRCX 0x1\nRCX 0x2\n", 30) == ("TDH.SYS.RD", (("RCX", 2),)), "the nearer one"
    assert in_front("SEAMCALL (34) done\nRCX 0x1\n", 27) == (None, ())


def test_registers_of_a_line():
    assert on_line("RCX 0x1, r08: 0x2 R9=0x3 rcx 0x4") == (("RCX", 1), ("R8", 2), ("R9", 3))
    assert on_line("R16 0x1 XRCX 0x2 RAX 0x3 RCX 1") == ()
    assert [names_one(text) for text in ("RDX ", "rip: ", "CR3=", "RAX ", "index ", "")] == [True] * 3 + [False] * 3


@pytest.mark.parametrize("mark", ["", "[T12] "])
def test_only_lines_with_the_same_callers_mark_belong_together(mark):
    rows = f"[ 1.0] {mark}{CALL}\n[ 1.1] [T34] RCX 0x1\n[ 1.2] {mark}RDX 0x2"
    assert held(rows) == ["RDX"]


@pytest.mark.parametrize("gap, call", [(LINE_SHOWN - len("SEAMCALL (34)"), "TDH.SYS.RD"), (LINE_SHOWN, None)])
def test_a_call_may_stand_300_characters_before(gap, call):
    (found,) = scan(f"tdx SEAMCALL (34){' ' * gap}{STATUS}")
    assert found.leaf == call
    assert LINE_SHOWN == 300 and len(found.text) == 300


def test_what_a_line_has_spoken_of_holds_for_the_rest_of_it():
    """A status without an error bit needs the word; the first status on the line carried it."""
    rest = "." * LINE_SHOWN
    known = "0x0000081500000000"  # TDX_KEY_CONFIGURED
    assert [f.value for f in scan(f"TDX {STATUS} {rest} {known}")] == [int(STATUS, 16), int(known, 16)]
    assert [f.value for f in scan(f"{STATUS} {rest} {known}\nTDX\n{known}")] == [int(STATUS, 16)]


def test_lines_and_columns_are_counted_from_one_and_from_zero():
    found = scan(f"\n\n{CALL}\n{STATUS} TDX {STATUS}")
    assert [(f.line, f.column) for f in found] == [(3, len(CALL) - 18), (4, 0), (4, 23)]
    assert found[0].text == CALL


def test_a_find_in_a_line_of_text():
    one = Found(1, 0, "", int(STATUS, 16), "TDH.MEM.PAGE.AUG", (("RCX", 1), ("RDX", 2)))
    assert (
        one.said == f"{STATUS} from TDH.MEM.PAGE.AUG TDX_OPERAND_BUSY, operand RCX (register); retry; RCX 0x1, RDX 0x2"
    )
    bare = Found(1, 0, "", int(STATUS, 16), None)
    assert bare.said == f"{STATUS} TDX_OPERAND_BUSY, operand RCX (register); depends on the leaf" and not bare.registers


@pytest.mark.parametrize(
    "before, after, own",
    [
        ("SEAMCALL (", ") failed", True), ("SEAMCALL ( ", ") failed", True), ("TDCALL[", "]", True), ("seamcall#", " error", True),
        ("SEAMCALL ", " failed", True), ("SEAMCALL ", ": done", False), ("leaf ", "", True), ("function   number   =   ", "", True),
        ("failed: ", "", False), ("leaf 3: ", " failed", False), ("(", ")", False),
    ],
)  # fmt: skip
def test_whose_number_it_is(before, after, own):
    assert is_number_of_call(before, after) is own


def test_a_line_that_goes_on():
    assert left_open("x" * 300 + " SEAMCALL (34) failed:") == "TDH.SYS.RD" and left_open("nothing of the kind") is None
    assert left_open("SEAMCALL (34)" + " " * 200) is None, "too long ago"


@pytest.mark.parametrize("value", [1, 0x30, 0x1_0000_0001, 0x00FF_0000_0000_0000, 0x0001_0000_0000_0000])
def test_small_and_odd_numbers_are_no_status(value):
    assert scan(f"x = {value:#018x}") == ()


def test_success_is_a_zero_that_is_given_as_a_result():
    for line, found in (("SEAMCALL (34) returned 0x0", 1), ("TDX rax: 0x0", 1), ("TDX lock 0x0", 0), ("ret = 0x0", 0)):
        assert len(scan(line)) == found, line


def test_a_log_is_text_of_a_bounded_size(monkeypatch):
    assert scanning.LIMIT == 256 * 1024**2
    with pytest.raises(InputError, match="binary"):
        drive(scan_job(bytes(range(256)) * 50))
    monkeypatch.setattr(scanning, "LIMIT", 4)
    assert drive(scan_job(b"abcd")) == ()
    with pytest.raises(InputError, match="at most 0 MiB"):
        drive(scan_job(b"abcde"))


def test_blocks_give_what_the_whole_text_gives(monkeypatch):
    text = "\n".join(f"{'.' * (k % 7)} {CALL}\nRCX {k:#x}\nRDX {k:#x}" for k in range(20))
    for block in (1, 5, 64, 1000):
        monkeypatch.setattr(scanning, "_BLOCK", block)
        assert drive(scan_job(text.encode())) == scan(text) and len(scan(text)) == 20
