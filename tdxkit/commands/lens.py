"""``lens``: one scenario under several versions: outcomes with exact counts, where they part, what a round costs."""

from tdxkit.commands import print_json, whole
from tdxkit.commands.scenarios import in_memory, own_options, several


def configure(parser):
    """Arguments: versions, size, a schedule to hold against all."""
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="scenarios of `list`, or your own: files of C, FILE.py:put"
    )
    parser.add_argument("--threads", type=whole("--threads", 1, 4), default=2, metavar="N", help="CPUs (2)")
    parser.add_argument(
        "--rounds", type=whole("--rounds", 1, 3), default=1, metavar="N", help="times get, use, put on each CPU (1)"
    )
    in_memory(parser)
    parser.add_argument("--schedule", metavar="CODE", help="a schedule code of one of the versions (quoted)")
    parser.add_argument("--json", action="store_true")
    own_options(parser)


def run(args) -> int:
    """Print the comparison."""
    from tdxkit.review.lens import lens

    seen = lens(several(args), args.threads, args.rounds, args.schedule, args.memory)
    print_json(seen.as_json()) if args.json else print(seen)
    return 0
