"""Operations on an XArray as a Run: after each step the whole tree, as `tree_state` has it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import FrameType

from tdxkit.card import card_of
from tdxkit.errors import InputError
from tdxkit.explore.frames import innermost
from tdxkit.explore.shown import source_of
from tdxkit.linux.memattr import ioctl
from tdxkit.linux.memattr.ioctl import page_by_page
from tdxkit.linux.memattr.script import Script
from tdxkit.linux.memattr.tree_state import flat, nodes_of
from tdxkit.linux.xarray import api as xarray
from tdxkit.run import Line, Recorder, Run, State, Text
from tdxkit.text import many

MAX_STEPS = 2000
ACTOR = "CPU 0"
LABELS = {
    "slots_lock": "mutex_lock(slots_lock)", "check": "kvm_range_has_memory_attributes({start}, {end})", "reserve": "xa_reserve({gfn})",
    "pre": "kvm_pre_set_memory_attributes()", "store": "xa_store({gfn}, {entry})", "post": "kvm_arch_post_set_memory_attributes()",
    "resched": "cond_resched()", "unlock": "mutex_unlock(slots_lock)",
}  # fmt: skip
MAY_YIELD = "others may run here, the mutex is kept; the tree stays as it is"
LOOPS = {"reserve_loop": "reserve", "store_loop": "store", "erase_loop": "erase"}


def record(
    commands: Sequence[Sequence[object]], title: str = "An XArray, call by call", patch: str | None = None
) -> Run:
    """Run the commands of a script (see `script`) and record the tree after each; loops and set_attrs are taken apart. patch: of the kernel,
    as of KernelText. Where all that runs is set_attrs, each step has its line of the model.

    Raises InputError for a command that is none, over MAX_STEPS steps or MAX_NODES nodes.
    """
    recording = _Recording(patch)
    for command in _expand(commands):
        recording.do(command)
    return recording.run(title)


CALLS = {
    "store": "xa_store",
    "erase": "xa_erase",
    "reserve": "xa_reserve",
    "release": "xa_release",
    "insert": "xa_insert",
    "cmpxchg": "xa_cmpxchg",
    "load": "xa_load",
    "store_range": "xa_store_range",
    "store_order": "xas_store",
    "set_mark": "xa_set_mark",
    "clear_mark": "xa_clear_mark",
}


def _expand(commands: Sequence[Sequence[object]]) -> Iterator[Sequence[object]]:
    """The commands, with each loop over a range as single calls."""
    for command in commands:
        single = LOOPS.get(str(command[0])) if command else None
        if single and len(command) > 2 and all(type(n) is int for n in command[1:3]):
            _bounded(command[2] - command[1])  # type: ignore[operator]
            yield from ((single, index, *command[3:]) for index in range(command[1], command[2]))  # type: ignore[call-overload]
        else:
            yield command


def _bounded(steps: int) -> None:
    if steps > MAX_STEPS:
        raise InputError(f"{steps} steps", f"a recorded run has at most {MAX_STEPS}", "take a smaller range")


class _Recording:
    """A script and what was recorded of it so far."""

    def __init__(self, patch: str | None):
        self.script = Script(patch)
        self.state: State = flat(self.script.xa)
        self.recorder = Recorder(self.state)
        self.texts: dict[str, Text] = {}

    def do(self, command: Sequence[object]) -> None:
        if command and command[0] == "set_attrs":
            return self.set_attributes(*self.script.arguments(command))
        answer = self.script.do(command)
        index = command[1] if command[0] in CALLS else None
        self.step(_label(command), index, answer)

    def set_attributes(self, start: int, end: int, attributes: int) -> None:
        """kvm_vm_set_mem_attributes(), a step for each page of each loop."""
        _bounded((4 if self.script.patch == "v2" else 2) * (end - start) + 5)
        call = page_by_page(self.script.kvm, start, end, attributes)
        for did in call:
            label = LABELS[did.does].format(start=start, end=end, gfn=did.gfn, entry=attributes or "NULL")
            answer = {"err": did.rc} if did.rc else MAY_YIELD if did.does == "resched" else None
            self.step(label, did.gfn, answer, line=self.line(innermost(call)), does=label.partition("(")[0])

    def line(self, frame: FrameType | None) -> Line | None:
        """The line of the model that a call has come to."""
        function = frame and getattr(ioctl.Call, frame.f_code.co_name)
        text = function and (self.texts.get(function.__name__) or source_of(function))
        if not text:
            return None
        self.texts[function.__name__] = text
        return Line(function.__name__, frame.f_lineno - function.__code__.co_firstlineno)

    def step(self, label: str, index: int | None, answer: object, **more) -> None:
        state = flat(self.script.xa, index)
        _bounded(len(self.recorder.steps) + 1)
        self.recorder.step(ACTOR, label, _sentence(self.state, state, answer), state, **more)
        self.state = state

    def run(self, title: str) -> Run:
        """The finished run; each step's next line is that at which the following one is taken."""
        run = self.recorder.run(title, [ACTOR], card=card_of(xarray))
        if not run.steps or not all(step.line for step in run.steps):
            return replace(run, steps=tuple(replace(step, line=None) for step in run.steps))
        lines = [step.line for step in run.steps[1:]]
        steps = tuple(replace(step, next=after) for step, after in zip(run.steps, [*lines, None]))
        return replace(run, steps=steps, texts=self.texts, start={ACTOR: run.steps[0].line})


def _label(command: Sequence[object]) -> str:
    name = CALLS.get(str(command[0]), str(command[0]))
    return f"{name}({', '.join('NULL' if a in (None, 'null') else str(a) for a in command[1:])})"


def _sentence(before: State, after: State, answer: object) -> str:
    """What came of a step, from the two states."""
    if answer == MAY_YIELD:
        return answer
    old, new = nodes_of(before), nodes_of(after)
    came, went = len(new.keys() - old.keys()), len(old.keys() - new.keys())
    said = []
    if isinstance(answer, dict) and "err" in answer:
        said.append(f"it fails with {answer['err']}")
    for nodes, verb in ((came, "allocates"), (went, "frees")):
        if nodes:
            said.append(f"{verb} {many(nodes, 'node')}")
    for name, what in (("values", "value"), ("reserved", "reserved slot")):
        change = after[name] - before[name]  # type: ignore[operator]
        if change:
            said.append(f"{many(abs(change), what)} {'more' if change > 0 else 'less'}")
    if said:
        return "; ".join(said)
    if before["head"] != after["head"] or any(old[key].slots != new[key].slots for key in old):
        return "a slot changes"
    return "the tree stays as it is" if old == new else "a mark changes"
