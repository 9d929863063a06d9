"""Two SEAMCALLs of one's choice, in every order: what each step does, who holds which lock, and how the two can end.

    met = meeting(world_at("runnable").module, [("TDH.PHYMEM.PAMT.ADD", {…}), ("TDH.PHYMEM.PAGE.RDMD", {…})])
    met.ends        # the answers of the two that can come together, each with a shortest way there
    met.graph       # every state: a tdxkit.explore.reachable.Graph, told as a run of tdxkit.seam.record is told

The steps are the explorer's (`threads`); here its states get the names that people read. A call that finds a lock taken says BUSY at the
check that wanted it: the rule "no SEAMCALL may meet BUSY" is broken by that step.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from tdxkit.card import card_of
from tdxkit.explore.moves import Steps
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.reachable import Edge, Graph, Node, graph
from tdxkit.explore.telling import replay_steps
from tdxkit.rules import named
from tdxkit.run import Line, Run, Track
from tdxkit.seam.leaf_text import lines, said, text_of
from tdxkit.seam.leaves import engine
from tdxkit.seam.leaves.act import CHECK, WAY_BACK
from tdxkit.seam.leaves.call import Answer, Status
from tdxkit.seam.leaves.leaf import Leaf
from tdxkit.seam.locks import EXCLUSIVE, held, readers
from tdxkit.seam.memory import LOCKS
from tdxkit.seam.module import Module
from tdxkit.seam.shared_names import names, told
from tdxkit.seam.threads import threads
from tdxkit.units import Hex
from tdxkit.work import Job, drive

NOT_BUSY = named("no-busy")
BUSY = ("TDX_OPERAND_BUSY", "TDX_SYS_BUSY", "TDX_OPERAND_BUSY_HOST_PRIORITY")
ANSWER = "answer"  # the shared variable in which each call leaves what it returns
CPUS = ("CPU 0", "CPU 1")

Calls = Sequence[tuple[str, Mapping[str, int]]]


class End(NamedTuple):
    """How two calls can end: what they answer, in the order of the CPUs, and the edges of a shortest way there."""

    answers: tuple[str, ...]
    path: tuple[int, ...]

    @property
    def busy(self) -> tuple[str, ...]:
        """Those of the CPUs whose call came back BUSY."""
        return tuple(cpu for cpu, answer in zip(CPUS, self.answers) if answer.startswith(BUSY))


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two calls beside each other. begin: the run of no steps, with title, texts and tracks; ends: by how many steps they take."""

    scenario: Scenario
    graph: Graph
    begin: Run
    ends: tuple[End, ...]


def meeting(module: Module, calls: Calls, title: str = "") -> Meeting:
    """Every order of these calls, given as (leaf, registers), on the module as it is now; it is not changed."""
    return drive(meeting_job(module, calls, title))


def meeting_job(module: Module, calls: Calls, title: str = "") -> Job[Meeting]:
    """The same as long work."""
    names = [name for name, _ in calls]
    one = _scenario(module, calls, title or " beside ".join(names))
    yield 0, 3
    raw = graph(one)
    yield 1, 3
    told = _Told(raw, [engine.find_leaf(name) for name in names])
    made = told.graph()
    yield 2, 3
    begin = replace(
        replay_steps(one, ()), first=made.shared[0], texts={leaf.name: text_of(leaf) for leaf in told.leaves}, tracks=_tracks(made), card=card_of(engine),
        scenario=None, start=dict(zip(CPUS, made.nodes[0].lines)),
    )  # fmt: skip
    return Meeting(one, made, begin, told.ends(made))


def _scenario(module: Module, calls: Calls, title: str) -> Scenario:
    """Each CPU makes one of the calls and leaves its answer."""
    shared, programs = threads(module, [module.prepare(name, **given) for name, given in calls])
    shared[ANSWER] = dict.fromkeys(range(len(calls)))
    return Scenario(
        "seamcalls", shared, tuple(Thread(_answering, (k, one)) for k, one in enumerate(programs)), title=title
    )


def _answering(m, k: int, seamcall: Callable):
    """A call, and what it returns where everybody can see it."""
    result = yield from seamcall(m)
    m.answer[k] = (result.status, tuple(result.regs.items()))


class _Told:
    """A graph of the explorer told in the module's words."""

    def __init__(self, raw: Graph, leaves: Sequence[Leaf]):
        self.raw, self.leaves = raw, tuple(leaves)
        self.keys = names(raw.shared[0])
        self.locks = [label for label in self.keys if label.partition("[")[0] in LOCKS]
        self.named: dict[str, list[str]] = {}  # by name the variables that have it; an answer is told by its CPU
        for label, name in self.keys.items():
            if not label.startswith(ANSWER):
                self.named.setdefault(name, []).append(label)
        self.holders = self._holders()

    def graph(self) -> Graph:
        """The same states and moves, with what each holds and says."""
        raw = self.raw
        shared: dict[tuple, int] = {}
        nodes = []
        for number, node in enumerate(raw.nodes):
            look = (node.shared, tuple(sorted(self.holders[number].items())))
            place = shared.setdefault(look, len(shared))
            at = tuple(self._line(number, k) for k in range(len(self.leaves)))
            nodes.append(Node(place, at, node.waits, node.finished))
        states = tuple(self._state(place, dict(by)) for place, by in shared)
        edges = tuple(tuple(self._edge(number, edge) for edge in row) for number, row in enumerate(raw.edges))
        return replace(raw, shared=states, nodes=tuple(nodes), edges=edges)

    def ends(self, made: Graph) -> tuple[End, ...]:
        """Each pair of answers once, with a shortest way to it."""
        came: dict[int, tuple[int, int]] = {}
        order = deque([0])
        found: dict[tuple[str, ...], End] = {}
        while order:
            node = order.popleft()
            if all(made.nodes[node].finished):
                answers = tuple(str(self._answer(node, k)) for k in range(len(self.leaves)))
                found.setdefault(answers, End(answers, _way(came, node)))
            for number, edge in enumerate(made.edges[node]):
                if edge.target and edge.target not in came:
                    came[edge.target] = (node, number)
                    order.append(edge.target)
        return tuple(found.values())

    def _values(self, node: int) -> Mapping[str, object]:
        return self.raw.shared[self.raw.nodes[node].shared]

    def _holders(self) -> list[dict[str, tuple[str, ...]]]:
        """For each node who holds each lock word of those that are taken in it: from how the words change on any way there."""
        found: list[dict] = [{} for _ in self.raw.nodes]
        seen, order = {0}, deque([0])
        while order:
            node = order.popleft()
            for edge in self.raw.edges[node]:
                if edge.target in seen:
                    continue
                seen.add(edge.target)
                order.append(edge.target)
                found[edge.target] = self._taken(found[node], node, edge)
        return found

    def _taken(self, before: Mapping[str, tuple[str, ...]], node: int, edge: Edge) -> dict[str, tuple[str, ...]]:
        """The holders after a step."""
        old, new, actor = self._values(node), self._values(edge.target), CPUS[edge.actor]
        after = dict(before)
        for label in self.locks:
            was, now = old[label], new[label]
            by = before.get(label, ())
            if now & EXCLUSIVE and not was & EXCLUSIVE:
                by = (actor,)
            elif readers(now) > readers(was) and not was & EXCLUSIVE:
                by = tuple(sorted((*by, actor)))
            elif (was & EXCLUSIVE and not now & EXCLUSIVE) or readers(now) < readers(was):
                by = tuple(cpu for cpu in by if cpu != actor)
            after[label] = by
        return {label: by for label, by in after.items() if by}

    def _state(self, place: int, holders: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
        """A shared state by the names that people read; what each call answered comes last."""
        values, first = self.raw.shared[place], self.raw.shared[0]
        state: dict[str, object] = {}
        for name, labels in self.named.items():
            if labels[0] in self.locks:
                state[name] = held(values[labels[0]], holders.get(labels[0], ()))
            else:
                state[name] = told([values[label] for label in labels], [first[label] for label in labels])
        for k, cpu in enumerate(CPUS[: len(self.leaves)]):
            status, regs = values[f"{ANSWER}[{k}]"] or (None, ())
            state[f"{cpu} RAX"] = None if status is None else Status(status)
            state |= {f"{cpu} {register}": Hex(value) for register, value in regs}
        return state

    def _line(self, node: int, k: int) -> Line | None:
        """Where a CPU stands in the text of its leaf."""
        act = self._next(node, k)
        return Line(self.leaves[k].name, act.at % lines(self.leaves[k])) if act is not None else None

    def _next(self, node: int, k: int):
        """The act that a CPU comes to, None where it is done."""
        return next((edge.label for edge in self.raw.edges[node] if edge.actor == k), None)

    def _edge(self, node: int, edge: Edge) -> Edge:
        """A move with its sentence; broken where the check that fails says BUSY."""
        leaf, act, after = self.leaves[edge.actor], edge.label, self._next(edge.target, edge.actor)
        failed = act.part == CHECK and (after is None or after.part == WAY_BACK)
        answer = self._answer(edge.target, edge.actor) if failed or after is None else None
        sentence = said(leaf, act, answer if failed else None)
        busy = failed and answer.name in BUSY
        kind = "locked" if failed and act.kind == "lock" else edge.kind
        reads = tuple(dict.fromkeys((self.keys[name], unseen) for name, unseen in edge.reads if self._is_told(name)))
        broken = (NOT_BUSY,) if busy else ()
        return replace(edge, label=str(act), sentence=sentence, kind=kind, broken=broken, reads=reads, stores=())

    def _is_told(self, label: str) -> bool:
        """Is a variable neither a lock, which is told by its holder, nor an answer?"""
        return label not in self.locks and not label.startswith(ANSWER)

    def _answer(self, node: int, k: int) -> Answer:
        """What a CPU's call returns, by going on with it alone."""
        while (value := self._values(node)[f"{ANSWER}[{k}]"]) is None:
            node = next(edge.target for edge in self.raw.edges[node] if edge.actor == k)
        return Answer(value[0], dict(value[1]))


def _way(came: Mapping[int, tuple[int, int]], node: int) -> tuple[int, ...]:
    """The edges that lead to a node."""
    path: list[int] = []
    while node:
        node, number = came[node]
        path.append(number)
    return tuple(reversed(path))


def _tracks(made: Graph) -> tuple[Track, ...]:
    """A row for each lock that anybody takes."""
    taken = {name for state in made.shared for name, value in state.items() if getattr(value, "by", None)}
    rows = [Track(name, name, "lock") for name in made.shared[0] if name in taken]
    return (*rows, Track(NOT_BUSY, NOT_BUSY, "rule"))


def steps_of(made: Graph, path: Sequence[int]) -> Steps:
    """The (CPU, choice) steps of a way through a graph."""
    found, node = [], 0
    for number in path:
        edge = made.edges[node][number]
        found.append((edge.actor, edge.choice))
        node = edge.target
    return tuple(found)
