"""``python -m tdxkit``."""

import sys

try:  # Ctrl-C is heard from the first import to the last flush; before this line it is Python's own start that answers
    import os
    import signal

    def _again(dropped) -> None:
        """Ctrl-C in a clean-up, where Python drops what is raised, as it would here: it comes once more when this is over."""
        if dropped.exc_type is KeyboardInterrupt and hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, 0.005)
        else:
            sys.__unraisablehook__(dropped)

    sys.unraisablehook = _again
    import gc

    gc.set_threshold(50_000)  # of what is made at a start next to nothing is garbage
    from tdxkit.cli import main

    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said: nothing more is to be stopped
except KeyboardInterrupt:
    sys.stderr.write("tdxkit: stopped\n")
    code = 130
try:
    sys.stdout.flush()
    sys.stderr.flush()
except (OSError, ValueError):
    pass  # whoever listened has left too
# Python's own end takes apart what was built, as long as a small search; and where Ctrl-C came inside an exec of its own, it would end by
# the signal and not by the code.
os._exit(code)
