"""The stepper's timeline as a still picture, and the whole stepper as static markup and as text.

Pure functions of a run's data (payload.py) and a position. The timeline is drawn like the one in timeline.js, element
for element (a browser test compares them), so a page shows the same with and without a script.
"""

import re
from collections.abc import Sequence
from itertools import groupby

from tdxkit.run import answered
from tdxkit.view.kit.svg import Markup, element, esc
from tdxkit.view.kit.theme import actor_role
from tdxkit.view.stepper.payload import StepRow

TOP, ACTOR, TRACK, BAR, BOTTOM = 16, 24, 18, 16, 6  # heights in pixels, as ROW in timeline.js
WIDTH = 908
OF_C = re.compile(r"\w*(?:_\w|\w[(\[]|\w->|\w\.\w)", re.ASCII)  # how a name of C begins: it gets no capital
HATCH = ("", "M0 6L6 0", "M0 0L6 6", "M2 2h2v2h-2z", "M3 0V6", "M0 6L6 0M0 0L6 6", "M0 3H6")


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


def bars(track: dict) -> list[tuple[int, int, str, bool]]:
    """What a track's row shows: (from, to, role, dashed)."""
    found = []
    for start, stop, value in stretches(track["values"]):
        if track["kind"] == "rule":
            found.append((start, stop, "ok" if value else "bad", not value))
        elif value is False or value is None or value == -1:
            continue
        elif track["kind"] == "fact":
            found.append((start, stop, track["role"], False))
        elif isinstance(value, list):
            found.append((start, stop, actor_role(value[0]) if len(value) == 1 else "shared", True))
        else:
            found.append((start, stop, actor_role(value) if isinstance(value, int) else "exclusive", False))
    return found


class _Plot:
    """Where things stand for a width in pixels."""

    def __init__(self, data: dict, width: int):
        self.data, self.width, self.n = data, width, len(data["steps"])
        self.steps = steps_of(data)
        longest = max((len(n) for n in (*data["actors"], *(t["name"] for t in data["tracks"]))), default=0)
        self.left = min(max(longest * 6.3 + 18, 70), 172 if width < 560 else 232)
        columns = max(self.n, data.get("columns", 0))  # two runs side by side share a scale
        self.step = min((width - self.left - 4) / columns, 56) if columns else 0
        actors = len(data["actors"])
        self.height = TOP + actors * ACTOR + len(data["tracks"]) * TRACK + BOTTOM
        self.actor_y = [TOP + i * ACTOR for i in range(actors)]
        self.track_y = [TOP + actors * ACTOR + i * TRACK + 7 for i in range(len(data["tracks"]))]

    def name(self, y: float, name: str, role: str, bold: bool) -> Markup:
        room = int((self.left - 12) / 6.3)
        cut = name if len(name) <= room else name[: room - 1] + "…"
        more = [] if cut == name else [element("title", name)]
        return element(
            "text", cut, *more, x=0, y=y, class_="tdx-name" if bold else "tdx-track-name", fill=f"var(--tdx-{role})"
        )

    def blocks(self, actor: int) -> str:
        gap, parts = 1 if self.step >= 4 else 0, []
        for start, stop, who in stretches([-1, *(step.actor for step in self.steps)]):
            if who != actor:
                continue
            cuts = [(i, i + 1) for i in range(start, stop)] if gap else [(start, stop)]
            for b, e in cuts:
                x, w = self.left + b * self.step + gap, max((e - b) * self.step - 2 * gap, 0.6)
                parts.append(f"M{_n(x)} {self.actor_y[actor]}h{_n(w)}v{BAR}h-{_n(w)}z")
        return "".join(parts)

    def row(self, track: dict, y: float) -> Markup:
        thin, made = track["kind"] == "rule", []
        for start, stop, role, dashed in bars(track):
            x1 = self.left + start * self.step + 2
            x2 = max(self.left + stop * self.step - 2, x1 + 0.5)
            stroke = {"stroke": f"var(--tdx-{role})", "stroke_width": 3 if thin else 5}
            made.append(
                element("path", d=f"M{_n(x1)} {y}H{_n(x2)}", **stroke, stroke_dasharray="5 4" if dashed else None)
            )
            if thin and role == "bad":
                x = max(self.left + (start + 0.5) * self.step, self.left + 6)
                made.append(element("path", class_="tdx-cross", d=f"M{_n(x - 5)} {y - 5}l10 10m0-10l-10 10", **stroke))
        return element("g", *made, class_=f"tdx-row tdx-{track['kind']}")

    def marks(self) -> Markup:
        made, marks = [], self.data["marks"]
        dense = self.n and self.step * self.n / max(len(marks), 1) < 3
        for k in marks:
            broken = bool(self.steps[k - 1].broken)
            x = self.left + (k - (0.5 if broken else 1)) * self.step
            if broken:
                made.append(element("path", class_="tdx-mark-bad", d=f"M{_n(x - 5)} 2h10l-5 8z", fill="var(--tdx-bad)"))
            elif not dense:
                made.append(element("path", d=f"M{_n(x)} 4v6", stroke="var(--tdx-edge)", stroke_width=1.5))
        return element("g", *made, class_="tdx-marks")


def _n(x: float) -> str:
    return f"{int(x * 100 + 0.5) / 100:g}" if x >= 0 else f"{x:g}"


def timeline(data: dict, position: int, width: int = WIDTH, uid: str = "tdx0") -> Markup:
    """The timeline of a run's data at a position within it; `uid` keeps ids apart from those of other pictures on the page."""
    plot, k = _Plot(data, width), max(0, min(position, len(data["steps"])))
    clip = element("rect", x=0, y=0, width=_n(plot.left + k * plot.step), height=plot.height)
    defs, names, future, past = [element("clipPath", clip, id=f"{uid}-past")], [], [], []
    for a, name in enumerate(data["actors"]):
        role, d = actor_role(a), plot.blocks(a)
        names.append(plot.name(plot.actor_y[a] + 12, name, role, True))
        future.append(element("path", d=d, fill=f"var(--tdx-{role}-bg)"))
        past.append(element("path", d=d, fill=f"var(--tdx-{role})"))
        if HATCH[a % 7]:
            lines = element("path", d=HATCH[a % 7], stroke="var(--tdx-paper)", stroke_opacity=0.4, fill="none")
            defs.append(element("pattern", lines, id=f"{uid}-h{a}", width=6, height=6, patternUnits="userSpaceOnUse"))
            past.append(element("path", d=d, fill=f"url(#{uid}-h{a})"))
    for track, y in zip(data["tracks"], plot.track_y):
        names.append(plot.name(y + 4, track["name"], "soft", False))
        future.append(plot.row(track, y))
        past.append(plot.row(track, y))
    wide = max(plot.step, 3) + 2 if k else 2
    x = plot.left + (k - 0.5) * plot.step - wide / 2 if k else plot.left - 3
    frame = element(
        "rect", class_="tdx-frame", y=12, height=plot.height - 13, rx=4, fill="none", stroke="var(--tdx-ink)",
        stroke_width=1.5, width=_n(wide), x=_n(x),
    )  # fmt: skip
    return element(
        "svg", element("defs", *defs), plot.marks(), *names, element("g", *future, class_="tdx-future"),
        element("g", *past, class_="tdx-past", clip_path=f"url(#{uid}-past)"), frame,
        viewbox=f"0 0 {width} {plot.height}", width=width, height=plot.height, class_="tdx-plot", role="img",
        aria_label=f"Timeline of {plot.n} steps, at step {k}",
    )  # fmt: skip


def said(data: dict, position: int) -> tuple[str, str, bool]:
    """(what, sentence, broken) for a position: the words under the timeline."""
    if not position:
        n = len(data["steps"])
        return "Start", data.get("hint") or f"Nothing has happened yet. {n:,} steps follow.", False
    step = StepRow(*data["steps"][position - 1])
    sentence = step.sentence or step.label
    where = f"Step {position + data['offset']} · {data['actors'][step.actor]}"
    rules = {track["key"]: track["name"] for track in data["tracks"]}  # of a standstill the rule that it breaks
    what = f"Broken here: {', '.join(rules.get(rule, rule) for rule in step.broken)}" if step.broken else where
    return what, sentence if OF_C.match(sentence) else sentence[:1].upper() + sentence[1:], bool(step.broken)


def as_text(data: dict, lines: str = "python") -> str:
    """A run in words, a line a step; `lines` of "c": each with its line of C, where the run has them."""
    c = data.get("c") if lines == "c" else None
    width = max((len(a) for a in data["actors"]), default=0)
    rows, state = (
        [said for said in (data["title"], data["subtitle"], c["ours"] if c else "") if said],
        list(data["first"]),
    )
    for k, step in enumerate(steps_of(data), 1 + data["offset"]):
        what = "; ".join(f"{data['keys'][i]} {state[i]} → {value}" for i, value in step.changes)
        for i, value in step.changes:
            state[i] = value
        at = _line_of(c, k - 1 - data["offset"]) if c else ""
        rows.append(
            f"{k:4}  {data['actors'][step.actor]:{width}}  {answered(step.label, step.kind, step.sentence)}"
            + (f"   [{what}]" if what else "")
            + at
        )
        rows += [f"      !! {said}" for said in step.wrong]
    return "\n".join(rows)


def _line_of(c: dict, k: int) -> str:
    """The line of C of a step."""
    line, _ = c["lines"][k]
    if line is None:
        return ""
    text, index = line
    _, lines, added, first = c["texts"][text]
    number = f"{first + index}  " if first else ""
    return f"   {number}{text}: {'+ ' * (index in added)}{lines[index].strip()}"


def still(data: dict, position: int, uid: str = "tdx0") -> Markup:
    """One view without a script: title, timeline, sentence, and the run as text under a fold."""
    what, sentence, broken = said(data, position)
    head = element(
        "div", element("h3", data["title"]), element("div", data["subtitle"], class_="tdx-sub"), class_="tdx-titles"
    )
    say = element(
        "div", element("b", what), element("span", sentence), class_="tdx-say" + (" tdx-broken" if broken else "")
    )
    fold = element("details", element("summary", "as text"), element("pre", esc(as_text(data))), class_="tdx-panel")
    return element(
        "section", element("header", head, class_="tdx-head"), element("div", timeline(data, position, uid=uid), class_="tdx-timeline"),
        say, fold, class_="tdx tdx-stepper tdx-still", aria_label=f"Stepper: {data['title']}",
    )  # fmt: skip
