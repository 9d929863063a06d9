"""Physical memory and, below it to one scale, the array of refcounts as one version builds it."""

from collections.abc import Iterable, Iterator, Sequence

from tdxkit.linux.refcount.counters import COUNTER, PFNS_PER_REGION, CounterArray, Range
from tdxkit.linux.refcount.memory_map import place, told
from tdxkit.text import many
from tdxkit.units import PAGE_4K, human
from tdxkit.view.kit import svg
from tdxkit.view.kit.picture import Picture

WIDTH, LEFT, STRIP = 600, 6, 30  # wide enough to read, narrow enough to be seen whole on a small screen
BAR = WIDTH - 2 * LEFT
MEMORY, ARRAY, AXIS = 26, 106, 152  # where each strip, and the scale, begins
LEAST, PAGE = 5, 9  # px: the narrowest thing that is still seen, and a page of counters that has a border of its own
PER_BYTE = PFNS_PER_REGION // COUNTER  # page frames for a byte of the array
KINDS = {  # role and words of what the strips hold, for the key under them
    "memory": ("used", "memory"),
    "backed": ("pair", "counters"),
    "stays": ("exclusive", "stays behind ↯"),
    "none": ("bad", "no counter ✗"),
    "reserved": ("free", "address space only"),
}


def counter_picture(memory: Sequence[Range], array: CounterArray) -> Picture:
    """A version's array over a machine's memory."""
    holes = () if array.failed else array.holes(memory)
    top = max([r.end for r in memory] + [array.length * PER_BYTE] + [end * PER_BYTE for _, end in array.mapped])
    made = [*_memory(memory, holes, top), *_array(array, top), *_axis(top), *_key(array, holes)]
    words = _words(memory, array, holes)
    return Picture(svg.drawing(WIDTH, AXIS + 54, words, *made), words)


def _at(frame: float, top: int) -> float:
    return LEFT + BAR * frame / top


def _block(start: int, end: int, top: int, y: int, role: str, label: str = "", dashed: bool = False) -> svg.Markup:
    """A part of a strip, in page frames; its label where there is room."""
    x, wide = _at(start, top), max(_at(end, top) - _at(start, top), LEAST)
    x = min(x, LEFT + BAR - wide)
    frame = svg.element(
        "rect", x=x, y=y, width=wide, height=STRIP, fill=f"var(--tdx-{role}-bg)", stroke=f"var(--tdx-{role})",
        stroke_dasharray="4 3" if dashed else None,
    )  # fmt: skip
    room = label and 6.6 * len(label) + 8 <= wide
    return svg.group(frame, svg.text(x + wide / 2, y + 19, label, anchor="middle") if room else "")


def _memory(memory: Sequence[Range], holes: Sequence[Range], top: int) -> Iterator[svg.Markup]:
    """The machine's memory; what of it has no counter has a sign below."""
    usable = sum(r.end - r.start for r in memory) * PAGE_4K
    yield svg.text(LEFT, 16, "Physical memory", font_weight=600)
    yield svg.text(WIDTH - LEFT, 16, f"{human(usable)} in {many(len(memory), 'range')}", role="soft", anchor="end")
    yield svg.line((LEFT, MEMORY + STRIP), (LEFT + BAR, MEMORY + STRIP), role="edge")
    for one in memory:
        yield _block(one.start, one.end, top, MEMORY, "used", human((one.end - one.start) * PAGE_4K))
    for one in holes:
        yield _block(one.start, one.end, top, MEMORY, "bad")
    for one in holes[:1]:
        more = f", and {len(holes) - 1} more" if len(holes) > 1 else ""
        x = _at((one.start + one.end) / 2, top)
        anchor, x = ("start", max(x - 5, LEFT)) if x < WIDTH / 2 else ("end", min(x + 5, LEFT + BAR))
        said = f"✗ no counter for {told(one)}{more}" if anchor == "start" else f"no counter for {told(one)}{more} ✗"
        yield svg.text(x, MEMORY + STRIP + 15, said, role="bad", anchor=anchor, font_weight=600)


def _array(array: CounterArray, top: int) -> Iterator[svg.Markup]:
    """The array: what is reserved, dashed; the pages behind it."""
    yield svg.text(LEFT, ARRAY - 10, f"Counters of {array.version}, 4 bytes for each 2 MiB", font_weight=600)
    said = f"{human(array.length)} reserved, {human(array.bytes)} of memory behind it"
    yield svg.text(WIDTH - LEFT, ARRAY - 10, said, role="soft", anchor="end")
    if array.length:
        yield _block(0, array.length * PER_BYTE, top, ARRAY, "free", dashed=True)
    stays = array.left_behind
    kept = [(start, min([end, *(s for s, e in stays if s < end and e > start)])) for start, end in array.mapped]
    for role, spans in (("pair", kept), ("exclusive", stays)):
        for start, end in spans:
            yield from (_block(*part, top, ARRAY, role, label) for *part, label in _pages(start, end, top))
    if array.failed:
        yield svg.text(WIDTH / 2, ARRAY + 20, f"✗ {array.failed}", role="bad", anchor="middle", font_weight=600)


def _pages(start: int, end: int, top: int) -> Iterator[tuple[int, int, str]]:
    """Bytes of the array as page frames: page by page where each is wide enough to be seen, else in one."""
    if BAR * PAGE_4K * PER_BYTE / top < PAGE:
        yield start * PER_BYTE, end * PER_BYTE, human(end - start)
        return
    for byte in range(start, end, PAGE_4K):
        yield byte * PER_BYTE, (byte + PAGE_4K) * PER_BYTE, "4 KiB"


def _axis(top: int) -> Iterator[svg.Markup]:
    """Addresses, five of them; the last is the end of what is drawn."""
    for k in range(5):
        x, anchor = _at(top * k / 4, top), ("start", *["middle"] * 3, "end")[k]
        yield svg.line((x, AXIS - 12), (x, AXIS - 6), role="edge")
        yield svg.text(x, AXIS + 7, human(top * k // 4 * PAGE_4K) if k else "0", role="soft", anchor=anchor)


def _key(array: CounterArray, holes: Sequence[Range]) -> Iterator[svg.Markup]:
    """What the colours mean, of those that occur."""
    there = {"memory": True, "backed": array.bytes > array.leaked, "stays": array.leaked, "none": holes}
    x = LEFT
    for name, (role, words) in KINDS.items():
        if there.get(name, array.length > array.bytes):
            yield svg.element(
                "rect", x=x, y=AXIS + 28, width=14, height=14, fill=f"var(--tdx-{role}-bg)",
                stroke=f"var(--tdx-{role})", stroke_dasharray="4 3" if name == "reserved" else None,
            )  # fmt: skip
            yield svg.text(x + 20, AXIS + 39, words)
            x += 44 + 6.3 * len(words)


def _words(memory: Sequence[Range], array: CounterArray, holes: Sequence[Range]) -> str:
    """The picture in text."""
    lines = [f"memory: {_listed(map(told, memory))}"]
    lines.append(f"counters of {array.version}: {human(array.length)} reserved, {human(array.bytes)} of memory behind")
    if array.mapped:
        served = (f"{_served(start)} … {_served(end)}" for start, end in array.mapped)
        lines.append(f"counters with memory behind them serve {_listed(served)}")
    if array.failed:
        lines.append(f"✗ {array.failed}")
    elif holes:
        lines.append(f"✗ no counter for {_listed(map(told, holes))}")
    if array.leaked:
        lines.append(f"↯ {human(array.leaked)} stay behind after tear-down")
    return "\n".join(lines)


def _served(byte: int) -> str:
    return place(byte * PER_BYTE)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
