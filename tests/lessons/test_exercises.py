"""Exercises: which can be built, what waits, what an endless step comes to, and who judges."""

import time

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore import guard
from tdxkit.lessons import patience
from tdxkit.lessons.exercises import Said, Unanswered, answer_of, check_named, exercise_named, exercises, made, waits
from tdxkit.linux.refcount import v6
from tdxkit.work import drive

ROW = {
    "name": "sum",
    "kind": "read",
    "asks": "2 and 3?",
    "check": "values.number",
    "with": {"right": 5, "unit": "pairs", "otherwise": "Count."},
    "hints": ["a", "b", "c"],
    "solution": "5",
    "why": "It is.",
    "source": "own",
    "wrong": [{"answer": 6, "says": "That is the product."}, {"answer": 4, "says": "One more."}],
}


def said(row, answer):
    return drive(made(row, "00").check(answer))


def test_a_number_is_judged_with_what_people_took_for_true():
    assert said(ROW, 5) == Said(True, "5 pairs.")
    assert said(ROW, 6) == Said(False, "That is the product.") and said(ROW, 7) == Said(False, "Count.")
    assert said(ROW, "5").says.startswith("answer 5: a whole number is asked for")
    assert not said(ROW, True).passed and not said(ROW, 5.0).passed


REFUSED = [
    ({**ROW, "kind": "guess"}, "its kind is guess"),
    ({**ROW, "language": "rust"}, "its language is rust"),
    ({**ROW, "hints": ["a", "b"]}, "it has 2 hints"),
    ({**ROW, "hints": ["a", "b", " "]}, "it has 3 hints"),
    ({**ROW, "wrong": ROW["wrong"][:1]}, "it has too few wrong answers"),
    ({**ROW, "wrong": [{"answer": 1}, {"answer": 2, "says": "x"}]}, "it has too few wrong answers"),
    ({**ROW, "box": "designs/none.c"}, "its box begins with designs/none.c, which is not there"),
    ({**ROW, "check": "values.nothing"}, "check values.nothing: there is no such check"),
    ({**ROW, "check": "nowhere.number"}, "check nowhere.number: there is no such check"),
    ({**ROW, "check": "values._bare"}, "check values._bare: there is no such check"),
    ({**ROW, "check": "..exercises.made"}, "there is no such check"),
    ({**ROW, "score": 3}, "it has a key score"),
    ({k: v for k, v in ROW.items() if k != "why"}, "it has no why"),
]


@pytest.mark.parametrize("row, rule", REFUSED, ids=[rule for _, rule in REFUSED])
def test_one_that_cannot_be_set_or_judged_is_refused(row, rule):
    with pytest.raises(ModelError) as refused:
        made(row, "00")
    assert rule in str(refused.value)


def empty(m, region): ...
def with_words(m, region):
    """Give the pair back."""


def still_open(m, region):
    raise NotImplementedError


def still_open_in_words(m, region):
    """Give the pair back."""
    raise NotImplementedError("your code")
    yield


def one_step(m, region):
    yield "x"


def a_number(m, region):
    return 5


def the_argument(m, region):
    return m


OPEN = [..., None, "", " \n", "void put(void)\n{\n\t...\n}", "\t…;\n", [...], (empty, one_step), empty, with_words, still_open, still_open_in_words]  # fmt: skip


@pytest.mark.parametrize("answer", OPEN, ids=range(len(OPEN)))
def test_what_is_no_answer_yet_only_waits(answer):
    assert waits(answer)
    with pytest.raises(NotImplementedError, match="exercise sum: it waits for your answer") as waiting:
        made(ROW, "00").check(answer)
    assert isinstance(waiting.value, Unanswered) and waiting.value._render_traceback_() == [str(waiting.value)]


@pytest.mark.parametrize(
    "answer", [0, False, "A9", 'printk("...");', "/* ... */", one_step, a_number, the_argument, [], object()]
)
def test_what_is_an_answer_does_not_wait(answer):
    assert not waits(answer)


def test_one_is_found_by_its_name():
    assert exercise_named("take-it-back").kind == "break"
    with pytest.raises(InputError, match="there is no such exercise; try take-it-back"):
        exercise_named("take-it-bakc")
    assert {one.notebook for one in exercises("04")} == {"04"} and len(exercises()) > len(exercises("04"))
    assert check_named("values.number").__name__ == "number"


def test_a_solution_is_an_expression_or_a_function():
    assert (
        answer_of("[1, 2]", "python") == [1, 2]
        and answer_of("A9 B4", "code") == "A9 B4"
        and answer_of(7, "python") == 7
    )
    assert answer_of("def put(m, region):\n    yield 'x'\n", "python").__name__ == "put"
    assert [f.__name__ for f in answer_of("def put(m, r):\n    yield 1\ndef get(m, r):\n    yield 2\n", "python")] == [
        "put",
        "get",
    ]
    with pytest.raises(InputError, match="a solution: it is an expression, or defines a function"):
        answer_of("x = 3", "python")


def spins(m, region):
    yield "spin"
    while True:
        pass


def spins_in_c(m, region):
    yield "spin"
    while True:
        sum(range(10**6))


@pytest.mark.slow
def test_a_put_in_python_goes_as_far_as_python_does():
    found = drive(exercise_named("your-put").check(v6.put))
    assert (
        not found.passed
        and found.says.startswith("It holds on ")
        and next(sheet.title for sheet in found.sheets) == "The rungs"
    )


def test_an_endless_step_is_stopped_with_a_message():
    begin = time.monotonic()
    found = drive(exercise_named("your-put").check(spins))
    assert time.monotonic() - begin < 5
    assert not found.passed and "a step must end" in found.says and "line" in found.says


@pytest.mark.slow
def test_an_endless_row_of_calls_is_rung_after_a_while(monkeypatch):
    monkeypatch.setattr(patience, "SECONDS", 0.3)
    begin = time.monotonic()
    found = drive(exercise_named("your-put").check(spins_in_c))
    assert time.monotonic() - begin < 5
    assert not found.passed and "it must end, and this one has run 0.3 seconds" in found.says
    assert guard.alarm is None


def test_where_no_clock_rings_the_job_goes_on_as_it_is(monkeypatch):
    monkeypatch.delattr("signal.setitimer")

    def job():
        assert guard.alarm is None
        yield 0, 0
        return "done"

    assert drive(patience.patient(job())) == "done"


def test_the_clock_is_put_back(monkeypatch):
    import signal

    before = signal.getsignal(signal.SIGALRM)

    def job():
        assert guard.alarm is not None
        yield 0, 0
        return 1

    assert drive(patience.patient(job())) == 1
    assert signal.getsignal(signal.SIGALRM) is before and signal.getitimer(signal.ITIMER_REAL) == (0, 0)
