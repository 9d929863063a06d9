"""A digest at its limits: where its head may stand, what is a table's row and a heading, how long an entry may be."""

import pytest

from tdxkit.errors import InputError
from tdxkit.mail.lines import Notes
from tdxkit.mail.people import Person
from tdxkit.mail.subject import subject
from tdxkit.review import digest as digests
from tdxkit.review.digest import ENTRY_LIMIT, RULE, is_digest, read_digest
from tdxkit.review.digest_tables import LIST_TITLE, MESSAGES_TITLE, Counted, Ledger, Table, tables_of

RANGE, HEAD = "From 1a2b to 3c4d", "TOY mailing list update from 1a2b to 3c4d"
STAT = " a.c | 1 +\n 1 file changed, 1 insertion(+)\n"
TABLES = "Top 5 contributor Email domains (Based on Email Body)\n\n  2 x.org\n\nTop 5 contributors (Based on Email Body)\n\n  2 One <one@x.org>\n\n"


def entry(title="t", author="One <one@x.org>", body=STAT, kind="New", tag="[PATCH]"):
    return f"{kind}: {title}\n{tag} {title}\nAuthor: {author}\n\n{body}\n{RULE}\n\n"


def read(*entries: str, head=f"{RANGE}\n{HEAD}\n\n", tables=TABLES):
    found = read_digest(f"{head}{tables}{MESSAGES_TITLE}\n\n{''.join(entries)}".encode())
    return found, str(found.notes)


def test_a_digest_says_in_its_first_fifty_lines_that_it_is_one():
    assert is_digest("\n" * 49 + HEAD) and not is_digest("\n" * 50 + HEAD) and not is_digest(f"> {HEAD}")
    assert read(head="\n" * 49 + HEAD + "\n")[0].list == "TOY"
    with pytest.raises(InputError, match="a digest begins with 'LIST mailing list update"):
        read(head="\n" * 50 + HEAD + "\n")
    assert not is_digest("x" * 500 + HEAD) and is_digest("x" * 150 + " " + HEAD)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (f"{RANGE}\n{HEAD}\n", ""),
        (f"{HEAD}\n", "line 1: the first head is missing"),
        (f"From 1a2b to 9999\n{HEAD}\n", "line 2: the two heads do not name the same range"),
    ],
)
def test_both_heads_name_one_range(head, said):
    found, notes = read(head=head)
    assert (found.from_commit, found.to_commit, notes) == ("1a2b", "3c4d", said)


def tables(*lines: str):
    notes = Notes()
    job = tables_of(iter(enumerate(lines, 1)), notes)
    try:
        next(job)
    except StopIteration as end:
        return (*end.value[0], end.value[1], str(notes))


TOP = "Top {} contributor{}s (Based on Email Body)"


def test_tables_and_the_list():
    domains, people, listed, said = tables(
        TOP.format(2, " Email domain"), "", "  7 x.org", "odd", TOP.format(9, ""), "12  One <one@x.org>  ", LIST_TITLE, "a", "", "b ", MESSAGES_TITLE, "3 none"
    )  # fmt: skip
    assert (domains.rows, domains.limit) == ([Counted("x.org", 7)], 2)
    assert (people.rows, people.limit) == ([Counted(Person("One", "one@x.org"), 12)], 9)
    assert listed == ("a", "b ") and said == "line 4: no row of a table: odd"
    assert tables(MESSAGES_TITLE)[2:] == (None, "") and tables(LIST_TITLE, MESSAGES_TITLE)[2:] == ((), "")
    assert tables(TOP.format(2, ""))[2:] == (None, "the digest ends before its messages")
    assert tables(LIST_TITLE, "a")[2] == ("a",)
    assert tables("3 x.org", MESSAGES_TITLE)[3] == "line 1: no row of a table: 3 x.org"


def test_only_a_table_with_fewer_rows_than_it_may_have_is_whole():
    table = Table()
    table.limit = 2
    assert table.whole
    table.rows.append(Counted("x.org", 1))
    assert table.whole
    table.rows.append(Counted("y.org", 1))
    assert not table.whole


def test_entries_have_their_lines_kinds_and_authors():
    found, said = read(entry("a"), entry("b", kind="Re"))
    at = f"{RANGE}\n{HEAD}\n\n{TABLES}{MESSAGES_TITLE}\n\n".count("\n") + 1
    assert [(post.subject.title, post.kind, post.line) for post in found.entries] == [
        ("a", "New", at),
        ("b", "Re", at + 9),
    ]
    assert found.entries[0].author == found.entries[0].sender == Person("One", "one@x.org") and said == ""
    assert [row.who.name for row in found.unposted()] == []
    assert [row.who.name for row in read()[0].unposted()] == ["One"]


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        (entry(), True),
        (entry().replace("New: t", "New:  t"), True),
        (entry().replace("New: t", "New:   t"), False),
        (entry().replace("New: t", "new: t"), False),
        (entry().replace("New: t", "New: other"), False),
        (entry().replace("Author:", "From:"), False),
        (entry().replace("x.org>\n\n", "x.org>\nmore\n"), False),
        (entry("t  u"), True),
    ],
)
def test_what_is_a_heading(text, heading):
    found, said = read(text)
    assert len(found.entries) == heading
    assert heading == ("lines between the section's title and its first heading are skipped" not in said)


def test_stray_lines_are_counted_and_a_cut_digest_is_said():
    assert (
        read("a\n\nb\n", RULE + "\n", entry())[1]
        == "3 lines between the section's title and its first heading are skipped"
    )
    assert read(entry().rpartition(RULE)[0])[1] == "the last entry is not closed by a rule: the digest was cut"
    assert read(entry() + "\n\n")[1] == "" and read("New: t\n[PATCH] t\nAuthor: One <one@x.org>")[0].entries


def test_an_entry_has_a_limit(monkeypatch):
    assert ENTRY_LIMIT == 4 * 1024 * 1024
    monkeypatch.setattr(digests, "ENTRY_LIMIT", 300)
    fits = "x" * 100 + "\n" + "y" * (300 - 101 - len(STAT) - 1 - 1 - len(RULE) - 1 - 1 - 1) + "\n"
    for more, said in (("", False), ("zz", True)):
        body = fits.replace("\n", f"{more}\n", 1) + STAT
        found, notes = read(entry(body=body), entry("u"))
        assert ("an entry is longer than 300 characters; the rest of it is skipped" in notes) == said
        assert len(found.entries) == 2
    found, notes = read(entry(body="x" * 400 + "\n" + STAT), entry("u"))
    assert found.entries[0].message.stat is None and notes.count("longer than") == 1


def test_what_is_not_utf8_is_read_and_said():
    text = f"{RANGE}\n{HEAD}\n\n{MESSAGES_TITLE}\n\n{entry(author='É <one@x.org>')}"
    found = read_digest(text.encode("cp1252"))
    assert found.entries[0].author.name == "É" and "line 8: not UTF-8: read as Windows-1252" in str(found.notes)


def test_a_digest_as_data():
    found = read(entry("a"))[0].as_json()
    assert (found["list"], found["from"], found["to"], found["patch_list"]) == ("TOY", "1a2b", "3c4d", None)
    assert found["domains"] == [{"domain": "x.org", "count": 2}]
    assert found["contributors"] == [{"name": "One", "email": "one@x.org", "count": 2}] and len(found["entries"]) == 1


def ledger(people: list[tuple[str, int]], limit=9, domains: list[tuple[str, int]] = (), most=9):
    mails, who = Table(), Table()
    mails.limit, who.limit = most, limit
    mails.rows = [Counted(name, count) for name, count in domains]
    who.rows = [Counted(Person("", email), count) for email, count in people]
    return Ledger((mails, who))


ONE, TWO = Person("", "one@x.org"), Person("", "two@x.org")
LACKS, TWICE = "the table of contributors does not count its author", "the same author and subject stood before"
EXPLAINED = "its author is counted {} times, which the other entries explain"


def doubt(book, who=ONE, title="[PATCH] t", total=False):
    return book.doubt(who, subject(title), total)


def test_an_author_who_is_not_counted_is_doubted_where_the_table_is_whole():
    assert doubt(ledger([("one@x.org", 1)]), TWO) == doubt(ledger([("one@x.org", 1)]), TWO, total=True) == LACKS
    assert doubt(ledger([("one@x.org", 1)], limit=1), TWO) == "", "it may have been the next row"


def test_an_entry_below_a_total_needs_a_counted_author_alone():
    book = ledger([("one@x.org", 1)])
    book.book(ONE, subject("[PATCH] t"))
    assert doubt(book, total=True) == "" and doubt(book) == TWICE


def test_mails_that_are_counted_are_explained_by_the_entries():
    book = ledger([("one@x.org", 4), ("two@x.org", 4)])
    assert doubt(book, title="[PATCH 0/3] t") == "" and doubt(book, title="[PATCH 0/4] t") == EXPLAINED.format(4)
    book.book(ONE, subject("[PATCH 0/3] t"))  # four mails: three patches and the cover
    assert doubt(book, title="[PATCH] other") == EXPLAINED.format(4)
    assert doubt(book, title="[PATCH 1/3] first") == "", "it is one of those"
    assert doubt(book, TWO, "[PATCH] other") == ""
    book.book(ONE, subject("[PATCH 1/3] first"))
    assert doubt(book, title="[PATCH 2/3] second") == ""
    assert doubt(book, title="[PATCH v2 1/3] first") == EXPLAINED.format(4)


def test_where_the_entries_explain_more_than_is_counted_the_table_says_nothing():
    book = ledger([("one@x.org", 1)])
    book.book(ONE, subject("[PATCH 1/3] t"))
    assert doubt(book, title="[PATCH] other") == ""


def test_a_cover_is_one_mail_more():
    assert doubt(ledger([("one@x.org", 3)]), title="[PATCH 1/3] t") == ""
    assert doubt(ledger([("one@x.org", 3)]), title="[PATCH 0/3] t") == EXPLAINED.format(3)
    assert doubt(ledger([("one@x.org", 1)]), title="[PATCH] t") == ""


def test_what_stands_behind_the_columns_that_are_read_changes_nothing():
    assert is_digest(HEAD.ljust(500) + "x") and not is_digest(HEAD.ljust(499) + "x")
    found, said = read(head=f"{RANGE.ljust(300)}x\n{HEAD.ljust(500)}x\n")
    assert found.list == "TOY" and said == ""
    assert "the first head is missing" in read(head=f"{RANGE.ljust(299)}x\n{HEAD}\n")[1]
    (domains, _, _, said) = tables(TOP.format(2, " Email domain").ljust(200) + "x", "3 x.org", MESSAGES_TITLE)
    assert domains.limit == 2 and said == ""


def test_a_heading_right_under_a_heading_is_text_of_its_mail():
    inner = "New: u\n[PATCH] u\nAuthor: One <one@x.org>\n\n"
    found, _ = read(entry(body=inner + STAT), tables="")
    assert [post.subject.title for post in found.entries] == ["t"]


def test_a_line_that_comes_at_the_limit_is_the_first_that_is_skipped(monkeypatch):
    monkeypatch.setattr(digests, "ENTRY_LIMIT", 10)
    heading = "New: t\n[PATCH] t\nAuthor: One <one@x.org>\n"
    for body, said in (("\n12345678\n", False), ("\n12345678\n9\n", True)):  # a line counts with its end
        assert ("longer than 10 characters" in read(heading + body)[1]) == said


def test_a_digest_is_read_line_by_line():
    taken = []
    source = ((n, taken.append(n) or str(n)) for n in range(1, 9))
    ahead = digests.deque()
    assert next(digests._peeking(source, ahead)) == (1, "1")
    assert taken == [1, 2, 3, 4] and [line for line, _ in ahead] == [2, 3, 4]


TOTAL = " 1 file changed, 1 insertion(+)"


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        ([TOTAL, "", RULE], True),
        (["text", TOTAL, "", RULE + "  ", "", ""], True),
        ([TOTAL, "text", RULE], False),
        ([RULE], False),
        ([TOTAL], False),
        ([TOTAL, "", "x"], False),
        (["text", RULE, TOTAL], False),
        ([TOTAL, "", "", "", "", RULE], True),
        ([TOTAL, "", "", "", "", "", RULE], False),
        ([RULE, "text"], False),
    ],
)
def test_an_entry_ends_with_a_total_and_the_rule(body, ends):
    assert digests._ends_entry(body) == ends


def test_a_table_that_was_not_announced_is_not_whole():
    assert not Table().whole
