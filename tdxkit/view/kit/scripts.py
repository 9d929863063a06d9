"""The script of a widget that is written as several modules: a browser is handed one file, so the modules of a folder become one text."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)


def modules(folder: Path, entry: str) -> tuple[str, ...]:
    """The files of a script, each after those that it imports."""
    needs: dict[str, list[str]] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        needs[name] = _IMPORT.findall(read(folder, name))
        waiting += [needed for needed in needs[name] if needed not in needs]
    return tuple(TopologicalSorter(needs).static_order())


def script(folder: Path, entry: str) -> str:
    """The modules as one. No two of them may use one name at their top."""
    return "\n".join(_IMPORT.sub("", read(folder, name)) for name in modules(folder, entry))


def read(folder: Path, name: str) -> str:
    """A file of a folder."""
    return (folder / name).read_text(encoding="utf-8")
