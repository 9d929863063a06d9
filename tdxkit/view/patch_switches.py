"""The twelve patches of the series as switches: a TD's life is lived again without those that are off."""

import ipywidgets as w

from tdxkit.linux.host.life import live
from tdxkit.review.patches import FOUNDATION, series
from tdxkit.view.fields import columns_of
from tdxkit.view.host_picture import host
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.svg import element, framed
from tdxkit.view.kit.verdict import Bar
from tdxkit.view.life_bar import bar
from tdxkit.view.stepper import Stepper

NOTE = element(
    "p",
    "Patches 1 to 4 cannot be left out: the others call what they bring. A switch takes away what a patch does, not its text: "
    "as posted, 8 does not build without 7, nor 9 without 8.",
    **{"style": "margin:4px 0;font-size:13px;line-height:1.45;max-width:1100px"},
)


class PatchSwitches(Board):
    """A checkbox a patch, in `boxes` by its number; 1 to 4 carry the others and stay on. `life` is the last that was lived."""

    question = "a patch without which nothing fails, and yet something is left behind"

    def __init__(self):
        self.boxes = {
            p.n: w.Checkbox(
                True, description=str(p), disabled=p.n in FOUNDATION, indent=False, layout={"width": "auto"}
            )
            for p in series()
        }
        boxes = list(self.boxes.values())
        half = (len(boxes) + 1) // 2
        super().__init__(columns_of(boxes[:half], boxes[half:]), w.HTML(str(framed(NOTE))))
        self.watch(*self.boxes.values())

    def update(self) -> tuple[Bar, list[Stepper]]:
        """Live with the patches that are on: what came of it, and the run."""
        self.life = live("v2", frozenset(n for n, box in self.boxes.items() if box.value), record=True)
        return bar(self.life), [Stepper(self.life.run, picture=host, position=self.reached)]

    def answer(self) -> str:
        """The patches that are off, where nothing failed and something is left."""
        failed = self.life.leaf or self.life.bugged or self.life.stopped
        off = ", ".join(str(n) for n, box in self.boxes.items() if not box.value)
        return f"without {off}, {self.life.result}" if self.life.result.startswith("left: ") and not failed else ""

    def __str__(self) -> str:
        return f"{bar(self.life)}\n\n{self.life.run}"
