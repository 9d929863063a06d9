"""A schedule run again, told as a `Run`: every step with its sentence, the lines reached, who waits for whom, what broke."""

import inspect
from textwrap import dedent

from tdxkit.errors import InputError
from tdxkit.explore.moves import State, Steps, first, interrupter, moves
from tdxkit.explore.program import DEADLOCK, Scenario
from tdxkit.explore.schedule import digest as digest_of
from tdxkit.explore.schedule import encode, parse
from tdxkit.explore.tables import FINISHED, Tables
from tdxkit.run import Line, Recorder, Run, Text, Wait

Holders = dict[int, tuple[str, int]]  # lock slot: who holds it, and since which step


class Teller:
    """Words for states and steps of a scenario: lines, lock holders, who waits and why, which rules are broken."""

    def __init__(self, tables: Tables):
        self.tables, self.scenario = tables, tables.scenario
        names = tables.layout.names
        self.lock_slots = [slot for slot, name in enumerate(names) if name in self.scenario.locks]
        self.texts, self._names = {}, {}
        for function in self.scenario.texts:
            text = source_of(function)
            if text:
                self._names[function.__code__] = function.__name__
                self.texts[function.__name__] = text
        self._rules: dict[tuple[int, str], tuple[str, ...]] = {}

    def line(self, lid: int) -> Line | None:
        """Where a thread stands, in the innermost function that is shown."""
        for code, number in reversed(self.tables.places[lid].lines):
            if code in self._names:
                return Line(self._names[code], number - code.co_firstlineno)
        return None

    def hold(self, holders: Holders, sid: int, actor: str, step: int) -> Holders:
        """The holders after a step of `actor` that led to `sid`: a lock that has become true is the actor's."""
        held = {slot for slot in self.lock_slots if self.tables.values[self.tables.shared[sid][slot]]}
        return {slot: holders.get(slot, (actor, step)) for slot in sorted(held)}

    def shown(self, sid: int, holders: Holders) -> dict[str, object]:
        """The shared memory as a run shows it: a lock holds its holder's name or None."""
        state = self.tables.state(sid)
        for slot in self.lock_slots:
            state[self.tables.layout.labels[slot]] = holders[slot][0] if slot in holders else None
        return state

    def wait(self, state: State, k: int, holders: Holders) -> Wait | None:
        """Why thread k cannot move; None where it can or has finished."""
        actors, (sid, lids) = self.scenario.actors, state
        if lids[k] == FINISHED or moves(self.tables, state, k):
            return None
        by = interrupter(self.tables, lids, k)
        if by is not None:
            return Wait(actors[k], actors[by], f"{actors[k]} is suspended until {actors[by]} has finished")
        labels = self.tables.layout.labels
        reads = self.tables.outcome(sid, lids[k], 0).reads
        for slot in reads:
            if slot in holders:
                holder, since = holders[slot]
                held = f"held by {holder} since step {since}" if since else f"held by {holder}"
                return Wait(actors[k], holder, f"{actors[k]} waits for {labels[slot]}, {held}")
        what = " or ".join(labels[slot] for slot in reads)
        return Wait(actors[k], None, f"{actors[k]} waits for {what} to change" if what else f"{actors[k]} cannot go on")

    def false_rules(self, state: State) -> tuple[str, ...]:
        """The rules that do not hold in a state: always and, when all threads have finished, at_end; deadlock."""
        sid, lids = state
        ended = not any(lids)
        broken = list(self._checked("always", sid)) + (list(self._checked("at_end", sid)) if ended else [])
        if not ended and not any(moves(self.tables, state, k) for k in range(len(lids))):
            broken.append(DEADLOCK)
        return tuple(broken)

    def _checked(self, kind: str, sid: int) -> tuple[str, ...]:
        if (sid, kind) not in self._rules:
            rules = [p for p in self.scenario.properties if p.kind == kind]
            view = self.tables.view(sid) if rules else None
            self._rules[sid, kind] = tuple(p.name for p in rules if not p.check(view))
        return self._rules[sid, kind]


def source_of(function) -> Text | None:
    """The source text of a function as its file or notebook cell has it; None where Python cannot find it."""
    try:
        return Text(function.__name__, tuple(dedent(inspect.getsource(function)).rstrip().splitlines()))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None


def replay(scenario: Scenario, code: str, tables: Tables | None = None) -> Run:
    """The run that a schedule code describes. InputError where it is another model's, or at the step where it stops fitting."""
    tables = tables or Tables(scenario)
    parsed = parse(code)
    now, then = digest_of(scenario, tables), parsed.digest
    shape = f"{scenario.name}:{scenario.count}x{scenario.rounds}"
    if f"{parsed.name}:{parsed.threads}x{parsed.rounds}" != shape:
        raise InputError(
            f"schedule code for {parsed.name}:{parsed.threads}x{parsed.rounds}", f"this is {shape}", "use it there"
        )
    if then == now:
        return replay_steps(scenario, parsed.steps, tables)
    try:
        replay_steps(scenario, parsed.steps, tables)
        fits = f"all its {len(parsed.steps)} steps still fit, but may mean something else"
    except InputError as error:
        fits = f"it stops fitting at {error.thing}, where {error.rule}"
    raise InputError(
        f"schedule code {then}", f"{scenario.name} has changed since (now {now}); {fits}", "explore it again"
    )


def replay_steps(scenario: Scenario, steps: Steps, tables: Tables | None = None) -> Run:
    """The run of a schedule given as (thread, choice) pairs."""
    tables = tables or Tables(scenario)
    teller, actors, state = Teller(tables), scenario.actors, first(tables)
    holders: Holders = teller.hold({}, state[0], "nobody", 0)
    recorder = Recorder(teller.shown(state[0], holders))
    false = set(teller.false_rules(state))
    start = {a: line for a, lid in zip(actors, state[1]) if (line := teller.line(lid))}
    for number, (k, choice) in enumerate(steps, 1):
        move = _pick(tables, teller, state, k, choice, number, holders)
        before = state[1][k]
        state = (move.sid, move.lids)
        holders = teller.hold(holders, move.sid, actors[k], number)
        now_false = teller.false_rules(state) if not move.outcome.raised else ()
        waits = [teller.wait(state, i, holders) for i in range(len(actors))]
        label = tables.places[before].label
        recorder.step(
            actors[k],
            label,
            move.outcome.told or label,
            teller.shown(move.sid, holders),
            line=teller.line(before),
            next=teller.line(state[1][k]) if state[1][k] else None,
            waits=tuple(w for w in waits if w),
            broken=(*move.outcome.broken, *(name for name in now_false if name not in false)),
        )
        false = set(now_false)
        if move.outcome.raised and number < len(steps):
            raise InputError(f"schedule step {number + 1}", f"the run ended at step {number}", "shorten the schedule")
    return recorder.run(
        scenario.title or scenario.name,
        actors,
        subtitle=scenario.subtitle,
        tracks=scenario.tracks,
        texts=teller.texts,
        start=start,
        card=scenario.card,
        code=encode(scenario, steps, tables),
    )


def _pick(tables: Tables, teller: Teller, state: State, k: int, choice: int, number: int, holders: Holders):
    """The move that a schedule asks for at a step; InputError saying why it cannot be made."""
    step = f"schedule step {number}"
    actors = tables.scenario.actors
    if k >= len(actors):
        raise InputError(step, f"there is no thread {chr(65 + k)}", f"the threads are A to {chr(64 + len(actors))}")
    found = {move.choice: move for move in moves(tables, state, k)}
    if choice in found:
        return found[choice]
    if state[1][k] == FINISHED:
        raise InputError(step, f"{actors[k]} has finished", "let another thread go on")
    wait = teller.wait(state, k, holders)
    if wait:
        raise InputError(step, wait.why, "let another thread go on")
    known = " or ".join(map(str, found))
    raise InputError(step, f"{actors[k]} has no choice {choice} here", f"choose {known}")
