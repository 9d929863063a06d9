"""`python -m tdxkit report`: what it prints, and what it does with pipes, devices, bombs, a closed pipe, an interrupt."""

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from tdxkit.cli import main
from tdxkit.review.softlockup import reading
from tdxkit.review.softlockup.report import posted_text

ROOT = Path(__file__).parents[2]
HEAD = "BUG: soft lockup - CPU#1 stuck for 22s! [a:1]\n"


def answer(capsys, *words):
    assert main(["report", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_posted_report_in_words_and_as_data(capsys):
    assert main(["report", "example"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("line 1: soft lockup on CPU 8, qemu-kvm (thread 6372): 26 units")
    assert said[2].strip() == "KVM_SET_MEMORY_ATTRIBUTES: the store loop, which stores the attributes of every page"
    assert said[5].strip() == (
        "PREEMPT(voluntary): without the patch a soft lockup, in the store loop, first “stuck for 22s”: the CPU is held for 34.8 s; "
        "with it no lockup, the CPU is held for 0.0 s at most"
    )
    (one,) = answer(capsys, "example")["items"]
    assert (one["kind"], one["cpus"], one["loop"], one["model"], one["asked"]) == (
        "soft lockup", [8], "store", "voluntary", "ioctl KVM_SET_MEMORY_ATTRIBUTES",
    )  # fmt: skip
    (verdict,) = one["verdicts"]
    assert (verdict["without"]["lockup"], verdict["patched"]["lockup"], verdict["without"]["seconds"]) == (
        True,
        False,
        34.83,
    )


def test_several_reports_and_the_one_that_lockup_tells(capsys, tmp_path):
    path = tmp_path / "log"
    path.write_text("".join(HEAD.replace("#1", f"#{k}") for k in range(30)) + posted_text())
    assert main(["report", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.count("\nline ") == 19 and "… and 11 reports more; --json has them" in out
    assert len(answer(capsys, str(path))["items"]) == 31
    assert main(["lockup", "--report", str(path)]) == 0
    assert "this was the one at line 31, of 31 reports; python -m tdxkit report tells of all" in capsys.readouterr().out


def test_what_is_left_alone_is_said(capsys, monkeypatch, tmp_path):
    path = tmp_path / "log"
    path.write_text(HEAD + "nothing\n" * 100_000)
    monkeypatch.setattr(reading, "MAX_BYTES", 300_000)
    assert main(["report", str(path)]) == 0
    assert "more was given than is read" in capsys.readouterr().out
    assert answer(capsys, str(path))["more"] is True


@pytest.mark.parametrize(
    ("content", "meant"),
    [(b"kvm_msr: msr_read 3a = 0x5\n", "tdxkit trace FILE"), (b"From a@b Mon\nSubject: x\n\n", "tdxkit series FILE"), (b"", "give it from BUG"), (b"\x00" * 5000, "plain text")],
)  # fmt: skip
def test_what_is_no_report_is_one_line_with_the_command_to_call(content, meant, capsys, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(content)
    for words in (["report"], ["lockup", "--report"]):
        assert main([*words, str(path)]) == 2
        out, error = capsys.readouterr()
        assert out == "" and error.count("\n") == 1 and meant in error


def run(*words, **more):
    return subprocess.run([sys.executable, "-m", "tdxkit", "report", *words], cwd=ROOT, capture_output=True, timeout=60, **more)  # fmt: skip


def test_a_pipe_and_gzip_from_a_pipe():
    for raw in (posted_text().encode(), gzip.compress(posted_text().encode())):
        done = run("-", input=raw)
        assert done.returncode == 0 and b"a guest of 1,500 GiB" in done.stdout and done.stderr == b""


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="devices")
def test_a_device_without_end_is_refused_at_once():
    done = run("/dev/zero")
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"binary" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"a\n", b"RAX: 00\n", b"x"])
def test_a_bomb_is_left_where_it_is_too_much(content, monkeypatch):
    """Two GiB out of two MiB: read up to the bound, in memory that does not grow with it."""
    monkeypatch.setattr(reading, "MAX_BYTES", 8 << 20)
    packer = zlib.compressobj(9, wbits=31)
    piece = packer.compress(HEAD.encode() + content * (1 << 20)) + packer.flush()
    more = zlib.compressobj(9, wbits=31)
    bomb = piece + (more.compress(content * (4 << 20)) + more.flush()) * 60
    found = reading.drive(reading.reports_job(io.BytesIO(bomb)))
    assert found.more and len(found.items) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
def test_ctrl_c_while_it_waits_for_a_named_pipe(tmp_path):
    os.mkfifo(tmp_path / "p")
    process = subprocess.Popen(
        [sys.executable, "-m", "tdxkit", "report", str(tmp_path / "p")], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    writer = os.open(tmp_path / "p", os.O_WRONLY)  # opens when the reader has
    os.write(writer, HEAD.encode())
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=30)
    os.close(writer)
    assert (process.returncode, out, error) == (130, b"", b"tdxkit: stopped\n")


def test_a_reader_that_has_seen_enough(tmp_path):
    path = tmp_path / "log"
    path.write_text((HEAD + posted_text()) * 60)
    words = f"{sys.executable} -m tdxkit report {path} --json | head -c 20"
    done = subprocess.run(["sh", "-c", words], cwd=ROOT, capture_output=True, timeout=60)
    assert done.stdout == b'{"format": 1, "items' and done.stderr == b""


def test_what_a_log_says_moves_no_terminal(capsys, tmp_path):
    path = tmp_path / "log"
    path.write_text("BUG: soft lockup - CPU#1 stuck for 22s! [a\x1b]0;x\x07\u202eb:1]\n foo\x1b[31m+0x1/0x2\n")
    assert main(["report", str(path)]) == 0 and main(["lockup", "--report", str(path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\u202e" not in out and "\\x1b" in out
