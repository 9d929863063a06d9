"""What commands that read files share: standard input, and a progress bar for a person who waits at a terminal."""

import sys
from typing import BinaryIO

from tdxkit.intake import Progress

_WIDTH = 30
_SMALL = 2 << 20  # files below this are read before a bar could be seen


def stdin_or(name: str) -> str | BinaryIO:
    """The name of a file, or standard input for `-`, as a stream: it may have no end."""
    return sys.stdin.buffer if name == "-" else name


def bar() -> Progress | None:
    """A bar on standard error that vanishes at the end; None where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def draw(done: int, total: int) -> None:
        if total < _SMALL:
            return
        filled = _WIDTH * done // total
        text = (
            f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {100 * done // total:3} %  {done >> 20} of {total >> 20} MiB"
        )
        print(text if done < total else "\r" + " " * (len(text) + 4) + "\r", end="", file=sys.stderr, flush=True)

    return draw
