"""Sleeping and waking: a wake-up that is forgotten, too early, of the wrong kind or lost in a store buffer, each beside its right twin."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay
from tests.c.kernel.alone import alone

QUEUE = """static DECLARE_WAIT_QUEUE_HEAD(wq);
static DECLARE_SWAIT_QUEUE_HEAD(sq);
static int done, other;
static unsigned long word = 1;
static DEFINE_SPINLOCK(l);
static struct completion c;
"""
WAIT = "wait_event(wq, READ_ONCE(done));"
SWAIT, VAR = "swait_event_exclusive(sq, READ_ONCE(done));", "wait_var_event(&done, READ_ONCE(done));"
BIT, LOCK_BIT = "wait_on_bit(&word, 0, TASK_UNINTERRUPTIBLE);", "wait_on_bit_lock(&word, 0, TASK_UNINTERRUPTIBLE);"
SET = "WRITE_ONCE(done, 1);"


def verdicts(*run: str, text: str = QUEUE) -> tuple[str, str]:
    """On sequentially consistent memory, and on x86's."""
    sc, tso = (explore(scenario_of_c(text, run=run), "none", memory=memory).verdict for memory in ("sc", "tso"))
    return sc, tso


OK, DEAD, ONLY_TSO = ("ok", "ok"), ("deadlock", "deadlock"), ("ok", "deadlock")
CASES = [  # who waits, who wakes, verdicts on both memories
    (WAIT, SET + "wake_up(&wq);", OK), (WAIT, SET, DEAD), (WAIT, "wake_up(&wq);" + SET, DEAD), (WAIT, SET + "wake_up_all(&wq);", OK),
    (WAIT, SET + "wake_up_interruptible(&wq);", DEAD), ("wait_event_interruptible(wq, READ_ONCE(done));", SET + "wake_up_interruptible(&wq);", OK),
    ("wait_event_killable(wq, READ_ONCE(done));", SET + "wake_up_interruptible_all(&wq);", DEAD), ("wait_event_interruptible(wq, READ_ONCE(done));", SET, DEAD),
    ("wait_event_idle(wq, READ_ONCE(done));", SET + "spin_lock(&l); wake_up_locked(&wq); spin_unlock(&l);", OK),
    (WAIT, SET + "if (waitqueue_active(&wq)) wake_up(&wq);", ONLY_TSO), (WAIT, SET + "smp_mb(); if (waitqueue_active(&wq)) wake_up(&wq);", OK),
    (WAIT, SET + "if (wq_has_sleeper(&wq)) wake_up(&wq);", OK), (WAIT, "xchg(&done, 1); if (waitqueue_active(&wq)) wake_up(&wq);", OK),
    ("wait_event_timeout(wq, READ_ONCE(done), HZ);", SET, OK), ("wait_event_interruptible_timeout(wq, READ_ONCE(done), HZ);", "", OK),
    (SWAIT, SET + "swake_up_one(&sq);", OK), (SWAIT, SET, DEAD), (SWAIT, "swake_up_all(&sq);" + SET, DEAD), (SWAIT, SET + "wake_up(&wq);", DEAD),
    (VAR, SET + "smp_mb(); wake_up_var(&done);", OK), (VAR, SET, DEAD), (VAR, SET + "wake_up_var(&done);", ONLY_TSO), (VAR, SET + "smp_mb(); wake_up_var(&other);", DEAD),
    (BIT, "clear_bit(0, &word); wake_up_bit(&word, 0);", OK), (BIT, "clear_bit(0, &word);", DEAD), (BIT, "clear_and_wake_up_bit(0, &word);", OK),
    (BIT, "wake_up_bit(&word, 0); clear_bit(0, &word);", DEAD), (BIT, "clear_bit(0, &word); wake_up_bit(&word, 1);", DEAD),
    (BIT, "WRITE_ONCE(word, 0); wake_up_bit(&word, 0);", ONLY_TSO), (BIT, "test_and_clear_wake_up_bit(0, &word);", OK),
    (LOCK_BIT, "clear_and_wake_up_bit(0, &word);", OK), (LOCK_BIT, "clear_bit(0, &word);", DEAD),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("waits,wakes,expected", CASES)
def test_a_wake_up_and_its_wrong_twin(waits, wakes, expected):
    assert verdicts(waits, wakes or "other = 1;") == expected


@pytest.mark.slow
def test_one_wake_up_wakes_one_who_waits_alone():
    alone_on = "wait_event_interruptible_exclusive(wq, READ_ONCE(done));"
    assert verdicts(alone_on, alone_on, SET + "wake_up(&wq);") == DEAD
    assert verdicts(alone_on, alone_on, SET + "wake_up_all(&wq);") == OK
    assert verdicts(alone_on, alone_on, SET + "wake_up_nr(&wq, 2);") == OK
    assert verdicts(alone_on, alone_on + "wake_up(&wq);", SET + "wake_up(&wq);") == DEAD  # the other may be the one
    assert verdicts(alone_on + "wake_up(&wq);", alone_on + "wake_up(&wq);", SET + "wake_up(&wq);") == OK
    assert verdicts(WAIT, alone_on, SET + "wake_up(&wq);") == OK  # who is not alone is woken beside
    assert verdicts(SWAIT, SWAIT, SET + "swake_up_one(&sq);") == DEAD
    assert verdicts(SWAIT, SWAIT, SET + "swake_up_all(&sq);") == OK
    assert verdicts(LOCK_BIT, LOCK_BIT, "clear_and_wake_up_bit(0, &word);") == DEAD  # the first keeps it
    again = LOCK_BIT + "clear_and_wake_up_bit(0, &word);"
    assert verdicts(again, again, "clear_and_wake_up_bit(0, &word);") == OK


def test_a_lost_wake_up_is_told_by_who_sleeps_where():
    text = QUEUE + "static void waits(void)\n{\n\twait_event(wq,\n\t\t   READ_ONCE(done));\n}\n"
    found = explore(scenario_of_c(text, run=("waits();", SET)))
    # A: wait_event(), look, prepare_to_wait, look; B: store
    assert (found.verdict, found.steps, found.waits) == (
        "deadlock",
        5,
        ("CPU 0 sleeps in wait_event() of line 9 on wq; nobody wakes it",),
    )
    run = replay(scenario_of_c(text, run=("waits();", SET)), found.schedule)
    assert [step.label for step in run.steps] == [
        "wait_event()", "READ_ONCE(done)", "prepare_to_wait(wq)", "READ_ONCE(done)", "WRITE_ONCE(done)"
    ]  # fmt: skip
    assert [wait.why for wait in run.steps[3].waits] == ["CPU 0 sleeps in wait_event() of line 9 on wq"]
    assert str(run.state(5)["wq"]) == "sleeper 1"
    for statements, said in (
        (BIT, "sleeps in wait_on_bit() of --run 1, line 1 on bit 0 of word"),
        (VAR, "sleeps in wait_var_event() of --run 1, line 1 on done"),
        ("wait_for_completion(&c);", "sleeps in wait_for_completion() of --run 1, line 1 on c"),
    ):
        told = explore(scenario_of_c(QUEUE, run=(statements, "other = 1;"))).waits
        assert told == (f"CPU 0 {said}; nobody wakes it",)


def test_who_is_out_of_time_looks_once_more():
    text = "static DECLARE_WAIT_QUEUE_HEAD(wq); static int done; static long r;"
    wait = "r = wait_event_timeout(wq, READ_ONCE(done), HZ);"
    assert verdicts(wait + "WARN_ON(!r);", SET + "wake_up(&wq);", text=text) == ("violation", "violation")
    assert verdicts(wait + "WARN_ON(r && !READ_ONCE(done));", SET + "wake_up(&wq);", text=text) == OK
    ran = alone(text, wait, choose=1)
    assert (ran.memory["r"], ran.memory["wq"], ran.ended) == (0, 0, True)
    assert ran.names == (
        "wait_event_timeout", "READ_ONCE", "prepare_to_wait", "READ_ONCE", "wait_event_timeout", "READ_ONCE", "finish_wait", "write r"
    )  # fmt: skip


def test_a_condition_that_holds_at_once_touches_no_queue():
    assert alone(QUEUE + "static int one = 1;", "wait_event(wq, READ_ONCE(one));").names == ("wait_event", "READ_ONCE")
    asleep = "nobody may sleep under a spinlock"
    assert asleep in alone(QUEUE, "done = 1; spin_lock(&l); wait_event(wq, done); spin_unlock(&l);").broken
    assert not alone(QUEUE, "spin_lock(&l); wake_up(&wq); spin_unlock(&l);").broken


def test_a_look_at_a_queue_is_marked():
    found = explore(scenario_of_c(QUEUE, run=(WAIT, SET + "smp_mb(); if (waitqueue_active(&wq)) wake_up(&wq);")))
    assert (found.verdict, found.races) == ("ok", ())


def test_a_queue_in_memory_that_is_freed():
    text = "struct dev { wait_queue_head_t wq; int done; }; static struct dev *d;"
    start = "struct dev *p = kzalloc(sizeof(*p), GFP_KERNEL); init_waitqueue_head(&p->wq); smp_store_release(&d, p); "
    wakes = "struct dev *p = smp_load_acquire(&d); if (p) { WRITE_ONCE(p->done, 1); wake_up(&p->wq); } else { return; }"
    wrong = explore(scenario_of_c(text, run=(start + "if (!READ_ONCE(p->done)) {} wait_event_timeout(p->wq, READ_ONCE(p->done), HZ); d = NULL; kfree(p);", wakes)), "none")  # fmt: skip
    assert any("use of dev#1.wq after it was freed" in rule for rule in wrong.broken)


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_the_readable_engine_says_the_same(memory):
    for wakes in (SET + "wake_up(&wq);", SET + "if (waitqueue_active(&wq)) wake_up(&wq);"):
        scenario = scenario_of_c(QUEUE, run=(WAIT, wakes)).on(memory)
        plain, fast = explore_readably(scenario), explore(scenario, "none")
        assert (plain.states, plain.rule) == (fast.states, fast.property)
        assert explore(scenario).verdict == fast.verdict


def test_a_wake_up_for_a_bit_of_memory_that_is_gone_looks_at_nothing():
    text = QUEUE + "struct o { unsigned long f; };"
    freed = "struct o *p = kzalloc(sizeof(*p), GFP_KERNEL); kfree(p); wake_up_bit(&p->f, 0); clear_and_wake_up_bit(0, &word);"
    assert verdicts(BIT, freed, text=text) == OK


def test_what_is_not_read_of_sleeping_by_hand():
    for statements, said in (
        ("DEFINE_WAIT(w); prepare_to_wait(&wq, &w, TASK_INTERRUPTIBLE);", r"`prepare_to_wait\(…\)`"),
        ("set_current_state(TASK_INTERRUPTIBLE);", r"write wait_event\(wq, condition\)"),
        ("wake_up(&wq, 1);", "it takes 1 arguments, and gets 2"),
    ):
        with pytest.raises(InputError, match=said):
            scenario_of_c(QUEUE, run=(statements,))
