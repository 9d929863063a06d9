"""MSR 0x3A, IA32_FEAT_CTL: register (bits and KVM's rules), vcpu_life (boot, plug, reset), switches (guest, firmware, CPU, QEMU,
the posted option), hotplug (what they lead to), table (all combinations).
"""
