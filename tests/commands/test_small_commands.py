"""The small commands: what each prints beside what it asked, which numbers it takes to the last, and what it refuses in one line."""

import json

import pytest

from tdxkit.cli import COMMANDS, main
from tdxkit.commands.confirm import SAYS, _tell
from tdxkit.commands.spin import Confirmed, schedule
from tdxkit.explore import Scenario, explore, replay
from tdxkit.explore.schedule import parse
from tdxkit.facts import data_path, load_toml
from tdxkit.linux.refcount import scenario


@pytest.fixture
def told(capsys):
    """Runs a command that has to work and gives what it printed, line by line."""

    def run(*words):
        assert main([str(word) for word in words]) == 0
        out, err = capsys.readouterr()
        assert not err
        return out.splitlines()

    return run


@pytest.fixture
def refused(capsys):
    """Runs a command that has to refuse and gives its one line."""

    def run(*words):
        assert main([str(word) for word in words]) == 2
        out, err = capsys.readouterr()
        assert not out and err.startswith("tdxkit: ") and err.count("\n") == 1
        return err.removeprefix("tdxkit: ").rstrip()

    return run


LIMITS = [
    ("contention --tds", 1, 1000), ("contention --vcpus", 1, 256), ("contention --toggling", 0, 1000), ("contention --seed", 0, 1 << 32), ("stress v6 --runs", 1, 100_000),
    ("stress v6 --seed", 0, 10**9), ("stress v6 --overtake", 1, 1000), ("lens v6 --threads", 1, 4), ("lens v6 --rounds", 1, 3), ("life --pool", 0, 100),
    ("life --fault", 1, 100_000), ("hotplug --vcpus", 1, 64),
]  # fmt: skip


@pytest.mark.parametrize(("words", "low", "high"), LIMITS)
def test_a_number_has_its_limits_to_the_last(words, low, high, monkeypatch, refused):
    name, *_ = words.split()
    option = words.split()[-1]
    rule = f"{option} is a whole number from {low} to {high}, not"
    for number in (low - 1, high + 1, "1.0", "", "²"):
        assert rule in refused(*words.split()[:-1], f"{option}={number}")
    monkeypatch.setattr(f"tdxkit.commands.{name}.run", lambda args: 0)
    __import__(f"tdxkit.commands.{name}")
    for number in (low, high):
        assert main([*words.split(), str(number)]) == 0


REFUSED = {
    "contention --seconds x": "--seconds x: simulated time is a number of seconds; write it like 60",
    "bugs B1 B99": "bug B99: the bugs are B1 to B35; give one of these",
    "decode": "decode: nothing to decode; give a status like 0x8000030800000001, or --scan FILE",
    "decode --scan x --leaf y": "decode --scan: a log names its own values and leaves; leave out VALUE and --leaf, or leave out --scan",
    "decode 0x1 --scan x": "decode --scan: a log names its own values and leaves; leave out VALUE and --leaf, or leave out --scan",
    "packet v6": "v6: the model finds no rule broken; give a schedule code",
    "packet v6 --property use-has-pair": "v6: the model finds use-has-pair not broken; give a schedule code",
    "program v6 v6": "program: each design is named once; leave out the second",
    "xarray - -": "xarray - -: standard input can be read once; give - once",
    "series - -": "series - -: standard input can be read once; give - once",
    "series x --packet": "--packet: it says how a series is explored; give --explore too",
    "series x --after 2": "--after: it says how a series is explored; give --explore too",
    "series x --threads 2": "--threads: it says how a series is explored; give --explore too",
    "trace example --msr 100000000": "--msr 100000000: an MSR has a 32-bit number; give one in hex, like 3a",
    "life --how never": "--how 'never': a fault is one of ",
    "life --version v3 --without 5": "--version 'v3': the patch switches are those of v2; leave out --version",
    "life --version v3 --prefix 0": "--version 'v3': the patch switches are those of v2; leave out --version",
    "life --lasting": "--lasting: it says how --fault N or --faults fails; give one of them too",
    "life --fault 100000": "--fault 100000: this life has ",
    "conflicts --play x.html TDH.VP.ENTER": "--play: two calls are put beside each other; name two leaves before it",
    "hotplug --smm maybe": "hotplug: argument --smm: a switch is on or off, not 'maybe'",
    "replay v6 v6:2x1:0000 --lines x": "replay: argument --lines: ",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_does_not_go_is_said_in_one_line(words, refused):
    assert refused(*words.split()).startswith(REFUSED[words])


def test_every_command_is_listed_with_what_it_does(told):
    rows = told("--help")
    assert rows[0].startswith("usage: python -m tdxkit COMMAND") and not rows[1]
    assert [row.split()[0] for row in rows[2:]] == list(COMMANDS) and all(
        what in row for what, row in zip(COMMANDS.values(), rows[2:])
    )
    assert (
        told("help") == told("-h") == rows
        and len({row.index(what) for what, row in zip(COMMANDS.values(), rows[2:])}) == 1
    )


def test_no_command_is_the_list_and_code_2(capsys):
    assert main([]) == 2 and capsys.readouterr().out.startswith("usage:")


def test_contention_prints_what_was_asked_and_every_posted_figure(told):
    rows = told("contention", "--design", "global", "--tds", 1, "--vcpus", 2, "--seconds", "2")
    assert (
        rows[0] == "1 TD x 2 vCPUs, 2 s simulated; the model finds:" and rows[2].startswith("global ") and not rows[3]
    )
    posted = rows[5:]
    assert len(posted) == len(load_toml("lock_figures.toml")["figure"])
    assert (
        posted[0]
        == "  August 2025: 10 TDs x 16 GiB, 4 vCPUs each, start and stop: contentions 701 + 53, wait 2 ms in all"
    )
    data = json.loads(told("contention", "--design", "global", "--tds", 1, "--vcpus", 2, "--seconds", "2", "--json")[0])
    assert (
        data["unit"] == "us"
        and [run["design"] for run in data["runs"]] == ["global"]
        and len(data["posted"]) == len(posted)
    )
    assert rows[2].split()[1] == str(data["runs"][0]["seamcalls"])


def test_all_designs_are_simulated_where_none_is_named(told):
    data = json.loads(told("contention", "--tds", 1, "--vcpus", 1, "--seconds", "1", "--json")[0])
    assert [run["design"] for run in data["runs"]] == ["global", "fast-path", "hashed", "per-region"]


@pytest.mark.slow
def test_bugs_that_are_named_come_alone_and_say_whose_finding_they_are(told):
    rows = told("bugs", "B3", "B1")
    assert len(rows) == 4 and rows[0].startswith("B3   v1: ") and "found here, no mail that was read says it" in rows[2]
    assert "found here" not in rows[0] and rows[1].startswith("     the model finds: ")
    assert [row["id"] for row in json.loads(told("bugs", "B3", "B1", "--json")[0])["items"]] == ["B3", "B1"]


def test_a_stress_test_of_the_same_die_meets_the_same(told):
    rows = told("stress", "v2", "--runs", 50, "--seed", 3)
    assert rows[0] == "v2: 50 random runs, 5 of them break a rule" and rows[-1].startswith(
        "step through it: python -m tdxkit replay v2 'v2:2x1:"
    )
    assert told("stress", "v6", "--runs", 5) == ["v6: 5 random runs, 0 of them break a rule"]
    assert json.loads(told("stress", "v2", "--runs", 50, "--seed", 3, "--json")[0])["runs"] == 50
    assert (
        told("stress", "v2", "--runs", 50, "--seed", 3, "--overtake", 1)
        == rows
        != told("stress", "v2", "--runs", 50, "--seed", 3, "--overtake", 9)
    )


def test_differences_are_told_in_four_lines_each(told):
    rows = "\n".join(told("differences")).split("\n\n")
    data = json.loads(told("differences", "--json")[0])["items"]
    assert len(rows) == len(data) and all(len(row.split("\n")) == len(item) for row, item in zip(rows, data))
    assert (
        rows[0].split("\n")[0] == data[0]["kind"]
        and rows[0].split("\n")[1] == f"the cover letter   {data[0]['letter']}"
    )


def test_leaves_are_listed_by_their_numbers(told):
    rows = [row.split() for row in told("seamcall")]
    numbers = [int(number) for number, _ in rows]
    assert numbers == sorted(numbers) and ["0", "TDH.VP.ENTER"] in rows
    listed = json.loads(told("seamcall", "--json")[0])["items"]
    assert {(item["leaf"], item["name"]) for item in listed} == {(int(number), name) for number, name in rows}
    assert (
        told("seamcall", 5)[0]
        == told("seamcall", "MEM.PAGE.RELOCATE")[0]
        == "TDH.MEM.PAGE.RELOCATE  (leaf 5, version 0)"
    )
    assert json.loads(told("seamcall", 5, "--json")[0])["leaf"] == 5


@pytest.mark.slow
def test_what_a_switch_ends_as(told):
    rows = told("hotplug", "--table")
    counts = json.loads(told("hotplug", "--table", "--json")[0])
    assert rows[0].split()[:4] == ["it", "ends", "of", str(sum(counts["outcomes"].values()))] and set(counts) == {
        "format",
        "outcomes",
        "switches",
    }
    assert [row.split()[0] for row in rows[1 : 1 + len(counts["outcomes"])]] == list(counts["outcomes"]) and not rows[
        1 + len(counts["outcomes"])
    ]
    assert rows[2 + len(counts["outcomes"])].split() == [
        "this",
        "switch",
        "alone",
        "ends",
        "otherwise",
        "the",
        "crash",
        "(0x3E)",
        "goes",
    ]


@pytest.mark.parametrize(
    ("word", "on"),
    [
        ("on", True),
        ("YES", True),
        ("true", True),
        ("1", True),
        ("off", False),
        ("no", False),
        ("False", False),
        ("0", False),
    ],
)
def test_a_switch_is_on_or_off_by_several_words(word, on, told):
    assert told("hotplug", "--sgx-lc", word) == told("hotplug", *(["--sgx-lc"] if on else ["--no-sgx-lc"]))


def test_the_posted_option_is_told_test_by_test(told):
    rows = told("hotplug", "--option", "auto")
    (option,) = [row for row in rows if row.startswith("the posted option: ")]
    said = option.removeprefix("the posted option: ").split("; ")
    assert len(said) > 3 and {part.rpartition(": ")[2] for part in said} <= {"yes", "no"}


def test_a_life_says_what_is_left_of_it(told):
    rows = told("life", "--version", "v6")
    assert rows[0] and "; left: 0 pairs, 0 references, 0 pages; at most " in rows[1]
    stepped = told("life", "--version", "v6", "--steps")
    assert stepped[-len(rows) :] == rows and len(stepped) > 50
    assert json.loads(told("life", "--version", "v6", "--json")[0])["pairs_left"] == 0
    assert told("life")[-1].startswith("/proc/meminfo: TDX: ") and not told("life", "--version", "v6")[-1].startswith(
        "/proc/meminfo"
    )


@pytest.mark.slow
def test_faults_of_a_life_are_counted_and_those_that_leave_something_told(told):
    rows = told("life", "--version", "v6", "--faults")
    every = json.loads(told("life", "--version", "v6", "--faults", "--json")[0])["items"]
    blank = rows.index("")
    assert rows[0] == f"v6: {len(every):,} single faults, {blank - 2} leave something or go round; the model finds:"
    assert 0 < blank - 2 < len(every) and rows[1].split()[:3] == ["point", "how", "where"]
    assert rows[blank + 1].startswith("a fault in which one thing")


def test_a_trace_that_is_cut_in_the_middle_is_counted(told, tmp_path):
    posted = data_path("traces/kvm_msr.trace").read_text().splitlines()
    bad = [f"qemu-1 [000] 1.0: kvm_msr: msr_read {k} = 0xzz" for k in range(30)]
    (tmp_path / "t").write_text("\n".join(posted + bad) + "\n")
    rows = told("trace", tmp_path / "t")
    assert (
        "18 kvm_msr events" in "\n".join(rows)
        and rows[-1].startswith("… and ")
        and rows[-1].endswith(" lines more that could not be read")
    )
    shown = [row for row in rows if row.startswith("line ")]
    assert int(rows[-1].split()[2]) + len(shown) == 30 and shown[0].startswith(f"line {len(posted) + 1}: ")
    assert "lines more" not in "\n".join(told("trace", data_path("traces/kvm_msr.trace")))


def test_another_msr_of_a_trace_is_named(capsys):
    assert main(["trace", "example", "--msr", "10"]) == 0
    assert capsys.readouterr().err == "python -m tdxkit trace FILE --msr 3a tells of that MSR\n"


def test_the_pairs_that_conflict_are_counted_below_them(told):
    lines = told("conflicts", "VP.ENTER", "MEM.PAGE.AUG")
    assert lines[-1].startswith("1 of 4 ordered pairs conflict on one TD and one 2 MiB region, the others go on")
    assert told("conflicts", "PHYMEM.PAMT.ADD", "PHYMEM.PAMT.REMOVE")[-1].startswith("2 of 2 ordered pairs conflict")


def test_a_model_for_spin_that_is_cut_off_says_so(monkeypatch, capsys):
    for bound, cut in ((40, True), (None, False)):
        if bound:
            monkeypatch.setattr(Scenario, "bound", bound)
        assert main(["export", "v6", "--to", "promela"]) == 0
        assert ("not every step is in it" in capsys.readouterr().err) == cut
        monkeypatch.undo()


def test_what_spin_found_is_said_beside_what_was_found_here(capsys):
    found = {
        "scenario": "v2",
        "threads": 2,
        "rounds": 1,
        "memory": "sc",
        "states": 233,
        "broken": ["deadlock"],
        "same": True,
    }
    _tell(found | {"spin": {"states": 1234, "broken": [], "schedule": "v2:2x1 A1"}}, 1)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "v2, 2 × 1, memory sc" and said[1].split()[:3] == ["tdxkit", "233", "states"]
    assert said[2] == "SPIN           1,234 states  no rule broken, no deadlock"
    assert said[3:] == ["SPIN's counterexample replays here: v2:2x1 A1", "the same", SAYS]
    _tell(found | {"same": False, "spin": {"states": 1, "broken": [], "schedule": None}}, 2)
    said = capsys.readouterr().out.splitlines()
    assert said[3:5] == ["THEY DIFFER: please report it", SAYS] and said[5].startswith(
        "on several cores SPIN keeps a hash"
    )


@pytest.mark.parametrize("name", ["v2", "minus-one"])
def test_of_spins_steps_the_last_is_put_in(name):
    """SPIN stops before the step that breaks the rule; a schedule code has it too."""
    one = scenario(name)
    code = explore(one).schedule
    *before, _ = parse(code).steps
    rule = replay(one, code).steps[-1].broken[0]
    assert schedule(one, Confirmed(0, (rule,), False, tuple(before), rule)) == code
    assert schedule(one, Confirmed(0, (), False, None, None)) is None
