"""The bulk path leaves exactly what leaf by leaf leaves, and so does a module made ready at once."""

import pytest

from tdxkit.seam import bulk
from tdxkit.seam.leaves.sys import DYNAMIC_PAMT
from tdxkit.seam.module import TDMR_LIST, Module
from tdxkit.seam.pamt import Area, Tdmr
from tdxkit.seam.td import HostPages, SimpleTd, must
from tdxkit.units import GIB, MIB


def grown(pages, gpa, dynamic=True, by=None):
    module = Module([(0, GIB)], dynamic_pamt=dynamic)
    td = SimpleTd(module, HostPages(module)).build().run()
    if by is None:
        for i in range(pages):
            td.grow(gpa + i * 4096)
    else:
        by(td, gpa, pages)
    return td


@pytest.mark.parametrize("pages", [1, 2, 511, 512, 513, 1025, 2**11, pytest.param(2**14, marks=pytest.mark.slow)])
@pytest.mark.parametrize("gpa", [0, 300 * 4096, 510 * MIB])
def test_fill_and_tear_down_equal_leaf_by_leaf(pages, gpa):
    fresh = Module([(0, GIB)]).m.snapshot()
    slow, fast = grown(pages, gpa), grown(pages, gpa, by=bulk.fill)
    assert slow.m.snapshot() == fast.m.snapshot() and slow.host.lent == fast.host.lent
    bulk.tear_down(fast)
    slow.tear_down()
    assert slow.m.snapshot() == fast.m.snapshot() == fresh


def test_bulk_in_static_mode():
    slow, fast = grown(700, 0, dynamic=False), grown(700, 0, dynamic=False, by=bulk.fill)
    assert slow.m.snapshot() == fast.m.snapshot()


def test_a_bulk_guest_can_be_driven_on_leaf_by_leaf():
    td = grown(600, 0, by=bulk.fill)
    assert td.remove(5 * 4096).ok
    td.block(7 * 4096)
    bulk.tear_down(td)
    assert td.m.snapshot() == Module([(0, GIB)]).m.snapshot()


@pytest.mark.parametrize("dynamic, calls", [(True, 64), (False, 256)])
def test_ready_at_once_equals_a_loop_over_tdmr_init(dynamic, calls):
    tdmrs = [Tdmr(0, GIB, (Area(0x5000, 0x3000), Area(6 * MIB, 4 * MIB))), (2 * GIB, GIB)]
    ready = Module(tdmrs, dynamic_pamt=dynamic, packages=2)
    module = Module(tdmrs, dynamic_pamt=dynamic, packages=2, ready=False)
    module.put(TDMR_LIST, module.tdmr_infos)
    must(module, "TDH.SYS.INIT")
    for lp in range(4):
        must(module, "TDH.SYS.LP.INIT", lp=lp)
    must(module, "TDH.SYS.CONFIG", rcx=TDMR_LIST, rdx=2, r8=32 | (DYNAMIC_PAMT if dynamic else 0))
    for lp in (0, 2):
        must(module, "TDH.SYS.KEY.CONFIG", lp=lp)
    module.put(TDMR_LIST, None)
    for base in (0, 2 * GIB):
        for n in range(calls):
            usable = module.m.block[base >> 30]
            assert not usable, n
            last = must(module, "TDH.SYS.TDMR.INIT", rcx=base)
        assert (
            last["RDX"] == base + GIB
            and module.call("TDH.SYS.TDMR.INIT", rcx=base).name == "TDX_TDMR_ALREADY_INITIALIZED"
        )
    assert module.m.snapshot() == ready.m.snapshot()
