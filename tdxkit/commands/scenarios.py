"""The arguments that name a scenario, of every command that takes one: `v2`, or `FILE.py:put` and what is to stand around it."""

import shlex
from argparse import ArgumentParser, Namespace

from tdxkit.commands import whole
from tdxkit.explore.buffers import MEMORIES, SC
from tdxkit.explore.declared import MAX_THREADS
from tdxkit.explore.program import Scenario
from tdxkit.explore.whose import STAYS
from tdxkit.linux.refcount.naming import scenario_of
from tdxkit.linux.refcount.registry import FAULTS, MAX_ROUNDS, MOST_REGIONS

OPTIONS = ("get", "put", "roles", "regions", "faults")
DECLARE = (
    'Beside get and put the file may declare SHARED = {"mylock": False}, its own shared variables; LOCKS = ("mylock",) and MUTEXES, which '
    'of them are locks; RULES = (always("what must hold", lambda m: m.mylock in (False, True)),), with always, at_end and must from tdxkit.explore.'
)


def sized(parser: ArgumentParser, most_threads: int = MAX_THREADS, most_rounds: int = MAX_ROUNDS) -> None:
    """How many CPUs, and how often each does it."""
    parser.add_argument(
        "--threads", type=whole("--threads", 1, most_threads), metavar="N", help="CPUs (2, or as many as --roles has)"
    )
    parser.add_argument(
        "--rounds",
        type=whole("--rounds", 1, most_rounds),
        default=1,
        metavar="N",
        help="times get, use, put on each CPU (1)",
    )
    in_memory(parser)


def in_memory(parser: ArgumentParser) -> None:
    """Which memory the CPUs share."""
    parser.add_argument(
        "--memory",
        choices=tuple(MEMORIES),
        default=SC,
        help="sc (each store is seen by all at once) or tso (x86: stores wait in their CPU's buffer)",
    )


def own_options(parser: ArgumentParser) -> None:
    """What goes with a file of the reader's own."""
    group = parser.add_argument_group("a file of your own", f"{STAYS} {DECLARE}")
    group.add_argument(
        "--get", default="", metavar="NAME", help="a get of the file, or that of a design (its get, else v2's)"
    )
    group.add_argument("--put", default="", metavar="NAME", help="the same for put, where FILE.py does not name it")
    group.add_argument(
        "--roles",
        default="",
        metavar="LIST",
        help="what each CPU does, such as get,get,put: life (get, use, put), get (keeps the page), put (gives back a page in use from the start)",
    )
    group.add_argument(
        "--regions",
        type=whole("--regions", 1, MOST_REGIONS),
        default=1,
        metavar="N",
        help="CPU k works on region k modulo N (1: all on one)",
    )
    group.add_argument("--faults", default="", metavar="LIST", help=f"what may go wrong: {', '.join(FAULTS)}")


def asked(args: Namespace) -> dict:
    """The options of a reader's file that were given."""
    return {option: getattr(args, option) for option in OPTIONS}


def load(args: Namespace, name: str = "") -> Scenario:
    """The scenario that the arguments name, or one of several names."""
    return scenario_of(name or args.name, args.threads, args.rounds, **asked(args)).on(args.memory)


def of_code(args: Namespace, code: str) -> Scenario:
    """The scenario that the arguments name, as a schedule code has it: at its size, and with steps taken apart where its steps are."""
    from tdxkit.explore.schedule import parse
    from tdxkit.explore.split import MARK, meant

    parsed = parse(code)
    label = (
        {"label": parsed.name.removesuffix(MARK)} if parsed.text else {}
    )  # the text says whose it is, not the file's name here
    found = scenario_of(args.name, None if args.roles else parsed.threads, parsed.rounds, **asked(args), **label)
    return meant(found, parsed)


def words(args: Namespace, *options: str, then: tuple[str, ...] = ()) -> str:
    """The scenario that the arguments name, with these options where they were given, and what follows, as a shell takes it."""
    given = [w for o in options if (value := getattr(args, o)) not in ("", 1) for w in (f"--{o}", str(value))]
    return shlex.join([args.name, *given, *then])


def replays(args: Namespace, schedule: str) -> str:
    """The command that replays a schedule of the scenario that the arguments name."""
    return "step through it: python -m tdxkit replay " + words(args, *OPTIONS, then=(schedule,))
