"""An independent judge of small concurrent C programs: every interleaving of the tree itself, step by step.

It shares no code with the package. A step is one access to shared memory; local work belongs to the step before it. Memory is
sequentially consistent, or x86-TSO: a first-in first-out store buffer a CPU, and each drain of an entry is a step of its own.

The number of states does not depend on how a program is written. A state is (shared values, where each CPU stands, buffers). Two places
count as one if they go on alike in every memory: they look at the same word and, whatever value it has of all that it ever has in any
run, write the same, break the same rules and go on to places that count as one. A step that leaves a state
of this kind as it was is no move: whoever can do no more than that waits.
"""

from collections import deque
from typing import NamedTuple

from tests.c.judge_cpu import ENDED, Access, Outcome, resume, start
from tests.c.judge_program import Program, parsed
from tests.c.judge_types import LOCKS, Unreadable

__all__ = ["TooLarge", "Verdict", "judge", "parsed"]
DEADLOCK, LIVELOCK = ("deadlock", 0), ("livelock", 0)
LIMIT = 50_000


class TooLarge(Exception):
    """More states, or places, than the limit."""


class Verdict(NamedTuple):
    """What is true of a program.

    verdict: `ok`, `violation` or `deadlock`, whichever is broken by the shortest run, or `livelock` (a state from which no end can be
    reached; told where nothing else is). defects: (kind, line) of each rule that a run can break; "left", a lock held at a CPU's end, has
    no line. lengths: of the shortest run to each in steps, and to ("deadlock", 0) and into ("livelock", 0). states: as the module says.
    finals: the values of `names`, the words that are no locks, where all CPUs have ended. raw: states before places were counted as one.
    open: questions that no rule settles and that the answer hangs on; empty for most programs.
    """

    verdict: str
    defects: frozenset
    lengths: dict
    states: int
    names: tuple
    finals: frozenset
    raw: int
    open: frozenset


class Table:
    """The places of a program's CPUs by number, and what comes of a step from each, by what it finds."""

    def __init__(self, program: Program, limit: int):
        self.program, self.limit = program, limit
        self.paths = tuple(program.first)
        self.slots = {path: n for n, path in enumerate(self.paths)}
        self.places, self.numbers, self.rows, self.open = [], {}, [], set()
        self.ended = self.number(ENDED)

    def number(self, place: tuple) -> int:
        """The number of a place."""
        if place not in self.numbers:
            if len(self.places) > self.limit:
                raise TooLarge(f"{len(self.places)} places")
            self.numbers[place] = len(self.places)
            self.places.append(place)
            self.rows.append({})
        return self.numbers[place]

    def access(self, n: int) -> Access | None:
        """What a CPU at this place does next; None at the end."""
        frames = self.places[n][1]
        return frames[-1][1][-1][1] if frames else None

    def outcome(self, n: int, old: int | None) -> Outcome:
        """The step from place n that finds this value; `after` is a number."""
        row = self.rows[n]
        if old not in row:
            found = resume(self.program, self.places[n], old)
            row[old] = found._replace(after=None if found.after is None else self.number(found.after))
            self.open |= found.open
        return row[old]


class Runs:
    """Every state of a program. State: (shared values, numbers of places, buffers); a buffer is (slot, value) for each store, the oldest
    first. depth: the fewest steps to each state; following: the states after it; broken: those with a step that breaks a rule."""

    def __init__(self, table: Table, places: tuple[int, ...], tso: bool):
        self.table, self.tso = table, tso
        first = (tuple(table.program.first.values()), places, ((),) * len(places))
        self.depth, self.following, self.broken, self.lengths = {first: 0}, {}, set(), {}
        todo = deque([first])
        while todo:
            state = todo.popleft()
            after = self.following[state] = list(self.moves(state))
            for reached in after:
                if reached not in self.depth:
                    self.depth[reached] = self.depth[state] + 1
                    todo.append(reached)
            if len(self.depth) > table.limit:
                raise TooLarge(f"{len(self.depth)} states")

    def moves(self, state: tuple):
        """The states after this one; steps that break a rule are noted, and not gone past."""
        shared, places, buffers = state
        for k, n in enumerate(places):
            buffer = buffers[k]
            if buffer:
                slot, value = buffer[0]
                yield _put(shared, slot, value), places, _put(buffers, k, buffer[1:])
            access = self.table.access(n)
            if access is None:
                continue
            slot = self.table.slots.get(access.path)
            found = self.table.outcome(n, None if slot is None else seen(shared, buffer, slot))
            if found.empty and buffer:
                continue
            if found.after is None:
                self.broken.add(state)
                for defect in found.defects:
                    self.lengths.setdefault(defect, self.depth[state] + 1)
                continue
            moved = _put(places, k, found.after)
            if found.new is None:
                yield shared, moved, buffers
            elif self.tso and not found.empty:
                yield shared, moved, _put(buffers, k, (*buffer, (slot, found.new)))
            else:
                yield _put(shared, slot, found.new), moved, buffers

    def values(self) -> list[tuple]:
        """Of each slot every value that it has in some run."""
        return [tuple(sorted(set(column))) for column in zip(*{state[0] for state in self.depth})]


def seen(shared: tuple, buffer: tuple, slot: int) -> int:
    """What a CPU with this buffer sees: the newest store to the word, else memory."""
    return next((value for at, value in reversed(buffer) if at == slot), shared[slot])


def _put(items: tuple, n: int, value) -> tuple:
    return (*items[:n], value, *items[n + 1 :])


def classes(table: Table, values: list[tuple], tso: bool) -> list[int]:
    """The class of each place: the coarsest partition in which places of one class go on alike under all values that occur."""
    rows, n = [], 0
    while n < len(table.places):  # places are added on the way
        access = table.access(n)
        if access is None:
            rows.append((("ended",), ()))
        else:
            slot = table.slots.get(access.path)
            olds = (None,) if slot is None else values[slot]
            found = [_anyhow(table, n, old) for old in olds]
            does = tuple(
                (old if o.new is None or o.after is None else o.new, o.empty and tso, o.defects)
                for old, o in zip(olds, found)
            )
            rows.append(((access.path, does), tuple(o.after for o in found)))
        n += 1
    return coarsest(rows)


def coarsest(rows: list[tuple]) -> list[int]:
    """The class of each row (label, numbers of the rows after it, by what is found): those of one class have one label and go on alike."""
    numbers = {}
    found = [numbers.setdefault(label, len(numbers)) for label, _ in rows]
    while True:
        finer = {}
        after = [
            finer.setdefault((own, *(-1 if t is None else found[t] for t in targets)), len(finer))
            for own, (_, targets) in zip(found, rows)
        ]
        if len(finer) == len(set(found)):
            return found
        found = after


def _anyhow(table: Table, n: int, old: int | None) -> Outcome:
    """The same for a value that no run finds here: then it may lead out of what the judge knows, such as behind the end of an array."""
    try:
        return table.outcome(n, old)
    except Unreadable:
        return Outcome(None, False, None, frozenset({("unreadable", 0)}), frozenset())


class Graph:
    """States, each with its fewest steps and the states after it, where a step that leaves a state as it was is no move."""

    def __init__(self, runs: Runs, name):
        self.depth, self.following, self.broken = {}, {}, {name(state) for state in runs.broken}
        for state, depth in runs.depth.items():
            here = name(state)
            self.depth[here] = min(depth, self.depth.get(here, depth))
            if here not in self.following:
                self.following[here] = {name(after) for after in runs.following[state]} - {here}

    def deadlocks(self, ended) -> set:
        """The states that nothing leaves, though a CPU has not ended."""
        return {s for s, after in self.following.items() if not after and s not in self.broken and not ended(s)}

    def traps(self) -> set:
        """The states from which no run stops: at an end, in a deadlock, or at a step that breaks a rule."""
        before = {state: [] for state in self.following}
        for state, after in self.following.items():
            for reached in after:
                before[reached].append(state)
        todo = [s for s, after in self.following.items() if not after or s in self.broken]
        stopping = set(todo)
        while todo:
            for state in before[todo.pop()]:
                if state not in stopping:
                    stopping.add(state)
                    todo.append(state)
        return self.following.keys() - stopping

    def standstills(self, ended) -> dict:
        """The lengths of the shortest runs into a deadlock and into a livelock."""
        found = {DEADLOCK: self.deadlocks(ended), LIVELOCK: self.traps()}
        return {kind: min(self.depth[s] for s in states) for kind, states in found.items() if states}


def judge(tree, entries, memory: str = "sc", limit: int = LIMIT) -> Verdict:
    """What is true of the tree's functions `entries`, each run by one CPU: names, or (name, int, …) with arguments. memory: `sc` or
    `tso`. TooLarge where there are more than `limit` states or places; Unreadable (judge_types) for what the judge does not know."""
    program, tso = Program(tree), {"sc": False, "tso": True}[memory]
    table = Table(program, limit)
    calls = [(entry, ()) if isinstance(entry, str) else (entry[0], tuple(entry[1:])) for entry in entries]
    starts = [start(program, name, given) for name, given in calls]
    names = tuple(path for path in table.paths if program.kinds[path] not in LOCKS)
    shown = [table.slots[path] for path in names]
    broken = frozenset().union(*(found.defects for found in starts))
    if broken:
        lengths = dict.fromkeys(broken, 0)
        return Verdict("violation", broken, lengths, 1, names, frozenset(), 1, frozenset({"broken before a step"}))
    runs = Runs(table, tuple(table.number(found.after) for found in starts), tso)
    finals = frozenset(
        tuple(s[0][n] for n in shown) for s in runs.depth if set(s[1]) == {table.ended} and not any(s[2])
    )
    open_ = set(table.open)  # of steps that a run takes: more come to light below
    kinds = classes(table, runs.values(), tso)
    graph = Graph(runs, lambda s: (s[0], tuple(kinds[n] for n in s[1]), s[2]))
    stands = graph.standstills(lambda s: set(s[1]) == {kinds[table.ended]})
    if stands != Graph(runs, lambda s: s).standstills(lambda s: set(s[1]) == {table.ended}):
        open_.add("where a wait begins")
    return _verdict(runs, stands, len(graph.depth), (names, finals), open_)


def _verdict(runs: Runs, stands: dict, states: int, ends: tuple, open_: set) -> Verdict:
    lengths = runs.lengths | stands
    first = min(runs.lengths.values(), default=None)
    verdict = "violation"
    if first is None or stands.get(DEADLOCK, first) < first:
        verdict = "deadlock" if DEADLOCK in stands else "livelock" if LIVELOCK in stands else "ok"
    elif stands.get(DEADLOCK) == first:
        open_.add("a deadlock and another defect are as near")
    return Verdict(verdict, frozenset(runs.lengths), lengths, states, *ends, len(runs.depth), frozenset(open_))
