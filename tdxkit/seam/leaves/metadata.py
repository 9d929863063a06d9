"""How a page changes hands in the PAMT: out of NDA, back to NDA with the hint, and the scan of a region."""

from functools import lru_cache

from tdxkit.seam.memory import KEYED, SEPT_FREE
from tdxkit.seam.pamt import EPT, FAN_OUT, FREE, L2M, L4K, NDA, SHIFT, TDCX, TDVPR, Entry, PageType

HINT = 1 << 62  # the page count of the region went from 1 to 0
TD_TABLES = (
    "lifecycle", "hkid", "fatal", "children", "keyed_on", "tdcx", "eptp", "op_state", "epoch", "vcpus", "max_vcpus", "apic_ids",
    "associated", "mrtd", "inside",
)  # fmt: skip
VCPU_TABLES = ("vcpu", "vcpu_pages", "vcpu_lp", "epf_stepping", "epf_gpas", "needs")


@lru_cache(maxsize=4096)
def new_entry(kind: PageType, owner: int) -> Entry:
    """The entry of a page of a TD: one for all pages of a kind, which share it."""
    return Entry(kind, owner)


def take(m, hpa: int, kind: PageType, owner: int, level: int = L4K) -> None:
    """NDA → `kind` for a page whose entry is held exclusive; a 4K page counts in its region's 2M entry."""
    if level == L4K:
        m.pamt_4k[hpa >> 12] = new_entry(kind, owner)
        if m.dynamic:
            m.count[hpa >> 21] += 1
    else:
        (m.pamt_2m if level == L2M else m.pamt_1g)[hpa >> SHIFT[level]] = new_entry(kind, owner)


def drop(m, hpa: int, level: int = L4K) -> int:
    """Back to NDA; the hint bit when this was the region's last 4K page, else 0."""
    entry = (m.pamt_4k if level == L4K else m.pamt_2m if level == L2M else m.pamt_1g)[hpa >> SHIFT[level]]
    if entry.type == TDVPR:
        forget(m, VCPU_TABLES, hpa)
    elif entry.type == EPT or (entry.type == TDCX and m.eptp[entry.owner] == hpa):
        # A Secure-EPT page, or the root, which is one of the TDCX pages.
        for slot in range(hpa, hpa + FAN_OUT * 8, 8):  # what the page held: the next user finds it empty
            if m.sept[slot] != SEPT_FREE:
                m.sept[slot] = SEPT_FREE
    if m.bepoch[hpa | level]:
        m.bepoch[hpa | level] = 0
    if level != L4K:
        (m.pamt_2m if level == L2M else m.pamt_1g)[hpa >> SHIFT[level]] = FREE
        return 0
    m.pamt_4k[hpa >> 12] = FREE
    if not m.dynamic:
        return 0
    left = m.count[hpa >> 21] - 1
    m.count[hpa >> 21] = left
    return 0 if left else HINT


def forget(m, tables: tuple[str, ...], page: int) -> None:
    """What a TDR or TDVPR page held, back to the defaults."""
    for name in tables:
        getattr(m, name)[page] = KEYED[name]


def page_in_region_used(m, region: int) -> int | None:
    """Index of the first 4K entry of a region that is not NDA; None when all are."""
    table = m.pamt_4k
    first = region << 9
    return next((i for i in range(512) if table[first + i].type != NDA), None)
