"""Lock words against a step-by-step oracle; entries there and back; sizes; what a module refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.seam import locks
from tdxkit.seam.guest import HP_LOCK_TIMEOUT, Patience
from tdxkit.seam.memory import KEYED, PLAIN, Memory
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import EPT, FREE, PT_PAMT, REG, TDR, Area, Entry, PageType, Tdmr, decode, encode, pamt_bytes
from tdxkit.seam.sizes import FIELDS, fixed_bytes, guest_regions, pairs_bytes, sept_pages, shares, static_bytes, usage
from tdxkit.seam.versions import VERSIONS, version
from tdxkit.units import GIB, MIB, PAGE_2M, TIB


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.sampled_from(["shared", "exclusive", "promote", "leave", "guest"]), st.integers(0, 4)), max_size=60
    )
)
def test_the_word_agrees_with_a_set_of_holders(steps):
    words, hold, mark = {0: 0}, {}, False
    for what, who in steps:
        writer = next((w for w, how in hold.items() if how == "x"), None)
        if what == "leave" and who in hold:
            (locks.release_exclusive if hold.pop(who) == "x" else locks.release_shared)(words, 0)
        elif what == "promote" and hold.get(who) == "s":
            alone = len(hold) == 1
            assert locks.promote(words, 0) == alone
            hold[who], mark = ("x", False) if alone else ("s", True)
        elif what == "shared" and who not in hold:
            assert locks.shared(words, 0) == (writer is None)
            mark = writer is not None
            if writer is None:
                hold[who] = "s"
        elif what == "exclusive" and who not in hold:
            assert locks.exclusive(words, 0) == (not hold)
            mark = bool(hold)
            if not hold:
                hold[who] = "x"
        elif what == "guest" and who not in hold:
            expected = "TDX_OPERAND_BUSY_HOST_PRIORITY" if mark else "TDX_OPERAND_BUSY" if writer is not None else ""
            assert locks.guest_shared(words, 0) == expected
            if not expected:
                hold[who] = "s"
        assert bool(words[0] & locks.PRIORITY) == mark
        assert bool(words[0] & locks.EXCLUSIVE) == any(how == "x" for how in hold.values())
        assert locks.readers(words[0]) == sum(how == "s" for how in hold.values())


def test_a_stray_reader_vanishes_with_the_writer():
    words = {0: 0}
    assert locks.exclusive(words, 0) and not locks.shared(words, 0)
    assert words[0] == locks.EXCLUSIVE | locks.PRIORITY | locks.READER
    locks.release_exclusive(words, 0)
    assert words[0] == locks.PRIORITY and locks.shared(words, 0) and words[0] == locks.READER


def test_a_plain_lock_leaves_no_mark():
    words = {0: 1}
    assert not locks.shared(words, 0, priority=False) and not locks.exclusive(words, 0, priority=False)
    assert words[0] == 1


def test_a_guest_bit_lock():
    words = {0: 0}
    assert locks.guest_exclusive(words, 0) == "" and locks.guest_exclusive(words, 0) == "TDX_OPERAND_BUSY"
    assert not locks.exclusive(words, 0)  # the host comes and leaves its mark
    locks.release_exclusive(words, 0)
    assert locks.guest_exclusive(words, 0) == "TDX_OPERAND_BUSY_HOST_PRIORITY"
    assert locks.exclusive(words, 0) and words[0] == 1


def test_a_guest_that_waits_too_long_exits():
    patience = Patience()
    said, patience = patience.meets("TDX_OPERAND_BUSY_HOST_PRIORITY", 100)
    assert said == "TDX_OPERAND_BUSY"
    said, patience = patience.meets("TDX_OPERAND_BUSY_HOST_PRIORITY", 100 + HP_LOCK_TIMEOUT - 1)
    assert said == "TDX_OPERAND_BUSY"
    said, after = patience.meets("TDX_OPERAND_BUSY_HOST_PRIORITY", 100 + HP_LOCK_TIMEOUT)
    assert said == "TDX_HOST_PRIORITY_BUSY_TIMEOUT" and after == Patience()
    assert patience.meets("", 10**9) == ("", Patience())
    with pytest.raises(InputError):
        Patience(timeout=1)


pages = st.integers(0, 2**36 - 1).map(lambda n: n << 12)


@given(st.sampled_from([t for t in PageType if t != PT_PAMT]), pages, st.integers(0, 0xFFFF), st.integers(0, 2**64 - 1))
def test_an_entry_there_and_back(kind, owner, lock, second):
    entry = Entry(kind, owner)
    assert decode(*encode(entry, lock, second)) == (entry, lock, second)


@given(pages, pages, st.integers(0, 0xFFFF), st.integers(0, 512))
def test_a_pair_there_and_back(first, other, lock, count):
    entry = Entry(PT_PAMT, 0, (first, other))
    assert decode(*encode(entry, lock, count)) == (entry, lock, count)


def test_bits_of_an_entry():
    assert encode(Entry(REG, 0x5000), 4) == (5 << 24 | 3 << 16 | 4, 0)
    assert encode(Entry(PT_PAMT, 0, (0x1000, 0x2000)), 1, 512) == (1 << 28 | 15 << 16 | 1, 2 << 28 | 512)
    assert encode(FREE) == (0, 0) and [int(t) for t in (REG, TDR, EPT)] == [3, 4, 8]
    with pytest.raises(InputError):
        decode(2 << 16, 0)
    with pytest.raises(InputError):
        decode(1 << 64, 0)


def test_the_figures_people_quote():
    found = shares()
    assert (static_bytes(GIB), fixed_bytes(GIB), pairs_bytes(1)) == (4202512, 40976, 8192)
    assert round(found["static"] * 100, 3) == 0.391 and round(found["fixed"] * 100, 4) == 0.0038
    assert found["pair"] == 8192 / PAGE_2M
    assert pamt_bytes(GIB, False)[2] == 4 * MIB and pamt_bytes(GIB, True)[2] == 32 * 1024


def test_the_figures_follow_the_size_that_the_module_says_an_entry_has():
    """Twice the entry, twice the table; the bitmap stays."""
    assert FIELDS["PAMT_4K_ENTRY_SIZE"] == (0x9100000100000010, 16) and len(FIELDS) == 4
    assert static_bytes(GIB, 32) == 2 * static_bytes(GIB) and fixed_bytes(GIB, 32) == 2 * fixed_bytes(GIB) - 32 * 1024
    assert pairs_bytes(3, 32) == 2 * pairs_bytes(3) and pairs_bytes(1, 1) == 4096
    assert pamt_bytes(GIB, False, 32)[2] == 8 * MIB and pamt_bytes(GIB, True, 32)[2] == 32 * 1024
    assert shares(32)["pair"] == 2 * shares()["pair"]
    for wrong in (0, 5000):
        with pytest.raises(InputError, match="metadata field"):
            static_bytes(GIB, wrong)


def test_usage_of_a_machine():
    empty = usage(TIB, 0)
    assert empty.pairs == 0 and empty.static > 90 * empty.dynamic
    by_2m, by_4k = usage(TIB, TIB // 2, "2M"), usage(TIB, TIB // 2, "4K")
    assert by_2m.dynamic < by_4k.dynamic and by_4k.saved > 0
    full = usage(TIB, TIB, "4K")
    assert full.saved < 0  # every page by 4K: pairs and bitmap together cost more than the table
    assert usage(TIB, 10 * GIB, "4K", each=GIB).pairs == pairs_bytes(10 * guest_regions(GIB, "4K"))
    for wrong in (lambda: usage(GIB, 2 * GIB), lambda: static_bytes(5), lambda: guest_regions(GIB, "1G")):
        with pytest.raises(InputError):
            wrong()


@pytest.mark.parametrize("mapped", ["4K", "2M"])
def test_regions_of_a_guest_agree_with_a_guest_that_is_built(mapped):
    from tdxkit.seam.td import HostPages, SimpleTd

    module = Module([(0, GIB)])
    host = HostPages(module)
    td = SimpleTd(module, host).build().run()
    for gpa in range(0, 8 * MIB, 4096 if mapped == "4K" else PAGE_2M):
        td.grow(gpa, 0 if mapped == "4K" else 1)
    pairs = sum(e.type == PT_PAMT for e in module.m.pamt_2m.values())
    control = 1 + version("2.0.18").tdcx + 6
    assert sum(e.type == EPT for e in module.m.pamt_4k.values()) == sept_pages(8 * MIB, mapped)
    assert pairs == guest_regions(8 * MIB, mapped) and control < 512


def test_page_counts_by_version():
    counts = {v.name: (1, v.tdcx, v.tdcx_max, v.vcpu_pages) for v in VERSIONS.values()}
    assert counts["1.0"] == (1, 4, 4, 6) and counts["1.5.28"] == (1, 6, 9, 6) and counts["2.0.18"] == (1, 9, 12, 6)


@pytest.mark.parametrize("name", ["1.0", "1.5.06"])
def test_old_modules_have_no_dynamic_pamt(name):
    with pytest.raises(InputError, match="does not have it"):
        Module(version=name)
    module = Module(version=name, dynamic_pamt=False)
    loaded = Module(version=name, dynamic_pamt=False, ready=False)
    assert module.m.sys_state == "SYS_READY" and not module.m.dynamic
    for leaf in ("TDH.SYS.INIT", *["TDH.SYS.LP.INIT"] * 4):
        loaded.call(leaf, lp=sum(loaded.m.lp_done.values()) % 4)
    loaded.put(0x1000, loaded.tdmr_infos)
    assert str(loaded.call("TDH.SYS.CONFIG", rcx=0x1000, rdx=1, r8=32 | 1 << 16)) == "TDX_OPERAND_INVALID|R8"


@pytest.mark.parametrize(
    "given",
    [{"version": "3.0"}, {"tdmrs": []}, {"tdmrs": [(5, GIB)]}, {"tdmrs": [(0, -GIB)]}, {"tdmrs": [(0, GIB)] * 2},
     {"packages": 9}, {"pa_bits": 99}, {"tdmrs": [(0, GIB)] * 65}, {"hkid_bits": 2},
     {"tdmrs": [Tdmr(0, GIB, (Area(5, 5),))]}],
)  # fmt: skip
def test_a_module_that_cannot_be(given):
    with pytest.raises(InputError) as error:
        Module(**given)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("given", [{"rcx": -1}, {"rcx": 1 << 64}, {"rcx": "1"}, {"rcx": 1.0}, {"rcx": True}, {"rbx": 1}, {"lp": 9}, {"v": -1}])  # fmt: skip
def test_a_call_that_cannot_be(given):
    with pytest.raises(InputError):
        Module().call("TDH.PHYMEM.PAGE.RDMD", **given)


@pytest.mark.parametrize("name", ["", "TDH", 999, None, "TDH.MNG.RD", b"x", "\x1b[2J"])
def test_a_leaf_that_is_not_there(name):
    with pytest.raises(InputError) as error:
        Module().call(name)
    assert "\x1b" not in str(error.value) and "\n" not in str(error.value)


def test_the_gate():
    module = Module()
    assert str(module.call("TDH.PHYMEM.PAGE.RDMD", v=1)) == "TDX_OPERAND_INVALID|RAX"
    assert str(Module(ready=False).call("TDH.PHYMEM.PAGE.RDMD")) == "TDX_SYS_NOT_READY"
    module.m.sys_state = "SYS_SHUTDOWN"
    assert str(module.call("TDH.PHYMEM.PAGE.RDMD")) == "TDX_SYS_SHUTDOWN"


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.sampled_from(["TDH.PHYMEM.PAMT.ADD", "TDH.MNG.CREATE", "TDH.PHYMEM.PAGE.RECLAIM", "TDH.MEM.PAGE.AUG", "TDH.VP.ENTER"]))  # fmt: skip
def test_any_64_bits_are_answered_with_a_status(rcx, rdx, r8, name):
    assert SHARED.call(name, rcx=rcx, rdx=rdx, r8=r8).status >= 0


SHARED = Module()


def test_every_variable_of_the_memory_has_its_type():
    assert set(Memory.__annotations__) == {*KEYED, *PLAIN}
    for name, default in KEYED.items():
        assert getattr(Memory(), name).default == default
