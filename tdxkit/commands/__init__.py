"""One module a command: `configure(parser)` declares its arguments, `run(args)` does it and returns the exit code."""

import argparse
import json

from tdxkit.errors import InputError


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are one line, like every other bad input."""

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
