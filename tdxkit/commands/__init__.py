"""One module a command: `configure(parser)` declares its arguments, `run(args)` does it and returns the exit code."""

import argparse
import json

from tdxkit.errors import InputError


class _Help(argparse.HelpFormatter):
    """Help of a fixed width: to ask the terminal for its own, argparse loads shutil and all its compressors at every start."""

    def __init__(self, prog: str):
        super().__init__(prog, width=100)


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are one line, like every other bad input."""

    def __init__(self, **more):
        super().__init__(**{"formatter_class": _Help, **more})

    def error(self, message: str):
        raise InputError(self.prog, message.replace("\n", " "), f"see python -m {self.prog} --help")


def whole(what: str, low: int, high: int):
    """An argument type: a whole number from `low` to `high`."""

    def read(text: str) -> int:
        if not (text.isascii() and text.lstrip("-").isdigit() and len(text) < 20 and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{what} is a whole number from {low} to {high}, not {text[:40]!r}")
        return int(text)

    return read


def print_json(value: object) -> None:
    """The `--json` form of an answer: one line, names unescaped so that people can read them."""
    print(json.dumps(value, ensure_ascii=False))
