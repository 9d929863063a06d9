"""Module version and entry size at hand in a notebook: what the PAMT costs with them, and what else they change."""

import ipywidgets as w

from tdxkit.seam.by_version import properties
from tdxkit.seam.pamt import BITMAP_BITS, ENTRY_SIZE, PAIR_PAGES
from tdxkit.seam.sizes import fixed_bytes, pair_pages, pairs_bytes, shares, static_bytes
from tdxkit.seam.versions import LATEST, VERSIONS, version
from tdxkit.text import many
from tdxkit.units import GIB, PAGE_2M, human, parse_size
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.slider import Slider, numbers
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.verdict import Bar, verdict

NONE = "— (not in this version)"
LARGEST = 64  # bytes of an entry that the slider goes to


class SizesBoard(Board):
    """`version`, `entry` in bytes, `bits` of the bitmap for a page, `machine` with its memory."""

    question = "the largest entry with which a pair of pages still holds a region's 512 entries."

    def __init__(self, machine: str = "256G", entry: int = 24):
        style = {"description_width": "auto"}
        self.version = w.Dropdown(
            options=list(VERSIONS),
            value=LATEST,
            description="module",
            style=style,
            layout={"width": "max-content", "margin": "2px 14px 2px 2px"},
        )
        self.machine = w.Text(
            machine, description="memory", continuous_update=False, style=style, layout={"width": "160px"}
        )
        self.entry = Slider(numbers(1, LARGEST, unit="bytes"), entry, "an entry")
        self.bits = Slider([(many(bits, "bit"), bits) for bits in range(1, 5)], BITMAP_BITS, "bitmap, a page")
        self._seen: set[int] = set()  # entries that were tried
        super().__init__([self.version, self.machine], [self.entry, self.bits])
        self.watch(self.version, self.machine, self.entry, self.bits)

    def update(self) -> tuple[Bar, list[Table]]:
        """What a pair comes to, the costs, the version beside the latest."""
        self._memory = parse_size(self.machine.value, "memory") // GIB * GIB or GIB
        self._seen.add(self.entry.value)
        return self.bar(), [self.costs(), versions_table(self.version.value)]

    def answer(self) -> str:
        """The entry, once the next one was seen to take a page more."""
        largest = max((entry for entry in self._seen if pair_pages(entry) <= PAIR_PAGES), default=0)
        tried = {largest, largest + 1} <= self._seen and pair_pages(largest + 1) > PAIR_PAGES
        return f"{largest} bytes: 512 entries fill two pages, and one byte more takes a third" if tried else ""

    def bar(self) -> Bar:
        """How many pages a region's entries take, and whether PAMT.ADD could be given them."""
        entry, count = self.entry.value, pair_pages(self.entry.value)
        used = 512 * entry
        said = f"512 entries of {many(entry, 'byte')} take {many(count, 'page')}"
        note = f"{used:,} bytes of {count * 4096:,}: {used / (count * 4096):.0%} filled. Every version that was read has {ENTRY_SIZE} bytes."
        if not version(self.version.value).dynamic_pamt:
            return verdict(
                "bounded",
                "the 4K table is there as a whole, from the beginning",
                "static only",
                f"Module {self.version.value} has no Dynamic PAMT.",
            )
        if count > PAIR_PAGES:
            return verdict("violation", f"{said}; PAMT.ADD has registers for two", "no pair", note)
        return verdict(
            "ok",
            f"{said}{', the second of a pair stays empty' if count < PAIR_PAGES else ''}",
            "a pair" if count == PAIR_PAGES else "half a pair",
            note,
        )

    def costs(self) -> Table:
        """The three shares, and their bytes on this machine."""
        memory, entry, bits = self._memory, self.entry.value, self.bits.value
        share = {part: f"{value:.4%}" for part, value in shares(entry, bits).items()}
        regions = memory // PAGE_2M
        rows = [
            ("static", share["static"], human(static_bytes(memory, entry)), "an entry for every 4K, 2M and 1G page"),
            (
                "dynamic, fixed part",
                share["fixed"],
                human(fixed_bytes(memory, entry, bits)),
                f"2M and 1G entries, {many(bits, 'bit')} for every 4K page",
            ),
            (
                "one region's pages",
                share["pair"],
                human(pairs_bytes(1, entry)),
                f"{many(pair_pages(entry), 'page')} for each 2 MiB region in use",
            ),
            (
                "pages of every region",
                share["pair"],
                human(pairs_bytes(regions, entry)),
                f"all {regions:,} regions in use",
            ),
        ]
        if not version(self.version.value).dynamic_pamt:
            rows = [rows[0], *((name, NONE, "—", what) for name, _, _, what in rows[1:])]
        title = f"PAMT of a machine of {human(memory)}, entries of {many(entry, 'byte')}"
        return table(("part", "share of memory", "on this machine", "what it is"), rows, title)


def versions_table(name: str) -> Table:
    """A version's properties beside those of the latest; what they part in is marked."""
    one, latest = properties(name), properties(LATEST)
    rows = [(what, value) if name == LATEST else (what, value, latest[what]) for what, value in one.items()]
    marked = [k for k, what in enumerate(one) if one[what] != latest[what]]
    header = ("property", f"module {name}") if name == LATEST else ("property", f"module {name}", f"module {LATEST}")
    return table(header, rows, "What the version changes", marked, lit="the versions part here")
