"""The arguments that name a scenario, of every command that takes one: `v2`, a file of C, or `FILE.py:put`, and what is to stand around it."""

import shlex
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Iterator

from tdxkit.c.naming import OF_C, SPELT, is_c, scenario_of, spelt
from tdxkit.commands import whole
from tdxkit.errors import InputError
from tdxkit.explore.buffers import MEMORIES, SC
from tdxkit.explore.declared import MAX_THREADS
from tdxkit.explore.program import Scenario
from tdxkit.explore.whose import STAYS
from tdxkit.intake import name_of
from tdxkit.linux.refcount.registry import FAULTS, MAX_ROUNDS, MOST_REGIONS

NAME = "a scenario of `list`, or your own: a file of C (also a diff, a mail, - for standard input), or FILE.py:put"
OPTIONS = ("get", "put", "roles", "regions", "faults", *OF_C)
ONCE = ("get", "put", "roles", "regions", "faults")
MOST = 2**64  # beyond what any integer of C holds
DECLARE = (
    'Beside get and put the file may declare SHARED = {"mylock": False}, its own shared variables; LOCKS = ("mylock",) and MUTEXES, which '
    'of them are locks; RULES = (always("what must hold", lambda m: m.mylock in (False, True)),), with always, at_end and must from tdxkit.explore.'
)
READS = (
    "A file of C is told by what is in it: C, a diff, a mail or a quoted answer in which whole functions stand, gzip too. It becomes steps of the search and does not run as a program. "
    "The functions that end in _get and _put are what each CPU does, with the use of a page between them; or --run says it."
)


def sized(parser: ArgumentParser, most_threads: int = MAX_THREADS, most_rounds: int = MAX_ROUNDS) -> None:
    """How many CPUs, and how often each does it."""
    parser.add_argument(
        "--threads",
        type=whole("--threads", 1, most_threads),
        metavar="N",
        help="CPUs (2, or as many as --roles or --run has)",
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
    pair_options(parser.add_argument_group("a file of your own, of C or Python"))
    python = parser.add_argument_group("a file of Python", f"{STAYS} {DECLARE}")
    python.add_argument("--faults", default="", metavar="LIST", help=f"what may go wrong: {', '.join(FAULTS)}")
    c_options(parser.add_argument_group("a file of C", READS))


def pair_options(group) -> None:
    """Which functions get and put, and who does what."""
    group.add_argument(
        "--get",
        default="",
        metavar="NAME",
        help="a get of the file, or with Python that of a design (its get, else v2's)",
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


def c_options(group) -> None:
    """What goes with C."""
    group.add_argument(
        "--run",
        action="append",
        default=[],
        metavar="TEXT",
        help="statements of C: what every CPU does, or given again and again what each does",
    )
    group.add_argument(
        "--stub", dest="stubs", action="append", default=[], type=_numbered, metavar="NAME=VALUE",
        help="a function that is not in the text gives this number and does nothing",
    )  # fmt: skip
    group.add_argument(
        "-D",
        dest="defines",
        action="append",
        default=[],
        type=_defined,
        metavar="NAME[=V]",
        help="a macro (1), as a compiler takes it",
    )
    group.add_argument(
        "--set", dest="sets", action="append", default=[], type=_numbered, metavar="NAME=VALUE",
        help="what a variable holds first; refcount is the counter of each region",
    )  # fmt: skip
    group.add_argument(
        "--may-fail",
        action="append",
        default=[],
        metavar="LIST",
        help="what may fail: alloc, add, remove, pages (one page of a pair at a time)",
    )
    group.add_argument(
        "--softirq", action="append", nargs="?", const="put", default=[], type=_of_softirq, metavar="TEXT",
        help="a softirq: put, or nothing behind it, gives back a page on top of CPU 0, as in v5-softirq; statements of C come in once on each CPU",
    )  # fmt: skip


def _of_softirq(text: str) -> str:
    """What a softirq runs: a name would be that of the file, which stood behind the option."""
    if text != "put" and not text.rstrip().endswith((";", "}")):
        raise ArgumentTypeError(
            f"put or statements such as 'handler();' stand behind it, or nothing at the end, not {text[:40]!r}"
        )
    return text


def _numbered(text: str) -> tuple[str, int]:
    """NAME=VALUE: a name of C, or a member or an element by it, and a whole number."""
    name, sign, value = text.partition("=")
    try:
        number = int(value, 0) if len(value) < 40 else MOST
    except ValueError:
        sign, number = "", 0
    if (
        not sign
        or not name
        or not (name[0].isalpha() or name[0] == "_")
        or not name.isascii()
        or not name.isprintable()
    ):
        raise ArgumentTypeError(f"it is NAME=VALUE with a whole number, such as users=1, not {text[:40]!r}")
    if not -MOST < number < MOST:
        raise ArgumentTypeError(f"no integer of C holds {value[:40]}")
    return name, number


def _defined(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name.isidentifier() and name.isascii()):
        raise ArgumentTypeError(f"it is NAME or NAME=VALUE, such as CONFIG_SMP=1, not {text[:40]!r}")
    return name, value if sign else "1"


def asked(args: Namespace) -> dict:
    """The options of a reader's file that were given."""
    twice = [(option, name) for option in ("stubs", "defines", "sets") for name, _ in getattr(args, option)]
    twice += [("softirq", "")] * len(args.softirq)
    if odd := next((pair for pair in twice if twice.count(pair) > 1), None):
        from tdxkit.errors import InputError

        raise InputError(f"{SPELT[odd[0]]} {odd[1]}".rstrip(), "it is given twice", "give it once")
    failing = tuple(dict.fromkeys(word.strip() for words in args.may_fail for word in words.split(",")))
    once = {option: getattr(args, option) for option in ONCE if hasattr(args, option)}
    pairs = {option: dict(getattr(args, option)) for option in ("stubs", "defines", "sets")}
    return once | pairs | {"run": tuple(args.run), "may_fail": failing, "softirq": "".join(args.softirq)}


def load(args: Namespace, name: str = "") -> Scenario:
    """The scenario that the arguments name, or one of several names."""
    return scenario_of(name or args.name, args.threads, args.rounds, **asked(args)).on(args.memory)


def several(args: Namespace) -> list[Scenario]:
    """The scenarios of several names; the options of a reader's file go to those that are his."""
    options = asked(args)
    mine = [name for name in args.names if is_c(name)]
    found = []
    for name in args.names:
        python, c = ".py" in name and name not in mine, name in mine or not mine
        given = {
            option: value for option, value in options.items() if (c if option in OF_C else python or name in mine)
        }
        try:
            found.append(scenario_of(name, **given))
        except InputError as error:
            raise _of_file(error, name) if len(args.names) > 1 and name in mine else error from None
    return found


def _of_file(error: InputError, name: str) -> InputError:
    """What is wrong with one of several texts, with the name of its file."""
    file = name_of(name)
    return error if file in error.thing else InputError(f"{file}, {error.thing}", error.rule, error.action)


def of_code(args: Namespace, code: str) -> Scenario:
    """The scenario that the arguments name, as a schedule code has it: at its size, and with steps taken apart where its steps are."""
    from tdxkit.explore.schedule import parse
    from tdxkit.explore.split import MARK, meant

    parsed = parse(code)
    label = (
        {"label": parsed.name.removesuffix(MARK)} if parsed.text else {}
    )  # the text says whose it is, not the file's name here
    alone = args.roles or len(args.run) > 1  # they say how many threads there are
    found = scenario_of(args.name, None if alone else parsed.threads, parsed.rounds, **asked(args), **label)
    return meant(found, parsed)


def words(args: Namespace, *options: str, then: tuple[str, ...] = ()) -> str:
    """The scenario that the arguments name, with these options where they were given, and what follows, as a shell takes it."""
    return shlex.join([args.name, *given_words(args, options), *then])


def given_words(args: Namespace, options: Iterable[str]) -> list[str]:
    """Those of these options that were given, with their values, as words of a command."""
    return [word for option in options for value in _given(args, option) for word in spelt(_option(option), value)]


def _option(name: str) -> str:
    return SPELT.get(name, f"--{name}")


def _given(args: Namespace, option: str) -> Iterator[str]:
    """The values of an option as they are written; none where it was not given."""
    value = getattr(args, option, "")
    if option in ONCE:
        yield from [] if value in ("", 1) else [str(value)]
        return
    for one in value:
        yield one if isinstance(one, str) else f"{one[0]}={one[1]}"


def replays(args: Namespace, schedule: str) -> str:
    """The command that replays a schedule of the scenario that the arguments name."""
    return "step through it: python -m tdxkit replay " + words(args, *OPTIONS, then=(schedule,))
