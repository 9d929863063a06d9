"""A TD built, filled leaf by leaf with 4K pages and torn down, 64 to 512 MiB.

Each size runs in a process of its own, so that the memory is its own. Bound: 512 MiB in under 10 s and 300 MiB, linear.
"""

import resource
import subprocess
import sys
from time import perf_counter, process_time

LEAF_BY_LEAF = (64, 128, 256, 512)  # MiB


def one(mib: int) -> None:
    """Build, fill, tear down; prints seconds on the wall, of CPU, and MiB at the peak."""
    from tdxkit.seam.module import Module
    from tdxkit.seam.td import HostPages, SimpleTd
    from tdxkit.units import GIB, MIB

    wall, cpu = perf_counter(), process_time()
    module = Module([(0, (mib * 2 // 1024 + 1) * GIB)])
    before = module.m.snapshot()
    td = SimpleTd(module, HostPages(module)).build().run()
    for gpa in range(0, mib * MIB, 4096):
        td.grow(gpa)
    td.tear_down()
    assert module.m.snapshot() == before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(perf_counter() - wall, process_time() - cpu, peak)


def measure(mib: int, times: int = 2) -> tuple[float, float, float]:
    """The fastest of some runs."""
    command = [sys.executable, __file__, str(mib)]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(times)]
    return min(tuple(map(float, run)) for run in runs)


def main() -> None:
    """The table."""
    print("leaf by leaf: every page is a PAGE.AUG and a PAGE.RECLAIM")
    print(f"{'MiB':>6} {'wall s':>8} {'CPU s':>8} {'peak MiB':>9} {'µs a page':>10} {'against 64 MiB':>15}")
    base = None
    for mib in LEAF_BY_LEAF:
        wall, cpu, peak = measure(mib)
        each = cpu / (mib * 256) * 1e6
        base = base or each
        print(f"{mib:6} {wall:8.2f} {cpu:8.2f} {peak:9.0f} {each:10.1f} {each / base:14.2f}x")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        one(int(sys.argv[1]))
    else:
        main()
