"""A verdict for each patch: which breaks, which heals, and where one cannot be had the mail or file that is wanted, never an older answer."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from tdxkit.errors import InputError
from tdxkit.explore.telling import replay
from tdxkit.mail.mailbox import read_mails
from tdxkit.review.applied import Tree, before_of, named_as, names_in
from tdxkit.review.grouping import chained, series_of
from tdxkit.review.packet import packet
from tdxkit.review.racing import Racing
from tdxkit.review.verdicts import verdicts_job
from tdxkit.review.verdicts_text import remarks, summary, table
from tdxkit.work import drive
from tests.mail.disguises import diff_of

ABOVE = "".join(f"int before_{n};\n" for n in range(8))
BELOW = "".join(f"int behind_{n};\n" for n in range(8))
PLAIN = """\
void dev_get(void)
{
\tif (!users++)
\t\tup = 1;
}

void dev_use(void)
{
\tBUG_ON(!up);
}

void dev_put(void)
{
\tif (!--users)
\t\tup = 0;
}
"""
HEAD = "static DEFINE_SPINLOCK(lock);\nint users, up;\n\n"
RUN = ("dev_get(); dev_use(); dev_put();",)
EACH = Racing(run=RUN)


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


LOCKED = changed(
    HEAD + PLAIN,
    ("\tif (!users++)\n\t\tup = 1;\n", "\tspin_lock(&lock);\n\tif (!users++)\n\t\tup = 1;\n\tspin_unlock(&lock);\n"),
    ("\tif (!--users)\n\t\tup = 0;\n", "\tspin_lock(&lock);\n\tif (!--users)\n\t\tup = 0;\n\tspin_unlock(&lock);\n"),
)
EARLY = changed(
    LOCKED,
    (
        "\t\tup = 0;\n\tspin_unlock(&lock);\n",
        "\t\tgoto out;\n\tspin_unlock(&lock);\n\treturn;\nout:\n\tspin_unlock(&lock);\n\tup = 0;\n",
    ),
)
ASIDE = changed(LOCKED, ("\tBUG_ON(!up);\n", "\tBUG_ON(up == 0);\n"))


def mails(*texts: str, titles=(), path="drivers/dev.c", total=0, left=(), version=1) -> bytes:
    """A series that makes of each text the next one; `left`: the numbers of patches that are not there."""
    found = []
    for n, (old, new) in enumerate(pairwise(texts), 1):
        title = titles[n - 1] if n <= len(titles) else f"dev: part {n}"
        tag = f"PATCH v{version} {n}/{total or len(texts) - 1}"
        head = f"From: One <one@example.org>\nMessage-ID: <{version}.{n}@example.org>\nSubject: [{tag}] {title}\nReferences: <{version}.0@example.org>\n"
        if n not in left:
            found.append(
                f"From x@y Thu Jan  1 00:00:00 1970\n{head}\nText.\n---\n\n{diff_of(old, new, path)}-- \n2.43.0\n\n"
            )
    return "".join(found).encode()


def judged(data: bytes, racing: Racing = EACH, **base):
    posts, _ = read_mails(data, text=True)
    return [drive(verdicts_job(one, racing, before_of(base), base)) for one in series_of(posts)]


def said(found) -> list:
    return [(one.n, one.verdict, one.functions) for one in found.patches]


def test_each_patch_by_what_it_leaves_behind():
    texts = ["", HEAD + PLAIN, LOCKED, ASIDE, ASIDE.replace("int users", "/* two */ int users"), EARLY]
    [found] = judged(mails(*texts))
    assert said(found) == [
        (1, "violation", ("dev_get", "dev_use", "dev_put")), (2, "ok", ("dev_get", "dev_put")), (3, "ok", ("dev_use",)), (4, None, ()),
        (5, "violation", ("dev_use", "dev_put")),
    ]  # fmt: skip
    assert [one.missing for one in found.patches] == [()] * 5
    assert (found.breaks.n, found.heals.n) == (1, 2)
    assert list(summary(found)) == [
        "first broken by 1/5: dev: part 1", "healed by 2/5: dev: part 2", "broken again by 5/5: dev: part 5",
    ]  # fmt: skip
    assert found.patches[0].defect.startswith("BUG_ON() of line 12 (1/5, line ")
    assert found.patches[3].text is None


def test_what_stood_before_is_judged_where_it_is_known():
    base = ABOVE + HEAD + PLAIN + BELOW
    data = mails(base, ABOVE + LOCKED + BELOW)
    [found] = judged(data, **{"dev.c": base})
    assert said(found) == [(0, "violation", ("dev_get", "dev_use", "dev_put")), (1, "ok", ("dev_get", "dev_put"))]
    assert list(summary(found)) == ["broken before the series", "healed by 1/1: dev: part 1"]
    [hole] = judged(data)
    assert (hole.patches[0].verdict, hole.judged) == (None, ())
    [wanted] = hole.patches[0].missing
    assert wanted.startswith("1/1 changes dev_use(), of which the mails show a part: give the file as it was before")
    part = mails(base, ABOVE + LOCKED + BELOW).replace(b" int users, up;\n", b" int user_s, up;\n")
    [hole] = judged(part, Racing("dev_get", "dev_put"))
    assert hole.patches[0].missing[0].endswith("give dev.c as before the series, --base FILE")


def test_a_hole_names_the_patches_that_are_wanted():
    texts = ["", HEAD + PLAIN, LOCKED, EARLY]
    [found] = judged(mails(*texts, left=(1, 2)), Racing())
    assert [(one.verdict, one.missing) for one in found.patches] == [
        (None, ("3/3 changes dev_put() of an earlier patch: paste 1/3 and 2/3 too",))
    ]
    [found] = judged(mails(*texts, left=(2,)), EACH)
    assert said(found)[0][1] == "violation"
    [said_of_third] = found.patches[1].missing
    assert found.patches[1].verdict is None
    assert "is not laid" in said_of_third


def test_a_patch_that_is_not_there_makes_an_ok_no_plain_one():
    texts = ["", LOCKED, LOCKED + BELOW, LOCKED.replace("BUG_ON(!up)", "BUG_ON(up == 0)") + BELOW]
    [found] = judged(mails(*texts, left=(2,)))
    assert [(one.verdict, one.missing) for one in found.patches] == [
        ("ok", ()), ("ok", ("2 of 3 is not at hand and may change this too",)),
    ]  # fmt: skip
    assert "; but 2 of 3 is not at hand" in table(found)[1][3]


def test_no_verdict_on_a_text_that_a_hunk_which_does_not_fit_may_have_changed():
    data = mails("", LOCKED, EARLY).replace(b"-\t\tup = 0;", b"-\t\tup = 00;")
    [found] = judged(data)
    assert said(found) == [(1, "ok", ("dev_get", "dev_use", "dev_put")), (2, None, ("dev_put",))]
    assert found.patches[1].missing[0].startswith("2/2: its hunk at line ")
    assert found.notes[0].endswith("of drivers/dev.c is not laid: it does not fit what stands there")
    assert found.last.n == 1


def test_a_function_that_is_taken_away_is_said():
    renamed = LOCKED.replace("dev_put", "dev_drop")
    for racing in (EACH, Racing("dev_get", "dev_put")):
        [found] = judged(mails("", LOCKED, renamed, renamed.replace("up = 1", "up = 2")), racing)
        second = found.patches[1]
        assert (second.verdict, second.functions) == (None, ("dev_put",))
        assert second.missing == (
            "2/3 takes dev_put() away: what is raced from there on is to be said, by --get and --put, or --run",
        )


def test_which_get_and_put_are_meant():
    racing = Racing()
    assert racing.roots(["a_get", "a_put", "b_get", "c"]) == ("a_get", "a_put")
    assert racing.roots(["a_get", "b_put"]) == ()
    assert Racing(get="take").roots(["take", "x_get", "x_put"]) == ("take", "x_put")
    with pytest.raises(InputError, match="a_get, b_get have a put each"):
        racing.roots(["a_get", "a_put", "b_get", "b_put"])


def test_two_series_in_one_paste_and_files_beside():
    other = mails("", "int other_get(int a)\n{\n\treturn a;\n}\n", path="other.c").replace(b"<1.", b"<7.")
    found = judged(mails("", PLAIN) + other, **{"objects.c": HEAD})
    assert [[one.verdict for one in each.judged] for each in found] == [["violation"], []]


def test_a_function_beside_goes_before_the_mails():
    [found] = judged(mails("", HEAD + PLAIN), **{"mine.c": "void dev_use(void)\n{\n}\n"})
    assert said(found) == [(1, "ok", ("dev_get", "dev_put", "dev_use"))] or said(found)[0][1] == "ok"


def test_a_file_that_is_renamed_or_deleted():
    tree = Tree()
    posts, _ = read_mails(mails("", LOCKED), text=True)
    tree.lay(posts[0].diff.files, 1)
    [file] = posts[0].diff.files
    tree.lay([replace(file, path="new/dev.c", before="drivers/dev.c", what="rename", hunks=())], 2)
    assert list(tree.files) == ["new/dev.c"]
    assert tree.functions() == ["dev_get", "dev_use", "dev_put"]
    tree.lay([replace(file, path="new/dev.c", before="", what="gone", hunks=())], 3)
    assert tree.functions() == []


def test_before_is_told_where_it_is_refused_and_then_nobody_broke_it_first():
    base = ABOVE + HEAD + PLAIN.replace("\tBUG_ON(!up);\n", '\tasm("nop");\n\tBUG_ON(!up);\n')
    [found] = judged(mails(base, ABOVE + HEAD + PLAIN), **{"dev.c": base})
    before, first = found.patches
    assert (before.n, before.verdict, first.verdict) == (0, None, "violation") and "`asm`" in before.missing[0]
    assert list(summary(found)) == ["broken after 1/1: dev: part 1; how it was before was not judged"]


def test_a_function_that_is_in_no_text_is_not_one_that_does_not_change():
    base = ABOVE + HEAD + PLAIN + BELOW
    [found] = judged(mails(base, base.replace("int before_0;", "int before_9;")), Racing(run=("elsewhere();",)))
    assert found.patches[0].missing == (
        "elsewhere() is in no text so far: give dev.c as before the series, --base FILE",
    )
    [found] = judged(
        mails(base, base.replace("int before_0;", "int before_9;"), base + "void elsewhere(void)\n{\n}\n"),
        Racing(run=("elsewhere();",)),
    )
    assert said(found) == [(1, None, ()), (2, "ok", ("elsewhere",))]
    assert [one.missing for one in found.patches] == [(), ()], "a later patch brings it new"


def test_without_a_name_to_race_it_is_asked_for():
    [found] = judged(mails("", "void take(void)\n{\n}\n\nvoid drop(void)\n{\n}\n"), Racing())
    assert found.notes == (
        "say what is raced, by --run 'STATEMENTS' or --get and --put: the series changes drop() and take()",
    )


def test_what_a_file_beside_replaces_is_said_where_a_patch_changes_it():
    texts = ["", HEAD + PLAIN, HEAD + PLAIN.replace("BUG_ON(!up)", "BUG_ON(up == 0)")]
    [found] = judged(mails(*texts), **{"mine.c": "#define UP 1\nvoid dev_use(void)\n{\n}\n"})
    assert said(found) == [(1, "ok", ("dev_get", "dev_put")), (2, None, ())]
    assert found.notes == (
        "dev_use() is that of mine.c, not the one of drivers/dev.c",
        "2/2 changes dev_use(), in whose place stands that of mine.c",
    )


def test_a_file_beside_may_ask_after_which_patch_it_is():
    mine = "void at_end(void)\n{\n#if PATCH >= 2\n\tBUG_ON(users == 0);\n#endif\n}\n"
    run = Racing(run=("dev_get(); at_end(); dev_put();",))
    [found] = judged(mails("", LOCKED, LOCKED.replace("up = 1", "up = 2"), LOCKED), run, **{"mine.c": mine})
    assert [one.verdict for one in found.patches] == ["ok", "ok", "ok"]
    assert [one.scenario.own.options[-1] for one in found.judged] == ["PATCH=1", "PATCH=2", "PATCH=3"]
    text = found.judged[1].text.text
    assert text.index("at_end") > text.index("dev_put"), "its functions come last"


def test_another_base_than_the_series_was_made_on_is_noted():
    base = ABOVE + HEAD + PLAIN + BELOW
    data = mails(base, ABOVE + LOCKED + BELOW)
    right = data.replace(b"index 1111111..", f"index {named_as(base)[:9]}..".encode())
    for mail, notes in ((data, 1), (right, 0)):
        [found] = judged(mail, **{"dev.c": base})
        assert len(found.notes) == notes
        assert all("dev.c is not the file that 1/1 was made on, whose index is 1111111" in note for note in found.notes)


def test_patches_without_numbers_are_chained_by_their_index_lines():
    texts = ["", HEAD + PLAIN, LOCKED, EARLY]
    data = mails(*texts)
    for n, (old, new) in enumerate(pairwise(texts), 1):
        data = data.replace(f"[PATCH v1 {n}/3]".encode(), b"[PATCH]")
        line = f"index {named_as(old)[:7]}..{named_as(new)[:7]}".encode()
        at = data.index(b"index 1111111..2222222")
        data = data[:at] + line + data[at + 22 :]
    posts, _ = read_mails(data, text=True)
    assert len(series_of(posts)) == 3
    [one] = chained(series_of(posts))
    found = drive(verdicts_job(one, EACH))
    assert [each.verdict for each in found.patches] == ["violation", "ok", "violation"]


def test_what_was_taken_for_granted_stands_beside():
    text = HEAD + PLAIN.replace("BUG_ON(!up);", "BUG_ON(!up || !page());").replace("up = 1;", "up = READ_ONCE(users);")
    [found] = judged(mails("", text), Racing(run=RUN, how={"stubs": {"page": 1}}))
    told = found.patches[0].remarks
    assert any("data race" in remark and "(1/1, line " in remark for remark in told)
    assert any(remark.endswith(": a stub") for remark in told)
    assert not any("a stub" in remark for remark in remarks(found)) and any(
        r.startswith("1/1: data race") for r in remarks(found)
    )


def test_the_name_in_a_heading():
    assert names_in("static noinline int tdx_pamt_get(struct page *page)") == "tdx_pamt_get"
    assert names_in("struct dev {") == ""


OWN_LOCK = "static DEFINE_SPINLOCK(lock);\n"
GET = "extern int users, up;\n\nvoid dev_get(void)\n{\n\tspin_lock(&lock);\n\tif (!users++)\n\t\tup = 1;\n\tspin_unlock(&lock);\n}\n"
PUT = "int users, up;\n\nvoid dev_put(void)\n{\n\tspin_lock(&lock);\n\tif (!--users)\n\t\tup = 0;\n\tspin_unlock(&lock);\n}\n"


def test_a_static_of_two_files_is_two():
    head, _, rest = mails("", OWN_LOCK + PUT, path="net/p.c").partition(b"diff --git")
    other = mails("", OWN_LOCK + GET, path="drivers/dev.c").partition(b"diff --git")[2].partition(b"-- \n")[0]
    [found] = judged(head + b"diff --git" + other + b"diff --git" + rest, Racing(run=("dev_get(); dev_put();",)))
    assert found.patches[0].verdict is None
    assert found.patches[0].missing[0].startswith("lock stands in net/p.c and drivers/dev.c 2 times")


def test_a_macro_that_is_taken_back_is_not_there():
    text = LOCKED.replace("int users", "#define BUSY 1\n#undef BUSY\nint users").replace(
        "\tif (!users++)", "#ifdef BUSY\n\tspin_unlock(&lock);\n#endif\n\tif (!users++)"
    )
    assert [one.verdict for one in judged(mails("", text))[0].patches] == ["ok"]
    [found] = judged(mails("", text.replace("#undef BUSY\n", "")))
    assert found.patches[0].verdict == "violation"


def test_a_base_by_another_name_is_the_file_whose_hunks_fit():
    base = ABOVE + LOCKED + BELOW
    [found] = judged(mails(base, ABOVE + EARLY + BELOW), **{"before.c": base})
    assert [one.verdict for one in found.patches] == ["ok", "violation"]
    assert found.notes[0] == "before.c is taken for drivers/dev.c, whose hunks fit it"


def test_a_base_of_a_file_that_the_series_makes_is_left_out():
    [found] = judged(mails("", LOCKED, EARLY), **{"dev.c": LOCKED})
    assert [one.verdict for one in found.patches] == ["ok", "violation"]
    assert found.notes == ("dev.c is left out: the series makes drivers/dev.c itself",)


def test_what_cannot_be_read_is_not_what_changes_nothing():
    data = mails("", LOCKED, EARLY, EARLY + BELOW)
    head = b"@@ -18,6 +18,10 @@"
    assert head in data
    [found] = judged(data.replace(head, b"@@"))
    assert [one.verdict for one in found.patches] == ["ok", None, None]
    assert "its hunks are not here" in found.patches[1].missing[0]
    begin, end = (data.index(mark, data.index(b"2/3]")) for mark in (b"diff --git", b"-- \n"))
    [found] = judged(data[:begin] + data[end:])
    assert (found.patches[1].verdict, found.patches[1].missing) == (
        None,
        ("no hunk of it is here, so that it may change what is raced: paste the mail as it was sent",),
    )
    assert found.patches[2].missing == (
        "the hunk at line 67 of drivers/dev.c is not laid: it does not fit what stands there",
    )
    assert found.notes[-1] == "of 3 patches 2 is not at hand"


def test_a_hunk_that_is_cut_leaves_a_doubt_on_its_patch():
    data = mails("", LOCKED, ASIDE, ASIDE + BELOW)
    last = data.index(b"@@", data.index(b"3/3]"))
    cut = data[:last] + data[last:].replace(b" }\n+int behind_0;\n", b"", 1)
    [found] = judged(cut)
    assert found.patches[2].missing and found.patches[2].verdict is None
    assert [one.verdict for one in found.patches[:2]] == ["ok", "ok"]


def test_a_function_of_which_a_later_patch_shows_a_part_is_not_said_to_stay():
    base = ABOVE + HEAD + PLAIN + BELOW
    [found] = judged(
        mails(
            base, base.replace("int before_0;", "int before_9;"), base.replace("\tif (!--users)", "\tif (--users == 0)")
        )
    )
    assert all(one.verdict is None and one.missing for one in found.patches)


def test_a_cut_mail_is_told_by_its_diffstat():
    stat = b"---\n drivers/dev.c | 9 +++++++--\n 1 file changed, 7 insertions(+), 2 deletions(-)\n\n"
    data = mails("", LOCKED, ASIDE).split(b"---\n\n")
    [found] = judged(data[0] + b"---\n\n" + data[1] + stat + data[2])
    assert found.patches[1].missing == ("2/2 may bring more than is here: it does not add up",)


def test_of_two_copies_of_a_mail_the_whole_one_counts():
    data = mails("", LOCKED, EARLY)
    begin, end = (data.index(mark, data.index(b"2/2]")) for mark in (b"@@ -18", b"-- \n"))
    mail = data[data.index(b"From x@y", 10) :]
    copy = mail.replace(
        data[begin:end], b"@@ -10,3 +10,3 @@ void dev_get(void)\n }\n \n-void dev_use(void)\n+void dev_use(void )\n"
    )
    for both in (data + copy, data.replace(mail, copy + mail)):
        assert judged(both)[0].patches[1].verdict == "violation"


def test_an_answer_with_another_title_takes_no_place():
    data = mails("", LOCKED, EARLY)
    own = (
        mails(LOCKED, ASIDE, titles=["dev: another idea"])
        .replace(b"<1.1@", b"<9@")
        .replace(b"1/1]", b"2/2]")
        .replace(b"References: <1.0@example.org>", b"References: <1.0@example.org> <1.2@example.org>")
    )
    assert [one.verdict for one in judged(data + own)[0].patches] == ["ok", "violation"]
    again = own.replace(b"dev: another idea", b"dev: part 2")
    second = judged(data + again)[0].patches[1]
    assert (second.verdict, second.missing) == ("ok", ("2/2 is here more than once, and the later one is judged",))


def test_a_folder_gives_nothing_of_what_is_outside_of_it(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.c").write_text("int in_it;")
    (tmp_path / "out.c").write_text("int outside;")
    before = before_of({}, [tmp_path / "in"])
    assert [before(path) for path in ("a.c", "../out.c", str(tmp_path / "out.c"), "no.c")] == [
        "int in_it;",
        None,
        None,
        None,
    ]


def test_macros_and_types_of_a_file_beside_come_first_and_the_rest_last():
    [found] = judged(
        mails("", HEAD + PLAIN),
        **{
            "mine.c": "#define BUG_ON(x) WARN_ON(x)\nstruct mine {\n\tint a;\n};\nstruct mine mine;\nvoid dev_use(void)\n{\n\tmine.a = 1;\n\tBUG_ON(!up);\n}\n"
        },
    )
    text = found.patches[0].text.text
    places = [
        text.index(mark)
        for mark in (
            "#define BUG_ON",
            "struct mine {",
            "DEFINE_SPINLOCK" if "DEFINE_SPINLOCK" in text else "int users",
            "void dev_get",
            "struct mine mine;",
            "void dev_use",
        )
    ]
    assert places == sorted(places) and "WARN_ON() of line" in found.patches[0].defect


def test_a_part_of_a_function_is_not_nothing_where_something_else_was_refused_before():
    bare = PLAIN.partition("void dev_put")[0]
    texts = ["", bare]
    data = mails(*texts, total=2) + mails(PLAIN, PLAIN.replace("\tif (!--users)", "\tif (--users == 0)")).replace(
        b"<1.1@", b"<1.2@"
    ).replace(b"1/1]", b"2/2]").replace(b"part 1", b"part 2")
    [found] = judged(data, Racing(run=("dev_get(); dev_put();",)))
    assert [one.verdict for one in found.patches] == [None, None] and found.patches[1].missing


def test_a_file_whose_hunks_are_not_here_is_not_one_that_does_not_change():
    base = ABOVE + HEAD + PLAIN + BELOW
    data = mails(base, base.replace("int before_0;", "int before_9;"))
    at = data.index(b"@@ -")
    [found] = judged(data[:at] + b"-- \n2.43.0\n\n")
    assert "no hunk of it is here" in found.patches[0].missing[0]


def test_a_turn_is_told_with_all_that_may_have_made_it():
    unread = LOCKED.replace("\tBUG_ON(!up);", '\tasm("nop");\n\tBUG_ON(!up);')
    [found] = judged(mails("", HEAD + PLAIN, unread, LOCKED))
    assert [one.verdict for one in found.patches] == ["violation", None, "ok"]
    assert list(summary(found)) == ["first broken by 1/3: dev: part 1", "healed by 2/3 or 3/3"]


def test_a_packet_names_for_each_line_the_mail_that_brought_it():
    [found] = judged(mails("", HEAD + PLAIN, LOCKED, EARLY))
    bad = found.patches[2]
    text = packet(replay(bad.scenario, bad.judged.result.schedule), bad.scenario)
    rows = re.findall(r"  - lines? (\d+)(?:-(\d+))?: (\d/\d), lines? (\d+)(?:-(\d+))?", text)
    assert len({label for *_, label, _, _ in rows}) == 3
    for first, last, label, line, end in rows:
        for k in range(int(last or first) - int(first) + 1):
            origin = bad.scenario.own.origin(int(first) + k)
            assert (origin.label, origin.line) == (label, int(line) + k) and int(end or line) >= int(line) + k


def test_mails_that_lost_their_headers_belong_to_those_of_their_numbers():
    data = mails("", HEAD + PLAIN, LOCKED, EARLY)
    first, rest = data[: data.index(b"From x@y", 10)], data[data.index(b"From x@y", 10) :]
    bare = re.sub(rb"(Message-ID|References): .*\n", b"", first)
    assert [one.verdict for one in judged(bare + rest)[0].patches] == ["violation", "ok", "violation"]
    assert len(judged(bare + rest.replace(b"v1 2/3", b"v1 1/3"))) == 2


PAIR = """\
static DEFINE_SPINLOCK(pair_lock);
bool tdx_supports_dynamic_pamt(const struct tdx_sys_info *sysinfo)
{
\treturn false; /* To be enabled when the kernel is ready. */
}

int pair_get(struct page *page)
{
\tu64 pages[TDX_DPAMT_ENTRY_PAGE_CNT];

\tif (!tdx_supports_dynamic_pamt(&tdx_sysinfo))
\t\treturn 0;
\tspin_lock(&pair_lock);
\tif (atomic_inc_return(tdx_find_pamt_refcount(page_to_pfn(page))) == 1)
\t\ttdh_phymem_pamt_add(page_to_pfn(page), pages);
\tspin_unlock(&pair_lock);
\treturn 0;
}
"""


def test_around_a_get_and_a_put_the_switch_of_a_series_is_on():
    """A series says no until its last patch; what is asked is how it works once it is on."""
    others = Racing("pair_get", "pair_put").others
    assert "tdx_supports_dynamic_pamt" in others and "tdx_supports_dynamic_pamt" not in EACH.others
    tree = Tree()
    tree.lay(read_mails(mails("", PAIR), text=True)[0][0].diff.files, 1)
    assert list(tree.text(["pair_get"], others).functions) == ["pair_get"]
    assert list(tree.text(["pair_get"]).functions) == ["tdx_supports_dynamic_pamt", "pair_get"]


SWITCHED = (
    "#ifdef NOLOCK\n#define LK()\n#define UL()\n#else\n#define LK() spin_lock(&lock)\n#define UL() spin_unlock(&lock)\n#endif\n"
    + LOCKED.replace("spin_lock(&lock)", "LK()").replace("spin_unlock(&lock)", "UL()")
)


@pytest.mark.parametrize(
    ("texts", "verdicts"),
    [
        (("", "#define NOLOCK\n" + SWITCHED), ["violation"]),
        (("", SWITCHED, "#define NOLOCK\n" + SWITCHED), ["ok", "violation"]),
        (("", "#define SAFE 1\n" + SWITCHED.replace("#ifdef NOLOCK", "#if !SAFE")), ["ok"]),
        (("", LOCKED.replace("spin_lock(&lock)", "DO(lock)").replace("spin_unlock(&lock)", "DO(unlock)").replace("int users", "#define DO(x) dev_##x##_raw()\nstatic void dev_lock_raw(void)\n{\n\tspin_lock(&lock);\n}\nstatic void dev_unlock_raw(void)\n{\n\tspin_unlock(&lock);\n}\nint users")), ["ok"]),
        (("", LOCKED.replace("\tup = 0;\n", '\tup = 0;\n#include "body.h"\n')), [None]),
    ],
)  # fmt: skip
def test_what_stands_around_and_is_put_together(texts, verdicts):
    assert [one.verdict for one in judged(mails(*texts))[0].patches] == verdicts


def test_what_another_file_has_for_itself_and_the_kernels_own_names_are_not_taken_from_it():
    quiet = "#define BUG_ON(x) do { } while (0)\nstatic inline void spin_lock(int *lock)\n{\n}\n"
    data = mails("", HEAD + PLAIN, total=2) + mails("", quiet, path="tools/t.h").replace(b"<1.1@", b"<1.2@").replace(
        b"1/1]", b"2/2]"
    )
    assert said(judged(data)[0]) == [(1, "violation", ("dev_get", "dev_use", "dev_put")), (2, None, ())]
    own = "static void lk(void)\n{\n}\n"
    data = mails("", LOCKED.replace("spin_lock(&lock)", "lk()"), total=2) + mails("", own, path="b/oth.c").replace(
        b"<1.1@", b"<1.2@"
    ).replace(b"1/1]", b"2/2]")
    [found] = judged(data)
    assert "`lk(…)`: this function is not known" in found.patches[0].missing[0]


def test_a_patch_whose_diff_is_lost_is_not_judged_by_the_base():
    data = mails(LOCKED, EARLY)
    begin, end = (data.index(mark) for mark in (b"diff --git", b"-- \n"))
    [found] = judged(data[:begin] + data[end:], **{"dev.c": LOCKED})
    assert [one.verdict for one in found.patches] == [None] and "no hunk of it is here" in found.patches[0].missing[0]


def test_after_a_patch_without_a_verdict_the_next_one_is_not_said_to_change_nothing():
    data = mails(
        "",
        LOCKED.replace("int users", "DECLARE(users"),
        LOCKED.replace("int users", "DECLARE(users").replace("up = 1", "up = 2"),
    )
    [found] = judged(data)
    assert [one.verdict for one in found.patches] == [None, None] and found.patches[1].missing


def test_of_two_files_beside_the_last_counts_and_it_is_said():
    one, two = (f"void run(void)\n{{\n\tdev_get();\n\t{use}dev_put();\n}}\n" for use in ("dev_use();\n\t", ""))
    [found] = judged(mails("", HEAD + PLAIN), Racing(run=("run();",)), **{"a.c": one, "b.c": two})
    assert found.patches[0].verdict == "ok" and found.notes == ("run() is that of b.c, not the one of a.c",)


def test_a_file_beside_has_a_function_from_a_patch_on():
    mine = "#if PATCH >= 2\nvoid dev_use(void)\n{\n}\n#endif\n"
    [found] = judged(mails("", HEAD + PLAIN, HEAD + PLAIN.replace("up = 1", "up = 2")), **{"mine.c": mine})
    assert [one.verdict for one in found.patches] == ["violation", "ok"]
