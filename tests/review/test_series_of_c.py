"""A series' C: headers first, nothing asked where there is an answer, and what two versions do differently."""

from tdxkit.c.naming import of_text
from tdxkit.mail.hunks import Hunk
from tdxkit.mail.mailbox import read_mails
from tdxkit.mail.patchdiff import PatchFile
from tdxkit.review.applied import Tree
from tdxkit.review.grouping import series_of
from tdxkit.review.program import changed
from tdxkit.review.racing import Racing
from tdxkit.review.verdicts import verdicts_job
from tdxkit.work import drive
from tests.mail.disguises import WHOLE, as_mbox


def new(path: str, *rows: str) -> PatchFile:
    hunk = Hunk(1, 0, 0, 1, len(rows), "", tuple(f"+{row}" for row in rows), True, range(2, 2 + len(rows)))
    return PatchFile(path, "", "new", (hunk,))


def test_headers_come_first_and_files_in_the_order_of_their_names():
    tree = Tree()
    tree.lay([new("b.c", "int b;"), new("a.c", "int a;"), new("z.h", "int z;"), new("x.rst", "x")], 1)
    assert [(path, chunk.text) for path, chunk in tree.chunks()] == [
        ("z.h", "int z;"),
        ("a.c", "int a;"),
        ("b.c", "int b;"),
    ]
    tree.lay([PatchFile("a.c", "", "gone"), PatchFile("y.c", "b.c", "rename")], 2)
    assert [path for path, _ in tree.chunks()] == ["z.h", "y.c"]


def verdicts(racing: Racing, data: bytes):
    (series,) = series_of(read_mails(data, text=True)[0])
    return drive(verdicts_job(series, racing))


def test_what_is_raced_is_asked_only_where_nothing_tells():
    asked = "say what is raced, by --run 'STATEMENTS' or --get and --put"
    assert not [note for note in verdicts(Racing(), as_mbox()).notes if asked in note]
    other = as_mbox().replace(b"_get", b"_one").replace(b"_put", b"_two")
    assert [note for note in verdicts(Racing(), other).notes if asked in note]


def test_two_versions_differ_in_the_steps_that_differ():
    old = of_text(WHOLE, get="toy_get", put="toy_put")
    assert changed(old, old) == []
    found = changed(
        old,
        of_text(
            WHOLE.replace("\t\tWRITE_ONCE(toy_power, 0);", "\t\tWRITE_ONCE(toy_power, 2);"),
            get="toy_get",
            put="toy_put",
        ),
    )
    assert found and {line[0] for line in found} == {"+", "-"} and all("toy_power" in line for line in found)
