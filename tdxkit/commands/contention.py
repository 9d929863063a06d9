"""``contention``: simulate how long vCPUs wait for the lock around PAMT.ADD and PAMT.REMOVE."""

import sys
from dataclasses import asdict

from tdxkit.commands import print_json, whole
from tdxkit.errors import InputError, printable
from tdxkit.facts import load_toml


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
    from tdxkit.linux.lock.simulation import DESIGNS, Simulation

    try:
        seconds = float(args.seconds)
    except ValueError:
        raise InputError(
            f"--seconds {printable(args.seconds)}", "simulated time is a number of seconds", "write it like 60"
        ) from None
    results = []
    for name in [args.design] if args.design else DESIGNS:
        simulation = Simulation(name, args.tds, args.vcpus, seconds, toggling=args.toggling, seed=args.seed)
        while simulation.advance(20_000):
            _progress(f"{name}: {simulation.progress:.0%}")
        _progress("")
        results.append(simulation.result())
    posted = load_toml("lock_figures.toml")["figure"]
    if args.json:
        rows = [{k: v for k, v in asdict(r).items() if k != "timeline"} | {"mean_wait": r.mean_wait} for r in results]
        print_json({"unit": "us", "runs": rows, "posted": posted})
        return 0
    print(f"{args.tds} TDs x {args.vcpus} vCPUs, {results[0].seconds:.0f} s simulated; the model finds:")
    print(
        f"{'design':11} {'SEAMCALLs':>10} {'waits':>9} {'other region':>12} {'total ms':>9} {'mean us':>8} {'max us':>7}"
    )
    for r in results:
        print(
            f"{r.design:11} {r.seamcalls:10} {r.contentions:9} {r.false_waits:12} {r.total_wait / 1e3:9.1f} {r.mean_wait:8.1f} {r.max_wait:7.1f}"
        )
    print("\nposted on the list (microseconds unless named):")
    for figure in posted:
        more = ", ".join(f"{k} {v}" for k, v in figure.items() if k not in ("when", "what"))
        print(f"  {figure['when']}: {figure['what']}: {more}")
    return 0


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:30}\r", end="", file=sys.stderr, flush=True)
