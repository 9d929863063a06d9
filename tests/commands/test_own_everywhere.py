"""A reader's own file wherever a name goes: every command takes it, and what one prints the next one runs, quotes and all."""

import hashlib
import json
import re
import shlex

import pytest

from tdxkit.cli import main

pytestmark = pytest.mark.slow

V2_WITHOUT_A_LOOK = """
from tdxkit.linux.refcount.module import free_pages, spin_lock, spin_unlock, tdh_phymem_pamt_remove


def put(m, region):
    yield "atomic_dec_and_test(refcount)"
    m.refcount[region] -= 1
    if m.refcount[region]:
        return
    yield from spin_lock(m)
    yield from tdh_phymem_pamt_remove(m, region)
    yield from spin_unlock(m)
    yield from free_pages(m)
"""
SCENARIO = """
from tdxkit.explore import Scenario, Thread, always


def counts(m):
    yield "count"
    m.n += 1


s = Scenario("s6 <b> é", {"n": 0}, (Thread(counts), Thread(counts)), (always("small", lambda m: m.n < 2),))
"""
NAMES = ["race.py", "my race's.py", 'say "hi" & <b>é$(x).py', "-race.py"]


def ran(capsys, *words):
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


def commands(text):
    """Every command that a text prints, as a shell takes it."""
    joined = text.replace("\\\n", "")
    return [shlex.split(line)[3:] for line in re.findall(r"python -m tdxkit .*", joined)]


@pytest.mark.parametrize("name", NAMES)
def test_what_explore_stress_and_packet_print_replays(name, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(V2_WITHOUT_A_LOOK)
    what = f"./{name}:put" if name[0] == "-" else f"{name}:put"
    for words in (("explore", what), ("stress", what), ("packet", what)):
        code, out, err = ran(capsys, *words)
        [command] = commands(out)
        assert (code, err, command[0]) == (0, "", "replay")
        code, out, err = ran(capsys, *command)
        assert (code, err) == (0, "") and "!! " in out and "do what they did when it was written" in out


def test_a_scenario_with_any_name_has_a_code_that_replays(tmp_path, capsys):
    (path := tmp_path / "s.py").write_text(SCENARIO)
    for command in ("explore", "stress", "packet"):
        out = ran(capsys, command, f"{path}:s")[1]
        [(_, *words)] = commands(out)
        assert words[-1 if command != "packet" else 1].startswith("s6__b___:2x1:")
        code, out, err = ran(capsys, "replay", f"{path}:s", *words[1:])
        assert (code, err) == (0, "") and "!! broken: small" in out


def test_a_packet_names_the_file_its_digest_and_what_replays_it_under_any_name(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (path := tmp_path / "race.py").write_text(V2_WITHOUT_A_LOOK.lstrip())
    mail = ran(capsys, "packet", path.resolve().as_posix() + ":put")[1]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert str(tmp_path) not in mail and max(map(len, mail.splitlines())) <= 75
    assert f"The model is the file race.py, whose SHA-256 begins {digest[:16]}" in " ".join(mail.split())
    [command] = commands(mail)
    assert command[:2] == ["replay", "race.py:put"] and command[-1] == f"%{digest[:8]}"
    path.rename("from-a-mail.py")
    assert ran(capsys, "replay", "from-a-mail.py:put", *command[2:])[0] == 0
    (tmp_path / "race.py").write_text(V2_WITHOUT_A_LOOK + "# a word\n")
    code, out, err = ran(capsys, *command)
    assert (code, out) == (2, "") and err.startswith(
        f"tdxkit: schedule code, end %{digest[:8]}: it was made from a reader's text"
    )


def test_the_lens_holds_a_file_against_versions(tmp_path, capsys):
    (path := tmp_path / "race.py").write_text(V2_WITHOUT_A_LOOK)
    code, out, _ = ran(capsys, "lens", "v6", "after-v6", f"{path}:put", "--json")
    seen = json.loads(out)
    assert code == 0 and list(seen["cost"]) == ["v6", "after-v6", "race.put"]
    # as v2's, but for the second look
    assert seen["cost"]["race.put"]["alone"] == {"steps": 14, "seamcalls": 2, "locked": 6, "pages": 2}
    assert {p["versions"][1] for p in seen["parting"]["pairs"]} == {"v6", "after-v6"}
    schedule = next(o["schedule"] for o in seen["outcomes"] if o["version"] == "race.put")
    assert ran(capsys, "lens", "v6", f"{path}:put", "--schedule", schedule)[0] == 0
    path.write_text(V2_WITHOUT_A_LOOK + "#")
    code, _, err = ran(capsys, "lens", "v6", f"{path}:put", "--schedule", schedule)
    assert code == 2 and "made from a reader's text" in err


OWN_GET = """
from tdxkit.kinds import conditional
from tdxkit.linux.refcount import v6
from tdxkit.linux.refcount.module import spin_lock, spin_unlock

{declared}

def careless(m, region):
    yield "atomic_inc(refcount)"
    m.refcount[region] += 1
    return 0


def put(m, region):
    yield "mine"
    m.cache[0] += 1
    yield from spin_lock(m, "mylock")
    yield from v6.put(m, region)
    yield from spin_unlock(m, "mylock")
"""
DECLARED = 'SHARED = {"cache": {0: 0}}\nLOCKS = ("mylock",)'
RULE = 'from tdxkit.explore import always\nRULES = (always("the cache is small", lambda m: m.cache[0] < 2),)'


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("", "ok"),
        ("--get v6", "ok"),
        ("--get careless", "violation, a page came into use without a pair"),
        ("--get careless --roles get,put", "violation, "),
        ("--get after-v6 --regions 2", "ok"),
        ("--roles get,get,put", "ok"),
        ("--get v6 --roles get,get,put", "ok"),
        ("--get v6 --put v6", "ok"),
        ("--get v6 --faults enomem", "ok"),
        ("--get v6 --faults add-fails", "ok"),
        ("--get v6 --faults remove-fails", "violation, at the end a pair was left"),  # as v6 itself
        ("--get v6 --put v2", "violation, "),
    ],
)
def test_own_get_roles_regions_and_faults(options, says, tmp_path, capsys):
    (path := tmp_path / "own.py").write_text(OWN_GET.format(declared=DECLARED))
    code, out, err = ran(capsys, "explore", f"{path}:put" if "--put" not in options else path, *options.split())
    assert (code, err) == (0, "") and out.splitlines()[0].partition(": ")[2].startswith(says), out
    for command in commands(out):
        assert ran(capsys, *command)[0] == 0


def test_a_rule_of_the_files_own_is_judged_asked_and_left_out(tmp_path, capsys):
    (path := tmp_path / "own.py").write_text(OWN_GET.format(declared=DECLARED + "\n" + RULE))
    out = ran(capsys, "explore", f"{path}:put", "--get", "v6")[1]
    assert ": violation, broken: the cache is small" in out
    [command] = commands(out)
    assert "!! broken: the cache is small" in ran(capsys, *command)[1]
    assert ": ok" in ran(capsys, "explore", f"{path}:put", "--get", "v6", "--without", "the cache is small")[1]
    assert ": ok" in ran(capsys, "explore", f"{path}:put", "--get", "v6", "--property", "remove-finds-a-pair")[1]
    code, _, err = ran(capsys, "explore", f"{path}:put", "--without", "nothing")
    assert code == 2 and "the cache is small" in err


def test_without_and_property_take_ids(capsys):
    out = ran(capsys, "explore", "v2", "--without", "remove-finds-a-pair", "--without", "refcount-has-pair")[1]
    assert ": violation, at the end " not in out and "REMOVE found no pair" not in out
    assert json.loads(ran(capsys, "explore", "v2", "--property", "refcount-has-pair", "--json")[1])["property"] == (
        "at the end a refcount must have its pair"
    )


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ("", 'correct the name, or declare it: SHARED = {"cache": 0} in the file; shared={"cache": 0} in Python'),
        (
            'SHARED = {"cache": {0: 0}}',
            'declare it: SHARED = {"mylock": False}, LOCKS = ("mylock",) in the file; shared={"mylock": False}, locks=("mylock",) in Python',
        ),
        ("SHARED = 7", "SHARED: it maps each name to its first value"),
        ("LOCKS = 7", "LOCKS: it is a tuple"),
        ('SHARED = {"pair": 1}', "shared variable pair: every get and put has it already"),
        ("RULES = (lambda m: True,)", "RULES: <function <lambda>"),
    ],
)
def test_what_is_declared_wrongly_is_one_line_that_says_how(declared, says, tmp_path, capsys):
    (path := tmp_path / "own.py").write_text(OWN_GET.format(declared=declared))
    code, out, err = ran(capsys, "explore", f"{path}:put")
    assert (code, out, err.count("\n")) == (2, "", 1) and says in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("v2 --get v6", "get of v2: it goes with a file of your own"),
        ("own.py:put --get nowhere", "--get nowhere: neither own.py nor a design has it"),
        ("own.py:put --put careless", "own.py:put names the put already"),
        ("own.py:put --roles get,take", "role take: a CPU does life, get, put"),
        ("own.py:put --roles get,put --threads 3", "3 threads: there are 2 roles"),
        ("own.py:put --faults enomen", "fault enomen: nothing goes wrong by this name; try enomem"),
        ("own.py:put --regions 9", "--regions is a whole number from 1 to 4"),
    ],
)
def test_what_cannot_be_meant_is_one_line(words, says, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN_GET.format(declared=DECLARED))
    code, out, err = ran(capsys, "explore", *words.split())
    assert (code, out, err.count("\n")) == (2, "", 1) and says in err


@pytest.mark.parametrize("command", ["explore", "replay", "lens", "packet", "stress"])
def test_help_says_what_runs_and_that_it_stays(command, capsys):
    said = " ".join(ran(capsys, command, "--help")[1].split())
    assert "It stays there: nothing of it is sent anywhere." in said and "SHARED = " in said and "--roles LIST" in said


TORN = """
from tdxkit.kinds import locked
from tdxkit.linux.refcount.module import free_pages, spin_lock, spin_unlock, tdh_phymem_pamt_remove


def put(m, region):
    yield "look, then count down"
    if m.refcount[region] > 1:
        m.refcount[region] -= 1
        return
    yield from spin_lock(m)
    yield locked("atomic_dec_and_test", "refcount")
    m.refcount[region] -= 1
    if m.refcount[region]:
        yield from spin_unlock(m)
        return
    yield from tdh_phymem_pamt_remove(m, region)
    yield from spin_unlock(m)
    yield from free_pages(m)
"""


def test_what_breaks_only_load_by_load_breaks_wherever_it_is_shown(tmp_path, capsys, monkeypatch):
    """As it stands no order of its steps breaks a rule; nobody is to be shown that without the other."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torn.py").write_text(TORN)
    bad = "at the end a pair was left"
    for words in (("explore", "--outcomes"), ("stress",), ("packet",), ("packet", "--property", "nothing-left")):
        code, out, err = ran(capsys, words[0], "torn.py:put", *words[1:])
        assert (code, err) == (0, "") and bad in out and "torn.put+split:2x1:" in out
        [command] = commands(out)
        assert ran(capsys, *command)[0] == 0
    assert "98,232  finished: refcount[0] 1" in ran(capsys, "explore", "torn.py:put", "--outcomes")[1]
    seen = json.loads(ran(capsys, "lens", "v6", "torn.py:put", "--json")[1])
    assert any(row["version"] == "torn.put+split" and bad in row["outcome"] for row in seen["outcomes"])
    assert ran(capsys, "lens", "v6", "torn.py:put", "--schedule", seen["parting"]["schedule"])[0] == 0
