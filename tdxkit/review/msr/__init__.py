"""MSR evidence: trace (`kvm_msr` events out of ftrace text), reading (what they say of each vCPU), panic (what Windows reports of it),
claims (the posted diagnosis, sentence by sentence).
"""
