"""What small modules of a review say and refuse: racing, recognise, wanted, a program in rows, a thread with its versions, situations."""

from types import SimpleNamespace as Made

import pytest

from tdxkit.c.naming import of_text
from tdxkit.errors import InputError
from tdxkit.explore.rows import Row
from tdxkit.mail.hunks import Hunk
from tdxkit.mail.patchdiff import PatchFile, counted
from tdxkit.mail.people import Person
from tdxkit.mail.post import Post
from tdxkit.mail.subject import subject
from tdxkit.review import reviewed
from tdxkit.review.program import MANY, Told, _values_of, told, told_of
from tdxkit.review.racing import Racing
from tdxkit.review.recognise import recognise
from tdxkit.review.reviewed import Beside, Reviewed, given_files, reviewed_job
from tdxkit.review.series import Series
from tdxkit.review.situations import Path, beside
from tdxkit.review.wanted import wanted, wrong_kind
from tdxkit.work import drive
from tests.review.pair_in_c import LOCKED

STATUSES = b"SEAMCALL (34) failed: 0xc000050500000000\n"
MAIL = b"From: A <a@x>\nSubject: t\nMessage-ID: <1@x>\n\ntext\n"


@pytest.mark.parametrize(
    ("racing", "named"),
    [
        (Racing(get="a", put="b"), "a b"),
        (Racing(get="a"), "a x_get x_put"),
        (Racing(put="b"), "b x_get x_put"),
        (Racing(), "x_get x_put"),
        (Racing(run=("a(); y = 1;",)), "a y"),
        (Racing(run=("a();",), how={"sets": {"b.c": 1, "x_get[0]": 2}}), "a b x_get"),
        (Racing(run=("a();",), how={"softirq": "b();"}), "a b"),
    ],
)
def test_which_functions_may_be_raced(racing, named):
    assert " ".join(name for name in ("a", "b", "x_get", "x_put", "y", "z") if racing.means(name)) == named


def test_what_is_named_is_raced_whatever_else_there_is():
    assert Racing(get="x", put="y").roots(["a_get", "a_put", "b_get", "b_put"]) == ("x", "y")
    assert Racing(run=("f();",), get="x", put="y").roots([]) == ("f",)
    assert Racing(run=("f();",), how={"softirq": "g();"}).called() == ("f", "g")


@pytest.mark.parametrize(
    ("racing", "said"),
    [
        (Racing(run=("f();", "f(;")), "--run 2"),
        (Racing(run=("f();",), how={"softirq": "g(;"}), "--softirq"),
        (Racing(how={"roles": ("nobody",)}), "nobody"),
    ],
)
def test_what_cannot_be_raced_is_said_before_any_patch(racing, said):
    with pytest.raises(InputError, match=said):
        racing.check()
    Racing(run=("f();",), how={"softirq": "put"}).check()


EVENT = "qemu-1 [001] ..... 1.000000: kvm_msr: msr_read 10 = 0x1\n"
OTHER = "qemu-1 [001] ..... 1.000000: kvm_exit: reason X rip 0x1\n"
STATEMENT = "x = 1;\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (EVENT, "trace"),
        (EVENT + "words\n" * 5, "trace"),
        (OTHER * 2, "trace"),
        (OTHER, None),
        (OTHER * 2 + "words\n" * 2, None),
        ("#if X\n" + "words\n" * 3 + STATEMENT, None),  # one statement in five lines and an end
        ("#if X\n" + "words\n" * 2 + STATEMENT.strip(), "C"),  # one in four
        ("#if X\n" + "words\n" * 3 + STATEMENT.strip(), None),  # one in five
        ("#if X\n" + "words\n" * 8 + STATEMENT.strip() + "\n" + STATEMENT.strip(), None),
        ("Subject: x\nnot a header\nTo: y\n", None),
        ("a soft lockup was seen\n", None),  # the words of a report, and none behind them
        ("RIP: 0010:f+0x1/0x2\n" + STATUSES.decode(), "log"),
    ],
)
def test_how_much_of_a_kind_is_enough(text, name):
    found = recognise(text.encode())
    assert (found and found.name) == name


def reads(source: bytes, **more):
    """A reader of digests and mails that finds what stands behind `=`."""

    def job(stream):
        text = stream.read().decode()
        if text.startswith("bad"):
            raise InputError("text", "it is bad", "mend it")
        return text.rpartition("=")[2] if "=" in text else ""
        yield

    return drive(wanted(("digest", "mbox"), job, **more)(source))


def test_a_reader_of_one_kind_says_what_another_is():
    assert reads(b"a=b") == "b" and reads(STATUSES + b"=found") == "found", "what it finds in another kind is right"
    with pytest.raises(
        InputError,
        match="it is a kernel's log, and this reads a mailing-list digest or mail; python -m tdxkit decode --scan",
    ):
        reads(STATUSES)
    assert reads(b"words") == "", "nothing, and nobody knows what it is"
    heard = []
    assert (
        reads(STATUSES, told=heard.append) == ""
        and len(heard) == 1
        and heard[0].rule.startswith("it is a kernel's log")
    )
    with pytest.raises(InputError, match="it is bad"):
        reads(b"bad words")
    with pytest.raises(InputError, match="it is a kernel's log"):
        reads(b"bad\n" + STATUSES)


def test_the_kinds_that_are_read_are_counted_up():
    said = [
        str(wrong_kind(STATUSES, "x", kinds)) for kinds in (("mbox",), ("digest", "mbox"), ("digest", "mbox", "patch"))
    ]
    assert [one.partition("this reads ")[2].partition(";")[0] for one in said] == [
        "mail", "a mailing-list digest or mail", "a mailing-list digest, mail or a patch without a mail around it",
    ]  # fmt: skip
    assert wrong_kind(MAIL, "x", ("mbox",)) is None and wrong_kind(b"words", "x", ("mbox",)) is None


def row(step, then=None, when=()) -> Row:
    return Row(step, f"do {step}", None, when, (), (), then)


def test_the_end_is_the_first_number_that_no_step_has():
    assert "Step 3 is the end." in str(Told("x", (row(1), row(2))))
    assert "Step 2 is the end." in str(Told("x", (row(1), row(3)))) and "Step 1 is the end." in str(Told("x", ()))


def test_a_program_as_data_names_the_end_and_many_values_by_those_that_they_are_not():
    first, last = Told("x", (row(1, 2), row(2))).as_json()["rows"]
    assert first["then"] == 2 and last["then"] == "end"
    for count, said in ((MANY, [-3, -2, -1, 0]), (MANY + 1, "other than [2, 3, 4]")):
        (one,) = Told("x", (row(1, when=(("refcount[r]", tuple(range(-3, -3 + count))),)),)).as_json()["rows"]
        assert one["when"] == {"refcount[r]": said}


def test_a_lock_has_two_values_and_a_counter_more():
    one = Made(shared={"l": False, "n": 0})
    assert _values_of(one, "l") == (False, True) and _values_of(one, "n") == (-1, 0, 1, 2)


def test_a_design_is_told_with_all_that_may_fail():
    said = {(one.does, one.answer) for one in told("v2").rows}
    assert ("alloc_pair", False) in said and {does for does, answer in said if isinstance(answer, int) and answer > 1} == {
        "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE",
    }  # fmt: skip


def test_a_get_and_a_put_of_c_are_told_of_one_cpu_once():
    plain = told_of(of_text(LOCKED, get="dev_get", put="dev_put"))
    more = told_of(of_text(LOCKED, threads=3, rounds=2, get="dev_get", put="dev_put"))
    assert [one.does for one in plain.rows] == [one.does for one in more.rows] and "c_failed" not in str(plain)
    with pytest.raises(InputError, match="leave --softirq out"):
        told_of(of_text(LOCKED, get="dev_get", put="dev_put", softirq="put"))


def series(*files: str, what="change") -> Series:
    hunk = Hunk(1, 1, 2, 1, 3, "", (" int before;", "+int more;", " int behind;"), True, (2, 3, 4))
    diff = counted([PatchFile(path, "", what, (hunk,)) for path in files], True)
    one = Person("One", "one@x.org")
    return Series(one, 1, 1, None, {1: Post(subject("[PATCH] t"), one, one, diff=diff)})


FITS = "int before;\nint behind;\n"


def test_a_file_without_a_name_is_the_one_that_the_hunks_fit():
    assert given_files(" \n", series("a.c")) == {}
    assert given_files(FITS, series("a.c")) == {"a.c": FITS} == given_files(FITS, series("a.c", "x.rst"))
    assert given_files("int other;\n", series("a.c")) == {"a.c": "int other;\n"}, "there is no other"
    with pytest.raises(InputError, match=r"it may be a\.c, b\.c, c\.c; write ==> NAME <=="):
        given_files(FITS, series("a.c", "b.c", "c.c", "d.c"))
    with pytest.raises(InputError, match=r"it may be a\.c, b\.c"):
        given_files("int other;\n", series("a.c", "b.c"))
    with pytest.raises(InputError, match="the series makes all its files of C itself; leave them out"):
        given_files(FITS, series("a.c", what="new"))


def test_a_thread_without_a_patch_is_refused():
    with pytest.raises(InputError, match="there is no patch in it"):
        drive(reviewed_job(MAIL.replace(b": t", b": [PATCH 0/2] t"), Racing(run=("f();",))))


def bad(*verdicts, last=None):
    return Made(last=last, verdicts=verdicts)


def test_what_is_stepped_first_is_the_newest_that_is_bad_in_the_end(monkeypatch):
    one, two, three = Made(n=1), Made(n=2), Made(n=3)
    monkeypatch.setattr(reviewed, "worst", lambda each: each.verdicts[0] if each.verdicts else None)
    old, new, fine = bad(one, last=one), bad(two, last=three), bad()
    assert Reviewed((old, new, fine)).worst == (old, one), "the newer one was bad on its way alone"
    assert Reviewed((bad(one, last=two), new)).worst == (new, two) and Reviewed((fine,)).worst is None


def test_versions_are_held_against_each_other_with_what_changed_or_it_is_said_why_not():
    assert str(Beside("v1", "v2", why="too large")) == "v1 and v2 are not held against each other: too large"
    seen = type("Seen", (), {"__str__": lambda self: "seen"})()
    assert str(Beside("v1", "v2", seen, ("- a", "+ b"))).split("\n") == [
        "seen", "", "v1 and v2: what changed in get and put, step by step", "- a", "+ b",
    ]  # fmt: skip
    assert str(Beside("v1", "v2", seen)) == "seen"


def ended(one, states: int):
    return Made(last=one and Made(scenario=one, judged=Made(result=Made(states=states))))


def test_two_versions_are_held_against_each_other_up_to_some_size(monkeypatch):
    old, new = (of_text(LOCKED, label=name, get="dev_get", put="dev_put") for name in ("old", "new"))
    monkeypatch.setattr(reviewed, "MOST_STATES", 100)
    found = reviewed._held(ended(old, 100), ended(new, 99), Racing(get="dev_get", put="dev_put"))
    assert found.why == "" and found.seen and found.seen.rounds == 1 and found.rows == ()
    assert reviewed._held(ended(old, 1), ended(new, 101), Racing()).why.startswith("they have 101 states")
    run = [of_text("int x;\n", label=name, run=("x = 1;",)) for name in ("old", "new")]
    assert reviewed._held(*(ended(one, 1) for one in run), Racing(run=("x = 1;",))).why == ""
    assert "it is told of a get and a put" in reviewed._held(*(ended(one, 1) for one in run), Racing()).why


def test_versions_of_which_one_has_no_end_are_not_held_against_each_other(monkeypatch):
    one = Series(Person("One", "one@x.org"), 1, 1, None, series("a.c").patches)
    two = Series(one.sender, 2, 1, None, one.patches)
    monkeypatch.setattr(reviewed, "_held", lambda *pair: "held")

    def beside_of(old, new):
        return [*reviewed.beside([Made(series=one, last=old), Made(series=two, last=new)], Racing())]

    assert beside_of(1, 1) == ["held"] and beside_of(None, 1) == beside_of(1, None) == []


def test_a_path_in_words():
    assert (
        str(Path((("lock", ""), ("inc", "0 → 1")), "-EIO", 1, True)) == "lock, inc 0 → 1; returns -EIO; count 1, pair"
    )
    assert str(Path((("dec", ""),), "", 0, False)) == "dec; count 0, no pair"
    seen = str(beside(["v6"])).split("\n")
    assert seen[0] == "a get, the pair is there" and seen[1].split()[0] == "v6" and seen[2] == ""


def test_a_series_names_what_it_lacks():
    post = series("a.c").patches[1]
    two = Series(post.sender, 1, 2, None, {1: post})
    assert [("cover" in gap) for gap in two.gaps()].count(True) == 1
    assert not [gap for gap in Series(post.sender, 1, 1, None, {1: post}).gaps() if "cover" in gap]
    assert not [gap for gap in Series(post.sender, 1, None, None, {1: post}).gaps() if "cover" in gap]
