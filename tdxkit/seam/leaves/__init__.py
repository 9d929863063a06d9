"""What a SEAMCALL leaf is: act (what a step is, beside what it says), leaf (facts, checks and effects compiled), call (one call and its
answer), checks, checks_sept and stepping, metadata, sys, mng, vp, mem, phymem and tdg (what each leaf does), engine (`perform`, one
generator for all of them, with the fidelity card), describe (a leaf in words).
"""
