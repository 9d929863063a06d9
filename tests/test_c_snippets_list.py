"""The list of real kernel C by which the reader of pasted C is judged: whole, mixed, and holding none of the C itself."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

LIST = Path(__file__).parent / "data/c_snippets.toml"
SNIPPETS = tomllib.loads(LIST.read_text(encoding="utf-8"))["snippet"]
VERDICTS = {"ok", "violation", "deadlock", "livelock", "refused"}
BROKEN = VERDICTS - {"ok", "refused"}
each = pytest.mark.parametrize("entry", SNIPPETS, ids=[s["name"] for s in SNIPPETS])


def verdicts(entry):
    return set(entry["verdict"].values())


def test_forty_numbered_entries_with_names_and_hashes_of_their_own():
    assert [s["number"] for s in SNIPPETS] == list(range(1, 41))
    assert len({s["name"] for s in SNIPPETS}) == len({s["sha256"] for s in SNIPPETS}) == 40


def test_the_kinds_asked_for_are_there_five_times_and_more():
    often = {kind for kind, times in Counter(s["kind"] for s in SNIPPETS).items() if times >= 5}
    assert {"refcount", "lifetime", "lazy-init", "handshake", "locking"} <= often


def test_right_and_wrong_are_mixed_and_few_are_refused():
    right = sum(verdicts(s) == {"ok"} for s in SNIPPETS)
    wrong = sum(bool(verdicts(s) & BROKEN) for s in SNIPPETS)
    refused = sum("refused" in verdicts(s) for s in SNIPPETS)
    assert right + wrong + refused == 40
    assert min(right, wrong) >= 14 and refused <= 8


def test_one_entry_needs_store_buffers_to_go_wrong():
    assert any(s["verdict"] == {"sc": "ok", "tso": "violation"} for s in SNIPPETS)


@each
def test_an_entry_says_what_runs_and_what_is_right_and_why(entry):
    assert set(entry["verdict"]) == {"sc", "tso"} and verdicts(entry) <= VERDICTS
    assert re.fullmatch(r"[0-9a-f]{64}", entry["sha256"]) and 10 <= entry["lines"] <= 120
    assert len(entry["source"]) > 30 and len(entry["why"]) > 60
    run = entry["run"]
    assert run == "get/put" or (run and all(run) and (len(run) == 1 or len(run) == entry["threads"]))
    assert ("defect" in entry) == bool(verdicts(entry) & BROKEN)
    assert ("refusal" in entry) == (verdicts(entry) == {"refused"})
    assert entry.get("or", "deadlock") in BROKEN


@each
def test_an_entry_holds_words_and_no_lines_of_the_text(entry):
    for field in ("source", "added", "defect", "why", "data_race", "refusal", "fix"):
        words = entry.get(field, "")
        assert "\n" not in words and not re.search(r"[{};]\s*$|->\w+\s*=|\bstatic (inline |int |void )", words), field
