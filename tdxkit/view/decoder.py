"""Status codes at hand in a notebook: type one, paste a log, or put one value to the kernel's questions in every form."""

import ipywidgets as w

from tdxkit.intake import pasted
from tdxkit.status import decode
from tdxkit.status.kernel_rules import PLACES
from tdxkit.status.predicates import FORMS, answers
from tdxkit.status.scanning import scan_job
from tdxkit.text import many
from tdxkit.view.kit.bits import status_bits
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.svg import Markup, element
from tdxkit.view.kit.tables import Table, table
from tdxkit.work import drive

LOG_LIMIT = 2_000_000  # characters that the text area takes; more is a job for `tdxkit decode --scan`
FINDS_SHOWN = 200
HEIGHT = "150px"


def status_html(text: str, leaf: str = "") -> Markup:
    """What a typed status says, as markup; InputError for what is no status, with the sentence that says what is expected."""
    one = decode(text, leaf or None)
    notes = [element("p", element("b", "Note "), one.note)] if one.note else []
    kernel = element("p", element("b", "Linux "), str(one.kernel))
    return element("div", status_bits(one).html(), *notes, kernel)


def log_table(text: str) -> Table:
    """Every status in a log as a table: line, value, name, leaf, lower half, what the kernel does."""
    found = drive(scan_job(pasted(text, LOG_LIMIT)))
    rows = []
    for f in found[:FINDS_SHOWN]:
        one = f.status
        held = ", ".join(f"{name} {value:#x}" for name, value in f.registers) or "—"
        rows.append((f.line, f"0x{f.value:016X}", one.title, f.leaf or "—", one.details.text, one.kernel.kind, held))
    title = f"{many(len(found), 'status')} found"
    if len(found) > FINDS_SHOWN:
        title += f", the first {FINDS_SHOWN} shown"
    if len(text) > LOG_LIMIT:
        title += f" in the first {LOG_LIMIT:,} characters; for all of it: python -m tdxkit decode --scan FILE"
    return table(("line", "value", "name", "leaf", "lower half", "the kernel", "registers"), rows, title)


def questions(value: int) -> Table:
    """The kernel's questions about a status that some form answers with yes: one row each, one column a form; rows where the forms part are
    marked. All that each form denies share the last row."""
    rows, marked, denied = [], [], 0
    for question, given in answers(value).items():
        said = [a.says for a in given]
        if not any(said):
            denied += 1
            continue
        if len(set(said) - {None}) > 1:
            marked.append(len(rows))
        rows.append((question, *("—" if s is None else "yes" if s else "no" for s in said)))
    if denied:
        rows.append((f"{'the other' if rows else 'all'} {denied}, where asked", *["no"] * len(FORMS)))
    title = f"0x{value:016X}  {decode(value).name or 'unknown status'}"
    return table(("question", *FORMS), rows, title, marked, lit="the forms part")


class StatusDecoder(Board):
    """A box to type a status in, and a list to choose the leaf that returned it; what the status says is shown below."""

    def __init__(self, start: str = "0x8000030800000001"):
        leaves = [("any leaf", ""), *((leaf, leaf) for place in PLACES.values() for leaf in place.leaves)]
        self.value = w.Text(start, description="Status", continuous_update=False, layout={"width": "420px"})
        self.leaf = w.Dropdown(options=leaves, description="Leaf", layout={"width": "360px"})
        super().__init__([self.value, self.leaf])
        self.watch(self.value, self.leaf)

    def update(self) -> tuple[str, list[Markup]]:
        """Decode what is typed."""
        return "", [status_html(self.value.value, self.leaf.value)]

    def __str__(self) -> str:
        if self.words:  # no status
            return self.words
        one = decode(self.value.value, self.leaf.value or None)
        return "\n".join(filter(None, [str(status_bits(one)), one.note, f"Linux {one.kernel}"]))


class LogDecoder(Board):
    """A box to paste a log in; every status in it is listed below."""

    def __init__(self, start: str = ""):
        self.area = w.Textarea(start, description="Log", layout=w.Layout(width="calc(100% - 4px)", height=HEIGHT))
        super().__init__(self.area)
        self.watch(self.area)

    def update(self) -> tuple[str, list[object]]:
        """Decode what stands in the box."""
        return "", [log_table(self.area.value)]

    def __str__(self) -> str:
        return str(log_table(self.area.value))
