"""The series in tables: what a TD's life comes to without a patch, up to a patch, in each context, and after each single fault."""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby

from tdxkit.linux.host.base import BASES
from tdxkit.linux.host.endless import CASES, ending
from tdxkit.linux.host.kvm.meeting import Meeting, meeting, tally
from tdxkit.linux.host.kvm.places import PAIR_LEAVES
from tdxkit.linux.host.life import Life, fault_table, faults_job, live
from tdxkit.linux.refcount.posted import KVM_CACHE, versions
from tdxkit.review.patches import FOUNDATION, TOTAL, prefix, series, without
from tdxkit.seam.conflicts import table as conflicts
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.waiting import waited_for

DRY = {
    KVM_CACHE: "a warning, GFP_ATOMIC, else BUG()",
    ("S-EPT",): "GFP_ATOMIC for S-EPT pages, else -ENOMEM",
    (): "-ENOMEM",
}


def without_table() -> Table:
    """The whole series but one patch, for each patch that can be left out."""
    rows = []
    for n in sorted(set(range(1, TOTAL + 1)) - FOUNDATION):
        life = live("v2", without(n))
        rows.append((str(series()[n - 1]), life.result, life.pairs_left, life.refs_left, life.meminfo_kb))
    return table(("without", "the model finds", "pairs left", "references left", "meminfo kB"), rows)


def prefix_table() -> Table:
    """After each patch, as a bisection would build it: static PAMT until patch 11. Patches after which nothing changed share a row."""
    lives = {n: live("v2", prefix(n)) for n in range(TOTAL + 1)}
    told = {
        n: ("static" if not life.peak_kb else "dynamic", life.result, life.seamcalls, life.peak_kb)
        for n, life in lives.items()
    }
    alike = (list(group) for _, group in groupby(told, told.__getitem__))
    rows = [(f"{same[0]} to {same[-1]}" if len(same) > 1 else same[0], *told[same[0]]) for same in alike]
    return table(("patches", "PAMT", "a TD's life", "SEAMCALLs", "pairs at most, kB"), rows)


def contexts_table(life: Life) -> Table:
    """What a recorded life does in each context of the kernel: locks, sleep, references, pairs."""
    what = ("tdx_pamt_get", "tdx_pamt_put", "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE")
    rows = [
        (
            c.name,
            c.what,
            ", ".join(c.locks) or "none",
            "yes" if c.may_sleep else "no",
            sum(life.work[c].values()),
            *(life.work[c].get(w, 0) for w in what),
        )
        for c in life.work
    ]
    head = ("context", "at", "locks held", "may sleep", "steps", "gets", "puts", "pairs in", "pairs out")
    return table(head, rows, "pamt_lock comes on top wherever a pair goes in or out")


def versions_table() -> Table:
    """What differs between the versions outside get and put."""
    yes = {True: "yes", False: "no"}
    rows = [
        (v.name, v.pool_pages, "S-EPT and pairs" if v.pool_holds_sept else "pairs", "every VM" if v.pool_everywhere else "TDs",
         DRY[v.atomic_refill], yes[v.clears_pair], "top-up" if v.sept_early else "SEPT.ADD", "in the fault" if BASES[v.base].overhauled else "later")
        for v in versions().values()
    ]  # fmt: skip
    return table(
        ("version", "pool", "it holds", "of vCPUs of", "when dry", "pair cleared", "S-EPT page's pair at", "PAGE.ADD"),
        rows,
    )


def dry_table() -> Table:
    """A TD's life in each version where nobody fills the pools: warnings, and how it ends."""
    lives = {version: live(version, pool_pages=0) for version in versions()}
    rows = [
        (version, "; then ".join(dict.fromkeys(life.warnings)), life.loop or life.stopped or "the TD lives to its end")
        for version, life in lives.items()
    ]
    return table(("version", "warnings", "it ends"), rows, "A TD's life with pools that nobody fills")


def meetings_table(version: str = "v6") -> Table:
    """The ordered pairs of calls on one TD that conflict in the module: what keeps them apart in the KVM that a version was cut from."""
    base = BASES[versions()[version].base]
    found = [meeting(pair.a, pair.b, base) for pair in conflicts() if pair.met or pair.then]
    can, apart = Counter(_side_by_side(m) for m in found if m.meets), tally(found)
    rows = [
        (said, words, n) for said, counts in (("can meet", can), ("apart", apart)) for words, n in counts.most_common()
    ]
    title = f"{version}: {len(found)} ordered pairs that conflict in the module, {sum(can.values())} can meet"
    return table(("in the kernel", "where, or what keeps them apart", "pairs"), rows, title)


def _side_by_side(found: Meeting) -> str:
    """Two lanes that can be under way at once, in either order. PAMT.ADD and REMOVE are made in nearly every lane: one row for them."""
    if {found.a, found.b} & set(PAIR_LEAVES):
        return "PAMT.ADD or REMOVE beside another call"
    return " beside ".join(sorted((place.lane for place in found.meets), key=str.lower))


def endings_table() -> Table:
    """A fault in which one thing keeps failing: how it ends in each version."""
    rows = [(case.what, *(ending(version, case) for version in versions())) for case in CASES]
    title = "Goes round: RET_PF_RETRY, pass after pass, until a signal, an event or a dead VM"
    return table(("what keeps failing", *versions()), rows, title)


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


def faults_summary(asked: Iterable[str] = ()) -> Table:
    """For each version asked for, else for all: single faults, how many leave something, and through what."""
    rows = []
    for version, found in waited_for(faults_job(asked or versions()), "versions").items():
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
