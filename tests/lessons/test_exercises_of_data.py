"""Every exercise of the notebooks: its solution passes, each wrong answer is told what it is promised, and nothing at all only waits."""

import pytest

from tdxkit.facts import cite
from tdxkit.lessons.exercises import Unanswered, answer_of, exercises
from tdxkit.work import drive

ALL = [pytest.param(one, id=f"{one.notebook}-{one.name}") for one in exercises()]


@pytest.mark.slow
@pytest.mark.parametrize("one", ALL)
def test_the_solution_passes(one):
    said = drive(one.check(answer_of(one.solution, one.language)))
    assert said.passed, said.says


@pytest.mark.slow
@pytest.mark.parametrize("one", ALL)
def test_a_wrong_answer_is_told_what_is_wrong_with_it(one):
    for wrong in one.wrong:
        said = drive(one.check(answer_of(wrong.answer, one.language)))
        assert not said.passed and wrong.says in said.says, f"{wrong.answer}: {said.says}"


@pytest.mark.parametrize("one", ALL)
def test_no_answer_only_waits(one):
    for nothing in (..., "", None, "void put(void)\n{\n\t...\n}\n"):
        with pytest.raises(Unanswered, match=f"exercise {one.name}: it waits"):
            one.check(nothing)


@pytest.mark.parametrize("one", ALL)
def test_what_is_no_answer_at_all_is_said_in_a_line(one):
    for odd in (object(), {"a": 1}, b"\xff", -1, "\x1b[31mred", float("nan"), [[]], "7" * 5000, lambda m, region: m):
        said = drive(one.check(odd))
        assert (
            not said.passed
            and said.says
            and "\n" not in said.says
            and "\x1b" not in said.says
            and len(said.says) < 1000
        )


@pytest.mark.parametrize("one", ALL)
def test_it_names_its_source(one):
    assert one.source in ("own", "model") or cite(one.source)
