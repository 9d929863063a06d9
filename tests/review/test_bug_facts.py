"""What the scenarios of bugs_counting and bugs_host come to, number by number, and that one model held against itself shows nothing."""

import re

import pytest

from tdxkit.errors import InputError
from tdxkit.review import bugs_counting, bugs_host
from tdxkit.review.bugs import Bug, Verdict, all_verdicts, bugs, verdict
from tdxkit.units import GIB, PAGE_2M, TIB

COUNTER = 4  # bytes: an atomic_t for each 2 MiB
FACTS = {
    "B2": "v1 can end with count 0 and the pair still there; v2 ends with count 1 for it",
    "B3": "v1 without Dynamic PAMT; unmaps from address NULL; v4: nothing to free",
    # of a TDMR every 2 MiB counts; of memory blocks each of the two needs a page of counters
    "B4": f"v1 backs {66 * GIB // PAGE_2M * COUNTER >> 10} KiB of counters; v2 {2 * 4096 >> 10} KiB",
    "B5": "v1 frees the two pages with pamt_lock held; v2 after letting go",
    "B6": "in v1, v2, v5 and v6; RET_PF_RETRY; after v6 the VM is bugged, -EIO",
    "B8": "v2 frees 10 pair pages uncleared, v3 none",
    "B9": "v2 keeps 10 pages for it, v3 none",
    "B11": "v2, v3 without Dynamic PAMT: populating is not gated; address NULL, panic; v4: nothing to populate",
    "B12": "v3 on [0x80000,0x80001): mapping a range of no bytes; on [0x1000,0x80064): no memory behind it; v4: both fine",
    # 1025 counters are a page and four bytes; the old length is 1024 of them
    "B13": "v2 past the end; v4 ok (it leaks 4096 bytes; v6 ok",
    "B14": "v3-not-zeroed: “a page in use must have its pair” breaks in 6 steps, 0 switches; v6: never",
    "B15": "v3-unoptimised: “a page in use must have its pair” breaks in 17 steps, 2 switches; v4-unoptimised: never",
    "B17": "v3: the pool of vCPU 0 is freed but was never set up; v4: fine",
    "B18": "v2 warns and tries GFP_ATOMIC; v3 gets nothing; v4 only S-EPT pages; v6 answers -ENOMEM",
    "B19": "in v3 and v4, before and after their optimisation; the pair is missing; v5 on tells it -EIO",
    "B20": "v3 allocates 2 pages and frees them, v4 none",
    "B21": "0x8000ff000000000e (vector 14): v3 takes it for #UD, v4 does not",
    "B23": "takes 7 of v4's 15 pages; 4 of v6's 10, pairs only",
    "B24": "deadlock after 4 steps; v6 has no such callback",
    "B29": "mapping it as 2 MiB gets TDX_PAGE_METADATA_INCORRECT|R8",
    "B30": "mapping the region as 2 MiB then gets TDX_PAGE_METADATA_INCORRECT|R8",
    "B31": f"v6 {4096 * TIB // PAGE_2M * COUNTER // GIB} GiB of counters; v4's sparse ones {256 * GIB // PAGE_2M * COUNTER >> 10} KiB",
    "B33": "BUSY after 3 steps; a stale hint after 14",
    "B34": "REMOVE of that region says TDX_OPERAND_BUSY|RCX",
    "B35": "v5 answers success and there is no pair; v6 -EIO",
}
FACTS_SLOW = {
    "B1": "v1 27, v2 27, v3 27, v4 27, v5 27; a count without a pair is left in v2, v3, v4, v5; v6, after-v6: neither",
    "B16": "v3 loses 1 page, v4 none",
    "B26": "TDH.PHYMEM.PAMT.REMOVE of region 16 failed: TDX_PAMT_PAGE_NOT_EMPTY|0; with it: nothing left",
    "B27": "a simulated second, 10 TDs: 7 waits; toggling a page 299",
    "B28": "536 waits behind the one lock, all for other regions; 0 with a lock for each",
}


def finds(bug: str, facts: str) -> None:
    found = verdict(bug)
    assert found.shown, found.text
    assert "\n" not in found.text and len(found.text) < 200
    assert not [fact for fact in facts.split("; ") if fact not in found.text], found.text


@pytest.mark.parametrize("bug", FACTS)
def test_the_model_finds_what_the_list_says(bug):
    finds(bug, FACTS[bug])


@pytest.mark.slow
@pytest.mark.parametrize("bug", FACTS_SLOW)
def test_the_model_finds_what_the_list_says_in_longer_runs(bug):
    finds(bug, FACTS_SLOW[bug])


def test_every_scenario_has_its_facts():
    assert {*FACTS, *FACTS_SLOW} == {bug.id for bug in bugs() if not bug.unshown}


def always(monkeypatch, version: str) -> None:
    """Whatever version a scenario asks for, it gets this one."""
    for module, names in (
        (bugs_counting, ("build", "scenario", "ask", "lens")),
        (bugs_host, ("Host", "live", "fault_table", "Simulation")),
    ):
        for name in names:
            real = getattr(module, name)

            def one(asked, *rest, real=real, name=name, **more):
                if name == "ask":
                    return real(asked, version, *rest[1:])
                if name == "lens":
                    return Twins(real([version]).costs[0], asked)
                return real(re.sub(r"^(after-)?v\d", version, asked), *rest, **more)

            monkeypatch.setattr(module, name, one)


class Twins:
    """The cost of one version under the names of several."""

    def __init__(self, cost, names):
        self.costs = [type("Cost", (), {"version": name, "shared": cost.shared})() for name in names]


SAME = [
    *(("B2", v) for v in ("v1", "v2")),
    *(("B3", v) for v in ("v1", "v4")),
    ("B4", "v2"),
    *(("B5", v) for v in ("v1", "v2")),
    *(("B6", v) for v in ("v1", "v6")),
    *(("B8", v) for v in ("v2", "v3")),
    *(("B9", v) for v in ("v2", "v3")),
    *(("B11", v) for v in ("v2", "v4")),
    *(("B12", v) for v in ("v3", "v4")),
    *(("B13", v) for v in ("v2", "v4", "v6")),
    *(("B17", v) for v in ("v3", "v4")),
    *(("B18", v) for v in ("v2", "v3", "v4", "v6")),
    *(("B20", v) for v in ("v3", "v4")),
    *(("B21", v) for v in ("v3", "v4")),
    *(("B23", v) for v in ("v4", "v6")),
    ("B31", "v4"),
    *(("B35", v) for v in ("v5", "v6")),
]


@pytest.mark.parametrize(("bug", "version"), SAME)
def test_one_version_held_against_itself_shows_nothing(monkeypatch, bug, version):
    always(monkeypatch, version)
    assert not verdict(bug).shown


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "version"), [("B1", "v1"), ("B1", "v2"), ("B1", "v6"), ("B16", "v3"), ("B16", "v4")])
def test_one_version_held_against_itself_shows_nothing_in_longer_runs(monkeypatch, bug, version):
    always(monkeypatch, version)
    assert not verdict(bug).shown


@pytest.mark.slow
@pytest.mark.parametrize("counted", [True, False])
def test_two_splits_that_count_alike_show_nothing(monkeypatch, counted):
    real = bugs_host.split
    monkeypatch.setattr(bugs_host, "split", lambda td, gpa, count_sept: real(td, gpa, count_sept=counted))
    assert not verdict("B26").shown


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "design"), [("B27", "per-region"), ("B28", "fast-path"), ("B28", "per-region")])
def test_one_lock_held_against_itself_shows_nothing(monkeypatch, bug, design):
    real = bugs_host.Simulation
    monkeypatch.setattr(
        bugs_host, "Simulation", lambda _, **more: real(design, **more | {"toggling": 0} if bug == "B27" else more)
    )
    assert not verdict(bug).shown


@pytest.mark.parametrize(
    ("bad", "clean", "shown"),
    [("v3-not-zeroed", "v6", True), ("v6", "v6", False), ("v3-not-zeroed", "v3-not-zeroed", False)],
)
def test_a_rule_has_to_break_in_the_one_and_not_in_the_other(bad, clean, shown):
    found = bugs_counting._broken(bad, "a page in use must have its pair", clean)
    assert found.shown == shown


def bug(versions: str, **more: str) -> Bug:
    return Bug("B1", versions, "it fails", "v9", "tdx-v1", **more)


@pytest.mark.parametrize(
    ("versions", "concerned"),
    [
        ("v1", "v1"),
        ("v2-v4", "v2 v3 v4"),
        ("v1, v2, v5, v6", "v1 v2 v5 v6"),
        ("v1-v2, v5-v6", "v1 v2 v5 v6"),
        ("v3 before its optimisation patch", "v3"),
        ("v6 and the text after it", "v6 after-v6"),
        ("all", "v1 v2 v3 v4 v5 v6 after-v6"),
        ("all, with huge pages", "v1 v2 v3 v4 v5 v6 after-v6"),
        ("after-v6", "after-v6"),
        ("lazy", "lazy"),
    ],
)
def test_a_version_is_concerned_where_the_list_names_it(versions, concerned):
    every = ["v1", "v2", "v3", "v4", "v5", "v6", "after-v6", "lazy"]
    assert [v for v in every if bug(versions).concerns(v)] == concerned.split()


def test_a_bug_as_data_says_what_its_scenario_came_to_or_why_there_is_none():
    shown = bug("v1", checked="inferred").as_json(Verdict(False, "v1 does not"))
    assert shown == {
        "id": "B1", "versions": "v1", "problem": "it fails", "fixed": "v9", "inferred": True, "shown": False, "verdict": "v1 does not",
    }  # fmt: skip
    assert bug("v1", unshown="a guard").as_json(None) | {"shown": None, "verdict": "a guard", "inferred": False} == bug(
        "v1", unshown="a guard"
    ).as_json(None)


def test_all_verdicts_are_in_the_order_of_the_list(monkeypatch):
    monkeypatch.setattr(
        "tdxkit.review.bugs.scenarios", lambda: {b.id: lambda b=b: b.id for b in bugs() if not b.unshown}
    )
    assert [(bug.id, said) for bug, said in all_verdicts()] == [(b.id, None if b.unshown else b.id) for b in bugs()]


def test_what_no_scenario_shows_is_refused_with_the_reason():
    with pytest.raises(InputError, match="no posted path reaches it"):
        verdict("B10")
    with pytest.raises(InputError, match="B1 to B35"):
        verdict("B36")
