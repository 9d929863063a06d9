"""A SEAMCALL leaf in one place: one that is made up here, out of facts and one function, is in every command, table and run."""

import json

import pytest

from tdxkit.card import card_of
from tdxkit.cli import main
from tdxkit.errors import ModelError
from tdxkit.facts import load_json
from tdxkit.seam.conflicts import conflict, names
from tdxkit.seam.leaves import engine
from tdxkit.seam.leaves.act import LOOK
from tdxkit.seam.leaves.engine import leaves
from tdxkit.seam.leaves.leaf import EFFECTS
from tdxkit.seam.record import record
from tdxkit.seam.scenes import CONTROL, scenes, world_for

NAME = "TDH.VP.RD"
FACTS = {
    "leaf": 26, "name": NAME, "in": {"RCX": "TDVPR HPA"}, "out": {"R8": "the vCPU's state"}, "locks": ["TDVPR page entry explicit shared"],
    "transition": "", "source": "module-leaves",
    "checks": [
        {"test": "form RCX", "status": "TDX_OPERAND_INVALID", "operand": "RCX", "when": "not a page address"},
        {"test": "in_tdmr RCX", "status": "TDX_OPERAND_ADDR_RANGE_ERROR", "operand": "RCX", "when": "in no TDMR"},
        {"test": "walk RCX 4K shared", "status": "TDX_OPERAND_BUSY", "operand": "RCX", "when": "the walk"},
        {"test": "page_is RCX TDVPR", "status": "TDX_PAGE_METADATA_INCORRECT", "operand": "RCX", "when": "not a TDVPR"},
    ],
    "scene": {"stage": "runnable", "operands": {"RCX": "TDVPR"}},
}  # fmt: skip


def read(m, call, f):
    """What it does."""
    return {"R8": len(m.vcpu[call.address("RCX")])}


@pytest.fixture
def made_up(monkeypatch):
    """Puts a leaf into the facts that were read, and a function beside the others; gives a way to change them."""
    facts = load_json("seamcalls.json")

    def put(changed=FACTS, run=read):
        monkeypatch.setitem(facts, "leaves", [*facts["leaves"], changed])
        monkeypatch.setitem(facts, "not_modelled", {n: k for n, k in facts["not_modelled"].items() if n != "26"})
        if run:
            monkeypatch.setitem(EFFECTS, NAME, (run, LOOK))
        leaves.cache_clear()
        scenes.cache_clear()

    yield put
    monkeypatch.undo()
    leaves.cache_clear()
    scenes.cache_clear()


def test_facts_and_one_function_are_enough(made_up, capsys):
    before = len(leaves())
    made_up()
    assert (
        main(["seamcall", "VP.RD"]) == 0 and "TDX_PAGE_METADATA_INCORRECT|RCX: not a TDVPR" in capsys.readouterr().out
    )
    assert main(["seamcall", "26", "--json"]) == 0 and json.loads(capsys.readouterr().out) == {"format": 1, **FACTS}
    assert main(["seamcall"]) == 0 and f" 26  {NAME}" in capsys.readouterr().out
    assert len(leaves()) == before + 1 and NAME in names()
    modelled, left_out = card_of(engine).modelled[0], card_of(engine).left_out[-1]
    assert modelled.startswith(f"{before + 1} leaves") and f"the other {71 - 1} leaf numbers" in left_out


def test_it_meets_the_others(made_up, capsys):
    made_up()
    assert conflict(NAME, "TDH.PHYMEM.PAMT.REMOVE").result == "TDX_OPERAND_BUSY|RCX"
    assert conflict("TDH.VP.ENTER", NAME).result == "ok" and conflict("TDH.VP.FLUSH", NAME).operand == "RCX"
    assert main(["conflicts", "VP.RD"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [NAME, "TDH.PHYMEM.PAMT.ADD", "->", "TDX_OPERAND_BUSY|RCX"] in rows


def test_it_is_recorded(made_up):
    made_up()
    world = world_for(NAME)
    given = world.operands(NAME)
    run = record(world.module, [("CPU 0", NAME, given)], region=CONTROL, page=given["rcx"])
    end = run.state(len(run))
    assert end["CPU 0 RAX"] == 0 and end["CPU 0 R8"] == len("READY") and end["4K lock"].mode == "free"
    assert [step.kind for step in run.steps] == ["load"] * 3 + ["lock"] * 3 + ["load"] * 2 + ["unlock"] * 3
    assert [step.label for step in run.steps[-3:]] == [
        f"let go of the {level} entry (RCX)" for level in ("4K", "2M", "1G")
    ]


@pytest.mark.parametrize(
    "facts, run, said",
    [
        (FACTS, None, "no function is registered for it"),
        ({k: v for k, v in FACTS.items() if k != "checks"}, read, "its facts lack checks"),
        ({k: v for k, v in FACTS.items() if k != "name"}, read, "its facts lack name"),
        (FACTS | {"checks": [{"test": "nonsense RCX", "status": "TDX_SYS_BUSY", "when": ""}]}, read, "nonsense RCX"),
    ],
)
def test_what_lacks_is_said_in_one_line(made_up, capsys, facts, run, said):
    made_up(facts, run)
    assert main(["seamcall", "VP.RD"]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and "Traceback" not in error


@pytest.mark.parametrize(
    "scene, said",
    [
        (None, "its facts have no scene"),
        ({"stage": "runnable"}, "its facts have no scene"),
        ({"stage": "runnable", "operands": {"RCX": "a page"}}, "no operand is called a page"),
        ({"stage": "runnable", "operands": {}, "region": "nowhere"}, "no region is called nowhere"),
    ],
)
def test_a_scene_that_cannot_be_set_is_refused(made_up, scene, said):
    made_up(FACTS | {"scene": scene})
    with pytest.raises(ModelError, match=said):
        world_for(NAME).operands(NAME)
