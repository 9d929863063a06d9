"""Binder: the image that repo2docker would build, as far as it can be seen without Docker."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory):
    """The Dockerfile of a checkout."""
    checkout = tmp_path_factory.mktemp("repository") / "tdxkit"
    left = shutil.ignore_patterns(".venv*", ".git", "build", "dist", "__pycache__", ".*_cache", ".hypothesis", "test-artifacts")  # fmt: skip
    shutil.copytree(ROOT, checkout, ignore=left)
    command = [Path(sys.executable).parent / "jupyter-repo2docker", "--no-build", "--debug", "--user-id", "1000", "--user-name", "jovyan", checkout]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=checkout.parent)
    assert done.returncode == 0, done.stderr
    return (done.stdout + done.stderr).splitlines()


def test_the_whole_checkout_is_there_before_anything_is_installed_from_it(dockerfile):
    copied = next(
        k for k, line in enumerate(dockerfile) if line.startswith("COPY") and line.endswith("src/ ${REPO_DIR}/")
    )
    installs = [k for k, line in enumerate(dockerfile) if "pip install" in line]
    assert len(installs) == 1 and copied < installs[0]
    assert dockerfile[installs[0]].endswith('-r "binder/requirements.txt"')


def test_what_is_installed_is_the_editable_checkout_and_nothing_replaces_it(dockerfile):
    assert "-r ../requirements.txt" in (ROOT / "binder/requirements.txt").read_text().splitlines()
    assert "-e ." in [line.split(" #")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines()]
    assert not any("pip install ." in line or "pip install --no-cache-dir ." in line for line in dockerfile)


def test_its_python_is_the_one_that_the_folder_names(dockerfile):
    wanted = (ROOT / "binder/runtime.txt").read_text().strip().removeprefix("python-")
    assert any(f"python={wanted}" in line for line in dockerfile)
    assert not (ROOT / "runtime.txt").exists(), "a binder/ folder switches the one at the root off"


def test_it_runs_as_a_user_of_its_own(dockerfile):
    assert any("--chown=1000:1000" in line for line in dockerfile)
    users = [line for line in dockerfile if line.startswith("USER ")]
    assert users[-1] == "USER ${NB_USER}"


def test_the_readme_s_link_opens_the_first_notebook_in_the_lab():
    assert "urlpath=lab/tree/notebooks/00-start-here.ipynb" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_image_of_a_cluster_may_lie_where_no_learner_s_volume_covers_it(dockerfile):
    assert "ARG REPO_DIR=${HOME}" in dockerfile, "--target-repo-dir is an argument of the build"
    into = [line.split()[-1] for line in dockerfile if line.startswith("COPY --chown") and " src/" in line]
    assert into and all(place.startswith("${REPO_DIR}/") for place in into)
    assert "nbgitpuller==" in (ROOT / "binder/requirements.txt").read_text()
