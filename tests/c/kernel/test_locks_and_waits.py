"""Locks, what may sleep, completions, wait queues, RCU, sequence counters: what one CPU alone makes of each; said by hand."""

import pytest

from tests.c.kernel.alone import alone

SPIN, RAW, MUTEX, RW, SEM = (
    "spinlock_t l;",
    "raw_spinlock_t l;",
    "struct mutex l;",
    "rwlock_t l;",
    "struct rw_semaphore l;",
)
LOCKS = [  # declared, taken by, the word then, let go by, the word then
    *((SPIN, f"spin_lock{f}(&l{a})", True, f"spin_unlock{b}(&l{a})", False) for f, b, a in (("", "", ""), ("_irq", "_irq", ""), ("_bh", "_bh", ""))),
    (SPIN, "spin_lock_irqsave(&l, flags)", True, "spin_unlock_irqrestore(&l, flags)", False),
    (SPIN, "spin_lock_nested(&l, SINGLE_DEPTH_NESTING)", True, "spin_unlock(&l)", False),
    (SPIN, "spin_trylock(&l)", True, "spin_unlock(&l)", False), (SPIN, "spin_trylock_irqsave(&l, flags)", True, "spin_unlock_irqrestore(&l, flags)", False),
    (RAW, "raw_spin_lock(&l)", True, "raw_spin_unlock(&l)", False), (RAW, "raw_spin_lock_irqsave(&l, flags)", True, "raw_spin_unlock_irqrestore(&l, flags)", False),
    *((MUTEX, f"mutex_lock{f}(&l)", True, "mutex_unlock(&l)", False) for f in ("", "_interruptible", "_killable", "_io")),
    (MUTEX, "mutex_trylock(&l)", True, "mutex_unlock(&l)", False),
    *((RW, f"read_lock{f}(&l)", 1, f"read_unlock{f}(&l)", 0) for f in ("", "_irq", "_bh")),
    *((RW, f"write_lock{f}(&l)", -1, f"write_unlock{f}(&l)", 0) for f in ("", "_irq", "_bh")),
    (RW, "read_lock_irqsave(&l, flags)", 1, "read_unlock_irqrestore(&l, flags)", 0), (RW, "read_trylock(&l)", 1, "read_unlock(&l)", 0),
    (RW, "write_trylock(&l)", -1, "write_unlock(&l)", 0),
    *((SEM, f"down_read{f}(&l)", 1, "up_read(&l)", 0) for f in ("", "_interruptible", "_killable", "_trylock")),
    *((SEM, f"down_write{f}(&l)", -1, "up_write(&l)", 0) for f in ("", "_killable", "_trylock")),
]  # fmt: skip


@pytest.mark.parametrize("declared,take,taken,give,free", LOCKS)
def test_a_lock_is_taken_and_let_go(declared, take, taken, give, free):
    held = alone(declared, f"unsigned long flags; {take};")
    assert (held.memory["l"], held.ended) == (taken, True)
    off = ("at the end preemption and interrupts must be on",) if "_irq" in take or "_bh" in take else ()
    assert set(held.broken) == {"a lock must be let go before its holder is done", *off}
    both = alone(declared, f"unsigned long flags; {take}; {give};")
    assert (both.memory["l"], both.broken, len(both.kinds)) == (free, (), 2)
    assert both.names[0] == take[: take.index("(")]


@pytest.mark.parametrize(
    "declared,taken,tries", [(SPIN, "spin_lock", "spin_trylock"), (MUTEX, "mutex_lock", "mutex_trylock"), (RW, "write_lock", "read_trylock"),
                             (RW, "read_lock", "write_trylock"), (SEM, "down_write", "down_read_trylock"), (SEM, "down_read", "down_write_trylock")],
)  # fmt: skip
def test_who_tries_a_taken_lock_is_told_no(declared, taken, tries):
    ran = alone(declared + "int r = 7;", f"{taken}(&l); r = {tries}(&l);")
    assert ran.memory["r"] == 0
    assert ran.kinds[1] == ("locked" if tries == "down_write_trylock" else "load")


def test_readers_share_and_a_writer_may_become_one():
    ran = alone(SEM, "down_write(&l); downgrade_write(&l); down_read(&l); up_read(&l); up_read(&l);")
    assert (ran.memory["l"], ran.broken) == (0, ())
    assert alone(RW, "read_lock(&l); read_lock(&l);").memory["l"] == 2


@pytest.mark.parametrize(
    "declared,wrong,said",
    [
        (SPIN, "spin_unlock(&l);", "let go"), (RW, "read_unlock(&l);", "let go"), (RW, "write_lock(&l); read_unlock(&l);", "held by a writer"),
        (RW, "read_lock(&l); write_unlock(&l);", "held by readers"), (SEM, "down_read(&l); downgrade_write(&l);", "which no writer has"),
        (SPIN, "spin_lock(&l); spin_lock(&l);", "taken by who holds it"), (MUTEX, "mutex_lock(&l); mutex_lock(&l);", "taken by who holds it"),
    ],
)  # fmt: skip
def test_what_nobody_may_do_with_a_lock(declared, wrong, said):
    assert any(said in rule for rule in alone(declared, wrong).broken)


def test_whether_a_lock_is_taken_is_a_look():
    for declared, looks, take in (
        (SPIN, "spin_is_locked", "spin_lock"),
        (MUTEX, "mutex_is_locked", "mutex_lock"),
        (SEM, "rwsem_is_locked", "down_read"),
    ):
        ran = alone(declared + "int a = 7, b = 7;", f"a = {looks}(&l); {take}(&l); b = {looks}(&l);")
        assert (ran.memory["a"], ran.memory["b"], ran.kinds[0]) == (0, 1, "load")


SLEEPERS = ["msleep(10)", "might_sleep()", "cond_resched()", "schedule()", "usleep_range(1, 2)", "mutex_lock(&m)", "down_read(&s)", "wait_for_completion(&c)",
            "wait_event(q, READ_ONCE(x))", "synchronize_rcu()", "kmalloc(sizeof(int), GFP_KERNEL)", "ssleep(1)"]  # fmt: skip
DECLARED = "spinlock_t l; struct mutex m; struct rw_semaphore s; struct completion c; wait_queue_head_t q; int x = 1; struct srcu_struct u;"


@pytest.mark.slow
@pytest.mark.parametrize("sleeps", SLEEPERS)
@pytest.mark.parametrize(
    "off,on,rule",
    [("spin_lock(&l)", "spin_unlock(&l)", "nobody may sleep under a spinlock"), ("rcu_read_lock()", "rcu_read_unlock()", "nobody may sleep who reads under RCU"),
     ("preempt_disable()", "preempt_enable()", "nobody may sleep with preemption or interrupts off"),
     ("local_irq_save(flags)", "local_irq_restore(flags)", "nobody may sleep with preemption or interrupts off"),
     ("local_bh_disable()", "local_bh_enable()", "nobody may sleep with preemption or interrupts off")],
)  # fmt: skip
def test_where_nobody_may_sleep(sleeps, off, on, rule):
    wait = "complete(&c); " if "completion" in sleeps else ""
    assert rule in alone(DECLARED, f"unsigned long flags; {wait}{off}; {sleeps}; {on};").broken
    assert rule not in alone(DECLARED, f"unsigned long flags; {wait}{off}; {on}; {sleeps};").broken


def test_where_one_may_sleep_and_what_does_not():
    assert not alone(DECLARED, "mutex_lock(&m); msleep(1); mutex_unlock(&m);").broken
    assert not alone(DECLARED, "int i = srcu_read_lock(&u); msleep(1); srcu_read_unlock(&u, i);").broken
    assert not alone(
        DECLARED, "spin_lock(&l); udelay(1); x = mutex_trylock(&m); mutex_unlock(&m); spin_unlock(&l);"
    ).broken
    assert alone(DECLARED, "udelay(1); mdelay(2);").kinds == ()


def test_what_was_switched_off_is_on_at_the_end():
    assert alone("int x;", "preempt_disable(); x = 1;").broken == ("at the end preemption and interrupts must be on",)
    assert "must have switched them off" in " ".join(alone("int x;", "x = 1; preempt_enable();").broken)
    assert "must have switched them off" in " ".join(
        alone(SPIN, "spin_lock(&l); local_irq_disable(); spin_unlock_bh(&l); local_irq_enable();").broken
    )
    assert not alone("int x;", "preempt_disable(); preempt_disable(); preempt_enable(); preempt_enable();").broken


def test_lockdep_assert_held_is_no_step_and_a_rule():
    text = SPIN + "void f(void) { lockdep_assert_held(&l); }"
    assert (
        alone(text, "spin_lock(&l); f(); spin_unlock(&l);").kinds
        == alone(text, "spin_lock(&l); spin_unlock(&l);").kinds
    )
    assert alone(text, "spin_lock(&l); f(); spin_unlock(&l);").broken == ()
    assert alone(text, "spin_lock(&l); spin_unlock(&l); f();").broken == (
        "lockdep_assert_held() of line 1 never fires",
    )
    assert alone(text, "f();").broken == ("lockdep_assert_held() of line 1 never fires",)
    for how, wrong in (("_write", "read_lock"), ("_read", "write_lock")):
        right = {"read_lock": "write_lock", "write_lock": "read_lock"}[wrong]
        bad = alone(RW, f"{wrong}(&l); lockdep_assert_held{how}(&l); {wrong.replace('lock', 'unlock')}(&l);")
        good = alone(RW, f"{right}(&l); lockdep_assert_held{how}(&l); {right.replace('lock', 'unlock')}(&l);")
        assert bad.broken and not good.broken
    assert alone(SPIN, "spin_lock(&l); lockdep_assert_not_held(&l); spin_unlock(&l);").broken
    assert not alone(
        SPIN,
        "lockdep_assert(!lockdep_is_held(&l)); spin_lock(&l); lockdep_assert(lockdep_is_held(&l)); spin_unlock(&l);",
    ).broken


WAITS = [  # statements, done before; value of r, done after; does it end
    ("wait_for_completion(&c);", 0, 7, 0, False), ("complete(&c); complete(&c); wait_for_completion(&c);", 0, 7, 1, True),
    ("complete_all(&c); wait_for_completion(&c); r = completion_done(&c);", 0, 1, (1 << 32) - 1, True), ("r = try_wait_for_completion(&c);", 0, 0, 0, True),
    ("complete(&c); r = try_wait_for_completion(&c);", 0, 1, 0, True), ("r = completion_done(&c);", 0, 0, 0, True),
    ("complete(&c); reinit_completion(&c); r = completion_done(&c);", 0, 0, 0, True), ("complete(&c); r = wait_for_completion_timeout(&c, HZ);", 0, 1, 0, True),
    ("complete(&c); r = wait_for_completion_interruptible(&c);", 0, 0, 0, True), ("r = wait_for_completion_timeout(&c, HZ);", 0, 7, 0, False),
]  # fmt: skip


@pytest.mark.parametrize("statements,_,gives,after,ends", WAITS)
def test_completions(statements, _, gives, after, ends):
    ran = alone("struct completion c; long r = 7;", statements)
    assert (ran.memory["r"], ran.memory["c"], ran.ended) == (gives, after, ends)


def test_a_wait_with_a_timeout_may_be_out_of_time():
    ran = alone("struct completion c; long r = 7;", "r = wait_for_completion_timeout(&c, HZ);", choose=1)
    assert (ran.memory["r"], ran.ended) == (0, True)
    ran = alone("wait_queue_head_t q; int x; long r = 7;", "r = wait_event_timeout(q, READ_ONCE(x), HZ);", choose=1)
    assert (ran.memory["r"], ran.ended) == (0, True)
    assert (
        alone("wait_queue_head_t q; int x = 1; long r = 7;", "r = wait_event_timeout(q, READ_ONCE(x), HZ);").memory["r"]
        == 1
    )


def test_a_condition_is_looked_at_until_it_holds():
    assert not alone("wait_queue_head_t q; int x;", "wait_event(q, READ_ONCE(x));").ended
    ran = alone(
        "wait_queue_head_t q; int x = 3, r = 7;",
        "r = wait_event_interruptible(q, READ_ONCE(x) == 3 && x); wake_up_all(&q);",
    )
    assert (ran.memory["r"], ran.kinds) == (0, ("", "load", "load", "store", "locked"))
    ran = alone("int x = 3, r;", "r = smp_cond_load_acquire(&x, VAL > 2);")
    assert (ran.memory["r"], ran.kinds) == (3, ("load", "store"))
    assert not alone("atomic_t x;", "atomic_cond_read_relaxed(&x, VAL);").ended


def test_readers_of_rcu():
    word = "RCU readers[0]"
    assert alone("int x;", "rcu_read_lock(); rcu_read_lock(); x = 1; rcu_read_unlock();").memory[word] == 1
    assert not alone("int x;", "rcu_read_lock(); synchronize_rcu(); rcu_read_unlock();").ended
    assert alone("int x;", "synchronize_rcu(); x = 1;").kinds == ("locked", "store")
    assert "let go" in " ".join(alone("int x;", "rcu_read_unlock();").broken)
    assert alone("int x;", "guard(rcu)(); x = 1;").memory[word] == 0
    assert not alone("int *p; int l;", "rcu_dereference_protected(p, true);").broken
    assert alone("int *p; spinlock_t l;", "rcu_dereference_protected(p, lockdep_is_held(&l));").broken


def test_memory_goes_with_the_last_reader():
    text = "struct foo { int n; struct rcu_head rcu; }; static int r;"
    within = "struct foo *p = kzalloc(sizeof(*p), GFP_ATOMIC); rcu_read_lock(); kfree_rcu(p, rcu); r = p->n; "
    assert not alone(text, within + "rcu_read_unlock();").broken
    assert alone(text, within + "rcu_read_unlock();").memory["memory of foo#1"] == "freed"
    assert "after it was freed" in " ".join(alone(text, within + "rcu_read_unlock(); r = p->n;").broken)


def test_sequence_counters():
    ran = alone("seqcount_t s; int a = 7, b = 7;", "unsigned int q = read_seqcount_begin(&s); a = read_seqcount_retry(&s, q); write_seqcount_begin(&s); "
                "write_seqcount_end(&s); b = read_seqcount_retry(&s, q);")  # fmt: skip
    assert (ran.memory["s"], ran.memory["a"], ran.memory["b"]) == (2, 0, 1)
    assert ran.kinds == ("load", "load", "store", "load", "store", "load", "store", "load", "store")
    assert not alone("seqcount_t s;", "write_seqcount_begin(&s); read_seqcount_begin(&s);").ended
    assert (
        alone("seqcount_t s; unsigned int r;", "write_seqcount_begin(&s); r = raw_read_seqcount(&s);").memory["r"] == 1
    )
    assert (
        alone("seqcount_t s; unsigned int r = 7;", "write_seqcount_begin(&s); r = raw_seqcount_begin(&s);").memory["r"]
        == 0
    )
    ran = alone(
        "seqlock_t s;",
        "write_seqlock(&s); write_sequnlock(&s); unsigned int q = read_seqbegin(&s); read_seqretry(&s, q);",
    )
    assert (ran.memory["s.seqcount"], ran.memory["s.lock"], ran.broken) == (2, False, ())
    assert ran.kinds[0] == "lock" and ran.kinds[5] == "unlock"
