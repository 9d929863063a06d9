"""What a reader's file seems to declare and does not is refused or told; what is asked for and never comes up is told."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore import Scenario, Thread, explore
from tdxkit.explore.endings import outcomes
from tdxkit.explore.judging import judge
from tdxkit.kinds import seamcall
from tdxkit.linux.refcount import scenario_of, v6
from tdxkit.linux.refcount.module import (
    alloc_pages,
    free_pages,
    pamt_remove,
    spin_lock,
    spin_unlock,
    tdh_phymem_pamt_add,
)
from tdxkit.linux.refcount.own import of_programs
from tdxkit.linux.refcount.posted import DESIGNS

HEAD = """from tdxkit.explore import always
from tdxkit.kinds import *
from tdxkit.linux.refcount import v6
from tdxkit.linux.refcount.module import *
def put(m, region):
    yield from v6.put(m, region)
"""
SMALL = 'always("small", lambda m: m.refcount[0] < 9)'


def of_file(tmp_path, text, name="put", **more):
    (path := tmp_path / "mine.py").write_text(HEAD + text)
    return scenario_of(f"{path}:{name}", **more)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"RULE = ({SMALL},)", "RULE .*did you mean RULES?"),
        (f"rules = [{SMALL}]", "rules .*did you mean RULES?"),
        ('LOCK = ("mylock",)', "LOCK .*did you mean LOCKS?"),
        ('lock = "mylock"', "lock .*did you mean LOCKS?"),
        ('MUTEXS = ("mylock",)', "MUTEXS .*did you mean MUTEXES?"),
        ("shared = {'n': 0}", "shared .*did you mean SHARED?"),
    ],
)
def test_a_misspelt_declaration_is_refused(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        of_file(tmp_path, text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        f"RULE = {SMALL}\nRULES = (RULE,)",
        "LOCK = 5\nrule = None",
        "def rules():\n    LOCK = ('mylock',)\n    return LOCK",
        'SHARED = {"lock_a": False}\nLOCKS = ("lock_a", "lock_b")',
        "REGION_SIZE = 2\nMOST = 3",
    ],
)
def test_what_a_file_may_call_as_it_likes(tmp_path, text):
    assert judge(of_file(tmp_path, text)).result.remarks == ()


@pytest.mark.slow
def test_a_get_or_a_put_that_is_not_judged_is_told(tmp_path):
    mine = "def my_get(m, region):\n    return (yield from v6.get(m, region))\n"
    named = "def my_put(m, region):\n    yield from v6.put(m, region)\n" + mine
    (told,) = judge(of_file(tmp_path, named, "my_put")).result.remarks
    assert told == "my_get is not judged: v2's get stands here; --get my_get judges yours"
    assert judge(of_file(tmp_path, named, "my_put", get="my_get")).result.remarks == ()
    (tmp_path / "alone.py").write_text(
        HEAD.replace("put(m", "get(m").replace("yield from v6", "return (yield from v6") + ")"
    )
    alone = judge(scenario_of(f"{tmp_path}/alone.py:get")).result
    assert any("v2's put stands here; --put NAME" in remark for remark in alone.remarks)
    assert judge(scenario_of(f"{tmp_path}/alone.py:get", put="v6")).result.remarks == ()


def test_options_written_as_names_are_told(tmp_path):
    (told,) = judge(of_file(tmp_path, 'FAULTS = ("enomem",)')).result.remarks
    assert told.startswith("FAULTS: a file does not declare it, and it has no effect: --faults")


@pytest.mark.slow
def test_a_lock_that_nobody_takes_and_is_called_almost_like_a_variable_is_told(tmp_path):
    text = 'SHARED = {"mylock": False}\nLOCKS = ("mylok",)\n'
    assert (
        "lock mylok: no step takes it, and there is mylock: correct the name"
        in judge(of_file(tmp_path, text)).result.remarks
    )


def put_by_itself(m, region):
    yield from spin_lock(m)
    m.refcount[region] -= 1
    if not m.refcount[region]:
        yield seamcall("TDH.PHYMEM.PAMT.REMOVE", "region")
        pamt_remove(m, region)
        yield from free_pages(m)
    yield from spin_unlock(m)


@pytest.mark.slow
def test_a_fault_that_cannot_come_up_is_told():
    asked = judge(of_programs(put_by_itself, v6.get, faults=("remove-fails",))).result
    assert any(r.startswith("faults=remove-fails: no run calls tdh_phymem_pamt_remove") for r in asked.remarks)
    for faults in ((), ("add-fails",), ("enomem",)):
        found = judge(of_programs(put_by_itself, v6.get, faults=faults)).result
        assert not any(remark.startswith("faults=") for remark in found.remarks)


def adds_without_a_lock(m, region):
    if not (yield from alloc_pages(m)):
        return -12
    failed = yield from tdh_phymem_pamt_add(m, region)
    yield from spin_lock(m)
    m.refcount[region] += 1
    yield from spin_unlock(m)
    if failed:
        yield from free_pages(m)
    return 0


def test_a_call_with_no_lock_held_is_told_that_busy_is_left_out():
    found = judge(of_programs(v6.put, adds_without_a_lock)).result
    assert any("TDH.PHYMEM.PAMT.ADD(region) with no lock held: BUSY" in remark for remark in found.remarks)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n, d in DESIGNS.items() if not hasattr(d.code, "SHARED")])
def test_every_posted_design_holds_the_lock_over_its_calls(name):
    code = DESIGNS[name].code

    def get(m, region):
        return (yield from code.get(m, region))

    def put(m, region):
        yield from code.put(m, region)

    shared = getattr(code, "SHARED", {})
    found = judge(of_programs(put, get, shared=shared), bound=2_000).result
    assert not any("BUSY" in remark or "no declared lock" in remark for remark in found.remarks)


def test_what_is_no_scenario_is_said_in_one_line():
    for wrong, says in (
        (
            lambda: judge(put_by_itself),
            r"judge\(put_by_itself\): it takes a scenario; give it of_programs\(put_by_itself\)",
        ),
        (lambda: explore(of_programs), r"explore\(of_programs\): it takes a scenario"),
        (
            lambda: outcomes(judge(of_programs(put_by_itself))),
            r"outcomes\(Judged\): it takes a scenario; give it its .scenario",
        ),
        (lambda: Scenario("s", {"n"}, Thread(put_by_itself)), "shared of s: .*it maps each name to its first value"),
        (lambda: Scenario("s", ["n"], Thread(put_by_itself)), "shared of s: .*it maps each name to its first value"),
    ):
        with pytest.raises(ModelError, match=says):
            wrong()
