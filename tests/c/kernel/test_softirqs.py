"""A softirq comes into its CPU wherever neither interrupts nor softirqs are off, runs to its end, and is no place to sleep. Two engines judge."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.search import explore

TEXT = (
    "DEFINE_SPINLOCK(l); DEFINE_MUTEX(m); DEFINE_RWLOCK(w); DEFINE_SEQLOCK(q); DEFINE_XARRAY(xa); DEFINE_PER_CPU(int, c); int n, on; struct { local_lock_t l; } k;"
    "int in_section(void) { int was = READ_ONCE(n); return was == 1; } "
)
F = "unsigned long f; "
SLEPT = "nobody may sleep in an interrupt"
BETWEEN = "BUG_ON(in_section());"  # it sees n = 1, which is there between two steps of its CPU
ONE_TWO = "n = 1; n = 2;"
LOCKED = "spin_lock(&l); n++; spin_unlock(&l);"


def judged(run, softirq, memory="sc", threads=1, text=TEXT):
    runs = (run,) if isinstance(run, str) else run
    scenario = scenario_of_c(text, run=runs, softirq=softirq, threads=threads if len(runs) == 1 else None).on(memory)
    found = explore(scenario)
    assert (explore_readably(scenario).rule is None) == (found.verdict == "ok")
    return "" if found.verdict == "ok" else str(found.property or found.verdict)


HELD_OFF = [
    f"local_irq_disable(); {ONE_TWO} local_irq_enable();",
    f"{F} local_irq_save(f); {ONE_TWO} local_irq_restore(f);",
    f"local_bh_disable(); {ONE_TWO} local_bh_enable();",
    f"local_bh_disable(); local_bh_disable(); local_bh_enable(); {ONE_TWO} local_bh_enable();",
    f"spin_lock_bh(&l); {ONE_TWO} spin_unlock_bh(&l);",
    f"spin_lock_irq(&l); {ONE_TWO} spin_unlock_irq(&l);",
    f"{F} spin_lock_irqsave(&l, f); {ONE_TWO} spin_unlock_irqrestore(&l, f);",
    f"if (spin_trylock_bh(&l)) {{ {ONE_TWO} spin_unlock_bh(&l); }}",
    f"read_lock_bh(&w); {ONE_TWO} read_unlock_bh(&w);",
    f"{F} write_lock_irqsave(&w, f); {ONE_TWO} write_unlock_irqrestore(&w, f);",
    f"write_seqlock_bh(&q); {ONE_TWO} write_sequnlock_bh(&q);",
    f"xa_lock_irq(&xa); {ONE_TWO} xa_unlock_irq(&xa);",
    f"rcu_read_lock_bh(); {ONE_TWO} rcu_read_unlock_bh();",
    f"local_lock_irq(&k.l); {ONE_TWO} local_unlock_irq(&k.l);",
    f"scoped_guard(spinlock_irqsave, &l) {{ {ONE_TWO} }}",
    f"{{ guard(bh)(); {ONE_TWO} }}",
]
LET_IN = [
    ONE_TWO,
    f"preempt_disable(); {ONE_TWO} preempt_enable();",
    f"spin_lock(&l); {ONE_TWO} spin_unlock(&l);",
    f"rcu_read_lock(); {ONE_TWO} rcu_read_unlock();",
    f"mutex_lock(&m); {ONE_TWO} mutex_unlock(&m);",
    "n = 1; local_irq_enable(); local_irq_disable(); n = 2; local_irq_enable();",
    "local_bh_disable(); n = 1; local_bh_enable(); local_bh_disable(); n = 2; local_bh_enable();",
    f"{F} spin_lock_irqsave(&l, f); n = 1; spin_unlock_irqrestore(&l, f); n = 2;",
]


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize("runs,rule", [(HELD_OFF, ""), (LET_IN, "BUG_ON() of --softirq, line 1, column 1 never fires")])
def test_what_holds_a_softirq_off_and_what_does_not(runs, rule, memory):
    assert {run: judged(run, BETWEEN, memory) for run in runs} == dict.fromkeys(runs, rule)


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_a_lock_that_a_softirq_takes_too_is_taken_with_softirqs_off(memory):
    assert judged(LOCKED, LOCKED, memory) == "deadlock"
    assert judged("local_bh_disable();" + LOCKED + "local_bh_enable();", LOCKED, memory) == ""
    assert judged(LOCKED, "if (spin_trylock(&l)) { n++; spin_unlock(&l); }", memory) == ""
    assert judged("read_lock(&w); read_unlock(&w);", "read_lock(&w); read_unlock(&w);", memory) == ""
    assert judged("read_lock(&w); read_unlock(&w);", "write_lock(&w); write_unlock(&w);", memory) == "deadlock"
    assert judged("write_seqlock(&q); write_sequnlock(&q);", "read_seqbegin(&q);", memory) == "deadlock"
    assert judged("write_seqlock_bh(&q); write_sequnlock_bh(&q);", "read_seqbegin(&q);", memory) == ""
    assert judged("WRITE_ONCE(on, 1);", "while (!READ_ONCE(on)) cpu_relax();", memory) == "deadlock", (
        "it spins on its own CPU"
    )


def test_every_cpu_has_its_own():
    bh = "spin_lock_bh(&l); n++; spin_unlock_bh(&l);"
    scenario = scenario_of_c(TEXT, run=(bh, LOCKED), softirq=LOCKED)
    assert scenario.actors == ("CPU 0", "CPU 1", "softirq on CPU 0", "softirq on CPU 1")
    found = explore(scenario)
    assert (found.verdict, found.steps) == ("deadlock", 3)
    assert any("softirq on CPU 1 waits in line 1 of --softirq for l, held by CPU 1" in line for line in found.waits)
    one = "BUG_ON(smp_processor_id() != 1);"
    assert judged((one.replace("1", "0"), one), "if (smp_processor_id()) WRITE_ONCE(on, 1); this_cpu_inc(c);") == ""
    assert "BUG_ON() of --softirq" in judged(("n = 1;", "n = 1;"), one)


def test_who_waits_for_a_lock_with_interrupts_off_lets_no_softirq_in():
    other = "spin_lock(&l); while (!READ_ONCE(on)) cpu_relax(); spin_unlock(&l);"
    sets = "if (smp_processor_id() == 0) WRITE_ONCE(on, 1);"
    for take, give in (("spin_lock_irq", "spin_unlock_irq"), ("spin_lock_bh", "spin_unlock_bh")):
        assert judged((f"{take}(&l); {give}(&l);", other), sets) in ("deadlock", "livelock")
    assert (
        judged(("local_irq_disable(); if (spin_trylock(&l)) spin_unlock(&l); local_irq_enable();", other), sets) == ""
    )
    assert judged(("spin_lock(&l); spin_unlock(&l);", other), sets) == "", "it comes in before the lock, or as it waits"


def test_who_waits_with_softirqs_off_for_what_one_does_waits_for_ever_and_it_is_said():
    wait = "while (!READ_ONCE(on)) cpu_relax();"
    assert judged(wait, "WRITE_ONCE(on, 1);") == ""
    scenario = scenario_of_c(TEXT, run=(f"local_bh_disable(); {wait} local_bh_enable();",), softirq="WRITE_ONCE(on, 1);", threads=1)  # fmt: skip
    found = explore(scenario)
    assert (
        found.verdict == "deadlock"
        and "softirq on CPU 0 does not begin until CPU 0 holds it off no more" in found.waits
    )


ASKED = "in_softirq() {0} in_interrupt() {0} in_serving_softirq() {0} in_atomic() {0} !in_task() {0} !preemptible()"


def test_what_is_said_of_a_softirq_and_of_whom_it_comes_into():
    never = "BUG_ON(irqs_disabled() || in_hardirq() || in_irq() || in_nmi());"
    inside = f"BUG_ON(!({ASKED.format('&&')})); {never} lockdep_assert_in_softirq(); cant_sleep();"
    assert (
        judged(
            f"BUG_ON({ASKED.format('||')}); n = 1; BUG_ON({ASKED.format('||')}); {never}", inside + "n = 2;" + inside
        )
        == ""
    )
    assert (
        judged(
            "local_bh_disable(); BUG_ON(!in_softirq() || !in_interrupt() || !in_task() || in_serving_softirq()); local_bh_enable();",
            "n = 1;",
        )
        == ""
    )
    assert (
        judged(
            "n = 1;",
            "spin_lock_irq(&l); BUG_ON(!irqs_disabled()); spin_unlock_irq(&l); local_bh_disable(); local_bh_enable();",
        )
        == ""
    )
    assert judged("n = 1;", "local_bh_disable();") == "at the end preemption and interrupts must be on"


@pytest.mark.parametrize(
    "wrong,right",
    [
        ("mutex_lock(&m); mutex_unlock(&m);", "n = mutex_is_locked(&m);"),
        ("int *p = kmalloc(4, GFP_KERNEL); kfree(p);", "int *p = kmalloc(4, GFP_ATOMIC); kfree(p);"),
        ("might_sleep();", "udelay(1); n = 1;"),
        ("synchronize_rcu();", "rcu_read_lock(); rcu_read_unlock();"),
        ("msleep(1);", "int *p = kmalloc(4, GFP_ATOMIC); vfree(p);"),
    ],
)  # fmt: skip
def test_nobody_sleeps_in_a_softirq(wrong, right):
    assert (judged("n = 1;", wrong), judged("n = 1;", right)) == (SLEPT, "")


def test_a_mutex_is_not_tried_either():
    tried = "if (mutex_trylock(&m)) mutex_unlock(&m);"
    assert judged("n = 1;", tried) == "nobody may touch a mutex in an interrupt"
    assert judged(tried, "if (spin_trylock(&l)) spin_unlock(&l);") == ""


def test_an_instruction_on_a_variable_of_its_cpu_is_not_interrupted():
    check = " BUG_ON(this_cpu_read(c) != 2);"
    for word in ("this_cpu_inc(c)", "this_cpu_add(c, 1)", "this_cpu_cmpxchg(c, 1, 2); this_cpu_cmpxchg(c, 0, 1)"):
        run = f"while (!READ_ONCE(on)) cpu_relax(); {word};"
        softirq = f"this_cpu_inc(c); {'' if 'cmp' in word else check.replace('!= 2', '> 2')}"
        assert (
            judged(
                word + "; while (!READ_ONCE(on)) cpu_relax();" + ("" if "cmp" in word else check),
                softirq + "WRITE_ONCE(on, 1);",
            )
            == ""
        ), run
    lost = "{}(c); while (!READ_ONCE(on)) cpu_relax();" + check
    assert judged(lost.format("this_cpu_inc"), "this_cpu_inc(c); WRITE_ONCE(on, 1);", "tso") == ""
    assert "BUG_ON()" in judged(lost.format("__this_cpu_inc"), "this_cpu_inc(c); WRITE_ONCE(on, 1);")


def test_readers_of_rcu_are_readers_in_a_softirq_too():
    text = "struct s { int a; } x = { 1 }, *p = &x;"
    retire = "WRITE_ONCE(p, NULL); synchronize_rcu(); WRITE_ONCE(x.a, 0);"
    assert judged((retire, ";"), "if (smp_processor_id()) { struct s *q; rcu_read_lock(); q = rcu_dereference(p); if (q) BUG_ON(q->a != 1); rcu_read_unlock(); }", text=text) == ""  # fmt: skip
    assert "BUG_ON()" in judged((retire, ";"), "if (smp_processor_id()) { struct s *q = rcu_dereference(p); if (q) BUG_ON(q->a != 1); }", text=text)  # fmt: skip
    assert judged("spin_lock(&l); rcu_read_lock(); rcu_read_unlock(); spin_unlock(&l);", "n = 1;") == "", (
        "nor does it sleep"
    )


PAIR = """DEFINE_SPINLOCK(l); int counted;
int a_get(kvm_pfn_t pfn) { struct page *pages[2]; if (alloc_pamt_array(pages)) return -ENOMEM; LOCK(&l); if (!counted) { tdh_phymem_pamt_add(pfn, pages); counted++; UNLOCK(&l); } else { counted++; UNLOCK(&l); free_pamt_array(pages); } return 0; }
void a_put(kvm_pfn_t pfn) { struct page *pages[2]; LOCK(&l); if (--counted) { UNLOCK(&l); return; } tdh_phymem_pamt_remove(pfn, pages); UNLOCK(&l); free_pamt_array(pages); }
"""


@pytest.mark.parametrize("form,verdict", [("", "deadlock"), ("_bh", "ok")])
def test_a_pair_that_counts_by_itself(form, verdict):
    """The page that the softirq gives back is one of the same region, and the text's counter has counted it."""
    defines = {"LOCK": f"spin_lock{form}", "UNLOCK": f"spin_unlock{form}"}
    one = scenario_of_c(PAIR, defines=defines, softirq="put", sets={"counted": 1}, threads=1)
    assert (explore(one).verdict, one.own.told[-1]) == (
        verdict,
        "a softirq on CPU 0 gives back a page of region 0, in use and counted from the start; a counter of the text's own must have counted it: --set NAME=1",
    )
    alone = scenario_of_c(PAIR, defines=defines, sets={"counted": 1}, roles=("put",))
    assert explore(alone).verdict == "ok", "nor is the region's own counter asked for who gives back alone"


def test_with_statements_the_pair_is_what_its_cpus_do():
    defines = {"LOCK": "spin_lock_bh", "UNLOCK": "spin_unlock_bh"}
    one = scenario_of_c(PAIR, defines=defines, softirq="BUG_ON(READ_ONCE(counted) < 0);")
    assert one.actors[2:] == ("softirq on CPU 0", "softirq on CPU 1") and explore(one).verdict == "ok"
    with pytest.raises(InputError, match="it gives back a page of a get and a put"):
        scenario_of_c(TEXT, run=("n = 1;",), softirq="put")
