"""The packet: columns, the state after each step, what broke, and a command that really replays it."""

import shlex

import pytest

from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay, replay_steps
from tdxkit.linux.refcount.own import Own
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import names, scenario
from tdxkit.review.packet import _file_name, packet
from tdxkit.run import Run

SHIPPED = [
    pytest.param(name, threads, marks=[pytest.mark.slow] * (threads > 2 and name not in DESIGNS))
    for name in names()
    for threads in (2, 3)
]


def code_in(text):
    """The replay command of a packet, as a shell reads it."""
    return shlex.split(text[text.index("python -m tdxkit") :].replace("\\\n", ""))[4:]


@pytest.mark.slow
@pytest.mark.parametrize("name, threads", SHIPPED)
def test_every_counterexample_makes_a_packet_that_fits_a_mail_and_replays(name, threads, capsys):
    one = scenario(name, threads, 1)
    code = explore(one, fewest_switches=True, whole=False).schedule
    if code is None:
        assert main(["packet", name]) == 2 and "the model finds no rule broken" in capsys.readouterr().err
        return
    run = replay(one, code)
    text = packet(run, name)
    assert max(map(len, text.splitlines())) <= 75 and text.isascii()
    replayed, *parts = code_in(text)
    assert replayed == name and " ".join(parts) == code == run.code
    rows = [line for line in text.splitlines() if line[:4].strip(" *").isdigit()]
    assert len(rows) == len(run)
    assert "Sequential consistency only" in " ".join(text.split()) and "The model finds" in text and "left out:" in text


def test_a_run_on_x86_memory_says_so_and_replays_there(capsys):
    assert main(["packet", "v2", "--memory", "tso"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 75
    assert "Sequential" not in text and "Memory is x86-TSO" in text and "x86-TSO memory)" in text
    assert code_in(text)[-1] == "@tso" and main(["replay", *code_in(text)]) == 0


def test_v2_row_by_row():
    one = scenario("v2")
    text = packet(replay(one, explore(one, fewest_switches=True).schedule), "v2")
    rows = {line.split()[0]: line for line in text.splitlines() if line[:4].strip(" *").isdigit()}
    assert rows["5"].split() == ["5", "TDH.PHYMEM.PAMT.ADD(region)", "|", "|", "0", "P"]
    assert rows["10"].split()[1] == "atomic_dec_and_test(refcount)" and rows["10"].endswith("0    P")
    assert rows["11"].index("atomic_inc") > 34  # the second CPU's column
    assert "*** step 28: CPU 0:" in text and "TDX_NO_PAMT_PAGE_PAIR" in text


def test_a_livelock_is_called_one():
    def both(m, first, second):
        for name in (first, second):
            while True:
                yield f"try {name}"
                if not getattr(m, name):
                    setattr(m, name, True)
                    break
                yield "cpu_relax()"
        yield "free both"
        m.A = m.B = False

    made = Scenario(
        "spins", {"A": False, "B": False}, (Thread(both, ("A", "B")), Thread(both, ("B", "A"))), locks=("A", "B")
    )
    text = " ".join(packet(replay_steps(made, ((0, 0), (1, 0), (0, 0))), "spins").split())
    assert "The model finds a livelock after step 2: from here no end can be reached" in text


def test_a_deadlock_names_who_waits():
    one = scenario("per-region")
    text = " ".join(packet(replay(one, explore(one).schedule), "per-region").split())
    assert "a deadlock after step" in text and "CPU 0 waits for" in text and "CPU 1 waits for" in text


def test_a_run_without_a_code_is_refused():
    with pytest.raises(InputError, match="schedule code"):
        packet(Run("t", ("A",), {}, ()), "v2")


def test_command(capsys):
    assert main(["packet", "v2"]) == 0
    text = capsys.readouterr().out
    assert main(["packet", "v2", *code_in(text)[1:]]) == 0
    assert capsys.readouterr().out == text
    assert main(["packet", "v2", "--property", "at the end a refcount must have its pair"]) == 0
    assert "at the end a refcount had no pair (step" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "args", [["v6"], ["v9"], ["v2", "v2:2x1:0000", "A99"], ["v2", "$(reboot)"], ["v2", "--property", "x"], []]
)
def test_command_says_bad_input_in_one_line(args, capsys):
    assert main(["packet", *args]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("file", "called"),
    [
        ("/some/where/race.py", "race.py"),
        ("-v.py", "./-v.py"),
        ("a-b.py", "a-b.py"),
        ("--x.py", "./--x.py"),
        ("", "mine.py"),
    ],
)
def test_a_file_is_called_so_that_no_command_takes_it_for_an_option(file, called):
    assert _file_name(Own("", file, "put")) == called
