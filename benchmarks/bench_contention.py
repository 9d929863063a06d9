"""How long the lock simulation takes: 10 TDs x 4 vCPUs x 60 simulated seconds, each design, median of three."""

from statistics import median
from time import perf_counter

from tdxkit.linux.lock.simulation import DESIGNS, Simulation


def seconds(design: str) -> float:
    """Wall time of one simulation."""
    start = perf_counter()
    Simulation(design).run()
    return perf_counter() - start


def main() -> None:
    """Print the table."""
    times = {design: median(seconds(design) for _ in range(3)) for design in DESIGNS}
    base = times["fast-path"]
    print("contention: 10 TDs x 4 vCPUs x 60 simulated seconds")
    for design, time in times.items():
        print(f"  {design:11} {time:6.2f} s   {time / base:5.1f} x fast-path")


if __name__ == "__main__":
    main()
