"""Inputs of the kinds that people really paste, one file a kind: the door opens the right reader, its own command reads the same, and the value is right."""

import json
from pathlib import Path

import pytest

from tdxkit.cli import main
from tdxkit.intake import HEAD
from tdxkit.review.msr.panic import read_panic
from tdxkit.review.recognise import recognise
from tdxkit.review.softlockup.registers import read_registers, registers_in
from tdxkit.units import GIB

CASES = Path(__file__).parent.parent / "data" / "public"
SCAN, TRACE, SERIES, REPORT = ["decode", "--scan"], ["trace"], ["series"], ["report"]
WORDS = "TDH.PHYMEM.PAGE.RECLAIM TDX_PAGE_METADATA_INCORRECT, operand RCX (register); warn and leak"
# file: (kind, the command of its own, what is said, what must not be)
SAID = {
    "decode-guest-status.txt": ("status", None, ("TDX_PAGE_ALREADY_ACCEPTED", "the host's kernel does not get it"), ("bug the VM",)),
    "lockup-kernel-thread-first.txt": ("report", REPORT, ("address 0x10000000000, size 0x7f80000000 (510 GiB", "PRIVATE", "a guest of 512 GiB"), ("call 0x10 with 0x0",)),
    "lockup-wrapped-by-mailer.txt": ("report", REPORT, ("address 0x10000000000, size 0x7f80000000 (510 GiB", "PRIVATE", "a guest of 512 GiB"), ()),
    "panic-qmp-event.txt": ("panic", None, ("MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED (0x3e): 0x11223344556, 0x21223344556, 0x0, 0x0\n",), ()),
    "scan-leaf-decimal.txt": (
        "log", SCAN,
        ("1: 0xC000050500000000 from TDH.SYS.RD TDX_SYS_NOT_READY", "2: 0xC000092100000122 from TDH.SYS.INIT TDX_INCORRECT_MSR_VALUE, MSR 0x122; fail",
         "3: 0xC000050500000000 from TDH.SYS.RD ", "3 statuses found"), ("TDH.SYS.SHUTDOWN",),
    ),
    "scan-leaf-in-words.txt": (
        "log", SCAN,
        ("1: 0xC000092100000122 from TDH.SYS.INIT TDX_INCORRECT_MSR_VALUE, MSR 0x122; fail\n", *(f"{n}: 0xC000030000000001 from {WORDS}" for n in (2, 3, 4)), "4 statuses found"), (),
    ),
    "scan-p-seamldr.txt": ("log", SCAN, ("0x8000000000010003 from P-SEAMLDR call 0x1", "not known here", "1 status found"), ("TDH.", "0x8000000000000001")),
    "series-bars-of-git-apply.mbox": ("mbox", SERIES, ("+58 −27",), ("changed lines",)),
    "series-colon-after-bracket.mbox": ("mbox", SERIES, ("x: one  v1",), (" : ",)),
    "series-dropped-or-not-at-hand.mbox": ("mbox", SERIES, ("missing of 2: 1", "2 →   2  changed   x: two", "1 →   –  alone     x: one"), ("dropped", "added")),
    "series-mailman-digest.txt": ("mbox", SERIES, ("x: one  v1, 2 patches", "1          +1 −1  x: one", "2          +1 −1  x: two"), ("missing", "+2 −2")),
    "series-no-patch-in-brackets.mbox": ("mbox", SERIES, ("x: one thing  v1, 1 patch", "y: another  v3, 1 patch"), ("no patch, cover",)),
    "series-no-prefix.mbox": ("mbox", SERIES, ("+1 −1",), ("xel.bmp", "cs/page.txt")),
    "series-reply-without-re.mbox": ("mbox", SERIES, ("1 patch, by Jane Doe",), ("John Roe", "no diff")),
    "series-separators-without-a-date.mbox": ("mbox", SERIES, ("v1 → v2", "v2 → v3", "x: one  v3, 1 patch"), ("+3 −3", "files changed")),
    "series-src-dst-prefix.mbox": ("mbox", SERIES, ("+1 −1",), ("new/src/x.c", "2 files")),
    "series-two-authors.mbox": ("mbox", SERIES, ("v1, 3 patches",), ("missing of 3",)),
    "series-typechange.mbox": ("mbox", SERIES, ("+2 −1",), ("the diff has 2", "touched by 1, 1")),
    "trace-clock-x86-tsc.trace": ("trace", TRACE, ("2 kvm_msr events in 3 lines, 1 of other kinds, 0 not readable", "its times are no seconds"), (" µs", " s,", "no event")),
    "trace-gp-locked-3a.trace": (
        "trace", TRACE, ("vCPU 0 read 0x5 once; its write was refused", "tried to write 0x40005 once, refused (#GP)", "it held 0x5, and so was locked", "vCPU 1 read 0x5 once, no write"), (),
    ),
    "trace-gp-read.trace": ("trace", [*TRACE, "--msr", "64e"], ("thread 21011, 21014 tried to read it once each, refused (#GP): no value came back",), ("read 0x0",)),
    "trace-perf-stacks.trace": ("trace", TRACE, ("1 kvm_msr event in 5 lines, 0 of other kinds, 0 not readable",), ()),
}  # fmt: skip


def run(capsys, *words):
    """What a command says on both ways out."""
    assert main([str(word) for word in words]) == 0
    said = capsys.readouterr()
    return said.out + said.err


def test_every_case_is_here():
    assert {path.name for path in CASES.iterdir()} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_the_right_reader_opens_and_the_value_is_right(name, capsys):
    kind, command, said, never = SAID[name]
    assert recognise((CASES / name).read_bytes()[:HEAD]).name == kind
    told = [run(capsys, *command, CASES / name)] if command else []
    if "--msr" not in (command or ()):  # the door asks of MSR 0x3A, and names the one that is there: below
        told.append(run(capsys, "read", CASES / name))
    assert len(set(told)) == 1, "the door prints what the command prints"
    assert [one for one in said if one not in told[0]] == [] and [one for one in never if one in told[0]] == [], told[0]
    assert json.loads(run(capsys, "read", CASES / name, "--json").splitlines()[0])["kind"] == kind


def test_a_trace_of_another_msr_says_how_to_read_of_that(capsys):
    assert "python -m tdxkit trace FILE --msr 64e" in run(capsys, "read", CASES / "trace-gp-read.trace")
    read = json.loads(run(capsys, "trace", CASES / "trace-gp-read.trace", "--msr", "64e", "--json"))
    assert [(one["faults"], one["value"]) for one in read["reading"]["vcpus"]] == [(1, None)] * 2


@pytest.mark.parametrize("name", [name for name in SAID if name.startswith("lockup")])
def test_the_registers_as_the_notebook_reads_them(name):
    call = read_registers(registers_in((CASES / name).read_text()))
    assert (call.call.address, call.call.size, call.call.attributes) == (
        1 << 40,
        510 * GIB,
        8,
    ) and call.guest == 512 * GIB


def test_the_crash_as_the_notebook_reads_it():
    panic = read_panic((CASES / "panic-qmp-event.txt").read_text())
    assert (panic.code, panic.parameters) == (0x3E, (0x11223344556, 0x21223344556, 0, 0))


def test_files_of_the_cases_without_a_prefix_have_their_names(capsys):
    for name, files in (
        ("series-no-prefix.mbox", ["pixel.bmp", "docs/page.txt"]),
        ("series-src-dst-prefix.mbox", ["src/x.c"]),
    ):
        (series,) = json.loads(run(capsys, "series", CASES / name, "--json").splitlines()[0])["series"]
        assert [patch["files"] for patch in series["patches"]] == [files]
