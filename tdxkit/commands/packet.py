"""``packet``: a schedule as plain text for a mail."""

from tdxkit.commands.scenarios import NAME, load, of_code, own_options, sized
from tdxkit.errors import InputError


def configure(parser):
    """Arguments: which scenario, which schedule."""
    parser.add_argument("name", metavar="NAME", help=NAME)
    parser.add_argument(
        "code", nargs="*", metavar="CODE", help="a schedule code (default: the counterexample with the fewest switches)"
    )
    sized(parser, 7)
    parser.add_argument("--property", metavar="RULE", help="the rule to find broken, by name or id")
    own_options(parser)


def run(args) -> int:
    """Print the packet."""
    from tdxkit.explore.judging import judge
    from tdxkit.explore.telling import replay
    from tdxkit.review.packet import packet

    if args.code:
        code = " ".join(args.code)
        one = of_code(args, code)
    else:
        judged = judge(load(args), prop=args.property, fewest_switches=True)
        one, code = judged.scenario, judged.result.schedule
        if code is None:
            rule = args.property or "no rule"
            raise InputError(
                args.name,
                f"the model finds {rule} not broken" if args.property else "the model finds no rule broken",
                "give a schedule code",
            )
    print(packet(replay(one, code), one, args.property and one.rule(args.property)), end="")
    return 0
