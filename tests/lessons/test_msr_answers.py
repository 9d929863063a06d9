"""Answers about MSR 0x3A: where each check says yes, where no, and what it says; the gates' numbers against the model."""

from dataclasses import replace

import pytest

from tdxkit.errors import InputError
from tdxkit.facts import data_path
from tdxkit.lessons.checks.msr import held, makes, saved, story
from tdxkit.lessons.exercises import exercise_named
from tdxkit.lessons.gates import gate_named
from tdxkit.linux.msr import register as msr
from tdxkit.linux.msr.hotplug import REPORTED, hotplug
from tdxkit.linux.msr.switches import Setup
from tdxkit.linux.msr.table import every_result, outcomes, what_matters
from tdxkit.review.msr.reading import read_trace

TRACE = {"trace": "traces/second.trace", "vcpus": 3}
FIXED = {"firmware": "ovmf", "version": 202508, "smm": True}
SECOND = FIXED | {"guest": "linux", "sgx": False, "option": "on"}


def asked(name):
    return exercise_named(name)


@pytest.mark.parametrize(
    "writes, holds",
    [
        ([], 0),
        ([["guest", 0x5], ["guest", 0x5]], 0x5),
        ([["guest", 0x4], ["guest", 0x0]], 0),  # unlocked, it may be taken back
        ([["guest", 0x100005]], 0),  # LMCE is not offered
        ([["host", 0x100005]], 0x100005),
        ([["host", 0x8], ["guest", 0x1]], 0x1),  # a bit that KVM does not know
    ],
)
def test_a_register_holds_what_kvms_rules_leave_there(writes, holds):
    assert held(holds, asked("four-writes"), writes=writes).passed
    assert not held(holds ^ 1, asked("four-writes"), writes=writes).passed


def test_the_last_time_that_it_held_a_value_is_told():
    writes = [["guest", 0x4], ["host", 0x1], ["host", 0x4], ["host", 0x5]]
    assert (
        held(0x4, asked("four-writes"), writes=writes).says
        == "That is what it holds after write 3. A later write is taken too."
    )
    assert "at reset" in held(0, asked("four-writes"), writes=writes).says
    assert held(0x2, asked("four-writes"), writes=writes).says.endswith("none of the writes leaves that.")


@pytest.mark.parametrize("odd", [True, -1, 1 << 64, "0x5", 5.0])
def test_what_is_no_value_of_a_register_is_refused(odd):
    with pytest.raises(InputError, match="a register has 64 bits"):
        held(odd, asked("four-writes"), writes=[])


def test_each_switch_that_saves_is_found_and_no_other():
    right = ["guest", "sgx", "vendor", "option", "preset"]
    assert saved(right, asked("saved-by-one")).passed
    assert saved({"MSR  already set", "New MSR", "GUEST", "sgx", "vendor", "option"}, asked("saved-by-one")).passed
    assert saved(right[1:], asked("saved-by-one")).says == "Each of yours saves it, and 1 switch more does."
    for odd in ("firmware", "version", "smm", "epc", "hyper-v", "hyperv"):
        said = saved([*right, odd], asked("saved-by-one"))
        assert not said.passed and said.run and "bug check 0x3E" in said.says
    assert saved(["firmware"], asked("saved-by-one"), begin={"smm": True}).says.startswith("Each of yours saves it")


@pytest.mark.parametrize("odd", [[], "smm", [1], {"smm": True}])
def test_names_are_asked_for(odd):
    with pytest.raises(InputError, match="names of switches are asked for"):
        saved(odd, asked("saved-by-one"))
    with pytest.raises(InputError, match="there is none of this name"):
        saved(["fast"], asked("saved-by-one"))


def test_a_story_ends_as_it_is_asked_to_and_keeps_what_must_stay():
    how = {"ends": ["fixed"], "keep": ["guest", "preset"]}
    assert story(FIXED, asked("saved-by-firmware"), **how).passed
    assert story(replace(REPORTED, vcpus=2, **FIXED), asked("saved-by-firmware"), **how).passed  # what a board has
    assert story(FIXED | {"epc": True}, asked("saved-by-firmware"), **how).passed
    said = story(FIXED | {"preset": 4}, asked("saved-by-firmware"), **how)
    assert not said.passed and said.says == "It turns preset to 4, and that is to stay as it is."
    assert not story({"smm": True}, asked("saved-by-firmware"), **how).passed
    for value in (0x1, 0x5, 0x40005):
        assert story({"preset": value}, asked("locked-before"), begin=FIXED, ends=["smi-fault"]).passed
    assert not story({"preset": 0x40004}, asked("locked-before"), begin=FIXED, ends=["smi-fault"]).passed


@pytest.mark.parametrize(
    "odd, why",
    [
        ({}, "switches are asked for"),
        ([("smm", True)], "switches are asked for"),
        ({"fast": True}, "switch fast: there is none of this name"),
        ({3: True}, "switch 3: there is none of this name"),
        ({"guest": []}, "guest .*: it is a text"),
        ({"smm": 1}, "smm 1: it is True or False"),
        ({"preset": "0x5"}, "preset 0x5: it is a number"),
        ({"preset": 8}, "preset 0x8"),
        ({"preset": -1}, "preset -0x1"),
        ({"guest": "os2"}, "guest os2: it is one of"),
        ({"version": "new"}, "OVMF version new"),
        ({"vcpus": 10**9}, "vcpus 1000000000"),
        ({"hyperv": "on"}, "hyperv on: it is True or False or None"),
    ],
)
def test_what_is_no_switch_is_refused(odd, why):
    with pytest.raises(InputError, match=why):
        story(odd, asked("saved-by-firmware"), ends=["fixed"])


def test_the_second_trace_is_made_by_each_setup_that_does_the_same():
    assert makes(SECOND, asked("second-trace"), **TRACE).passed
    for other in ({"option": "auto", "hyperv": True}, {"option": "none", "preset": 0x1}, {"epc": True}, {"vcpus": 7}):
        assert makes(SECOND | other, asked("second-trace"), **TRACE).passed, other
    assert makes(Setup(**SECOND), asked("second-trace"), **TRACE).passed


@pytest.mark.parametrize(
    "other, first",
    [
        (
            {"sgx": True},
            "vCPU 0: the trace has write 0x5, read 0x5; with your switches it is write 0x40005, read 0x40005.",
        ),
        ({"guest": "linux-old"}, "vCPU 0: the trace has write 0x5, read 0x5; with your switches it is write 0x5."),
        ({"smm": False}, "vCPU 3: the trace has write 0x5 (#GP); with your switches it is read 0x5."),
        ({"option": "off"}, "vCPU 3: the trace has write 0x5 (#GP); with your switches it is write 0x5, read 0x5."),
        ({"vendor": "amd"}, "vCPU 0: the trace has write 0x5, read 0x5; with your switches it is no access."),
    ],
)
def test_the_first_vcpu_that_does_otherwise_is_told(other, first):
    said = makes(SECOND | other, asked("second-trace"), **TRACE)
    assert not said.passed and said.says == first and said.run


def test_the_second_trace_is_one_that_its_reader_can_tell_the_story_from():
    with data_path("traces/second.trace").open("rb") as lines:
        trace = read_trace(lines)
    assert (trace.counts.events, trace.counts.skipped) == (7, 0)
    burst, refused = trace.reading.bursts[0], trace.reading.refusals[0]
    assert burst.vcpus == ("vCPU 1", "vCPU 2", "vCPU 0") and refused.vcpus == (
        "vCPU 3",
    )  # OVMF: the APs, then the boot CPU
    assert trace.reading.written == burst.vcpus  # nobody is seen to write what locked vCPU 3


@pytest.mark.slow
def test_what_the_gates_say_in_figures_is_what_the_model_finds():
    results = every_result()
    counts, matters = outcomes(results), what_matters(results)
    assert (len(results), counts["bugcheck"], counts["same"]) == (1728, 30, 864)
    assert gate_named("how-many-crash").after.startswith("Thirty, one in 58") and round(1728 / 30) == 58
    idle = gate_named("idle-switch")
    for number, switch in (("1", "smm"), ("2", "hyper-v")):
        assert f"{matters[switch]['end otherwise']} of the combinations" in idle.judged(number).why
    assert [one for one, found in matters.items() if not found["end otherwise"]] == ["epc"]
    assert idle.right.at == 2


def test_what_the_gates_say_of_the_register_is_what_the_rules_say():
    cpu = msr.Cpuid()
    assert msr.vmxon(0x40004, cpu) and msr.encls(0x40004, cpu)
    assert msr.guest_write(0x40005, 0x40005, cpu) and not msr.host_write(0x160005)
    assert msr.guest_write(0, 0x160005, cpu)  # its CPUID does not offer them
    hidden = hotplug(replace(REPORTED, sgx=False))
    assert hidden.outcome == "tolerated" and hidden.works["VMXON"] and not hidden.works_on_0["VMXON"]
    lane = [e for e in hotplug(replace(REPORTED, guest="linux")).events if e.vcpu == 4]
    assert [(e.op, e.value, e.fault) for e in lane] == [("read", 0, False), ("write", 0x40005, False)]
    copied = hotplug(replace(REPORTED, option="auto"))
    assert copied.values[-1] == 0x40005 and not [e for e in copied.events if e.vcpu == 4 and e.op == "write"]
