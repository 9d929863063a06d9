"""A board for a notebook: controls, and below them what is said of them and what is shown.

    class Sum(Board):
        def __init__(self):
            self.a, self.b = w.IntText(1), w.IntText(2)
            super().__init__([self.a, self.b])
            self.watch(self.a, self.b)

        def update(self):
            return f"the sum is {self.a.value + self.b.value}", [picture_of(self.a.value, self.b.value)]

What a board showed before it closes, with all that it held: neither the kernel nor the page keeps a stepper for each click.
A board of long work watches nothing: it calls `say` and `show` itself.
"""

from collections.abc import Iterable, Sequence

import ipywidgets as w

from tdxkit.errors import TdxkitError
from tdxkit.view.kit.svg import Markup, element

ROW = {
    "flex_flow": "row wrap",
    "align_items": "center",
}  # data, not a Layout: a Layout is a widget, and each row closes its own
WIDE = {"width": "100%"}


class Board(w.VBox):
    """Rows of controls (a row is a widget, or several side by side), then `said` and `shown`.

    said: an HTML widget that stands in one of the rows already; by default a line of its own under them.
    """

    def __init__(self, *rows: w.Widget | Sequence[w.Widget], said: w.HTML | None = None):
        self.said, self.shown = said or w.HTML(), w.VBox(layout=WIDE)
        self._tag, self._updating = ("span" if said else "p"), False
        rows = [row if isinstance(row, w.Widget) else w.HBox(row, layout=ROW) for row in rows]
        super().__init__([*rows, *([] if said else [self.said]), self.shown], layout=WIDE)

    def update(self) -> tuple[object, Iterable[object]]:
        """What to say of the controls as they stand, and the things to show: of each board its own. It may change controls."""
        raise NotImplementedError

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
        except TdxkitError as error:  # said in one line; what was shown stays
            self.say(error, "alert")
        finally:
            self._updating = False

    def say(self, what: object, role: str = "status") -> None:
        """Say a line, escaped; or markup, as it is. role: "status", or "alert" for what went wrong."""
        self.said.value = str(what if isinstance(what, Markup) else element(self._tag, str(what), role=role))

    def show(self, things: Iterable[object]) -> None:
        """Show these instead: widgets, markup, and whatever has `html()`. What is no longer shown is closed."""
        made = [thing if isinstance(thing, w.Widget | Markup) else thing.html() for thing in things]
        before = self.shown.children
        self.shown.children = [_placed(thing, *before[at : at + 1]) for at, thing in enumerate(made)]
        for widget in _all_in(before) - _all_in([self]):
            widget.close()


def _placed(thing: w.Widget | Markup, before: w.Widget | None = None) -> w.Widget:
    """The widget that shows a thing; markup takes over an HTML widget that stands there, so that the page does not jump."""
    if isinstance(thing, w.Widget):
        return thing
    if type(before) is not w.HTML:
        return w.HTML(str(thing))
    before.value = str(thing)
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
