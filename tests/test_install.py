"""`pip install '…[lab]'` in an empty environment, from a wheel, a checkout and a git address; and the lab that it starts."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import venv
from pathlib import Path

import pytest

from tools.lab import free_port

ROOT = Path(__file__).parent.parent
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("wheel"),
    pytest.mark.skipif(sys.platform == "win32", reason="a lab is stopped by a signal"),
]
CLEAN = {
    key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "JUPYTER_PATH", "TDXKIT_PROGRESS")
}


def pip(*words):
    """This environment's pip, in uv's place where that is at hand: it is quicker by far, and resolves the same."""
    uv = shutil.which("uv")
    command = [uv, "pip", "install", "-q", "--python"] if uv else [sys.executable, "-m", "pip", "-q", "--python"]
    python, *rest = map(str, words)
    done = subprocess.run(
        [*command, python, *([] if uv else ["install"]), *rest], capture_output=True, text=True, env=CLEAN, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr


def empty(folder):
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout of its own: what is committed, and what is not yet."""
    folder = tmp_path_factory.mktemp("checkout") / "tdxkit"
    left = shutil.ignore_patterns(
        ".venv*", ".git", "build", "dist", "__pycache__", ".*_cache", ".hypothesis", "test-artifacts"
    )
    shutil.copytree(ROOT, folder, ignore=left)
    return folder


def test_from_a_wheel_with_the_extra_the_lab_starts_and_serves_the_notebooks(checkout, tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "-q", "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, checkout],
        check=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    python = empty(tmp_path / "empty")
    pip(python, f"{wheel}[lab]")
    port, home = free_port(), tmp_path / "home"
    home.mkdir()
    there = CLEAN | {"HOME": str(home), "JUPYTER_TOKEN": "t" * 20}
    log = (tmp_path / "log").open("w")
    command = [python.parent / "tdxkit", "lab", "my notebooks", "--no-browser", "--port", str(port)]
    lab = subprocess.Popen(command, cwd=home, env=there, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}/api/contents/04-refcount-races.ipynb?content=0&token={'t' * 20}"
        direct, end = urllib.request.build_opener(urllib.request.ProxyHandler({})), time.monotonic() + 90
        while True:
            try:
                assert direct.open(address, timeout=5).status == 200
                break
            except OSError:
                assert time.monotonic() < end and lab.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.2)
        assert len(list((home / "my notebooks").glob("*.ipynb"))) == 11
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.wait(30)
    doctor = subprocess.run(
        [python, "-m", "tdxkit", "doctor", "--quiet"], cwd=home, env=there, capture_output=True, text=True
    )
    assert doctor.returncode == 0, doctor.stdout


@pytest.mark.parametrize("way", ["checkout", "git"])
def test_a_checkout_and_a_git_address_bring_the_same(checkout, tmp_path, way):
    if way == "git":
        if not shutil.which("git"):
            pytest.skip("no git")
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", checkout]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
            subprocess.run([*git, *words], check=True)
    what = f"tdxkit[lab] @ git+file://{checkout}" if way == "git" else f"{checkout}[lab]"
    python = empty(tmp_path / "empty")
    pip(python, "--no-deps", what)
    code = (
        "import tdxkit.facts as f; print(len(list(f.notebooks_path().glob('*.ipynb'))), f.notebooks_path().parent.name)"
    )
    assert (
        subprocess.run([python, "-c", code], cwd=tmp_path, env=CLEAN, capture_output=True, text=True).stdout
        == "11 tdxkit\n"
    )
