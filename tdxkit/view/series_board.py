"""The twelve patches as switches, what each needs, and what a TD's life leaves behind without one or after one fault."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice

import ipywidgets as w
import networkx as nx

from tdxkit.linux.host.host import Context
from tdxkit.linux.host.kvm.td import CONTEXTS
from tdxkit.linux.host.life import Life, fault_table, live
from tdxkit.linux.host.versions import KVM_CACHE, VERSIONS
from tdxkit.review.patches import FOUNDATION, TOTAL, needs_edges, prefix, series, users_of, without
from tdxkit.run import Run
from tdxkit.view.host_picture import host
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import drawing, element, line, text
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.patch_graph import patch_graph
from tdxkit.view.stepper import Stepper

DRY = {
    KVM_CACHE: "a warning, GFP_ATOMIC, else BUG()",
    ("S-EPT",): "GFP_ATOMIC for S-EPT pages, else -ENOMEM",
    (): "-ENOMEM",
}
ROW, NUMBERS, STEP, WIDTH = 30, 230, 58, 820  # a row, where the numbers stand, how far an arc bends, the whole


def switches() -> w.Widget:
    """A checkbox a patch; the life is lived again at each change. 1 to 4 carry the others and stay on."""
    boxes = {
        p.n: w.Checkbox(
            True, description=str(p), disabled=p.n in FOUNDATION, indent=False, layout=w.Layout(width="auto")
        )
        for p in series()
    }
    said, shown = w.HTML(), w.VBox()

    def live_again(_change=None) -> None:
        life = live("v2", frozenset(n for n, box in boxes.items() if box.value), record=True)
        said.value = str(element("p", element("b", "✓ " if life.clean else "✗ "), _told(life), role="status"))
        shown.children = (Stepper(life.run, picture=host),)

    for box in boxes.values():
        box.observe(live_again, "value")
    live_again()
    note = element("p", "Patches 1 to 4 cannot be left out: the others call what they bring.")
    return w.VBox(
        [
            w.VBox(list(boxes.values())),
            w.HTML(str(note)),
            said,
            shown,
        ]
    )


def _told(life: Life) -> str:
    line = "no TDX line" if life.meminfo_kb is None else f"TDX: {life.meminfo_kb} kB"
    return f"{life.result}. {life.seamcalls} SEAMCALLs, at most {life.peak_kb} kB of pairs; at the end {life.pairs_left} pairs, {life.refs_left} references; /proc/meminfo: {line}."


def without_table() -> Table:
    """The whole series but one patch, for each patch that can be left out."""
    rows = []
    for n in sorted(set(range(1, TOTAL + 1)) - FOUNDATION):
        life = live("v2", without(n))
        rows.append((str(series()[n - 1]), life.result, life.pairs_left, life.refs_left, life.meminfo_kb))
    return table(("without", "the model finds", "pairs left", "references left", "meminfo kB"), rows)


def prefix_table() -> Table:
    """After each patch, as a bisection would build it: static PAMT until patch 11."""
    lives = {n: live("v2", prefix(n)) for n in range(TOTAL + 1)}
    rows = [
        (n, "static" if not life.peak_kb else "dynamic", life.result, life.seamcalls, life.peak_kb)
        for n, life in lives.items()
    ]
    return table(("patches", "PAMT", "a TD's life", "SEAMCALLs", "pairs at most, kB"), rows)


def contexts_table(run: Run) -> Table:
    """What a run does in each context of the kernel: locks, sleep, references, pairs. pamt_lock comes on top of what is listed."""
    known = {(c.name, frozenset(lock.split()[0] for lock in c.locks)): c for c in CONTEXTS}
    locks = frozenset().union(*(held for _, held in known))
    seen: dict[Context, Counter[str]] = {}
    for step, state in zip(run.steps, islice(run.states(), 1, None)):
        context = known.get((step.actor, frozenset(lock for lock in locks if state.get(lock))))
        if context:
            seen.setdefault(context, Counter())[step.label] += 1
    what = ("tdx_pamt_get", "tdx_pamt_put", "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE")
    rows = [
        (
            c.name,
            ", ".join(c.locks) or "none",
            "yes" if c.may_sleep else "no",
            seen[c].total(),
            *(seen[c][w] for w in what),
        )
        for c in CONTEXTS
        if c in seen
    ]
    head = ("context", "locks held", "may sleep", "steps", "gets", "puts", "pairs in", "pairs out")
    return table(head, rows, "pamt_lock comes on top wherever a pair goes in or out")


def versions_table() -> Table:
    """What differs between the versions outside get and put."""
    yes = {True: "yes", False: "no"}
    rows = [
        (v.name, v.pool_pages, "S-EPT and pairs" if v.pool_holds_sept else "pairs", "every VM" if v.pool_everywhere else "TDs",
         DRY[v.atomic_refill], yes[v.clears_pair], "top-up" if v.sept_early else "SEPT.ADD", "later" if v.premaps else "in the fault")
        for v in VERSIONS.values()
    ]  # fmt: skip
    return table(
        ("version", "pool", "it holds", "of vCPUs of", "when dry", "pair cleared", "S-EPT page's pair at", "PAGE.ADD"),
        rows,
    )


def left_table(version: str, huge: bool = False) -> Table:
    """Every single fault that leaves something behind, faults of one kind together."""
    groups: dict[tuple, list[int]] = {}
    total = 0
    for row in fault_table(version, huge):
        total += 1
        life = row.life
        if life.pairs_left or life.refs_left or life.pages_left:
            groups.setdefault(
                (row.where, row.how, life.bugged, life.pairs_left, life.refs_left, life.pages_left), []
            ).append(row.point)
    rows = [
        (where, how, len(points), "yes" if bugged else "no", *left)
        for (where, how, bugged, *left), points in groups.items()
    ]
    title = f"{version}: {total} single faults, {sum(map(len, groups.values()))} leave something behind"
    return table(
        ("what failed", "how", "times", "VM bugged", "pairs left", "references left", "pages left"), rows, title
    )


def faults_summary(versions: Iterable[str] = VERSIONS) -> Table:
    """For each version: single faults, how many leave something, and through what."""
    rows = []
    for version in versions:
        found = fault_table(version)
        left = [r for r in found if r.life.pairs_left or r.life.refs_left or r.life.pages_left]
        silent = [r for r in left if not r.life.bugged and not r.life.warnings]
        rows.append(
            (
                version,
                len(found),
                len(left),
                sum(r.life.bugged for r in left),
                sum(r.life.refs_left < 0 for r in left),
                len(silent),
            )
        )
    return table(
        ("version", "single faults", "leave something", "of these: VM bugged", "count below zero", "without a word"),
        rows,
    )


def needs_graph() -> nx.DiGraph:
    """Patches as nodes, an edge from each to what it needs."""
    graph = nx.DiGraph()
    for patch in series():
        graph.add_node(patch.n, title=patch.title)
    graph.add_edges_from(needs_edges())
    return graph


def needs_picture() -> Picture:
    """The patches in order, with an arc from each to every patch that it needs."""
    graph = needs_graph()
    y = {n: 24 + ROW * k for k, n in enumerate(graph)}
    parts, said = [], ["Which patch needs which"]
    for user, needed in graph.edges:
        role = "a0" if needed in FOUNDATION else "a1"
        edge, bend = NUMBERS - 12, NUMBERS - 30 - STEP * (user - needed) ** 0.5
        path = f"M{edge} {y[user]}C{bend:.0f} {y[user]} {bend:.0f} {y[needed]} {edge} {y[needed]}"
        dash = None if needed in FOUNDATION else "5 3"
        parts.append(
            element("path", d=path, fill="none", stroke=f"var(--tdx-{role})", stroke_width=1.4, stroke_dasharray=dash)
        )
        parts.append(line((edge - 7, y[needed] - 4), (edge, y[needed]), (edge - 7, y[needed] + 4), role=role))
    for n, data in graph.nodes(data=True):
        ring = element("circle", cx=NUMBERS, cy=y[n], r=11, fill="var(--tdx-paper)", stroke="var(--tdx-ink)")
        title = text(NUMBERS + 20, y[n] + 4, data["title"], font_size=12.5, font_weight=600 if n in FOUNDATION else 400)
        parts += [ring, text(NUMBERS, y[n] + 4, n, anchor="middle", font_weight=600), title]
        needs = ", ".join(map(str, sorted(graph[n]))) or "nothing"
        users = ", ".join(map(str, users_of(n))) or "nobody"
        said.append(f"{n:2} {data['title']}: needs {needs}; built on by {users}")
    label = f"{len(graph)} patches, {graph.number_of_edges()} needs"
    return Picture(drawing(WIDTH, 24 + ROW * len(graph), label, *parts), "\n".join(said))


def files_graph() -> nx.Graph:
    """Patches and the files they touch, for `patch_graph.draw_patch_graph`."""
    return patch_graph({p.n: p.title for p in series()}, {p.n: p.files for p in series()})


__all__ = [
    "contexts_table",
    "faults_summary",
    "files_graph",
    "left_table",
    "needs_graph",
    "needs_picture",
    "prefix_table",
    "switches",
    "versions_table",
    "without_table",
]
