"""Reading traces: seconds and memory for 10, 50 and 200 MiB, of kvm_msr lines only and of mixed ones; the target is 50 MiB in 5 s."""

import io
import random
import sys
import time
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tdxkit.facts import data_path
from tdxkit.review.msr.reading import read_trace

MIB = 1 << 20


class Repeated(io.RawIOBase):
    """A file of `size` bytes made by saying the same piece over and over: no disk, no memory."""

    def __init__(self, piece: bytes, size: int):
        self.piece, self.left = piece, size

    def read(self, count: int = -1) -> bytes:
        """The next bytes, always whole pieces."""
        data = self.piece * max(1, min(count, self.left) // len(self.piece)) if self.left > 0 else b""
        self.left -= len(data)
        return data


def pieces() -> dict[str, bytes]:
    """Three kinds of trace, about 40 KiB of each."""
    posted = data_path("traces/kvm_msr.trace").read_bytes()
    exits = b"   CPU 1/KVM-16857   [004] d..1.   380.399007: kvm_exit: vcpu 1 reason MSR_WRITE rip 0xfffff80312345678\n"
    rng = random.Random(7)
    deadline = b"   CPU %d/KVM-1685%d   [004] .....   380.%06d: kvm_msr: msr_write 6e0 = 0x%x\n"
    timers = b"".join(deadline % (k % 4, k % 4, k % 10**6, rng.getrandbits(44)) for k in range(550))
    return {
        "the posted lines": posted * 25,
        "one in ten is kvm_msr": (exits * 9 + posted[:79]) * 40,
        "TSC deadlines": timers,
    }


def main() -> None:
    """Print a table: size, lines, seconds (the best of two), MiB a second, and the peak of Python's memory."""
    print(f"{'trace':24}{'MiB':>6}{'lines':>11}{'seconds':>9}{'MiB/s':>7}{'peak KiB':>10}")
    for name, piece in pieces().items():
        for size in (10, 50, 200) if name == "the posted lines" else (50,):
            best = min(_timed(piece, size)[0] for _ in range(2))
            lines = _timed(piece, size, limit=1)[1] * size
            peak = _peak(piece)
            print(f"{name:24}{size:6}{lines:11,}{best:9.2f}{size / best:7.1f}{peak:10,}", flush=True)


def _timed(piece: bytes, size: int, limit: int = 0) -> tuple[float, int]:
    start = time.perf_counter()
    trace = read_trace(Repeated(piece, (limit or size) * MIB))
    return time.perf_counter() - start, trace.counts.lines


def _peak(piece: bytes) -> int:
    tracemalloc.start()
    read_trace(Repeated(piece, 8 * MIB))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak // 1024


if __name__ == "__main__":
    main()
