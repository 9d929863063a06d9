"""`explore NAME`: every interleaving of a scenario, and the shortest one that breaks it."""

from argparse import ArgumentTypeError

from tdxkit.c.oftext import OfC
from tdxkit.commands import print_json, whole
from tdxkit.commands.scenarios import NAME, load, own_options, replays, sized, words
from tdxkit.explore.program import BOUND, OWN_BOUND
from tdxkit.explore.result import REDUCTIONS

KINDS = ("violation", "deadlock", "livelock", "bounded")
BAD = KINDS[:3]
BESIDE = ("get", "put", "stubs", "defines", "sets")  # what a text needs to be read, whatever may go wrong


def configure(parser):
    """What to explore and how."""
    parser.add_argument("name", help=NAME)
    sized(parser)
    parser.add_argument(
        "--reduce", choices=tuple(REDUCTIONS), default=None, help="reduction (movers; of Python of your own all)"
    )
    parser.add_argument(
        "--property", metavar="RULE", help="judge this rule only, by name or id; a wrong name lists them"
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="RULE", help="do not judge this rule; may be given again"
    )
    parser.add_argument("--fewest-switches", action="store_true", help="show the calmest schedule, not the shortest")
    parser.add_argument("--first", action="store_true", help="stop at the first violation")
    parser.add_argument("--count", action="store_true", help="count the interleavings exactly")
    parser.add_argument(
        "--outcomes", action="store_true", help="also list how it can end, with interleavings and an example"
    )
    parser.add_argument(
        "--bound",
        type=whole("--bound", 1, 100_000_000),
        default=None,
        metavar="N",
        help=f"stop after N states ({BOUND:,}; {OWN_BOUND:,} for a model of your own, which may never end)",
    )
    failing_on(parser)
    parser.add_argument(
        "--lines", action="store_true", help="name the lines that no run executed (always done for a file of your own)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    own_options(parser)


def failing_on(parser) -> None:
    """Which verdicts make the exit code 1."""
    parser.add_argument(
        "--fail-on",
        type=_kinds,
        default=frozenset(),
        metavar="LIST",
        help=f"exit with 1 if any of these is found: {', '.join(KINDS)}, or bad for the first three; a CPU that waits for a lock that it holds is a "
        "deadlock too, and a deadlock of C in which somebody spins a livelock too",
    )


def _kinds(text: str) -> frozenset[str]:
    """The kinds of verdict that a list with commas names."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in (*KINDS, "bad"):
            raise ArgumentTypeError(f"there is no such verdict; use {', '.join(KINDS)} or bad, not {name[:40]!r}")
    return frozenset(kind for name in names for kind in (BAD if name == "bad" else (name,)))


def run(args):
    """Explore, and print the verdict; the exit code is 1 where it is one that `--fail-on` names, else 0."""
    return answer(args, load(args))


def answer(args, scenario) -> int:
    """The same for a scenario that was made already."""
    from tdxkit.commands.waiting import wait
    from tdxkit.explore.judging import judging

    scenario = scenario.without(*args.without)
    bound = args.bound or scenario.bound
    search = judging(
        scenario,
        reduce=args.reduce,
        prop=args.property,
        fewest_switches=args.fewest_switches,
        whole=not args.first,
        count=args.count,
        bound=bound,
        lines=args.lines,
    )
    judged = wait(search, lambda states, _: f"{states:,} states")
    result = judged.result
    if args.json:
        print_json(result.as_json() | (scenario.own.as_json() if isinstance(scenario.own, OfC) else {}))
    else:
        _tell(args, scenario, judged, bound)
    return 1 if args.fail_on & result.kinds() else 0


def _tell(args, scenario, judged, bound: int) -> None:
    """Print the result, what steps through it and, where asked for, the outcomes."""
    result = judged.result
    print(result)
    if args.count and result.interleavings is None:
        print(f"no number of interleavings: there is no end to them, or more than {bound:,} states")
    if result.schedule:
        print(replays(args, result.schedule))
    if scenario.own and scenario.make and result.verdict == "ok":
        from tdxkit.review.own import asks

        print(f"ask next: {' · '.join(ask.shell for ask in asks(scenario))}")
        if getattr(scenario.own, "pair", True):
            print(f"what it costs: python -m tdxkit lens v6 after-v6 {words(args, *BESIDE)}")
    if args.outcomes:
        from tdxkit.explore.endings import outcomes

        print(outcomes(judged.scenario, bound))
