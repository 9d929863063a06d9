"""`stress NAME`: how often a stress test of so many random runs would have met the race."""

from tdxkit.commands import print_json, whole
from tdxkit.commands.scenarios import NAME, load, own_options, replays, sized


def configure(parser):
    """What to run, how often, and how seldom CPUs overtake each other."""
    parser.add_argument("name", help=NAME)
    sized(parser)
    parser.add_argument(
        "--runs", type=whole("--runs", 1, 100_000), default=1000, metavar="N", help="random runs (1000)"
    )
    parser.add_argument("--seed", type=whole("--seed", 0, 10**9), default=1, metavar="N", help="of the die (1)")
    parser.add_argument(
        "--overtake",
        type=whole("--overtake", 1, 1000),
        default=1,
        metavar="N",
        help="the same CPU goes on but for one step in N, which is anybody's (1: every step is anybody's)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    own_options(parser)


def run(args):
    """Run, and print what was met."""
    from tdxkit.explore.dice import stress
    from tdxkit.explore.judging import that_counts

    seen = stress(that_counts(load(args)), args.runs, args.seed, 1 - 1 / args.overtake)
    if args.json:
        print_json(seen.as_json())
        return
    print(seen)
    if seen.schedule:
        print(replays(args, seen.schedule))
