"""What a person at a terminal sees of long work: nothing in the first second, then one line that vanishes; never in a log."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tdxkit.commands import waiting
from tdxkit.commands.waiting import in_mib, wait

ROOT = Path(__file__).parents[2]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def job(ticks):
    yield from ticks
    return "done"


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by 0.06 s at each look."""
    now = iter(k * 0.06 for k in range(10**6))
    monkeypatch.setattr(waiting, "monotonic", lambda: next(now))


def test_nothing_is_said_where_nobody_watches(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    assert wait(job((k, 100) for k in range(100))) == "done" and log.getvalue() == ""


def test_a_line_comes_after_a_second_and_vanishes(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", short := Terminal())
    assert wait(job((k, 9) for k in range(9))) == "done" and short.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", long := Terminal())
    assert wait(job((k, 100) for k in range(101)), lambda done, total: f"{done} of {total}") == "done"
    said = long.getvalue().split("\r")
    assert "[#####.........................]  18 of 100" in said and "\n" not in long.getvalue()
    assert said[-1] == "" and set(said[-2]) == {" "} and len(said[-2]) >= max(map(len, said[:-2]))
    assert 30 < len(said) < 60, "told by the clock, not at each tick"


def test_a_total_that_nobody_knows():
    assert in_mib(5 << 20, 0) == "5 MiB" and in_mib(5 << 20, 20 << 20) == " 25%  5 of 20 MiB"


def test_a_failure_clears_the_line(clock, monkeypatch):
    def bad():
        for k in range(50):
            yield k, 50
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with pytest.raises(KeyboardInterrupt):
        wait(bad())
    assert terminal.getvalue().endswith(" \r")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="pty")
def test_ctrl_c_at_a_real_terminal():
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tdxkit", "contention", "--seconds", "3600"], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=theirs, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while said.count(b"global: ") < 3:
        said += os.read(ours, 1000)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    while not said.endswith(b"stopped\r\n"):
        said += os.read(ours, 1000)
    os.close(ours)
    assert said.endswith(b" \rtdxkit: stopped\r\n") and said.count(b"\n") == 1
