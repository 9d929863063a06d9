"""``life``: a TD from creation to teardown, with the series or part of it, and what is left afterwards."""

from tdxkit.commands import print_json, whole
from tdxkit.errors import InputError
from tdxkit.text import columns, many


def configure(parser):
    """Arguments: which patches, which version, which fault."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--without", type=int, metavar="K", help="the whole series but patch K (5 to 12)")
    which.add_argument("--prefix", type=int, metavar="N", help="the first N patches (0 to 12)")
    parser.add_argument(
        "--version", default="v2", help="of the series, as in `list` (v2; the patch switches are its own)"
    )
    parser.add_argument(
        "--pool", type=whole("--pool", 0, 100), metavar="N", help="vCPUs' pools have N pages, not the version's number"
    )
    parser.add_argument("--huge", action="store_true", help="map, split and promote a 2 MiB page too")
    parser.add_argument(
        "--fault", type=whole("--fault", 1, 100_000), metavar="N", help="the N-th allocation or SEAMCALL fails"
    )
    parser.add_argument("--how", default="error", help="how it fails: no memory, busy, error")
    parser.add_argument(
        "--lasting", action="store_true", help="what fails goes on failing: each later call of that name too"
    )
    parser.add_argument(
        "--faults",
        action="store_true",
        help="every single fault that leaves something behind or makes a fault go round, and how faults end",
    )
    parser.add_argument("--steps", action="store_true", help="print every step")
    parser.add_argument("--json", action="store_true")


def run(args) -> int:
    """Live one life, or one for each fault."""
    from tdxkit.linux.host.faults import HOWS, NO_FAULT, Fault
    from tdxkit.linux.host.host import ALL_PATCHES
    from tdxkit.linux.host.life import fault_table, live
    from tdxkit.review.patches import prefix, without

    if args.how not in HOWS:
        raise InputError(f"--how {args.how[:40]!r}", "a fault is one of " + ", ".join(HOWS), "name one of these")
    switched = args.without is not None or args.prefix is not None
    if switched and args.version != "v2":
        raise InputError(
            f"--version {args.version[:20]!r}", "the patch switches are those of v2", "leave out --version"
        )
    if args.faults:
        return _faults(args, fault_table)
    patches = (
        without(args.without)
        if args.without is not None
        else prefix(args.prefix)
        if args.prefix is not None
        else ALL_PATCHES
    )
    if args.lasting and not (args.fault or args.faults):
        raise InputError("--lasting", "it says how --fault N or --faults fails", "give one of them too")
    fault = Fault(args.fault, args.how, lasting=args.lasting) if args.fault else NO_FAULT
    life = live(args.version, patches, fault, huge=args.huge, record=args.steps, pool_pages=args.pool)
    if args.fault and args.fault > life.points:
        raise InputError(
            f"--fault {args.fault}", f"this life has {life.points} points that can fail", "give one of them"
        )
    if args.json:
        print_json(life.as_json())
        return 0
    if args.steps:
        print(life.run)
    print(life.result)
    left = ", ".join((many(life.pairs_left, "pair"), many(life.refs_left, "reference"), many(life.pages_left, "page")))
    print(f"{many(life.seamcalls, 'SEAMCALL')}; left: {left}; at most {life.peak_kb} kB of pairs")
    if life.meminfo_kb is not None:
        print(f"/proc/meminfo: TDX: {life.meminfo_kb} kB")
    return 0


def _faults(args, fault_table) -> int:
    from tdxkit.linux.host.endless import CASES, ending

    rows = list(fault_table(args.version, args.huge, lasting=args.lasting))
    left = [r for r in rows if r.life.pairs_left or r.life.refs_left or r.life.pages_left or r.life.loop]
    if args.json:
        print_json([row.as_json() for row in rows])
        return 0
    what = "lasting fault" if args.lasting else "single fault"
    print(f"{args.version}: {many(len(rows), what)}, {len(left)} leave something or go round; the model finds:")
    table = [(r.point, r.how, r.where, r.life.result) for r in left]
    print(*columns(("point", "how", "where", "how it ends, what is left"), table), sep="\n")
    print("\na fault in which one thing keeps failing:")
    print(*columns(("what", "how it ends"), [(case.what, ending(args.version, case)) for case in CASES]), sep="\n")
    return 0
