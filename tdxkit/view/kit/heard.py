"""The line of a board that says when no kernel hears it, in red; it takes no room while one does.

A board's controls are of many kinds, and after a restart none of them says anything. So the line asks whenever one of them was used, and
says so where no answer has come by the time the kernel has dealt with the question: one that is busy is waited for.

It also sees to it that Lab's shortcuts of a single key leave a control alone that has the focus: an arrow chooses from a list, and no cell.
"""

from pathlib import Path

import anywidget

from tdxkit.view.kit import scripts, theme

PAGE = Path(__file__).parent / "page"
LIVE, SHOWN = "tdx-live", "tdx-shown"  # the classes of a board, and of what is shown in it


class Heard(anywidget.AnyWidget):
    """See the module. It stands in a board, and asks for whatever is used there."""

    _esm = scripts.script(PAGE, "heard.js")
    _css = theme.css() + scripts.read(PAGE, "heard.css")

    def __init__(self):
        super().__init__()
        self.on_msg(self._asked)

    def _asked(self, _widget, message: object, _buffers) -> None:
        if isinstance(message, dict) and isinstance(number := message.get("asked"), int):
            self.send({"heard": number})

    def __str__(self) -> str:
        return ""
