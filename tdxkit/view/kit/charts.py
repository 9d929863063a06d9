"""Charts that fit light and dark, each with a table that says the same.

A chart is plotly data held as plain dictionaries, shown through the plotly mime type: it needs no network and sends no script.
`Chart.figure()` makes the `plotly.graph_objects.Figure` (that import takes seconds, so showing a chart does without it).

    chart = lines("Waiting for pamt_lock", "vCPUs", "µs at the median", {"v2": [(1, 0.2), (2, 1.4)], "v6": [(1, 0.2), (2, 0.3)]})
    chart           # in a notebook: the figure, the table folded under it
    print(chart)    # the table

Series differ by colour and by dash, marker or hatching. Colours are theme roles: give ``roles={"v2": "bad", "v6": "ok"}`` to choose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tdxkit.text import columns, shown
from tdxkit.view.kit.svg import Markup, element, esc, joined, style
from tdxkit.view.kit.theme import ACTORS, BOTH_GRID, BOTH_INK, ROLES

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "x")
HATCHES = ("", "/", ".", "\\", "x", "-", "|")
HATCH = {
    "size": 6,
    "solidity": 0.2,
    "fillmode": "overlay",
    "fgcolor": "rgba(255,255,255,.65)",
}  # light lines on the colour
MIME = "application/vnd.plotly.v1+json"
# The figure itself has a grey that both papers bear; where the page's own ink is known, its texts take that.
_STYLE = (
    ".js-plotly-plot .plotly svg text{fill:var(--jp-ui-font-color1,CanvasText)!important}"
    ".js-plotly-plot .plotly .modebar-btn path{fill:var(--jp-ui-font-color2,GrayText)!important}"
    ".tdx-table table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:6px 0}"
    ".tdx-table :is(td,th){padding:2px 14px 2px 0;text-align:right}.tdx-table :is(td,th):first-child{text-align:left}"
    ".tdx-table summary{cursor:pointer;color:var(--jp-ui-font-color2,GrayText);font-size:13px}"
)


@dataclass(frozen=True)
class Chart:
    """Plotly traces and layout as dictionaries, and the same content as a table: `header` and `rows`."""

    title: str
    traces: tuple[dict, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    layout: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n".join([self.title, *columns(self.header, self.rows)])

    def figure(self):
        """The chart as a `plotly.graph_objects.Figure`, checked by plotly."""
        from plotly.graph_objects import Figure

        return Figure(self.spec())

    def spec(self) -> dict:
        """The chart as plotly's JSON form."""
        return {"data": [dict(t) for t in self.traces], "layout": base_layout(self.title, **self.layout)}

    def table_html(self) -> Markup:
        """The table, folded, with the few style rules that let the figure follow the page's theme."""
        head = element("tr", *(element("th", h, scope="col") for h in self.header))
        body = (element("tr", *(element("td", shown(v)) for v in row)) for row in self.rows)
        folded = element("details", element("summary", "as a table"), element("table", head, *body), class_="tdx-table")
        return joined(style(_STYLE), folded)

    def bundle(self) -> dict:
        """The figure as a mime bundle, its table as the text."""
        config = {
            "displayModeBar": False
        }  # not "responsive": Lab sees to the width, and plotly lets the height collapse
        return {MIME: {**self.spec(), "config": config}, "text/plain": str(self)}

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.bundle(), raw=True)
        display({"text/html": str(self.table_html()), "text/plain": "(the same as a table: print the chart)"}, raw=True)


def base_layout(title: str, **more: object) -> dict:
    """A layout that both themes bear: clear paper, mid grey text and grid; `more` is laid over it, axis by axis."""
    axis = {
        "title": {"font": {"size": 13}},
        "gridcolor": BOTH_GRID,
        "zerolinecolor": BOTH_GRID,
        "linecolor": BOTH_INK,
        "automargin": True,
    }
    layout = {
        "title": {"text": plotly_text(title), "x": 0, "xref": "container", "pad": {"l": 12}, "font": {"size": 15}},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": BOTH_INK, "size": 13},
        "margin": {"l": 60, "r": 20, "t": 48, "b": 48},
        "height": 360,
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": -0.22, "x": 0},
        "xaxis": dict(axis),
        "yaxis": dict(axis),
    }
    for key, value in more.items():
        layout[key] = laid(layout.get(key), value)
    return layout


def laid(under: object, over: object) -> object:
    """Settings laid over settings, level by level."""
    if not (isinstance(under, Mapping) and isinstance(over, Mapping)):
        return over
    return {**under, **{key: laid(under.get(key), value) for key, value in over.items()}}


def plotly_text(value: object) -> str:
    """Text for a chart: plotly reads a little HTML in its texts, so everything is escaped."""
    return str(esc(value))


def _role(name: str, index: int, roles: Mapping[str, str] | None) -> str:
    return ROLES[(roles or {}).get(name, ACTORS[index % len(ACTORS)])].both


def lines(
    title: str, x: str, y: str, series: Mapping[str, Sequence[tuple[float, float]]], *,
    roles: Mapping[str, str] | None = None, steps: bool = False, log: str = "", **layout: object,
) -> Chart:  # fmt: skip
    """Series of (x, y) points as lines; `steps` draws stairs, `log` is "", "x", "y" or "xy"."""
    traces = []
    for i, (name, points) in enumerate(series.items()):
        colour = _role(name, i, roles)
        traces.append({
            "type": "scatter", "mode": "lines+markers", "name": plotly_text(name),
            "x": [p[0] for p in points], "y": [p[1] for p in points],
            "line": {"color": colour, "dash": DASHES[i % 6], "width": 2, "shape": "hv" if steps else "linear"},
            "marker": {"color": colour, "symbol": SYMBOLS[i % 6], "size": 7},
        })  # fmt: skip
    xs = sorted({p[0] for points in series.values() for p in points})
    at = {name: dict(points) for name, points in series.items()}
    rows = tuple((v, *(at[name].get(v) for name in series)) for v in xs)
    return Chart(title, tuple(traces), (x, *series), rows, _axes(x, y, log, layout))


def bars(
    title: str, x: str, y: str, names: Sequence[str], series: Mapping[str, Sequence[float]], *,
    roles: Mapping[str, str] | None = None, stacked: bool = False, log: str = "", **layout: object,
) -> Chart:  # fmt: skip
    """One bar for each of `names` in each series, side by side or `stacked`; series differ by hatching too."""
    traces = tuple(
        {
            "type": "bar", "name": plotly_text(name), "x": [plotly_text(n) for n in names], "y": list(values),
            "marker": {"color": _role(name, i, roles), "pattern": HATCH | {"shape": HATCHES[i % 7]}},
        }
        for i, (name, values) in enumerate(series.items())
    )  # fmt: skip
    rows = tuple((n, *(values[i] for values in series.values())) for i, n in enumerate(names))
    more = {"barmode": "stack" if stacked else "group", "bargap": 0.3, **layout}
    return Chart(title, traces, (x, *series), rows, _axes(x, y, log, more))


def _axes(x: str, y: str, log: str, layout: Mapping[str, object]) -> dict:
    axes = {"xaxis": {"title": {"text": plotly_text(x)}}, "yaxis": {"title": {"text": plotly_text(y)}}}
    for letter in log:
        axes[f"{letter}axis"]["type"] = "log"
    return {**axes, **{k: {**axes[k], **v} if k in axes else v for k, v in layout.items()}}
