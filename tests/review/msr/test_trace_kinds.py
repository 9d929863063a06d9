"""Traces as people paste them: refusals are the story, clocks that count, dates in front, stacks below, other tools, and what is no event."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.cli import main
from tdxkit.review.msr.layouts import read_payload
from tdxkit.review.msr.reading import read_trace
from tdxkit.review.msr.told import Look, Refused
from tdxkit.review.msr.trace import parse
from tdxkit.review.recognise import _is_trace
from tdxkit.view.msr_view import access_picture, phases_table

GOOD = "   CPU 0/KVM-16856   [007] .......   380.398695: kvm_msr: msr_read 3a = 0x5"


def read(*lines):
    return read_trace(io.BytesIO("\n".join(lines).encode()))


def line(vcpu, time, access):
    return f"   CPU {vcpu}/KVM-{16856 + vcpu}   [007] .......   {time}: kvm_msr: msr_{access}"


# The public cases ------------------------------------------------------------------------------------------------------


def test_a_refused_write_to_a_locked_register_is_what_the_trace_shows():
    trace = read(
        line(0, "380.398695", "read 3a = 0x5"),
        line(0, "380.398696", "write 3a = 0x40005 (#GP)"),
        line(1, "381.398695", "read 3a = 0x5"),
    )
    r = trace.reading
    assert r.checks == (
        Look(("vCPU 0",), 1, 5, 380.398695, 380.398696, 1),
        Look(("vCPU 1",), 1, 5, 381.398695, 381.398695),
    )
    assert (
        r.refusals == (Refused(("vCPU 0",), "write", 0x40005, 1, 380.398696, 380.398696, 5, 0x3A),)
        and r.refusals[0].locked
    )
    assert (r.written, r.only_read, r.differs) == ((), ("vCPU 1",), ())
    assert (
        "vCPU 0 tried to write 0x40005 once, refused (#GP): nothing was written: it held 0x5, and so was locked"
        in str(trace)
    )
    assert "vCPU 0 read 0x5 once; its write was refused" in str(trace) and "vCPU 1 read 0x5 once, no write" in str(
        trace
    )
    assert "refused (#GP)" in str(phases_table(r))


def test_a_refused_read_has_no_value():
    rows = [
        f"        guestvmm-{pid}   [001] ..... 700.0000{us}: kvm_msr: msr_read 64e = 0x0 (#GP)"
        for pid, us in ((21011, "01"), (21014, "13"))
    ]
    trace = read_trace(io.BytesIO("\n".join(rows).encode()), msr=0x64E)
    assert [(v.faults, v.value) for v in trace.reading.vcpus] == [(1, None)] * 2
    assert "read 0x0" not in str(
        trace
    ) and "thread 21011, 21014 tried to read it once each, refused (#GP): no value came back" in str(trace)
    assert trace.reading.checks == () and trace.reading.only_read == ()


def test_a_clock_that_counts_is_read_and_no_seconds_are_made_of_it():
    trace = read(
        " CPU 0/KVM-16856   [007] d..1. 918273645546372: kvm_msr: msr_read 3a = 0x0",
        " CPU 0/KVM-16856   [007] d..1. 918273645549999: kvm_msr: msr_write 3a = 0x40005",
        " CPU 1/KVM-16857   [007] d..1. 918273645559999: kvm_entry: vcpu 1, rip 0xffff",
    )
    assert (trace.counts.events, trace.counts.other, trace.counts.skipped, trace.counts.clock) == (2, 1, 0, "count")
    assert [e.time for e in trace.events] == [918273645546372, 918273645549999]
    assert (
        "µs" not in str(trace) and "918273645549999  vCPU 0 wrote 0x40005" in str(trace) and "no seconds" in str(trace)
    )
    assert " s " not in str(access_picture(trace.events)) and "from (count)" in str(phases_table(trace.reading))


def test_the_frames_of_a_stack_are_passed_over():
    trace = read(
        "CPU 0/KVM 16856 [007]   380.398696:          kvm:kvm_msr: msr_write 3a = 0x40005",
        "\tffffffffc0a1b2c3 kvm_emulate_wrmsr+0x33 ([kvm])",
        "\tffffffffc0a1b2d3 vmx_handle_exit+0x33 ([kvm_intel])",
        "\t            7f00 ioctl+0x3b (/usr/lib/libc.so.6)",
        "\t    55d0c0ffee00 [unknown] (/usr/bin/qemu-system-x86_64)",
        "",
    )
    assert (trace.counts.events, trace.counts.skipped, trace.counts.other) == (1, 0, 0)


# Refusals --------------------------------------------------------------------------------------------------------------


def test_refusals_alike_are_told_together_and_others_apart():
    same = [line(k, f"1.{k:06}", "write 3a = 0x7 (#GP)") for k in range(4)]
    r = read(*same, line(0, "5.000000", "write 3a = 0x7 (#GP)"), line(0, "5.000001", "write 3a = 0x5 (#GP)")).reading
    assert [(f.vcpus, f.value, f.times) for f in r.refusals] == [
        (("vCPU 0", "vCPU 1", "vCPU 2", "vCPU 3"), 7, 1), (("vCPU 0",), 7, 1), (("vCPU 0",), 5, 1),
    ]  # fmt: skip
    assert not any(f.locked for f in r.refusals), "no value was seen, so nobody knows why"


def test_what_was_seen_before_a_refusal_is_its_own():
    r = read(
        line(0, "1.0", "write 3a = 0x7 (#GP)"), line(0, "1.1", "read 3a = 0x5"), line(0, "1.2", "write 3a = 0x7 (#GP)")
    ).reading
    assert [(f.held, f.times, f.locked) for f in r.refusals] == [(None, 1, False), (5, 1, True)]


def test_a_write_refused_after_one_that_was_taken():
    r = read(
        line(0, "1.0", "write 3a = 0x5"), line(0, "1.1", "write 3a = 0x7 (#GP)"), line(0, "1.2", "read 3a = 0x5")
    ).reading
    assert (r.written, r.vcpus[0].writes, r.vcpus[0].refused_writes, r.vcpus[0].value) == (("vCPU 0",), 2, 1, 5)
    assert r.bursts[0].value == 5 and r.refusals[0].locked and r.checks == ()


def test_another_msr_is_never_called_locked():
    trace = read_trace(
        io.BytesIO("\n".join([line(0, "1.0", "read 10a = 0x1"), line(0, "1.1", "write 10a = 0x0 (#GP)")]).encode()),
        msr=0x10A,
    )
    assert "refused (#GP)" in str(trace) and "locked" not in str(trace)


def test_who_differs_is_said_to_be_never_written_where_its_write_was_refused():
    trace = read(
        *(line(k, f"1.{k}", "write 3a = 0x5") for k in range(3)),
        line(3, "1.5", "read 3a = 0x0"),
        line(3, "1.6", "write 3a = 0x3 (#GP)"),
    )
    assert "vCPU 3 (pid 16859) differs: 0x0, never written" in str(trace)


# Layouts ---------------------------------------------------------------------------------------------------------------

FRONTS = {
    "iso": "2025-06-09T10:00:00.123456+00:00 ", "iso with a space": "2025-06-09 10:00:00 ", "in brackets": "[2025-06-09 10:00:00.123] ",
    "ts": "Jun 09 10:00:00 ", "journald": "Jun  9 10:00:00 host trace-cmd[4711]: ", "dmesg -T": "[Mon Jun  9 10:00:00 2025] ",
    "clock": "10:00:00 ", "clock with ms": "10:00:00.123 ", "quoted": "> ", "quoted twice": ">> > ", "an oops": "[   29.123456] ",
    "an oops, marked": "<4>[   29.123456] [ T1234] ", "syslog of an oops": "Jun  9 10:00:00 host kernel: [   29.123456] ", "none": "",
}  # fmt: skip
PAYLOADS = {
    "words": lambda e: f"msr_{e[3]} {e[4]:x} = {e[5]:#x}{' (#GP)' if e[6] else ''}",
    "words, wide": lambda e: f"msr_{e[3]:5}  {e[4]:x} = {e[5]:#x}{'    (#GP)' if e[6] else ''}",
    "fields, hex": lambda e: f"write={int(e[3] == 'write')} ecx={e[4]:#x} data={e[5]:#x} exception={int(e[6])}",
    "fields, decimal": lambda e: f"write={int(e[3] == 'write')} ecx={e[4]} data={e[5]} exception={int(e[6])}",
}
HEADS = {
    "tracefs": lambda e, p: f"   CPU {e[0]}/KVM-{e[1]:<7} [{e[2]:03}] d..1. {e[7]:13.6f}: kvm_msr: {p}",
    "latency": lambda e, p: f"CPU {e[0]}/KVM-{e[1]:<7} {e[2]:3}d..1. {e[7]:13.6f}: kvm_msr: {p}",
    "dump": lambda e, p: f"CPU {e[0]}/KVM-{e[1]:<7} {e[2]:3}d..1. {e[7] * 1e6:.0f}us : kvm_msr: {p}",
    "dump, slow": lambda e, p: f"CPU {e[0]}/KVM-{e[1]:<7} {e[2]:3}d..1. {e[7] * 1e6:.0f}us+: kvm_msr: {p}",
    "perf-prof": lambda e, p: f"CPU {e[0]}/KVM {e[1]:>7} .... [{e[2]:03}] {e[7]:.6f}: kvm:kvm_msr: {p}",
    "perf script": lambda e, p: f"CPU {e[0]}/KVM {e[1]:>7} [{e[2]:03}] {e[7]:13.6f}: {'kvm:kvm_msr:':>20} {p}",
    "perf script, no CPU": lambda e, p: f"CPU {e[0]}/KVM {e[1]:>7} {e[7]:13.6f}: {'kvm:kvm_msr:':>20} {p}",
}


def perf_trace(e, form):
    fields = {"write": int(e[3] == "write"), "ecx": e[4], "data": e[5], "exception": int(e[6])}
    said = ", ".join(
        f"{k}: {v:#x}" if form == "hex" else f"{k}: {v}" for k, v in fields.items() if v
    )  # zeroes are left out
    head = f"{e[7] * 1e3:10.3f} {'(         ): ' if form == 'wide' else ''}CPU {e[0]}/KVM/{e[1]} "
    return head + (f"kvm:kvm_msr:{PAYLOADS['words'](e)})" if form == "old" else f"kvm:kvm_msr({said})")


accesses = st.tuples(
    st.integers(0, 255), st.integers(1, 4_194_304), st.integers(0, 999), st.sampled_from(["read", "write"]), st.integers(1, 2**32 - 1),
    st.integers(0, 2**64 - 1), st.booleans(), st.integers(1, 10**9).map(lambda n: n / 1e6),
)  # fmt: skip
NOISE = (
    "\tffffffffc0a1b2c3 kvm_emulate_wrmsr+0x33 ([kvm])", " => kvm_emulate_wrmsr", "    kvm_emulate_wrmsr+168", "", "# tracer: nop",
    "   CPU 1/KVM-16857 [004] d..1.   380.399007: kvm_exit: reason MSR_WRITE rip 0xfffff80312345678", "CPU 3 is empty",
    "   CPU 1/KVM-16857 [004] d..1.   380.399007: kvm_emulate_wrmsr <-vmx_handle_exit", "Dumping ftrace buffer:", "-" * 33,
)  # fmt: skip


@pytest.mark.slow
@given(st.lists(st.tuples(accesses, st.sampled_from(sorted(FRONTS)), st.sampled_from(sorted(HEADS)), st.sampled_from(sorted(PAYLOADS)), st.sampled_from(NOISE)), min_size=1, max_size=8))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_every_layout_behind_every_front_is_read_back(rows):
    lines = []
    for e, front, head, payload, noise in rows:
        lines += [FRONTS[front] + HEADS[head](e, PAYLOADS[payload](e)), noise]
    found, counts = parse("\n".join(lines))
    assert counts.bad == () and len(found) == len(rows), counts.bad
    for (e, _, head, *_), got in zip(rows, found):
        cpu = None if head == "perf script, no CPU" else e[2]
        assert (got.vcpu, got.pid, got.cpu, got.op, got.msr, got.value, got.fault) == (e[0], e[1], cpu, *e[3:7])
        assert got.time == pytest.approx(e[7], abs=2e-6)


@given(st.lists(st.tuples(accesses, st.sampled_from(["old", "new", "hex", "wide"])), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
@pytest.mark.slow
def test_perf_trace_is_read_back(rows):
    found, counts = parse("\n".join(perf_trace(e, form) for e, form in rows))
    assert counts.bad == () and len(found) == len(rows), counts.bad
    for (e, _), got in zip(rows, found):
        assert (got.vcpu, got.pid, got.cpu, got.op, got.msr, got.value, got.fault) == (e[0], e[1], None, *e[3:7])
        assert got.time == pytest.approx(e[7], abs=1e-6)


@given(st.lists(st.integers(0, 2**63), min_size=2, max_size=6))
def test_counts_of_any_size_stay_whole(counts):
    found, seen = parse("\n".join(line(k, n, "write 3a = 0x5") for k, n in enumerate(counts)))
    assert [e.time for e in found] == counts and seen.clock == "count"


def test_on_a_clock_that_counts_writes_that_follow_each_other_are_one_story_without_a_time():
    trace = read(*(line(k, 10**12 * k + 5, "write 3a = 0x5") for k in (0, 3, 1)))
    assert len(
        trace.reading.bursts
    ) == 1 and "vCPU 0, 3, 1 wrote 0x5 one after the other; in what time, this clock" in str(trace)


def test_two_clocks_in_one_trace_are_not_mixed():
    _, counts = parse("\n".join([GOOD, line(0, 918273645546372, "read 3a = 0x5"), GOOD]))
    assert (counts.events, counts.skipped, counts.clock) == (2, 1, "seconds") and "clock is another" in counts.bad[
        0
    ].why


@pytest.mark.parametrize(
    "text, why",
    [
        ("@msr[58]: 12", "bpftrace's own output"), ("Attaching 2 probes...", "bpftrace's own output"), ("@[", "bpftrace's own output"),
        ("[   12.345678] kvm: vcpu 0 unhandled rdmsr: 0x3a", "a line of the kernel's log"), ("Jun  9 10:00:00 host kernel: usb 1-1", "a line of the kernel's log"),
        (" 1)   0.123 us    |  kvm_emulate_wrmsr();", "a line of the function-graph"), ("diff --git a/x b/x", "a line of a patch"),
        ("Subject: [PATCH] x", "a line of a mail"), ("> From: A", "a line of a mail"), ("hello", "no event"),
        ("kvm_msr: msr_read  1a6 = 0x0    (#GP)", "no time before"), (" 220.696238: kvm_msr: msr_write 830 = 0xb0", "no “name-pid [cpu]”"),
    ],
)  # fmt: skip
def test_what_is_no_event_is_named_for_what_it_is(text, why):
    found, counts = parse("\n".join([GOOD, text, GOOD]))
    assert len(found) == 2 and counts.skipped == 1 and counts.bad[0].why.startswith(why), counts.bad


def test_events_that_lost_their_heads_are_events_all_the_same():
    """As changelogs and mails cut them: the others are passed over, the one that matters is refused by name."""
    _, counts = parse(
        " 220.696238: kvm_apic: apic_write APIC_ICR = 0xb0\n 220.696238: kvm_msr: msr_write 830 = 0xb0\n220.6962: kvm_entry: vcpu 0\n"
    )
    assert (counts.events, counts.other, counts.skipped) == (0, 2, 1) and counts.bad[0].line == 2


def test_other_lines_of_perf_trace_are_other_events():
    _, counts = parse(
        "     0.023 ( 0.004 ms): qemu-system-x86/123 ioctl(fd: 3, cmd: KVM_RUN) = 0\n"
        "     0.100 CPU 0/KVM/16856 kvm:kvm_exit(exit_reason: 32, guest_rip: 1)\n"
    )
    assert (counts.other, counts.skipped) == (2, 0)


def test_an_event_without_a_cpu_stays_json(capsys, tmp_path):
    (tmp_path / "t").write_text("     0.100 CPU 0/KVM/16856 kvm:kvm_msr(write: 1, ecx: 58, data: 262149)\n")
    assert main(["trace", str(tmp_path / "t"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["events"][0] == {
        "vcpu": 0,
        "pid": 16856,
        "cpu": None,
        "time": 0.0001,
        "op": "write",
        "msr": 58,
        "value": 0x40005,
        "fault": False,
    }
    assert answer["clock"] == "seconds" and answer["reading"]["refusals"] == []


@pytest.mark.parametrize(
    ("payload", "read"),
    [
        (b" write=1 ecx=0x3a data=5", ("write", 0x3A, 5, False, "")), (b"(write: 0, ecx: 58, data: 5, exception: 1)"[1:], ("read", 58, 5, True, "")),
        (b"data=5", ("read", 0, 5, False, "")), (b"ecx=58", ("read", 58, 0, False, "")), (b"ecx=0xffffffff", ("read", 0xFFFFFFFF, 0, False, "")),
        (b"ecx=0x100000000", None), (b"data=18446744073709551615", ("read", 0, 2**64 - 1, False, "")), (b"data=18446744073709551616", None),
        (b"write=1 ecx=58 other=1", None),
    ],
)  # fmt: skip
def test_fields_may_be_missing_and_none_is_wider_than_its_register(payload, read):
    assert read_payload(payload.strip()) == read


def test_two_lines_of_other_events_make_a_trace_and_one_does_not():
    other = "   CPU 0/KVM-1 [007] .....   380.398696: sched_switch: prev_comm=a\n"
    assert [_is_trace(other * many + "words\n" * odd) for many, odd in ((1, 0), (2, 0), (2, 1), (2, 2), (3, 2))] == [
        False, True, True, False, True,
    ]  # fmt: skip
