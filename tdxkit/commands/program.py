"""`program NAME [NAME…]`: what a design does, step by step, on a page; with more names, the same situations side by side."""

from tdxkit.commands import print_json
from tdxkit.errors import InputError


def configure(parser):
    """Which designs."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="designs of `list`; several are put side by side")
    parser.add_argument("--json", action="store_true", help="name and rows, as data")


def run(args):
    """Print one program as its rows, or several by situations."""
    from tdxkit.review.program import told
    from tdxkit.review.situations import beside

    if len(args.names) == 1:
        one = told(args.names[0])
        print_json(one.as_json()) if args.json else print(one)
        return
    if len(set(args.names)) < len(args.names):
        raise InputError("program", "each design is named once", "leave out the second")
    seen = beside(args.names)
    print_json(seen.as_json()) if args.json else print(seen)
