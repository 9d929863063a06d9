"""The kernel's functions, each as what one step of it does to the one word it works on."""

from collections.abc import Callable
from typing import NamedTuple

from tests.c.judge_types import BOOL, INT, UINT, VOID, Int

ALWAYS_INT = ("WARN_ON", "WARN_ON_ONCE", "BUG_ON")


class Effect(NamedTuple):
    """What a step does. new: the word afterwards, None where it is not written; result: what the operation gives.

    empty: it runs with an empty store buffer, as a locked instruction or a fence does. waits: nothing happens, and it is tried again.
    moves: +1 where a lock is taken, -1 where one is let go. defect: a rule it breaks; over: nothing comes after that. open: a question
    that the step meets and nobody has settled.
    """

    new: int | None = None
    result: int | None = None
    empty: bool = False
    waits: bool = False
    moves: int = 0
    defect: str | None = None
    over: bool = False
    open: str | None = None


class Operation(NamedTuple):
    """takes: its arguments in order: `p` points to the word, `l` is the word itself, `v` a value, `o` points to a local that is looked
    at and, where the exchange fails, changed. act(word, values, type of the word, is the lock mine) is the step."""

    takes: str
    gives: object  # a type, or "leaf": that of the word
    act: Callable[[int, tuple, Int, bool], Effect]


KERNEL: dict[str, Operation] = {
    "READ_ONCE": Operation("l", "leaf", lambda old, _, kind, __: Effect(None, old)),
    "WRITE_ONCE": Operation("lv", "leaf", lambda old, v, kind, __: Effect(kind.fit(v[0]), kind.fit(v[0]))),
    "smp_mb": Operation("", VOID, lambda *_: Effect(empty=True)),
}
ACCESS = {
    "load": KERNEL["READ_ONCE"].act,
    "store": lambda old, v, kind, _: Effect(v[0], v[1]),  # the value to write, and that of the expression
}


def known(takes: str, gives: object = VOID):
    """Make a function the act of the kernel's function of its name."""

    def note(act):
        KERNEL[act.__name__] = Operation(takes, gives, act)
        return act

    return note


# -- counters ----------------------------------------------------------------------------------------------------------


def _counter(sign: int, one: bool, result: Callable[[int, int], int | None]):
    def act(old, values, kind, _):
        new = kind.fit(old + sign * (1 if one else kind.fit(values[0])))
        return Effect(new, result(old, new), empty=True)

    return act


for _verb, _sign in (("inc", 1), ("dec", -1), ("add", 1), ("sub", -1)):
    _one = _verb in ("inc", "dec")
    _takes = "p" if _one else "vp"
    KERNEL |= {
        f"atomic_{_verb}": Operation(_takes, VOID, _counter(_sign, _one, lambda old, new: None)),
        f"atomic_{_verb}_return": Operation(_takes, INT, _counter(_sign, _one, lambda old, new: new)),
        f"atomic_fetch_{_verb}": Operation(_takes, INT, _counter(_sign, _one, lambda old, new: old)),
        f"atomic_{_verb}_and_test": Operation(_takes, BOOL, _counter(_sign, _one, lambda old, new: int(new == 0))),
    }
del KERNEL["atomic_add_and_test"]  # the kernel has none
KERNEL["atomic_read"] = Operation("p", INT, ACCESS["load"])
KERNEL["refcount_read"] = Operation("p", UINT, ACCESS["load"])
KERNEL["atomic_set"] = KERNEL["refcount_set"] = Operation("pv", VOID, KERNEL["WRITE_ONCE"].act)


def _exchange(old, values, kind, _):
    return Effect(kind.fit(values[0]), old, empty=True)


def _compare_and_exchange(old, values, kind, _):
    return Effect(kind.fit(values[1]) if old == kind.fit(values[0]) else None, old, empty=True)


KERNEL["xchg"], KERNEL["atomic_xchg"] = Operation("pv", "leaf", _exchange), Operation("pv", INT, _exchange)
KERNEL["cmpxchg"] = Operation("pvv", "leaf", _compare_and_exchange)
KERNEL["atomic_cmpxchg"] = Operation("pvv", INT, _compare_and_exchange)
KERNEL["try_cmpxchg"] = KERNEL["atomic_try_cmpxchg"] = Operation("pov", BOOL, _compare_and_exchange)


def _conditional(does: bool, new: int, result: int) -> Effect:
    """A locked instruction where the condition holds, else no more than a look."""
    return Effect(new, result, empty=True) if does else Effect(None, result)


@known("p", BOOL)
def atomic_inc_not_zero(old, values, kind, _):
    return _conditional(old != 0, kind.fit(old + 1), int(old != 0))


@known("p", BOOL)
def atomic_inc_unless_negative(old, values, kind, _):
    return _conditional(old >= 0, kind.fit(old + 1), int(old >= 0))


@known("p", INT)
def atomic_dec_if_positive(old, values, kind, _):
    less = kind.fit(old - 1)
    return _conditional(less >= 0, less, less)


@known("pvv", BOOL)
def atomic_add_unless(old, values, kind, _):
    does = old != kind.fit(values[1])
    return _conditional(does, kind.fit(old + values[0]), int(does))


# -- reference counts: past what they can count they stay where they are, and warn ------------------------------------


def _counted(result: Callable[[int], int | None], wrong: Callable[[int, int], bool], by: int):
    def act(old, values, kind, _):
        signed = INT.fit(old)
        defect = "refcount" if wrong(signed, INT.fit(signed + by)) else None
        return Effect(kind.fit(old + by), None if defect else result(old), empty=True, defect=defect)

    return act


def _full(old: int, new: int) -> bool:
    return old < 0 or new < 0


KERNEL["refcount_inc"] = Operation("p", VOID, _counted(lambda old: None, lambda o, n: o == 0 or _full(o, n), 1))
KERNEL["refcount_dec"] = Operation("p", VOID, _counted(lambda old: None, lambda o, n: n == 0 or _full(o, n), -1))
_DROP = _counted(lambda old: int(old == 1), _full, -1)


@known("p", BOOL)
def refcount_dec_and_test(old, values, kind, mine):
    effect = _DROP(old, values, kind, mine)
    return effect._replace(result=effect.result or 0)


@known("p", BOOL)
def refcount_inc_not_zero(old, values, kind, _):
    if old == 0:
        return Effect(None, 0)
    defect = "refcount" if _full(INT.fit(old), INT.fit(old + 1)) else None
    return Effect(kind.fit(old + 1), 1, empty=True, defect=defect)


# -- locks: the word says taken or free, who has taken it is part of where that CPU stands ----------------------------


def _take(old, values, kind, mine):
    if mine:
        return Effect(defect="relock", over=True)
    return Effect(waits=True) if old else Effect(1, None, empty=True, moves=1)


def _try_to_take(old, values, kind, mine):
    if old:
        return Effect(None, 0, open="a CPU tries a lock that it holds" if mine else None)
    return Effect(1, 1, empty=True, moves=1)


def _let_go(old, values, kind, mine):
    return Effect(0, None, moves=-1, defect=None if mine else "unlock")


KERNEL["spin_lock"] = KERNEL["mutex_lock"] = Operation("p", VOID, _take)
KERNEL["spin_trylock"] = KERNEL["mutex_trylock"] = Operation("p", INT, _try_to_take)
KERNEL["spin_unlock"] = Operation("p", VOID, _let_go)


@known("p")
def mutex_unlock(old, values, kind, mine):
    return _let_go(old, values, kind, mine)._replace(empty=True)


# -- bits of an unsigned long ------------------------------------------------------------------------------------------


def _bit(change: Callable[[int, int], int], looks: bool):
    def act(old, values, kind, _):
        bit = 1 << values[0]
        return Effect(change(old, bit), int(bool(old & bit)) if looks else None, empty=True)

    return act


KERNEL["set_bit"] = Operation("vp", VOID, _bit(lambda old, bit: old | bit, False))
KERNEL["clear_bit"] = Operation("vp", VOID, _bit(lambda old, bit: old & ~bit, False))
KERNEL["test_and_set_bit"] = Operation("vp", BOOL, _bit(lambda old, bit: old | bit, True))
KERNEL["test_and_clear_bit"] = Operation("vp", BOOL, _bit(lambda old, bit: old & ~bit, True))


@known("vp", BOOL)
def test_bit(old, values, kind, _):
    return Effect(None, int(bool(old & 1 << values[0])))
