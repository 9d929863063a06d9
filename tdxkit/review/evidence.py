"""One door for what reviewers bring: a digest or mails, told apart by their first lines."""

from dataclasses import dataclass

from tdxkit.intake import Source, opened, peek
from tdxkit.mail.lines import Notes
from tdxkit.mail.mailbox import Mailbox, mails_job
from tdxkit.mail.post import Post
from tdxkit.review.digest import Digest, digest_job, is_digest
from tdxkit.review.grouping import series_of
from tdxkit.review.series import Series
from tdxkit.work import Job, Progress, drive

_SNIFFED = 8192


@dataclass(frozen=True, slots=True)
class Evidence:
    """The posts of one file and what else it held; `digest` or `mailbox` is None, the other is what the file was."""

    posts: tuple[Post, ...]
    notes: Notes
    digest: Digest | None = None
    mailbox: Mailbox | None = None

    @property
    def series(self) -> tuple[Series, ...]:
        """The posts sorted into series."""
        return series_of(self.posts)


def read_evidence(source: Source, progress: Progress | None = None) -> Evidence:
    """Read a digest or mails from a file or from bytes; InputError where it is neither."""
    return drive(evidence_job(source), progress)


def evidence_job(source: Source, text: bool = False) -> Job[Evidence]:
    """The same as a job; `text` keeps the hunks of each patch."""
    with opened(source) as stream:
        if is_digest(peek(stream, _SNIFFED).replace(b"\0", b"").decode("utf-8", "replace")):
            digest = yield from digest_job(stream)
            return Evidence(digest.entries, digest.notes, digest=digest)
        posts, box = yield from mails_job(stream, text)
        return Evidence(posts, box.notes, mailbox=box)
