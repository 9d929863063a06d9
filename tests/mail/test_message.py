"""The text of a patch mail taken apart: each block as people write it, where it ends, and what looks like it and is not."""

import pytest

from tdxkit.mail.message import ITEM_LIMIT, LINKS_KEPT, Changelog, Shortlog, Trailer, message


def read(text: str):
    return message(text.split("\n"))


def log_of(text: str):
    return [(log.author, log.count, log.titles) for log in read(text).shortlog]


def test_a_shortlog_has_its_authors_and_their_titles():
    text = "Hello.\n\nOne (2):\n  first title\n  second title\n\nTwo (1):\n  third title\n\nBye."
    assert read(text).shortlog == (
        Shortlog("One", 2, ("first title", "second title")),
        Shortlog("Two", 1, ("third title",)),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One (1):\n  a long title that\n    goes on", [("One", 1, ("a long title that goes on",))]),
        ("One (2):\n      a\n        more\n      b", [("One", 2, ("a more", "b"))]),
        ("One (1):\n      a\n  b", [("One", 1, ("a",))]),  # less deep: another block
        ("One (9):\n  a", [("One", 9, ("a",))]),  # indented as git does it
        ("One (9):\n      a", [("One", 9, ("a",))]),  # or as git does it in a mail that answers
        ("One (9):\n   a", []),  # neither that many nor indented so
        ("One (9):\n     a", []),
        ("One (2):\n   a\n   b", [("One", 2, ("a", "b"))]),
        ("One (1):\na", []),  # not indented at all
        ("One (1):\n a", []),
        ("One (1):", []),
        ("One (1):\n\n  a", []),
        ("=?utf-8?q?Ren=C3=A9?= (1):\n  a", [("René", 1, ("a",))]),
        ("One (1):  \n  a   b \n  c", [("One", 1, ("a b", "c"))]),
    ],
)
def test_where_a_shortlog_ends_and_what_is_none(text, found):
    assert log_of(text) == found


def test_a_shortlog_is_no_part_of_a_changelog():
    text = "Changes in v2:\n- one\nAuthor (1):\n  - a title\n\ntext"
    assert read(text).changelog[0].items == ("one",)


@pytest.mark.parametrize(
    ("head", "to", "since"),
    [
        ("v2:", 2, None),
        ("v1 -> v2", 2, 1),
        ("v2 -> v1", 2, 1),
        ("Changes in v3:", 3, None),
        ("Changes since v2", None, 2),
        ("Changes from v2:", None, 2),
        ("Changes from v1 to v2:", 2, 1),
        ("v3 changes:", 3, None),
        ("Changelog v4", 4, None),
        ("v2..v3:", 3, 2),
        ("v2 => v3:", 3, 2),
        ("v2", 2, None),
        (" * Changes in V12:", 12, None),
        ("== v2 ==", 2, None),
        ("changes between v3 and v4:", 4, 3),
    ],
)
def test_headings_of_changelogs(head, to, since):
    assert read(f"text\n{head}\n- a change").changelog == (Changelog(to, since, ("a change",)),)


@pytest.mark.parametrize("line", ["v", "v2 is better", "This has v2:", "in the v2: text"])
def test_what_is_no_heading_of_a_changelog(line):
    assert read(f"{line}\n- a change").changelog == ()


def test_a_heading_may_have_99_characters_and_no_more():
    long = "v1" + " " * 80 + "to" + " " * 13 + "v2"
    assert len(long) == 99 and read(f"{long}\n- a").changelog == (Changelog(2, 1, ("a",)),)
    assert read(f"{long.replace('to', 'to ')}\n- a").changelog == ()


@pytest.mark.parametrize(
    ("below", "items"),
    [
        ("- one\n- two", ("one", "two")),
        ("- one\n  more of it\n- two", ("one more of it", "two")),
        ("- one\n  - below it\n- two", ("one - below it", "two")),
        ("  - one\n - two", ("one", "two")),
        ("- one\n\n- two", ("one", "two")),  # a blank line between two bullets
        ("- one\n\n\n- two", ("one",)),
        ("- one\n\ntext", ("one",)),
        ("\n- one", ("one",)),
        ("- one\ntext at the edge", ("one",)),
        ("  - one\n  text as deep", ("one",)),
        ("  - one\n   text deeper", ("one text deeper",)),
        ("plain\ntext goes on\n\n- no more", ("plain text goes on",)),
        ("- one\n---\n- two", ("one",)),
        ("- one\nv1:\n- two", ("one",)),
        ("* one\n+ two\n• three\n1. four\n2) five\no six", ("one", "two", "three", "four", "five", "six")),
        ("", ()),
    ],
)
def test_the_items_of_a_changelog(below, items):
    found = read(f"v2:\n{below}").changelog
    assert (found[0].items if found else ()) == items


def test_changelogs_below_each_other():
    text = "v3:\n- c\n- d\n\nv2:\n- b\n\nv1:\n\n---\n"
    assert read(text).changelog == (Changelog(3, None, ("c", "d")), Changelog(2, None, ("b",)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Why.\n\nSigned-off-by: A <a@x>\nAcked-by: B <b@x>\n", [("Signed-off-by", "A <a@x>"), ("Acked-by", "B <b@x>")]),
        ("Why.\n\nSigned-off-by: A <a@x>\n---\n\nTested-by: below <x@x>\n", [("Signed-off-by", "A <a@x>")]),
        ("Why.\n\nFixes: 1a2b (\"a long\n title\")\nCc: x", [("Fixes", '1a2b ("a long title")'), ("Cc", "x")]),
        ("Why.\nText: before it\nmore prose\nCc: x", [("Cc", "x")]),
        ("Why.\n\nCc: x\n[ one: a remark ]\n(cherry picked from commit 1)\nCc: y", [("Cc", "x"), ("Cc", "y")]),
        ("Why.\n\nCc: x\n\tfolded by a tab\nCc: y", [("Cc", "x"), ("Cc", "y")]),
        ("Cc: above\n\nprose", []),
        ("Cc: above\n\n\nCc: x\n\n\n", [("Cc", "x")]),
        ("Cc: the only line", [("Cc", "the only line")]),
        ("", []),
        ("Cc:x", []),
        ("cc: x", []),
        ("Why.\n\n continued from nowhere\nCc: x", [("Cc", "x")]),
    ],
)  # fmt: skip
def test_trailers(text, found):
    assert read(text).trailers == tuple(Trailer(*row) for row in found)


@pytest.mark.parametrize("block", ["Cc: {}", "v2:\n- {}", "One (1):\n  {}"])
def test_what_goes_on_over_many_lines_is_read_to_its_limit(block):
    """A line that is within the limit still takes one more; past it none."""
    assert ITEM_LIMIT == 4000

    def item(length):
        found = read(f"text\n\n{block.format('x' * length)}\n    more\n    last\n")
        (one,) = [*found.trailers, *(i for log in found.changelog for i in log.items), *(t for log in found.shortlog for t in log.titles)]  # fmt: skip
        return getattr(one, "value", one)

    assert item(4000) == "x" * 4000 + " more"
    assert item(4001) == "x" * 4001
    assert item(10) == "x" * 10 + " more last"


def test_links_are_kept_once_without_what_ends_a_sentence():
    text = "See https://a.org/x, (https://b.org/y). And https://a.org/x; git://c.org/z\nftp://no.org/x"
    assert read(text).links == ("https://a.org/x", "https://b.org/y", "git://c.org/z")


def test_a_hundred_links_are_kept():
    assert LINKS_KEPT == 100
    text = "\n".join(f"https://example.org/{k}" for k in range(150))
    assert read(text).links == tuple(f"https://example.org/{k}" for k in range(100))


def test_of_a_line_with_links_four_thousand_characters_are_read():
    link = "https://example.org/"
    assert read(link.rjust(4000)).links == (link.rstrip("/") + "/",)
    assert read("x " * 1989 + "  " + link + "a").links == (link,)


@pytest.mark.parametrize(
    ("line", "branches"),
    [
        ("  git://g.org/t.git branch", (("git://g.org/t.git", "branch"),)),
        ("https://g.org/t.git tag: v6.1", (("https://g.org/t.git", "v6.1"),)),
        ("https://g.org/t.git branch next", (("https://g.org/t.git", "next"),)),
        ("https://g.org/t.git is where it is", ()),
        ("https://g.org/t.git", ()),
    ],
)
def test_branches(line, branches):
    assert read(f"The following:\n\n{line}\n{line}").branches == branches


def test_earlier_versions_and_where_they_were_posted():
    text = "v1: https://l.org/r/1\n - v2: https://l.org/r/2\n[v3] https://l.org/r/3\nv1: https://l.org/r/again\nLink to v4: https://l.org/r/4"
    assert read(text).previous == (
        (1, "https://l.org/r/1"),
        (2, "https://l.org/r/2"),
        (3, "https://l.org/r/3"),
        (4, "https://l.org/r/4"),
    )


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("base-commit: 1a2b3c", "1a2b3c"),
        ("Based on tag: v6.1", "v6.1"),
        ("based on: v6.2\nbase: v6.3", "v6.2"),
        ("Base: x", "x"),
        ("The base: x", ""),
        ("base: two words", ""),
        ("base: " + "x" * 100, "x" * 100),
        ("base: " + "x" * 101, ""),
    ],
)
def test_what_it_is_based_on(text, base):
    assert read(f"text\n{text}\n").base == base


STAT = " a.c | 1 +\n 1 file changed, 1 insertion(+)"
OTHER = " b.c | 2 ++\n 1 file changed, 2 insertions(+)"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (f"Why.\n---\n{STAT}\n\nmore text", True),
        (f"Why.\n{STAT}\n", True),
        (f"Why.\n{STAT}\n create mode 100644 a.c\n\nbase-commit: 1\n", True),
        (f"Why.\n{STAT}\n\nfor a reason.", False),
        (f"Why.\n{STAT}\n---\nfor a reason.", False),
        (f"---\n{STAT}\ntext", True),
        (f"Why.\n---  \n{STAT}\ntext", True),
        ("Why.\n---\n", False),
    ],
)
def test_whose_diffstat_it_is(text, own):
    assert read(text).own_stat is own


def test_the_last_of_several_diffstats_counts_and_none_is_prose():
    found = read(f"v2:\n- one\n{OTHER}\n\n---\n{STAT}\n")
    assert [file.path for file in found.stat.files] == ["a.c"] and found.own_stat
    assert found.changelog[0].items == ("one",)
    assert read("text").stat is None
