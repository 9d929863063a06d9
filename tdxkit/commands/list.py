"""`list`: the scenarios that can be explored, and the rules they are judged by."""

from tdxkit.commands import print_json


def configure(parser):
    """What to list, and the form."""
    parser.add_argument(
        "--rules",
        action="store_true",
        help="every rule: what it catches, which scenarios ask for it, how to switch it off",
    )
    parser.add_argument("--json", action="store_true", help="name, title and rules of each, as data")


def run(args):
    """The rules; or one line a design, then the faults that each may have."""
    if args.rules:
        _rules(args.json)
        return
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


def _rules(as_json: bool) -> None:
    """The rules one after the other, and how one is switched off or added."""
    from tdxkit.linux.refcount.registry import asked_by, asked_of
    from tdxkit.rules import HOW, rules

    if as_json:
        keys = ("id", "name", "defect", "catches")
        print_json([{k: getattr(r, k) for k in keys} | {"asked_by": list(asked_by(r.name))} for r in rules().values()])
        return
    for rule in rules().values():
        print(f"{rule.name}\n    id       {rule.id}\n    catches  {rule.catches}\n    broken   {rule.defect}")
        print(f"    asked    {asked_of(asked_by(rule.name))}")
    print("\n" + HOW)
