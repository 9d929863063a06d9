"""`replay NAME CODE`: one schedule run again, step by step."""

from tdxkit.commands.scenarios import of_code, own_options
from tdxkit.errors import InputError


def configure(parser):
    """The scenario and the schedule code."""
    parser.add_argument("name", help="what the code was made for: a scenario of `list`, a file of C, FILE.py:put")
    parser.add_argument("code", nargs="+", help="a schedule code, such as 'v2:2x1:9f3c A10 B15 A3 +c41e07'")
    parser.add_argument(
        "--shrink",
        action="store_true",
        help="first make it shorter and calmer while its first broken rule still breaks",
    )
    parser.add_argument(
        "--lines",
        choices=("c", "python"),
        help="beside each step the line that takes it: of the text, or of a design's model or its C",
    )
    own_options(parser)


def run(args):
    """Print the run as a table of steps, or say at which step the schedule stops fitting."""
    from tdxkit.explore.schedule import parse
    from tdxkit.explore.tables import Tables
    from tdxkit.explore.telling import compared, replay
    from tdxkit.review.of_c import beside, labels

    text = " ".join(args.code)
    code, scenario = parse(text), of_code(args, text)
    tables = Tables(scenario)
    checked = compared(scenario, code, tables)
    told = replay(scenario, text, tables)
    if args.shrink:
        told = _shrunk(scenario, told, code.steps)
        print(f"shrunk from {len(code.steps)} steps: {told.code}")
    shown = _in(told, args.lines, scenario) if args.lines else told
    print(shown.told(labels(scenario), *([beside(shown)] if args.lines else [])))
    print(checked)


def _in(told, language, scenario):
    """The run at the lines of this language."""
    from tdxkit.c.designs import in_c
    from tdxkit.c.oftext import OfC

    if language == ("c" if isinstance(scenario.own, OfC) else "python"):
        return told
    if language == "c" and (other := in_c(told)):
        return other
    rule = "this is C" if language == "python" else "no C stands beside this scenario"
    raise InputError(f"--lines {language}", rule, f"use --lines {'c' if language == 'python' else 'python'}")


def _shrunk(scenario, told, steps):
    """A run that breaks the rule that `told` breaks first, in fewer switches or steps where any could be found."""
    from tdxkit.explore.shrinking import shrink
    from tdxkit.explore.telling import replay_steps

    rule = next((rule for step in told.steps for rule in step.broken), None)
    if rule is None:
        raise InputError("replay --shrink", "this schedule breaks no rule", "give one that does, or leave --shrink out")
    return replay_steps(scenario, shrink(scenario, steps, rule))
