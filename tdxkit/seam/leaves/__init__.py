"""What a SEAMCALL leaf is: call (operands, checks, effects), checks and checks_sept, metadata, sys, mng, vp, mem, phymem (what each
leaf does), engine (`perform`, one generator for all of them, with the fidelity card), describe (a leaf in words).
"""
