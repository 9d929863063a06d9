"""What is told when all mails are read: stand-ins, pieces that came twice, series that cannot be told apart."""

import pytest

from tdxkit.mail.held import Held, whole_hunks
from tdxkit.mail.hunks import Hunk
from tdxkit.mail.lines import Notes
from tdxkit.mail.message import Message, Shortlog
from tdxkit.mail.patchdiff import PatchFile, counted
from tdxkit.mail.people import Person
from tdxkit.mail.post import Post
from tdxkit.mail.subject import subject


def diff(*wholes: bool):
    hunks = tuple(Hunk(k, k, 1, k, 1, "", ("-a", "+b"), whole) for k, whole in enumerate(wholes, 1))
    return counted([PatchFile("x.c", "", "change", hunks)], True)


def post(title="[PATCH 1/2] t", line=1, hunks=(True,), sender="", **more):
    who = Person("", sender)
    return Post(subject(title), who, who, more.pop("message", Message()), diff(*hunks) if hunks is not None else None, line, **more)  # fmt: skip


def held(*posts):
    """What comes at once, what comes at the end, and what is said."""
    notes = Notes()
    keeper = Held(notes)
    at_once = []
    for k, one in enumerate(posts):
        said = Notes()
        said.add(one.line, f"said of {k}")
        if (given := keeper.take(one, said)) is not None:
            at_once.append(given)
    rest = [*keeper.rest()]
    lines = str(notes).split("\n") if len(notes) else []
    return (
        at_once,
        rest,
        [line for line in lines if "said of" not in line],
        [line for line in lines if "said of" in line],
    )


def test_a_patch_waits_for_nothing():
    one = post()
    assert held(one) == ([one], [], [], ["line 1: said of 0"])


def test_a_quoted_patch_stands_in_where_there_is_none():
    quote = post(quoted=True)
    sentence = "line 1: [PATCH 1/2] t: the patch's own mail is not here, in its place {} that this mail quotes"
    assert held(quote) == ([], [quote], [sentence.format("stands the one hunk")], ["line 1: said of 0"])
    assert held(post(quoted=True, hunks=(True, True)))[2] == [sentence.format("stand the 2 hunks")]
    for hunks, holes in (((True, False), "1 is"), ((True, False, False), "2 are")):
        count = f"stand the {len(hunks)} hunks"
        assert held(post(quoted=True, hunks=hunks))[2] == [f"{sentence.format(count)}, of which {holes} not whole"]


@pytest.mark.parametrize(
    ("patch", "stands"),
    [
        (post(), False),
        (post("[PATCH 1/2]  T"), False),  # the same title
        (post("[PATCH v2 1/2] t"), True),
        (post("[PATCH 2/2] t"), True),
        (post("[PATCH 1/3] t"), True),
        (post("[PATCH v1.1 1/2] t"), True),
        (post("[PATCH 1/2] other"), True),
        (post("[PATCH 1/2] other", message_id="<1@x>"), False),  # its thread tells
        (post("[PATCH 2/2] other", message_id="<1@x>"), True),
        (post(hunks=None), True),
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_for_which_patch_it_stands_in(patch, stands, first):
    quote = post(line=9, quoted=True, references=("<1@x>",))
    _, rest, said, of_them = held(*((quote, patch) if first else (patch, quote)))
    assert (quote in rest) == stands == bool(said)
    assert len(of_them) == 1 + stands, "what was said of an answer that stands in for nothing is not"


def test_of_two_that_quote_a_patch_the_one_with_more_whole_hunks_stands_in_else_the_first():
    less, more, other = (
        post(line=k, hunks=h, quoted=True) for k, h in enumerate([(True, False), (True, True), (True, True)], 1)
    )
    for order in ((less, more, other), (more, less, other)):
        assert held(*order)[1] == [more]
    assert held(less, post(line=7, hunks=(True, False, False), quoted=True))[1][0].line == 7


def test_a_patch_handed_on_stands_in_as_well():
    one = post("Fwd: [PATCH 1/2] t")
    assert held(one)[1:3] == ([one], ["line 1: Fwd: [PATCH 1/2] t: the patch's own mail is not here, in its place stands the one hunk that a mail that hands it on has"])  # fmt: skip
    both = post("Fwd: [PATCH 1/2] t", quoted=True)
    assert held(both)[2][0].endswith("that this mail quotes")
    assert held(one, post())[1] == []


def test_a_patch_without_its_diff_comes_last_unless_it_is_there_after_all():
    empty = post(hunks=None)
    assert held(empty)[:2] == ([], [empty])
    assert held(empty, post(line=5, quoted=True))[1] == [post(line=5, quoted=True)]
    assert held(empty, empty)[1] == [empty] and len(held(empty, post(line=3, hunks=None))[1]) == 2
    piece = post(hunks=None, piece=True)
    assert held(piece, post(line=3, hunks=None, piece=True))[1] == [piece]
    whole = post(line=2)
    assert held(piece, whole)[:2] == ([whole], []) and held(empty, whole)[1] == [empty]
    assert held(post("Fwd: [PATCH 1/2] t", hunks=None), whole)[1] == []
    cover = post("[PATCH 0/2] t", hunks=None)
    assert held(cover)[0] == [cover]


def test_a_piece_that_comes_twice_counts_once():
    sentence = "line {}: [PATCH 1/2] t: it stands at line {} too, and this one has no more of it: left out here"
    first, again, more = post(piece=True), post(line=5, piece=True), post(line=7, hunks=(True, True), piece=True)
    assert held(first, again)[:3] == ([], [first], [sentence.format(5, 1)])
    assert held(first, more)[1:3] == ([more], [sentence.format(1, 7)])
    assert held(more, first)[1:3] == ([more], [sentence.format(1, 7)])


def test_what_was_held_comes_in_the_order_of_the_text():
    posts = [post(f"[PATCH {k}/3] t", line=9 - k, piece=True) for k in (1, 2, 3)]
    assert [one.line for one in held(*posts)[1]] == [6, 7, 8]


def twice(count=2, titles="ab", **more):
    """Two series of so many pieces, below each other."""
    return [post(f"[PATCH {k}/{count}] {t}{k}", line=10 * s + k, piece=True, **more) for s, t in enumerate(titles) for k in range(1, count + 1)]  # fmt: skip


def alike(said):
    return [line for line in said if "several series are" in line]


def test_pieces_of_two_series_that_nothing_tells_apart_are_said():
    (line,) = alike(held(*twice())[2])
    assert line == (
        "line 1: several series are v1 and have 2 patches, with the numbers 1, 2 more than once: nothing in"
        " these pieces tells which belongs to which, so they are taken in the order in which they stand"
    )
    assert "the numbers 1, 2, 3, 4, 5 more" in alike(held(*twice(5))[2])[0]
    assert "the numbers 1, 2, 3, 4, 5, … more" in alike(held(*twice(6))[2])[0]


def test_what_tells_two_series_apart():
    assert alike(held(*twice(titles="a"))[2]) == []
    pieces = [post(f"[PATCH {k}/2] {who}{k}", line=k, piece=True, sender=who) for who in ("a@x", "b@x") for k in (1, 2)]
    assert alike(held(*pieces)[2]) == [], "their senders"
    assert alike(held(*pieces, post("[PATCH 1/2] more", line=9, piece=True, sender="a@x"))[2]), (
        "but one sent a number twice"
    )
    assert alike(held(*pieces, post("[PATCH 1/2] more", line=9, piece=True))[2]), "or has no name"
    whole = [post(f"[PATCH {k}/2] {t}{k}", line=k) for t in "ab" for k in (1, 2)]
    assert alike(held(*whole)[2]) == [], "mails, which are no pieces"
    lone = [post(f"[PATCH] {t}", line=k, piece=True) for k, t in enumerate("ab")]
    assert alike(held(*lone)[2]) == [], "patches without a number"
    versions = [post(f"[PATCH {v} 1/2] {v}", line=k, piece=True) for k, v in enumerate(("v2", "v3", "v2.1"))]
    assert alike(held(*versions)[2]) == [], "their versions"


def test_covers_that_list_all_titles_tell_two_series_apart():
    def cover(*titles, line):
        return post(f"[PATCH 0/2] {line}", line=line, piece=True, message=Message(shortlog=(Shortlog("A", 2, titles),)))

    covers = [cover("a1", "A2", line=50), cover("b1", " b2", line=60)]
    assert alike(held(*covers, *twice())[2]) == []
    assert alike(held(*covers[:1], *twice())[2])


def test_whole_hunks_are_counted():
    assert whole_hunks(post(hunks=(True, False, True))) == (2, 3) and whole_hunks(post(hunks=None)) == (0, 0)


def test_a_post_without_a_subject_is_named_so():
    assert held(post("", quoted=True))[2][0].startswith("line 1: (no subject): the patch's own mail")
    name = held(post("[PATCH 1/2] " + "x" * 200, quoted=True))[2][0].split(": ")[1]
    assert name == "[PATCH 1/2] " + "x" * 88 + "…"
