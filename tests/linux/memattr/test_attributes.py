"""A call page by page and in bulk, memslots with huge pages, what a look-up costs: edges and sums."""

from itertools import product

import pytest

from tdxkit.linux.memattr.ioctl import (
    BATCH,
    KVM_MEMORY_ATTRIBUTE_PRIVATE,
    Did,
    KernelText,
    Kvm,
    attribute_runs,
    kvm_get_memory_attributes,
    kvm_set_memory_attributes,
    kvm_vm_set_mem_attributes,
    look_up,
    page_by_page,
)
from tdxkit.linux.memattr.memslots import LEVELS, Memslot, widened
from tdxkit.linux.memattr.result import Phase, SetResult
from tdxkit.linux.memattr.vm import PATCHES, TEXTS, supported
from tdxkit.linux.xarray.api import xa_reserve
from tdxkit.units import PAGE_4K, U64_MAX

PRIVATE = KVM_MEMORY_ATTRIBUTE_PRIVATE
M, G = LEVELS["2M"], LEVELS["1G"]


def vm(number=1, patch=None, slots=((0, 4 * M),), **more):
    kvm = Kvm(KernelText(number, patch), **more)
    assert all(kvm.add_slot(*slot) for slot in slots)
    return kvm


def paged(kvm, *call):
    done, steps = page_by_page(kvm, *call), []
    while True:
        try:
            steps.append(next(done))
        except StopIteration as end:
            return end.value, steps


@pytest.mark.parametrize("patch, number", [*product(PATCHES, TEXTS)])
@pytest.mark.parametrize("limit", [None, 0, 2])
@pytest.mark.parametrize("private", [True, False])
def test_page_by_page_is_the_call_in_bulk(patch, number, limit, private):
    one, other = (vm(number, patch, [(64, 20), (90, 3)], private=private) for _ in range(2))
    for start, end, attributes in ((60, 200, PRIVATE), (70, 90, 0), (0, 300, PRIVATE), (5, 5, 0), (200, 700, 0)):
        for kvm in (one, other):
            kvm.mem_attr_array.slab.limit = limit
        result, steps = paged(one, start, end, attributes)
        assert result == kvm_vm_set_mem_attributes(other, start, end, attributes)
        assert steps[0] == Did("slots_lock") and steps[-1] == Did("unlock")
        for loop in ("reserve", "store"):
            pages = [did for did in steps if did.does == loop]
            assert [did.gfn for did in pages] == [*range(start, start + result.total(loop))]
            assert all(did.rc == 0 for did in pages[:-1]) and (not pages or pages[-1].rc in (0, result.ret))
        resched = [did.gfn for did in steps if did.does == "resched"]
        assert len(resched) == sum(phase.resched for phase in result.phases)


def test_a_phase_says_what_its_loop_cost():
    result = kvm_vm_set_mem_attributes(vm(patch="v2"), 60, 70, PRIVATE)
    assert result.phases == (
        Phase("slots_lock"), Phase("check", 1), Phase("reserve", 10, 10, allocs=3, walked=1 * 4 + 2 * 6),
        Phase("pre", 10, mmu_lock=1), Phase("store", 10, 10, walked=20), Phase("post", 10, mmu_lock=1),
    )  # fmt: skip
    assert (result.seq, result.in_progress, result.tlb, result.warns, result.bugs) == (1, 0, 1, 0, 0)


def test_a_call_that_is_refused_leaves_the_counters_as_they_were():
    kvm = vm()
    for _ in range(2):
        kvm_vm_set_mem_attributes(kvm, 0, 5, PRIVATE)
        kvm_vm_set_mem_attributes(kvm, 0, 5, 0)
    refused = kvm_set_memory_attributes(kvm, 1, 1, PRIVATE)
    assert refused == SetResult(-22, seq=4) and refused.as_vector()["inprog"] == 0


@pytest.mark.parametrize(
    "slots, start, end, pages",
    [
        ([(0, 10)], 10, 20, 0),
        ([(0, 10)], 9, 20, 1),
        ([(20, 5)], 10, 20, 0),
        ([(20, 5)], 10, 21, 1),
        ([(0, 10), (15, 10)], 5, 20, 10),
        ([], 0, 9, 0),
    ],
)
def test_a_handler_sees_each_slots_part_of_the_range(slots, start, end, pages):
    result = kvm_vm_set_mem_attributes(vm(slots=slots), start, end, PRIVATE)
    for loop in ("pre", "post"):
        assert (result.total(loop), result.total(loop, "mmu_lock")) == (pages, int(bool(pages)))
    assert sum(b - a for a, b, _ in result.unmap) == pages and result.seq == int(bool(pages))
    assert {which for *_, which in result.unmap} == ({"shared"} if pages else set())
    assert bool(result.inval) == bool(pages)


def test_what_is_zapped_is_the_kind_that_the_pages_were():
    kvm = vm()
    assert kvm_vm_set_mem_attributes(kvm, 3, 9, PRIVATE).unmap == ((3, 9, "shared"),)
    assert kvm_vm_set_mem_attributes(kvm, 3, 9, 0).unmap == ((3, 9, "private"),)


@pytest.mark.parametrize(
    "start, end, wider",
    [(0, M, (0, M)), (1, M, (0, M)), (0, M - 1, (0, M)), (5, 6, (0, M)), (M - 1, M + 1, (0, 2 * M)), (M, 3 * M, (M, 3 * M)), (M + 1, 3 * M - 1, (M, 3 * M)),
     (4 * M - 1, 4 * M, (3 * M, 4 * M))],
)  # fmt: skip
def test_an_invalidation_is_as_wide_as_the_huge_pages_at_its_ends(start, end, wider):
    assert kvm_vm_set_mem_attributes(vm(), start, end, PRIVATE).inval == wider
    odd = vm(slots=[(1, M), (M + 1, 2)])  # no whole huge page in a slot: nothing wider than the range itself
    assert kvm_vm_set_mem_attributes(odd, 5, 9, PRIVATE).inval == (5, 9)


def test_a_page_that_is_mixed_already_is_not_invalidated_again():
    slot = Memslot(0, 4 * M, {("2M", 0)})
    assert [*widened(slot, 5, 6)] == [] and [*widened(slot, 5, M + 5)] == [(M, 2 * M)]
    assert [*widened(Memslot(0, 4 * M, set()), 5, 6)] == [(0, M)]
    assert [*widened(Memslot(0, 2 * G, set()), 5, 6)] == [(0, M), (0, G)]
    assert [*widened(Memslot(0, 2 * G, {("1G", 0)}), G - 1, G + M)] == [(G - M, G), (G, 2 * G)]


@pytest.mark.parametrize("base, pages", [(0, 3 * G), (M, 3 * G), (G - 1, 2 * G + 1), (1, G)])
def test_mixed_flags_of_both_levels_against_runs(base, pages):
    """By hand: a huge page inside the slot is mixed where a run of equal attributes ends inside it."""
    kvm = vm(slots=[(base, pages)])
    for start, end, attributes in (
        (5, G + 5, PRIVATE),
        (G - M, G, 0),
        (2 * G, 3 * G, PRIVATE),
        (2 * G + 7, 2 * G + 8, 0),
        (G, G + 5, 0),
        (5, M, 0),
    ):
        kvm_vm_set_mem_attributes(kvm, start, end, attributes)
        ends = {run[0] for run in attribute_runs(kvm, 0, 4 * G)} - {0}
        wanted = [
            [name, gfn]
            for name, size in LEVELS.items()
            for gfn in sorted({end & -size for end in ends if end % size})
            if base <= gfn and gfn + size <= base + pages
        ]
        assert kvm.mixed_pages() == wanted
        late = vm(slots=())
        late.mem_attr_array = kvm.mem_attr_array
        assert late.add_slot(base, pages) and late.mixed_pages() == wanted  # the slot comes afterwards


@pytest.mark.parametrize("number, mixed", [(1, [["2M", 0], ["2M", 512]]), (2, []), (3, [])])
def test_a_new_slot_takes_reserved_entries_for_attributes_only_in_the_first_text(number, mixed):
    kvm = vm(number, slots=())
    for gfn in range(5, 600):
        xa_reserve(kvm.mem_attr_array, gfn)
    kvm.add_slot(0, 2 * M)
    assert kvm.mixed_pages() == mixed
    assert not vm(number, slots=[(0, 2 * M)], private=False).mixed_pages()


@pytest.mark.parametrize(
    "base, pages, fits",
    [((1 << 52) - 5, 5, True), ((1 << 52) - 5, 6, False), (0, 1, True), (0, 0, False), (-1, 2, False), (100, 10, False), (109, 1, False), (110, 1, True),
     (90, 10, True), (90, 11, False), (0, 1 << 40, False)],
)  # fmt: skip
def test_a_slot_fits_beside_the_others_below_2_to_the_52(base, pages, fits):
    kvm = vm(slots=[(100, 10)])
    assert kvm.add_slot(base, pages) is fits
    assert [slot.base for slot in kvm.slots] == sorted([100, base] if fits else [100])


@pytest.mark.parametrize(
    "end, mask, attributes, answer",
    [(1, U64_MAX, 0, (False, 1)), (1, U64_MAX, PRIVATE, (True, 1)), (1, 0, 0, (True, 1)), (3, U64_MAX, PRIVATE, (True, 3)), (4, U64_MAX, PRIVATE, (False, 4)),
     (3, U64_MAX, 0, (False, 1)), (3, 0, PRIVATE, (False, 0)), (3, U64_MAX, 4, (False, 0))],
)  # fmt: skip
def test_a_look_up_stops_at_the_first_entry_that_differs(end, mask, attributes, answer):
    kvm = vm()
    kvm_vm_set_mem_attributes(kvm, 0, 3, PRIVATE)
    assert look_up(kvm, 0, end, mask, attributes) == answer


@pytest.mark.parametrize("number, answer", [(1, (False, 1)), (2, (True, 5)), (3, (True, 5))])
def test_reserved_entries_are_looked_at_and_count_in_the_first_text(number, answer):
    kvm = vm(number)
    for gfn in range(5):
        xa_reserve(kvm.mem_attr_array, gfn)
    assert look_up(kvm, 0, 9, U64_MAX, 0) == answer and look_up(kvm, 0, 9, U64_MAX, PRIVATE) == (False, 1)
    assert attribute_runs(kvm, 0, 9) == ((0, 9, 0),) and kvm_get_memory_attributes(kvm, 2) == 0
    assert look_up(kvm, 2, 3, U64_MAX, 0) == (True, 1)


def test_a_machine_without_private_memory_supports_no_attribute():
    kvm = vm(private=False)
    assert (
        look_up(kvm, 0, 5, U64_MAX, PRIVATE) == (False, 0)
        and kvm_set_memory_attributes(kvm, 0, PAGE_4K, PRIVATE).ret == -22
    )
    assert kvm_set_memory_attributes(kvm, 0, PAGE_4K, 0).ret == 0


@pytest.mark.parametrize("pages, batches", [(BATCH - 1, 1), (BATCH, 1), (BATCH + 1, 2), (2 * BATCH, 2)])
def test_batches_of_version_1(pages, batches):
    result = kvm_set_memory_attributes(vm(patch="v1", slots=[(0, pages)]), 0, pages * PAGE_4K, PRIVATE)
    assert [p.pages for p in result.phases if p.loop == "store"] == [BATCH] * (batches - 1) + [
        pages - BATCH * (batches - 1)
    ]
    assert len(result.trace) == len(result.unmap) == result.tlb == result.seq == batches
    assert all(line.startswith(" .") == (batches > 1) for line in result.trace)
    assert result.inval[1] == pages and result.total("pre", "mmu_lock") == batches


def test_a_batch_that_fails_is_the_last_one():
    kvm = vm(patch="v1", slots=())
    kvm.mem_attr_array.slab.limit = 5
    result = kvm_set_memory_attributes(kvm, 0, 3 * BATCH * PAGE_4K, PRIVATE)
    assert result.ret == -12 and len(result.trace) == 1 and result.inval is None
    warned = _warned(vm(patch="v1", slots=[(0, 2 * BATCH)], private=False))
    assert warned.warns == 2 and warned.inval == (BATCH, 2 * BATCH) and warned.tlb == 0


def _warned(kvm):
    """Two batches where attributes are cleared: text 1 stores nothing where nothing was; so something reserved comes first."""
    xa_reserve(kvm.mem_attr_array, BATCH)
    return kvm_set_memory_attributes(kvm, 0, 2 * BATCH * PAGE_4K, 0)


@pytest.mark.parametrize("end, errno", [(U64_MAX, -22), (U64_MAX - PAGE_4K + 1, 0), (U64_MAX + 1, -22)])
def test_the_last_byte_that_may_be_asked_for(end, errno):
    start = (1 << 64) - 2 * PAGE_4K
    assert kvm_set_memory_attributes(Kvm(), start, end - start, PRIVATE).ret == errno


@pytest.mark.parametrize("number", TEXTS)
@pytest.mark.parametrize("patch", PATCHES)
def test_a_kernel_is_told_by_its_text_and_its_patch(number, patch):
    said = str(KernelText(number, patch))
    assert said.startswith(("Linux 6.8", "Linux 6.12.113", "as 2")[number - 1])
    assert (
        said.endswith("unpatched" if patch is None else PATCHES[patch])
        and f"version {(patch or 'v')[1:]}" in said + "version "
    )
    assert (
        ("reconstructed" in said) == (number == 3)
        and ("batches" in said) == (patch == "v1")
        and ("cond_resched" in said) == (patch == "v2")
    )


def test_without_private_memory_there_is_no_attribute_at_all():
    assert supported(vm()) == PRIVATE
    assert supported(vm(private=False)) == 0
