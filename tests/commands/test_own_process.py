"""A reader's file in a process of its own: whatever a step does to that, the shell gets one line and an exit code."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]
QUICK = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from tdxkit.explore import guard; guard.SECONDS = 0.4; from tdxkit.cli import main; sys.exit(main())"
HEAD = "import os, sys, threading, time\n\n\ndef put(m, region):\n    yield 'a'\n"
MUST_END = "a step must end, and this one has run 0.4 seconds; look for a call that goes on and on"

# name: text, what is said
ENDED = {
    "a loop inside C": (f"{HEAD}    sum(range(10**12))\n", f"line 6 of put: {MUST_END}"),
    "the largest of endlessly many": (
        f"from itertools import count\n{HEAD}    max(count())\n",
        f"line 7 of put: {MUST_END}",
    ),
    "in a helper": (f"{HEAD}    work()\n\n\ndef work():\n    sum(range(10**12))\n", f"line 10 of work: {MUST_END}"),
    "not traced any more": (f"{HEAD}    sys.settrace(None)\n    while True:\n        pass\n", MUST_END),
    "an import without end": ("while True:\n    pass\n", MUST_END),
    "a number that takes ages": (f"{HEAD}    n = 10\n    n ** n ** 8\n", f"line 7 of put: {MUST_END}"),
    "the end of the process": (
        f"{HEAD}    os._exit(0)\n",
        "a step may not end the process, and this one was ended with exit code 0",
    ),
    "killed": (f"{HEAD}    os.kill(os.getpid(), 9)\n", "this one was ended with SIGKILL"),
}  # fmt: skip


def start(path, *options, seconds="0.4"):
    words = [sys.executable, "-c", QUICK.replace("0.4", seconds), "explore", f"{path}:put", *options]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


FAST = ("a loop inside C", "the end of the process")


@pytest.mark.parametrize("name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in ENDED])
def test_what_a_step_does_to_its_process_is_one_line(name, tmp_path):
    text, says = ENDED[name]
    path = tmp_path / "own.py"
    path.write_text(text)
    out, err = (process := start(path)).communicate(timeout=60)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1) and says in err, err


def test_ctrl_c_is_heard_in_a_loop_inside_c(tmp_path):
    path = tmp_path / "own.py"
    there = tmp_path / "there"
    path.write_text(f"{HEAD}    open({str(there)!r}, 'w').close()\n    sum(range(10**12))\n")
    process = start(path, seconds="100")
    while not there.exists():
        time.sleep(0.05)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "tdxkit: stopped\n")


def test_a_thread_that_a_file_leaves_behind_holds_nobody_up(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(HEAD.replace("\n\n\n", "\nthreading.Thread(target=lambda: time.sleep(1000)).start()\n\n\n", 1))
    out, err = (process := start(path)).communicate(timeout=30)
    assert process.returncode == 0 and "violation" in out and not err


def test_exit_codes_and_output_are_those_of_the_command(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(HEAD)
    out, _ = (process := start(path, "--fail-on", "bad", "--json")).communicate(timeout=30)
    assert process.returncode == 1 and out.startswith("{")
    _, err = (process := start(tmp_path / "nothing.py")).communicate(timeout=30)
    assert process.returncode == 2 and err.count("\n") == 1
