"""The words of a verdict, from `data/rules.json`: each rule said as a rule and its defect said as a result, and what a verdict means."""

from collections import namedtuple
from functools import cache

from tdxkit.facts import load_json
from tdxkit.text import Pattern

NEVER_FIRES = Pattern(
    r"((?:WARN|BUG)\w*\(\) of line \d+) never fires"
)  # of C: a rule of the reader's text, by its line


class Rule(namedtuple("Rule", "id name defect catches source")):
    """A rule by its id: its `name` is said as a rule ("REMOVE must find a pair"), its `defect` as a result ("REMOVE found no pair")."""

    __slots__ = ()


HOW = """Switch one off: `explore v2 --without no-page-lost`, in Python `scenario("v2").without("no-page-lost")`.
Add one: `RULES = (always("at most two", lambda m: m.refcount[0] <= 2),)` in your file, in Python `properties=(…)` of a Scenario."""


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its id, in the order of the file."""
    entries = load_json("rules.json").items()
    return {i: Rule(i, e["rule"], e["defect"], e["catches"], e["source"]) for i, e in entries if "rule" in e}


def named(rule_id: str) -> str:
    """The name of a rule by its id."""
    return rules()[rule_id].name


@cache
def _by_name() -> dict[str, Rule]:
    return {rule.name: rule for rule in rules().values()}


def known(name: str) -> Rule | None:
    """The rule of this name (or id); None for one that a reader made."""
    return _by_name().get(name) or rules().get(name)


def defect(name: str) -> str:
    """What is the case where the rule of this name is broken; a reader's own rule is told by its name.

    >>> defect("WARN_ON() of line 7 never fires"), defect("the cache is small")
    ('WARN_ON() of line 7 fires', 'broken: the cache is small')
    """
    rule = known(name)
    if rule is None and (found := NEVER_FIRES.fullmatch(name)):
        return f"{found[1]} fires"
    return rule.defect if rule else f"broken: {name}"


def result(name: str) -> str:
    """What is the case where this rule is broken, in few words: its defect; of a standstill the word for it."""
    return name if name in verdicts() else defect(name)


def as_rule(name: str) -> str:
    """A rule as it is said: by its name; a standstill, which is a finding, as the rule that it breaks."""
    return load_json("rules.json").get(f"verdict-{name}", {}).get("must", name)


def verdicts() -> dict[str, str]:
    """The five verdicts, each with what it means."""
    return {e["verdict"]: e["means"] for e in load_json("rules.json").values() if "verdict" in e}
