"""A lens as text: what `lens` prints in a terminal and the twin of its tables."""

from collections.abc import Iterator


def told(seen) -> Iterator[str]:
    """The lines of a `tdxkit.review.lens.Lens`: outcomes, partings, costs."""
    total = {v: sum(r.interleavings or 0 for r in seen.rows if r.version == v) for v in seen.states}
    yield f"{seen.threads} threads x {seen.rounds}; the model finds, run past broken rules:"
    for row in seen.rows:
        many = "endless" if row.interleavings is None else f"{row.interleavings:,} of {total[row.version]:,}"
        yield f"  {row.version:15} {many:>28}  {'!! ' if row.bad else ''}{row.outcome}"
        yield f"  {'':15} {'':28}  {row.schedule}"
    yield ""
    if seen.schedule:
        yield f"held against each other on {seen.schedule}"
    for p in seen.partings:
        where = (
            f"part at step {p.step}: {p.labels[0]}"
            + (f" / {p.labels[1]}" if p.labels[1] not in ("", p.labels[0]) else "")
            if p.step
            else "do not part"
        )
        yield f"  {p.versions[0]} and {p.versions[1]} {where} ({p.why})"
    yield ""
    yield f"  {'a round costs':15} {'alone: steps':>13} {'SEAMCALLs':>9} {'pamt_lock':>9} {'pages':>5}   {'pair there: steps':>17} {'SEAMCALLs':>9} {'pamt_lock':>9} {'pages':>5} {'states':>9}"
    for c in seen.costs:
        a, s = c.alone, c.shared
        yield (f"  {c.version:15} {a['steps']:13} {a['seamcalls']:9} {a['locked']:9} {a['pages']:5}   "
               f"{s['steps']:17} {s['seamcalls']:9} {s['locked']:9} {s['pages']:5} {seen.states[c.version]:9,}")  # fmt: skip
