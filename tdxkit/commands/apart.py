"""A reader's file run in a process of its own, so that whatever a step does, the answer is one line and an exit code.

A step that loops inside a call of C hears neither a trace function nor Ctrl-C: `sum(range(10**12))` can be stopped from outside only. So
too a step that ends the process, or leaves a thread behind that does not end. Where a system cannot fork, and in a notebook, the code
runs in the same process, and such a call is stopped with it.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Callable

from tdxkit.errors import TdxkitError

GRACE = 1.0  # seconds in which a process may end by itself after Ctrl-C
DONE = b"done"
HERE = os.path.dirname(os.path.dirname(__file__))  # tdxkit
FRAME = re.compile(r'File "(?P<file>[^"]*)", line (?P<line>\d+) in (?P<name>\S+)')


def apart(work: Callable[[], int]) -> int:
    """The exit code of some work, done in a process of its own. TdxkitError where that was ended by what it ran."""
    sys.stdout.flush()
    sys.stderr.flush()
    ours, its = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        _do(work, its)
    os.close(its)
    os.set_blocking(ours, False)
    try:
        code = os.waitstatus_to_exitcode(_wait(child))
        said = os.read(ours, 1 << 16)
    except BlockingIOError:  # nobody wrote, and something that a step started still could
        said = b""
    except KeyboardInterrupt:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(ours)
    if said.endswith(DONE):
        return code
    if code == -signal.SIGPROF:
        from tdxkit.explore.guard import SECONDS

        raise TdxkitError(
            _where(said.decode("utf-8", "replace")),
            f"a step must end, and this one has run {SECONDS} seconds",
            "look for a call that goes on and on",
        )
    how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
    raise TdxkitError(
        "the program",
        f"a step may not end the process, and this one was ended with {how}",
        "return, or break a rule with assert or m.must",
    )


def _do(work: Callable[[], int], pipe: int) -> None:
    """The work, and the end of this process, without a look at threads that are left."""
    import faulthandler

    from tdxkit.explore import guard

    faulthandler.register(signal.SIGPROF, pipe, all_threads=False, chain=True)
    guard.alarm = lambda seconds: signal.setitimer(signal.ITIMER_PROF, seconds)
    code = 1
    try:
        code = work()
        os.write(pipe, DONE)
    finally:
        os._exit(code)


def _wait(child: int) -> int:
    """How a process ended. KeyboardInterrupt goes on where it does not end of it."""
    try:
        return os.waitpid(child, 0)[1]
    except KeyboardInterrupt:
        begin, sent = time.monotonic(), False
        while (now := time.monotonic() - begin) < GRACE:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return status
            if not sent and now > GRACE / 4:  # a terminal tells everybody, a script only us
                os.kill(child, signal.SIGINT)
                sent = True
            time.sleep(0.01)
        raise


def _where(traceback: str) -> str:
    """The innermost line that is not tdxkit's."""
    for at in FRAME.finditer(traceback):
        if not at["file"].startswith(HERE):
            return f"line {at['line']} of {at['name']}"
    return "the program"
