"""What a scenario declares, checked once: numbers of threads, names of variables, actors and rules. A slip here would switch rules off."""

from collections.abc import Mapping

from tdxkit.errors import InputError, ModelError, printable
from tdxkit.explore.buffers import MEMORIES
from tdxkit.explore.memory import rule_name
from tdxkit.explore.rules import Property
from tdxkit.text import near

MAX_THREADS = 15
NOBODY = "nobody"  # who holds a lock that nobody took


def check(scenario) -> None:
    """InputError or ModelError for the first thing that is not as a scenario has it."""
    if not 1 <= len(scenario.threads) <= MAX_THREADS:
        raise InputError(
            f"{scenario.name} with {len(scenario.threads)} threads",
            f"a scenario has 1 to {MAX_THREADS} threads",
            "give another number",
        )
    if scenario.memory not in MEMORIES:
        raise InputError(
            f"memory {printable(scenario.memory)}", f"there are {' and '.join(MEMORIES)}", "use one of these"
        )
    _variables(scenario)
    for thread in scenario.threads:
        if thread.on is not None and thread.on not in scenario.threads:
            raise ModelError(
                f"interrupt {thread.actor}", "it suspends a thread of the same scenario", "add that thread"
            )
    _names(scenario)


def _variables(scenario) -> None:
    """A name that is no variable's would switch rules off without a word."""
    if not isinstance(scenario.shared, Mapping):
        raise ModelError(
            f"shared of {printable(scenario.name)}: {printable(scenario.shared, 40)}",
            "it maps each name to its first value",
            'write {"n": 0}',
        )
    for word, names, among in (
        ("locks", scenario.locks, scenario.shared),
        ("module", scenario.module, scenario.shared),
        ("mutexes", scenario.mutexes, scenario.locks),
    ):
        if odd := next((name for name in names if name not in among), None):
            what = "lock" if among is scenario.locks else "shared variable"
            meant = near(str(odd), among, 0.6)
            raise ModelError(
                f"{word} of {printable(scenario.name)}: {printable(odd)}",
                f"there is no such {what}",
                f"try {meant}"
                if meant
                else f"declare it, or leave it out; there are {', '.join(map(str, among)) or 'none'}",
            )


def _names(scenario) -> None:
    """No actor and no rule may be taken for another, or for what the explorer says by itscenario."""
    for name in scenario.actors:
        if not isinstance(name, str) or name == NOBODY:
            raise ModelError(f"actor {printable(name)}", "it is no name for a thread", "rename it")
    if len(set(scenario.actors)) < len(scenario.actors):
        raise ModelError(
            f"actors {printable(', '.join(scenario.actors), 200)}", "each thread has a name of its own", "rename one"
        )
    known: dict[str, Property] = {}
    for rule in scenario.properties:
        rule_name(rule.name, f"scenario {printable(scenario.name)}")
        if known.setdefault(rule.name, rule) != rule:
            raise ModelError(f"rule {printable(rule.name)}", "another rule has this name", "rename one")
