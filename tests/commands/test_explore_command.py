"""The commands explore, replay and list, as a reader types them."""

import json

import pytest

from tdxkit.cli import main

PUT = '''
from tdxkit.linux.refcount.module import free_pages, pamt_remove

def put(m, region):
    """Decrement outside the lock, and do not look again inside."""
    yield "dec"
    m.refcount[region] -= 1
    if m.refcount[region]:
        return
    while True:
        yield "lock"
        if not m.pamt_lock:
            m.pamt_lock = True
            break
    yield "remove"
    pamt_remove(m, region)
    yield "unlock"
    m.pamt_lock = False
    yield from free_pages(m)
'''


def ran(capsys, *words):
    """Exit code, what was printed, what was complained about."""
    code = main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


KEYS = [
    "scenario", "threads", "rounds", "reduction", "verdict", "property", "complete", "states", "steps", "switches", "schedule",
    "interleavings", "waits", "loop", "defect", "broken", "remarks", "unrun", "doubt", "orders", "memory", "races",
]  # fmt: skip


def test_json_has_exactly_its_keys(capsys):
    code, out, _ = ran(
        capsys, "explore", "v2", "--threads", "2", "--rounds", "1", "--reduce", "none", "--count", "--json"
    )
    answer = json.loads(out)
    assert code == 0 and answer.pop("format") == 1 and list(answer) == KEYS
    assert answer.pop("broken") == {answer["property"]: answer["schedule"]}
    assert answer | {"schedule": ""} == dict(zip([key for key in KEYS if key != "broken"], (
        "v2", 2, 1, "none", "violation", "REMOVE must find a pair", True, 233, 27, 5, "", "65064", [], None, "REMOVE found no pair", [], [], None, [], "sc", [],
    )))  # fmt: skip
    assert ran(capsys, "replay", "v2", answer["schedule"])[0] == 0
    answer = json.loads(ran(capsys, "explore", "v6", "--json")[1])
    assert list(answer) == ["format", *KEYS] and (answer["verdict"], answer["property"], answer["schedule"], answer["interleavings"]) == (
        "ok", None, None, None,
    )  # fmt: skip
    assert json.loads(ran(capsys, "explore", "v5-softirq", "--json")[1])["verdict"] == "deadlock"


SPINS = """
from tdxkit.explore.program import Scenario, Thread
from tdxkit.kinds import lock

def both(m, first, second):
    for name in (first, second):
        while True:
            yield lock("try", name, f"try {name}")
            if not getattr(m, name):
                setattr(m, name, True)
                break
            yield "cpu_relax()"
    yield "free both"
    m.A = m.B = False

SHARED = {"A": False, "B": False}
abba = Scenario("abba", SHARED, (Thread(both, ("A", "B")), Thread(both, ("B", "A"))), locks=("A", "B"))
right = Scenario("right", SHARED, (Thread(both, ("A", "B")), Thread(both, ("A", "B"))), locks=("A", "B"))
"""


@pytest.mark.slow
def test_a_livelock_is_told_with_its_loop_in_text_json_and_replay(capsys, tmp_path):
    file = tmp_path / "spins.py"
    file.write_text(SPINS)
    code, out, _ = ran(capsys, "explore", f"{file}:abba", "--outcomes")
    assert code == 0 and out.startswith("abba, 2 threads × 1 round: livelock\n") and "livelock: A yes, B yes" in out
    answer = json.loads(ran(capsys, "explore", f"{file}:abba", "--json")[1])
    assert (answer["verdict"], answer["steps"], answer["loop"]["kind"], answer["loop"]["begins"]) == (
        "livelock",
        2,
        "spin",
        3,
    )
    assert answer["waits"][0] == "CPU 0 goes round and waits for B, held by CPU 1 since step 2"
    assert answer["loop"]["actors"] == ["CPU 0", "CPU 1"] and answer["loop"]["steps"][1] == {
        "actor": "CPU 0",
        "label": "cpu_relax()",
    }
    told = ran(capsys, "replay", f"{file}:abba", answer["loop"]["schedule"])[1].splitlines()
    assert len(told) == 9 and told[3].startswith("      !! livelock: from here no end can be reached")
    assert ran(capsys, "explore", f"{file}:abba", "--property", "livelock")[1].count("livelock") == 2
    assert "complete, an end can be reached from each" in ran(capsys, "explore", f"{file}:right")[1]


def test_a_deadlock_says_who_waits_for_whom_to_the_end_of_its_replay(capsys):
    answer = json.loads(ran(capsys, "explore", "v5-softirq", "--json")[1])
    assert answer["waits"][-1] == "softirq on CPU 0 waits for pamt_lock, held by CPU 0 since step 3"
    last = ran(capsys, "replay", "v5-softirq", answer["schedule"])[1].splitlines()[-2]
    assert last == f"      !! deadlock: {'; '.join(answer['waits'])}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "words, code",
    [
        (("v2", "--fail-on", "bad"), 1),
        (("v2", "--fail-on", "violation", "--json"), 1),
        (("v2", "--fail-on", "deadlock,livelock, bounded"), 0),
        (("v6", "--fail-on", "bad,bounded"), 0),
        (("v6", "--fail-on", "bounded", "--bound", "20"), 1),
        (("v6", "--fail-on", "bad", "--bound", "20"), 0),
        (("v5-softirq", "--fail-on", "deadlock", "--first", "--json"), 1),
        (("SPINS:abba", "--fail-on", "livelock"), 1),
        (("SPINS:abba", "--fail-on", "violation,deadlock"), 0),
        (("SPINS:right", "--fail-on", "bad,bounded"), 0),
    ],
)
def test_a_verdict_can_fail_a_build(capsys, tmp_path, words, code):
    (tmp_path / "spins.py").write_text(SPINS)
    said = ran(capsys, "explore", *(word.replace("SPINS", f"{tmp_path}/spins.py") for word in words))
    assert said[0] == code and said[1] and not said[2]


def test_every_option_is_heard(capsys):
    calm = ran(capsys, "explore", "v2", "--fewest-switches", "--first")[1]
    assert "28 steps, 2 switches: v2:2x1:37b4 A10 B15 A3" in calm and "stopped at the first violation" in calm
    assert "30 steps" in ran(capsys, "explore", "v2", "--property", "at the end a refcount must have its pair")[1]
    assert "stopped at the bound, after" in ran(capsys, "explore", "v6", "--bound", "20")[1]
    assert "no number of interleavings" in ran(capsys, "explore", "v6", "--count", "--bound", "20")[1]
    outcomes = ran(capsys, "explore", "v2", "--outcomes", "--count")[1]
    assert "65,064 interleavings" in outcomes and "28,152" in outcomes


@pytest.mark.parametrize("bound", (85, 99, 115))
def test_a_bound_too_small_for_the_shortest_schedule_still_gives_one(capsys, bound):
    answer = json.loads(ran(capsys, "explore", "v2", "--bound", str(bound), "--json")[1])
    assert answer["verdict"] == "violation" and answer["steps"] >= 27
    code, out, _ = ran(capsys, "replay", "v2", answer["schedule"])
    assert code == 0 and f"!! {answer['defect']}" in out


def test_replay_prints_steps_and_takes_the_code_in_one_word_or_several(capsys):
    one = ran(capsys, "replay", "v2", "v2:2x1:37b4 A10 B15 A3")
    assert one == ran(capsys, "replay", "v2", "v2:2x1:37b4", "A10", "B15", "A3")
    assert (
        one[0] == 0 and "  28  CPU 0  TDH.PHYMEM.PAMT.REMOVE(region)" in one[1] and "!! REMOVE found no pair" in one[1]
    )


def test_list_names_what_explore_takes(capsys):
    _, out, _ = ran(capsys, "list", "--json")
    listed = {row["name"]: row for row in json.loads(out)["items"]}
    assert {"v2", "v6"} <= set(listed) and "REMOVE must find a pair" in listed["v2"]["properties"]
    assert "v6   " in ran(capsys, "list")[1]


@pytest.mark.slow
def test_a_readers_own_put_is_explored_and_replayed(capsys, tmp_path):
    file = tmp_path / "my race.py"
    file.write_text(PUT)
    code, out, _ = ran(capsys, "explore", f"{file}:put", "--json")
    answer = json.loads(out)
    assert (code, answer["verdict"], answer["property"]) == (0, "violation", "REMOVE must find no page in use")
    code, out, _ = ran(capsys, "replay", f"{file}:put", answer["schedule"])
    assert code == 0 and f"{answer['steps']:4}  CPU" in out
    old, text = answer["schedule"].rsplit(" ", 1)  # without the last word it says nothing of the file
    file.write_text(PUT.replace('yield "dec"', 'yield "decrement"'))  # other words for the same steps
    code, _, err = ran(capsys, "replay", f"{file}:put", answer["schedule"])
    assert code == 2 and text[0] == "%" and f"schedule code, end {text}: it was made from a reader's text" in err
    assert ran(capsys, "replay", f"{file}:put", old)[0] == 0
    file.write_text(PUT.replace("-= 1", "-= 2"))
    code, _, err = ran(capsys, "replay", f"{file}:put", old)
    assert code == 2 and "has changed since" in err


def test_a_long_schedule_is_shrunk_before_it_is_told(capsys):
    found = json.loads(ran(capsys, "stress", "v2", "--seed", "3", "--json")[1])["schedule"]
    code, out, _ = ran(capsys, "replay", "v2", found, "--shrink")
    head, *run = out.splitlines()
    assert code == 0 and head.startswith("shrunk from ") and "v2:2x1:" in head
    assert (
        run[-2].startswith("      !! REMOVE found no pair")
        and run[-1].endswith("no others were compared")
        and len(head.split()) - 5 < len(found.split())
    )


BAD = [
    (
        ("explore", "v2", "--fail-on", "races"),
        "there is no such verdict; use violation, deadlock, livelock, bounded or bad",
    ),
    (("explore", "v2", "--fail-on", ""), "there is no such verdict"),
    (("replay", "v2", "v2:2x1:37b4 A3", "--shrink"), "this schedule breaks no rule"),
    (("stress", "v2", "--overtake", "0"), "a whole number from 1 to 1000"),
    (("stress", "v99"), "there is no such scenario"),
    (("explore",), "the following arguments are required"),
    (("explore", "v9"), "there is no such scenario; try"),
    (("explore", "v2\x1b[31m"), "scenario v2"),
    (("explore", "v2", "--threads", "0"), "a whole number from 1 to 15"),
    (("explore", "v2", "--threads", "16"), "a whole number from 1 to 15"),
    (("explore", "v2", "--threads", "two"), "a whole number from 1 to 15"),
    (("explore", "v2", "--rounds", "10"), "a whole number from 1 to 9"),
    (("explore", "v2", "--reduce", "some"), "invalid choice"),
    (("explore", "v2", "--property", "x"), "no such property"),
    (("explore", "v2", "--bound", "0"), "a whole number"),
    (("explore", "nothing.py:put"), "No such file"),
    (("explore", "nothing.py"), "FILE.py:FUNCTION"),
    (("explore", "nothing.py:"), "FILE.py:FUNCTION"),
    (("explore", "a.py:b-c"), "FILE.py:FUNCTION"),
    (("replay", "v2"), "the following arguments are required"),
    (("replay", "v2", "rubbish"), "it starts with scenario:THREADSxROUNDS:digest"),
    (("replay", "v2", "v6:2x1:f5ae A1"), "this is v2:2x1"),
    (("replay", "v2", "v2:99x1:37b4 A1"), "a scenario has 1 to 15 threads"),
    (("replay", "v2", "v2:2x1:37b4 A20"), "step 16: CPU 0 has finished"),
]


@pytest.mark.parametrize(("words", "says"), BAD, ids=range(len(BAD)))
def test_bad_input_is_one_line_and_code_two(capsys, words, says):
    code, out, err = ran(capsys, *words)
    assert (code, out) == (2, "") and says in err and err.count("\n") == 1 and err[:-1].isprintable()


FILES = [
    ("def put(m, region):\n    yield 3", "a step starts with a label"),
    ("def put(m, region):\n    return 1", "a program is a generator function"),
    ("def put(m):\n    yield 'a'", "too many positional arguments"),
    ("def put(m, region:\n", "it is not Python"),
    ("put = 3", "it is a generator function put(m, region)"),
    ("def other(m, region):\n    yield 'a'", "correct the name"),
    ("raise SystemExit(5)", "it stops with SystemExit"),
    ("1/0", "it stops with ZeroDivisionError"),
    ("import nothing_of_this_name", "ModuleNotFoundError"),
    ("def put(m, region):\n    x = []\n    yield 'a'\n    x.append(1)", "local variable x of put"),
    ("import random\ndef put(m, region):\n    yield 'a'\n    m.refcount[region] = random.randrange(100)\n    yield 'b'", "let it be a choice"),
    ("def put(m, region):\n    yield 'a'\n    while True: pass", "a step must end"),
    ("def put(m, region):\n    yield 'a'\n    m.refcont[region] -= 1", "m.refcont: the shared variables of this scenario are"),
    ("\0", "it is not Python"),
    ("# coding: nonsense\n", "it is not Python"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("text", "says"), FILES, ids=range(len(FILES)))
def test_a_readers_file_with_a_mistake_gets_one_line(capsys, tmp_path, text, says):
    file = tmp_path / "mine.py"
    file.write_text(text)
    code, out, err = ran(capsys, "explore", f"{file}:put")
    assert (code, out) == (2, "") and says in err and err.count("\n") == 1


def test_a_directory_and_a_huge_file_are_refused(capsys, tmp_path):
    (tmp_path / "dir.py").mkdir()
    assert "directory" in ran(capsys, "explore", f"{tmp_path}/dir.py:put")[2]
    (tmp_path / "huge.py").write_bytes(b"#" * (2 << 20))
    assert "at most 1 MiB" in ran(capsys, "explore", f"{tmp_path}/huge.py:put")[2]
