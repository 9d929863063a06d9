"""MSR 0x3A when a vCPU is plugged into a running guest: who writes the register, who only reads it, and what comes of it.

A `Setup` is a set of switches; `hotplug(scenario)` boots four vCPUs, plugs a fifth and returns a `Hotplug`: the run, the accesses
as a `kvm_msr` trace would show them (guest accesses to 0x3A only: what the host writes leaves no line) and the outcome.

Sources: `cite("win-hack-patch")`, `cite("win-hack-review")`, `cite("edk2-11335")`, `cite("seabios")`, `cite("qemu-feat-ctl")`.

Fidelity card
  modelled: QEMU's fw_cfg value, SeaBIOS and OVMF at boot, OVMF with SMM at hotplug before and from edk2-stable202508, the posted
    option with each of its gates, Linux from 5.6 on and before, Windows as a reader that stops with bug check 0x3E
  simplified: Windows compares whether SGX is usable, not the register; nobody outside Microsoft has read its rule, this one
    fits every report in the thread (0x0 beside 0x5 is tolerated, 0x0 beside 0x40005 is not)
  simplified: Windows reads twice on each CPU, as the posted trace shows; why twice is not known
  simplified: the releases of Windows behave alike; the mail calls 2016, 2019 and 2022 affected, "at least", and tells no difference
  simplified: APs arrive in ascending order; on a machine any order is possible, the posted trace has 0, 3, 2, 1
  simplified: on an AMD host every value here is 0x0 and nobody asks: KVM has no such register there
  simplified: a #GP inside the first SMI handler ends the story; the handler has nothing to catch it with
  left out: reset, suspend, migration, live removal, TD guests, a Linux before 5.6 whose own KVM, once loaded, sets the
    register for itself; the wait of QEMU's read of vCPU 0 for that vCPU's mutex
"""

import sys
from dataclasses import dataclass

from tdxkit.card import card_of
from tdxkit.linux.msr import register as msr
from tdxkit.linux.msr.switches import Setup
from tdxkit.linux.msr.vcpu_life import Machine
from tdxkit.run import Run, Track

SOURCES = ("win-hack-patch", "win-hack-review", "edk2-11335", "seabios", "qemu-feat-ctl")
REPORTED = (
    Setup()
)  # the set-up of the mail: Windows, SeaBIOS, sgx=on without EPC, Hyper-V on, QEMU as it was before the patch
BUGCHECK = 0x3E  # MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED
OUTCOMES = {
    "bugcheck": "Windows stops with bug check 0x3E",
    "copied": "QEMU's option copied vCPU 0's value: a host write, no line in the trace",
    "linux-writes": "Linux finds the register unlocked and writes it itself",
    "fixed": "OVMF writes it in the first SMI handler of the new vCPU",
    "already-set": "the new vCPU had vCPU 0's value from the start",
    "same": "no vCPU was ever given a value: nothing differs",
    "tolerated": "the new vCPU differs from the others and the guest carries on",
    "smi-fault": "#GP in the new vCPU's first SMI handler: OVMF writes a register that is locked already",
}
IN_WORDS = {
    "bugcheck": "crash", "copied": "copied by QEMU", "linux-writes": "written by Linux", "fixed": "written by OVMF", "already-set": "there from the start",
    "same": "nothing differs", "tolerated": "carries on", "smi-fault": "fault in OVMF",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hotplug:
    """What came of a scenario. `values` holds the register of each vCPU at the end, the new one last; `gates` the option's tests in
    order, up to the first that did not hold; `works` says what the new vCPU may do, `works_on_0` what vCPU 0 may ("" or the fault)."""

    scenario: Setup
    outcome: str
    bugcheck: int | None
    values: tuple[int, ...]
    gates: tuple[tuple[str, bool], ...]
    works_on_0: dict[str, str]
    works: dict[str, str]
    events: tuple[msr.Event, ...]
    run: Run

    def __str__(self) -> str:
        old, new = self.values[0], self.values[-1]
        rows = [str(self.scenario), f"{self.outcome}: {OUTCOMES[self.outcome]}"]
        rows += [f"vCPU 0    {msr.describe(old)}", f"new vCPU  {msr.describe(new)}"]
        for what, why in self.works.items():
            old_way, new_way = self.works_on_0[what] or "works", why or "works"
            apart = f"on vCPU 0: {old_way}; on the new one: {new_way}"
            rows.append(f"  {what:12}" + (apart if old_way != new_way else f"on both: {new_way}"))
        return "\n".join(rows)

    def as_json(self) -> dict:
        """The answer of `hotplug --json`."""
        return {"events": [e.as_json() for e in self.events], "outcome": self.outcome, "bugcheck": self.bugcheck}


def hotplug(scenario: Setup = REPORTED) -> Hotplug:
    """Boot, plug one vCPU, bring it up: pure, the same scenario gives the same bytes."""
    machine = Machine(scenario.vcpus, scenario.cpuid)
    file = _boot(machine, scenario)
    gates = _realize(machine, scenario)
    alive = _first_smi(machine, scenario, file)
    writer = _bring_up(machine, scenario) if alive else "smi-fault"
    outcome = writer or _who(machine, scenario, gates, file)
    values = tuple(machine.values)
    run = machine.recorder.run(
        f"MSR 0x3A when vCPU {scenario.vcpus} is plugged in",
        ("QEMU", *(f"vCPU {k}" for k in range(scenario.vcpus + 1))),
        subtitle=str(scenario),
        tracks=(
            Track("value as on vCPU 0", "same value", "fact"),
            Track("SGX as on vCPU 0", "same SGX", "fact"),
        ),
        card=CARD,
    )
    works_on_0, works = (msr.uses(values[k], scenario.cpuid) for k in (0, -1))
    bugcheck = BUGCHECK if outcome == "bugcheck" else None
    return Hotplug(scenario, outcome, bugcheck, values, gates, works_on_0, works, tuple(machine.events), run)


def _boot(machine: Machine, s: Setup) -> int:
    """QEMU's file, then firmware on every vCPU, then the OS. Returns the value in the file, 0 for none."""
    file = msr.fw_cfg_value(s.cpuid)
    if s.vendor == "amd" and (s.sgx or s.vmx):
        machine.step(
            "QEMU",
            "filter CPUID",
            "an AMD host has no VMX and no SGX: QEMU takes them out of the guest's CPUID",
        )
    if file:
        note = "" if s.epc or not s.sgx else "; SGX counts although no EPC backs it"
        machine.step(
            "QEMU",
            "make etc/msr_feature_control",
            f"from CPU 0's CPUID: {msr.describe(file)}{note}",
            **{"fw_cfg file": f"{file:#x}"},
        )
        name = "SeaBIOS" if s.firmware == "seabios" else "OVMF"
        everyone = range(s.vcpus)  # SeaBIOS: boot CPU, then the APs; OVMF: the APs, then the boot CPU
        for k in everyone if s.firmware == "seabios" else (*everyone[1:], 0):
            machine.wrmsr(k, file, f"{name} on vCPU {k} writes what the file says; it does not read first")
    else:
        machine.step("QEMU", "make no file", "CPUID offers nothing that the register would switch on")
    for k in range(s.vcpus):
        _os_reads(machine, s, k)
    return file


def _os_reads(machine: Machine, s: Setup, k: int) -> bool:
    """The guest OS brings vCPU k up. Returns whether it wrote the register."""
    if s.vendor == "amd" or s.guest == "linux-old":
        who = "before 5.6 Linux" if s.vendor == "intel" else "on AMD the OS"
        machine.step(f"vCPU {k}", "bring-up", f"{who} does not look at MSR 0x3A when a CPU comes up")
        return False
    if s.windows:
        value = machine.rdmsr(k, "Windows reads the register of each CPU it starts, and never writes it")
        machine.rdmsr(k, f"a second read, {value:#x} again")
        return False
    value = machine.rdmsr(k, "Linux reads the register of each CPU it starts")
    if value & msr.LOCK:
        machine.step(f"vCPU {k}", "trust it", f"locked: Linux takes {value:#x} as it is")
        return False
    machine.wrmsr(k, msr.linux_value(s.cpuid), "unlocked: Linux ignores what is there and writes its own choice")
    return True


def _realize(machine: Machine, s: Setup) -> tuple[tuple[str, bool], ...]:
    """QEMU makes the new vCPU; the option, if it is there, acts at the full-state put. Returns the gates it passed."""
    machine.plug()
    gates = []
    stored = s.preset
    for name, holds in (
        ("QEMU has the posted patch", s.option != "none"),
        (f"option {s.option}" + (", Hyper-V is on" if s.option == "auto" else ""), _wanted(s)),
        ("its own value is still 0x0", not stored),
        ("the vCPU is Intel's", s.vendor == "intel"),
        ("it is hot-plugged", True),
        ("vCPU 0 exists", True),
    ):
        gates.append((name, holds))
        if not holds:
            break
    if gates[-1][1]:
        stored = machine.values[0]
        gates.append(("vCPU 0 holds a value", bool(stored)))
        machine.step("QEMU", "KVM_GET_MSRS of vCPU 0", f"the option reads {stored:#x} from the running vCPU 0")
    machine.put(stored, has_register=s.vendor == "intel")
    return tuple(gates)


def _wanted(s: Setup) -> bool:
    return s.option == "on" or (s.option == "auto" and s.enlightened)


def _first_smi(machine: Machine, s: Setup, file: int) -> bool:
    """What firmware does with the new vCPU before the OS has it. Returns whether the vCPU survives it."""
    new = s.vcpus
    if s.firmware != "ovmf" or not s.smm:
        machine.step(f"vCPU {new}", "wait for SIPI", "no firmware code runs on a hot-plugged vCPU here")
        return True
    if not (s.smi_writes and file):
        machine.step(f"vCPU {new}", "first SMI", "OVMF moves the vCPU's SMBASE and leaves MSR 0x3A alone")
        return True
    refused = machine.wrmsr(new, file, f"OVMF's first SMI handler writes {file:#x}, kept since boot")
    if refused:
        machine.step(f"vCPU {new}", "no way on", "nothing in the handler catches a #GP", broken=("the vCPU comes up",))
    return not refused


def _bring_up(machine: Machine, s: Setup) -> str:
    """INIT, SIPI and the OS on the new vCPU. Returns the outcome where it is decided here."""
    new = s.vcpus
    machine.step("vCPU 0", "INIT, SIPI", f"the guest OS starts vCPU {new}")
    wrote = _os_reads(machine, s, new)
    old_sgx, new_sgx = (not msr.encls(machine.values[k], s.cpuid) for k in (0, new))
    if s.windows and s.vendor == "intel" and old_sgx != new_sgx:
        machine.step(
            f"vCPU {new}",
            "bug check 0x3E",
            # never the other way round: firmware gave vCPU 0 all that CPUID offers
            "SGX is on on vCPU 0 and off here: MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED",
            broken=("every CPU offers the same",),
            **{"bug check": "0x3E"},
        )
        return "bugcheck"
    machine.step(f"vCPU {new}", "online", f"vCPU {new} runs, with {machine.values[new]:#x}")
    return "linux-writes" if wrote else ""


def _who(machine: Machine, s: Setup, gates: tuple[tuple[str, bool], ...], file: int) -> str:
    """Who saw to it that the new vCPU has its value, where no check failed and the OS wrote nothing."""
    old, new = machine.values[0], machine.values[-1]
    if s.smi_writes and file:
        return "fixed"
    if new != old:
        return "tolerated"
    if not old:
        return "same"
    return "copied" if all(holds for _, holds in gates) else "already-set"


CARD = card_of(sys.modules[__name__])
