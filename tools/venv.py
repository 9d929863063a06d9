"""Make `.venv`, or see at once that it is made: ``python tools/venv.py lab|test|book|site|hub [--asked]``. Every make target calls this first.

`lab` installs requirements.txt, `test` adds requirements-test.txt, `book` requirements-book.txt, `site` requirements-site.txt, `hub` requirements-hub.txt. With uv where it is on PATH, else with pip. A stamp inside
`.venv` says what was installed where, so a repeated call only reads four small files. The environment is made anew when it was
left half-made, when its Python is gone, when the checkout was moved or copied (scripts and the editable install name the old
place), or when another Python was asked for by name (`--asked`). Any other change installs into the one that is there; where
that fails, for want of a network say, and what was there still works, it goes on being used, with a warning.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
FILES = {
    "lab": ["requirements.txt"],
    "test": [
        "requirements.txt",
        "requirements-test.txt",
        "requirements-book.txt",
        "requirements-site.txt",
        "requirements-hub.txt",
    ],
    "book": ["requirements.txt", "requirements-book.txt"],
    "site": ["requirements.txt", "requirements-site.txt"],
    "hub": ["requirements.txt", "requirements-hub.txt"],
}


class House:
    """A checkout and the environment in it."""

    def __init__(self, root: Path = ROOT):
        self.root = root
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.stamp = self.venv / "tdxkit-stamp.json"
        self.making = root / ".venv.making"  # beside, not inside: it must outlive a half-made environment
        self.before = root / ".venv.before"  # the one that a new one is to follow, until that is whole

    def wanted(self, kind: str) -> str:
        """A digest of all that decides what `kind` needs; tool settings in pyproject.toml do not."""
        project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        parts = [json.dumps([project["project"], project["build-system"]], sort_keys=True)]
        parts += [(self.root / name).read_text(encoding="utf-8") for name in FILES[kind]]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def stamped(self) -> dict:
        """What the stamp says: `place`, and a digest for each kind installed; empty without a readable stamp."""
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
            return stamp if isinstance(stamp, dict) else {}
        except (OSError, ValueError):
            return {}

    def ready(self, kind: str) -> bool:
        """True when nothing is to be done."""
        stamp = self.stamped()
        whole = self.python.exists() and not self.making.exists() and "installing" not in stamp
        return whole and stamp.get("place") == str(self.root) and stamp.get(kind) == self.wanted(kind)

    def why_anew(self) -> str:
        """Why the environment that is there cannot be used; empty when it can."""
        if self.making.exists():
            return "it was left half-made"
        if not self.python.exists():
            return "it has no Python"
        if self.place() != str(self.root):
            return "it was made in another folder"
        probe = "import sys; assert sys.version_info >= (3, 11)" + ("" if uv() else "; import pip")
        if subprocess.run([self.python, "-c", probe], capture_output=True).returncode:
            return "its Python is older than 3.11, does not start or has no pip"
        return ""

    def place(self) -> str:
        """The checkout that the environment was made for: from the stamp, else from its activate script."""
        if place := self.stamped().get("place"):
            return place
        try:
            here = str(self.venv) in (self.venv / "bin" / "activate").read_text(encoding="utf-8")
        except (OSError, ValueError):
            here = False
        return str(self.root) if here else ""

    def version(self) -> str:
        """Major.minor of the environment's Python."""
        probe = "import sys; print('%d.%d' % sys.version_info[:2])"
        return subprocess.run([self.python, "-c", probe], capture_output=True, text=True).stdout.strip()

    def refused(self) -> str:
        """Why no environment can be made here, and what to do; empty when one can."""
        if os.pathsep in str(self.root):
            return f"{self.root} has a {os.pathsep!r} in its path, where no environment can be: move the checkout to a folder without one"
        if self.venv.is_symlink() or (self.venv.exists() and not self.venv.is_dir()):
            return f"{self.venv} is a {'link' if self.venv.is_symlink() else 'file'}, not a folder made here: remove it and repeat"
        return ""

    def works(self) -> bool:
        """Does the workbook run on what is installed, though it may not be what is asked for now?"""
        doctor = [self.python, "-m", "tdxkit", "doctor", "--quiet"]
        return subprocess.run(doctor, cwd=self.root, capture_output=True).returncode == 0

    def create(self) -> None:
        """An empty environment, made with the Python that runs this file; the one that was there steps aside."""
        self.making.touch()
        if self.venv.exists():
            os.replace(self.venv, self.before)
        if uv() and run([uv(), "venv", "-q", "--seed", "--python", sys.executable, self.venv]):
            return
        if not run([sys.executable, "-m", "venv", "--clear", self.venv]):
            self.settle(made=False)
            stop(f"{sys.executable} cannot make an environment: install its venv module (Debian: python3-venv) or uv")

    def settle(self, made: bool) -> bool:
        """The new environment stays, or the one from before is back; True where there was one."""
        if there := self.before.exists():
            shutil.rmtree(self.before if made else self.venv, ignore_errors=True)
            if not made:
                os.replace(self.before, self.venv)
        if made or there:
            self.making.unlink(missing_ok=True)
        return there

    def note(self, stamp: dict) -> None:
        """Write the stamp."""
        self.stamp.write_text(json.dumps(stamp), encoding="utf-8")

    def install(self, kind: str) -> bool:
        """Bring in the packages of `kind`; when uv cannot (a mirror that only pip knows), pip tries. True when one could."""
        wanted = [word for name in FILES[kind] for word in ("-r", name)]
        if uv() and run([uv(), "pip", "install", "-q", "--python", self.python, *wanted], cwd=self.root):
            return True
        return run([self.python, "-m", "pip", "--disable-pip-version-check", "install", "-qq", *wanted], cwd=self.root)

    def make(self, kind: str, asked: bool = False) -> None:
        """Do what is to be done, and say it in a line each."""
        self.settle(made=False)  # the last call may have been broken off
        if self.ready(kind) and not (asked and self.version() != here()):
            return
        if why := self.refused():
            stop(why)
        old = self.venv.exists() or self.making.exists()
        why = self.why_anew() if old else ""
        if old and not why and asked and self.version() != here():
            why = f"Python {here()} was asked for"
        if why or not old:
            with_what = f"(Python {here()}, {'uv' if uv() else 'pip'})"
            print(f".venv: making it{' anew, ' + why if why else ''} {with_what}", flush=True)
            self.create()
        print(f".venv: installing {' and '.join(FILES[kind])}; once, up to a minute or two", flush=True)
        stamp = {key: value for key, value in self.stamped().items() if key != "installing"}
        self.note({**stamp, "installing": kind})
        if self.install(kind):
            kinds = {kind: self.wanted(kind), "lab": self.wanted("lab")}
            self.note({**stamp, **kinds, "place": str(self.root)})
            self.settle(made=True)
        elif kind in stamp and self.works():  # it had all of this kind before, and that is still there
            self.note(stamp)
            print(".venv: not brought up to date, see the lines above; going on with what is installed", flush=True)
        else:
            back = "; what was there before is back" if self.settle(made=False) else ""
            stop(f"the packages could not be installed: see the lines above, mend that and repeat{back}")


def uv() -> str | None:
    """The uv on PATH."""
    return shutil.which("uv")


def here() -> str:
    """Major.minor of the Python that runs this file."""
    return "{}.{}".format(*sys.version_info[:2])


def run(command: list, **more) -> bool:
    """Run a command with its output shown; True when it went well."""
    return subprocess.run([str(word) for word in command], **more).returncode == 0


def stop(why: str):
    """End with one line."""
    raise SystemExit(f".venv: {why}")


if __name__ == "__main__":
    if sys.version_info < OLDEST or not {*sys.argv[1:2]} & {*FILES} or sys.argv[2:] not in ([], ["--asked"]):
        stop(f"usage: python3.11 (or newer) tools/venv.py {'|'.join(FILES)} [--asked]")
    try:
        House().make(sys.argv[1], asked="--asked" in sys.argv)
    except OSError as error:  # a checkout that cannot be written to, a disk that is full
        where = Path(error.filename or ROOT).name
        stop(f"{where}: {error.strerror}; make room, or take a copy of the checkout that you may write to, and repeat")
