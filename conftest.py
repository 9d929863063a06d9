"""For all tests: hypothesis without a stopwatch, and how long each notebook took."""

import gc
import os
import tempfile
from pathlib import Path

from hypothesis import settings

# What tests and the notebooks that they run answer is not what a reader did: it goes where nobody looks for it.
os.environ["TDXKIT_PROGRESS"] = str(Path(tempfile.mkdtemp(prefix="tdxkit-tests-")) / "progress.jsonl")

# A shared or slow machine must not fail a property by its clock.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


def pytest_terminal_summary(terminalreporter):
    """Every notebook's time in a kernel: a lesson that makes its reader wait is one to mend."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    took = [(r.nodeid, r.duration) for r in reports if r.when == "call" and r.nodeid.split("::")[0].endswith(".ipynb")]
    if took:
        terminalreporter.section("notebooks, seconds from kernel start to last cell", sep="-")
        for nodeid, seconds in sorted(took):
            terminalreporter.write_line(f"{seconds:6.1f}  {nodeid.split('::')[0]}")


def pytest_collection_finish(session):
    """What was collected stays to the end: the collector of garbage need not go over it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)  # nor what a test makes, for each 700 objects
