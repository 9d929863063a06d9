"""Work that a cell waits for: a line after a second, which goes; nothing where there is no notebook."""

import IPython
import IPython.display
import pytest

from tdxkit.view.kit import waiting
from tdxkit.view.kit.waiting import waited_for


def job(ticks=3):
    for k in range(1, ticks + 1):
        yield k, ticks
    return "done"


class Shown:
    def __init__(self, said):
        self.said = said

    def update(self, bundle, raw):
        self.said.append(bundle["text/plain"])


@pytest.fixture
def notebook(monkeypatch):
    """What a notebook's line has said, each in its turn; `now` is what the clock shows at each look."""
    said, now = [], iter(range(100))

    def display(bundle, raw, display_id):
        said.append(bundle["text/plain"])
        return Shown(said)

    monkeypatch.setattr(IPython, "get_ipython", lambda: True)
    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setattr(waiting, "monotonic", lambda: next(now))
    return said


def test_without_a_notebook_nothing_is_said(capsys):
    assert waited_for(job(), "things") == "done" and capsys.readouterr().out == ""


def test_after_a_second_a_line_says_how_far_it_is_and_goes_in_the_end(notebook):
    assert waited_for(job(), "things") == "done"
    rest = "of 3 things; the square in the toolbar stops it"
    assert notebook == [f"1 {rest}", f"2 {rest}", f"3 {rest}", ""]


def test_what_is_quick_says_nothing(notebook, monkeypatch):
    monkeypatch.setattr(waiting, "monotonic", lambda: 0)
    assert waited_for(job(), "things") == "done" and notebook == []


def test_the_line_goes_where_the_work_is_stopped(notebook):
    def stopped():
        yield 1, 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        waited_for(stopped(), "things")
    assert notebook[-1] == "" and len(notebook) == 2
