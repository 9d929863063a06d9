"""The stepper's timeline as a still picture: a row for each actor, value, lock, fact and rule, what has happened filled, what comes outlined.

A pure function of a run's data (payload.py) and a position, drawn like the one in timeline.js, element for element (a browser test
compares them), so a page shows the same with and without a script.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tdxkit.text import many
from tdxkit.view.kit.svg import Markup, element
from tdxkit.view.kit.theme import actor_role
from tdxkit.view.stepper.payload import StepRow

WIDTH = 908
LETTER, SMALL, ASIDE = 6.3, 5.8, 26  # the widths of a letter, of one in a row, and what a name has beside it
HATCH = ("", "M0 6L6 0", "M0 0L6 6", "M2 2h2v2h-2z", "M3 0V6", "M0 6L6 0M0 0L6 6", "M0 3H6")
NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True)
class Form:
    """Heights in pixels, and whether several rules share a row."""

    top: int
    actor: int
    bar: int
    track: int
    bottom: int
    fold: bool


FORMS = {"roomy": Form(18, 24, 16, 20, 6, False), "compact": Form(15, 18, 12, 17, 4, True)}  # as FORMS in timeline.js


def steps_of(data: dict) -> list[StepRow]:
    """The steps of a run's data; they are plain lists where it came back from JSON."""
    return [StepRow(*row) for row in data["steps"]]


def stretches(values: Sequence[object]) -> list[tuple[int, int, object]]:
    """Stretches of equal values as (from, to, value); the value at position k fills the column of step k."""
    found, k = [], 0
    for _, same in groupby(values[1:], key=repr):
        same = list(same)
        found.append((k, k + len(same), same[0]))
        k += len(same)
    return found


def nothing(value: object) -> bool:
    """Is no lock held, no fact so, no value there?"""
    return value is False or value is None or value in (-1, "", "none")


def rows_of(data: dict, form: Form) -> list[dict]:
    """The tracks that the timeline shows: rules as how many are broken, together where the form folds them."""
    rules = [track for track in data["tracks"] if track["kind"] == "rule"]
    rows = [track for track in data["tracks"] if track["kind"] != "rule" and _says_something(data, track)]
    broken = [[int(not holds) for holds in rule["values"]] for rule in rules]
    if form.fold and len(rules) > 1:
        return [*rows, {"name": many(len(rules), "rule"), "kind": "rule", "values": [sum(k) for k in zip(*broken)]}]
    return [*rows, *({**rule, "values": values} for rule, values in zip(rules, broken))]


def _says_something(data: dict, track: dict) -> bool:
    """Is there anything in the row, now or (of a walk, or beside another run that has it) later?"""
    if "graph" in data or track["key"] in data.get("beside", ()):
        return True
    if track["kind"] == "value":
        return len({repr(value) for value in track["values"]}) > 1
    return not all(map(nothing, track["values"]))


def causes(data: dict, position: int) -> list[tuple[int, int, str, bool]]:
    """What the step to a position rests on, as `Run.misled` has it: (step that wrote, step that read, name, was it missed), by position."""
    steps, offset = steps_of(data), data["offset"]
    if not position:
        return []
    step, readers = steps[position - 1], [position]
    if step.broken:
        mine = (k for k in range(position - 1, 0, -1) if steps[k - 1].actor == step.actor)
        readers += [k for k in mine if steps[k - 1].reads][:1]
    return [
        (wrote - offset, k, data["keys"][key], bool(missed))
        for k in readers
        for key, wrote, missed in steps[k - 1].reads
    ]


class _Plot:
    """Where things stand for a width in pixels."""

    def __init__(self, data: dict, width: int, form: Form):
        self.data, self.width, self.form, self.n = data, width, form, len(data["steps"])
        self.steps, self.rows = steps_of(data), rows_of(data, form)
        longest = max((len(name) for name in (*data["actors"], *(row["name"] for row in self.rows))), default=0)
        widest = 92 if width < 360 else 172 if width < 560 else 232 if width < 800 else 300
        self.left = min(max(longest * LETTER + ASIDE, 70), widest)
        columns = max(self.n, data.get("columns", 0))  # two runs side by side share a scale
        self.step = min((width - self.left - 4) / columns, 56) if columns else 0
        actors = len(data["actors"])
        below = form.top + actors * form.actor
        self.height = below + len(self.rows) * form.track + form.bottom
        self.actor_y = [form.top + i * form.actor for i in range(actors)]
        self.row_y = [below + i * form.track + form.track / 2 - 2 for i in range(len(self.rows))]

    def x(self, column: float) -> float:
        """The left edge of a column, from 0."""
        return self.left + column * self.step

    def name(self, y: float, name: str, role: str, bold: bool) -> Markup:
        room = int((self.left - 12) / LETTER)
        cut = name if len(name) <= room else name[: room - 1] + "…"
        more = [] if cut == name else [element("title", name)]
        return element(
            "text", cut, *more, x=0, y=fixed(y), class_="tdx-name" if bold else "tdx-track-name", fill=_colour(role)
        )

    def blocks(self, actor: int) -> str:
        gap, parts = 1 if self.step >= 4 else 0, []
        for start, stop, who in stretches([-1, *(step.actor for step in self.steps)]):
            if who != actor:
                continue
            cuts = [(i, i + 1) for i in range(start, stop)] if gap else [(start, stop)]
            for b, e in cuts:
                x, w = self.x(b) + gap, fixed(max((e - b) * self.step - 2 * gap, 0.6))
                parts.append(f"M{fixed(x)} {self.actor_y[actor]}h{w}v{self.form.bar}h-{w}z")
        return "".join(parts)

    def ends(self, start: int, stop: int) -> tuple[float, float]:
        """From where to where a stretch is drawn."""
        x = self.x(start) + 1
        return x, max(self.x(stop) - 1, x + 0.5)

    def row(self, row: dict, y: float, ahead: bool, uid: str) -> Markup:
        draw = {"rule": self.rule, "fact": self.fact, "lock": self.lock, "value": self.value}[row["kind"]]
        return element("g", *draw(row, y, ahead, uid), class_=f"tdx-row tdx-{row['kind']}")

    def rule(self, row: dict, y: float, ahead: bool, _uid: str) -> Iterable[Markup]:
        for start, stop, broken in stretches(row["values"]):
            x, end = self.ends(start, stop)
            stroke = {"stroke": _colour("bad" if broken else "ok"), "stroke_width": 1 if ahead else 3}
            yield element(
                "path", d=f"M{fixed(x)} {fixed(y)}H{fixed(end)}", **stroke, stroke_dasharray="5 4" if broken else None
            )
            if broken:
                x = max(self.x(start + 0.5), self.left + 6)
                d = f"M{fixed(x - 5)} {fixed(y - 5)}l10 10m0-10l-10 10"
                yield element("path", class_="tdx-cross", d=d, **stroke | {"stroke_width": 1.5 if ahead else 3})

    def fact(self, row: dict, y: float, ahead: bool, _uid: str) -> Iterable[Markup]:
        for start, stop, value in stretches(row["values"]):
            if not nothing(value):
                x, end = self.ends(start, stop)
                stroke = {"stroke": _colour(row["role"]), "stroke_width": 2 if ahead else 6}
                yield element("path", d=f"M{fixed(x)} {fixed(y)}H{fixed(end)}", **stroke)

    def lock(self, row: dict, y: float, ahead: bool, uid: str) -> Iterable[Markup]:
        for start, stop, value in stretches(row["values"]):
            if nothing(value):
                continue
            actors, shared = self.data["actors"], isinstance(value, list)
            names = ", ".join(actors[k] for k in value) if shared else actors[value] if type(value) is int else value
            alone = value[0] if shared and len(value) == 1 else value
            hue = self.data["roles"][alone] if type(alone) is int else -1
            role = actor_role(hue) if hue >= 0 else "shared" if shared else "exclusive"
            over = f"url(#{uid}-h{alone})" if hue > 0 and not ahead else None
            yield from self.box(start, stop, y, names, role, ahead, over, "4 2" if shared else None)

    def value(self, row: dict, y: float, ahead: bool, _uid: str) -> Iterable[Markup]:
        found = stretches(row["values"])
        if not all(NUMBER.fullmatch(value) for value in map(str, row["values"])):
            for start, stop, value in found:
                if not nothing(value):
                    yield from self.box(start, stop, y, value, "soft", ahead, None, None)
            return
        numbers = [int(value) for value in row["values"]] or [0]
        least, most = min(numbers), max(numbers)
        stairs, said = "", []
        for start, stop, value in found:
            level = y + 5 - 10 * (int(value) - least) / max(most - least, 1)
            stairs += f"{'V' if stairs else f'M{fixed(self.x(0))} '}{fixed(level)}H{fixed(self.x(stop))}"
            if (stop - start) * self.step >= SMALL * len(value) + 5:
                middle = fixed((self.x(start) + self.x(stop)) / 2)
                soft = _colour("soft" if ahead else "ink")
                said.append(
                    element(
                        "text",
                        value,
                        x=middle,
                        y=fixed(level + 3.8),
                        text_anchor="middle",
                        class_="tdx-digit",
                        fill=soft,
                    )
                )
        if stairs:
            stroke = {"stroke": _colour("soft" if ahead else "ink"), "stroke_width": 1 if ahead else 2}
            yield element("path", d=stairs, fill="none", **stroke)
        yield from said

    def box(self, start, stop, y, words, role, ahead, over, dashes) -> Iterable[Markup]:
        """A stretch as a box: filled where it has been, with its words where they fit."""
        x, end = self.ends(start, stop)
        at = {"x": fixed(x), "y": fixed(y - 6), "width": fixed(end - x), "height": 12, "rx": 2}
        fill = "none" if ahead else _colour(role)
        yield element("rect", **at, fill=fill, stroke=_colour(role), stroke_dasharray=dashes)
        if over:
            yield element("rect", **at, fill=over)
        if end - x >= SMALL * len(words) + 4:
            colour = _colour(role if ahead else "paper")
            middle = fixed((x + end) / 2)
            yield element(
                "text", words, x=middle, y=fixed(y + 3.8), text_anchor="middle", class_="tdx-held", fill=colour,
                stroke=None if ahead else _colour(role),
            )  # fmt: skip

    def marks(self) -> Markup:
        """Above the plot: a tick where another actor goes on, a wedge where a rule breaks, ≠ where two runs part."""
        made, marks = [], self.data["marks"]
        dense = self.n and (self.step * self.n / max(len(marks), 1) < 3 or len(marks) > self.n / 2)
        for k in marks:
            broken = bool(self.steps[k - 1].broken)
            x = self.x(k - (0.5 if broken else 1))
            if broken:
                made.append(
                    element("path", class_="tdx-mark-bad", d=f"M{fixed(x - 5)} 2h10l-5 8z", fill=_colour("bad"))
                )
            elif not dense:
                made.append(element("path", d=f"M{fixed(x)} 4v6", stroke=_colour("edge"), stroke_width=1.5))
        if parts := self.data.get("parts"):
            x = fixed(self.x(parts - 0.5))
            made.append(element("text", "≠", x=x, y=11, text_anchor="middle", class_="tdx-parts", fill=_colour("ink")))
        return element("g", *made, class_="tdx-marks")

    def arrow(self, wrote: int, read: int, missed: bool) -> Markup:
        """From the step that wrote to the one that read it."""
        middle = self.form.bar / 2
        start = self.x(wrote - 0.5), self.actor_y[self.steps[wrote - 1].actor] + middle
        end = self.x(read - 1) + 1, self.actor_y[self.steps[read - 1].actor] + middle
        bend = max((end[0] - start[0]) / 2, 14)
        (x1, y1), (x2, y2) = ((fixed(x), fixed(y)) for x, y in (start, end))
        d = f"M{x1} {y1}C{fixed(start[0] + bend)} {y1} {fixed(end[0] - bend)} {y2} {x2} {y2}"
        line = {"d": d, "fill": "none"}
        return element(
            "g",
            element("path", **line, stroke=_colour("paper"), stroke_width=5),
            element("path", **line, stroke=_colour("ink"), stroke_width=2, stroke_dasharray="4 3" if missed else None),
            element("path", d=f"M{x2} {y2}l-8 -4.5v9z", fill=_colour("ink"), stroke=_colour("paper")),
            element("circle", cx=x1, cy=y1, r=3, fill=_colour("ink"), stroke=_colour("paper")),
        )


def fixed(x: float) -> str:
    """A number as the script writes it, with two digits at most."""
    return f"{math.floor(x * 100 + 0.5) / 100:g}"


def _colour(role: str) -> str:
    return f"var(--tdx-{role})"


def timeline(data: dict, position: int, width: int = WIDTH, uid: str = "tdx0", form: str = "roomy") -> Markup:
    """The timeline of a run's data at a position within it; `uid` keeps ids apart from those of other pictures on the page."""
    plot, k = _Plot(data, width, FORMS[form]), max(0, min(position, len(data["steps"])))
    clip = element("rect", x=0, y=0, width=fixed(plot.x(k)), height=plot.height)
    defs, names, future, past = [element("clipPath", clip, id=f"{uid}-past")], [], [], []
    for a, name in enumerate(data["actors"]):
        hue = data["roles"][a]
        role, d = actor_role(hue), plot.blocks(a)
        names.append(plot.name(plot.actor_y[a] + plot.form.bar - 4, name, role, True))
        future.append(element("path", d=d, fill="none", stroke=_colour(role), stroke_width=1))
        past.append(element("path", d=d, fill=_colour(role)))
        if HATCH[hue]:
            lines = element("path", d=HATCH[hue], stroke=_colour("paper"), stroke_opacity=0.4, fill="none")
            defs.append(element("pattern", lines, id=f"{uid}-h{a}", width=6, height=6, patternUnits="userSpaceOnUse"))
            past.append(element("path", d=d, fill=f"url(#{uid}-h{a})"))
    for row, y in zip(plot.rows, plot.row_y):
        names.append(plot.name(y + 4, row["name"], "soft", False))
        future.append(plot.row(row, y, True, uid))
        past.append(plot.row(row, y, False, uid))
    arrows = [plot.arrow(wrote, read, missed) for wrote, read, _, missed in causes(data, k) if wrote > 0]
    wide = max(plot.step, 3) + 2 if k else 2
    x = plot.x(k - 0.5) - wide / 2 if k else plot.left - 3
    frame = element(
        "rect", class_="tdx-frame", y=12, height=plot.height - 13, rx=4, fill="none", stroke=_colour("ink"),
        stroke_width=1.5, width=fixed(wide), x=fixed(x),
    )  # fmt: skip
    return element(
        "svg", element("defs", *defs), plot.marks(), *names, element("g", *future, class_="tdx-future"),
        element("g", *past, class_="tdx-past", clip_path=f"url(#{uid}-past)"), frame, element("g", *arrows, class_="tdx-causes"),
        viewbox=f"0 0 {width} {plot.height}", width=width, height=plot.height, class_="tdx-plot", role="img",
        aria_label=f"Timeline of {plot.n} steps, at step {k}",
    )  # fmt: skip
