"""`tdxkit digest FILE`: who posted how much, and the covers and first patches of a mailing-list digest."""

import sys

from tdxkit.commands import print_json
from tdxkit.commands.waiting import wait
from tdxkit.errors import printable
from tdxkit.mail.post import Post
from tdxkit.review.digest import Digest, digest_job
from tdxkit.review.wanted import wanted
from tdxkit.text import many


def configure(parser) -> None:
    """Arguments of `digest`."""
    parser.add_argument("file", help="a digest, gzip too; - is standard input")
    parser.add_argument("--json", action="store_true", help="print the digest as one line of JSON")


def run(args) -> None:
    """Read and print; what was skipped goes to standard error."""
    digest = wait(wanted(("digest",), digest_job)(args.file))
    if args.json:
        print_json(digest.as_json())
    else:
        print(as_text(digest))
    if len(digest.notes):
        print(digest.notes, file=sys.stderr)


def as_text(digest: Digest) -> str:
    """The digest for a terminal."""
    rows = [f"{digest.list}: {digest.from_commit} to {digest.to_commit}", ""]
    rows += [f"{row.count:7}  {printable(str(row.who), 100)}" for row in digest.contributors]
    alone = {row.who for row in digest.unposted()}
    if alone:
        rows.append(f"counted, without an entry: {', '.join(printable(str(who), 100) for who in alone)}")
    if digest.patch_list is not None:
        listed = many(len(digest.patch_list), "patch") if digest.patch_list else "nothing"
        rows.append(f"the section “Patch list” names {listed}")
    for post in digest.entries:
        what, stat = post.subject, post.stat
        number = f"{what.n}/{what.total}" if what.n is not None else "alone"
        rows += ["", f"{what.role:5} {what.label} {number:>7}  {printable(what.title, 120)}"]
        rows.append(f"{'':16}{printable(str(post.author), 100)}")
        said = f"{many(stat.files_changed, 'file')}, +{stat.insertions} −{stat.deletions}" if stat else "no diffstat"
        rows.append(f"{'':16}{said}")
        for f in post.files:
            rows.append(f"{'':18}{between(f.added):>9} {between(f.removed, '−'):>9}  {printable(f.path, 100)}")
        rows += [f"{'':16}{printable(said, 160)}" for said in _references(post)]
    return "\n".join(rows)


def _references(post: Post) -> list[str]:
    """Where a mail says its patches lie, what they are based on, where the version before is, and its trailers."""
    told = post.message
    rows = [f"branch: {where} {name}" for where, name in told.branches]
    rows += [f"based on {told.base}"] * bool(told.base)
    rows += [f"version {number}: {link}" for number, link in told.previous]
    return rows + [f"{trailer.key}: {trailer.value}" for trailer in told.trailers]


def between(bounds: tuple[int, int], sign: str = "+") -> str:
    """A count, or the two it lies between."""
    low, high = bounds
    return f"{sign}{low}" if low == high else f"{sign}{low}…{high}"
