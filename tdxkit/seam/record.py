"""Runs of SEAMCALLs for the step player: every atomic step of one call, or of several at once, with what the PAMT holds after it.

The runs the lessons step through are in `runs.py`.

A run's state has, for one 2 MiB region: the lock words of its entries ("1G lock", "2M lock", "4K lock": who holds them), who
holds them exclusive ("2M exclusive"), the entry itself ("2M entry", "pair page 0", "pair page 1", "page count"), the bitmap bits of
the pages to watch ("bitmap 0x…") and each CPU's registers ("CPU 0 RAX": the status by name once the call has returned). Each
leaf's checks are a text of the run, so a lane shows which check is tried and which comes next.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tdxkit.card import card_of
from tdxkit.run import Line, Recorder, Run, Text, Track
from tdxkit.seam.leaves import engine
from tdxkit.seam.leaves.call import Leaf
from tdxkit.seam.leaves.checks import is_pamt_page
from tdxkit.seam.leaves.describe import status_of
from tdxkit.seam.leaves.vp import IN_GUEST
from tdxkit.seam.locks import EXCLUSIVE, PRIORITY, readers
from tdxkit.seam.module import Begun, Module
from tdxkit.seam.pamt import PT_PAMT

DO_IT = "all checks hold: do it"
LEVEL_LOCKS = (("1G", "lock_1g", 30), ("2M", "lock_2m", 21), ("4K", "lock_4k", 12))
TRACKS = (
    *(Track(f"{level} entry, exclusive", f"{level} exclusive", "lock") for level, _, _ in LEVEL_LOCKS),
    Track("the region has a pair", "pair is there", "fact"),
)


@dataclass
class Actor:
    """A CPU and the calls it makes, one after the other."""

    name: str
    calls: list[tuple[str, Mapping[str, int]]]
    begun: Begun | None = None
    leaf: Leaf | None = None
    at: int = 0  # index of the check it stands at
    regs: dict[str, object] = field(default_factory=dict)


class Recording:
    """Steps actors over one module and keeps what each step did."""

    def __init__(self, module: Module, region: int, page: int | None, watch: Iterable[int], actors: list[Actor]):
        self.module, self.region, self.watch, self.actors = module, region, tuple(watch), actors
        self.begins = [actor.calls[0][0] for actor in actors]
        self.page = region if page is None else page
        self.holders: dict[str, dict[str, str]] = {level: {} for level, _, _ in LEVEL_LOCKS}
        for actor in actors:
            self._start(actor)
        self.first = self.state()
        self.steps: list[dict] = []

    def _start(self, actor: Actor) -> None:
        name, given = actor.calls.pop(0)
        actor.begun, actor.at = self.module.begin(name, **given), 0
        actor.leaf = engine.find_leaf(name)
        actor.regs = {
            "leaf": name,
            **{reg.upper(): hex(v) for reg, v in given.items() if reg not in ("lp", "v")},
            "RAX": None,
        }

    def words(self) -> dict[str, int]:
        """The three lock words above and at the watched page."""
        return {level: getattr(self.module.m, table)[self.page >> shift] for level, table, shift in LEVEL_LOCKS}

    def state(self) -> dict[str, object]:
        """The state as a run shows it."""
        m, words = self.module.m, self.words()
        entry = m.pamt_2m[self.region >> 21]
        state: dict[str, object] = {}
        for level, word in words.items():
            state[f"{level} lock"] = _lock_words(word, self.holders[level])
            state[f"{level} exclusive"] = next(
                (a for a, how in self.holders[level].items() if how == "exclusive"), None
            )
        state["2M entry"] = entry.type.name
        for i in (0, 1):
            state[f"pair page {i}"] = hex(entry.pair[i]) if entry.type == PT_PAMT else None
        state["page count"] = m.count[self.region >> 21] if entry.type == PT_PAMT else None
        state["pair is there"] = entry.type == PT_PAMT
        state["4K entry"] = str(m.pamt_4k[self.page >> 12])
        for page in self.watch:
            state[f"bitmap {page:#x}"] = is_pamt_page(m, page)
        for actor in self.actors:
            state.update({f"{actor.name} {reg}": value for reg, value in actor.regs.items()})
        return state

    def step(self, index: int) -> bool:
        """The actor's next atomic step; False when it has nothing left to do."""
        actor = self.actors[index]
        if actor.begun.done:
            if not actor.calls:
                return False
            self._start(actor)
        label, before, line = actor.begun.label, self.words(), self.place(actor)
        actor.begun.step()
        self._who(actor.name, before, self.words())
        failed = label not in (DO_IT, IN_GUEST) and not _lets_go(label) and self._ends(actor)
        if not failed and not actor.begun.done:
            actor.at = _line_of(actor.leaf, actor.at, actor.begun.label)
        result = actor.begun.result
        if result is not None:
            actor.regs["RAX"] = str(result)
            actor.regs.update({reg: hex(value) for reg, value in result.regs.items()})
        self.steps.append(
            {
                "actor": actor.name, "label": label, "failed": failed, "begun": actor.begun, "leaf": actor.leaf,
                "state": self.state(), "line": line, "next": None if actor.begun.done else self.place(actor),
            }
        )  # fmt: skip
        return True

    def place(self, actor: Actor) -> Line:
        """Where an actor stands in its leaf's text."""
        return Line(actor.leaf.name, actor.at)

    def _ends(self, actor: Actor) -> bool:
        """Whether the check just tried has failed: what comes now is letting go, or nothing."""
        return not actor.begun.result.ok if actor.begun.done else _lets_go(actor.begun.label)

    def _who(self, name: str, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        """Bookkeeping of who holds what, from how the words changed in this actor's step."""
        for level in before:
            held, old, new = self.holders[level], before[level], after[level]
            if new & EXCLUSIVE and not old & EXCLUSIVE:
                held[name] = "exclusive"
            elif readers(new) > readers(old) and not old & EXCLUSIVE:
                held[name] = "shared"
            elif (old & EXCLUSIVE and not new & EXCLUSIVE) or readers(new) < readers(old):
                held.pop(name, None)

    def run(self, title: str, subtitle: str) -> Run:
        """The finished run."""
        recorder = Recorder(self.first)
        for s in self.steps:
            more = {"line": s["line"], "next": s["next"]}
            recorder.step(s["actor"], s["label"], _sentence(s), s["state"], **more)
        texts = {s["leaf"].name: text_of(s["leaf"]) for s in self.steps}
        start = {actor.name: Line(name, 0) for actor, name in zip(self.actors, self.begins)}
        card = card_of(engine)
        return recorder.run(
            title, [a.name for a in self.actors], subtitle=subtitle, tracks=TRACKS, texts=texts, start=start, card=card
        )


def _lock_words(word: int, holders: Mapping[str, str]) -> str:
    mark = ", host priority" if word & PRIORITY else ""
    if word & EXCLUSIVE:
        return f"exclusive: {' '.join(a for a, how in holders.items() if how == 'exclusive') or 'another call'}{mark}"
    names = ", ".join(a for a, how in holders.items() if how == "shared")
    return (f"shared: {names or readers(word)}" if readers(word) else "free") + mark


def _lets_go(label: str) -> bool:
    return "let go" in label or label.startswith("clear")


def _sentence(step: dict) -> str:
    label = step["label"]
    is_lock = any(word in label for word in (" shared", " exclusive", " lock"))
    if step["failed"]:
        said = f"Not to be had: {label}." if is_lock else f"Is it so that {label}? No."
        return f"{said} The call ends with {step['begun'].result}."
    if label == DO_IT:
        return f"Every check holds. {step['leaf'].spec['transition'] or step['leaf'].spec.get('effects', 'Done')}."
    if label == IN_GUEST:
        return "The guest has run until something made it exit; the locks on the vCPU's pages were held all the time."
    if _lets_go(label) or "only needed" in label:
        return f"The call gives up what it holds: {label}."
    return f"Taken: {label}." if is_lock else f"{label[0].upper()}{label[1:]}: yes."


def text_of(leaf: Leaf) -> Text:
    """A leaf's checks as the text of a lane: one line a check, then what it does, then letting go."""
    rows = [f"{k:2} {status_of(c.spec)}: {c.spec['when']}" for k, c in enumerate(leaf.checks, 1)]
    return Text(leaf.name, ("   the module's state, RAX", *rows, f"   {DO_IT}", "   let go of the locks"))


def _line_of(leaf: Leaf, at: int, label: str) -> int:
    """The line of the check that a label belongs to, at or after the present one."""
    for k in range(max(at, 1), len(leaf.checks) + 1):
        if label in leaf.checks[k - 1].labels:
            return k
    return len(leaf.checks) + (1 if label in (DO_IT, IN_GUEST) else 2)


def record(
    module: Module,
    calls: Iterable[tuple[str, str, Mapping[str, int]]],
    schedule: Iterable[int] = (),
    *,
    region: int,
    page: int | None = None,
    watch: Iterable[int] = (),
    title: str = "SEAMCALLs, step by step",
    subtitle: str = "",
) -> Run:
    """A run of calls on one module.

    calls: (CPU, leaf, registers), in order for each CPU. schedule: which CPU takes each step, by index; what is left after it
    runs CPU after CPU. region: the 2 MiB region to show; page: the page whose 4K entry and locks to show; watch: pages whose
    bitmap bits to show.
    """
    actors: dict[str, Actor] = {}
    for cpu, name, given in calls:
        actors.setdefault(cpu, Actor(cpu, [])).calls.append((name, dict(given)))
    recording = Recording(module, region, page, watch, list(actors.values()))
    for index in schedule:
        recording.step(index)
    for index in range(len(actors)):
        while recording.step(index):
            pass
    return recording.run(title, subtitle)
