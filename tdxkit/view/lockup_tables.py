"""Memory attributes of whole guests in charts and tables, each made by running the model: tree sizes, verdicts, a report's registers."""

from collections.abc import Sequence
from dataclasses import replace

from tdxkit.linux.memattr.guest_ram import guest_size
from tdxkit.linux.softlockup.kernels import kernel_named
from tdxkit.linux.softlockup.lockup import Judgement, judge, lockup, size_text, work
from tdxkit.linux.softlockup.loop_cost import COSTS
from tdxkit.linux.softlockup.preempt import MODELS
from tdxkit.linux.xarray.node import NODE_BYTES
from tdxkit.review.softlockup.judged import Finding
from tdxkit.review.softlockup.reading import Reports
from tdxkit.review.softlockup.registers import Reading
from tdxkit.review.softlockup.report import Report
from tdxkit.review.softlockup.told import told
from tdxkit.text import many, words
from tdxkit.units import GIB, human
from tdxkit.view.kit.charts import Chart, lines
from tdxkit.view.kit.tables import Table, table

SIZES = (64, 256, 512, 940, 1500, 1900, 3072, 4096)  # GiB
KERNELS = (("6.15", None), ("6.15", "v1"), ("6.15", "v2"), ("6.12.107", "as is"), ("7.0", "as is"))
PATCH = {None: "unpatched", "v1": "version 1: batches", "v2": "patched"}
REPORTS_SHOWN = 50
SILENT = "–"


def size_chart(sizes: Sequence[int] = SIZES) -> Chart:
    """Memory that the tree takes, over the guest's size in GiB: nodes alone, and the slabs they stand in."""
    trees = {gib: work(gib * GIB).tree for gib in sizes}
    series = {
        "nodes, 576 bytes each": [(gib, t.bytes / GIB) for gib, t in trees.items()],
        "their slabs, 28 nodes in 16 KiB": [(gib, t.slab_bytes / GIB) for gib, t in trees.items()],
    }
    chart = lines(
        "The tree of a whole guest", "GiB of guest", "GiB of nodes", series, roles=dict(zip(series, ("used", "a1")))
    )
    for trace in chart.traces:
        trace["customdata"] = [f"{t.nodes:,} nodes" for t in trees.values()]
        trace["hovertemplate"] = "%{x} GiB guest: %{customdata}, %{y:.2f} GiB"
    rows = [
        (size_text(gib * GIB), f"{t.values:,}", f"{t.nodes:,}", human(t.bytes), human(t.slab_bytes), f"{t.bytes / gib / GIB:.3%}")
        for gib, t in trees.items()
    ]  # fmt: skip
    return replace(chart, header=("guest", "pages", "nodes", "bytes", "slabs", "of the guest"), rows=tuple(rows))


def levels_table(size: int) -> Table:
    """The nodes of a whole guest's tree, level by level, the lowest first."""
    tree = work(size).tree
    rows = [(6 * k, f"{64 << 6 * k:,}", f"{n:,}", human(n * NODE_BYTES)) for k, n in enumerate(tree.levels)]
    total = ("all", "", f"{tree.nodes:,}", human(tree.bytes))
    return table(
        ("shift", "pages below one", "nodes", "bytes"), [*rows, total], f"{size_text(size)} guest", totals=[len(rows)]
    )


def verdict_table(sizes: Sequence[int] = (512, 940, 1500, 1900, 4096), costs: Sequence[str] = tuple(COSTS)) -> Table:
    """Every release × patch × preemption model × cost × size: in each field the loop that the watchdog finds. Models of a kernel on which it finds
    none share a row.

    `sizes` in GiB. A dash: no report. "at times": in some of the watchdog's phases only.
    """
    done = {}
    rows = []
    for name, asked in KERNELS:
        kernel = kernel_named(name)
        text = kernel.with_patch(kernel.patch if asked == "as is" else asked)
        quiet = []
        for gib in sizes:
            done.setdefault((gib, text), work(gib * GIB, text))
        for model in kernel.models:
            found = [(cost, [_field(judge(done[gib, text], kernel, model, cost)) for gib in sizes]) for cost in costs]
            if not any(field != SILENT for _, fields in found for field in fields):
                quiet.append(model)
                continue
            rows += [(f"{name}, {PATCH[text.patch]}", model, cost, *fields) for cost, fields in found]
        if quiet:
            rows.append((f"{name}, {PATCH[text.patch]}", ", ".join(quiet), "each", *[SILENT] * len(sizes)))
    title = "The loop in which the watchdog reports; –: no report"
    return table(("kernel", "preemption", "cost", *(size_text(gib * GIB) for gib in sizes)), rows, title)


def _field(verdict: Judgement) -> str:
    return f"{verdict.loop}{', at times' if verdict.chance < 1 else ''}" if verdict.lockup else SILENT


def patches_table(size: int, preempt: str = "voluntary", kernel: str = "6.15") -> Table:
    """The versions of the patch on one guest: how long the CPU is held, and what the watchdog says."""
    rows, lit = [], []
    for patch, name in PATCH.items():
        verdict = lockup(size, kernel, preempt, patch=patch)
        calls = sum(phase.resched for result in verdict.work.results for phase in result.phases)
        locks = sum(phase.loop == "slots_lock" for result in verdict.work.results for phase in result.phases)
        says = f"lockup in {verdict.loop}, {verdict.stuck}s" if verdict.lockup else "nothing"
        lit += [len(rows)] * verdict.lockup
        rows.append(
            (name, f"{locks:,}", f"{calls:,}", f"{verdict.seconds:.1f} s", f"{verdict.longest.seconds:.1f} s", says)
        )
    header = ("patch", "slots_lock taken", "cond_resched()", "in all", "longest unbroken", "the watchdog says")
    return table(
        header, rows, f"{size_text(size)} guest, Linux {kernel}, {MODELS[preempt].shown}, costs: reporter",
        broken=lit, fault="the watchdog reports a lockup",
    )  # fmt: skip


def points_table() -> Table:
    """Where each preemption model gives way, loop by loop, without and with the patch."""
    from tdxkit.linux.memattr.result import Phase
    from tdxkit.linux.softlockup.preempt import stops

    loops = [("slots_lock", 0), ("check", 0), ("reserve", 0), ("reserve", 1), ("store", 0), ("store", 1)]
    rows = [
        (
            loop + ", patched" * bool(resched),
            *(words(stops(m, Phase(loop, 1, resched))).replace("none", "–") for m in MODELS),
        )
        for loop, resched in loops
    ]
    return table(
        ("loop", *MODELS), rows, "Points at which the CPU gives way", [4], lit="the loop in which the lockup is"
    )


def costs_table() -> Table:
    """The named costs, nanoseconds a page, and where they come from."""
    rows = [(c.name, c.reserve, c.store, c.check, c.again, c.clear, c.where) for c in COSTS.values()]
    header = ("cost", "reserve", "store", "check", "reserve again", "clear", "where it comes from")
    return table(header, rows, "ns a page")


def registers_table(reading: Reading) -> Table:
    """What each register of a report says."""
    return table(("register", "holds", "which is"), reading.rows, "", [4, 5], lit="the range that was asked for")


def report_table(report: Report) -> Table:
    """A report line by line: the line, what such a line says, what follows from this one."""
    return table(("line", "says", "what follows"), told(report), Finding(report).headline())


def reports_table(found: Reports) -> Table:
    """All reports of a text: where it stands, what the kernel says, in which loop, what this workbook has to say of it."""
    findings = [Finding(report, found.banner) for report in found.items[:REPORTS_SHOWN]]
    rows = [(one.report.at, *one.columns()) for one in findings]
    lit = [k for k, one in enumerate(findings) if one.report is found.main and len(findings) > 1]
    title = many(len(found.items), "report") + (
        f", the first {REPORTS_SHOWN} shown" if len(found.items) > REPORTS_SHOWN else ""
    )
    return table(
        ("line", "the kernel says", "where", "this workbook"), rows, title, lit, lit="the report that is shown"
    )


def said_sizes_table() -> Table:
    """The sizes that the reporter names, taken as powers of ten and as binary ones: how long the store loop is, how often reported."""
    rows = []
    for number, what in (("940", "where lockups begin"), ("1900", "the largest that was tested")):
        for unit in ("GB", "GiB"):
            size, _ = guest_size(number + unit)
            v = lockup(size)
            rows.append((what, f"{number} {unit}", size_text(size), f"{v.longest.seconds:.1f} s", f"{v.chance:.0%}"))
    header = ("said to be", "read as", "that is", "store loop, unbroken", "reported in so many phases")
    return table(header, rows, "Linux 6.15, PREEMPT(voluntary), unpatched, costs: reporter")
