"""What a step of a design says: over every step of every reachable state, with everything that may fail, which designs name which fact."""

from functools import cache

import pytest

from tdxkit.explore.reachable import graph
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import Variant, of_design

FAULTS = {"memory_may_run_out": True, "add_may_fail": True, "remove_may_fail": True}
COUNTED = {name for name in DESIGNS if name not in ("lazy", "per-region")}  # with a refcount and pamt_lock
FAST = {"v1", "v2", "v3", "v4", "v5", "v6"}  # a get that finds a count takes no lock
LATE = {"v1", "v2", "v3", "v4", "v5"}  # a put that counts down before it has the lock
LOCKED = {"v4-unoptimised", "v5-unoptimised", "v6-unoptimised", "after-v6"}  # all under the lock
MINUS = {"minus-one", "minus-one-repaired"}
TOLD_AS_SUCCESS = {"v3", "v3-unoptimised", "v4", "v4-unoptimised"}  # a failed ADD (B19)
MEETS_A_PAIR = {*LATE, "inc-first", *MINUS}  # whose get may find a pair that a put has not removed yet
LOCK_ENTRY = {"lazy"}

# At which step (its label begins so), which words, and who says them: nobody else does.
FACTS = [
    ("alloc_page() twice", "has two pages in hand", set(DESIGNS)),
    ("alloc_page() twice", "There is no memory: -ENOMEM", set(DESIGNS)),
    ("atomic_inc_not_zero", "one user more, no lock needed", FAST - {"v3"}),
    ("atomic_inc_not_zero", "one user more, and two pages allocated for nothing", {"v3"}),
    ("atomic_inc_not_zero", "one user more, the pages are not needed", {"after-v6"}),
    ("atomic_inc_not_zero", "The refcount is 0: the slow path", FAST),
    ("atomic_inc_unless_negative", "not negative, so there is a pair: one user more, no lock needed", MINUS),
    ("atomic_inc_unless_negative", "-1: no pair, the slow path", MINUS),
    ("atomic_inc_unless_negative", "Another get was faster: the pages are not needed", {"minus-one-repaired"}),
    ("atomic_inc_return", "was not zero, so there is a pair, or so it seems", {"inc-first"}),
    ("atomic_inc_return", "was zero: the pair is still to be added, but the count already says it is there", {"inc-first"}),
    ("atomic_read", "Another get was faster: the pages are not needed", FAST),
    ("atomic_read", "this user is not in it", {"v3-unoptimised"}),
    ("atomic_inc(", "one user more, the pages are not needed", LOCKED - {"after-v6"}),
    ("atomic_inc(", "a pair and one user", {"v4-unoptimised", "v5-unoptimised"}),
    ("atomic_inc(", "from a put that is late: it is taken over", {"v3"}),
    ("atomic_set(refcount, 1)", "From here on gets take the fast path", FAST),
    ("atomic_set(refcount, 1)", "a pair and one user", {"v6-unoptimised", "after-v6"}),
    ("TDH.PHYMEM.PAMT.ADD", "takes two pages and keeps the region's PAMT_4K entries in them", {*COUNTED, "per-region"}),
    ("TDH.PHYMEM.PAMT.ADD", "has a page pair already: the module answers TDX_HPA_RANGE_NOT_FREE", MEETS_A_PAIR),
    ("TDH.PHYMEM.PAMT.ADD", "Another SEAMCALL holds the 2M entry: the module answers TDX_OPERAND_BUSY", {*COUNTED, "per-region"}),
    ("TDH.PHYMEM.PAMT.ADD", "the return value is still 0", {"v3-unoptimised", "v4-unoptimised"}),
    ("TDH.PHYMEM.PAMT.ADD", "ADD failed: -EIO", LOCKED - {"v4-unoptimised"}),
    ("__free_page() twice", "The two pages go back to the page allocator", set(DESIGNS)),
    ("__free_page() twice", "ADD did not take the pages: they are freed, with pamt_lock held", {"v1"}),
    ("__free_page() of nothing", "No page is in hand, so none goes back", {"v4", "v4-unoptimised", "v5", "v5-unoptimised", "minus-one"}),
    ("spin_unlock", "Its pages were not taken", {"minus-one"}),
    ("", "The get returned -EIO", {*COUNTED, "per-region"} - TOLD_AS_SUCCESS),
    ("", "The get returned -ENOMEM", {*COUNTED, "per-region"}),
    ("TDH.MEM.PAGE.AUG", "mapped for the guest; its PAMT_4K entry lies in the pair", {*COUNTED, "per-region"}),
    ("TDH.MEM.PAGE.AUG", "no PAMT entry to live in: TDX_MISSING_PAMT_PAGE_PAIR", {*TOLD_AS_SUCCESS, "inc-first", *MINUS}),
    ("TDH.MEM.PAGE.REMOVE", "is taken from the guest", {*COUNTED, "per-region"}),
    ("atomic_dec_and_test", "the last user. The refcount is 0, and this CPU does not hold pamt_lock", LATE),
    ("atomic_dec_and_test", "A get came in between: the pair stays", {"v6", "inc-first"}),
    ("atomic_add_unless", "other users: one user less, no lock needed", {"v6", "inc-first"}),
    ("atomic_add_unless", "may be the last user: it will take the lock first, and decrement under it", {"v6", "inc-first"}),
    ("atomic_dec_if_positive", "0: it is the last user", MINUS),
    ("atomic_dec_if_positive", "A get came in between: the pair stays", {"minus-one-repaired"}),
    ("atomic_", "a get may move it at any moment: the lock does not keep it away", MINUS),
    ("atomic_read", "A get came in between: the pair stays", {*LATE, "minus-one"}),
    ("atomic_read", "and so does this put's reference", {"minus-one"}),
    ("atomic_read", "the count changes only once the pair is out", LOCKED),
    ("atomic_read", "other users: one user less, the pair stays", LOCKED),
    ("atomic_read", "Nobody holds the pair: nothing to do", {"v3-unoptimised"}),
    ("atomic_read", "the pair goes, whoever else uses it", {"v3-unoptimised"}),
    ("TDH.PHYMEM.PAMT.REMOVE", "gives the two pages back; the region has no pair", {*COUNTED, "per-region"}),
    ("TDH.PHYMEM.PAMT.REMOVE", "asks for the pair of a region that has none: TDX_NO_PAMT_PAGE_PAIR", {*MEETS_A_PAIR, "v4-unoptimised"}),
    ("TDH.PHYMEM.PAMT.REMOVE", "is still in use: TDX_PAMT_PAGE_NOT_EMPTY", {*TOLD_AS_SUCCESS, *MINUS}),
    ("TDH.PHYMEM.PAMT.REMOVE", "Another SEAMCALL holds the 2M entry: the module answers TDX_OPERAND_BUSY", {*COUNTED, "per-region"}),
    ("TDH.PHYMEM.PAMT.REMOVE", "The pair stays with the module, and the count as it was", LOCKED),
    ("atomic_inc(", "puts the reference back, for a pair that it takes to be still there", LATE - {"v1"}),
    ("atomic_set(refcount, 1)", "The pair is lost to the module; the refcount says so", {"v6", "inc-first"}),
    ("spin_lock", "It takes pamt_lock", COUNTED),
    ("spin_unlock", "It lets go of pamt_lock", COUNTED),
    ("TDH.MEM.PAGE.AUG", "It takes the 2M entry shared", LOCK_ENTRY),
    ("TDH.PHYMEM.PAMT.", "It takes the 2M entry exclusive", LOCK_ENTRY),
    ("TDH.MEM.PAGE.AUG", "in a conflicting mode: TDX_OPERAND_BUSY", LOCK_ENTRY),
    ("AUG: promote", "in a conflicting mode: TDX_OPERAND_BUSY", LOCK_ENTRY),
    ("AUG: promote", "No pair: TDX_MISSING_PAMT_PAGE_PAIR", LOCK_ENTRY),
    ("TDH.PHYMEM.PAMT.ADD", "in a conflicting mode: TDX_OPERAND_BUSY", LOCK_ENTRY),
    ("TDH.PHYMEM.PAMT.REMOVE", "in a conflicting mode: TDX_OPERAND_BUSY", LOCK_ENTRY),
    ("TDH.MEM.PAGE.REMOVE", "The module hints: the region's page count is 0 now", LOCK_ENTRY),
    ("PAMT.REMOVE:", "A page came into use since the hint: TDX_PAMT_PAGE_NOT_EMPTY", LOCK_ENTRY),
    ("PAMT.REMOVE:", "The pair is gone already: TDX_NO_PAMT_PAGE_PAIR", LOCK_ENTRY),
]  # fmt: skip


@cache
def said(name):
    """(label, sentence) of every step of two CPUs that a design can take from any state it comes to."""
    one = of_design(DESIGNS[name].code, name, 2, 1, Variant("", **FAULTS))
    return {(edge.label, edge.sentence) for edges in graph(one).edges for edge in edges}


@pytest.mark.slow
@pytest.mark.parametrize("label, words, who", FACTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_fact_is_said_at_its_step_by_those_whose_code_it_is(label, words, who):
    assert {
        name for name in DESIGNS if any(at.startswith(label) and words in sentence for at, sentence in said(name))
    } == who


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(COUNTED))
def test_a_step_without_words_of_its_own_tells_the_count(name):
    """No bare label: what is not said in words is a number that changed or was read."""
    for label, sentence in said(name):
        if sentence.startswith(label):
            assert (
                label.startswith(("atomic_dec", "atomic_inc", "atomic_read", "atomic_set"))
                and sentence[len(label) :].strip(": →-0123456789") == ""
            )


def page_by_page(name):
    one = of_design(DESIGNS[name].code, name, 1, 1, Variant("", one_by_one=True))
    return {(edge.label, edge.sentence) for edges in graph(one).edges for edge in edges}


@pytest.mark.parametrize("name", [name for name, design in DESIGNS.items() if design.posted])
def test_page_by_page_it_is_said_what_is_in_hand_and_what_goes_back(name):
    found = {sentence for _, sentence in page_by_page(name)}
    assert {"One page more is in hand."} <= found
    assert all(any(f"There is no memory, and {n} page is in hand: -ENOMEM." in s for s in found) for n in ("no", "1"))
    keeps_it = name in ("v3", "v3-unoptimised")  # B16: the first page is lost
    assert (
        any(label == "__free_page() once" and "The one page in hand goes back" in s for label, s in page_by_page(name))
        != keeps_it
    )
