"""The door, the scan and the trace under stress: pipes that say nothing, devices without end, readers that leave, Ctrl-C at any moment."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tdxkit.cli import main
from tdxkit.facts import data_path
from tdxkit.review.clinic import clinic_digest, practice_mbox
from tdxkit.review.softlockup.report import posted_text

ROOT = str(Path(__file__).parents[2])
TRACE = data_path("traces/kvm_msr.trace").read_bytes()
LOG = b"virt/tdx: SEAMCALL (34) failed: 0xc000050500000000\n"
MAILS, DIGEST, REPORT = practice_mbox(), clinic_digest().encode(), posted_text().encode()
COMMANDS = [
    ["read"],
    ["report"],
    ["trace"],
    ["decode", "--scan"],
    ["lockup", "--report"],
]  # series and digest: test_series_command.py
OWN = {"read": TRACE, "report": REPORT, "trace": TRACE, "decode --scan": LOG, "series": MAILS, "digest": DIGEST}
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals")]


def started(*words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
    return subprocess.Popen(
        [sys.executable, "-m", "tdxkit", *map(str, words)],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": ROOT},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/full"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_device_without_end_is_refused_at_once(command, device, capsys):
    if not os.path.exists(device):
        pytest.skip(f"no {device} here")
    assert main([*command, device]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "it is binary" in err


def test_nothing_at_all_is_answered(capsys):
    assert main(["read", "/dev/null"]) == 2 and "looks like nothing" in capsys.readouterr().err


@pytest.mark.parametrize("data, said", [(TRACE, b"18 kvm_msr events"), (LOG, b"1 status found")], ids=["trace", "log"])
def test_a_pipe_may_be_as_slow_as_it_likes(data, said, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    process = started("read", tmp_path / "pipe")
    with open(tmp_path / "pipe", "wb", buffering=0) as pipe:
        for k in range(0, len(data), 100):  # the first piece alone would tell nothing
            pipe.write(data[k : k + 100])
            time.sleep(0.002)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and said in out and err == b""


@pytest.mark.parametrize("command", [*OWN, "lockup --report"])
def test_ctrl_c_while_a_pipe_says_nothing(command, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    process = started(*command.split(), tmp_path / "pipe")
    with open(tmp_path / "pipe", "wb", buffering=0) as pipe:
        pipe.write(b"x\n")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"tdxkit: stopped\n")


@pytest.mark.parametrize(
    "command", ["read", *(pytest.param(name, marks=pytest.mark.slow) for name in OWN if name != "read")]
)
def test_ctrl_c_at_any_moment_is_one_line_and_no_traceback(command, tmp_path):
    """From the first line of ours on; what Python does before it is Python's."""
    (tmp_path / "t").write_bytes(OWN[command] * (5_000_000 // len(OWN[command])))
    begun = tmp_path / "begun"
    ours = (
        Path(ROOT, "tdxkit", "__main__.py")
        .read_text()
        .replace("try:", f"try:\n    open({str(begun)!r}, 'w').close()", 1)
    )
    code = f"import sys; sys.argv = ['tdxkit', *{command.split()!r}, {str(tmp_path / 't')!r}]; exec({ours!r}, {{'__name__': '__main__'}})"
    for wait in (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.4):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": ROOT},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        while not begun.exists():
            time.sleep(0.001)
        begun.unlink()
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        said = err if command != "series" else err[-16:] * bool(process.returncode)  # its notes come first
        assert (process.returncode, said) in ((130, b"tdxkit: stopped\n"), (0, b"")), (wait, err[-300:])


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["words", "data"])
@pytest.mark.parametrize("command", OWN)
def test_a_reader_that_leaves_hears_no_complaint(command, more, tmp_path):
    own = OWN[command]
    (tmp_path / "t").write_bytes(own * max(1, 300_000 // len(own)) if command != "digest" else own)
    process = started(*command.split(), tmp_path / "t", *more)
    process.stdout.read(10)
    process.stdout.close()
    said = process.stderr.read()  # the notes of mails are no complaint of the pipe
    assert (said == b"" or command == "series") and b"Traceback" not in said and b"pipe" not in said
    assert process.wait(timeout=60) == 0
    process.stderr.close()


def test_a_full_disk_is_said():
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        process = started("read", data_path("traces/kvm_msr.trace"), stdout=full)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 2 and err.startswith(b"tdxkit: output: it cannot be written") and err.count(b"\n") == 1


def test_hostile_names_and_words_stay_on_one_line(capsys, tmp_path):
    path = tmp_path / "a\x1b[31m\nb"
    path.write_bytes(TRACE.replace(b"CPU 0/KVM", b'"\x1b]0;x\x07<b>') + b"\x1b[2J junk\n")
    assert main(["read", str(path)]) == 0
    out, err = capsys.readouterr()
    assert all(line.isprintable() for line in (out + err).splitlines())
    assert main(["read", str(path), "--json"]) == 0 and json.loads(capsys.readouterr().out)["kind"] == "trace"
    assert main(["digest", str(path)]) == 2 and capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "head", [b"From a Mon Jan  1 00:00:00 2024\n", b"a: b\n", b"diff --git a b\n", b"int f(", b"[  1.000000] ", b"arg1=", b"> ", b"#include <", b"RIP: 0010:", b"Subject: "],
)  # fmt: skip
def test_what_repeats_without_end_is_answered_before_anybody_waits(head):
    from tdxkit.review.recognise import KINDS, recognise

    assert recognise(head * 60_000) in (None, *KINDS)


@pytest.mark.parametrize(
    "what",
    ["raise KeyboardInterrupt", "exec('raise KeyboardInterrupt')", "class A:\n  def __del__(self): raise KeyboardInterrupt\n A()\n time.sleep(20)"],
    ids=["anywhere", "in an exec", "in a clean-up"],
)  # fmt: skip
def test_ctrl_c_is_never_dropped_and_always_130(what):
    """In an exec Python would end by the signal, in a clean-up it would go on."""
    ours = Path(ROOT, "tdxkit", "__main__.py").read_text()
    stub = f"import time, tdxkit.cli\ndef stub():\n print('so far')\n {what}\n return 0\ntdxkit.cli.main = stub\n"
    code = f"{stub}exec(compile({ours!r}, 'main', 'exec'), {{'__name__': '__main__'}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, env=os.environ | {"PYTHONPATH": ROOT}, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, b"so far\n", b"tdxkit: stopped\n")
