"""Give each notebook that has changed its next edition, in its first cell and in data/editions.toml: ``python tools/editions.py``. `make editions` calls it."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tdxkit.lessons.copies import OPENS, digest_of, edition_of, recorded  # noqa: E402

HEAD = '# Which edition each notebook is, and a digest of what that consists of. Written by tools/editions.py (`make editions`).\nsource = "own"\n'


def main() -> int:
    """A line for each notebook that is given another edition."""
    rows = []
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        text = path.read_text(encoding="utf-8")
        notebook = json.loads(text)
        number, says = edition_of(notebook)
        edition, digest = recorded(number)
        if digest != (new := digest_of(notebook)):
            edition += 1
            print(f"{path.name}: edition {edition}")
        if says != edition:
            old, now = (json.dumps(f'{OPENS}("{number}", edition={one})')[1:-1] for one in (says, edition))
            path.write_text(text.replace(old, now), encoding="utf-8")
        rows.append(f'\n["{number}"]\nedition = {edition}\ndigest = "{new}"\n')
    (ROOT / "data" / "editions.toml").write_text(HEAD + "".join(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
