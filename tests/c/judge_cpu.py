"""One CPU that runs a tree step by step: where it stands is a value, and a step makes another out of it.

A place is (locks held, frames). A frame is (function, what is left to do with the next last, operands, values of the locals in scope).
Between two steps a CPU works on by itself; it stands again where the next thing to do is an access to the shared memory.
"""

from typing import NamedTuple

from tests.c.judge_expressions import Expressions
from tests.c.judge_kernel import ACCESS, KERNEL
from tests.c.judge_program import Program
from tests.c.judge_statements import Statements
from tests.c.judge_types import SPINLOCK, Broken, Unreadable

ACTS = ACCESS | {name: operation.act for name, operation in KERNEL.items()}

ENDED = ((), ())
LONGEST = 20_000  # tasks in one step: more is a loop without a step


class Access(NamedTuple):
    """A step that a CPU is about to take: the operation, the path of the word (None: a fence), its values, the line."""

    does: str
    path: tuple | None
    values: tuple
    line: int


class Outcome(NamedTuple):
    """What a step comes to. new, empty: as in Effect; after: the place behind it, None where it breaks a rule."""

    new: int | None
    empty: bool
    after: tuple | None
    defects: frozenset
    open: frozenset


class Cpu(Statements, Expressions):
    """A CPU on its way from one place to the next."""

    def __init__(self, program: Program, place: tuple):
        self.program, self.held = program, set(place[0])
        self.frames = [(name, list(tasks), list(values), dict(env)) for name, tasks, values, env in place[1]]
        self.defects, self.line = set(), 0

    def place(self) -> tuple:
        """Where it stands now."""
        frames = tuple((name, tuple(t), tuple(v), tuple(sorted(e.items()))) for name, t, v, e in self.frames)
        return tuple(sorted(self.held)), frames

    def settle(self) -> tuple | None:
        """Go on until the next step; the place there, None where a rule was broken on the way."""
        try:
            for _ in range(LONGEST):
                if not self.frames:
                    if self.held:
                        self.defects.add(("left", 0))
                    break
                _, self.tasks, self.values, self.env = self.frames[-1]
                if not self.tasks:
                    self.leave(None)
                elif self.tasks[-1][0] == "step":
                    break
                else:
                    task, *rest = self.tasks.pop()
                    getattr(self, task)(*rest)
            else:
                raise Unreadable("a loop without a step")
        except Broken as broken:
            self.defects.add((broken.args[0], self.line))
        return None if self.defects else self.place()

    def plan(self, *tasks: tuple) -> None:
        """These are to be done next, in this order."""
        self.tasks.extend(reversed(tasks))

    def step(self, does: str, path: tuple | None, values: tuple, line: int) -> None:
        """The next thing to do is an access to the shared memory."""
        if path is not None and path not in self.program.first:
            raise Unreadable(f"line {line}: {does} works on no shared scalar")
        self.plan(("step", Access(does, path, values, line)))


def start(program: Program, name: str, given: tuple[int, ...]) -> Outcome:
    """A CPU that calls a function: where it stands before its first step."""
    cpu = Cpu(program, ENDED)
    cpu.values = list(given)
    cpu.enter(name, len(given))
    after = cpu.settle()
    return Outcome(None, False, after, frozenset(cpu.defects), _open(cpu.defects))


def resume(program: Program, place: tuple, old: int | None) -> Outcome:
    """The step of a CPU that stands at this place and finds this in the word."""
    cpu = Cpu(program, place)
    access = cpu.frames[-1][1].pop()[1]
    kind, mine = program.kinds.get(access.path), access.path in cpu.held
    effect = ACTS[access.does](old, access.values, kind, mine)
    cpu.line = access.line
    if effect.defect:
        cpu.defects.add((effect.defect, access.line))
    if access.does == "mutex_lock" and any(program.kinds[path] == SPINLOCK for path in cpu.held):
        cpu.defects.add(("sleep", access.line))
    if effect.waits and not cpu.defects:
        return Outcome(None, False, place, frozenset(), frozenset())
    if effect.moves > 0:
        cpu.held.add(access.path)
    elif effect.moves:
        cpu.held.discard(access.path)
    after = None
    if not (effect.over or effect.waits):
        cpu.frames[-1][2].append(effect.result)
        after = cpu.settle()
    more = frozenset({effect.open} - {None}) | _open(cpu.defects)
    if effect.waits:
        more |= {"a mutex is waited for under a spinlock"}
    return Outcome(effect.new, effect.empty, after, frozenset(cpu.defects), more)


def _open(defects: set) -> frozenset:
    """What a step with these defects leaves to be asked: does whoever broke one rule get so far as to break the next?"""
    sure = len(defects) < 2 or all(kind in ("warn", "bug") for kind, _ in defects)
    return frozenset() if sure else frozenset({"a step breaks two rules"})
