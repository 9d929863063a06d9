"""`conflicts`: which pairs of SEAMCALLs get in each other's way, found by running every pair."""

from tdxkit.commands import print_json


def configure(parser):
    """--json, or one leaf to look at."""
    parser.add_argument("leaf", nargs="?", help="only the pairs with this leaf")
    parser.add_argument("--json", action="store_true", help='{"pairs": [{"a", "b", "result"}]}')


def run(args):
    """While a is under way, b is called: "ok" or the busy status it gets."""
    from tdxkit.seam.conflicts import OK, conflict, names

    chosen = names()
    if args.leaf is not None:
        from tdxkit.seam.scenes import scene_of

        leaf, leaf_of = scene_of(args.leaf.upper()).leaf, {name: scene_of(name).leaf for name in chosen}
        pairs = [conflict(a, b) for a in chosen for b in chosen if leaf in (leaf_of[a], leaf_of[b])]
    else:
        pairs = [conflict(a, b) for a in chosen for b in chosen]
    if args.json:
        print_json({"pairs": [{"a": p.a, "b": p.b, "result": p.result} for p in pairs]})
        return
    busy = [p for p in pairs if p.result != OK]
    width = max((len(p.a) for p in busy), default=0)
    print(f"{'under way':{width}}  called meanwhile -> what it gets")
    for p in busy:
        print(f"{p.a:{width}}  {p.b} -> {p.result}")
    print(
        f"{len(busy)} of {len(pairs)} ordered pairs conflict on one TD and one 2 MiB region; the others go on side by side."
    )
