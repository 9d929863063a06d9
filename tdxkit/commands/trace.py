"""`trace FILE`: the kvm_msr events of a trace and what they say about one MSR. FILE `-` is standard input."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tdxkit.commands import first_keys
from tdxkit.commands.waiting import wait
from tdxkit.errors import InputError, printable
from tdxkit.intake import Source
from tdxkit.work import Job, drive

EXAMPLE = "kvm_msr.trace"


def configure(parser) -> None:
    """Arguments of the command."""
    parser.add_argument("file", help="a trace file, gzip too; - is standard input; “example” is the posted one")
    parser.add_argument("--msr", default="3a", help="the MSR that is read about, in hex (default: 3a)")
    parser.add_argument("--json", action="store_true", help="every event, what was skipped, and the reading")


def run(args) -> int:
    """Read it as a stream; the events of --json go out as they come in, so a file may be of any size."""
    from tdxkit.linux.msr.register import parse_value
    from tdxkit.review.msr.reading import reading_job
    from tdxkit.review.wanted import wanted

    msr = parse_value(args.msr, "--msr")
    if msr >> 32:
        raise InputError(f"--msr {printable(args.msr)}", "an MSR has a 32-bit number", "give one in hex, like 3a")

    def read(job: Callable, found: Callable[[object], int]) -> Job:
        return wanted(("trace",), lambda source: job(source, msr), found, text=True)(_source(args.file))

    if args.json:
        quiet = drive if sys.stdout.isatty() else wait  # a line of progress would stand among the events
        rest = quiet(read(_json_job, lambda rest: rest["read"]))
        sys.stdout.write((_begin() if not rest["read"] else "") + "], " + json.dumps(rest)[1:] + "\n")
        return 0
    trace = wait(read(reading_job, lambda trace: trace.counts.events))
    print(trace)
    for bad in trace.counts.bad:
        print(f"line {bad.line}: {bad.why}: {printable(bad.start)}")
    if trace.counts.skipped > len(trace.counts.bad):
        print(f"… and {trace.counts.skipped - len(trace.counts.bad)} lines more that could not be read")
    if not trace.reading.vcpus and trace.reading.msrs:
        print(
            f"python -m tdxkit trace FILE --msr {next(iter(trace.reading.msrs)):x} tells of that MSR", file=sys.stderr
        )
    return 0


def _source(name: Source) -> Source:
    if name != "example" or Path(name).exists():
        return name
    from tdxkit.facts import data_path

    return data_path(f"traces/{EXAMPLE}").read_bytes()


def _begin() -> str:
    return json.dumps(first_keys())[:-1] + ', "events": ['


def _json_job(source: Source, msr: int) -> Job[dict]:
    """Writes the events as they come; returns what stands behind them."""
    from dataclasses import asdict

    from tdxkit.review.msr.reading import ReadingBuilder
    from tdxkit.review.msr.trace import TraceReader, read_events

    reader, builder, write = TraceReader(), ReadingBuilder(msr), sys.stdout.write
    comma = _begin()
    for events, tick in read_events(source, reader):
        builder.add(events)
        if events:
            write(comma + ", ".join(map(_event_json, events)))
            comma = ", "
        yield tick
    counts = asdict(reader.counts)
    rest = {"skipped": counts.pop("skipped"), **counts}  # next after the events, as the contract has it
    rest["read"] = rest.pop("events")
    rest["bad"] = [{**bad, "start": printable(bad["start"])} for bad in rest["bad"]]
    rest["reading"] = builder.reading().as_json()
    return rest


def _event_json(event) -> str:
    """json.dumps of `event.as_json()`, three times as fast: all of it is numbers but for `op`, which is read or write."""
    vcpu, pid, cpu, time, op, msr, value, fault = event[:8]
    vcpu, cpu = "null" if vcpu is None else vcpu, "null" if cpu is None else cpu
    return (
        f'{{"vcpu": {vcpu}, "pid": {pid}, "cpu": {cpu}, "time": {time}, "op": "{op}", "msr": {msr}, '
        f'"value": {value}, "fault": {"true" if fault else "false"}}}'
    )
