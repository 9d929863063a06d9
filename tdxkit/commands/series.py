"""`tdxkit series FILE…`: patch series out of mail files, what is missing in them, and what changed between versions."""

import sys
from itertools import pairwise

from tdxkit.commands import print_json
from tdxkit.commands.wanted import wait_for
from tdxkit.errors import InputError, printable
from tdxkit.mail.post import Post
from tdxkit.review.compare import compare, lineages
from tdxkit.review.evidence import evidence_job
from tdxkit.review.series import Series, series_of, spans
from tdxkit.text import many


def configure(parser) -> None:
    """Arguments of `series`."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="mbox, raw mail, git format-patch output or digest, gzip too; - is standard input",
    )
    parser.add_argument("--json", action="store_true", help="print the series as one line of JSON")


def run(args) -> None:
    """Read all files as one heap of mails and print the series in it; what was skipped goes to standard error."""
    posts: list[Post] = []
    if args.files.count("-") > 1:
        raise InputError("series - -", "standard input can be read once", "give - once")
    for name in args.files:
        read = wait_for(("digest", "mbox", "patch"), name, evidence_job, lambda read: read.posts)
        posts += read.posts
        for row in str(read.notes).splitlines():
            print(row if len(args.files) == 1 else f"{printable(name)}: {row}", file=sys.stderr)
    series = series_of(posts)
    if args.json:
        print_json({"series": [one.as_json() for one in series]})
    else:
        print(as_text(series) or "no patch, cover or pull request among the mails")


def as_text(series: tuple[Series, ...]) -> str:
    """All series for a terminal, then what changed between versions of one."""
    blocks = [_block(one) for one in series]
    for line in lineages(series):
        for old, new in pairwise(line):
            blocks.append("\n".join(printable(row, 400) for row in str(compare(old, new)).splitlines()))
    return "\n\n".join(blocks)


def _block(series: Series) -> str:
    size = "pull request" if series.total is None else many(series.total, "patch")
    rows = [f"{printable(series.title, 120)}  v{series.version}, {size}, by {printable(str(series.sender), 100)}"]
    for n, title in series.titles.items():
        post = series.patches.get(n)
        stat = post.diff.stat if post and post.diff else post.stat if post else None
        said = f"+{stat.insertions} −{stat.deletions}" if stat else "no mail" if post is None else "no diff"
        rows.append(f"{n:5}  {said:>13}  {printable(title, 120)}")
        if post and post.link:
            rows.append(f"{'':22}{post.link}")
    shared = {path: ns for path, ns in series.touched.items() if len(ns) > 1}
    rows += [f"       touched by {spans(ns)}: {printable(path, 120)}" for path, ns in shared.items()]
    rows += [f"       {printable(gap, 120)}" for gap in series.gaps()]
    return "\n".join(rows)
