"""From what a reviewer pastes to the C after the patch: own texts, own diffs, and every harm that mails do to them."""

import base64
import difflib
import quopri
import re
import sys
import textwrap

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.mail.aftertext import FileText, Stretch, after_text
from tdxkit.mail.mailbox import read_mails

C_LINES = [
    "", "{", "}", "\tusers++;", "\tif (users > 1)", "\t\tgoto out;", "out:", "static int users;", "int get(void)", "/* a = b */",
    "\treturn users == 0 ? -ENOMEM : 0;", "#define LIMIT 0x3D", "\t\twait_for(&region->lock, GFP_KERNEL);", "\t * a note -- of use",
    "\tif (region->users == region->limit && region->pending != region->users && !region_is_busy(region)) users = 3;",
    "\tx = y\u0085;", "\tp->next =\fq;", '\tpr_info("caf\u00e9 %d=\\n", users);',
]  # fmt: skip
ODD_LINES = [
    "-- a",
    "++ b",
    "-",
    "+",
    " one blank",
    "@@ -1 +1 @@",
    "diff --git a/x b/x",
    "> x",
    "\\ No newline",
    "-- ",
    "--",
    "Index: x",
]
TEXTS = st.lists(st.sampled_from(C_LINES), max_size=25)
ODD_TEXTS = st.lists(st.sampled_from(C_LINES + ODD_LINES), max_size=25)
QUOTES = st.sampled_from([(), ("> ",), (">",), ("> > ",), (">> ",), ("> ", "> "), (">", "> "), ("| ",), ("    ",)])
Rows = list[tuple[str, int]]  # lines of a paste, and which line of the diff begins there: -1 where none does


def diff_of(before, after, path="mm/x.c", context=1000) -> list[str]:
    """A diff as git writes it."""
    body = list(difflib.unified_diff(before, after, lineterm="", n=context))[2:]
    return (
        [f"diff --git a/{path} b/{path}", "index 1..2 100644", f"--- a/{path}", f"+++ b/{path}", *body] if body else []
    )


def paste_of(rows: Rows) -> str:
    return "\n".join(line for line, _ in rows) + "\n"


def wanted(diff: list[str], rows: Rows):
    """Text and places that should be found: of context and added lines, and a blank one for each further hunk at its head."""
    places = {at: number for number, (_, at) in reversed(list(enumerate(rows, 1))) if at >= 0}
    text: list[str] = []
    found: list[int] = []
    inside, begins = False, 0
    for at, line in enumerate(diff):
        head = not inside and line.startswith("@@ ")
        if head:
            left, right = (int(n or 1) for n in re.match(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? ", line).groups())
            inside, begins = True, places[at] if text else 0
        elif inside and line[:1] != "-":
            if begins:
                text.append("")
                found.append(begins)
            begins = 0
            text.append(line[1:])
            found.append(places[at])
        if inside and not head:
            left, right = left - (line[:1] in " -"), right - (line[:1] in " +")
            inside = left > 0 or right > 0
    return text, found


def exactly(text):
    return text


def but_for_blanks(text):
    return [" ".join(line.split()) for line in text]


def check(diff, *harms, alike=exactly, whole=True):
    """The harmed diff gives the text after it and where its lines stand; what the harm does to blanks is forgiven by `alike`."""
    if not diff:
        return after_text("")
    rows: Rows = [(line, at) for at, line in enumerate(diff)]
    for harm in harms:
        rows = harm(rows)
    found = after_text(paste_of(rows))
    text, places = wanted(diff, rows)
    assert alike(found.text.split("\n") if found.lines else []) == alike(text)
    assert list(found.lines) == places
    assert all(stretch.whole for stretch in found.stretches) or not whole
    return found


def in_quotes(quotes):
    def harm(rows):
        for signs in quotes:
            rows = [(signs + line, at) for line, at in rows]
        return rows

    return harm


def each_line(change):
    return lambda rows: [(change(line), at) for line, at in rows]


def printable(rows):
    """Quoted-printable, as a mail's source has it."""
    found = []
    for line, at in rows:
        parts = quopri.encodestring(line.encode() + b"\n").decode()[:-1].split("\n")
        found += [(part, -1 if k else at) for k, part in enumerate(parts)]
    return found


TO_THE_LETTER = {
    "nothing": exactly,
    "CRLF": each_line(lambda line: line + "\r"),
    "blanks that do not break": each_line(
        lambda line: re.sub("^([>|+-]*) +", lambda m: m[0].replace(" ", "\xa0"), line)
    ),
}
IN_BLANKS = {
    "tabs": each_line(lambda line: line.expandtabs(8)),
    "three blanks for a tab": each_line(lambda line: line.replace("\t", "   ")),
    "stuffing": each_line(lambda line: f" {line}" if line[:1] == " " else line),
}
LOST = {
    "blanks at ends": each_line(lambda line: line.rstrip(" \t")),
    "the blank of a blank line": each_line(lambda line: "" if line == " " else line),
}


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    ODD_TEXTS,
    ODD_TEXTS,
    QUOTES,
    st.sampled_from(sorted(TO_THE_LETTER)),
    st.booleans(),
    st.sampled_from([0, 1, 3, 1000]),
)
def test_the_text_after_a_diff_in_whatever_quotes(before, after, quotes, name, harmed_first, context):
    if quotes[:1] == (">",):  # "> -x" could be either
        before, after = ([line for line in text if line[:1] not in ("+", "-")] for text in (before, after))
    harms = [in_quotes(quotes), TO_THE_LETTER[name]]
    found = check(diff_of(before, after, context=context), *(harms[::-1] if harmed_first else harms))
    assert found.kind == ("plain" if before == after else "quoted diff" if "".join(quotes).strip() else "diff")
    assert before == after or found.files == ((FileText("mm/x.c", 1, len(found.lines)),) if found.lines else ())


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, QUOTES, st.sampled_from(sorted(IN_BLANKS)), st.booleans())
def test_blanks_that_are_others_change_nothing_else(before, after, quotes, name, harmed_first):
    harms = [in_quotes(quotes), IN_BLANKS[name]]
    assume(name != "stuffing" or quotes != ("    ",))
    check(diff_of(before, after), *(harms[::-1] if harmed_first else harms), alike=but_for_blanks)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, QUOTES, st.sampled_from(sorted(LOST)), st.booleans())
def test_blanks_that_were_lost_lose_no_line(before, after, quotes, name, harmed_first):
    harms = [in_quotes(quotes), LOST[name]]
    end = [
        ("-- ", -1),
        ("2.43.0", -1),
    ]  # what follows the last hunk, quoted as it is: else its blank end could be the paste's own
    check(
        diff_of(before, after), lambda rows: rows + end, *(harms[::-1] if harmed_first else harms), alike=but_for_blanks
    )


def test_a_blank_end_in_an_indented_paste_may_be_the_mails_own_and_is_not_believed():
    """The mail's signature is none of the paste, so nothing tells whose the blank line above it is."""
    found = after_text("    --- a/x.c\n    +++ b/x.c\n    @@ -1 +1,2 @@\n    +{\n\n-- \n2.43.0\n")
    assert found.text == "{" and not any(stretch.whole for stretch in found.stretches)
    assert "some are missing" in found.remarks[0]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, QUOTES, st.booleans())
def test_quoted_printable_before_and_after_it_was_quoted(before, after, quotes, harmed_first):
    assume(quotes != ("    ",) and any("=" in line for line in diff_of(before, after)))
    harms = [in_quotes(quotes), printable]
    found = check(diff_of(before, after), *(harms[::-1] if harmed_first else harms))
    assert "line 1: the text from here on is quoted-printable: it is decoded" in found.remarks


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(["> ", ">", "> > ", ">> "]), st.data())
def test_an_answer_between_quoted_lines_is_no_text(before, after, signs, data):
    words = [
        ("", -1),
        ("Why is this here?", -1),
        ("", -1),
        ("-\tis_this_better();", -1),
        ("+\tor_this();", -1),
        ("", -1),
    ]

    def answered(rows):
        at = data.draw(st.integers(5, len(rows)))
        return rows[:at] + words + rows[at:]

    check(diff_of(before, after), in_quotes((signs,)), answered)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    TEXTS,
    TEXTS,
    st.sampled_from([("> ", ">"), (">", "> "), ("> > ", ">> "), (">>", "> > "), ("> > ", ">>")]),
    st.data(),
)
def test_signs_in_two_spellings(before, after, spellings, data):
    """The head is quoted in one way, and each line in either: the counts tell what is quoting."""

    def mixed(rows):
        marks = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
        return [
            (spellings[flag and not line.startswith(("@@", "diff", "---", "+++", "index"))] + line, at)
            for (line, at), flag in zip(rows, marks)
        ]

    check(
        diff_of(before, after), mixed, alike=but_for_blanks, whole=False
    )  # a few could be read in another way too: said


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([(), ("> ",)]), st.booleans(), st.data())
def test_what_was_cut_out_is_never_taken_for_a_whole(before, after, quotes, marked, data):
    diff = diff_of(before, after)
    assume(len(diff) > 6)
    begin = data.draw(st.integers(5, len(diff) - 1))
    end = data.draw(st.integers(begin + 1, len(diff)))
    rows = in_quotes(quotes)([(line, at) for at, line in enumerate(diff)])
    rows[begin:end] = [("[...]", -1)] if marked else []
    found = after_text(paste_of(rows))
    assert not any(stretch.whole for stretch in found.stretches)
    assert "the head of " in "".join(found.remarks)
    if marked and len(found.stretches) == 2:
        kept = [line[1:] for line in diff[5:begin] if line[:1] != "-"]
        assert found.stretches[0] == Stretch(1, len(kept), False)


LONG = [
    "static int region_get(struct region *region, unsigned long first, unsigned long last)",
    "{",
    "\tif (region->users > region->limit && region_is_busy(region) && !region->pending)",
    "\t\treturn region->limit ? region_wait(region, first, last) : region->error;",
    "\tregion_account(region, first, last, region->users, REGION_SHARED);",
    "\treturn 0;",
    "}",
]


@pytest.mark.parametrize("width", [66, 70, 72, 76])
@pytest.mark.parametrize("quotes, late", [((), False), (("> ",), False), (("> ",), True), (("> ", "> "), True)])
def test_lines_that_were_broken_are_joined_where_the_counts_say_so(width, quotes, late):
    def broken(rows):
        found = []
        for line, at in rows:
            parts = textwrap.wrap(
                line, width, expand_tabs=False, replace_whitespace=False, drop_whitespace=True, break_long_words=False
            )
            found += [(part, -1 if k else at) for k, part in enumerate([line] if len(line) <= width else parts)]
        return found

    harms = [in_quotes(quotes), broken]
    diff = diff_of(LONG[1:], LONG[:1] + LONG[1:3] + LONG[4:])
    found = check(diff, *(harms if late else harms[::-1]), alike=but_for_blanks)
    joins = [remark for remark in found.remarks if "joined to line" in remark]
    assert joins and joins[0].endswith("which a mail program broke: the hunk adds up without it")


def quoted(*lines):
    return "\n".join(f"> {line}" for line in lines) + "\n"


HEAD = ["--- a/x.c", "+++ b/x.c"]
LAST = "\tregion_account(region, first, last, region->users, REGION_SHARED);"


@pytest.mark.parametrize(
    "paste, text, whole, remarks",
    [
        (
            "\n".join([*HEAD, "@@ -1,3 +1,3 @@", " a", "-b", "+c", " d", "-- ", "2.43.0", ""]), "a\nc\nd", [True], []
        ),
        (
            "\n".join([*HEAD, "@@ -1,9 +1,9 @@ int f(void)", " \ta", "-b", "+c", ""]), "\ta\nc", [False],
            ["line 3: the head of the hunk counts 9 lines before the change and 9 after it, here are 2 and 2: some are missing",
             'line 3: the hunk begins inside of "int f(void)", as its head has it, which may name another: what stands above is not in the paste'],
        ),
        (
            "\n".join([*HEAD, "@@ -1,2 +1,2 @@", " a", "-b", "+c", "+d", "-e", " g"]), "a\nc\nd\ng", [False],
            ["line 3: the head of the hunk counts 2 lines before the change and 2 after it, here are 4 and 4: there are more"],
        ),
        (
            "\n".join([*HEAD, "@@ -1,3 +1,1 @@", " a", "+c", "+d", "-e"]), "a\nc\nd", [False],
            ["line 3: the head of the hunk counts 3 lines before the change and 1 after it, here are 2 and 3: some are others"],
        ),
        (
            quoted(*HEAD, "@@ -1,6 +1,6 @@", " a", "-b") + "<snip>\n\nWhy?\n" + quoted("+c", " d"), "a\n\nc\nd", [False, False],
            ["line 3: the head of the hunk counts 6 lines before the change and 6 after it, here are 3 and 3: some are missing",
             "line 6: 3 lines inside a hunk, with a mark that something was cut: left out",
             'line 3: the signs of a quotation, "> ", are taken off'],
        ),
        (
            quoted(*HEAD, "@@ -1,2 +1,2 @@", " a", "-b") + "\nWhy?\n\n" + quoted("+c"), "a\nc", [True],
            ["line 6: 3 lines inside a hunk, not quoted as it is: left out", 'line 3: the signs of a quotation, "> ", are taken off'],
        ),
        (
            "\n".join([">" + HEAD[0], ">" + HEAD[1], ">@@ -1,2 +1,2 @@", "> -a", "> +b", "> "]), "b\n", [False],
            ["line 3: the lines of the hunk add up with and without a blank taken for one of the quotation: it is",
             'line 3: the signs of a quotation, ">", are taken off'],
        ),
        (
            "\n".join([*HEAD, "@@ -1,2 +1,2 @@", " a", "odd", "-b", "+c"]), "a\nc", [False],
            ["line 5: 1 line inside a hunk, without the sign of a line of it: left out"],
        ),
        (
            quoted(*HEAD, "@@ -1,2 +1,2 @@", f" {LAST}") + "I would not do this.\n" + quoted("-b", "+c"),
            f"{LAST} I would not do this.\nc", [False],
            ["line 5: joined to line 4, which a mail program broke: the hunk adds up without it",
             'line 3: the signs of a quotation, "> ", are taken off'],
        ),
        (
            quoted(*HEAD, "@@ -1,2 +1,2 @@", f" {LAST}") + "I would not do this.\nNever.\nNot at all.\n" + quoted("-b", "+c"),
            f"{LAST}\nc", [False],
            ["line 5: 3 lines inside a hunk, which may be the rest of the line above, or an answer to it: left out",
             'line 3: the signs of a quotation, "> ", are taken off'],
        ),
        (
            "\n".join([*HEAD, "@@ -1,2 +1,2 @@", " a", "-b", "+c", "", "[...]", "@ -9 +9 @", "+d", "+e"]), "a\nc", [True],
            ["line 10: 2 lines with a plus, the first one here, below no head of a hunk: left out"],
        ),
        (
            "\n".join([*HEAD, "@@ -1,2 +1,2 @@", "@@ -7 +7 @@", "-b", "+c"]), "c", [True],
            ["line 3: the head of a hunk without the lines that it counts: passed over"],
        ),
        (
            "\n".join([*HEAD, "@@ -1,4 +1,4 @@", " a", "-b", "+c", "-- ", "2.43.0", ""]), "a\nc", [True],
            ["line 6: 2 lines of context are missing at the end of the hunk: taken for blank ones that were lost"],
        ),
        ("@@ -3 +3 @@\n-b\n+c\n", "c", [True], ["line 1: no file is named above the hunk: it is taken for C"]),
        (
            "\n".join([*HEAD, "@@ -7,2 +7,3 @@", " \treturn 0;", " }", "+int g;"]), "\treturn 0;\n}\nint g;", [True],
            ["line 3: the hunk begins inside of what its head does not name: what stands above is not in the paste"],
        ),
        (
            "\n".join([*HEAD, "@@ -7,2 +7,3 @@ int f(void)", "  \treturn\u00a00;", "  }", "+int g;"]), "\treturn 0;\n}\nint g;", [True],
            ["line 4: blanks that do not break are read as blanks, in 1 line from here on",
             "line 1: the blank that format=flowed puts before lines of context is taken off",
             'line 3: the hunk begins inside of "int f(void)", as its head has it, which may name another: what stands above is not in the paste'],
        ),
        (
            "\n".join([*HEAD, "@@ -3 +3 @@", "-b", "+c\rd"]), "c d", [True], ["line 5: a carriage return inside the line is read as a blank"]
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_a_hunk(paste, text, whole, remarks):
    found = after_text(paste)
    assert (found.text, list(found.remarks)) == (text, remarks)
    assert [stretch.whole for stretch in found.stretches] == whole


COUNTED = "line 3: the head of the hunk counts {} lines before the change and {} after it, here are {} and {}: some are missing"
ANSWER = "I would not do this, for a reason that takes more than a whole line to say, as you see when you read on in this mail, which goes on until everybody has lost all patience with it and with me."
WIDE = textwrap.wrap(ANSWER, 74)  # as if the line above, of 74 columns, had been broken there


@pytest.mark.parametrize(
    "lines, text, whole, remarks",
    [
        (["@@ -1 +1 @@", "-b", "\\ No newline at end of file", "+c", "\\ No newline at end of file"], "c", [True], []),
        ([">@@ -1,2 +1 @@", ">-a", "> @@ -1 +1 @@"], "@@ -1 +1 @@", [True], ['line 3: the signs of a quotation, ">", are taken off']),
        (["@@ -1,3 +1,3 @@", " a", "-b", "+c", "", "That is all."], "a\nc", [False], [COUNTED.format(3, 3, 2, 2)]),
        (["@@ -1,3 +1,3 @@", " a", "-b", "+c", "", "diff --git a/y.rst b/y.rst"], "a\nc\n", [True], ["left out, for a name that does not end in .c or .h: y.rst"]),
        (["@@ -1,4 +1,4 @@", " a", "", "-b", "+c", "", "That is all."], "a\n\nc\n", [True], []),
        (["@@ -1,4 +1,4 @@", " a", "", "-b", "+c", "", "Why?", " d"], "a\n\nc", [False], [COUNTED.format(4, 4, 3, 3)]),
        (["@@ -1,9 +1,9 @@", " a", "-b", "+c", "", "", "That is all."], "a\nc", [False], [COUNTED.format(9, 9, 2, 2)]),
        (["@@ -1,9 +1,9 @@", " a", "-b", "+c", "-- ", "One", "Two"], "a\nc", [False], [COUNTED.format(9, 9, 2, 2)]),
        (["@@ -1,9 +1,9 @@", " a", "-b", "+c", "--- a/y.c", "+++ b/y.c", "@@ -1 +1 @@", "-d", "+e"], "a\nc\n\ne", [False, True], [COUNTED.format(9, 9, 2, 2)]),
        (["@@ -1,2 +1,3 @@", f" {LAST[:60]}", "+ a;", f" {LAST}", "REST_OF_IT);", "+c"], None, [False], None),
        (["@@ -1 +1 @@", "-b", f"+{LAST}", *WIDE], LAST, [False],
         ["line 6: 3 lines inside a hunk, which may be the rest of the line above, or an answer to it: left out"]),
        (["@@ -1,2 +1,2 @@", f" {LAST}", *WIDE, "-b", "+c"], f"{LAST}\nc", [False],
         ["line 5: 3 lines inside a hunk, which may be the rest of the line above, or an answer to it: left out"]),
        (["@@ -1 +1 @@", "-b", f"+{LAST}", "[...]"], LAST, [True], []),
        (["@@ -1 +1 @@", "-b", f"+{LAST}", "Index: y.rst"], LAST, [True], []),
        (["@@ -1 +1 @@", "-b", f"+{LAST}", "diff --git a/x b/y.rst"], LAST, [True], ["left out, for a name that does not end in .c or .h: y.rst"]),
        (["> @@ -1 +1 @@", "> -b", f"> +{LAST}", "-- ", "One"], LAST, [True], ['line 3: the signs of a quotation, "> ", are taken off']),
        (["@@ -1 +1 @@", "-b", f"+{LAST}{LAST[1:]}", "This is too long."], f"{LAST}{LAST[1:]}", [True], []),
        (["@@ -1 +1 @@", "-b", f"+{LAST}", "REST_OF_IT);"], f"{LAST} REST_OF_IT);", [True],
         ["line 6: joined to line 5, which a mail program broke: the hunk adds up without it"]),
        (["@@ -1,2 +1,2 @@", f" {LAST}", "REST_OF_IT);", "-b", f"+{LAST}{LAST[1:]} a"], f"{LAST}\n{LAST}{LAST[1:]} a", [False],
         ["line 5: 1 line inside a hunk, which may be the rest of the line above, or an answer to it: left out"]),
        (["@@ -1,2 +1,2 @@", f" {LAST}", f"REST_OF_IT_{'x' * 20});", "-b", f"+{LAST} {'x' * 14} a"], f"{LAST}\n{LAST} {'x' * 14} a", [False],
         ["line 5: 1 line inside a hunk, which may be the rest of the line above, or an answer to it: left out"]),
        (["> @@ -1,2 +1,2 @@", f">  {LAST}", "> REST_OF_IT);", f">  {LAST}", "REST_OF_IT);"], f"{LAST}\n{LAST}", [False],
         [*(f"line {at}: 1 line inside a hunk, which may be the rest of the line above, or an answer to it: left out" for at in (5, 7)),
          'line 3: the signs of a quotation, "> ", are taken off']),
        (["@@ -1,2 +1,2 @@", f" {LAST}{LAST[1:]}", "REST_OF_IT);", "-b", "+c"], f"{LAST}{LAST[1:]}\nc", [False],
         ["line 5: 1 line inside a hunk, without the sign of a line of it: left out"]),
    ],
)  # fmt: skip
def test_how_a_hunk_ends_and_where_its_lines_were_broken(lines, text, whole, remarks):
    found = after_text("\n".join([*HEAD, *lines]))
    assert [stretch.whole for stretch in found.stretches] == whole
    assert text is None or (found.text, list(found.remarks)) == (text, remarks)


def test_quoting_and_breaking_at_once_are_not_guessed():
    first, second = f"> {LAST}", ">\t" + LAST[1:]
    rests = [(">REST_OF_IT);", ">-EBUSY);"), ("REST_OF_IT);", "> MORE_OF_IT);")]
    for one, two in rests:
        lines = [">--- a/x.c", ">+++ b/x.c", ">@@ -1,3 +1,3 @@", first, one, f"> {second[1:]}", two, "> + 1"]
        assert not any(stretch.whole for stretch in after_text("\n".join(lines)).stretches)


def test_blanks_before_a_diff_are_its_quoting():
    lines = ["", *[f"    {line}" for line in [*HEAD, "@@ -1,3 +1,3 @@", " a"]], "", "    -b", "    +c"]
    found = after_text("\n".join(lines))
    assert (found.text, found.kind, found.lines, found.stretches) == (
        "a\n\nc",
        "diff",
        (5, 6, 8),
        (Stretch(1, 3, True),),
    )


def test_a_blank_after_the_sign_goes_where_all_lines_have_it():
    assert after_text(">int a;\n> b;").text == "int a;\n b;"
    assert after_text("> int a;\n>> b;\n>").text == "int a;\n> b;\n"


def test_the_rest_of_a_heading_is_no_line():
    found = after_text(
        "\n".join(
            [*HEAD, "@@ -3 +3 @@ static int region_get(struct region *region,", "unsigned long first)", "-b", "+c"]
        )
    )
    assert (found.text, found.lines, found.remarks) == ("c", (6,), ())


def test_files_of_every_kind():
    diff = [
        *diff_of(["int a;"], ["int b;"], "mm/a.c"),
        *diff_of(["a"], ["b"], "Documentation/x.rst"),
        "diff --git a/tools/x.sh b/tools/x.sh", "old mode 100644", "new mode 100755",
        "diff --git a/mm/new.h b/mm/new.h", "new file mode 100644", "--- /dev/null", "+++ b/mm/new.h", "@@ -0,0 +1,2 @@", "+int c;", "+int d;",
        "diff --git a/mm/old.c b/mm/old.c", "deleted file mode 100644", "--- a/mm/old.c", "+++ /dev/null", "@@ -1 +0,0 @@", "-int e;",
        "diff --git a/mm/m.c b/mm/n.c", "similarity index 100%", "rename from mm/m.c", "rename to mm/n.c",
        "diff --git a/mm/p.c b/mm/q.c", "similarity index 90%", "rename from mm/p.c", "rename to mm/q.c", "--- a/mm/p.c", "+++ b/mm/q.c",
        "@@ -1 +1 @@", "-int f;", "+int g;", "\\ No newline at end of file",
        "--- linux.orig/mm/z.c", "+++ linux/mm/z.c", "@@ -1 +1 @@", "-int h;", "+int i;", "@@ -9 +9 @@", "-int j;", "+int k;",
    ]  # fmt: skip
    found = after_text("\n".join(diff))
    assert found.text.split("\n") == ["int b;", "", "int c;", "int d;", "", "int g;", "", "int i;", "", "int k;"]
    assert [diff[at - 1] for at in found.lines] == [
        "+int b;", "@@ -0,0 +1,2 @@", "+int c;", "+int d;", "@@ -1 +1 @@", "+int g;", "@@ -1 +1 @@", "+int i;", "@@ -9 +9 @@", "+int k;",
    ]  # fmt: skip
    assert found.files == (
        FileText("mm/a.c", 1, 1),
        FileText("mm/new.h", 3, 4),
        FileText("mm/q.c", 6, 6),
        FileText("mm/z.c", 8, 10),
    )
    assert [(s.first, s.last) for s in found.stretches] == [(1, 1), (3, 4), (6, 6), (8, 8), (10, 10)]
    assert found.remarks == (
        f"line {diff.index('@@ -1 +0,0 @@') + 1}: mm/old.c is deleted: nothing of it is left after the patch",
        "mm/n.c: renamed from mm/m.c without a change, so that its text is not in the paste",
        "left out, for a name that does not end in .c or .h: Documentation/x.rst, tools/x.sh",
    )


def test_a_diff_without_c_leaves_nothing():
    found = after_text("\n".join(diff_of(["a"], ["b"], "x.rst")))
    assert (found.text, found.lines, found.files, found.stretches, found.kind) == ("", (), (), (), "diff")
    assert found.remarks == ("left out, for a name that does not end in .c or .h: x.rst",)


def mail(title, *body, mark="From 1a1a1a1a Mon Sep 17 00:00:00 2001", fields=()):
    return [mark, "From: One <one@example.org>", f"Subject: [PATCH] {title}", *fields, "", *body, ""]


FIRST = diff_of(["int f(void)", "{", "}"], ["int f(void)", "{", "\tx = 1;", "}"], "a.c")
THIRD = diff_of(
    ["int h(void)", "{", "}"],
    ["int h(void)", "{", "\t/* a line so long that it takes more than one of base64 */", "\tz = 3;", "}"],
    "c.c",
)
SECOND = diff_of(["int g(void)", "{", "}"], ["int g(void)", "{", "\ty = 2;", "}"], "b.c")


def test_the_mails_of_a_paste_in_turn():
    lines = [
        *mail("one", "Because.", "", "Subject: x = y", "---", " a.c | 1 +", "", *FIRST, "-- ", "2.43.0"),
        *mail("two", "why =3D", "", *printable_lines(SECOND), fields=["Content-Transfer-Encoding: quoted-printable"]),
        *mail("Re: one", "On Monday One wrote:", *[f"> {line}" for line in FIRST], "", "Good."),
        *mail("three", "<p>@@ -1 +1 @@", "-a", "+b", fields=["Content-Type: text/html"]),
        *mail(
            "four",
            *base64.encodebytes("\n".join(THIRD).encode()).decode().split("\n"),
            fields=["Content-Transfer-Encoding: base64"],
        ),
        *mail("five", "AAECAwQ=", fields=["Content-Transfer-Encoding: base64"]),
    ]
    found = after_text("\n".join(lines))
    third = [line[1:] for line in THIRD[5:]]
    assert found.text.split("\n") == [
        "int f(void)", "{", "\tx = 1;", "}", "", "int g(void)", "{", "\ty = 2;", "}", "", *third,
    ]  # fmt: skip
    at = [k for k, line in enumerate(lines, 1) if line == FIRST[4]]
    encoded = lines.index("Content-Transfer-Encoding: base64") + 3
    bytes_above = [len("\n".join(THIRD[:k]).encode()) + 1 for k in range(4, 10)]
    assert found.lines == (
        *range(at[0] + 1, at[0] + 5), at[1], *range(at[1] + 1, at[1] + 5), *(encoded + above // 57 for above in bytes_above)
    )  # fmt: skip
    begins = [k for k, line in enumerate(lines, 1) if line.startswith("From: ")]
    again = lines.index("> " + FIRST[4]) + 1
    assert found.remarks == (
        f"line {begins[1]}: the text from here on is quoted-printable: it is decoded",
        f"line {begins[4]}: the text from here on is base64: it is decoded",
        f"line {begins[5]}: what begins here is base64 and no text: not read",
        f'line {again}: the signs of a quotation, "> ", are taken off',
        f"line {again}: the same hunk stands above: left out here",
        f"line {begins[3]}: what begins here is HTML: not read",
        f"4 mails bring hunks, from lines {begins[0]}, {begins[1]}, {begins[2]}, {begins[4]}: each one's text stands below the one before it",
    )


def printable_lines(lines):
    return quopri.encodestring("\n".join(lines).encode()).decode().split("\n")


BARE = diff_of(["int f;", "int h;"], ["int f;", "int g;", "int h;"], "a.c")  # nothing in it tells that it is stuffed


@pytest.mark.parametrize(
    "fields",
    [
        ["Content-Type: text/plain; format=flowed"],
        ["X-Report:CIP:255;CTRY:;", "Content-Type: text/plain; format=flowed"],
    ],
)
def test_what_is_said_to_be_flowed_is_taken_at_its_word(fields):
    """Whether or not the header has blanks behind its colons; but where no line has a blank too many, none goes."""
    body = [f" {line}" if line[:1] == " " else line for line in BARE]
    assert after_text("\n".join(mail("one", *body, fields=fields))).text == "int f;\nint g;\nint h;"
    assert after_text("\n".join(mail("one", *BARE, fields=fields))).text == "int f;\nint g;\nint h;"
    assert after_text("\n".join(body)).text == " int f;\nint g;\n int h;"


def test_quoted_printable_that_is_declared_may_be_hard_to_see():
    lines = ["@@ -1,2 +1,2 @@", " a=3B", "-b", "+c=3B"]
    found = after_text("\n".join(mail("one", *HEAD, *lines, fields=["Content-Transfer-Encoding: quoted-printable"])))
    assert found.text == "a;\nc;"
    assert after_text("\n".join([*HEAD, *lines])).text == "a=3B\nc=3B"


def test_the_only_blank_that_was_encoded_may_be_that_above_the_signature():
    found = after_text("\n".join([*HEAD, "@@ -1 +1 @@", "-b", "+c", "--=20", "2.43.0"]))
    assert (found.text, found.stretches) == ("c", (Stretch(1, 1, True),))


def test_a_blank_too_many_in_some_lines_is_theirs():
    lines = [*HEAD, "@@ -1,3 +1,3 @@", "  \ta", " \tb", "-c", "+d"]
    assert after_text("\n".join(lines)).text == " \ta\n\tb\nd"


def test_the_parts_of_a_multipart_mail():
    fields = ["X-Report:CIP:255.255.255.255;CTRY:;", 'Content-Type: multipart/mixed; boundary="=-b"']
    part = [
        "--=-b",
        "Content-Type: text/x-patch",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        *printable_lines(FIRST),
        "--=-b--",
    ]
    lines = mail("one", "x = y", *part, fields=fields)
    found = after_text("\n".join(lines))
    assert found.text == "int f(void)\n{\n\tx = 1;\n}" and found.lines[2] == lines.index("+\tx =3D 1;") + 1


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*C_LINES, "> x", "out:", "From: a", "\v", "a\u2028b", "\x1c"]), max_size=12),
    st.booleans(),
)
def test_text_that_is_no_diff_comes_back_as_it_stands(lines, carriage):
    assume(not all(line.startswith(">") or not line.strip() for line in lines))
    found = after_text(("\r\n" if carriage else "\n").join(lines))
    assert found.text == "\n".join(lines) and found.lines == tuple(range(1, len(lines) + 1))
    assert (found.kind, found.files, found.stretches) == ("plain", (), (Stretch(1, len(lines), True),))


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.sampled_from(["> ", ">", "> > ", ">> "]), st.booleans())
def test_text_all_of_which_is_quoted_loses_its_signs(lines, signs, trimmed):
    assume(
        any(line.strip() for line in lines) and not (signs[-1] == ">" and all(line[:1] in ("", " ") for line in lines))
    )
    rows = [signs + line for line in lines]
    found = after_text("\n".join(row.rstrip() for row in rows) if trimmed else "\n".join(rows))
    assert found.text.split("\n") == [line.rstrip() if trimmed else line for line in lines]
    assert (found.kind, found.lines, found.remarks) == ("quoted", tuple(range(1, len(lines) + 1)), ())


def test_text_some_of_which_is_quoted_is_left_alone_and_told():
    found = after_text("On Monday One wrote:\n> int a;\n> int b;\n")
    assert (found.text, found.kind) == ("On Monday One wrote:\n> int a;\n> int b;\n", "plain")
    assert found.remarks == ("line 2: 2 lines of 4 begin with the sign of a quotation: all is left as it stands",)


@pytest.mark.parametrize(
    "paste, said",
    [
        ("x" * (8 << 20) + "y", "what was pasted: it has 8,388,609 characters, and may have 8,388,608; paste the mails one by one"),
        ("\n" * 300_000, "what was pasted: it has 300,001 lines, and may have 300,000; paste the mails one by one"),
        ("int a;\n" + ">" * 1_000_000, "line 2 of what was pasted: it has 1,000,000 characters, and may have 65,536; leave it out, or break it"),
        ("a\n\0", "line 2 of what was pasted: it has a NUL, which no text has; paste the text of the mail or of the file"),
        ("@@ -1 +1 @@\n-a=20\n+b=00=3D\n", "line 3 of what was pasted: it has a NUL, which no text has; paste the text of the mail or of the file"),
        ("> @@ -1,9 +1,999999999 @@\n", "line 1 of what was pasted: the head of a hunk says 999999999, and a hunk has at most 300,000 lines; paste the diff as the tool wrote it"),
        ("@@ -" + "9" * 5000 + " +1 @@\n", "line 1 of what was pasted: the head of a hunk says a number of 5,000 digits, and a hunk has at most 300,000 lines; paste the diff as the tool wrote it"),
        ("@@ -1 +1 @@\n" * 20_001, "what was pasted: there are more than 20,000 hunks in it; paste the mails one by one"),
        ("diff --cc x.c\n@@@ -1,2 -1,2 +1,2 @@@\n", "line 1 of what was pasted: this is a combined diff, of a merge, which has several texts before the change; paste the diff against one parent: git diff COMMIT^1 COMMIT"),
        ("> @@@ -1 -1 +1 @@@\n", "line 1 of what was pasted: this is a combined diff, of a merge, which has several texts before the change; paste the diff against one parent: git diff COMMIT^1 COMMIT"),
        ("\nSubject: x\nContent-Transfer-Encoding: base64\n\nZGlm\n", "line 2 of what was pasted: the mail is encoded in base64, and there is no diff in it; paste its text as a mail program shows it"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line(paste, said):
    with pytest.raises(InputError) as caught:
        after_text(paste)
    assert str(caught.value) == said


def test_what_only_looks_like_it_is_read():
    assert (
        after_text("\n".join([*HEAD, "@@ -1 +1,2 @@", " @@@ -1 -1 +1 @@@", "+@@ -1,1 +1,999999999 @@"])).text.count(
            "\n"
        )
        == 1
    )
    assert after_text("\ufeffint a\ud800;").text == "int a?;"


PIECES = st.sampled_from(
    ["@@ -1,2 +1,2 @@\n", "@@ -1 +1 @@\n-b\n+c\n", "> ", ">", " a\n", "-b\n", "+c\n", "\n", "--- x.c\n+++ x.c\n", "diff --git a/x.c b/x.c\n", "From: a\n", "=3D", "=\n", "=20\n",
     "-- \n", "[...]\n", "\r", "\t", "\xa0", "Content-Type: text/plain; format=flowed\n\n", "\u0085", "@@", "x" * 70, " y z\n", "\ud800", "|", "--b\n"]
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=20), max_size=40).map("".join))
def test_any_text_is_read_or_refused_in_a_line(paste):
    try:
        found = after_text(paste)
    except InputError as error:
        assert "\n" not in str(error)
        return
    rows = found.text.split("\n") if found.lines else []
    assert len(rows) == len(found.lines) and all(1 <= at <= paste.count("\n") + 1 for at in found.lines)
    assert list(found.lines) == sorted(found.lines)
    assert all("\n" not in remark for remark in found.remarks)
    covered = [at for s in found.stretches for at in range(s.first, s.last + 1)]
    assert all(rows[at - 1] == "" for at in set(range(1, len(rows) + 1)) - set(covered))
    assert covered == sorted(set(covered))


def steps(paste: str) -> int:
    """How many lines of Python of the package a paste takes."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        count += event == "line"
        return trace if "tdxkit" in frame.f_code.co_filename else None

    sys.settrace(trace)
    try:
        after_text(paste)
    finally:
        sys.settrace(None)
    return count


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit, before",
    [
        ("@@ -1,90000 +1,90000 @@\n", ""), (">@@ -1,90000 +1,90000 @@\n> @@ -1,90000 +1,90000 @@\n", ""), ("\n", "@@ -1,90000 +1,90000 @@\n"),
        ("x\n", "> @@ -1,90000 +1,90000 @@\n> +a\n"), ("> @@ -1,9 +1,9 @@\n> +x\nx\n\n", ""), ("@@ -1,9 +1,9 @@\n+x\nx\n", ""), (">\n", ""),
        ("From: x\n\n", "@@ -1 +1 @@\n"), ("a=\n", "@@ -1 +1 @@\n"), ("+x\n--\n", "@@ -1,90000 +1,90000 @@\n"), ("--- x\n+++ x\n", "@@ -1,90000 +1,90000 @@\n"),
        (" \n", "@@ -1,90000 +1,90000 @@\n"), ("diff --git a/x.c b/x.c\n@@ -1 +1 @@\n-a\n+" + "long " * 14 + "\nrest\n", ""),
    ],
)  # fmt: skip
def test_four_times_as_much_takes_four_times_as_long(unit, before):
    once, more = steps(before + unit * 60), steps(before + unit * 240)
    assert more < 4.3 * once


def test_heads_in_heads_in_heads_are_read_a_bounded_number_of_times():
    def nested(depth):
        return "".join(f"{' ' * k}@@ -1,90000 +1,90000 @@\n{' ' * k}--\n" for k in range(depth))

    assert steps(nested(400)) < 4.3 * steps(nested(100))


def test_a_mail_handed_on_in_quotes_has_the_numbers_of_its_lines():
    lines = [
        "From: Two <two@x.org>",
        "Subject: Fwd: [PATCH] t",
        "",
        "One wrote:",
        "> Text.",
        *[f"> {line}" for line in FIRST[:7]],
        "Why?",
        f"> {FIRST[7]}",
        f"> {FIRST[8]}",
        "",
    ]
    (post,) = read_mails("\n".join(lines).encode(), text=True)[0]
    (hunk,) = post.diff.files[0].hunks
    assert [lines[number - 1][3:] for number, _ in hunk.after_as_read()] == [text for _, text in hunk.after()]
    assert hunk.line == 10 and hunk.whole
