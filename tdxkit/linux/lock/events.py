"""The sections of a contention simulation, event by event: who asks, who gets the lock, who waits behind whom, who lets go."""

from collections.abc import Iterable

from tdxkit.card import card_of
from tdxkit.linux.lock import simulation
from tdxkit.linux.lock.simulation import Section
from tdxkit.run import Recorder, Run, Track, Wait


def lock_run(sections: Iterable[Section], title: str = "Who holds pamt_lock, and who waits") -> Run:
    """A Run with three events a section: ask, get, let go, in the order of simulated time.

    State: ``time (us)``, and for each lock its holder (``lock N``) and the queue behind it (``waiting for lock N``).
    """
    sections = tuple(sections)
    locks = sorted({s.lock for s in sections})
    state: dict[str, object] = {"time (us)": 0.0}
    for lock in locks:
        state |= {_name(lock, locks): None, f"waiting for {_name(lock, locks)}": ()}
    recorder = Recorder(state)
    for time, _, kind, section in sorted(_events(sections), key=lambda e: e[:2]):
        name = _name(section.lock, locks)
        queue = f"waiting for {name}"
        holder, waiting = state[name], state[queue]
        state["time (us)"] = round(time, 1)
        where = f"region {section.region}"
        if kind == "ask":
            state[queue] = (*waiting, section.actor)
            sentence = f"{section.actor} asks for {name} to {section.what} the pair of {where}" + (
                f", held by {holder}" if holder else ""
            )
        elif kind == "get":
            state[name] = section.actor
            state[queue] = tuple(a for a in waiting if a != section.actor)
            waited = f" after {time - section.asked:.1f} us" if time > section.asked else ""
            sentence = f"{section.actor} has {name}{waited} and calls TDH.PHYMEM.PAMT.{section.what} on {where}"
        else:
            state[name] = None
            sentence = f"{section.actor} lets go of {name} after {time - section.got:.1f} us"
        waits = tuple(
            _wait(actor, name, state[name])
            for lock in locks
            for actor in state[f"waiting for {_name(lock, locks)}"]
            if lock == section.lock
        )
        label = {"ask": f"asks for {name}", "get": f"has {name}: {section.what}", "let go": f"lets go of {name}"}[kind]
        recorder.step(section.actor, label, sentence, dict(state), waits=waits)
    return recorder.run(
        title,
        sorted({s.actor for s in sections}),
        tracks=tuple(Track(_name(lock, locks), _name(lock, locks), "lock") for lock in locks[:8]),
        card=card_of(simulation),
    )


def _events(sections: tuple[Section, ...]):
    """(time, order at the same time, kind, section): a lock is let go before the next one gets it, and asked for before it is got."""
    for k, s in enumerate(sections):
        yield s.asked, (1, k), "ask", s
        yield s.got, (2, k), "get", s
        yield s.left, (0, k), "let go", s


def _wait(actor: str, name: str, holder: object) -> Wait:
    by = f"held by {holder}" if holder else "free in this instant"
    return Wait(actor, holder, f"{actor} waits for {name}, {by}", what=name)


def _name(lock: int, locks: list[int]) -> str:
    return "pamt_lock" if locks == [0] else f"lock {lock}"
