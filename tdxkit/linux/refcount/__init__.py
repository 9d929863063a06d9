"""tdx_pamt_get and tdx_pamt_put: one file per posted design, each reading like the C it mirrors."""
