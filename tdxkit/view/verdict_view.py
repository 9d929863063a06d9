"""One patch's verdict in full: which mail, what the model finds, the race stepped in the series' own lines, the packet and the command to take away."""

from collections.abc import Iterable
from functools import partial

from tdxkit.c.naming import OfC
from tdxkit.errors import TdxkitError
from tdxkit.explore.telling import replay
from tdxkit.review.own import Opinion
from tdxkit.review.packet import packet
from tdxkit.review.verdict import Verdict, Verdicts
from tdxkit.review.verdicts_text import by_shell
from tdxkit.rules import SIGNS
from tdxkit.run import Run
from tdxkit.text import many
from tdxkit.view.kit import theme
from tdxkit.view.kit.choices import Copied
from tdxkit.view.kit.svg import Markup, element, style
from tdxkit.view.own_board import opinion_box
from tdxkit.view.region_picture import region
from tdxkit.view.stepper import Stepper

_V = ".tdx.tdx-verdict"
STYLE = (
    f"{_V}{{color:var(--tdx-ink);font-size:13px;line-height:1.4;max-width:1100px;margin:10px 0 4px;overflow-wrap:anywhere}}"
    f"{_V} b{{font-size:15px}}{_V} code{{background:none;color:inherit}}{_V} summary{{cursor:pointer;font-weight:600;color:var(--tdx-soft)}}"
    f"{_V} ul{{margin:2px 0 2px 18px;padding:0}}"
    f"{_V} pre{{max-height:420px;overflow:auto;background:var(--tdx-panel);color:inherit;border:1px solid var(--tdx-line);border-radius:4px;"
    "padding:6px 10px;font-size:12px;line-height:1.4;white-space:pre;font-family:var(--jp-code-font-family, monospace)}"
)


class Seen:
    """A verdict with its run, and what is taken away of it; `things` shows all that. files: what the mails are called in a command, where: the
    patch as `--after` takes it, base: what the files before the series are called."""

    def __init__(
        self, each: Verdicts, one: Verdict, files: Iterable[str] = (), where: str = "", base: Iterable[str] = ()
    ):
        self.each, self.one = each, one
        self.run: Run | None = None
        self.packet = self.command = ""
        if one.judged and (code := one.judged.result.schedule):
            self.run = replay(one.scenario, code)
            try:
                self.packet = packet(self.run, one.scenario)
            except TdxkitError as error:
                self.packet = f"no packet: {error}"
            self.command = by_shell(one, files, where or str(one.n), base)

    @property
    def line(self) -> tuple[str, str, str]:
        """Which patch: as its subject counts it, its title, and which mail."""
        one = self.one
        by = self.each.series.patches[one.n].author if one.n else ""
        mail = (
            f"Message-ID {one.message_id.strip('<>')}"
            if one.message_id
            else "a mail without a Message-ID" * bool(one.n)
        )
        return (
            f"After {one.label}" if one.n else one.label,
            one.title if one.n else "",
            ", ".join(filter(None, (mail, str(by)))),
        )

    def things(self) -> list[object]:
        """What to show."""
        one = self.one
        where, title, mail = self.line
        title = f" {title}" if title else ""
        head = _block(element("b", where), title, element("div", mail), word="tdx-which")
        said = f"{SIGNS[one.verdict]} {one.verdict}: {one.defect}" if one.judged.result.defect else ""
        box = opinion_box(Opinion(one.scenario, one.judged.result, in_c=True), source=False, head=said)
        if self.run is None:
            return [head, box, folded(self.text_head, self.text, unfold=True)]
        picture = region if "refcount" in one.scenario.shared else None
        stepper = Stepper(self.run, picture=picture, position=len(self.run), replay=partial(replay, one.scenario))
        taken = [Copied("the review packet", self.packet), Copied("the command", self.command)]
        return [head, box, stepper, *taken, folded(self.text_head, self.text)]

    @property
    def text_head(self) -> str:
        """What the text is."""
        return f"the C as it stands {'after' if self.one.n else ''} {self.one.label}, {many(len(self.one.text.rows), 'line')}".replace(
            "  ", " "
        )

    @property
    def text(self) -> str:
        """The C that was judged, numbered; + before what the patch brought, behind each line where it was posted."""
        own = self.one.scenario.own
        assert isinstance(own, OfC)
        lines = own.text.split("\n")[:-1]
        brought = self.one.text.brought(self.one.n)
        width, wide = len(str(len(lines))), min(80, max((len(line.expandtabs()) for line in lines), default=0))
        rows = []
        for at, line in enumerate(lines, 1):
            posted = own.origin(at)
            sign = "+" if self.one.n and at in brought else " "
            rows.append(f"{sign} {at:{width}}  {line.expandtabs():{wide}}  {posted or ''}".rstrip())
        return "\n".join(rows)

    def __str__(self) -> str:
        parts = [" · ".join(filter(None, self.line)), str(self.run) if self.run else self.text]
        return "\n\n".join([*parts, *filter(None, (self.packet, self.command))])


def folded(head: str, text: str, unfold: bool = False) -> Markup:
    """A text under a head that folds it away."""
    inner = element(
        "details", element("summary", head), element("pre", text, tabindex=0), open="open" if unfold else None
    )
    return _block(inner)


def listed(lines: Iterable[str], head: str = "") -> Markup:
    """Some lines below each other."""
    items = element("ul", *(element("li", line) for line in lines))
    return _block(*([element("b", head)] if head else []), items)


def _block(*parts: object, word: str = "") -> Markup:
    return element(
        "div", style(theme.css() + STYLE), *parts, class_=f"tdx tdx-verdict {word} tex2jax_ignore mathjax_ignore"
    )
