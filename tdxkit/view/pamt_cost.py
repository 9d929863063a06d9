"""What the PAMT costs, and what Dynamic PAMT saves of it, as charts and as a table for one machine."""

from tdxkit.seam.sizes import Usage, shares, usage
from tdxkit.text import words
from tdxkit.units import GIB, human, parse_size
from tdxkit.view.kit.charts import Chart, bars, lines, plotly_text
from tdxkit.view.kit.tables import Table, table

GUESTS = tuple(5 * k for k in range(21))  # per cent of the machine's memory that guests take
FULL = tuple(range(95, 101))  # the same near the end, where the saving goes
SERIES = {"static": "exclusive", "dynamic, guests by 4K": "pair", "dynamic, guests by 2M": "ok"}


def _part(memory: int, percent: int) -> int:
    return memory * percent // 100 // GIB * GIB


def _uses(memory: int, percent: int) -> tuple[Usage, Usage]:
    guests = _part(memory, percent)
    return usage(memory, guests, "4K"), usage(memory, guests, "2M")


def cost_chart(machine: str = "256G") -> Chart:
    """PAMT of a machine in GiB over the share of its memory that guests take; the table has what Dynamic PAMT saves too."""
    memory = _machine(machine)
    found = {percent: _uses(memory, percent) for percent in GUESTS}
    costs = [(by_4k.static, by_4k.dynamic, by_2m.dynamic) for by_4k, by_2m in found.values()]
    points = {name: [(p, cost[i] / GIB) for p, cost in zip(GUESTS, costs)] for i, name in enumerate(SERIES)}
    head = f"PAMT of a machine of {human(memory)}"
    chart = lines(head, "guests take, % of its memory", "PAMT, GiB", points, roles=SERIES, height=420)
    for trace in chart.traces:
        trace |= {"mode": "lines", "hovertemplate": "%{x} %: %{y:.3f} GiB"}
    last = found[GUESTS[-1]][0].saved
    ends = [""] * (len(GUESTS) - 1) + [plotly_text(f"by 4K: {_more(last)}")]
    chart.traces[1].update({"mode": "lines+text", "text": ends, "textposition": "top left"})
    rows = [(f"{p} %", *map(human, cost), *map(_more, (u.saved for u in found[p]))) for p, cost in zip(GUESTS, costs)]
    header = ("guests", *SERIES, "by 4K, held against static", "by 2M, held against static")
    return Chart(chart.title, chart.traces, header, tuple(rows), chart.layout)


def _more(saved: int) -> str:
    """A saving, or what is spent more: with its sign, as the cost changes."""
    return f"+{human(-saved)}" if saved < 0 else f"−{human(saved)}" if saved else "the same"


def saved_chart(*machines: str) -> Chart:
    """What Dynamic PAMT saves of the static one where guests, mapped by 4K, take nearly all of the memory: below zero it costs more."""
    sizes = [_machine(machine) for machine in machines or ("256G", "1T", "12T")]
    found = {human(memory): [_uses(memory, percent)[0] for percent in FULL] for memory in sizes}
    shares = {name: [round(100 * u.saved / u.static, 2) for u in uses] for name, uses in found.items()}
    title = "What Dynamic PAMT saves where guests, mapped by 4K, take nearly all memory"
    names = [f"{percent} %" for percent in FULL]
    chart = bars(title, "guests take, of the machine's memory", "saved, % of static PAMT", names, shares, height=420)
    for trace, uses in zip(chart.traces, found.values()):
        trace |= {"text": [plotly_text(_more(u.saved)) for u in uses], "textposition": "none", "hoverinfo": "name+text"}
    cells = ([f"{share:.2f} % ({_more(u.saved)})" for share, u in zip(shares[name], found[name])] for name in found)
    rows = tuple((name, *row) for name, row in zip(names, zip(*cells)))
    return Chart(title, chart.traces, ("guests", *(f"saved on {name}" for name in found)), rows, chart.layout)


def my_machine(size: str, guests: str | None = None, each: str | None = None, vcpus: int = 4) -> Table:
    """The PAMT of a machine with `size` of memory ("256G"), static and dynamic, whose guests take `guests` in all (default: three
    quarters), `each` apiece (default 16G, or all of it where that is less)."""
    memory = _machine(size)
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


def _machine(size: str) -> int:
    return parse_size(size, "machine") // GIB * GIB or GIB


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
