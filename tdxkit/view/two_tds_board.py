"""Two TDs in one region, at hand in a notebook: a button an act, what the last call answered, the region, and all that was done."""

import ipywidgets as w

from tdxkit.seam.pamt import L2M
from tdxkit.seam.shared_region import ACTS, FIRST_ENTRY, MOST, PLACES, REGION, Done, Played, played
from tdxkit.units import PAGE_4K
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.verdict import Bar, verdict
from tdxkit.view.pamt_picture import Spot, tree

HEADER = ("act", "the module answers", "page count", "hint")
SPOTS = (
    Spot(REGION, "one region", L2M),
    *(Spot(REGION + at * PAGE_4K, f"{td}'s first") for td, at in FIRST_ENTRY.items()),
)


class RegionBoard(Board):
    """`acts` are what was done, in order; `played` what came of it; `buttons` by what they do."""

    question = "a hint, and after it a PAMT.REMOVE that says TDX_PAMT_PAGE_NOT_EMPTY."

    def __init__(self, acts: tuple[str, ...] = ()):
        self.acts = list(acts)
        self.place = w.Dropdown(
            options=list(PLACES),
            description="The pair's pages lie",
            style={"description_width": "auto"},
            layout={"width": "max-content", "margin": "2px 2px 2px 14px"},
        )
        self.buttons = {name: _button(name) for name in (*ACTS, "undo", "start over")}
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self._act(name))
        acts_row, more = (
            [self.buttons[name] for name in ACTS],
            [self.buttons["undo"], self.buttons["start over"], self.place],
        )
        super().__init__(acts_row, more)
        self.watch(self.place)

    def _act(self, name: str) -> None:
        if name == "undo":
            del self.acts[-1:]
        elif name == "start over":
            self.acts.clear()
        elif len(self.acts) < MOST:
            self.acts.append(name)
        else:
            return self.say(f"These are {MOST} acts: undo some, or start over.", "alert")
        return self._changed()

    def update(self) -> tuple[Bar, list[object]]:
        """Do all again: what the last call answered, the region, the list."""
        self.played = played(self.acts, self.place.value)
        return bar(self.played), [tree(self.played.module.m, SPOTS), acts_table(self.played)]

    def answer(self) -> str:
        """A hint that did not hold."""
        if not (found := self.played.stale):
            return ""
        hinted, refused = found
        return f"the hint of act {hinted} was true when it was given; by act {refused} a page had come in again"

    def __str__(self) -> str:
        played = self.played
        return "\n".join(
            [str(bar(played)), self.asked_text, str(acts_table(played)), str(tree(played.module.m, SPOTS))]
        )


def _button(name: str) -> w.Button:
    return w.Button(description=name, layout={"width": "max-content"})


def bar(played: Played) -> Bar:
    """What the last call answered."""
    if not played.done:
        return verdict(
            "bounded",
            "two TDs run, and the region has no pair yet",
            "nothing done",
            "Press a button: each is a call of the host.",
        )
    last = played.done[-1]
    note = f"{_count(last)}{'; the hint: bit 62 of RCX is 1' if last.hint else ''}"
    said = f"{last.leaf} answers act {len(played.done)}, “{last.act}”"
    return verdict("ok" if last.answer.ok else "violation", said, str(last.answer), note)


def _count(done: Done) -> str:
    return "the region has no pair" if done.count is None else f"the region's page count is {done.count}"


def acts_table(played: Played) -> Table:
    """All that was done; a REMOVE that found a page in spite of a hint is marked, with that hint."""
    rows = [
        (f"{k}. {one.act}", f"{one.answer} of {one.leaf}", "no pair" if one.count is None else one.count, _hint(one))
        for k, one in enumerate(played.done, 1)
    ]
    marked = [k - 1 for k in played.stale or ()]
    title = f"Done so far; the pair's pages lie {played.place}"
    return table(
        HEADER,
        rows or [("nothing yet", "—", "no pair", "—")],
        title,
        marked,
        lit="the hint, and the REMOVE that found a page",
    )


def _hint(one: Done) -> str:
    return "yes" if one.hint else "no" if one.leaf == "MEM.PAGE.REMOVE" and one.answer.ok else "—"
