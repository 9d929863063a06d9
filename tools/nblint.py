"""The rules for notebooks, tried: ``python tools/nblint.py [FOLDER]``. They stand in tools/nbrules, each with why it is one."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.nbrules import RULES, asks, form, shape  # noqa: E402, F401 - a rule is known once its file is read
from tools.nbrules.order import dead_links, one_order  # noqa: E402


def lint(path: Path) -> list[str]:
    """All findings in one notebook file, a line each."""
    try:
        nb = json.loads(path.read_text(encoding="utf-8"))
        found = [finding for check in RULES for finding in check(nb)]
        found += dead_links(nb, path.parent)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"{path.name}: not a notebook ({type(error).__name__}: {error})"]
    return [f"{path.name}: {cell_id}: {what}" for cell_id, what in found]


def main(folder: Path) -> int:
    """Lint every notebook of a folder, and the README beside it; 1 when there is something to mend."""
    paths = sorted(folder.glob("*.ipynb"))
    found = [line for path in paths for line in lint(path)]
    readme = folder.parent / "README.md"
    if not found and readme.is_file():  # all of them can be read
        notebooks = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in paths}
        found = [f"{name}: {what}" for name, what in one_order(notebooks, readme.read_text(encoding="utf-8"))]
    print("\n".join([*found, f"notebooks: {len(paths)} read, {len(found)} to mend"]))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "notebooks"))
