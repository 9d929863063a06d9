"""What lies on the stack: within a `with` the way out as one method in every Python, behind a handler nothing that is over, and None like any value."""

import threading

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import place as place_module
from tdxkit.explore.place import _bound, _stack, place
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.rules import always
from tdxkit.explore.search import explore
from tdxkit.explore.values import MOST


class Guard:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


class Other(Guard):
    """The same way out, of another class."""


class Own(Guard):
    def __exit__(self, *error):
        return True


GUARD, OTHER, OWN, LOCK = Guard(), Other(), Own(), threading.Lock()
OUT = Guard.__exit__


@pytest.mark.parametrize(
    "apart, together",
    [
        ([OUT, GUARD], [GUARD.__exit__]),
        ([OUT, OTHER], [OTHER.__exit__]),
        ([Own.__exit__, OWN], [OWN.__exit__]),
        ([type(LOCK).__exit__, LOCK], [LOCK.__exit__]),
        ([7, OUT, GUARD, 8], [7, GUARD.__exit__, 8]),
        ([OUT, GUARD, OUT, OTHER], [GUARD.__exit__, OTHER.__exit__]),
        ([OUT, OUT, GUARD], [OUT, GUARD.__exit__]),
        ([GUARD, OUT], [GUARD, OUT]),
        ([Guard.__enter__, GUARD], [Guard.__enter__, GUARD]),
        ([Own.__exit__, GUARD], [Own.__exit__, GUARD]),
        ([OUT, 7, GUARD], [OUT, 7, GUARD]),
        ([None, 7], [None, 7]),
        ([GUARD.__exit__, GUARD], [GUARD.__exit__, GUARD]),
        ([], []),
    ],
)
def test_a_way_out_and_its_guard_become_one_method_and_nothing_else_does(apart, together):
    assert _bound(list(apart)) == together


def holds():
    return (OUT, GUARD, (yield "within"))


def started(program, *args):
    generator = program(*args)
    next(generator)
    return generator


@pytest.mark.parametrize("apart, left", [(True, [GUARD.__exit__]), (False, [OUT, GUARD])])
def test_they_are_put_together_where_this_python_lays_them_apart(apart, left, monkeypatch):
    monkeypatch.setattr(place_module, "APART", apart)
    generator = started(holds)
    assert _stack(generator, generator.gi_code, generator.gi_frame.f_locals) == left


def guarded(guard):
    with guard:
        yield "within"


def test_two_guards_of_one_class_are_one_place_and_those_of_two_are_two():
    assert place(started(guarded, Guard())) == place(started(guarded, Guard()))
    assert len({place(started(guarded, guard)) for guard in (GUARD, OTHER, OWN)}) == 3


def handled(wrong):
    try:
        if wrong:
            raise ValueError
    except ValueError:
        pass
    yield "behind"


def test_an_exception_that_is_over_makes_no_other_place():
    assert place(started(handled, True)) == place(started(handled, False))


def waits():
    yield "within another"


def behind(wrong):
    try:
        if wrong:
            raise ValueError
    except ValueError:
        pass
    yield from waits()


def test_nor_does_it_where_another_program_is_run_behind_it():
    assert place(started(behind, True)) == place(started(behind, False))


def pair(first, second):
    yield (first, second, (yield "between"))


def test_none_has_its_place_on_the_stack():
    rows = [(None, 7), (7, None), (None, None), (7, 7), (None, 8)]
    assert len({place(started(pair, *row)) for row in rows}) == len(rows)
    assert place(started(pair, None, 7)) == place(started(pair, None, 7))


def test_a_choice_that_waits_on_the_stack_as_none_is_not_lost():
    def program(m):
        yield "look"
        first, last = (7, None) if m.key else (None, 7)
        m.both = (first, last, (yield "decide"))

    def clears(m):
        yield "clear"
        m.key = 0

    last = always("seven comes last", lambda m: m.both[:1] != (7,))
    scene = Scenario("a pair", {"key": 1, "both": ()}, (Thread(program), Thread(clears)), properties=(last,))
    for reduction in ("none", "all"):
        assert explore(scene, reduction).verdict == "violation"


def test_a_loop_goes_over_so_many_items_and_no_more():
    def goes(items):
        for _ in sorted(items):
            yield "round"

    place(started(goes, range(MOST)))
    with pytest.raises(ModelError, match=f"goes over {MOST + 1:,} items"):
        place(started(goes, range(MOST + 1)))
