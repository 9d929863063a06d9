"""`conflicts`: which pairs of SEAMCALLs get in each other's way, found by running every pair."""

from tdxkit.commands import print_json
from tdxkit.commands.waiting import wait
from tdxkit.text import columns, many
from tdxkit.work import Job


def configure(parser):
    """--json, or one leaf to look at."""
    parser.add_argument("leaf", nargs="?", help="only the pairs with this leaf")
    parser.add_argument("--json", action="store_true", help='{"pairs": [{"a", "b", "result"}]}')


def run(args):
    """While a is under way, b is called: "ok" or the busy status it gets."""
    from tdxkit.seam.conflicts import OK, names

    chosen = names()
    asked = [(a, b) for a in chosen for b in chosen]
    if args.leaf is not None:
        from tdxkit.seam.scenes import scene_of

        leaf, leaf_of = scene_of(args.leaf.upper()).leaf, {name: scene_of(name).leaf for name in chosen}
        asked = [pair for pair in asked if leaf in (leaf_of[name] for name in pair)]
    pairs = wait(_job(asked), lambda done, total: f"{done} of {many(total, 'pair')}")
    if args.json:
        print_json({"pairs": [pair.as_json() for pair in pairs]})
        return
    busy = [p for p in pairs if p.result != OK]
    rows = [(p.a, f"{p.b} -> {p.result}") for p in busy]
    print(*columns(("under way", "called meanwhile -> what it gets"), rows), sep="\n")
    print(
        f"{len(busy)} of {len(pairs)} ordered pairs conflict on one TD and one 2 MiB region; the others go on side by side."
    )


def _job(asked: list[tuple[str, str]]) -> Job[list]:
    from tdxkit.seam.conflicts import conflict

    found = []
    for a, b in asked:
        found.append(conflict(a, b))
        yield len(found), len(asked)
    return found
