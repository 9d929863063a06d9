"""Plants faults, one at a time, and looks which of them the tests see.

    python tools/mutants.py seam                       # 25 faults of one area
    python tools/mutants.py --seed 2 --count 40 status explore
    make mutants AREA=seam SEED=2

Each fault is tried in a copy of the checkout, against the quick tests of its area, and where these pass, against the slow ones that stand beside its
module's name; with as many copies at work as `--workers` says. A fault counts as seen where a test fails, cannot be collected, or does not end in time.
What nobody could see is listed with its reason in tests/data/equal_faults.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tools.mutating import Fault, faults  # noqa: E402

EQUAL = ROOT / "tests" / "data" / "equal_faults"
PAGE = "tdxkit/view/stepper/page tdxkit/view/kit/page tdxkit/view/editor/page"
QUICK, SLOW, BROWSER = "not slow and not browser", "slow and not browser", "browser and not slow"
AREAS = {  # where faults are planted, which tests are to see them, and their marks
    "explore": ("tdxkit/explore", "tests/explore", QUICK),
    "seam": ("tdxkit/seam", "tests/seam", QUICK),
    "refcount": (
        "tdxkit/linux/refcount",
        "tests/linux/refcount tests/lessons/test_ladder.py tests/linux/host/test_told_life.py",
        QUICK,
    ),
    "lessons": ("tdxkit/lessons", "tests/lessons", QUICK),
    "host": ("tdxkit/linux/host tdxkit/linux/lock", "tests/linux/host tests/linux/lock", QUICK),
    "softlockup": ("tdxkit/linux/softlockup", "tests/linux/softlockup", QUICK),
    "xarray": ("tdxkit/linux/xarray", "tests/linux/xarray", QUICK),
    "memattr": ("tdxkit/linux/memattr", "tests/linux/memattr", QUICK),
    "msr": ("tdxkit/linux/msr", "tests/linux/msr", QUICK),
    "status": ("tdxkit/status", "tests/status", QUICK),
    "mail": ("tdxkit/mail", "tests/mail", QUICK),
    "c": ("tdxkit/c", "tests/c", QUICK),
    "review": ("tdxkit/review", "tests/review", QUICK),
    "view": ("tdxkit/view", "tests/view", QUICK),
    "commands": ("tdxkit/commands", "tests/commands", QUICK),
    "ground": ("tdxkit/*.py", "tests/test_*.py tests/commands/test_hostile_*.py", QUICK),
    "scripts": (PAGE, "tests/view/stepper tests/view/kit tests/view/editor", BROWSER),
}
SLOWEST = 4  # times as long as without a fault: then it does not end
LEAST = 30  # seconds
SLOW_FOR = 120  # seconds of slow tests: what they have not seen by then has survived
NO_TEST = 5  # pytest's exit code where none has the mark


@dataclass(frozen=True)
class Tried:
    """A fault, and by what it was seen; "" where by nothing."""

    fault: Fault
    by: str


def candidates(area: str) -> list[Fault]:
    """Every fault that may be planted in an area."""
    kind = "**/*.js" if area == "scripts" else "**/*.py"
    folders = AREAS[area][0].split()
    files = [file for at in folders for file in sorted(ROOT.glob(at if at.endswith(".py") else f"{at}/{kind}"))]
    return [one for file in files for one in faults(file)]


def key(fault: Fault) -> tuple[str, str, str]:
    """By what a fault is known: its file, the line as it is, and as it becomes."""
    return (str(fault.path.relative_to(ROOT)), *fault.lines())


def equal_faults() -> dict[tuple[str, str, str], str]:
    """The faults that change nothing that anybody could see, with the reason of each."""
    files = [tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(EQUAL.glob("*.toml"))]
    return {(row["file"], row["line"], row["becomes"]): row["why"] for rows in files for row in rows["fault"]}


def sample(area: str, count: int, seed: int) -> list[Fault]:
    """So many faults, no two on one line and none that is known to be equal; the same for one seed."""
    dice, found, lines = random.Random(f"{area} {seed}"), [], set()
    everything, known = candidates(area), equal_faults()
    for fault in dice.sample(everything, len(everything)):
        where = (fault.path, fault.line)
        if where not in lines and key(fault) not in known:
            lines.add(where)
            found.append(fault)
        if len(found) == count:
            break
    return found


class Copies:
    """Copies of the checkout, each for one fault at a time."""

    def __init__(self, workers: int, folder: Path):
        self.free: Queue[Path] = Queue()
        names = (
            subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
            .stdout.decode()
            .split("\0")
        )
        for number in range(workers):
            copy = folder / str(number)
            for name in filter(None, names):
                if (ROOT / name).is_file():
                    (copy / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / name, copy / name)
            self.free.put(copy)

    def seen(self, area: str, fault: Fault | None, limit: float | None = None) -> str:
        """By what a fault is seen, "" where all tests pass: first the quick ones, then the slow ones. Without a fault `took` is the time of the first."""
        copy, marks = self.free.get(), AREAS[area][2]
        file = copy / fault.path.relative_to(ROOT) if fault else None
        before = file.read_bytes() if file else b""
        files = _tests(copy, area, fault)
        try:
            if file:
                file.write_bytes(fault.planted())
            begin = time.monotonic()
            by = _failed(copy, files, marks, limit, "it does not end")
            if fault is None:
                self.took = time.monotonic() - begin
            return by or (_failed(copy, files, SLOW, SLOW_FOR, "") if marks == QUICK else "")
        finally:
            if file:
                file.write_bytes(before)
            self.free.put(copy)


def _tests(copy: Path, area: str, fault: Fault | None) -> list[str]:
    """The tests of an area, those first that name the fault's module, or its script with its ending, which are likely to see it."""
    found = [file for name in AREAS[area][1].split() for at in sorted(copy.glob(name)) for file in _test_files(at)]
    if fault is not None:
        names = fault.path.stem if fault.path.suffix == ".py" else fault.path.name
        name = re.compile(rf"\b{re.escape(names)}\b")
        found.sort(key=lambda file: not name.search(file.read_text(encoding="utf-8")))
        found = [*(copy / fault.path.relative_to(ROOT) for _ in range(fault.path.suffix == ".py")), *found]
    return [str(file) for file in found]


def _test_files(at: Path) -> list[Path]:
    return sorted(at.rglob("test_*.py")) if at.is_dir() else [at]


def _failed(copy: Path, files: list[str], marks: str, limit: float | None, late: str) -> str:
    """The first test with these marks that fails; "" where none does, and `late` where the time was over before."""
    quiet = ["-x", "-q", "-p", "no:nbmake", "-p", "no:cacheprovider", "-m", marks]
    env = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(copy / ".hypothesis"),
    }
    tests = subprocess.Popen(
        [sys.executable, "-m", "pytest", *quiet, *files],
        cwd=copy, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    said = None
    with suppress(subprocess.TimeoutExpired):
        said, _ = tests.communicate(timeout=limit)
    with suppress(ProcessLookupError):
        os.killpg(tests.pid, signal.SIGKILL)  # what a test has started and cannot end itself
    tests.wait()
    if said is None:
        return late
    if tests.returncode == 0 or (tests.returncode == NO_TEST and marks == SLOW):
        return ""
    rows = (row for row in said.splitlines() if row.startswith(("FAILED", "ERROR")))
    return next(rows, f"exit code {tests.returncode}").split(" - ")[0]


def run(area: str, count: int, seed: int, workers: int) -> list[Tried]:
    """Try so many faults of an area; the tests have to pass without any."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = Copies(workers, Path(folder))
        if first := copies.seen(area, None):
            sys.exit(f"{area}: its tests fail without any fault: {first}; mend that first")
        limit = max(LEAST, SLOWEST * copies.took)

        def tried(fault: Fault) -> Tried:
            by = copies.seen(area, fault, limit)
            print(f"  {'seen    ' if by else 'survived'} {where(fault)}", flush=True)
            return Tried(fault, by)

        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(tried, sample(area, count, seed)))


def where(fault: Fault) -> str:
    """A fault in a line."""
    return f"{fault.path.relative_to(ROOT)}:{fault.line} ({fault.kind})"


def report(found: dict[str, list[Tried]]) -> str:
    """The table by area, and the survivors with their lines."""
    rows = ["area          planted  seen  survived  rate"]
    for area, tried in found.items():
        seen = sum(bool(one.by) for one in tried)
        rows.append(f"{area:13} {len(tried):7} {seen:5} {len(tried) - seen:9} {seen / max(len(tried), 1):5.0%}")
    for area, tried in found.items():
        for one in (t for t in tried if not t.by):
            before, after = one.fault.lines()
            rows += ["", f"{area}: {where(one.fault)}", f"  - {before}", f"  + {after}"]
    return "\n".join(rows)


def main() -> None:
    """Read the arguments, try, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("area", nargs="*", help=f"of {', '.join(AREAS)}; all for none")
    parser.add_argument("--count", type=int, default=25, help="faults an area (25)")
    parser.add_argument("--seed", type=int, default=1, help="which of them (1)")
    parser.add_argument("--workers", type=int, default=2, help="copies at work at once (2)")
    args = parser.parse_args()
    if odd := [area for area in args.area if area not in AREAS]:
        parser.error(f"area {odd[0]}: there is none; take {', '.join(AREAS)}")
    print(report({area: run(area, args.count, args.seed, args.workers) for area in args.area or AREAS}))


if __name__ == "__main__":
    main()
