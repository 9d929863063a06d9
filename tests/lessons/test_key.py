"""The answer key of a notebook: everything that its data says to an answer stands in it."""

import pytest

from tdxkit.cli import main
from tdxkit.lessons.exercises import exercises
from tdxkit.lessons.gates import gates
from tdxkit.lessons.key import key_of
from tdxkit.lessons.notebooks import lessons

NUMBERS = [one.number for one in lessons()]


@pytest.mark.parametrize("number", NUMBERS)
def test_each_answer_has_what_to_say_to_it(number):
    key = key_of(number)
    for gate in gates(number):
        assert f"{gate.name}: {gate.asks}" in key and f"✓ {gate.said}\n      {gate.right.why}" in key
        for one in (*gate.options, *gate.beliefs):
            assert one.why in key
    for task in exercises(number):
        assert f"{task.name} ({task.kind}): {task.asks}" in key and task.why in key
        assert all(hint in key for hint in task.hints) and all(wrong.says in key for wrong in task.wrong)


def test_right_and_wrong_are_told_apart():
    (gate,) = [one for one in gates("00") if one.name == "who-takes-it-back"]
    lines = key_of("00").splitlines()
    assert [line[2] for line in lines if any(line[4:] == option.says for option in gate.options)] == [
        "✗",
        "✗",
        "✓",
        "✗",
    ]


def test_of_an_answer_in_a_long_text_only_what_differs_is_printed():
    key = key_of("04")
    put = key[key.index("mend-put (fix)") :]
    put = put[: put.index("\n\n")]
    assert "  ✓ +\tif (!atomic_dec_and_lock(users, &pamt_lock))" in put and "  ✗ -\t\tatomic_inc(users);" in put
    assert "EXPORT_SYMBOL_GPL(region_pair_get)" not in put and len(put.splitlines()) < 50


def test_the_command_prints_it_and_wants_to_know_whose(capsys):
    assert main(["lessons", "06", "--key"]) == 0
    assert capsys.readouterr().out.startswith("same-call-again: ")
    for wrong in (["lessons", "--key"], ["lessons", "06", "--key", "--json"]):
        assert main(wrong) == 2
        assert "--key: it prints the key of one notebook, as text; write lessons 04 --key" in capsys.readouterr().err
