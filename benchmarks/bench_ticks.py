"""How long a page hears nothing while the workbook computes: of every long job at the largest setting of its board, the longest stretch between two ticks, in CPU time.

A slice ends by the clock at the next tick, so a click is answered within a slice and such a stretch. Asked: 50 ms with CPython.

python benchmarks/bench_ticks.py
"""

from itertools import chain
from time import thread_time

from tdxkit.c.races import race
from tdxkit.explore.judging import judging
from tdxkit.linux.host.life import faults_job
from tdxkit.linux.lock.simulation import designs_job
from tdxkit.linux.refcount import scenario
from tdxkit.linux.refcount.posted import versions
from tdxkit.review import clinic
from tdxkit.review.racing import Racing
from tdxkit.review.reviewed import reviewed_job
from tdxkit.seam import conflicts
from tdxkit.work import Job

SECONDS, ASKED = 6, 0.050


def longest(job: Job, seconds: float = SECONDS) -> float:
    """The longest stretch in seconds of CPU time, of as much of the job as is done in so many."""
    begin = before = thread_time()
    worst = 0.0
    for _ in chain(job, (None,)):
        now = thread_time()
        worst = max(worst, now - before)
        if now - begin > seconds:
            break
        before = thread_time()
    job.close()
    return worst


JOBS = {
    "contention, 40 TDs × 16 vCPUs": lambda: designs_job({}, tds=40, vcpus=16, seconds=60.0, toggling=4),
    "v2, 5 CPUs × 3": lambda: judging(scenario("v2", 5, 3)),
    "v2, 5 CPUs × 3, x86's memory": lambda: judging(scenario("v2", 5, 3).on("tso")),
    "minus-one, 5 CPUs × 2": lambda: judging(scenario("minus-one", 5, 2)),
    "every pair of calls": conflicts.table_job,
    "every single failure": lambda: faults_job(versions()),
    "C, user-count": lambda: judging(race("user-count").scenario()),
    "a series judged": lambda: reviewed_job((clinic.practice_pairs(1) + clinic.practice_pairs(2)).encode(), Racing()),
}


def main() -> None:
    """A line a job."""
    for name, make in JOBS.items():
        longest(make(), 1)  # modules are loaded once
        worst = longest(make())
        print(f"{name:34} {worst * 1e3:6.1f} ms{'' if worst <= ASKED else '   over what is asked'}", flush=True)


if __name__ == "__main__":
    main()
