"""What a tool makes stands in its place whole, or not at all; why it cannot be made is one line."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Stopped(Exception):
    """Why it cannot be made, in one line."""


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """A path beside `out`, with nothing there yet; what the block makes there takes the place of what was at `out`, where the block ends without an error."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        made, old = Path(folder) / "new" / out.name, Path(folder) / "old"
        made.parent.mkdir()
        yield made
        if out.is_dir():  # a folder is not replaced by another in one step
            os.replace(out, old)
        try:
            os.replace(made, out)
        except OSError:
            if old.exists():
                os.replace(old, out)
            raise


def succeeds(what: str, make: Callable[[Path], object], out: Path) -> bool:
    """Make it; False where it cannot be, which is told in a line."""
    try:
        make(out)
        return True
    except Stopped as why:
        print(f"{what}: {why}", file=sys.stderr)
    except OSError as error:
        place = error.filename or out
        print(f"{what}: {place}: {error.strerror}; make room, or name another place with --out", file=sys.stderr)
    return False


def last_line(text: str) -> str:
    """The last line of a program's complaint."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "is ignored" not in line]
    return lines[-1][:300] if lines else "it says nothing"
