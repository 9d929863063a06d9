"""What the notebooks ask, as data: data/quizzes/NN.toml has the gates and the exercises of notebook NN, each in its order.

for row, notebook in rows("gate"): ...
"""

from collections.abc import Callable, Iterator, Mapping

from tdxkit.errors import InputError, ModelError, printable
from tdxkit.facts import data_path, load_toml
from tdxkit.text import near


def rows(kind: str) -> Iterator[tuple[Mapping, str]]:
    """Each gate, or each exercise, as a row of data, with the notebook that it belongs to ("04")."""
    for file in sorted(data_path("quizzes").glob("*.toml")):
        for row in load_toml(f"quizzes/{file.name}").get(kind, ()):
            yield row, file.stem


def refusing(kind: str, row: Mapping, notebook: str) -> Callable[[str, str], ModelError]:
    """What makes the error about a row: from the rule that it breaks, and what to do."""
    thing = f"{kind} {printable(row.get('name', 'without a name'))} of {notebook}"
    return lambda rule, action: ModelError(thing, rule, action)


def check_keys(
    row: Mapping, known: set[str], needed: tuple[str, ...], refuse: Callable[[str, str], ModelError]
) -> None:
    """ModelError for a key that means nothing, and for one that is missing or empty."""
    if odd := row.keys() - known:
        raise refuse(f"it has a key {printable(min(odd))}", f"take of {', '.join(sorted(known))}")
    if empty := [key for key in needed if not str(row.get(key, "")).strip()]:
        raise refuse(f"it has no {empty[0]}", "write it")


def by_name(kind: str, made: tuple) -> dict[str, object]:
    """Gates or exercises by their names. ModelError where two have the same."""
    found: dict[str, object] = {}
    for one in made:
        if one.name in found:
            raise ModelError(f"{kind} {one.name}", "there are two of this name", "rename one")
        found[one.name] = one
    return found


def named(kind: str, name: str, known: Mapping[str, object]):
    """The one of this name. InputError, with the near ones, where there is none."""
    if name not in known:
        near_ones = near(name, known) or "a name of data/quizzes"
        raise InputError(f"{kind} {printable(name)}", f"there is no such {kind}", f"try {near_ones}")
    return known[name]
