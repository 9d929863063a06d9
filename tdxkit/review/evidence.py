"""One door for what reviewers bring: a digest or mails, told apart by their first lines."""

from dataclasses import dataclass
from pathlib import Path

from tdxkit.review.digest import Digest, read_digest
from tdxkit.review.intake import Notes, Progress, opened
from tdxkit.review.mail import Mailbox, read_mails
from tdxkit.review.post import Post
from tdxkit.review.series import Series, series_of

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


def is_digest(source: str | bytes | Path) -> bool:
    """Whether this begins as a mailing-list digest does."""
    with opened(source) as stream:
        try:
            return b" mailing list update from " in stream.read(_SNIFFED)
        except (OSError, EOFError):
            return False


def read_evidence(source: str | bytes | Path, progress: Progress | None = None) -> Evidence:
    """Read a digest or mails from a file or from bytes; InputError where it is neither."""
    if is_digest(source):
        digest = read_digest(source, progress)
        return Evidence(digest.entries, digest.notes, digest=digest)
    posts, box = read_mails(source, progress)
    return Evidence(posts, box.notes, mailbox=box)
