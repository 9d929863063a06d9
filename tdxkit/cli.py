"""The command line: a table of commands, each a module of `tdxkit.commands`, loaded when it is called.

Exit code 0: done, whatever the verdict. 1: a check failed (a mismatch), or what `explore --fail-on` names was found. 2: bad input, said in one line.
"""

import os
import sys

from tdxkit.errors import TdxkitError, not_installed, printable

# name: what it does. The module tdxkit.commands.NAME has configure(parser) and run(args) -> exit code (None for 0).
COMMANDS = {
    "lab": "the notebooks in a folder of yours, and JupyterLab on the first",
    "doctor": "check that everything the workbook needs is here",
    "list": "the scenarios that can be explored",
    "explore": "every interleaving of a scenario or of your C, and the shortest one that breaks it",
    "replay": "run one schedule again, step by step",
    "stress": "what a stress test of random runs would have met",
    "export": "a scenario in another tool's language, such as SPIN's",
    "confirm": "the verdict of a search beside SPIN's",
    "lens": "the same race under several posted versions, yours too",
    "program": "what a design does, step by step, or your C; several designs side by side",
    "packet": "a counterexample as text for a mail",
    "bugs": "the known problems of the posted versions, each shown by a run",
    "life": "a TD from creation to teardown, with or without each patch",
    "contention": "how long vCPUs wait for pamt_lock, simulated",
    "read": "whatever you have at hand: told by its content, and read as its own command would",
    "decode": "what a completion status means",
    "seamcall": "what a SEAMCALL leaf takes, locks, checks and returns",
    "conflicts": "which pairs of SEAMCALLs get in each other's way",
    "differences": "where the cover letter and the module's code differ, each shown by a run",
    "lessons": "the notebooks: minutes, questions that wait, exercises",
    "handout": "a page for the table of a room: words, rules, keys, codes of the day, as HTML",
    "words": "what a word of the workbook means, or a key in brackets",
    "sources": "where each statement comes from, and how that was checked",
    "xarray": "replay XArray vector files",
    "lockup": "does setting attributes on a guest trip the watchdog?",
    "report": "what a kernel says when it is stuck, and what the model says of it",
    "trace": "read kvm_msr events from a trace",
    "digest": "read a mailing-list digest",
    "series": "patch series out of mail files",
    "hotplug": "what MSR 0x3A does when a vCPU is plugged in",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code and raises nothing that a user could cause."""
    whole = argv is None  # this process is the command's own
    argv = list(sys.argv[1:] if argv is None else argv)
    _mend_streams()
    written = sys.stdout
    sys.stdout = Plain(written)
    try:
        if whole and hasattr(os, "fork") and any(".py" in word for word in argv):  # a reader's own file will be run
            from tdxkit.commands.apart import apart

            return apart(lambda: main(argv))
        code = _run(argv[0], argv[1:]) if argv else _usage(2)
        sys.stdout.flush()  # here, where a full disk or a closed pipe can still be answered for
        return code
    except TdxkitError as error:
        return _complain(str(error), 2)
    except ImportError as error:
        return _complain(str(not_installed(error)), 2)
    except BrokenPipeError:  # the reader (head, less) has seen enough
        _drop(sys.stdout)
        return 0
    except OSError as error:  # commands answer for the files they read: this is about what is written
        _drop(sys.stdout)
        return _complain(f"output: it cannot be written ({error.strerror}); make room, or send it elsewhere", 2)
    except MemoryError:
        return _complain("memory: there is not enough for this; ask for less (--bound), or give a smaller file", 2)
    except KeyboardInterrupt:
        return _complain("stopped", 130)
    finally:
        sys.stdout = written


class Plain:
    """A stream on which nothing that a model, a mail or a log says can move a terminal's cursor, colour it or turn its text round: such
    characters are written as JSON escapes them, so that an object of `--json` stays one."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, text: str) -> int:
        """Write text, its hidden characters as escapes."""
        return self.stream.write(text if text.isprintable() else text.translate(HIDDEN))

    def __getattr__(self, name: str):
        return getattr(self.stream, name)


CONTROLS = (*range(9), *range(11, 32), *range(127, 160))  # all but the tab and the line's end
TURNERS = (0x61C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
HIDDEN = {code: f"\\u{code:04x}" for code in (*CONTROLS, *TURNERS)}


def _run(name: str, rest: list[str]) -> int:
    if name in ("-h", "--help", "help"):
        return _usage(0)
    if name == "--version":
        from tdxkit import __version__

        print(f"tdxkit {__version__}")
        return 0
    if name not in COMMANDS:
        from tdxkit.text import near

        meant = near(name, COMMANDS) or "one of " + ", ".join(COMMANDS)
        raise TdxkitError(f"command {printable(name)}", "there is no such command", f"try {meant}")
    from importlib import import_module

    from tdxkit.commands import Parser

    command = import_module(f"tdxkit.commands.{name}")
    parser = Parser(prog=f"tdxkit {name}", description=COMMANDS[name])
    command.configure(parser)
    try:
        args = parser.parse_args(rest)
    except SystemExit:  # --help was asked for and given
        return 0
    return command.run(args) or 0


def _mend_streams() -> None:
    """No answer dies of being printed: a closed stream becomes the null device, a letter it does not know an escape."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  open as long as we are
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _drop(stream) -> None:
    """What nobody can receive goes nowhere, or Python complains of it once more at its end."""
    from contextlib import suppress

    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _complain(text: str, code: int) -> int:
    """One line on standard error, whatever is in it."""
    try:
        print(f"tdxkit: {printable(text, 2000)}", file=sys.stderr)
        sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)
    return code


def _usage(code: int) -> int:
    width = max(map(len, COMMANDS))
    rows = [f"  {name:{width}}  {what}" for name, what in COMMANDS.items()]
    print("\n".join(["usage: python -m tdxkit COMMAND …    (COMMAND --help says more)", "", *rows]))
    return code
