"""How long an mbox takes to read, how that grows with its size, and how much memory it needs.

    python benchmarks/bench_mail.py [--sizes 5 10 20 40]

Mails are made up: a series of patches with covers, a fifth of the mails quoted-printable or base64, a fifth answers.
"""

import argparse
import base64
import quopri
import random
import tempfile
import time
import tracemalloc
from pathlib import Path
from statistics import median

from tdxkit.mail.mailbox import read_mails
from tdxkit.review.grouping import series_of

MIB = 1 << 20


def hunk(rng: random.Random, number: int) -> tuple[str, int, int]:
    """One hunk of a made-up diff, and how many lines it adds and removes."""
    rows, plus, minus = [], rng.randrange(1, 40), rng.randrange(0, 20)
    rows += [f" \tcontext line {k} of hunk {number}" for k in range(3)]
    rows += [f"-\told_call(region_{k}, {number});" for k in range(minus)]
    rows += [f"+\tnew_call(region_{k}, {number}, flags);" for k in range(plus)]
    rows += [f" \tcontext line {k} after hunk {number}" for k in range(3)]
    return f"@@ -{number},{6 + minus} +{number},{6 + plus} @@ fn\n" + "\n".join(rows) + "\n", plus, minus


def patch(rng: random.Random, version: int, n: int, total: int, thread: str) -> bytes:
    """One mail of a series."""
    parts, stat, plus, minus = [], [], 0, 0
    for file in range(rng.randrange(1, 6)):
        path = f"arch/x86/part{rng.randrange(40)}/file{file}.c"
        parts.append(f"diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n")
        added = removed = 0
        for number in range(rng.randrange(1, 8)):
            text, a, b = hunk(rng, number + 1)
            parts.append(text)
            added, removed = added + a, removed + b
        stat.append(f" {path} | {added + removed} {'+' * min(added, 9)}{'-' * min(removed, 9)}")
        plus, minus = plus + added, minus + removed
    head = f"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: Reviewer {n} <r{n}@example.org>\n"
    head += f"Subject: [PATCH v{version} {n}/{total}] part {n}: do one thing\nMessage-ID: <{thread}-{n}@example.org>\n"
    head += f"References: <{thread}-0@example.org>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
    text = f"Why it is done.\n\nSigned-off-by: Reviewer {n} <r{n}@example.org>\n---\n" + "\n".join(stat)
    text += (
        f"\n {len(stat)} files changed, {plus} insertions(+), {minus} deletions(-)\n\n"
        + "".join(parts)
        + "-- \n2.43.0\n\n"
    )
    kind = rng.randrange(10)
    if kind == 0:
        return (head + "Content-Transfer-Encoding: base64\n\n").encode() + base64.encodebytes(text.encode()) + b"\n"
    if kind == 1:
        return (head + "Content-Transfer-Encoding: quoted-printable\n\n").encode() + quopri.encodestring(text.encode())
    if kind < 4:
        return (head.replace("Subject: ", "Subject: Re: ") + "\n" + "\n> ".join(text.splitlines()) + "\n\n").encode()
    return (head + "\n" + text).encode()


def write(path: Path, size: int) -> None:
    """An mbox of about `size` bytes; the same bytes for the same size."""
    rng = random.Random(size)
    with path.open("wb") as out:
        series = 0
        while out.tell() < size:
            series += 1
            total = rng.randrange(1, 16)
            for n in range(1, total + 1):
                out.write(patch(rng, rng.randrange(1, 4), n, total, f"thread{series}"))


def main(sizes: tuple[int, ...] = (5, 10, 20, 40)) -> None:
    """Print seconds, rate and peak of Python's memory for each size."""
    print(
        f"{'MiB':>5} {'mails':>7} {'series':>7} {'seconds':>8} {'CPU s':>7} {'CPU s per MiB, to the first':>28} {'peak MiB':>9}"
    )
    first = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list.mbox"
            write(path, size * MIB)
            took, cpu = [], []
            for _ in range(3):
                start, busy = time.perf_counter(), time.process_time()
                posts, box = read_mails(path, lambda done, total: None)
                series = series_of(posts)
                took.append(time.perf_counter() - start)
                cpu.append(time.process_time() - busy)
                kept = len(series)
                del posts, series
            tracemalloc.start()
            read_mails(path)
            peak = tracemalloc.get_traced_memory()[1] / MIB
            tracemalloc.stop()
        seconds, busy = median(took), min(cpu)
        first = first or busy / size
        print(f"{size:5} {box.mails:7} {kept:7} {seconds:8.2f} {busy:7.2f} {busy / size / first:28.2f} {peak:9.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[5, 10, 20, 40])
    main(tuple(parser.parse_args().sizes))
