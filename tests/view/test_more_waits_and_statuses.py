"""What is said of locks that are waited for, of statuses in a log and of the ends of a search: each column, each limit, each default."""

from types import SimpleNamespace

import pytest

from tdxkit.explore import explore, outcomes
from tdxkit.linux.refcount import scenario
from tdxkit.status import decode
from tdxkit.status.predicates import FORMS, answers
from tdxkit.view import contention_board, decoder
from tdxkit.view.contention_board import Contention, crowded_run, waits_chart
from tdxkit.view.decoder import StatusDecoder, log_table, questions, status_html
from tdxkit.view.found import verdict_of
from tdxkit.view.race_ends import ends_table

MISSING, FAULT = "0x8000030800000001", 0x8000FF000000000E


def test_a_crowd_is_three_tds_with_64_regions_of_which_24_sections_are_told(monkeypatch):
    asked = []

    class Simulation:
        def __init__(self, design, **size):
            asked.append((design, size))

        def run(self):
            return SimpleNamespace(timeline=list(range(99)))

    monkeypatch.setattr(contention_board, "Simulation", Simulation)
    monkeypatch.setattr(contention_board, "lock_run", lambda sections: sections)
    assert crowded_run() == list(range(24)) and crowded_run(3) == [0, 1, 2]
    assert asked[0] == (
        "fast-path",
        {"tds": 3, "vcpus": 2, "seconds": 1.0, "regions": 64, "fault": 0.1, "seed": 3},
    )


def test_a_second_simulation_begins_without_what_the_first_one_had(monkeypatch):
    board, asked = Contention(), []
    monkeypatch.setattr(board, "work", asked.append)
    monkeypatch.setattr(contention_board, "designs_job", lambda results, **size: dict(results))
    board.results = {"hashed": "of before"}
    board.start.click()
    assert board.results == {} and asked == [{}]


def test_what_a_simulation_comes_to_is_a_table_and_a_chart_whether_it_ended_or_was_cancelled():
    board = Contention()
    for said, (head, shown) in (("done", board.finished(None)), ("cancelled; what", board.given_up())):
        assert head.startswith(said) and [one.title for one in shown] == [
            "The model finds",
            "Waits for pamt_lock by how long they last",
        ]


def test_designs_share_the_lengths_of_their_waits_and_one_that_has_none_of_a_length_has_no_bar():
    results = {"global": SimpleNamespace(waits={1: 3, 4: 2}), "hashed": SimpleNamespace(waits={8: 5})}
    chart = waits_chart(results)
    assert chart.title == "Waits for pamt_lock by how long they last"
    assert [row[0] for row in chart.rows] == ["below 1", "2–4", "4–8"]
    assert [row[1:] for row in chart.rows] == [(3, 0), (2, 0), (0, 5)]


@pytest.mark.parametrize("status, note", [("0x8000FF0000000000", True), (MISSING, False)])
def test_a_note_stands_between_the_bits_and_what_the_kernel_does(status, note, monkeypatch):
    one = decode(status)._replace(note="It is odd." if note else "")
    monkeypatch.setattr(decoder, "decode", lambda text, leaf=None: one)
    assert (status_html(status).count("<p><b>Note </b>It is odd.</p>") == 1) == note
    lines = str(StatusDecoder(status)).splitlines()
    assert ("It is odd." in lines) == note and lines[-1] == f"Linux {one.kernel}" and "" not in lines


def test_what_stands_beside_a_status_in_a_log_is_told_and_a_dash_where_there_is_nothing(monkeypatch):
    one = decode(MISSING)
    finds = [
        SimpleNamespace(line=3, value=one.value, leaf="TDH.X", status=one, registers=(("RCX", 0x40), ("RDX", 7))),
        SimpleNamespace(line=9, value=2, leaf=None, status=one, registers=()),
    ]
    monkeypatch.setattr(decoder, "drive", lambda job: finds)
    first, second = log_table("").rows
    rest = (one.title, "TDH.X", one.details.text, one.kernel.kind, "RCX 0x40, RDX 0x7")
    assert first == (3, "0x8000030800000001", *rest)
    assert second[:2] == (9, "0x0000000000000002") and (second[3], second[6]) == ("—", "—")


@pytest.mark.parametrize("finds, shown", [(200, ""), (201, ", the first 200 shown")])
def test_of_a_log_200_statuses_are_shown(finds, shown, monkeypatch):
    find = SimpleNamespace(line=1, value=1, leaf="", status=decode(MISSING), registers=())
    monkeypatch.setattr(decoder, "drive", lambda job: [find] * finds)
    made = log_table("")
    assert made.title == f"{finds} statuses found{shown}" and len(made.rows) == 200


@pytest.mark.parametrize("more, cut", [(0, ""), (1, " in the first 2,000,000 characters; for all of it: python -m tdxkit decode --scan FILE")])  # fmt: skip
def test_of_a_log_two_million_characters_are_read(more, cut, monkeypatch):
    monkeypatch.setattr(decoder, "drive", lambda job: [])
    assert log_table(" " * (2_000_000 + more)).title == f"0 statuses found{cut}"


def test_each_form_says_yes_no_or_nothing_to_each_question():
    made = questions(FAULT)
    word = {True: "yes", False: "no", None: "—"}
    told = {row[0]: row[1:] for row in made.rows[:-1]}
    assert made.header == ("question", *FORMS) and told
    for question, row in told.items():
        assert row == tuple(word[one.says] for one in answers(FAULT)[question])
    assert {"yes", "no"} <= {cell for row in told.values() for cell in row}


def test_what_no_form_says_yes_to_is_one_row_of_all_questions():
    made = questions(0x8000000000000000)
    assert made.rows == ((f"all {len(answers(0x8000000000000000))}, where asked", "no", "no", "no", "no"),)
    assert made.title.startswith("0x8000000000000000  ") and not made.marked
    assert questions(0xC123456700000000).title == "0xC123456700000000  unknown status"


def test_a_form_that_does_not_ask_does_not_part_from_the_others(monkeypatch):
    says = {"one": (None, True, True, True), "two": (None, False, False, False), "three": (None, True, False, False)}
    given = {name: [SimpleNamespace(says=said) for said in row] for name, row in says.items()}
    monkeypatch.setattr(decoder, "answers", lambda value: given)
    made = questions(0)
    assert [row[0] for row in made.rows] == ["one", "three", "the other 1, where asked"]
    assert made.rows[0][1:] == ("—", "yes", "yes", "yes") and made.marked == {1}


def test_every_state_was_looked_at_or_there_are_more():
    whole = verdict_of(explore(scenario("v6")))
    assert whole.bar.note == f"v6: 2 CPUs × 1 round; {whole.result.states:,} states, all there are"
    cut = verdict_of(explore(scenario("v6"), bound=20))
    assert cut.bar.note.endswith(", and there are more") and "steps" not in cut.bar.note
    assert '<pre tabindex="0">' in whole.html(), "what is folded can be scrolled by keyboard"


def test_a_way_that_can_go_on_for_ever_has_endless_interleavings():
    found = outcomes(scenario("v2"))
    one = SimpleNamespace(ended="goes round", state={"users": 0}, broken=(), interleavings=None, schedule="s:1")
    made = ends_table(SimpleNamespace(rows=[one], scenario="s"))
    assert made.rows == (("goes round", "users 0", "✓ nothing", "endless", "s:1"),) and made.title == "s: 1 outcome"
    assert [row[3:] for row in ends_table(found).rows] == [(row.interleavings, row.schedule) for row in found.rows]
