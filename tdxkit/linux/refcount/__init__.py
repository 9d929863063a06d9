"""tdx_pamt_get and tdx_pamt_put: one file per posted design, each reading like the C it mirrors, and the list of scenarios.

module (the TDX module's side, the allocator, the lock), registry (every scenario by name), counters (where the refcounts lie).
"""

from tdxkit.doors import door

__all__, __getattr__ = door(__name__, registry="names of_programs scenario titles")
