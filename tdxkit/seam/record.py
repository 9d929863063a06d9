"""Runs of SEAMCALLs for the step player: every atomic step of one call, or of several at once, with what the PAMT holds after it.

The runs the lessons step through are in `runs.py`.

A run's state has, for one 2 MiB region and as values of `pamt_state`: the lock words of its entries ("1G lock", "2M lock", "4K lock",
with who holds them), who holds them exclusive ("2M exclusive"), the entry itself ("2M entry", "pair page 0", "pair page 1", "page
count") and the bitmap bits of the pages to watch ("bitmap 0x…"). For a TD (`InTd`): its Secure-EPT tree lock and the lock of one
Secure-EPT entry ("tree lock", "entry lock", each with "… exclusive"), the state of that entry ("entry"), and what is held against a vCPU
("faults in a row", "suspected"). And each CPU's registers as numbers ("CPU 0 RAX": the status, once the call has returned). A step's
label is an `LeafAct` of `leaves.act`: operand and lock come with it. Each leaf's checks are a text of the run, so a lane shows which check
is tried and which comes next.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tdxkit.card import card_of
from tdxkit.run import Line, Recorder, Run, Track, parts
from tdxkit.seam.leaf_text import lines, said, text_of
from tdxkit.seam.leaves import engine
from tdxkit.seam.leaves.act import CHECK, WAY_BACK, LeafAct
from tdxkit.seam.leaves.call import Status
from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.leaves.leaf import Leaf
from tdxkit.seam.locks import EXCLUSIVE, held, readers
from tdxkit.seam.module import Begun, Module
from tdxkit.seam.pamt import L1G, L2M, L4K, LEVEL_NAMES, PT_PAMT
from tdxkit.seam.pamt_state import bit_of, key, lock_at, region_of
from tdxkit.units import Hex

LEVELS = (L1G, L2M, L4K)
TREE, ENTRY, SUSPECTED = "tree", "entry", "suspected"
TRACKS = (
    *(Track(f"{LEVEL_NAMES[level]} entry, exclusive", f"{LEVEL_NAMES[level]} exclusive", "lock") for level in LEVELS),
    Track("the region has a pair", "pair is there", "fact"),
)
TD_TRACKS = (
    *(Track(f"S-EPT {name}, exclusive", f"{name} exclusive", "lock") for name in (TREE, ENTRY)),
    Track("zero-stepping suspected", SUSPECTED, "fact"),
)


class InTd(NamedTuple):
    """What of a TD a run shows: its TDR's tree lock, the Secure-EPT entry over a GPA at a level, a vCPU's faults."""

    tdr: int
    gpa: int
    tdvpr: int
    level: int = L4K


class Actor:
    """A CPU and the calls it makes, one after the other; the first is begun. `at`: index of the line it stands at."""

    begun: Begun
    leaf: Leaf
    at: int
    regs: dict[str, object]

    def __init__(self, name: str, calls: list[tuple[str, dict[str, int]]], module: Module):
        self.name, self.calls, self.module = name, calls, module
        self.start()

    def start(self) -> None:
        """Begin its next call."""
        name, given = self.calls.pop(0)
        self.begun, self.at = self.module.begin(name, **given), 0
        self.leaf = engine.find_leaf(name)
        self.regs = {
            "leaf": name,
            **{reg.upper(): Hex(v) for reg, v in given.items() if reg not in ("lp", "v", "vcpu", "weather")},
            "RAX": None,
        }

    def line(self) -> Line:
        """Where it stands in its leaf's text."""
        return Line(self.leaf.name, self.at)


@dataclass(frozen=True)
class Taken:
    """A step as it was taken: its act, whether a check failed in it, the call, lines before and after, the state after it."""

    actor: str
    act: LeafAct
    failed: bool
    begun: Begun
    leaf: Leaf
    line: Line
    next: Line | None
    state: Mapping[str, object]

    @property
    def kind(self) -> str:
        """The kind of what it did: a lock that was not to be had was asked for in one locked operation."""
        return "locked" if self.failed and self.act.kind == "lock" else self.act.kind


class Recording:
    """Steps actors over one module and keeps what each step did."""

    def __init__(
        self,
        module: Module,
        region: int | None,
        page: int | None,
        watch: Iterable[int],
        actors: list[Actor],
        td: InTd | None = None,
    ):
        self.module, self.region, self.watch, self.actors = module, region, tuple(watch), actors
        self.page, self.td = page or region or 0, td
        self.slot = reach(module.m, td.tdr, td.gpa, td.level, module.platform.sept_top)[0] if td else 0
        self.holders: dict[str, dict[str, str]] = {
            name: {} for name in self.words()
        }  # by lock: who holds it, in which mode
        self.start = {actor.name: actor.line() for actor in actors}
        self.first = self.state()
        self.steps: list[Taken] = []

    def words(self) -> dict[str, int]:
        """The three lock words above and at the watched page; those of the TD."""
        m = self.module.m
        levels = LEVELS if self.region is not None else ()
        found = {LEVEL_NAMES[level]: lock_at(m, level, self.page) for level in levels}
        return found | ({TREE: m.tree_lock[self.td.tdr], ENTRY: m.sept_lock[self.slot]} if self.td else {})

    def state(self) -> dict[str, object]:
        """The state as a run shows it."""
        m = self.module.m
        state: dict[str, object] = {}
        for name, word in self.words().items():
            holders = self.holders[name]
            state[key(f"{name} lock")] = held(word, tuple(holders))
            state[f"{name} exclusive"] = next((a for a, how in holders.items() if how == "exclusive"), None)
        if self.region is not None:
            state |= region_of(m, self.region)
            state["pair is there"] = m.pamt_2m[self.region >> 21].type == PT_PAMT
            state[key("4K entry")] = m.pamt_4k[self.page >> 12]
        for page in self.watch:
            state |= bit_of(m, page)
        if self.td:
            state |= {ENTRY: m.sept[self.slot][0], "faults in a row": m.epf_stepping[self.td.tdvpr]}
            state[SUSPECTED] = bool(m.epf_gpas[self.td.tdvpr])
        for actor in self.actors:
            state |= {f"{actor.name} {reg}": value for reg, value in actor.regs.items()}
        return state

    def step(self, index: int) -> bool:
        """The actor's next atomic step; False when it has nothing left to do."""
        actor = self.actors[index]
        if actor.begun.done:
            if not actor.calls:
                return False
            actor.start()
        act, before, line = actor.begun.label, self.words(), actor.line()
        actor.begun.step()
        self._who(actor.name, before, self.words())
        failed = act.part == CHECK and _ends(actor.begun)
        if not actor.begun.done:
            actor.at = actor.begun.label.at % lines(actor.leaf)
        result = actor.begun.result
        if result is not None:
            actor.regs |= {"RAX": Status(result.status), **{reg: Hex(value) for reg, value in result.regs.items()}}
        after = None if actor.begun.done else actor.line()
        self.steps.append(Taken(actor.name, act, failed, actor.begun, actor.leaf, line, after, self.state()))
        return True

    def go(self, index: int, stop: Callable[[LeafAct], bool] | None) -> None:
        """The actor's steps up to the act that `stop` is true of, or to the end of its call."""
        self.step(index)
        while not (begun := self.actors[index].begun).done and not (stop and stop(begun.label)):
            self.step(index)

    def _who(self, name: str, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        """Bookkeeping of who holds what, from how the words changed in this actor's step."""
        for lock in before:
            holders, old, new = self.holders[lock], before[lock], after[lock]
            if new & EXCLUSIVE and not old & EXCLUSIVE:
                holders[name] = "exclusive"
            elif readers(new) > readers(old) and not old & EXCLUSIVE:
                holders[name] = "shared"
            elif (old & EXCLUSIVE and not new & EXCLUSIVE) or readers(new) < readers(old):
                holders.pop(name, None)

    def run(self, title: str, subtitle: str) -> Run:
        """The finished run."""
        recorder = Recorder(self.first)
        for s in self.steps:
            sentence = said(s.leaf, s.act, s.begun.result if s.failed else None)
            recorder.step(s.actor, s.act, sentence, s.state, line=s.line, next=s.next, kind=s.kind)
        texts = {s.leaf.name: text_of(s.leaf) for s in self.steps}
        more = {
            "tracks": (TRACKS if self.region is not None else ()) + (TD_TRACKS if self.td else ()),
            "texts": texts,
            "start": self.start,
            "card": card_of(engine),
            "chapters": parts(
                recorder.steps, lambda step: f"{step.actor}: {step.line.text}" if step.line else step.actor
            ),
        }
        return recorder.run(title, [a.name for a in self.actors], subtitle=subtitle, **more)


def _ends(begun: Begun) -> bool:
    """Whether the check just tried has failed: what comes now is the way back, or nothing."""
    return begun.done or begun.label.part == WAY_BACK


def record(
    module: Module,
    calls: Iterable[tuple[str, str, Mapping[str, int]]],
    schedule: Iterable[int | tuple[int, Callable[[LeafAct], bool] | None]] = (),
    *,
    region: int | None = None,
    page: int | None = None,
    watch: Iterable[int] = (),
    td: InTd | None = None,
    title: str = "SEAMCALLs, step by step",
    subtitle: str = "",
) -> Run:
    """A run of calls on one module.

    calls: (CPU, leaf, registers), in order for each CPU. schedule: which CPU takes each step, by index, or (index, stop): this CPU goes
    on until `stop` is true of the act that it comes to, or to the end of its call; what is left after it runs CPU after CPU. region: the
    2 MiB region to show; page: the page of it whose 4K entry and locks to show; watch: pages whose bitmap bits to show; td: what of a TD to
    show.
    """
    by_cpu: dict[str, list] = {}
    for cpu, name, given in calls:
        by_cpu.setdefault(cpu, []).append((name, dict(given)))
    actors = [Actor(cpu, its, module) for cpu, its in by_cpu.items()]
    recording = Recording(module, region, page, watch, actors, td)
    for move in schedule:
        if isinstance(move, tuple):
            recording.go(*move)
        else:
            recording.step(move)
    for index in range(len(actors)):
        while recording.step(index):
            pass
    return recording.run(title, subtitle)
