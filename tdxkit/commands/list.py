"""`list`: the scenarios that can be explored."""

from tdxkit.commands import print_json


def configure(parser):
    """Nothing but the form."""
    parser.add_argument("--json", action="store_true", help="name, title and rules of each, as data")


def run(args):
    """One line a scenario."""
    from tdxkit.linux.refcount import scenario, titles

    if args.json:
        print_json([scenario(name).as_json() for name in titles()])
        return
    width = max(map(len, titles()))
    for name, title in titles().items():
        print(f"{name:{width}}  {title}")
