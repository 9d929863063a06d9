"""What `series --explore` does: a verdict for each patch that touches what is raced, and how to step the worst."""

import sys
from argparse import Namespace
from collections.abc import Iterable
from itertools import pairwise

from tdxkit.commands import print_json
from tdxkit.commands.explore import failing_on
from tdxkit.commands.scenarios import OPTIONS, READS, asked, c_options, pair_options, sized
from tdxkit.commands.waiting import wait
from tdxkit.errors import InputError, printable
from tdxkit.explore.buffers import SC
from tdxkit.intake import opened
from tdxkit.review import from_git
from tdxkit.review.applied import before_of
from tdxkit.review.compare import lineages
from tdxkit.review.series import Series

MOST_BASE = 4 << 20  # bytes of a file before the series


def configure(parser) -> None:
    """How the series is explored."""
    group = parser.add_argument_group(
        "a verdict for each patch", f"The functions as they stand after each patch, out of the mails. {READS}"
    )
    group.add_argument(
        "--explore", action="store_true", help="judge the functions as they stand after each patch that changes them"
    )
    group.add_argument(
        "--base",
        action="append",
        default=[],
        metavar="FILE",
        help="a file as it was before the series; may be given again",
    )
    group.add_argument(
        "--after",
        default="",
        metavar="N",
        help="print the C as it stands after patch N (0: before), to be replayed; v2:N where there are several versions",
    )
    failing_on(parser)
    sized(parser)
    pair_options(group)
    c_options(group)


def given(args: Namespace) -> str:
    """An option of exploring that was given; "" for none."""
    if not hasattr(args, "base"):  # `read` has none of them
        return ""
    plain = {"after": "", "fail_on": frozenset(), "threads": None, "rounds": 1, "memory": SC, "regions": 1}
    options = ("base", "after", "fail_on", "threads", "rounds", "memory", *(o for o in OPTIONS if hasattr(args, o)))
    return next((f"--{o.replace('_', '-')}" for o in options if getattr(args, o) not in (plain.get(o, ""), [], "")), "")


def answer(args: Namespace, series: Iterable[Series]) -> int:
    """Explore all series, and print what was found; the exit code is 1 where it is one that `--fail-on` names, 2 where nothing could be judged."""
    from tdxkit.review.verdicts import Racing, verdicts_job

    how = asked(args)
    racing = Racing(how.pop("get"), how.pop("put"), how.pop("run"), args.threads, args.rounds, args.memory, how)
    base = {name: _text(name) for name in args.base}
    ranges = [name for name in args.files if isinstance(name, str) and from_git.is_range(name)]
    before = from_git.before_range(ranges[0]) if len(ranges) == len(args.files) == 1 and not base else before_of(base)
    found = [
        wait(verdicts_job(one, racing, before), lambda states, _: f"{states:,} states") for one in series if one.patches
    ]
    if not found:
        raise InputError(
            printable(str(args.files[0])),
            "there is no patch in it",
            "give the mails of a series, or the patches that git format-patch makes",
        )
    if args.after:
        print(_after(args, found).text.text, end="")
        return 0
    if args.json:
        patches = [
            {"series": one.series.title, "version": one.series.version} | patch.as_json()
            for one in found
            for patch in one.patches
        ]
        print_json({"patches": patches})
    else:
        _tell(args, found)
    judged = [one for each in found for one in each.judged]
    if not judged:
        print("tdxkit: no patch was judged: each line above says what is wanted", file=sys.stderr)
        return 2
    return 1 if any(args.fail_on & one.judged.result.kinds() for one in judged) else 0


def _text(name: str) -> str:
    with opened(name, text=True) as stream:
        data = stream.read(MOST_BASE + 1)
        if len(data) > MOST_BASE:
            raise InputError(
                f"--base {stream.title}",
                f"a file of C has at most {MOST_BASE:,} bytes",
                "give the functions in question only",
            )
    return data.decode("utf-8", "surrogateescape")


def _after(args: Namespace, found) -> object:
    """The verdict of the patch that `--after` names."""
    version, _, number = args.after.rpartition(":")
    some = [one for one in found if version in ("", one.series.label)]
    for one in reversed(some):
        for patch in reversed(one.patches):
            if patch.text and number.isdigit() and patch.n <= int(number):
                return patch
    known = ", ".join(f"{one.series.label}:{patch.n}" for one in found for patch in one.patches if patch.text)
    raise InputError(
        f"--after {printable(args.after)}",
        "no patch up to there shows the functions whole",
        f"give one of {known}" if known else "see what is wanted without --after",
    )


def _tell(args: Namespace, found) -> None:
    from tdxkit.review.verdicts_text import by_shell, told, worst

    for one in found:
        print("\n".join(told(one)))
        if bad := worst(one):
            where = f"{one.series.label}:{bad.n}" if len(found) > 1 else str(bad.n)
            print(f"step through it: {by_shell(bad, map(str, args.files), where, args.base)}")
        print()
    for line in lineages(one.series for one in found):
        for old, new in pairwise(line):
            pair = [next(one for one in found if one.series is side) for side in (old, new)]
            if all(one.last for one in pair):
                print(_beside(args, *(one.last.scenario for one in pair)))


def _beside(args: Namespace, old, new) -> str:
    """Two versions in the lens, and what changed in get and put as programs."""
    from tdxkit.review.lens import lens
    from tdxkit.review.program import changed

    seen = lens((old, new), args.threads or 2, args.rounds, memory=args.memory)
    rows = changed(old, new) if not args.run else ()
    head = [f"{old.name} and {new.name}: what changed in get and put, step by step"] if rows else []
    return "\n".join([str(seen), *([""] if head else []), *head, *rows])
