"""The shared memory as programs see it: plain and keyed variables in numbered slots, rules, sentences.

Beside `must`, `note` and `tell` every name is the model's: whatever the explorer needs of a memory begins with an underscore.
"""

import types
from collections.abc import Mapping

from tdxkit.errors import ModelError, printable, said
from tdxkit.explore.holding import held_after
from tdxkit.explore.outside import Outside
from tdxkit.explore.values import LONGEST
from tdxkit.run import STANDSTILLS
from tdxkit.text import near

ENDLESS = 100_000  # looks at the shared memory in one step: more is a loop without a yield


DEADLOCK, LIVELOCK = RESERVED = STANDSTILLS  # what an explorer finds by itself goes by these names
ALWAYS_TRUE = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.GeneratorType,
    types.CoroutineType,
)


MANY = (list, set, dict)  # of answers, and not one
HELD = (tuple, frozenset, str)  # so too, unless the memory holds it


def rule_name(name: object, where: str) -> None:
    """Refuse what cannot name a rule: no text, or the name of what the explorer finds by itself."""
    if not isinstance(name, str) or not name:
        raise ModelError(
            f"{where}: rule {printable(name)}", "a rule is named by a text", 'write "what must hold" first'
        )
    if name in RESERVED:
        raise ModelError(
            f"{where}: rule {printable(name)}", "the explorer's own finding has this name", "rename the rule"
        )


class Layout:
    """Every shared variable and key as a numbered slot: labels, first values, and the constants beside them."""

    def __init__(self, shared: Mapping[str, object], constants: Mapping[str, object], outside: Outside | None = None):
        self.outside = outside or Outside()
        self.of_scenario = outside is not None
        self.plain: dict[str, int] = {}
        self.keyed: dict[str, dict[object, int]] = {}
        self.labels: list[str] = []
        self.names: list[str] = []
        self.first: list[object] = []
        self.constants = types.MappingProxyType(dict(constants))
        for name, value in shared.items():
            _plain_name("shared variable", name, name in constants)
            if isinstance(value, Mapping):
                self.keyed[name] = {key: self._slot(name, f"{name}[{said(key)}]", v) for key, v in value.items()}
            else:
                self.plain[name] = self._slot(name, name, value)
        for name in constants:
            _plain_name("constant", name, False)
        if len(set(self.labels)) < len(self.labels):
            twice = next(label for k, label in enumerate(self.labels) if label in self.labels[:k])
            raise ModelError(f"shared variable {printable(twice)}", "two of its keys read alike", "rename one")

    def _slot(self, name: str, label: str, value: object) -> int:
        self.names.append(name)
        self.labels.append(label)
        self.first.append(value)
        return len(self.labels) - 1

    def unknown(self, name: str) -> ModelError:
        """What to say about m.NAME that nobody declared."""
        known = ", ".join((*self.plain, *self.keyed, *self.constants)) or "none"
        meant = near(name, (*self.plain, *self.keyed))
        a_lock = "lock" in name or "mutex" in name
        file, python = (
            f'SHARED = {{"{name}": {False if a_lock else 0}}}',
            f'shared={{"{name}": {False if a_lock else 0}}}',
        )
        if a_lock:
            file, python = f'{file}, LOCKS = ("{name}",)', f'{python}, locks=("{name}",)'
        return ModelError(
            f"m.{name}",
            f"the shared variables of this scenario are {known}",
            f"{f'try m.{meant}' if meant else 'correct the name'}, or declare it: {file} in the file; {python} in Python",
        )


class Cell(str):
    """The name of a shared variable as C writes it: `dev.lock`, `flag[1]`. Programs of the house read it by this name; nobody can write it
    behind `m.`."""

    __slots__ = ()


def _plain_name(what: str, name: object, taken: bool) -> None:
    """Refuse a name that cannot stand behind `m.`, or that means something else there already."""
    if type(name) is Cell and not taken and not hasattr(Memory, name):
        return
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("_") or taken or hasattr(Memory, name):
        raise ModelError(f"{what} {printable(name)}", "the name is taken or not a plain name", "rename it")


class Memory:
    """The shared memory as a program sees it; this one simply keeps the values. `_load` and `_store` are what others override."""

    __slots__ = ("_broken", "_count", "_held", "_keyed", "_layout", "_notes", "_open", "_told", "_values")

    def __init__(self, layout: Layout):
        put = object.__setattr__
        put(self, "_layout", layout)
        put(self, "_values", list(layout.first))
        put(self, "_keyed", {name: Keyed(self, name, slots) for name, slots in layout.keyed.items()})
        put(self, "_open", True)
        put(self, "_notes", {})
        put(self, "_held", ())
        self._begin()

    def _as_local(self) -> str:
        """What it counts for in a thread's own state: nothing, if it is the memory that the threads share."""
        if not self._layout.of_scenario:
            raise ModelError("a Memory of a step's own", "no state shows what it holds", "use m, or a tuple")
        return "m"

    def _begin(self) -> None:
        """A new step starts: nothing told, nothing broken."""
        put = object.__setattr__
        put(self, "_broken", [])
        put(self, "_told", [])
        put(self, "_count", 0)

    def _load(self, slot: int) -> object:
        """The value in a slot."""
        return self._values[slot]

    def _store(self, slot: int, value: object) -> None:
        """Put a value into a slot."""
        self._values[slot] = value

    def _holds(self, name: str) -> bool:
        """Does the thread whose step this is hold a lock, after what the step did to it? It looks at no value."""
        slot = self._layout.plain[name]
        word = self._written_word(slot)
        if word is None:
            return slot in self._held
        return slot in held_after(self._held, ((slot, *word),))

    def _written_word(self, slot: int) -> tuple[object, object] | None:
        """A lock word before and after this step wrote it; None where it has not."""
        return None

    def must(self, name: str, condition: object) -> None:
        """A named rule of the model: where it does not hold, the step breaks it."""
        rule_name(name, "m.must")
        if isinstance(condition, ALWAYS_TRUE):
            raise ModelError(
                f"rule {printable(name)}", f"a {type(condition).__name__} is always true", "give its answer"
            )
        if isinstance(condition, MANY) or (
            isinstance(condition, tuple) and any(isinstance(value, bool) for value in condition)
        ):
            raise ModelError(
                f"rule {printable(name)}",
                f"a {type(condition).__name__} with something in it is always true",
                "give the condition alone, all(…) or any(…)",
            )
        if not condition and name not in self._broken:
            self._broken.append(name)

    def note(self, what: str, change: int = 0) -> int:
        """What this thread has noted under `what`, after a change: kept with the thread where a rule asks for it, else 0."""
        if what not in self._notes:
            return 0
        self._notes[what] += change
        return self._notes[what]

    def tell(self, sentence: str) -> None:
        """Say in a sentence what this step does."""
        self._told.append(str(sentence)[:LONGEST])

    def __getattr__(self, name: str):
        layout = self._layout
        slot = layout.plain.get(name)
        if slot is not None:
            self._look()
            return self._load(slot)
        if name in layout.keyed:
            return self._keyed[name]
        if name in layout.constants:
            return layout.constants[name]
        if name.startswith("__"):
            raise AttributeError(name)
        raise layout.unknown(name)

    def __setattr__(self, name: str, value: object) -> None:
        slot = self._layout.plain.get(name)
        if slot is None:
            if name in self._layout.keyed:
                raise ModelError(f"m.{name} = …", f"{name} is keyed", f"set one of its keys: m.{name}[key] = …")
            raise self._layout.unknown(name)
        self._look()
        self._store(slot, value)

    def _look(self) -> None:
        """ModelError where the memory may not be looked at, or has been too often in this step."""
        if not self._open:
            raise ModelError(
                "shared memory used outside a step", "a step starts with a yield", "put a yield with a label before it"
            )
        object.__setattr__(self, "_count", self._count + 1)
        if self._count > ENDLESS:
            raise ModelError(
                f"a step with more than {ENDLESS} looks at shared memory",
                "a step must end",
                "put a yield into the loop that waits",
            )


class View(Memory):
    """A state of the shared memory as rules see it: to look at, not to change."""

    __slots__ = ()

    def __init__(self, layout: Layout, values: list[object]):
        super().__init__(layout)
        object.__setattr__(self, "_values", values)

    def _store(self, slot: int, value: object) -> None:
        label = self._layout.labels[slot]
        raise ModelError(f"m.{label} = …", "a rule looks at the memory and does not change it", "do that in a step")


class Keyed:
    """A keyed shared variable: `m.refcount[region]`. Its keys are fixed; going over them looks at no value."""

    __slots__ = ("_memory", "_name", "_slots")

    def __init__(self, memory: Memory, name: str, slots: dict[object, int]):
        self._memory, self._name, self._slots = memory, name, slots

    def _as_local(self) -> str:
        """What it counts for in a thread's own state: which variable it is."""
        return f"{self._memory._as_local()}.{self._name}"

    def _slot(self, key: object) -> int:
        try:
            return self._slots[key]
        except (KeyError, TypeError):
            keys = ", ".join(map(said, self._slots))
            raise ModelError(f"m.{self._name}[{printable(key)}]", f"its keys are {keys}", "declare the key") from None

    def __getitem__(self, key: object) -> object:
        slot = self._slot(key)
        self._memory._look()
        return self._memory._load(slot)

    def __setitem__(self, key: object, value: object) -> None:
        slot = self._slot(key)
        self._memory._look()
        self._memory._store(slot, value)

    def __bool__(self) -> bool:
        raise self._whole()

    def __call__(self, *args: object) -> None:
        raise self._whole()

    def __eq__(self, other: object) -> bool:
        raise self._whole()

    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __add__ = __sub__ = __mul__ = __and__ = __or__ = __xor__ = __radd__ = __rsub__ = __int__ = __index__ = __eq__
    __hash__ = None  # type: ignore[assignment]

    def _whole(self) -> ModelError:
        key = next(iter(self._slots), "key")
        return ModelError(
            f"m.{self._name}",
            "it is keyed, and what it holds is under its keys",
            f"write m.{self._name}[{key!r}]",
        )

    def __iter__(self):
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: object) -> bool:
        return key in self._slots
