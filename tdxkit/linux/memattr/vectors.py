"""Vector files: what Linux's own code answered to scripts of XArray commands, and the comparison with the model.

A vector is one JSON object a line: {"id", "tags", "cmds": [[op, argument...]...], "expect": [one object per command]}. What an
`expect` has is compared: r (the result), head, height, nodes, levels, vals, zeros, sibs, allocs, frees, fnv (the digest), xm
(marks of the whole array); sibs and xm are left out where they are zero.

The files come from outside: a line is bounded in size and checked before a model sees it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tdxkit.errors import InputError, printable
from tdxkit.linux.memattr.script import Script

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
        for field in FIELDS:
            wanted = expect.get(field, {"sibs": 0, "xm": "000"}.get(field, got[field]))
            if got[field] != wanted:
                yield Mismatch(vector["id"], number, tuple(command), field, wanted, got[field])


def parse(line: str | bytes) -> dict:
    """One line of a vector file; InputError if it is not a vector."""
    if len(line) > MAX_LINE:
        raise InputError("script", f"a line has at most {MAX_LINE} bytes", "split it")
    try:
        vector = json.loads(line)
    except (ValueError, RecursionError) as error:
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


def check(path: Path) -> Iterator[tuple[dict, list[Mismatch]]]:
    """Replay a file: each vector and what differs. InputError names the file and the line that cannot be replayed."""
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if not line.strip() and len(line) <= MAX_LINE:
                    continue
                try:
                    vector = parse(line)
                    yield vector, list(replay(vector))
                except InputError as error:
                    where = f"{printable(path.name)} line {number}"
                    raise InputError(f"{where}, {error.thing}", error.rule, error.action) from None
    except InputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        why = getattr(error, "strerror", None) or "that is no file name"
        raise InputError(f"file {printable(str(path), 200)}", f"it cannot be read ({why})", "check the path") from None
