"""Every form of a lock: what its word is while it is held, what its form switches off, what a try finds, and what is no use of it."""

import pytest

from tests.c.kernel.alone import alone

T = "static spinlock_t s; static raw_spinlock_t raw; static rwlock_t rw; static struct mutex m; static struct rw_semaphore sem; static seqlock_t q; static seqcount_t c; static atomic_t n = ATOMIC_INIT(2); static refcount_t ref = REFCOUNT_INIT(2); static long r = 7; static unsigned long flags; "
FORMS = [("", ""), ("_irq", "_irq"), ("_bh", "_bh"), ("_irqsave", "_irqrestore")]
AT_END = "at the end preemption and interrupts must be on"
SLEEPS = "nobody may sleep with preemption or interrupts off"


def call(word, lock):
    return f"{word}({lock}, flags);" if word.endswith(("save", "restore")) else f"{word}({lock});"


@pytest.mark.slow
@pytest.mark.parametrize("form, back", FORMS)
@pytest.mark.parametrize(
    "kind, lock, word, held, free",
    [("spin_", "&s", "s", True, False), ("raw_spin_", "&raw", "raw", True, False), ("read_", "&rw", "rw", 1, 0), ("write_", "&rw", "rw", -1, 0)],
)  # fmt: skip
def test_a_lock_that_spins(form, back, kind, lock, word, held, free):
    take, give = call(f"{kind}lock{form}", lock), call(f"{kind}unlock{back}", lock)
    ran = alone(T, f"{take} r = irqs_disabled(); {give} r = r * 10 + irqs_disabled();")
    off = "irq" in form
    assert (ran.broken, ran.memory[word], ran.memory["r"]) == ((), free, off * 10)
    one = alone(T, take)
    assert (one.memory[word], any(AT_END in said for said in one.broken)) == (held, bool(form))
    assert one.names[0] == f"{kind}lock{form}" and one.kinds[0] == "lock"


@pytest.mark.parametrize("form", ["", "_irq", "_bh", "_irqsave"])
def test_a_try(form):
    take = f"spin_trylock{form}(&s{', flags' * ('save' in form)})"
    got = alone(T, f"r = {take};")
    assert (got.memory["r"], got.memory["s"], any(AT_END in said for said in got.broken)) == (1, True, bool(form))
    assert alone(T, f"spin_lock(&s); r = {take};").memory["r"] == 0


@pytest.mark.parametrize(
    "run, gives",
    [
        ("r = read_trylock(&rw);", 1), ("write_lock(&rw); r = read_trylock(&rw);", 0), ("read_lock(&rw); r = read_trylock(&rw);", 1), ("r = write_trylock(&rw);", 1), ("read_lock(&rw); r = write_trylock(&rw);", 0), ("r = mutex_trylock(&m);", 1), ("mutex_lock(&m); r = mutex_trylock(&m);", 0),
        ("r = down_read_trylock(&sem);", 1), ("down_write(&sem); r = down_read_trylock(&sem);", 0), ("r = down_write_trylock(&sem);", 1), ("down_read(&sem); r = down_write_trylock(&sem);", 0), ("down_write(&sem); downgrade_write(&sem); r = down_read_trylock(&sem);", 1),
        ("r = spin_is_locked(&s);", 0), ("spin_lock(&s); r = spin_is_locked(&s);", 1), ("r = mutex_is_locked(&m);", 0), ("mutex_lock(&m); r = mutex_is_locked(&m);", 1), ("down_read(&sem); r = rwsem_is_locked(&sem);", 1), ("r = mutex_lock_interruptible(&m);", 0), ("r = down_read_killable(&sem);", 0),
        ("r = mutex_lock_killable(&m) * 10 + mutex_is_locked(&m);", 1), ("spin_lock(&s); r = lockdep_is_held(&s);", 1), ("r = lockdep_is_held(&s);", 0),
        ("r = atomic_dec_and_lock(&n, &s) * 10 + spin_is_locked(&s);", 0), ("atomic_set(&n, 1); r = atomic_dec_and_lock(&n, &s) * 10 + spin_is_locked(&s);", 11), ("r = refcount_dec_and_mutex_lock(&ref, &m) * 10 + mutex_is_locked(&m);", 0),
        ("refcount_set(&ref, 1); r = refcount_dec_and_mutex_lock(&ref, &m) * 10 + mutex_is_locked(&m);", 11), ("refcount_set(&ref, 1); r = refcount_dec_and_lock(&ref, &s);", 1), ("atomic_set(&n, 1); r = atomic_dec_and_lock_irqsave(&n, &s, flags) * 10 + irqs_disabled();", 11),
        ("r = atomic_dec_and_lock_irqsave(&n, &s, flags) * 10 + irqs_disabled();", 0),
        # refcounts
        ("r = refcount_dec_and_test(&ref) * 10 + refcount_read(&ref);", 1), ("refcount_dec(&ref); r = refcount_dec_and_test(&ref);", 1), ("r = refcount_inc_not_zero(&ref) * 10 + refcount_read(&ref);", 13), ("refcount_set(&ref, 0); r = refcount_inc_not_zero(&ref);", 0),
        ("r = refcount_dec_if_one(&ref);", 0), ("refcount_set(&ref, 1); r = refcount_dec_if_one(&ref) * 10 + refcount_read(&ref);", 10), ("refcount_set(&ref, 1); r = refcount_dec_not_one(&ref) * 10 + refcount_read(&ref);", 1), ("r = refcount_dec_not_one(&ref) * 10 + refcount_read(&ref);", 11),
        ("r = refcount_sub_and_test(2, &ref);", 1), ("r = refcount_sub_and_test(1, &ref);", 0), ("refcount_add(3, &ref); r = refcount_read(&ref);", 5), ("r = refcount_add_not_zero(3, &ref) * 10 + refcount_read(&ref);", 15), ("refcount_set(&ref, 0); r = refcount_add_not_zero(3, &ref);", 0), ("refcount_set(&ref, 1); r = refcount_add_not_zero(0, &ref);", 1),
        ("refcount_set(&ref, 0x7ffffffe); refcount_inc(&ref); r = refcount_read(&ref);", 0x7FFFFFFF),
        # sequence counters
        ("r = read_seqcount_begin(&c);", 0), ("write_seqcount_begin(&c); write_seqcount_end(&c); r = read_seqcount_begin(&c);", 2), ("r = read_seqcount_retry(&c, read_seqcount_begin(&c));", 0), ("r = read_seqcount_begin(&c); write_seqcount_begin(&c); write_seqcount_end(&c); r = read_seqcount_retry(&c, r);", 1),
        ("write_seqlock(&q); write_sequnlock(&q); r = read_seqbegin(&q);", 2), ("r = read_seqretry(&q, read_seqbegin(&q));", 0), ("seqcount_init(&c); r = raw_read_seqcount(&c);", 0), ("write_seqcount_begin(&c); r = raw_read_seqcount(&c); write_seqcount_end(&c);", 1),
        ("write_seqcount_begin(&c); r = raw_seqcount_begin(&c); write_seqcount_end(&c);", 0), ("read_seqlock_excl(&q); read_sequnlock_excl(&q); r = read_seqbegin(&q);", 0), ("read_seqlock_excl_irqsave(&q, flags); r = irqs_disabled(); read_sequnlock_excl_irqrestore(&q, flags); r = r * 10 + irqs_disabled();", 10),
    ],
)  # fmt: skip
def test_what_it_gives(run, gives):
    assert alone(T, run).memory["r"] == gives


@pytest.mark.parametrize(
    "run, said",
    [
        ("read_lock(&rw); write_unlock(&rw);", "write_unlock() of rw, which is held by readers"), ("write_lock(&rw); read_unlock(&rw);", "read_unlock() of rw, which is held by a writer"), ("down_read(&sem); downgrade_write(&sem);", "downgrade_write() of sem, which no writer has"),
        ("spin_lock(&s); spin_lock_init(&s);", "spin_lock_init() of s, which is held"), ("mutex_lock(&m); mutex_destroy(&m);", "mutex_destroy() of m, which is held"), ("preempt_disable(); mutex_lock(&m); preempt_enable();", SLEEPS), ("local_irq_disable(); msleep(1); local_irq_enable();", SLEEPS),
        ("preempt_enable();", "what switches preemption or softirqs on again must have switched them off"), ("local_bh_enable();", "must have switched them off"), ("local_bh_disable();", AT_END), ("local_irq_save(flags);", AT_END), ("write_seqcount_begin(&c);", "each write of a sequence counter that began must have ended"),
        ("refcount_set(&ref, 0); refcount_inc(&ref);", "refcount_inc() of ref, which is 0: it saturates"), ("refcount_set(&ref, 1); refcount_dec(&ref);", "refcount_dec() of ref, which is 1: it saturates"), ("refcount_sub_and_test(3, &ref);", "which is 2: it saturates"),
        ("refcount_set(&ref, 0x7fffffff); refcount_inc(&ref);", "it saturates"), ("refcount_set(&ref, 0); refcount_dec_and_test(&ref);", "it saturates"), ("refcount_set(&ref, 0); refcount_dec_not_one(&ref);", "it saturates"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule(run, said):
    assert said in " ".join(alone(T, run).broken)


@pytest.mark.parametrize("run", ["spin_lock(&s); spin_lock(&s);", "read_lock(&rw); write_lock(&rw);", "write_lock(&rw); read_lock(&rw);", "mutex_lock(&m); mutex_lock(&m);", "down_write(&sem); down_read(&sem);", "write_seqcount_begin(&c); r = read_seqcount_begin(&c);"])  # fmt: skip
def test_who_waits_for_himself_does_not_end(run):
    assert not alone(T, run).ended


@pytest.mark.parametrize(
    "run", ["local_irq_save(flags); local_irq_restore(flags);", "preempt_disable(); preempt_disable(); preempt_enable(); preempt_enable();", "local_bh_disable(); local_bh_enable();", "local_irq_disable(); local_irq_enable();", "mutex_lock(&m); msleep(1); mutex_unlock(&m);"],
)  # fmt: skip
def test_what_is_balanced(run):
    ran = alone(T, run)
    assert (ran.broken, ran.ended) == ((), True)


def test_flags_give_back_what_was():
    run = "local_irq_disable(); spin_lock_irqsave(&s, flags); spin_unlock_irqrestore(&s, flags); r = irqs_disabled(); spin_lock_irq(&s); spin_unlock_irq(&s); r = r * 10 + irqs_disabled();"  # fmt: skip
    assert alone(T, run).memory["r"] == 10, "restore leaves them off, _irq switches them on"
