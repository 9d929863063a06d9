"""Reports of known truth in the kernel's form, and what people's tools make of them: prefixes, quoting, breaks."""

import json
import textwrap

KERNEL = {"RAX": 0xFFFF96F30B261DAA, "RDX": 30, "RBP": 24, "R12": 0xFFFFAD890A356868, "R13": 0xFFFFAD890A356860}
THREE = (("RAX", "RBX", "RCX"), ("RDX", "RSI", "RDI"), ("RBP", "R08", "R09"), ("R10", "R11", "R12"), ("R13", "R14", "R15"))  # fmt: skip


def user_of(address=1 << 40, size=510 << 30, attributes=8, asked=0x4020AED2, **more):
    """User space's registers at a call with this range."""
    return {
        "ORIG_RAX": 0x10, "RAX": (1 << 64) - 38, "RBX": asked, "RSI": asked, "RDI": 11, "RDX": 0x7FFE0A742C80, "R8": address, "R9": size,
        "R14": attributes, "RBP": address, "RCX": 0x7F5578D031BB, "R11": 0x246,
    } | more  # fmt: skip


def context(registers, user, where, vector=""):
    """RIP, RSP and five lines of registers."""
    stack = "RSP: 002b:00007ffe0a742b88 EFLAGS: 00000246" if user else "RSP: 0018:ffffad890a34b940 EFLAGS: 00000286"
    if user or vector:
        stack += f" ORIG_RAX: {registers.get('ORIG_RAX', 0) if user else int(vector, 16):016x}"
    rows = [f"RIP: {'0033' if user else '0010'}:{where}", stack]
    value = {name.replace("R8", "R08").replace("R9", "R09"): v for name, v in registers.items()}
    return rows + [" ".join(f"{n}: {value.get(n, 0):016x}" for n in names) for names in THREE]


def soft(cpu=8, stuck=26, comm="qemu-kvm", pid=6372, release="6.15.0", preempt=" PREEMPT(voluntary)", frames=("xas_store", "__xa_store", "xa_store", "kvm_vm_set_mem_attributes", "kvm_vm_ioctl"), user=None, kernel=KERNEL, where="xas_create+0x78/0x1f0", head=True, vector=""):  # fmt: skip
    """The rows of a soft lockup."""
    return [
        *([f"watchdog: BUG: soft lockup - CPU#{cpu} stuck for {stuck}s! [{comm}:{pid}]"] if head else []),
        f"CPU: {cpu} UID: 0 PID: {pid} Comm: {comm} Not tainted {release} #1{preempt}",
        "Hardware name: Some Vendor Machine/Board, BIOS 1.2 03/04/2025",
        *context(kernel, False, where, vector),
        "Call Trace:",
        " <TASK>",
        *(f" {name}+0x{16 * k + 16:x}/0x400" + " [kvm]" * name.startswith("kvm") for k, name in enumerate(frames)),
        *(context(user, True, "0x7f5578d031bb") if user else []),
        " </TASK>",
    ]  # fmt: skip


PREFIXES = {
    "none": lambda k, row, cpu: row,
    "dmesg": lambda k, row, cpu: f"[ {4796 + k}.249920] {row}",
    "dmesg -T": lambda k, row, cpu: f"[Thu Mar 25 00:50:{k % 60:02d} 2021] {row}",
    "caller": lambda k, row, cpu: f"[ {4796 + k}.249920][  C{cpu}] {row}",
    "caller, loose": lambda k, row, cpu: f"[   48{k:02d}.249920 ][    C{cpu} ] {row}",
    "journald": lambda k, row, cpu: f"Jun 11 14:12:{k % 60:02d} host.example kernel: {row}",
    "syslog": lambda k, row, cpu: f"2025-06-11T14:12:{k % 60:02d}.123456+02:00 host kernel: [ 48{k:02d}.000001] {row}",
    "monotonic": lambda k, row, cpu: f"[  323.14{k:04d}] host kernel: {row}",
    "kmsg": lambda k, row, cpu: f"4,{1000 + k},{480000000 + k},-;{row}",
    "kmsg, caller": lambda k, row, cpu: f"4,{1000 + k},{480000000 + k},-,caller=C{cpu};{row}",
    "level": lambda k, row, cpu: f"<4>[ 48{k:02d}.000001] {row}",
    "quoted": lambda k, row, cpu: f"> > {row}",
    "quoted, tight": lambda k, row, cpu: f">>[ 48{k:02d}.000001] {row}",
    "several machines": lambda k, row, cpu: f"node-1  | [ 48{k:02d}.000001] {row}",
    "colours": lambda k, row, cpu: f"\x1b[32m[ 48{k:02d}.000001] \x1b[0m\x1b[33m{row[:8]}\x1b[0m{row[8:]}",
    "journald, JSON": lambda k, row, cpu: json.dumps({"PRIORITY": "0", "MESSAGE": row, "_TRANSPORT": "kernel"}),
    "container, JSON": lambda k, row, cpu: json.dumps({"log": f"[ 48{k:02d}.000001] {row}\n", "stream": "stdout"}),
    "ISO, weekday": lambda k, row, cpu: f"Wed 2025-06-11 14:12:{k % 60:02d} UTC host kernel: {row}",
    "since boot": lambda k, row, cpu: f"[  +0.0000{k % 100:02d}] {row}",
    "facility": lambda k, row, cpu: f"kern  :emerg : [ 48{k:02d}.000001] {row}",
    "RFC 5424": lambda k, row, cpu: f"<0>1 2025-06-11T14:12:{k % 60:02d}.123456Z host kernel - - - {row}",
    "prompt": lambda k, row, cpu: f"host login: [ 48{k:02d}.000001] {row}" if k == 0 else f"[ 48{k:02d}.000001] {row}",
}


def prefixed(rows, name="none", cpu=8):
    """The rows with what a tool puts before them."""
    return [PREFIXES[name](k, row, cpu) for k, row in enumerate(rows)]


def wrapped(rows, width=72, quote=""):
    """Broken at blanks as a mailer does, the quoting before each piece."""
    pieces = []
    for row in rows:
        own = row[len(quote) :] if row.startswith(quote) else row
        pieces += [quote + piece for piece in textwrap.wrap(own, width, break_on_hyphens=False, break_long_words=False)]
    return pieces


def quoted_printable(rows, width=75):
    """As a mailer encodes it: soft breaks anywhere, = as =3D, a blank at the end as =20."""
    made = []
    for row in rows:
        row = row.replace("=", "=3D")
        while len(row) > width:
            at = width if "=" not in row[width - 2 : width] else width - 2
            made.append(row[:at] + "=")
            row = row[at:]
        made.append(row[:-1] + "=20" if row.endswith(" ") else row)
    return made


def text(rows):
    """As one text."""
    return "\n".join(rows) + "\n"
