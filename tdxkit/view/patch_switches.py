"""The twelve patches of the series as switches: a TD's life is lived again without those that are off."""

import ipywidgets as w

from tdxkit.linux.host.life import Life, live
from tdxkit.review.patches import FOUNDATION, series
from tdxkit.view.host_picture import host
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.svg import Markup, element
from tdxkit.view.stepper import Stepper

NOTE = element(
    "p",
    "Patches 1 to 4 cannot be left out: the others call what they bring. A switch takes away what a patch does, not its text: "
    "as posted, 8 does not build without 7, nor 9 without 8.",
)


class PatchSwitches(Board):
    """A checkbox a patch, in `boxes` by its number; 1 to 4 carry the others and stay on. `life` is the last that was lived."""

    def __init__(self):
        self.boxes = {
            p.n: w.Checkbox(
                True, description=str(p), disabled=p.n in FOUNDATION, indent=False, layout={"width": "auto"}
            )
            for p in series()
        }
        super().__init__(w.VBox(list(self.boxes.values())), w.HTML(str(NOTE)))
        self.watch(*self.boxes.values())

    def update(self) -> tuple[Markup, list[Stepper]]:
        """Live with the patches that are on: what came of it, and the run."""
        self.life = live("v2", frozenset(n for n, box in self.boxes.items() if box.value), record=True)
        said = element("p", element("b", "✓ " if self.life.clean else "✗ "), _told(self.life), role="status")
        return said, [Stepper(self.life.run, picture=host)]

    def __str__(self) -> str:
        return f"{_told(self.life)}\n\n{self.life.run}"


def _told(life: Life) -> str:
    line = "no TDX line" if life.meminfo_kb is None else f"TDX: {life.meminfo_kb} kB"
    return (
        f"{life.result}. {life.seamcalls} SEAMCALLs, at most {life.peak_kb} kB of pairs; at the end {life.pairs_left} pairs, "
        f"{life.refs_left} references; /proc/meminfo: {line}."
    )
