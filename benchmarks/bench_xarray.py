"""KVM memory attributes on the model's XArray: whole guests in bulk, single calls page by page, memory for both.

python benchmarks/bench_xarray.py
"""

import tracemalloc
from collections.abc import Callable
from statistics import median
from time import perf_counter

from tdxkit.linux.memattr.guest_ram import guest_ranges, set_guest
from tdxkit.linux.memattr.ioctl import KVM_MEMORY_ATTRIBUTE_PRIVATE, Kvm, look_up
from tdxkit.linux.xarray.api import XArray, xa_empty, xa_erase, xa_load, xa_mk_value, xa_reserve, xa_store
from tdxkit.linux.xarray.digest import digest
from tdxkit.linux.xarray.tree import Stat, objects, xa_stat
from tdxkit.units import GIB, U64_MAX, human

SIZES = (1, 16, 64, 256, 512, 940, 1500, 1900, 4096, 16384, 65536)  # GiB
PAGES, BASE = 50_000, 1 << 28


def whole_guest(size: int) -> tuple[Stat, int]:
    """Set PRIVATE on all RAM, ask for it, count nodes, clear all: what stood in between, nodes held by the model."""
    kvm = Kvm()
    set_guest(kvm, size)
    for start, end in guest_ranges(size):
        assert look_up(kvm, start, end, U64_MAX, KVM_MEMORY_ATTRIBUTE_PRIVATE) == (True, end - start)
    between = xa_stat(kvm.mem_attr_array), objects(kvm.mem_attr_array)
    set_guest(kvm, size, 0)
    assert xa_empty(kvm.mem_attr_array)
    return between


def timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Least and median seconds."""
    took = []
    for _ in range(times):
        start = perf_counter()
        work()
        took.append(perf_counter() - start)
    return min(took), median(took)


def guests() -> None:
    """Table over guest sizes."""
    print("whole guests: set, ask, count nodes, clear (median of 9, warm; tracemalloc peak)")
    print(f"  {'GiB':>8} {'pages':>15} {'nodes':>12} {'kernel takes':>12} {'model holds':>11} {'time':>9} {'peak':>9}")
    for gib in SIZES:
        size = gib * GIB
        stat, held = whole_guest(size)
        _, middle = timed(lambda size=size: whole_guest(size), 9)
        tracemalloc.start()
        whole_guest(size)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(
            f"  {gib:>8,} {stat.values:15,} {stat.nodes:12,} {human(stat.slab_bytes):>12} {held:5} nodes "
            f"{middle * 1e3:6.2f} ms {human(peak):>9}"
        )


def digests() -> None:
    """The digest of a tree of eight million nodes."""
    kvm = Kvm()
    set_guest(kvm, 1900 * GIB)
    least, middle = timed(lambda: digest(kvm.mem_attr_array), 5)
    print(f"digest of the 1900 GiB tree: {least * 1e3:.0f} ms least, {middle * 1e3:.0f} ms median")


def single_calls() -> None:
    """Rates of the calls that go one page at a time, five levels deep."""
    word, pages = xa_mk_value(8), range(BASE, BASE + PAGES)
    plain, reserved = XArray(), XArray()
    calls = {
        "xa_store, empty": lambda: [xa_store(plain, i, word) for i in pages],
        "xa_store, again": lambda: [xa_store(plain, i, word + 2) for i in pages],
        "xa_reserve, empty": lambda: [xa_reserve(reserved, i) for i in pages],
        "xa_store, reserved": lambda: [xa_store(reserved, i, word) for i in pages],
        "xa_load": lambda: [xa_load(reserved, i) for i in pages],
        "xa_erase": lambda: [xa_erase(xa, i) for xa in (plain, reserved) for i in pages],
    }
    took: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(7):
        for name, call in calls.items():
            took[name].append(timed(call, 1)[0] / (2 if name == "xa_erase" else 1))
    print(f"page by page, {PAGES:,} pages from 1 TiB (best and median of 7)")
    for name, times in took.items():
        print(f"  {name:18} {PAGES / min(times):9,.0f} /s best {PAGES / median(times):9,.0f} /s median")


def main() -> None:
    """Print the tables."""
    guests()
    digests()
    single_calls()


if __name__ == "__main__":
    main()
