"""What JupyterHub is told of a room, as JupyterHub reads it: who comes in, what listens and what is kept where."""

import json
import runpy
import sys
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("jupyterhub.auth")
pytest.importorskip("jupyterhub.spawner")
from traitlets.config import Config

from tools.hub import CONFIG, ROOT
from tools.hub_door import Door
from tools.hub_room import Room
from tools.hub_spawner import LimitedSpawner

ROOM = Room(ip="10.1.2.3", port=9000, group="anna-s", tls_key="k", tls_cert="c", idle=77, state="/s", branch="room")
MORE = {
    "address": ROOM.address,
    "page": ROOM.page,
    "proxy": ["node", "proxy"],
    "cgroup": "/cgroup",
    "notebooks": "file:///n.git",
    "memory": 3000,
    "processes": 99,
}


@pytest.fixture
def told(tmp_path, monkeypatch):
    """`told(**more)`: the settings that come of a room."""

    def read(**more):
        config, file = Config(), tmp_path / "room.json"
        file.write_text(json.dumps(asdict(ROOM) | MORE | more))
        monkeypatch.setenv("TDXKIT_ROOM", str(file))
        runpy.run_path(str(CONFIG), init_globals={"get_config": lambda: config})
        return config

    return read


def test_who_comes_in_is_of_the_group_and_nobody_else(told):
    assert told().Door.allowed_groups == {"anna-s"}
    assert set(told().Door) == {"allowed_groups", "executor_threads", "open_sessions"}, "nothing lets in more"
    assert told().Door.open_sessions is False


def test_only_the_proxy_is_heard_outside_and_each_port_is_one_that_was_looked_at(told):
    all_ = told()
    assert all_.JupyterHub.bind_url == "https://10.1.2.3:9000"
    for address, port in ((all_.JupyterHub.hub_bind_url, 9001), (all_.ConfigurableHTTPProxy.api_url, 9002)):
        assert (urlsplit(address).hostname, urlsplit(address).port) == ("127.0.0.1", port)
    assert all_.Spawner.ip == "127.0.0.1"


def test_with_a_name_for_the_room_each_learner_has_one_below_it(told):
    assert "subdomain_host" not in told().JupyterHub
    room = replace(ROOM, domain="room.example.org")
    assert room.page == "https://room.example.org:9000" and room.address == ROOM.address
    assert told(domain=room.domain, page=room.page).JupyterHub.subdomain_host == "https://room.example.org:9000"


def test_tls_has_its_key_and_its_certificate_each_in_its_place(told):
    assert (told().JupyterHub.ssl_key, told().JupyterHub.ssl_cert) == ("k", "c")


def test_what_is_kept_is_kept_where_only_root_reads(told):
    all_ = told()
    kept = all_.JupyterHub.db_url.removeprefix("sqlite:///"), all_.JupyterHub.cookie_secret_file
    assert {str(Path(file).parent) for file in (*kept, all_.ConfigurableHTTPProxy.pid_file)} == {"/s/secret"}


def test_servers_and_their_kernels_outlive_the_hub(told):
    assert told().JupyterHub.cleanup_servers is False


def test_a_learner_has_the_limits_and_the_notebooks_of_the_room(told):
    all_ = told()
    python, start = all_.LimitedSpawner.pop("command")
    assert all_.LimitedSpawner == {"memory": 3000, "processes": 99, "cgroup": "/cgroup"}
    assert all_.Spawner.environment == {"TDXKIT_NOTEBOOKS": "file:///n.git", "TDXKIT_BRANCH": "room"}
    assert (ROOT / "notebooks" / all_.Spawner.default_url.removeprefix("/lab/tree/tdxkit/")).is_file()
    assert all_.JupyterHub.spawner_class is LimitedSpawner and all_.JupyterHub.authenticator_class is Door
    assert python == sys.executable and Path(start).is_file()


def test_nobody_is_sent_away_where_a_whole_room_begins_at_once(told):
    all_ = told()
    assert all_.JupyterHub.concurrent_spawn_limit == 0
    assert min(all_.Spawner.start_timeout, all_.Spawner.http_timeout) >= 300


def test_what_ends_idle_servers_is_told_after_how_long_and_may_do_no_more(told):
    [service], [role] = told().JupyterHub.services, told().JupyterHub.load_roles
    assert service["command"][1:] == ["-m", "jupyterhub_idle_culler", "--timeout=77"]
    assert role["services"] == [service["name"]]
    assert set(role["scopes"]) == {"list:users", "read:users:activity", "read:servers", "delete:servers"}
