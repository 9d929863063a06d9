"""A verdict on a lockup as a Run: who has the CPU, what the watchdog's timer sees every four seconds, when the stopper gets in.

A state has `time` (when its step began, in seconds and words), `loop`, `gives way` (the points at which the CPU does so in this loop), `stamp
age` (units at the last tick), `job waits` (the stopper is queued and cannot run) and `reports`.
"""

from heapq import merge
from operator import itemgetter

from tdxkit.card import card_of
from tdxkit.errors import InputError
from tdxkit.linux.softlockup import lockup
from tdxkit.linux.softlockup.lockup import Judgement, Stretch, size_text
from tdxkit.linux.softlockup.watchdog import SECOND, THRESHOLD, Sample
from tdxkit.run import Recorder, Run, Track

CALLER, TIMER, STOPPER = "qemu-kvm", "watchdog timer", "stopper"
RULE = "the stopper runs within 20 units"
MAX_STEPS = 2000
SHORTEST = SECOND // 1000  # of a loop that is a step


def timeline_run(verdict: Judgement) -> Run:
    """The verdict step by step: loops that take time, ticks, stamps. InputError over MAX_STEPS steps."""
    loops = ((s.start, s) for s in verdict.stretches if s.end - s.start >= SHORTEST)
    ticks = ((s.at, s) for s in verdict.samples)
    events: list[tuple[int, Stretch | Sample]] = list(merge(loops, ticks, key=itemgetter(0)))  # a loop before a tick
    if len(events) > MAX_STEPS:
        raise InputError(
            f"{len(events):,} steps",
            f"a recorded run has at most {MAX_STEPS:,}",
            "take a smaller guest or a quicker cost",
        )
    state: dict[str, object] = {
        "time": "0 s",
        "loop": "none",
        "gives way": "nowhere",
        "stamp age": 0,
        "job waits": False,
        "reports": 0,
    }
    recorder = Recorder(state)
    for at, event in events:
        state = state | {"time": f"{round(at / SECOND, 3):g} s"}
        take = _loop if isinstance(event, Stretch) else _sample
        state, step = take(state, event)
        actor, label, sentence, broken = step
        recorder.step(actor, label, sentence, state, broken=broken)
    actors = [CALLER, TIMER, STOPPER]
    tracks = (Track("the stopper waits", "job waits", "fact"), Track(RULE, RULE, "rule"))
    title = f"{size_text(verdict.work.size)} guest, {verdict.kernel}, {verdict.preempt}"
    patch = {"v2": "with cond_resched()", "v1": "in batches of 512 GiB"}.get(verdict.work.text.patch or "", "unpatched")
    return recorder.run(
        title, actors, subtitle=f"{patch}; costs: {verdict.cost.name}", tracks=tracks, card=card_of(lockup)
    )


def _loop(state: dict, stretch: Stretch) -> tuple[dict, tuple]:
    points = ", ".join(stretch.stops)
    how = f"it may give way at {points}" if points else "nothing in it gives way"
    said = f"{stretch.pages:,} pages in {stretch.seconds:.1f} s; {how}"
    return state | {"loop": stretch.loop, "gives way": points or "nowhere"}, (CALLER, f"{stretch.loop} loop", said, ())


def _sample(state: dict, sample: Sample) -> tuple[dict, tuple]:
    if sample.who == "stopper":
        late = ", at last" if state["stamp age"] > 5 else ""
        return state | {"stamp age": 0, "job waits": False}, (STOPPER, "softlockup_fn()", f"stamps the time{late}", ())
    state = state | {"stamp age": sample.age, "job waits": True}
    if sample.stuck is not None:
        said = f"{sample.period} units are more than {THRESHOLD}: soft lockup, stuck for {sample.stuck}s"
        return state | {"reports": state["reports"] + 1}, (TIMER, "watchdog_timer_fn()", said, (RULE,))
    if sample.period is None:
        said = "the CPU came out of idle: only begins the period"
    else:
        said = f"the stamp is {sample.age} units old"
        if sample.period != sample.age:
            said += f", the period {sample.period}"
    return state, (TIMER, "watchdog_timer_fn()", said, ())
