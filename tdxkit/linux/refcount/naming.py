"""Which scenario is meant: the one way to name it, for commands and in Python.

    scenario_of("v6")                 a name of `list`
    scenario_of("race.py:put", 3)     a file of the reader's: its `put`, and its `get` where it has one
    scenario_of(put)                  a function
    scenario_of(made, 3, 2)           a scenario at another size

A file is run once, as a module, when it is named.
"""

from dataclasses import replace

from tdxkit.errors import InputError, printable
from tdxkit.explore.program import Scenario
from tdxkit.linux.refcount.registry import scenario


def scenario_of(what: object, threads: int | None = None, rounds: int | None = None, **more) -> Scenario:
    """The scenario that is meant: a name of `list`, FILE.py:put, a function `put`, or a Scenario, at another size where one is given.

    more: for a file and a function as `of_programs`, get and put of a file by name (there, or a design whose get or put it is).
    InputError and ModelError with what is wrong, in a line.
    """
    if isinstance(what, Scenario):
        return _sized(what, threads, rounds)
    if callable(what):
        from tdxkit.linux.refcount.own import of_programs  # a name of `list` needs nothing of it

        return of_programs(what, threads=threads, rounds=rounds or 1, **more)
    if not isinstance(what, str):
        raise InputError(f"scenario {printable(what)}", "it is a name, FILE.py:put or a function", "give one of these")
    if ".py" in what:
        from tdxkit.linux.refcount.own_file import of_file

        return _sized(
            of_file(what, threads, rounds or 1, **more), threads, rounds
        )  # a whole scenario has a size of its own
    if odd := next((name for name, value in more.items() if value and value != 1), None):
        raise InputError(
            f"{odd} of {printable(what)}", "it goes with a file of your own", "give FILE.py:put, or leave it out"
        )
    return scenario(what, threads or 2, rounds or 1)


def _sized(one: Scenario, threads: int | None, rounds: int | None) -> Scenario:
    """The same scenario with so many threads and rounds."""
    threads, rounds = threads or one.count, rounds or one.rounds
    if (threads, rounds) == (one.count, one.rounds):
        return one
    if one.make is None:
        raise InputError(
            f"{printable(one.name)} with {threads} × {rounds}",
            f"it was made with {one.count} × {one.rounds}",
            "use that",
        )
    return replace(
        one.make(threads=threads, rounds=rounds), name=one.name, own=one.own, memory=one.memory, make=one.make
    )
