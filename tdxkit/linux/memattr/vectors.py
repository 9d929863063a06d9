"""Vector files: what Linux's own code answered to scripts of XArray commands, and the comparison with the model.

A vector is one JSON object a line: {"id", "tags", "cmds": [[op, argument...]...], "expect": [one object per command]}. What an
`expect` has is compared: r (the result), head, height, nodes, levels, vals, zeros, sibs, allocs, frees, fnv (the digest), xm
(marks of the whole array); sibs and xm are left out where they are zero.

The files come from outside: a line is bounded in size and checked before a model sees it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from tdxkit.errors import InputError, printable
from tdxkit.intake import Source, opened, read_json
from tdxkit.linux.memattr.script import Script
from tdxkit.work import Job, drive

MAX_LINE = 4 << 20  # bytes of one script
MAX_COMMANDS = 1000  # of one script: after each the whole tree is looked at
FIELDS = ("r", "head", "height", "nodes", "levels", "vals", "zeros", "sibs", "allocs", "frees", "fnv", "xm")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One place where the model and a vector disagree: script, command number from 1, the command, the field, both values."""

    script: str
    number: int
    command: tuple
    field: str
    wanted: object
    got: object

    def __str__(self) -> str:
        command = printable(json.dumps(self.command))
        wanted, got = printable(json.dumps(self.wanted)), printable(json.dumps(self.got))
        return f"{printable(self.script)} command {self.number} {command}: {self.field} should be {wanted}, is {got}"


def replay(vector: dict) -> Iterator[Mismatch]:
    """Run one script and yield what differs; InputError where the script itself is wrong."""
    script = Script()
    for number, (command, expect) in enumerate(zip(vector["cmds"], vector["expect"]), 1):
        got = {"r": script.do(command), **script.state()}
        for name in FIELDS:
            wanted = expect.get(name, {"sibs": 0, "xm": "000"}.get(name, got[name]))
            if got[name] != wanted:
                yield Mismatch(vector["id"], number, tuple(command), name, wanted, got[name])


def parse(line: str | bytes) -> dict:
    """One line of a vector file; InputError if it is not a vector."""
    if len(line) > MAX_LINE:
        raise InputError("script", f"a line has at most {MAX_LINE} bytes", "split it")
    try:
        vector = read_json(line)
    except ValueError as error:
        raise InputError("script", f"a line is one JSON object ({printable(str(error))})", "correct it") from None
    if not isinstance(vector, dict) or not isinstance(vector.get("id"), str):
        raise InputError("script", 'a script is an object with an "id"', "correct it")
    commands, expect = vector.get("cmds"), vector.get("expect")
    if not isinstance(commands, list) or not isinstance(expect, list) or len(commands) != len(expect):
        raise InputError(
            f"script {printable(vector['id'])}", '"cmds" and "expect" are lists of the same length', "correct it"
        )
    if len(commands) > MAX_COMMANDS:
        raise InputError(f"script {printable(vector['id'])}", f"it has at most {MAX_COMMANDS} commands", "split it")
    if not all(isinstance(e, dict) and "r" in e for e in expect):
        raise InputError(f"script {printable(vector['id'])}", 'each expectation is an object with "r"', "correct it")
    return vector


@dataclass(slots=True)
class Replayed:
    """What came of a file: how many scripts and commands it has, and the mismatches of each script that has any."""

    scripts: int = 0
    commands: int = 0
    differing: list[list[Mismatch]] = field(default_factory=list)


def check_job(source: Source) -> Job[Replayed]:
    """Replay a file. InputError names the file and the line that cannot be replayed."""
    replayed, number = Replayed(), 0
    with opened(source, text=True) as stream:
        while line := stream.readline(MAX_LINE + 1):
            number += 1
            if line.strip() or len(line) > MAX_LINE:
                _check(line, f"{stream.title} line {number}", replayed)
            yield stream.at
    return replayed


def _check(line: bytes, where: str, replayed: Replayed) -> None:
    try:
        vector = parse(line)
        found = list(replay(vector))
    except InputError as error:
        raise InputError(f"{where}, {error.thing}", error.rule, error.action) from None
    replayed.scripts += 1
    replayed.commands += len(vector["cmds"])
    replayed.differing += [found] if found else []


def check(source: Source) -> Replayed:
    """The same to its end."""
    return drive(check_job(source))
