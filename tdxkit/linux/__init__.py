"""The Linux side, in wings; each line names the notebook that it serves.

xarray/      the kernel's XArray, node by node (07)
memattr/     KVM's memory attributes, which live in one: ioctl, VM, scripts and vectors that drive them (07)
softlockup/  how long the loops over attributes hold a CPU, and what the watchdog makes of it (07)
msr/         MSR 0x3A of a vCPU that is plugged into a running guest (08)
lock/        how long vCPUs wait for pamt_lock: a simulation of designs (05); two flags instead of a lock (04)
refcount/    tdx_pamt_get and tdx_pamt_put, one file a posted design, and the scenarios that explore them (04)
host/        a host with a TDX module: allocator, pools, KVM's paths, a TD's life (03, 05)
"""
