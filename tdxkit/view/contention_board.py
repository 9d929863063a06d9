"""The lock simulation at hand: sizes and designs, a bar and a cancel button, waits as a chart, the posted figures beside them."""

import ipywidgets as w

from tdxkit.facts import load_toml
from tdxkit.linux.lock.events import lock_run
from tdxkit.linux.lock.simulation import DESIGNS, Simulation, Waits, designs_job, under_way
from tdxkit.run import Run
from tdxkit.view.kit.charts import Chart, bars
from tdxkit.view.kit.slider import Slider, numbers
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.waiting import waited_for
from tdxkit.view.kit.work import WorkBoard


class Contention(WorkBoard):
    """Controls, progress, results. `results` holds what the last run gave, by design; a cancelled run keeps what it had."""

    question = "a host of at most ten TDs on which somebody waits with 64 hashed locks too"

    def __init__(self):
        self.results: dict[str, Waits] = {}
        self.tds = Slider(numbers(1, 40), 10, "TDs")
        self.vcpus = Slider(numbers(1, 16), 4, "vCPUs a TD")
        self.seconds = Slider(numbers(1, 60, unit="s"), 10, "time")
        self.toggling = Slider(numbers(0, 4), 0, "toggling TDs")
        self.start = w.Button(description="Simulate", icon="play")
        self.start.on_click(lambda _: self.begin())
        super().__init__([self.tds, self.vcpus], [self.seconds, self.toggling], start=self.start)

    def begin(self) -> None:
        """Simulate every design; under a running event loop the page stays alive, else this runs to the end."""
        self.results = {}
        size = {"tds": self.tds.value, "vcpus": self.vcpus.value, "seconds": float(self.seconds.value)}
        self.work(designs_job(self.results, **size, toggling=min(self.toggling.value, self.tds.value)))

    def under_way(self, done: float, total: float) -> str:
        """The design that is simulated, and how far it is."""
        return under_way()(done, total)

    def finished(self, _result: object) -> tuple[str, list[object]]:
        """A table and a chart of the waits."""
        return "done", self._pictures()

    def answer(self) -> str:
        """The host that was simulated, where it is small and somebody waited with hashed locks."""
        hashed = self.results.get("hashed")
        if not hashed or not hashed.contentions or self.tds.value > 10:
            return ""
        size = f"{self.tds.label} TDs with {self.vcpus.label} vCPUs each, {self.toggling.label} of them toggling"
        return f"{size}: {hashed.contentions:,} waits in {self.seconds.label}"

    def given_up(self) -> tuple[str, list[object]]:
        """The same of what there is."""
        return "cancelled; what was simulated until then is shown", self._pictures()

    def _pictures(self) -> list[object]:
        return [results_table(self.results), waits_chart(self.results)]

    def __str__(self) -> str:
        found = str(results_table(self.results)) if self.results else "nothing simulated yet: press Simulate"
        return f"{found}\n{self.asked_text}"


def simulate(**size) -> dict[str, Waits]:
    """Every design at one size, to the end."""
    return waited_for(designs_job({}, **size), "designs")


def results_table(results: dict[str, Waits]) -> Table:
    """Waits for the lock, by design."""
    rows = [
        (
            name,
            r.seamcalls,
            r.contentions,
            r.false_waits,
            f"{r.total_wait / 1e3:.1f}",
            f"{r.mean_wait:.1f}",
            f"{r.max_wait:.0f}",
        )
        for name, r in results.items()
    ]
    return table(
        ("design", "SEAMCALLs", "waits", "for another region", "total, ms", "mean, µs", "longest, µs"),
        rows,
        "The model finds",
    )


def waits_chart(results: dict[str, Waits]) -> Chart:
    """How long waits last: how many below 1 µs, from 1 to 2, from 2 to 4 …"""
    bounds = sorted({b for r in results.values() for b in r.waits})
    names = [f"{b // 2}–{b}" if b > 1 else "below 1" for b in bounds] or ["none"]
    series = {name: [r.waits.get(b, 0) for b in bounds] or [0] for name, r in results.items()}
    title = "Waits for pamt_lock by how long they last"
    none = [name for name, counts in series.items() if not any(counts)]
    title += f"; none with {', '.join(none)}" if none else ""
    return bars(title, "length of a wait, µs", "number of waits (logarithmic)", names, series, log="y")


def posted_table() -> Table:
    """The figures posted on the list."""
    rows = [
        (f["when"], f["what"], f.get("contentions", ""), f.get("wait", ""), f.get("seamcall", ""), f.get("section", ""))
        for f in load_toml("lock_figures.toml")["figure"]
    ]
    return table(("when", "what", "contentions", "wait, µs", "SEAMCALL, µs", "section, µs"), rows, "Posted on the list")


def designs_table() -> Table:
    """What each design locks."""
    return table(("design", "what it locks"), [(d.name, d.what) for d in DESIGNS.values()])


def toggling_table(tds: int = 10, vcpus: int = 4, seconds: float = 10.0) -> Table:
    """Waits behind the one lock with no toggling TD and with one: of all others, and of the one that toggles."""
    rows = []
    for toggling in (0, 1):
        found = Simulation("fast-path", tds=tds, vcpus=vcpus, seconds=seconds, toggling=toggling, keep=10**9).run()
        waited = [s.actor for s in found.timeline if s.got > s.asked]
        own = sum(actor.endswith("toggling") for actor in waited)
        share = f"{found.busy / found.seconds / 1e4:.1f} %"
        rows.append((toggling, share, len(waited) - own, own))
    title = f"{tds} TDs with {vcpus} vCPUs each, {seconds:g} seconds, fast path"
    return table(
        ("TDs that toggle", "the lock is held", "waits of the others", "waits of the one that toggles"), rows, title
    )


def crowded_run(sections: int = 24) -> Run:
    """A few sections of a host so busy that somebody always waits, event by event."""
    crowd = Simulation("fast-path", tds=3, vcpus=2, seconds=1.0, regions=64, fault=0.1, seed=3)
    return lock_run(crowd.run().timeline[:sections])
