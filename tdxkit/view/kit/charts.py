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
from pathlib import Path
from textwrap import wrap

from tdxkit.text import columns
from tdxkit.view.kit import scripts, theme
from tdxkit.view.kit.chart_svg import draw
from tdxkit.view.kit.picture import shown_or_image
from tdxkit.view.kit.scales import log_axis, told_apart
from tdxkit.view.kit.svg import Markup, element, esc, framed, joined, script, style, visible
from tdxkit.view.kit.tables import table
from tdxkit.view.kit.theme import ACTORS, BOTH_GRID, BOTH_INK, ROLES

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
STAIRS = (
    "solid",
    "5px,2px",
    "dot",
    "8px,2px,2px,2px",
    "10px,3px",
    "2px,3px,6px,3px",
)  # short: a riser must not fall into a gap
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "x")
HATCHES = ("", "/", ".", "\\", "x", "-", "|")
HATCH = {
    "size": 6,
    "solidity": 0.2,
    "fillmode": "overlay",
    "fgcolor": "rgba(255,255,255,.65)",
}  # light lines on the colour
MARKED = 30  # points of a series up to which each has its marker: more would hide the line
ROWS = 200  # of a table under a chart; print(chart) has all
TITLE = 64  # letters of a title in one row
MIME = "application/vnd.plotly.v1+json"
# The figure itself has a grey that both papers bear; where the page's own ink is known, its texts take that.
_STYLE = (
    ".js-plotly-plot .plotly svg text{fill:var(--jp-ui-font-color1,CanvasText)!important}"
    ".js-plotly-plot .plotly .modebar-btn path{fill:var(--jp-ui-font-color2,GrayText)!important}"
    ".tdx.tdx-chart-table summary{cursor:pointer;color:var(--jp-ui-font-color2,GrayText);font-size:13px;width:max-content}"
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
        return visible("\n".join([self.title, *columns(self.header, self.rows)]))

    def figure(self):
        """The chart as a `plotly.graph_objects.Figure`, checked by plotly."""
        from plotly.graph_objects import Figure

        return Figure(self.spec())

    def spec(self) -> dict:
        """The chart as plotly's JSON form."""
        layout = base_layout(self.title, **{"showlegend": len(self.traces) > 1, **self.layout})
        return {"data": [dict(t) for t in self.traces], "layout": layout}

    def drawing(self) -> Markup:
        """The chart as a drawing of our own, for a page without plotly."""
        spec = self.spec()
        picture = draw(self.title, spec["data"], spec["layout"])
        return framed(style(theme.css()), shown_or_image(picture, self.title), class_="tdx-chart")

    def table_html(self) -> Markup:
        """The table, folded; the few style rules that let the figure follow the page's theme; and what gives the figure its name."""
        made = table(
            self.header, self.rows[:ROWS], f"the first {ROWS} of {len(self.rows):,} rows" * (len(self.rows) > ROWS)
        )
        folded = element("details", element("summary", "as a table"), made.html())
        return framed(style(_STYLE), folded, script(_NAMING), class_="tdx-chart-table", data_chart=self.title)

    def static(self) -> Markup:
        """The drawing with its table."""
        return joined(self.drawing(), self.table_html())

    def live(self) -> dict:
        """The figure as plotly's, with the drawing for who has no plotly, and the table as its text."""
        config = {
            "displayModeBar": False
        }  # not "responsive": Lab sees to the width, and plotly lets the height collapse
        return {MIME: {**self.spec(), "config": config}, "text/html": str(self.drawing()), "text/plain": str(self)}

    def bundle(self) -> dict:
        """All of it as one mime bundle."""
        return {**self.live(), "text/html": str(self.static())}

    def outputs(self) -> tuple[dict, dict]:
        """The same as two: the figure or its drawing, and the one table that stands under either."""
        return self.live(), {
            "text/html": str(self.table_html()),
            "text/plain": "(the same as a table: print the chart)",
        }

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for output in self.outputs():
            display(output, raw=True)


_NAMING = scripts.read(Path(__file__).parent / "page", "named.js")


def base_layout(title: str, **more: object) -> dict:
    """A layout that both themes bear: clear paper, mid grey text and grid; `more` is laid over it, axis by axis."""
    axis = {
        "title": {"font": {"size": 13}},
        "gridcolor": BOTH_GRID,
        "zerolinecolor": BOTH_GRID,
        "linecolor": BOTH_INK,
        "automargin": True,
        "exponentformat": "none",
        "separatethousands": True,
    }
    rows = wrap(title, TITLE) or [""]
    above = 40 + 20 * (len(rows) - 1)  # pixels of the title
    high = float(more.get("height", 360))
    layout = {
        "title": {
            "text": "<br>".join(map(plotly_text, rows)),
            "x": 0,
            "xref": "container",
            "y": 1,
            "yanchor": "top",
            "pad": {"l": 12, "t": 12},
            "font": {"size": 15},
        },
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": BOTH_INK, "size": 13},
        "margin": {"l": 60, "r": 20, "t": above + 32, "b": 48},
        "height": 360,
        "hovermode": "closest",
        "legend": {
            "orientation": "h",
            "xref": "container",
            "x": 0.01,
            "xanchor": "left",
            "yref": "container",
            "y": 1 - above / high,
            "yanchor": "top",
            "traceorder": "normal",
        },
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
    """Text for a chart: plotly reads a little HTML in its texts, and TeX between two $ where a page has MathJax, so everything is escaped."""
    return str(esc(value)).replace("$", "&#36;")


def _role(name: str, index: int, roles: Mapping[str, str] | None) -> str:
    return ROLES[(roles or {}).get(name, ACTORS[index % len(ACTORS)])].both


def lines(
    title: str, x: str, y: str, series: Mapping[str, Sequence[tuple[float, float]]], *,
    roles: Mapping[str, str] | None = None, steps: bool = False, log: str = "", **layout: object,
) -> Chart:  # fmt: skip
    """Series of (x, y) points as lines; `steps` draws stairs, `log` is "", "x", "y" or "xy"."""
    traces = []
    mode = "lines" if max(map(len, series.values()), default=0) > MARKED else "lines+markers"
    for i, (name, points) in enumerate(series.items()):
        colour = _role(name, i, roles)
        traces.append({
            "type": "scatter", "mode": mode, "name": plotly_text(name),
            "x": [p[0] for p in points], "y": [p[1] for p in points],
            "line": {"color": colour, "dash": (STAIRS if steps else DASHES)[i % 6], "width": 2, "shape": "hv" if steps else "linear"},
            "marker": {"color": colour, "symbol": SYMBOLS[i % 6], "size": 7},
        })  # fmt: skip
    xs = sorted({p[0] for points in series.values() for p in points})
    at = {name: dict(points) for name, points in series.items()}
    rows = tuple((v, *(at[name].get(v) for name in series)) for v in xs)
    return Chart(title, tuple(traces), (x, *series), rows, _axes(x, y, log, traces, layout))


def bars(
    title: str, x: str, y: str, names: Sequence[str], series: Mapping[str, Sequence[float]], *,
    roles: Mapping[str, str] | None = None, stacked: bool = False, log: str = "", **layout: object,
) -> Chart:  # fmt: skip
    """One bar for each of `names` in each series, side by side or `stacked`; series differ by hatching too. One that is zero everywhere has
    no bar and no entry in the legend of a logarithmic chart; the table has it."""
    places = [plotly_text(n) for n in told_apart(names)]
    traces = tuple(
        {
            "type": "bar", "name": plotly_text(name), "x": places, "y": list(values),
            "marker": {"color": _role(name, i, roles), "pattern": HATCH | {"shape": HATCHES[i % 7]}},
        }
        for i, (name, values) in enumerate(series.items())
        if any(values) or "y" not in log
    )  # fmt: skip
    rows = tuple((n, *(values[i] for values in series.values())) for i, n in enumerate(names))
    more = {"barmode": "stack" if stacked else "group", "bargap": 0.3, **layout}
    return Chart(title, traces, (x, *series), rows, _axes(x, y, log, traces, more))


def _axes(x: str, y: str, log: str, traces: Sequence[Mapping], layout: Mapping[str, object]) -> dict:
    """The axes: titled; from zero, where they are not logarithmic; names stay names where they look like numbers or dates."""
    bars = any(trace["type"] == "bar" for trace in traces)
    axes: dict[str, dict] = {"xaxis": {"title": {"text": plotly_text(x)}}, "yaxis": {"title": {"text": plotly_text(y)}}}
    axes["yaxis"]["rangemode"] = "tozero"
    axes["xaxis"] |= {"type": "category"} if bars else {}
    for letter in log:
        axes[f"{letter}axis"] |= log_axis([v for trace in traces for v in trace[letter]], bars)
    return {**axes, **{k: {**axes[k], **v} if k in axes else v for k, v in layout.items()}}
