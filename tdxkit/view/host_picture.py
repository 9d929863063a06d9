"""The picture beside a TD's life: regions with their pair and both counts, pools, and whether the caller may sleep.

Stepper(live("v6", record=True).run, picture=host)
"""

from functools import lru_cache

from tdxkit.linux.host.allocator import kind_of
from tdxkit.linux.host.host import RegionUse, Store
from tdxkit.run import State
from tdxkit.text import many
from tdxkit.view.kit import svg

WIDTH, BOX, ROW = 236, 228, 50


def host(state: State) -> svg.Markup:
    """One box a region in use, the pools under them."""
    shown = [use for use in state.values() if isinstance(use, RegionUse) and any(use[1:])]
    parts = [
        svg.text(
            4,
            12,
            "may sleep" if state["may sleep"] else "may not sleep",
            role="ok" if state["may sleep"] else "exclusive",
            font_weight=600,
        )
    ]
    counts = f"{many(state['pairs'], 'pair')}, {many(state['references'], 'reference')}"
    parts.append(svg.text(WIDTH - 4, 12, counts, role="soft", anchor="end"))
    y = 22
    for use in shown:
        parts.append(_region(use, y))
        y += ROW
    if not shown:
        parts.append(svg.text(WIDTH / 2, y + 20, "no region has a pair", role="soft", anchor="middle"))
        y += 34
    for name, pages in (store for store in state.values() if isinstance(store, Store)):
        parts.append(_store(name, pages, y))
        y += 38
    return svg.drawing(WIDTH, y + 4, f"{counts}; {'; '.join(map(_words, shown))}", *parts)


@lru_cache(2000)  # most of a state is as it was a step before
def _region(use: RegionUse, y: float) -> svg.Markup:
    region, count, users, pair = use
    wrong = bool(count) != bool(pair) or users > max(count, 0)
    role = "bad" if wrong else "pair" if pair else "free"
    name = f"{kind_of(region)} pages (region {region})"
    return svg.box(4, y, BOX, ROW - 8, name, str(use), role=role, dashed=not pair)


@lru_cache(500)
def _store(name: str, pages: int, y: float) -> svg.Markup:
    look = {"width": 10, "height": 10, "rx": 2, "fill": "var(--tdx-pair-bg)", "stroke": "var(--tdx-pair)"}
    boxes = (svg.element("rect", x=4 + 14 * k, y=y + 20, **look) for k in range(pages))
    return svg.group(svg.text(4, y + 14, f"{name}: {many(pages, 'page')}", role="pair"), *boxes)


def _words(use: RegionUse) -> str:
    region, count, users, pair = use
    return f"{kind_of(region)} region {region}: refcount {count}, {many(users, 'page')} in use, {'pair' if pair else 'no pair'}"
