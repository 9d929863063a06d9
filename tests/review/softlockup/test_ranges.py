"""What registers say of a call to the exact bound, which report matters most, and how much of a long log is read."""

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.memattr.ioctl import MemoryAttributes
from tdxkit.review.softlockup import reading, registers
from tdxkit.review.softlockup.banner import preemption_in
from tdxkit.review.softlockup.reading import read_report, read_reports
from tdxkit.review.softlockup.registers import MAX_ADDRESS, guest_of, no_user_registers, read_registers, registers_in
from tdxkit.units import GIB, TIB
from tests.review.softlockup.stuck_reports import soft, text, user_of

FITS = {key: value for key, value in user_of().items() if key in ("ORIG_RAX", "RSI", "RDI", "RDX", "R8", "R9", "R14")}


def call(**more) -> MemoryAttributes:
    return read_registers(({}, FITS | more)).call


def rows(kernel: dict[str, int], **more) -> dict[str, str]:
    return {name: said for name, _, said in read_registers((kernel, FITS | more)).rows}


def test_a_range_of_whole_pages_up_to_the_last_address():
    assert call(R8=0, R9=4096, R14=0) == MemoryAttributes(0, 4096, 0)
    assert call(R8=MAX_ADDRESS - 4096, R9=4096).size == 4096
    for odd in (
        {"R8": MAX_ADDRESS, "R9": 4096},
        {"R9": 0},
        {"R8": 1},
        {"R9": 4097},
        {"R8": (1 << 64) - 4096, "R9": 4096},
        {"R14": 1},
    ):
        with pytest.raises(InputError, match="does not show the range"):
            call(**odd)


@pytest.mark.parametrize("lost", ["RDI", "RDX", "R8", "R9", "R14"])
def test_every_register_of_the_call_is_needed(lost):
    with pytest.raises(InputError, match=f"user register {lost}"):
        read_registers(({}, {key: value for key, value in FITS.items() if key != lost}))


@pytest.mark.parametrize("lost", ["ORIG_RAX", "RSI"])
def test_another_call_has_another_range(lost):
    with pytest.raises(InputError, match="this reads the registers of ioctl KVM_SET_MEMORY_ATTRIBUTES"):
        read_registers(({}, {key: value for key, value in FITS.items() if key != lost}))


def test_the_range_in_words():
    """1 TiB is GFN 2^28; 510 GiB are 510 * 2^18 pages."""
    said = rows({})
    assert said["R8"].endswith(", GFN 0x10000000") and said["R14"] == "attributes = PRIVATE"
    assert said["R9"] == f"size: 510 GiB, {510 << 18:,} pages, up to GFN {(1 << 28) + (510 << 18):#x}"
    assert rows({}, R14=0)["R14"] == "attributes" and said["RDI"] == "file descriptor 11: the VM"


def test_levels_of_the_walk():
    """The last GFN of this range needs 29 bits: five chunks of six."""
    assert (
        rows({"RDX": 30})["kernel RDX"]
        == f"30 bits of index: 5 levels; the last GFN, {(1 << 28) + (510 << 18) - 1:#x}, needs 29"
    )
    for bits in (0, 24, 29, 31, 72):
        assert "kernel RDX" not in rows({"RDX": bits})
    assert "kernel RDX" in rows({"RDX": 66})
    one_page = {"R8": (1 << 30) - 4096, "R9": 4096}  # its GFN is the last one of 18 bits
    assert rows({"RDX": 18}, **one_page)["kernel RDX"].endswith("the last GFN, 0x3ffff, needs 18")


def test_levels_above_a_shift():
    assert rows({"RBP": 24})["kernel RBP"] == "shift 24: the head node, 5 levels" and rows({"RBP": 0})[
        "kernel RBP"
    ].endswith("1 levels")
    assert "kernel RBP" in rows({"RBP": 60})
    for shift in ({}, {"RBP": 25}, {"RBP": 66}):
        assert "kernel RBP" not in rows(shift)


def test_an_entry_of_the_tree_is_no_small_number():
    assert "kernel RAX" in rows({"RAX": 4098}) and "kernel RAX" not in rows({"RAX": 4094})
    for entry in ({}, {"RAX": 4096}, {"RAX": 4097}, {"RAX": 2}, {"RAX": 0xFFFF000000000001}):
        assert "kernel RAX" not in rows(entry)


def test_the_upper_ram_of_a_guest_has_a_limit():
    assert guest_of(MemoryAttributes(TIB, MAX_ADDRESS - 2 * GIB, 8)) == MAX_ADDRESS
    assert guest_of(MemoryAttributes(TIB, MAX_ADDRESS - GIB, 8)) is None
    assert guest_of(MemoryAttributes(4 * GIB, 2 * TIB, 8)) == 2 * TIB + 2 * GIB, "on Intel there is no hole"
    assert guest_of(MemoryAttributes(TIB, 2 * TIB, 8)) == 2 * TIB + 2 * GIB


def test_registers_out_of_a_text_or_why_there_are_none():
    kernel, user = registers_in(text(soft(user=user_of())))
    assert user["R9"] == 510 << 30 and kernel["RDX"] == 30
    bare = read_report(text(soft()))
    with pytest.raises(InputError, match="shows no registers of user space"):
        registers_in(text(soft()))
    mixed = type("Mixed", (), {"mixed": True})()
    assert "lines of several CPUs are mixed" in str(no_user_registers(mixed)) and "paste it down" in str(
        no_user_registers(bare)
    )


SETS, OTHER = soft(cpu=1, user=user_of()), soft(cpu=2, frames=("f",), user=user_of(asked=0xAE80))
BARE = soft(cpu=3, frames=("f",))


@pytest.mark.parametrize(
    ("parts", "cpu"),
    [
        ([BARE, OTHER, SETS], 1),
        ([BARE, OTHER], 2),
        ([BARE, soft(cpu=4)], 4),
        ([soft(cpu=4), OTHER], 4),
        ([BARE, soft(cpu=4, frames=("f",))], 3),
        ([soft(cpu=5, frames=("f",), user=user_of()), soft(cpu=4)], 5),
        ([soft(cpu=6, user=user_of(), head=False), soft(cpu=5, frames=("f",), user=user_of())], 5),
        ([BARE, soft(cpu=7, frames=("f",), user=user_of(), head=False)], 7),
    ],
)
def test_the_report_that_matters_most(parts, cpu):
    assert read_report("\n".join(map(text, parts))).cpus == (cpu,)


def filler(lines: int) -> str:
    return "nothing of a kernel\n" * lines


def test_a_log_is_read_until_there_is_enough(monkeypatch):
    whole = text(soft())
    assert not read_reports(whole).more and read_reports(whole).lines == whole.count("\n")
    long = whole + filler(10_000)
    assert read_reports(long).lines == long.count("\n")
    monkeypatch.setattr(reading, "STRIDE", 4096)
    monkeypatch.setattr(reading, "MAX_BYTES", 8192)
    found = read_reports(long)
    assert found.more and found.lines < 1000 and len(found.items) == 1
    assert not read_reports((whole + filler(10_000))[:8192]).more, "that much is read"
    monkeypatch.setattr(reading, "MAX_BYTES", 1 << 30)
    monkeypatch.setattr(reading, "MAX_LOOKED", 40)
    assert read_reports(long).more and not read_reports(whole).more
    monkeypatch.setattr(reading, "MAX_LOOKED", 10_000)
    assert not read_reports(long).more, "what is far from a report is not looked at"


def test_a_line_without_an_end_is_kept_short(monkeypatch):
    monkeypatch.setattr(reading, "STRIDE", 64)
    monkeypatch.setattr(reading, "MAX_LINE", 100)
    found = read_reports("x" * 500 + "\n" + text(soft()))
    assert found.main.cpus == (8,)
    assert read_reports(text(soft()).rstrip("\n")).main.cpus == (8,), "the last line needs no end"


def test_a_log_names_the_kernel_in_a_few_lines():
    many = "".join(f"Linux version 6.{n}.0 PREEMPT_DYNAMIC\n" for n in range(8))
    assert len(read_reports(many + text(soft())).banner) <= 4 and preemption_in("nothing of it") == ""


def test_registers_of_the_posted_report_are_those_that_are_read_by_default():
    assert registers.posted()[1]["R9"] == 0x17680000000 == read_registers().call.size
