"""The Linux side: KVM, the TDX host code, the XArray, the watchdog, MSR 0x3A."""
