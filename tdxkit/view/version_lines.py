"""Two versions of a series side by side: the old patches on the left, the new ones on the right, a line for each that went on."""

from tdxkit.review.compare import Comparison, Pair
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import Markup, drawing, element, line, text

ROW, TOP, WIDTH = 26, 62, 1000
LEFT, RIGHT = 440, 560  # where the old titles end and the new ones begin
MOST = 60  # rows that are drawn; the text has all
_CHARS = 66  # of a title: a letter takes 6.4 px
# verdict: role of the line, its dash, its width, and the sign beside the word
LOOKS = {
    "same": ("ok", None, 1.5, "="),
    "kept": ("soft", None, 1.5, "="),
    "changed": ("a0", None, 3, "≠"),
    "retitled": ("a1", "6 4", 2, "~"),
    "added": ("ok", None, 0, "+"),
    "dropped": ("bad", None, 0, "×"),
    "alone": ("soft", None, 0, "?"),
}


def side_by_side(comparison: Comparison) -> Picture:
    """The picture of a comparison; its text is the comparison's own."""
    left = sorted((p for p in comparison.pairs if p.old), key=lambda p: p.old[0])[:MOST]
    right = [p for p in comparison.pairs if p.new][:MOST]
    left_y = {p.old[0]: TOP + ROW * k for k, p in enumerate(left)}
    right_y = {p.new[0]: TOP + ROW * k for k, p in enumerate(right)}
    foot = TOP + ROW * max(len(left), len(right), 1) + 6
    parts = [text(0, 16, comparison.new.title[:100], font_size=13.5, font_weight=600)]
    parts += [text(LEFT, 40, f"version {comparison.old.label[1:]}", role="soft", anchor="end")]
    parts += [text(RIGHT, 40, f"version {comparison.new.label[1:]}", role="soft")]
    for pair in comparison.pairs:
        if pair.old and pair.new and pair.old[0] in left_y and pair.new[0] in right_y:
            parts.append(_link(pair, left_y[pair.old[0]], right_y[pair.new[0]]))
    parts += [_side(p, p.old, left_y[p.old[0]], True) for p in left]
    parts += [_side(p, p.new, right_y[p.new[0]], False) for p in right]
    parts.append(_legend(comparison, foot))
    counts = ", ".join(f"{len(comparison.verdict(word))} {word}" for word in LOOKS if comparison.verdict(word))
    label = (
        f"Version {comparison.old.label[1:]} beside version {comparison.new.label[1:]}: {counts or 'no patches known'}"
    )
    return Picture(drawing(WIDTH, foot + 8, label, *parts), str(comparison))


def _link(pair: Pair, y0: float, y1: float) -> Markup:
    role, dash, width, sign = LOOKS[pair.verdict]
    a, b = LEFT + 14, RIGHT - 14
    middle, y = (a + b) / 2, (y0 + y1) / 2
    words = pair.verdict + (f": {', '.join(pair.files)}" if pair.files else "")
    return element(
        "g", element("title", words), line((a, y0), (b, y1), role=role, stroke_width=width, stroke_dasharray=dash),
        element("circle", cx=middle, cy=y, r=9, fill="var(--tdx-paper)", stroke=f"var(--tdx-{role})"),
        text(middle, y + 4, sign, role=role, anchor="middle", font_weight=700),
    )  # fmt: skip


def _side(pair: Pair, patch: tuple[int, str], y: float, old: bool) -> Markup:
    n, title = patch
    x, anchor = (LEFT, "end") if old else (RIGHT, "start")
    role, _, _, sign = LOOKS[pair.verdict]
    cut = title if len(title) <= _CHARS else title[: _CHARS - 1] + "…"
    words = f"{cut} · {n}" if old else f"{n} · {cut}"
    parts = [element("title", f"{n}: {title} ({pair.verdict})"), text(x, y + 4, words, anchor=anchor)]
    if pair.verdict in ("added", "dropped", "alone"):
        at = LEFT + 18 if old else RIGHT - 18
        parts += [text(at, y + 4.5, sign, role=role, anchor="middle", font_size=15, font_weight=700)]
    return element("g", *parts)


def _legend(comparison: Comparison, y: float) -> Markup:
    """The signs that occur, with their words and how often."""
    parts, x = [], 0.0
    for word, (role, _, _, sign) in LOOKS.items():
        if count := len(comparison.verdict(word)):
            parts.append(text(x, y, sign, role=role, font_weight=700, font_size=13))
            parts.append(text(x + 14, y, f"{count} {word}", role="soft"))
            x += 40 + 7 * len(f"{count} {word}")
    return element("g", *parts)
