"""Reports found in logs of 10 MiB: few, many, nothing else, and lines that only look like a report's; the target is 2 s.

python benchmarks/bench_report.py
"""

import tracemalloc
from time import perf_counter

from tdxkit.review.softlockup.judged import Finding
from tdxkit.review.softlockup.reading import reports_job
from tdxkit.review.softlockup.report import posted_text
from tdxkit.units import human
from tdxkit.work import drive

SIZE, BUDGET = 10 << 20, 2.0
QUIET = "Jun 11 14:12:22 host systemd[1]: Started Session 4711 of User root, with as many words as a log has.\n"


def logs() -> dict[str, str]:
    """Pieces that are said over and over."""
    report = "".join(f"Jun 11 14:12:22 host kernel: {line}\n" for line in posted_text().splitlines())
    return {
        "a report in 6,000 lines": QUIET * 6000 + report,
        "a report in 1,000 lines": QUIET * 1000 + report,
        "reports only": report,
        "callers only": " foo+0x1/0x2\n",
        "registers cut off": "RAX: 00000000\n",
        "heads cut off": "INFO: task a\n",
    }


def read(raw: bytes) -> int:
    """How many reports are found and judged."""
    try:
        found = drive(reports_job(raw))
    except ValueError:  # there is none
        return 0
    return len([Finding(report, found.banner).as_json() for report in found.items])


def main() -> None:
    """Print the table."""
    print(f"  {'log':25} {'reports':>8} {'seconds':>8} {'peak':>9}")
    for name, piece in logs().items():
        raw = (piece * (SIZE // len(piece) + 1))[:SIZE].encode()
        start = perf_counter()
        count = read(raw)
        took = perf_counter() - start
        tracemalloc.start()
        read(raw)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(f"  {name:25} {count:8,} {took:8.2f} {human(peak):>9}" + "  over" * (took > BUDGET))


if __name__ == "__main__":
    main()
