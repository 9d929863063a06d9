"""Scenarios as models for SPIN: what is written, what SPIN says of it where it is installed, and what is refused."""

import json
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tdxkit.cli import main
from tdxkit.commands.spin import find_tools, schedule, spinning
from tdxkit.errors import InputError
from tdxkit.explore import Scenario, Thread, always, at_end, explore, replay
from tdxkit.explore.promela import MISSING, promela
from tdxkit.explore.schedule import parse
from tdxkit.kinds import locked, store
from tdxkit.linux.refcount import names, scenario
from tdxkit.work import drive
from tests.house import Housed

sys.path.insert(0, str(Path(__file__).parents[1] / "explore"))
from test_movers import random_scenario

spin = pytest.mark.skipif(not (shutil.which("spin") and shutil.which("gcc")), reason="SPIN or gcc is not installed")


def hostile(m, what):
    yield store("WRITE_ONCE", what, label='*/ assert(false) /* \\ " \n é')
    m.init = what
    yield locked("atomic_inc", "n")
    m.n += 1


HOSTILE = Scenario(
    "x; */",
    {"init": "", "n": 0, "at_0": None, "refcount": {"a b": 0, "a_b": 1}},
    (Thread(hostile, ("*/",)), Thread(hostile, ("proctype",))),
    (always("small */", lambda m: m.n < 3), at_end("both", lambda m: m.n == 2)),
)


def confirmed(one, cores=1):
    """Does SPIN find in a scenario what the search finds? Its counterexample is as long, and replays. Livelocks it does not look for."""
    ours, theirs = explore(one, reduce="none"), drive(spinning(promela(one), cores))
    assert theirs.states == ours.states, one.name
    assert {*theirs.broken, *(["deadlock"] if theirs.deadlock else [])} == set(ours.broken) - {"livelock"}, one.name
    code = schedule(one, theirs)
    assert (code is None) == (ours.verdict in ("ok", "livelock"))
    if code:
        assert len(parse(code).steps) - ours.steps in (0, 1)  # a rule broken on the way out of the level of a deadlock
        assert set(replay(one, code).steps[-1].broken) & set(ours.broken)
    return ours.verdict


def test_each_step_is_a_line_with_its_place_and_its_words():
    model = promela(scenario("v2"))
    assert model.complete and model.renamed["refcount[0]"] == "refcount_0"
    line = next(line for line in model.text.splitlines() if "PAMT.ADD" in line)
    assert (
        line.startswith("  :: d_step { !broken && at_0 == ") and "of tdh_phymem_pamt_add: TDH.PHYMEM.PAMT.ADD" in line
    )
    assert set(model.rules.values()) >= {MISSING, *explore(scenario("v2")).broken}
    assert all("d_step" in model.text.splitlines()[number - 1] for number in model.steps)


def test_names_that_promela_forbids_are_renamed_and_text_stays_a_comment():
    model = promela(HOSTILE)
    assert model.renamed == {
        "init": "v_init",
        "at_0": "at_0_2",
        "refcount[a b]": "refcount_a_b",
        "refcount[a_b]": "refcount_a_b_2",
    }
    assert model.text.isascii() and model.text.count("/*") == model.text.count("*/")
    body = model.text.partition("active proctype")[2]
    assert "assert(false)" not in "".join(part.partition("*/")[2] for part in body.split("/*"))


def test_a_search_that_was_bounded_says_where_its_model_ends():
    model = promela(scenario("v6", 3), bound=40)
    assert not model.complete and "not known" in model.text


@pytest.mark.slow
@spin
@pytest.mark.xdist_group("spin")
@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize("name", ["v2", "v6-remove-fails", "per-region"])
def test_spin_finds_the_same(name, memory):
    confirmed(scenario(name).on(memory))


@spin
@pytest.mark.slow
@pytest.mark.xdist_group("spin")
@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_spin_finds_the_same_in_what_is_hostile(memory):
    assert confirmed(HOSTILE.on(memory)) == "ok"


@spin
@pytest.mark.slow
@pytest.mark.xdist_group("spin")
def test_spin_finds_the_same_in_fifty_random_programs():
    found = [confirmed(random_scenario(seed, Housed).on(("sc", "tso")[seed % 2])) for seed in range(50)]
    assert len(set(found)) >= 3


@spin
@pytest.mark.slow
@pytest.mark.xdist_group("spin")
@pytest.mark.parametrize("name", ["v2", "v6", "per-region"])
def test_spin_finds_the_same_on_two_cores(name):
    confirmed(scenario(name), cores=2)


@spin
@pytest.mark.slow
@pytest.mark.xdist_group("spin")
@pytest.mark.parametrize("threads", [2, 3])
def test_spin_finds_the_same_in_every_shipped_design(threads):
    for name in names():
        confirmed(scenario(name, threads))


@spin
@pytest.mark.xdist_group("spin")
@pytest.mark.slow
def test_a_model_that_is_not_complete_is_refused_where_spin_comes_to_its_end():
    with pytest.raises(InputError, match="a step that the tables do not have"):
        drive(spinning(promela(scenario("v6", 3), bound=40)))


@spin
@pytest.mark.xdist_group("spin")
@pytest.mark.slow
def test_the_command_says_what_it_confirms(capsys):
    assert main(["confirm", "v2", "--with", "spin", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["same"] and found["states"] == found["spin"]["states"] == 233
    assert main(["confirm", found["spin"]["schedule"], "--with", "spin"]) == 0
    assert "the search over these tables" in capsys.readouterr().out


def test_without_spin_it_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"spin and gcc: not found.*apt install spin gcc"):
        find_tools()
    assert main(["confirm", "v2", "--with", "spin"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_export_writes_a_file_and_takes_a_code(capsys, tmp_path):
    path = tmp_path / "v2.pml"
    assert main(["export", explore(scenario("v2"), memory="tso").schedule, "--to", "promela", "-o", str(path)]) == 0
    assert "refcount[0] is refcount_0 in the model" in capsys.readouterr().err
    assert path.read_text() == promela(scenario("v2").on("tso")).text
    assert main(["export", "v2", "--to", "promela", "--memory", "tso"]) == 0
    assert capsys.readouterr().out == path.read_text()
    assert main(["export", "v2", "--to", "promela", "-o", str(tmp_path)]) == 2
    assert main(["export", "v22", "--to", "promela"]) == 2
    assert main(["export", "v2", "--to", "tla"]) == 2


RACE = "v2:2x1:37b4 A10 B15 A3 +066fa5"


@pytest.mark.slow
def test_a_race_is_exported_as_a_page_a_drawing_and_text(capsys, tmp_path):
    for words, at in (
        (["v2"], 27),
        ([RACE], 28),
        ([RACE + "@17"], 17),
        ([*RACE.split(), "--at", "3"], 3),
        (["v2", RACE + "@9"], 9),
    ):
        path = tmp_path / "race.html"
        assert main(["export", *words, "--to", "html", "-o", str(path)]) == 0
        page = path.read_text(encoding="utf-8")
        assert f'data-position="{at}"' in page and page.startswith("<!doctype html>") and "tdx-run" in page
    assert main(["export", RACE, "--to", "text"]) == 0
    assert capsys.readouterr().out == f"{replay(scenario('v2'), RACE)}\n"
    assert main(["export", RACE + "@5", "--to", "svg"]) == 0
    drawn = ElementTree.fromstring(capsys.readouterr().out)
    assert drawn.tag.endswith("}svg") and drawn.attrib["aria-label"] == "Timeline of 28 steps, at step 5"


def test_where_nothing_breaks_a_page_has_the_reader_as_scheduler(capsys):
    assert main(["export", "v6", "--to", "html"]) == 0
    assert "Choose who moves first" in capsys.readouterr().out
    for form in ("svg", "text"):
        assert main(["export", "v6", "--to", form]) == 2
        assert "no rule breaks in it" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["v2", "--at", "99"], ["v2:2x1:37b4 A10 B15 A3 +066fa5@29"], ["nobody"], ["v2:2x1:37b4 Z1"], ["v2", "-o", "/no/such/place.html"]]
)  # fmt: skip
def test_what_cannot_be_exported_is_told_in_a_line(words, capsys):
    assert main(["export", *words, "--to", "html"]) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1 and told.err.startswith("tdxkit: ") and not told.out
