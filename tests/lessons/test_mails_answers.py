"""Answers about the practice mails: a patch, an order, groups of patches, lines and totals of diffstats, a review mail."""

import pytest

from tdxkit.errors import TdxkitError
from tdxkit.lessons.checks import mails, replies, series, stats
from tdxkit.lessons.exercises import exercise_named
from tdxkit.review.clinic import practice_pairs
from tdxkit.work import drive

PAIRS = "arch/x86/virt/vmx/tdx/pairs.c"
ROWS = exercise_named("exact-rows").given["rows"]
MAIL = exercise_named("review-mail").solution
CODE = "v3-after-3:2x1:f3aa A5 B2 +8485bd %12070de6"


def said(name, answer):
    return drive(exercise_named(name).check(answer))


def missing(mail):
    """What a mail lacks, by what is asked."""
    found = mails.review(mail, exercise_named("review-mail"), version=3)
    (sheet,) = found.sheets
    assert found.passed == all(sign == "✓" for sign, *_ in sheet.rows)
    return {asked: yours for sign, asked, yours in sheet.rows if sign == "✗"}


@pytest.mark.parametrize(
    "n, says",
    [
        (1, "changes nothing that is raced"),
        (2, "it comes later"),
        (3, "After 3/4: a page came into use"),
        (4, "not the first"),
    ],
)
def test_the_first_patch_that_breaks_is_found_by_the_search(n, says):
    found = said("first-to-break", n)
    assert found.passed == (n == 3) and says in found.says
    assert (found.run is None) == (n < 3) and (found.run is None or found.run.steps[-1].broken)


@pytest.mark.parametrize("odd", [0, 5, True, 3.0, "3", [3]])
def test_a_patch_that_there_is_not_is_said(odd):
    assert "the patches are 1–4" in said("first-to-break", odd).says


FOLDS = [
    ([[1], [2, 3], [4], [5]], True, "4 patches are left"),
    ([1, (2, 3), 4, 5], True, "4 patches are left"),
    ([[1], [2], [3], [4], [5]], False, "After group 2, with patch 2 in, a rule breaks"),
    ([[1, 2], [3], [4], [5]], False, "After group 1, with patch 2 in"),
    ([[1, 2, 3], [4], [5]], False, "the tree is good after patch 1 already"),
    ([[1], [2, 3], [4, 5]], False, "the tree is good after patch 4 already"),
    ([[1], [3, 2], [4], [5]], False, "each once and in their order"),
    ([[1], [2, 3], [4]], False, "each once and in their order"),
    ([], False, "each once and in their order"),
    ([[], [1]], False, "groups of numbers"),
    ("12345", False, "groups of numbers"),
    ([[True]], False, "groups of numbers"),
]


@pytest.mark.parametrize("answer, passed, says", FOLDS, ids=range(len(FOLDS)))
def test_groups_are_judged_by_what_stands_after_each(answer, passed, says):
    found = said("fit-to-bisect", answer)
    assert found.passed == passed and says in found.says


def test_version_1_cannot_be_made_fit_by_folding():
    """Its last patch leaves it broken."""
    found = series.folded([[1], [2, 3], [4], [5]], exercise_named("fit-to-bisect"), version=1)
    assert not found.passed and "with patch 5 in" in found.says and found.run.steps[-1].broken


def test_an_order_is_one_of_the_patch_that_is_asked():
    assert said("worse-than-eio", "A2 B9 A2 B1 A10 B3").passed
    assert "v1-after-5" in said("worse-than-eio", "v1-after-2:2x1:e8e1 A3 B4").says


LINES = [
    ("atomic_set(users, 0);", True, "It came with 2/4, line 41"),
    ("+\tatomic_set(users,  1);", True, "It came with 2/4, line 39"),
    ("spin_lock(&pair_lock);", False, "stands in both versions"),
    ("}", False, "stands in both versions"),
    ("   ", False, "it waits"),
    ("if (!atomic_dec_and_test(users))", False, "No line of the series"),
    ("atomic_set(users, 2);", False, "No line of the series"),
    (7, False, "a line of C is asked for"),
]


@pytest.mark.parametrize("answer, passed, says", LINES, ids=range(len(LINES)))
def test_a_line_that_is_not_in_the_changelog(answer, passed, says):
    try:
        found = said("not-in-the-changelog", answer)
    except NotImplementedError as waiting:
        assert says in str(waiting)
        return
    assert found.passed == passed and says in found.says


def test_a_line_that_is_gone_is_told_from_one_that_never_was():
    found = mails.unsaid("if (atomic_read(users)) {", exercise_named("not-in-the-changelog"), old=1, new=2)
    assert not found.passed and "stands in both versions" in found.says  # the get still has it
    found = mails.unsaid(
        "goto unlock; /* somebody came in between */", exercise_named("not-in-the-changelog"), old=1, new=2
    )
    assert "Version 1 had it" in found.says


TOTALS = [
    ("3 files changed, 500 insertions(+), 22 deletions(-)", True, "tdx.c +379 −1"),
    (" 3 files changed, 445 insertions(+), 77 deletions(-)\n", True, "tdx.c +361 −19"),
    ("3 files changed, 499 insertions(+), 23 deletions(-)", False, "leaves room"),
    ("3 files changed, 501 insertions(+), 21 deletions(-)", False, "No counts that git draws"),
    ("3 files changed, 444 insertions(+), 78 deletions(-)", False, "No counts that git draws"),
    ("3 files changed, 500 insertions(+)", False, "The rows have 522 changed lines"),
    ("2 files changed, 500 insertions(+), 22 deletions(-)", False, "There are 3 rows"),
    ("500 insertions(+), 22 deletions(-)", False, "it does not end a diffstat"),
    (" x | 1 +\n 4 files changed, 501 insertions(+), 22 deletions(-)", False, "one line is asked for"),
    (522, False, "one line is asked for"),
]


@pytest.mark.parametrize("answer, passed, says", TOTALS, ids=range(len(TOTALS)))
def test_totals_are_judged_by_what_they_leave_to_the_rows(answer, passed, says):
    found = said("exact-rows", answer)
    assert found.passed == passed and says in found.says


def test_a_row_of_the_cover_is_what_the_patches_leave():
    how = {"version": 3, "path": PAIRS}
    answers = {60: "The cover says 59", 59: "what the cover says", 66: "is in neither", 63: "3 of them", 12: "63 lines"}
    for number, says in answers.items():
        found = stats.row_of_cover(number, exercise_named("row-of-the-cover"), **how)
        assert found.passed == (number == 60) and says in found.says
    assert stats.row_of_cover(59, exercise_named("row-of-the-cover"), version=2, path=PAIRS).passed
    for odd in (True, 60.0, "60"):
        assert "a number of lines" in said("row-of-the-cover", odd).says


def test_a_whole_mail_has_all_that_is_asked():
    found = said("review-mail", MAIL)
    assert found.passed and found.run.steps[-1].broken == ("a page in use must have its pair",)
    assert missing(MAIL) == {}


def test_a_mail_may_answer_the_cause_and_name_where_it_breaks():
    cause = MAIL.replace(
        "3/4] x86/tdx: Get a pair that is there without the lock",
        "2/4] x86/tdx: Bring a page pair for the\n first user of a region",
    )
    cause = cause.replace(
        "> +	if (atomic_inc_not_zero(users))\n> +		return 0;	/* there is a pair, and it stays */",
        ">  context\n> +    atomic_set(users, 1);",
    )
    assert list(missing(cause)) == ["which patch is the first after which a rule breaks"]
    assert missing(cause.replace("CPU 1 counts", "After 3/4 CPU 1 counts")) == {}


SUBJECTS = [
    ("", "It has no subject"),
    ("Subject: [PATCH v3 3/4] x86/tdx: Get a pair that is there without the lock", "no Re: in front"),
    ("Subject: Re: [PATCH v2 4/5] x86/tdx: Get a pair that is there without the lock", "no mail of version 3"),
    ("Subject: Re: x86/tdx", "no mail of version 3"),
    ("Subject: Re: [PATCH v3 0/4] x86/tdx: Page pairs that are counted", "It answers the cover"),
    ("Subject: Re: [PATCH v3 7/4] x86/tdx: Get", "There is no patch 7"),
    ("Subject: Re: [PATCH v3 3/4] x86/tdx: Get", "3/4 has another title"),
    ("Subject: Re: [PATCH v3 1/4] Documentation/x86: Say who brings a page pair", "changes nothing that is raced"),
    ("Subject: Re: [PATCH v3 4/4] x86/tdx: Put without the lock while users are left", "A rule breaks before 4/4"),
]


@pytest.mark.parametrize("line, says", SUBJECTS, ids=[says for _, says in SUBJECTS])
def test_the_subject_says_which_patch_is_answered(line, says):
    _head, _, body = MAIL.partition("\n\n")
    found = missing(f"{line}\n\n{body}")
    assert says in found["Subject: the patch that it answers"]
    assert "cannot be looked up" in found["> the line that it is about"]


WITHOUT = [
    ("> the line that it is about", lambda mail: mail.replace("> +", "> "), "cites no line"),
    ("> the line that it is about", lambda mail: mail.replace("> +", "+"), "cites no line"),
    (
        "> the line that it is about",
        lambda mail: mail.replace("inc_not_zero(users)", "inc(users)"),
        "no patch of version 3 has it",
    ),
    (
        "> the line that it is about",
        lambda mail: mail.replace("> +	if (atomic_inc_not_zero(users))", "> +	atomic_set(users, 0);"),
        "it stands in 2/4",
    ),
    (
        "the rule, in the words of the verdict",
        lambda mail: mail.replace("came into use without", "was used with no"),
        "does not name the rule",
    ),
    ("a schedule code that shows it", lambda mail: mail.replace(CODE, "A5 B2"), "no schedule code"),
    ("a schedule code that shows it", lambda mail: mail.replace("A5 B2 +8485bd", "A5 B1"), "breaks not the rule"),
    ("a schedule code that shows it", lambda mail: mail.replace("A5 B2", "A5 B3"), "schedule code"),
    (
        "a schedule code that shows it",
        lambda mail: mail.replace(CODE, "v3-after-4:2x1:124e A5 B2 +8485bd %daf9158c"),
        "v3-after-4",
    ),
]


@pytest.mark.parametrize("asked, without, says", WITHOUT, ids=range(len(WITHOUT)))
def test_each_missing_thing_is_told(asked, without, says):
    found = missing(without(MAIL))
    assert list(found) == [asked] and says in found[asked]


def test_own_words_stand_below_what_they_are_about():
    head, _, body = MAIL.partition("\n\n")
    cited, own = body.split("\n\n", 1)
    words = "what happens, below the cited line, in words of your own"
    assert "on a list they stand below" in missing(f"{head}\n\n{own}\n{cited}\n")[words]
    short = f"{head}\n\n{cited}\n\nA page came into use without a pair.\n{CODE}\n"
    assert "says too little" in missing(short)[words]


def test_a_code_is_found_over_ends_of_lines_and_before_a_full_stop():
    wrapped = CODE.replace(" A5", " \\\n    A5").replace(" +", "\n  +")
    assert missing(MAIL.replace(CODE, f"See `{wrapped}`.")) == {}
    assert list(replies.codes("race.html#v3-after-3:2x1:f3aa%20A5%20B2 and x:1 y:2x")) == []
    assert list(replies.codes(f"({CODE}), then A9 alone")) == [CODE]


def test_what_stands_in_the_box_first_waits_and_a_packet_goes_too():
    one = exercise_named("review-mail")
    with pytest.raises(NotImplementedError, match="it waits"):
        one.check(one.begins)
    from tdxkit.explore.telling import replay
    from tdxkit.review.packet import packet

    scenario = series.after(3, 3).scenario
    assert missing(MAIL.replace(CODE, packet(replay(scenario, CODE), scenario))) == {}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        b"Subject: x",
        ["Subject: x"],
        "x" * 200_000,
        "\0" * 100,
        "Subject: " + "a" * 5000,
        ">" * 5000,
        practice_pairs(3),
    ],
)
def test_whatever_is_no_mail_is_said_and_never_raised(odd):
    try:
        found = mails.review(odd, exercise_named("review-mail"), version=3)
    except TdxkitError:
        return
    assert not found.passed and len(found.says) < 1000


HEAD, _, BODY = MAIL.partition("\n\n")
CITED = BODY.partition("\n\n")[0]
CAUSE = "Subject: Re: [PATCH v3 2/4] x86/tdx: Bring a page pair for the first user of a region"


def mail(*own, head=HEAD, cited=CITED, code=CODE):
    """A mail with other own words, and maybe another subject or other cited lines."""
    return "\n\n".join((head, cited, *own, code, ""))


RULE, LINE, WORDS = (
    "the rule, in the words of the verdict",
    "> the line that it is about",
    "what happens, below the cited line, in words of your own",
)
ENOUGH = "CPU 0 has set the count early, CPU 1 counts itself in after 3/4 and uses its page."
OPPOSITE = [
    (mail("This is fine: it is not true that a page came into use without a pair.", ENOUGH), RULE, "stands “not”"),
    (mail("It is a lie that a page came into use without a pair.", ENOUGH), RULE, "stands “lie”"),
    (mail("I don't think that a page came into use without a pair.", ENOUGH), RULE, "stands “don't”"),
    (mail("There is no order in which “a page came into use without a pair”.", ENOUGH), RULE, "stands “no”"),
    (mail("It can NEVER be that\na page came into use without a pair.", ENOUGH), RULE, "stands “never”"),
    (mail("a page came into use without a pair foo bar baz qux quux corge grault"), WORDS, "too little of its own"),
    (mail("A page came into use without a pair.", "A page came into use without a pair."), WORDS, "too little of its own"),
    (mail("A page in use must have its pair.\nA page came into use without a pair."), WORDS, "too little of its own"),
    (mail("A page came into use without a pair.", ENOUGH, head=CAUSE, cited="> +int page_pair_get(kvm_pfn_t pfn)"), LINE, "goes through none"),
    (mail("A page came into use without a pair.", ENOUGH, head=CAUSE, cited="> +#include <linux/spinlock.h>"), LINE, "goes through none"),
    (mail("A page came into use without a pair.", ENOUGH, head=CAUSE, cited="> +	if (!atomic_dec_and_test(users))"), LINE, "goes through none"),
    (mail("A page came into use without a pair.", ENOUGH, cited="> +++ b/arch/x86/virt/vmx/tdx/pairs.c"), LINE, "cites no line"),
]  # fmt: skip


@pytest.mark.parametrize("text, asked, says", OPPOSITE, ids=range(len(OPPOSITE)))
def test_a_mail_that_says_the_opposite_or_nothing_is_told_so(text, asked, says):
    found = missing(text)
    assert list(found) == [asked] and says in found[asked]


PLAIN = [
    "I found no word on why. A page came into use without a pair.",
    "The count does not say that there is a pair, and a page came into use without a pair.",
    "With 2/4 nothing broke: a page came into use without a pair only now.",
    "In version 2 it could not be that a page came into use without a pair. Here a page came into use without a pair.",
    "A page came into use without a pair, and that must not happen.",
]


@pytest.mark.parametrize("words", PLAIN)
def test_a_word_that_denies_something_else_is_no_matter(words):
    assert missing(mail(words, ENOUGH)) == {}


def test_nobody_says_of_a_mail_that_its_words_are_true():
    wrong_cause = (
        "The lock is missing in the put: a page came into use without a pair when CPU 1 frees it twice and CPU 0 waits."
    )
    for text in (MAIL, mail(wrong_cause)):
        says = said("review-mail", text).says
        assert says.endswith("Whether its words are true only a reader can say: hold them against the run.")
        assert "be sent" not in says


CITES = [
    "> +	if (atomic_inc_not_zero(users))",
    "> +		return 0;	/* there is a pair, and it stays */",
    f"> ---\n> diff --git a/x b/x\n> --- a/arch/x86/virt/vmx/tdx/pairs.c\n> +++ b/arch/x86/virt/vmx/tdx/pairs.c\n{CITED}\n> -- \n> 2.43.0",
]  # fmt: skip


@pytest.mark.parametrize("cited", CITES, ids=range(len(CITES)))
def test_a_line_that_the_run_goes_through_may_stand_alone_or_among_the_mails_own(cited):
    assert missing(mail("A page came into use without a pair.", ENOUGH, cited=cited)) == {}


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_ends_of_lines_are_ends_of_lines(end):
    assert missing(MAIL.replace("\n", end)) == {}
