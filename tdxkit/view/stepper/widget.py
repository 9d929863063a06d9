"""The stepper: a run, or two side by side, stepped in the browser; and a graph in which the reader is the scheduler.

    Stepper(run)                          # one run: keys ← → Home End PgUp PgDn, space plays
    Stepper(v2_run, v6_run)               # two runs under one position
    Stepper.scheduler(scenario, goal="…") # a button for every thread that can move
    print(Stepper(run))                   # the same as text
    Stepper(run, lines="c")               # the lanes in C, where the run is one of a shipped design or has its C by it; a button changes it
    Stepper(run, fog=True)                # what has not been visited is not shown
    Stepper(run).html("race.html")        # the same as one file that needs no kernel and no network

In a notebook it is plain HTML, which steps without a kernel and in a page that nbconvert makes; a widget stands in its place only
where Python must answer, for a pasted code or a run too long to send whole.

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
aria-label First, Back, Play/Pause, Next, Last, selects Speed, Form, Chapter, "Steps that touch", `[role=slider]` (the timeline,
aria-valuenow), `.tdx-count`, `.tdx-say` (role status; `.tdx-broken`) with `.tdx-cause` and `.tdx-chip` for each change,
`.tdx-lane` (aria-label: the actor; one `.tdx-log` for three or more actors without a text) with `li.tdx-now`, `li.tdx-next`,
`li.tdx-done` and `.tdx-why`, `.tdx-state dd.tdx-lit`, `.tdx-ways` (two buttons, aria-pressed: the language of the lanes; key l),
`.tdx-fog` (a button that shows all), `.tdx-pick` (data-actor), `.tdx-goal`, `.tdx-schedule`, `.tdx-paste input`, `.tdx-panel`.
"""

from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import anywidget
import traitlets

from tdxkit.errors import InputError, TdxkitError, printable
from tdxkit.explore import replay
from tdxkit.rules import known
from tdxkit.run import Run
from tdxkit.view.kit import live, svg, theme
from tdxkit.view.kit.svg import Markup, alone, element, framed, script_json, style, visible
from tdxkit.view.stepper import scripts, still
from tdxkit.view.stepper.graph_data import graph_data
from tdxkit.view.stepper.payload import LIMIT, aligned, in_other_lines, packed, run_data, window
from tdxkit.view.stepper.pictures import Picture
from tdxkit.view.stepper.scripts import given
from tdxkit.view.stepper.timeline import timeline
from tdxkit.view.stepper.walks import taken_over, walk_of

LANGUAGES = ("python", "c")
LONGEST_CODE = 4_000  # letters of a schedule code that a page sends


class Stepper(anywidget.AnyWidget):
    """One run, or two under one position.

    picture: state -> drawing, see above. replay: schedule code -> Run, called for a pasted code (InputError: its line is shown).
    title, subtitle: of two runs together. position: where it starts; later `stepper.position` follows the reader. lines: "python" or "c", what
    the lanes of a shipped design show; by default what the reader chose last.
    """

    _esm = given(scripts.script)
    _css = given(scripts.style)
    data = traitlets.Unicode().tag(sync=True)  # {title, subtitle, views, offset, total} as JSON, at most LIMIT bytes
    position = traitlets.Int(0).tag(sync=True)
    asks = traitlets.Bool(False).tag(sync=True)  # is there a kernel function for pasted codes?
    lines = traitlets.Enum(LANGUAGES, "python").tag(sync=True)
    _chosen = "python"  # by the reader, in whichever stepper
    _made = False

    def __init__(
        self, *runs: Run, picture: Picture | None = None, replay: Callable[[str], Run] | None = None, title: str = "",
        subtitle: str = "", position: int = 0, lines: str = "", fog: bool = False, _walk: dict | None = None,
    ):  # fmt: skip
        if not (_walk or 1 <= len(runs) <= 2):
            raise InputError(f"{len(runs)} runs", "a stepper shows one run, or two side by side", "give one or two")
        self._runs, self._picture, self._replay, self._walk = runs, picture, replay, _walk
        self._titles, self._fog, self._given = (title, subtitle), fog, bool(lines)
        self._in_c, self._over = tuple(map(_in_c, runs)), tuple(taken_over(run, picture) for run in runs)
        length = len(_walk.get("path", ())) if _walk else max(map(len, runs))
        super().__init__(position=max(0, min(position, length)), asks=replay is not None, lines=self._spoken(lines))
        self._made = True
        self._show(self.position)
        self.on_msg(self._heard)
        self.observe(lambda change: setattr(Stepper, "_chosen", change["new"]), "lines")

    def open(self) -> None:
        """Join it to its page: not before the widget itself is shown, for plain HTML needs none."""
        if self._made:
            super().open()

    @property
    def model_id(self) -> str:
        """The id under which a page knows the widget."""
        self.open()
        return super().model_id

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
        cls, scenario, goal: str = "", goal_text: str = "", picture: Picture | None = None, title: str = "", subtitle: str = "", lines: str = "",
    ) -> "Stepper":  # fmt: skip
        """The reader picks who moves next in a scenario of up to 5,000 states, all of which travel along: a `tdxkit.explore` Scenario, or
        what else `scenario_of` takes, such as a name, FILE.py:put or a put.

        goal: the rule to break, by name or id, "" for free play; goal_text says it in a sentence.
        """
        from tdxkit.c.naming import scenario_of

        meant = known(goal)
        walk = walk_of(scenario_of(scenario), meant.name if meant else goal, goal_text, picture)
        return cls(title=title, subtitle=subtitle, lines=lines, _walk=walk)

    @classmethod
    def walked(
        cls, graph, begin: Run, goal: str = "", goal_text: str = "", path: tuple[int, ...] = (), **more
    ) -> "Stepper":
        """The reader picks who moves next in a `tdxkit.explore.reachable.Graph` of up to 5,000 states, whose beginning is told by the run of no
        steps `begin`. path: the edges of a way that has been gone already. Else as `scheduler`."""
        walk = graph_data(graph, begin, goal=goal, goal_text=goal_text)
        return cls(position=len(path), _walk={**walk, "path": list(path)}, **more)

    def in_fog(self) -> "Stepper":
        """This stepper, in which what has not been visited is not shown."""
        self._fog = True
        self._show(self.position)
        return self

    def _top(self, start: int = 0, stop: int | None = None) -> dict:
        """What travels: the views from position `start` to `stop`; of a stretch that begins later also the step that led to its beginning."""
        first = start
        if self._walk:
            views, total, start = [self._walk], 0, 0
        else:
            total, start = self._top_total(), max(start - 1, 0)
            stop = total if stop is None else stop
            spans = [(max(min(start, len(run) - 1), 0), min(stop, len(run))) for run in self._runs]
            views = [run_data(run, self._picture, *span) for run, span in zip(self._runs, spans)]
            for view, other, span, over in zip(views, self._in_c, spans, self._over):
                if other:
                    view["c"] = in_other_lines(other, *span)
                if over:
                    view["ways"] = over
            if len(views) > 1:
                aligned(*views, self._parts)
        for view in views:
            view["fog"] = self._fog
        title, subtitle = self._titles
        common = views[0]["subtitle"] if len({view["subtitle"] for view in views}) == 1 else ""
        top = {"title": visible(title) or views[0]["title"], "subtitle": visible(subtitle) or common}
        if len(views) > 1 and not title:
            top |= {"title": " · ".join(v["title"] for v in views), "subtitle": "two runs under one position"}
        return {**top, "views": views, "offset": start, "first": first, "total": total, "fog": self._fog}

    @property
    def _parts(self) -> int:
        """The first step at which two runs part, 0 where they do not."""
        pairs = enumerate(zip_longest(*(run.steps for run in self._runs)), 1)
        return next((k for k, (a, b) in pairs if a is None or b is None or (a.actor, a.label) != (b.actor, b.label)), 0)

    def _show(self, position: int) -> None:
        self._span, self._sent, self.data = self._stretch(position)

    def _stretch(self, position: int) -> tuple[tuple[int, int], dict, str]:
        """The longest stretch around a position that may travel: from where to where, what it has, and that as JSON."""
        made: dict = {}

        def build(start: int, stop: int) -> str:
            made["top"] = self._top(start, stop)
            return packed(made["top"])

        start, stop, raw = window(build, self._top_total(), position, LIMIT)
        return (start, stop), made["top"], raw

    @property
    def _here(self) -> dict:
        """What travels around the present position: a reader may have gone beyond what was sent to all."""
        first, last = self._span
        return self._sent if self._walk or first <= self.position <= last else self._stretch(self.position)[1]

    def _top_total(self) -> int:
        return max((len(run) for run in self._runs), default=0)

    def _heard(self, _widget, message: object, _buffers) -> None:
        """What one of the pages says that show this stepper, each to its reader: where that one stands, in which language; and what it asks for:
        another stretch of a long run, the run of a pasted code, the states beyond those that it has."""
        if not isinstance(message, dict):
            return
        at, lines, more, ask = map(message.get, ("at", "lines", "more", "ask"))
        if _is_place(at, LONGEST_CODE if self._walk else self._top_total()):  # a walk goes as far as a code may
            with self._lock_property(position=at):  # the other readers stay where they are
                self.position = at
        elif lines in LANGUAGES:
            with self._lock_property(lines=lines):
                self.lines = lines
        elif _is_place(more, self._top_total()) and not self._walk:
            self.send({"stretch": self._stretch(more)[2], "reader": message.get("reader")})
        elif isinstance(ask, str) and self._replay:
            self.send({"answer": self.paste(ask)})
        elif isinstance(beyond := message.get("beyond"), str) and (ways := self._ways_beyond(beyond[:LONGEST_CODE])):
            self.send({"beyond": ways})

    def paste(self, code: str) -> str:
        """Show the run of a schedule code instead; returns the line that says what came of it."""
        try:
            run = self._replay(code[:LONGEST_CODE])
        except TdxkitError as error:
            return str(error)
        self._runs, self._in_c = (run, *self._runs[1:]), (_in_c(run), *self._in_c[1:])
        self._over = (taken_over(run, self._picture), *self._over[1:])
        self.position = 0
        self._show(0)
        return f"It fits: {len(run):,} steps."

    def _ways_beyond(self, code: str) -> dict | None:
        """The states around where a reader's own path has led, who took a run over and came to where those that came along end."""
        run = next((run for run in self._runs if run.scenario), None)
        try:
            return run and taken_over(replay(run.scenario, code), self._picture, ahead=True)
        except TdxkitError:  # a code of another scenario, which no page of ours sends
            return None

    def __str__(self) -> str:
        views = self._top()["views"]
        return "\n\n".join(
            still.walk_as_text(view) if self._walk else still.as_text(view, self.lines) for view in views
        )

    @property
    def needs_kernel(self) -> bool:
        """Must Python answer, for a pasted code, the rest of a long run, or the rest of its states?"""
        beyond = any(ways and ways["graph"]["cut"] for ways in self._over)
        return self.asks or beyond or self._span != (0, self._top_total())

    def html(self, path: str | Path | None = None) -> str:
        """One page with the same markup and script and no network; written to `path` where one is given."""
        page = svg.page(self._sent["title"], style(PAGE), element("main", self.static(), class_="tdx"))
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def drawing(self) -> str:
        """The timeline at the present position as an SVG file; its colours follow the reader's system."""
        view = self._here["views"][0]
        return str(alone(timeline(view, self.position - view["offset"]), style(theme.image_css() + still.PLOT)))

    def static(self) -> Markup:
        """The stepper as markup that steps by itself: its picture and words, its run, its style and script."""
        at = {
            "data_position": self.position,
            "data_lines": self.lines if self._given else "",
            "data_script": scripts.version(),
        }
        here = self._here
        place = element("div", still.views(here, self.position), script_json(here), class_="tdx-run", **at)
        return framed(
            style(scripts.style()), place, svg.packed_script(scripts.script(), f'mountHere("{scripts.version()}");')
        )

    def still(self) -> Markup:
        """The markup at the present position without a script."""
        return still.views(self._here, self.position)

    def _ipython_display_(self) -> None:
        live.display(self)


PAGE = "body{margin:0}main{box-sizing:border-box;min-height:100vh;padding:16px;background:var(--tdx-paper)}main>.tdx{max-width:1180px;margin:auto}"


def _is_place(number: object, last: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= last


def _in_c(run: Run) -> Run | None:
    """The same run at the lines of C, where it has them."""
    if run.also or not run.code:
        return run.also
    from tdxkit.c.designs import in_c

    return in_c(run)
