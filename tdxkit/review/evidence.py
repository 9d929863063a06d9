"""One door for what reviewers bring: a digest or mails, told apart by their first lines."""

from collections.abc import Generator
from dataclasses import dataclass

from tdxkit.intake import Notes, Progress, Source, finish, name_of, opened, peek
from tdxkit.mail.mailbox import Mailbox
from tdxkit.mail.post import Post
from tdxkit.review.digest import Digest, digest_steps
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


def read_evidence(source: Source, progress: Progress | None = None) -> Evidence:
    """Read a digest or mails from a file or from bytes; InputError where it is neither."""
    return finish(evidence_steps(source, progress))


def evidence_steps(source: Source, progress: Progress | None = None) -> Generator[None, None, Evidence]:
    """The same with a pause after each mail, for who must stay responsive; the generator returns the evidence."""
    with opened(source) as stream:
        if b" mailing list update from " in peek(stream, _SNIFFED).replace(b"\0", b""):
            digest = yield from digest_steps(stream, progress, name_of(source))
            return Evidence(digest.entries, digest.notes, digest=digest)
        box = Mailbox(stream, progress)
        posts = []
        for post in box.steps():
            posts += [post] if post else []
            yield
        box.must_hold_mail(name_of(source))
        return Evidence(tuple(posts), box.notes, mailbox=box)
