"""The widget in process: what it holds, what it answers to the browser, its page and its text."""

import json
from html.parser import HTMLParser

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.refcount import scenario
from tdxkit.run import Recorder
from tdxkit.view.stepper import Stepper
from tdxkit.view.stepper import widget as module
from tdxkit.view.stepper.graph_data import EdgeRow, check_all_here

VIEW = "application/vnd.jupyter.widget-view+json"


def long_run(n, wide=40):
    recorder = Recorder({"x": 0})
    for k in range(n):
        recorder.step("CPU 0", f"step {k}", "x" * wide, {"x": k + 1})
    return recorder.run("long", ("CPU 0",))


def test_one_run_whole(bad_run):
    shown = Stepper(bad_run, position=3)
    top = json.loads(shown.data)
    assert top["total"] == len(bad_run) and top["offset"] == 0 and len(top["views"]) == 1 and shown.position == 3
    assert str(shown) == str(bad_run)


def test_two_runs_share_a_position_and_a_scale(bad_run, make_run):
    other = make_run("01000", title="v6")
    top = json.loads(Stepper(bad_run, other, title="One schedule").data)
    assert [v["columns"] for v in top["views"]] == [len(bad_run)] * 2 and top["title"] == "One schedule"
    assert [len(v["steps"]) for v in top["views"]] == [len(bad_run), 5]
    assert str(other) in str(Stepper(bad_run, other))


@pytest.mark.parametrize("count", [0, 3])
def test_one_or_two_runs(count, bad_run):
    with pytest.raises(InputError):
        Stepper(*[bad_run] * count)


@pytest.mark.slow
def test_a_long_run_is_sent_as_a_window(monkeypatch):
    run = long_run(30_000, 120)
    shown = Stepper(run, position=29_000)
    top = json.loads(shown.data)
    steps = len(top["views"][0]["steps"])
    assert len(shown.data.encode()) <= module.LIMIT and top["total"] == 30_000
    assert top["offset"] + 1 == top["first"] <= 29_000 <= top["offset"] + steps < 30_001 and steps > 3000
    sent, answers = shown.data, []
    shown.send = answers.append
    shown._heard(shown, {"more": 12}, [])
    assert json.loads(answers.pop()["stretch"])["offset"] == 0
    for nonsense in (
        {"more": -1},
        {"more": 10**9},
        {"more": "x"},
        {"more": True},
        "more",
        {},
        {"ask": 7},
        {"ask": "v2 A1"},
    ):
        shown._heard(shown, nonsense, [])
    assert shown.data == sent and answers == []


def test_a_pasted_code_goes_through_the_kernel(bad_run, make_run, monkeypatch):
    def replay(code):
        if code != "v2:2x1:9f3c A2":
            raise InputError("schedule code", "it does not fit", "copy it again")
        return make_run("01")

    shown, said = Stepper(bad_run, replay=replay), []
    monkeypatch.setattr(Stepper, "send", lambda self, message: said.append(message["answer"]))
    assert shown.asks and not Stepper(bad_run).asks
    shown._heard(shown, {"ask": "<script>"}, [])
    shown._heard(shown, {"ask": "v2:2x1:9f3c A2"}, [])
    assert said == ["schedule code: it does not fit; copy it again", "It fits: 2 steps."]
    assert json.loads(shown.data)["total"] == 2 and shown.position == 0


def test_the_graph_travels_whole(make_graph, make_scheduler):
    graph, shown = make_graph(), make_scheduler()
    top = json.loads(shown.data)
    assert (top["total"], top["offset"], top["first"], shown.needs_kernel) == (0, 0, 0, False), "no step was made"
    sent = top["views"][0]["graph"]
    assert [len(row) for row in sent["edges"]] == [len(row) for row in graph.edges]
    for row, edges in zip(sent["edges"], graph.edges):
        for move, edge in zip((EdgeRow(*slots) for slots in row), edges, strict=True):
            assert (move.actor, move.choice, move.target) == (edge.actor, edge.choice, edge.target) and sent["strings"][
                move.label
            ] == edge.label
    assert f"{len(graph.nodes)} states" in str(shown) and "CPU 1 can begin with" in str(shown)


def test_a_goal_that_cannot_be_reached_is_said(make_scheduler):
    with pytest.raises(InputError, match="REMOVE must find a pair"):
        make_scheduler(goal="<nonsense>")


@pytest.mark.parametrize("how", ["many", "cut"])
def test_a_graph_too_big_for_the_browser_is_refused(make_graph, how):
    graph = make_graph()
    graph.complete, graph.nodes = how != "cut", graph.nodes * (500 if how == "many" else 1)
    with pytest.raises(InputError, match="5,000"):
        check_all_here(graph, "sample")


@pytest.mark.slow
def test_a_scenario_becomes_a_walk():
    shown = Stepper.scheduler(scenario("v2"), goal="REMOVE must find a pair")
    data = json.loads(shown.data)["views"][0]
    assert data["graph"]["head"].startswith("v2:2x1:") and len(data["graph"]["nodes"]) > 100
    assert {"get", "put"} <= set(data["texts"]) and data["card"]["left out"] and len(shown.data) < 200_000
    with pytest.raises(InputError, match="5,000"):
        Stepper.scheduler(scenario("v2", 4, 1))


def test_the_page_stands_alone(bad_run, tmp_path):
    page = Stepper(bad_run).html(tmp_path / "run.html")
    assert (tmp_path / "run.html").read_text(encoding="utf-8") == page
    outside = page.replace("http://www.w3.org/2000/svg", "")  # a name, never fetched
    assert (
        "http:" not in outside
        and "https:" not in outside
        and "import(" not in page
        and "default-src &#39;none&#39;" in page
    )
    assert tags(page).count("script") == 3 and "img" in tags(page)  # there is a picture before any script runs


def tags(page):
    """The elements of a page as a browser finds them."""
    found, reader = [], HTMLParser()
    reader.handle_starttag = lambda tag, attributes: found.append(tag)
    reader.feed(page)
    return found


def test_text_cannot_end_the_page_s_script(make_run):
    page = Stepper(make_run("01", title="</script><script>alert(1)</script>")).html()
    assert tags(page).count("script") == 3 and page.count("</script") == 3


def shown(view, monkeypatch):
    """The mime bundles that a notebook gets."""
    sent = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: sent.append(bundle))
    view._ipython_display_()
    return sent


def test_what_needs_no_kernel_is_plain_html_without_a_comm(bad_run, monkeypatch):
    stepper = Stepper(bad_run)
    (bundle,) = shown(stepper, monkeypatch)
    assert set(bundle) == {"text/html", "text/plain"} and bundle["text/plain"] == str(bad_run)
    assert tags(bundle["text/html"]).count("script") == 3 and stepper.comm is None


def test_what_python_must_answer_stands_beside_a_static_form(bad_run, monkeypatch):
    stepper = Stepper(bad_run, replay=lambda code: bad_run)
    static, live = shown(stepper, monkeypatch)
    assert VIEW not in static and "tdx-beside" in static["text/html"] and "data-script" in static["text/html"]
    assert live[VIEW]["model_id"] == stepper.model_id and live["text/plain"] == "" and stepper.comm


def test_a_run_too_long_to_send_whole_asks_python(monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 20_000)
    stepper = Stepper(long_run(600))
    assert stepper.needs_kernel and [VIEW in bundle for bundle in shown(stepper, monkeypatch)] == [False, True]
