"""`series` and `digest` under stress: pipes, devices, files that never end, interrupts; and what is something else."""

import gzip
import os
import signal
import subprocess
import sys
import time

import pytest

from tdxkit import intake
from tdxkit.cli import main
from tdxkit.facts import data_path
from tdxkit.intake import opened
from tdxkit.mail import lines
from tdxkit.mail.mailbox import read_mails
from tdxkit.review.clinic import clinic_digest, practice_mbox

PRACTICE = str(data_path("practice.mbox"))


def start(*args, **more):
    """The command as a process of its own, in whatever state of signals this one is."""
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from tdxkit.cli import main; sys.exit(main())"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen([sys.executable, "-c", code, *args], **pipes)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["series", "digest"])
def test_a_pipe_whose_reader_leaves(command, tmp_path):
    path = tmp_path / "in"
    path.write_bytes(practice_mbox() * 400 if command == "series" else clinic_digest().encode())
    run = start(command, str(path), "--json")
    run.stdout.close()
    assert run.wait(30) in (0, 1, 141) and b"Traceback" not in run.stderr.read()
    run.stderr.close()
    run.stdin.close()


def test_standard_input_from_a_pipe_in_pieces():
    run = start("series", "-")
    raw = practice_mbox()
    for at in range(0, len(raw), 777):
        run.stdin.write(raw[at : at + 777])
        run.stdin.flush()
    out, err = run.communicate(timeout=30)
    assert run.returncode == 0 and b"missing of 4: 1" in out and b"Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0.3, 0.6])
def test_a_fifo_that_says_nothing_is_left_at_ctrl_c(wait, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    run = start("series", str(pipe))
    time.sleep(wait)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 130 and b"Traceback" not in err


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/null"])
@pytest.mark.parametrize("command", ["series", "digest"])
def test_devices_are_refused_in_a_line(command, device, capsys, monkeypatch):
    monkeypatch.setattr(lines, "ENDLESS", 4 << 20)
    assert main([command, device]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and device in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [b"\n" * (1 << 20), b"x" * (1 << 20), b"text of no end\n" * (1 << 16)], ids=["blank", "a line", "lines"]
)
@pytest.mark.parametrize("head", [b"", b"From: a@x.org\nSubject: [PATCH] t\n\n"], ids=["nothing", "a mail"])
def test_gzip_that_grows_without_measure_is_given_up(head, piece, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(intake, "_FREELY", 1 << 20)
    monkeypatch.setattr(intake, "_PACKED", 1 << 10)
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as out:
        out.write(head)
        for _ in range(60):
            out.write(piece)
    begin = time.process_time()
    assert main(["series", str(path)]) == (0 if head else 2)
    assert "unpacks to more than 1 MiB and 250 times its size" in capsys.readouterr().err
    assert time.process_time() - begin < 10


@pytest.mark.slow
def test_gzip_of_real_text_is_read_to_its_end(monkeypatch):
    monkeypatch.setattr(intake, "_FREELY", 1 << 20)
    raw = practice_mbox() * 500  # the same mails five hundred times: more alike than those of any list
    assert len(raw) > 4 << 20 and read_mails(gzip.compress(raw))[1].mails == 5_500
    with opened(gzip.compress(os.urandom(1 << 20).hex().encode() * 4)) as stream:
        assert len(stream.read()) == 8 << 20


@pytest.mark.parametrize(
    ("meant", "text"),
    [
        ("trace FILE reads it", " qemu-7 [001] 10.5: kvm_msr: msr_read 3a = 0x5\n"),
        ("decode --scan FILE reads it", "[   12.000000] virt/tdx: SEAMCALL (0x1c) failed: 0xc000060500000000\n"),
        ("report FILE reads it", "watchdog: BUG: soft lockup - CPU#8 stuck for 22s! [qemu-kvm:6372]\n"),
        ("it is C", "static int get(void)\n{\n\treturn 0;\n}\n"),
    ],
)
def test_another_kind_is_refused_and_its_command_is_named(meant, text, tmp_path, capsys):
    path = tmp_path / "given"
    path.write_text(text * 30)
    for command in ("series", "digest"):
        assert main([command, str(path)]) == 2
        said = capsys.readouterr().err
        assert meant in said and said.count("\n") == 1


def test_nothing_posted_says_what_there_was(tmp_path, capsys):
    path = tmp_path / "talk"
    path.write_text("From: a@x.org\nSubject: Re: [PATCH] t\nIn-Reply-To: <1@x>\n\nYes.\n")
    assert main(["series", str(path)]) == 0
    assert capsys.readouterr().out == "no patch, cover or pull request among the mails: 1 answer, 0 other mails\n"


def test_a_bare_diff_has_no_sender(tmp_path, capsys):
    path = tmp_path / "x.diff"
    path.write_text("diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n")
    assert main(["series", str(path)]) == 0
    assert capsys.readouterr().out.startswith("a diff without a title  v1, 1 patch\n    1          +1 −1")
