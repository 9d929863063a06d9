"""Status codes: what decoding one value costs on the command line, and how long a 10 MiB log takes to scan."""

import statistics
import subprocess
import sys
import time

from tdxkit.status import decode, scan
from tdxkit.status.codes import codes

ROUNDS = 15
NOISE = "[  {:5}.123456] kvm: vcpu {} exit 48 gpa 0x0000000{:09x} rip ffffffff8{:07x} done in 0x{:x}\n"


def started(arguments: list[str]) -> float:
    """Seconds of one interpreter with these arguments."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def log(size: int, every: int) -> str:
    """A log of about `size` characters with a status on each `every`-th line."""
    values = list(codes().values())
    rows, length, i = [], 0, 0
    while length < size:
        row = NOISE.format(i, i % 64, i * 4096, i, i * 37)
        if i % every == 0:
            row = f"[  {i:5}.123456] SEAMCALL TDH_MEM_PAGE_AUG failed: {values[i % 289]:#x}\n"
        rows.append(row)
        length += len(row)
        i += 1
    return "".join(rows)


def reports(size: int, noise: int) -> str:
    """A log of about `size` characters with reports over three lines, so many lines of others after each."""
    report = (
        "[   10.798780] virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc000050500000000\n"
        "[   10.798786] virt/tdx: RCX 0x0000000000000000 RDX 0x9100000100000008 R08 0x0000000000000000\n"
        "[   10.798790] virt/tdx: R09 0x0000000000000001 R10 0x0000000000000000 R11 0x0000000000000000\n"
    )
    piece = report + "".join(NOISE.format(i, i % 64, i * 4096, i, i * 37) for i in range(noise))
    return piece * (size // len(piece) + 1)


def main() -> None:
    """Print the table."""
    empty, one = [], []
    for _ in range(ROUNDS):  # taken in turns, so that a noisy moment hits both
        empty.append(started(["-c", "pass"]))
        one.append(started(["-m", "tdxkit", "decode", "0x8000030800000001"]))
    extra = statistics.median(b - a for a, b in zip(empty, one))
    print(f"{'empty interpreter, median':44} {statistics.median(empty) * 1e3:8.1f} ms")
    print(f"{'decode of one value, median':44} {statistics.median(one) * 1e3:8.1f} ms")
    print(f"{'more than an empty interpreter (at most 40)':44} {extra * 1e3:8.1f} ms")
    begin = time.perf_counter()
    for value in codes().values():
        decode(value)
    print(f"{'decode() of all 289 codes':44} {(time.perf_counter() - begin) * 1e3:8.1f} ms")
    for every in (1000, 10, 1):
        text = log(10 << 20, every)
        took = []
        for _ in range(3):
            begin = time.perf_counter()
            found = len(scan(text))
            took.append(time.perf_counter() - begin)
        print(f"{f'scan of 10 MiB, {found} statuses (under 2 s)':44} {min(took) * 1e3:8.1f} ms")
    for noise in (1000, 0):
        text = reports(10 << 20, noise)
        begin = time.perf_counter()
        found = sum(len(f.registers) == 6 for f in scan(text))
        took = [time.perf_counter() - begin]
        print(f"{f'the same, {found} with registers (under 2 s)':44} {min(took) * 1e3:8.1f} ms")


if __name__ == "__main__":
    main()
