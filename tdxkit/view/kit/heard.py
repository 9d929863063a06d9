"""The line of a board that says when no kernel hears it, in red; it takes no room while one does.

A board's controls are of many kinds, and after a restart none of them says anything. So the line asks whenever one of them was used, and
says so where no answer has come by the time the kernel has dealt with the question: one that is busy is waited for.

It also sees to it that Lab's shortcuts of a single key leave a control alone that has the focus: an arrow chooses from a list, and no cell.

And it brings what is typed. A button's message may come before the last letters of a field: a page keeps them back while the kernel is busy
with the letters before, and a kernel may handle them in another thread.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import anywidget
import ipywidgets as w
import traitlets

from tdxkit.view.kit import scripts, theme

PAGE = Path(__file__).parent / "page"
LIVE, SHOWN = "tdx-live", "tdx-shown"  # the classes of a board, and of what is shown in it


class Heard(anywidget.AnyWidget):
    """See the module. It stands in a board, and asks for whatever is used there."""

    _esm = scripts.script(PAGE, "heard.js")
    _css = theme.css() + scripts.read(PAGE, "heard.css")

    def __init__(self):
        self._pages = 0  # on which it stands
        self._fields: dict[str, tuple[w.Widget, str]] = {}
        self._waiting: Callable[[], object] | None = None
        super().__init__()
        self.on_msg(self._told)

    def settled(self, controls: Iterable[w.Widget], does: Callable[[], object]) -> None:
        """Call this once these hold what the reader has typed in them: at once where no page shows them."""
        if not self._pages:
            does()
            return
        self._fields = {one.model_id: (one, trait) for one in controls if (trait := _typed(one))}
        self._waiting = does
        self.send({"typed": [[model, trait] for model, (_, trait) in self._fields.items()]})

    def _told(self, _widget, message: object, _buffers) -> None:
        if not isinstance(message, dict):
            return
        if isinstance(number := message.get("asked"), int):
            self.send({"heard": number})
        if isinstance(here := message.get("here"), bool):
            self._pages += 1 if here else -1
        if isinstance(typed := message.get("typed"), dict) and (does := self._waiting):
            self._waiting = None
            for model, (field, trait) in self._fields.items():
                _take(field, trait, typed.get(model))
            does()

    def __str__(self) -> str:
        return ""


def _typed(control: w.Widget) -> str:
    """The trait with what is typed in a control, "" where nothing is."""
    return "value" if isinstance(control, w.Text | w.Textarea) else getattr(control, "typed", "")


def _take(field: w.Widget, trait: str, value: object) -> None:
    """This field holds what its page has; the page, which may be further on, is not told."""
    try:
        with field._lock_property(**{trait: value}):
            field.set_trait(trait, value)
    except traitlets.TraitError:  # no text: the page has no such field
        pass
