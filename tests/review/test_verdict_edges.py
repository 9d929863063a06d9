"""Verdicts at their edges: files beside that are no C, a title that is cut, who is first without a verdict, what a later patch brings new."""

from types import SimpleNamespace as Made

import pytest

from tdxkit.errors import InputError
from tdxkit.mail.placing import Row
from tdxkit.review.racing import Racing
from tdxkit.review.verdict import Verdict
from tests.review.test_verdicts import ABOVE, ASIDE, BELOW, EACH, HEAD, LOCKED, PLAIN, RUN, judged, mails, said
from tests.review.test_wanting import walk


def test_statements_are_looked_at_before_any_patch():
    with pytest.raises(InputError, match="--run 1"):
        judged(mails("", HEAD + PLAIN), Racing(run=("f(;",)))


def test_a_file_beside_that_is_no_c_is_left_out_and_said():
    [found] = judged(mails("", LOCKED), EACH, **{"notes.txt": "int up;\n", "y" * 81 + ".txt": "x"})
    assert found.notes == (
        "notes.txt is left out: its name does not end in .c or .h", f"{'y' * 80}… is left out: its name does not end in .c or .h",
    )  # fmt: skip
    assert said(found) == [(1, "ok", ("dev_get", "dev_use", "dev_put"))]


def test_files_that_are_known_are_laid_before_any_patch_touches_them():
    from tdxkit.mail.mailbox import read_mails
    from tdxkit.review.grouping import series_of
    from tdxkit.review.verdicts import verdicts_job
    from tdxkit.work import drive

    data = mails("int other;\n", "int other, more;\n", path="drivers/other.c")
    (one,) = series_of(read_mails(data, text=True)[0])
    texts = {"drivers/dev.c": LOCKED, "drivers/other.c": "int other;\n", "notes.rst": "x"}
    found = drive(verdicts_job(one, EACH, texts.get, (), texts))
    assert said(found)[0] == (0, "ok", ("dev_get", "dev_use", "dev_put"))
    assert not drive(verdicts_job(one, EACH, texts.get, (), ("notes.rst",))).judged


def test_a_verdict_names_its_mail_and_a_title_is_cut():
    [found] = judged(mails("", LOCKED, titles=("x" * 90,)))
    (one,) = found.patches
    assert (one.label, one.title, one.message_id) == ("1/1", "x" * 90, "<1.1@example.org>")
    assert one.scenario.title.startswith(f"{'x' * 80}…, after 1/1")
    assert one.scenario.own.origin(2).label == "1/1" and one.scenario.own.origin(2).message_id == "1.1@example.org"
    base = ABOVE + LOCKED + BELOW
    [found] = judged(mails(base, ABOVE + ASIDE + BELOW), EACH, **{"drivers/dev.c": base})
    first, second = found.patches
    assert first.scenario.title.startswith("before the series") and second.scenario.title.startswith(
        "dev: part 1, after 1/1"
    )
    assert {first.scenario.own.origin(n).label for n in range(2, 6) if first.scenario.own.origin(n)} == {"dev.c"}


def test_the_line_of_a_mail_is_counted_from_its_first_of_text():
    data = mails("", LOCKED)
    [found] = judged(data)
    text = data.decode().split("\n\n", 1)[1].split("\n")
    (one,) = found.patches
    own = one.scenario.own
    for number, row in enumerate(own.text.split("\n"), 1):
        if origin := own.origin(number):
            assert text[origin.line - 1] == f"+{row}"


def test_a_change_of_the_raced_file_after_a_hole_may_change_it_too():
    texts = ["", LOCKED, LOCKED.replace("int users", "int user_s"), ASIDE.replace("int users", "int user_s"), ASIDE]
    [found] = judged(mails(*texts))
    assert found.patches[0].verdict == "ok" and found.patches[1].missing
    without = [one for one in found.patches if not one.judged]
    assert all(one.missing for one in without)


def given(n: int, judged=None, rows=(), spans=None, missing=("why",)):
    return Made(n=n, judged=judged, missing=missing, text=Made(rows=rows, spans=spans or {}))


def row(patch: int, added=True) -> Row:
    return Row("x", patch, 1, "x", added)


@pytest.mark.parametrize(
    ("later", "settled"),
    [
        ([given(2, True, (row(2), row(2)), {"f": (1, 2)})], True),
        ([given(2, True, (row(2), row(2, added=False)), {"f": (1, 2)})], False),  # a line that stood before
        ([given(2, True, (row(1), row(2)), {"f": (1, 2)})], False),  # a line of this patch itself
        ([given(2, True, (row(1), row(2)), {"f": (2, 2)})], True),  # which is none of the function's
        ([given(2, True, (row(2), row(1)), {"f": (1, 1)})], True),
        ([given(2, True, (None, row(2)), {"f": (1, 2)})], True),  # one that we wrote
        ([given(2, True, (None,), {"f": (1, 1)})], False),
        ([given(2, True, (row(2),), {"g": (1, 1)})], False),  # another function
        ([given(2, None, (row(2),), {"f": (1, 1)})], False),  # which was not judged
        ([given(1, True, (row(2),), {"f": (1, 1)})], False),  # and no later one
        ([], False),
    ],
)
def test_what_a_later_patch_brings_new_no_earlier_one_can_have_changed(later, settled):
    one = walk(unseen={1: ("f",)})
    mine = Verdict(1, "1/3", "t", missing=("why",))
    assert (one.settled(mine, [mine, *later]).missing == ()) == settled


def test_only_what_was_in_no_text_is_settled():
    one, later = walk(unseen={2: ("f",)}), [given(3, True, (row(3),), {"f": (1, 1)})]
    mine = Verdict(1, "1/3", "t", missing=("why",))
    assert one.settled(mine, later) is mine
    done = Verdict(2, "2/3", "t", missing=("why",), judged=Made())
    assert one.settled(done, later) is done, "one that is judged stays as it is"


def text_of(functions, spans, files, doubts=(), doubted=()):
    return Made(functions=functions, spans=spans, files=files, doubts=doubts, doubted=doubted)


def test_which_functions_a_patch_changed():
    one = walk()
    one.spelled, one.tree.beside = {"f": "a", "g": "b"}, ["beside.c"]
    text = text_of(
        {"f": "a", "g": "c", "h": "d"}, {"f": (1, 1), "g": (2, 3), "h": (4, 4)}, ("x.c", "x.c", "beside.c", "beside.c")
    )
    assert one._changed(2, text) == ("g",), "f is as it was, h stands beside, and where g begins counts"
    doubt = Made(patch=2)
    doubtful = text_of({"f": "a", "g": "b"}, {"f": (1, 1), "g": (2, 2)}, ("x.c", "x.c"), [doubt], ("f",))
    assert one._changed(2, doubtful) == ("f",) and one._changed(3, doubtful) == (), "by the patch of the doubt alone"


def test_a_function_in_whose_place_another_stands_is_said_once_and_where_it_changes():
    one = walk()

    def hidden(words):
        return Made(needed=Made(hidden={"f": ("y" * 81 + ".c", "z" * 81 + ".c", words)}))

    for n, words in ((1, "a"), (2, "a"), (3, "b")):
        one._replaced(n, hidden(words))
    assert one.notes == [
        f"f() is that of {'y' * 80}…, not the one of {'z' * 80}…", f"3/3 changes f(), in whose place stands that of {'y' * 80}…",
    ]  # fmt: skip


def test_what_is_raced_is_what_statements_call():
    assert RUN == ("dev_get(); dev_use(); dev_put();",)
    [found] = judged(mails("", LOCKED), Racing(run=("dev_get();",)))
    assert said(found) == [(1, "ok", ("dev_get",))]
