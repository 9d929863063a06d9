"""``packet``: a schedule as plain text for a mail."""

from tdxkit.commands import whole
from tdxkit.errors import InputError


def configure(parser):
    """Arguments: which scenario, which schedule."""
    parser.add_argument("name", metavar="NAME", help="a scenario, as `list` names it")
    parser.add_argument(
        "code", nargs="*", metavar="CODE", help="a schedule code (default: the counterexample with the fewest switches)"
    )
    parser.add_argument("--threads", type=whole("--threads", 1, 7), default=2)
    parser.add_argument("--rounds", type=whole("--rounds", 1, 9), default=1)
    parser.add_argument("--property", metavar="NAME", help="the rule to find broken")


def run(args) -> int:
    """Print the packet."""
    from tdxkit.explore.schedule import parse
    from tdxkit.explore.search import explore
    from tdxkit.explore.telling import replay
    from tdxkit.linux.refcount.registry import scenario
    from tdxkit.review.packet import packet

    if args.code:
        code = " ".join(args.code)
        shape = parse(code)
        one = scenario(args.name, shape.threads, shape.rounds)
    else:
        one = scenario(args.name, args.threads, args.rounds)
        code = explore(one, prop=args.property, fewest_switches=True).schedule
        if code is None:
            rule = args.property or "no rule"
            raise InputError(
                args.name,
                f"the model finds {rule} not broken" if args.property else "the model finds no rule broken",
                "give a schedule code",
            )
    print(packet(replay(one, code), args.name, args.property), end="")
    return 0
