"""How long vCPUs wait for pamt_lock: designs (one lock, a lock a region, …), simulation (discrete events), events (told as a `Run`). And flags: two
CPUs that would do without a lock, on both memories of the explorer.
"""
