"""A schedule run again, told as a `Run`: every step with its sentence, the lines reached, who waits for whom, what broke."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType

from tdxkit.errors import InputError, printable
from tdxkit.explore.buffers import DRAIN, DRAINED
from tdxkit.explore.causes import others, put_into_buffer
from tdxkit.explore.holding import weight
from tdxkit.explore.lastly import mark_last
from tdxkit.explore.livelock import no_end
from tdxkit.explore.misfit import do_what_they_did, misfit
from tdxkit.explore.moves import Move, State, Steps, first, follow, moves, pick
from tdxkit.explore.program import DEADLOCK, Scenario
from tdxkit.explore.schedule import Code, encode, mark, parse, same_text, shape_of
from tdxkit.explore.schedule import digest as digest_of
from tdxkit.explore.shown import source_of
from tdxkit.explore.sleeping import asleep
from tdxkit.explore.space import Space
from tdxkit.explore.split import meant
from tdxkit.explore.tables import FINISHED, Tables
from tdxkit.explore.told import because, seen, sentence, spins, stands
from tdxkit.run import Line, Recorder, Run, Text, Wait


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a run stands: a state, and what only its history knows.

    ended: (slot, thread) for each lock of a thread that finished without letting go. since: for each lock the step that took it.
    wrote: for each variable that was changed the thread and the step that changed it last. stored: for each thread and variable the
    step that put a store into its CPU's buffer last.
    """

    state: State
    ended: tuple[tuple[int, int], ...] = ()
    since: Mapping[int, int] = field(default_factory=dict)
    wrote: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    stored: Mapping[tuple[int, int], int] = field(default_factory=dict)


class Teller:
    """Words for states and steps of a scenario: lines, lock holders, who waits and why, which rules are broken."""

    def __init__(self, tables: Tables):
        self.tables, self.scenario = tables, tables.scenario
        self._endless: dict[State, bool] = {}

    @cached_property
    def texts(self) -> dict[str, Text]:
        """The texts that are shown, by the names of their functions."""
        return {f.__name__: text for f in self.scenario.texts if (text := source_of(f))}

    @cached_property
    def _names(self) -> dict[CodeType, str]:
        return {f.__code__: f.__name__ for f in self.scenario.texts if f.__name__ in self.texts}

    def line(self, lid: int) -> Line | None:
        """Where a thread stands, in the innermost function that is shown."""
        for code, number in reversed(self.tables.places[lid].lines):
            if code in self._names:
                return Line(self._names[code], number - code.co_firstlineno)
        return None

    def way(self, lid: int) -> tuple[Line, ...]:
        """The lines of the functions that are shown, the outermost first, where a thread stands."""
        at = self.tables.places[lid].lines
        return tuple(Line(self._names[code], row - code.co_firstlineno) for code, row in at if code in self._names)

    def after(self, moment: Moment, k: int, move: Move, number: int = 0) -> Moment:
        """The moment after thread k made a move as step `number` (0 where nobody counts)."""
        sid, effect = move.state[0], move.outcome
        left = ((slot, k) for slot in effect.held) if self.tables.places[effect.after].over else ()
        ended = tuple(sorted((slot, who) for slot, who in (*moment.ended, *left) if weight(self._word(sid, slot))))
        before = self.tables.places[moment.state[1][k]].held
        since, wrote = moment.since, moment.wrote
        if number and (taken := [slot for slot in effect.held if effect.held.count(slot) > before.count(slot)]):
            since = {**since, **dict.fromkeys(taken, number)}
        if number and effect.writes:
            wrote = {**wrote, **{slot: (k, number) for slot, _ in effect.writes}}
        stored = moment.stored
        if number and (new := put_into_buffer(self.tables, moment.state, k, move)):
            stored = {**stored, **{(k, slot): number for slot in new}}
        return Moment(move.state, ended, since, wrote, stored)

    def holders(self, moment: Moment) -> dict[int, list[str]]:
        """The actors that hold each lock that is taken; none are named where a lock is taken from the start."""
        sid, lids = moment.state
        found: dict[int, list[str]] = {}
        for slot in sorted(self.tables.locks):
            if weight(self._word(sid, slot)):
                ended = {who for at, who in moment.ended if at == slot}
                holding = (k for k, lid in enumerate(lids) if self._holds(lid, slot) or k in ended)
                found[slot] = [self.scenario.actors[k] for k in holding]
        return found

    def _holds(self, lid: int, slot: int) -> bool:
        """Does who stands here hold the lock, or has let go of it in a store that has not reached memory?"""
        at = self.tables.places[lid]
        return slot in at.held or any(waiting == slot for waiting, _ in at.buffer)

    def shown(self, moment: Moment) -> dict[str, object]:
        """The shared memory as a run shows it: a lock holds its holder's name, those of its readers in a tuple, or None."""
        state, holders = self.tables.state(moment.state[0]), self.holders(moment)
        for slot in self.tables.locks:
            names, word = holders.get(slot), self._word(moment.state[0], slot)
            if names and type(word) is int and word > 0:
                said: object = tuple(names)
            else:
                said = " and ".join(names) or "nobody" if names is not None else None
            state[self.tables.layout.labels[slot]] = said
        return state | self.buffers(moment)

    def buffers(self, moment: Moment) -> dict[str, object]:
        """What each CPU's store buffer holds, the oldest store first; none where the memory has no buffers."""
        tables, lids = self.tables, moment.state[1]
        found: dict[str, object] = {}
        for cpu, name in self.scenario.buffers.items():
            entries = [
                e for k, lid in enumerate(lids) if self.scenario.cpus[k] == cpu for e in tables.places[lid].buffer
            ]
            found[name] = tuple(tables.said(*entry) for entry in entries)
        return found

    def wait(self, moment: Moment, k: int) -> Wait | None:
        """Why thread k cannot move; None where it can or has finished."""
        actors, (sid, lids) = self.scenario.actors, moment.state
        if lids[k] == FINISHED or moves(self.tables, moment.state, k):
            return None
        by = self.tables.suspended(lids).get(k)
        if by is not None:
            waits = self.scenario.hosts[k] is not None and lids[k] == self.tables.first_lids[k]
            kept, full = "does not begin" if waits else "is suspended", waits and self.tables.places[lids[by]].buffer
            until = f"{actors[by]}'s stores have reached memory" if full else f"{actors[by]} has finished"
            if waits and self.tables.holds_off(k, lids[by]):
                until = f"{actors[by]} holds it off no more"
            return Wait(actors[k], actors[by], f"{actors[k]} {kept} until {until}")
        if sleeps := asleep(self.tables.places[lids[k]].label, self.tables.places[lids[k]].lines):
            forever = not any(moves(self.tables, moment.state, other) for other in range(len(lids)))
            return Wait(actors[k], None, f"{actors[k]} {sleeps}{'; nobody wakes it' * forever}")
        return self.waits_for(moment, k, self.tables.outcome(sid, lids[k], 0).reads)

    def waits_for(self, moment: Moment, k: int, reads: tuple[int, ...], waits: str = "waits") -> Wait:
        """What is to be said of thread k, which looks at these variables and gets no further."""
        actor, labels, holders = self.scenario.actors[k], self.tables.layout.labels, self.holders(moment)
        sid, lid = moment.state[0], moment.state[1][k]
        at = self.tables.places[lid]
        for slot in reads:
            if slot in holders:
                who, since = holders[slot] or ["nobody"], moment.since.get(slot)
                held = f"held by {' and '.join(who)}" + (f" since step {since}" if since else "")
                return Wait(actor, who[0], f"{actor} {waits}{stands(at)} for {labels[slot]}, {held}", what=labels[slot])
        what = " or ".join(labels[slot] + self._changed(moment, slot) for slot in reads)
        if what and stands(at):
            sees = " and ".join(seen(self.tables, sid, at, slot) + self._changed(moment, slot) for slot in reads)
            spinning = spins(at, text := self._text(self.line(lid)).strip())
            there = f"{stands(at)} ({printable(text, 60)})" if text else stands(at)
            return Wait(actor, None, f"{actor} {'spins' if spinning else waits}{there}: {sees}", spinning)
        return Wait(
            actor,
            None,
            f"{actor} {waits} for {what} to change" if what else f"{actor} goes round for ever and looks at nothing",
        )

    def _text(self, line: Line | None) -> str:
        return self.texts[line.text].lines[line.index] if line else ""

    def _changed(self, moment: Moment, slot: int) -> str:
        """Who changed a variable last, and when."""
        if slot not in moment.wrote:
            return ""
        k, number = moment.wrote[slot]
        return f" (last changed by {self.scenario.actors[k]} in step {number})"

    def waits(self, moment: Moment) -> tuple[Wait, ...]:
        """Everybody who cannot move."""
        return tuple(w for k in range(len(self.scenario.actors)) if (w := self.wait(moment, k)))

    def false_rules(self, state: State) -> tuple[str, ...]:
        """The rules that do not hold in a state: always and, when all threads have finished, at_end; deadlock."""
        sid, lids = state
        ended = not any(lids)
        broken = [*self.tables.false("always", sid), *(self.tables.false("at_end", sid) if ended else ())]
        if not ended and not any(moves(self.tables, state, k) for k in range(len(lids))):
            broken.append(DEADLOCK)
        return tuple(broken)

    def endless(self, state: State) -> bool:
        """Can no end be reached from this state?"""
        if state not in self._endless:
            space = Space(self.tables, fuse=True)
            self._endless[state] = no_end(space, space.node(*state))
        return self._endless[state]

    def _word(self, sid: int, slot: int) -> object:
        return self.tables.lock_word(slot, self.tables.shared[sid][slot])


def moments(teller: Teller, steps: Steps) -> list[Moment]:
    """Where a run stands before its first step and after each."""
    found = [Moment(first(teller.tables))]
    for number, (k, _, move) in enumerate(follow(teller.tables, steps), 1):
        found.append(teller.after(found[-1], k, move, number))
    return found


def replay(scenario: Scenario, code: str, tables: Tables | None = None) -> Run:
    """The run that a schedule code describes, also one of the scenario with its steps taken apart. InputError where it is another model's,
    where its steps did something else when the code was written, or at the step where it stops fitting."""
    parsed = parse(code)
    scenario = tables.scenario if tables else meant(scenario, parsed)
    tables = tables or Tables(scenario)
    compared(scenario, parsed, tables)
    return replay_steps(scenario, parsed.steps, tables)


def compared(scenario: Scenario, parsed: Code, tables: Tables | None = None) -> str:
    """What is known of a code's own steps, in a sentence: that they do what they did, or that nobody looked. InputError as `replay`."""
    tables = tables or Tables(scenario)
    if parsed.shape != shape_of(scenario):
        raise InputError(f"schedule code for {parsed.shape}", f"this is {shape_of(scenario)}", "use it there")
    same_text(scenario, parsed)
    changed = digest_of(scenario, tables) != parsed.digest
    fit = sum(1 for _ in follow(tables, parsed.steps)) == len(parsed.steps)
    if fit and parsed.mark == mark(scenario, parsed.steps, tables):
        since = f"{scenario.name} has changed since; " if changed else ""
        return f"{since}{do_what_they_did(len(parsed.steps))}; no others were compared"
    if not parsed.mark and not changed:
        return "a code without a mark: that its steps do what they did was not checked"
    if not fit:
        fits = _where_it_stops(scenario, parsed.steps, tables)
    elif parsed.mark:
        fits = f"all its {len(parsed.steps)} steps still fit, but they do something else"
    else:
        fits = f"all its {len(parsed.steps)} steps still fit, but may mean something else"
    raise InputError(
        f"schedule code {parsed.mark or parsed.digest}",
        f"{scenario.name}{' or the code' if parsed.mark else ''} has changed since; {fits}",
        "explore it again",
    )


def _where_it_stops(scenario: Scenario, steps: Steps, tables: Tables) -> str:
    try:
        replay_steps(scenario, steps, tables)
    except InputError as error:
        return f"it stops fitting at {error.thing}, where {error.rule}"
    return "it stops fitting"


def replay_steps(scenario: Scenario, steps: Steps, tables: Tables | None = None) -> Run:
    """The run of a schedule given as (thread, choice) pairs. InputError at the first step that does not fit."""
    tables = tables or Tables(scenario)
    teller, actors, moment = Teller(tables), scenario.actors, Moment(first(tables))
    recorder = Recorder(teller.shown(moment))
    false = set(teller.false_rules(moment.state))
    start = {a: line for a, lid in zip(actors, moment.state[1]) if (line := teller.line(lid))}
    for number, (k, choice) in enumerate(steps, 1):
        move = pick(tables, moment.state, k, choice)
        if move is None:
            raise misfit(teller, moment, k, choice, number)
        before, effect, since = moment.state[1][k], move.outcome, moment.since
        reads = others(tables, moment, k, move)
        said = sentence(tables, moment.state[0], before, choice, effect)
        moment = teller.after(moment, k, move, number)
        now_false = teller.false_rules(moment.state) if not effect.raised else ()
        act = tables.places[before].label if choice != DRAIN else DRAINED
        recorder.step(
            actors[k],
            str(act),
            said,
            teller.shown(moment),
            line=teller.line(before) if choice != DRAIN else None,
            next=teller.line(effect.after) if effect.after else None,
            waits=teller.waits(moment),
            broken=(*effect.broken, *(name for name in now_false if name not in false)),
            kind=effect.kind,
            does=act.does,
            way=teller.way(before) if choice != DRAIN else (),
            because=because(tables, before, effect, since) if effect.broken else {},
            reads=reads,
        )
        false = set(now_false)
        if effect.raised and number < len(steps):
            raise InputError(f"schedule step {number + 1}", f"the run ended at step {number}", "shorten the schedule")
    mark_last(recorder, tables, [moment.state for moment in moments(teller, steps)], teller.endless)
    moved = {change.key for step in recorder.steps for change in step.changes}
    return recorder.run(
        scenario.title or scenario.name,
        actors,
        subtitle=scenario.setting,
        tracks=[row for row in scenario.rows if row not in scenario.counters or row.key in moved],
        texts=teller.texts,
        start=start,
        card=scenario.card,
        code=encode(scenario, steps, tables),
        scenario=scenario,
    )
