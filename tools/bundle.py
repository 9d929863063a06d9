"""One zip for a room without a network: ``python tools/bundle.py [--out FILE]``. `make bundle` calls it, after the site and the book.

site/          the workbook in a browser alone, and served.py, which serves it with any Python
book/          the same to read and step, from a file
wheels/        all that `pip install --no-index --find-links wheels 'tdxkit[lab]'` needs on machines like this one
handout.html   a page for the table
READ-ME.txt    which of these to take
"""

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tdxkit import __version__  # noqa: E402
from tdxkit.view.handout import handout  # noqa: E402
from tools.placed import Stopped, last_line, succeeds, whole  # noqa: E402
from tools.wheels import own_wheel  # noqa: E402

TEXT = """tdxkit {version}, for a room without a network

No install: on each laptop, with any Python 3,
    python served.py site
and open http://127.0.0.1:8765/ there. Everything runs in the browser. One machine can serve the folder "site" to all
with any static server, best over https:// with a certificate that the laptops trust; over http:// all runs and notebooks
are kept, but what was answered is forgotten with the kernel.

Only to read and step: open book/index.html from the disk.

A lab of one's own, on {machine} with Python {python}:
    python -m venv tdxkit-env
    tdxkit-env/bin/pip install --no-index --find-links wheels "tdxkit[lab]"
    tdxkit-env/bin/tdxkit lab

handout.html prints on one page. The guide for whoever leads the room is in the book: "Teaching with tdxkit".
"""


def wheelhouse(folder: Path) -> None:
    """Every wheel that tdxkit with its lab needs on a machine like this one."""
    folder.mkdir()
    own_wheel(folder)
    names = [
        line
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("-e")
    ]
    (folder / "names.txt").write_text("\n".join(names), encoding="utf-8")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        "-q",
        "--only-binary=:all:",
        "-d",
        folder,
    ]
    done = subprocess.run([*pip, "-r", folder / "names.txt"], capture_output=True, text=True)
    (folder / "names.txt").unlink()
    if done.returncode:
        raise Stopped(f"wheels: {last_line(done.stderr)}; is there a network, and an index that has it?")


def make(out: Path) -> None:
    """Write the zip, whole, in the place of whatever was there."""
    parts = {name: ROOT / "dist" / name for name in ("site", "book")}
    for name, place in parts.items():
        if not (place / "index.html").is_file():
            raise Stopped(f"{place}: it is not there; make {name} first")
    with whole(out) as packed, tempfile.TemporaryDirectory(dir=out.parent) as beside:
        room = Path(beside) / f"tdxkit-{__version__}"
        room.mkdir()
        for name, place in parts.items():
            shutil.copytree(place, room / name)
        wheelhouse(room / "wheels")
        shutil.copy(ROOT / "tools" / "served.py", room)
        (room / "handout.html").write_text(handout(), encoding="utf-8")
        machine = f"{platform.system()} {platform.machine()}"
        text = TEXT.format(version=__version__, machine=machine, python="{}.{}".format(*sys.version_info[:2]))
        (room / "READ-ME.txt").write_text(text, encoding="utf-8")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
            for file in sorted(file for file in room.rglob("*") if file.is_file()):
                zipped.write(file, file.relative_to(beside))


def main(arguments: list[str]) -> int:
    """Make it, and say where it is and how large; 1 and one line where it cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "dist" / f"tdxkit-{__version__}-room.zip",
        help="the zip (dist/tdxkit-…-room.zip)",
    )
    out, begin = parser.parse_args(arguments).out.resolve(), time.monotonic()
    if not succeeds("bundle", make, out):
        return 1
    print(f"bundle: {out}, {out.stat().st_size / 1e6:.1f} MB, {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
