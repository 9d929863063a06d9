"""One module a command: `configure(parser)` declares its arguments, `run(args)` does it and returns the exit code."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tdxkit.errors import InputError


class _Help(argparse.HelpFormatter):
    """Help of a fixed width: to ask the terminal for its own, argparse loads shutil and all its compressors at every start."""

    def __init__(self, prog: str):
        super().__init__(prog, width=100)


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are one line, like every other bad input."""

    def __init__(self, **more):
        super().__init__(**{"formatter_class": _Help, **more})

    def parse_args(self, args=None, namespace=None):
        for word in args or ():  # argparse before 3.13 takes --scan=-- for an empty list
            if word.startswith("-") and word.endswith("=--"):
                self.error(f"{word}: an option's value is not --")
        return super().parse_args(args, namespace)

    def error(self, message: str):
        if len(message) > 600:  # an argument without end: cut its middle out, argparse says the rule last
            message = f"{message[:300]} … {message[-300:]}"
        raise InputError(self.prog.removeprefix("tdxkit "), message, f"see python -m {self.prog} --help")


def whole(what: str, low: int, high: int):
    """An argument type: a whole number from `low` to `high`."""

    def read(text: str) -> int:
        if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20 and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{what} is a whole number from {low} to {high}, not {text[:40]!r}")
        return int(text)

    return read


FORMAT = 1  # of every `--json`; grows when a key that was there goes or means something else. docs/json.md has the keys


_KIND: ContextVar[str] = ContextVar("kind", default="")  # of what `read` opens a reader for


@contextmanager
def named_kind(kind: str) -> Iterator[None]:
    """Within it every `--json` says, next to its format, what kind the input was."""
    token = _KIND.set(kind)
    try:
        yield
    finally:
        _KIND.reset(token)


def first_keys() -> dict:
    """The keys with which the object of a `--json` begins."""
    return {"format": FORMAT} | ({"kind": _KIND.get()} if _KIND.get() else {})


def print_json(answer: dict | list) -> None:
    """The `--json` form of an answer: an object on one line that begins with its format, names unescaped so that people can read
    them. A list of things stands under "items"."""
    import json

    value = {**first_keys(), **(answer if isinstance(answer, dict) else {"items": answer})}
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # a terminal without these letters, half a surrogate: JSON has escapes of its own
        text = json.dumps(value)
    print(text)
