"""KVM's memory attributes: the ioctl's checks, the phases of a call, who has what afterwards, huge pages, whole guests."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.linux.memattr.guest_ram import guest_ranges, layout_text, set_guest
from tdxkit.linux.memattr.ioctl import (
    BATCH,
    KVM_MEMORY_ATTRIBUTE_PRIVATE,
    KVM_SET_MEMORY_ATTRIBUTES,
    KernelText,
    Kvm,
    MemoryAttributes,
    attribute_runs,
    decode_ioctl,
    ioctl_number,
    kvm_get_memory_attributes,
    kvm_range_has_memory_attributes,
    kvm_set_memory_attributes,
    kvm_vm_set_mem_attributes,
    look_up,
    tracepoint,
)
from tdxkit.linux.xarray.api import xa_empty, xa_reserve
from tdxkit.linux.xarray.tree import xa_stat
from tdxkit.units import GIB, TIB, U64_MAX

PRIVATE, PAGE = KVM_MEMORY_ATTRIBUTE_PRIVATE, 4096
ALL = U64_MAX
texts = st.builds(KernelText, st.sampled_from([1, 2, 3]), st.sampled_from([None, "v1", "v2"]))
ranges = st.tuples(st.integers(0, 700), st.integers(1, 700)).map(lambda r: (r[0], r[0] + r[1]))


def test_the_number_and_the_argument():
    assert ioctl_number(1, 0xAE, 0xD2, len(MemoryAttributes(0, 0, 0).pack())) == KVM_SET_MEMORY_ATTRIBUTES == 0x4020AED2
    rows = dict(decode_ioctl(0x4020AED2))
    assert rows["type"] == "0xae (KVM)" and rows["number"] == "0xd2" and rows["size"] == "32 bytes"
    assert rows["direction"].startswith("write") and rows["argument +8"] == "u64 size"
    seed = MemoryAttributes(TIB, 0x17680000000, PRIVATE)
    assert MemoryAttributes.unpack(seed.pack()) == seed
    assert seed.pack()[8:16] == (0x17680000000).to_bytes(8, "little")

    assert tracepoint(0x10000000, 0x18000000, 8) == "0x00000010000000 -- 0x00000018000000 [0x8]"
    assert tracepoint(0, 0xC0, 0) == "0x00000000000000 -- 0x000000000000c0 [0x0]"
    for bad in (-1, 1 << 32):
        with pytest.raises(InputError):
            decode_ioctl(bad)
    with pytest.raises(InputError):
        MemoryAttributes.unpack(b"\0" * 31)


GOOD = (0, PAGE, PRIVATE, 0)
CHECKS = [  # what is wrong, the argument, the errno; each line also has every later fault, so that the order shows
    ({"usable": False, "readable": False}, (1, 0, 1, 1), -5),
    ({"readable": False}, (1, 0, 1, 1), -14),
    ({}, (1, 0, 1, 1), -22),
    ({}, (0, PAGE, PRIVATE | 1, 0), -22),
    ({"private": False}, GOOD, -22),
    ({}, (0, 0, PRIVATE, 0), -22),
    ({}, (U64_MAX - PAGE + 1, PAGE, PRIVATE, 0), -22),
    ({}, (U64_MAX - PAGE + 1, 2 * PAGE, PRIVATE, 0), -22),
    ({}, (1, PAGE, PRIVATE, 0), -22),
    ({}, (0, PAGE - 1, PRIVATE, 0), -22),
    ({}, GOOD, 0),
]


@pytest.mark.parametrize(("switches", "argument", "errno"), CHECKS)
def test_the_checks_of_the_ioctl(switches, argument, errno):
    kvm = Kvm()
    for name, value in switches.items():
        setattr(kvm, name, value)
    result = kvm_set_memory_attributes(kvm, *argument)
    assert result.ret == errno and bool(result.phases) == (errno == 0)
    assert xa_empty(kvm.mem_attr_array) == (errno != 0)


@pytest.mark.parametrize("argument", [(-1, PAGE, 8, 0), (0, 1 << 64, 8, 0), (0, "4096", 8, 0), (0, PAGE, 8, None)])
def test_an_argument_that_is_no_u64(argument):
    with pytest.raises(InputError, match="u64"):
        kvm_set_memory_attributes(Kvm(), *argument)


@settings(max_examples=60)
@given(texts, st.lists(st.tuples(ranges, st.sampled_from([0, PRIVATE])), max_size=6))
def test_who_has_what_against_a_set(text, script):
    kvm, private = Kvm(text), set()
    for (start, end), attributes in script:
        before = {i in private for i in range(start, end)}
        result = kvm_set_memory_attributes(kvm, start * PAGE, (end - start) * PAGE, attributes)
        pages = set(range(start, end))
        private = private | pages if attributes else private - pages
        early = before == {bool(attributes)}
        wanted = ["slots_lock", "check"]
        if not early:
            wanted += (["reserve"] if attributes or text.number < 3 else []) + ["pre", "store", "post"]
        assert [phase.loop for phase in result.phases] == wanted
        assert result.total("store") == (0 if early else end - start)
        assert result.total("store", "resched") == (end - start if text.patch == "v2" and not early else 0)
        assert xa_stat(kvm.mem_attr_array).zeros == 0
    assert {i for i in range(1500) if kvm_get_memory_attributes(kvm, i)} == private
    runs = attribute_runs(kvm, 0, 1500)
    assert {i for a, b, bits in runs for i in range(a, b) if bits} == private
    assert all(a[2] != b[2] for a, b in pairwise(runs))
    for start, end in ((0, 1), (0, 1500), *(r for r, _ in script)):
        inside = {i in private for i in range(start, end)}
        assert kvm_range_has_memory_attributes(kvm, start, end, ALL, PRIVATE) == (inside == {True})
        assert kvm_range_has_memory_attributes(kvm, start, end, ALL, 0) == (inside == {False})


def test_what_a_failed_reserve_leaves_and_how_each_text_sees_it():
    for number in (1, 2, 3):
        kvm = Kvm(KernelText(number, "v2"))
        kvm.mem_attr_array.slab.limit = 3
        result = kvm_vm_set_mem_attributes(kvm, 0, 1000, PRIVATE)
        assert (result.ret, result.total("reserve"), result.total("reserve", "resched"), result.total("store")) == (
            -12,
            129,
            128,
            0,
        )
        assert xa_stat(kvm.mem_attr_array).zeros == 128 and kvm_get_memory_attributes(kvm, 0) == 0
        kvm.mem_attr_array.slab.limit = None
        clear = kvm_vm_set_mem_attributes(kvm, 0, 1000, 0)
        assert clear.total("store") == (1000 if number == 1 else 0)
        assert xa_empty(kvm.mem_attr_array) == (number == 1)


def test_clearing_a_sparse_range_can_fail_for_lack_of_memory():
    for number, wanted in ((1, -12), (2, -12), (3, 0)):
        kvm = Kvm(KernelText(number))
        kvm_vm_set_mem_attributes(kvm, 500, 501, PRIVATE)
        kvm.mem_attr_array.slab.limit = 0
        assert kvm_vm_set_mem_attributes(kvm, 0, 1000, 0).ret == wanted


def test_the_check_counts_the_entries_it_looks_at():
    kvm = Kvm(KernelText(2))
    kvm_vm_set_mem_attributes(kvm, 0, 100, PRIVATE)
    assert look_up(kvm, 0, 100, ALL, PRIVATE) == (True, 100)
    assert look_up(kvm, 50, 200, ALL, PRIVATE) == (False, 51)
    assert look_up(kvm, 50, 200, ALL, 0) == (False, 1)
    assert look_up(kvm, 200, 1 << 40, ALL, 0) == (True, 0)
    xa_reserve(kvm.mem_attr_array, 300)
    assert look_up(kvm, 200, 1 << 40, ALL, 0) == (True, 1)
    assert look_up(kvm, 0, 100, PRIVATE, PRIVATE | 1) == (False, 0)


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 3000), st.sampled_from([0, PRIVATE])), max_size=5),
    st.integers(0, 5),
)
def test_mixed_flags_against_looking_at_every_page(script, late):
    """2M flags after any calls, and the same when the slot comes later; 1G pages do not fit this slot."""
    kvm, private = Kvm(), [False] * 8192
    for number, (start, length, attributes) in enumerate([*script, (0, 1, 0)]):
        if number == min(late, len(script)):
            assert kvm.add_slot(100, 4000)
        kvm_vm_set_mem_attributes(kvm, start, start + length, attributes)
        private[start : start + length] = [bool(attributes)] * length
    held = range(512, 4096 + 1 - 512, 512)
    assert kvm.mixed_pages() == [["2M", g] for g in held if len(set(private[g : g + 512])) == 2]


def test_slots_that_cannot_be():
    kvm = Kvm()
    assert kvm.add_slot(0, 100) and not kvm.add_slot(99, 1) and not kvm.add_slot(500, 0) and kvm.add_slot(100, 1)
    assert not kvm.add_slot(1 << 52, 1) and not kvm.add_slot(-1, 5)


def test_without_private_memory_the_handlers_warn():
    kvm = Kvm(private=False)
    kvm.add_slot(0, 1000)
    result = kvm_vm_set_mem_attributes(kvm, 0, 10, PRIVATE)  # the ioctl would have refused
    assert (result.warns, result.unmap, result.tlb, result.inval, result.seq) == (2, (), 0, (0, 10), 1)


@pytest.mark.parametrize("numbers", [(5, 4), (-1, 4), (0, U64_MAX + 1)])
def test_a_range_of_pages_that_is_none(numbers):
    with pytest.raises(InputError):
        kvm_vm_set_mem_attributes(Kvm(), *numbers, PRIVATE)
    assert kvm_vm_set_mem_attributes(Kvm(), 7, 7, PRIVATE).ret == 0


@pytest.mark.parametrize("text", [(0, None), (4, None), (1, "v3")])
def test_a_kernel_that_is_none(text):
    with pytest.raises(InputError):
        KernelText(*text)
    assert "reconstructed" in str(KernelText(3))


def test_version_1_goes_in_batches_of_512_gib():
    kvm = Kvm(KernelText(1, "v1"))
    result = kvm_set_memory_attributes(kvm, 1 << 40, 1898 * GIB, PRIVATE)
    batches = [phase.pages for phase in result.phases if phase.loop == "store"]
    assert batches == [BATCH, BATCH, BATCH, 362 << 18]
    assert result.trace[0] == " .0x00000010000000 -- 0x00000018000000 [0x8]" and len(result.trace) == 4
    assert [phase.loop for phase in result.phases][::6] == ["slots_lock"] * 4
    plain = Kvm()
    kvm_set_memory_attributes(plain, 1 << 40, 1898 * GIB, PRIVATE)
    assert xa_stat(plain.mem_attr_array) == xa_stat(kvm.mem_attr_array)
    single = kvm_set_memory_attributes(Kvm(KernelText(1, "v1")), 0, GIB, PRIVATE)
    assert single.trace == ("0x00000000000000 -- 0x00000000040000 [0x8]",)


def test_a_whole_guest_set_asked_and_cleared():
    kvm = Kvm()
    results = set_guest(kvm, 1900 * GIB)
    assert sum(r.total("store") for r in results) == 1900 << 18 and not any(r.ret for r in results)
    assert sum(r.total("reserve", "allocs") for r in results) == 7905932 == xa_stat(kvm.mem_attr_array).nodes
    start, end = guest_ranges(1900 * GIB)[1]
    assert look_up(kvm, start, end, ALL, PRIVATE) == (True, 1898 << 18)
    kvm_vm_set_mem_attributes(kvm, start + 12345, start + 12346, 0)
    assert look_up(kvm, start, end, ALL, PRIVATE) == (False, 12346)
    assert xa_stat(kvm.mem_attr_array).values == (1900 << 18) - 1
    cleared = set_guest(kvm, 1900 * GIB, 0)
    assert xa_empty(kvm.mem_attr_array) and sum(r.total("store", "frees") for r in cleared) == 7905932


def test_the_loops_walk_the_whole_way_for_every_page():
    result = kvm_vm_set_mem_attributes(Kvm(), 1 << 28, (1 << 28) + 1000, PRIVATE)
    assert result.total("reserve", "walked") == result.total("store", "walked") == 5 * 1000


def test_where_the_ram_lies():
    assert guest_ranges(GIB) == ((0, 1 << 18),)
    assert guest_ranges(940 * GIB) == ((0, 2 << 18), (1 << 20, 942 << 18))
    assert guest_ranges(1500 * GIB) == ((0, 2 << 18), (1 << 28, (1 << 28) + (1498 << 18)))
    assert guest_ranges(1500 * GIB, amd=False)[1][0] == 1 << 20
    assert layout_text(1500 * GIB) == "2 GiB at 0 B, 1.5 TiB at 1 TiB"
    edge = 0xFD_0000_0000 - 2 * GIB  # the rest ends exactly where the hole begins
    assert guest_ranges(edge)[1][0] == 1 << 20 and guest_ranges(edge + PAGE)[1][0] == 1 << 28
    for size in (0, -PAGE, 4097, 1 << 60):
        with pytest.raises(InputError):
            guest_ranges(size)
