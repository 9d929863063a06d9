"""What judges a text in C that was mended: it holds, it does its work, with the locks that were asked for; what asks whether it holds stays."""

import pytest

from tdxkit.c.races import race, versions
from tdxkit.lessons.checks import texts
from tdxkit.lessons.exercises import exercise_named
from tdxkit.work import drive

COUNT, ORDER, FLAGS, SEATS = map(exercise_named, ("mend-count", "mend-order", "mend-flags", "seats-without-a-lock"))


def judged(exercise, text):
    return drive(exercise.check(text))


def seats(*lines):
    return judged(SEATS, SEATS.begins.replace("\t...\n", "".join(f"\t{line}\n" for line in lines)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "exercise, name, holding",
    [
        (COUNT, "user-count", {"mutex", "dec-and-lock", "refcount"}),
        (ORDER, "lock-order", {"by-address", "to-itself", "back-off"}),  # the run is the exercise's, not the text's
        (FLAGS, "two-flags", {"fence", "xchg"}),
    ],
)
def test_the_mends_of_the_notebook_are_judged_as_there(exercise, name, holding):
    found = {one.mend for one in versions(name) if judged(exercise, exercise.begins.partition("*/")[0] + "*/" + one.text.partition("*/")[2]).passed}  # fmt: skip
    assert found == holding


def test_a_text_that_breaks_nothing_and_does_nothing():
    empty = race("user-count").text.replace("\tif (users++ == 0)\n\t\tlog = kzalloc(sizeof(*log), GFP_KERNEL);\n", "").replace("\tatomic_inc(&log->lines);\n", "")  # fmt: skip
    assert "has no log" in judged(COUNT, empty).says
    still = ORDER.begins.replace("\tfrom->money--;\n\tto->money++;\n", "").replace("\tspin_lock(&to->lock);\n", "").replace("\tspin_unlock(&to->lock);\n", "")  # fmt: skip
    assert "does not move the money" in judged(ORDER, still).says
    for side in ("left", "right"):
        out = FLAGS.solution.replace(f"static void {side}(void)\n{{\n", f"static void {side}(void)\n{{\n\treturn;\n")
        assert f"by itself {side}() does not go in" in judged(FLAGS, out).says


def test_locks_that_were_not_asked_for():
    locked = FLAGS.begins.replace("static atomic_t inside;", "static atomic_t inside;\nstatic DEFINE_SPINLOCK(door);")
    for side in ("left", "right"):
        locked = locked.replace(f"\t{side}_wants = 1;\n", f"\tspin_lock(&door);\n\t{side}_wants = 1;\n")
    locked = locked.replace("\t\tcritical();\n}", "\t\tcritical();\n\tspin_unlock(&door);\n}")
    assert judged(FLAGS, locked).says == "It takes door, and a text without a lock was asked for."
    mutex = "if (atomic_add_unless(&seats, 1, limit))", "\treturn 0;", "return -EBUSY;"
    assert seats(*mutex).passed


def test_what_asks_whether_it_holds_stays():
    silent = FLAGS.begins.replace("WARN_ON_ONCE(atomic_inc_return(&inside) > 1);", "atomic_inc(&inside);")
    assert "critical() asks whether it holds, and has changed" in judged(FLAGS, silent).says
    assert "critical() is not in it any more" in judged(FLAGS, FLAGS.begins.replace("critical", "section")).says
    moved = FLAGS.solution.replace("static void critical(void)\n{", "static void  critical(void) {")  # blanks are none
    assert judged(FLAGS, moved).passed


def test_seats():
    loop = ("int now = atomic_read(&seats);", "while (now < limit) {", "\tint old = atomic_cmpxchg(&seats, now, now + 1);", "\tif (old == now)", "\t\treturn 0;", "\tnow = old;", "}", "return -EBUSY;")  # fmt: skip
    assert seats(*loop).passed
    assert seats("return atomic_add_unless(&seats, 1, limit) ? 0 : -EBUSY;").passed
    assert "WARN_ON()" in seats("return atomic_add_unless(&seats, 1, limit + 1) ? 0 : -EBUSY;").says
    assert "does not give -EBUSY" in seats("return atomic_add_unless(&seats, 1, limit) ? 0 : -1;").says
    assert "gets no seat" in seats("return -EBUSY;").says


def test_a_text_that_comes_to_no_end_by_itself():
    said = judged(ORDER, ORDER.begins.replace("\tspin_lock(&to->lock);\n", "\tspin_lock(&from->lock);\n"))
    assert not said.passed and "\n" not in said.says


def test_a_step_is_shown_where_something_is_written_without_its_lock():
    early = ORDER.begins.replace(
        "\tspin_lock(&to->lock);\n\tfrom->money--;\n",
        "\tfrom->money--;\n\tspin_unlock(&from->lock);\n\tspin_lock(&to->lock);\n",
    )
    early = early.replace("\tspin_unlock(&to->lock);\n\tspin_unlock(&from->lock);\n", "\tspin_unlock(&to->lock);\n")
    said = judged(ORDER, early)
    assert "At step 3 left.money is written while right.lock is not held" in said.says
    assert said.at == 3 and said.run.state(3)["left.money"] == 1


def test_a_function_is_found_by_its_name_and_not_by_a_call():
    assert texts.function_of(FLAGS.begins, "left").startswith("static void left(void) {")
