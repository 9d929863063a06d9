"""tdx_pamt_get and tdx_pamt_put: one file per posted design, each reading like the C it mirrors, and the list of scenarios."""

from tdxkit.linux.refcount.registry import names, scenario, titles

__all__ = ["names", "scenario", "titles"]
