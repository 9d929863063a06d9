"""`program NAME [NAME…]`: what a design does, step by step, on a page; with more names, the same situations side by side."""

from tdxkit.c.naming import OF_C, is_c
from tdxkit.commands import print_json
from tdxkit.commands.scenarios import asked, own_options, several
from tdxkit.errors import InputError


def configure(parser):
    """Which designs."""
    parser.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="designs of `list`, several are put side by side; or a file of C, alone",
    )
    parser.add_argument("--json", action="store_true", help="name and rows, as data")
    own_options(parser)


def run(args):
    """Print one program as its rows, or several by situations."""
    from tdxkit.review.program import told, told_of
    from tdxkit.review.situations import beside

    mine = several(args) if any(map(is_c, args.names)) or any(asked(args)[option] for option in OF_C) else []
    if mine and len(args.names) > 1:
        raise InputError("program", "a file of C is told alone", "name one, or compare the two answers")
    if len(args.names) == 1:
        one = told_of(mine[0]) if mine else told(args.names[0])
        print_json(one.as_json()) if args.json else print(one)
        return
    if len(set(args.names)) < len(args.names):
        raise InputError("program", "each design is named once", "leave out the second")
    seen = beside(args.names)
    print_json(seen.as_json()) if args.json else print(seen)
