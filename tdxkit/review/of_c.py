"""Steps of a text in C by the lines of its file: what a mail or a terminal shows beside each."""

from collections.abc import Callable

from tdxkit.c.naming import OF_OPTION
from tdxkit.c.oftext import OfC
from tdxkit.explore.buffers import DRAINED
from tdxkit.explore.frames import in_c
from tdxkit.explore.program import Scenario
from tdxkit.run import Run, Step


def labels(one: Scenario) -> Callable[[Step], str]:
    """What a step is called: its label, of a text in C with the line of the file before it, as `12: read users`: where functions
    call each other the lines on the way there, and of a --run that."""
    lines = lines_of(one)
    long = {f.__name__ for f in one.texts if f.__name__.startswith(OF_OPTION) and len(f.shown.lines) > 1}  # type: ignore[attr-defined]

    def label(step: Step) -> str:
        way = [str(lines[line.text] + line.index) for line in step.way if line.text in lines]
        if way:
            return f"{' → '.join(way)}: {step.answered}"
        if step.line and step.line.text.startswith(OF_OPTION):
            row = f", line {step.line.index + 1}" if step.line.text in long else ""
            return f"{step.line.text}{row}: {step.answered}"
        return step.answered

    return label


def beside(run: Run) -> Callable[[Step], str]:
    """The line of the text that takes a step, with the text's name; of statements that are all on one line nothing, as the label says them."""

    def line(step: Step) -> str:
        if not step.line or (step.line.text.startswith(OF_OPTION) and len(run.texts[step.line.text].lines) == 1):
            return ""
        return f"{step.line.text}: {run.line_at(step.line)}"

    return line


def lines_of(one: Scenario) -> dict[str, int]:
    """Of each function of a text in C its first line, as lines are counted in the file; none of another scenario."""
    if not isinstance(one.own, OfC):
        return {}
    return {
        f.__name__: f.__code__.co_firstlineno
        for f in one.texts
        if in_c(f.__code__) and not f.__name__.startswith(OF_OPTION)
    }


def line_of(step: Step, lines: dict[str, int]) -> int:
    """The line of the file where a step stands; 0 where it is none of a file in C."""
    return lines[step.line.text] + step.line.index if step.line and step.line.text in lines else 0


def code_of(run: Run, step: Step) -> str:
    """The line itself."""
    return run.texts[step.line.text].lines[step.line.index].strip() if step.line else ""


def with_value(label: str, step: Step, buffers: tuple[str, ...]) -> str:
    """The label of a step with what it puts into a store buffer, or takes from there to memory, which no column shows."""
    for change in step.changes:
        if change.key in buffers and isinstance(change.new, tuple) and isinstance(change.old, tuple):
            if len(change.new) > len(change.old):
                return f"{label} = {str(change.new[-1]).partition(' = ')[2]}"
            if step.label == str(DRAINED):
                return f"{change.old[0]} leaves the buffer"
    return label
