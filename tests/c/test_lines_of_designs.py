"""A recording of a design told in the lines of its C: each step at the line that makes that access, and nothing where there is no such C."""

from dataclasses import replace

import pytest

from tdxkit.c import designs
from tdxkit.c.designs import design_in_c, in_c, walk_in_c
from tdxkit.c.harness import scenario_of_c
from tdxkit.explore import explore, replay, replay_steps
from tdxkit.explore.reachable import graph
from tdxkit.facts import data_path
from tdxkit.linux.lock.flags import flags
from tdxkit.linux.refcount import scenario
from tdxkit.linux.refcount.posted import DESIGNS


def _alone(one):
    """Each CPU to its end, one after the other."""
    steps, k = [], 0
    while k < one.count:
        try:
            replay_steps(one, (*steps, (k, 0)))
        except Exception:
            k += 1
        else:
            steps.append((k, 0))
    return replay_steps(one, tuple(steps))


def run_of(name, threads=2, memory="sc"):
    one = scenario(name, threads).on(memory)
    code = explore(one).schedule
    return replay(one, code) if code else _alone(one)


def said(run):
    """The line of each step, as the reader reads it."""
    return [run.texts[s.line.text].lines[s.line.index].strip() if s.line else "" for s in run.steps]


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_has_its_lines(name):
    run = run_of(name)
    other = in_c(run)
    assert other is not None and len(other) == len(run)
    assert [(s.actor, s.label, s.changes, s.broken) for s in other.steps] == [
        (s.actor, s.label, s.changes, s.broken) for s in run.steps
    ]
    for step, line in zip(other.steps, said(other)):
        assert line, step
        assert (
            line == "}"
            if step.kind == "unlock" and "unlock" not in line
            else line.endswith((";", "{", ")", "*/", "else", ",")) or "(" in line
        ), line


def test_the_race_of_v2_in_the_lines_of_its_c():
    run = in_c(run_of("v2"))
    lines = said(run)
    assert lines[0] == "if (atomic_inc_not_zero(users))" and run.steps[0].line.text == "region_pair_get"
    assert lines[-1] == "if (!IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages))) {" and run.steps[-1].broken
    assert "if (!atomic_dec_and_test(users))" in lines
    use = [step for step in run.steps if step.line.text == "the use of the page"]
    assert {run.line_at(step.line) for step in use} == {f"{step.label.partition('(')[0]}(page);" for step in use}
    assert run.texts["the use of the page"].title == "between get and put: the page is in use"
    assert not any("yield" in line for text in run.texts.values() for line in text.lines), "no Python beside C"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v4-enomem", "v2-remove-fails", "v6-add-fails", "v5-softirq"])
def test_what_fails_in_the_scenario_fails_in_the_c(name):
    assert in_c(run_of(name)) is not None


def test_on_store_buffers_too():
    assert in_c(run_of("v2", memory="tso")) is not None


def test_two_flags_and_the_stores_that_leave_their_buffers():
    assert said(in_c(_alone(flags(fence=True))))[:2] == ["WRITE_ONCE(*mine, 1);", "smp_mb();"]
    slow = flags().on("tso")
    lines = said(in_c(replay(slow, explore(slow).schedule)))
    assert "" in lines, "a drain is at no line"
    assert "WRITE_ONCE(flag[me], 1);" in lines and any("READ_ONCE(flag[!me])" in line for line in lines)


@pytest.mark.parametrize("name", ["v3-not-zeroed"])
def test_what_no_c_stands_for_is_not_offered(name):
    assert design_in_c(name) is None and in_c(run_of(name)) is None


PLANTED = {  # what stands in v2.c, and what is planted in its place
    "another operation": ("if (atomic_inc_not_zero(users))", "if (atomic_add_unless(users, 1, 0))"),
    "another value": ("atomic_set(users, 1);", "atomic_set(users, 2);"),
    "another kind": ("if (atomic_read(users)) {", "if (atomic_add_return(0, users)) {"),
    "a step more": ("\ttaken = IS", "\tatomic_read(users);\n\ttaken = IS"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_a_c_that_takes_another_step_is_not_believed(name, monkeypatch):
    text = data_path("designs/v2.c").read_text(encoding="utf-8")
    old, new = PLANTED[name]
    assert text.count(old) == 1
    planted = text.replace(old, new)
    monkeypatch.setattr(designs, "_tables", lambda name, *size: designs.Tables(scenario_of_c(planted, threads=size[0])))
    two = scenario("v2")
    assert in_c(_alone(scenario("v2", 1))) is None or name == "another kind", "one CPU alone never comes to that line"
    assert walk_in_c(graph(two), replay_steps(two, ()).code) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", [*DESIGNS, "v5-softirq"])
def test_every_design_is_walked_in_its_c(name):
    two = scenario(name)
    walked = graph(two)
    assert not walked.complete or walk_in_c(walked, replay_steps(two, ()).code) is not None


def test_a_readers_own_of_the_same_name_is_none():
    run = run_of("v2")
    assert in_c(replace(run, code=run.code + " %9f3c1a2b")) is None
    assert in_c(replace(run, code="")) is None and in_c(replace(run, code="nothing:2x1:0000 A1")) is None


def test_a_graph_has_a_line_wherever_its_model_has_one():
    one = scenario("v2")
    walked = graph(one)
    found = walk_in_c(walked, replay_steps(one, ()).code)
    assert len(found.nodes) == len(walked.nodes)
    for stands, node in zip(found.nodes, walked.nodes):
        assert [at is None for at in stands] == [at is None for at in node.lines]
    assert {at.text for stands in found.nodes for at in stands if at} == {
        "region_pair_get",
        "region_pair_put",
        "the use of the page",
    }


def test_a_c_that_stores_another_value_is_not_believed(monkeypatch):
    """What is stored last is looked at by nobody: only the value itself tells."""
    text = data_path("designs/two-flags.c").read_text(encoding="utf-8")
    planted = text.replace("WRITE_ONCE(saw[me], seen);", "WRITE_ONCE(saw[me], seen + 2);")
    runs = ("raise_and_look(0);", "raise_and_look(1);")
    monkeypatch.setattr(designs, "_tables", lambda *_: designs.Tables(scenario_of_c(text, run=runs)))
    assert in_c(_alone(flags())) is not None
    monkeypatch.setattr(designs, "_tables", lambda *_: designs.Tables(scenario_of_c(planted, run=runs)))
    assert in_c(_alone(flags())) is None
