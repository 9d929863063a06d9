"""A small series of our own, and the forms in which a reviewer comes by it: the same patches each time.

Four patches of a made-up file: the first brings it, the second lets its counter go without the lock and so breaks it, the third adds
a limit, the fourth looks again under the lock and so mends it. None but the first holds a whole `toy_get()` or `toy_put()`.
"""

import difflib
import quopri
import random
from collections.abc import Callable, Sequence
from itertools import pairwise

PATH = "toy/power.c"
AUTHOR = "Author One <one@example.org>"
REVIEWER = "Reviewer Two <two@example.org>"
COVER_ID = "<20250101.0-one@example.org>"
WHOLE = """\
// SPDX-License-Identifier: GPL-2.0
/* A toy that is switched on for its first user and off behind its last one. */
#define TOY_LIMIT 0x3D
static DEFINE_SPINLOCK(toy_lock);
static int toy_users;
static int toy_power;

/* What a user does while it is one. */
void toy_use(void)
{
	BUG_ON(READ_ONCE(toy_power) == 0);
}

int toy_get(void)
{
	int first;

	/* Who comes first switches it on; the lock makes the others wait for that. */
	spin_lock(&toy_lock);
	first = toy_users == 0;
	toy_users++;
	if (first)
		WRITE_ONCE(toy_power, 1);
	spin_unlock(&toy_lock);

	return 0;
}

void toy_put(void)
{
	int last;

	/* Who goes last switches it off. */
	spin_lock(&toy_lock);
	toy_users--;
	last = toy_users == 0;
	if (last)
		WRITE_ONCE(toy_power, 0);
	spin_unlock(&toy_lock);
}
"""
TITLES = (
    "toy: switch the power by users",
    "toy: count users without the lock",
    "toy: refuse more users than there is room for",
    "toy: look at the count again under the lock",
)
MESSAGES = (
    "The file, with a counter and a lock.",
    "The counter is atomic, so that most users need no lock. Said as caf\u00e9 = caf=C3=A9.",
    "There is a limit, which nobody minded.",
    "A put that saw no user left may find one when it has the lock.",
)


def _changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def _texts() -> tuple[str, ...]:
    second = _changed(
        WHOLE,
        ("static int toy_users;", "static atomic_t toy_users;"),
        ("\tspin_lock(&toy_lock);\n\tfirst = toy_users == 0;\n\ttoy_users++;\n", "\tfirst = atomic_inc_return(&toy_users) == 1;\n\tspin_lock(&toy_lock);\n"),
        ("\tspin_lock(&toy_lock);\n\ttoy_users--;\n\tlast = toy_users == 0;\n", "\tlast = atomic_dec_and_test(&toy_users);\n\tspin_lock(&toy_lock);\n"),
    )  # fmt: skip
    third = _changed(
        second,
        ("\tint first;\n\n", "\tint first;\n\n\tif (atomic_read(&toy_users) >= TOY_LIMIT)\n\t\treturn -EBUSY;\n\n"),
    )
    fourth = _changed(
        third,
        ("\tfirst = atomic_inc_return(&toy_users) == 1;\n\tspin_lock(&toy_lock);\n", "\tspin_lock(&toy_lock);\n\tfirst = atomic_inc_return(&toy_users) == 1;\n"),
        ("\tif (last)\n", "\tif (last && atomic_read(&toy_users) == 0)\n"),
    )  # fmt: skip
    return "", WHOLE, second, third, fourth


TEXTS = _texts()  # the file before the series, and after each patch


def diff_of(before: str, after: str, path: str = PATH) -> str:
    """A diff as git writes it."""
    old = before.splitlines()
    rows = [_headed(row, old) for row in difflib.unified_diff(old, after.splitlines(), lineterm="", n=3)][2:]
    new = [] if before else ["new file mode 100644"]
    names = [f"--- {'a/' + path if before else '/dev/null'}", f"+++ b/{path}"]
    return "\n".join([f"diff --git a/{path} b/{path}", *new, "index 1111111..2222222 100644", *names, *rows]) + "\n"


def _headed(row: str, old: list[str]) -> str:
    """The head of a hunk with the function that began last before it, as git has it."""
    if not row.startswith("@@ "):
        return row
    first = int(row[4:].partition(" ")[0].partition(",")[0])
    above = [line for line in old[: max(0, first - 1)] if line[:1].isalpha()]
    return f"{row} {above[-1]}" if above else row


def lines_of(diff: str) -> list[str]:
    """The lines of all hunks of a diff, as a reader of the patch should find them."""
    return [row for row in diff.split("\n")[:-1] if row[:1] in "+- " and not row.startswith(("+++ ", "--- "))]


def patch_mail(n: int, diff: str, title: str, message: str, tag: str = "PATCH v2", total: int = len(TITLES)) -> bytes:
    """One patch as git format-patch writes it."""
    head = f"From {n:040x} Mon Sep 17 00:00:00 2001\nFrom: {AUTHOR}\nDate: Wed, 1 Jan 2025 10:0{n % 10}:00 +0000\nSubject: [{tag} {n}/{total}] {title}\n"
    mime = "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n"
    return f"{head}{mime}\n{message}\n\nSigned-off-by: {AUTHOR}\n---\n{_stat(diff)}\n{diff}-- \n2.43.0\n\n".encode()


def _stat(diff: str) -> str:
    added, removed = (sum(row[0] == sign for row in lines_of(diff)) for sign in "+-")
    path = next(row for row in diff.split("\n") if row.startswith("+++ b/")).removeprefix("+++ b/")
    sums = [f"{added} insertion{'s' * (added != 1)}(+)"] * bool(added)
    sums += [f"{removed} deletion{'s' * (removed != 1)}(-)"] * bool(removed)
    return f" {path} | {added + removed} {'+' * added}{'-' * removed}\n 1 file changed, {', '.join(sums)}\n"


DIFFS = tuple(diff_of(before, after) for before, after in pairwise(TEXTS))
SERIES = tuple(
    patch_mail(n, diff, title, message) for n, (diff, title, message) in enumerate(zip(DIFFS, TITLES, MESSAGES), 1)
)


def parts(mail: bytes) -> tuple[str, str]:
    """Title line and text of a mail of the series."""
    head, _, text = mail.decode().partition("\n\n")
    return next(row for row in head.split("\n") if row.startswith("Subject: ")).removeprefix("Subject: "), text


def as_format_patch(series: Sequence[bytes] = SERIES) -> bytes:
    """As `git format-patch --stdout` writes them."""
    return b"".join(series)


def as_mbox(series: Sequence[bytes] = SERIES) -> bytes:
    """As a list keeps them: message ids, a thread below a cover that is not there."""
    return b"".join(_posted(n, mail) for n, mail in enumerate(series, 1))


def _posted(n: int, mail: bytes) -> bytes:
    _, _, rest = mail.partition(b"\n")
    ids = f"Message-ID: <20250101.{n}-one@example.org>\nIn-Reply-To: {COVER_ID}\nReferences: {COVER_ID}\n"
    return b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + ids.encode() + rest


def as_quoted_replies(series: Sequence[bytes] = SERIES, sign: str = "> ") -> bytes:
    """An answer to each patch that quotes it, with a remark between two hunks or below; the patches are not there."""
    return b"".join(_answer(n, mail, sign) for n, mail in enumerate(series, 1))


def _answer(n: int, mail: bytes, sign: str) -> bytes:
    title, text = parts(mail)
    quoted = "".join(f"{sign}{row}".rstrip(" ") + "\n" for row in text.partition("-- \n")[0].split("\n")[:-1])
    above, mark, below = quoted.rpartition(f"{sign}@@ ")
    head = f"From: {REVIEWER}\nSubject: Re: {title}\nMessage-ID: <answer.{n}@example.org>\n"
    ids = f"In-Reply-To: <20250101.{n}-one@example.org>\nReferences: {COVER_ID} <20250101.{n}-one@example.org>\n"
    said = f"On Wed, Jan 01, 2025 at 10:00:00AM +0000, {AUTHOR} wrote:\n"
    text = f"{said}{above}\nIs this one needed?\n\n{mark}{below}\nElse it looks good.\n"
    return f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{head}{ids}\n{text}\n".encode()


def as_fragments(series: Sequence[bytes] = SERIES, seed: int = 5) -> bytes:
    """One text with the patches below each other in disorder, no message ids: of some the whole header, of others the subject alone."""
    pieces = []
    for n, mail in enumerate(series):
        title, text = parts(mail)
        head = f"From: {AUTHOR}\nDate: Wed, 1 Jan 2025 10:00:00 +0000\nSubject: {title}\n"
        pieces.append((head if n % 2 else f"Subject: {title}\n") + "\n" + text)
    random.Random(seed).shuffle(pieces)
    return "\n".join(pieces).encode()


def as_quoted_printable(series: Sequence[bytes] = SERIES) -> bytes:
    """As an mbox whose mails are quoted-printable."""
    return b"".join(_encoded(_posted(n, mail)) for n, mail in enumerate(series, 1))


def _encoded(mail: bytes) -> bytes:
    head, _, text = mail.partition(b"\n\n")
    blank = text.replace(b"\n \n", b"\n=20\n")
    coded = b"\n".join(row if row == b"=20" else quopri.encodestring(row) for row in blank.split(b"\n"))
    return head.replace(b"8bit", b"quoted-printable") + b"\n\n" + coded + b"\n"


def as_lore_page(series: Sequence[bytes] = SERIES) -> bytes:
    """As the page of a thread looks when it is copied, with an answer to each patch."""
    pages = []
    for n, mail in enumerate(series, 1):
        title, text = parts(mail)
        name = AUTHOR.partition(" <")[0]
        seen = f"  2025-01-01 10:00 [PATCH v2 0/{len(series)}] toy: a cover {name}\n"
        more = "                   ` (2 more replies)\n  1 sibling, 1 reply; 9+ messages in thread\n"
        sent = f"From: {name} @ 2025-01-01 10:0{n % 10} UTC (permalink / raw)\n  To: linux-kernel; +Cc: two\n\n"
        below = "^ permalink raw reply\t[flat|nested] 9+ messages in thread\n\n"
        page = f"* {title}\n{seen}@ 2025-01-01 10:0{n % 10} ` {name}\n{more}{sent}{text}{below}"
        quoted = "".join(f"> {row}\n" for row in text.split("\n")[:12])
        answer = f"* Re: {title}\n{seen}@ 2025-01-02 10:00   ` Reviewer Two\n{more}{sent.replace(name, 'Reviewer Two')}{quoted}[...]\n\nFine.\n\n{below}"
        pages += [page, answer]
    return "".join(pages).encode()


DISGUISES: tuple[Callable[[], bytes], ...] = (
    as_mbox,
    as_format_patch,
    as_quoted_replies,
    as_fragments,
    as_quoted_printable,
    as_lore_page,
)
