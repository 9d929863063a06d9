"""`python -m tdxkit lockup`: its JSON key by key, what it prints, bad input."""

import json

import pytest

from tdxkit.cli import main

KEYS = [
    "guest",
    "pages",
    "nodes",
    "bytes",
    "seconds",
    "lockup",
    "stuck",
    "loop",
    "kernel",
    "preempt",
    "patched",
    "cost",
]


def as_json(capsys, *arguments):
    assert main(["lockup", *arguments, "--json"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    answer = json.loads(out)
    assert answer.pop("format") == 1
    return answer


def test_the_whole_answer(capsys):
    answer = as_json(capsys, "--guest", "1900G", "--preempt", "voluntary", "--kernel", "6.15")
    assert list(answer) == KEYS
    assert answer == {
        "guest": "1900G", "pages": 498_073_600, "nodes": 7_905_932, "bytes": 7_905_932 * 576, "seconds": 88.36, "lockup": True,
        "stuck": 22, "loop": "store", "kernel": "6.15", "preempt": "voluntary", "patched": False, "cost": "reporter",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "lockup", "loop", "patched"),
    [
        ("--guest 1500G --preempt voluntary --kernel 6.15", True, "store", False),
        ("--guest 1500G --preempt voluntary --kernel 6.15 --patched", False, None, True),
        ("--guest 1500G --preempt full --kernel 6.15", False, None, False),
        ("--guest 1500G --preempt lazy --kernel 6.15", False, None, False),
        ("--guest 1500G --preempt NONE --kernel 6.15", True, "reserve", False),
        ("--guest 1500G --preempt voluntary --kernel 6.12.107", False, None, True),
        ("--guest 1500G --preempt voluntary --kernel 6.12.107 --unpatched", True, "store", False),
        ("--guest 1500G --preempt lazy --kernel 7.0", False, None, True),
        ("--guest 1500G --cost plain", False, None, False),
        ("--guest 1500G --cost thunk", True, "store", False),
        ("--guest 512G", False, None, False),
    ],
)
def test_verdicts(arguments, lockup, loop, patched, capsys):
    answer = as_json(capsys, *arguments.split())
    assert (answer["lockup"], answer["loop"], answer["patched"]) == (lockup, loop, patched)
    assert (answer["stuck"] is None) is not lockup


def test_940_gib_has_the_nodes_that_the_kernel_has(capsys):
    assert as_json(capsys, "--guest", "940G")["nodes"] == 3_911_356


def test_gb_is_a_power_of_ten_and_the_difference_is_said(capsys):
    """The reporter wrote 940GB. Taken as written it is 875.4 GiB."""
    assert main(["lockup", "--guest", "940GB"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "940GB is 940 × 10⁹ bytes, 875.4 GiB; 940 GiB is written 940G"
    assert said[1].startswith("875.4 GiB guest: 2 GiB at 0 B, 873.4 GiB at 4 GiB; 229,491,968 pages")
    assert said[-1] == "soft lockup in the store loop, stuck for 22s; in 8% of the watchdog's phases"
    both = [as_json(capsys, "--guest", size)["pages"] for size in ("940G", "940GiB", "940 gib")]
    assert both == [246_415_360] * 3
    assert main(["lockup", "--guest", "940G"]) == 0 and "bytes" not in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize(("size", "lockup"), [("862G", False), ("863G", True), ("925GB", False), ("927GB", True)])
def test_the_smallest_guest_that_is_ever_reported(size, lockup, capsys):
    """20 s at 88.7 ns a page, and the 2 GiB of the other call: 862.1 GiB."""
    assert as_json(capsys, "--guest", size)["lockup"] is lockup


@pytest.mark.parametrize(
    ("arguments", "due"),
    [("", False), ("--fixed", True), ("--fixed --rcu-timeout 60", False), ("--rcu-timeout 3", False)],
)
def test_an_rcu_stall_is_due_by_its_own_timeout(arguments, due, capsys):
    """21 s is the kernel's default, distributions set 60; on a PREEMPT_DYNAMIC build none is due in this loop."""
    assert main(["lockup", "--guest", "1500G", *arguments.split()]) == 0
    said = capsys.readouterr().out
    assert ("RCU stall is due too: more than 21 s" in said) is due


def test_in_words(capsys):
    assert main(["lockup", "--guest", "1500G", "--from-idle", "--steps"]) == 0
    out = capsys.readouterr().out
    assert "1,500 GiB guest: 2 GiB at 0 B, 1,498 GiB at 1 TiB" in out
    assert "soft lockup in the store loop, stuck for 26s" in out and "softlockup_fn()" in out
    assert main(["lockup", "--guest", "940G", "--kernel", "6.12.117"]) == 0
    assert "this release carries the patch" in (out := capsys.readouterr().out) and "no lockup" in out
    assert main(["lockup", "--guest", "940G"]) == 0
    assert "in 45% of the watchdog's phases" in capsys.readouterr().out
    assert main(["lockup", "--guest", "4096T", "--cost", "thunk"]) == 0
    assert len(capsys.readouterr().out) < 1500


@pytest.mark.parametrize(
    "arguments",
    [
        "", "--guest 5X", "--guest 0G", "--guest -1G", "--guest 1", "--guest 5000T", "--guest 99999999999999999999G", "--guest 1.5T",
        "--guest 1G --kernel 6.12 --preempt lazy", "--guest 1G --kernel 7.0 --preempt none", "--guest 1G --kernel 7.0",
        "--guest 1G --kernel 6.7", "--guest 1G --kernel new", "--guest 1G --preempt realtime", "--guest 1G --cost free",
        "--guest 1G --patched --unpatched", "--guest 1G --rcu-timeout 2", "--guest 1G --rcu-timeout 301", "--guest GB", "--guest 1.5TB", "--guest 1G --patched=yes", "--guest 1G extra", "--guest 1G --kernel \x1b[31m6.15",
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_code_2(arguments, capsys):
    assert main(["lockup", *arguments.split(), "--json"]) == 2
    out, error = capsys.readouterr()
    assert out == "" and error.count("\n") == 1 and "\x1b" not in error
