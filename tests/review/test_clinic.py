"""The clinic's digest in the form of a real one: what stands in a case, an entry and its cover, and where lines are broken."""

import pytest

from tdxkit.errors import InputError
from tdxkit.review.clinic import Case, Model, _cover, _entry, _quoted, case, cases, practice_pairs
from tdxkit.review.digest import RULE
from tdxkit.review.evidence import read_evidence


def words(width: int) -> str:
    """Two words that fill a line to its last column."""
    return "x" * 30 + " " + "y" * (width - 31)


def a_case(**more) -> Case:
    plain = {
        "id": "a", "title": "A title", "source": "s", "about": "about", "ask": "who?", "facts": (), "changes": (), "found": (),
        "models": (Model("04-refcount.ipynb", "the count", "bugs"),),
    }  # fmt: skip
    return Case(**plain | more)


def test_a_case_in_lines():
    told = a_case(facts=("one fact",), changes=("a", "b"), found=("branch: x y",))
    assert str(told).split("\n") == [
        "A title",
        "about",
        "  - one fact",
        "  - New in this version: a; b.",
        "  branch: x y",
        "Ask: who?",
        "  04 · the count: python -m tdxkit bugs --help",
    ]
    assert "New in this version" not in str(a_case())


@pytest.mark.parametrize(
    ("field", "before"), [("about", ""), ("facts", "  - "), ("changes", "  - New in this version: ")]
)
def test_a_case_is_ninety_columns_wide(field, before):
    for width, rows in ((90, 1), (91, 2)):
        text = words(width - len(before) - (field == "changes"))
        plain = str(a_case()).count("\n")
        more = plain + (rows - 1) + (field != "about")
        assert str(a_case(**{field: text if field == "about" else (text,)})).count("\n") == more


def test_a_case_by_its_name():
    assert [case(one.id) for one in cases()] == [*cases()]
    with pytest.raises(InputError, match="there is no such case"):
        case("none")
    with pytest.raises(InputError, match="the practice series has three"):
        practice_pairs(4)


def test_a_name_with_a_dot_is_quoted_as_in_a_header():
    assert (_quoted("A. B"), _quoted("A B")) == ('"A. B"', "A B")


SERIES = {
    "title": "the whole", "titles": ["first", "second"], "prefix": "PATCH v2", "author": "One", "email": "one@x.org", "about": "about",
    "version": 2, "changelog": ["less"],
}  # fmt: skip
POST = {
    "rows": [["a/b.c", 12, "++"], ["c.c", 3, "+-"]],
    "insertions": 1,
    "deletions": 14,
    "trailers": ["Signed-off-by: One"],
}


def test_an_entry_of_a_patch_has_its_own_title_and_one_of_a_cover_that_of_the_series():
    assert _entry(SERIES, POST | {"n": 2}) == [
        "New:  second", "[PATCH v2 2/2] second", "Author: One <one@x.org>", "", "(The mail says here why, in its author's words.)", "",
        "Signed-off-by: One", "---", " a/b.c | 12 ++", " c.c   |  3 +-", " 2 files changed, 1 insertion(+), 14 deletions(-)",
    ]  # fmt: skip
    assert _entry(SERIES, POST | {"n": 0})[:2] == ["New:  the whole", "[PATCH v2 0/2] the whole"]
    assert _entry(SERIES | {"digits": 2}, POST | {"n": 1})[1] == "[PATCH v2 01/2] first"
    assert _entry(SERIES, POST)[:2] == ["New:  the whole", "[PATCH v2] the whole"]


def test_a_cover_says_where_it_lies_and_what_is_new():
    assert _cover(SERIES) == ["v2:", " - less", "One (2):", "  first", "  second", ""]
    more = SERIES | {"branch": ["git://x", "y"], "base": "v6.9", "previous": "https://lore"}
    assert _cover(more)[:4] == ["git://x y", "", "Based on tag: v6.9", ""] and "v1: https://lore" in _cover(more)


def test_its_lines_are_as_wide_as_those_of_mails():
    for width, rows in ((76, 1), (77, 2)):
        about = _entry(SERIES | {"about": words(width)}, POST | {"n": 0})
        assert about.index("v2:") == 4 + rows + 1
        item = _cover(SERIES | {"changelog": [words(width - 3)]})
        assert item.index("One (2):") == 1 + rows
    for width, rows in ((72, 1), (73, 2)):
        assert len(_cover(SERIES | {"titles": [words(width - 2)]})) == 4 + rows


def test_a_digest_is_told_from_mails():
    from tdxkit.review.clinic import clinic_digest, practice_mbox

    ours, mails = read_evidence(clinic_digest().encode()), read_evidence(practice_mbox())
    assert ours.digest is not None and ours.mailbox is None and ours.posts == ours.digest.entries
    assert mails.digest is None and mails.mailbox is not None and mails.posts
    assert ours.series and clinic_digest().count(RULE) == len(ours.posts)
