"""`export NAME|CODE|FILE --to promela`: a scenario in another tool's language."""

import sys
from pathlib import Path

from tdxkit.commands.scenarios import load, own_options, sized
from tdxkit.errors import InputError, printable
from tdxkit.explore.buffers import SC

FORMS = ("promela",)


def configure(parser):
    """What to write, in which form, and where to."""
    parser.add_argument(
        "name",
        nargs="+",
        help="a scenario of `list`, a file of C, FILE.py:put, or a schedule code: the scenario that it is of",
    )
    parser.add_argument("--to", choices=FORMS, required=True, help="promela: a model for SPIN")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there (standard output)")
    sized(parser)
    own_options(parser)


def run(args):
    """Write the scenario; the names that had to change are told on standard error."""
    from tdxkit.commands.waiting import wait
    from tdxkit.explore.promela import writing

    model = wait(writing(meant(args)), lambda states, _: f"{states:,} states")
    for label, name in model.renamed.items():
        print(f"{label} is {name} in the model", file=sys.stderr)
    if not model.complete:
        print(
            "not every step is in it: SPIN tells where one is missing; with fewer threads or rounds all are",
            file=sys.stderr,
        )
    if not args.output:
        print(model.text, end="")
        return
    try:
        Path(args.output).write_text(model.text, encoding="ascii")
    except OSError as error:
        raise InputError(
            printable(args.output), f"it cannot be written ({error.strerror})", "name another file"
        ) from None


def meant(args):
    """The scenario that the words name: one word, or a schedule code of several."""
    from tdxkit.c.naming import is_c, scenario_of

    text = " ".join(args.name)
    if ":" in text and ".py" not in text and not is_c(text):
        from tdxkit.explore.schedule import parse

        code = parse(text)
        if (args.memory != SC and args.memory != code.memory) or args.threads not in (None, code.threads):
            raise InputError("--memory and --threads", "a schedule code names its own", "leave them out")
        return scenario_of(code.name, code.threads, code.rounds).on(code.memory)
    args.name = text
    return load(args)
