"""What a trace says of one register, fact by fact: gaps, bursts, checks and refusals to the exact second, and each in words."""

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.msr.register import Event
from tdxkit.review.msr import reading as readings
from tdxkit.review.msr.claims import CLAIMS
from tdxkit.review.msr.panic import CODES, LIMIT, Panic, read_panic, tells_of_one
from tdxkit.review.msr.reading import BURST_GAP, KEEP, MAX_MSRS, MAX_THREADS, PHASE_GAP, ReadingBuilder
from tdxkit.review.msr.told import TOLD, Burst, Look, Reading, Refused, sentence, together

MSR = 0x3A


def event(vcpu, time, op="read", value=5, fault=False, msr=MSR, pid=None) -> Event:
    return Event(vcpu, 100 + (vcpu or 0) if pid is None else pid, None, time, op, msr, value, fault)


def read(*events: Event, msr: int = MSR) -> Reading:
    builder = ReadingBuilder(msr)
    builder.add(events)
    return builder.reading()


def writes(*times, value=5, vcpus=None):
    return [event(k if vcpus is None else vcpus[k], time, "write", value) for k, time in enumerate(times)]


def test_the_limits():
    assert (BURST_GAP, PHASE_GAP, KEEP, MAX_THREADS, MAX_MSRS, TOLD) == (0.010, 1.0, 5000, 4096, 1024, 40)


@pytest.mark.parametrize(
    ("events", "bursts"),
    [
        (writes(1.0, 1.0), [(("vCPU 0", "vCPU 1"), 5, 1.0, 1.0)]),
        (writes(0.0, 0.010), [(("vCPU 0", "vCPU 1"), 5, 0.0, 0.010)]),
        (writes(0.0, 0.0101), [(("vCPU 0",), 5, 0.0, 0.0), (("vCPU 1",), 5, 0.0101, 0.0101)]),
        (writes(0.0, 0.009, 0.018), [(("vCPU 0", "vCPU 1", "vCPU 2"), 5, 0.0, 0.018)]),
        (writes(1.0, 1.001, vcpus=[0, 0]), [(("vCPU 0",), 5, 1.0, 1.0), (("vCPU 0",), 5, 1.001, 1.001)]),
        ([*writes(1.0), event(1, 1.001, "write", 1)], [(("vCPU 0",), 5, 1.0, 1.0), (("vCPU 1",), 1, 1.001, 1.001)]),
        (writes(7, 900), [(("vCPU 0", "vCPU 1"), 5, 7, 900)]),  # a clock that counts: nobody knows the gap
        ([event(0, 1.0, "write", fault=True)], []),
    ],
)
def test_bursts(events, bursts):
    assert [(b.vcpus, b.value, b.start, b.end) for b in read(*events).bursts] == bursts


@pytest.mark.parametrize(
    ("events", "checks"),
    [
        ([event(0, 1.0)], [(("vCPU 0",), 1, 5, 1.0, 1.0, 0)]),
        ([event(0, 1.0), event(0, 1.9)], [(("vCPU 0",), 2, 5, 1.0, 1.9, 0)]),
        ([event(0, 1.0), event(0, 2.0)], [(("vCPU 0",), 1, 5, 1.0, 1.0, 0), (("vCPU 0",), 1, 5, 2.0, 2.0, 0)]),
        ([event(0, 1.0), event(1, 1.9)], [(("vCPU 0", "vCPU 1"), 1, 5, 1.0, 1.9, 0)]),
        ([event(0, 1.0), event(1, 2.0)], [(("vCPU 0",), 1, 5, 1.0, 1.0, 0), (("vCPU 1",), 1, 5, 2.0, 2.0, 0)]),
        ([event(0, 1.0), event(1, 1.1, value=0)], [(("vCPU 0",), 1, 5, 1.0, 1.0, 0), (("vCPU 1",), 1, 0, 1.1, 1.1, 0)]),
        ([event(0, 1.0), event(0, 1.1), event(1, 1.2)], [(("vCPU 0",), 2, 5, 1.0, 1.1, 0), (("vCPU 1",), 1, 5, 1.2, 1.2, 0)]),
        ([event(0, 1.0), event(1, 1.1), event(0, 1.2)], [(("vCPU 0", "vCPU 1"), 1, 5, 1.0, 1.1, 0), (("vCPU 0",), 1, 5, 1.2, 1.2, 0)]),
        ([event(0, 1.0), event(0, 1.1, "write")], []),
        ([event(0, 1.0), event(0, 1.1, "write", fault=True)], [(("vCPU 0",), 1, 5, 1.0, 1.1, 1)]),
        ([event(0, 1.0), event(0, 1.1, fault=True)], [(("vCPU 0",), 1, 5, 1.0, 1.1, 0)]),
        ([event(0, 1.0, fault=True)], []),
    ],
)  # fmt: skip
def test_checks(events, checks):
    found = read(*events).checks
    assert [(c.vcpus, c.reads, c.value, c.start, c.end, c.tried) for c in found] == checks


def refused(vcpu, time, op="write", value=1):
    return event(vcpu, time, op, value, fault=True)


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([refused(0, 1.0)], [(("vCPU 0",), "write", 1, 1, 1.0, 1.0, None)]),
        ([refused(0, 1.0, "read")], [(("vCPU 0",), "read", None, 1, 1.0, 1.0, None)]),
        ([refused(0, 1.0), refused(0, 1.9)], [(("vCPU 0",), "write", 1, 2, 1.0, 1.9, None)]),
        ([refused(0, 1.0), refused(0, 2.0)], [(("vCPU 0",), "write", 1, 1, 1.0, 1.0, None), (("vCPU 0",), "write", 1, 1, 2.0, 2.0, None)]),
        ([refused(0, 1.0), refused(1, 1.9)], [(("vCPU 0", "vCPU 1"), "write", 1, 1, 1.0, 1.9, None)]),
        ([refused(0, 1.0), refused(1, 2.0)], [(("vCPU 0",), "write", 1, 1, 1.0, 1.0, None), (("vCPU 1",), "write", 1, 1, 2.0, 2.0, None)]),
        ([refused(0, 1.0), refused(0, 1.1, value=3)], [(("vCPU 0",), "write", 1, 1, 1.0, 1.0, None), (("vCPU 0",), "write", 3, 1, 1.1, 1.1, None)]),
        ([event(0, 0.5), refused(0, 1.0)], [(("vCPU 0",), "write", 1, 1, 1.0, 1.0, 5)]),
    ],
)  # fmt: skip
def test_refusals(events, told):
    found = read(*events).refusals
    assert [(r.vcpus, r.op, r.value, r.times, r.start, r.end, r.held) for r in found] == told


def test_a_thread_counts_what_it_did():
    one = read(event(0, 1.0), event(0, 2.0, "write", 1), refused(0, 3.0), refused(0, 4.0, "read")).vcpus[0]
    assert (one.label, one.vcpu, one.pid, one.reads, one.writes, one.faults, one.refused_writes) == (
        "vCPU 0",
        0,
        100,
        2,
        2,
        2,
        1,
    )
    assert (one.value, one.first, one.last) == (1, 1.0, 4.0)


def test_who_wrote_who_only_read_and_who_differs():
    found = read(*writes(1.0, 1.001), event(2, 5.0, value=0), refused(3, 6.0), event(4, 7.0), refused(4, 7.1))
    assert found.written == ("vCPU 0", "vCPU 1") and found.only_read == ("vCPU 2",)
    assert found.differs == ("vCPU 2",) and found.msrs == {MSR: 6}
    assert read(refused(0, 1.0)).differs == read().differs == ()


def test_threads_have_names():
    twice = read(event(0, 1.0, pid=1), event(0, 1.1, pid=2), event(None, 1.2, pid=3))
    assert [v.label for v in twice.vcpus] == ["vCPU 0 (pid 1)", "vCPU 0 (pid 2)", "thread 3"]
    assert twice.notes == (
        "a vCPU number has several threads: more than one guest, or a vCPU plugged twice; compare by pid",
    )
    assert read(event(None, 1.0, pid=1), event(None, 1.1, pid=2)).notes == ()


@pytest.mark.parametrize(
    ("limit", "events", "count"),
    [
        ("MAX_THREADS", [event(k, 1.0) for k in range(3)], 1),
        ("KEEP", [event(k, 1.0) for k in range(3)], 1),
        ("KEEP", writes(1.0, 2.0, 3.0, vcpus=[0, 1, 2]), 2),  # a visit, and a burst
        ("KEEP", [refused(k, 1.0) for k in range(3)], 2),
    ],
)
def test_a_long_trace_is_counted_and_said(monkeypatch, limit, events, count):
    monkeypatch.setattr(readings, limit, 2)
    said = f"a long trace: {count} accesses are counted and not told one by one"
    assert read(*events).notes == (said,) and read(*events[:2]).notes == ()


def test_events_are_kept_and_other_registers_are_counted(monkeypatch):
    monkeypatch.setattr(readings, "KEEP", 2)
    monkeypatch.setattr(readings, "MAX_MSRS", 2)
    builder = ReadingBuilder(MSR)
    builder.add([event(0, 1.0, msr=1), event(0, 1.0, msr=1), event(0, 1.0, msr=2), event(0, 1.0, msr=3)])
    assert builder.reading().msrs == {1: 2, 2: 1} and builder.events == []
    assert str(builder.reading()) == "no access to MSR 3a; the trace has 1 (2 times), 2 (1 times)"
    builder.add([event(0, 1.0)] * 3)
    assert len(builder.events) == 2
    assert str(read()) == "no access to MSR 3a"


WHO, BOTH = ("vCPU 0",), ("vCPU 0", "vCPU 3")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (Burst(WHO, 5, 1.0, 1.0), "1.000000  vCPU 0 wrote 0x5"),
        (Burst(BOTH, 5, 1.0, 1.000012), "1.000000  vCPU 0, 3 wrote 0x5 in one burst of 12 µs"),
        (Burst(BOTH, 5, 7, 9), "7  vCPU 0, 3 wrote 0x5 one after the other; in what time, this clock does not say"),
        (Look(WHO, 1, 0, 1.0, 1.0), "1.000000  vCPU 0 read 0x0 once, no write"),
        (Look(BOTH, 2, 0, 1.0, 1.0), "1.000000  vCPU 0, 3 read 0x0 twice each, no write"),
        (Look(WHO, 3, 0, 1.0, 1.0, 1), "1.000000  vCPU 0 read 0x0 3 times; its write was refused"),
        (Look(WHO, 3, 0, 1.0, 1.0, 2), "1.000000  vCPU 0 read 0x0 3 times; its 2 writes were refused"),
        (Refused(WHO, "read", None, 1, 1.0, 1.0, None, MSR), "1.000000  vCPU 0 tried to read it once, refused (#GP): no value came back"),
        (Refused(BOTH, "write", 1, 2, 1.0, 1.0, None, MSR), "1.000000  vCPU 0, 3 tried to write 0x1 twice each, refused (#GP): nothing was written"),
        (Refused(WHO, "write", 1, 1, 1.0, 1.0, 5, MSR), "1.000000  vCPU 0 tried to write 0x1 once, refused (#GP): nothing was written: it held 0x5, and so was locked"),
    ],
)  # fmt: skip
def test_sentences(what, said):
    assert sentence(what) == said


@pytest.mark.parametrize(
    ("op", "msr", "held", "locked"),
    [("write", MSR, 1, True), ("write", MSR, 5, True), ("write", MSR, 4, False), ("write", MSR, 0, False), ("write", MSR, None, False), ("read", MSR, 1, False), ("write", 0x3B, 1, False)],
)  # fmt: skip
def test_a_refusal_is_by_the_lock_only_of_the_register_that_has_one(op, msr, held, locked):
    assert Refused(WHO, op, 1, 1, 1.0, 1.0, held, msr).locked is locked


def test_names_of_many():
    labels = tuple(f"vCPU {k}" for k in range(14))
    assert together(labels[:12]) == "vCPU 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"
    assert together(labels) == "vCPU 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"
    assert together(("thread 7", "vCPU 1", "vCPU 2")) == "thread 7, vCPU 1, 2"


def test_a_reading_is_told_in_the_order_of_time_with_what_differs_last():
    found = read(*writes(1.0, 1.001), event(2, 5.0, value=0), event(3, 0.5, "write", 1))
    assert [what.start for what in found.happened] == sorted(what.start for what in found.happened)
    assert str(found).split("\n")[-2:] == [
        "vCPU 2 (pid 102) differs: 0x0, never written",
        "vCPU 3 (pid 103) differs: 0x1, written otherwise",
    ]
    assert found.as_json()["msrs"] == {MSR: 4}


def test_forty_sentences_are_told():
    def told(count):
        return str(read(*[event(0, 10.0 * k) for k in range(count)])).split("\n")

    assert len(told(40)) == 40
    assert len(told(42)) == 41 and told(42)[-1] == "… and 2 bursts, checks and refusals more"


def test_of_the_mails_seven_claims_two_do_not_hold_and_one_does():
    assert [claim.true for claim in CLAIMS] == ["no", "yes", "in part", "in part", "no", "open", "an opinion"]


def test_forms_of_one_crash():
    crash = Panic(0x3E, (1, 2, 0, 0))
    json = '{"event": "GUEST_PANICKED", "data": {"info": {"type": "hyper-v", "arg1": 62, "arg2": 1, "arg3": 2, "arg4": 0, "arg5": 0}}}'
    row = "GuestPanicked: '0x3e', '0x1', '0x2', '0x0', '0x0'"
    kvm = "hv crash (0x3e 0x1 0x2 0x0 0x0)"
    vmware = "\n".join(f"Synthetic MSR[0x4000010{k}] {v}" for k, v in enumerate(("0x3e", "0x1", "0x2", "0x0", "0x0")))
    for text in (json, row, kvm, vmware):
        assert read_panic(text) == crash and tells_of_one(text), text
    assert str(crash) == "MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED (0x3e): 0x1, 0x2, 0x0, 0x0"
    assert crash.as_json() == {
        "code": "0x3e",
        "name": CODES[0x3E],
        "parameters": ["0x1", "0x2", "0x0", "0x0"],
        "differing_bits": [0, 1],
    }
    assert LIMIT == 4 * 1024 * 1024 and not tells_of_one("arg1='0x3e'") and not tells_of_one("hyper-v")
    assert CODES == {0x3E: "MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED", 0x20001: "HYPERVISOR_ERROR"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("panic s390: core=1", "a panic of type s390 has no bug check"),
        ("panic hyper-v: arg1='0x1', arg3='0x2'", "it lacks arg2, arg4, arg5"),
        (
            "panic hyper-v: arg1='12', arg2='0x1', arg3='0x1', arg4='0x1', arg5='0x1'",
            "its numbers are hex with 0x, or decimal in JSON",
        ),
        (
            "panic hyper-v: arg1='0x3e', arg2='18446744073709551616', arg3='0x1', arg4='0x1', arg5='0x1'",
            "of 64 bits at most",
        ),
        ('{"event": "GUEST_PANICKED"}', "it says that the guest panicked and has no parameters"),
        ("nothing", "it names hyper-v and arg1 to arg5"),
    ],
)
def test_why_no_crash_is_read(text, why):
    with pytest.raises(InputError) as caught:
        read_panic(text)
    assert why in str(caught.value)
