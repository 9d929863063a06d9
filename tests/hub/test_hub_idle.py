"""A server that nobody uses ends, and who is not of the group does not come in, whatever else is right about them."""

import os
import pwd
import subprocess
import time
from pathlib import Path

import pytest

from tests.hub.learner import Learner
from tests.hub.room import GROUP

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


@pytest.fixture(scope="module")
def hub(open_hub):
    with open_hub(1, idle=8) as opened:
        yield opened


def processes_of(name):
    """The processes of an account."""
    account, found = pwd.getpwnam(name).pw_uid, []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found += [int(process.name)] if process.stat().st_uid == account else []
        except FileNotFoundError:  # it has ended
            continue
    return found


@pytest.fixture
def stranger(hub):
    """An account with a password and a home, made like those of the room, of another group."""
    name, group = f"tdxt-{os.getpid()}-x", f"{GROUP}-s"
    done = hub.accounts("--group", group, "add", name)
    assert done.returncode == 0, done.stderr
    yield Learner(hub.base, *done.stdout.strip().split("\t"))
    assert hub.accounts("remove", name).returncode == 0 and not Path("/home", name).exists()
    subprocess.run(["groupdel", group], check=True)


def test_an_account_of_another_group_stays_outside_with_the_right_password(stranger):
    assert stranger.login() == 403
    assert "/hub/login" in stranger.ask("/hub/home")[1]


def test_a_server_that_nobody_uses_ends_with_its_kernels_and_comes_again(hub):
    [one] = hub.learners.values()
    assert one.login() == 200
    one.start()
    one.api("POST", "kernels", {"name": "python3"})
    end = time.monotonic() + 40
    while (left := processes_of(one.name)) and time.monotonic() < end:
        time.sleep(0.5)
    assert left == []
    one.start()
    assert one.api("GET", "contents/")[0] == 200
