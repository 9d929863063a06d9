"""`replay NAME CODE`: one schedule run again, step by step."""

from tdxkit.commands.scenarios import load


def configure(parser):
    """The scenario and the schedule code."""
    parser.add_argument("name", help="the scenario, or FILE.py:put, that the code was made for")
    parser.add_argument("code", nargs="+", help="a schedule code, such as 'v2:2x1:9f3c A10 B15 A3'")


def run(args):
    """Print the run as a table of steps, or say at which step the schedule stops fitting."""
    from tdxkit.explore.schedule import parse
    from tdxkit.explore.telling import replay

    text = " ".join(args.code)
    code = parse(text)
    print(replay(load(args.name, code.threads, code.rounds), text))
