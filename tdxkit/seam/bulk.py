"""Larger guests: the bulk path, which writes what the SEAMCALLs for many 4K pages would leave without making them.

Labelled as such wherever it is used: Secure-EPT pages and page pairs still come and go by SEAMCALL, but no check is run for the
pages themselves. That it leaves the same memory as leaf by leaf is proven in the tests up to 2^14 pages.
"""

from collections import Counter
from collections.abc import Sequence

from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.leaves.metadata import new_entry
from tdxkit.seam.pamt import FREE, L4K, REG
from tdxkit.seam.td import SimpleTd
from tdxkit.units import PAGE_4K


def fill(td: SimpleTd, gpa: int, pages: int) -> None:
    """What `td.grow` of this many 4K pages from `gpa` on would leave. They must not be mapped yet."""
    m, entry, end = td.m, new_entry(REG, td.tdr), gpa + pages * PAGE_4K
    while gpa < end:
        td.sept(gpa, L4K)
        count = min(end - gpa >> 12, 512 - (gpa >> 12 & 511))
        slot = reach(m, td.tdr, gpa, L4K)[0]
        taken = [td.host.page() for _ in range(count)]
        m.pamt_4k.update(dict.fromkeys([page >> 12 for page in taken], entry))
        m.sept.update(zip(range(slot, slot + 8 * count, 8), [("PENDING", page) for page in taken]))
        if m.dynamic:
            for region, used in Counter(page >> 21 for page in taken).items():
                m.count[region] += used
        m.children[td.tdr] += count
        gpa += count * PAGE_4K


def reclaim(td: SimpleTd, pages: Sequence[int]) -> None:
    """What PAGE.RECLAIM of these 4K pages of a TD in TEARDOWN would leave; the host has them back."""
    m = td.m
    m.pamt_4k.update(dict.fromkeys([page >> 12 for page in pages], FREE))
    if m.dynamic:
        for region, used in Counter(page >> 21 for page in pages).items():
            m.count[region] -= used
    m.children[td.tdr] -= len(pages)
    for page in pages:
        if m.bepoch[page]:
            m.bepoch[page] = 0
        td.host.take_back(page)


def tear_down(td: SimpleTd) -> None:
    """`td.tear_down()` with its 4K pages reclaimed in bulk, everything else leaf by leaf."""
    td.stop()
    data = [hpa for hpa, level in td.mapped() if level == L4K and td.m.pamt_4k[hpa >> 12].type == REG]
    reclaim(td, data)
    td.reclaim_rest(set(data))
