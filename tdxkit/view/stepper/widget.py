"""The stepper: a run, or two side by side, stepped in the browser; and a graph in which the reader is the scheduler.

    Stepper(run)                          # one run: keys ← → Home End PgUp PgDn, space plays
    Stepper(v2_run, v6_run)               # two runs under one position
    Stepper.scheduler(scenario, goal="…") # a button for every thread that can move
    print(Stepper(run))                   # the same as text
    Stepper(run, lines="c")               # the lanes in C, where the run is one of a shipped design or has its C by it; a button changes it
    Stepper(run).html("race.html")        # the same as one file that needs no kernel and no network

A model's own picture goes beside the state: `picture(state)` is a pure function from a state of the run to a drawing made with
tdxkit.view.kit.svg. Equal drawings travel once.

    from tdxkit.view.kit import svg

    def tree(state):
        pair = state["pair[0]"]
        root = svg.box(56, 2, 110, 32, "1G entry")
        leaf = svg.box(46, 50, 130, 34, "2M entry", "pair in place" if pair else "no pair", role="pair", dashed=not pair)
        return svg.drawing(222, 90, "PAMT of the region", root, svg.line((111, 34), (111, 50)), leaf)

    Stepper(run, picture=tree)

CSS classes and labels that tests and other pages may rely on: `.tdx-stepper` (aria-label "Stepper: TITLE"), buttons with
aria-label First, Back, Play/Pause, Next, Last, select Speed, `[role=slider]` (the timeline, aria-valuenow), `.tdx-count`,
`.tdx-lane` (aria-label: the actor; one `.tdx-log` for three or more actors without a text) with `li.tdx-now`, `li.tdx-next`, `li.tdx-done` and `.tdx-why`, `.tdx-state dd.tdx-lit`,
`.tdx-ways` (two buttons, aria-pressed: the language of the lanes; key l), `.tdx-say` (role status; `.tdx-broken`), `.tdx-pick` (data-actor), `.tdx-goal`, `.tdx-schedule`, `.tdx-paste input`, `.tdx-panel`.
"""

import json
from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

from tdxkit.errors import InputError, TdxkitError, printable
from tdxkit.rules import known
from tdxkit.run import Run
from tdxkit.view.kit.svg import Markup, esc, joined, script_json, visible
from tdxkit.view.stepper import graph_data as graphs
from tdxkit.view.stepper import lanes
from tdxkit.view.stepper.graph_data import EdgeRow, graph_data
from tdxkit.view.stepper.payload import LIMIT, Picture, in_other_lines, packed, run_data, window
from tdxkit.view.stepper.scripts import given, script, style

LANGUAGES = ("python", "c")
_CSP = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


class Stepper(anywidget.AnyWidget):
    """One run, or two under one position.

    picture: state -> drawing, see above. replay: schedule code -> Run, called for a pasted code (InputError: its line is shown).
    title, subtitle: of two runs together. position: where it starts; later `stepper.position` follows the reader. lines: "python" or "c", what
    the lanes of a shipped design show; by default what the reader chose last.
    """

    _esm = given(script)
    _css = given(style)
    data = traitlets.Unicode().tag(sync=True)  # {title, subtitle, views, offset, total} as JSON, at most LIMIT bytes
    position = traitlets.Int(0).tag(sync=True)
    asks = traitlets.Bool(False).tag(sync=True)  # is there a kernel function for pasted codes?
    lines = traitlets.Enum(LANGUAGES, "python").tag(sync=True)
    _chosen = "python"  # by the reader, in whichever stepper

    def __init__(
        self, *runs: Run, picture: Picture | None = None, replay: Callable[[str], Run] | None = None, title: str = "",
        subtitle: str = "", position: int = 0, lines: str = "", _walk: dict | None = None,
    ):  # fmt: skip
        if not (_walk or 1 <= len(runs) <= 2):
            raise InputError(f"{len(runs)} runs", "a stepper shows one run, or two side by side", "give one or two")
        self._runs, self._picture, self._replay, self._walk = runs, picture, replay, _walk
        self._titles = (title, subtitle)
        self._span = (0, 0)
        self._in_c = tuple(map(_in_c, runs))
        length = max((len(run) for run in runs), default=0)
        super().__init__(position=max(0, min(position, length)), asks=replay is not None, lines=self._spoken(lines))
        self._show(self.position)
        self.on_msg(self._heard)
        self.observe(lambda change: setattr(Stepper, "_chosen", change["new"]), "lines")

    def _spoken(self, lines: str) -> str:
        """The language to begin with. InputError for one that is not there."""
        if lines not in ("", *LANGUAGES):
            raise InputError(f"lines={printable(lines)}", "lanes are in python or in c", "use one of these")
        if lines == "c" and not any(self._in_c) and not (self._walk and "c" in self._walk):
            raise InputError(
                'lines="c"', "this run has no C beside it, nor is it one of a design that has", "leave it out"
            )
        return lines or Stepper._chosen

    @classmethod
    def scheduler(
        cls,
        scenario,
        goal: str = "",
        goal_text: str = "",
        picture: Picture | None = None,
        title: str = "",
        subtitle: str = "",
        lines: str = "",
    ) -> "Stepper":
        """The reader picks who moves next in a scenario of up to 5,000 states, all of which travel along: a `tdxkit.explore` Scenario, or
        what else `scenario_of` takes, such as a name, FILE.py:put or a put.

        goal: the rule to break, by name or id, "" for free play; goal_text says it in a sentence.
        """
        from tdxkit.c.designs import walk_in_c
        from tdxkit.c.naming import scenario_of
        from tdxkit.explore.reachable import graph
        from tdxkit.explore.telling import replay_steps

        scenario, meant = scenario_of(scenario), known(goal)
        goal = meant.name if meant else goal
        walked, begin = graph(scenario), replay_steps(scenario, ())
        walk = graph_data(walked, begin, goal=goal, goal_text=goal_text, picture=picture)
        if other := walk_in_c(walked, begin.code):
            walk["c"] = graphs.in_other_lines(*other)
        return cls(title=title, subtitle=subtitle, lines=lines, _walk=walk)

    def _top(self, start: int = 0, stop: int | None = None) -> dict:
        """What travels: the views from position `start` to `stop`."""
        if self._walk:
            views, total = [self._walk], 0
        else:
            total = max(map(len, self._runs))
            stop = total if stop is None else stop
            spans = [(min(start, len(run)), min(stop, len(run))) for run in self._runs]
            views = [run_data(run, self._picture, *span) for run, span in zip(self._runs, spans)]
            for view, other, span in zip(views, self._in_c, spans):
                if other:
                    view["c"] = in_other_lines(other, *span)
            if len(views) > 1:
                for view in views:
                    view["columns"] = max(len(v["steps"]) for v in views)
        title, subtitle = self._titles
        top = {"title": visible(title) or views[0]["title"], "subtitle": visible(subtitle) or views[0]["subtitle"]}
        if len(views) > 1 and not title:
            top |= {"title": " · ".join(v["title"] for v in views), "subtitle": "two runs under one position"}
        return {**top, "views": views, "offset": start, "total": total}

    def _show(self, position: int) -> None:
        total = self._top_total()
        start, stop, raw = window(lambda a, b: packed(self._top(a, b)), total, position, LIMIT)
        self._span = (start, stop)
        self.data = raw

    def _top_total(self) -> int:
        return max((len(run) for run in self._runs), default=0)

    def _heard(self, _widget, message: object, _buffers) -> None:
        """What the browser asks for: another stretch of a long run, or the run of a pasted code."""
        if not isinstance(message, dict):
            return
        more, ask = message.get("more"), message.get("ask")
        if isinstance(more, int) and not isinstance(more, bool) and 0 <= more <= self._top_total():
            self.position = more
            if not self._span[0] <= more <= self._span[1]:
                self._show(more)
        elif isinstance(ask, str) and self._replay:
            self.send({"answer": self.paste(ask)})

    def paste(self, code: str) -> str:
        """Show the run of a schedule code instead; returns the line that says what came of it."""
        try:
            run = self._replay(code[:4000])
        except TdxkitError as error:
            return str(error)
        self._runs, self._in_c = (run, *self._runs[1:]), (_in_c(run), *self._in_c[1:])
        self.position = 0
        self._show(0)
        return f"It fits: {len(run):,} steps."

    def __str__(self) -> str:
        views = self._top()["views"]
        return "\n\n".join(walk_text(view) if self._walk else lanes.as_text(view, self.lines) for view in views)

    def html(self, path: str | Path | None = None) -> str:
        """One page with the same markup and script and no network; written to `path` where one is given."""
        top = json.loads(self.data)
        boot = (
            'mount(document.getElementById("here"), JSON.parse(document.getElementById("run").textContent), '
            f'{{position: {self.position}, lines: "{self.lines}"}});'
        )
        page = (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{esc(_CSP)}">'
            f'<meta name="viewport" content="width=device-width"><title>{esc(top["title"])}</title><style>{given(style)}{PAGE}</style></head>\n'
            f'<body><main class="tdx"><div id="here">{self.still()}</div></main>\n<script type="application/json" id="run">{script_json(top)}</script>\n'
            f'<script type="module">{given(script)}\n{boot}</script></body></html>\n'
        )
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def still(self) -> Markup:
        """The markup at the present position without a script."""
        top = json.loads(self.data)
        views = enumerate(top["views"])
        return joined(*(lanes.still(view, self.position - top["offset"], f"tdx-still{i}") for i, view in views))

    def _repr_mimebundle_(self, **kwargs):
        """The widget; as text/plain the run in words, as text/html a still picture for pages without widgets."""
        made = super()._repr_mimebundle_(**kwargs)
        bundle, metadata = made if isinstance(made, tuple) else (made, {})
        text = str(self)
        fallback = {"text/plain": text if len(text) < 20_000 else text[:20_000] + "\n…"}
        fallback["text/html"] = f"<style>{given(style)}</style>{self.still()}"
        return ({**fallback, **{k: v for k, v in (bundle or {}).items() if k != "text/plain"}}, metadata)


PAGE = "body{margin:0}main{box-sizing:border-box;min-height:100vh;padding:16px;background:var(--tdx-paper)}#here{max-width:1180px;margin:auto}"


def _in_c(run: Run) -> Run | None:
    """The same run at the lines of C, where it has them."""
    if run.also or not run.code:
        return run.also
    from tdxkit.c.designs import in_c

    return in_c(run)


def walk_text(data: dict) -> str:
    """A graph to walk, in words: its size, the goal, and what each actor can do first."""
    g = data["graph"]
    rows = [data["title"], *([data["subtitle"]] if data["subtitle"] else [])]
    rows.append(f"{len(g['nodes']):,} states, {sum(map(len, g['edges'])):,} moves; you choose who moves next.")
    if g["goal"]:
        rows.append(f"Goal: break the rule “{g['goal']}”. {g['goalText']}".rstrip())
    for edge in (EdgeRow(*row) for row in g["edges"][0]):
        rows.append(f"  {g['actors'][edge.actor]} can begin with {g['strings'][edge.label]}")
    return "\n".join(rows)
