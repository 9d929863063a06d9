"""A chart as a drawing: the traces and the layout that plotly is given, in the theme's own colours, for a page that has no plotly.

Lines, stairs and bars (side by side, stacked, lying). Each series has the dash, the marker or the hatching that it has in the live
chart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from textwrap import wrap
from zlib import crc32

from tdxkit.text import shown
from tdxkit.view.kit.scales import Linear, Names, Scale, scale, usable
from tdxkit.view.kit.svg import Markup, drawing, element, group, line, text
from tdxkit.view.kit.theme import ROLES

WIDTH, RIGHT, LETTER = 760, 24, 6.4
NAMES, LETTERS = 310, 44  # px at most for the names of lying bars, and their letters
DASHES = {"dash": "8 5", "dot": "2 4", "dashdot": "8 4 2 4", "longdash": "14 5", "longdashdot": "14 4 2 4"}
MARKS = {
    "circle": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z", "square": "M-3.5-3.5h7v7h-7z", "diamond": "M0-5L5 0L0 5L-5 0z",
    "cross": "M-1.5-5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z", "triangle-up": "M0-5L5 4H-5z", "x": "M-4-4L4 4M4-4L-4 4",
}  # fmt: skip
HATCHED = {"/": "M-2 2L2-2M0 8L8 0M6 10L10 6", "\\": "M-2 6L2 10M0 0L8 8M6-2L10 2", "x": "M0 8L8 0M0 0L8 8", "-": "M0 4H8", "|": "M4 0V8", ".": "M3 4h2"}  # fmt: skip
ROLE_OF = {role.both: role.name for role in ROLES.values()}
MOST = (
    1500  # points of a line that are drawn: of more, the first, the last and both extremes of each of as many columns
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the axes stand."""

    left: float
    right: float
    top: float
    foot: float
    x: Scale
    y: Scale


def draw(title: str, traces: Sequence[Mapping], layout: Mapping) -> Markup:
    """The chart as one drawing; `title` is plain text, what stands in traces and layout is escaped as plotly wants it."""
    heads = wrap(title, 96) or [""]
    entries = [t for t in traces if t.get("name")] if len(traces) > 1 else []
    rows = _rows(entries)
    top = 24 + 18 * len(heads) + 20 * len(rows) + 22
    place, height, slanted = _placed(traces, layout, top)
    parts: list[object] = [text(12, 20 + 18 * k, head, font_size=14, font_weight=700) for k, head in enumerate(heads)]
    key = f"tdx-hatch-{crc32(repr((title, [t.get('x') for t in traces])).encode()):08x}"
    parts += [_pattern(key, shape) for shape in sorted({_hatch(t) for t in traces} - {""})]
    for k, row in enumerate(rows):
        parts += [_entry(trace, key, x, 24 + 18 * len(heads) + 20 * k) for trace, x in row]
    parts += _axes(place, layout, slanted)
    drawn = [t for t in traces if t.get("type") in ("scatter", "bar")]
    bars = [t for t in drawn if t["type"] == "bar"]
    parts += _bars(bars, layout, place, key) if bars else []
    parts += [_line(trace, place) for trace in drawn if trace["type"] == "scatter"]
    if len(drawn) < len(traces) or not traces:
        words = "what is not drawn here is in the table" if traces else "there is nothing to show"
        parts.append(text(place.left + 8, place.foot - 8, words, role="soft"))
    return drawing(WIDTH, height, title, *parts)


def _role(trace: Mapping) -> str:
    return ROLE_OF.get((trace.get("line") or trace.get("marker") or {}).get("color"), "a0")


def _dash(trace: Mapping) -> str | None:
    """The dashes of a line: by plotly's name for them, or written out as it takes them."""
    dash = trace["line"].get("dash", "")
    return DASHES.get(dash) or (dash.replace("px", "") if "px" in dash else None)


def _hatch(trace: Mapping) -> str:
    shape = ((trace.get("marker") or {}).get("pattern") or {}).get("shape", "")
    return shape if trace.get("type") == "bar" and shape in HATCHED else ""


def _rows(traces: Sequence[Mapping]) -> list[list[tuple[Mapping, float]]]:
    """The legend: entries with their places, row by row."""
    rows: list[list[tuple[Mapping, float]]] = []
    x = float(WIDTH)
    for trace in traces:
        wide = 62 + LETTER * len(unescape(trace["name"]))
        if x + wide > WIDTH or not rows:
            rows.append([])
            x = 12
        rows[-1].append((trace, x))
        x += wide
    return rows


def _entry(trace: Mapping, key: str, x: float, y: float) -> Markup:
    """A line of the legend: a piece of what it stands for, and the name."""
    if trace["type"] == "bar":
        sample = _bar(trace, key, x, y - 9, 28, 12, "")
    else:
        dash = _dash(trace)
        sample = group(
            line((x, y - 3), (x + 28, y - 3), role=_role(trace), stroke_width=2, stroke_dasharray=dash),
            _mark(trace, x + 14, y - 3) if "markers" in trace.get("mode", "") else "",
        )
    return group(sample, text(x + 34, y + 1, unescape(trace["name"]), font_size=12))


def _placed(traces: Sequence[Mapping], layout: Mapping, top: float) -> tuple[Place, float, bool]:
    """Where the axes stand, how high the whole is, and whether the names below are slanted."""
    bars = [t for t in traces if t.get("type") == "bar"]
    lying = any(t.get("orientation") == "h" for t in bars)
    values = {axis: [v for t in traces for v in t.get(axis, ())] for axis in "xy"}
    settings = {axis: layout.get(f"{axis}axis", {}) for axis in "xy"}
    if bars and layout.get("barmode") == "stack":
        values["x" if lying else "y"] += _sums(bars, *("yx" if lying else "xy"))
    names = [unescape(str(v)) for v in values["y"]] if lying else []
    left = min(NAMES, 24 + LETTER * max(map(len, names), default=0)) if lying else 78
    tall = max(120, 26 * len(set(names))) if lying else min(max(layout.get("height", 360) - 120, 160), 300)
    right, foot = WIDTH - (RIGHT + 90 * lying), top + tall
    ends = (top, foot) if settings["y"].get("autorange") == "reversed" else (foot, top)
    x = scale(settings["x"], values["x"], left, right, lying)
    y = scale(settings["y"], values["y"], *ends, bool(bars) and not lying)
    longest = max((len(words) for _, words in x.ticks()), default=0) if isinstance(x, Names) else 0
    slanted = bool(longest) and LETTER * longest > x.band - 8
    below = (min(longest, LETTERS) * LETTER * 0.6 + 22 if slanted else 22) + 22
    return Place(left, right, top, foot, x, y), foot + below + 6, slanted


def _sums(bars: Sequence[Mapping], along: str, up: str) -> list[float]:
    """How high stacks are."""
    sums: dict[object, float] = {}
    for trace in bars:
        for name, value in zip(trace[along], trace[up]):
            sums[name] = sums.get(name, 0) + (value if usable(value) else 0)
    return list(sums.values())


def _axes(place: Place, layout: Mapping, slanted: bool) -> Iterator[Markup]:
    """Both axes: grid, ticks, words."""
    for at, words in place.y.ticks():
        if not isinstance(place.y, Names):
            yield line((place.left, at), (place.right, at), role="line")
        yield text(place.left - 8, at + 4, _cut(words), role="soft", anchor="end")
    foot = place.foot
    for at, words in place.x.ticks():
        if isinstance(place.y, Names):
            yield line((at, place.top), (at, foot), role="line")
        yield line((at, foot), (at, foot + 4), role="edge")
        if slanted:
            turned = f"rotate(-35 {at:.1f} {foot + 14:.1f})"
            yield text(at, foot + 14, _cut(words), role="soft", anchor="end", transform=turned)
        else:
            yield text(at, foot + 18, words, role="soft", anchor="middle")
    zero = place.y.at(0) if isinstance(place.y, Linear) else None
    base = foot if zero is None else min(max(zero, place.top), foot)
    yield line((place.left, base), (place.right, base), role="edge")
    below = LETTER * 0.6 * min(max((len(w) for _, w in place.x.ticks()), default=0), LETTERS) + 22 if slanted else 22
    yield text(
        (place.left + place.right) / 2, foot + below + 16, _titled(layout, "xaxis"), anchor="middle", font_size=12.5
    )
    yield text(12, place.top - 12, _titled(layout, "yaxis"), font_size=12.5)


def _titled(layout: Mapping, axis: str) -> str:
    return unescape((layout.get(axis, {}).get("title") or {}).get("text", ""))


def _cut(words: str) -> str:
    return words if len(words) <= LETTERS else words[: LETTERS - 1] + "…"


def _line(trace: Mapping, place: Place) -> Markup:
    """A series as a line, broken where a value has no place; its markers and words."""
    points = [(place.x.at(a), place.y.at(b), a, b) for a, b in zip(trace["x"], trace["y"])]
    stairs = trace["line"].get("shape") == "hv"
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y, *_ in points:
        if x is None or y is None:
            runs.append([])
        else:
            runs[-1] += [(x, runs[-1][-1][1])] if stairs and runs[-1] else []
            runs[-1].append((x, y))
    looks = {"role": _role(trace), "stroke_width": 2, "stroke_dasharray": _dash(trace)}
    parts: list[object] = [line(*thinned(run), **looks) for run in runs if len(run) > 1]
    marked, lone = "markers" in trace.get("mode", ""), {run[0] for run in runs if len(run) == 1}
    name = unescape(trace.get("name", ""))
    for (x, y, a, b), words in zip(points, trace.get("text") or [""] * len(points)):
        if x is not None and y is not None and (marked or (x, y) in lone):
            parts.append(group(element("title", f"{name}: {shown(a)}, {shown(b)}"), _mark(trace, x, y)))
        if words and x is not None and y is not None:
            parts.append(text(x, y - 8, unescape(words), role=_role(trace), anchor="end", font_weight=700))
    return group(*parts)


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A line of many points with no more than a picture can show: nothing that stands out is lost."""
    if len(points) <= MOST:
        return list(points)
    size = 4 * -(-len(points) // MOST)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        part = points[start : start + size]
        heights = [y for _, y in part]
        kept += [part[k] for k in sorted({0, heights.index(min(heights)), heights.index(max(heights)), len(part) - 1})]
    return kept


def _mark(trace: Mapping, x: float, y: float) -> Markup:
    colour = f"var(--tdx-{_role(trace)})"
    symbol = (trace.get("marker") or {}).get("symbol", "circle")
    looks = {"fill": "none", "stroke": colour, "stroke_width": 2.2} if symbol == "x" else {"fill": colour}
    return element("path", d=MARKS.get(symbol, MARKS["circle"]), transform=f"translate({x:.1f} {y:.1f})", **looks)


def _pattern(key: str, shape: str) -> Markup:
    """A hatching, in the colour of the paper, to lie on a bar."""
    drawn = element(
        "path", d=HATCHED[shape], stroke="var(--tdx-paper)", stroke_width=2 if shape == "." else 1.4, fill="none"
    )
    at = {"id": f"{key}-{list(HATCHED).index(shape)}", "width": 8, "height": 8, "patternUnits": "userSpaceOnUse"}
    return element("defs", element("pattern", drawn, **at))


def _bars(traces: Sequence[Mapping], layout: Mapping, place: Place, key: str) -> Iterator[Markup]:
    """Every bar, with its words where it has some; bars stand at names."""
    lying, stacked = any(t.get("orientation") == "h" for t in traces), layout.get("barmode") == "stack"
    along, up = ("y", "x") if lying else ("x", "y")
    where, high = getattr(place, along), getattr(place, up)
    thick = where.band * 0.7 / (1 if stacked else len(traces))
    done: dict[object, float] = {}
    for k, trace in enumerate(traces):
        said = trace.get("text") or [""] * len(trace[along])
        for name, value, words in zip(trace[along], trace[up], said):
            base = done.get(name, 0) if stacked else 0
            middle, end = where.at(name), high.at(base + value) if usable(value) else None
            if middle is None or end is None:
                continue
            done[name] = base + value
            begin = high.floor if not base else high.at(base)
            first = middle - thick / 2 if stacked else middle - where.band * 0.35 + k * thick
            told = f"{unescape(trace.get('name', ''))}, {unescape(str(name))}: {unescape(words) or shown(value)}"
            low, size = min(begin, end), abs(end - begin)
            corner = (low, first, size, thick) if lying else (first, low, thick, size)
            yield _bar(trace, key, *corner, told)
            if words and trace.get("textposition") != "none":
                spot = (
                    (end + 6, middle + 4, "start")
                    if lying
                    else (first + thick / 2, low + size + 13 if end > begin else low - 5, "middle")
                )
                yield text(*spot[:2], unescape(words), anchor=spot[2], font_size=11)


def _bar(trace: Mapping, key: str, x: float, y: float, wide: float, high: float, told: str) -> Markup:
    at = {"x": round(x, 2), "y": round(y, 2), "width": round(max(wide, 0.5), 2), "height": round(max(high, 0.5), 2)}
    colour, shape = f"var(--tdx-{_role(trace)})", _hatch(trace)
    over = element("rect", **at, fill=f"url(#{key}-{list(HATCHED).index(shape)})") if shape else ""
    return group(element("title", told) if told else "", element("rect", **at, fill=colour, stroke=colour), over)
