"""`list`: the scenarios that can be explored."""

from tdxkit.commands import print_json


def configure(parser):
    """Nothing but the form."""
    parser.add_argument("--json", action="store_true", help="name, title and rules of each, as data")


def run(args):
    """One line a design, then the faults that each may have."""
    from tdxkit.linux.refcount import scenario, titles
    from tdxkit.linux.refcount.posted import DESIGNS
    from tdxkit.linux.refcount.registry import FAULTS, SPECIAL

    if args.json:
        print_json([scenario(name).as_json() for name in titles()])
        return
    shown = {name: title for name, title in titles().items() if name in DESIGNS or name in SPECIAL}
    width = max(map(len, shown))
    for name, title in shown.items():
        print(f"{name:{width}}  {title}")
    print("\nEach posted one also with a fault, as in v4-enomem:")
    for behind, (said, _) in FAULTS.items():
        print(f"{'-' + behind:{width}}  {said}")
