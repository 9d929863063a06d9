"""What happens on a host, written down: contexts, steps, warnings, and how much is done in each context."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from tdxkit.run import Recorder, Run, Track, parts


@dataclass(frozen=True, slots=True)
class Context:
    """Where the kernel is: name, locks held, whether it may sleep, and what it is at."""

    name: str
    locks: tuple[str, ...] = ()
    may_sleep: bool = True
    what: str = ""


BOOT = Context("boot")


class Log:
    """Steps and warnings of a host. `state` gives the host as it is now; steps are kept from `begin` on, warnings always."""

    def __init__(self, state: Callable[[], dict[str, object]]):
        self._state = state
        self.context = BOOT
        self.warnings: list[str] = []
        self.work: dict[Context, Counter[str]] = defaultdict(
            Counter
        )  # what is done where, by the name of the operation
        self.actors: dict[str, None] = {}
        self.wrong_at = 0  # the first step at which something went wrong, 0 for none
        self._recorder: Recorder | None = None

    def begin(self) -> None:
        """Keep every step from here on."""
        self._recorder = Recorder(self._state())

    def step(self, label: str, sentence: str, actor: str = "", *, kind: str = "", does: str = "") -> None:
        """Write down where things stand. `actor` other than who the host works for: what happens elsewhere meanwhile."""
        if self._recorder is None:
            return
        if not actor:
            self.work[self.context][does or label] += 1
        actor = actor or self.context.name
        self.actors[actor] = None
        self._recorder.step(actor, label, sentence, self._state(), kind=kind, does=does)

    def goes_wrong(self) -> None:
        """Something goes wrong in the step that is written down next."""
        if self._recorder and not self.wrong_at:
            self.wrong_at = len(self._recorder.steps) + 1

    def warn(self, text: str) -> None:
        """A WARN, or a line in the kernel's log."""
        self.warnings.append(text)
        self.goes_wrong()
        self.step("warning", text)

    def run(self, title: str, **more) -> Run:
        """Everything that happened so far."""
        tracks = (Track("mmu_lock", "mmu_lock", "lock"), Track("pairs in use", "pairs", "value"))
        chapters = parts(self._recorder.steps, lambda step: step.actor)
        return self._recorder.run(title, self.actors, tracks=tracks, chapters=chapters, **more)
