"""What a trace and a hotplug say of MSR 0x3A in tables: each vCPU's row, what differs, what happened, and which firmware a name stands for."""

import io
import re
from dataclasses import replace
from types import SimpleNamespace

import ipywidgets as w
import pytest
from drawn import parts

from tdxkit.facts import data_path
from tdxkit.linux.msr.hotplug import REPORTED, hotplug
from tdxkit.linux.msr.register import Event
from tdxkit.linux.msr.vcpu_life import Register
from tdxkit.review.msr.reading import read_trace
from tdxkit.review.msr.told import Burst, Look, Vcpu
from tdxkit.view import msr_board
from tdxkit.view.msr_board import Switchboard, outcome_html, trace_shown
from tdxkit.view.msr_view import access_picture, phases_table, reading_table, vcpus

ENDED = hotplug(REPORTED)
TRACE = read_trace(io.BytesIO(data_path("traces/kvm_msr.trace").read_bytes()))


def vcpu(number, pid=7, value=5, label=None):
    return Vcpu(label or f"vCPU {number}", number, pid, 1, 2, 3, value, 0.0, 1.0)


def reading(*vcpus, differs=()):
    return SimpleNamespace(msr=0x3A, vcpus=vcpus, differs=differs)


def test_each_vcpu_has_its_counts_and_its_last_value_and_those_that_differ_are_lit():
    made = reading_table(reading(vcpu(0), vcpu(1, pid=None, value=None), vcpu(2, value=0), differs=("vCPU 2",)))
    assert made.header == ("vCPU", "pid", "reads", "writes", "#GP", "holds")
    assert made.rows == (
        ("vCPU 0", "7", 1, 2, 3, "0x5 = lock + VMX outside SMX"),
        ("vCPU 1", "—", 1, 2, 3, "never seen"),
        ("vCPU 2", "7", 1, 2, 3, made.rows[2][5]),
    )
    assert made.rows[2][5].startswith("0x0") and made.marked == {2} and made.lit == "differs from the others"
    assert made.title == "MSR 3a on each vCPU"


@pytest.mark.parametrize("count, more", [(64, ""), (65, ", the first 64 of 65")])
def test_of_many_vcpus_64_are_listed(count, more):
    made = reading_table(reading(*map(vcpu, range(count)), differs=("vCPU 63", "vCPU 64")))
    assert len(made.rows) == 64 and made.marked == {63} and made.title == f"MSR 3a on each vCPU{more}"


@pytest.mark.parametrize("count", [0, 39, 40, 41])
def test_forty_of_the_things_that_happened_are_told_each_from_when_on(count):
    looks = tuple(Look(("vCPU 0",), 1, 5, float(k), float(k)) for k in range(count))
    made = phases_table(SimpleNamespace(happened=looks))
    assert len(made.rows) == min(count, 40) and made.title == "What happened to it"
    assert made.header == ("from (s)", "what happened")
    assert not count or made.rows[0] == ("0.000000", "vCPU 0 read 0x5 once, no write")


def test_a_clock_that_only_counts_has_no_seconds_over_its_column():
    made = phases_table(SimpleNamespace(happened=(Burst(("vCPU 0",), 5, 17, 18), Look(("vCPU 1",), 2, 5, 20, 21))))
    assert made.header[0] == "from (count)"
    assert made.rows == (("17", "vCPU 0 wrote 0x5"), ("20", "vCPU 1 read 0x5 twice, no write"))


@pytest.mark.parametrize("pid, name", [(1234567, "thread 1234567"), (12345678, "thread 1234567")])
def test_a_lane_s_name_is_cut_after_fourteen_letters_where_the_lane_begins(pid, name):
    told = parts(access_picture([Event(None, pid, 0, 1.0, "read", 0x3A, 5, False, "", "")]).svg)
    assert f"text 10 70 '{name}' 11.5/600" in told and len(name) == 14


def test_threads_stand_by_their_numbers_before_vcpus():
    events = [Event(cpu, pid, 0, 1.0, "read", 0x3A, 5, False, "", "") for cpu, pid in ((3, 1), (None, 30), (None, 4))]
    events.append(Event(None, None, 0, 1.0, "read", 0x3A, 5, False, "", ""))
    told = [part.split("'")[1] for part in parts(access_picture(events).svg) if "11.5/600" in part]
    assert told == ["thread None", "thread 4", "thread 30", "vCPU 3"], "one without a number stands before number 1"


def test_of_a_trace_that_was_read_whole_nothing_is_said_of_lines_that_were_not():
    shown = trace_shown(replace(TRACE, counts=replace(TRACE.counts, bad=())))
    assert not [one for one in shown if "could not be read" in str(getattr(one, "title", ""))]
    (words,) = trace_shown(replace(TRACE, events=(), counts=replace(TRACE.counts, bad=())))
    assert 'role="alert"' in words


@pytest.fixture
def quick(monkeypatch):
    """The setups that are plugged in; of none of them a run is made."""
    asked = []
    monkeypatch.setattr(msr_board, "hotplug", lambda setup: asked.append(setup) or ENDED)
    monkeypatch.setattr(msr_board, "Stepper", lambda run, **more: w.HTML())
    return asked


@pytest.mark.parametrize(
    "name, firmware",
    [
        ("SeaBIOS", ("seabios", 202505)), ("OVMF, edk2-stable202505", ("ovmf", 202505)), ("OVMF, edk2-stable202508", ("ovmf", 202508)),
    ],
)  # fmt: skip
def test_a_firmware_of_the_list_is_that_release_in_both_directions(name, firmware, quick):
    board = Switchboard(replace(REPORTED, firmware=firmware[0], version=firmware[1]))
    assert board.firmware.value == name and (quick[-1].firmware, quick[-1].version) == firmware
    assert board.flags["smm"].disabled == (firmware[0] == "seabios")


def test_the_switches_begin_as_the_setup_has_them(quick):
    setup = replace(REPORTED, smm=True, sgx=False, epc=True, hyperv=False, preset=0x40005, vcpus=2)
    board = Switchboard(setup)
    assert {name: box.value for name, box in board.flags.items()} == {
        "smm": True, "sgx": False, "epc": True, "enlightened": False,
    }  # fmt: skip
    assert board.preset.value == "0x40005" and quick[0] == setup


def ended(works, on_0, option="none", gates=()):
    return SimpleNamespace(
        scenario=SimpleNamespace(option=option), outcome="tolerated", values=(5, 1, 0x40005), gates=gates, works=works, works_on_0=on_0,
    )  # fmt: skip


def test_what_the_first_and_the_new_vcpu_may_do_stands_side_by_side_and_what_differs_is_lit(monkeypatch):
    made = []
    monkeypatch.setattr(msr_board, "table", lambda *how, **more: made.append((how, more)) or SimpleNamespace(html=str))
    outcome_html(ended({"VMX": "#GP", "SGX": "", "lock": ""}, {"VMX": "", "SGX": "off", "lock": ""}))
    (((head, rows, title, differ), more),) = made
    assert head == ("register 0x3A", "vCPU 0", "the new vCPU") and title == "" and more["lit"] == "the registers differ"
    assert rows[0][1].startswith("0x5 = ") and rows[0][2].startswith("0x40005 = ")
    assert rows[1:] == [("VMX", "works", "#GP"), ("SGX", "off", "works"), ("lock", "works", "works")]
    assert differ == [0, 1, 2]


def test_the_tests_of_the_option_are_listed_with_their_signs_where_there_is_one():
    works = {"VMX": ""}
    page = str(outcome_html(ended(works, works, "on", (("option on", True), ("KVM", False)))))
    assert "<ul><li>✓ option on</li><li>✗ KVM</li></ul>" in page
    assert "The posted option does nothing: of its tests “KVM” does not hold." in page
    assert "<ul>" not in str(outcome_html(ended(works, works)))


@pytest.mark.parametrize("values, differ", [((5, 0), [1]), ((0, 5), [1]), ((5, 5, 0), [2]), ((0, 5, 5), [1, 2])])
def test_a_register_differs_where_it_is_not_that_of_vcpu_0(values, differ):
    state = {f"msr[{k}]": Register(k, value) for k, value in enumerate(values)}
    told = " ".join(parts(vcpus(state)))
    rows = re.findall(r"'vCPU (\d)'.*?'(0x\d[^']*)'", told)
    assert [int(k) for k, _ in rows] == [*range(len(values))]
    assert [int(k) for k, words in rows if words.endswith(" differs")] == differ
