"""Which mail or file is wanted, in the words that are told: of holes, of functions in no text, of hunks that are not laid, of patches that are cut."""

from types import SimpleNamespace as Made

import pytest

from tdxkit.c.kernel.pages import PREDICATES
from tdxkit.mail.diffstat import Diffstat, FileStat
from tdxkit.mail.hunks import Hunk
from tdxkit.mail.message import Message
from tdxkit.mail.patchdiff import PatchFile, counted
from tdxkit.mail.people import Person
from tdxkit.mail.placing import Doubt
from tdxkit.mail.post import Post
from tdxkit.mail.subject import subject
from tdxkit.review.racing import Racing
from tdxkit.review.series import Series
from tdxkit.review.verdict import Verdict
from tdxkit.review.verdicts import _Series
from tdxkit.review.wanting import BEFORE, Words, headed, may_lack, no_hunk

ONE = Person("One", "one@x.org")
FULL, EMPTY = ("1" * 7, "2" * 7), ("0" * 7, "e69de29")


def hunk(*lines: str, heading="", whole=True) -> Hunk:
    return Hunk(1, 1, 1, 1, 1, heading, lines or ("-a", "+b"), whole, range(2, 3 + len(lines)))


def file(path="x.c", *hunks: Hunk, what="change", **more) -> PatchFile:
    return PatchFile(path, "", what, hunks, **more)


def post(n: int, *files: PatchFile, total=3, minor="", diff=True, **more) -> Post:
    what = subject(f"[PATCH v1{minor} {n}/{total}] t{n}")
    return Post(what, ONE, ONE, diff=counted([*files] or [file("x.c", hunk())], True) if diff else None, **more)


def series(*posts: Post, total=3, replaced=()) -> Series:
    return Series(ONE, 1, total, None, {p.subject.n: p for p in posts}, 0, tuple(replaced))


def words(*posts: Post, total=3, racing=None, complete=False, replaced=(), beside=()) -> Words:
    tree = Made(
        files={"x.c": Made(complete=complete), **{path: Made(complete=True) for path in beside}}, beside=[*beside]
    )
    return Words(series(*posts, total=total, replaced=replaced), racing or Racing(get="f", put="g"), tree)


def test_a_patch_is_called_as_its_subject_counts_it():
    assert [words(post(1)).label(n) for n in (0, 2)] == [BEFORE, "2/3"] and words(post(1), total=12).label(2) == "02/12"
    assert words(post(1), post(2), total=None).label(1) == "1/2" and words(total=None).label(1) == "1/1"


def test_a_hole_is_filled_by_earlier_patches_else_by_a_file():
    last = post(6, total=6)
    assert words(post(1), post(2), post(3)).hole(2, ["f"]) == (
        "2/3 changes f(), of which the mails show a part: give the file as it was before, --base FILE"
    )
    assert words(last, total=6).hole(6, ["f"]).endswith("paste 1-5 of 6 too".replace("-", "–"))
    four = words(post(1, total=6), last, total=6)
    assert four.hole(6, ["f"]) == "6/6 changes f() of an earlier patch: paste 2/6 and 3/6 and 4/6 and 5/6 too"
    assert four.hole(2, ["f"]).startswith("2/6 changes f(), of which the mails show a part"), (
        "itself is none of the earlier ones"
    )
    whole = "f(): no whole function in the files that are here, as where an #if splits its braces: give it in a file beside, --base FILE"
    assert words(last, total=6).hole(0, ["f"]) == words(last, total=6, complete=True).hole(6, ["f"]) == whole
    assert words(last, total=6, beside=("y.c",)).hole(6, ["f"]) != whole, "a file beside is none that is laid"


def test_functions_that_are_in_no_text():
    one = words(post(1))
    assert (
        one.unseen(1, ["f"], [file("a/x.c"), file("a.rst")])
        == "f() is in no text so far: give x.c as before the series, --base FILE"
    )
    assert one.unseen(1, ["f", "g"], []) == "f() and g() are in no text so far: give the file that has it, --base FILE"
    many = [file(f"{n}.c") for n in range(6)]
    assert "give 0.c and 1.c and 2.c and 3.c as before" in one.unseen(1, ["f"], many)
    assert "x" * 60 + "…" in one.unseen(1, ["f"], [file("x" * 61 + ".c")])


def test_a_hunk_that_is_not_laid():
    one = words(post(1))
    assert one.unlaid("x.c", Doubt(1, 7, "why")) == "the hunk at line 7 of x.c is not laid: why"
    assert one.unlaid("", Doubt(1, 0, "why")) == "what it changes of no file is not laid: why"
    assert "x" * 80 + "…" in one.unlaid("x" * 81, Doubt(1, 0, "why"))


def text(doubts=(), twice=None, functions=None, rows=(), files=()):
    return Made(
        doubts=doubts, needed=Made(twice=twice or {}, functions=functions or {}), rows=rows, files=files, spans={}
    )


def test_why_a_text_may_be_another():
    one = words(post(1))
    assert one.doubtful(text()) == ()
    assert one.doubtful(text([Doubt(1, 7, "why"), Doubt(2, 0, "so")])) == (
        "1/3: its hunk at line 7 is not laid (why), so this may not be what stands here",
        "2/3: what it changes is not laid (so), so this may not be what stands here",
    )
    (twice,) = one.doubtful(text(twice={"f": ["a.c", "a.c", "b.c"]}))
    assert twice.startswith("f stands in a.c and b.c 3 times, and which is meant is not to be seen")
    (inside,) = one.doubtful(
        text(functions={"f": Made(named=Made(spelled="x # include y")), "g": Made(named=Made(spelled="x"))})
    )
    assert inside.startswith("f() has an #include inside")
    assert "x" * 80 + "…" in one.doubtful(text(twice={"f": ["x" * 81]}))[0]


def test_a_file_that_is_not_known_whole_may_be_given():
    part, whole = words(post(1)), words(post(1), complete=True)
    assert part.or_base(text(files=("", "x.c", "x.c"))) == "; or give x.c as before the series, --base FILE"
    assert whole.or_base(text(files=("", "x.c"))) == "" == part.or_base(text(files=("",)))


def row(patch: int):
    return Made(patch=patch)


def test_what_a_verdict_is_short_of():
    here = text(rows=(None, row(1)), files=("", "x.c"))
    assert words(post(1), post(3)).short_of(3, here) == ("2 of 3 is not at hand and may change this too",)
    assert words(post(1), post(3)).short_of(2, here) == () == words(post(1), post(2)).short_of(2, here)
    assert words(post(1), post(4, total=4), total=4).short_of(4, here) == (
        "2–3 of 4 are not at hand and may change this too",
    )
    later = text(rows=(row(2),), files=("x.c",))
    assert words(post(2), post(3)).short_of(3, later) == (), "it came before the first line of it"
    beside = text(rows=(row(1), row(2)), files=("y.c", "x.c"))
    assert words(post(2), post(3), beside=("y.c",)).short_of(3, beside) == (), (
        "a file beside brings no line of the series"
    )


def test_a_patch_that_is_here_twice_or_cut_is_said():
    none = text()
    twice = words(post(1), post(2), replaced=[post(2)])
    assert twice.short_of(1, none) == () and twice.short_of(2, none) == (
        "2/3 is here more than once, and the later one is judged",
    )
    assert words(post(1), replaced=[post(1)]).short_of(1, none) == (
        "1/3 is here more than once, and the later one is judged",
    )
    assert words(post(1, minor=".1"), replaced=[post(1)]).short_of(1, none) == (), "v1.1 is meant to take its place"
    cut = file("x.c", hunk(whole=False))
    assert words(post(1, cut)).short_of(1, none) == ("1/3 may bring more than is here: it does not add up",)
    assert words(post(1, quoted=True)).short_of(1, none) == ("1/3 may bring more than is here: it is quoted",)
    assert words(post(1), post(2, cut)).short_of(1, none) == ()
    assert len(words(*(post(n, cut, total=9) for n in range(1, 7)), total=9).short_of(6, none)) == 4


@pytest.mark.parametrize(
    ("one", "begins"),
    [
        (post(1), None),
        (post(1, file("x.c")), "no hunk of it is here"),
        (post(1, diff=False), "no hunk of it is here"),
        (post(1, file("x.c", hunk()), file("y.c")), "no hunk of it is here"),
        (post(1, quoted=True), "it is quoted, and not all of it may be here"),
        (post(1, file("x.c", hunk(whole=False))), "not all of it is here"),
    ],
)
def test_a_patch_that_could_not_be_read_may_change_what_is_raced(one, begins):
    said = words(one).unread(1)
    assert bool(said) == bool(begins) and (not said or said[0].startswith(begins)) and words(one).unread(2) == ()


def test_what_is_raced_is_asked_with_what_the_series_changes():
    def asked(*names):
        files = [
            file("x.c", *(hunk(heading=f"void {name}(void)") for name in names)),
            file("x.rst", hunk(heading="h()")),
        ]
        return words(post(1, *files)).ask().partition("--get and --put")[2]

    assert asked() == "" and asked("a") == ": the series changes a()"
    assert asked("a", "b", "c", "d") == ": the series changes a() and b() and c() and d()"
    assert asked("a", "b", "c", "d", "e") == ": the series changes a() and b() and c() and d() and more"


@pytest.mark.parametrize(
    ("line", "named"),
    [("+void f(void)", True), ("+_Bool f(void)", True), (" int f(int x)", True), ("+void f(void);", False), ("+\tf(x);", False), ("+{ f(x) }", False), ("+a f(", True), ("+f(void)", True)],
)  # fmt: skip
def test_functions_whose_head_a_hunk_shows(line, named):
    assert headed([file("x.c", hunk(line))]) == (["f"] if named else [])
    assert headed([file("x.c", hunk("-f;", heading="static int g(void)"))]) == ["g"]


@pytest.mark.parametrize(
    ("one", "missing"),
    [
        (file("x.c"), True),
        (file("x.c", hunk()), False),
        (file("x.rst"), False),
        (file("x.c", binary=True), False),
        (file("x.c", what="gone"), False),
        (file("x.c", what="new", blobs=FULL), True),
        (file("x.c", what="new", blobs=EMPTY), False),
    ],
)
def test_a_file_of_c_without_its_hunks(one, missing):
    assert no_hunk(one) == missing


STAT = Diffstat((FileStat("x.c", 2, (1, 1), (1, 1)),), 1, 1, 1)
OTHER = Diffstat((FileStat("x.c", 9, (8, 8), (1, 1)),), 1, 8, 1)


@pytest.mark.parametrize(
    ("one", "lacks"),
    [
        (post(1), False),
        (post(1, quoted=True), True),
        (post(1, file("x.c", hunk(whole=False))), True),
        (post(1, message=Message(stat=OTHER, own_stat=True)), True),
        (post(1, message=Message(stat=STAT, own_stat=True)), False),
        (post(1, message=Message(stat=OTHER)), False),  # somebody else's diffstat
        (post(1, message=Message(stat=OTHER), quoted=True), True),
        (post(1, message=Message(stat=STAT), quoted=True), False),  # its own tells
        (post(1, diff=False), False),
        (post(1, diff=False, quoted=True, message=Message(stat=STAT, own_stat=True)), True),
    ],
)
def test_lines_of_a_patch_may_be_missing(one, lacks):
    assert may_lack(one) == lacks


def walk(racing=None, functions=(), **more) -> _Series:
    tree = Made(
        files={}, beside=[], functions=lambda: list(functions), parts=set, unread=lambda: [], before=lambda path: None
    )
    return _Series(series(post(1), post(3)), racing or Racing(), tree, **more)


def verdict(n: int, judged=None, spans=None, rows=()) -> Verdict:
    one = Verdict(n, f"{n}/3", "t", missing=() if judged else ("why",), judged=judged)
    return Made(
        **{name: getattr(one, name) for name in ("n", "label", "missing", "judged")},
        text=Made(spans=spans or {}, rows=rows),
    )


def test_notes_name_what_is_lost_and_what_is_the_models_own():
    judged = [verdict(1, judged=object())]
    assert walk().all_notes(judged) == ["of 3 patches 2 is not at hand"]
    some = [*PREDICATES][:2]
    (_, own) = walk(functions=some[:1]).all_notes(judged)
    assert own.startswith(f"{some[0]}() is the model's own")
    (_, two) = walk(functions=some).all_notes(judged)
    assert " are the model's own" in two and len(some) == 2
    assert len(walk(Racing(run=("f();",)), functions=some).all_notes(judged)) == 1, "what statements call is the text's"
    assert walk().all_notes([])[-1].startswith("say what is raced") and len(walk(Racing(get="f")).all_notes([])) == 1


def test_a_part_of_a_file_of_c():
    one = walk()
    one.tree.files.update({"a.c": Made(complete=True), "b.c": Made(complete=False)})
    assert [one._is_part(path) for path in ("a.c", "b.c", "c.c", "d.rst")] == [False, True, True, False]
