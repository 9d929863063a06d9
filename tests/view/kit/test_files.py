"""The button that opens files: what it takes from a page, and what not."""

import pytest

from tdxkit.view.kit.files import MANY, File, Files


@pytest.fixture
def opened():
    files, seen = Files("Open <b>", ".txt"), []
    files.observe(lambda change: change["new"] and seen.append(change["new"]), "value")
    return files, seen


def test_files_come_with_their_names_and_bytes(opened):
    files, seen = opened
    files._heard(files, {"names": ["a.txt", "b"]}, [memoryview(b"1"), memoryview(b"")])
    assert seen == [(File("a.txt", b"1"), File("b", b""))] and str(files) == "Open <b>"
    files._heard(files, {"names": ["a.txt", "b"]}, [memoryview(b"1"), memoryview(b"")])
    assert len(seen) == 2, "the same files again are opened again"


@pytest.mark.parametrize(
    "message",
    [
        None,
        "names",
        {},
        {"names": "a"},
        {"names": []},
        {"names": [1]},
        {"names": ["a", "b"]},
        {"names": ["a"] * (MANY + 1)},
    ],
)
def test_what_is_no_message_of_the_button_is_not_taken(opened, message):
    files, seen = opened
    files._heard(files, message, [memoryview(b"1")])
    assert seen == []
