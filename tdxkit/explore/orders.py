"""Orders of locks that could meet their opposite: told even where no run met it.

Whoever takes lock B while it holds A has an order, A before B. Where orders make a circle (A before B here, B before A there), threads
that come into it together may wait for each other for ever. A search sees that only if some run of its few threads does; the orders are
in the tables whatever the runs were. A try that goes on elsewhere where the lock is taken, or lets go of the other before it tries again, waits for nobody and makes no order.
"""

from collections import deque
from itertools import pairwise

from tdxkit.explore.effects import effects
from tdxkit.explore.tables import FINISHED, Tables
from tdxkit.explore.whose import readers

Arrows = dict[tuple[int, int], str]  # (held, taken): where


def crossing(tables: Tables, apart: bool = False) -> tuple[str, ...]:
    """A sentence for each circle of orders, each with the lines that take the locks; the shortest circle for each lock that is in one.

    apart: every run was seen, and in none threads waited for each other.
    """
    arrows, told = _arrows(tables), []
    done: set[int] = set()
    for first, second in arrows:
        way = _way(arrows, second, first)
        if way and not done & {first, *way}:
            done |= {first, *way}
            told.append(_said(tables, arrows, [first, *way]) + ("; no run here did" if apart else ""))
    return tuple(told)


def _said(tables: Tables, arrows: Arrows, circle: list[int]) -> str:
    labels = tables.layout.labels
    orders = [f"{labels[a]} before {labels[b]} ({arrows[a, b]})" for a, b in pairwise(circle)]
    return f"orders of locks that could meet: {', '.join(orders)}; whoever is in them at once may wait for each other for ever"


def _way(arrows: Arrows, start: int, end: int) -> list[int]:
    """The shortest way along the arrows, both ends included; [] where there is none."""
    before: dict[int, int | None] = {start: None}
    todo = deque([start])
    while todo and end not in before:
        at = todo.popleft()
        for a, b in arrows:
            if a == at and b not in before:
                before[b] = at
                todo.append(b)
    way, at_last = [], end if end in before else None
    while at_last is not None:
        way.append(at_last)
        at_last = before[at_last]
    return way[::-1]


def _arrows(tables: Tables) -> Arrows:
    found: Arrows = {}
    for lid, at in enumerate(tables.places):
        if not at.held:
            continue
        for effect in effects(at.rows):
            taken = {slot for slot in effect.held if effect.held.count(slot) > at.held.count(slot)}
            for slot, held in ((slot, held) for slot in taken for held in at.held):
                if held != slot and (held, slot) not in found and _waits(tables, lid, taken, held):
                    code, line = readers(at.lines)
                    found[held, slot] = f"line {line} of {code.co_name}"
    return found


def _waits(tables: Tables, lid: int, taken: set[int], held: int) -> bool:
    """Does a thread that does not get the lock here come back, with the other one held all the way? So too where no run found it taken."""
    failed = [e.after for e in effects(tables.places[lid].rows) if not taken & set(e.held)]
    seen, todo = set(failed), list(failed)
    while todo:
        at = todo.pop()
        if at == lid:
            return True
        lost = at == FINISHED or held not in tables.places[at].held
        after = [] if lost else [e.after for e in effects(tables.places[at].rows)]
        todo += [a for a in after if a not in seen]
        seen.update(after)
    return not failed
