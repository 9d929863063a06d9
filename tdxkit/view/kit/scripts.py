"""The script of a widget that is written as several modules: a browser is handed one file, so the modules of a folder become one text."""

import re
from graphlib import TopologicalSorter
from pathlib import Path

# A comment that has lines of its own, and what stands before a line: for authors. No template string of ours goes over two lines.
_ASIDE = re.compile(r"^[ \t]*(?://.*|/\*(?s:.*?)\*/[ \t]*)\n|^[ \t]+|^\n", re.MULTILINE)
_IMPORT = re.compile(r'^import \{[^}]*\} from "(?:\./|\.\./\.\./kit/page/)(\w+\.js)";\n', re.MULTILINE)
KIT = Path(__file__).parent / "page"  # what scripts of other folders share


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
    """The modules as one, without what is there for authors. No two of them may use one name at their top."""
    return "".join(lean(_IMPORT.sub("", read(folder, name))) for name in modules(folder, entry))


def lean(text: str) -> str:
    """A script or style without its comments and indentation."""
    return _ASIDE.sub("", text)


def read(folder: Path, name: str) -> str:
    """A file of a folder, or of kit's own where it is not there."""
    file = folder / name
    return (file if file.is_file() else KIT / name).read_text(encoding="utf-8")
