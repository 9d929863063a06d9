"""`list`: the scenarios that can be explored."""

from tdxkit.commands import print_json


def configure(parser):
    """Nothing but the form."""
    parser.add_argument("--json", action="store_true", help="a list of objects with name, title, rules")


def run(args):
    """One line a scenario."""
    from tdxkit.linux.refcount import scenario, titles

    if args.json:
        rules = {name: [p.name for p in scenario(name).properties] for name in titles()}
        print_json([{"name": n, "title": t, "properties": rules[n]} for n, t in titles().items()])
        return
    width = max(map(len, titles()))
    for name, title in titles().items():
        print(f"{name:{width}}  {title}")
