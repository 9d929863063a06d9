"""A learner's server: first the notebooks, then JupyterLab. The hub runs this file as the learner.

nbgitpuller merges what is newer into ``~/tdxkit`` and keeps a learner's own lines where both have changed the same. Where it cannot (no network, a folder that is no
clone) the server starts with what is there.
"""

import logging
import os
import sys
import tempfile
from pathlib import Path

from tdxkit.commands.lab import QUIET

PLACE = Path.home() / "tdxkit"


def bring(source: str, branch: str, place: Path = PLACE) -> None:
    """The notebooks of a git address, brought or merged."""
    from nbgitpuller.pull import GitPuller

    with tempfile.NamedTemporaryFile("w", suffix=".gitconfig") as config:
        # Git does not read a repository of somebody else's on this machine, unless it is told to: here of one, and only for now.
        own = Path.home() / ".gitconfig"
        config.write(f"[include]\n\tpath = {own}\n[safe]\n\tdirectory = {source.removeprefix('file://')}\n")
        config.flush()
        before = os.environ.get("GIT_CONFIG_GLOBAL")
        os.environ["GIT_CONFIG_GLOBAL"] = config.name
        try:
            for line in GitPuller(source, str(place), branch=branch).pull():
                print(line, end="", flush=True)
        finally:
            os.environ.pop("GIT_CONFIG_GLOBAL")
            if before is not None:
                os.environ["GIT_CONFIG_GLOBAL"] = before


def main() -> None:
    """The notebooks, then the server in this process."""
    try:
        bring(os.environ["TDXKIT_NOTEBOOKS"], os.environ["TDXKIT_BRANCH"])
    except (
        Exception
    ) as error:  # whatever it is, a learner without the newest notebooks can work, one without a server cannot
        logging.warning("the notebooks were not brought up to date: %s", error)
    # Over sockets in the learner's home: whoever is on this machine can read what goes over its ports.
    kernels = Path.home() / ".kernels"  # short: a socket's path has at most 107 letters
    kernels.mkdir(mode=0o700, exist_ok=True)
    os.environ["JUPYTER_RUNTIME_DIR"] = str(kernels)
    quiet = [f"--{name}={value}" for name, value in {**QUIET, "KernelManager.transport": "ipc"}.items()]
    os.execv(sys.executable, [sys.executable, "-m", "jupyterhub.singleuser", *quiet, *sys.argv[1:]])


if __name__ == "__main__":
    main()
