"""What a tool makes stands whole or not at all."""

import os

import pytest

from tools.placed import Stopped, last_line, succeeds, whole


def test_a_file_or_a_folder_takes_the_place_of_what_was_there(tmp_path):
    out = tmp_path / "dist" / "thing"
    for words in ("first", "second"):
        with whole(out) as made:
            made.mkdir()
            (made / words).touch()
        assert os.listdir(out) == [words] and os.listdir(out.parent) == ["thing"]
    file = tmp_path / "dist" / "thing.zip"
    for words in ("first", "second"):
        with whole(file) as made:
            made.write_text(words)
        assert file.read_text() == words and sorted(os.listdir(out.parent)) == ["thing", "thing.zip"]


@pytest.mark.parametrize("error", [Stopped("why"), OSError(28, "full", "/x"), KeyboardInterrupt()])
def test_where_it_cannot_be_made_the_old_one_stays_and_no_half_of_the_new(tmp_path, error):
    out = tmp_path / "thing"
    out.mkdir()
    (out / "old").touch()
    with pytest.raises(type(error)), whole(out) as made:
        made.mkdir()
        (made / "half").touch()
        raise error
    assert os.listdir(tmp_path) == ["thing"] and os.listdir(out) == ["old"]


def test_where_nothing_was_made_the_old_one_stays(tmp_path):
    out = tmp_path / "thing"
    out.mkdir()
    (out / "old").touch()
    with pytest.raises(FileNotFoundError), whole(out):
        pass
    assert os.listdir(tmp_path) == ["thing"] and os.listdir(out) == ["old"]


def test_it_is_made_beside_its_place_in_a_folder_that_need_not_be_there_yet(tmp_path):
    out = tmp_path / "not" / "yet" / "thing"
    with whole(out) as made:
        assert made.is_relative_to(out.parent), "another disk could not give it over in one step"
        made.touch()
    assert os.listdir(out.parent) == ["thing"]


def test_a_file_is_there_at_every_moment(tmp_path, monkeypatch):
    out, moves = tmp_path / "thing", []
    out.touch()
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: (moves.append(names), replace(*names)))
    with whole(out) as made:
        made.touch()
    assert moves == [(made, out)], "nothing takes the old one away first"


def test_why_it_cannot_be_is_a_line_that_names_the_thing(tmp_path, capsys):
    def fails(error):
        def make(out):
            raise error

        return make

    assert succeeds("site", lambda out: out.touch(), tmp_path / "there") and (tmp_path / "there").exists()
    assert not succeeds("site", fails(Stopped("npm: it is not here")), tmp_path)
    assert capsys.readouterr().err == "site: npm: it is not here\n"
    assert not succeeds("site", fails(OSError(28, "No space left on device")), tmp_path)
    said = f"site: {tmp_path}: No space left on device; make room, or name another place with --out\n"
    assert capsys.readouterr().err == said
    with pytest.raises(ZeroDivisionError):  # a fault of ours is told whole
        succeeds("site", lambda out: 1 / 0, tmp_path)


def test_the_last_line_of_a_complaint_is_what_it_complains_of():
    assert last_line("ERROR: first\nERROR: it is this\nthis one is ignored\n\n") == "ERROR: it is this"
    assert last_line("") == "it says nothing" and len(last_line("x" * 999)) == 300
