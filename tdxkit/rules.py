"""The words of a verdict, from `data/rules.json`: each rule said as a rule and its defect said as a result, and what a verdict means."""

from collections import namedtuple
from functools import cache

from tdxkit.facts import load_json
from tdxkit.text import Pattern

_PLACE = r"(?:--run \d+, )?line \d+(?:, column \d+)?"  # of C: in the reader's text, or in statements of his
NEVER_FIRES = Pattern(rf"(\w+\(\) of {_PLACE}) never fires")  # a check of the text's own, by its place
GOES_WRONG = Pattern(rf"{_PLACE}: .+")  # what no rule forbids by name, and cannot be: NULL followed, a use after a free


class Rule(namedtuple("Rule", "id name defect catches source")):
    """A rule by its id: its `name` is said as a rule ("REMOVE must find a pair"), its `defect` as a result ("REMOVE found no pair")."""

    __slots__ = ()


SIGNS = {
    "ok": "✓",
    "violation": "✗",
    "deadlock": "⊘",
    "livelock": "↻",
    "bounded": "…",
    "": "!",
}  # "": it cannot be judged
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

    >>> defect("WARN_ON() of line 7 never fires"), defect("the cache is small"), defect("line 9: NULL is followed")
    ('WARN_ON() of line 7 fires', 'broken: the cache is small', 'line 9: NULL is followed')
    """
    if rule := known(name):
        return rule.defect
    if found := NEVER_FIRES.fullmatch(name):
        return f"{found[1]} fires"
    return name if GOES_WRONG.fullmatch(name) else f"broken: {name}"


def of_text(name: str) -> bool:
    """Is it a check of the C itself, or what goes wrong in it? Then its defect says all that the rule would."""
    return not known(name) and bool(NEVER_FIRES.fullmatch(name) or GOES_WRONG.fullmatch(name))


def told(name: str) -> str:
    """A rule that is broken as it stands in a list of them: by its name; a check of the text's own, which says nothing else, by what it does.

    >>> told("WARN_ON() of line 7 never fires"), told("REMOVE must find a pair")
    ('WARN_ON() of line 7 fires', 'REMOVE must find a pair')
    """
    return defect(name) if of_text(name) else name


def result(name: str) -> str:
    """What is the case where this rule is broken, in few words: its defect; of a standstill the word for it."""
    return name if name in verdicts() else defect(name)


def as_rule(name: str) -> str:
    """A rule as it is said: by its name; a standstill, which is a finding, as the rule that it breaks."""
    return load_json("rules.json").get(f"verdict-{name}", {}).get("must", name)


def verdicts() -> dict[str, str]:
    """The five verdicts, each with what it means."""
    return {e["verdict"]: e["means"] for e in load_json("rules.json").values() if "verdict" in e}
