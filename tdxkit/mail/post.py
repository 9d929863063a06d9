"""A post: one mail that carries a cover, a patch or a pull request, whether it was read from a digest or from the mail itself."""

from dataclasses import dataclass, field
from urllib.parse import quote

from tdxkit.mail.diffstat import Diffstat, FileStat
from tdxkit.mail.message import Message
from tdxkit.mail.patchdiff import Diff
from tdxkit.mail.people import Person
from tdxkit.mail.subject import Subject

LORE = "https://lore.kernel.org/r/"


@dataclass(frozen=True, slots=True)
class Post:
    """Who posted what. `author` wrote the patch, `sender` mailed it; `line` is where it begins in its file, from 1.

    `diff` is None where the mail brings none, as a cover, a pull request and every entry of a digest. `body` is the number of the first
    line of the mail's text in its file: what stands at `number` is line `number - body + 1` of that text, its encoding undone. `quoted`: the
    diff is one that this mail quotes, in place of the patch's own mail. `piece`: cut out of a text with several, it names no thread.
    """

    subject: Subject
    author: Person
    sender: Person
    message: Message = field(default_factory=Message)
    diff: Diff | None = None
    line: int = 0
    message_id: str = ""
    references: tuple[str, ...] = ()
    date: str = ""
    kind: str = "New"
    body: int = 0
    quoted: bool = False
    piece: bool = False

    @property
    def stat(self) -> Diffstat | None:
        """The diffstat as the mail states it, else as its diff adds up, else None."""
        return self.message.stat or (self.diff.stat if self.diff else None)

    @property
    def files(self) -> tuple[FileStat, ...]:
        """The files it touches: from the diff where there is one (exact), else from the stated diffstat."""
        stat = self.diff.stat if self.diff and self.diff.stat.files else self.stat
        return stat.files if stat else ()

    @property
    def link(self) -> str:
        """Where lore.kernel.org shows this mail; empty without a message id."""
        return lore_link(self.message_id)

    def missing(self) -> tuple[str, ...]:
        """What a reader would look for in this mail and not find, as sentences."""
        said = []
        if self.subject.role == "patch" and self.message.stat is None:
            said.append("no diffstat")
        if self.subject.role == "cover" and self.message.stat is None:
            said.append("no diffstat of the whole")
        if self.subject.role == "cover" and not self.message.shortlog:
            said.append("no shortlog")
        if self.subject.pull and self.diff is None:
            said.append("no diff: a pull request names a branch instead")
        return tuple(said)

    def as_json(self) -> dict:
        """An entry of `digest --json`."""
        what, stat = self.subject, self.stat
        return {
            "title": what.title,
            "subject": what.text,
            "author": self.author.as_json(),
            "version": what.version,
            "n": what.n,
            "total": what.total,
            "role": what.role,
            "files": [
                {"path": f.path, "changes": f.changes, "added": list(f.added), "removed": list(f.removed)}
                for f in self.files
            ],
            "files_changed": stat.files_changed if stat else 0,
            "insertions": stat.insertions if stat else 0,
            "deletions": stat.deletions if stat else 0,
            "branches": [list(branch) for branch in self.message.branches],
            "base": self.message.base,
            "previous": [list(link) for link in self.message.previous],
            "trailers": [[trailer.key, trailer.value] for trailer in self.message.trailers],
        }


def lore_link(message_id: str) -> str:
    """The address of a mail by its Message-ID, every odd character escaped; empty where it is no Message-ID.

    >>> lore_link("<20250101.1-2-one@example.org>")
    'https://lore.kernel.org/r/20250101.1-2-one@example.org'
    """
    bare = message_id.strip().removeprefix("<").removesuffix(">")
    if "@" not in bare or len(bare) > 400 or any(c.isspace() or c in "<>" for c in bare):
        return ""
    return LORE + quote(bare, safe="@+=~!$")
