"""How long the loops over memory attributes hold a CPU: loop_cost (time on each loop), preempt (when the kernel lets go), kernels
(which release has what), watchdog (what it says and when), lockup (the judgement of a guest), run (its timeline as a `Run`).
"""
