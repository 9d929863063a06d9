"""What stands at a notebook's end or beside it: the list of known problems, the ladder of games, a sentence that is wrong, sources."""

import html
import json
import re
from types import SimpleNamespace

import pytest

from tdxkit.errors import InputError
from tdxkit.facts import cite, load_toml
from tdxkit.lessons.exercises import exercises
from tdxkit.lessons.ladder import Score, rungs
from tdxkit.view import bugs_view as bugs
from tdxkit.view import ladder_board as ladders
from tdxkit.view.kit import live
from tdxkit.view.kit.sources_view import sources
from tdxkit.view.questions import answers, gate
from tdxkit.view.tasks import Task
from tdxkit.view.words_list import words
from tdxkit.view.wrong_sentence import this_is_wrong


@pytest.mark.parametrize(
    "make",
    [
        lambda: answers("00"),
        lambda: Task(exercises()[0]),
        words,
        lambda: ladders.ladder(),
        lambda: this_is_wrong("04"),
    ],
)
def test_in_a_notebook_each_shows_itself_without_a_kernel(make, monkeypatch):
    shown, view = [], make()
    monkeypatch.setattr(live, "display", shown.append)
    view._ipython_display_()
    assert shown == [view] and not view.needs_kernel


def test_a_gate_is_shown_beside_the_widget_that_keeps_its_answer(monkeypatch):
    sent = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: sent.append(bundle))
    view = gate("second-look")
    view._ipython_display_()
    static, listener = sent
    assert (
        static["text/plain"] == str(view)
        and "tdx-listened" in static["text/html"]
        and "Predict." in static["text/html"]
    )
    assert "application/vnd.jupyter.widget-view+json" in listener and listener["text/plain"] == ""


def bug(name, versions):
    return SimpleNamespace(
        id=name, versions=", ".join(versions), problem=f"problem {name}", unshown="no words", concerns=versions.__contains__
    )  # fmt: skip


def test_a_problem_has_its_verdict_its_command_and_its_versions(monkeypatch):
    said = SimpleNamespace(text="it breaks")
    found = [(bug("B1", ("v1", "v2")), said), (bug("B7", ("v2",)), None), (bug("B8", ("lazy",)), said)]
    monkeypatch.setattr(bugs, "all_verdicts", lambda: iter(found))
    made = bugs.bugs_table()
    assert made.table.rows == (
        ("B1", "v1, v2", "problem B1", "it breaks", "explore v2"),
        ("B7", "v2", "problem B7", "not shown: no words", "–"),
        ("B8", "lazy", "problem B8", "it breaks", "bugs B8"),
    )
    under = dict(made.choices)
    assert (made.label, tuple(under)) == ("versions", bugs.VERSIONS)
    assert (under["v1"], under["v2"], under["lazy"], under["v6"]) == ((0,), (0, 1), (2,), ())


@pytest.fixture
def best(monkeypatch):
    """What there is to beat, without a search for it."""
    scores = {rung.id: Score(20 + k, 1 + k) for k, rung in enumerate(rungs())}
    monkeypatch.setattr(ladders, "best", scores.__getitem__)
    return scores


def test_the_ladder_in_words_has_a_line_for_each_rung_with_what_there_is_to_beat(best):
    rows = str(ladders.ladder()).splitlines()
    assert rows[0].split("  ")[0] == "rung" and len(rows) == 1 + len(rungs())
    for number, (rung, row) in enumerate(zip(rungs(), rows[1:]), 1):
        assert re.match(rf"{number} +{re.escape(rung.title)}  ", row) and row.split()[-2:] == list(
            map(str, best[rung.id])
        )


def test_a_rung_travels_with_its_states_and_what_to_beat(best):
    rung = rungs()[0]
    sent, score = ladders._game(rung), best[rung.id]
    assert (sent["id"], sent["title"], sent["best"]) == (rung.id, rung.title, score._asdict())
    top = sent["top"]
    assert (top["offset"], top["first"], top["total"], top["fog"]) == (0, 0, 0, False)
    assert top["subtitle"].endswith("Best: 20 steps, or 1 switch.")
    (walk,) = top["views"]
    assert walk["game"] == {
        "asks": list(rung.asks),
        "best": score._asdict(),
        "begin": len(rung.begin),
        "after": rung.after,
    }
    assert walk["graph"]["goal"] == rung.goal and walk["pictures"], "one region has its picture"


def test_a_sentence_that_is_wrong_names_a_cell_of_its_notebook():
    made = this_is_wrong("04")
    page = made.static()
    note = made.note
    assert str(made) == note.text(note.places[0].cell) and html.escape(note.places[-1].cell) in page
    assert page.count("<option") == len(note.places) and not made.needs_kernel
    for part in ("A text to mail", "Cell ", "The sentence ", "Code of a run, if one shows it ", "Copy the text"):
        assert part in page
    given = re.search(r'<script type="application/json">(.*?)</script>', page)[1]
    assert json.loads(given) == note.template
    with pytest.raises(InputError):
        this_is_wrong("99")


def test_a_source_is_shown_with_its_date_and_how_it_was_checked():
    known = load_toml("sources.toml")
    name = next(name for name in known if cite(name).date and cite(name).checked == "read")
    one = cite(name)
    made = sources(name)
    assert str(made) == repr(made) == f"{name}: {one}" and made.html().count("<li>") == 1
    told = html.unescape(re.sub("<[^>]*>", "", made.html()))
    assert f", {one.date}; the text was read" in told and one.title in told and one.where in told
    with pytest.raises(InputError):
        sources("no-such-source")
