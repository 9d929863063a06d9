"""What is switched off: interrupts are off or on, and saved; softirqs and preemption are counted; who may sleep follows, and what asserts it."""

from dataclasses import replace

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.explore.search import explore

TEXT = "DEFINE_SPINLOCK(l); DEFINE_SPINLOCK(k); DEFINE_RWLOCK(w); DEFINE_SEQLOCK(q); DEFINE_XARRAY(xa); atomic_t one = ATOMIC_INIT(1); int n; struct { spinlock_t l; unsigned long f; } g;"
F = "unsigned long f, h; "
OFF, SPIN = "nobody may sleep with preemption or interrupts off", "nobody may sleep under a spinlock"
AT_END = "at the end preemption and interrupts must be on"
BALANCED = "what switches preemption or softirqs on again must have switched them off"
READS = "nobody may sleep who reads under RCU"


def broken(text, *run, memory="sc", threads=None, may_fail=()):
    found = explore(scenario_of_c(text, run=run, threads=threads, may_fail=may_fail), "none", memory=memory)
    return "" if found.verdict == "ok" else str(found.property or found.verdict)


@pytest.mark.parametrize(
    "run",
    [
        "local_irq_enable(); n++;",
        "local_irq_disable(); local_irq_disable(); local_irq_enable();",
        F + "spin_lock_irqsave(&l, f); n++; spin_unlock(&l); local_irq_restore(f);",
        "local_irq_disable(); spin_lock(&l); n++; spin_unlock_irq(&l);",
        "spin_lock_bh(&l); spin_unlock(&l); local_bh_enable();",
        F + "spin_lock_irqsave(&l, f); spin_lock_irqsave(&k, h); spin_unlock_irqrestore(&k, h); BUG_ON(!irqs_disabled()); spin_unlock_irqrestore(&l, f);",
        F + "write_lock_irqsave(&w, f); write_unlock_irqrestore(&w, f);",
        F + "write_seqlock_irqsave(&q, f); lockdep_assert_irqs_disabled(); write_sequnlock_irqrestore(&q, f);",
        F + "xa_lock_irqsave(&xa, f); xa_unlock_irqrestore(&xa, f);",
        F + "if (atomic_dec_and_lock_irqsave(&one, &l, f)) { BUG_ON(!irqs_disabled()); spin_unlock_irqrestore(&l, f); }",
        F + "if (spin_trylock_irqsave(&l, f)) spin_unlock_irqrestore(&l, f);",
        F + "local_save_flags(f); BUG_ON(irqs_disabled_flags(f)); local_irq_save(h); local_save_flags(f); BUG_ON(!irqs_disabled_flags(f)); local_irq_restore(h);",
        "spin_lock_irqsave(&g.l, g.f); spin_unlock_irqrestore(&g.l, g.f);",
        "{ guard(spinlock_irqsave)(&l); scoped_guard(spinlock_irqsave, &k) n++; BUG_ON(!irqs_disabled()); scoped_guard(irqsave) n++; BUG_ON(!irqs_disabled()); }",
    ],
)  # fmt: skip
def test_right_programs_end_with_all_on_and_may_sleep_then(run):
    assert broken(TEXT, run + " BUG_ON(irqs_disabled() || in_atomic()); might_sleep();", threads=1) == ""


@pytest.mark.parametrize(
    "run,rule",
    [
        (F + "spin_lock_irqsave(&l, f); spin_lock_irqsave(&k, f); spin_unlock_irqrestore(&k, f); spin_unlock_irqrestore(&l, f); might_sleep();", OFF),
        (F + "spin_lock_irqsave(&l, f); spin_lock_irqsave(&k, h); spin_unlock_irqrestore(&k, f); spin_unlock_irqrestore(&l, h); might_sleep();", OFF),
        ("local_irq_disable(); n++;", AT_END),
        (F + "local_irq_save(f); n++;", AT_END),
        ("local_irq_disable(); might_sleep(); local_irq_enable();", OFF),
        (F + "spin_lock_irqsave(&l, f); spin_unlock(&l); might_sleep(); local_irq_restore(f);", OFF),
        ("spin_lock_bh(&l); spin_unlock(&l); might_sleep(); local_bh_enable();", OFF),
        ("spin_lock_bh(&l); spin_unlock(&l);", AT_END),
        ("preempt_enable();", BALANCED), ("spin_lock_irq(&l); local_irq_enable(); spin_unlock_bh(&l);", BALANCED),
        (F + "spin_lock_irqsave(&l, f); msleep(1); spin_unlock_irqrestore(&l, f);", SPIN),
        (F + "spin_lock(&l); spin_unlock_irqrestore(&l, f);", "f is read before it has a value"),
        ("guard(irqsave)(); might_sleep();", OFF),
    ],
)  # fmt: skip
def test_wrong_programs(run, rule):
    assert rule in broken(TEXT, run, threads=1)


def test_an_unlock_that_switches_interrupts_on_does_so_under_another_lock_too():
    run = (
        F
        + "spin_lock_irqsave(&l, f); spin_lock_irq(&k); spin_unlock_irq(&k); BUG_ON(!irqs_disabled()); spin_unlock_irqrestore(&l, f);"
    )
    assert "BUG_ON()" in broken(TEXT, run, threads=1)
    assert broken(TEXT, run.replace("_irq(&k)", "(&k)"), threads=1) == ""


def test_the_state_is_known_when_no_rule_asks_for_it():
    for condition, verdict in (("!irqs_disabled()", "ok"), ("irqs_disabled()", "violation")):
        scenario = scenario_of_c(
            TEXT, run=(f"{F} local_irq_save(f); n = 1; WARN_ON({condition}); local_irq_restore(f);",)
        )
        (rule,) = (rule for rule in scenario.properties if "WARN_ON" in rule.name)
        assert explore(replace(scenario, properties=(rule,)), "none").verdict == verdict


def test_flags_that_all_share_are_stored_after_the_lock_is_taken():
    run = "spin_lock_irqsave(&l, n); spin_unlock_irqrestore(&l, n);"
    assert broken(TEXT, run) == ""


def test_who_lets_go_of_a_lock_that_others_read_holds_it_no_more():
    assert broken(TEXT, "read_lock(&w); read_unlock(&w); lockdep_assert_not_held(&w); BUG_ON(in_atomic());") == ""


@pytest.mark.parametrize(
    "word,on,off",
    [
        ("lockdep_assert_irqs_disabled()", "spin_lock_bh(&l); @; spin_unlock_bh(&l);", "spin_lock_irq(&l); @; spin_unlock_irq(&l);"),
        ("lockdep_assert_irqs_enabled()", "local_irq_disable(); @; local_irq_enable();", "spin_lock_bh(&l); @; spin_unlock_bh(&l);"),
        ("lockdep_assert_preemption_disabled()", "@;", "local_irq_disable(); @; local_irq_enable();"),
        ("lockdep_assert_preemption_enabled()", "spin_lock(&l); @; spin_unlock(&l);", "n = 1; @;"),
        ("lockdep_assert_in_softirq()", "preempt_disable(); @; preempt_enable();", "local_bh_disable(); @; local_bh_enable();"),
        ("cant_sleep()", "rcu_read_lock(); @; rcu_read_unlock();", "spin_lock(&l); @; spin_unlock(&l);"),
    ],
)  # fmt: skip
def test_what_asserts_what_is_switched_off(word, on, off):
    assert broken(TEXT, on.replace("@", word), threads=1).startswith(word)
    assert broken(TEXT, off.replace("@", word), threads=1) == ""


@pytest.mark.parametrize(
    "wrong,right",
    [
        ("spin_lock(&l); might_alloc(GFP_KERNEL); spin_unlock(&l);", "might_alloc(GFP_KERNEL); spin_lock(&l); might_alloc(GFP_ATOMIC); spin_unlock(&l);"),
        ("int *p = vmalloc(4); spin_lock(&l); vfree(p); spin_unlock(&l);", "int *p = vmalloc(4); local_bh_disable(); vfree(p); local_bh_enable();"),
        ("int *p = vmalloc(4); preempt_disable(); vfree(p); preempt_enable();", "int *p = vmalloc(4); vfree(p);"),
        ("int *p = kmalloc(4, GFP_KERNEL); spin_lock(&l); kfree_rcu_mightsleep(p); spin_unlock(&l);", "int *p = kmalloc(4, GFP_KERNEL); kfree_rcu_mightsleep(p);"),
        ("rcu_read_lock(); rcu_barrier(); rcu_read_unlock();", "rcu_read_lock(); rcu_read_unlock(); rcu_barrier();"),
    ],
)  # fmt: skip
def test_what_may_sleep_though_it_does_not_look_like_it(wrong, right):
    assert broken(TEXT, wrong, threads=1) in (OFF, SPIN, READS)
    assert broken(TEXT, right, threads=1) == ""


KINDS = [("spinlock_t m;", "spin_lock_init", "spin_lock", "spin_unlock"), ("raw_spinlock_t m;", "raw_spin_lock_init", "raw_spin_lock", "raw_spin_unlock"),
         ("struct mutex m;", "mutex_init", "mutex_lock", "mutex_unlock"), ("struct rw_semaphore m;", "init_rwsem", "down_read", "up_read"),
         ("rwlock_t m;", "rwlock_init", "write_lock", "write_unlock")]  # fmt: skip


@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize("lock,init,take,give", KINDS)
def test_a_lock_that_is_held_is_not_initialised(lock, init, take, give, memory):
    lazy = f"{lock} int inited; void a(void) {{ if (!READ_ONCE(inited)) {{ {init}(&m); WRITE_ONCE(inited, 1); }} {take}(&m); {give}(&m); }}"
    assert f"{init}() of m, which is held" in broken(lazy, "a();", memory=memory)
    assert broken(lazy.replace("int inited", "int inited = 1"), "a();", memory=memory) == ""
    assert broken(lazy, "a(); a();", threads=1, memory=memory) == ""


def test_the_lock_that_is_initialised_must_be_there():
    text = "struct s { spinlock_t l; int a; }; struct { struct mutex l; } *none;"
    get, init, check = "struct s *p = kzalloc(sizeof(*p), GFP_KERNEL);", "spin_lock_init(&p->l);", "if (!p) return;"
    assert "NULL is followed" in broken(text, f"{get} {init} {check} kfree(p);", may_fail=("alloc",))
    assert broken(text, f"{get} {check} {init} kfree(p);", may_fail=("alloc",)) == ""
    assert "after it was freed" in broken(text, f"{get} kfree(p); {init}")
    assert "NULL is followed" in broken(text, "mutex_init(&none->l);")


def test_a_mutex_that_is_held_is_not_destroyed():
    text = "DEFINE_MUTEX(m);"
    assert "mutex_destroy() of m, which is held" in broken(text, "mutex_lock(&m); mutex_destroy(&m);", threads=1)
    assert broken(text, "mutex_lock(&m); mutex_unlock(&m); mutex_destroy(&m);", threads=1) == ""


@pytest.mark.parametrize(
    ("run", "wrong"),
    [
        ("rcu_read_lock_bh(); n++; rcu_read_unlock_bh();", ""),
        ("rcu_read_lock_sched(); WARN_ON(preemptible()); rcu_read_unlock_sched(); WARN_ON(!preemptible());", ""),
        ("rcu_read_lock(); rcu_read_unlock_bh();", BALANCED),
        ("rcu_read_lock_bh(); rcu_read_unlock();", AT_END),
        ("rcu_read_lock_sched(); rcu_read_unlock();", AT_END),
        ("rcu_read_lock_bh(); WARN_ON(!in_softirq()); rcu_read_unlock_bh();", ""),
        ("rcu_read_lock_sched(); msleep(1); rcu_read_unlock_sched();", "nobody may sleep"),
    ],
)
def test_readers_of_other_forms_of_rcu_have_something_off(run, wrong):
    assert wrong in broken(TEXT, run, threads=1) and bool(wrong) == bool(broken(TEXT, run, threads=1))
