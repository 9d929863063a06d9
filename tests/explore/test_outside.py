"""State outside the shared memory: whoever changes it is refused with his line; what never changes may be used."""

import dataclasses
import logging
import sys

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.rules import always
from tdxkit.explore.search import explore
from tdxkit.linux.refcount import module

# Each model is a file of its own: one thread looks at x and keeps what it saw outside m, as KEEP and READ say.
FILE = """
import collections, functools, itertools, random, types
{before}

def reader(m):
    yield "look"
    {keep}
    yield "write"
    m.y = {read}

def toggler(m):
    yield "set"
    m.x = 1
    yield "set back"
    m.x = 0
"""
RULE = always("y is never 1", lambda m: m.y != 1)


def model(before, keep, read):
    names = {"__name__": "reader_outside"}
    exec(compile(FILE.format(before=before, keep=keep, read=read), "outside.py", "exec"), names)
    threads = (Thread(names["reader"]), Thread(names["toggler"]))
    return Scenario("outside", {"x": 0, "y": 0}, threads, (RULE,))


# before, keep, read, the name that is told
CHANGED = {
    "list": ("SEEN = [0]", "SEEN[0] = m.x", "SEEN[0]", "SEEN"),
    "dict": ("SEEN = {}", "SEEN['x'] = m.x", "SEEN['x']", "SEEN"),
    "set": ("SEEN = set()", "SEEN.add(m.x)", "int(1 in SEEN)", "SEEN"),
    "deque": ("SEEN = collections.deque([0])", "SEEN.append(m.x)", "SEEN[-1]", "SEEN"),
    "Counter": ("SEEN = collections.Counter()", "SEEN['x'] = m.x", "SEEN['x']", "SEEN"),
    "list in a tuple": ("SEEN = ((1, [0]),)", "SEEN[0][1][0] = m.x", "SEEN[0][1][0]", "SEEN"),
    "list in a dict": ("SEEN = {'a': [0]}", "SEEN['a'][0] = m.x", "SEEN['a'][0]", "SEEN"),
    "global of a helper": ("seen = 0\ndef note(x):\n    global seen\n    seen = x", "note(m.x)", "seen", "seen"),
    "new global": ("def note(x):\n    global seen\n    seen = x", "note(m.x)", "seen", "seen"),
    "helper's helper": (
        "SEEN = [0]\ndef deep(x):\n    SEEN[0] = x\ndef note(x):\n    deep(x)",
        "note(m.x)",
        "SEEN[0]",
        "SEEN",
    ),
    "another that calls itself equal": (
        "class Box:\n    def __init__(self, x): self.x = x\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "SEEN = [Box(0)]",
        "SEEN[0] = Box(m.x)",
        "SEEN[0].x",
        "SEEN",
    ),
    "private attribute of a class": ("class Kept:\n    _x = 0", "Kept._x = m.x", "Kept._x", "Kept._x"),
    "lambda": ("SEEN = [0]\nnote = lambda x: SEEN.append(x)", "note(m.x)", "SEEN[-1]", "SEEN"),
    "attribute of a function": ("def note(): pass\nnote.x = 0", "note.x = m.x", "note.x", "note.x"),
    "attribute of the program": ("", "reader.x = m.x", "reader.x", "reader.x"),
    "attribute of a class": ("class Seen:\n    x = 0", "Seen.x = m.x", "Seen.x", "Seen.x"),
    "attribute of a base": ("class Base:\n    x = 0\nclass Seen(Base): pass", "Base.x = m.x", "Seen.x", "Base.x"),
    "list of a class": ("class Seen:\n    x = [0]", "Seen.x[0] = m.x", "Seen.x[0]", "Seen.x"),
    "method": (
        "class Seen:\n    x = 0\n    @classmethod\n    def note(cls, x):\n        cls.x = x",
        "Seen.note(m.x)",
        "Seen.x",
        "Seen.x",
    ),
    "object": ("class Seen: pass\nseen = Seen()\nseen.x = 0", "seen.x = m.x", "seen.x", "seen.x"),
    "object with slots": (
        "class Seen:\n    __slots__ = ('x',)\nseen = Seen()\nseen.x = 0",
        "seen.x = m.x",
        "seen.x",
        "seen.x",
    ),
    "namespace": ("seen = types.SimpleNamespace(x=0)", "seen.x = m.x", "seen.x", "seen"),
    "default": (
        "def note(x, seen=[0]):\n    seen[0] = x or seen[0]\n    return seen[0]",
        "note(m.x)",
        "note(0)",
        "note",
    ),
    "closure": (
        "def make():\n    seen = [0]\n    def note(x=None):\n        if x is not None: seen[0] = x\n        return seen[0]\n    return note\nnote = make()",
        "note(m.x)",
        "note()",
        "seen",
    ),
    "nonlocal": (
        "def make():\n    seen = 0\n    def note(x=None):\n        nonlocal seen\n        seen = seen if x is None else x\n        return seen\n    return note\nnote = make()",
        "note(m.x)",
        "note()",
        "seen",
    ),
    "partial": ("SEEN = [0]\nnote = functools.partial(SEEN.append)", "note(m.x)", "SEEN[-1]", "SEEN"),
    "bound method": ("SEEN = [0]\nnote = SEEN.append\nlast = SEEN.__getitem__", "note(m.x)", "last(-1)", "note"),
    "iterator": ("ticks = iter(range(99))", "next(ticks)", "int(next(ticks) > 2)", "ticks"),
    "iterator of itertools": ("ticks = itertools.count()", "next(ticks)", "int(next(ticks) > 2)", "ticks"),
    "bytearray": ("SEEN = bytearray(1)", "SEEN[0] = m.x", "SEEN[0]", "SEEN"),
    "member of an Enum": (
        "import enum\nclass Seen(enum.Enum):\n    A = 1\nSeen.A.x = 0",
        "Seen.A.x = m.x",
        "Seen.A.x",
        "Seen.A",
    ),
    "attribute of a function of the house": (
        "from tdxkit.linux.refcount.module import spin_lock\nspin_lock.x = 0",
        "spin_lock.x = m.x",
        "spin_lock.x",
        "spin_lock.x",
    ),
    "attribute of a module of the house": (
        "from tdxkit.linux.refcount import module",
        "module.PAIR = 2 + m.x",
        "module.PAIR - 2",
        "module.PAIR",
    ),
    "attribute of a class of the library": (
        "from logging import Logger as Seen",
        "Seen.x_of_mine = m.x",
        "Seen.x_of_mine",
        "Logger.x_of_mine",
    ),
    "die": ("", "random.random()", "int(random.random() < 2)", "random.random"),
}


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(monkeypatch):
    """What these models change outside of themselves is set back."""
    monkeypatch.setattr(module, "PAIR", module.PAIR)
    yield
    vars(module.spin_lock).pop("x", None)
    if "x_of_mine" in vars(logging.Logger):
        del logging.Logger.x_of_mine


@pytest.mark.parametrize("judge", [explore, explore_readably], ids=["search", "readable"])
@pytest.mark.parametrize("kind", CHANGED)
def test_what_a_step_changes_outside_is_named_with_its_line(kind, judge):
    before, keep, read, name = CHANGED[kind]
    says = "it is outside m and changed while a step ran"
    if kind == "iterator of itertools" and sys.version_info >= (3, 14):  # these hide their state from there on
        says = "it is outside m, and whether a step changes a count cannot be seen"
    with pytest.raises(ModelError, match=rf"^(line \d+ of \w+: )?{name}.*: {says}"):
        judge(model(before, keep, read))


@pytest.mark.parametrize(
    ("before", "keep", "name"),
    [
        ("def ticks():\n    while True: yield 1\nTICKS = ticks()", "next(TICKS)", "TICKS"),
        ("import threading\nLOCK = threading.Lock()", "LOCK.acquire(False)", "LOCK"),
        ("", "globals()['seen'] = m.x", "globals"),
        ("", "exec('seen = 1', {})", "exec"),
    ],
)
def test_what_cannot_be_seen_is_refused_with_its_line(before, keep, name):
    with pytest.raises(ModelError, match=rf"line \d+ of \w+: {name}.*cannot be seen"):
        explore(model(before, keep, "1"))


# The right twins: the same things read and never changed. y is what was seen of x, so that the rule breaks in three steps.
KEPT = {
    "list": ("NAMES = [0, 1]", "NAMES[seen]"),
    "dict": ("NAMES = {0: 0, 1: [1]}", "int(NAMES[seen] == [1])"),
    "helper": ("LIMIT = 1\ndef small(x):\n    return int(x >= LIMIT)", "small(seen)"),
    "class": (
        "class Seen:\n    one = [1]\n    def __init__(self, x):\n        self.x = x",
        "int([Seen(seen).x] == Seen.one)",
    ),
    "Enum": (
        "import enum\nclass Seen(enum.Flag):\n    A = 1\n    B = 2",
        "int((Seen.A | Seen(seen)) == Seen.A) * seen",
    ),
    "cached": ("@functools.lru_cache\ndef same(x):\n    return x", "same(seen)"),
    "cached property": (
        "class Once:\n    @functools.cached_property\n    def one(self):\n        return [1]\nonce = Once()",
        "int([seen] == once.one)",
    ),
    "pattern": ("import re\nONE = re.compile('1')", "int(bool(ONE.match(str(seen))))"),
    "logger": ("import logging\nlog = logging.getLogger('model')", "(log.debug('x'), seen)[1]"),
    "module": ("import math", "math.floor(seen)"),
    "partial": ("same = functools.partial(int)", "same(seen)"),
    "closure": ("def make(a):\n    def same(x):\n        return x * a\n    return same\nsame = make(1)", "same(seen)"),
    "dataclass": (
        "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass P:\n    x: int\nONE = P(1)",
        "int(P(seen) == ONE)",
    ),
    "list of its own": ("def same(x):\n    found = []\n    found.append(x)\n    return found[0]", "same(seen)"),
}


@pytest.mark.parametrize("kind", KEPT)
def test_what_is_outside_and_stays_as_it_is_may_be_used(kind):
    before, read = KEPT[kind]
    result = explore(model(before, "seen = m.x", read))
    assert (result.verdict, result.property, result.steps) == ("violation", "y is never 1", 3)


def test_a_rule_or_a_constant_that_changes_is_refused():
    asked = []

    def sets(m):
        yield "set"
        m.n = 1

    def counting(m):
        asked.append(1)
        return True

    def notes(m):
        yield "note"
        m.log.append(1)

    with pytest.raises(ModelError, match=r"asked.*: it is outside m and changed"):
        explore(Scenario("rule", {"n": 0}, (Thread(sets),), (always("fine", counting),)))
    with pytest.raises(ModelError, match="it is outside m and changed"):
        explore(Scenario("constant", {"n": 0}, (Thread(notes),), constants={"log": []}))
    with pytest.raises(ModelError, match=r"m.n = …: a rule looks at the memory and does not change it"):
        explore(Scenario("rule", {"n": 0}, (Thread(sets),), (always("fine", lambda m: setattr(m, "n", 0) or True),)))


def test_what_is_changed_between_two_searches_is_taken_as_it_is():
    limit = [1]

    def helper(m):
        return m.n < limit[0]

    def sets(m):
        yield "set"
        m.n = 1

    made = Scenario("between", {"n": 0}, (Thread(sets),), (always("small", helper),))
    assert explore(made).verdict == "violation"
    limit[0] = 2
    assert explore(made).verdict == "ok"


@dataclasses.dataclass(frozen=True)
class Point:
    x: int


def test_a_shared_value_changed_in_its_place_is_noticed():
    def cheats(m):
        yield "cheat"
        object.__setattr__(m.p, "x", 1)
        yield "end"

    with pytest.raises(ModelError, match=r"changed in its place|did something else"):
        explore(Scenario("cheat", {"p": Point(0)}, (Thread(cheats),)))


def test_a_function_made_by_a_step_is_refused_where_it_lives_across_a_yield():
    def waits(m):
        free = lambda: not m.lock  # noqa: E731
        while True:
            yield "wait"
            if free():
                return

    def made_elsewhere(m):
        yield "look"
        seen = m.lock

        def free():
            return not seen

        yield "wait"
        m.lock = free()

    def local_class(m):
        yield "look"

        class Seen:
            x = m.lock

        yield "wait"
        m.lock = Seen.x

    for program, what in ((waits, "function <lambda>"), (made_elsewhere, "function free"), (local_class, "class Seen")):
        with pytest.raises(ModelError, match=f"of {program.__name__} holds the {what}: it was made by a step"):
            explore(Scenario("made", {"lock": False}, (Thread(program),)))


def test_a_function_that_was_there_before_or_remembers_nothing_may_be_kept():
    def outer():
        limit = 1

        def free(x):
            return x < limit

        return free

    def waits(m, free):
        double = lambda x: 2 * x  # noqa: E731
        while True:
            yield "wait"
            if free(double(m.lock)):
                return

    made = Scenario("before", {"lock": 1}, (Thread(waits, (outer(),)), Thread(waits, (outer(),))))
    result = explore(made, "none")
    assert (result.verdict, result.states) == ("deadlock", 1), "a wait that changes nothing is blocked"


class Told(Exception):
    def __init__(self, x):
        super().__init__()
        self.x = x


def remembering(kind):
    """A thread that keeps what it saw in a live exception."""

    def attribute(m):
        yield "look"
        try:
            error = ValueError()
            error.x = m.x
            raise error
        except ValueError as error:
            del error
            yield "write"
            import sys

            m.y = sys.exception().x

    def own_init(m):
        yield "look"
        try:
            raise Told(m.x)
        except Told:
            yield "write"
            import sys

            m.y = sys.exception().x

    def context(m):
        yield "look"
        try:
            try:
                raise ValueError(m.x)
            except ValueError:
                raise KeyError from None
        except KeyError:
            yield "write"
            import sys

            m.y = sys.exception().__context__.args[0]

    def cause(m):
        yield "look"
        try:
            raise KeyError from ValueError(m.x)
        except KeyError:
            yield "write"
            import sys

            m.y = sys.exception().__cause__.args[0]

    def of_c(m):
        yield "look"
        try:
            raise OSError(1, "no", f"file{m.x}")
        except OSError:
            yield "write"
            import sys

            m.y = int(sys.exception().filename[-1])

    return locals()[kind]


@pytest.mark.parametrize("reduction", ["none", "all"])
@pytest.mark.parametrize("kind", ["attribute", "own_init", "context", "cause", "of_c"])
def test_what_a_live_exception_carries_is_part_of_the_place(kind, reduction):
    made = model("", "pass", "0")
    made = dataclasses.replace(made, threads=(Thread(remembering(kind)), made.threads[1]))
    result = explore(made, reduction)
    assert (result.verdict, result.property, result.steps) == ("violation", "y is never 1", 3)


def test_what_cannot_be_compared_in_a_live_exception_is_refused():
    def refused(m):
        yield "look"
        try:
            raise ValueError([m.x])
        except ValueError:
            yield "write"
            raise

    made = dataclasses.replace(model("", "pass", "0"), threads=(Thread(refused),))
    with pytest.raises(ModelError, match=r"around a yield of refused holds \[0\]"):
        explore(made)


def test_an_exception_that_the_caller_handles_is_none_of_the_models():
    def handles(m):
        yield "look"
        try:
            raise ValueError
        except ValueError:
            yield "write"

    try:
        raise KeyError([1])
    except KeyError:
        assert explore(Scenario("inside", {}, (Thread(handles),))).verdict == "ok"
