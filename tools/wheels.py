"""The wheels of the browser's Python: fetched once from PyPI, made lean, and named in a lock that Pyodide reads."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.placed import Stopped, last_line

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "site"
PINS = ROOT / "requirements-browser.txt"
# What the browser's Python answers to the markers of a wheel's requirements.
BROWSER = {
    "sys_platform": "emscripten", "platform_system": "Emscripten", "os_name": "posix", "platform_machine": "wasm32", "python_version": "3.14",
    "python_full_version": "3.14.2", "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": "",
}  # fmt: skip
TAGS = [
    "--python-version",
    "3.14",
    "--implementation",
    "cp",
    "--abi",
    "cp314",
    "--abi",
    "none",
    "--platform",
    "pyemscripten_2026_0_wasm32",
]
# tdxkit names what it draws with as an extra; plotly names neither of these two. Plotly itself no cell needs: it is there for a reader's own import.
MORE = {
    "tdxkit": ("anywidget", "ipywidgets", "mistune", "networkx", "platformdirs"),
    "plotly": ("anywidget", "nbformat"),
}
# Files of wheels that nothing there opens: stubs of packages that are not there, tests, and the lab's half of what the site has already.
UNOPENED = re.compile(
    r"jedi/third_party/(typeshed/stubs|django-stubs)/|.*/tests/|.*\.data/data/share/jupyter/labextensions/"
)


def fetched(name: str, *words: str) -> Path:
    """The folder of the cache with what pip downloads for these words, whole; fetched where it is not there yet."""
    place = CACHE / name
    if not place.is_dir():
        with tempfile.TemporaryDirectory(dir=CACHE) as made:
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q", "--no-deps", "--only-binary=:all:"]  # fmt: skip
            done = subprocess.run([*pip, "-d", made, *words], capture_output=True, text=True)
            if done.returncode:
                raise Stopped(f"{words[-1]}: {last_line(done.stderr)}; is there a network, and an index that has it?")
            os.replace(made, place)
            Path(made).mkdir()  # its context takes it away
    return place


def wheels(pins: Path | None = None) -> list[Path]:
    """The wheels of these pins (requirements-browser.txt), for the browser's Python; fetched where they are not there yet."""
    pins = pins or PINS
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    return sorted(fetched(f"wheels-{digest}", *TAGS, "-r", str(pins)).glob("*.whl"))


def own_wheel(folder: Path) -> Path:
    """tdxkit itself as it stands, in a wheel; built twice from the same files it has the same bytes."""
    pip = [sys.executable, "-m", "pip", "-q", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    done = subprocess.run(pip, capture_output=True, text=True, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})
    if done.returncode:
        raise Stopped(f"tdxkit: its wheel cannot be built ({last_line(done.stderr)})")
    [made] = folder.glob("*.whl")
    return made


def lean(path: Path, folder: Path) -> Path:
    """A wheel in this folder without the files that nothing opens in a browser, each of which a first visit would fetch; what stays is as it was."""
    made = folder / path.name
    with zipfile.ZipFile(path) as wheel:
        stay = [one for one in wheel.infolist() if not UNOPENED.match(one.filename)]
        if len(stay) == len(wheel.infolist()):
            shutil.copy(path, made)
            return made
        with zipfile.ZipFile(made, "w") as smaller:
            for one in stay:
                smaller.writestr(one, wheel.read(one))
    return made


def locked(found: Iterable[Path], core: Mapping) -> dict:
    """Pyodide's lock of just these wheels: what each brings, what it needs. Stopped where one needs what is not among them."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name, parse_wheel_filename

    files = {parse_wheel_filename(path.name)[0]: path for path in found}
    packages, missing = {}, []
    for name, path in sorted(files.items()):
        with zipfile.ZipFile(path) as wheel:
            names = wheel.namelist()
            text = (
                wheel.read(next(one for one in names if one.endswith(".dist-info/METADATA"))).decode().split("\n\n")[0]
            )
        needs = set(MORE.get(name, ()))
        for words in re.findall(r"(?m)^Requires-Dist: (.+)$", text):
            need = Requirement(words)
            if need.marker is None or need.marker.evaluate(BROWSER):
                needs.add(canonicalize_name(need.name))
        needs -= {"widgetsnbextension"}  # the classic notebook's half of the widgets; the kernel has a stand-in for it
        missing += [f"{name} needs {one}" for one in sorted(needs - files.keys())]
        packages[name] = {
            "name": re.search(r"(?m)^Name: (.+)$", text)[1].strip(),  # type: ignore[index]
            "version": re.search(r"(?m)^Version: (.+)$", text)[1].strip(),  # type: ignore[index]
            "file_name": path.name,
            "install_dir": "site",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "package_type": "package",
            "imports": sorted(_modules(names)),
            "depends": sorted(needs),
            "unvendored_tests": False,
        }
    if missing:
        raise Stopped(f"{PINS.name}: {'; '.join(missing)}, which it does not name; add it, in a version of pure Python")
    return {**core, "packages": packages}


def _modules(names: Iterable[str]) -> set[str]:
    """What can be imported from a wheel with these files."""
    code = [one for one in names if one.endswith(".py") and ".dist-info/" not in one and ".data/" not in one]
    return {one.partition("/")[0].removesuffix(".py") for one in code}
