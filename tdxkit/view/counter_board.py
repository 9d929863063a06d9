"""Where each version keeps its refcounts, on a memory map of the reader's own: what crashes, what stays behind, what it costs."""

import ipywidgets as w

from tdxkit.linux.refcount.counters import VERSIONS, CounterArray, build
from tdxkit.linux.refcount.memory_map import MACHINES, memory_map, place, told
from tdxkit.units import human
from tdxkit.view.counter_picture import counter_picture
from tdxkit.view.fields import WIDE, choice, fields_row
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.verdict import Bar, verdict

LAYOUTS = {
    "v1": "by TDMR",
    "v2": "by memblock",
    "v3": "by memblock, whole pages",
    "v4": "by memblock, rounded up",
    "v5": "as v4",
    "v6": "flat",
}
OWN = "your own"
WRONG = {"past the end": "its place past the end of the array", "no memory behind it": "nothing behind it"}


class CounterBoard(Board):
    """A memory map, a version and Dynamic PAMT or not; `arrays` are those of all versions for the map that was read last."""

    question = (
        "a memory map on which v2 has a hole inside its array, memory whose counter has nothing behind it, and v4 has none. "
        "(A last region that the array's end cuts off does not count.)"
    )

    def __init__(self, memory: str = MACHINES["a PCI hole below 4 GiB"], version: str = "v2"):
        machines = [*((name, text) for name, text in MACHINES.items()), (OWN, "")]
        self.machine = choice("Machine", machines, memory if memory in MACHINES.values() else "")
        self.text = w.Text(
            memory, description="Memory:", continuous_update=False, style=WIDE, layout={"flex": "3 1 360px"}
        )
        self.version = choice("Counters", [(f"{v}, {how}", v) for v, how in LAYOUTS.items()], version)
        self.dynamic = w.Checkbox(True, description="Dynamic PAMT", indent=False, layout={"width": "max-content"})
        super().__init__([self.machine, self.version, self.dynamic], fields_row(self.text))
        self.machine.observe(self._chosen, "value")
        self.watch(self.text, self.version, self.dynamic)

    def _chosen(self, change: dict) -> None:
        """A machine of the list writes its map into the box; a map of one's own is no machine of the list."""
        self.text.value = change["new"] or self.text.value

    def update(self) -> tuple[Bar, list[object]]:
        """Build every version's array over the map: the picture of one, a table of all."""
        self.machine.value = self.text.value if self.text.value in MACHINES.values() else ""
        self.memory = memory_map(self.text.value)
        self.arrays = {v: build(v, self.memory, dynamic_pamt=self.dynamic.value) for v in VERSIONS}
        return self._bar(), [counter_picture(self.memory, self.array), self._table()]

    def answer(self) -> str:
        """A hole of v2 that lies inside its array."""
        old, new = self.arrays["v2"], self.arrays["v4"]
        holes = [hole for hole in old.holes(self.memory) if old.lookup(hole.start) == "no memory behind it"]
        if not self.dynamic.value or old.failed or not holes or new.holes(self.memory):
            return ""
        return (
            f"{told(holes[0])} on {self.text.value.strip()}: its counter is the first of a page that v2 does not map."
        )

    @property
    def array(self) -> CounterArray:
        """The chosen version's."""
        return self.arrays[self.version.value]

    def _bar(self) -> Bar:
        """What comes of the chosen version's counters on this machine."""
        array, memory = self.array, self.memory
        note = f"{human(array.length)} of address space reserved, {human(array.bytes)} of memory behind it"
        if array.failed:
            return verdict("violation", array.failed, "fails")
        if not self.dynamic.value:
            return verdict("ok", "no Dynamic PAMT, no counters", "nothing to do")
        if holes := array.holes(memory):
            said = f"the counter of the memory at {place(holes[0].start)} has {WRONG[array.lookup(holes[0].start)]}"
            return verdict("violation", said, "crashes at first use", note)
        if array.leaked:
            return verdict("violation", f"{human(array.leaked)} are not freed with the rest", "left behind", note)
        return verdict("ok", "every page of memory has its counter, and all of it goes away again", "works", note)

    def _table(self) -> Table:
        """All versions beside each other."""
        rows = [(f"{v}, {LAYOUTS[v]}", *self._row(array)) for v, array in self.arrays.items()]
        lit = [list(self.arrays).index(self.version.value)]
        return table(
            ("counters", "reserved", "memory behind", "stays behind", "what goes wrong"), rows, "The same machine in each version",
            lit, lit="drawn above",
        )  # fmt: skip

    def _row(self, array: CounterArray) -> tuple[str, ...]:
        holes = () if array.failed else array.holes(self.memory)
        wrong = f"✗ {array.failed}" if array.failed else ""
        if holes:
            wrong = f"✗ {place(holes[0].start)}: {array.lookup(holes[0].start)}"
        elif array.leaked:
            wrong = "✗ not all is freed"
        return human(array.length), human(array.bytes), human(array.leaked), wrong or "nothing"

    def __str__(self) -> str:
        return f"{self.text.value.strip()}\n{super().__str__()}"
