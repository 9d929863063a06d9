"""The list of one-token changes: it names every change, each is killed by the rules that it names, and what survives says why."""

import pytest

from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.rules import rules
from tools.one_token import ENDLESS, KEPT, NO_PROGRAM, TRIALS, _program, changes, differs, kept, killers

HARMLESS = b"m.refcount[region] += 1"


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_the_list_says_what_the_programs_do(design):
    assert not differs(design), (
        f"{KEPT.name} is another: look at the change, then `python tools/one_token.py --write {design}`"
    )


def test_every_design_is_listed_and_killed_by_rules_that_there_are():
    listed = kept()
    assert list(listed) == list(DESIGNS)
    ends = {"deadlock", "livelock", "raised", ENDLESS, NO_PROGRAM}
    for rows in listed.values():
        assert {row[5] for row in rows["killed"]} <= set(TRIALS)
        assert {rule for row in rows["killed"] for rule in row[4].split(", ")} <= ends | set(rules())
        assert len(rows["killed"]) > 2 * len(rows["survives"])


def test_changes_are_of_the_programs_and_of_nothing_that_is_only_said():
    every = changes("v6")
    assert {change.function for change in every} == {"get", "put", "dec_and_lock"}
    assert len({change[:4] for change in every}) == len(every)
    assert not [change for change in every if "tell" in change.before]
    assert ("get", 9, "return ENOMEM", "return EIO") in {change[:4] for change in every}


@pytest.mark.slow
def test_a_design_that_is_as_it_was_is_killed_by_nothing():
    change = changes("v6")[0]
    text = DESIGNS["v6"].code.__loader__.get_data(DESIGNS["v6"].code.__file__)
    same = change._replace(program=_program("v6", text))
    assert not [name for name, trial in TRIALS.items() if killers("v6", same, trial)]
    twice = change._replace(program=_program("v6", text.replace(HARMLESS, b"m.refcount[region] += 2", 1)))
    assert killers("v6", twice, TRIALS["1x1 three at once"]) == "nothing-left"
