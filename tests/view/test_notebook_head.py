"""The head of a notebook: its edition in a line, a newer one offered, and a fresh copy beside the reader's."""

import os

import pytest

from tdxkit import __version__
from tdxkit.errors import InputError
from tdxkit.lessons.copies import recorded
from tdxkit.view import opened, reset
from tdxkit.view.kit import live

NEWEST = recorded("04")[0]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_newest_says_what_it_is_and_offers_nothing(monkeypatch):
    head = opened("04", edition=NEWEST)
    line = f"tdxkit {__version__}, notebook 04, edition {NEWEST}"
    assert str(head).startswith(f"{line}\nWords are explained") and head.said == ""
    page = str(head.static())
    assert f'class="tdx-edition">{line}</p>' in page and 'role="alert"' not in page and "tdx-words" in page
    shown = []
    monkeypatch.setattr(live, "display", shown.append)
    monkeypatch.setattr("IPython.display.display", shown.append)
    head._ipython_display_()
    assert shown == [head] and not head.needs_kernel


def test_an_old_copy_is_told_of_the_newer_one_and_given_it(monkeypatch, folder):
    head = opened("04", edition=NEWEST - 1)
    assert f"edition {NEWEST - 1}; tdxkit {__version__} has edition {NEWEST}" in str(head)
    assert 'role="alert"' in str(head.static())
    shown = []
    monkeypatch.setattr(live, "display", shown.append)
    monkeypatch.setattr("IPython.display.display", shown.append)
    head._ipython_display_()
    button, place = shown[1].children
    assert button.description == f"Put edition {NEWEST} beside it"
    button.click()
    name = f"04-refcount-races-edition-{NEWEST}.ipynb"
    assert (folder / name).is_file() and name in place.value and button.disabled


def test_what_is_offered_is_a_copy_of_this_notebook_and_not_of_another(folder):
    newest = recorded("06")[0]
    head = opened("06", edition=newest - 1)
    assert 'reset("06") in a cell' in head.said and ".tdx-edition{" in str(head.static())
    button, place = head.offer().children
    button.click()
    assert [path.name for path in folder.iterdir()] == [f"06-status-codes-edition-{newest}.ipynb"]
    assert f"06-status-codes-edition-{newest}.ipynb" in place.value


def test_where_no_copy_can_lie_the_button_says_so_and_may_be_pressed_again(monkeypatch):
    def refused(number):
        raise InputError("this page", "it has no drive", "open another")

    monkeypatch.setattr("tdxkit.view.notebook_head.reset", refused)
    button, place = opened("04", edition=NEWEST - 1).offer().children
    button.click()
    assert place.value == "this page: it has no drive; open another" and not button.disabled


def test_a_copy_of_a_later_workbook_is_told_so_and_offered_nothing(monkeypatch):
    head = opened("04", edition=NEWEST + 1)
    assert "of a later tdxkit than the one that runs here" in head.said
    shown = []
    monkeypatch.setattr(live, "display", shown.append)
    monkeypatch.setattr("IPython.display.display", shown.append)
    head._ipython_display_()
    assert shown == [head]


def test_reset_puts_a_fresh_copy_beside(folder):
    (folder / "06-status-codes.ipynb").write_text("mine")
    made = reset("06")
    assert str(made) == f"A fresh copy: {made.path.name}" and made.path.parent == folder
    assert (folder / "06-status-codes.ipynb").read_text() == "mine"
    assert set(os.listdir(folder)) == {"06-status-codes.ipynb", made.path.name}
    assert made._repr_markdown_() == f"A fresh copy: [{made.path.name}]({made.path.name})"
    for wrong in ("99", "", "../06"):
        with pytest.raises(InputError, match="none of that number or name"):
            reset(wrong)
