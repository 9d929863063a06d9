"""Traces: what the tools print is read back, the posted trace says what it says, and no bytes make the reader stumble."""

import io
import json
import random
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdxkit.cli import main
from tdxkit.facts import data_path
from tdxkit.linux.msr.register import Event
from tdxkit.review.msr.reading import KEEP, MAX_THREADS, ReadingBuilder, read_trace
from tdxkit.review.msr.told import Burst, Look
from tdxkit.review.msr.trace import MAX_BAD, MAX_LINE, TraceReader, parse

POSTED = data_path("traces/kvm_msr.trace").read_bytes()
VARIANTS = data_path("traces/layout-variants.trace").read_bytes()


def payload(e):
    return f"msr_{e.op} {e.msr:x} = {e.value:#x}" + (" (#GP)" if e.fault else "")


def tracefs(flags, tgid=""):
    def line(e):
        return f"{e.name:>16}-{e.pid:<7} {tgid}[{e.cpu:03}] {flags}{e.time:13.6f}: kvm_msr: {payload(e)}"

    return line


def trace_cmd(digits):
    return lambda e: f"{e.name:>16}-{e.pid:<5} [{e.cpu:03}] d..1. {e.time:12.{digits}f}: {'kvm_msr:':20} {payload(e)}"


def trace_cmd_latency(e):
    return f"{e.name:>8}-{e.pid:<5} {e.cpu:3}d..1. {e.time:12.6f}: {'kvm_msr:':20} {payload(e)}"


def perf(e):
    return f"{e.name:<16} {e.pid:>7} [{e.cpu:03}] {e.time:13.6f}: {'kvm:kvm_msr:':>20} {payload(e)}"


LAYOUTS = {
    "no flags": tracefs(""),
    "4 flags": tracefs("d..1 "),
    "5 flags": tracefs("dN.2. "),
    "6 flags": tracefs("d.h21. "),
    "7 flags": tracefs("dn.h2.. "),
    "tgid": tracefs("..... ", "(  16840) "),
    "no tgid known": tracefs("..... ", "(-------) "),
    "trace-cmd": trace_cmd(6),
    "trace-cmd ns": trace_cmd(9),
    "trace-cmd -l": trace_cmd_latency,
    "perf script": perf,
}
# Names end in a letter, as a name that ends in digits before perf's spaces could not be told from its pid by anybody.
odd_names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=6)
names = st.one_of(
    st.integers(0, 4095).map(lambda n: f"CPU {n}/KVM"),
    odd_names.map(lambda t: f"x{t}-1 [0] /y"),
    st.sampled_from(["<script>x", "a b-c", "qemu-system-x86"]),
)
micro = st.integers(0, 10**12).map(lambda n: n / 1e6)
events = st.builds(
    Event,
    st.none(),
    st.integers(1, 4_194_304),
    st.integers(0, 999),
    micro,
    st.sampled_from(["read", "write"]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.booleans(),
    names,
)


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from(sorted(LAYOUTS)), events), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_what_the_tools_print_is_read_back(rows):
    found, counts = parse("\n".join(LAYOUTS[layout](e) for layout, e in rows))
    assert counts.bad == () and counts.events == len(found) == len(rows)
    for (layout, e), got in zip(rows, found):
        assert got[1:3] == e[1:3] and got[4:9] == e[4:9], layout
        assert got.time == pytest.approx(e.time, abs=5e-7)


@pytest.mark.parametrize(
    "name, vcpu",
    [
        ("CPU 0/KVM", 0),
        ("CPU 12/KVM", 12),
        ("CPU 3/TCG", 3),
        ("fc_vcpu 2", 2),
        ("crosvm_vcpu7", 7),
        ("vcpu0", 0),
        ("kvm-vcpu-1", 1),
        ("qemu-kvm", None),
        ("<...>", None),
        ("CPU x/KVM", None),
    ],
)
def test_vcpu_thread_names(name, vcpu):
    (event,), _ = parse(f"  {name}-77 [000] .....  1.000000: kvm_msr: msr_read 3a = 0x0")
    assert (event.vcpu, event.pid, event.name) == (vcpu, 77, name)


def test_the_posted_trace():
    trace = read_trace(io.BytesIO(POSTED))
    assert (trace.counts.lines, trace.counts.events, trace.counts.skipped) == (18, 18, 0)
    r = trace.reading
    assert r.bursts == (Burst(("vCPU 0", "vCPU 3", "vCPU 2", "vCPU 1"), 0x40005, 380.398696, 380.399007),)
    assert r.checks == (
        Look(("vCPU 0", "vCPU 1", "vCPU 2", "vCPU 3"), 2, 0x40005, 384.497714, 385.021220),
        Look(("vCPU 4",), 2, 0, 453.733743, 453.733745),
    )
    assert (r.written, r.only_read) == (("vCPU 0", "vCPU 3", "vCPU 2", "vCPU 1"), ("vCPU 4",))
    assert r.differs == ("vCPU 4",) and r.vcpus[-1].pid == 17500
    assert "vCPU 0, 3, 2, 1 wrote 0x40005 in one burst of 311 µs" in str(trace)
    assert trace.events[0].note == "<debug_before_write>"


def test_every_line_of_the_variants():
    found, counts = parse(VARIANTS)
    lines = [x for x in VARIANTS.decode().splitlines() if not x.startswith("#")]
    assert len(found) == len(lines) == 23 and counts.skipped == counts.other == 0
    for event, line in zip(found, lines):
        assert payload(event) in line and event.fault == ("(#GP)" in line)
        assert (event.vcpu, event.pid, event.cpu, int(event.time)) == (0, 16856, 7, 380)
    assert {e.time for e in found} == {380.398695, 380.398695123}


def test_every_cut_of_the_bytes_gives_the_same():
    long_lines = b"".join(GOOD.encode() + b" " * n + b"\n" for n in (600, 690, 700, 960, 2000))
    data = POSTED + long_lines + VARIANTS
    whole, counts = parse(data)
    for size in (1, 7, 80, 81, 1000):
        reader, found = TraceReader(), []
        for at in range(0, len(data), size):
            found += reader.feed(data[at : at + size])
        assert [*found, *reader.close()] == whole and reader.counts == counts


def test_other_events_headers_and_line_ends():
    text = (
        "# tracer: nop\n#\ncpus=8\nCPU 3 is empty\nCPU:2 [LOST 24 EVENTS]\n\n"
        "   CPU 0/KVM-1 [007] d..1.   380.398695: kvm_exit: reason MSR_READ kvm_msr: msr_read 3a = 0x0\n"
        "   CPU 0/KVM-1 [007] .....   380.398696: kvm_msr: msr_read 3a = 0x5\r\n"
        "CPU 0/KVM  1 [007]   380.398697:  1 cycles: ffff\n"
        "   CPU 0/KVM-1 [007] d..1.   380398697: kvm_entry: on a clock that counts\n"
    )
    found, counts = parse(text)
    assert [e.value for e in found] == [5] and found[0].note == ""
    assert (counts.other, counts.skipped, counts.lost, counts.lines) == (3, 0, 24, 10)


GOOD = "   CPU 0/KVM-1 [007] .....   380.398696: kvm_msr: msr_read 3a = 0x5"


@pytest.mark.parametrize(
    "line, why",
    [
        ("hello", "no event"),
        (GOOD.replace("380.398696", "now"), "no time before"),
        (GOOD.replace("[007]", ""), "no “name-pid [cpu]”"),
        (GOOD.replace("msr_read", "msr_peek"), "neither msr_read nor msr_write"),
        (GOOD.replace("3a =", "3g ="), "the MSR is not"),
        (GOOD.replace("3a =", "123456789 ="), "the MSR is not"),
        (GOOD.replace("0x5", "5"), "the value is not"),
        (GOOD.replace("0x5", "0x" + "f" * 17), "the value is not"),
        (GOOD.replace("0x5", "0x5z"), "the value is not"),
        (GOOD + " " * 800, "more than 700 bytes"),
        (GOOD.replace("[007]", "") + " " * 800, "no “name-pid [cpu]”"),
        ("x" * (MAX_LINE + 1), "longer than"),
        (GOOD[:-20], "the MSR is not"),
        (GOOD.replace("CPU", "C\0U"), "NUL"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_read(line, why):
    found, counts = parse("\n".join([GOOD, line, GOOD]))
    if line == GOOD[:-20]:
        why = counts.bad[0].why  # cut somewhere: any reason that names what is missing
    assert len(found) == 2 and counts.skipped == 1
    assert counts.bad[0].line == 2 and counts.bad[0].why.startswith(why)


def test_bad_lines_are_counted_past_those_named():
    _, counts = parse("junk\n" * 100)
    assert counts.skipped == 100 and len(counts.bad) == MAX_BAD


@given(st.binary(max_size=400))
@example(b"\xff\xfe" + GOOD.encode("utf-16-le"))
@example(b"\0" * 300)
@settings(deadline=None)
def test_any_bytes_are_read_without_an_error(data):
    trace = read_trace(io.BytesIO(GOOD.encode() + b"\n" + data))
    assert trace.counts.events >= 1 or (not data.startswith(b"\n") and b"\n" not in data[:1])
    assert str(trace)


@given(st.integers(0, len(POSTED) - 1), st.integers(0, 255))
def test_one_wrong_byte_costs_at_most_two_lines(at, byte):
    data = POSTED[:at] + bytes([byte]) + POSTED[at + 1 :]
    found, counts = parse(data)
    assert len(found) >= 16 and counts.skipped + counts.other + len(found) >= 17


def test_a_line_without_end_takes_no_memory():
    piece, reader = b"x" * 65536, TraceReader()
    reader.feed(piece)
    tracemalloc.start()
    for _ in range(2000):  # 125 MiB of one line
        assert reader.feed(piece) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20
    assert len(reader.feed(b"\n" + GOOD.encode() + b"\n")) == 1
    assert (reader.counts.skipped, reader.counts.lines) == (1, 2)


@pytest.mark.slow
def test_a_long_trace_with_ever_new_values_stays_bounded():
    builder, reader = ReadingBuilder(), TraceReader()
    rng = random.Random(1)
    for block in range(7):
        lines = (
            f"CPU {rng.randrange(9999)}/KVM-{rng.randrange(99999)} [000] {block}.{k:06}: kvm_msr: msr_write "
            f"{rng.choice(('3a', f'{rng.getrandbits(32):x}'))} = {rng.getrandbits(64):#x}\n"
            for k in range(2500)
        )
        builder.add(reader.feed("".join(lines).encode()))
        if block == 5:
            tracemalloc.start()  # everything is full by now: what comes after must not stay
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 1_000_000 and reader.counts.events == 17_500
    assert "counted and not told" in str(builder.reading())
    assert len(builder.reading().vcpus) <= MAX_THREADS and len(builder._visits) <= KEEP >= len(builder._bursts)


def test_two_guests_are_not_taken_for_one():
    trace = read_trace(io.BytesIO((GOOD + "\n" + GOOD.replace("KVM-1", "KVM-2")).encode()))
    assert [v.label for v in trace.reading.vcpus] == ["vCPU 0 (pid 1)", "vCPU 0 (pid 2)"]
    assert "more than one guest" in str(trace)


def test_a_fault_is_no_value():
    text = GOOD + "\n" + GOOD.replace("380.3", "380.4").replace("read 3a = 0x5", "write 3a = 0x7 (#GP)")
    trace = read_trace(io.BytesIO(text.encode()))
    assert (trace.reading.vcpus[0].value, trace.reading.vcpus[0].faults) == (5, 1) and trace.reading.bursts == ()


def test_an_os_that_writes_one_cpu_after_the_other_makes_no_burst():
    lines = [f"CPU {k}/KVM-{k + 10} [000] .....  {1 + k * 0.04:.6f}: kvm_msr: msr_write 3a = 0x5" for k in range(4)]
    reading = read_trace(io.BytesIO("\n".join(lines).encode())).reading
    assert [b.vcpus for b in reading.bursts] == [(f"vCPU {k}",) for k in range(4)]


def lines_of(*rows):
    """(vCPU, seconds, access) as lines of tracefs."""
    return "\n".join(f"CPU {k}/KVM-{k + 10} [000] .....  {t:.6f}: kvm_msr: msr_{a}" for k, t, a in rows).encode()


def test_a_second_write_on_the_same_vcpu_begins_another_burst():
    rows = [(k, 1 + n / 1e6, "write 3a = 0x5") for n, k in enumerate((0, 1, 0, 1))]
    reading = read_trace(io.BytesIO(lines_of(*rows))).reading
    assert [b.vcpus for b in reading.bursts] == [("vCPU 0", "vCPU 1")] * 2


def test_another_value_begins_another_burst():
    reading = read_trace(io.BytesIO(lines_of((0, 1, "write 3a = 0x5"), (1, 1.000001, "write 3a = 0x7")))).reading
    assert [b.value for b in reading.bursts] == [5, 7]


def test_the_same_check_after_a_pause_is_another_check():
    reading = read_trace(io.BytesIO(lines_of((0, 1, "read 3a = 0x5"), (1, 100, "read 3a = 0x5")))).reading
    assert [(c.vcpus, c.start) for c in reading.checks] == [(("vCPU 0",), 1.0), (("vCPU 1",), 100.0)]


def test_stamps_that_step_back_a_little_break_nothing():
    rows = [(0, 1.000002, "write 3a = 0x5"), (1, 1.000001, "write 3a = 0x5")]
    assert len(read_trace(io.BytesIO(lines_of(*rows))).reading.bursts) == 1


def test_only_so_many_events_are_kept():
    trace = read_trace(io.BytesIO(POSTED * 400))
    assert trace.counts.events == 7200 and len(trace.events) == KEEP == 5000


def test_progress_is_told_to_the_end():
    seen = []
    read_trace(io.BytesIO(POSTED * 400), lambda *tick: seen.append(tick))
    assert seen == sorted(seen) and seen[-1] == (len(POSTED) * 400,) * 2 and len(seen) > 2


def run(capsys, *arguments):
    code = main(["trace", *map(str, arguments)])
    return code, *capsys.readouterr()


def test_the_command_prints_every_event_as_json(capsys, tmp_path):
    for data, count in ((POSTED, 18), (VARIANTS, 23), (b"", 0), (b"\0\xff" * 50, 0)):
        (tmp_path / "t").write_bytes(data)
        code, out, _ = run(capsys, tmp_path / "t", "--json")
        answer = json.loads(out)
        assert code == 0 and len(answer["events"]) == answer["read"] == count
        assert answer["events"] == [e.as_json() for e in parse(data)[0]]
        assert answer["skipped"] == (1 if b"\0" in data else 0)


def test_json_of_names_that_are_hostile(capsys, tmp_path):
    (tmp_path / "t").write_text(GOOD.replace("CPU 0/KVM", "\"<b>'\\") + '\n"}]<script>\n', "utf-8")
    answer = json.loads(run(capsys, tmp_path / "t", "--json")[1])
    assert answer["events"][0]["vcpu"] is None and answer["bad"][0]["start"] == '"}]<script>'


def test_the_command_says_what_it_could_not_read(capsys, tmp_path):
    (tmp_path / "t").write_bytes(b"\x1b[31mred\n" * 30 + POSTED)
    code, out, _ = run(capsys, tmp_path / "t")
    assert code == 0 and "line 1: no event" in out and "and 10 lines more" in out and "\x1b" not in out


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["."], ["example", "--msr", "zz"], ["example", "--msr", "1" * 9], []]
)
def test_bad_arguments_are_one_line(arguments, capsys):
    code, out, err = run(capsys, *arguments)
    assert code == 2 and out == "" and err.count("\n") == 1
