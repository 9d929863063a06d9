"""``doctor``: is everything here that the workbook needs, and if not, what to do."""

import json
import os
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from tdxkit.browser import IN_A_BROWSER
from tdxkit.errors import printable
from tdxkit.facts import data_path

OLDEST, NEWEST_TRIED = (3, 11), (3, 14)
INSTALL = "pip install -r requirements.txt in the checkout, or make lab"
# In a browser without a server there is no lab to install, no kernel to find and no pip: the site brings all of it.
# Not packages of its Python: the lab is the page itself, which draws the charts too; plotly is loaded where a reader imports it.
NOT_THERE = {"jupyterlab", "plotly"}
RELOAD = "load the page again; where that does not help, the site has to be built again"
# What JupyterLab's page must load so that a notebook's widgets and charts are drawn, and the package that brings it.
EXTENSIONS = {
    "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
    "anywidget": "anywidget",
    "jupyterlab-plotly": "plotly",
}
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
OTHER_BROWSERS = ("firefox", "firefox-esr", "epiphany", "konqueror", "open")

Which = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. state: ``ok``; ``note``, the workbook works without; ``missing``, it does not."""

    name: str
    state: str
    found: str
    todo: str = ""

    def __str__(self) -> str:
        return f"{self.state:8}{self.name:36}{self.found}" + (f"; {self.todo}" if self.todo else "")


def python_check(version: tuple[int, ...]) -> Check:
    """The Python that runs this."""
    found = ".".join(map(str, version[:3]))
    if version[:2] < OLDEST:
        return Check("Python", "missing", found, "install Python 3.11 or newer")
    if version[:2] > NEWEST_TRIED:
        return Check("Python", "note", found, "tried on 3.11 to 3.14; if something breaks, use one of these")
    return Check("Python", "ok", found)


def data_check(folder=None) -> Check:
    """The facts that the models and notebooks read: every TOML and JSON file of data/ parses."""
    folder = folder or data_path("sources.toml").parent
    readers = {".toml": tomllib.loads, ".json": json.loads}
    try:
        read = 0
        for file in sorted(folder.iterdir(), key=lambda f: f.name):
            if reader := readers.get(Path(file.name).suffix):
                reader(file.read_text(encoding="utf-8"))
                read += 1
        (folder / "sources.toml").read_bytes()
    except (OSError, ValueError) as error:
        return Check("package data", "missing", printable(str(error), 100), "install tdxkit again")
    return Check("package data", "ok", f"{read} files in {folder}")


def pins() -> dict[str, str]:
    """The packages of requirements.txt and their versions; the wheel carries a copy of that file."""
    packaged = data_path("requirements.txt")
    file = packaged if packaged.is_file() else Path(__file__).parents[2] / "requirements.txt"
    words = [line.split("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    return dict(word.split("==") for word in words if "==" in word)


def package_checks(wanted: Mapping[str, str]) -> Iterator[Check]:
    """Each pinned package: there, and at the version the workbook was run with."""
    for name, pinned in wanted.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Check(name, "missing", "not installed", RELOAD if IN_A_BROWSER else INSTALL)
            continue
        if found == pinned:
            yield Check(name, "ok", found)
        else:
            todo = RELOAD if IN_A_BROWSER else INSTALL
            yield Check(name, "note", found, f"the workbook was run with {pinned}; if something breaks, {todo}")


def extension_checks(folders: list[Path]) -> Iterator[Check]:
    """What JupyterLab loads into its page, looked for in its extension folders."""
    for name, package in EXTENSIONS.items():
        label = f"Lab extension {name.rsplit('/')[-1]}"
        version = next(filter(None, (extension_version(folder / name) for folder in folders)), "")
        if version:
            yield Check(label, "ok", version)
        else:
            yield Check(label, "missing", "not found", f"install {package} beside JupyterLab: {INSTALL}")


def extension_version(folder: Path) -> str:
    """The version that an extension's package.json gives; empty where there is no whole extension."""
    try:
        return printable(str(json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def jupyter_folders(environ: Mapping[str, str]) -> list[Path]:
    """Where Jupyter looks for what packages bring along: JUPYTER_PATH, this environment, the user, the system."""
    given = [Path(p) for p in environ.get("JUPYTER_PATH", "").split(os.pathsep) if p]
    user = Path(environ.get("JUPYTER_DATA_DIR") or Path.home() / ".local/share/jupyter")
    return [
        *given,
        Path(sys.prefix) / "share/jupyter",
        user,
        Path("/usr/local/share/jupyter"),
        Path("/usr/share/jupyter"),
    ]


def kernel_check(folders: list[Path]) -> Check:
    """The Python kernel that the notebooks name."""
    place = next((f for f in folders if (f / "kernels/python3/kernel.json").is_file()), None)
    if place:
        return Check("kernel python3", "ok", str(place / "kernels/python3"))
    return Check("kernel python3", "missing", "not found", INSTALL)


def find_chromium(environ: Mapping[str, str] = os.environ, which: Which = shutil.which) -> str:
    """Path of the Chromium to drive in tests: $CHROMIUM, else the first on PATH; empty when there is none."""
    named = environ.get("CHROMIUM")
    return (which(named) or "") if named else next(filter(None, map(which, CHROMIUMS)), "")


def browser_check(environ: Mapping[str, str] = os.environ, which: Which = shutil.which) -> Check:
    """Something to look at the lab with; a lab on another machine (Binder, a hub) needs none here."""
    if environ.get("CHROMIUM") and not find_chromium(environ, which):
        named = printable(environ["CHROMIUM"])
        return Check(
            "browser", "note", f"$CHROMIUM names {named}, which does not run", "name one that does, or unset it"
        )
    found = find_chromium(environ, which) or next(filter(None, map(which, OTHER_BROWSERS)), "")
    if found or sys.platform == "win32":
        return Check("browser", "ok", found or "the system's")
    return Check("browser", "note", "none found", "to see the lab on this machine install Chromium or Firefox")


def checks() -> Iterator[Check]:
    """Everything, in the order in which to mend it."""
    yield python_check(tuple(sys.version_info[:3]))
    yield data_check()
    if IN_A_BROWSER:
        yield from package_checks({name: pinned for name, pinned in pins().items() if name not in NOT_THERE})
        yield Check("lab", "ok", "this page: nothing runs on a server, and what you write stays in this browser")
        return
    share = jupyter_folders(os.environ)
    yield from package_checks(pins())
    yield kernel_check(share)
    yield from extension_checks([f / "labextensions" for f in share])
    yield browser_check()


def configure(parser) -> None:
    """Arguments of the command."""
    parser.add_argument("--json", action="store_true", help="one line of JSON: ok, checks (name, state, found, todo)")
    parser.add_argument("--quiet", action="store_true", help="only what is not as it should be")


def run(args) -> int:
    """A line a check; 0 when nothing needed is missing, 1 otherwise."""
    done = list(checks())
    missing = [check.name for check in done if check.state == "missing"]
    if args.json:
        from tdxkit.commands import print_json

        print_json({"ok": not missing, "checks": [asdict(check) for check in done]})
        return int(bool(missing))
    for check in done:
        if check.state != "ok" or not args.quiet:
            print(check)
    if missing:
        print(
            f"\n{len(missing)} missing: {', '.join(missing)}. The models and most commands work without the lab's parts."
        )
    elif not args.quiet:
        print("\nAll well.")
    return int(bool(missing))
