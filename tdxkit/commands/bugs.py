"""``bugs``: the known problems of the posted versions, each shown by a run of the models."""

from tdxkit.commands import print_json
from tdxkit.commands.waiting import wait
from tdxkit.text import many
from tdxkit.work import Job


def configure(parser):
    """Arguments: which ones."""
    parser.add_argument("ids", nargs="*", metavar="ID", help="B1 to B35 (default: all)")
    parser.add_argument("--json", action="store_true")


def run(args) -> int:
    """Run each and print a line."""
    from tdxkit.errors import InputError, printable
    from tdxkit.review.bugs import bugs, counted

    known = {b.id: b for b in bugs()}
    for asked in args.ids:
        if asked not in known:
            raise InputError(f"bug {printable(asked)}", f"the bugs are B1 to B{len(known)}", "give one of these")
    asked = [known[i] for i in args.ids or known]
    rows = wait(_job(asked), lambda done, total: f"{done} of {many(total, 'bug')}")
    if args.json:
        print_json(rows)
        return 0
    for row in rows:
        found = "not shown: " if row["shown"] is None else "the model finds: "
        ours = "; found here, no mail that was read says it" if row["inferred"] else ""
        print(f"{row['id']:4} {row['versions']}: {row['problem']}{ours}\n     {found}{row['verdict']}")
    if not args.ids:
        print(counted())
    return 0


def _job(asked: list) -> Job[list[dict]]:
    """All of them before the first is told: a package that one needs may be missing."""
    from tdxkit.review.bugs import scenarios, verdict

    rows = []
    for bug in asked:
        rows.append(bug.as_json(verdict(bug.id) if bug.id in scenarios() else None))
        yield len(rows), len(asked)
    return rows
