"""Who comes in: the accounts of this machine, by PAM."""

import asyncio
from collections import defaultdict

from jupyterhub.auth import PAMAuthenticator

from tools.hub_accounts import learners

PAUSE = 2.0  # seconds that a name which is none takes, as a false password does


class Door(PAMAuthenticator):
    """PAM, asked of nobody but the group's accounts, and of each once at a time: whoever tries many passwords keeps nobody else waiting. A form without a field is one
    with an empty one: refused, and no error of the hub."""

    def __init__(self, **more):
        super().__init__(**more)
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def authenticate(self, handler, data):
        """The account's name, or None."""
        for field in ("username", "password"):
            data.setdefault(field, "")
        name = data["username"]
        if not any(name in learners(group) for group in self.allowed_groups):
            await asyncio.sleep(PAUSE)
            return None
        async with self._turns[name]:
            return await super().authenticate(handler, data)
