"""What nobody is told of in a life, and yet is so: work that is counted, a page that WBINVD leaves, a rule of a design."""

from collections import Counter

import pytest

from tdxkit.linux.host.calls import Calls
from tdxkit.linux.host.faults import Fault
from tdxkit.linux.host.host import Host
from tdxkit.linux.host.kvm.init import finalize, td_init, vcpu_create, vcpu_init
from tdxkit.linux.host.kvm.td import Td
from tdxkit.linux.host.kvm.teardown import teardown
from tdxkit.linux.host.life import live
from tdxkit.linux.refcount.posted import versions
from tdxkit.status import decode

LEAVES = ("TDH.MR.EXTEND", "TDH.MNG.ADDCX")


def td_of(version="v6"):
    td = Td(Host(version))
    for act in (td_init, vcpu_create, vcpu_init, finalize):
        assert not act(td)
    return td


@pytest.mark.parametrize("version", versions())
def test_each_step_of_a_context_is_counted_once(version):
    life = live(version, record=True)
    steps = Counter((step.actor, step.does) for step in life.run.steps)
    counted = {(context.name, does): n for context, work in life.work.items() for does, n in work.items()}
    for does in LEAVES:
        assert {key: n for key, n in counted.items() if key[1] == does} == {
            key: n for key, n in steps.items() if key[1] == does
        }
    assert sum(n for (_, does), n in counted.items() if does in LEAVES) > 20


def test_a_guest_that_is_entered_is_entered_with_success():
    td = td_of()
    answer, begun = td.host.calls.enter_guest(next(iter(td.vcpus)))
    assert answer.ok and answer.status == 0 and begun is not None


def test_a_tdr_that_cannot_be_written_back_stays_the_tds():
    td = td_of()
    tdr = td.tdr
    td.host.points.fault = Fault(leaf="TDH.PHYMEM.PAGE.WBINVD")
    teardown(td)
    assert td.tdr == tdr is not None


def test_a_vcpu_that_is_still_associated_is_remembered_as_what_failed():
    class NotDone(Fault):
        """A vCPU is still associated with a CPU."""

        status = decode("TDX_FLUSHVP_NOT_DONE").value

    td = td_of()
    td.host.points.fault = NotDone(leaf="TDH.MNG.VPFLUSHDONE")
    teardown(td)
    assert td.first[0] == "TDH.MNG.VPFLUSHDONE" and td.first[1].name == "TDX_FLUSHVP_NOT_DONE"


def test_a_broken_rule_of_a_design_is_a_warning_that_names_it():
    host = Host("v6")
    host.pairs.counters.must("the count fits", True)
    assert not host.log.warnings
    host.pairs.counters.must("the count fits", False)
    assert host.log.warnings == ["broken: the count fits"]
    assert isinstance(host.calls, Calls)
