"""``contention``: simulate how long vCPUs wait for the lock around PAMT.ADD and PAMT.REMOVE."""

from tdxkit.commands import print_json, whole
from tdxkit.commands.waiting import wait
from tdxkit.errors import InputError, printable
from tdxkit.facts import load_toml
from tdxkit.text import columns, many


def configure(parser):
    """Arguments: size, design, seed."""
    parser.add_argument("--design", help="global, fast-path, hashed or per-region (default: all four)")
    parser.add_argument("--tds", type=whole("--tds", 1, 1000), default=10)
    parser.add_argument("--vcpus", type=whole("--vcpus", 1, 256), default=4, help="of each TD")
    parser.add_argument("--seconds", default="60", help="simulated time")
    parser.add_argument(
        "--toggling", type=whole("--toggling", 0, 1000), default=0, help="TDs that only convert private and shared"
    )
    parser.add_argument("--seed", type=whole("--seed", 0, 1 << 32), default=1)
    parser.add_argument("--json", action="store_true")


def run(args) -> int:
    """Simulate and print a table beside the posted figures."""
    from tdxkit.linux.lock.simulation import DESIGNS, designs_job, under_way

    try:
        seconds = float(args.seconds)
    except ValueError:
        raise InputError(
            f"--seconds {printable(args.seconds)}", "simulated time is a number of seconds", "write it like 60"
        ) from None
    names = (args.design,) if args.design else tuple(DESIGNS)
    size = {"tds": args.tds, "vcpus": args.vcpus, "seconds": seconds, "toggling": args.toggling, "seed": args.seed}
    results = [*wait(designs_job({}, names, **size), under_way(names)).values()]
    posted = load_toml("lock_figures.toml")["figure"]
    if args.json:
        print_json({"unit": "us", "runs": [r.as_json() for r in results], "posted": posted})
        return 0
    print(
        f"{many(args.tds, 'TD')} x {many(args.vcpus, 'vCPU')}, {results[0].seconds:.0f} s simulated; the model finds:"
    )
    header = ("design", "SEAMCALLs", "waits", "other region", "total ms", "mean us", "max us")
    rows = [
        (r.design, r.seamcalls, r.contentions, r.false_waits, f"{r.total_wait / 1e3:.1f}", f"{r.mean_wait:.1f}", f"{r.max_wait:.1f}")
        for r in results
    ]  # fmt: skip
    print(*columns(header, rows), sep="\n")
    print("\nposted on the list (microseconds unless named):")
    for figure in posted:
        more = ", ".join(f"{k} {v}" for k, v in figure.items() if k not in ("when", "what", "source"))
        print(f"  {figure['when']}: {figure['what']}: {more}")
    return 0
