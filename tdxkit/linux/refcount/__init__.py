"""tdx_pamt_get and tdx_pamt_put: one file per posted design, each reading like the C it mirrors, and the list of scenarios.

module (the TDX module's side, the allocator, the lock), registry (every scenario by name), own (a reader's get and
put), naming (which scenario is meant), counters (where the refcounts lie).
"""

from tdxkit.doors import door

__all__, __getattr__ = door(
    __name__, registry="names scenario titles", own="of_programs", naming="scenario_of", posted="DESIGNS"
)
