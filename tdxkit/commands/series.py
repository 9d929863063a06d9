"""`tdxkit series FILE…`: patch series out of mail files, what is missing in them, what changed between versions; `--explore`: a verdict a patch."""

import sys
from functools import partial
from itertools import pairwise

from tdxkit.commands import from_git, print_json, verdicts
from tdxkit.commands.waiting import wait
from tdxkit.errors import InputError, printable
from tdxkit.mail.post import Post
from tdxkit.review.compare import compare, lineages
from tdxkit.review.evidence import evidence_job
from tdxkit.review.grouping import series_of
from tdxkit.review.series import Series, spans
from tdxkit.review.wanted import wanted
from tdxkit.text import many


def configure(parser) -> None:
    """Arguments of `series`."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="mbox, raw mail, digest, git format-patch or git log -p output, a diff, gzip too, or a range of commits A..B; - is standard input",
    )
    parser.add_argument("--json", action="store_true", help="print the series as one line of JSON")
    verdicts.configure(parser)


def run(args) -> int:
    """Read all files as one heap of mails and print the series in it; what was skipped goes to standard error."""
    posts: list[Post] = []
    answers = others = 0
    if args.files.count("-") > 1:
        raise InputError("series - -", "standard input can be read once", "give - once")
    if not args.explore and (odd := verdicts.given(args)):
        raise InputError(odd, "it says how a series is explored", "give --explore too")
    job = wanted(("digest", "mbox", "patch"), partial(evidence_job, text=args.explore), lambda read: read.posts)
    for name in args.files:
        read = wait(job(from_git.mails_of(name) if isinstance(name, str) and from_git.is_range(name) else name))
        posts += read.posts
        answers += read.mailbox.replies if read.mailbox else 0
        others += read.mailbox.others if read.mailbox else 0
        for row in str(read.notes).splitlines():
            print(row if len(args.files) == 1 else f"{printable(name)}: {row}", file=sys.stderr)
    series = series_of(posts)
    if args.explore:
        return verdicts.answer(args, series)
    if args.json:
        print_json({"series": [one.as_json() for one in series]})
    else:
        talk = f"{many(answers, 'answer')}, {many(others, 'other mail')}"
        print(as_text(series) or f"no patch, cover or pull request among the mails: {talk}")
    return 0


def as_text(series: tuple[Series, ...]) -> str:
    """All series for a terminal, then what changed between versions of one."""
    blocks = [_block(one) for one in series]
    for line in lineages(series):
        for old, new in pairwise(line):
            blocks.append("\n".join(printable(row, 400) for row in str(compare(old, new)).splitlines()))
    return "\n\n".join(blocks)


def _block(series: Series) -> str:
    size = "pull request" if series.total is None else many(series.total, "patch")
    by = f", by {printable(str(series.sender), 100)}" if str(series.sender) else ""
    rows = [f"{printable(series.title, 120)}  {series.label}, {size}{by}"]
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
