"""Who waits for whom where a run stands still, since when, and the round that somebody goes for ever."""

from dataclasses import dataclass

from tdxkit.explore.moves import State, Steps, follow, moves
from tdxkit.explore.program import LIVELOCK
from tdxkit.explore.schedule import encode
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import Moment, Teller, moments

LONGEST_ROUND = 1000  # steps of one thread alone


@dataclass(frozen=True, slots=True)
class Loop:
    """One round of a run that never ends: everybody who can move takes part, the last state is the first.

    kind: `spin` where no step of it changes anything shared (whoever goes round only looks), else `livelock` (they undo each other's
    work). actors: who goes round. begins: the number of its first step in `schedule`, the way there and one round. steps: (actor, label).
    """

    kind: str
    actors: tuple[str, ...]
    begins: int
    steps: tuple[tuple[str, str], ...]
    schedule: str

    def as_json(self) -> dict:
        """The form that `explore --json` prints."""
        steps = [{"actor": actor, "label": label} for actor, label in self.steps]
        return {
            "kind": self.kind,
            "actors": list(self.actors),
            "begins": self.begins,
            "steps": steps,
            "schedule": self.schedule,
        }

    def __str__(self) -> str:
        rounds = [", ".join(dict.fromkeys(label for who, label in self.steps if who == actor)) for actor in self.actors]
        what = (
            "a spin, no step of it changes anything shared"
            if self.kind == "spin"
            else "a livelock, its steps undo each other"
        )
        said = "; ".join(f"{actor}: {labels}" for actor, labels in zip(self.actors, rounds))
        return f"{what}: {said}\none round, from step {self.begins} on: {self.schedule}"


def spinning(tables: Tables, steps: Steps) -> bool:
    """Does somebody look again and again for ever at the end of a schedule that leads into a deadlock?"""
    teller = Teller(tables)
    return any(wait.spins for wait in teller.waits(moments(teller, steps)[-1]))


def standstill(tables: Tables, steps: Steps, rule: str) -> tuple[tuple[str, ...], Loop | None]:
    """At the end of a schedule that leads into a deadlock or livelock: who waits for whom, as sentences, and the loop of a livelock."""
    teller = Teller(tables)
    moment = moments(teller, steps)[-1]
    if rule != LIVELOCK:
        return tuple(wait.why for wait in teller.waits(moment)), None
    way, around = round_from(tables, moment.state)
    moment = moments(teller, (*steps, *way))[-1]
    done = list(follow(tables, (*steps, *way, *around)))[len(steps) + len(way) :]
    actors = tables.scenario.actors
    told = tuple((actors[k], str(tables.places[before[1][k]].label)) for k, before, _ in done)
    going = tuple(actor for actor in actors if actor in {who for who, _ in told})
    kind = "livelock" if any(move.outcome.writes for _, _, move in done) else "spin"
    code = encode(tables.scenario, (*steps, *way, *around), tables)
    loop = Loop(kind, going, len(steps) + len(way) + 1, told, code)
    return tuple(_waits(teller, moment, k, done) for k, lid in enumerate(moment.state[1]) if lid), loop


def _waits(teller: Teller, moment: Moment, k: int, done: list) -> str:
    """Why a thread that has not finished does not get on, in a round."""
    own = [move.outcome for who, _, move in done if who == k]
    if not own:
        wait = teller.wait(moment, k)
        return wait.why if wait else f"{teller.scenario.actors[k]} gets nowhere"
    written = {slot for effect in own for slot, _ in effect.writes}
    reads = tuple(dict.fromkeys(slot for effect in own for slot in effect.reads if slot not in written))
    if not reads:
        return f"{teller.scenario.actors[k]} goes round"
    return teller.waits_for(moment, k, reads, "goes round and waits").why


def round_from(tables: Tables, state: State) -> tuple[Steps, Steps]:
    """From a state of no return the way to a round and the round: everybody who can move in turn, so it is a fair one."""
    seen: dict[State, int] = {}
    path: list[tuple[int, int]] = []
    while state not in seen:
        seen[state] = len(path)
        for k in range(len(state[1])):
            if found := moves(tables, state, k):
                path.append((k, found[0].choice))
                state = found[0].state
    way, around = tuple(path[: seen[state]]), tuple(path[seen[state] :])
    return way, _one_by_one(tables, state, sorted({k for k, _ in around})) or around


def _one_by_one(tables: Tables, state: State, threads: list[int]) -> Steps:
    """The round told more calmly where it can be: each thread all its way round by itself; () where it cannot."""
    path: list[tuple[int, int]] = []
    for k in threads:
        at, length = state, len(path)
        while (at != state or len(path) == length) and len(path) < length + LONGEST_ROUND:
            if not (found := moves(tables, at, k)):
                return ()
            path.append((k, found[0].choice))
            at = found[0].state
        if at != state:
            return ()
    return tuple(path)
