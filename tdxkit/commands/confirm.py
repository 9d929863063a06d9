"""`confirm NAME --with spin`: the verdict of a search beside that of SPIN on the same tables."""

from tdxkit.commands import print_json, whole
from tdxkit.commands.export import meant
from tdxkit.commands.scenarios import own_options, sized
from tdxkit.errors import InputError

MOST_CORES = 64
SAYS = (
    "what this confirms: the search over these tables. That the tables are the programs is confirmed by the readable engine "
    "and the tests; SPIN is not asked for livelocks, nor for what must come true once"
)


def configure(parser):
    """What to confirm, and with what."""
    parser.add_argument(
        "name", nargs="+", help="a scenario of `list`, a file of C, FILE.py:put, or a schedule code of it"
    )
    parser.add_argument("--with", dest="tool", choices=("spin",), required=True, help="spin: Debian's spin and gcc")
    parser.add_argument(
        "--cores",
        type=whole("--cores", 1, MOST_CORES),
        default=1,
        metavar="N",
        help="let SPIN search on so many (1)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    sized(parser)
    own_options(parser)


def run(args):
    """Print both; the exit code is 1 where they differ."""
    from tdxkit.commands.spin import find_tools, schedule, spinning
    from tdxkit.commands.waiting import wait
    from tdxkit.explore.program import DEADLOCK, LIVELOCK
    from tdxkit.explore.promela import writing
    from tdxkit.explore.search import exploring

    find_tools()
    scenario = meant(args)[0]
    ours = wait(exploring(scenario, reduce="none"), lambda states, _: f"{states:,} states")
    if ours.states == 1 and ours.broken and not ours.steps:
        raise InputError(
            ours.scenario,
            f"{ours.property} is broken before the first step",
            "there is nothing to search, nor to confirm",
        )
    model = wait(writing(scenario), lambda states, _: f"{states:,} states")
    theirs = wait(spinning(model, args.cores), lambda seconds, _: f"SPIN, {seconds:.0f} s")
    code = schedule(scenario, theirs)
    broken = {*theirs.broken, *((DEADLOCK,) if theirs.deadlock else ())}
    not_asked = {LIVELOCK, *(rule.name for rule in scenario.asked if rule.kind == "sometimes")}
    same_rules = broken == set(ours.broken) - not_asked
    found = {
        "scenario": ours.scenario, "threads": ours.threads, "rounds": ours.rounds, "memory": ours.memory,
        "verdict": ours.verdict, "states": ours.states, "broken": sorted(ours.broken),
        "spin": {"states": theirs.states, "broken": sorted(broken), "schedule": code},
        "same": same_rules and (theirs.states == ours.states or not ours.complete),
    }  # fmt: skip
    if args.json:
        print_json(found)
    else:
        _tell(found, args.cores)
    return 0 if found["same"] else 1


def _tell(found: dict, cores: int) -> None:
    from tdxkit.rules import result

    spin = found["spin"]
    print(f"{found['scenario']}, {found['threads']} × {found['rounds']}, memory {found['memory']}")
    for who, states, broken in (("tdxkit", found["states"], found["broken"]), ("SPIN", spin["states"], spin["broken"])):
        print(f"{who:8}{states:>12,} states  {'; '.join(map(result, broken)) or 'no rule broken, no deadlock'}")
    if spin["schedule"]:
        print(f"SPIN's counterexample replays here: {spin['schedule']}")
    print("the same" if found["same"] else "THEY DIFFER: please report it")
    print(SAYS)
    if cores > 1:
        print(
            "on several cores SPIN keeps a hash of each state and not the state: it may take two for one, and then misses some"
        )
