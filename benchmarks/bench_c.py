"""Pasted C beside the models: a get and a put of 100 lines are read in 100 ms, and explored at 2×1 in at most twice the model's time.

python benchmarks/bench_c.py
"""

from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from tdxkit.c.harness import scenario_of_c
from tdxkit.explore.search import explore
from tdxkit.facts import data_path
from tdxkit.linux.refcount.naming import scenario_of

RUNS, READ, FACTOR = 9, 0.100, 2.0
DESIGNS = ("v1", "v2", "v6", "after-v6", "v5-unoptimised")
HELPER = """
static int helper_{n}(u64 pfn)
{{
	atomic_t *counter = tdx_find_pamt_refcount(pfn);
	int left = atomic_read(counter);

	if (left > {n})
		return left - {n};
	return left ? -EBUSY : 0;
}}
"""


def seconds(work, clock) -> float:
    """The median of some runs."""
    taken = []
    for _ in range(RUNS):
        start = clock()
        work()
        taken.append(clock() - start)
    return median(taken)


def hundred_lines(name: str) -> str:
    """A design's C, with helpers until it has a hundred lines."""
    text = Path(data_path(f"designs/{name}.c")).read_text()
    for n in range(100):
        if text.count("\n") >= 100:
            break
        text += HELPER.format(n=n)
    return text


if __name__ == "__main__":
    print(
        f"{'':16}{'lines':>6}{'read':>9}{'C':>9}{'model':>9}{'ratio':>7}   medians of {RUNS}; C and model: CPU time of the search at 2×1"
    )
    for name in DESIGNS:
        text, model = hundred_lines(name), scenario_of(name)
        fresh = iter(range(10**6))
        read = seconds(lambda text=text, fresh=fresh: scenario_of_c(f"{text}\n/* {next(fresh)} */\n"), perf_counter)
        made = scenario_of_c(text)
        one, other = (seconds(lambda s=s: explore(s), process_time) for s in (made, model))
        verdict = "" if read <= READ and one <= FACTOR * other else "   too slow"
        print(
            f"{name:16}{len(text.splitlines()):6}{read * 1e3:7.1f}ms{one * 1e3:7.1f}ms{other * 1e3:7.1f}ms{one / other:7.2f}{verdict}"
        )
