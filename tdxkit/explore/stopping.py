"""How a step that never ends is stopped, whatever it catches.

What a trace function raises ends the tracing, and a step may catch it and go on. So what is raised is no Exception, and from a hundredth of
a second later on another thread raises it in the step again and again, until the step has given up: a loop can catch it inside a round,
but not between two.
"""

import _thread
import time
from collections.abc import Callable
from functools import cache

from tdxkit.browser import IN_A_BROWSER
from tdxkit.errors import ModelError

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
            if _raising():
                self.going.append(True)
                _thread.start_new_thread(_insist, (self.going, self._gone, _thread.get_ident()))
        raise Stopped

    def rest(self) -> None:
        """Nothing is raised any more; Stopped out of this where one was on its way."""
        while self.why is not None and _raising() and not self._gone:
            time.sleep(0)
        for _ in range(ROUNDS):  # what is on its way arrives; taking it back would leave Python looking for it for ever
            pass


@cache
def _raising() -> Callable[[int], object] | None:
    """What raises Stopped in a thread; None in a Python without, or without threads: there it is raised once."""
    if IN_A_BROWSER:
        return None
    try:
        from ctypes import c_ulong, py_object, pythonapi  # a millisecond of each start, for what hardly ever happens

        return lambda thread: pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread), py_object(Stopped))
    except (ImportError, AttributeError):
        return None


def _insist(going: list[bool], gone: list[bool], thread: int) -> None:
    """Raise Stopped in a thread for as long as it goes on."""
    again = _raising()
    time.sleep(PAUSE)
    while going and again:
        again(thread)
        time.sleep(PAUSE / 10)
    gone.append(True)
