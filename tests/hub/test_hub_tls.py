"""A room with TLS: a certificate of its own, and what no TLS can be made of."""

import urllib.error

import pytest

from tests.hub.certificates import made
from tests.hub.learner import Learner
from tools.hub_room import Room, obstacles


def _said(key, cert):
    return [line for line in obstacles(Room(tls_key=str(key), tls_cert=str(cert))) if "--tls-key" in line]


@pytest.fixture
def root(monkeypatch):
    pytest.importorskip("jupyterhub")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("tools.hub_room._reached", lambda: True)


@pytest.mark.slow
def test_a_key_and_its_certificate_are_no_obstacle_and_two_of_other_pairs_are(root, tmp_path):
    (key, cert), (other, _) = made(tmp_path), made(tmp_path, "other")
    assert _said(key, cert) == []
    [line] = _said(other, cert)
    assert "they are not of one pair; name a PEM key without a passphrase" in line
    [line] = _said(cert, key)
    assert "no PEM that can be read" in line


@pytest.mark.slow
def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(root, tmp_path):
    key, cert = made(tmp_path, "locked", "-passout", "pass:secret")
    [line] = _said(key, cert)
    assert "without a passphrase" in line


def test_what_is_no_pem(root, tmp_path):
    file = tmp_path / "room.pem"
    file.write_text("no key")
    [line] = _said(file, file)
    assert "no PEM that can be read" in line


def test_files_that_are_not_there_are_said_once(root, tmp_path):
    [line] = _said(tmp_path / "room.key", tmp_path / "room.pem")
    assert line == f"--tls-key {tmp_path}/room.key: it cannot be read; name a PEM file"


@pytest.mark.slow
@pytest.mark.xdist_group("hub")
def test_a_learner_works_behind_tls_and_nothing_goes_in_the_clear(open_hub, tmp_path_factory):
    tls = made(tmp_path_factory.mktemp("tls"))
    with open_hub(1, tls=tls) as hub:
        [one] = hub.learners.values()
        assert one.login() == 200
        one.start()
        kernel = one.kernel()
        assert kernel.run("print(6 * 7)") == ("ok", "42\n")
        assert all(cookie.secure for cookie in one.jar if cookie.name.startswith("jupyterhub-hub-login"))
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            Learner(hub.base, one.name, one.password).login()
        with pytest.raises((OSError, ValueError)):
            Learner(hub.base.replace("https", "http"), one.name, one.password).login()
