"""A review packet: one schedule as plain text for a mail, in the columns that kernel changelogs use.

At most 75 columns, one row a step, the refcount and the pair after it, the rule that broke, what the model leaves out, and the
command that replays it. Everything in it comes from a `Run`.
"""

import textwrap
from collections.abc import Iterator

from tdxkit.errors import InputError
from tdxkit.explore.program import DEADLOCK, LIVELOCK
from tdxkit.rules import defect
from tdxkit.run import NO_END, STANDSTILLS, Run
from tdxkit.text import words

WIDTH = 75
NARROWEST = 18  # a lane with less room: then all actors share one column and are named in each row


def packet(run: Run, scenario: str, broken: str | None = None) -> str:
    """The packet of a run. `scenario` is the name to replay it under; `broken` the rule to speak of (default: the first one broken).

    InputError for a run that carries no schedule code.
    """
    if not run.code:
        raise InputError("review packet", "it needs a run with a schedule code", "replay a schedule of the explorer")
    number, rule = _broken(run, broken)
    parts = [
        _fill(run.title + (f" ({run.subtitle})" if run.subtitle else "")),
        _fill(_verdict(run, number, rule)),
        "\n".join(_table(run, number)),
    ]
    if number:
        step = run.steps[number - 1]
        said = [f"{step.actor}: {step.sentence}", *(w.why for w in step.waits if rule == DEADLOCK)]
        parts.append("\n".join(_fill(text, f"*** step {number}: ", "    ") for text in said))
    parts += [_limits(run), _command(run, scenario)]
    return "\n\n".join(parts).replace("×", "x") + "\n"  # a mail to a kernel list is ASCII


def _broken(run: Run, asked: str | None) -> tuple[int, str]:
    for number, step in enumerate(run.steps, 1):
        for rule in step.broken:
            if asked in (None, rule):
                return number, rule
    return 0, ""


def _verdict(run: Run, number: int, rule: str) -> str:
    if rule in STANDSTILLS:
        head = f"The model finds a {rule} after step {number}" + (f": {NO_END}" if rule == LIVELOCK else "")
    else:
        said = defect(rule)
        head = (
            f"The model finds: {said} (step {number}; the rule: {rule})"
            if number
            else "In the model no rule breaks on this schedule"
        )
    return f"{head}. Sequential consistency only: steps interleave, none is reordered."


def _table(run: Run, broken: int) -> Iterator[str]:
    """Header, rule and one row (or more, where a label wraps) for each step."""
    facts = [key for key in run.first if key.startswith(("refcount[", "pair["))]
    one = len(facts) <= 2  # one region: its number says nothing
    heads = [key.replace("refcount", "rc").partition("[" if one else "\0")[0] for key in facts]
    lanes, width = list(run.actors), _width(len(run.actors), heads)
    if width < NARROWEST:
        lanes, width = [""], _width(1, heads)
    row = f"{{:>3}} {' | '.join([f'{{:{width}}}'] * len(lanes))} | {' '.join(f'{{:>{len(head)}}}' for head in heads)}"
    yield row.format("", *lanes, *heads).rstrip()
    yield "-" * len(row.format("", *lanes, *heads))
    for number, (step, state) in enumerate(zip(run.steps, list(run.states())[1:]), 1):
        column, label = (
            (lanes.index(step.actor), step.label) if step.actor in lanes else (0, f"{step.actor}: {step.label}")
        )
        wrapped = _wrapped(label, width)
        for k, line in enumerate(wrapped):
            last = k == len(wrapped) - 1
            cells = [line if c == column else "" for c in range(len(lanes))]
            marks = [_short(state[key]) if last else "" for key in facts]
            yield row.format(f"{number}{'*' * (number == broken)}" if not k else "", *cells, *marks).rstrip()


def _width(lanes: int, heads: list[str]) -> int:
    """Columns for each lane beside the step's number and the facts."""
    return (WIDTH - 7 - 3 * (lanes - 1) - sum(map(len, heads)) - (len(heads) - 1)) // lanes


def _wrapped(label: str, width: int) -> list[str]:
    """A label in lines of at most `width`, broken before its argument where it is too long."""
    if len(label) > width and "(" in label:
        name, _, rest = label.partition("(")
        return [
            *textwrap.wrap(name, width),
            *textwrap.wrap("(" + rest, width - 2, initial_indent="  ", subsequent_indent="  "),
        ]
    return textwrap.wrap(label, width, subsequent_indent="  ") or [""]


def _short(value: object) -> str:
    return "P" if value is True else "-" if value is False else words(value)


def _limits(run: Run) -> str:
    entries = [*(f"simplified: {e}" for e in run.card.simplified), *(f"left out: {e}" for e in run.card.left_out)]
    return "\n".join(["What the model does not say:", *(_fill(e, "  - ", "    ") for e in entries)])


def _command(run: Run, scenario: str) -> str:
    """The command with the code, broken at spaces so that no line is too long for a mail or a shell."""
    lines = textwrap.wrap(run.code, WIDTH - 8, break_on_hyphens=False)
    code = " \\\n    ".join(lines)
    return f"Replay it with tdxkit:\n  python -m tdxkit replay {scenario} \\\n    {code}"


def _fill(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
