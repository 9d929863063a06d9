"""What the PAMT costs, as a chart with a slider over machine sizes and as a table for one machine."""

from tdxkit.seam.sizes import Usage, shares, usage
from tdxkit.text import words
from tdxkit.units import GIB, human, parse_size
from tdxkit.view.kit.charts import Chart, lines
from tdxkit.view.kit.tables import Table, table

SIZES = tuple(n * GIB for n in (64, 128, 256, 512, 1024, 2048, 4096, 6144, 8192, 12288))
GUESTS = tuple(range(0, 101, 5))  # per cent of the machine's memory that guests take
START = 2  # 256 GiB
SERIES = {"static": "exclusive", "dynamic, guests by 4K": "pair", "dynamic, guests by 2M": "ok"}


def _part(memory: int, percent: int) -> int:
    return memory * percent // 100 // GIB * GIB


def _uses(memory: int, percent: int) -> tuple[int, int, int]:
    guests = _part(memory, percent)
    by_4k, by_2m = (usage(memory, guests, mapped) for mapped in ("4K", "2M"))
    return by_4k.static, by_4k.dynamic, by_2m.dynamic


def cost_chart(start: int = START) -> Chart:
    """PAMT in GiB over the share of memory that guests take; a slider sets the machine's size, from 64 GiB to 12 TiB."""
    columns = {memory: list(zip(*(_uses(memory, p) for p in GUESTS))) for memory in SIZES}
    shown = columns[SIZES[start]]
    points = {name: [(p, v / GIB) for p, v in zip(GUESTS, shown[i])] for i, name in enumerate(SERIES)}
    chart = lines(
        "PAMT of one machine", "per cent of its memory used by guests", "GiB of PAMT", points, roles=SERIES,
        sliders=[_slider(columns, start)], height=500, margin={"l": 60, "r": 20, "t": 92, "b": 150},
        legend={"orientation": "h", "y": 1.02, "x": 0, "yanchor": "bottom"}, yaxis={"rangemode": "tozero"},
    )  # fmt: skip
    for trace in chart.traces:
        trace["hovertemplate"] = "%{x} %: %{y:.3f} GiB"
    rows = [
        (human(memory), f"{p} %", *(human(columns[memory][i][GUESTS.index(p)]) for i in range(3)))
        for memory in SIZES for p in (0, 50, 100)
    ]  # fmt: skip
    return Chart(chart.title, chart.traces, ("machine", "guests", *SERIES), tuple(rows), chart.layout)


def _slider(columns: dict, start: int) -> dict:
    steps = [
        {
            "label": human(memory),
            "method": "restyle",
            "args": [{"y": [[v / GIB for v in row] for row in columns[memory]]}],
        }
        for memory in SIZES
    ]
    return {"active": start, "steps": steps, "pad": {"t": 56, "b": 8}, "currentvalue": {"prefix": "machine: "}}


def my_machine(size: str, guests: str | None = None, each: str | None = None, vcpus: int = 4) -> Table:
    """The PAMT of a machine with `size` of memory ("256G"), static and dynamic, whose guests take `guests` in all (default: three
    quarters), `each` apiece (default 16G, or all of it where that is less)."""
    memory = parse_size(size, "machine") // GIB * GIB or GIB
    wanted = parse_size(guests, "guests") if guests else _part(memory, 75) or memory
    apiece = min(parse_size(each, "each") if each else 16 * GIB, wanted)
    found = {mapped: usage(memory, wanted, mapped, apiece, vcpus) for mapped in ("4K", "2M")}
    one: Usage = found["4K"]
    rows = [
        ("static", human(one.static), "—", "—", _share(one.static, memory)),
        ("dynamic, no guest", *_dynamic(usage(memory, 0))),
    ]
    rows += [(f"dynamic, guests by {mapped}", *_dynamic(use)) for mapped, use in found.items()]
    title = f"{human(memory)} of memory, {human(wanted)} for guests of {human(apiece)}"
    return table(("PAMT", "in all", "fixed part", "pairs", "share of memory"), rows, title)


def _dynamic(use: Usage) -> tuple[str, ...]:
    return human(use.dynamic), human(use.fixed), human(use.pairs), _share(use.dynamic, use.memory)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.4%}"


def quoted() -> Table:
    """The three figures that people quote, from the model's entry sizes."""
    said = {
        "static": "an entry of 16 bytes for every 4K, 2M and 1G page",
        "fixed": "the 2M and 1G entries, and one bit for every 4K page",
        "pair": "two pages for each 2 MiB region in use",
    }
    return table(("part", "share", "what it is"), [(k, f"{v:.4%}", words(said[k])) for k, v in shares().items()])
