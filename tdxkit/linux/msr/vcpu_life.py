"""A vCPU from KVM_CREATE_VCPU to the guest's own code, and the machine that keeps the book: values, steps and trace lines.

`Machine` knows KVM's rules for the register and nothing about who writes when: that is `tdxkit.linux.msr.hotplug`.
Source: `cite("qemu-feat-ctl")`, `cite("kvm-feat-ctl")`.
"""

from typing import NamedTuple

from tdxkit.linux.msr import register as msr
from tdxkit.run import Recorder

SOURCES = ("qemu-feat-ctl", "kvm-feat-ctl")


class Register(NamedTuple):
    """MSR 0x3A of a vCPU, as a value of a run's state."""

    vcpu: int
    value: int

    def __str__(self) -> str:
        return f"{self.value:#x}"


class Machine:
    """vCPUs with their register, the steps of a run and the lines of a trace, as they come."""

    def __init__(self, vcpus: int, cpuid: msr.Cpuid):
        self.vcpus, self.cpuid = vcpus, cpuid
        self.values = [0] * vcpus
        self.events: list[msr.Event] = []
        first: dict[str, object] = {"fw_cfg file": None, "bug check": None}
        self.recorder = Recorder(first | {f"msr[{k}]": Register(k, 0) for k in range(vcpus)})

    def step(self, actor: str, label: str, sentence: str, broken: tuple[str, ...] = (), **new) -> None:
        """One step of the run; `new` is what the state holds afterwards, where it differs."""
        self.recorder.change(actor, label, sentence, new, broken=broken)

    def rdmsr(self, k: int, sentence: str) -> int:
        """An OS's RDMSR: always the stored value, always a line in the trace."""
        value = self.values[k]
        self.events.append(msr.Event(k, None, None, None, "read", msr.FEATURE_CONTROL, value, False))
        self.step(f"vCPU {k}", f"RDMSR 3a = {value:#x}", sentence)
        return value

    def wrmsr(self, k: int, value: int, sentence: str) -> str:
        """A guest's WRMSR: KVM's verdict, "" where it is taken; a line in the trace either way."""
        refused = msr.guest_write(self.values[k], value, self.cpuid)
        self.events.append(msr.Event(k, None, None, None, "write", msr.FEATURE_CONTROL, value, bool(refused)))
        label = f"WRMSR 3a = {value:#x}" + (" (#GP)" if refused else "")
        if not refused:
            self.values[k] = value
        self.step(f"vCPU {k}", label, f"{sentence}; {refused}" if refused else sentence, **self._after(k))
        return refused

    def plug(self) -> None:
        """device_add: a vCPU more, its register 0 as at reset."""
        new = self.vcpus
        self.values.append(0)
        sentence = f"device_add: vCPU {new} is there, its register at its reset value"
        self.step("QEMU", f"KVM_CREATE_VCPU {new}", sentence, **self._after(new))
        self.step("QEMU", "KVM_SET_CPUID2", "it offers what the others offer")

    def put(self, value: int, has_register: bool) -> None:
        """QEMU's full-state put: a host write, checked against KVM's fixed set only, and no line in the trace."""
        new = self.vcpus
        refused = msr.host_write(value)
        assert not refused, refused  # a scenario's preset was checked, and vCPU 0 cannot hold anything else
        if has_register:
            self.values[new] = value
            said = f"a host write of {value:#x}: no line in the trace"
        else:
            said = "without MSR 0x3A: KVM on AMD has no such register"
        self.step("QEMU", "KVM_SET_MSRS", said, **self._after(new))
        self.step("QEMU", "cpu_resume", f"vCPU {new}'s thread enters KVM_RUN")

    def _after(self, k: int) -> dict[str, object]:
        """What the state says about vCPU k's register, and how the new vCPU compares with vCPU 0."""
        after: dict[str, object] = {f"msr[{k}]": Register(k, self.values[k])}
        if len(self.values) > self.vcpus:
            old, new = self.values[0], self.values[-1]
            after["same value"] = old == new
            after["same SGX"] = msr.encls(old, self.cpuid) == msr.encls(new, self.cpuid)
        return after
