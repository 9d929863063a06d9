"""`lockup`: set memory attributes on a whole guest and see whether the watchdog reports; or read a report of one."""

from tdxkit.commands import print_json, whole


def configure(parser) -> None:
    """Arguments of the command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--guest", metavar="SIZE", help="RAM of the guest: 1900G or 1900GiB; GB and TB are powers of ten")
    what.add_argument(
        "--report",
        metavar="FILE",
        help="a report of a stuck kernel, told line by line; - is standard input, “example” the posted one",
    )
    parser.add_argument("--preempt", default="voluntary", metavar="MODEL", help="none, voluntary, full or lazy")
    parser.add_argument("--kernel", default="6.15", metavar="RELEASE", help="such as 6.15 or 6.12.107 (default: 6.15)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--patched", action="store_true", help="with the merged patch, whether the release carries it or not"
    )
    which.add_argument("--unpatched", action="store_true", help="without it, even if the release carries it")
    parser.add_argument("--cost", default="reporter", metavar="PRESET", help="of a page: reporter, plain or thunk")
    parser.add_argument(
        "--from-idle", action="store_true", help="the CPU has just left NO_HZ idle when the longest stretch begins"
    )
    parser.add_argument(
        "--fixed",
        action="store_true",
        help="a build with this one preemption model, not PREEMPT_DYNAMIC: RCU cannot preempt either",
    )
    parser.add_argument(
        "--rcu-timeout", type=whole("--rcu-timeout", 3, 300), default=21, metavar="S",
        help="CONFIG_RCU_CPU_STALL_TIMEOUT (default: 21, as the kernel's; distributions commonly set 60)",
    )  # fmt: skip
    parser.add_argument("--steps", action="store_true", help="every tick and every stamp")
    parser.add_argument("--json", action="store_true", help="the verdict as data")


def run(args) -> int:
    """Judge one guest, or read one report."""
    if args.report is not None:
        from tdxkit.commands.report import reports_of

        return _tell(reports_of(args.report), args.json)
    from tdxkit.linux.memattr.guest_ram import guest_size
    from tdxkit.linux.softlockup.lockup import lockup

    size, about_unit = guest_size(args.guest, "--guest")
    patch = "v2" if args.patched else None if args.unpatched else "as is"
    verdict = lockup(
        size, args.kernel, args.preempt, args.cost, patch=patch, from_idle=args.from_idle, dynamic=not args.fixed,
        rcu_timeout=args.rcu_timeout,
    )  # fmt: skip
    if args.json:
        print_json(verdict.as_json() | {"guest": args.guest})
        return 0
    if about_unit:
        print(about_unit)
    _print(verdict, as_is=patch == "as is")
    if args.steps:
        from tdxkit.linux.softlockup.run import timeline_run

        print(f"\n{timeline_run(verdict)}")
    return 0


def _tell(found, as_json: bool) -> int:
    """The report that matters most of these, line by line."""
    from tdxkit.review.softlockup.judged import Finding, call_json
    from tdxkit.review.softlockup.registers import reading_of
    from tdxkit.review.softlockup.told import told

    report = found.main
    rows, (reading, _) = told(report), reading_of(report)
    if as_json:
        call = reading and call_json(reading)
        print_json({"items": [row._asdict() for row in rows], "call": call, "others": report.others})
        return 0
    for row in rows:
        print(row.line, f"    {row.says}" + (f": {row.follows}" if row.follows else ""), sep="\n")
    print("", *Finding(report, found.banner).says(), sep="\n")
    if len(found.items) > 1:
        print(
            f"this was the one at line {report.at}, of {len(found.items)} reports; python -m tdxkit report tells of all"
        )
    return 0


def _print(verdict, as_is: bool) -> None:
    from tdxkit.linux.memattr.guest_ram import guest_ranges
    from tdxkit.linux.softlockup.lockup import size_text
    from tdxkit.linux.softlockup.preempt import MODELS
    from tdxkit.units import hpa, human

    work = verdict.work
    carries = " (this release carries the patch)" if as_is and verdict.patched else ""
    ram = ", ".join(f"{size_text(hpa(end - start))} at {human(hpa(start))}" for start, end in guest_ranges(work.size))
    print(f"{size_text(work.size)} guest: {ram}; {work.pages:,} pages")
    print(f"{work.tree.nodes:,} nodes, {human(work.tree.bytes)}, {human(work.tree.slab_bytes)} of slabs")
    print(
        f"{verdict.kernel}, {MODELS[verdict.preempt].shown}, {'patched' if verdict.patched else 'unpatched'}{carries}"
    )
    print(f"{verdict.seconds:.1f} s in all, costs: {verdict.cost.name} ({verdict.cost.where})")
    for stretch in verdict.stretches:
        if stretch.seconds >= 0.5:
            how = "gives way at " + ", ".join(stretch.stops) if stretch.stops else "unbroken"
            print(f"  {stretch.loop:8} {stretch.seconds:6.1f} s   {how}")
    if not verdict.lockup:
        print(f"no lockup: the longest unbroken stretch lasts {verdict.longest.seconds:.1f} s")
        return
    odds = "" if verdict.chance == 1 else f"; in {verdict.chance:.0%} of the watchdog's phases"
    print(f"soft lockup in the {verdict.loop} loop, stuck for {verdict.stuck}s{odds}")
    again = verdict.reports[1:]
    if again:
        more = f" and {len(again) - 4:,} times more" if len(again) > 4 else ""
        print("reported again: " + ", ".join(f"{s.stuck}s" for s in again[:4]) + more)
    if verdict.rcu_stall:
        print(f"a warning of an RCU stall is due too: more than {verdict.rcu_timeout} s without a quiescent state")
