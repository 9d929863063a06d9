"""What is said of a reader's own put: the verdict, what to ask next and how, the line that an error is about."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.linux.refcount import scenario, v2, v6
from tdxkit.linux.refcount.own import of_programs
from tdxkit.review.own import answering, asks, refused
from tdxkit.work import drive


def opinion(put, **more):
    return drive(answering(of_programs(put, **more)))


def said(put, **more):
    return [(ask.python, ask.shell) for ask in asks(of_programs(put, **more))]


ALL = [
    ("threads=3", "--threads 3"), ("rounds=2", "--rounds 2"), ('faults="enomem"', "--faults enomem"),
    ('faults="add-fails"', "--faults add-fails"), ('faults="remove-fails"', "--faults remove-fails"),
]  # fmt: skip


def test_what_was_not_asked_yet_can_be_asked_next():
    assert said(v6.put) == ALL
    assert said(v6.put, threads=3) == ALL[1:] and said(v6.put, rounds=2) == [ALL[0], *ALL[2:]]
    assert said(v6.put, faults=("add-fails",)) == [*ALL[:3], ALL[4]]
    assert said(v6.put, threads=3, rounds=2, faults=("enomem", "add-fails", "remove-fails")) == []


def test_of_what_cannot_be_made_at_another_size_nothing_is_asked():
    from dataclasses import replace

    assert asks(replace(scenario("v6"), make=None)) == ()


def test_after_an_ok_stand_the_costs_and_what_to_ask_next_and_after_a_race_neither():
    heads = [head for head, _ in opinion(v6.put).rows()]
    assert heads[-2:] == [
        "ask next, by a click or with one argument more",
        "a round costs a CPU, alone / where the pair is there",
    ]
    lines = dict(opinion(v6.put).rows())["ask next, by a click or with one argument more"]
    assert [line.rpartition(": ")[2] for line in lines] == [python for python, _ in ALL]
    broken = opinion(v2.put)
    assert broken.verdict == "violation" and not broken.next and not broken.costs
    assert not {"ask next, by a click or with one argument more"} & {head for head, _ in broken.rows()}


def leans(m, region):
    yield "look"
    m.nothing += 1


@pytest.mark.parametrize(("place", "line"), [("line 3 of leans", ": m.nothing += 1"), ("somewhere", "")])
def test_the_line_that_an_error_names_is_shown(place, line):
    at = leans.__code__.co_firstlineno + 2
    error = ModelError(place.replace("line 3", f"line {at}"), "there is no m.nothing", "declare it")
    found = refused(error, functions=(leans,))
    assert found.line == (f"{at}{line}" if line else "") and found.head.startswith("! not judged: ")
    assert (("your line", (found.line,)) in [*found.rows()]) == bool(line)
