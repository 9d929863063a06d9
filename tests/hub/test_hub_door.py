"""Who is asked for at the door, and whom a stranger's many tries keep waiting."""

import asyncio

import pytest

pytest.importorskip("jupyterhub.auth")
from jupyterhub.auth import PAMAuthenticator

from tools import hub_door


@pytest.fixture
def door(monkeypatch):
    """A door for anna and ben; `asked` holds whom PAM was asked of, `wait` how long it takes with anna."""
    asked, wait = [], [0.0]

    async def authenticate(self, handler, data):
        asked.append((data["username"], data["password"]))
        await asyncio.sleep(wait[0] if data["username"] == "anna" else 0)
        return data["username"] if data["password"] == "right" else None

    monkeypatch.setattr(PAMAuthenticator, "authenticate", authenticate)
    monkeypatch.setattr(hub_door, "learners", lambda group: ["anna", "ben"] if group == "room" else [])
    monkeypatch.setattr(hub_door, "PAUSE", 0)
    made = hub_door.Door(allowed_groups={"room"})
    made.asked, made.wait = asked, wait
    return made


def come(door, **form):
    return door.authenticate(None, form)


def test_an_account_of_the_group_comes_in_with_its_password(door):
    assert asyncio.run(come(door, username="anna", password="right")) == "anna"
    assert asyncio.run(come(door, username="anna", password="wrong")) is None


@pytest.mark.parametrize(
    "form",
    [{"username": "root", "password": "right"}, {"username": "", "password": ""}, {}, {"password": "right"}],
    ids=str,
)
def test_of_nobody_else_is_pam_asked(form, door):
    assert asyncio.run(door.authenticate(None, form)) is None and door.asked == []
    assert "username" in form and "password" in form, "the hub's page reads them once more"


def test_a_form_without_a_password_has_an_empty_one(door):
    assert asyncio.run(come(door, username="anna")) is None and door.asked == [("anna", "")]


def test_who_tries_many_passwords_of_one_keeps_no_other_waiting(door):
    door.wait[0] = 0.02

    async def many():
        tries = [asyncio.create_task(come(door, username="anna", password="wrong")) for _ in range(5)]
        await asyncio.sleep(0)
        assert await come(door, username="ben", password="right") == "ben"
        assert [name for name, _ in door.asked].count("anna") == 1, "one after the other"
        await asyncio.gather(*tries)
        assert len(door.asked) == 6

    asyncio.run(many())
