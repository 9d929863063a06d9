"""What judges a text in C that was mended: it holds, it does its work, with the locks that were asked for; what asks whether it holds stays."""

import pytest

from tdxkit.c.races import race, versions
from tdxkit.lessons.checks import texts
from tdxkit.lessons.exercises import exercise_named
from tdxkit.work import drive

pytestmark = pytest.mark.slow  # all rows together

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


ANOTHER = "who finds that another CPU was faster has to look again"
FOR_ONE_SEAT = [
    (("return atomic_cmpxchg(&seats, 0, 1) == 0 ? 0 : -EBUSY;",), "with limit=2 a CPU has to get two"),
    (("return atomic_add_unless(&seats, 1, 1) ? 0 : -EBUSY;",), "with limit=2 a CPU has to get two"),
    (("return atomic_xchg(&seats, 1) ? -EBUSY : 0;",), "with limit=2 a CPU has to get two"),
    (("return atomic_xchg(&seats, limit) < limit ? 0 : -EBUSY;",), "with limit=2 a CPU has to get two"),
    (("int s = atomic_read(&seats);", "if (s >= limit)", "\treturn -EBUSY;", "return atomic_cmpxchg(&seats, s, s + 1) == s ? 0 : -EBUSY;"), ANOTHER),
    (("int s = atomic_read(&seats);", "if (s >= limit)", "\treturn -EBUSY;", "if (s == 0)", "\treturn atomic_cmpxchg(&seats, 0, 1) ? -EBUSY : 0;", "atomic_inc(&seats);", "return 0;"), ANOTHER),
    (("int s = atomic_cmpxchg(&seats, 0, 1);", "if (!s)", "\treturn 0;", "if (s >= limit)", "\treturn -EBUSY;", "atomic_inc(&seats);", "return 0;"), "three CPUs more seats are taken than there are"),
]  # fmt: skip


@pytest.mark.parametrize("lines, said", FOR_ONE_SEAT)
def test_what_is_right_for_one_seat_alone(lines, said):
    found = seats(*lines)
    assert not found.passed and found.says.startswith("It is right for one seat, but") and said in found.says


LOCKS_OF_ONES_OWN = [
    ("static atomic_t busy;", "atomic_xchg(&busy, 1)", "atomic_set(&busy, 0)"),
    ("static int busy;", "cmpxchg(&busy, 0, 1)", "smp_store_release(&busy, 0)"),
    ("static unsigned long busy;", "test_and_set_bit_lock(0, &busy)", "clear_bit_unlock(0, &busy)"),
    ("static unsigned long busy;", "!bit_spin_trylock(0, &busy)", "bit_spin_unlock(0, &busy)"),
    ("static DEFINE_SPINLOCK(busy);", "!spin_trylock(&busy)", "spin_unlock(&busy)"),
    ("static DEFINE_SEMAPHORE(busy, 1);", "down_trylock(&busy)", "up(&busy)"),
]


def is_a_lock(found):
    return not found.passed and ("can only wait here until another CPU goes on" in found.says or "It takes busy" in found.says)  # fmt: skip


@pytest.mark.parametrize("declared, takes, gives", LOCKS_OF_ONES_OWN)
def test_a_lock_is_one_whatever_it_is_made_of(declared, takes, gives):
    body = f"\tint err = -EBUSY;\n\n\twhile ({takes})\n\t\tcpu_relax();\n\tif (atomic_read(&seats) < limit) {{\n\t\tatomic_inc(&seats);\n\t\terr = 0;\n\t}}\n\t{gives};\n\treturn err;\n"
    text = SEATS.begins.replace("\t...\n", body).replace("static int limit;", f"static int limit;\n{declared}")
    assert is_a_lock(found := judged(SEATS, text)) and found.run is not None, found.says
    text = FLAGS.begins.replace("static atomic_t inside;", f"static atomic_t inside;\n{declared}")
    for side in ("left", "right"):
        text = text.replace(f"\t{side}_wants = 1;\n", f"\twhile ({takes})\n\t\tcpu_relax();\n\t{side}_wants = 1;\n")
    text = text.replace("\t\tcritical();\n}", f"\t\tcritical();\n\t{gives};\n}}")
    assert is_a_lock(found := judged(FLAGS, text)), found.says


def test_a_bit_that_is_tried_as_a_lock_is_one_though_nobody_waits():
    text = FLAGS.begins.replace("static atomic_t inside;", "static atomic_t inside;\nstatic unsigned long busy;")
    text = text.replace("\t\tcritical();\n}", "\t\tif (!test_and_set_bit_lock(0, &busy)) {\n\t\t\tcritical();\n\t\t\tclear_bit_unlock(0, &busy);\n\t\t}\n}")  # fmt: skip
    assert judged(FLAGS, text).says == "It takes busy, and a text without a lock was asked for."


OPEN = "\tif (users++ == 0)\n\t\tlog = kzalloc(sizeof(*log), GFP_KERNEL);\n"
WRITE, CLOSE = "\tatomic_inc(&log->lines);\n", "\tif (--users == 0)\n\t\tkfree(log);\n"
MAKES = "log = kzalloc(sizeof(*log), GFP_KERNEL);\n"
CHECKED = (
    f"\tusers++;\n\tguard(mutex)(&lock);\n\tif (!log)\n\t\t{MAKES}",
    "\tguard(mutex)(&lock);\n\tif (log)\n\t\tatomic_inc(&log->lines);\n",
)
GONE = "\tguard(mutex)(&lock);\n\tif (--users %s 0) {\n\t\tkfree(log);\n\t\tlog = NULL;\n\t}\n"
TAKEN_AWAY, TWICE = "the other CPU's close took the log away", "who opens twice and closes once has it open still"
NOT_COUNTED = {
    "NULL is looked for, and the count still raced over": (*CHECKED, GONE % "<=", TAKEN_AWAY),
    "the same, with ==": (*CHECKED, GONE % "==", TAKEN_AWAY),
    "whoever closes first frees it": (f"\tguard(mutex)(&lock);\n\tif (!log)\n\t\t{MAKES}", CHECKED[1], "\tguard(mutex)(&lock);\n\tkfree(log);\n\tlog = NULL;\n", TWICE),
    "nobody has it open while another has": (f"\tmutex_lock(&lock);\n{OPEN}", WRITE, f"{CLOSE}\tmutex_unlock(&lock);\n", TWICE),
    "put aside and never freed": (
        "\tguard(mutex)(&lock);\n\tif (users++ == 0)\n\t\tlog = old ? old : kzalloc(sizeof(*log), GFP_KERNEL);\n\tatomic_set(&log->lines, users > 1 ? atomic_read(&log->lines) : 0);\n",
        WRITE, "\tguard(mutex)(&lock);\n\tif (--users == 0) {\n\t\told = log;\n\t\tlog = NULL;\n\t}\n", "after the last close the log is still there",
    ),
}  # fmt: skip
FREED_AND_FORGOTTEN = f"\tguard(mutex)(&lock);\n{OPEN}", WRITE, GONE % "==", ""


def log_of(opens, writes, closes):
    text = COUNT.begins.replace("static struct log *log;", "static DEFINE_MUTEX(lock);\nstatic struct log *log, *old;")
    for old, new in ((OPEN, opens), (WRITE, writes), (CLOSE, closes)):
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("opens, writes, closes, said", NOT_COUNTED.values(), ids=NOT_COUNTED)
def test_a_log_that_is_not_counted(opens, writes, closes, said):
    found = judged(COUNT, log_of(opens, writes, closes))
    assert not found.passed and found.says.startswith("It breaks nothing") and said in found.says, found.says


def test_who_forgets_what_was_freed_has_freed_it():
    assert judged(COUNT, log_of(*FREED_AND_FORGOTTEN[:3])).passed


TAKES, MOVES = "\tspin_lock(&from->lock);\n\tspin_lock(&to->lock);\n", "\tfrom->money--;\n\tto->money++;\n"
TRIES = (
    "\tspin_lock(&from->lock);\n\tif (!spin_trylock(&to->lock)) {\n%s\t\tspin_unlock(&from->lock);\n\t\treturn;\n\t}\n"
)
LOST = "where two transfers meet money does not move, or is lost"
NOT_ORDERED = {
    "given up": (TRIES % "", "\tspin_unlock(&from->lock);\n", LOST),
    "moved with one lock": (TRIES % "\t\tfrom->money--;\n\t\tto->money++;\n", "\tspin_unlock(&from->lock);\n", LOST),
    "these two, whoever it is": ("\tspin_lock(&left.lock);\n\tspin_lock(&right.lock);\n", "\tspin_unlock(&left.lock);\n", "third.money is written while third.lock is not held"),
}  # fmt: skip


@pytest.mark.parametrize("takes, gives, said", NOT_ORDERED.values(), ids=NOT_ORDERED)
def test_a_transfer_that_is_dropped_or_not_guarded(takes, gives, said):
    text = ORDER.begins.replace(TAKES, takes).replace("\tspin_unlock(&from->lock);\n}", f"{gives}}}")
    if "left.lock" in takes:
        text = text.replace("\tspin_unlock(&to->lock);\n", "\tspin_unlock(&right.lock);\n")
    found = judged(ORDER, text)
    assert not found.passed and said in found.says, found.says


def test_two_locks_in_an_order_that_is_none_for_three():
    """Left before right, and otherwise as it comes: a circle of three goes round it."""
    first = "from == &left ? from : to == &left ? to : from"
    text = ORDER.solution.replace("from < to ? from : to;", f"{first};").replace(
        "from < to ? to : from;", f"({first}) == from ? to : from;"
    )
    assert text != ORDER.solution and judged(ORDER, text).passed, "left is the least of the three, whatever follows"
    second = "from == &right && to == &left ? to : from"
    text = ORDER.solution.replace("from < to ? from : to;", f"{second};").replace(
        "from < to ? to : from;", f"({second}) == from ? to : from;"
    )
    assert (
        judged(ORDER, text).says
        == "It holds between these two accounts, but not in a circle of three transfers among three."
    )


def test_a_break_that_was_not_asked_for_proves_nothing():
    probe = {"run": "left();", "sets": {"inside": 1}, "breaks": "after it was freed", "says": "It is not freed."}
    assert drive(texts.probed(FLAGS.solution, probe, {})).says == "It is not freed."
    assert drive(texts.probed(FLAGS.solution, probe | {"breaks": "WARN_ON_ONCE()"}, {})) is None


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
