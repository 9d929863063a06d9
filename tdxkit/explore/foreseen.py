"""What is known before a run has ended, or before a search comes to what is not modelled.

A rule about the end may be broken long before it: what nobody points to will never be freed. Where a search of a text in C is refused in the middle, as more
of something is wanted than there is, the runs up to there are looked at once more, for the shortest that breaks a rule or is known to.
"""

from collections.abc import Iterator

from tdxkit.errors import ModelError
from tdxkit.explore.moves import Move, State, Steps, first, moves
from tdxkit.explore.program import DEADLOCK, Scenario
from tdxkit.explore.shortest import Way
from tdxkit.explore.tables import Tables
from tdxkit.explore.visit import TICK
from tdxkit.work import Job

MOST = 20_000  # states that are looked at once more
Parents = dict[State, tuple[State, int, int] | None]


def foreseen(tables: Tables, state: State) -> tuple[str, ...]:
    """The rules about the end of which it is known in a state that they will be broken."""
    rules = [rule for rule in tables.scenario.asked if rule.foreseen] if any(state[1]) else []
    if not rules:
        return ()
    held = set()
    for at in (tables.places[lid] for lid in state[1]):
        held |= {*_words(at.key), *_words(tuple(tables.values[number] for _, number in at.buffer))}
    view = tables.view(state[0])
    return tuple(rule.name for rule in rules if rule.foreseen and rule.foreseen(view, held))


def _words(value: object) -> Iterator[str]:
    """The texts in a value: names of objects among them."""
    todo = [value]
    while todo:
        value = todo.pop()
        if type(value) is str:
            yield value
        elif isinstance(value, tuple):
            todo += value


def in_spite(error: ModelError, scenario: Scenario, prop: str | None, bound: int) -> Job[tuple[Tables, Way, str]]:
    """What breaks in a text in C though its search is refused: the shortest way there, and what is to be said of the rest. Else the error."""
    tables = Tables(scenario, apart=True)
    way = (yield from _shortest(tables, prop, min(bound, MOST))) if scenario.own and scenario.own.in_c else None
    if way is None:
        raise error
    return tables, way, f"other runs, and data races, were not looked for: {error}"


def _shortest(tables: Tables, prop: str | None, bound: int) -> Job[Way | None]:
    level, refused = [first(tables)], False
    parents: Parents = {level[0]: None}
    while level and len(parents) <= bound:
        following: list[State] = []
        broken: list[tuple[Steps, str]] = []
        for number, state in enumerate(level):
            if not number % TICK:
                yield len(parents), bound
            found, whole = _able(tables, state)
            refused |= not whole
            if whole and not found and (names := _stuck(tables, state, prop)):
                return Way(_path(parents, state), names[0], len(parents), not refused)
            for k, move in found:
                if names := move.outcome.broken or tables.false("always", move.state[0]):
                    broken.append(((*_path(parents, state), (k, move.choice)), names[0]))
                elif move.state not in parents:
                    parents[move.state] = state, k, move.choice
                    following.append(move.state)
                    if names := foreseen(tables, move.state):
                        broken.append((_path(parents, move.state), names[0]))
        if broken:
            return Way(*broken[0], len(parents), not refused)
        level = following
    return None


def _able(tables: Tables, state: State) -> tuple[list[tuple[int, Move]], bool]:
    """The steps that may be taken, and whether these are all: one that is refused is left out."""
    found, whole = [], True
    for k in range(len(state[1])):
        try:
            found += [(k, move) for move in moves(tables, state, k)]
        except ModelError:
            whole = False
    return found, whole


def _stuck(tables: Tables, state: State, prop: str | None) -> tuple[str, ...]:
    if not any(state[1]):
        return tables.false("at_end", state[0])
    return (DEADLOCK,) if prop in (None, DEADLOCK) else ()


def _path(parents: Parents, state: State) -> Steps:
    steps: list[tuple[int, int]] = []
    while (before := parents[state]) is not None:
        state = before[0]
        steps.append(before[1:])
    return tuple(reversed(steps))
