"""Bring your own: a control to upload a file or to paste text, and below it what was found in it."""

from collections.abc import Callable, Generator
from itertools import pairwise
from typing import Any

from tdxkit.review.evidence import Evidence, evidence_steps
from tdxkit.review.intake import Progress
from tdxkit.review.versions import compare, lineages
from tdxkit.run import words
from tdxkit.view import mail_charts
from tdxkit.view.charts import MIME, Chart
from tdxkit.view.patch_graph import draw_patch_graph, series_graph
from tdxkit.view.slices import Slices
from tdxkit.view.svg import element
from tdxkit.view.version_lines import side_by_side

PASTE_LIMIT = 2_000_000  # characters; more is a file
MAIL_FILES = ".txt,.mbox,.mbx,.eml,.patch,.gz"
GRAPHS = 3  # series that are drawn; the table has all

Steps = Callable[[bytes, Progress], Generator[object, None, Any]]
Show = Callable[[Any], list[object]]


def bundle(thing: object) -> dict[str, object]:
    """What the front end needs to show a view: its mime bundle."""
    if isinstance(thing, Chart):
        return {
            MIME: {**thing.spec(), "config": {"displayModeBar": False, "responsive": True}},
            "text/plain": str(thing),
        }
    return thing._repr_mimebundle_()


def outputs(things: list[object]) -> tuple[dict, ...]:
    """Views as an Output widget holds them; a chart brings its table along."""
    shown = []
    for thing in things:
        shown.append({"output_type": "display_data", "metadata": {}, "data": bundle(thing)})
        if isinstance(thing, Chart):
            table = {"text/html": str(thing.table_html()), "text/plain": "(the same as a table)"}
            shown.append({"output_type": "display_data", "metadata": {}, "data": table})
    return tuple(shown)


def upload_box(steps: Steps, show: Show, what: str, accept: str = "", hint: str = ""):
    """Upload a file or paste text; `steps(bytes, progress)` reads it in pauses, `show(result)` gives the views to put below.

    Returns a widget; `.read(bytes)` starts a reading as the controls do, `.result` is the last one that succeeded.
    """
    import ipywidgets as w

    class UploadBox(w.VBox):
        """The control; see upload_box."""

        result = None

        def read(self, data: bytes) -> None:
            """Read these bytes and show what is in them."""
            said.value = ""
            slices.run(lambda progress: steps(data, progress))

    file = w.FileUpload(accept=accept, multiple=False, description="Upload a file", layout=w.Layout(width="160px"))
    paste = w.Textarea(placeholder=f"… or paste {what} here", layout=w.Layout(width="100%", height="110px"))
    button = w.Button(description="Read what I pasted", layout=w.Layout(width="180px"))
    said = w.HTML(str(element("span", hint)) if hint else "")
    out = w.Output()

    def done(result: Any) -> None:
        box.result = result
        out.outputs = outputs(show(result))

    def failed(sentence: str) -> None:
        said.value = str(element("p", sentence, role="alert"))

    def uploaded(change: dict) -> None:
        if change["new"]:
            box.read(bytes(change["new"][0]["content"]))

    def pasted(_button) -> None:
        text = paste.value
        if not text.strip():
            failed(f"Nothing was pasted: paste {what} first, or upload a file.")
        elif len(text) > PASTE_LIMIT:
            failed(f"More than {words(PASTE_LIMIT)} characters were pasted: save them as a file and upload that.")
        else:
            box.read(text.encode("utf-8", "replace"))

    slices = Slices(done, failed)
    file.observe(uploaded, "value")
    button.on_click(pasted)
    box = UploadBox([w.HBox([file, button, slices.box], layout=w.Layout(flex_flow="row wrap")), paste, said, out])
    box.slices = slices
    return box


def evidence_box():
    """The control for a digest, an mbox, a raw mail or what git format-patch writes."""
    return upload_box(evidence_steps, evidence_views, "a digest or mails", MAIL_FILES)


def evidence_views(evidence: Evidence) -> list[object]:
    """What there is to see in a digest or in mails, the overview first."""
    series = evidence.series
    views: list[object] = []
    if evidence.digest:
        views += [mail_charts.contributors(evidence.digest), mail_charts.entries(evidence.posts)]
    views.append(mail_charts.series_table(series, _heading(evidence)))
    versions = [pair for line in lineages(series) for pair in pairwise(line)]
    views += [side_by_side(compare(old, new)) for old, new in versions[:GRAPHS]]
    largest = sorted((s for s in series if s.touched), key=lambda s: -len(s.touched))[:GRAPHS]
    views += [draw_patch_graph(series_graph(one), f"{one.title}, version {one.version}") for one in largest]
    stats = [post.stat for post in evidence.posts if post.stat and post.stat.files]
    if stats:
        views.append(mail_charts.treemap(max(stats, key=lambda s: s.insertions + s.deletions)))
    if len(evidence.notes):
        views.append(mail_charts.notes_table(evidence.notes))
    return views


def _heading(evidence: Evidence) -> str:
    box = evidence.mailbox
    if box is None:
        return "Series in the digest"
    return f"{box.mails} mails: {len(evidence.posts)} post something, {box.replies} answer, {box.others} do neither"
