"""The C of a series as it stands after each of its patches, out of nothing but the mails: `tdxkit.mail.laid` file by file, and of that what is
needed to run some functions, as one text of which every line knows the patch that brought it.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha1
from itertools import takewhile
from pathlib import Path, PurePosixPath

from tdxkit.c.named import named_in, unread
from tdxkit.c.needed import Needed, Piece, Stretch, needed
from tdxkit.intake import opened
from tdxkit.mail.laid import Laid
from tdxkit.mail.patchdiff import PatchFile
from tdxkit.mail.placing import Chunk, Doubt, Row

OF_C = (".c", ".h")
MOST_FILE = 4 << 20  # bytes
Before = Callable[[str], "str | None"]  # a path to the file's text before the series, where that is known
_PLAIN = re.compile(r"[\w./+-]{1,200}")
NUMBER = "PATCH"  # what a file beside the series asks: after which patch is this?
_CONDITION = re.compile(r"[ \t]*#[ \t]*(ifdef|ifndef|if|else|endif)\b")
_OF_PATCH = re.compile(rf"[ \t]*#[ \t]*if[ \t]+{NUMBER}[ \t]*([<>=!]=?)[ \t]*(\d{{1,4}})[ \t]*$")
_COMPARED = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
_HEAD = re.compile(r"([A-Za-z_]\w*)\s{0,4}\(")


@dataclass(frozen=True)
class Text:
    """C for a reader: the text, for each of its lines the row that it is (None: written by us) and its file, of each function its first line and
    its last, and of which items it was made."""

    text: str
    rows: tuple[Row | None, ...]
    files: tuple[str, ...]
    spans: Mapping[str, tuple[int, int]]
    needed: Needed

    @property
    def functions(self) -> dict[str, str]:
        """Each function that is whole, spelled in its words alone: equal ones differ in white space and comments at most."""
        return {name: self._spelled[name] for name in self.needed.functions}

    @cached_property
    def _spelled(self) -> dict[str, str]:
        return {piece.named.function: piece.named.spelled for piece in self.needed.pieces if piece.named.function}

    @property
    def spelled(self) -> tuple[str, ...]:
        """All of it in words."""
        return tuple(piece.named.spelled for piece in self.needed.pieces)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """The hunks that may have changed it and did not fit, each once."""
        return tuple(dict.fromkeys(row.doubt for row in self.rows if row and row.doubt))

    @property
    def doubted(self) -> tuple[str, ...]:
        """The functions that they may have changed."""
        spans = self.spans.items()
        return tuple(
            name for name, (first, last) in spans if any(row and row.doubt for row in self.rows[first - 1 : last])
        )

    @property
    def fresh(self) -> bool:
        """Did the patches bring every line of its functions?"""
        rows = (row for first, last in self.spans.values() for row in self.rows[first - 1 : last])
        return all(row is None or row.added for row in rows)

    def brought(self, patch: int) -> set[int]:
        """The lines, from 1, that a patch brought."""
        return {at for at, row in enumerate(self.rows, 1) if row and row.patch == patch}


@dataclass
class Tree:
    """The files of a series. `before`: what is known of a file before the series; `beside`: files that are none of it, whose functions go
    before those of the same names, the last of them most."""

    before: Before = lambda path: None
    files: dict[str, Laid] = field(default_factory=dict)
    beside: list[str] = field(default_factory=list)

    def begin(self, path: str, beside: bool = False) -> None:
        """A file that is known before any patch."""
        self._file(path)
        self.beside += [path] if beside else []

    def lay(self, files: Iterable[PatchFile], patch: int) -> list[tuple[str, Doubt]]:
        """Lay a patch's hunks; those that do not fit, with their files."""
        doubts: list[tuple[str, Doubt]] = []
        hunks: dict[str, list] = {}
        for file in files:
            path = file.path or self._fitting(file)
            if path and not path.endswith(OF_C):
                continue
            if file.what == "gone":
                self.files.pop(path, None)
                continue
            if file.what == "rename" and file.before:
                self._file(file.before)
                self.files[path] = self.files.pop(file.before)
            if file.what == "new":
                self.files[path] = Laid()
            laid = self._file(path)
            hunks.setdefault(path, []).extend(file.hunks)
            if file.what == "change" and not file.hunks:
                why = "its hunks are not here"
                doubts += [(path, doubt) for doubt in laid.doubt_all(Doubt(patch, 0, why))]
        for path, some in hunks.items():
            doubts += [(path, doubt) for doubt in self.files[path].lay(some, patch)]
        return doubts

    def _file(self, path: str) -> Laid:
        if path not in self.files:
            text = self.before(path)
            self.files[path] = Laid() if text is None else Laid.of_text(text)
        return self.files[path]

    def _fitting(self, file: PatchFile) -> str:
        """The one file of those that are known that a hunk without a name fits."""
        fit = [path for path, laid in self.files.items() if path and any(map(laid.takes, file.hunks))]
        return fit[0] if len(fit) == 1 else ""

    def chunks(self) -> list[tuple[str, Chunk]]:
        """What is known, headers first, in the order of each file."""
        paths = sorted(self.files, key=lambda path: (not path.endswith(".h"), path))
        return [(path, chunk) for path in paths for chunk in self.files[path].chunks]

    def functions(self) -> list[str]:
        """The functions that are whole, each as often as it stands somewhere."""
        return [one.function for _, chunk in self.chunks() for one in named_in(chunk.text) if one.function]

    def parts(self) -> set[str]:
        """The functions of which the patches show a part only."""
        return {name for _, chunk in self.chunks() for name in _begun(chunk)} - set(self.functions())

    def text(self, wanted: Iterable[str], skipped: Iterable[str] = (), patch: int = 0) -> Text:
        """What these names need, as one text; of the series without the functions that are skipped. patch: the one that was laid last, which
        files beside may ask for."""
        chunks = self.chunks()
        found = needed(
            [
                Stretch(path, at_patch(chunk.text, patch) if path in self.beside else chunk.text)
                for path, chunk in chunks
            ],
            wanted,
            self.beside,
            skipped,
        )
        lines: list[str] = []
        rows: list[Row | None] = []
        files: list[str] = []
        spans: dict[str, tuple[int, int]] = {}
        at = (-1, 0)  # the stretch and the line that were written last
        for stretch, named in self._ordered(found.pieces, [path for path, _ in chunks]):
            path, chunk = chunks[stretch]
            begun = at[0] >= 0 and chunks[at[0]][0] == path
            first, last = named.item.first, named.item.last
            if at[0] == stretch and first <= at[1] <= last:  # two on one line
                first = at[1] + 1
            above = [] if begun and at == (stretch, first - 1) else [""] * bool(lines)
            above += [] if begun or not _PLAIN.fullmatch(path) else [f"/* {path} */"]
            lines += [*above, *(row.text for row in chunk.rows[first - 1 : last])]
            rows += [*[None] * len(above), *chunk.rows[first - 1 : last]]
            files += [path] * (len(lines) - len(files))
            spans |= {named.function: (len(lines) - last + first, len(lines))} if named.function else {}
            at = stretch, last
        return Text("\n".join([*lines, ""]), tuple(rows), tuple(files), spans, found)

    def _ordered(self, pieces: Iterable[Piece], paths: list[str]) -> list[Piece]:
        """Pieces as the text has them: types and macros of the files beside, the series' files, the rest of those beside."""
        ranked: list[tuple[int, Piece]] = []
        unit: list[Piece] = []
        depth = 0
        for piece in pieces:
            unit.append(piece)
            depth += {"if": 1, "endif": -1}.get(piece.named.condition, 0)
            if not depth:
                early = all(one.named.condition or one.named.early for one in unit)
                rank = 1 if paths[piece.stretch] not in self.beside else 0 if early else 2
                ranked += [(rank, one) for one in unit]
                unit = []
        return [piece for _, piece in sorted([*ranked, *((1, one) for one in unit)], key=lambda one: one[0])]

    def unread(self) -> list[tuple[str, str]]:
        """The files of which nothing is taken, with the reason."""
        return [(path, why) for path, chunk in self.chunks() if (why := unread(chunk.text))]


def at_patch(text: str, patch: int) -> str:
    """A text with `#if PATCH >= 3` and its like decided for a patch: the lines of the other branch, and of the condition, are empty.

    >>> at_patch("#if PATCH >= 2\\nint a;\\n#else\\nint b;\\n#endif\\nint c;", 1).split("\\n")
    ['', '', '', 'int b;', '', 'int c;']
    """
    rows, stack = (
        text.split("\n"),
        list[bool | None](),
    )  # of each condition is it true now; None: it asks something else
    for at, row in enumerate(rows):
        found = _CONDITION.match(row)
        if found and found[1].startswith("if"):
            asked = _OF_PATCH.match(row)
            stack.append(_COMPARED.get(asked[1], operator.eq)(patch, int(asked[2])) if asked else None)
            rows[at] = "" if asked or False in stack else row
        elif found and stack:
            mine = stack[-1]
            if found[1] == "endif":
                stack.pop()
            elif mine is not None:
                stack[-1] = not mine
            rows[at] = "" if mine is not None or False in stack else row
        elif False in stack:
            rows[at] = ""
    return "\n".join(rows)


def names_in(heading: str) -> str:
    """The function that a line which heads one names; "" where it names none.

    >>> names_in("static int tdx_pamt_get(struct page *page)")
    'tdx_pamt_get'
    """
    found = _HEAD.search(heading)
    return found[1] if found else ""


def _begun(chunk: Chunk) -> set[str]:
    """The functions that a chunk shows the head of."""
    heads = (row.text for row in chunk.rows if row.text[:1].isalpha() or row.text[:1] == "_")
    return {names_in(head) for head in heads if not head.rstrip().endswith(";")} - {""}


def named_as(text: str) -> str:
    """What git calls a file of this text, in 40 hex digits.

    >>> named_as("")[:7]
    'e69de29'
    """
    data = text.encode("utf-8", "surrogateescape")
    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def before_of(texts: Mapping[str, str], trees: Iterable[Path] = ()) -> Before:
    """Files that were given, and trees of files: a path's is the one at it in a tree, else the given one whose name ends as it does, the most.

    >>> before_of({"old/tdx.c": "int a;"})("arch/x86/virt/vmx/tdx/tdx.c"), before_of({"old/tdx.c": ""})("tdx.h")
    ('int a;', None)
    """

    def before(path: str) -> str | None:
        for tree in trees:
            if (text := _in_tree(tree, path)) is not None:
                return text
        best = max(texts, key=lambda name: alike(name, path), default=None)
        return texts[best] if best is not None and alike(best, path) else None

    return before


def alike(one: str, two: str) -> int:
    """How many parts of two paths are the same, from their ends on."""
    pairs = zip(reversed(PurePosixPath(one).parts), reversed(PurePosixPath(two).parts))
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _in_tree(tree: Path, path: str) -> str | None:
    """The text of a file in a tree, never of one outside of it."""
    file = (tree / path).resolve()
    if not file.is_relative_to(tree.resolve()) or not file.is_file() or file.stat().st_size > MOST_FILE:
        return None
    with opened(file) as stream:
        return stream.read(MOST_FILE).decode("utf-8", "surrogateescape")
