"""A soft-lockup report, line by line: the posted one against its facts, others against what they lack, hostile ones against bounds."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.facts import load_toml
from tdxkit.linux.memattr.ioctl import MemoryAttributes
from tdxkit.review.softlockup.judged import Finding
from tdxkit.review.softlockup.reading import read_report
from tdxkit.review.softlockup.registers import LEAST_MOVED, guest_of, read_registers, reading_of
from tdxkit.review.softlockup.report import MAX_LINES, posted_text
from tdxkit.review.softlockup.rows import LONGEST
from tdxkit.review.softlockup.told import told
from tdxkit.units import GIB, PAGE_4K, TIB

TEXT = posted_text()
DATA = load_toml("lockup_report.toml")
POSTED = read_report(TEXT)
ROWS = {row.line: row for row in told(POSTED)}


def follows(start, text=TEXT):
    """What follows from the first line that begins so."""
    return next(row.follows for row in told(read_report(text)) if row.line.startswith(start))


def test_every_field_of_the_posted_report_is_read_back():
    said = DATA["report"]
    wanted = {
        key: str(said[key])
        for key in ("stuck", "cpu", "command", "pid", "uid", "taint", "release", "build", "preempt", "hardware", "bios")
    }
    assert POSTED.fields == wanted | {"kdump": "Kdump: loaded"} and POSTED.others == 0
    frames = [line.text for line in POSTED.frames]
    assert frames == said["frames"] and len(frames) == 8
    for part, have in (("kernel", POSTED.kernel), ("user", POSTED.user)):
        numbers = {k: v for k, v in DATA[part].items() if k not in ("RIP", "Code")}
        assert have == {k: int(v.split(":")[-1].split("(")[0], 16) for k, v in numbers.items()}, part


def test_each_line_has_a_row_and_says_something():
    assert len(ROWS) == len(TEXT.splitlines()) and all(row.says for row in ROWS.values())
    silent = [line.split(":")[0] for line, row in ROWS.items() if not row.follows]
    assert silent == ["Hardware name"]


@pytest.mark.parametrize(
    ("start", "what"),
    [
        ("watchdog: BUG", "27.9 to 29.0 s since the stopper's last stamp; one tick after the first"),
        ("CPU: 8", "run by root; a crash kernel is loaded"),
        ("CPU: 8", "the first soft lockup since boot"),
        ("CPU: 8", "Linux 6.15 (rc7): kernel.org's 6.15 does not carry the patch"),
        ("CPU: 8", "UEK, Oracle's own build for Oracle Linux 9"),
        ("CPU: 8", "a PREEMPT_DYNAMIC build, since only that prints a mode in brackets; it runs as voluntary"),
        ("RIP: 0010", "xas_create(), 120 bytes into its 496"),
        ("Code: 00 00", "RAX is not zero: it goes on with that entry"),
        ("RSP: 0018", "interrupts on"),
        ("RAX: ffff96f3", "object 13 of 28"),
        ("RAX: ffff96f3", "0x88 bytes above RSP"),
        ("RDX: 000000000000001e", "5 levels"),
        ("R13: ffffad", "order 0"),
        ("CR2:", "PCID 6"),
        ("CR2:", "CET (no LA57: four levels of page tables)"),
        ("PKRU", "only key 0 is open"),
        ("kvm_vm_set_mem", "the store loop"),
        ("Code: ff ff", "mov $0x10, EAX and syscall; compares the result with −4095"),
        ("RAX: ffffffffffffffda", "−ENOSYS"),
        ("RAX: ffffffffffffffda", "RCX: equals RIP"),
        ("R10: 0000000000000080", "equals EFLAGS"),
        ("RBP: 0000010000000000", "1,498 GiB, 392,691,712 pages"),
        ("R13: 00007ffe", "R13: equals RDX; R14: attributes = PRIVATE"),
    ],
)
def test_what_follows_from_the_posted_lines(start, what):
    assert what in follows(start)


def test_it_comes_to_the_upper_ram_of_a_guest_of_1500_gib():
    said = Finding(POSTED).says()
    assert said[2] == "KVM_SET_MEMORY_ATTRIBUTES: the store loop, which stores the attributes of every page"
    assert said[3] == (
        "address 0x10000000000, size 0x17680000000 (1,498 GiB at 1 TiB), PRIVATE: GFNs [0x10000000, 0x27680000), 392,691,712 pages, "
        "the upper RAM of a guest of 1,500 GiB"
    )
    assert reading_of(POSTED)[0] == read_registers() and read_registers().guest == 1500 * GIB


@pytest.mark.parametrize(
    ("address", "size", "guest"),
    [
        (TIB, LEAST_MOVED - 2 * GIB, None), (TIB, LEAST_MOVED, LEAST_MOVED + 2 * GIB),
        (TIB, LEAST_MOVED + PAGE_4K, None), (TIB + GIB, LEAST_MOVED, None), (TIB // 2, 10 * LEAST_MOVED, None),
        (4 * GIB, 6 * GIB, 8 * GIB), (4 * GIB, 6 * GIB + PAGE_4K, None), (5 * GIB, 6 * GIB, None),
    ],
)  # fmt: skip
def test_a_range_is_the_upper_ram_of_a_guest_only_where_one_lies_so(address, size, guest):
    assert guest_of(MemoryAttributes(address, size, 8)) == guest


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("0002", "object 0 of 28"),
        ("024a", "object 1 of 28"),
        ("3d9a", "object 27 of 28"),
        ("3fe2", ""),
        ("024e", ""),
        ("000a", ""),
    ],
)
def test_a_node_is_an_object_of_its_slab_only_at_a_multiple_of_its_size(entry, place):
    said = follows("RAX: ffff96f3", TEXT.replace("RAX: ffff96f30b261daa", f"RAX: ffff96f30b26{entry}"))
    assert "an internal entry" in said or "node" in said
    assert (place in said) if place else ("object" not in said)


@pytest.mark.parametrize(
    ("old", "new", "start", "gone"),
    [
        ("stuck for 26s", "stuck for 45s", "watchdog", "one tick after"),
        ("Not tainted", "Tainted: G           O L   ", "CPU: 8", "taints itself"),
        ("PREEMPT(voluntary)", "VOLUNTARY", "CPU: 8", "PREEMPT_DYNAMIC"),
        ("Kdump: loaded ", "", "CPU: 8", "crash kernel"),
        ("UID: 0 ", "", "CPU: 8", "root"),
        ("xas_create+0x78", "xas_find+0x78", "R13: ffffad", "XArray"),
        ("ffffad890a356860", "ffffad890a356861", "R13: ffffad", "order 0"),
        ("xa_store+", "xa_cmpxchg+", "kvm_vm_set", "the store loop"),
        ("00000286", "00000086", "RSP: 0018", "interrupts on"),
        ("0000000000f70ef0", "0000000000f71ef0", "CR2", "no LA57"),
        ("RCX: 00007f5578d031bb", "RCX: 00007f5578d031bc", "RAX: ffffffffffffffda", "equals RIP"),
        ("RAX: ffff96f30b261daa", "RAX: 0000000000000000", "Code: 00", "goes on with that entry"),
    ],
)
def test_another_report_says_only_what_it_shows(old, new, start, gone):
    assert gone in follows(start) and old in TEXT
    assert gone not in follows(start, TEXT.replace(old, new))


def test_a_second_lockup_says_so_and_so_does_a_kernel_that_carries_the_patch():
    assert "not the first soft lockup" in follows("CPU: 8", TEXT.replace("Not tainted", "Tainted: [L]=SOFTLOCKUP"))
    assert "6.15.7 carries the patch" in follows(
        "CPU: 8", TEXT.replace("6.15.0-rc7.20250520.el9uek.rc1", "6.15.7-100.fc42")
    )
    assert "since 6.8" in follows("CPU: 8", TEXT.replace("6.15.0-rc7", "5.15.0-7"))


def test_time_stamps_other_lines_and_a_second_report():
    lines = TEXT.splitlines()
    stamped = [f"[ 1234.56789{k % 10}] {line}" for k, line in enumerate(lines)]
    noisy = [
        "kernel: something before",
        *stamped[:3],
        "[ 1.0] Modules linked in: kvm_amd kvm",
        *stamped[3:],
        lines[0].replace("CPU#8", "CPU#9"),
    ]
    found = read_report("\r\n".join(noisy))
    assert found.others == 1 and found.fields["cpu"] == "8"
    assert list(told(found)) == list(told(POSTED))


def test_a_report_of_another_call_is_told_and_its_range_is_not():
    other = read_report(TEXT.replace("RSI: 000000004020aed2", "RSI: 000000000000ae80"))
    reading, why = reading_of(other)
    assert reading is None and why.startswith(
        "ioctl KVM_RUN: this reads the registers of ioctl KVM_SET_MEMORY_ATTRIBUTES"
    )
    assert len(told(other)) == len(ROWS) and "the range is not known" in Finding(other).says()[-1]
    kernel_only = read_report(TEXT.partition("RIP: 0033")[0])
    assert not kernel_only.user and "no registers of user space" in Finding(kernel_only).says()[-1]


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "Call Trace:\n <TASK>\n", "\x00" * 999])
def test_no_report_is_said_in_a_line(text):
    with pytest.raises(InputError) as caught:
        read_report(text)
    assert "\n" not in str(caught.value)


def test_bounds():
    many = read_report(TEXT.splitlines()[0] + "\n" + "a+0x1/0x2\n" * 5000)
    assert len(many.lines) == MAX_LINES
    long = read_report("RAX: 0000000000000001 " + "y" * 5000)
    assert len(long.lines[0].text) <= LONGEST + 1


pieces = (
    st.sampled_from([line + "\n" for line in TEXT.splitlines()])
    | st.text(max_size=40)
    | st.sampled_from(["<script>x()</script>\n", "\x1b[31m", "Code: " + "<00> " * 70])
)


@pytest.mark.slow
@given(st.lists(pieces, max_size=30).map("".join))
@settings(max_examples=150, deadline=None)
def test_any_text_is_told_or_refused(text):
    try:
        rows = told(read_report(text))
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert all("\x1b" not in row.line and "\n" not in row.line for row in rows)


def test_the_command_tells_it_and_reads_files_and_gzip(capsys, tmp_path):
    import gzip

    assert main(["lockup", "--report", "example"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == Finding(POSTED).says()[-1] and "by xa_store(), so the store loop" in out
    packed = tmp_path / "r.gz"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    assert main(["lockup", "--report", str(packed), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["call"] == {"start": 0x10000000, "end": 0x27680000, "pages": 392_691_712, "guest": 1500 * GIB}
    assert answer["others"] == 0 and len(answer["items"]) == len(ROWS)


@pytest.mark.parametrize("content", [b"", b"\x7fELF\x00" * 500, b"nothing here", b"x" * 500_000])
def test_a_file_that_is_no_report_is_one_line_and_exit_code_2(content, capsys, tmp_path):
    path = tmp_path / "r"
    path.write_bytes(content)
    assert main(["lockup", "--report", str(path), "--json"]) == 2
    out, error = capsys.readouterr()
    assert out == "" and error.count("\n") == 1


@pytest.mark.skipif("TDXKIT_DIGEST" not in os.environ, reason="set TDXKIT_DIGEST to the KVM digest to compare with it")
def test_the_real_mail_has_these_lines():
    mail = Path(os.environ["TDXKIT_DIGEST"]).read_text()
    assert TEXT in mail
