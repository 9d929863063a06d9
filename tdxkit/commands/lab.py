"""`lab`: the notebooks in a folder of yours, and JupyterLab on the first of them."""

import os
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tdxkit.commands import whole
from tdxkit.errors import InputError, printable

FOLDER = "tdxkit-notebooks"
FIRST = "00-start-here.ipynb"
# No pop-up about news, no question to PyPI for a newer Lab, no extension shop: the lab asks nobody outside.
QUIET = {
    "LabApp.app_settings_dir": Path(__file__).parent / "lab_settings",
    "LabApp.news_url": None,
    "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    "LabApp.extension_manager": "readonly",
}


def configure(parser) -> None:
    """Arguments of the command."""
    parser.add_argument("folder", nargs="?", default=FOLDER, help=f"where the notebooks are, or are brought ({FOLDER})")
    parser.add_argument(
        "--reset",
        metavar="NN",
        action="append",
        default=[],
        help="put a fresh copy of a notebook beside yours, and start nothing",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address, and open no browser")
    parser.add_argument(
        "--port", type=whole("a port", 1, 65535), help="the port to listen on (8888, or the next that is free)"
    )
    parser.add_argument(
        "--lab-args", metavar='"…"', default="", help='more for JupyterLab, as --lab-args="--ServerApp.ip=127.0.0.1"'
    )


def run(args) -> int:
    """Bring what is not there, say what is old, start Lab in this process's place."""
    from tdxkit.lessons.copies import bring, fresh

    folder = Path(args.folder)
    if args.reset:
        for number in args.reset:
            print(f"a fresh copy: {fresh(number, folder)}")
        return 0
    command = lab(folder, args)
    brought = list(bring(folder))
    if new := [one for one in brought if one.new]:
        print(
            f"{len(new)} notebooks brought to {printable(str(folder), 200)}; what you write there stays yours",
            flush=True,
        )
    for one in brought:
        if one.edition < one.newest:
            number = one.path.name.partition("-")[0]
            print(
                f"{one.path.name}: yours is edition {one.edition or 'unknown'}, {one.newest} is here: tdxkit lab {shlex.quote(args.folder)} --reset {number}",
                flush=True,
            )
    if sys.platform == "win32":  # where exec would leave the terminal to two programs
        return subprocess.run(command).returncode
    os.execv(command[0], command)


def lab(folder: Path, args) -> list[str]:
    """The command that starts JupyterLab. InputError where there is none."""
    if find_spec("jupyterlab") is None:
        raise InputError(
            "JupyterLab", "it is not installed beside this Python", "pip install 'tdxkit[lab]' from where tdxkit came"
        )
    options = {**QUIET, "LabApp.default_url": f"/lab/tree/{FIRST}"}
    if args.port:
        options["ServerApp.port"] = args.port
    flags = [f"--{name}={value}" for name, value in options.items()]
    flags += ["--no-browser"] * args.no_browser + ["--allow-root"] * (getattr(os, "getuid", lambda: 1)() == 0)
    try:
        more = shlex.split(args.lab_args)
    except ValueError as error:
        raise InputError("--lab-args", f"a quoting mark is open ({error})", "close it") from error
    return [sys.executable, "-m", "jupyterlab", *flags, *more, str(folder)]
