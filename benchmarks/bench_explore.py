"""How fast the explorer judges get and put of v2 and v6, beside Harmony and SPIN where they are installed.

    python benchmarks/bench_explore.py [--repeats 3] [--sizes 2x1 3x1 … 5x2] [--large]

Everything runs in turn within one run, so that a busy machine is busy for all; what counts are the ratios of the medians. `warm` is
a call in this process, tables and all made anew; `process` is `python -m tdxkit explore …` from start to end, in seconds of CPU time with
all that it starts, and its peak memory. Harmony (PyPI: harmony; with one worker, as tdxkit has one) and SPIN (Debian: spin, with gcc) are
timed end to end too, compiling included; their models are benchmarks/models/refcount.hny and .pml. v6 is proven, v2 is searched for its
first counterexample.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "benchmarks" / "models"
sys.path.insert(0, str(ROOT))

SIZES = ("2x1", "3x1", "4x1", "5x1", "2x2", "3x2", "4x2", "5x2")
LARGE = ("6x2", "7x2", "8x2")
PATIENCE = 300  # seconds


def child(words: list[str], cwd: str) -> tuple[float, int] | None:
    """Seconds of CPU time and peak KiB of a process and what it started; None where it fails or takes too long."""
    start = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(words, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return (usage.ru_utime + usage.ru_stime, usage.ru_maxrss) if status == 0 else None
        if time.perf_counter() - start > PATIENCE:
            process.kill()
            process.wait()
            return None
        time.sleep(0.002)


def warm(design: str, threads: int, rounds: int, calm: bool = False) -> tuple[float, int]:
    """Wall seconds of a call in this process, and the states it visited."""
    from tdxkit.explore.search import explore
    from tdxkit.linux.refcount import scenario

    start = time.perf_counter()
    result = explore(scenario(design, threads, rounds), whole=design == "v6", fewest_switches=calm)
    seconds = time.perf_counter() - start
    assert (result.verdict == "ok") == (design == "v6")
    return seconds, result.states


def process(design: str, threads: int, rounds: int, cwd: str):
    """`python -m tdxkit explore` as a process."""
    words = [
        sys.executable,
        "-m",
        "tdxkit",
        "explore",
        design,
        "--threads",
        str(threads),
        "--rounds",
        str(rounds),
        "--json",
    ]
    return child(words + (["--first"] if design == "v2" else []), cwd)


def harmony(design: str, threads: int, rounds: int, cwd: str):
    """Harmony, compiler and checker."""
    shutil.copy(MODELS / "refcount.hny", cwd)
    constants = [word for pair in (f"V={design[1:]}", f"N={threads}", f"R={rounds}") for word in ("-c", pair)]
    return child([find_harmony(), "--noweb", "-w", "1", *constants, "refcount.hny"], cwd)


def find_harmony() -> str | None:
    """Harmony's command, on PATH or beside this Python."""
    beside = Path(sys.executable).with_name("harmony")
    return shutil.which("harmony") or (str(beside) if beside.exists() else None)


def spin(design: str, threads: int, rounds: int, cwd: str):
    """SPIN: generate the verifier, compile it with -O2, run it (depth first, partial-order reduction)."""
    options = f"-DV={design[1:]} -DN={threads} -DR={rounds}"
    compile_ = "gcc -O2 -w -DSAFETY -o pan pan.c"
    return child(["sh", "-c", f"spin {options} -a {MODELS}/refcount.pml && {compile_} && ./pan -m1000000"], cwd)


def row(design: str, size: str, peers: dict, repeats: int) -> str:
    """One line of the table: medians of all tools, taken in turn."""
    threads, rounds = map(int, size.split("x"))
    warms, runs = [], {name: [] for name in peers}
    states = 0
    for _ in range(repeats):
        seconds, states = warm(design, threads, rounds)
        warms.append(seconds)
        for name, tool in peers.items():
            with tempfile.TemporaryDirectory() as cwd:
                runs[name].append(tool(design, threads, rounds, cwd))
    words = [f"{design} {size}", f"{states:,}", f"{median(warms) * 1e3:.1f} ms"]
    own = None
    for name, results in runs.items():
        if None in results:
            words += ["—", "—", "—"][: 2 if name == "tdxkit" else 3]
            continue
        cpu, memory = median(r[0] for r in results), max(r[1] for r in results) / 1024
        own = own or cpu
        words += [f"{cpu:.3f} s", f"{memory:.0f}"] + ([f"{own / cpu:.2f}"] if name != "tdxkit" else [])
    return "| " + " | ".join(words) + " |"


def search(design: str, threads: int, rounds: int, reduce: str, memory: str = "sc") -> tuple[int, float]:
    """The states that a search visits, and its CPU seconds alone, its tables filled by one before."""
    from tdxkit.explore.movers import Movers
    from tdxkit.explore.space import Space
    from tdxkit.explore.tables import Tables
    from tdxkit.explore.visit import visit
    from tdxkit.linux.refcount import scenario

    tables = Tables(scenario(design, threads, rounds).on(memory), apart=reduce == "none")
    space = Space(tables, reduce in ("all", "movers"), None, Movers(tables) if reduce == "movers" else None)
    visit(space, True, 10**8)
    start = time.process_time()
    return visit(space, True, 10**8).states, time.process_time() - start


def reductions(sizes: tuple[str, ...], repeats: int) -> None:
    """What each reduction leaves of v6, and what store buffers cost, in the search alone."""
    print("\n| v6 | sym | all | movers | all, tso | tso ÷ sc |\n|" + " --- |" * 6)
    for size in sizes:
        threads, rounds = map(int, size.split("x"))
        cells, seconds = [], {}
        for name, memory in (("sym", "sc"), ("all", "sc"), ("movers", "sc"), ("all", "tso")):
            if threads > 3 and memory == "tso":
                cells.append("—")
                continue
            found = [search("v6", threads, rounds, name, memory) for _ in range(repeats)]
            seconds[name, memory] = median(s for _, s in found)
            cells.append(f"{found[0][0]:,} in {seconds[name, memory] * 1e3:.1f} ms")
        both = seconds.get(("all", "tso"))
        ratio = f"{both / seconds['all', 'sc']:.2f}" if both else "—"
        print(f"| {size} | " + " | ".join(cells) + f" | {ratio} |", flush=True)


def import_cost(repeats: int) -> float:
    """What `import tdxkit` adds to an empty interpreter, seconds at the median."""
    with tempfile.TemporaryDirectory() as cwd:
        pairs = [
            (child([sys.executable, "-c", "import tdxkit"], cwd), child([sys.executable, "-c", ""], cwd))
            for _ in range(repeats)
        ]
    return median(a[0] - b[0] for a, b in pairs)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--large", action="store_true", help="also 6x2, 7x2, 8x2, without SPIN")
    options = parser.parse_args()
    peers = {"tdxkit": process}
    missing = []
    for name, tool, found in (
        ("Harmony", harmony, find_harmony()),
        ("SPIN", spin, shutil.which("spin") and shutil.which("gcc")),
    ):
        if found:
            peers[name] = tool
        else:
            missing.append(name)
    if missing:
        print(f"not installed, left out: {', '.join(missing)}")
    heads = [
        "case",
        "states",
        "warm",
        "process",
        "MiB",
        *(f"{n}{h}" for n in list(peers)[1:] for h in ("", " MiB", ": tdxkit’s part")),
    ]
    print("| " + " | ".join(heads) + " |\n|" + " --- |" * len(heads))
    for design in ("v2", "v6"):
        for size in options.sizes:
            print(row(design, size, peers, options.repeats), flush=True)
    if options.large:
        peers.pop("SPIN", None)
        for size in LARGE:
            print(row("v6", size, peers, options.repeats), flush=True)
    reductions(("3x1", "3x2", "5x2"), options.repeats)
    calm = median(warm("v2", 5, 2, calm=True)[0] for _ in range(5))
    print(f"\nfewest-switch counterexample, v2 5x2, warm: {calm * 1e3:.0f} ms")
    print(f"v6 6x2 proven, warm: {median(warm('v6', 6, 2)[0] for _ in range(3)):.2f} s")
    print(f"import tdxkit beside an empty interpreter: {import_cost(9) * 1e3:+.1f} ms")


if __name__ == "__main__":
    main()
