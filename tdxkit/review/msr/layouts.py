"""A line of a trace as each tool lays it out: who, when, which access; what stands in front of a line; and what a line is that is no event.

    CPU 0/KVM-16856 [007] d..1.   380.398695: kvm_msr: msr_write 3a = 0x40005         tracefs, trace-cmd report, perf script
    CPU 0/KVM-16856   7d..1. 380398695us : kvm_msr: msr_write 3a = 0x40005            latency-format, a dump on an oops
    CPU 0/KVM-16856 [007]   380.398695: kvm_msr: write=1 ecx=0x3a data=0x40005        fields, not the event's own words
      12.345 CPU 0/KVM/16856 kvm:kvm_msr(write: 1, ecx: 58, data: 262149)             perf trace: milliseconds, no CPU, no zeroes

Every repetition is bounded, so that no line can cost more than a few hundred tries.
"""

import re

from tdxkit.review.pasted import CLOCK, DATE

SOURCES = ("trace-layouts",)
_TIME = rb"(\d{1,20}(?:\.\d{1,9})?(?:us[ +!#*@$]{0,3})?)"
_EVENT = rb"(?:kvm:)?kvm_msr:[ ]{1,40}((?:msr_|write[=:]|ecx[=:])[^\n\0]{1,700})$"
LINE = re.compile(rb"^([^\n\0]{3,160}?)[ ]{1,40}" + _TIME + rb":[ ]{1,40}" + _EVENT)
# Whole blocks of these alone: no colon in the name, a time in seconds or a count. Twice as fast.
PLAIN = re.compile(
    rb"^([^\n\0:]{3,160})[ ]{1,40}(\d{1,20}(?:\.\d{1,9})?):[ ]{1,40}(?:kvm:)?kvm_msr:[ ]{1,40}(msr_[^\n\0]{1,700})$",
    re.MULTILINE,
)
PERF_TRACE = re.compile(
    rb"[ ]{0,20}(\d{1,12}\.\d{3})[ ]{1,10}(?:\([^()\n]{0,20}\):[ ]{1,10})?(\S.{0,60}?)/(\d{1,10})[ ]{1,10}kvm:kvm_msr[(:]([^\n\0]{1,300}?)\)?\s*$"
)
_HEAD = re.compile(
    rb"[ ]{0,40}(\S.{0,60}?)(?:-|[ ]{1,40}(?:\d{1,10}/)?)(\d{1,10})(?:[ ]{1,40}"  # name, dash or space, pid
    rb"(?:\([ ]{0,10}(?:\d{1,10}|-{1,10})\)[ ]{1,10})?"  # tgid
    rb"(?:(?:[.dDbBnNpX][.0-9A-Za-z]{3,11}[ ]{1,10})?\[(\d{1,6})\](?:[ ]{1,10}[.0-9A-Za-z]{4,12})?|(\d{1,6})[dbDBX.][.0-9A-Za-z#]{3,11}))?"  # CPU and flags; or those of -l
)
_PAYLOAD = re.compile(
    rb"msr_(read|write)[ ]{1,8}([0-9a-fA-F]{1,8})[ ]{1,8}= 0x([0-9a-fA-F]{1,16})([ ]{1,8}\(#GP\))?(?:\s(.*))?"
)
_FIELDS = re.compile(rb"(?:(?:write|ecx|data|exception)[=:][ ]?(?:0x[0-9a-fA-F]{1,16}|\d{1,20})[,\s]{0,4}){1,4}")
_FIELD = re.compile(rb"(write|ecx|data|exception)[=:][ ]?(0x[0-9a-fA-F]{1,16}|\d{1,20})")
_VCPU = re.compile(r"(?:\bv?cpu|_vcpu|\bCPU)[ _/-]?(\d{1,6})(?!\d)")

# What mail, journald, syslog, ts, netconsole and a dump on an oops put in front of a line.
FRONT = re.compile(
    rb"(?:[ \t]{0,4}>){0,20}(?:[ ]{0,4}\[?(?:" + DATE.encode() + rb"|" + CLOCK.encode() + rb")\]?:?[ \t]"
    rb"(?:[\w.-]{1,64}[ ][\w./-]{1,40}(?:\[\d{1,10}\])?:[ \t])?)?"
    rb"(?:<\d{1,3}>)?(?:\[[ ]{0,8}\d{1,10}\.\d{6}\][ ](?:\[[ ]{0,8}[TC]\d{1,9}\][ ])?)?"
)  # fmt: skip

OTHER = re.compile(
    rb"(?:[^\n\0]{0,160}?[ ])?\d{1,20}(?:\.\d{1,9})?(?:us[ +!#*@$]{0,3})?:[ ]{1,40}"
    rb"(?:(?:\d{1,12}[ ]{1,10})?([A-Za-z_][\w:.-]{0,100}:)|[\w.]{1,100}[ ]<-|<stack trace>)"
)
_OF_PERF_TRACE = re.compile(
    rb"[ ]{0,20}\d{1,12}\.\d{3}[ ]{1,10}(?:\([^()\n]{0,20}\):[ ]{1,10})?(?:\S.{0,60}?/\d{1,10}[ ]{1,10})?[\w:]{1,100}\("
)
# A stack below its event, as perf script -g, tracefs and bpftrace write it.
_FRAME = re.compile(
    rb"[ \t]{1,60}(?:[0-9a-f]{4,16}[ ][^\n]{0,300}(?:\)|\[unknown\])|=>[ ]{1,4}[\w.+]{1,100}.{0,60}|[\w.]{1,100}\+(?:0x)?[0-9a-f]{1,8}(?:/0x[0-9a-f]{1,8})?)\s{0,4}$"
)
_HEADER = re.compile(
    rb"\s*(?:$|#|cpus=\d|version\s*=|CPU \d+ is empty|(?:CPU|cpu):?\s*\d+ \[(?:LOST )?\d+ EVENTS(?: DROPPED)?\]"
    rb"|Dumping ftrace buffer|-{20,}|\(ftrace buffer empty\)|LOST \d+ events!)"
)
LOST = re.compile(rb"\s*(?:(?:CPU|cpu):?\s*\d+ \[(?:LOST )?|LOST )(\d{1,15}) (?:EVENTS|events)")
# What a line is that is no event: the first that fits.
_NAMED = (
    (
        re.compile(rb"@[\w\[]|Attach(?:ing|ed) \d|Tracing "),
        "bpftrace's own output; a line of kvm_msr comes from trace-cmd, perf or tracefs",
    ),
    (re.compile(rb"<?\d?>?\[[ ]{0,8}\d{1,10}\.\d{1,9}\]|.{0,60}?\bkernel:"), "a line of the kernel's log, no event"),
    (re.compile(rb"\s*\d{1,4}\)\s.{0,40}\|"), "a line of the function-graph tracer, no event"),
    (re.compile(rb"(?:diff --git|@@ |--- [ab]/|\+\+\+ [ab]/)"), "a line of a patch, no event"),
    (re.compile(rb"(?:From|To|Cc|Subject|Date|Message-I[dD]|References|Received):? "), "a line of a mail, no event"),
)


def read_head(head: bytes) -> tuple | None:
    """(vCPU, pid, CPU, name) of what stands before the time; vCPU is None where the name has none, CPU where the tool tells none."""
    found = _HEAD.fullmatch(head.rstrip(b" "))
    return (
        None
        if found is None
        else (*_thread(found[1], found[2]), _whole(found[3] or found[4]), found[1].decode("utf-8", "replace"))
    )


def read_thread(name: bytes, pid: bytes) -> tuple:
    """The same from a name and a pid."""
    return *_thread(name, pid), None, name.decode("utf-8", "replace")


def _thread(name: bytes, pid: bytes) -> tuple[int | None, int]:
    vcpu = _VCPU.search(name.decode("utf-8", "replace"))
    return int(vcpu[1]) if vcpu else None, int(pid)


def _whole(digits: bytes | None) -> int | None:
    return None if digits is None else int(digits)


def read_time(time: bytes) -> float | int:
    """Seconds as a float; of a clock that counts (x86-tsc, counter) the count as an int."""
    if b"us" in time:
        return int(time[: time.index(b"us")].partition(b".")[0]) / 1e6
    return float(time) if b"." in time else int(time)


def read_payload(payload: bytes) -> tuple | None:
    """(op, MSR, value, fault, note) of what stands behind the event's name."""
    found = _PAYLOAD.fullmatch(payload.rstrip(b"\r "))
    if found:
        op, msr, value, fault, note = found.groups(b"")
        return op.decode(), int(msr, 16), int(value, 16), bool(fault), note.decode("utf-8", "replace").strip()
    if _FIELDS.fullmatch(payload.rstrip(b"\r )")):
        held = {name: int(digits, 16 if digits.startswith(b"0x") else 10) for name, digits in _FIELD.findall(payload)}
        if held.get(b"ecx", 0) >> 32 or held.get(b"data", 0) >> 64:
            return None
        op = "write" if held.get(b"write") else "read"
        return op, held.get(b"ecx", 0), held.get(b"data", 0), bool(held.get(b"exception")), ""
    return None


def is_passed_over(line: bytes) -> bool:
    """A header, a comment, a blank line, a frame of a stack: nothing that should be read."""
    return bool(_HEADER.match(line) or _FRAME.match(line))


def is_other(line: bytes) -> bool:
    """A line of another event, of any tool."""
    other = OTHER.match(line)
    if other:
        return not (other[1] or b"").endswith(b"kvm_msr:")
    return bool(_OF_PERF_TRACE.match(line)) and b"kvm_msr" not in line


def why_not(line: bytes) -> str:
    """Why a line could not be read: what it is instead, or the first thing that is missing, from left to right."""
    if b"\0" in line:
        return "NUL bytes: binary data or UTF-16"
    if b"kvm_msr" not in line:
        bare = line.lstrip(b"> \t")
        return next((said for form, said in _NAMED if form.match(bare)), "no event: no “time: name:” in it")
    head, _, payload = line.partition(b"kvm_msr:")
    timed = re.search(rb"[ ](\d{1,20}(?:\.\d{1,9})?(?:us[ +!#*@$]{0,3})?):[ ]{1,40}(?:kvm:)?$", head[-80:])
    if not timed:
        return "no time before the event's name"
    if not _HEAD.fullmatch(head[: len(head) - len(timed[0]) + (len(head[-80:]) - timed.end())].rstrip(b" ")):
        return "no “name-pid [cpu]” before the time"
    if len(payload) > 700:
        return "more than 700 bytes behind the event's name"
    access = re.match(rb"[ ]{1,40}msr_(read|write)[ ]{1,8}", payload)
    if not access:
        return "neither msr_read nor msr_write behind the event's name"
    if not re.match(rb"[0-9a-fA-F]{1,8}[ ]{1,8}= ", payload[access.end() :]):
        return "the MSR is not a 32-bit number in hex"
    return "the value is not “= 0x” and a 64-bit number in hex"
