"""The command line: a table of commands, each a module of `tdxkit.commands`, loaded when it is called.

Exit code 0: done, whatever the verdict. 1: a check failed (a mismatch). 2: bad input, said in one line.
"""

import sys

from tdxkit.errors import TdxkitError, printable

# name: what it does. The module tdxkit.commands.NAME has configure(parser) and run(args) -> exit code (None for 0).
COMMANDS = {
    "doctor": "check that everything the workbook needs is here",
    "list": "the scenarios that can be explored",
    "explore": "every interleaving of a scenario, and the shortest one that breaks it",
    "replay": "run one schedule again, step by step",
    "lens": "the same race under several posted versions",
    "packet": "a counterexample as text for a mail",
    "bugs": "the known problems of the posted versions, each shown by a run",
    "life": "a TD from creation to teardown, with or without each patch",
    "contention": "how long vCPUs wait for pamt_lock, simulated",
    "decode": "what a completion status means",
    "seamcall": "what a SEAMCALL leaf takes, locks, checks and returns",
    "conflicts": "which pairs of SEAMCALLs get in each other's way",
    "xarray": "replay XArray vector files",
    "lockup": "does setting attributes on a guest trip the watchdog?",
    "trace": "read kvm_msr events from a trace",
    "digest": "read a mailing-list digest",
    "series": "patch series out of mail files",
    "hotplug": "what MSR 0x3A does when a vCPU is plugged in",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code and raises nothing that a user could cause."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv or argv[0] in ("-h", "--help"):
        print(_usage())
        return 0 if argv else 2
    if argv[0] == "--version":
        from tdxkit import __version__

        print(f"tdxkit {__version__}")
        return 0
    try:
        return _run(argv[0], argv[1:])
    except TdxkitError as error:
        print(f"tdxkit: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader (head, less) has seen enough
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print("tdxkit: stopped", file=sys.stderr)
        return 130


def _run(name: str, rest: list[str]) -> int:
    from importlib import import_module

    if name not in COMMANDS:
        from difflib import get_close_matches

        near = " or ".join(get_close_matches(name, COMMANDS, 2)) or "one of " + ", ".join(COMMANDS)
        raise TdxkitError(f"command {printable(name)}", "there is no such command", f"try {near}")
    from tdxkit.commands import Parser

    command = import_module(f"tdxkit.commands.{name}")
    parser = Parser(prog=f"tdxkit {name}", description=COMMANDS[name])
    command.configure(parser)
    code = command.run(parser.parse_args(rest)) or 0
    sys.stdout.flush()
    return code


def _usage() -> str:
    width = max(map(len, COMMANDS))
    rows = [f"  {name:{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(["usage: python -m tdxkit COMMAND …    (COMMAND --help says more)", "", *rows])
