"""A TD's life: clean without faults, each patch's own failure without it, and every single fault of every version."""

import json

import pytest

from tdxkit.cli import main
from tdxkit.errors import InputError, ModelError
from tdxkit.kinds import ALLOC, FREE
from tdxkit.linux.host.faults import Fault
from tdxkit.linux.host.host import Host
from tdxkit.linux.host.kvm import mapping
from tdxkit.linux.host.kvm import teardown as teardown_path
from tdxkit.linux.host.kvm.fault import fault
from tdxkit.linux.host.kvm.init import add_page
from tdxkit.linux.host.kvm.td import Td
from tdxkit.linux.host.life import CLEAN, fault_table, live, points
from tdxkit.linux.refcount.posted import versions
from tdxkit.review.patches import prefix, without


@pytest.mark.parametrize("huge", [False, True])
@pytest.mark.parametrize("version", versions())
def test_without_faults_nothing_is_left(version, huge):
    life = live(version, huge=huge)
    assert life.result == CLEAN and not life.warnings
    assert (life.pairs_left, life.refs_left, life.pages_left) == (0, 0, 0) and life.peak_kb >= 40


@pytest.mark.parametrize("n", range(11))
def test_every_prefix_before_the_last_switch_runs_as_static_pamt(n):
    life = live("v2", prefix(n))
    assert life.result == CLEAN and life.peak_kb == 0
    assert life.meminfo_kb == (0 if n >= 10 else None)


def test_the_whole_series_adds_and_removes_pairs():
    life = live("v2", prefix(11), record=True)
    calls = [step.label for step in life.run.steps]
    assert calls.count("TDH.PHYMEM.PAMT.ADD") == calls.count("TDH.PHYMEM.PAMT.REMOVE") == 5


MISSING = "TDX_MISSING_PAMT_PAGE_PAIR"


@pytest.mark.parametrize(
    "k, leaf, status",
    [
        (5, "TDH.MNG.CREATE", f"{MISSING}|RCX"),
        (6, "TDH.VP.CREATE", f"{MISSING}|RCX"),
        (8, "TDH.MEM.SEPT.ADD", f"{MISSING}|R8"),
    ],
)
def test_without_a_get_the_module_misses_the_pair(k, leaf, status):
    life = live("v2", without(k))
    assert (life.leaf, life.status) == (leaf, status)
    assert (life.pairs_left, life.refs_left, life.pages_left) == (0, 0, 0)


def test_without_7_the_pool_is_empty_in_atomic_context():
    life = live("v2", without(7))
    assert life.leaf == "" and life.result.startswith("the pool of vCPU 0 is empty") and life.pairs_left == 0


def test_without_9_nothing_is_given_back():
    life = live("v2", without(9))
    assert life.leaf == "" and life.pairs_left == 5 and life.refs_left == 26 and life.meminfo_kb == 40


def test_without_10_11_12():
    lives = {k: live("v2", without(k)) for k in (10, 11, 12)}
    assert all(life.result == CLEAN for life in lives.values())
    assert [lives[k].meminfo_kb for k in (10, 11, 12)] == [None, 0, 0]
    assert [lives[k].peak_kb > 0 for k in (10, 11, 12)] == [True, False, True]


@pytest.mark.slow
@pytest.mark.parametrize("version", versions())
def test_every_single_fault_ends_and_is_accounted_for(version):
    rows = list(fault_table(version, huge=True))
    assert len(rows) > 250
    for row in rows:
        life = row.life
        left = life.pairs_left or life.refs_left or life.pages_left
        assert bool(left) == ("left: " in life.result)
        if version == "v6" and left:
            assert life.bugged or life.leaf == "TDH.PHYMEM.PAGE.RECLAIM" or "REMOVE of region" in life.result, row
            assert life.bugged or row.where in ("TDH.PHYMEM.PAMT.REMOVE", "TDH.PHYMEM.PAGE.RECLAIM"), row
        if row.how == "no memory" and version != "v3":
            assert not left, row


@pytest.mark.slow
def test_v6_leaves_something_after_these_failures_and_no_others():
    left = {r.where for r in fault_table("v6", huge=True) if r.life.pairs_left or r.life.refs_left or r.life.pages_left}
    assert left == {
        "TDH.MEM.RANGE.BLOCK", "TDH.MEM.TRACK", "TDH.MEM.PAGE.REMOVE", "TDH.MEM.PAGE.DEMOTE", "TDH.MEM.PAGE.PROMOTE", "TDH.PHYMEM.PAGE.WBINVD",
        "TDH.VP.FLUSH", "TDH.MNG.VPFLUSHDONE", "TDH.PHYMEM.CACHE.WB", "TDH.MNG.KEY.FREEID",
        "TDH.PHYMEM.PAMT.REMOVE", "TDH.PHYMEM.PAGE.RECLAIM",
    }  # fmt: skip


@pytest.mark.slow
def test_v3_loses_the_first_page_when_the_second_cannot_be_had():  # B16
    lost = [r.life for r in fault_table("v3", hows=["no memory"]) if r.life.pages_left]
    assert lost and all(life.pages_left == 1 and life.refs_left == life.pairs_left == 0 for life in lost)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v3", "v4", "v5", "v6"])
def test_b19_a_failed_add_told_as_success_misses_the_pair_and_counts_below_zero(version):
    lives = [r.life for r in fault_table(version, hows=["error"]) if r.where == "TDH.PHYMEM.PAMT.ADD"]
    below = [life for life in lives if life.refs_left < 0]
    assert bool(below) == (version in ("v3", "v4"))
    assert all(life.status == f"{MISSING}|R8" for life in below)
    told = [life for life in below if not life.bugged]  # v3 adds a first page outside mmu_lock: an errno for user space
    assert len(told) == (1 if version == "v3" else 0) and all(
        "adding a page ends with -EIO" in life.result for life in told
    )


@pytest.mark.slow
def test_a_busy_fault_is_retried_and_a_busy_zap_kicks_once():
    names = [
        r
        for r in fault_table("v6", hows=["busy"])
        if r.where in ("TDH.MEM.PAGE.AUG", "TDH.MEM.SEPT.ADD", "TDH.MEM.RANGE.BLOCK")
    ]
    assert names and all(r.life.result == CLEAN for r in names)
    steps = live("v6", fault=Fault(names[-1].point, "busy"), record=True).run.steps
    assert [s.label for s in steps].count("kick") == 1


def test_sleeping_under_mmu_lock_is_refused(monkeypatch):
    # Planted: the fault path allocates with GFP_KERNEL under mmu_lock instead of from its pool.
    monkeypatch.setattr(mapping, "_get", lambda td, page, vcpu: td.host.pairs.get(page))
    with pytest.raises(ModelError, match="may not sleep"):
        live("v6")


def test_a_forgotten_put_is_seen(monkeypatch):
    real = teardown_path._reclaim

    def forgets(td, page, wbinvd=False):
        td.host.patches -= {9}
        return real(td, page, wbinvd)

    monkeypatch.setattr(teardown_path, "_reclaim", forgets)
    life = live("v6")
    assert life.pairs_left == 3 and life.refs_left == 20


def test_pools_hold_what_each_version_fills_them_to():
    for name, version in versions().items():
        filled = [s.sentence for s in live(name, record=True).run.steps if "The pool of" in s.sentence]
        assert f"filled to {version.pool_pages} pages" in filled[0]


def test_a_run_tells_who_holds_mmu_lock_and_who_may_sleep():
    for state in live("v6", record=True).run.states():
        flushing = state.get("cpus_read_lock") and not state.get("tdx_lock") and state["cpus_read_lock"] == "teardown"
        assert state["may sleep"] == (state["mmu_lock"] is None and state["pamt_lock"] is None and not flushing)
        assert (state["mmu_lock"] is None) == (state["mmu_lock held for"] is None)


def test_a_dead_vm_answers_eio():
    td = Td(Host("v6"))
    td.dead = True
    assert fault(td, 0) == add_page(td, 0) == -5


def test_command(capsys):
    assert main(["life", "--without", "8", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer.pop("format") == 1
    assert list(answer) == ["result", "status", "leaf", "pairs_left", "refs_left", "meminfo_kb", "loop"]
    assert answer["leaf"] == "TDH.MEM.SEPT.ADD" and answer["meminfo_kb"] == 0
    assert main(["life", "--version", "v6", "--steps"]) == 0
    assert "TDH.MNG.CREATE" in capsys.readouterr().out
    assert main(["life", "--version", "v6", "--pool", "1"]) == 0
    assert "each like the last" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args",
    [["--without", "3"], ["--without", "99"], ["--prefix", "x"], ["--version", "v9"], ["--how", "never", "--fault", "1"], ["--fault", "0"], ["--pool", "-1"], ["--pool", "x"],
     ["--without", "5", "--version", "v6"], ["--without", "5", "--prefix", "3"]],
)  # fmt: skip
def test_command_says_bad_input_in_one_line(args, capsys):
    assert main(["life", *args]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_unknown_version():
    with pytest.raises(InputError, match="v6"):
        live("v77")


@pytest.mark.parametrize("version", versions())
def test_a_pool_of_the_versions_own_size_changes_nothing(version):
    own = versions()[version].pool_pages
    assert live(version, pool_pages=own) == live(version)
    filled = [
        s.sentence for s in live(version, record=True, pool_pages=own + 2).run.steps if "The pool of" in s.sentence
    ]
    assert f"filled to {own + 2} pages" in filled[0]


def test_a_pool_for_one_pair_is_enough_for_v6_and_a_page_less_is_not():
    lives = {pages: live("v6", pool_pages=pages) for pages in (0, 1, 2, 3, 4)}
    assert [bool(life.stopped) for life in lives.values()] == [True, True, False, False, False]
    assert [life.result == CLEAN for life in lives.values()] == [False, False, False, False, True]
    assert "each like the last" in lives[1].loop
    assert live("v3", pool_pages=2).pages_left == 3  # B16, once in each of three passes


@pytest.mark.parametrize("version, patches", [("v2", without(9)), ("v6", prefix(12))])
def test_points_are_those_that_a_fault_strikes(version, patches):
    there = points(version, patches=patches)
    assert len(there) == live(version, patches).points
    for at in (1, 4, 40, len(there)):
        how = "no memory" if there[at - 1].what.startswith("alloc") else "error"
        life = live(version, patches, Fault(at, how), record=True)
        step = life.run.steps[life.wrong_at - 1]
        assert step.actor == there[at - 1].lane
        assert step.label == ("alloc_page" if how == "no memory" else there[at - 1].what)
        assert "injected" in step.sentence or "No memory" in step.sentence


def test_a_life_says_where_it_first_went_wrong():
    assert live("v6", record=True).wrong_at == 0 == live("v6", fault=Fault(4)).wrong_at
    life = live("v6", record=True, pool_pages=2)
    assert life.run.steps[life.wrong_at - 1].sentence == life.warnings[0]


@pytest.mark.parametrize("version", versions())
def test_who_takes_a_control_page_and_who_gives_it_back_are_steps_by_their_names(version):
    names = "control_page" if version in ("v5", "v6", "after-v6") else "page"
    steps = live(version, record=True).run.steps
    takes, gives = ([s for s in steps if s.does == f"tdx_{verb}_{names}"] for verb in ("alloc", "free"))
    assert (len(takes), len(gives)) == ((25, 25) if version == "v5" else (16, 20))  # 16 for TD and vCPU, the rest S-EPT
    assert {s.kind for s in takes} == {ALLOC} and {s.kind for s in gives} == {FREE}
    assert all(s.sentence.startswith(f"{s.label}(): ") for s in (*takes, *gives))
    failed = live(version, fault=Fault(4), record=True).run.steps
    assert any(s.does == f"tdx_alloc_{names}" and "the page goes back" in s.sentence for s in failed) == (
        version not in ("v3", "v4")  # which tell the caller that ADD worked (B19)
    )
