"""How long vCPUs wait for pamt_lock: designs (one lock, a lock a region, …), simulation (discrete events), events (told as a `Run`)."""
