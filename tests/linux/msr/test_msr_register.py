"""IA32_FEATURE_CONTROL: the table of known values, and each rule against a second way of saying it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.linux.msr import register as msr
from tdxkit.linux.msr.register import Cpuid

values = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 63).map(lambda n: 1 << n), st.sampled_from([0x40005, 0x5]))
cpuids = st.builds(Cpuid, st.booleans(), st.booleans(), st.booleans(), st.booleans())


def test_fields_cover_every_bit_once():
    assert [bit for f in msr.FIELDS for bit in range(f.low, f.high + 1)] == list(range(64))
    assert sum(f.mask for f in msr.FIELDS) == 2**64 - 1


@pytest.mark.parametrize(
    "value, words",
    [
        (0x0, "0x0 = nothing set, unlocked"),
        (0x1, "0x1 = lock"),
        (0x4, "0x4 = VMX outside SMX"),
        (0x7, "0x7 = lock + VMX inside SMX + VMX outside SMX"),
        (0x40005, "0x40005 = lock + VMX outside SMX + SGX"),
        (0x60005, "0x60005 = lock + VMX outside SMX + SGX launch control + SGX"),
        (0x100005, "0x100005 = lock + VMX outside SMX + LMCE"),
        (
            0xFF07,
            "0xff07 = lock + VMX inside SMX + VMX outside SMX + SENTER local functions + SENTER global",
        ),
        (1 << 63, "0x8000000000000000 = reserved 21…63"),
    ],
)
def test_known_values(value, words):
    assert msr.describe(value) == words


@pytest.mark.parametrize(
    "cpuid, value",
    [
        (msr.NOTHING, 0),
        (Cpuid(vmx=True, sgx=False), 0x5),
        (Cpuid(vmx=True, sgx=True), 0x40005),  # no EPC asked for: CPUID alone decides
        (Cpuid(vmx=False, sgx=True), 0x40001),
        (Cpuid(vmx=True, sgx=True, sgx_lc=True), 0x60005),
        (Cpuid(vmx=True, sgx=True, sgx_lc=True, lmce=True), 0x160005),
        (Cpuid(vmx=False, sgx=False, lmce=True), 0x100001),
    ],
)
def test_what_qemu_offers_firmware(cpuid, value):
    assert msr.fw_cfg_value(cpuid) == value


@given(cpuids)
def test_firmware_and_linux_write_what_kvm_takes_and_what_it_takes_once(cpuid):
    for value in filter(None, (msr.fw_cfg_value(cpuid), msr.linux_value(cpuid))):
        assert msr.guest_write(0, value, cpuid) == ""
        assert msr.guest_write(value, value, cpuid).startswith("#GP: the register is locked")
        assert msr.host_write(value) == ""


def test_linux_never_sets_lmce_and_sgx_only_for_somebody():
    assert msr.linux_value(Cpuid(True, True, True, True)) == 0x60005
    assert msr.linux_value(Cpuid(vmx=False, sgx=True, sgx_lc=False)) == 0x1  # no driver of its own, no guests
    assert msr.linux_value(Cpuid(vmx=False, sgx=True, sgx_lc=True)) == 0x60001


@given(values, values, cpuids)
def test_a_guest_write_is_taken_exactly_when_unlocked_and_offered(stored, value, cpuid):
    offered = {0} | ({1, 2} if cpuid.vmx else set()) | ({18} if cpuid.sgx else set())
    offered |= ({17} if cpuid.sgx_lc else set()) | ({20} if cpuid.lmce else set())
    bits = {n for n in range(64) if value >> n & 1}
    assert (msr.guest_write(stored, value, cpuid) == "") == (not stored & 1 and bits <= offered)


@given(values)
def test_the_host_is_checked_against_a_fixed_set(value):
    assert (msr.host_write(value) == "") == ({n for n in range(64) if value >> n & 1} <= {0, 1, 2, 17, 18, 20})


def test_the_lock_is_looked_at_before_the_bits():
    assert msr.guest_write(0x1, 1 << 63, msr.NOTHING) == "#GP: the register is locked at 0x1"


def test_each_bit_alone():
    everything = Cpuid(True, True, True, True)
    taken = {n for n in range(64) if not msr.host_write(1 << n)}
    assert taken == {n for n in range(64) if not msr.guest_write(0, 1 << n, everything)} == {0, 1, 2, 17, 18, 20}
    assert {n for n in range(64) if not msr.guest_write(0, 1 << n, msr.NOTHING)} == {0}


@given(values, cpuids)
def test_conditions_of_use(value, cpuid):
    bit = {n: bool(value >> n & 1) for n in range(64)}
    assert (not msr.vmxon(value, cpuid)) == (cpuid.vmx and bit[0] and bit[2])
    assert (not msr.encls(value, cpuid)) == (cpuid.sgx and bit[0] and bit[18])
    assert (not msr.mcg_ext_ctl(value)) == bit[20]
    assert (not msr.key_hash_write(value, cpuid)) == (cpuid.sgx_lc and (not bit[0] or bit[17]))
    assert msr.encls(0x40005, Cpuid(sgx=False)).startswith("#UD")


@pytest.mark.parametrize("text", ["", "0x", "g", "-1", "0x" + "f" * 17, "１", "0x4_0"])
def test_a_value_is_64_bits_in_hex(text):
    with pytest.raises(InputError):
        msr.parse_value(text)
