"""A Python that lacks a package of requirements.txt: one line and exit code 2 where it is needed, and no trouble elsewhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from tdxkit.errors import not_installed

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
WITHOUT = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Without())
from tdxkit.cli import main
sys.exit(main({words!r}))
"""


def without(package, *words):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT.format(package=package, words=[*words])],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("words", [["bugs"], ["bugs", "--json"], ["bugs", "B27"], ["contention", "--seconds", "1"]])
def test_without_simpy(words):
    done = without("simpy", *words)
    line = "tdxkit: simpy: this needs a package that is not installed; pip install simpy\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_the_rest_does_without():
    assert "the model finds" in without("simpy", "bugs", "B5").stdout
    assert without("simpy", "contention", "--design", "spin").stderr.startswith(
        "tdxkit: design spin: the lock designs are"
    )


def test_a_module_of_ours_that_is_missing_is_a_bug():
    done = without("tdxkit.linux", "decode", "0x0")
    assert done.returncode == 0
    for name in (None, "", "tdxkit.nowhere"):
        with pytest.raises(ModuleNotFoundError):
            not_installed(ModuleNotFoundError("x", name=name))
    assert "pip install a" in str(not_installed(ModuleNotFoundError("x", name="a.b")))
    with pytest.raises(ImportError):
        not_installed(ImportError("cannot import name 'x' from 'tdxkit.run'", name="tdxkit.run"))


def test_a_package_of_another_version(tmp_path):
    (tmp_path / "pycparser").mkdir()
    (tmp_path / "pycparser/__init__.py").touch()
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from tdxkit.cli import main; sys.exit(main(['explore', '-', '--run', 'f();']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, input="void f(void) {}"
    )
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith("tdxkit: pycparser: ")
    assert len(done.stderr.splitlines()) == 1
