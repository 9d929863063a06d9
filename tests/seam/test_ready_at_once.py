"""A module made ready at once is what a loop over SYS.TDMR.INIT leaves."""

import pytest

from tdxkit.seam.leaves.sys import DYNAMIC_PAMT
from tdxkit.seam.module import TDMR_LIST, Module
from tdxkit.seam.pamt import Area, Tdmr
from tdxkit.seam.td import must
from tdxkit.units import GIB, MIB


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
