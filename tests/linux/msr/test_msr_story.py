"""The story of a plugged vCPU step by step, in the order of the thread's mails; each scenario with as few vCPUs as show it."""

from dataclasses import replace

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.msr import register as msr
from tdxkit.linux.msr.hotplug import IN_WORDS, OUTCOMES, hotplug
from tdxkit.linux.msr.switches import FIXED_FROM, GUESTS, OPTIONS, VENDORS, Setup, every_scenario
from tdxkit.linux.msr.vcpu_life import Machine, Register

ONE = Setup(vcpus=1)
OVMF = {"firmware": "ovmf", "smm": True, "version": FIXED_FROM}


def story(result):
    return [f"{s.actor}: {s.label}" for s in result.run.steps]


def said(result, label):
    """What the one step with this label says."""
    (sentence,) = [s.sentence for s in result.run.steps if s.label == label]
    return sentence


def plugged(vcpu, *option):
    put = ["KVM_CREATE_VCPU " + str(vcpu), "KVM_SET_CPUID2", *option, "KVM_SET_MSRS", "cpu_resume"]
    return [f"QEMU: {label}" for label in put]


BOOT = ("QEMU: make etc/msr_feature_control", "vCPU 0: WRMSR 3a = 0x40005", *("vCPU 0: RDMSR 3a = 0x40005",) * 2)
UP_1 = ("vCPU 1: wait for SIPI", "vCPU 0: INIT, SIPI")
COPY = "KVM_GET_MSRS of vCPU 0"
STORIES = {
    "reported": (ONE, [*BOOT, *plugged(1), *UP_1, *["vCPU 1: RDMSR 3a = 0x0"] * 2, "vCPU 1: bug check 0x3E"]),
    "option": (
        replace(ONE, option="on"),
        [*BOOT, *plugged(1, COPY), *UP_1, *["vCPU 1: RDMSR 3a = 0x40005"] * 2, "vCPU 1: online"],
    ),
    "both mends": (
        replace(ONE, option="on", **OVMF),
        [*BOOT, *plugged(1, COPY), "vCPU 1: WRMSR 3a = 0x40005 (#GP)", "vCPU 1: no way on"],
    ),
    "OVMF's mend": (
        Setup("linux", vcpus=2, **OVMF),
        [
            "QEMU: make etc/msr_feature_control", "vCPU 1: WRMSR 3a = 0x40005", "vCPU 0: WRMSR 3a = 0x40005",
            "vCPU 0: RDMSR 3a = 0x40005", "vCPU 0: trust it", "vCPU 1: RDMSR 3a = 0x40005", "vCPU 1: trust it",
            *plugged(2), "vCPU 2: WRMSR 3a = 0x40005", "vCPU 0: INIT, SIPI",
            "vCPU 2: RDMSR 3a = 0x40005", "vCPU 2: trust it", "vCPU 2: online",
        ],
    ),
    "Linux without a file": (
        Setup("linux", vcpus=1, vmx=False, sgx=False),
        [
            "QEMU: make no file", "vCPU 0: RDMSR 3a = 0x0", "vCPU 0: WRMSR 3a = 0x1", *plugged(1), *UP_1,
            "vCPU 1: RDMSR 3a = 0x0", "vCPU 1: WRMSR 3a = 0x1", "vCPU 1: online",
        ],
    ),
    "AMD": (
        replace(ONE, vendor="amd", option="on"),
        [
            "QEMU: filter CPUID", "QEMU: make no file", "vCPU 0: bring-up", *plugged(1), *UP_1,
            "vCPU 1: bring-up", "vCPU 1: online",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_every_step_in_its_order(name):
    setup, steps = STORIES[name]
    assert story(hotplug(setup)) == steps


def test_firmware_before_the_mend_leaves_the_register_alone():
    old = hotplug(replace(ONE, firmware="ovmf", smm=True))
    assert "leaves MSR 0x3A alone" in said(old, "first SMI")
    nothing = hotplug(replace(ONE, vmx=False, sgx=False, **OVMF))
    assert "first SMI" in str(story(nothing)) and nothing.outcome == "same", "without a file it has nothing to write"
    assert hotplug(Setup("linux", vmx=False, sgx=False, **OVMF)).outcome == "linux-writes"


@pytest.mark.parametrize("features, filtered", [("vmx sgx", 1), ("vmx", 1), ("sgx", 1), ("", 0)])
def test_cpuid_is_filtered_on_amd_where_there_is_something_to_filter(features, filtered):
    on = {name: name in features.split() for name in ("vmx", "sgx")}
    assert story(hotplug(replace(ONE, vendor="amd", **on))).count("QEMU: filter CPUID") == filtered
    assert "QEMU: filter CPUID" not in story(hotplug(replace(ONE, **on)))


@pytest.mark.parametrize("sgx, epc, told", [(True, False, True), (True, True, False), (False, False, False)])
def test_sgx_without_an_epc_is_told(sgx, epc, told):
    result = hotplug(replace(ONE, sgx=sgx, epc=epc))
    assert ("no EPC backs it" in said(result, "make etc/msr_feature_control")) == told


def test_who_does_it_is_named():
    for firmware, name in (("seabios", "SeaBIOS"), ("ovmf", "OVMF")):
        assert said(hotplug(replace(ONE, firmware=firmware)), "WRMSR 3a = 0x40005").startswith(f"{name} on vCPU 0")
    for change, who in (({"guest": "linux-old"}, "before 5.6 Linux"), ({"vendor": "amd"}, "on AMD the OS")):
        sentences = {s.sentence for s in hotplug(replace(ONE, **change)).run.steps if s.label == "bring-up"}
        assert len(sentences) == 1 and sentences.pop().startswith(f"{who} does not look")
    assert "vCPU 0 and off here" in said(hotplug(ONE), "bug check 0x3E")
    assert "has no such register" in said(hotplug(replace(ONE, vendor="amd")), "KVM_SET_MSRS")
    assert "no line in the trace" in said(hotplug(ONE), "KVM_SET_MSRS")


def test_windows_looks_at_sgx_not_at_the_register():
    locked_off = replace(ONE, preset=0x1)
    assert hotplug(locked_off).bugcheck == 0x3E and hotplug(replace(locked_off, sgx=False)).outcome == "tolerated"


def test_a_value_that_differs_is_tolerated_before_anything_else_is_said():
    assert hotplug(Setup("linux-old", vmx=False, sgx=False, preset=0x5)).outcome == "tolerated"
    assert hotplug(Setup("linux-old", vmx=False, sgx=False)).outcome == "same"
    assert hotplug(replace(ONE, vendor="amd", preset=0x5)).values == (0, 0)


def test_both_broken_rules_are_broken_in_the_last_step():
    for setup, rule in ((ONE, "every CPU offers the same"), (replace(ONE, option="on", **OVMF), "the vCPU comes up")):
        steps = hotplug(setup).run.steps
        assert [s.broken for s in steps if s.broken] == [(rule,)] == [steps[-1].broken]


def test_the_state_compares_the_new_vcpu_with_vcpu_0():
    run = hotplug(replace(ONE, preset=0x1)).run
    first, last = run.state(0), run.state(len(run))
    assert first == {"fw_cfg file": None, "bug check": None, "msr[0]": Register(0, 0)}
    assert last["fw_cfg file"] == "0x40005" and str(last["msr[1]"]) == "0x1"
    assert (last["same value"], last["same SGX"]) == (False, False)
    last = hotplug(replace(ONE, sgx=False)).run.state(-1 + len(hotplug(replace(ONE, sgx=False)).run))
    assert (last["same value"], last["same SGX"]) == (False, True), "without SGX in CPUID it is off on both"


def test_the_run_has_a_lane_for_everybody_and_says_its_setup():
    run = hotplug(Setup(vcpus=3)).run
    assert run.actors == ("QEMU", "vCPU 0", "vCPU 1", "vCPU 2", "vCPU 3") and "vCPU 3" in run.title
    assert run.subtitle == str(Setup(vcpus=3)) and [(t.key, t.kind) for t in run.tracks] == [
        ("same value", "fact"), ("same SGX", "fact"),
    ]  # fmt: skip
    assert {s.actor for s in run.steps} <= set(run.actors)


def test_the_answer_as_text():
    rows = str(hotplug(ONE)).splitlines()
    assert rows[0] == str(ONE) and rows[1] == f"bugcheck: {OUTCOMES['bugcheck']}"
    assert rows[2:4] == ["vCPU 0    0x40005 = lock + VMX outside SMX + SGX", "new vCPU  0x0 = nothing set, unlocked"]
    assert [row.split(maxsplit=1)[0] for row in rows[4:]] == ["VMXON", "ENCLS", "MCG_EXT_CTL", "key"]
    assert rows[4].endswith("on vCPU 0: works; on the new one: #GP: needs lock and VMX outside SMX")
    assert rows[6].endswith("on both: #GP: needs LMCE")
    assert str(hotplug(replace(ONE, option="on"))).splitlines()[4].endswith("on both: works")
    assert list(IN_WORDS) == list(OUTCOMES)


# The switches ----------------------------------------------------------------------------------------------------------


def test_what_was_reported_is_what_a_setup_has_unless_told_otherwise():
    """Windows on SeaBIOS, sgx=on without EPC; 0x40005 has neither launch control nor LMCE; four vCPUs in the trace."""
    reported = Setup("windows", "seabios", 202505, False, True, True, False, False, False, None, "intel", "none", 0, 4)
    assert Setup() == reported and reported.enlightened and not Setup("linux").enlightened
    assert Setup("linux", hyperv=True).enlightened and not Setup(hyperv=False).enlightened
    assert reported.cpuid == msr.Cpuid() == msr.Cpuid(vmx=True, sgx=True, sgx_lc=False, lmce=False)


def test_what_the_vcpus_offer():
    assert Setup(sgx=False, sgx_lc=True).cpuid == msr.Cpuid(True, False, False, False), "launch control needs SGX"
    assert Setup(vmx=False, sgx_lc=True, lmce=True).cpuid == msr.Cpuid(False, True, True, True)
    assert Setup(vendor="amd", sgx_lc=True, lmce=True).cpuid == msr.Cpuid(False, False, False, False) == msr.NOTHING


@pytest.mark.parametrize(
    "setup, text",
    [
        (Setup(), "Windows Server, release not said on SeaBIOS, intel, sgx hyper-v, QEMU without the posted patch"),
        (Setup("linux", sgx=False), "Linux 5.6 or later on SeaBIOS, intel, no sgx, QEMU without the posted patch"),
        (
            Setup("linux-old", "ovmf", 202508, True, epc=True, vendor="amd", option="off", preset=0x5),
            "Linux before 5.6 on OVMF edk2-stable202508 with SMM, amd, sgx epc, the posted option off, MSR already 0x5",
        ),
    ],
)
def test_a_setup_in_words(setup, text):
    assert str(setup) == text


@pytest.mark.parametrize("vcpus", [1, 64])
def test_the_fewest_and_the_most_vcpus(vcpus):
    assert len(hotplug(Setup(vcpus=vcpus)).values) == vcpus + 1


@pytest.mark.parametrize(
    "bad", [{"vcpus": "4"}, {"vcpus": 4.0}, {"firmware": "uefi"}, {"vendor": "via"}, {"preset": 1 << 19}]
)
def test_more_bad_switches(bad):
    with pytest.raises(InputError):
        Setup(**bad)


@pytest.mark.parametrize("month, known", [("00", False), ("01", True), ("09", True), ("10", True), ("12", True)])
def test_months_of_a_tag(month, known):
    if known:
        assert Setup(version=f"edk2-stable2025{month}").version == int(f"2025{month}")
    else:
        with pytest.raises(InputError):
            Setup(version=f"edk2-stable2025{month}")


def test_the_combinations_are_each_choice_with_each_other():
    seen = list(every_scenario())
    spans = {name: {getattr(s, name) for s in seen} for name in Setup.__slots__}
    assert spans.pop("guest") == {"windows", "linux", "linux-old"} <= set(GUESTS)
    assert spans.pop("option") == {"none", "auto", "on"} == set(OPTIONS) - {"off"}
    assert spans.pop("vendor") == set(VENDORS) and spans.pop("preset") == {0, 0x40005}
    assert {(s.firmware, s.version) for s in seen} == {("seabios", 202505), ("ovmf", 202505), ("ovmf", 202508)}
    assert all(spans[name] == {False, True} for name in ("smm", "sgx", "epc", "hyperv"))
    assert all(spans[name] == {getattr(Setup(), name)} for name in ("vmx", "sgx_lc", "lmce", "vcpus"))


# The machine -----------------------------------------------------------------------------------------------------------


def test_each_access_of_a_guest_is_a_line_and_a_step():
    machine = Machine(2, msr.Cpuid())
    assert machine.wrmsr(1, 0x5, "first") == "" and machine.rdmsr(1, "reads") == 0x5 and machine.rdmsr(0, "reads") == 0
    assert machine.wrmsr(1, 0x1, "again").startswith("#GP: the register is locked at 0x5") and machine.values == [
        0,
        0x5,
    ]
    assert machine.wrmsr(0, 1 << 20, "LMCE") == "#GP: LMCE is not offered to this guest"
    rows = [tuple(e.as_json().values()) for e in machine.events]
    none = (None, None, None)
    assert rows == [
        (1, *none, "write", 0x3A, 0x5, False), (1, *none, "read", 0x3A, 0x5, False), (0, *none, "read", 0x3A, 0, False),
        (1, *none, "write", 0x3A, 0x1, True), (0, *none, "write", 0x3A, 1 << 20, True),
    ]  # fmt: skip
    steps = machine.recorder.run("", ("vCPU 0", "vCPU 1")).steps
    assert [s.label for s in steps] == [
        "WRMSR 3a = 0x5", "RDMSR 3a = 0x5", "RDMSR 3a = 0x0", "WRMSR 3a = 0x1 (#GP)", "WRMSR 3a = 0x100000 (#GP)",
    ]  # fmt: skip
    assert steps[0].sentence == "first" and steps[3].sentence == "again; #GP: the register is locked at 0x5"


def test_a_new_vcpu_is_at_its_reset_value_until_the_host_puts_one():
    machine = Machine(1, msr.Cpuid())
    machine.wrmsr(0, 0x40005, "firmware")
    machine.plug()
    assert machine.values == [0x40005, 0]
    machine.put(0x40005, has_register=False)
    assert machine.values == [0x40005, 0], "there is no register to put it in"
    machine.put(0x40005, has_register=True)
    assert machine.values == [0x40005, 0x40005] and len(machine.events) == 1, "a host write leaves no line"
    with pytest.raises(AssertionError, match="KVM_SET_MSRS stops"):
        machine.put(0x8, has_register=True)
