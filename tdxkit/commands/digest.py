"""`tdxkit digest FILE`: who posted how much, and the covers and first patches of a mailing-list digest."""

import sys

from tdxkit.commands import print_json
from tdxkit.commands.waiting import wait
from tdxkit.errors import printable
from tdxkit.mail.post import Post
from tdxkit.review.digest import Digest, digest_job
from tdxkit.text import many


def configure(parser) -> None:
    """Arguments of `digest`."""
    parser.add_argument("file", help="a digest, gzip too; - is standard input")
    parser.add_argument("--json", action="store_true", help="print the digest as one line of JSON")


def run(args) -> None:
    """Read and print; what was skipped goes to standard error."""
    digest = wait(digest_job(args.file))
    if args.json:
        print_json(as_json(digest))
    else:
        print(as_text(digest))
    if len(digest.notes):
        print(digest.notes, file=sys.stderr)


def as_json(digest: Digest) -> dict:
    """The digest as plain values."""
    return {
        "list": digest.list,
        "from": digest.from_commit,
        "to": digest.to_commit,
        "domains": [{"domain": row.who, "count": row.count} for row in digest.domains],
        "contributors": [
            {"name": row.who.name, "email": row.who.email, "count": row.count} for row in digest.contributors
        ],
        "entries": [_entry(post) for post in digest.entries],
    }


def _entry(post: Post) -> dict:
    what, stat = post.subject, post.stat
    return {
        "title": what.title,
        "subject": what.text,
        "author": {"name": post.author.name, "email": post.author.email},
        "version": what.version,
        "n": what.n,
        "total": what.total,
        "role": what.role,
        "files": [
            {"path": f.path, "changes": f.changes, "added": list(f.added), "removed": list(f.removed)}
            for f in post.files
        ],
        "files_changed": stat.files_changed if stat else 0,
        "insertions": stat.insertions if stat else 0,
        "deletions": stat.deletions if stat else 0,
    }


def as_text(digest: Digest) -> str:
    """The digest for a terminal."""
    rows = [f"{digest.list}: {digest.from_commit} to {digest.to_commit}", ""]
    rows += [f"{row.count:7}  {printable(str(row.who), 100)}" for row in digest.contributors]
    alone = {row.who for row in digest.unposted()}
    if alone:
        rows.append(f"counted, without an entry: {', '.join(printable(str(who), 100) for who in alone)}")
    for post in digest.entries:
        what, stat = post.subject, post.stat
        number = f"{what.n}/{what.total}" if what.n is not None else "alone"
        rows += ["", f"{what.role:5} v{what.version} {number:>7}  {printable(what.title, 120)}"]
        rows.append(f"{'':16}{printable(str(post.author), 100)}")
        said = f"{many(stat.files_changed, 'file')}, +{stat.insertions} −{stat.deletions}" if stat else "no diffstat"
        rows.append(f"{'':16}{said}")
        for f in post.files:
            rows.append(f"{'':18}{between(f.added):>9} {between(f.removed, '−'):>9}  {printable(f.path, 100)}")
    return "\n".join(rows)


def between(bounds: tuple[int, int], sign: str = "+") -> str:
    """A count, or the two it lies between."""
    low, high = bounds
    return f"{sign}{low}" if low == high else f"{sign}{low}…{high}"
