"""What `series --explore` does: a verdict for each patch that touches what is raced, and how to step the worst."""

import sys
from argparse import Namespace
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from tdxkit.commands import from_git, print_json
from tdxkit.commands.explore import failing_on
from tdxkit.commands.scenarios import OPTIONS, READS, asked, c_options, pair_options, sized
from tdxkit.commands.waiting import wait
from tdxkit.errors import InputError, printable
from tdxkit.explore.buffers import SC
from tdxkit.intake import opened
from tdxkit.review.applied import MOST_FILE, OF_C, before_of
from tdxkit.review.grouping import chained
from tdxkit.review.racing import Racing
from tdxkit.review.series import Series
from tdxkit.review.verdict import Verdict, Verdicts
from tdxkit.review.verdicts import verdicts_job

MOST_FILES = 64  # of a folder that is read whole


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
        help="a file as it was before the series, or a folder of them. A file that no patch touches stands beside it, such as one with objects and stubs: its macros and types come first, its functions go before others of their names, and #if PATCH >= 3 asks after which patch it is. May be given again",
    )
    group.add_argument(
        "--after",
        default="",
        metavar="N",
        help="print the C as it stands after patch N (0: before), to be replayed; v2:N where there are several versions",
    )
    group.add_argument(
        "--packet", action="store_true", help="print the review packet of the worst race, or of that after patch N"
    )
    failing_on(parser)
    sized(parser)
    pair_options(group)
    c_options(group)


def given(args: Namespace) -> str:
    """An option of exploring that was given; "" for none."""
    if not hasattr(args, "base"):  # `read` has none of them
        return ""
    plain = {
        "after": "",
        "packet": False,
        "fail_on": frozenset(),
        "threads": None,
        "rounds": 1,
        "memory": SC,
        "regions": 1,
    }
    options = (
        "base",
        "after",
        "packet",
        "fail_on",
        "threads",
        "rounds",
        "memory",
        *(o for o in OPTIONS if hasattr(args, o)),
    )
    return next((f"--{o.replace('_', '-')}" for o in options if getattr(args, o) not in (plain.get(o, ""), [], "")), "")


def answer(args: Namespace, series: Iterable[Series]) -> int:
    """Explore all series, and print what was found; the exit code is 1 where it is one that `--fail-on` names, 2 where nothing could be judged."""
    how = asked(args)
    racing = Racing(how.pop("get"), how.pop("put"), how.pop("run"), args.threads, args.rounds, args.memory, how)
    folders = [Path(name) for name in args.base if Path(name).is_dir()]
    base = {name: _text(name) for name in args.base if Path(name) not in folders}
    ranges = [name for name in args.files if isinstance(name, str) and from_git.is_range(name)]
    before = (
        from_git.before_range(ranges[0])
        if len(ranges) == len(args.files) == 1 and not args.base
        else before_of(base, folders)
    )
    found = [
        wait(verdicts_job(one, racing, before, base, _small(folders)), lambda states, _: f"{states:,} states")
        for one in chained(series)
        if one.patches
    ]
    if not found:
        raise InputError(
            printable(str(args.files[0])),
            "there is no patch in it",
            "give the mails of a series, or the patches that git format-patch makes",
        )
    if args.after or args.packet:
        print(_taken(args, found), end="")
        return 0
    if args.json:
        patches = [
            {"series": one.series.title, "version": one.series.version} | patch.as_json()
            for one in found
            for patch in one.patches
        ]
        print_json({"patches": patches, "notes": [note for one in found for note in one.notes]})
    else:
        _tell(args, found, racing)
    judged = [one for each in found for one in each.judged]
    if not judged:
        print("tdxkit: no patch was judged: each line above says what is wanted", file=sys.stderr)
        return 2
    return 1 if any(args.fail_on & one.judged.result.kinds() for one in judged) else 0


def _small(folders: Iterable[Path]) -> list[str]:
    """The files of C in folders that are no tree of a kernel: all of them are known, not only those that a patch touches."""
    found = []
    for folder in folders:
        files = list(islice((file for end in OF_C for file in folder.rglob(f"*{end}")), MOST_FILES + 1))
        found += [file.relative_to(folder).as_posix() for file in files] if len(files) <= MOST_FILES else []
    return found


def _text(name: str) -> str:
    with opened(name, text=True) as stream:
        data = stream.read(MOST_FILE + 1)
        if len(data) > MOST_FILE:
            raise InputError(
                f"--base {stream.title}",
                f"a file of C has at most {MOST_FILE:,} bytes",
                "give the functions in question only",
            )
    return data.decode("utf-8", "surrogateescape")


def _taken(args: Namespace, found: list[Verdicts]) -> str:
    """What is taken away instead of the table: the C after a patch, or the packet of a race."""
    from tdxkit.explore.telling import replay
    from tdxkit.review.packet import packet
    from tdxkit.review.verdicts_text import worst

    one = _after(args, found) if args.after else next((bad for each in reversed(found) if (bad := worst(each))), None)
    if not args.packet and one and one.text:
        return one.text.text
    if one is None or one.judged is None or not one.judged.result.schedule:
        raise InputError("--packet", "no race was found to tell of", "see the table without it")
    return packet(replay(one.judged.scenario, one.judged.result.schedule), one.judged.scenario)


def _after(args: Namespace, found: list[Verdicts]) -> Verdict:
    """What is known after the patch that `--after` names, or after the last one before it that changed what is raced."""
    version, _, number = args.after.rpartition(":")
    names = _names(found)
    some = [one for one, name in zip(found, names) if version in ("", name)]
    for one in reversed(some):
        at = next((k for k, patch in enumerate(one.patches) if str(patch.n) == number), None)
        if at is not None and one.patches[at].missing and not one.patches[at].judged:
            patch = one.patches[at]
            raise InputError(
                f"--after {number}", f"{patch.label} has no verdict: {patch.missing[0]}", "see the table without it"
            )
        if at is not None and (text := next((patch for patch in reversed(one.patches[: at + 1]) if patch.text), None)):
            return text
    known = ", ".join(f"{name}:{patch.n}" for one, name in zip(found, names) for patch in one.patches if patch.text)
    raise InputError(
        f"--after {printable(args.after)}",
        "no patch of this number is here, or none up to it shows the functions whole",
        f"give one of {known}" if known else "see what is wanted without --after",
    )


def _names(found: list[Verdicts]) -> list[str]:
    """What each series is called by `--after`: its version, of several of one with its place among them."""
    labels = [one.series.label for one in found]
    return [
        f"{label}#{labels[: k + 1].count(label)}" if labels.count(label) > 1 else label
        for k, label in enumerate(labels)
    ]


def _tell(args: Namespace, found: list[Verdicts], racing: Racing) -> None:
    from tdxkit.review.reviewed import beside
    from tdxkit.review.verdicts_text import by_shell, told, worst

    for one, name in zip(found, _names(found)):
        print("\n".join(told(one)))
        if bad := worst(one):
            where = f"{name}:{bad.n}" if len(found) > 1 else str(bad.n)
            print(f"step through it: {by_shell(bad, map(str, args.files), where, args.base)}")
        print()
    for pair in beside(found, racing):
        print(pair)
