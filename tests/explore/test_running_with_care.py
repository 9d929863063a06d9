"""A reader's program run with care: what it yields, prints, raises and never ends; how it is thrown away."""

import gc
import sys
from contextlib import contextmanager, suppress

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore import guard
from tdxkit.explore.closing import clings, discard
from tdxkit.explore.guard import RanAgain, guarded, inside, noting, place_of, watched
from tdxkit.explore.place import delegate, lines
from tdxkit.explore.program import Thread
from tdxkit.explore.rules import always
from tdxkit.explore.running import begin, holds, mistake, request, rule_of, speaker
from tdxkit.explore.search import explore
from tdxkit.explore.stopping import Stop, Stopped
from tdxkit.explore.tables import Tables
from tdxkit.kinds import Act
from tests.explore.small_programs import one


def program(m):
    yield "a"


LAYOUT = one(Thread(program), shared={"n": 0, "K": {0: 1}}).layout


@pytest.mark.parametrize(
    ("item", "asked"),
    [
        (Act("a"), ("a", (None,))),
        ("a", ("a", (None,))),
        (("a", (1, 2)), ("a", (1, 2))),
        ((Act("a", "load"), (1,)), ("a", (1,))),
        ("x" * 10_000, ("x" * 10_000, (None,))),
        (("a", tuple(range(1000))), ("a", tuple(range(1000)))),
    ],
)
def test_what_a_program_may_yield(item, asked):
    label, choices = request(item, program(None))
    assert (label, choices) == asked and type(label) is Act


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (7, "program yields 7: a step starts with a label"),
        (("a", ()), "a step starts with a label"),
        (("a", [1]), "a step starts with a label"),
        (("a", (1,), 2), "a step starts with a label"),
        ((7, (1,)), "a step starts with a label"),
        (program(None), "program yields program.*write yield from program"),
        ("x" * 10_001, "the label of a step of program holds 10,001 characters"),
        (Act("x" * 10_001), "10,001 characters"),
        (("a", tuple(range(1001))), "each of its 1,001 choices is a branch"),
    ],
)
def test_what_it_may_not_yield(item, says):
    with pytest.raises(ModelError, match=says):
        request(item, program(None))


def test_a_label_of_a_class_of_ones_own_is_its_words_only():
    class Loud(str):
        def __str__(self):
            return "another"

    class MyAct(Act):
        pass

    assert request(Loud("a"), program(None))[0] == "a"
    label, _ = request(MyAct("a", "load"), program(None))
    assert type(label) is Act and label.kind == "" and type(request(Act("a", "load"), program(None))[0]) is Act


def outer():
    yield from program(None)
    yield "b"


def test_who_speaks_is_the_innermost():
    generator = outer()
    assert speaker(generator) == "outer"
    next(generator)
    assert speaker(generator) == "program" and delegate(generator).gi_code is program.__code__
    assert [code.co_name for code, _ in lines(generator)] == ["outer", "program"]
    next(generator)
    assert speaker(generator) == "outer" and delegate(generator) is None


def raised(error):
    try:
        raise error
    except Exception as found:
        return found


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        (AssertionError("small"), "small"),
        (AssertionError(""), "assert"),
        (AssertionError("deadlock"), "assert: deadlock"),
        (AssertionError("one\ntwo"), "one"),
        (ValueError("no"), "ValueError: no"),
        (ValueError(), "ValueError"),
        (KeyError("k"), "KeyError: 'k'"),
    ],
)
def test_the_name_of_a_rule_that_an_error_broke(error, rule):
    assert rule_of(raised(error), "p", LAYOUT) == rule


def test_a_slip_is_no_rule_and_says_what_to_write():
    def local():
        n = n + 1  # noqa: F821, F841

    def slips():
        yield lambda: nn  # noqa: F821
        yield lambda: n  # noqa: F821
        yield lambda: K  # noqa: F821
        yield lambda: (7).n
        yield lambda: (7).other
        yield lambda: 1 + ""
        yield local

    says = []
    for slip in slips():
        try:
            slip()
        except Exception as error:
            says.append(str(mistake(error, "p", LAYOUT)))
            with pytest.raises(ModelError):
                rule_of(error, "p", LAYOUT)
    assert [text.partition(": ")[2] for text in says] == [
        "NameError: name 'nn' is not defined; correct the model",
        "n is a shared variable; write m.n",
        "K is a shared variable; write m.K",
        "n is asked of 7, and m has it; give m itself, as in spin_lock(m)",
        "AttributeError: 'int' object has no attribute 'other'; correct the model",
        'TypeError: unsupported operand type(s) for +: \'int\' and \'str\'; correct the model',
        "n is a shared variable; write m.n",
    ]  # fmt: skip
    assert all(text.startswith("line ") for text in says)
    with pytest.raises(ModelError, match="own"):
        rule_of(raised(ModelError("own", "x", "y")), "p", LAYOUT)


def test_a_rule_that_cannot_be_judged_names_the_step_that_led_there():
    def judged(check, cause=str):
        return holds(always("small", check), Tables(one(Thread(program))).view(0), cause)

    assert judged(lambda m: m.n == 0) is True and judged(lambda m: m.n) is False and judged(lambda m: 7) is True
    for check in (lambda m: m.x, lambda m: [m.n], lambda m: (m.n,), lambda m: "yes", lambda m: len):
        with pytest.raises(ModelError):
            judged(check)
    with pytest.raises(ModelError, match=r"rule small: it cannot be judged, line \d+ of <lambda>: TypeError"):
        judged(lambda m: m.n + "")
    with pytest.raises(ModelError, match=r"it cannot be judged, the step: TypeError"):
        judged(lambda m: m.n + "", lambda: "the step")

    def writes(m):
        yield "a"
        m.n = "text"

    with pytest.raises(ModelError, match=r"the step after line \d+ of writes makes n text: TypeError"):
        explore(one(Thread(writes), properties=(always("small", lambda m: m.n < 1),)))


def test_a_program_begins_and_ends():
    memory = Tables(one(Thread(program))).memory
    _, item = begin(Thread(program), memory)
    assert item == "a" and memory._open and begin(Thread(lambda m: (x for x in ())), memory)[1] is None
    for made, says in (
        (Thread(program, (1,)), r"program\(1,\).*give it the arguments it takes"),
        (Thread(lambda m: 3), "a program is a generator function"),
        (Thread(lambda m: (1 / 0 for _ in (1,))), "ZeroDivisionError"),
    ):
        with pytest.raises(ModelError, match=says):
            begin(made, memory)
        assert memory._open


def test_what_is_printed_becomes_a_sentence_and_what_ends_a_program_is_refused():
    told = []
    assert guarded(lambda: print("x\n\n") or 3, told=told) == 3 and told == ["It prints x."]
    assert guarded(lambda: 4, told=told) == 4 and len(told) == 1
    with pytest.raises(ValueError, match="no"):
        guarded(lambda: (_ for _ in ()).throw(ValueError("no")), told=told)
    for error in (SystemExit, GeneratorExit):
        with pytest.raises(ModelError, match=f"a step cannot end the program, and this one raises {error.__name__}"):
            guarded(lambda error=error: raise_(error), told=told)
    with pytest.raises(KeyboardInterrupt):
        guarded(lambda: raise_(KeyboardInterrupt), told=told)


def raise_(error):
    raise error


def test_a_refusal_is_final_whatever_the_step_catches():
    def catches():
        try:
            raise ModelError("thing", "rule", "action")
        except Exception:
            return 7

    with pytest.raises(ModelError, match=r"thing: rule; action") as found:
        guarded(catches, told=[])
    assert str(found.value).startswith("line ") or str(found.value).startswith("thing")


@pytest.mark.skipif(sys.gettrace() is not None, reason="somebody traces already")
def test_a_step_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr(guard, "INSTRUCTIONS", 2000)

    def ever():
        while True:
            pass

    with pytest.raises(ModelError, match="of ever: a step must end, and this one has run 2,000"):
        watched(ever)
    assert sys.gettrace() is None
    assert watched(lambda: sum(range(10))) == 45
    with pytest.raises(ModelError, match="it raises what stops one"):
        watched(lambda: raise_(Stopped))


def test_a_stop_that_nobody_called_rests_at_once():
    stop = Stop()
    stop.rest()
    assert stop.why is None and not stop.going


def test_what_ran_is_noted_slice_by_slice():
    ran = {}

    def job():
        watched(program_step)
        yield 1
        watched(program_step)
        return 7

    def program_step():
        return 5

    noted = noting(ran, job())
    assert next(noted) == 1 and ran[program_step.__code__] and not guard.lines_wanted()
    with pytest.raises(StopIteration) as end:
        next(noted)
    assert end.value.value == 7
    assert issubclass(RanAgain, dict)
    guard.for_nothing.append(1)
    try:
        silent = {}
        with pytest.raises(StopIteration):
            next(noting(silent, iter_of(program_step)))
    finally:
        guard.for_nothing.clear()
    assert not silent.get(program_step.__code__)


def test_a_job_is_closed_with_its_slices_whoever_else_holds_it():
    def job(told):
        try:
            yield 1
            yield 2
        finally:
            told.append("closed")

    @contextmanager
    def breaks_at(many):
        if len(entered) == many:
            raise ValueError("no more")
        entered.append(1)
        yield

    for broken in (False, True):
        told, entered = [], []
        held = job(told)
        slices = inside(lambda: breaks_at(1 if broken else 9), held)  # noqa: B023
        assert next(slices) == 1 and told == []
        if broken:
            with pytest.raises(ValueError, match="no more"):
                next(slices)
        slices.close()
        assert told == ["closed"] and held.gi_frame is None


def iter_of(function):
    watched(function)
    return
    yield


def test_a_step_may_take_so_long_where_somebody_can_stop_it(monkeypatch):
    rung = []
    gc.collect()  # a program that an earlier test left is closed by a step of its own, whenever it is found
    monkeypatch.setattr(guard, "alarm", rung.append)
    gc.disable()
    try:
        assert guard.timed(len, "abc") == 3 and rung == [guard.SECONDS, 0]
        with pytest.raises(ValueError, match="x"):
            guard.timed(raise_, ValueError("x"))
        assert rung[2:] == [guard.SECONDS, 0]
    finally:
        gc.enable()


def test_the_line_of_an_error_is_the_readers_innermost():
    error = raised(ValueError("x"))
    assert place_of(error, "nowhere").endswith("of raised") and place_of(ValueError(), "nowhere") == "nowhere"
    try:
        Act(1, 2, 3).nothing = 1  # an error inside tdxkit
    except Exception as found:
        assert place_of(found, "").endswith("of test_the_line_of_an_error_is_the_readers_innermost")


def closing_programs():
    def plain():
        yield 1

    def guards():
        try:
            yield 1
        finally:
            print("closed")

    def yields_again():
        try:
            yield 1
        finally:
            yield 2

    def catches_all():
        while True:
            try:  # noqa: SIM105
                yield 1
            except BaseException:
                pass

    def catches_some():
        while True:
            with suppress(ValueError):
                yield 1

    def catches_it():
        try:
            yield 1
        except GeneratorExit:
            yield 2

    def behind():
        try:
            x = 1
        finally:
            yield x

    def delegates():
        yield from yields_again()

    return {"plain": (plain, False), "guards": (guards, False), "yields_again": (yields_again, True), "catches_all": (catches_all, True),
            "catches_some": (catches_some, False), "catches_it": (catches_it, True), "behind": (behind, False), "delegates": (delegates, True)}  # fmt: skip


@pytest.mark.parametrize("name", closing_programs())
def test_which_generators_yield_again_when_they_are_closed(name, capsys):
    made, again = closing_programs()[name]
    generator = made()
    next(generator)
    assert clings(generator) is again
    discard(generator, True)
    assert generator.gi_frame is None or name == "catches_all"
    assert capsys.readouterr().out == "" and not clings(made) and not clings(7)


def test_one_of_ours_is_closed_as_it_is():
    generator = closing_programs()["yields_again"][0]()
    next(generator)
    discard(generator, False)
    generator = program(None)
    next(generator)
    discard(generator, False)
    assert generator.gi_frame is None


# NOHOUSE
