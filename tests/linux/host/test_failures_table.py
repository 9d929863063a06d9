"""Each SEAMCALL of a life failing for good, in the newest posting and in an old base: where the life ends, whether the VM is bugged, who is named."""

import errno

import pytest

from tdxkit.linux.host import life as model
from tdxkit.linux.host.faults import HOWS, Fault, Points
from tdxkit.linux.host.host import ERRNO, KVM_EXIT_INTERNAL_ERROR, Host
from tdxkit.linux.host.kvm.teardown import TDX_SEAMCALL_RETRIES
from tdxkit.linux.host.life import HOWS_TABLED, live, points
from tdxkit.status import code, with_operand
from tdxkit.work import drive

INIT, VCPU, ADDING, FAULTS, CONVERSION = "TD init", "vCPU init", "adding a page", "a fault", "a conversion"
BUGS = {  # the leaf, and the act that ends with -EIO; "": the teardown, which ends nothing early
    "TDH.MNG.CREATE": INIT, "TDH.MNG.KEY.CONFIG": INIT, "TDH.MNG.ADDCX": INIT, "TDH.MNG.INIT": INIT, "TDH.VP.CREATE": VCPU, "TDH.VP.ADDCX": VCPU,
    "TDH.VP.INIT": VCPU, "TDH.MEM.SEPT.ADD": ADDING, "TDH.MEM.PAGE.ADD": ADDING, "TDH.MR.EXTEND": ADDING, "TDH.MR.FINALIZE": "finalizing",
    "TDH.MEM.PAGE.AUG": FAULTS, "TDH.MEM.RANGE.BLOCK": CONVERSION, "TDH.MEM.PAGE.REMOVE": CONVERSION, "TDH.MEM.TRACK": CONVERSION,
    "TDH.MEM.PAGE.DEMOTE": "a split", "TDH.MEM.PAGE.PROMOTE": "a promotion", "TDH.VP.FLUSH": "", "TDH.MNG.VPFLUSHDONE": "", "TDH.MNG.KEY.FREEID": "",
}  # fmt: skip
OLD = {  # the base before the overhaul: an errno for user space, and no dead VM
    "TDH.MNG.CREATE": INIT, "TDH.MNG.ADDCX": INIT, "TDH.MNG.INIT": INIT, "TDH.MEM.PAGE.ADD": ADDING, "TDH.MR.EXTEND": ADDING,
}  # fmt: skip
SAID = "TDX_PAGE_METADATA_INCORRECT|RCX"


@pytest.mark.parametrize("leaf", BUGS)
def test_a_failure_that_bugs_the_vm_is_named_and_ends_the_life_at_its_act(leaf):
    life = live("v6", fault=Fault(leaf=leaf), huge=True)
    assert (life.bugged, life.leaf, life.status) == (True, leaf, SAID)
    assert life.stopped == (f"{BUGS[leaf]} ends with -EIO" if BUGS[leaf] else "")
    assert life.warnings[0] == f"KVM_BUG_ON: {leaf} said {SAID}"
    assert life.result.startswith(f"{leaf} failed: {SAID}; KVM_BUG_ON") and not life.clean


@pytest.mark.parametrize("leaf", BUGS)
def test_before_the_overhaul_failures_of_creation_and_build_are_errnos(leaf):
    if leaf in ("TDH.MEM.PAGE.DEMOTE", "TDH.MEM.PAGE.PROMOTE"):
        return
    life = live("v2", fault=Fault(leaf=leaf))
    assert (life.bugged, life.leaf, life.status) == (leaf not in OLD, leaf, SAID)
    assert life.stopped == (f"{BUGS[leaf]} ends with -EIO" if BUGS[leaf] else "")
    if leaf in OLD:
        assert life.stopped in life.result and "KVM_BUG_ON" not in life.result
        assert any(w == f"{leaf} said {SAID}" for w in life.warnings) == (
            leaf in ("TDH.MNG.CREATE", "TDH.MNG.ADDCX", "TDH.MNG.INIT")
        )


@pytest.mark.parametrize(
    "leaf, warned, stopped",
    [("TDH.PHYMEM.PAGE.RECLAIM", "is leaked", ""), ("TDH.PHYMEM.PAMT.REMOVE", "REMOVE of region", ""),
     ("TDH.VP.ENTER", "", "running the vCPU ends with KVM_EXIT_INTERNAL_ERROR"), ("TDH.PHYMEM.PAMT.ADD", "", "TD init ends with -ENOMEM")],
)  # fmt: skip
def test_a_failure_that_bugs_nothing_is_warned_of_or_told(leaf, warned, stopped):
    life = live("v6", fault=Fault(leaf=leaf))
    assert (life.bugged, life.stopped) == (False, stopped) and (
        warned in " ".join(life.warnings) if warned else not life.warnings
    )
    assert life.leaf == ("" if leaf.startswith("TDH.PHYMEM.PAMT") else leaf)


@pytest.mark.parametrize(
    "leaf", ["TDH.MNG.CREATE", "TDH.MNG.ADDCX", "TDH.MNG.INIT", "TDH.VP.CREATE", "TDH.VP.ADDCX", "TDH.VP.INIT"]
)
@pytest.mark.parametrize("version", ["v2", "v3", "v5", "v6", "after-v6"])
def test_what_had_been_got_before_a_failed_creation_is_given_back(version, leaf):
    life = live(version, fault=Fault(leaf=leaf))
    assert (life.pairs_left, life.refs_left, life.pages_left) == (0, 0, 0)


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_of_two_control_pages_the_first_goes_back_when_the_second_cannot_be_had(at):
    for kind, stopped in (("TD", INIT), ("vCPU", VCPU)):
        where = [k for k, (what, _) in enumerate(points("v6"), 1) if what == f"alloc {kind}"]
        life = live("v6", fault=Fault(where[min(at, len(where)) - 1], "no memory"))
        assert life.result == f"{stopped} ends with -ENOMEM" and (life.pairs_left, life.pages_left) == (0, 0)


HITS = [  # the fault, the point's number and name, whether it fails
    (Fault(3), 3, "TDH.VP.ENTER", True), (Fault(3), 4, "TDH.VP.ENTER", False), (Fault(3), 3, "alloc TD", False), (Fault(3, "no memory"), 3, "alloc TD", True),
    (Fault(3, "no memory"), 3, "TDH.VP.ENTER", False), (Fault(leaf="TDH.VP.ENTER"), 9, "TDH.VP.ENTER", True), (Fault(leaf="TDH.VP.ENTER"), 9, "TDH.VP.INIT", False),
    (Fault(leaf="alloc TD", how="no memory"), 9, "alloc TD", True), (Fault(leaf="alloc TD"), 9, "alloc TD", False), (Fault(), 1, "TDH.VP.ENTER", False),
]  # fmt: skip


@pytest.mark.parametrize("fault, point, what, hit", HITS)
def test_which_points_a_fault_hits(fault, point, what, hit):
    assert fault.hits(point, what) is hit
    assert fault.status == HOWS[fault.how] and not Fault(how="no memory").status


def test_points_count_from_one_and_a_lasting_fault_goes_on_at_its_name():
    names = ["a", "b", "a", "b", "a"]
    for lasting, struck in ((False, [2]), (True, [2, 4])):
        there = Points(Fault(2, lasting=lasting))
        assert [k for k, name in enumerate(names, 1) if there.fails(name) is not None] == struck and there.count == 5


def test_the_four_ways_to_fail():
    assert [hex(HOWS[how]) for how in ("busy", "error", "no entropy")] == [
        "0x8000020000000001",
        "0xc000030000000001",
        "0x8000020300000000",
    ]
    assert set(HOWS_TABLED) == set(HOWS) - {"no entropy"}
    assert all(said == f"-{errno.errorcode[-number]}" for number, said in ERRNO.items() if number < 0)
    assert [number for number in ERRNO if number > 0] == [17] == [KVM_EXIT_INTERNAL_ERROR]  # of linux/kvm.h


@pytest.mark.parametrize("lasting, busy", [(False, 1), (True, 2)])
def test_a_seamcall_that_fails_is_told_as_injected_and_kept_as_the_last_error(lasting, busy):
    host = Host("v6", fault=Fault(1, "busy", lasting=lasting))
    assert "last SEAMCALL" not in host.state()
    said = [str(host.calls.make("TDH.PHYMEM.CACHE.WB")) for _ in range(2)]
    steps = host.run("t").steps
    assert said.count("TDX_OPERAND_BUSY|RCX") == busy and [s.sentence.endswith("(injected)") for s in steps] == [
        True,
        lasting,
    ]
    assert all(s.label == s.does == "TDH.PHYMEM.CACHE.WB" and s.kind == "seamcall" for s in steps)
    assert host.state()["last SEAMCALL"] == "TDX_OPERAND_BUSY|RCX" and host.calls.made == {"TDH.PHYMEM.CACHE.WB": 2}
    assert host.log.wrong_at == 1
    clean = Host("v6")
    clean.calls.make("TDH.PHYMEM.CACHE.WB")
    assert clean.calls.last == "" and "last SEAMCALL" not in clean.state() and clean.log.wrong_at == 0


def test_a_write_back_that_fails_is_warned_of_and_the_key_that_stays_bugs_the_vm():
    life = live("v6", fault=Fault(leaf="TDH.PHYMEM.CACHE.WB"))
    assert (life.leaf, life.bugged, life.stopped) == ("TDH.PHYMEM.CACHE.WB", True, "")
    assert life.warnings[0] == f"TDH.PHYMEM.CACHE.WB said {SAID}" and life.warnings[1].startswith(
        "KVM_BUG_ON: TDH.MNG.KEY.FREEID said"
    )


def test_a_write_back_that_is_interrupted_is_called_again_so_many_times_and_no_more():
    class Interrupted(Fault):
        """Every time."""

        status = code("TDX_INTERRUPTED_RESUMABLE")

    life = live("v6", fault=Interrupted(leaf="TDH.PHYMEM.CACHE.WB"))
    assert life.seamcalls - live("v6").seamcalls > TDX_SEAMCALL_RETRIES - 50 and TDX_SEAMCALL_RETRIES == 10_000
    assert life.leaf == "TDH.PHYMEM.CACHE.WB" and life.warnings[0].startswith(
        "TDH.PHYMEM.CACHE.WB said TDX_INTERRUPTED_RESUMABLE"
    )


def test_wrong_operands_of_mng_init_are_told_to_user_space_and_kept_as_the_first_failure():
    class Invalid(Fault):
        """What user space gets for wrong parameters."""

        status = with_operand("TDX_OPERAND_INVALID", "RCX")

    life = live("v6", fault=Invalid(leaf="TDH.MNG.INIT"))
    assert (life.leaf, life.status, life.stopped, life.bugged) == (
        "TDH.MNG.INIT",
        "TDX_OPERAND_INVALID|RCX",
        "TD init ends with -EINVAL",
        False,
    )


@pytest.mark.parametrize(
    "leaf, how, said",
    [
        ("TDH.MNG.CREATE", "no entropy", "-EAGAIN"),
        ("TDH.MNG.INIT", "no entropy", "-EAGAIN"),
        ("TDH.MR.FINALIZE", "busy", "-EBUSY"),
    ],
)
def test_what_user_space_may_try_again_bugs_nothing_and_is_named(leaf, how, said):
    life = live("v6", fault=Fault(leaf=leaf, how=how))
    assert (life.leaf, life.bugged, life.warnings) == (leaf, False, ()) and life.stopped.endswith(f"ends with {said}")


def test_the_tables_of_several_versions_are_work_in_slices_and_are_found_once(monkeypatch):
    lives = []
    monkeypatch.setattr(model, "_TABLES", {})
    monkeypatch.setattr(model, "points", lambda version, huge: (("alloc page", "a"), ("TDH.X", "b")))
    monkeypatch.setattr(model, "live", lambda version, fault, huge: lives.append((version, fault.at, fault.how)))
    ticks, job = [], model.faults_job(["v1", "v2"])
    found = drive(job, lambda *tick: ticks.append(tick))
    assert lives == [(v, *one) for v in ("v1", "v2") for one in ((1, "no memory"), (2, "busy"), (2, "error"))]
    assert [total for _, total in ticks] == [2] * 6 and ticks[2] == (1, 2) and ticks[-1] == (2, 2)
    assert found == {v: model.fault_table(v) for v in ("v1", "v2")} and len(lives) == 6, "what was found is known"
