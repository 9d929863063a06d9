"""`trace FILE`: the kvm_msr events of a trace and what they say about one MSR. FILE `-` is standard input."""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from tdxkit.errors import InputError, printable

EXAMPLE = "kvm_msr.trace"


def configure(parser) -> None:
    """Arguments of the command."""
    parser.add_argument("file", help="a trace file; - is standard input; “example” is the posted one")
    parser.add_argument("--msr", default="3a", help="the MSR that is read about, in hex (default: 3a)")
    parser.add_argument("--json", action="store_true", help="every event, what was skipped, and the reading")


def run(args) -> int:
    """Read it as a stream; the events of --json go out as they come in, so a file may be of any size."""
    from tdxkit.linux.msr.register import parse_value
    from tdxkit.review.msr.reading import read_trace

    msr = parse_value(args.msr, "--msr")
    if msr >> 32:
        raise InputError(f"--msr {printable(args.msr)}", "an MSR has a 32-bit number", "give one in hex, like 3a")
    with _open(args.file) as stream:
        if args.json:
            _print_json(stream, msr, args.file)
            return 0
        try:
            trace = read_trace(stream, _progress(args.file), msr)
        except OSError as error:
            raise _stopped(args.file, error) from None
    print(trace)
    for bad in trace.counts.bad:
        print(f"line {bad.line}: {bad.why}: {printable(bad.start)}")
    if trace.counts.skipped > len(trace.counts.bad):
        print(f"… and {trace.counts.skipped - len(trace.counts.bad)} lines more that could not be read")
    return 0


def _open(name: str) -> BinaryIO:
    from tdxkit.facts import data_path

    if name == "-":
        return nullcontext(sys.stdin.buffer)
    posted = name == "example" and not Path(name).exists()
    path = Path(str(data_path(f"traces/{EXAMPLE}"))) if posted else Path(name)
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no name of a file"
        raise InputError(
            f"trace {printable(name)}", f"it cannot be opened ({why})", "give a file, or - for standard input"
        ) from None


def _progress(name: str):
    """Told on a terminal only, so that logs stay clean."""
    if name == "-" or not sys.stderr.isatty():
        return None
    total = Path(name).stat().st_size if Path(name).is_file() else 0
    return lambda done: print(f"\r{100 * done // max(total, 1):3} %", end="\r", file=sys.stderr, flush=True)


def _stopped(name: str, error: OSError) -> InputError:
    """A device, a broken disk."""
    return InputError(f"trace {printable(name)}", f"reading stopped ({error.strerror})", "give a plain file")


def _print_json(stream: BinaryIO, msr: int, name: str) -> None:
    from dataclasses import asdict

    from tdxkit.review.msr.reading import ReadingBuilder
    from tdxkit.review.msr.trace import TraceReader, read_events

    def read():  # an error of the writing below is none of the trace's
        try:
            yield from read_events(stream, reader, None)
        except OSError as error:
            raise _stopped(name, error) from None

    reader, builder, write = TraceReader(), ReadingBuilder(msr), sys.stdout.write
    write('{"events": [')
    comma = ""
    for events in read():
        builder.add(events)
        if events:
            write(comma + ", ".join(map(_event_json, events)))
            comma = ", "
    counts = asdict(reader.counts)
    rest = {"skipped": counts.pop("skipped"), **counts}  # next after the events, as the contract has it
    rest["read"] = rest.pop("events")
    rest["bad"] = [{**bad, "start": printable(bad["start"])} for bad in rest["bad"]]
    rest["reading"] = builder.reading().as_json()
    write("], " + json.dumps(rest)[1:] + "\n")


def _event_json(event) -> str:
    """json.dumps of `event.as_json()`, three times as fast: all of it is numbers but for `op`, which is read or write."""
    vcpu, pid, cpu, time, op, msr, value, fault = event[:8]
    vcpu = "null" if vcpu is None else vcpu
    return (
        f'{{"vcpu": {vcpu}, "pid": {pid}, "cpu": {cpu}, "time": {time}, "op": "{op}", "msr": {msr}, '
        f'"value": {value}, "fault": {"true" if fault else "false"}}}'
    )
