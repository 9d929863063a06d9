"""`export NAME|CODE|FILE --to html|svg|text|promela`: a race to step, to draw or to read; or a scenario in another tool's language."""

import sys
from pathlib import Path

from tdxkit.commands import whole
from tdxkit.commands.scenarios import load, of_code, own_options, sized
from tdxkit.errors import InputError, printable
from tdxkit.explore.buffers import SC
from tdxkit.text import Pattern

FORMS = ("html", "svg", "text", "promela")
AT = Pattern(r"\s*@(\d{1,9})$")  # behind a schedule code: the step to stand at
OF_CODE = Pattern(r"\S+:\d+x\d+:\S+( .*)?")


def configure(parser):
    """What to write, in which form, and where to."""
    parser.add_argument(
        "name",
        nargs="+",
        help="a scenario of `list`, a file of C or FILE.py:put, with a schedule code behind it or not; or a code of a scenario, CODE@17 to stand at step 17",
    )
    parser.add_argument(
        "--to",
        choices=FORMS,
        required=True,
        help="html: a page that steps by itself; svg: its timeline; text: step by step; promela: a model for SPIN",
    )
    parser.add_argument(
        "--at", type=whole("--at", 0, 10**9), metavar="STEP", help="where it stands (where a rule breaks)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write there (standard output)")
    sized(parser)
    own_options(parser)


def run(args):
    """Write it; the names that had to change in a model are told on standard error."""
    if args.to == "promela":
        _write(args, _promela(args))
        return
    scenario, code, at = meant(args)
    code = code or _race(args, scenario)
    _write(args, _shown(args, scenario, code, at if args.at is None else args.at))


def _promela(args) -> str:
    from tdxkit.commands.waiting import wait
    from tdxkit.explore.promela import writing

    scenario, _, _ = meant(args)
    model = wait(writing(scenario), lambda states, _: f"{states:,} states")
    for label, name in model.renamed.items():
        print(f"{label} is {name} in the model", file=sys.stderr)
    if not model.complete:
        print(
            "not every step is in it: SPIN tells where one is missing; with fewer threads or rounds all are",
            file=sys.stderr,
        )
    return model.text


def _race(args, scenario) -> str:
    """The schedule of the shortest race; "" where no rule breaks, which only a page can show: there the reader is the scheduler."""
    from tdxkit.commands.waiting import wait
    from tdxkit.explore.judging import judging

    result = wait(judging(scenario), lambda states, _: f"{states:,} states").result
    if not result.schedule and args.to != "html":
        raise InputError(
            scenario.name, "no rule breaks in it, so there is no race to show", "give a schedule code, or --to html"
        )
    return result.schedule or ""


def _shown(args, scenario, code: str, at: int | None) -> str:
    """The page, the drawing or the text of a schedule."""
    from tdxkit.explore.telling import replay
    from tdxkit.view.stepper import Stepper

    if not code:
        return Stepper.scheduler(scenario).html()
    told = replay(scenario, code)
    broken = next((k for k, step in enumerate(told.steps, 1) if step.broken), 0)
    if at is not None and at > len(told):
        raise InputError(f"step {at:,}", f"the run has {len(told):,} steps", "name one of them")
    if args.to == "text":
        return f"{told}\n"
    stepper = Stepper(told, position=broken if at is None else at)
    return stepper.html() if args.to == "html" else stepper.drawing()


def _write(args, text: str) -> None:
    if not args.output:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    try:
        Path(args.output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            printable(args.output), f"it cannot be written ({error.strerror})", "name another file"
        ) from None


def meant(args):
    """The scenario that the words name, the schedule code among them ("" for none), and the step that it names."""
    from tdxkit.c.naming import is_c, scenario_of
    from tdxkit.explore.schedule import parse

    text = " ".join(args.name)
    at = AT.search(text)
    text, step = (text[: at.start()], int(at[1])) if at else (text, None)
    first, _, rest = text.partition(" ")
    if rest and OF_CODE.fullmatch(rest):
        args.name = first
        return of_code(args, rest), rest, step
    if OF_CODE.fullmatch(text) and ".py" not in text and not is_c(text):
        code = parse(text)
        if (args.memory != SC and args.memory != code.memory) or args.threads not in (None, code.threads):
            raise InputError("--memory and --threads", "a schedule code names its own", "leave them out")
        return scenario_of(code.name, code.threads, code.rounds).on(code.memory), text, step
    args.name = text
    return load(args), "", step
