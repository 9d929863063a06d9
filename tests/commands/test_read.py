"""One door: every kind is told by its content, in every dress, and opened; a reader given the wrong kind says which command reads it."""

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdxkit.cli import main
from tdxkit.facts import data_path
from tdxkit.review.msr.panic import POSTED
from tdxkit.review.recognise import BY_NAME, KINDS, recognise
from tdxkit.review.softlockup.report import posted_text

DATA = data_path("practice.mbox").parent.parent / "tests" / "data" / "mail"
MAILS = data_path("practice.mbox").read_bytes()
DIGEST = (DATA / "digest.txt").read_bytes() if (DATA / "digest.txt").exists() else b""
TRACE = data_path("traces/kvm_msr.trace").read_bytes()
LOG = b"virt/tdx: SEAMCALL (34) failed: 0xc000050500000000\nvirt/tdx: module initialization failed (-5)\n"
PATCH = b"diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n-\tint seamcall;\n+\tlong seamcall;\n \n"
C = b"#include <pthread.h>\n\nstatic int x;\n\nint put(void)\n{\n\tspin_lock(&lock);\n\tx--; /* SEAMCALL (34) failed: 0xc000050500000000 */\n\treturn 0;\n}\n"
EXAMPLES = {
    "digest": DIGEST, "mbox": MAILS, "patch": PATCH, "C": C, "trace": TRACE, "report": posted_text().encode(), "panic": POSTED.encode(),
    "status": b"0x00000B0A00000000\nTDX_OPERAND_BUSY|RCX\n", "log": LOG,
}  # fmt: skip
TEXTS = {
    "mail with a trace in it": (b"From: A <a@b.c>\nSubject: x\nMessage-ID: <1@b.c>\n\n> " + TRACE, "mbox"),
    "mail without a date in its separator": (b"From alice\nSubject: [PATCH] x\nFrom: A <a@b.c>\n\nx\n" + PATCH, "mbox"),
    "folded headers": (b"Received: from a\n\tby b\nDKIM-Signature: v=1;\n a=b\nFrom: A <a@b.c>\nTo: B <b@b.c>\n\nx", "mbox"),
    "format-patch": (b"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: A <a@b.c>\n\nx", "mbox"),
    "mailman": (b"Send linux-coco mailing list submissions to\n\tlinux-coco@lists.linux.dev\n", "mbox"),
    "a diff alone": (b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "patch"),
    "git show": (b"commit 0123456789abcdef0123456789abcdef01234567\nAuthor: A <a@b.c>\n\n    x\n\n" + PATCH, "patch"),
    "a patch that moves a trace": (b"diff --git a/t b/t\n--- a/t\n+++ b/t\n@@ -1 +1 @@\n-" + TRACE.splitlines()[0] + b"\n+x\n", "patch"),
    "a trace of other events": (b"\n".join(TRACE.splitlines()[:4]).replace(b"kvm_msr: msr_", b"kvm_exit: reason "), "trace"),
    "perf trace": (b"     0.100 CPU 0/KVM/16856 kvm:kvm_msr(write: 1, ecx: 58, data: 262149)\n", "trace"),
    "an event that was cut": (b"kvm_msr: msr_read  1a6 = 0x0    (#GP)\n", "trace"),
    "a trace with dates": (b"2025-06-09 10:00:00 " + TRACE.splitlines()[0] + b"\n", "trace"),
    "dmesg": (b"[    0.000000] Linux version 6.8.0\n[    1.000000] x86/cpu: ok\n", "log"),
    "journal": (b"Jun  9 10:00:00 host kernel: virt/tdx: module initialized\n", "log"),
    "a status in a sentence": (b"we see SEAMCALL failures: 0x8000020000000001 all the time\n", "log"),
    "QEMU's event": (b'{"event": "GUEST_PANICKED", "data": {"action": "pause"}}', "panic"),
    "a header": (b"#ifndef X\n#define X\nstruct tdx_module_args;\nint seamcall(struct tdx_module_args *args);\n#endif\n", "C"),
    "an rcu stall": (posted_text().replace("watchdog: BUG: soft lockup - CPU#", "rcu: INFO: rcu_preempt detected stalls on CPU ").encode(), "report"),
}  # fmt: skip
OTHERS = (
    b"",
    b"hello\n",
    b"\n\n",
    b"a: b\nc: d\n",
    b"# Notes\n\nThe TDX module is loaded by the BIOS.\n",
    b"def put(m, region):\n    yield 'x'\n",
    b"\x00\xff" * 900,
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_kind_is_told_by_its_content(name):
    if not EXAMPLES[name]:
        pytest.skip("the data of the tests is not here")
    assert recognise(EXAMPLES[name]).name == name
    assert recognise(EXAMPLES[name].replace(b"\n", b"\r\n")).name == name


@pytest.mark.parametrize("what", TEXTS)
def test_what_people_paste(what):
    text, name = TEXTS[what]
    kind = recognise(text)
    assert kind and kind.name == name


@pytest.mark.parametrize("text", OTHERS, ids=ascii)
def test_what_is_none_is_called_none(text):
    assert recognise(text) is None


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")))
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_any_bytes_get_an_answer(data):
    assert recognise(data) is None or recognise(data) in KINDS


def run(capsys, *words):
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


COMMAND = {
    "digest": ["digest"],
    "mbox": ["series"],
    "trace": ["trace"],
    "report": ["report"],
    "log": ["decode", "--scan"],
}


@pytest.mark.parametrize("name", COMMAND)
def test_the_door_prints_what_the_kinds_command_prints(name, capsys, tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(EXAMPLES[name])
    code, out, err = run(capsys, *COMMAND[name], path)
    assert code == 0 and out and run(capsys, "read", path) == (0, out, err)
    plain = json.loads(run(capsys, *COMMAND[name], path, "--json")[1])
    assert json.loads(run(capsys, "read", path, "--json")[1]) == {"format": 1, "kind": name} | plain
    assert list(json.loads(run(capsys, "read", path, "--json")[1]))[:2] == ["format", "kind"]
    path.write_bytes(gzip.compress(EXAMPLES[name]))
    assert run(capsys, "read", path)[1] == out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(EXAMPLES[name])))
    assert run(capsys, "read", "-")[1] == out


def test_a_crash_line_and_a_bare_status(capsys, tmp_path):
    (tmp_path / "p").write_text(POSTED)
    assert run(capsys, "read", tmp_path / "p")[1] == (
        "MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED (0x3e): 0x46d359bbdff, 0x56d359bbdff, 0x0, 0x0\nits first two parameters differ in bit 40\n"
    )
    (tmp_path / "s").write_bytes(EXAMPLES["status"])
    assert (
        run(capsys, "read", tmp_path / "s")[1] == run(capsys, "decode", "0x00000B0A00000000", "TDX_OPERAND_BUSY|RCX")[1]
    )


MAIL = b"From: A <a@example.org>\nSubject: Re: x\nMessage-ID: <1@example.org>\n\nSo:\n\n"


def test_a_mail_that_says_c_is_read_as_that_and_else_told_of(capsys, tmp_path):
    (path := tmp_path / "x").write_bytes(MAIL + Path("data/designs/v6-unoptimised.c").read_bytes())
    code, out, err = run(capsys, "read", path)
    assert "2 threads × 1 round: ok" in out and "read as what the mail says" in out and code == 0
    path.write_bytes(MAIL + b"int n;\nvoid a(void)\n{\n\tn++;\n}\n")
    code, out, err = run(capsys, "read", path)
    assert code == 0 and "C stands in it; python -m tdxkit explore" in err and "1 answer" in out


def test_c_is_read_and_what_it_lacks_is_said(capsys, tmp_path):
    (tmp_path / "x").write_bytes(C)
    code, out, err = run(capsys, "read", tmp_path / "x")
    assert (code, out, err.count("\n")) == (2, "", 1) and "line 7, column 13: `lock`: it is not declared" in err


@pytest.mark.parametrize("text", [text for text in OTHERS if not text.startswith(b"\0")], ids=ascii)
def test_what_looks_like_nothing_is_told_what_there_is(text, capsys, tmp_path):
    (tmp_path / "x").write_bytes(text)
    code, out, err = run(capsys, "read", tmp_path / "x")
    assert (code, out, err.count("\n")) == (2, "", 1) and "looks like nothing" in err and "a trace: trace" in err


def test_a_log_with_a_report_in_it_says_that_it_has_both(capsys, tmp_path):
    (tmp_path / "x").write_bytes(LOG + posted_text().encode())
    code, out, err = run(capsys, "read", tmp_path / "x")
    assert (
        code == 0
        and "soft lockup" in out
        and err == f"{tmp_path}/x: it has a kernel's log too; python -m tdxkit decode --scan FILE reads it\n"
    )


def test_a_report_far_down_in_a_log_is_found(capsys, tmp_path, monkeypatch):
    """The kind is told by the first 64 KiB; a lockup comes when it comes."""
    quiet = b"[    0.000001] x86/cpu: nothing to see in this line of a log\n" * 3000
    (tmp_path / "x").write_bytes(quiet + posted_text().encode())
    assert recognise(quiet).name == "log"
    code, out, err = run(capsys, "read", tmp_path / "x")
    assert (code, err) == (0, "") and out.startswith("line 3001: soft lockup on CPU 8")
    assert json.loads(run(capsys, "read", tmp_path / "x", "--json")[1])["kind"] == "report"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(quiet + posted_text().encode())))
    code, out, err = run(capsys, "read", "-")
    assert (code, out) == (0, "0 statuses found\n") and "python -m tdxkit report FILE looks for reports" in err
    (tmp_path / "x").write_bytes(quiet + LOG)
    code, out, err = run(capsys, "read", tmp_path / "x")
    assert (code, err) == (0, "") and out.startswith("3001: 0xC000050500000000") and out.endswith("1 status found\n")


PLANTED = [(reader, given) for reader in ("digest", "mbox", "trace", "report") for given in EXAMPLES if reader != given and (reader, given) not in (("mbox", "digest"), ("mbox", "patch"), ("report", "digest"))]  # fmt: skip


@pytest.mark.parametrize("reader, given", PLANTED)
def test_a_reader_given_the_wrong_kind_says_which_command_reads_it(reader, given, capsys, tmp_path):
    if not EXAMPLES[given]:
        pytest.skip("the data of the tests is not here")
    path = tmp_path / "x"
    path.write_bytes(EXAMPLES[given])
    code, out, err = run(capsys, *COMMAND[reader], path)
    kind = BY_NAME[given]
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert f"it is {kind.called}, and this reads " in err, err
    assert (f"python -m tdxkit {kind.command} reads it" if kind.command else "no command reads it yet") in err


def test_a_scan_of_another_kind_finds_nothing_and_says_what_it_is(capsys, tmp_path):
    (tmp_path / "x").write_bytes(TRACE)
    code, out, err = run(capsys, "decode", "--scan", tmp_path / "x")
    assert (code, out) == (0, "0 statuses found\n") and "it is a trace" in err and err.count("\n") == 1


def test_a_reader_that_finds_nothing_in_its_own_kind_says_just_that(capsys, tmp_path):
    (tmp_path / "x").write_bytes(TEXTS["a trace of other events"][0])
    code, out, err = run(capsys, "trace", tmp_path / "x")
    assert (
        (code, err) == (0, "")
        and out.startswith("0 kvm_msr events in 4 lines, 4 of other kinds")
        and "no access to MSR 3a" in out
    )


def test_a_trace_in_a_mail_is_read_as_a_trace(capsys, tmp_path):
    (tmp_path / "x").write_bytes(
        b"From: A <a@b.c>\nSubject: x\n\n" + b"".join(b"> " + line + b"\n" for line in TRACE.splitlines())
    )
    code, out, err = run(capsys, "trace", tmp_path / "x")
    assert (code, err) == (0, "") and out.startswith("18 kvm_msr events in 21 lines")
