"""`seamcall NAME`: what a leaf takes, locks, checks in order and returns."""

from tdxkit.commands import print_json


def configure(parser):
    """The leaf, or none for the list."""
    parser.add_argument("leaf", nargs="?", help="name (TDH. may be missing) or number; none lists them")
    parser.add_argument("--json", action="store_true", help="the leaf's facts as in data/seamcalls.json")


def run(args):
    """Print one leaf, or the list."""
    from tdxkit.seam.leaves.engine import find_leaf, leaves

    if args.leaf is None:
        if args.json:
            print_json([{"leaf": leaf.number, "name": name} for name, leaf in leaves().items()])
            return
        for name, leaf in sorted(leaves().items(), key=lambda item: item[1].number):
            print(f"{leaf.number:3}  {name}")
        return
    text = args.leaf
    leaf = find_leaf(int(text) if text.isascii() and text.isdigit() and len(text) < 6 else text)
    if args.json:
        print_json(dict(leaf.spec))
        return
    from tdxkit.seam.leaves.describe import describe

    print(describe(leaf))
