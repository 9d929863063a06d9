"""Accounts for a room: ``sudo python tools/hub_accounts.py add anna ben …`` prints a name and a password each, ``remove`` takes such accounts away with their homes.

Each learner is a Unix account of the group (``--group tdxkit``), whose home nobody else may open. Only accounts that this file has made are taken away.
"""

import argparse
import grp
import os
import pwd
import re
import secrets
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.placed import Stopped, last_line

GROUP = "tdxkit"
MADE = "tdxkit learner"  # in the account's comment: who made it
NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")


def learners(group: str = GROUP) -> list[str]:
    """The accounts of a group, by name; none where there is no such group."""
    try:
        found = grp.getgrnam(group)
    except KeyError:
        return []
    return sorted({*found.gr_mem, *(one.pw_name for one in pwd.getpwall() if one.pw_gid == found.gr_gid)})


def add(names: Iterable[str], group: str = GROUP) -> dict[str, str]:
    """Make these accounts; their passwords by name. Stopped, and none is left half-made, where one cannot be."""
    names, made = list(names), {}
    for name in names:
        if not NAME.fullmatch(name):
            raise Stopped(
                f"{name!r}: a name is a to z, 0 to 9, - and _, begins with a letter and has at most 31; name another"
            )
        if _account(name):
            raise Stopped(f"{name}: there is such an account; name another, or remove it first")
    if len(set(names)) < len(names):
        raise Stopped("a name stands there twice; give each once")
    _run(["groupadd", "--force", group])
    try:
        for name in names:
            _run(["useradd", "--create-home", "--shell", "/bin/bash", "--comment", MADE, "--groups", group, name])
            made[name] = secrets.token_urlsafe(9)
            os.chmod(pwd.getpwnam(name).pw_dir, 0o700)
            _run(["chpasswd"], f"{name}:{made[name]}\n")
    except (Stopped, OSError):
        remove([name for name in names if _account(name)])
        raise
    return made


def remove(names: Iterable[str]) -> None:
    """Take these accounts and their homes away. Stopped at one that `add` has not made."""
    for name in names:
        found = _account(name)
        if not found or found.pw_gecos.split(",")[0] != MADE:
            raise Stopped(f"{name}: no account that was made here; remove it by hand if it is to go")
        _run(["userdel", "--remove", "--force", name])


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
    parser.add_argument("what", choices=("add", "remove", "list"))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--group", default=GROUP)
    given = parser.parse_args(argv)
    try:
        if given.what == "list":
            print("\n".join(learners(given.group)))
        elif not given.names:
            raise Stopped(f"{given.what}: of whom? name one account or more, such as anna")
        elif os.geteuid():
            raise Stopped("only root makes and removes accounts; sudo")
        elif given.what == "add":
            for name, password in add(given.names, given.group).items():
                print(f"{name}\t{password}")
        else:
            remove(given.names)
    except (Stopped, OSError) as why:
        print(f"hub_accounts: {why}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
