"""A host with a TDX module: host (pages, locks, SEAMCALLs), pairs (get and put against the real module model), pool, faults (one
allocation or SEAMCALL that fails), versions (what differs beside get and put), kvm/ (KVM's paths), life (a TD from start to end).
"""
