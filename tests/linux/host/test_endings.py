"""What a failure ends in: the host that is run against the rules that `decode` tells, and the order and losses of a teardown."""

import pytest

from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.linux.host.endless import CASES, Case, ending, endless_run
from tdxkit.linux.host.faults import Fault
from tdxkit.linux.host.host import ALL_PATCHES, EINTR, Host
from tdxkit.linux.host.kvm.init import finalize, td_init, vcpu_create, vcpu_init
from tdxkit.linux.host.kvm.mapping import _get
from tdxkit.linux.host.kvm.passes import DEATH, DELETION, EVENT, SIGNAL, until_mapped
from tdxkit.linux.host.kvm.td import Td
from tdxkit.linux.host.life import CLEAN, fault_table, live
from tdxkit.linux.host.patches import PatchNo
from tdxkit.linux.refcount.posted import versions
from tdxkit.status import decode

ROUND, BUG, OK = "goes round", "VM bugged", "page mapped"
ENDINGS = {  # written from the sources; a column a version: v1 v2 v3 v4 v5 v6 after-v6
    "PAMT.ADD says an error": (
        ROUND,
        ROUND,
        BUG,
        BUG,
        ROUND,
        ROUND,
        BUG,
    ),  # v3, v4 tell success, and the module misses the pair
    "nobody fills the pools (patch 7 left out)": (OK, OK, ROUND, ROUND, ROUND, ROUND, BUG),
    "no memory for a pair at the top-up": ("-ENOMEM",) * 7,
    "SEPT.ADD says BUSY": (ROUND,) * 7,
    "SEPT.ADD says an error": (BUG,) * 7,
    "PAGE.AUG says BUSY": (ROUND,) * 7,
    "PAGE.AUG says an error": (BUG,) * 7,
    "PAGE.ADD says BUSY (a first page)": ("-EBUSY",) * 3 + (ROUND,) * 4,
    "PAGE.ADD says an error (a first page)": ("-EIO",) * 3 + (BUG,) * 4,
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_how_a_fault_ends_in_each_version(case):
    assert tuple(ending(version, case) for version in versions()) == ENDINGS[case.what]


@pytest.mark.parametrize("end", [SIGNAL, EVENT, DELETION, DEATH])
def test_each_end_is_a_run(end):
    run = endless_run("v6", end, passes=2)
    labels = [step.label for step in run.steps]
    assert labels.index(end) > labels.index("RET_PF_RETRY") and labels.count("RET_PF_RETRY") == (
        5 if end in (EVENT, DELETION) else 2
    )
    assert all(step.actor in ("fault", "vCPU run") for step in run.steps)
    then = ", then signal" if end in (EVENT, DELETION) else ""  # the guest was let in and faults again
    assert run.subtitle == f"ended by {end}{then}: {'-EIO' if end == DEATH else '-EINTR'}"


def test_a_run_names_the_end_that_came_not_the_one_asked_for():
    """v3 tells its caller success: the VM is bugged in the first pass, and no signal comes."""
    assert endless_run("v3", SIGNAL).subtitle == "ended by dead VM: -EIO"


def test_an_end_that_the_base_has_not_is_refused():
    with pytest.raises(InputError, match="memslot deletion"):
        endless_run("v2", DELETION)


KINDS = {  # what a single fault's life looks like for each word of `decode`
    "bug the VM": lambda life: life.bugged,
    "retry": lambda life: life.clean and not life.stopped,
    "kick and retry once": lambda life: life.clean,
    "warn and leak": lambda life: not life.bugged and life.pages_left and not life.stopped,
    "fail": lambda life: bool(life.stopped) or life.leaf == "TDH.VP.ENTER" or life.clean,
}


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v6", "after-v6"])
def test_the_host_does_what_decode_says(version):
    """Each single SEAMCALL failure: the word that `decode` has for it, and what became of the VM."""
    checked = set()
    for row in fault_table(version, huge=True, hows=("busy", "error")):
        kind = decode(Fault(how=row.how).status, row.where).kernel.kind
        if row.where in ("TDH.PHYMEM.PAMT.ADD", "TDH.MEM.PAGE.PROMOTE") or kind == "warn and go on":
            continue  # they depend on the path; the next test and ENDINGS have them
        if row.where in ("TDH.MNG.CREATE", "TDH.MNG.ADDCX", "TDH.MNG.INIT"):
            assert kind == "fail" and row.life.bugged, row  # new bases: a failed creation bugs the VM too
        else:
            assert KINDS[kind](row.life), (row, kind)
        checked.add(row.where)
    assert len(checked) == 23


@pytest.mark.parametrize("version", versions())
def test_the_order_of_a_teardown(version):
    run = live(version, record=True).run
    last = [s.does for s in run.steps if s.does.startswith("TDH.")]
    flush = last.index("TDH.VP.FLUSH")
    assert "TDH.MEM.PAGE.REMOVE" in last[:flush] and "TDH.MEM.PAGE.REMOVE" not in last[flush:]  # leaves go first
    keys = ["TDH.VP.FLUSH", "TDH.MNG.VPFLUSHDONE", "TDH.PHYMEM.CACHE.WB", "TDH.MNG.KEY.FREEID"]
    assert last[flush : flush + 4] == keys and set(last[flush + 4 :]) == {
        "TDH.PHYMEM.PAGE.RECLAIM", "TDH.PHYMEM.PAMT.REMOVE", "TDH.PHYMEM.PAGE.WBINVD",
    }  # fmt: skip
    given_up = [
        int(change.key.split()[1])
        for step, change in _changes(run)
        if step.does == "tdx_pamt_put" and change.key.startswith("region ")
    ]
    kinds = list(dict.fromkeys({8: "TD", 12: "vCPU"}.get(region, "S-EPT") for region in given_up))
    assert kinds == ["vCPU", "S-EPT", "TD"]  # vCPU pages before those of the Secure EPT, the TDR last
    assert last[-2] == "TDH.PHYMEM.PAGE.WBINVD" or last[-3] == "TDH.PHYMEM.PAGE.WBINVD"


def _changes(run):
    start = next(k for k, step in enumerate(run.steps) if step.does == "TDH.VP.FLUSH")
    return [(step, change) for step in run.steps[start:] for change in step.changes]


@pytest.mark.parametrize("leaf", ["TDH.MNG.VPFLUSHDONE", "TDH.MNG.KEY.FREEID"])
def test_a_stuck_key_id_leaks_the_whole_td_and_nothing_more_is_asked_of_the_module(leaf):
    life = live("v6", fault=Fault(leaf=leaf), record=True)
    made = [step.does for step in life.run.steps]
    assert life.bugged and "TDH.PHYMEM.PAGE.RECLAIM" not in made
    assert (life.pairs_left, life.refs_left) == (3, 20)


def test_vpflushdone_that_finds_a_vcpu_is_quiet_and_a_failed_write_back_goes_on():
    class NotDone(Fault):
        """A vCPU is still associated with a CPU."""

        status = decode("TDX_FLUSHVP_NOT_DONE").value

    quiet = live("v6", fault=NotDone(leaf="TDH.MNG.VPFLUSHDONE"))
    assert "KVM_BUG_ON: TDH.MNG.VPFLUSHDONE" not in " ".join(quiet.warnings) and quiet.refs_left == 20
    life = live("v6", fault=Fault(leaf="TDH.PHYMEM.CACHE.WB"), record=True)
    made = [step.does for step in life.run.steps]
    assert made.index("TDH.MNG.KEY.FREEID") > made.index("TDH.PHYMEM.CACHE.WB") and life.warnings[0].startswith(
        "TDH.PHYMEM.CACHE.WB"
    )


@pytest.mark.slow
def test_a_failed_track_bugs_the_vm_and_the_zap_goes_on():
    row = next(row for row in fault_table("v6") if row.where == "TDH.MEM.TRACK" and row.how == "error")
    made = [step.label for step in live("v6", fault=Fault(row.point, "error"), record=True).run.steps]
    track = made.index("TDH.MEM.TRACK")
    assert row.life.bugged and made[track + 1 : track + 3] == ["warning", "TDH.MEM.PAGE.REMOVE"]
    assert "TDX_TLB_TRACKING_NOT_DONE" in row.life.warnings[1]  # and the page is leaked


def test_before_a_td_runs_nobody_is_tracked():
    life = live("v6", fault=Fault(leaf="TDH.MR.FINALIZE"), record=True)
    made = [step.does for step in life.run.steps]
    assert "TDH.MEM.TRACK" not in made and made.count("TDH.MEM.PAGE.REMOVE") == 2


def test_a_demote_that_is_broken_off_is_called_again_and_without_a_limit():
    class Once(Fault):
        """DEMOTE is broken off the first two times."""

        status = decode("TDX_INTERRUPTED_RESTARTABLE").value
        left = iter((True, True))

        def hits(self, point, what):
            return what == "TDH.MEM.PAGE.DEMOTE" and next(self.left, False)

    life = live("v5", fault=Once(), huge=True, record=True)
    assert life.result == CLEAN and [s.label for s in life.run.steps].count("interrupted") == 2

    class Always(Fault):
        """An interrupt every time."""

        status = decode("TDX_INTERRUPTED_RESTARTABLE").value

    life = live("v5", fault=Always(leaf="TDH.MEM.PAGE.DEMOTE"), huge=True)
    assert "10 passes, each like the last" in life.loop and life.result == life.loop and not life.bugged


@pytest.mark.slow
def test_lasting_faults_go_on_and_single_ones_do_not():
    point = next(row.point for row in fault_table("v6") if row.where == "TDH.MEM.PAGE.AUG" and row.how == "busy")
    assert live("v6", fault=Fault(point, "busy")).result == CLEAN
    lasting = live("v6", fault=Fault(point, "busy", lasting=True))
    assert lasting.loop.startswith("TDH.MEM.PAGE.AUG says -EBUSY, 3 passes, each like the last") and not lasting.bugged
    assert "a fault ends with -EINTR" in lasting.result


def test_a_loop_that_changes_the_host_is_not_called_endless():
    """v3 forgets the first page of a pair when the second cannot be had: each pass loses one."""
    case = Case("the pool gives one page and no second", Fault(), patches=ALL_PATCHES - {PatchNo.POOLS})
    td = Td(Host("v3", case.patches, record=False))
    for act in (td_init, vcpu_create, vcpu_init, finalize):
        act(td)
    before = len(td.host.allocator.pages)

    def top_up():
        td.host.pools["vCPU 0"] = [td.host.allocator.alloc("pair")]
        return 0

    errno, ended_by = until_mapped(td, top_up, lambda: _get(td, 70 << 21, "vCPU 0"))
    assert (errno, ended_by, td.loop.passes) == (EINTR, SIGNAL, 3) and not td.loop.unchanged
    assert len(td.host.allocator.pages) == before + 3


@pytest.mark.slow
def test_the_command_lists_what_goes_round(capsys):
    assert main(["life", "--version", "v6", "--faults", "--lasting"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert any("TDH.MEM.PAGE.AUG" in row and "each like the last; ended by: signal" in row for row in rows)
    assert any(row.startswith("PAMT.ADD says an error") and row.endswith("goes round") for row in rows)
    assert main(["life", "--lasting"]) == 2 and capsys.readouterr().err.count("\n") == 1
