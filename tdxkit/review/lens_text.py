"""A lens as text: what `lens` prints in a terminal and the twin of its tables."""

from collections.abc import Iterator

from tdxkit.text import columns

COST = ("steps", "SEAMCALLs", "pamt_lock", "pages")


def told(seen) -> Iterator[str]:
    """The lines of a `tdxkit.review.lens.Lens`: outcomes, partings, costs."""
    yield f"{seen.threads} threads x {seen.rounds}, memory {seen.memory}; the model finds, run past broken rules:"
    total = {v: sum(r.interleavings or 0 for r in seen.rows if r.version == v) for v in seen.states}
    ways = ["endless" if r.interleavings is None else f"{r.interleavings:,} of {total[r.version]:,}" for r in seen.rows]
    ends = [("!! " if r.bad else "") + r.outcome for r in seen.rows]
    head, *rows = columns(("version", "interleavings", "it ends"), zip((r.version for r in seen.rows), ways, ends))
    yield head
    for row, line in zip(seen.rows, rows):
        yield line
        yield " " * head.index("it ends") + row.schedule
    if seen.partings:
        yield ""
        yield f"held against each other on {seen.schedule}"
    for p in seen.partings:
        at = f"part at step {p.step}: {' / '.join(dict.fromkeys(filter(None, p.labels)))}" if p.step else "do not part"
        yield f"  {p.versions[0]} and {p.versions[1]} {at} ({p.why})"
    yield ""
    if not seen.paired:
        yield "a round costs a CPU that is alone:"
        yield from columns(
            ("version", "steps", "with a lock", "states"),
            ((c.version, c.alone["steps"], c.alone["locked"], seen.states[c.version]) for c in seen.costs),
        )
        return
    yield "a round costs a CPU, alone and where the pair is there:"
    cost = COST if not seen.own else tuple("with a lock" if one == "pamt_lock" else one for one in COST)
    rows = [(c.version, *c.alone.values(), *c.shared.values(), seen.states[c.version]) for c in seen.costs]
    yield from columns(("version", *cost, *(f"{one}, there" for one in cost), "states"), rows)
