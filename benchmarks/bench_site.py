"""The site in a browser: from the first byte to a kernel, each notebook to its end, the memory of a page, the explorer beside CPython, how soon a cancel is heard.

Asked: kernel ready in 35 s on a machine under load, 04 in 30 s, each notebook in 60 s, a page 600 MB, the explorer at most 4 times slower, cancel within a second.

python benchmarks/bench_site.py            (needs make env-site; builds a site of its own, with the cache of build/site)
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.lab import Chromium, LabPage  # noqa: E402
from tools.lite import make  # noqa: E402
from tools.served import Served  # noqa: E402

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
EXPLORED = """
from contextlib import redirect_stdout
from io import StringIO
from time import perf_counter
from tdxkit.cli import main
def spent():
    begin = perf_counter()
    with redirect_stdout(StringIO()):
        main(["explore", "v6", "--threads", "3", "--rounds", "2", "--json"])
    return perf_counter() - begin
spent(); print(min(spent() for _ in range(3)))
"""
# Long work at the largest setting of its board: notebook, cell, what is written there, what starts it. (C and series are judged in two seconds.)
LONG = {
    "contention": (
        "05-fault-path-pools.ipynb",
        "board",
        "board = Contention()\nboard.tds.value, board.vcpus.value, board.seconds.value = 40, 16, 60\nboard",
        "Simulate",
    ),
    "a put in Python": (
        "04-refcount-races.ipynb",
        "judge-put",
        'judge_own(v6.put, v6.get, threads=5, rounds=3, faults="enomem,add-fails,remove-fails", memory="tso")',
        "Judge again",
    ),
}


def memory(chromium: Chromium) -> float:
    """The megabytes of the largest renderer, its share of what is shared: a page with its kernel's worker."""
    found = chromium.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    rollups = [Path(f"/proc/{one['id']}/smaps_rollup") for one in found if one["type"] == "renderer"]
    sizes = [line.split()[1] for file in rollups for line in file.read_text().splitlines() if line.startswith("Pss:")]
    return max(map(int, sizes)) * 1024 / 1e6


def stepped(chromium: Chromium, served: Served) -> float:
    """The seconds from nothing to the first stepper of 04, in a fresh profile, where a reader runs the cells up to it."""
    begin = monotonic()
    page = chromium.open(served, "04-refcount-races.ipynb")
    page.run("tools")
    page.run("quiet-run")
    page.cell("quiet-run").locator(".tdx-controls").wait_for(timeout=60_000)
    spent = monotonic() - begin
    page.close()
    return spent


def output(page: LabPage, cell: str) -> str:
    """What a cell has printed."""
    return page.cell(cell).locator(".jp-OutputArea-output").inner_text()


def cancelled(page: LabPage, cell: str, text: str, start: str) -> tuple[float, str]:
    """The seconds from the click on a board's Cancel to its word that it ended, and what stood there before."""
    page.run("tools")
    page.write(cell, text)
    page.run(cell)
    board = page.cell(cell)
    board.get_by_role("button", name=re.compile(rf"(^|\W){start}$")).click()
    button = board.get_by_role("button", name="Cancel")
    button.wait_for(timeout=20_000)
    page.page.wait_for_timeout(1_500)
    said = board.inner_text()
    begin = monotonic()
    button.click()
    board.get_by_text("cancelled").first.wait_for(timeout=30_000)
    return monotonic() - begin, said


def main() -> None:
    """A line a figure."""
    with tempfile.TemporaryDirectory() as folder:
        out, begin = Path(folder) / "site", monotonic()
        make(out)
        print(f"{'built':34} {monotonic() - begin:6.1f} s")
        with Served(out) as served, Chromium() as chromium:
            ready = []
            for name in NOTEBOOKS:
                begin, asked = monotonic(), len(served.log)
                page = chromium.open(served, name)
                ready.append(monotonic() - begin)
                seconds = page.run_all()
                size, errors = memory(chromium), page.cell_errors()
                print(f"{name:34} {seconds:6.1f} s  {size:5.0f} MB  {served.size(asked):5.1f} MB fetched  {errors or ''}", flush=True)  # fmt: skip
                page.close()
            print(f"{'kernel ready, median and worst':34} {median(ready):6.1f} s  {max(ready):.1f} s")
            print(f"{'until the first stepper of 04':34} {stepped(chromium, served):6.1f} s")
            page = chromium.open(served, NOTEBOOKS[0])
            page.run("tools")
            page.write("progress", EXPLORED)
            page.run("progress")
            there = float(output(page, "progress"))
            page.close()
            here = float(
                subprocess.run(
                    [sys.executable, "-c", EXPLORED], cwd=ROOT, capture_output=True, text=True, check=True
                ).stdout
            )
            print(
                f"{'explorer, v6, 3 CPUs × 2':34} {there:6.2f} s  {here:.2f} s with CPython: {there / here:.1f} times"
            )
            for what, (name, *work) in LONG.items():
                page = chromium.open(served, name)
                print(f"{'cancel, ' + what:34} {cancelled(page, *work)[0]:6.2f} s", flush=True)
                page.close()


if __name__ == "__main__":
    main()
