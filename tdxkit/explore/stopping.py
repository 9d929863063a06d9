"""How a step that never ends is stopped, whatever it catches.

What a trace function raises ends the tracing, and a step may catch it and go on. So what is raised is no Exception, and from a hundredth of
a second later on another thread raises it in the step again and again, until the step has given up: a loop can catch it inside a round,
but not between two.
"""

import _thread
import time
from contextlib import suppress
from typing import Any

from tdxkit.errors import ModelError

RAISE: Any = None  # a Python without: it is raised once
with suppress(ImportError, AttributeError):
    from ctypes import c_ulong, py_object, pythonapi

    RAISE = pythonapi.PyThreadState_SetAsyncExc
ROUNDS = 3
PAUSE = 0.01  # seconds in which a step's own clean-up may run


class Stopped(BaseException):
    """What ends a step that never ends."""


class Stop:
    """The stop of one step. going: not empty while it is raised again; whoever empties it waits for `rest`."""

    def __init__(self) -> None:
        self.why: ModelError | None = None
        self.going: list[bool] = []
        self._gone: list[bool] = []

    def now(self, why: ModelError) -> None:
        """Raise Stopped, and again where that is caught."""
        if self.why is None:
            self.why = why
            if RAISE:
                self.going.append(True)
                _thread.start_new_thread(_insist, (self.going, self._gone, _thread.get_ident()))
        raise Stopped

    def rest(self) -> None:
        """Nothing is raised any more; Stopped out of this where one was on its way."""
        while self.why is not None and RAISE and not self._gone:
            time.sleep(0)
        for _ in range(ROUNDS):  # what is on its way arrives; taking it back would leave Python looking for it for ever
            pass


def _insist(going: list[bool], gone: list[bool], thread: int) -> None:
    """Raise Stopped in a thread for as long as it goes on."""
    ident, what = c_ulong(thread), py_object(Stopped)
    time.sleep(PAUSE)
    while going:
        RAISE(ident, what)
        time.sleep(PAUSE / 10)
    gone.append(True)
