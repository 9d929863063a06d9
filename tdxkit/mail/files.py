"""The files of one mail's diff with their hunks, whatever mail programs made of them: quoting, broken lines, stuffing and snips undone.

`mending` reads the hunks, `patchdiff` the heads of files between them; here they are put together, and what only all hunks of a mail tell
is undone: the blank that format=flowed puts before lines which begin with one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tdxkit.mail.body import stuffed
from tdxkit.mail.hunks import Hunk
from tdxkit.mail.lines import Notes
from tdxkit.mail.mending import mended
from tdxkit.mail.patchdiff import PatchFile, diff_start, read_files

_SHIFTED = re.compile(
    r"  (?:\t|[{}])"
)  # a blank before a tab, or before a brace that stands at the edge: no kernel code has them


@dataclass(frozen=True, slots=True)
class MailFiles:
    """`files` in the diff's order; `above`: the lines over the diff, as they were before they were quoted; `signs` of the quotation; `orphans`:
    changed lines that belong to no hunk, and were left out."""

    files: tuple[PatchFile, ...]
    above: tuple[str, ...] = ()
    signs: str = ""
    orphans: int = 0

    @property
    def hunks(self) -> list[Hunk]:
        """All hunks."""
        return [hunk for file in self.files for hunk in file.hunks]


def files_of(lines: Sequence[str], numbers: Sequence[int], notes: Notes, flowed: bool = False) -> MailFiles:
    """The files in some lines of a mail; `numbers` says where each line stood, and so does each hunk then.

    `flowed`: the mail says that its lines are stuffed. `notes` takes what had to be done and what does not add up, each once.
    """
    found = mended(lines, numbers, notes)
    begin = _begin(found.parts)
    above = tuple(part for part in found.parts[:begin] if isinstance(part, str))
    parts = [part if isinstance(part, str) else _filled(part) for part in found.parts]
    files = read_files(parts, Notes())  # what it would complain of was said by `mended`
    hunks = [hunk for file in files for hunk in file.hunks]
    if _is_stuffed(hunks, flowed):
        notes.add(numbers[0], "the blank that format=flowed puts before lines of context is taken off")
        files = [replace(file, hunks=tuple(map(_unstuffed, file.hunks))) for file in files]
    return MailFiles(tuple(files), above, found.signs, found.orphans)


def _filled(hunk: Hunk) -> Hunk:
    """The hunk with the blank that its empty lines lost on their way."""
    return hunk if all(hunk.lines) else replace(hunk, lines=tuple(line or " " for line in hunk.lines))


def _begin(parts: Sequence[str | Hunk]) -> int:
    """Where the diff begins: at the head of a file, else at the first hunk."""
    first = next((at for at, part in enumerate(parts) if isinstance(part, Hunk)), len(parts))
    headed = diff_start(parts)
    return first if headed is None else min(first, headed)


def _is_stuffed(hunks: Sequence[Hunk], declared: bool) -> bool:
    """Whether each line of context has one blank too many: because the mail says so, or because no C would stand there."""
    context = [line for hunk in hunks for line in hunk.lines if line[:1] == " "]
    return stuffed(context) and (declared or any(map(_SHIFTED.match, context)))


def _unstuffed(hunk: Hunk) -> Hunk:
    return replace(hunk, lines=tuple(line[1:] if line[:2] == "  " else line for line in hunk.lines))
