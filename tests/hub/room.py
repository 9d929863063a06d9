"""A hub on loopback with accounts of its own. Unreachable says why there can be none here."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.hub.learner import Learner
from tools.hub_room import roots_ports

ROOT = Path(__file__).resolve().parents[2]
GROUP = f"tdxt-{os.getpid()}"  # two runs beside each other have a group each, and ports


class Unreachable(Exception):
    """Why no hub can be tried here: what is not tested, then."""


def others_may(path: Path) -> bool:
    """Can every account come to this file?"""
    return all(one.stat().st_mode & 0o001 for one in (path.resolve(), *path.resolve().parents))


def python_for_all(folder: Path) -> Path:
    """A Python that every account can run, with this environment's packages; this one, where it is such."""
    if others_may(Path(sys.executable)) and others_may(Path(sys.prefix)):
        return Path(sys.executable)
    minor = "python{}.{}".format(*sys.version_info[:2])
    found = next((one for one in (Path("/usr/bin") / minor, Path("/usr/local/bin") / minor) if one.exists()), None)
    if not found:
        raise Unreachable(f"no {minor} that other accounts can run")
    env = folder / "env"
    subprocess.run([found, "-m", "venv", "--without-pip", env], check=True)
    [packages] = env.glob("lib/python3*/site-packages")
    [own] = Path(sys.prefix).glob("lib/python3*/site-packages")
    (packages / "room.pth").write_text(f"import site; site.addsitedir({str(own)!r})\n")
    for name in ("share", "etc"):
        (env / name).symlink_to(Path(sys.prefix) / name)
    for name in ("node", "npm"):
        (env / "bin" / name).symlink_to(Path(sys.prefix) / "bin" / name)
    return env / "bin" / "python"


def possible() -> None:
    """Unreachable, where accounts can be neither made nor served."""
    if os.geteuid() or not shutil.which("useradd"):
        raise Unreachable("not root, or no useradd")
    if roots_ports() < 1024:
        raise Unreachable("every account may listen at every port here (net.ipv4.ip_unprivileged_port_start)")
    if not others_may(ROOT):
        raise Unreachable(f"other accounts cannot read {ROOT}")


class Hub:
    """A hub that can be stopped and started again; `learners` by name. state: its folder; tls: a key and a certificate;
    idle: after how many seconds a server ends that nobody uses; domain: the room's name."""

    def __init__(
        self,
        folder: Path,
        count: int,
        memory: int = 2048,
        state: Path | None = None,
        tls: tuple = (),
        idle: int = 3600,
        domain: str = "",
    ):
        self.folder, self.state, self.tls = folder, state or folder / "state", tls
        self.python = python_for_all(folder)
        self.port = _three_free_ports()
        self.base = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.words = [self.python, ROOT / "tools" / "hub.py", "--port", self.port, "--group", GROUP]
        self.words += ["--state", self.state, "--memory", memory, "--idle", idle, "--domain", domain]
        for option, file in zip(("--tls-key", "--tls-cert"), tls):
            self.words += [option, file]
        self.names = [f"tdxt-{os.getpid()}-{k}" for k in range(count)]
        self.process, self.learners = None, {}

    def __enter__(self) -> "Hub":
        done = self.accounts("add", *self.names)
        if done.returncode:
            raise Unreachable(f"accounts cannot be made ({done.stderr.strip()})")
        given = dict(line.split("\t") for line in done.stdout.splitlines())
        self.learners = {name: Learner(self.base, name, password, *self.tls[1:]) for name, password in given.items()}
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.stop()
        subprocess.run([*map(str, self.words), "--end"], capture_output=True, timeout=60)
        time.sleep(1)
        self.accounts("remove", *self.names)
        subprocess.run(["groupdel", GROUP], capture_output=True)

    def start(self, patience: float = 60) -> None:
        """Start it, and wait until it answers."""
        log = open(self.folder / "hub.log", "a")  # noqa: SIM115  the process has it
        self.process = subprocess.Popen(
            [*map(str, self.words)], stdout=log, stderr=log, cwd=ROOT, start_new_session=True
        )
        nobody, end = Learner(self.base, "", "", *self.tls[1:]), time.monotonic() + patience
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if nobody.ask("/hub/login")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.3)
        raise TimeoutError((self.folder / "hub.log").read_text()[-3000:])

    def stop(self) -> None:
        """End the hub itself, and nothing else."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:  # as whoever waits for a service does
                self.process.kill()
                self.process.wait(20)

    def own_processes(self) -> list[int]:
        """The hub, and what it has started for itself: its proxy, the end of what is idle."""
        mine = [self.process.pid]
        for process in Path("/proc").glob("[0-9]*"):
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                words = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if int(fields[1]) == self.process.pid and b"singleuser" not in words:
                mine.append(int(process.name))
        return mine

    def limits(self) -> str:
        """How a learner is limited, as the hub says when it starts."""
        return (self.folder / "hub.log").read_text().partition("limits: ")[2].splitlines()[0]

    def accounts(self, *words: str) -> subprocess.CompletedProcess:
        """What the tool of accounts does and says."""
        command = [sys.executable, ROOT / "tools" / "hub_accounts.py", "--group", GROUP, *words]
        return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120)


def _three_free_ports() -> int:
    first = 600 + os.getpid() % 60 * 6  # root's alone, as a room's have to be
    for port in (*range(first, 1020, 3), *range(600, first, 3)):
        try:
            for number in range(port, port + 3):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", number))
            return port
        except OSError:
            continue
    raise OSError("no three ports are free")
