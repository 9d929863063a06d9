"""The room's hub under its full load: twenty learners who log in at once, run notebook 04 to its end, and one of whom takes all they can. `make hub-test` calls it, as root.

Asked: all get in and through; a learner who allocates 3 GB and loops on every core stops nobody else; kernels outlive a restart of the hub. Printed: seconds, and
memory (PSS) a learner. Loopback only; every wait is bounded. Exit code 1 where something that was asked does not hold.

python benchmarks/hub_of_twenty.py [COUNT]
"""

import json
import os
import pwd
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.hub.learner import Kernel, Learner  # noqa: E402
from tests.hub.room import Hub, Unreachable, possible  # noqa: E402

NOTEBOOK = json.loads((ROOT / "notebooks" / "04-refcount-races.ipynb").read_text(encoding="utf-8"))
CELLS = [(one["id"], "".join(one["source"])) for one in NOTEBOOK["cells"] if one["cell_type"] == "code"]
FIRST_STEPPER = "quiet-run"
WAITS = "Unanswered"  # an exercise that nobody has answered says so as an error
EXPLORE = "from tdxkit.explore import explore\nfrom tdxkit.linux.refcount import scenario\nprint(explore(scenario('v6')).verdict)"
SAME = ("ok", "42\n")
TAKES_ALL = """
import subprocess, sys
made = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(4)]
try:
    bytearray(3 << 30)
except MemoryError:
    print('MemoryError')
"""


def memory(pids: list[int]) -> float:
    """The megabytes of some processes, each with its share of what is shared."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # it has ended
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total * 1024 / 1e6


def of_account(name: str) -> list[int]:
    """The processes of a learner."""
    uid = pwd.getpwnam(name).pw_uid
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == uid:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def at_once(does: Callable[[Learner], object], learners: list[Learner]) -> list:
    """What comes of it for each, all of them at the same time."""
    with ThreadPoolExecutor(len(learners)) as pool:
        return list(pool.map(does, learners))


def timed(does: Callable[[], object]) -> float:
    begin = time.monotonic()
    does()
    return time.monotonic() - begin


class Load:
    """A run of all of it; `failed` says what did not hold."""

    def __init__(self, hub: Hub):
        self.hub, self.learners = hub, list(hub.learners.values())
        self.kernels: dict[str, Kernel] = {}
        self.failed: list[str] = []

    def must(self, holds: bool, what: str) -> None:
        """Note what does not hold."""
        if not holds:
            self.failed.append(what)
            print(f"  does not hold: {what}")

    def come_in(self) -> None:
        """Everybody logs in and has a server."""
        seconds = at_once(lambda one: timed(lambda: (one.login(), one.start(600))), self.learners)
        print(f"{'log in, until JupyterLab answers':42} median {median(seconds):6.1f} s, worst {max(seconds):.1f} s")

    def work(self) -> None:
        """Everybody runs 04, cell by cell."""

        def all_cells(one: Learner) -> tuple[float, float, list[str]]:
            begin, first, odd = time.monotonic(), 0.0, []
            kernel = self.kernels[one.name] = one.kernel()
            for name, code in CELLS:
                status, said = kernel.run(code, 600)
                if status != "ok" and WAITS not in said:
                    odd.append(f"{name}: {said[:200]}")
                if name == FIRST_STEPPER:
                    first = time.monotonic() - begin
            return first, time.monotonic() - begin, odd

        done = at_once(all_cells, self.learners)
        for what, seconds in (("until the first stepper of 04", [one[0] for one in done]), ("until the end of 04", [one[1] for one in done])):  # fmt: skip
            print(f"{what:42} median {median(seconds):6.1f} s, worst {max(seconds):.1f} s")
        self.must(
            all(not one[2] for one in done), f"04 runs without an error: {[one[2] for one in done if one[2]][:1]}"
        )

    def weigh(self) -> None:
        """Memory, with 04 in every kernel."""
        sizes = [memory(of_account(one.name)) for one in self.learners]
        print(f"{'memory a learner, server and kernel':42} median {median(sizes):6.0f} MB, worst {max(sizes):.0f} MB")
        print(f"{'memory of the hub and its proxy':42}        {memory(self.hub.own_processes()):6.0f} MB")

    def one_takes_all(self) -> None:
        """One takes what they can; the others go on."""
        greedy, *others = self.learners
        ask = lambda one: timed(lambda: self.kernels[one.name].run(EXPLORE))  # noqa: E731
        before = at_once(ask, others)
        status, said = self.kernels[greedy.name].run(TAKES_ALL)
        self.must((status, said) == ("ok", "MemoryError\n"), f"3 GB are refused: {status} {said}")
        try:
            during = at_once(ask, others)
            page = timed(lambda: others[0].ask("/hub/home", timeout=60))
            print(f"{'a search of 04, by 19 at once':42} median {median(before):6.2f} s, worst {max(before):.2f} s")
            print(
                f"{'the same while one loops on every core':42} median {median(during):6.2f} s, worst {max(during):.2f} s"
            )
            print(f"{'a page of the hub meanwhile':42}        {page:6.2f} s")
            self.must(page < 5, "the hub answers")
        finally:
            self.kernels[greedy.name].run("for one in made: one.kill()")

    def hub_again(self) -> None:
        """The hub is started again under everybody's feet."""
        at_once(lambda one: self.kernels[one.name].run("kept = 42"), self.learners)
        self.hub.stop()
        self.hub.start()
        kept = at_once(lambda one: Kernel(one, self.kernels[one.name].name).run("print(kept)"), self.learners)
        print(f"{'kernels that outlived a restart of the hub':42}        {kept.count(SAME):6} of {len(kept)}")
        self.must(kept == [SAME] * len(kept), "every kernel outlives a restart of the hub")


def main(argv: list[str]) -> int:
    """0; 1 where something does not hold or cannot be tried."""
    count = int(argv[0]) if argv else 20
    try:
        possible()
        with tempfile.TemporaryDirectory(prefix="tdxkit-hub-") as folder:
            os.chmod(folder, 0o755)
            with Hub(Path(folder), count) as hub:
                print(f"{count} learners on {os.cpu_count()} cores; limits: {hub.limits()}", flush=True)
                load = Load(hub)
                for part in (load.come_in, load.work, load.weigh, load.one_takes_all, load.hub_again):
                    part()
                    sys.stdout.flush()
                return 1 if load.failed else 0
    except Unreachable as why:
        print(f"hub-test: {why}: nothing was tested", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
