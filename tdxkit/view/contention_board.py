"""The lock simulation at hand: sizes and designs, a bar and a cancel button, waits as a chart, the posted figures beside them."""

import asyncio

import ipywidgets as w

from tdxkit.errors import TdxkitError
from tdxkit.facts import load_toml
from tdxkit.linux.lock.events import lock_run
from tdxkit.linux.lock.simulation import DESIGNS, Simulation, Waits
from tdxkit.run import Run
from tdxkit.view.kit.charts import Chart, bars
from tdxkit.view.kit.outputs import outputs
from tdxkit.view.kit.svg import element
from tdxkit.view.kit.tables import Table, table

_WIDE = w.Layout(width="100%")


class Contention(w.VBox):
    """Controls, progress, results. `results` holds what the last run gave, by design; a cancelled run keeps what it had."""

    def __init__(self):
        self.results: dict[str, Waits] = {}
        self._task, self._stop = None, False
        slider = {"style": {"description_width": "96px"}, "layout": w.Layout(width="380px"), "continuous_update": False}
        self.tds = w.IntSlider(10, 1, 40, description="TDs", **slider)
        self.vcpus = w.IntSlider(4, 1, 16, description="vCPUs of each", **slider)
        self.seconds = w.IntSlider(10, 1, 60, description="seconds", **slider)
        self.toggling = w.IntSlider(0, 0, 4, description="toggling TDs", **slider)
        self.start = w.Button(description="Simulate", icon="play", button_style="primary")
        self.cancel = w.Button(description="Cancel", icon="stop", disabled=True)
        self.bar = w.FloatProgress(min=0, max=1, layout=w.Layout(width="220px"))
        self._said, self._shown = w.HTML(), w.Output(layout=_WIDE)
        self.start.on_click(lambda _: self.begin())
        self.cancel.on_click(lambda _: setattr(self, "_stop", True))
        row = w.Layout(flex_flow="row wrap", align_items="center")
        super().__init__([
            w.HBox([self.tds, self.vcpus], layout=row), w.HBox([self.seconds, self.toggling], layout=row),
            w.HBox([self.start, self.cancel, self.bar, self._said], layout=row), self._shown,
        ], layout=_WIDE)  # fmt: skip

    def begin(self) -> None:
        """Simulate every design; under a running event loop the page stays alive, else this runs to the end."""
        if self._task:
            self._task.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(self._go())
        else:
            self._task = loop.create_task(self._go())

    async def _go(self) -> None:
        self._stop, self.cancel.disabled, self.bar.value, self.results = False, False, 0, {}
        try:
            for k, design in enumerate(DESIGNS):
                size = {"tds": self.tds.value, "vcpus": self.vcpus.value, "seconds": float(self.seconds.value)}
                simulation = Simulation(design, **size, toggling=min(self.toggling.value, self.tds.value))
                await simulation.run_async(
                    lambda share, k=k, design=design: self._at(k, design, share), lambda: self._stop
                )
                self.results[design] = simulation.result()
                if self._stop:
                    break
            self._say("cancelled; what was simulated until then is shown" if self._stop else "done")
            self._shown.outputs = outputs((results_table(self.results), waits_chart(self.results)))
        except TdxkitError as error:
            self._say(str(error), "alert")
        finally:
            self.cancel.disabled = True

    def _at(self, k: int, design: str, share: float) -> None:
        done = (k + share) / len(DESIGNS)
        if done - self.bar.value >= 0.01 or share == 1:  # a hundred messages to the page, not ten thousand
            self.bar.value = done
            self._say(f"{design}: {share:.0%}")

    def _say(self, what: str, role: str = "status") -> None:
        self._said.value = str(element("span", what, role=role))

    def __str__(self) -> str:
        return str(results_table(self.results)) if self.results else "nothing simulated yet: press Simulate"


def simulate(**size) -> dict[str, Waits]:
    """Every design at one size, to the end."""
    return {design: Simulation(design, **size).run() for design in DESIGNS}


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
    """How long waits last: how many under 1, 2, 4 … microseconds."""
    bounds = sorted({b for r in results.values() for b in r.waits})
    names = [f"< {b} µs" for b in bounds] or ["none"]
    series = {name: [r.waits.get(b, 0) for b in bounds] or [0] for name, r in results.items()}
    return bars("Waits for pamt_lock by how long they last", "a wait of", "waits (logarithmic)", names, series, log="y")


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


def crowded_run(sections: int = 24) -> Run:
    """A few sections of a host so busy that somebody always waits, event by event."""
    crowd = Simulation("fast-path", tds=3, vcpus=2, seconds=1.0, regions=64, fault=0.1, seed=3)
    return lock_run(crowd.run().timeline[:sections])
