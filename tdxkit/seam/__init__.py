"""The TDX module: PAMT, locks, SEAMCALL leaves, a TD's life."""
