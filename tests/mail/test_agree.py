"""Each proof that a diffstat and a diff do not agree, and the bounds of the work that looks for it."""

import pytest

from tdxkit.mail import agree
from tdxkit.mail.agree import matches, mismatches
from tdxkit.mail.diffstat import Diffstat, FileStat, added_up
from tdxkit.mail.patchdiff import Diff


def stat(path: str, changes: int = 1, binary: bool = False) -> FileStat:
    return FileStat(path, changes, (changes, changes), (0, 0), binary=binary)


def diff(*files: FileStat, hidden: tuple = (), entries: int = 0) -> Diff:
    return Diff(added_up(files), hidden=frozenset(hidden), entries=entries or len(files))


def said(
    *rows: FileStat, of: Diff, changed: int | None = None, plus: int | None = None, minus: int = 0, modified: int = 0
):
    total = sum(row.changes for row in rows)
    return mismatches(Diffstat(rows, len(rows) if changed is None else changed, total if plus is None else plus, minus, True, modified), of)  # fmt: skip


X, Y = stat("x.c"), stat("y.c")


@pytest.mark.parametrize(
    ("row", "path", "found"),
    [
        ("mm/x.c", "mm/x.c", True),
        ("x.c", "mm/x.c", True),
        ("b/mm/x.c", "mm/x.c", True),
        ("m/x.c", "mm/x.c", False),
        ("mm/x.c", "m/x.c", False),
        ("...m/x.c", "mm/x.c", True),
        (".../x.c", "mm/x.c", True),
        (".../x.c", "mm/yx.c", False),
        (".../mm/x.c", "x.c", True),
        ("a  b.c", "a b.c", True),
        ("y.c", "x.c", False),
    ],
)
def test_whether_a_row_may_speak_of_a_path(row, path, found):
    assert matches(stat(row), path) is found


def test_files_that_are_counted_too_many_or_too_few():
    both = diff(X, Y)
    assert said(X, Y, of=both) == ()
    assert "the diffstat says 1 files changed, the diff has 2" in said(X, of=both, plus=2)
    assert "the diffstat says 3 files changed, the diff has 2" in said(X, Y, of=both, changed=3)
    assert said(X, stat("x.c"), Y, of=both, plus=2)[:1] == (), "one row for each of its commits"
    assert said(X, of=diff(X, stat("run.sh", 0))) == said(X, stat("run.sh", 0), of=diff(X, stat("run.sh", 0))) == ()
    assert said(X, of=diff(X, Y, hidden=("y.c",))) == ("y.c is in the diff and not in the diffstat",)
    for entries, many in ((1, True), (2, False)):  # a change of type is two entries of one file
        assert ("files changed" in said(X, Y, of=diff(stat("x.c", 2), entries=entries))[0]) == many


@pytest.mark.parametrize(
    ("plus", "minus", "sentence"),
    [
        (1, 0, None),
        (2, 0, "the diffstat says 2 insertions, the diff has 1"),
        (1, 3, "the diffstat says 3 deletions, the diff has 0"),
    ],
)
def test_totals(plus, minus, sentence):
    assert said(X, of=diff(X), plus=plus, minus=minus) == ((sentence,) if sentence else ())
    assert said(X, of=diff(X), plus=plus, minus=minus, modified=1) == ()
    assert said(X, of=diff(X, hidden=("x.c",)), plus=plus, minus=minus) == ()
    binary = stat("p.bin", 0, True)
    assert said(X, binary, of=diff(X, binary, hidden=("p.bin",)), plus=plus, minus=minus) == (
        (sentence,) if sentence else ()
    )
    changed = stat("p.bin", 1, True)
    assert said(X, changed, of=diff(X, changed, hidden=("p.bin",)), plus=plus, minus=minus) == ()


def test_a_row_is_wrong_where_no_file_of_its_name_has_so_many_lines():
    assert said(stat("x.c", 5), of=diff(stat("x.c", 3)), plus=3) == (
        "x.c: the diffstat has 5 changed lines, the diff 3",
    )
    assert said(stat("x.c", 5), of=diff(stat("x.c", 3)), plus=3, modified=2) == ()
    two = diff(stat("a/x.c", 3), stat("b/x.c", 4))
    assert said(stat("x.c", 4), of=two, plus=7, changed=2) == ()
    assert said(stat("x.c", 5), of=two, plus=7, changed=2) == (
        "x.c: the diffstat has 5 changed lines, the diff has another number in each file of that name",
    )
    assert said(stat("x.c", 5), of=diff(stat("x.c", 3), hidden=("x.c",)), plus=3) == ()
    assert said(stat("x.c", 0), of=diff(stat("x.c", 3)), plus=3) == ()
    assert said(stat("x.c", 2), stat("b/x.c", 3), of=diff(stat("x.c", 5), entries=2)) == (), "a row for each commit"


def test_a_row_of_no_file_is_said_where_it_has_lines():
    assert said(stat("z.c"), of=diff(X), changed=1) == ("z.c is in the diffstat and not in the diff", "x.c is in the diff and not in the diffstat")  # fmt: skip
    assert said(X, stat("z.c", 0), of=diff(X), changed=1) == ()


def test_a_name_that_is_cut_without_dots_is_looked_for_in_all_paths(monkeypatch):
    long = stat("averylongname.c")
    assert said(stat("gname.c"), of=diff(long)) == ()
    monkeypatch.setattr(agree, "_SCANNED", 2)
    assert said(stat("gname.c"), of=diff(long, stat("d", 0))) == ()
    assert said(stat("z1.c"), stat("z2.c"), of=diff(long, stat("d", 0)), plus=1)[:2] == (
        "z1.c is in the diffstat and not in the diff",
    )
    monkeypatch.setattr(agree, "_SCANNED", 1)
    assert said(stat("z1.c"), of=diff(long, stat("d", 0))) == (), "then nothing is concluded"
    monkeypatch.setattr(agree, "_SCANNED", 3)
    many = said(stat("z1.c"), stat("z2.c"), of=diff(long, stat("d", 0)), plus=1, changed=2)
    assert many == ("z1.c is in the diffstat and not in the diff",)


def test_a_row_is_held_against_two_hundred_files_of_its_name():
    assert (agree._TRIED, agree._SCANNED) == (200, 1_000_000)
    for count, found in ((200, True), (201, False)):
        files = [stat(f"d{k}/Makefile", 0) for k in range(count)]
        assert bool(said(stat("z/Makefile"), of=diff(*files), plus=0, changed=0)) is found
