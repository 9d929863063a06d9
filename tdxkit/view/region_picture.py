"""The small picture beside a refcount run: one 2 MiB region as the module and the kernel see it.

`region(state)` draws a state of a run of `tdxkit.linux.refcount`: the module's PAMT_2M entry with or without a page pair, where the
two pages are, the guest's pages in the region, and the kernel's refcount, in red where it promises a pair that is not there.
"""

from tdxkit.run import State
from tdxkit.text import many
from tdxkit.view.kit import svg

WIDTH, HEIGHT = 200, 196
TIDY = {0: "no reference", 1: "one reference"}


def region(state: State, key: object = 0) -> svg.Markup:
    """The picture of a state; `key` is the region's key in `refcount[…]`, `pair[…]` and `users[…]`."""
    count, pair, users = (state.get(f"{name}[{key}]") for name in ("refcount", "pair", "users"))
    count, users = count or 0, users or 0
    promised = count > 0 and not pair
    said = TIDY.get(count, f"{count} references")
    kernel = svg.box(
        40,
        14,
        120,
        34,
        f"refcount {count}",
        "promises a pair" if promised else said,
        role="bad" if promised else "free",
    )
    entry = svg.box(
        25, 72, 150, 34, "PAMT_2M entry", "page pair in place" if pair else "no page pair", role="pair", dashed=not pair
    )
    where = "in the module" if pair else "not here"
    pages = [
        svg.box(x, 124, 84, 30, f"page {i}", where, role="pair" if pair else "free", dashed=not pair)
        for i, x in ((0, 12), (1, 104))
    ]
    links = [
        svg.line((100, 106), (100, 115), (x, 115), (x, 124), stroke_dasharray=None if pair else "4 3")
        for x in (54, 146)
    ]
    guest = svg.text(
        100, 178, f"{many(users, 'guest page')} in use" if users else "no guest page in use",
        role="used" if users else "soft", anchor="middle", font_weight=600 if users else 400,
    )  # fmt: skip
    heads = [svg.text(100, 9, "the kernel", role="soft", anchor="middle", font_size=10.5), svg.text(100, 67, "the module", role="soft", anchor="middle", font_size=10.5)]  # fmt: skip
    said = f"refcount {count}; {'a page pair' if pair else 'no page pair'}; {users} guest pages in use"
    return svg.drawing(WIDTH, HEIGHT, said, *heads, kernel, entry, *links, *pages, guest)
