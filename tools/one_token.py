"""Every change of one token in the programs of every design, and the rule that it breaks: the list tests/data/one_token.toml.

    python tools/one_token.py            # does what comes out agree with the list?
    python tools/one_token.py --write v6 # write it anew; a change that survives keeps its reason, a new one waits for it

A change is a number, a truth, an operator, a `not`, a name or a condition; a statement dropped, two checks that change places. Each is run under
every trial until it breaks a rule that the design as it is does not break there; a run goes on past what it breaks.
"""

import argparse
import ast
import io
import json
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import chain, product
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tdxkit.errors import ModelError  # noqa: E402
from tdxkit.explore import explore  # noqa: E402
from tdxkit.explore.endings import outcomes  # noqa: E402
from tdxkit.linux.refcount import module as shared  # noqa: E402
from tdxkit.linux.refcount.posted import DESIGNS  # noqa: E402
from tdxkit.linux.refcount.registry import FAULTS, Variant, of_design  # noqa: E402
from tdxkit.linux.refcount.roles import taken  # noqa: E402
from tdxkit.rules import known  # noqa: E402
from tools.mutating import Fault, faults  # noqa: E402

Trial = tuple[int, int, str]  # CPUs, rounds, and what may go wrong
KEPT = ROOT / "tests" / "data" / "one_token.toml"
BOUND = 2_000  # states; no design has as many under a trial
ENDLESS = "endless"  # a count grows for ever
NO_PROGRAM = "no program"  # the explorer refuses it: a key that is not there, a place that it cannot know
THREE = "three at once"  # each CPU takes two more references while it holds the first
TRIALS: dict[str, Trial] = {  # by their names in the list, the cheapest first
    f"{cpus}x{rounds} {what}".strip(): (cpus, rounds, what)
    for cpus, rounds, what in (
        *((1, rounds, what) for rounds, what in product((1, 2), ("", THREE, *FAULTS))),
        *((2, 1, what) for what in ("", *FAULTS)),
        (2, 2, ""),
        (3, 1, ""),
    )
}
HEAD = """# Every change of one token in get, put and what they call, of every design, and the rules that kill it: [function, lines after its def, the line,
# the line changed, rules, trial]. A trial is CPUs x rounds and what may go wrong. What survives says why that is right.
# `python tools/one_token.py` compares; with --write it writes this anew and keeps the reasons."""
USE_AMONG_OTHERS = """
def use_among_others(m, region):
    for _ in range(2):
        if not taken(m, (yield from get(m, region))):
            return
    yield from use(m, region)
    for _ in range(2):
        yield from put(m, region)
        yield from use(m, region)
"""
MODULE_SIDE = {
    "lazy": ("aug", "add", "remove", "busy")
}  # steps of the TDX module's own, which the design has to take as they are
TWINS = (
    "ENOMEM EIO",
    "tdh_phymem_pamt_add tdh_phymem_pamt_remove",
    "spin_lock spin_unlock",
    "read_lock write_lock",
    "RCX R8",
    "add remove",
)


class Change(NamedTuple):
    """One change: the function, its line counted from its `def`, and that line as it is and as it becomes."""

    function: str
    line: int
    before: str
    after: str
    program: ModuleType


@cache
def changes(design: str) -> tuple[Change, ...]:
    """Every change of one token of a design's functions, in their order. What only says something is left alone."""
    path = Path(DESIGNS[design].code.__file__)
    text = path.read_text(encoding="utf-8")
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    found = []
    for fault in sorted({*faults(path), *_names(path, text)}, key=lambda f: (f.start, f.end, f.put)):
        home = next((f for f in functions if f.lineno < fault.line <= (f.end_lineno or 0)), None)
        if home and home.name not in MODULE_SIDE.get(design, ()) and not fault.lines()[0].startswith("m.tell("):
            program = _program(design, fault.planted())
            found.append(Change(home.name, fault.line - home.lineno, *fault.lines(), program))
    return tuple(found)


def _names(path: Path, text: str) -> Iterator[Fault]:
    """One of two names that could be taken for each other in the place of the other."""
    twin = dict(chain.from_iterable(((a, b), (b, a)) for a, b in map(str.split, TWINS)))
    rows = [0]
    for row in text.splitlines(keepends=True):
        rows.append(rows[-1] + len(row.encode()))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and token.string in twin and f"def {token.string}(" not in token.line:
            start = rows[token.start[0] - 1] + len(token.line[: token.start[1]].encode())
            yield Fault(path, start, start + len(token.string), twin[token.string], "name")


def _program(design: str, text: bytes) -> ModuleType:
    """The design with the change. A changed name may be one that it does not import, so all that designs share is there."""
    program = ModuleType(DESIGNS[design].code.__name__)
    vars(program).update({name: value for name, value in vars(shared).items() if not name.startswith("_")})
    exec(compile(text, f"<{design}, changed>", "exec"), vars(program))  # our own source, one token changed
    vars(program)["taken"] = taken
    exec(compile(USE_AMONG_OTHERS, "<use among others>", "exec"), vars(program))
    return program


@cache
def _unchanged(design: str) -> ModuleType:
    return _program(design, Path(DESIGNS[design].code.__file__).read_bytes())


def broken(design: str, code: ModuleType, trial: Trial) -> set[str]:
    """The rules, by their ids, that some run under a trial breaks; how else one ends wrong ("deadlock"), or that it is no program."""
    cpus, rounds, what = trial
    variant = Variant(design, **({FAULTS[what][1]: True} if what in FAULTS else {}))
    parts = SimpleNamespace(**{**vars(code), **({"use": code.use_among_others} if what == THREE else {})})
    try:
        scenario = of_design(parts, design, cpus, rounds, variant)
        found = outcomes(scenario, BOUND)
        seen = explore(scenario).seen if trial == (1, 1, "") else {}
    except ModelError:
        return {NO_PROGRAM}
    rules = {rule for row in found.rows for rule in row.broken} | {rule for rule, met in seen.items() if not met}
    ended = {row.ended for row in found.rows} - {"finished"} | ({ENDLESS} if not found.complete else set())
    return {by_name.id if (by_name := known(rule)) else rule for rule in rules} | ended


@cache
def _as_it_is(design: str, trial: Trial) -> set[str]:
    return broken(design, _unchanged(design), trial)


def killers(design: str, change: Change, trial: Trial) -> str:
    """The rules that a change breaks under a trial and the design does not, in a line; "" where there is none."""
    own = _as_it_is(design, trial)
    return "" if ENDLESS in own else ", ".join(sorted(broken(design, change.program, trial) - own))


def killed(design: str, change: Change) -> tuple[str, str]:
    """The rules that kill a change, and the first trial under which they do; two empty texts where it survives."""
    return next(
        ((rules, name) for name, trial in TRIALS.items() if (rules := killers(design, change, trial))), ("", "")
    )


def found(design: str) -> dict[str, list[list]]:
    """What becomes of each change: rows of `killed`, with rules and trial, and of `survives`."""
    rows: dict[str, list[list]] = {"killed": [], "survives": []}
    for change in changes(design):
        rules, trial = killed(design, change)
        rows["killed" if rules else "survives"].append([*change[:4], rules, trial] if rules else [*change[:4]])
    return rows


def kept() -> dict[str, dict[str, list[list]]]:
    """The list, by design."""
    return tomllib.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}


def differs(design: str) -> list[str]:
    """What the list says otherwise than the programs do: of what is killed, its own trial is run; of what survives, all."""
    listed = kept().get(design, {"killed": [], "survives": []})
    rows = {tuple(row[:4]): row[4:] for row in listed["killed"] + listed["survives"]}
    there = {tuple(change[:4]): change for change in changes(design)}
    said = [f"{design}: not in the list: {where}" for where in there.keys() - rows.keys()]
    said += [f"{design}: in the list, but no change: {where}" for where in rows.keys() - there.keys()]
    for *where, rules, trial in listed["killed"]:
        if (change := there.get(tuple(where))) and killers(design, change, TRIALS[trial]) != rules:
            said.append(
                f"{design}: under {trial} {where} is killed by {killers(design, change, TRIALS[trial]) or 'nothing'}, not by {rules}"
            )
    for *where, why in listed["survives"]:
        if (change := there.get(tuple(where))) and any(killed(design, change)):
            said.append(
                f"{design}: listed as one that survives: {where} is killed by {' under '.join(killed(design, change))}"
            )
        if len(why) < 20:
            said.append(f"{design}: why does it survive? {where}")
    return said


def write(every: dict[str, dict[str, list[list]]]) -> None:
    """The list anew, a row a line; survivors keep the reasons that they have."""
    whys = {
        (design, *map(str, row[:4])): row[4] for design, rows in kept().items() for row in rows["survives"] if row[4:]
    }
    text = [HEAD]
    for design, rows in every.items():
        text.append(f"\n[{design}]")
        for kind, each in rows.items():
            text.append(f"{kind} = [")
            for row in each:
                if kind == "survives":
                    row = [*row[:4], whys.get((design, *map(str, row[:4])), "")]
                text.append(f"  {json.dumps(row, ensure_ascii=False)},")
            text.append("]")
    KEPT.write_text("\n".join(text) + "\n", encoding="utf-8")


def main() -> int:
    """Compare, or write; then how many there are, and what is not as it should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the list anew")
    parser.add_argument("design", nargs="*", help="all for none")
    args = parser.parse_args()
    print(f"{'design':20} changes  killed  survive")
    said = []
    for design in args.design or DESIGNS:
        if args.write:
            write({**kept(), design: found(design)})
        dead, left = map(len, kept()[design].values())
        print(f"{design:20} {dead + left:7} {dead:7} {left:8}", flush=True)
        said += differs(design)
    print("\n".join(said))
    return bool(said)


if __name__ == "__main__":
    sys.exit(main())
