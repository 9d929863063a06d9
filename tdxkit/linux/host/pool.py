"""The per-vCPU pools of pages that a fault draws from, because under mmu_lock nobody may sleep for memory.

Filled before mmu_lock is taken: 10 pages in v1, v2, v5 and v6 (five page-table levels, a pair each), 15 in v3 and v4, where S-EPT pages
come out of the same list. `host.pools` maps a vCPU's name to its pages; None is a pool that was never set up. In the other versions
S-EPT pages wait in a cache of their own, `host.sept_caches`, which the fault path fills. v5's number of pages is inferred.
"""

SOURCES = ("tdx-rfc-v1", "tdx-v2-00", "tdx-v3", "tdx-v4", "tdx-v5", "tdx-v6")


PT64_ROOT_MAX_LEVEL = 5


def target(host, tdx: bool = True) -> int:
    """Pages that a vCPU of a TD (or of any other VM) is topped up to."""
    return host.pool_pages if host.dynamic and (tdx or host.posted.pool_everywhere) else 0


def top_up(host, vcpu: str) -> bool:
    """Top up a vCPU's pool; False when memory ran out. What was got stays for the next try."""
    pool = host.pools[vcpu]
    before = len(pool)
    while len(pool) < target(host):
        page = host.allocator.alloc("pair")
        if page is None:
            return False
        pool.append(page)
    if len(pool) > before:
        host.log.step("top up", f"The pool of {vcpu} is filled to {len(pool)} pages; mmu_lock is not held.")
    return True


def take(host, vcpu: str, kind: str = "pair") -> int | None:
    """A page from a vCPU's pool, in atomic context; when it is dry, what the version does then."""
    if host.pools.get(vcpu):
        page = host.pools[vcpu].pop()
        host.allocator.pages[page] = kind
        return page
    atomic = kind in host.posted.atomic_refill
    host.log.warn(f"the pool of {vcpu} is empty: {'GFP_ATOMIC is tried' if atomic else '-ENOMEM'}")
    page = host.allocator.alloc(kind, atomic=True) if atomic else None
    if page is None and "pair" in host.posted.atomic_refill:  # KVM's own memory cache
        host.log.warn(f"kernel BUG: nothing for {vcpu} under mmu_lock")
    return page
