"""A learner who stops every process of theirs while their server begins stops nobody else."""

import pwd
import subprocess
import threading
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]
STOPS = """import os, signal, time
end = time.monotonic() + 6
print(flush=True)
while time.monotonic() < end:
    try:
        os.kill(-1, signal.SIGSTOP)
    except ProcessLookupError:
        pass
try:
    os.kill(-1, signal.SIGCONT)
except ProcessLookupError:
    pass
"""


def test_the_hub_goes_on_and_the_learner_too_when_they_are_done(open_hub):
    with open_hub(2) as hub:
        one, other = hub.learners.values()
        assert one.login() == other.login() == 200
        account = pwd.getpwnam(one.name)
        drop = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}
        with subprocess.Popen([str(hub.python), "-c", STOPS], stdout=subprocess.PIPE, **drop) as storm:
            storm.stdout.readline()
            begins = threading.Thread(target=one.ask, args=(f"/hub/spawn/{one.name}",), daemon=True)
            begins.start()
            while storm.poll() is None:
                assert other.ask("/hub/home", timeout=5)[0] == 200
                time.sleep(0.2)
        begins.join(60)
        one.start()
        assert one.kernel().run("print(1)") == ("ok", "1\n")
