"""A room: what can be said of it, and what keeps it from starting, a line each with what to do; all of that is looked at before anything starts."""

import ipaddress
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.hub_accounts import GROUP, learners, may_be
from tools.placed import Stopped

LEAST_FREE = 1_000_000_000  # bytes: a learner's notebooks, settings and outputs, and the hub's own file
LEAST = {
    "memory": 1024,
    "processes": 64,
    "idle": 1,
}  # MiB of address space and processes with which JupyterLab and a kernel start
MOST = {"memory": 1 << 24, "processes": 1 << 22, "idle": 10**8}  # what a kernel can be told
NOBODY = "65534"
SPELT = re.compile(r"/[\w./+~-]*")  # what git reads as it stands, in its settings and in an address
DOMAIN = re.compile(r"(?=.{1,180}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
PARTS = ("secret", "proxy", "notebooks.git")  # of the state


@dataclass(frozen=True)
class Room:
    """What can be said of it. memory: MiB of a learner; processes: theirs, with threads; idle: seconds until a server that nobody uses ends; state: the folder of
    what outlives a start; notebooks: a git address, by default that of this checkout's own."""

    ip: str = "127.0.0.1"
    port: int = 800
    group: str = GROUP
    domain: str = ""
    tls_key: str = ""
    tls_cert: str = ""
    memory: int = 2048
    processes: int = 256
    idle: int = 3600
    state: str = "/var/lib/tdxkit-hub"
    notebooks: str = ""
    branch: str = "main"

    @property
    def address(self) -> str:
        """Where it listens."""
        return self._at(f"[{self.ip}]" if ":" in self.ip else self.ip)

    @property
    def page(self) -> str:
        """What a learner opens."""
        return self._at(self.domain) if self.domain else self.address

    def _at(self, host: str) -> str:
        return f"{'https' if self.tls_cert else 'http'}://{host}:{self.port}"


SAYS = {
    "ip": "the address that it listens at",
    "port": "its port; the two after it are taken too, on 127.0.0.1",
    "group": "whose accounts come in",
    "domain": "a name of this machine, with a name below it for each learner (docs/server.md)",
    "tls_key": "a PEM file",
    "tls_cert": "a PEM file",
    "memory": "MiB of a learner",
    "processes": "of a learner, with threads",
    "idle": "seconds until a server that nobody uses ends",
    "state": "the folder of what outlives a start",
    "notebooks": "a git address in place of this checkout's own",
    "branch": "of the notebooks",
}


def obstacles(room: Room) -> Iterator[str]:
    """What keeps it from starting, a line each, with what to do."""
    if os.geteuid():
        yield "a learner's server runs as that learner, and only root can start one: sudo"
        return
    names = learners(room.group)
    try:
        may_be(room.group)
    except Stopped as why:
        yield f"--group {why}"
    if not names:
        yield f"nobody could log in: the group {room.group} has no accounts; python tools/hub_accounts.py add NAME … makes some"
    for name, least in LEAST.items():
        if not least <= (value := getattr(room, name)) <= MOST[name]:
            yield f"--{name} {value}: it is {least} to {MOST[name]}; give another"
    yield from _of_the_address(room)
    if found := list(_of_the_state(room)):
        yield from found
        return
    yield from _of_the_disk(room, names)
    if not _reached():
        yield f"the learners cannot run {os.path.realpath(sys.executable)} with what is in {sys.prefix}: put the checkout where every account may read, such as /opt, and make its environment of a Python that every account may run: make clean, then make hub PYTHON=/usr/bin/python3"


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
    if room.domain and not DOMAIN.fullmatch(room.domain):
        yield f"--domain {room.domain}: it is no name such as room.example.org; name one that leads here, as *.room.example.org has to"
    last = roots_ports() - 3
    if not 1 <= room.port <= last:
        yield f"--port {room.port}: the hub takes three ports from that on, which learners must not be able to take while it is down; {_below(last)}"
        return
    for number, ip in enumerate((room.ip, "127.0.0.1", "127.0.0.1"), room.port):
        if why := taken(ip, number):
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


def taken(ip: str, port: int) -> str:
    """Why nothing can listen there; empty where it can."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((ip, port))
        return ""
    except OSError as error:
        return str(error.strerror)


def roots_ports() -> int:
    """The first port that every account may listen at."""
    return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())


def _below(last: int) -> str:
    """What to do about a port."""
    if last < 1:
        return "here they can take any: sysctl net.ipv4.ip_unprivileged_port_start=1024"
    return f"name one from 1 to {last}, such as 443 or 800"


def _of_the_state(room: Room) -> Iterator[str]:
    """Root runs what lies in that folder, and writes there what nobody else may read."""
    if not SPELT.fullmatch(room.state):
        yield f"--state {room.state!r}: it is the path of a folder, of letters, digits and . _ + ~ -; name another"
        return
    state = Path(room.state)
    for one in (one for one in (state, *state.parents) if one.exists()):
        seen = one.stat()
        shared = seen.st_mode & 0o022 and (
            one == state or not seen.st_mode & 0o1000
        )  # in /tmp nobody renames what is another's
        if seen.st_uid or shared or not one.is_dir():
            yield f"--state {state}: {one} is not a folder of root's alone; name another with --state"
            return
    for one in (state / part for part in PARTS):
        if one.is_symlink() or (one.exists() and one.stat().st_uid):
            yield f"{one}: it is not root's; take it away, or name another folder with --state"


def _of_the_disk(room: Room, names: list[str]) -> Iterator[str]:
    homes = {str(Path(os.path.expanduser(f"~{name}")).parent) for name in names}
    for place in sorted({room.state, *homes}):
        there = next(one for one in (Path(place), *Path(place).parents) if one.exists())
        if (free := shutil.disk_usage(there).free) < LEAST_FREE:
            yield f"{place}: {free / 1e6:.0f} MB are free there, and a room needs {LEAST_FREE / 1e9:.0f} GB; make room"


def _reached() -> bool:
    """Can an account run the workbook's Python? Tried as nobody: a learner could stop the process that asks, or type into root's terminal by it."""
    drop = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    command = [*drop, sys.executable, "-c", "import tdxkit, jupyterhub, jupyterlab"]
    more = {"cwd": "/", "stdin": subprocess.DEVNULL, "capture_output": True, "start_new_session": True}
    try:
        return subprocess.run(command, timeout=120, **more).returncode == 0
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return False
