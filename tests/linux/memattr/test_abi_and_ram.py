"""The ioctl's number and argument, where a guest's RAM lies, and sizes as people write them."""

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.memattr.abi import MemoryAttributes, decode_ioctl, ioctl_number
from tdxkit.linux.memattr.guest_ram import guest_ranges, guest_size, layout_text, set_guest
from tdxkit.linux.memattr.ioctl import KVM_MEMORY_ATTRIBUTE_PRIVATE, Kvm, kvm_get_memory_attributes
from tdxkit.units import GIB, MIB, PAGE_4K, TIB, U64_MAX

PRIVATE = KVM_MEMORY_ATTRIBUTE_PRIVATE


@pytest.mark.parametrize("direction, said", [(0, "none"), (1, "write"), (2, "read"), (3, "both")])
def test_an_ioctl_number_is_taken_apart_as_it_was_put_together(direction, said):
    for kind, number, size in ((0xAE, 0xD2, 16383), (0, 0, 0), (255, 255, 1), (0xAE, 1, 32)):
        rows = dict(decode_ioctl(ioctl_number(direction, kind, number, size)))
        assert rows["direction"].split(":")[0].split()[0] == said and rows["size"] == f"{size} bytes"
        assert rows["type"] == f"{kind:#x}" + (" (KVM)" if kind == 0xAE else "") and rows["number"] == f"{number:#x}"
        assert "call" not in rows
    rows = decode_ioctl(0x4020AED2)[4:]
    assert rows == (
        ("call", "KVM_SET_MEMORY_ATTRIBUTES"),
        *((f"argument +{8 * k}", f"u64 {f}") for k, f in enumerate(("address", "size", "attributes", "flags"))),
    )
    assert dict(decode_ioctl(0xFFFFFFFF))["size"] == "16383 bytes" and decode_ioctl(0)[0] == ("direction", "none")


@pytest.mark.parametrize("at", range(4))
def test_each_of_the_four_numbers_is_a_u64_in_its_own_place(at):
    values = [0] * 4
    values[at] = U64_MAX
    packed = MemoryAttributes(*values).pack()
    assert packed == bytes(8 * at) + b"\xff" * 8 + bytes(24 - 8 * at) and MemoryAttributes.unpack(
        packed
    ) == MemoryAttributes(*values)
    for odd in (-1, U64_MAX + 1, True, 1.0):
        values[at] = odd
        with pytest.raises(InputError, match=("address", "size", "attributes", "flags")[at]):
            MemoryAttributes(*values)
    assert MemoryAttributes(0, 0, 0).flags == 0


@pytest.mark.parametrize(
    "size, ranges",
    [(PAGE_4K, ((0, 1),)), (2 * GIB, ((0, 1 << 19),)), (2 * GIB + PAGE_4K, ((0, 1 << 19), (1 << 20, (1 << 20) + 1))),
     (1 << 52, ((0, 1 << 19), (1 << 28, (1 << 28) + (1 << 40) - (1 << 19))))],
)  # fmt: skip
def test_ram_lies_from_0_and_above_2_gib_from_4_or_1_tib(size, ranges):
    assert guest_ranges(size) == ranges
    assert guest_ranges(size, amd=False)[1:] in ((), ((1 << 20, (1 << 20) + (size - 2 * GIB) // PAGE_4K),))


@pytest.mark.parametrize("size", [0, -PAGE_4K, PAGE_4K + 1, (1 << 52) + PAGE_4K])
def test_a_guest_that_cannot_be(size):
    with pytest.raises(InputError, match="up to 4 PiB"):
        guest_ranges(size)


def test_the_layout_in_words_is_that_of_the_machine():
    assert (
        layout_text(TIB) == "2 GiB at 0 B, 1022 GiB at 1 TiB"
        and layout_text(TIB, amd=False) == "2 GiB at 0 B, 1022 GiB at 4 GiB"
    )
    assert layout_text(GIB) == "1 GiB at 0 B"


def test_a_guest_is_set_range_by_range_up_to_a_call_that_fails():
    kvm = Kvm()
    results = set_guest(kvm, TIB)
    assert [r.total("store") for r in results] == [b - a for a, b in guest_ranges(TIB)]
    assert kvm_get_memory_attributes(kvm, 1 << 28) == PRIVATE
    other = Kvm()
    set_guest(other, TIB, amd=False)
    last = guest_ranges(TIB)[1][1] - 1
    assert [kvm_get_memory_attributes(one, gfn) for one in (kvm, other) for gfn in (1 << 20, last)] == [
        0,
        PRIVATE,
        PRIVATE,
        0,
    ]
    assert [r.ret for r in set_guest(Kvm(private=False), TIB)] == [-22]


@pytest.mark.parametrize(
    "text, size, said",
    [("940G", 940 * GIB, ""), ("3GiB", 3 * GIB, ""), ("1TB", 10**12 // MIB * MIB, "1TB is 1 × 10¹² bytes, 931.3 GiB; 1 TiB is written 1T"),
     (" 20 GB ", 20 * 10**9 // MIB * MIB, "20GB is 20 × 10⁹ bytes, 18.6 GiB; 20 GiB is written 20G"),
     ("3mb", 2 * MIB, "3MB is 3 × 10⁶ bytes, 0.0 GiB; 3 MiB is written 3M"), ("500KB", PAGE_4K, "500KB is 500 × 10³ bytes, 0.0 GiB; 500 KiB is written 500K"),
     ("2048MB", 1953 * MIB, "2048MB is 2048 × 10⁶ bytes, 1.9 GiB; 2048 MiB is written 2048M")],
)  # fmt: skip
def test_a_size_in_powers_of_ten_is_told_and_rounded_down(text, size, said):
    assert guest_size(text) == (size, said)
    with pytest.raises(InputError, match=r"^host x"):
        guest_size("x", "host")
