"""A whole guest set, queried, counted, judged and cleared: time and memory together in a warm process.

python benchmarks/bench_lockup.py
"""

import tracemalloc
from statistics import median
from time import perf_counter

from tdxkit.linux.memattr.guest_ram import guest_ranges, set_guest
from tdxkit.linux.memattr.ioctl import KVM_MEMORY_ATTRIBUTE_PRIVATE, Kvm, look_up
from tdxkit.linux.softlockup.kernels import kernel_named
from tdxkit.linux.softlockup.lockup import Judgement, Work, judge
from tdxkit.linux.xarray.api import xa_empty
from tdxkit.linux.xarray.tree import xa_stat
from tdxkit.units import GIB, U64_MAX, human

SIZES = (1, 64, 512, 940, 1500, 1900, 4096, 16384, 65536)  # GiB
TIMES, BUDGET, MEMORY = 15, 0.1, 100 << 20


def once(size: int, preempt: str = "voluntary") -> Judgement:
    """Set PRIVATE on all RAM, ask for every page, count nodes, judge, clear."""
    kernel = kernel_named("6.15")
    kvm = Kvm(kernel.with_patch(None))
    results = set_guest(kvm, size)
    for start, end in guest_ranges(size):
        assert look_up(kvm, start, end, U64_MAX, KVM_MEMORY_ATTRIBUTE_PRIVATE) == (True, end - start)
    verdict = judge(Work(size, kvm.text, results, xa_stat(kvm.mem_attr_array)), kernel, preempt)
    set_guest(kvm, size, 0)
    assert xa_empty(kvm.mem_attr_array)
    return verdict


def main() -> None:
    """Print the table."""
    print(f"set, query, count, judge, clear on 6.15 VOLUNTARY (median of {TIMES}, warm; tracemalloc peak)")
    print(f"  {'GiB':>7} {'nodes':>13} {'kernel s':>9} {'verdict':>8} {'median':>9} {'least':>9} {'peak':>9}")
    for gib in SIZES:
        size, took = gib * GIB, []
        verdict = once(size)
        for _ in range(TIMES):
            start = perf_counter()
            once(size)
            took.append(perf_counter() - start)
        tracemalloc.start()
        once(size)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        fits = median(took) < BUDGET and peak < MEMORY
        print(
            f"  {gib:7,} {verdict.work.tree.nodes:13,} {verdict.seconds:9.1f} {verdict.loop or '–':>8} "
            f"{median(took) * 1e3:6.2f} ms {min(took) * 1e3:6.2f} ms {human(peak):>9}" + "  over" * (not fits)
        )


if __name__ == "__main__":
    main()
