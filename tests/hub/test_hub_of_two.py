"""The room's hub with two learners: who gets in, whose is whose, what one can take from the other, what survives a restart of the hub."""

import urllib.parse

import pytest

from tests.hub.learner import Kernel, Learner

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


@pytest.fixture(scope="module")
def hub(open_hub):
    with open_hub(2) as opened:
        for one in opened.learners.values():
            assert one.login() == 200
            one.start()
        yield opened


@pytest.fixture
def two(hub):
    return list(hub.learners.values())


@pytest.mark.parametrize(
    "given",
    [
        {"password": "another"},
        {"password": ""},
        {"password": None},
        {"_xsrf": None},
        {"_xsrf": "made-up"},
        {"username": "root", "password": ""},
        {"username": "nobody", "password": "x"},
    ],
    ids=str,
)
def test_who_is_refused_at_the_door(hub, two, given):
    fresh = Learner(hub.base, two[0].name, two[0].password)
    assert fresh.login(**given) == 403
    _, url, _ = fresh.ask("/hub/home")
    assert "/hub/login" in url, "and is not in by another way"


def test_a_server_lets_in_nobody_but_its_learner(two):
    one, other = two
    assert one.api("GET", "contents/")[0] == 200
    status, url, _ = one.ask(f"/user/{other.name}/api/contents/")
    assert status in (403, 404) or "/hub/" in url
    kernel = one.kernel()
    token = kernel.run("import os; print(os.environ['JUPYTERHUB_API_TOKEN'])")[1].strip()
    nobody = Learner(one.base, "", "")
    for theirs in (token, one.password, ""):
        status, _, _ = nobody.ask(f"/user/{other.name}/api/contents/", Authorization=f"token {theirs}")
        assert status == 403
    query = urllib.parse.urlencode({"token": token})
    assert nobody.ask(f"/user/{other.name}/api/contents/?{query}")[0] == 403


def test_a_home_is_closed_to_the_other_and_the_notebooks_are_in_it(two):
    one, other = two
    kernel = one.kernel()
    assert "04-refcount-races.ipynb" in kernel.run("import os; print(os.listdir(os.path.expanduser('~/tdxkit')))")[1]
    for code in (f"os.listdir('/home/{other.name}')", f"open('/home/{other.name}/tdxkit/00-start-here.ipynb')"):
        status, said = kernel.run(code)
        assert status == "error" and said.startswith("PermissionError")
    assert kernel.run("import tdxkit; print(os.getuid() > 0)") == ("ok", "True\n")


def test_what_a_kernel_says_goes_over_no_port_that_others_could_listen_to(two):
    said = "import json, ipykernel\nprint(json.loads(ipykernel.get_connection_info())['transport'])"
    assert two[0].kernel().run(said) == ("ok", "ipc\n")


def test_who_takes_too_much_is_stopped_and_the_other_goes_on(two):
    one, other = two
    kernel = one.kernel()
    status, said = kernel.run("b = bytearray(3 << 30)")
    assert status == "error" and said.startswith("MemoryError")
    many = "import subprocess\nmade = []\ntry:\n    for _ in range(400): made.append(subprocess.Popen(['sleep', '60']))\nexcept OSError as e: print(type(e).__name__, len(made))\nfor p in made: p.kill(); p.wait()"
    status, said = kernel.run(many)
    assert status == "ok" and said.startswith("BlockingIOError")
    kernel.run("made = [subprocess.Popen(['python3', '-c', 'while True: pass']) for _ in range(4)]")
    try:
        status, said = other.kernel().run(
            "from tdxkit.explore import explore\nfrom tdxkit.linux.refcount import scenario\nprint(explore(scenario('v6')).verdict)"
        )
        assert (status, said) == ("ok", "ok\n")
        assert other.ask("/hub/home", timeout=10)[0] == 200
    finally:
        kernel.run("for p in made: p.kill(); p.wait()")


def test_a_hub_that_is_started_again_finds_the_kernels_as_they_were(hub, two):
    one = two[0]
    kernel = one.kernel()
    kernel.run("kept = 41")
    hub.stop()
    hub.start()
    assert Kernel(one, kernel.name).run("print(kept + 1)") == ("ok", "42\n")
