"""One post: what it says of itself, what is missing in it, and what a program gets of it."""

import pytest

from tdxkit.mail.diffstat import diffstats
from tdxkit.mail.lines import Notes
from tdxkit.mail.message import Message, Shortlog, message
from tdxkit.mail.patchdiff import read_diff
from tdxkit.mail.people import Person
from tdxkit.mail.post import Post, lore_link
from tdxkit.mail.subject import subject

ONE = Person("One", "one@example.org")
TEXT = [
    "Why.",
    "",
    "v1: https://l.org/r/1",
    "base-commit: 1a2b",
    "  git://g.org/t.git next",
    "",
    "Cc: x",
    "---",
    " a.c | 5 +++--",
    " 1 file changed, 3 insertions(+), 2 deletions(-)",
]
DIFF = ["--- a/a.c", "+++ b/a.c", "@@ -1,2 +1,2 @@", " a", "-b", "+c"]


def post(title="[PATCH v2 3/7] t", text=(), diff=None, **more):
    return Post(subject(title), ONE, ONE, message(list(text)), diff, **more)


def test_what_a_mail_states_goes_before_what_its_diff_adds_up_to():
    diff = read_diff(DIFF, Notes())
    assert post(text=TEXT, diff=diff).stat.insertions == 3
    assert post(diff=diff).stat.insertions == 1
    assert post().stat is None


def test_the_files_are_those_of_the_diff_where_there_is_one():
    diff, none = read_diff(DIFF, Notes()), read_diff([], Notes())
    assert [file.changes for file in post(text=TEXT, diff=diff).files] == [2]
    assert [file.changes for file in post(text=TEXT, diff=none).files] == [5]
    assert [file.changes for file in post(text=TEXT).files] == [5]
    assert post().files == ()


STAT = next(diffstats(TEXT))[2]
LOG = (Shortlog("One", 1, ("t",)),)


@pytest.mark.parametrize(
    ("title", "said", "diff", "missing"),
    [
        ("[PATCH 1/2] t", Message(stat=STAT), None, ()),
        ("[PATCH 1/2] t", Message(), None, ("no diffstat",)),
        ("[PATCH 0/2] t", Message(stat=STAT, shortlog=LOG), None, ()),
        ("[PATCH 0/2] t", Message(shortlog=LOG), None, ("no diffstat of the whole",)),
        ("[PATCH 0/2] t", Message(stat=STAT), None, ("no shortlog",)),
        ("[PATCH 0/2] t", Message(), None, ("no diffstat of the whole", "no shortlog")),
        ("[GIT PULL] t", Message(stat=STAT, shortlog=LOG), None, ("no diff: a pull request names a branch instead",)),
        ("[GIT PULL] t", Message(stat=STAT, shortlog=LOG), read_diff(DIFF, Notes()), ()),
    ],
)
def test_what_is_missing(title, said, diff, missing):
    assert Post(subject(title), ONE, ONE, said, diff).missing() == missing


def test_an_entry_as_data():
    assert post(text=TEXT).as_json() == {
        "title": "t", "subject": "[PATCH v2 3/7] t", "author": {"name": "One", "email": "one@example.org"}, "version": 2, "n": 3, "total": 7,
        "role": "patch", "files": [{"path": "a.c", "changes": 5, "added": [3, 3], "removed": [2, 2]}],
        "files_changed": 1, "insertions": 3, "deletions": 2, "branches": [["git://g.org/t.git", "next"]], "base": "1a2b",
        "previous": [[1, "https://l.org/r/1"]], "trailers": [["Cc", "x"]],
    }  # fmt: skip


def test_an_entry_without_a_diffstat_counts_nothing():
    found = post().as_json()
    assert (found["files"], found["files_changed"], found["insertions"], found["deletions"]) == ([], 0, 0, 0)


def test_a_link_needs_a_message_id_of_at_most_400_characters():
    assert post(message_id="<a@b.c>").link == "https://lore.kernel.org/r/a@b.c" and post().link == ""
    assert lore_link("x" * 396 + "@b.c").endswith("@b.c") and lore_link("x" * 397 + "@b.c") == ""


def test_a_post_without_more_is_a_new_one_of_line_0():
    made = post()
    assert (made.line, made.body, made.quoted, made.piece, made.kind) == (0, 0, False, False, "New")
    assert (made.message_id, made.references, made.date) == ("", (), "")
