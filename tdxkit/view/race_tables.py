"""Tables of notebook 10: what the reader of C takes and what its verdicts mean, what became of each mend, how else a race ends, what is refused."""

import re

import tdxkit.c
from tdxkit.c.kernel import MODULES, OTHERWISE, kernel
from tdxkit.c.lexing import MOST_TEXT
from tdxkit.c.naming import scenario_of
from tdxkit.c.races import versions
from tdxkit.c.types import MOST_CELLS
from tdxkit.card import card_of
from tdxkit.errors import InputError
from tdxkit.explore.buffers import SC, TSO
from tdxkit.explore.declared import MAX_THREADS
from tdxkit.explore.result import Result
from tdxkit.explore.schedule import parse, switches
from tdxkit.explore.search import explore
from tdxkit.facts import load_toml
from tdxkit.review.own import STAYS_AS_TEXT
from tdxkit.rules import result, told, verdicts
from tdxkit.text import many
from tdxkit.view.box_words import of_the_box
from tdxkit.view.kit.tables import Table, table

KINDS = {  # modules of `tdxkit.c.kernel` that are named, of all there are
    "atomics": "atomics", "refcounts": "refcounts", "locks": "locks", "listed": "lists", "rcu": "RCU", "waiting": "sleeping and waking", "heap": "memory",
}  # fmt: skip
REFERENCE = re.compile(r" \[[\w-]+\]")
COLUMN = re.compile(r", column \d+")
ON = {SC: "where a store is seen at once", TSO: "on x86-TSO"}


def reach_table() -> Table:
    """What is read and what is left out, how much, what becomes of a text, and what each verdict means: from the card, the tables of the kernel's
    functions, the limits and `data/rules.json`."""
    card = card_of(tdxkit.c)
    functions = {module.__name__.rpartition(".")[2]: len(list(module.functions())) for module in MODULES}
    named = ", ".join(f"{functions[kind]} for {words}" for kind, words in KINDS.items())
    sizes = f"at most {MOST_TEXT:,} characters of text, {MOST_CELLS:,} shared values, {MAX_THREADS} CPUs"
    rows = [
        ("read", REFERENCE.sub("", card.modelled[0]).partition(";")[0]),
        ("known", f"{len(kernel().functions):,} functions and macros of the kernel, among them {named}"),
        ("not known", f"refused, with a way out; of {many(len(OTHERWISE), 'kind')} of names it says what to write in their place"),
        ("size", sizes),
        *(("" if k else "left out", part) for k, part in enumerate(card.left_out[-1].split("; "))),
        *verdicts().items(),
        ("your text", STAYS_AS_TEXT),
    ]  # fmt: skip
    return table(("word", "what it means here"), rows, "What can be judged, and what a verdict means")


def mends_table(name: str, *memories: str) -> Table:
    """A race as it was found and each of its mends: what breaks first and how soon, on each of the memories (`sc` where none is named), and how many
    data races are told; lit: what still breaks."""
    rows, lit = [], []
    for one in versions(name):
        found = [explore(one.scenario(memory)) for memory in memories or (SC,)]
        lit += [len(rows)] if any(each.property for each in found) else []
        rows.append((one.mend or "as found", one.idea, *map(_ends, found), len(found[-1].races)))
    heads = [ON[memory] for memory in memories] or ["the model finds"]
    return table(
        ("text", "what it does", *heads, "data races told"),
        rows,
        f"{name}, {many(2, 'CPU')}",
        broken=lit,
        fault="still breaks",
    )


def _ends(found: Result) -> str:
    """What breaks first, and after how many steps."""
    return f"{_first(found)}, {many(found.steps, 'step')}" if found.property else found.verdict


def _first(found: Result) -> str:
    return result(str(found.property))


def endings_table(found: Result) -> Table:
    """Each rule that breaks, with a schedule that is shortest for it."""
    rows = []
    for rule, code in sorted(found.broken.items(), key=lambda item: len(parse(item[1]).steps) if item[1] else 0):
        steps = parse(code).steps if code else ()
        rows.append((told(rule), len(steps), switches(steps), code or "none within the bound"))
    return table(
        ("what breaks", "steps", "switches", "a shortest schedule"), rows, f"{found.scenario}: every rule that breaks"
    )


def refusals_table() -> Table:
    """Small texts that are refused (`data/refused.toml`), with what the box says of each."""
    return table(
        ("the text has", "the box says", "what to do"),
        map(_refusal, load_toml("refused.toml")["text"]),
        "What is refused",
    )


def _refusal(row: dict) -> tuple[str, str, str]:
    """A row: what is wrong, and what the reader of C says, in the box's words; its column left out."""
    try:
        explore(scenario_of(row["text"].removeprefix("\n"), 2, run=filter(None, (row.get("run"),))))
    except InputError as error:
        said = of_the_box(error)
        return row["what"], f"{COLUMN.sub('', said.thing, 1)}: {said.rule}", said.action
    return row["what"], "it is read", ""
