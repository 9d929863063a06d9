"""How a view that needs Python shows itself in a notebook: its static form, and the widget in its place while there is a kernel.

A widget's output has no fallback: without its kernel JupyterLab prints an error where it stood. So the static form is an output of its
own before it; style rules show the one or the other, without a script, and a script empties the one that the other hides.

    static(view)     # one form of any view: for a page that nbconvert makes, for the book, for a notebook without its kernel
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import ipywidgets as w

from tdxkit.view.kit import scripts
from tdxkit.view.kit.svg import Markup, element, framed, joined, script, style

# A widget's output is a panel: drawn it has an element in it, else only the words of an error or of waiting.
_OUTPUT, _PANEL = ".jp-OutputArea-child", ".jp-OutputArea-output.lm-Panel"
RULES = (
    f"{_OUTPUT}:has(.tdx-beside):has(+ {_OUTPUT} > {_PANEL} > *){{display:none}}"
    f"{_OUTPUT}:has(.tdx-beside) + {_OUTPUT}:has(> {_PANEL}):not(:has(> {_PANEL} > *)){{display:none}}"
)
UNSEEN = f"{_OUTPUT}:has(.tdx-listened) + {_OUTPUT}{{display:none}}"
EMPTIES = scripts.lean(scripts.read(Path(__file__).parent / "page", "beside.js"))
MOST_TEXT = 20_000  # characters of a text twin that goes into a notebook


def static(view: object) -> Markup:
    """The one form of a view that needs neither Python nor a network."""
    if isinstance(view, Markup):
        return view
    if hasattr(view, "static"):
        return view.static()
    if hasattr(view, "html"):
        return view.html()
    return element("pre", str(view)) if not isinstance(view, w.Widget) else joined()


def display(view) -> None:
    """Show a view that has `static()` and `needs_kernel`, and is a widget, in a notebook."""
    from IPython.display import display as show

    text = str(view)
    text = text if len(text) < MOST_TEXT else text[:MOST_TEXT] + "\n…"
    if not view.needs_kernel:
        show({"text/html": str(view.static()), "text/plain": text}, raw=True)
        return
    beside = framed(style(RULES), view.static(), script(EMPTIES), class_="tdx-beside")
    show({"text/html": str(beside), "text/plain": text}, raw=True)
    _show(view)


def display_heard(view, listener: w.Widget) -> None:
    """Show a view whose static form is all there is to see, and beside it, unseen, the widget that listens to it for Python."""
    from IPython.display import display as show

    heard = framed(style(UNSEEN), view.static(), class_="tdx-listened")
    show({"text/html": str(heard), "text/plain": str(view)}, raw=True)
    _show(listener)


def _show(widget: w.Widget) -> None:
    from IPython.display import display as show

    made = widget._repr_mimebundle_()
    bundle = made[0] if isinstance(made, tuple) else made
    show({**bundle, "text/plain": ""}, raw=True)


def settings(rows: Iterable[w.Widget]) -> Markup:
    """How the controls of a board stand, in words."""
    said = [element("span", words) for control in rows for words in _stands(control)]
    texts = [element("pre", text) for control in rows for text in _texts(control)]
    # The dots are for a page that takes style away.
    told = element("p", *[part for one in said for part in (" · ", one)][1:], class_="tdx-set") if said else ""
    return joined(told, *texts)


def _controls(widget: w.Widget) -> Iterator[w.Widget]:
    """A widget and those that it holds."""
    for child in getattr(widget, "children", ()):
        yield from _controls(child)
    yield widget


def _stands(row: w.Widget) -> Iterator[str]:
    for control in _controls(row):
        name = getattr(control, "description", "").strip(" :")
        if not name or isinstance(control, w.Button | w.FileUpload | w.Textarea) or not hasattr(control, "value"):
            continue
        if isinstance(control, w.Checkbox | w.ToggleButton | w.Valid):
            yield f"{'☑' if control.value else '☐'} {name}"
        elif (value := getattr(control, "label", control.value)) != "":
            yield f"{name}: {value}"


def _texts(row: w.Widget) -> Iterator[str]:
    for control in _controls(row):
        text = control.value if isinstance(control, w.Textarea) else getattr(control, "text", "")
        if isinstance(text, str) and text.strip():
            yield text
