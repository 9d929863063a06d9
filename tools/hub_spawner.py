"""A learner's server under limits that the kernel enforces, whatever runs in it.

Where the hub has a part of the cgroup v2 tree to itself, each learner gets a group there: memory and processes of all that they run together, and a fair share of the
CPUs. Elsewhere the limits are those of a process (setrlimit) and its niceness, set before the server starts: an address space for each process, a number of
processes and threads for the account.
"""

import asyncio
import contextlib
import os
import pwd
import resource
from collections.abc import Callable
from pathlib import Path

from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Int, List, Unicode

from tools.hub_accounts import owner

MiB = 1 << 20
NICE = 5  # behind the hub and its proxy, which everybody waits for
FIRST_KILLED = 500  # where memory runs out: a learner's processes before the hub's
FILES = 4096  # that a process may have open
CONTROLLERS = ("memory", "pids", "cpu")


class Group:
    """A learner's group below a part of the cgroup v2 tree that is the hub's."""

    def __init__(self, below: Path, name: str):
        self.place = below / f"learner-{name}"

    def make(self, memory: int, processes: int) -> None:
        """memory: bytes of all processes together; processes: with their threads."""
        self.place.mkdir(exist_ok=True)
        for file, value in (("memory.max", memory), ("memory.swap.max", 0), ("memory.oom.group", 0), ("pids.max", processes), ("cpu.weight", 100)):  # fmt: skip
            if (self.place / file).exists():  # a kernel without swap accounting has one file less
                (self.place / file).write_text(f"{value}\n")

    def enter(self) -> None:
        """Put the process that calls this into the group, with all that it will start."""
        (self.place / "cgroup.procs").write_text(f"{os.getpid()}\n")

    def remove(self) -> None:
        """End all that runs in the group, and take it away."""
        if (kill := self.place / "cgroup.kill").exists():  # since Linux 5.14
            kill.write_text("1\n")
        with contextlib.suppress(
            OSError
        ):  # what is killed may take a moment: then the next start finds it, and takes it
            self.place.rmdir()


def delegated(tree: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Path | None:
    """The part of the cgroup v2 tree that this process and its children have to themselves, with the controllers of learners' groups switched on; None where
    there is none. systemd marks such a part (``Delegate=yes``); in a container nobody but the hub and those who started it may be in it. Any other belongs to
    somebody else. The processes in it move into a leaf, as cgroup v2 wants it."""
    try:
        [path] = [line.split("::", 1)[1].strip() for line in own.read_text().splitlines() if line.startswith("0::")]
        place = tree / path.lstrip("/")
        there, has = ((place / name).read_text().split() for name in ("cgroup.procs", "cgroup.controllers"))
        marked = any(_mark(place, name) == b"1" for name in ("user.delegate", "trusted.delegate"))
        if not (marked or set(map(int, there)) <= _ancestors()) or not set(CONTROLLERS) <= set(has):
            return None
        leaf = place / "hub"
        leaf.mkdir(exist_ok=True)
        for pid in there:
            (leaf / "cgroup.procs").write_text(f"{pid}\n")
        (place / "cgroup.subtree_control").write_text(" ".join(f"+{one}" for one in CONTROLLERS))
        return place
    except (OSError, ValueError):
        return None


def _ancestors() -> set[int]:
    """This process, and those that started it."""
    found, pid = set(), os.getpid()
    while pid and pid not in found:
        found.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


def _mark(place: Path, name: str) -> bytes:
    try:
        return os.getxattr(place, name)
    except OSError:
        return b""


def limit(memory: int, processes: int) -> None:
    """The same for a process and what it starts, as far as a process can be limited. memory: bytes of address space, for each process."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICE)


def listener(port: int, table: Path = Path("/proc/net/tcp")) -> int | None:
    """The account (its number) that listens at a port of 127.0.0.1; None where nobody does."""
    for words in map(str.split, table.read_text().splitlines()[1:]):
        if words[3] == "0A" and words[1] == f"0100007F:{port:04X}":
            return int(words[7])
    return None


class LimitedSpawner(LocalProcessSpawner):
    """One Unix account, one server, under limits. The child stays root's until it is another program (setpriv), which becomes the learner: a learner who could stop
    it before would stop the hub that waits for it."""

    command = List(Unicode(), help="what the learner runs").tag(config=True)

    memory = Int(2048, help="MiB of a learner: of all processes together in a cgroup, else of each").tag(config=True)
    processes = Int(256, help="processes and threads of a learner").tag(config=True)
    cgroup = Unicode("", help="the hub's part of the cgroup v2 tree; empty: limits of a process").tag(config=True)

    @property
    def group(self) -> Group | None:
        """The learner's group, where there are any."""
        return Group(Path(self.cgroup), self.user.name) if self.cgroup else None

    @property
    def account(self) -> pwd.struct_passwd:
        """The learner's."""
        return pwd.getpwnam(self.user.name)

    async def start(self):
        """As ever, in the group; where it listens, once it is the learner who does: before, somebody else could."""
        account = self.account
        become = ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--init-groups"]
        self.cmd = ["setpriv", *become, *self.command]
        if self.group:
            self.group.make(self.memory * MiB, self.processes)
        ip, port = await super().start()
        while (found := listener(port)) is None and await self.poll() is None:
            await asyncio.sleep(0.2)
        if found is not None and found != account.pw_uid:
            await self.stop(now=True)
            raise RuntimeError(f"port {port} of {self.user.name} was taken by account {found}; start again")
        return ip, port

    async def _signal(self, sig: int) -> bool:
        """As ever; a process that a hub which was started again finds under the number may be another's by now."""
        if self.proc is None and owner(Path("/proc", str(self.pid))) != self.account.pw_uid:
            return False
        return await super()._signal(sig)

    async def stop(self, now: bool = False):
        """As ever, and the group goes."""
        await super().stop(now=now)
        if self.group:
            self.group.remove()

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """What runs in the child before it becomes the learner: after that it may no more enter a group."""
        group, home = self.group, pwd.getpwnam(name).pw_dir

        def before() -> None:
            with contextlib.suppress(OSError):  # where /proc may only be read
                Path("/proc/self/oom_score_adj").write_text(str(FIRST_KILLED))
            resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
            if group:
                group.enter()
                os.nice(NICE)
            else:
                limit(self.memory * MiB, self.processes)
            os.chdir(home)

        return before
