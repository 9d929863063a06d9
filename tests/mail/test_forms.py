"""One truth, written in every form that mails and patches come in, with noise around it, and read back the same."""

import base64
import gzip
import quopri
import textwrap
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.intake import opened
from tdxkit.mail.lines import Notes
from tdxkit.mail.mailbox import read_mails
from tdxkit.mail.mbox import RawMail, raw_mails
from tdxkit.mail.people import Person, person, sender_of
from tdxkit.review.evidence import read_evidence
from tdxkit.review.grouping import series_of

DATE = "Tue, 18 Feb 2020 18:47:01 +0800"


def patch(k, added, removed):
    """A mail's text: a patch of one file that adds and removes so many lines, and its title."""
    hunk = [
        f"@@ -1,{removed + 2} +1,{added + 2} @@ fn",
        " one",
        *["-x = old;"] * removed,
        *["+\ty = new;"] * added,
        " two",
    ]
    diff = [
        f"diff --git a/mm/f{k}.c b/mm/f{k}.c",
        "index 1111111..2222222 100644",
        f"--- a/mm/f{k}.c",
        f"+++ b/mm/f{k}.c",
        *hunk,
    ]
    tail = (f", {added} insertions(+)" if added else "") + (f", {removed} deletions(-)" if removed else "")
    stat = [f" mm/f{k}.c | {added + removed} {'+' * added}{'-' * removed}", f" 1 file changed{tail}"]
    text = [f"Why {k}.", "", "Signed-off-by: One <one@example.org>", "---", *stat, ""]
    return f"mm: change {k}", text, diff


def headed(k, total, title, tag="PATCH"):
    number = f" {k + 1}/{total}" if total > 1 else ""
    return [f"Date: {DATE}", "From: One <one@example.org>", f"Subject: [{tag}{number}] {title}"]


def with_id(k):
    return [f"Message-ID: <{k}@example.org>", "Content-Type: text/plain"]


def mbox(patches, mark="From one@example.org Tue Feb 18 18:47:01 2020", end="\n", sign=("-- ", "2.43.0", "")):
    lines = []
    for k, (title, text, diff) in enumerate(patches):
        lines += [mark, *headed(k, len(patches), title), *with_id(k), "", *text, *diff, *sign, ""]
    return end.join(lines).encode()


def encoded(patches, how):
    out = b""
    for k, (title, text, diff) in enumerate(patches):
        raw = "\n".join([*text, *diff, ""]).encode()
        raw = base64.encodebytes(raw) if how == "base64" else quopri.encodestring(raw)
        head = [*headed(k, len(patches), title), *with_id(k), f"Content-Transfer-Encoding: {how}", "", ""]
        out += b"From x Tue Feb 18 18:47:01 2020\n" + "\n".join(head).encode() + raw + b"\n"
    return out


def attached(patches):
    out = b""
    for k, (title, text, diff) in enumerate(patches):
        kind = "Content-Type: application/octet-stream; name=0001.patch\nContent-Disposition: attachment; filename=0001.patch\n\n"
        head = "\n".join(
            [
                *headed(k, len(patches), title),
                f"Message-ID: <{k}@x>",
                "MIME-Version: 1.0",
                "Content-Type: multipart/mixed; boundary=b",
            ]
        )
        parts = [
            "\n\n--b\nContent-Type: text/plain\n\n",
            "\n".join(text),
            "\n--b\n",
            kind,
            "\n".join(diff),
            "\n--b--\n\n",
        ]
        out += b"From x Tue Feb 18 18:47:01 2020\n" + head.encode() + "".join(parts).encode()
    return out


def mailman(patches):
    lines = [
        "Send kvm mailing list submissions to",
        "\tkvm@example.org",
        "",
        "Today's Topics:",
        "",
        "   1. patches",
        "",
        "",
        "-" * 70,
        "",
    ]
    for k, (title, text, diff) in enumerate(patches):
        lines += [
            f"Message: {k + 1}",
            *headed(k, len(patches), title),
            *with_id(k),
            "",
            *text,
            *diff,
            "",
            "",
            "-" * 30,
            "",
        ]
    return "\n".join([*lines, "End of kvm Digest, Vol 10, Issue 3", "*" * 34, ""]).encode()


def mailed_digest(patches):
    head = (
        "From: kvm-request@example.org\nSubject: kvm Digest, Vol 10, Issue 3\nDate: " + DATE + "\nMessage-ID: <d@x>\n\n"
    )
    return b"From x Tue Feb 18 18:47:01 2020\n" + head.encode() + mailman(patches)


def mime_digest(patches):
    parts = []
    for k, (title, text, diff) in enumerate(patches):
        parts += [
            "--d",
            "Content-Type: message/rfc822",
            "",
            *headed(k, len(patches), title),
            *with_id(k),
            "",
            *text,
            *diff,
            "",
        ]
    head = ["From: kvm-request@example.org", "Subject: kvm Digest, Vol 1, Issue 2", "MIME-Version: 1.0"]
    return "\n".join([*head, "Content-Type: multipart/digest; boundary=d", "", *parts, "--d--", ""]).encode()


def flowed(patches):
    stuffed = [(t, text, [f" {line}" if line[:1] == " " else line for line in diff]) for t, text, diff in patches]
    return mbox(stuffed).replace(b"text/plain", b"text/plain; format=flowed")


def undeclared(patches):
    """Quoted-printable, as a page or a digest shows it, without the header that says so."""
    quoted = []
    for title, text, diff in patches:
        rows = [quopri.encodestring(line.encode()).decode().replace("=\n", "=\n") for line in diff]
        quoted.append((title, text, "\n".join(rows).split("\n")))
    return mbox(quoted)


def git_log(patches):
    lines = []
    for title, text, diff in patches:
        lines += [f"commit {'1a' * 20}", "Author: One <one@example.org>", f"Date:   {DATE}", "", f"    {title}", "    "]
        lines += [f"    {line}" for line in text[:3]] + ["", *diff, ""]
    return "\n".join(lines).encode()


def bare(patches):
    return "\n".join([line for title, text, diff in patches[:1] for line in (title, "", *text, *diff, "")]).encode()


FORMS = {
    "mbox": mbox,
    "CRLF": lambda p: mbox(p, end="\r\n"),
    "no dates": lambda p: mbox(p, mark="From nobody"),
    "no dates, addresses": lambda p: mbox(p, mark="From one@example.org"),
    "lore": lambda p: gzip.compress(mbox(p, mark="From mboxrd@z Thu Jan  1 00:00:00 1970")),
    "pipermail": lambda p: mbox(p, mark="From one at example.org  Tue Feb 18 18:47:01 2020").replace(b"One <one@example.org>", b"one at example.org (One)"),
    "format-patch": lambda p: mbox(p, mark=f"From {'1a' * 20} Mon Sep 17 00:00:00 2001"),
    "glued": lambda p: mbox(p, mark=f"From {'1a' * 20} Mon Sep 17 00:00:00 2001", sign=()).replace(b"\n\nFrom 1a", b"\nFrom 1a"),
    "base64": lambda p: encoded(p, "base64"),
    "quoted-printable": lambda p: encoded(p, "quoted-printable"),
    "quoted-printable, not said": undeclared,
    "attachments": attached,
    "flowed": flowed,
    "Mailman's digest": mailman,
    "Mailman's digest as a mail": mailed_digest,
    "MIME digest": mime_digest,
    "git log -p": git_log,
    "a bare patch": bare,
}  # fmt: skip
COUNTS = st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(any)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None)
@given(counts=st.lists(COUNTS, min_size=1, max_size=4))
def test_the_truth_comes_back(form, counts):
    patches = [patch(k, *count) for k, count in enumerate(counts)]
    posts, box = read_mails(FORMS[form](patches))
    want = [(title, f"mm/f{k}.c", *count) for k, ((title, _, _), count) in enumerate(zip(patches, counts))]
    found = [(p.subject.title, p.files[0].path, p.diff.stat.insertions, p.diff.stat.deletions) for p in posts]
    assert found == (want[:1] if form == "a bare patch" else want)
    assert all(p.diff.broken == 0 for p in posts)
    assert not [note for note in box.notes if "diffstat" in note.what and form != "git log -p"]
    if form != "a bare patch":
        assert {p.sender for p in posts} == {Person("One", "one@example.org")}
        if form != "git log -p":
            (one,) = series_of(posts)
            assert (one.total, one.present) == (len(counts), tuple(range(1, len(counts) + 1)))


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(sorted(FORMS)),
    st.lists(COUNTS, min_size=1, max_size=3),
    st.lists(st.text(max_size=60), max_size=4),
    st.integers(0, 2),
)
def test_prose_around_it_changes_nothing(form, counts, prose, blanks):
    """Any text above the patch, as long as it is no diff itself."""
    noise = [line for text in prose for line in text.replace("\r", " ").splitlines()]
    noise = [f"  {line}" for line in noise if line.isprintable()] + [""] * blanks
    patches = [
        (title, [text[0], "", *noise, *text[1:]], diff)
        for title, text, diff in (patch(k, *c) for k, c in enumerate(counts))
    ]
    posts, _ = read_mails(FORMS[form](patches))
    assert [(p.diff.stat.insertions, p.diff.stat.deletions) for p in posts] == counts[
        : 1 if form == "a bare patch" else None
    ]


def test_a_page_of_lore_pasted():
    title, text, diff = patch(0, 2, 1)
    page = [
        "kvm.vger.kernel.org archive mirror",
        " help / color / mirror / Atom feed",
        "From: One <one@example.org>",
        "To: kvm@example.org",
    ]
    page += [
        f"Subject: [PATCH v3 2/5] {title}",
        f"Date: {DATE}\t[thread overview]",
        "Message-ID: <2@example.org> (raw)",
    ]
    page += [
        "In-Reply-To: <0@example.org>",
        "",
        *text,
        *diff,
        "-- ",
        "2.43.0",
        "",
        "  parent reply\tother threads:[~2020-02-18 18:47 UTC|newest]",
    ]
    (post,) = read_mails("\n".join(page).encode())[0]
    assert (post.subject.label, post.subject.n, post.message_id, post.references) == (
        "v3",
        2,
        "<2@example.org>",
        ("<0@example.org>",),
    )
    assert (post.diff.stat.insertions, post.diff.stat.deletions, post.diff.broken) == (2, 1, 0)


def test_a_page_of_pipermail_pasted():
    title, text, diff = patch(0, 2, 1)
    page = [
        f"[PATCH v3 18/18] {title}",
        "",
        "One one at example.org",
        "Tue Dec 17 06:03:37 PST 2024",
        "",
        "",
        *text,
        *diff,
        "-- ",
        "2.43.0",
        "",
    ]
    page += ["", "Previous message (by thread): [PATCH v3 17/18] x", "More information about the list"]
    (post,) = read_mails("\n".join(page).encode())[0]
    assert (post.subject.title, post.subject.label, post.subject.n) == (title, "v3", 18)
    assert post.author == Person("One", "one@example.org") and post.diff.stat.insertions == 2 and not post.diff.broken


def test_an_answer_with_what_format_patch_wrote_in_it():
    title, text, diff = patch(0, 2, 1)
    lines = [
        "From: One <one@example.org>",
        "Subject: Re: warnings",
        "Message-ID: <8@x>",
        "In-Reply-To: <7@x>",
        "",
        "> A question.",
        "",
        "This helps.",
        "",
    ]
    lines += [
        ">From nobody Mon Sep 17 00:00:00 2001",
        "From: Two <two@example.org>",
        f"Subject: [PATCH] {title}",
        "",
        *text,
        *diff,
        "-- ",
        "1.3.GIT",
        "",
    ]
    (post,) = read_mails("\n".join(lines).encode())[0]
    assert (post.subject.title, post.author.name, post.diff.stat.insertions) == (title, "Two", 2)


def test_an_answer_to_a_digest_that_quotes_it_without_signs_is_one_mail():
    digest = mailman([patch(0, 1, 1)]).decode()
    answer = (
        "From: Two <two@x.org>\nSubject: RE: kvm Digest, Vol 10, Issue 3\nMessage-ID: <9@x>\n\nYes.\n\n-----Original Message-----\n"
        + digest
    )
    posts, box = read_mails(answer.encode())
    assert posts == () and (box.mails, box.replies) == (1, 1)


def test_a_header_of_debian_s_and_one_without_a_blank_line():
    title, _, diff = patch(0, 1, 1)
    (post,) = read_mails(
        "\n".join([f"Description: {title}", "Author: One <one@example.org>", "Forwarded: no", "", *diff]).encode()
    )[0]
    assert (post.subject.title, post.author) == (title, Person("One", "one@example.org"))
    (post,) = read_mails("\n".join(["From: One <one@example.org>", f"Subject: {title}", *diff]).encode())[0]
    assert (post.subject.title, post.diff.stat.insertions) == (title, 1)


def test_what_scissors_cut_off_is_not_the_patch():
    title, text, diff = patch(0, 2, 0)
    _, _, other = patch(9, 5, 5)
    lines = [
        "From: One <one@example.org>",
        "Subject: Re: [PATCH] something else",
        "In-Reply-To: <7@x>",
        "Message-ID: <8@x>",
        "",
    ]
    lines += ["> a question", "I would do it like this, not like", "", *[f"> {line}" for line in other], "", "-- >8 --"]
    lines += [f"Subject: [PATCH v2] {title}", "From: Two <two@example.org>", "", *text, *diff]
    (post,) = read_mails("\n".join(lines).encode())[0]
    assert (post.subject.title, post.subject.version, post.author.name) == (title, 2, "Two")
    assert (post.diff.stat.insertions, post.diff.stat.deletions) == (2, 0)
    talk = "\n".join(line for line in lines if line != "-- >8 --").encode()
    assert read_mails(talk)[0] == () and read_mails(talk)[1].replies == 1


@pytest.mark.parametrize(
    "subject",
    [
        "Re: [PATCH] x",
        "RE : [PATCH] x",
        "AW: [PATCH] x",
        "回复: [PATCH] x",
        "Odp: [PATCH] x",
        "Re[2]: [PATCH] x",
        "[PATCH] x",
    ],
)
def test_answers_in_any_language_and_without_a_word(subject):
    mail = f"From: Two <two@x.org>\nSubject: {subject}\nMessage-ID: <2@x>\nIn-Reply-To: <1@x>\n\n> Text.\n\nAcked-by: Two <two@x.org>\n"
    posts, box = read_mails(mail.encode())
    assert posts == () and box.replies == 1 and box.answers[0].references == ("<1@x>",)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("one at example.org (One)", Person("One", "one@example.org")),
        ("One <one@example.org> (a comment)", Person("One", "one@example.org")),
        ("<one@example.org> (One)", Person("One", "one@example.org")),
        ("Look at this <one@example.org>", Person("Look at this", "one@example.org")),
    ],
)
def test_addresses_of_archives(text, who):
    assert person(text) == who


def test_a_list_in_the_place_of_the_sender():
    assert sender_of("One via Kvm <kvm@example.org>", "One <one@example.org>") == Person("One", "one@example.org")
    assert sender_of("'One' via list <l@x.org>", "", "One <one@example.org>") == Person("One", "one@example.org")
    assert sender_of("One via Kvm <kvm@example.org>") == Person("One via Kvm", "kvm@example.org")
    assert sender_of("One <one@example.org>", "Two <two@example.org>") == Person("One", "one@example.org")


def test_prose_that_has_equal_signs_is_left_as_it_is():
    title, text, diff = patch(0, 1, 1)
    code = [line.replace("y = new", 'y == 0x3D ? "=20" : a=3D') for line in diff]
    (post,) = read_mails(mbox([(title, text, code)]), text=True)[0]
    assert post.diff.files[0].changed[-1] == '+\ty == 0x3D ? "=20" : a=3D;'


def test_flowed_that_is_stuffed_loses_one_blank():
    (post,) = read_mails(flowed([patch(0, 1, 1)]), text=True)[0]
    assert post.diff.files[0].hunks[0].lines == (" one", "-x = old;", "+\ty = new;", " two")


def test_flowed_that_is_not_stuffed_keeps_its_blanks():
    raw = mbox([patch(0, 1, 1)]).replace(b"text/plain", b"text/plain; format=flowed")
    (post,) = read_mails(raw, text=True)[0]
    assert post.diff.files[0].hunks[0].lines[0] == " one"


def test_rules_of_dashes_in_a_mail_cut_nothing():
    title, text, diff = patch(0, 1, 1)
    quoted = ["-" * 70, "", "From: Nobody <no@x.org>", "Subject: [PATCH] quoted", "", "-" * 30, "", "Date: today", ""]
    posts, box = read_mails(mbox([(title, [text[0], "", *quoted, *text[1:]], diff)]))
    assert box.mails == len(posts) == 1 and posts[0].sender.name == "One"


@pytest.mark.parametrize(
    "junk",
    [
        "kvm_msr: msr_read 3a = 0x5\n" * 20,
        "[   12.0] BUG: soft lockup - CPU#8 stuck\n",
        "int main(void)\n{\n\treturn 0;\n}\n",
        "--- \nno: diff\n",
    ],
    ids=["a trace", "a log", "C", "dashes"],
)
def test_what_is_no_mail_is_refused(junk):
    with pytest.raises(InputError, match="there is no mail in it"):
        read_evidence(junk.encode())


def test_long_words_are_wrapped_by_mailers_and_that_is_named():
    title, text, diff = patch(0, 1, 1)
    long = [*diff[:-2], *textwrap.wrap("+" + "word " * 30, 70), diff[-1]]
    (post,), box = read_mails(mbox([(title, text, long)]))
    assert post.diff.broken == 1 and "does not add up" in str(box.notes)


@settings(max_examples=150, deadline=None)
@given(
    COUNTS,
    st.sampled_from(["> ", ">", "> > ", ">> ", "| "]),
    st.booleans(),
    st.lists(st.sampled_from(["Why?", "", "    I would not."]), max_size=3),
)
def test_a_patch_handed_on_in_quotes(count, signs, trimmed, words):
    """Whatever the signs, whether blanks at the ends of lines were lost, whatever was written in between."""
    title, text, diff = patch(0, *count)
    quoted = [f"{signs}{line}".rstrip() if trimmed else f"{signs}{line}" for line in [*text, *diff]]
    place = len(quoted) - 2
    lines = [
        "From: Two <two@x.org>",
        f"Subject: Fwd: [PATCH v2] {title}",
        "",
        "One wrote:",
        *quoted[:place],
        *words,
        *quoted[place:],
        "",
    ]
    (post,), box = read_mails("\n".join(lines).encode())
    assert (post.diff.stat.insertions, post.diff.stat.deletions, post.diff.broken) == (*count, 0)
    assert (
        post.files[0].path == "mm/f0.c"
        and post.message.stat
        and "its patch is quoted" in str(box.notes)
        and len(box.notes) == 1
    )


def test_an_answer_that_quotes_a_patch_posts_none():
    title, text, diff = patch(0, 1, 1)
    lines = [
        "From: Two <two@x.org>",
        f"Subject: [PATCH v2] {title}",
        "In-Reply-To: <1@x>",
        "",
        *[f"> {line}" for line in [*text, *diff]],
        "",
        "Good.",
    ]
    posts, box = read_mails("\n".join(lines).encode())
    assert posts == () and box.replies == 1


@pytest.mark.slow
def test_a_mail_of_blank_lines_costs_no_more_memory_than_itself():
    data = b"From: a@x.org\nSubject: [PATCH] t\n\nx\n" + b"\n" * 100_000
    tracemalloc.start()
    with opened(data) as stream:
        (mail,) = (one for one in raw_mails(stream, Notes()) if isinstance(one, RawMail))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert mail.data == data and peak < 2_000_000, "a list of its lines would be 4 MB, forty times as large"
