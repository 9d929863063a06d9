"""Accounts for a room: ``sudo python tools/hub_accounts.py add anna ben …`` prints a name and a password each, ``remove`` takes such accounts away with their homes.

Each learner is a Unix account of the group (``--group tdxkit``), whose home nobody else may open. Only accounts that this file has made are taken away.
"""

import argparse
import contextlib
import fcntl
import grp
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.placed import Stopped, last_line

GROUP = "tdxkit"
MADE = "tdxkit learner"  # in the account's comment: who made it
NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
FIRST = 1000  # of the ids that are people's; those below are the machine's own
SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # where anybody may leave files
PATIENCE = 10  # seconds


def learners(group: str = GROUP) -> list[str]:
    """The accounts of a group, by name; none where there is no such group."""
    try:
        found = grp.getgrnam(group)
    except KeyError:
        return []
    return sorted({*found.gr_mem, *(one.pw_name for one in pwd.getpwall() if one.pw_gid == found.gr_gid)})


def may_be(group: str) -> None:
    """Stopped, where this group is one of the machine's own, or none can be called so."""
    if not NAME.fullmatch(group):
        raise Stopped(
            f"{group!r}: a group is a to z, 0 to 9, - and _, begins with a letter and has at most 31; name another"
        )
    with contextlib.suppress(KeyError):
        found = grp.getgrnam(group)
        own = [name for name in learners(group) if (one := _account(name)) and one.pw_uid < FIRST]
        if found.gr_gid < FIRST or own:
            raise Stopped(
                f"{group}: it is a group of the machine's own{f', with {own[0]} in it' if own else ''}; name another"
            )


def add(names: Iterable[str], group: str = GROUP) -> dict[str, str]:
    """Make these accounts; their passwords by name. Stopped, and none is left half-made, where one cannot be."""
    names, made = list(names), {}
    may_be(group)
    for name in names:
        if not NAME.fullmatch(name):
            raise Stopped(
                f"{name!r}: a name is a to z, 0 to 9, - and _, begins with a letter and has at most 31; name another"
            )
        if _account(name):
            raise Stopped(f"{name}: there is such an account; name another, or remove it first")
        if os.path.lexists(home := _homes() / name):
            raise Stopped(f"{home}: it is there already, and somebody's; move it away, or name another")
    if len(set(names)) < len(names):
        raise Stopped("a name stands there twice; give each once")
    new = not _is_group(group)
    _run(["groupadd", "--force", group])
    try:
        for name in names:
            _run(["useradd", "--create-home", "--shell", "/bin/bash", "--comment", MADE, "--groups", group, name])
            made[name] = secrets.token_urlsafe(9)
            os.chmod(pwd.getpwnam(name).pw_dir, 0o700)
            _run(["chpasswd"], f"{name}:{made[name]}\n")
    except (Stopped, OSError):
        remove([name for name in names if _account(name)])
        if new:
            _run(["groupdel", group])
        raise
    return made


def remove(names: Iterable[str]) -> None:
    """Take these accounts away, with their homes, what they run and what they have left in /tmp: the next account may get their number. Stopped, with all of
    them there, at one that `add` has not made."""
    names = list(names)
    accounts = {name: _account(name) for name in names}
    for name, found in accounts.items():
        if not found or found.pw_gecos.split(",")[0] != MADE or found.pw_uid < FIRST:
            raise Stopped(f"{name}: no account that was made here; remove it by hand if it is to go")
        if os.path.lexists(found.pw_dir) and os.lstat(found.pw_dir).st_uid != found.pw_uid:
            raise Stopped(f"{found.pw_dir}: it is not {name}'s; move it away, or remove the account by hand")
    for name, found in accounts.items():
        _run(["usermod", "--lock", "--expiredate", "1", name])  # else one logs in while the others are ended
        _end(name, found.pw_uid)
        _run(["userdel", *(["--remove"] if os.path.lexists(found.pw_dir) else []), name])
        for place in filter(os.path.isdir, SHARED):
            subprocess.run(["find", place, "-xdev", "-user", str(found.pw_uid), "-delete"], capture_output=True)


def _end(name: str, uid: int) -> None:
    """Kill all that an account runs. Stopped, where something goes on."""
    for _ in range(PATIENCE * 10):
        theirs = [int(process.name) for process in Path("/proc").glob("[0-9]*") if owner(process) == uid]
        if not theirs:
            return
        for pid in theirs:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
    raise Stopped(f"{name}: it runs something that does not end; ps -U {uid} shows it")


def owner(process: Path) -> int:
    """Whose process a folder of /proc is; -1 of one that has ended. The folder itself may be root's: a process can hide in that way."""
    try:
        said = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        return -1 if said["State"].split()[0] in "ZX" else int(said["Uid"].split()[0])
    except (OSError, KeyError, ValueError):
        return -1


def _is_group(name: str) -> bool:
    try:
        return bool(grp.getgrnam(name))
    except KeyError:
        return False


def _homes() -> Path:
    """Where useradd makes homes."""
    said = subprocess.run(["useradd", "-D"], capture_output=True, text=True).stdout if shutil.which("useradd") else ""
    return Path(next((line[5:] for line in said.splitlines() if line.startswith("HOME=")), "/home"))


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One after the other: two that make accounts at once may make the same."""
    place = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def _account(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _run(command: list[str], given: str = "") -> None:
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True)
    except FileNotFoundError:
        raise Stopped(f"{command[0]}: it is not here; install it (Debian: passwd)") from None
    if done.returncode:
        raise Stopped(f"{command[0]}: {last_line(done.stderr)}")


def main(argv: list[str] | None = None) -> int:
    """0, or 2 with a line that says why not."""
    parser = argparse.ArgumentParser(prog="hub_accounts", description=__doc__.splitlines()[0])
    parser.add_argument(
        "what", choices=("add", "remove", "list"), help="make accounts, take them away, say who there is"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="of an account: a to z, 0 to 9, - and _")
    parser.add_argument("--group", default=GROUP, help=f"whose accounts the hub lets in ({GROUP})")
    given = parser.parse_args(argv)
    try:
        if given.what == "list":
            print("\n".join(learners(given.group)) or f"nobody: the group {given.group} has no accounts")
        elif not given.names:
            raise Stopped(f"{given.what}: of whom? name one account or more, such as anna")
        elif os.geteuid():
            raise Stopped("only root makes and removes accounts; sudo")
        else:
            with _alone():
                made = add(given.names, given.group) if given.what == "add" else remove(given.names) or {}
            for name, password in made.items():
                print(f"{name}\t{password}")
    except (Stopped, OSError) as why:
        print(f"hub_accounts: {why}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
