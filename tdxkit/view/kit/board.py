"""A board for a notebook: controls, and below them what is said of them and what is shown.

    class Sum(Board):
        def __init__(self):
            self.a, self.b = w.IntText(1), w.IntText(2)
            super().__init__([self.a, self.b])
            self.watch(self.a, self.b)

        def update(self):
            return f"the sum is {self.a.value + self.b.value}", [picture_of(self.a.value, self.b.value)]

A board asks one thing that it can answer itself: `question` says what to look for, `answer()` what has been found with the controls as
they stand, "" while they do not answer it. Once found it stays found.

What a board showed before it closes, with all that it held: neither the kernel nor the page keeps a stepper for each click.
A board of long work watches nothing: it calls `say` and `show` itself.
"""

from collections.abc import Callable, Iterable, Sequence

import ipywidgets as w

from tdxkit.errors import TdxkitError
from tdxkit.rules import SIGNS
from tdxkit.view.kit import live
from tdxkit.view.kit.charts import Chart
from tdxkit.view.kit.heard import LIVE, SHOWN, Heard
from tdxkit.view.kit.outputs import outputs
from tdxkit.view.kit.svg import Markup, element, framed, visible
from tdxkit.view.kit.verdict import STALE, Bar, alert, asked

ROW = {
    "flex_flow": "row wrap",
    "align_items": "center",
}  # data, not a Layout: a Layout is a widget, and each row closes its own
WIDE = {"width": "100%"}


class Board(w.VBox):
    """Rows of controls (a row is a widget, or several side by side), then `said` and `shown`.

    said: an HTML widget that stands in one of the rows already; by default a line of its own under them.
    """

    question = ""  # what there is to find by the controls

    def __init__(self, *rows: w.Widget | Sequence[w.Widget], said: w.HTML | None = None):
        self.said, self.shown = said or w.HTML(), w.VBox(layout=WIDE)
        self.asked = w.HTML() if self.question else None
        self.found = ""  # the answer, once there is one
        self._tag, self._updating = ("span" if said else "p"), False
        self._message: Markup | str = ""
        self.words = ""  # what is said, as text; "" of markup
        self._things: list[object] = []  # what is shown, as it was given
        rows = [row if isinstance(row, w.Widget) else w.HBox(row, layout=ROW) for row in rows]
        self._rows = rows
        self.shown.add_class(SHOWN)
        below = [*([] if said else [self.said]), *([self.asked] if self.asked else [])]
        self._heard = Heard()
        super().__init__([*rows, *below, self._heard, self.shown], layout=WIDE)
        self.add_class(LIVE)
        self._ask()

    def update(self) -> tuple[object, Iterable[object]]:
        """What to say of the controls as they stand, and the things to show: of each board its own. It may change controls."""
        raise NotImplementedError

    def answer(self) -> str:
        """What has been found of the question, in words, with the controls as they stand; "" where they do not answer it."""
        return ""

    def _ask(self, found: str = "") -> None:
        """Say the question, and the answer once it is found."""
        self.found = self.found or found
        if self.asked:
            self.asked.value = str(asked(self.question, self.found))

    @property
    def asked_text(self) -> str:
        """The question and what was found, for a board's text."""
        return "\n".join([f"Find: {self.question}", *([f"✓ Found: {self.found}"] if self.found else [])])

    def settled(self, does: Callable[[], object]) -> None:
        """Call this once the fields hold what the reader sees in them: a button may be heard before the letters that were typed first."""
        self._heard.settled(_all_in(self._rows), does)

    def watch(self, *controls: w.Widget) -> None:
        """Update now, and again whenever one of these has another value."""
        for control in controls:
            control.observe(self._changed, "value")
        self._changed()

    def _changed(self, _change=None) -> None:
        if self._updating:  # update() itself changed a control
            return
        self._updating = True
        try:
            said, shown = self.update()
            self.show(shown)
            self.say(said)
            self._ask(self.answer())
        except TdxkitError as error:  # what was shown stays, as what it is: older
            self.complain(error)
        finally:
            self._updating = False

    def say(self, what: object, role: str = "status") -> None:
        """Say a line, escaped; a verdict, or markup, as it is; "" says nothing. role: "status", or "alert" for what went wrong."""
        if role == "alert":
            made = alert(what)
        elif isinstance(what, Bar):
            made = what.html()
        else:
            made = (
                what
                if what == ""
                else framed(what if isinstance(what, Markup) else element(self._tag, what, role=role))
            )
        self.said.layout.flex = "1 1 100%" if role == "alert" else None  # a line of its own, also in a row
        words = "" if isinstance(what, Markup) else visible(str(what))
        self.words = f"{SIGNS['']} {words}" if role == "alert" else words
        self._message = made
        self.said.value = str(made)

    def complain(self, error: object) -> None:
        """Say what went wrong, in red; what is shown is older, and looks it."""
        if self.shown.children:
            self.shown.add_class(STALE)
        self.say(error, "alert")

    def show(self, things: Iterable[object]) -> None:
        """Show these instead: widgets, markup, charts, and whatever has `html()`. What is no longer shown is closed."""
        self._things = list(things)
        made = [_made(thing) for thing in self._things]
        before = self.shown.children
        self.shown.remove_class(STALE)
        self.shown.children = [_placed(thing, *before[at : at + 1]) for at, thing in enumerate(made)]
        for widget in _all_in(before) - _all_in([self]):
            widget.close()

    @property
    def reached(self) -> int:
        """Where the reader stands in what can be stepped here, 0 where nothing can: what takes its place begins there."""
        return next((child.position for child in self.shown.children if hasattr(child, "position")), 0)

    def __str__(self) -> str:
        """What is said and asked, and what is shown, in words; also of a board whose first input was refused."""
        things = [str(one) for one in self._things if not isinstance(one, Markup)]
        return "\n".join(filter(None, [self.words, self.asked_text if self.question else "", *things]))

    needs_kernel = True

    def static(self) -> Markup:
        """How the board stands now: what is set, what is said, what is shown; nothing of it can be changed."""
        question = asked(self.question, self.found) if self.question else ""
        things = map(live.static, self._things)
        return framed(live.settings(self._rows), self._message, question, *things, class_="tdx-board")

    def _ipython_display_(self) -> None:
        live.display(self)


def _made(thing: object) -> w.Widget | Markup:
    """What shows a thing: a chart is drawn by the page, in an output of its own."""
    if isinstance(thing, w.Widget | Markup):
        return thing
    return w.Output(outputs=outputs([thing]), layout=WIDE) if isinstance(thing, Chart) else thing.html()


def _placed(thing: w.Widget | Markup, before: w.Widget | None = None) -> w.Widget:
    """The widget that shows a thing; markup takes over an HTML widget that stands there, so that the page does not jump."""
    if isinstance(thing, w.Widget):
        return thing
    shown = str(framed(thing))
    if type(before) is not w.HTML:
        return w.HTML(shown)
    before.value = shown
    return before


def _all_in(widgets: Iterable[w.Widget]) -> set[w.Widget]:
    """Widgets and all that they hold: children, layouts, styles."""
    found, waiting = set(), list(widgets)
    while waiting:
        widget = waiting.pop()
        if widget not in found:
            found.add(widget)
            values = [getattr(widget, name) for name in widget.keys]
            parts = [part for value in values for part in (value if isinstance(value, list | tuple) else (value,))]
            waiting += [part for part in parts if isinstance(part, w.Widget)]
    return found
