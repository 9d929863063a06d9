"""Every posted design is the posted program: run side by side with its rows, under every value, with and without each fault."""

import json
import types
from itertools import combinations, product
from pathlib import Path

import pytest

from tdxkit import kinds
from tdxkit.cli import main
from tdxkit.explore.tables import FINISHED, Tables
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import Variant, of_design
from tdxkit.review.program import RULES, VALUES, answered, bare, told

DATA = Path(__file__).parents[2] / "data" / "posted"
POSTED = json.loads((DATA / "programs.json").read_text())
TEXT_OF = {
    "v1": "v1 (RFC 05/12)",
    "v2": "v2 (04/12)",
    "v3-unoptimised": "v3 before its optimisation (07/16)",
    "v3": "v3 (07 + 08/16)",
    "v4-unoptimised": "v4 before (07/16)",
    "v4": "v4 (07 + 08/16)",
    "v5-unoptimised": "v5 before (16/45)",
    "v5": "v5 (16 + 17/45)",
    "v6-unoptimised": "v6 before (03 + 05/11)",
    "v6": "v6 (03 + 05 + 06/11)",
    "after-v6": "the later text",
}
FAULTS = ("memory_may_run_out", "add_may_fail", "remove_may_fail")


def test_every_posted_text_has_its_design_and_every_posted_design_its_text():
    assert set(TEXT_OF.values()) == set(POSTED) - {"what"}
    assert list(TEXT_OF) == [name for name, design in DESIGNS.items() if design.posted], "in the posted order"


def difference(design, rows, *faults) -> str:
    """The first place where a design is not the program that the rows tell; "" where it is."""
    one = of_design(design, "one", 1, 1, Variant("", **dict.fromkeys(faults, True)))
    tables = Tables(one)
    todo = [(tables.first_lids[0], 1, ())]
    seen = {todo[0][:2]}
    for lid, step, path in todo:
        place, mine = tables.places[lid], [row for row in rows if row["step"] == step]
        if place.label.does != mine[0]["does"]:
            return f"{path}: the text does {mine[0]['does']}, the model {place.label.does}"
        answers = {row["answer"] for row in mine if "answer" in row}
        if not {answered(value) for value in place.choices} <= (answers or {answered(None)}):
            return f"{path}: other choices"
        for values in product(*VALUES.values()):
            state = dict(zip(VALUES, values))
            for choice, answer in enumerate(place.choices):
                row = fitting(mine, state, answer)
                effect = tables.outcome(sid_of(tables, state), lid, choice)
                after = {bare(k): v for k, v in tables.state(tables.apply(sid_of(tables, state), effect)).items()}
                broken = [rule for rule in effect.broken if rule in RULES]
                if after != changed(state, row.get("changes", {})) or broken != row.get("breaks", []):
                    return f"{(*path, place.label.does)}: another effect in {state}"
                if (effect.after == FINISHED) != (row["then"] == "end"):
                    return f"{(*path, place.label.does)}: one of them ends in {state}"
                pair = effect.after, row["then"]
                if effect.after != FINISHED and pair not in seen:
                    seen.add(pair)
                    todo.append((*pair, (*path, place.label.does)))
    return ""


def sid_of(tables, state):
    return tables.sid(tuple(tables.number(state[bare(name)], k) for k, name in enumerate(tables.layout.labels)))


def fitting(rows, state, answer):
    """The one row that holds for these values and this answer."""
    asked = [row for row in rows if row.get("answer") in (None, answered(answer))]
    (row,) = [row for row in asked if all(allows(values, state[name]) for name, values in row.get("when", {}).items())]
    return row


def allows(values, value) -> bool:
    if isinstance(values, str):
        return value not in json.loads(values.removeprefix("other than "))
    return value in values


def changed(state, changes):
    return {name: moved(value, changes[name]) if name in changes else value for name, value in state.items()}


def moved(value, how):
    if how in ("set", "cleared"):
        return how == "set"
    return int(how[1:]) if how.startswith("=") else value + int(how)


ALL_FAULTS = [
    pytest.param(faults, id="+".join(faults) or "none", marks=[pytest.mark.slow] * (n in (1, 2)))
    for n in range(4)
    for faults in combinations(FAULTS, n)
]


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXT_OF)
@pytest.mark.parametrize("faults", ALL_FAULTS)
def test_a_design_is_the_posted_program(name, faults):
    assert difference(DESIGNS[name].code, POSTED[TEXT_OF[name]], *faults) == ""


@pytest.mark.parametrize("name", TEXT_OF)
def test_the_program_is_told_as_the_posted_one_is_row_by_row(name):
    assert told(name).as_json() == {"name": name, "rows": POSTED[TEXT_OF[name]]}


# What was wrong once: the design as it is, what is put back, and with which fault it shows.
LOSER = (
    "        yield from spin_unlock(m)\n        yield from free_pages(m)\n        return 0\n",
    "        yield from free_pages(m)\n        yield from spin_unlock(m)\n        return 0\n",
)
ADD_UNLOCKS_FIRST = (
    "        yield from free_pages(m)\n        m.tell(",
    "        yield from spin_unlock(m)\n        yield from free_pages(m)\n        return EIO\n        m.tell(",
)
TOLD_AS_ERROR = (
    "yield from free_pages(m)\n        return 0\n\n    yield locked",
    "yield from free_pages(m)\n        return -5\n\n    yield locked",
)
ALWAYS_INCREMENTS = (
    'yield store("atomic_set", "refcount, 1")\n        m.refcount[region] = 1',
    'yield locked("atomic_inc", "refcount")\n        m.refcount[region] += 1',
)
NOTHING_FREED = ("        yield from free_pages(m, pages)\n        return ENOMEM", "        return ENOMEM")
TELLS_THE_ERROR = (
    "free_pages(m)\n        return 0\n\n    yield locked",
    "free_pages(m)\n        return EIO\n\n    yield locked",
)
SETS = (
    'yield locked("atomic_inc", "refcount")\n    m.refcount[region] += 1',
    'yield store("atomic_set", "refcount, 1")\n    m.refcount[region] = 1',
)
LOOKS_THEN_COUNTS = (
    'yield conditional("atomic_inc_not_zero", "refcount")\n    if m.refcount[region]:\n        m.refcount[region] += 1',
    'yield load("atomic_read", "refcount")\n    if m.refcount[region]:\n        yield locked("atomic_inc", "refcount")\n'
    "        m.refcount[region] += 1",
)
PUT_BACK = [
    ("v1", LOSER),
    ("v1", ADD_UNLOCKS_FIRST),
    ("v3-unoptimised", TOLD_AS_ERROR),
    ("v3", ALWAYS_INCREMENTS),
    ("v4", NOTHING_FREED),
    ("v5", NOTHING_FREED),
    ("v4-unoptimised", TELLS_THE_ERROR),
    ("v4-unoptimised", SETS),
    ("v4-unoptimised", NOTHING_FREED),
    ("v5-unoptimised", SETS),
    ("v5-unoptimised", NOTHING_FREED),
    ("after-v6", LOOKS_THEN_COUNTS),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mistake"), PUT_BACK, ids=[f"{name}-{k}" for k, (name, _) in enumerate(PUT_BACK)])
def test_a_mistake_put_back_is_seen(name, mistake):
    assert difference(with_mistake(DESIGNS[name].code, *mistake), POSTED[TEXT_OF[name]], *FAULTS)


@pytest.mark.parametrize("name", ["v4-unoptimised", "v5-unoptimised", "v6-unoptimised", "after-v6"])
def test_everything_under_the_lock_with_the_decrement_first_is_none_of_the_posted_forms(name):
    """One model once stood for all four: a put that decrements, and puts 1 back where REMOVE fails."""
    put = """
def put(m, region):
    yield from spin_lock(m)
    yield locked("atomic_dec_and_test", "refcount")
    m.refcount[region] -= 1
    if m.refcount[region]:
        yield from spin_unlock(m)
        return
    if (yield from tdh_phymem_pamt_remove(m, region)):
        yield load("atomic_set", "refcount, 1")
        m.refcount[region] = 1
        yield from spin_unlock(m)
        return
    yield from spin_unlock(m)
    yield from free_pages(m)
"""
    design = DESIGNS[name].code
    mixed = types.SimpleNamespace(get=design.get, TITLE="", SOURCES=(), __doc__="")
    names = vars(design) | {"__name__": "tdxkit.planted"}
    exec(put, names)
    mixed.put = names["put"]
    assert difference(mixed, POSTED[TEXT_OF[name]])


def with_mistake(design, right, wrong):
    """A design's file with one passage of it another."""
    source = Path(design.__file__).read_text()
    assert right in source, "the passage is there"
    planted = types.ModuleType("tdxkit.planted")
    planted.__dict__.update(load=kinds.load, locked=kinds.locked, store=kinds.store, EIO=module.EIO)
    exec(compile(source.replace(right, wrong, 1), "planted", "exec"), planted.__dict__)
    return planted


# The sketch of a count from -1, as its mail has it, and three things that a model of it once did otherwise. No posted program has it;
# test_posted_numbers.py pins what it finds.
SKETCH = told("minus-one").as_json()["rows"]
MENDED = [
    ("    err = yield from tdh_phymem_pamt_add", '    yield load("atomic_read", "refcount")\n    err = yield from tdh_phymem_pamt_add'),
    ('stays, and so does this put\'s reference.")\n', 'stays.")\n        yield locked("atomic_dec", "refcount")\n        m.refcount[region] -= 1\n'),
    ("yield from free_pages(m, 0 if err else PAIR)", "if not err:\n        yield from free_pages(m)"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "mistake", MENDED, ids=["a second look", "the reference given back", "freed only where REMOVE gave"]
)
def test_what_was_mended_in_the_sketch_is_seen(mistake):
    assert difference(DESIGNS["minus-one"].code, SKETCH, *FAULTS) == ""
    assert difference(with_mistake(DESIGNS["minus-one"].code, *mistake), SKETCH, *FAULTS)


def test_the_repaired_count_from_minus_one_does_what_its_card_says():
    repaired = told("minus-one-repaired").as_json()["rows"]
    assert "TDH.PHYMEM.PAMT.ADD" in difference(DESIGNS["minus-one-repaired"].code, SKETCH, *FAULTS), "a second look"
    gives_back = {row["step"] for row in repaired if row["does"] == "atomic_dec_if_positive" and row.get("changes")}
    assert len(gives_back) == 2
    assert after_a_refused_remove(repaired) == ["atomic_set", "spin_unlock"]
    assert after_a_refused_remove(SKETCH) == ["atomic_set", "spin_unlock", "free_pair"]


def after_a_refused_remove(rows) -> list[str]:
    """What a put does after REMOVE has failed."""
    (refused,) = [row for row in rows if row["does"].endswith("PAMT.REMOVE") and "fails" in row["answer"]]
    steps, step = [], refused["then"]
    while step != "end":
        row = next(row for row in rows if row["step"] == step)
        steps, step = [*steps, row["does"]], row["then"]
    return steps


@pytest.mark.parametrize("words", [["v4-enomem"], ["v5-softirq"], ["v6", "v3-page-by-page"], ["v6", "v7"], [""]])
def test_what_is_no_design_has_no_program(words, capsys):
    assert main(["program", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and ("v6" if "v7" in words else "") in err


def test_values_in_words_are_limits_where_the_values_go_on(capsys):
    main(["program", "after-v6"])
    text = capsys.readouterr().out
    assert "refcount < 2" in text and "refcount > 1" in text and "refcount other than 0" in text and "users > 0" in text
    numbers = {int(line[:4]) for line in text.splitlines() if line[:4].strip().isdigit()}
    assert numbers == set(range(1, 20)) - {3} and "Step 3 is the end" in text


def test_the_command_prints_both_forms(capsys):
    assert main(["program", "v6", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"format": 1, "name": "v6", "rows": POSTED[TEXT_OF["v6"]]}
    assert main(["program", "v6"]) == 0
    assert "atomic_add_unless" in capsys.readouterr().out


def test_a_word_that_counts_readers_and_a_list_of_four():
    words = {
        v for row in told("lazy").rows for name, values in row.when if name.startswith("entry_lock") for v in values
    }
    assert words == {-1, 0, 1, 2}
    assert [1, 2, 3, 4] in [row.get("when", {}).get("refcount") for row in SKETCH], (
        "five or more are told by the others"
    )
