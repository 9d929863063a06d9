"""`list --rules`: each rule with what it catches and who asks for it; an id or a name switches it off."""

from tdxkit.cli import main
from tdxkit.explore import explore
from tdxkit.linux.refcount import scenario
from tdxkit.linux.refcount.registry import asked_by, asked_of
from tdxkit.rules import as_rule, result, rules, verdicts


def test_every_rule_is_told_with_what_it_catches(capsys):
    assert main(["list", "--rules"]) == 0
    out = capsys.readouterr().out
    assert all(
        f"{r.name}\n    id       {r.id}\n    catches  {r.catches}\n    broken   {r.defect}" in out
        for r in rules().values()
    )
    assert out.endswith("properties=(…)` of a Scenario.\n")


def test_who_asks_for_a_rule():
    assert asked_of(asked_by("no page may be lost")) == "every design"
    assert asked_of(asked_by("REMOVE must find no page in use")) == "every design but lazy"
    assert asked_of(asked_by("the refcount must never be below -1")) == "minus-one, minus-one-repaired"


def test_a_rule_is_switched_off_by_its_id_or_name():
    v2 = scenario("v2")
    assert explore(v2.without("remove-finds-a-pair")).property == "at the end a refcount must have its pair"
    assert explore(v2.without("REMOVE must find a pair", "refcount-has-pair")).verdict == "ok"


def test_a_standstill_is_a_finding_and_said_as_a_rule_where_one_is_wanted():
    assert list(verdicts()) == ["ok", "violation", "deadlock", "livelock", "bounded"]
    assert as_rule("deadlock") == "somebody must be able to move" and result("deadlock") == "deadlock"
    assert as_rule("mine") == "mine" and result("mine") == "broken: mine"


def test_a_rule_that_no_design_asks_says_so(capsys):
    assert main(["list", "--rules"]) == 0
    asked = [line for line in capsys.readouterr().out.splitlines() if line.startswith("    asked")]
    assert (
        all(line.split(maxsplit=1)[1:] for line in asked) and sum("no design as it is" in line for line in asked) == 10
    )
