"""How a TD's life ended, in a bar, and what is left of it, in a table: what every board of lives shows. And its counts, in a chart."""

from tdxkit.linux.host.allocator import kind_of
from tdxkit.linux.host.host import RegionUse
from tdxkit.linux.host.life import Life
from tdxkit.run import Run
from tdxkit.text import many
from tdxkit.view.kit.charts import Chart, lines
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.verdict import Bar, verdict


def bar(life: Life) -> Bar:
    """How a life ended: nothing is left, something failed, or nothing failed and yet something is left."""
    line = "no TDX line" if life.meminfo_kb is None else f"TDX: {life.meminfo_kb} kB"
    note = (
        f"{life.seamcalls} SEAMCALLs, at most {life.peak_kb} kB of pairs; at the end {many(life.pairs_left, 'pair')}, "
        f"{many(life.refs_left, 'reference')}; /proc/meminfo: {line}"
    )
    if life.clean:
        return verdict("ok", "nothing is left, and nobody complained", "clean", note)
    word = (
        "fails"
        if life.leaf or life.bugged or life.stopped
        else "left behind"
        if life.result.startswith("left: ")
        else "warned"
    )
    return verdict("violation", life.result.removeprefix("left: "), word, note)


def left_regions(life: Life) -> Table | None:
    """Of a recorded life the regions that are still counted, in use or paired at its end; None where there are none."""
    run = life.run
    left = [use for use in run.state(len(run)).values() if isinstance(use, RegionUse) and any(use[1:])]
    rows = [
        (f"{use.region}: {kind_of(use.region)} pages", use.refcount, use.users, "yes" if use.pair else "no")
        for use in left
    ]
    return table(("region", "kernel's count", "module's count", "pair"), rows, "What is left") if rows else None


def counts_chart(run: Run) -> Chart:
    """A recorded life, step by step: the kernel's references, the pages that the module counts, the pairs."""
    states = list(run.states())
    uses = [[use for use in state.values() if isinstance(use, RegionUse)] for state in states]
    series = {
        "references in the kernel": [sum(use.refcount for use in one) for one in uses],
        "pages in the module's counts": [sum(use.users for use in one) for one in uses],
        "pairs": [sum(use.pair for use in one) for one in uses],
    }
    points = {name: list(enumerate(values)) for name, values in series.items()}
    return lines(
        "Two counts, and the pairs, over a life", "step", "how many", points, roles={"pairs": "pair"}, steps=True
    )
