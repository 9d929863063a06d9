"""What a reader asked for or declared and no run meets, or what a run meets and the model leaves out: told beside the verdict."""

import re

from tdxkit.explore.effects import effects
from tdxkit.explore.guard import Ran
from tdxkit.explore.program import Scenario
from tdxkit.explore.tables import Tables
from tdxkit.explore.whose import readers
from tdxkit.text import Pattern, near

# the constant of a scenario in which something may fail: the fault that sets it, and the program in which it does
FAILS = {
    "memory_may_run_out": ("enomem", "take_pages"),
    "one_by_one": ("page-by-page", "take_one_by_one"),
    "add_may_fail": ("add-fails", "tdh_phymem_pamt_add"),
    "remove_may_fail": ("remove-fails", "tdh_phymem_pamt_remove"),
}
MAY_BE_BUSY = Pattern(r"PAMT[._](ADD|REMOVE)", re.IGNORECASE)


def never_failed(scenario: Scenario, ran: Ran) -> list[str]:
    """The faults that were asked for and no run could meet, as none runs the program in which they come up. Nothing where nothing was noted."""
    names = {code.co_name for code in ran}
    return [
        f"faults={fault}: no run calls {program}, so it never comes up: nothing else of tdxkit fails"
        for constant, (fault, program) in FAILS.items()
        if ran and scenario.constants.get(constant) and program not in names
    ]


def never_taken(tables: Tables) -> list[str]:
    """Locks that no step touches, where a shared variable is called almost so."""
    touched = {slot for place in tables.places for effect in effects(place.rows) for slot in effect.reads}
    touched |= {slot for place in tables.places for effect in effects(place.rows) for slot, _ in effect.writes}
    others = [name for name, slot in tables.layout.plain.items() if slot not in tables.locks]
    unused = {tables.layout.names[slot] for slot in tables.locks - touched}
    return [
        f"lock {name}: no step takes it, and there is {meant}: correct the name"
        for name in sorted(unused)
        if (meant := near(name, others, 0.8))
    ]


def not_modelled(tables: Tables) -> list[str]:
    """Calls of PAMT.ADD and PAMT.REMOVE that are made with no lock held: there the module may answer what these models leave out."""
    told: dict[str, None] = {}
    for place in tables.places:
        if not place.held and MAY_BE_BUSY.search(place.label):
            code, line = readers(place.lines)
            told.setdefault(
                f"line {line} of {code.co_name}: {place.label} with no lock held: BUSY, which the module may answer there while another call "
                "has the entry, is not modelled"
            )
    return list(told)
