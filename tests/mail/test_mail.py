"""Mails of every make: encodings, attachments, mboxes, and files that hope to break the reader."""

import base64
import contextlib
import gzip
import io
import json
import os
import quopri
import threading
import time
import tracemalloc

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.intake import opened
from tdxkit.mail.lines import LINE_LIMIT, NOTES_KEPT, Notes, numbered
from tdxkit.mail.mailbox import Mailbox, read_mails
from tdxkit.mail.mbox import MAIL_LIMIT, RawMail, raw_mails
from tdxkit.mail.post import lore_link
from tdxkit.review.clinic import clinic_digest, practice_mbox
from tdxkit.review.evidence import read_evidence
from tdxkit.work import Cancelled

BODY = """Why.

Signed-off-by: Reviewer Öne <one@example.org>
---
 toy/a.c | 3 ++-
 1 file changed, 2 insertions(+), 1 deletion(-)

diff --git a/toy/a.c b/toy/a.c
--- a/toy/a.c
+++ b/toy/a.c
@@ -1,2 +1,3 @@
 one
-two
+zwei = 2 für alle
+drei
--\x20
2.43.0
"""
HEAD = "From: Reviewer One <one@example.org>\nSubject: [PATCH v2 1/2] toy: a title\nMessage-ID: <1@example.org>\n"


def mail(body=BODY, head=HEAD, charset="utf-8", encoding="8bit") -> bytes:
    raw = body.encode(charset)
    raw = {"8bit": raw, "base64": base64.encodebytes(raw), "quoted-printable": quopri.encodestring(raw)}[encoding]
    more = f"MIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return (head + more).encode() + raw


def one(data: bytes):
    posts, box = read_mails(data)
    assert len(posts) == 1
    return posts[0], box


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "utf-16"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_every_encoding_gives_the_same_post(encoding, charset, newline):
    if charset == "utf-16" and encoding != "base64":
        pytest.skip("not a mail")
    post, box = one(mail(charset=charset, encoding=encoding).replace(b"\n", newline))
    assert (post.diff.stat.insertions, post.diff.stat.deletions) == (2, 1)
    assert post.diff.prints == one(mail())[0].diff.prints
    assert post.message.trailers[0].value == "Reviewer Öne <one@example.org>"
    assert post.files[0].added == (2, 2) and not len(box.notes)


@pytest.mark.parametrize(
    "first",
    [
        "",
        "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n",
        "From a@b Thu Jan  1 00:00:00 1970\n",
    ],
)
def test_raw_mail_format_patch_and_mbox(first):
    post, _ = one(first.encode() + mail())
    assert post.subject.n == 1 and post.message_id == "<1@example.org>" and post.link.endswith("/1@example.org")


def test_from_in_prose_does_not_cut_a_mail():
    text = BODY.replace(
        "Why.", "Why.\n\nFrom here on it is clear.\n\nFrom one Mon Sep 17 00:00:00 2001\nno header follows."
    )
    raw = b"From x Mon Sep 17 00:00:00 2001\n" + mail(text)
    posts, box = read_mails(raw + b"\n" + raw)
    assert len(posts) == box.mails == 2 and all(p.diff.stat.insertions == 2 for p in posts)


def test_the_practice_mbox():
    posts, box = read_mails(practice_mbox())
    assert (box.mails, box.replies, box.others, len(posts)) == (11, 1, 0, 10)
    assert [str(n).partition(": ")[2] for n in box.notes] == [
        "[GIT PULL] region: fixes für 6.15: no diff: a pull request names a branch instead",
        "[PATCH][next] region: one » too many: no diffstat",
    ]
    pull = next(p for p in posts if p.subject.pull)
    assert (
        pull.author.name == "Reviewer, Three" and pull.subject.role == "cover" and pull.message.shortlog[0].count == 2
    )
    lone = posts[-1]
    assert lone.message.stat is None and (lone.stat.insertions, lone.stat.deletions) == (1, 1)


def test_the_author_in_the_body_goes_before_the_sender():
    post, _ = one(mail("From: Revïewer Two <two@example.org>\n\n" + BODY))
    assert (post.author.name, post.sender.name) == ("Revïewer Two", "Reviewer One")


def test_a_lying_diffstat_is_named():
    post, box = one(mail(BODY.replace("2 insertions", "3 insertions")))
    assert post.diff.stat.insertions == 2 and "says 3 insertions, the diff has 2" in str(box.notes)


def test_attachments_and_alternatives():
    parts = [
        "Content-Type: text/plain; charset=utf-8\n\nWhy.\n",
        "Content-Type: text/html\n\n<script>alert(1)</script>\n",
        "Content-Type: text/x-patch\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(BODY.encode()).decode(),
        "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAAA\n",
    ]
    raw = HEAD + 'Content-Type: multipart/mixed; boundary="x"\n\n' + "".join(f"--x\n{p}\n" for p in parts) + "--x--\n"
    post, _ = one(raw.encode())
    assert post.diff.stat.insertions == 2 and post.message.stat.insertions == 2


def test_html_only_is_said():
    head = HEAD + "Content-Type: text/html\n\n<p>no patch</p>"
    post, box = one(head.encode())
    assert post.diff is None and "HTML only" in str(box.notes)


@pytest.mark.parametrize("depth", [10, 29, 200, 20_000])
def test_deep_nesting_is_bounded(depth):
    raw = (
        HEAD
        + "".join(f'Content-Type: multipart/mixed; boundary="b{k}"\n\n--b{k}\n' for k in range(depth))
        + "\n"
        + BODY
    )
    start = time.perf_counter()
    post, box = one(raw.encode())
    assert time.perf_counter() - start < 5
    assert post.subject.n == 1 and (depth < 30 or "nested parts" in str(box.notes))


def test_gzip_as_lore_hands_it_out(tmp_path):
    path = tmp_path / "t.mbox.gz"
    path.write_bytes(gzip.compress(practice_mbox()))
    heard = []
    posts, _ = read_mails(path, lambda done, total: heard.append((done, total)))
    assert len(posts) == 10 and heard[-1][0] == heard[-1][1] == path.stat().st_size
    path.write_bytes(gzip.compress(practice_mbox())[:-40])
    posts, box = read_mails(path)
    assert len(posts) >= 1 and "ends early" in str(box.notes)


class Endless(io.RawIOBase):
    """A stream that never ends its line, `size` bytes of it."""

    def __init__(self, head: bytes, size: int):
        self.head, self.left, self.at = head, size, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        n = min(len(buffer), self.left, 1 << 20)
        piece = self.head[self.at : self.at + n].ljust(n, b"x")
        buffer[:n] = piece
        self.at, self.left = self.at + n, self.left - n
        return n


def test_a_line_without_end_costs_no_memory():
    stream = opened(Endless(mail()[:-20], 200 << 20))
    notes = Notes()
    tracemalloc.start()
    mails = [raw for raw in raw_mails(stream, notes) if isinstance(raw, RawMail)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(mails) == 1 and peak < 8 << 20 and f"longer than {LINE_LIMIT} bytes" in str(notes)


@pytest.mark.slow
def test_a_mail_without_end_is_cut_and_the_next_one_read():
    long = mail(BODY + "text without end\n" * (MAIL_LIMIT // 16))
    sep = b"\nFrom x Mon Sep 17 00:00:00 2001\n"
    posts, box = read_mails(sep[1:] + long + sep + mail())
    assert len(posts) == 2 and str(box.notes).count("its rest is skipped") == 1 and posts[1].diff.stat.insertions == 2


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path):
    raw = practice_mbox()
    peaks = []
    for times in (15, 60):
        path = tmp_path / "big.mbox"
        path.write_bytes(raw * times)
        tracemalloc.start()
        for _ in Mailbox(path):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0] + 200_000


def test_progress_may_cancel():
    def cancel(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        read_mails(practice_mbox() * 200, cancel)


def test_notes_are_bounded():
    notes = Notes()
    list(numbered(opened(b"\0\n" * 5000), notes))
    assert notes.count == 5000 and len(notes.kept) == NOTES_KEPT and "and 4900 more" in str(notes)


@pytest.mark.parametrize(
    "junk", [b"", b"\0" * 5000, b"\x7fELF" + bytes(range(256)) * 40, b"plain text\n" * 50, b"a: b\n\nno mail\n"]
)
def test_no_mail_is_said_in_one_line(junk, tmp_path, capsys):
    path = tmp_path / "x"
    path.write_bytes(junk)
    assert main(["series", str(path)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "there is no mail in it" in err


@pytest.mark.parametrize("argv", [[], ["/nowhere"], ["/"], ["a\0b"], ["--jsn", "x"]])
def test_wrong_arguments(argv, capsys):
    for command in ("series", "digest"):
        assert main([command, *argv]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_nuls_raw_bytes_and_unknown_charsets():
    raw = mail().replace(b"one <one@", b"\xe9ne\0 <one@").replace(b"charset=utf-8", b"charset=klingon")
    posts, box = read_mails(raw.replace(b"Reviewer One", b"R\xe9viewer One"))
    assert posts[0].sender.name == "Réviewer One" and posts[0].diff.stat.insertions == 2
    assert "klingon" in str(box.notes)


@pytest.mark.parametrize(
    "header", ["Content-Type", "Content-Transfer-Encoding", "References", "From", "Subject", "Date", "Message-ID"]
)
@pytest.mark.parametrize(
    "value", ["", '"', "=?", "<" * 5000, "=?utf-8?b?" + "A" * 4001 + "?=", "multipart/mixed", "(" * 3000, "x/y; charset*0*=a'b'%ff", "a\x1b[2Jb"]
)  # fmt: skip
def test_hostile_headers(header, value):
    raw = f"Subject: [PATCH] x\nFrom: a <a@b>\n{header}: {value}\n\n".encode() + BODY.encode()
    if header == "Subject":
        raw = raw.replace(b"Subject: [PATCH] x\n", b"", 1)
    posts, _ = read_mails(raw)
    for post in posts:
        json.dumps(post.subject.text + post.author.name).encode()


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 3000))
def test_bytes_thrown_in_anywhere_never_break_the_reader(noise, at):
    raw = practice_mbox()
    at %= len(raw)
    noisy = raw[:at] + noise + raw[at + len(noise) :]
    assume(not noisy.startswith(b"\x1f\x8b"))  # that is gzip then, and broken: the next test
    posts, _ = read_mails(noisy)
    assert len(posts) >= (5 if at else 1)  # noise in the first line may make the file one raw mail
    try:
        read_mails(noise)
    except InputError as error:
        assert "\n" not in str(error)


def test_mails_that_begin_like_gzip_are_refused_in_a_line():
    with pytest.raises(InputError) as caught:
        read_mails(b"\x1f\x8b" + practice_mbox()[2:])
    assert "\n" not in str(caught.value)


def test_lore_links():
    assert lore_link("<a/b?c#d@example.org>") == "https://lore.kernel.org/r/a%2Fb%3Fc%23d@example.org"
    for bad in ("", "no at", "<a b@c>", "<a@b><c>", "javascript:alert(1)", "x" * 500 + "@y"):
        assert lore_link(bad) == ""


def test_one_door_for_digests_and_mails(tmp_path):
    assert read_evidence(clinic_digest().encode()).digest.list == "KVM"
    assert read_evidence(clinic_digest().encode()).series[0].title == "TDX: Enable Dynamic PAMT"
    found = read_evidence(practice_mbox())
    assert found.digest is None and found.mailbox.mails == 11


def test_a_pipe_is_read_once(tmp_path):
    for data, posts in ((practice_mbox(), 10), (clinic_digest().encode(), 5), (gzip.compress(practice_mbox()), 10)):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=(data,))
        writer.start()
        found = read_evidence(pipe)
        writer.join()
        pipe.unlink()
        assert len(found.posts) == posts


def test_a_stream_is_as_good_as_a_file():
    assert len(read_evidence(io.BytesIO(practice_mbox())).posts) == 10
    assert len(read_evidence(io.BytesIO(gzip.compress(practice_mbox()))).posts) == 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "tail",
    [
        "Cc: x@example.org\n" + " x\n" * 400_000,
        "v2:\n - x\n" + "   x\n" * 300_000,
        "A B (1):\n  x\n" + "    x\n" * 200_000,
    ],
    ids=["a header", "a changelog", "a shortlog"],
)
def test_long_paragraphs_cost_no_square(tail):
    start = time.process_time()
    one(mail(tail))
    assert time.process_time() - start < 5


@pytest.mark.slow
def test_many_headings_cost_no_square():
    heads = clinic_digest().partition("New:")[0]
    entry = "New:  t{0}\n[PATCH] t{0}\nAuthor: Liam Merwick <liam.merwick@oracle.com>\n\ntext\n\n" + "-" * 70 + "\n\n"
    start = time.process_time()
    read_evidence((heads + "".join(entry.format(n) for n in range(30_000))).encode())
    assert time.process_time() - start < 6


def ticks_of(data: bytes) -> list:
    """How far a reading says it is, to its end or to what it cannot read."""
    ticks = []
    with contextlib.suppress(InputError):
        read_evidence(data, lambda *tick: ticks.append(tick))
    return ticks


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [b"no mail at all\n" * 200_000, b"x" * (4 << 20), mail() + b"one long mail\n" * 200_000, mail() + b"y" * (4 << 20)],
    ids=["no mail", "a line without end", "a mail without end", "its line without end"],
)
def test_whatever_it_reads_it_ticks(data):
    ticks = ticks_of(data)
    assert len(ticks) > 3 and ticks == sorted(ticks) and ticks[-1] == (len(data), len(data))


@pytest.mark.slow
def test_a_digest_ticks_in_its_tables_and_in_an_entry():
    head, rest = clinic_digest().split("Top ", 1)
    table = "Top 9999999 contributors (Based on Email Body)\n\n" + "      1  a@example.org\n" * 60_000
    for text in (head + table + "Top " + rest, clinic_digest() + "stray\n" * 200_000, head + "z" * (4 << 20)):
        ticks = ticks_of(text.encode())
        assert len(ticks) > 3 and ticks == sorted(ticks)
