"""What each posted get and put does in the situations that their authors had to think of, side by side."""

import json

import pytest

from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.review.situations import SITUATIONS, beside

POSTED = [name for name, design in DESIGNS.items() if design.posted]
SEEN = beside(POSTED)


def ended(situation, name):
    path = SEEN.paths[situation][name]
    return path.returned, path.refcount, path.pair


def test_every_design_goes_through_every_situation():
    assert list(SEEN.paths) == [s.name for s in SITUATIONS]
    assert all(list(paths) == POSTED for paths in SEEN.paths.values())
    for situation in SEEN.paths:
        assert sorted(n for names, _ in SEEN.groups(situation) for n in names) == sorted(POSTED)


# The count that a situation ends with where all is well, and those that end otherwise.
OTHERS = {
    "a get, the pair is there": (("0", 2, True), {"v3-unoptimised": ("0", 1, True)}),
    "the first get": (("0", 1, True), {}),
    "a get that comes second to the lock": (("0", 2, True), {"v3-unoptimised": ("0", 1, True)}),
    "a get, ADD fails": (("-EIO", 0, False), dict.fromkeys(["v3-unoptimised", "v3", "v4-unoptimised", "v4"], ("0", 0, False))),
    "a get, no memory": (("-ENOMEM", 0, False), {}),
    "a put, others use the region": (("", 1, True), {"v3-unoptimised": ("", 2, True)}),
    "the last put": (("", 0, False), {}),
    "the last put, REMOVE fails": (("", 1, True), {"v1": ("", 0, True)}),
}  # fmt: skip


@pytest.mark.parametrize("situation", OTHERS)
def test_how_it_ends(situation):
    usual, others = OTHERS[situation]
    assert {name: ended(situation, name) for name in POSTED} == {name: others.get(name, usual) for name in POSTED}


def test_a_pair_that_a_late_put_left_is_adopted_by_the_fast_designs_until_v5():
    """v6 calls it an error, B35; those that look under the lock never meet it in a run, the path is in their text."""
    adopted = {n for n in POSTED if ended("a get, ADD answers HPA_RANGE_NOT_FREE", n) == ("0", 1, True)}
    assert adopted == {"v1", "v2", "v3", "v4", "v5"}
    assert ended("a get, ADD answers HPA_RANGE_NOT_FREE", "v6") == ("-EIO", 0, True)


def test_only_v6_takes_the_decrement_and_the_lock_in_one():
    for name in POSTED:
        steps = [does for does, _ in SEEN.paths["the last put"][name].steps]
        first = "spin_lock" if "unoptimised" in name or name == "after-v6" else "atomic_dec_and_test"
        assert steps[0] == ("atomic_add_unless" if name == "v6" else first)


@pytest.mark.parametrize(
    "names", [["v2", "v2"], ["v2", "minus-one"], ["v2", "v9"], ["v2", "\x1b[31m"], ["v2"] * 20, [""]]
)
def test_bad_names_get_one_line(names, capsys):
    assert main(["program", *names]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "\x1b" not in err


def test_too_few_or_too_many():
    for names in ([], POSTED * 2):
        with pytest.raises(InputError):
            beside(names)


def test_the_command_in_both_forms(capsys):
    assert main(["program", "v2", "v6"]) == 0
    assert "atomic_add_unless" in capsys.readouterr().out
    assert main(["program", "v2", "v6", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["situations"][0]
    assert first == {
        "situation": "a get, the pair is there",
        "paths": [{"names": ["v2", "v6"], "steps": [["atomic_inc_not_zero", "1 → 2"]], "returned": "0", "refcount": 2, "pair": True}],
    }  # fmt: skip
