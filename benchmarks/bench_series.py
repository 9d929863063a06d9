"""The mails of a series: 16 of them, each of which changes what is raced, are read, laid over each other and judged in 3 s; 10,000 hunks twice.

python benchmarks/bench_series.py
"""

import sys
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter

from tdxkit.mail.mailbox import read_mails
from tdxkit.review.grouping import series_of
from tdxkit.review.racing import Racing
from tdxkit.review.verdicts import verdicts_job
from tdxkit.work import drive

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.mail.disguises import TEXTS, diff_of, patch_mail

RUNS, MAILS, SECONDS = 5, 16, 3.0
RUN = ("if (!toy_get()) { toy_use(); toy_put(); }",)
HUNK = "@@ -{at},7 +{at},7 @@ void f{k}(void)\n \tint a{k};\n \tint b;\n \n-\told_{n}_{k}();\n+\told_{m}_{k}();\n \treturn 0;\n }}\n \n"


def judged(mails: bytes) -> int:
    """How many patches have a verdict."""
    posts, _ = read_mails(mails, text=True)
    return sum(len(drive(verdicts_job(one, Racing(run=RUN))).judged) for one in series_of(posts))


def seconds(mails: bytes, runs: int) -> float:
    """The median of some runs."""
    taken = []
    for _ in range(runs):
        start = perf_counter()
        judged(mails)
        taken.append(perf_counter() - start)
    return median(taken)


def sixteen() -> bytes:
    """A series that goes round the toy's texts, each time with another limit."""
    texts = ["", *(TEXTS[1 + n % 4].replace("0x3D", f"0x{61 + n:X}") for n in range(MAILS))]
    return b"".join(
        patch_mail(n, diff_of(*pair), f"toy: part {n}", "Text.", total=MAILS)
        for n, pair in enumerate(pairwise(texts), 1)
    )


def many() -> bytes:
    """Two patches with 10,000 hunks each."""
    head = "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n"
    return b"".join(
        patch_mail(
            n,
            head + "".join(HUNK.format(at=k * 20 + 1, k=k, n=n - 1, m=n) for k in range(10_000)),
            f"x: {n}",
            "Text.",
            total=2,
        )
        for n in (1, 2)
    )


if __name__ == "__main__":
    taken = seconds(sixteen(), RUNS)
    print(
        f"{MAILS} mails, {judged(sixteen())} verdicts: {taken:.2f} s, median of {RUNS}{'' if taken <= SECONDS else '   too slow'}"
    )
    print(f"2 × 10,000 hunks: {seconds(many(), 1):.2f} s")
