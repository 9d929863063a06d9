"""What the chart of Zero to JupyterHub is given: as far as that can be looked at without a cluster and without the chart."""

from pathlib import Path

import pytest

from tools.hub import Room

yaml = pytest.importorskip("yaml")
ROOT = Path(__file__).resolve().parents[2]
VALUES = ROOT / "deploy" / "zero-to-jupyterhub" / "values.yaml"


@pytest.fixture(scope="module")
def values():
    return yaml.safe_load(VALUES.read_text(encoding="utf-8"))


def test_nobody_comes_in_before_a_login_is_filled_in(values):
    config = values["hub"]["config"]
    assert config["JupyterHub"]["authenticator_class"] == "generic-oauth"
    login = config["GenericOAuthenticator"]
    assert login["allow_all"] is False and "allowed_users" not in login
    assert all("FILL_IN" in login[name] for name in ("client_id", "client_secret", "authorize_url", "token_url"))
    assert values["proxy"]["https"]["enabled"] is True


def test_its_limits_are_those_of_a_room(values):
    alone, room = values["singleuser"], Room()
    assert alone["memory"]["limit"] == f"{room.memory // 1024}G"
    assert values["cull"] == {"enabled": True, "timeout": room.idle, "every": 600}
    assert str(room.processes) in VALUES.read_text(encoding="utf-8")


def test_it_starts_a_learner_as_a_room_does(values):
    alone = values["singleuser"]
    python, file = alone["cmd"]
    assert python == "python3" and (ROOT / file.removeprefix("/srv/tdxkit/")).is_file()
    asked = (ROOT / "deploy" / "hub" / "start.py").read_text(encoding="utf-8")
    assert all(f'os.environ["{name}"]' in asked for name in alone["extraEnv"])
    assert (ROOT / alone["defaultUrl"].removeprefix("/lab/tree/tdxkit/")).is_file()


def test_it_says_how_far_it_was_looked_at():
    text = VALUES.read_text(encoding="utf-8")
    assert (
        "Not tried: a build, an" in text and "4.4.0" in text and "image's Dockerfile, generated and not built" in text
    )
