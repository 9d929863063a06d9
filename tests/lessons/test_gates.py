"""Questions that wait: what one is made of, what each answer is told, and which cannot be built."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.facts import cite
from tdxkit.lessons import gates as module
from tdxkit.lessons.gates import gate_named, gates, made

VOTE = {
    "name": "who",
    "asks": "Who?",
    "after": "So it was.",
    "source": "own",
    "options": [
        {"says": "A", "why": "a"},
        {"says": "B", "why": "b", "right": True},
        {"says": "C", "why": "c"},
    ],
}
NUMBER = {
    "name": "many",
    "asks": "How many?",
    "after": "So many.",
    "source": "own",
    "number": 1024,
    "unit": "pairs",
    "why": "counted",
    "otherwise": "count again",
    "beliefs": [{"number": 512, "why": "half"}, {"number": 0, "why": "none"}],
}


def test_an_option_is_judged_by_its_number():
    gate = made(VOTE, "04")
    assert [gate.judged(answer) for answer in "123"] == [(False, "a", 0), (True, "b", 1), (False, "c", 2)]
    assert gate.right == (True, "b", 1) and gate.said == "B" and gate.notebook == "04"


@pytest.mark.parametrize("answer", ["0", "4", "", "B", "1.0", "-1", "12", "\x1b"])
def test_what_is_no_option_is_refused_with_the_ones_there_are(answer):
    with pytest.raises(InputError, match="there are the options 1 to 3; choose one"):
        made(VOTE, "04").judged(answer)


@pytest.mark.parametrize(
    "answer, right, why",
    [
        ("1024", True, "counted"), (" 1,024 ", True, "counted"), ("1 024", True, "counted"), ("1'024", True, "counted"),
        ("512", False, "half"), ("0", False, "none"), ("-1024", False, "count again"), ("−3", False, "count again"),
    ],
)  # fmt: skip
def test_a_number_is_told_what_people_took_for_true(answer, right, why):
    assert made(NUMBER, "01").judged(answer) == (right, why, -1)
    assert made(NUMBER, "01").said == "1,024 pairs"


@pytest.mark.parametrize("answer", ["", "x", "1.5", "0x10", "1e3", "--1", "9" * 19])
def test_what_is_no_number_is_refused(answer):
    with pytest.raises(InputError, match="a whole number is asked for"):
        made(NUMBER, "01").judged(answer)


def without(row, key):
    return {k: v for k, v in row.items() if k != key}


def options(*rows):
    return {**VOTE, "options": list(rows)}


A, B, C = VOTE["options"]
REFUSED = [
    (without(VOTE, "asks"), "it has no asks"),
    ({**VOTE, "after": "  "}, "it has no after"),
    (without(VOTE, "source"), "it has no source"),
    ({**VOTE, "hint": "x"}, "it has a key hint"),
    ({**VOTE, "number": 3}, "it asks for a vote or for a number"),
    (without(VOTE, "options"), "it asks for a vote or for a number"),
    (options(A, B), "it has 2 options"),
    (options(A, B, C, C, C), "it has 5 options"),
    (options(A, C, C), "0 of its options are right"),
    (options(B, B, C), "2 of its options are right"),
    (options({"says": "A"}, B, C), "its option A has no reason"),
    (options(A, {"says": "B", "why": " ", "right": True}, C), "its option B has no reason"),
    (options({"why": "x"}, B, C), "its option  has no reason"),
    (without(NUMBER, "why"), "a number has a why, two beliefs and an otherwise"),
    (without(NUMBER, "otherwise"), "a number has a why, two beliefs and an otherwise"),
    ({**NUMBER, "beliefs": NUMBER["beliefs"][:1]}, "a number has a why, two beliefs and an otherwise"),
    ({**NUMBER, "beliefs": [*NUMBER["beliefs"], {"number": 7}]}, "its belief 7 has no reason, or is right"),
    ({**NUMBER, "beliefs": [*NUMBER["beliefs"], {"number": 1024, "why": "x"}]}, "its belief 1024 has no reason"),
]


@pytest.mark.parametrize("row, rule", REFUSED, ids=[rule for _, rule in REFUSED])
def test_one_without_a_reason_cannot_be_built(row, rule):
    with pytest.raises(ModelError) as refused:
        made(row, "04")
    assert rule in str(refused.value) and "of 04" in str(refused.value)


def test_four_options_are_the_most_and_three_the_fewest():
    assert len(made(options(A, B, C, {"says": "D", "why": "d"}), "04").options) == 4
    assert len(made(VOTE, "04").options) == 3


def test_one_is_found_by_its_name_and_the_near_ones_are_named():
    assert gate_named("who-takes-it-back").notebook == "00"
    with pytest.raises(InputError, match="there is no such gate; try who-takes-it-back"):
        gate_named("who-takes-it-bakc")


def test_two_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr(module, "rows", lambda kind: iter([(VOTE, "00"), (VOTE, "04")]))
    module._gates.cache_clear()
    try:
        with pytest.raises(ModelError, match="gate who: there are two of this name"):
            gates()
    finally:
        module._gates.cache_clear()


@pytest.mark.parametrize("gate", [pytest.param(one, id=one.name) for one in gates()])
def test_each_gate_of_the_notebooks(gate):
    assert gate.source in ("own", "model") or cite(gate.source)
    says = [one.says for one in gate.options] or [str(one.number) for one in gate.beliefs]
    assert len(set(says)) == len(says)
    whys = [one.why for one in gate.options] or [gate.why, gate.otherwise, *(one.why for one in gate.beliefs)]
    assert len(set(whys)) == len(whys) and all(len(why) > 15 for why in whys), (
        "a reason says something, and each its own"
    )


def test_the_right_answer_is_not_always_at_one_place():
    places = [gate.right.at for gate in gates() if gate.options]
    assert all(places.count(place) <= 0.5 * len(places) for place in range(4)), places


def test_the_right_answer_is_not_always_the_longest():
    votes = [gate for gate in gates() if gate.options]
    longest = [max(gate.options, key=lambda one: len(one.says)).right for gate in votes]
    assert sum(longest) <= 0.6 * len(votes), f"{sum(longest)} of {len(votes)}"
