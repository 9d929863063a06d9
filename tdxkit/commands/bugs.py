"""``bugs``: the known problems of the posted versions, each shown by a run of the models."""

from tdxkit.commands import print_json


def configure(parser):
    """Arguments: which ones."""
    parser.add_argument("ids", nargs="*", metavar="ID", help="B1 to B35 (default: all)")
    parser.add_argument("--json", action="store_true")


def run(args) -> int:
    """Run each and print a line."""
    from tdxkit.errors import InputError, printable
    from tdxkit.review.bugs import bugs, scenarios, verdict

    known = {b.id: b for b in bugs()}
    for asked in args.ids:
        if asked not in known:
            raise InputError(f"bug {printable(asked)}", f"the bugs are B1 to B{len(known)}", "give one of these")
    rows = []
    for bug in (known[i] for i in args.ids or known):
        found = verdict(bug.id) if bug.id in scenarios() else None
        rows.append({"id": bug.id, "versions": bug.versions, "problem": bug.problem, "fixed": bug.fixed,
                     "shown": found and found.shown, "verdict": found.text if found else bug.unshown})  # fmt: skip
        if not args.json:
            print(
                f"{bug.id:4} {bug.versions}: {bug.problem}\n     {'the model finds: ' if found else 'not shown: '}{rows[-1]['verdict']}"
            )
    if args.json:
        print_json(rows)
    return 0
