"""The line of work that a cell waits for: when it comes, what the notebook is given, and that its clock may begin anywhere."""

import IPython
import IPython.display
import pytest

from tdxkit.view.kit import waiting
from tdxkit.view.kit.waiting import waited_for


def job():
    yield 1, 2
    yield 2000, 2000
    return "done"


@pytest.fixture
def line(monkeypatch):
    """What a notebook is given: (bundle, how) each, first by display, then by its handle."""
    given = []

    class Handle:
        def update(self, bundle, **how):
            given.append((bundle, how))

    def display(bundle, **how):
        given.append((bundle, how))
        return Handle()

    monkeypatch.setattr(IPython, "get_ipython", lambda: True)
    monkeypatch.setattr(IPython.display, "display", display)
    return given


def clock(monkeypatch, *looks):
    """A clock that shows these, one after the other."""
    now = iter(looks)
    monkeypatch.setattr(waiting, "monotonic", lambda: next(now))


@pytest.mark.parametrize(
    "looks, said", [((500, 500.5, 500.99), 0), ((500, 500.5, 501), 2), ((500, 501, 502), 3), ((-5, -4.5, -4.1), 0)]
)
def test_the_line_comes_a_second_after_the_work_began_whatever_the_clock_shows(looks, said, line, monkeypatch):
    clock(monkeypatch, *looks)
    assert waited_for(job(), "things") == "done" and len(line) == said


@pytest.mark.parametrize(
    "looks, said", [((0, 1, 1.24), 2), ((0, 1, 1.25), 3), ((-5, -3.5, -3.24), 3), ((0, 5, 5.2), 2)]
)
def test_it_changes_four_times_a_second_however_often_the_work_ticks(looks, said, line, monkeypatch):
    clock(monkeypatch, *looks)
    assert waited_for(job(), "things") == "done" and len(line) == said


def test_where_no_notebook_is_nothing_is_said_however_long_it_takes(line, monkeypatch):
    monkeypatch.setattr(IPython, "get_ipython", lambda: None)
    clock(monkeypatch, 0, 20, 40)
    assert waited_for(job(), "things") == "done" and line == []


def test_the_line_is_one_output_as_it_stands_that_changes_and_is_empty_in_the_end(line, monkeypatch):
    clock(monkeypatch, 0, 2, 3)
    waited_for(job(), "things")
    (first, made), (second, changed), (last, emptied) = line
    assert made == {"raw": True, "display_id": True} and changed == emptied == {"raw": True}
    assert first["text/plain"] == "1 of 2 things; the square in the toolbar stops it"
    assert f'<p role="status">{first["text/plain"]}</p>' in first["text/html"] and "<style>" in first["text/html"]
    assert second["text/plain"].startswith("2,000 of 2,000 things")
    assert last == {"text/html": "", "text/plain": ""}
