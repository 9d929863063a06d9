"""What the PAMT costs, worked out a second time for whole guests; areas, edges and roundings of the PAMT's own tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.seam.pamt import Area, Entry, Tdmr, decode, pamt_bytes
from tdxkit.seam.params import TdParams
from tdxkit.seam.sizes import FIELDS as METADATA
from tdxkit.seam.sizes import Usage, fixed_bytes, guest_regions, pair_pages, sept_pages, static_bytes, usage
from tdxkit.seam.versions import VERSIONS
from tdxkit.units import GIB, MIB, PAGE_2M, PAGE_4K


@pytest.mark.parametrize("size, mapped, pages", [
    (1, "4K", 3), (PAGE_2M, "4K", 3), (PAGE_2M + 1, "4K", 4), (GIB, "4K", 512 + 2), (GIB + PAGE_4K, "4K", 513 + 2 + 1), (GIB, "2M", 2), (GIB + PAGE_2M, "2M", 3),
    (512 * GIB, "2M", 512 + 1), (513 * GIB, "2M", 513 + 2),
])  # fmt: skip
def test_secure_ept_pages_of_a_guest(size, mapped, pages):
    """A page of entries for each 2 MiB (of 4K pages), each GiB, each 512 GiB."""
    assert sept_pages(size, mapped) == pages


@given(st.integers(1, 4 * GIB), st.sampled_from(["4K", "2M"]), st.integers(0, 200), st.sampled_from(list(VERSIONS)))
def test_regions_of_a_guest_are_its_own_pages_packed_and_its_memory(size, mapped, vcpus, name):
    """Control pages: the TDR and the TDCX pages, a TDVPR and five more a vCPU."""
    own = (
        sept_pages(size, mapped) + 1 + {"1.0": 4, "1.5.06": 6, "1.5.28": 6, "2.0.08": 9, "2.0.18": 9}[name] + 6 * vcpus
    )
    regions = (own + 511) // 512 + ((size + PAGE_2M - 1) // PAGE_2M if mapped == "4K" else 0)
    assert guest_regions(size, mapped, vcpus, name) == guest_regions(size, mapped, vcpus, VERSIONS[name]) == regions


def test_one_vcpu_of_the_newest_module_is_what_is_meant_where_nothing_is_said():
    assert guest_regions(GIB, "4K") == guest_regions(GIB, "4K", 1, "2.0.18") == 512 + 2
    boundary = 511 * PAGE_2M  # 511 tables, 2 above, 10 of the TD, 6 of its vCPU
    assert guest_regions(boundary, "4K", 1) == 511 + 2


def test_usage_is_whole_guests_and_the_rest():
    found = usage(64 * GIB, 5 * GIB, "2M", each=2 * GIB, vcpus=100)
    assert found == Usage(64 * GIB, static_bytes(64 * GIB), fixed_bytes(64 * GIB), 8192 * (3 * 2))
    assert found.dynamic == found.fixed + 6 * 8192 and found.saved == found.static - found.dynamic
    assert usage(GIB, GIB, "2M").pairs == 8192 and usage(GIB, GIB, each=8 * GIB) == usage(GIB, GIB)
    assert usage(GIB, 0) == Usage(GIB, static_bytes(GIB), fixed_bytes(GIB), 0)
    for guests in (-1, GIB + 1):
        with pytest.raises(InputError, match="fit into the machine's memory"):
            usage(GIB, guests)


@pytest.mark.parametrize("memory", [0, -GIB, GIB - 1, GIB + PAGE_4K])
def test_memory_is_whole_gib(memory):
    for cost in (static_bytes, fixed_bytes):
        with pytest.raises(InputError, match="whole GiB"):
            cost(memory)


@pytest.mark.parametrize("entry, good", [(0, False), (1, True), (4096, True), (4097, False)])
def test_an_entry_has_1_to_4096_bytes(entry, good):
    if good:
        assert pair_pages(entry) == (512 * entry + 4095) // 4096
    else:
        with pytest.raises(InputError, match="1 to 4096"):
            pair_pages(entry)


@pytest.mark.parametrize("bits, good", [(1, True), (64, True), (0, False), (65, False)])
def test_a_page_has_1_to_64_bits_in_the_bitmap(bits, good):
    if good:
        assert fixed_bytes(GIB, 16, bits) == 16 * 513 + bits * 32 * 1024
    else:
        with pytest.raises(InputError, match="metadata field"):
            fixed_bytes(GIB, 16, bits)


@pytest.mark.parametrize("size, dynamic, found", [
    (GIB, False, (4096, 8192, 4 * MIB)), (GIB, True, (4096, 8192, 32 * 1024)), (257 * GIB, True, (8192, 257 * 8192, 257 * 32 * 1024)),
    (256 * GIB, True, (4096, 256 * 8192, 256 * 32 * 1024)),
])  # fmt: skip
def test_each_table_takes_whole_pages(size, dynamic, found):
    assert pamt_bytes(size, dynamic) == found


def test_areas_touch_overlap_and_hold_to_the_byte():
    one = Area(100, 50)
    assert one.end == 150 and not one.overlaps(Area(150, 1)) and not one.overlaps(Area(99, 1))
    assert one.overlaps(Area(149, 1)) and one.overlaps(Area(0, 101)) and one.overlaps(one) and one.holds(one)
    assert (
        one.holds(Area(100, 1))
        and one.holds(Area(149, 1))
        and not one.holds(Area(99, 2))
        and not one.holds(Area(149, 2))
    )


def test_the_first_page_after_a_reserved_area_is_free():
    tdmr = Tdmr(0, GIB, (Area(0x5000, 0x3000),))
    assert [tdmr.is_reserved(at) for at in (0x4FFF, 0x5000, 0x7FFF, 0x8000)] == [False, True, True, False]


@pytest.mark.parametrize(
    "code, known", [(0, 1), (1, 1), (2, 0), (3, 1), (7, 1), (8, 1), (9, 0), (14, 0), (15, 1), (16, 0), (31, 0)]
)
def test_page_types_that_the_model_knows(code, known):
    if known:
        assert decode(code << 16, 0)[0].type == code
    else:
        with pytest.raises(InputError, match=f"page type {code} is not modelled"):
            decode(code << 16, 0)


@pytest.mark.parametrize("low, high", [(-1, 0), (0, -1), (1 << 64, 0), (0, 1 << 64)])
def test_an_entry_is_two_words_of_64_bits(low, high):
    with pytest.raises(InputError, match="two words of 64 bits"):
        decode(low, high)
    assert decode(0, (1 << 64) - 1)[2] == (1 << 64) - 1


def test_an_entry_in_words():
    assert str(Entry(3, 0x5000)) == "3 of TD 0x5000" and str(Entry(decode(3 << 16, 0)[0].type)) == "REG"
    assert str(decode(15 << 16 | 1 << 28, 2 << 28)[0]) == "PT_PAMT (0x1000, 0x2000)"


# td_params of tdx_api_defs.h as far as the model looks: name of the field, values that are taken, values that are not.
FIELDS = {
    "attributes": ("ATTRIBUTES", (0, 1 << 63, 0xFF, 1 << 28, 0x1F << 28), (1 << 8, 1 << 27, 1 << 33, 1 << 62)),
    "xfam": ("XFAM", (3, 7, 0xF_FFFF), (0, 1, 2, 1 << 20 | 3)),
    "max_vcpus": ("MAX_VCPUS", (1, 0xFFFF), (0, 0x10000)),
    "exec_controls": ("EXEC_CONTROLS", (0, 1, 2, 3), (4, 1 << 63)),
    "eptp_controls": ("EPTP_CONTROLS", (0x1E,), (0x1F, 0x1D, 0x26)),
    "tsc_frequency": ("TSC_FREQUENCY", (4, 400), (3, 401)),
}


@pytest.mark.parametrize("field", FIELDS)
def test_the_first_field_of_td_params_that_is_wrong_is_named(field):
    name, good, bad = FIELDS[field]
    assert [TdParams(**{field: value}).wrong() for value in good] == [""] * len(good)
    assert [TdParams(**{field: value}).wrong() for value in bad] == [name] * len(bad)
    later = list(FIELDS)[list(FIELDS).index(field) :]
    assert TdParams(**{one: FIELDS[one][2][0] for one in later}).wrong() == name
    assert TdParams().wrong() == "" and TdParams().max_vcpus == 64


def test_the_metadata_fields_follow_one_another():
    """Three entry sizes of 16 bytes and a bit a page in the bitmap."""
    assert METADATA == {
        "PAMT_4K_ENTRY_SIZE": (0x9100_0001_0000_0010, 16), "PAMT_2M_ENTRY_SIZE": (0x9100_0001_0000_0011, 16), "PAMT_1G_ENTRY_SIZE": (0x9100_0001_0000_0012, 16),
        "PAMT_PAGE_BITMAP_ENTRY_BITS": (0x9100_0001_0000_0013, 1),
    }  # fmt: skip
