"""What is said where a verdict cannot be given on a patch: which mail, which file, which name is wanted."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from tdxkit.errors import printable
from tdxkit.mail.agree import mismatches
from tdxkit.mail.patchdiff import PatchFile
from tdxkit.mail.placing import Doubt
from tdxkit.mail.post import Post
from tdxkit.review.applied import OF_C, Text, Tree, names_in
from tdxkit.review.racing import Racing
from tdxkit.review.series import Series, spans

BEFORE = "before the series"
EMPTY = "e69de29"  # what git calls a file without content
MOST_NAMED = 4  # patches, files or functions that are named; more of them as a range, or not


class Words:
    """The sentences about one series."""

    def __init__(self, series: Series, racing: Racing, tree: Tree):
        self.series, self.racing, self.tree = series, racing, tree
        self.named = {name for post in series.patches.values() if post.diff for name in headed(post.diff.files)}

    def label(self, n: int) -> str:
        """A patch as its subject counts it."""
        total = self.series.total or max(self.series.patches, default=1)
        return f"{n:0{len(str(total))}}/{total}" if n else BEFORE

    def touches(self, files: Iterable[PatchFile]) -> list[str]:
        """The raced functions that the hunks of a patch seem to be in, as their heads and their lines have it."""
        return [name for name in headed(files) if self.racing.means(name)]

    def hole(self, n: int, names: Sequence[str]) -> str:
        """Which mails or files are wanted for functions that a patch shows a part of."""
        named = some(names)
        if not n or all(laid.complete for path, laid in self.tree.files.items() if path not in self.tree.beside):
            return f"{named}: no whole function in the files that are here, as where an #if splits its braces: give it in a file beside, --base FILE"
        lost = [k for k in self.lost() if k < n]
        if not lost:
            return f"{self.label(n)} changes {named}, of which the mails show a part: give the file as it was before, --base FILE"
        which = (
            " and ".join(map(self.label, lost)) if len(lost) <= MOST_NAMED else f"{spans(lost)} of {self.series.total}"
        )
        return f"{self.label(n)} changes {named} of an earlier patch: paste {which} too"

    def unseen(self, n: int, names: Sequence[str], files: Iterable[PatchFile]) -> str:
        """Functions that are raced stand in no text, so that nobody knows whether this patch changes them."""
        given = [PurePosixPath(file.path).name for file in files if file.path.endswith(OF_C)][:MOST_NAMED]
        whose = (
            f"{' and '.join(printable(name, 60) for name in given)} as before the series"
            if given
            else "the file that has it"
        )
        return f"{some(names)} {'is' if len(names) == 1 else 'are'} in no text so far: give {whose}, --base FILE"

    def unlaid(self, path: str, doubt: Doubt) -> str:
        """A hunk that did not fit."""
        where = f"the hunk at line {doubt.line}" if doubt.line else "what it changes"
        return f"{where} of {printable(path, 80) or 'no file'} is not laid: {doubt.why}"

    def doubtful(self, text: Text) -> tuple[str, ...]:
        """Why a text may not be what stands after a patch."""
        said = [
            f"{self.label(doubt.patch)}: {'its hunk at line ' + str(doubt.line) if doubt.line else 'what it changes'} is not laid ({doubt.why}), "
            "so this may not be what stands here"
            for doubt in text.doubts
        ]
        said += [
            f"{name} stands in {' and '.join(printable(file, 80) for file in dict.fromkeys(files))} {len(files)} times, and which is meant is not to be seen: "
            "give the one that is raced in a file beside, --base FILE"
            for name, files in text.needed.twice.items()
        ]
        said += [
            f"{name}() has an #include inside, which is not read: give the function with what stands there in a file beside, --base FILE"
            for name, piece in text.needed.functions.items()
            if "# include " in piece.named.spelled
        ]
        return tuple(said)

    def gone(self, n: int, names: Sequence[str]) -> str:
        """What to do about functions that a patch takes away."""
        return f"{self.label(n)} takes {some(names)} away: what is raced from there on is to be said, by --get and --put, or --run"

    def or_base(self, text: Text) -> str:
        """The other way out where a file is not known whole."""
        parts = dict.fromkeys(
            PurePosixPath(file).name for file in text.files if file and not self.tree.files[file].complete
        )
        return f"; or give {' and '.join(parts)} as before the series, --base FILE" if parts else ""

    def short_of(self, n: int, text: Text) -> tuple[str, ...]:
        """What may have changed the text and is not at hand, or not all of it."""
        rows = [row for row, file in zip(text.rows, text.files) if row and file not in self.tree.beside]
        first = min((row.patch for row in rows), default=n)
        said = []
        if lost := [k for k in self.lost() if first < k < n]:
            isnt = f"{spans(lost)} of {self.series.total} {'is' if len(lost) == 1 else 'are'} not at hand"
            said.append(f"{isnt} and may change this too")
        twice = {
            old.subject.n
            for old in self.series.replaced
            if old.subject.minor == self.series.patches[old.subject.n or 1].subject.minor
        }
        said += [
            f"{self.label(k)} is here more than once, and the later one is judged"
            for k in sorted(twice & {*range(1, n + 1)})
        ]  # type: ignore[operator]
        cut = [k for k, post in self.series.patches.items() if k <= n and post.diff and may_lack(post)]
        said += [f"{self.label(k)} may bring more than is here: it {'is quoted' if self.series.patches[k].quoted else 'does not add up'}" for k in cut[:MOST_NAMED]]  # fmt: skip
        return tuple(said)

    def unread(self, n: int) -> tuple[str, ...]:
        """Why a patch may change what is raced where nothing of it says so: not all of it could be read."""
        post = self.series.patches.get(n)
        files = post.diff.files if post and post.diff else ()
        none = not files or any(map(no_hunk, files))
        if post is None or not (none or may_lack(post)):
            return ()
        what = (
            "no hunk of it is"
            if none
            else "it is quoted, and not all of it may be"
            if post.quoted
            else "not all of it is"
        )
        return (f"{what} here, so that it may change what is raced: paste the mail as it was sent",)

    def lost(self) -> list[int]:
        """The patches of which there is no diff."""
        without = [k for k, post in self.series.patches.items() if not (post.diff and post.diff.files)]
        return sorted({*self.series.missing, *without})

    def ask(self) -> str:
        """What to say where nothing in a series is called like a get and a put."""
        files = (file for post in self.series.patches.values() for file in (post.diff.files if post.diff else ()))
        names = list(dict.fromkeys(name for file in files if file.path.endswith(OF_C) for name in headed([file])))
        more = " and more" if len(names) > MOST_NAMED else ""
        changes = f": the series changes {some(names)}{more}" if names else ""
        return f"say what is raced, by --run 'STATEMENTS' or --get and --put{changes}"


def some(names: Sequence[str]) -> str:
    """Functions in words."""
    return " and ".join(f"{name}()" for name in names[:MOST_NAMED])


def headed(files: Iterable[PatchFile]) -> list[str]:
    """The functions that hunks name in their heads, or show the head of."""
    hunks = [hunk for file in files for hunk in file.hunks]
    heads = [hunk.heading for hunk in hunks]
    lines = [line for hunk in hunks for line in hunk.lines if line[1:2].isalpha() or line[1:2] == "_"]
    heads += [line[1:] for line in lines if not line.rstrip().endswith(";")]
    return sorted({name for head in heads if (name := names_in(head))})


def no_hunk(file: PatchFile) -> bool:
    """Is a file of C changed, and how is not here?"""
    kept = file.hunks or file.binary or not file.path.endswith(OF_C)
    return not kept and (file.what == "change" or (file.what == "new" and not file.blobs[1].startswith(EMPTY)))


def may_lack(post: Post) -> bool:
    """May lines of a patch be missing here? Its own diffstat tells; of one that is quoted nothing else does."""
    stat = post.message.stat
    if post.diff and (post.diff.orphans or any(not hunk.whole for file in post.diff.files for hunk in file.hunks)):
        return True
    if not post.diff or stat is None or not (post.quoted or post.message.own_stat):
        return post.quoted
    return bool(mismatches(stat, post.diff))
