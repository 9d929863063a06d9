"""smp_processor_id() and current: another one on each CPU, the same all the time on one; what may not be done with a task."""

from dataclasses import replace
from pathlib import Path

import pytest

from tdxkit.c.harness import scenario_of_c, value_of
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay
from tdxkit.facts import data_path

OWNER = "struct task_struct *owner; atomic_t taken; int n;\n"
IN = "if (!atomic_cmpxchg(&taken, 0, 1)) { WRITE_ONCE(owner, current); n++; WARN_ON(READ_ONCE(owner) != current); WRITE_ONCE(owner, NULL); atomic_set(&taken, 0); }"
HEAD = "_get(kvm_pfn_t pfn)\n{\n"


def fired(text, *run, memory="sc", **more):
    result = explore(scenario_of_c(text, run=run, **more), "none", memory=memory)
    return result.property if result.verdict == "violation" else ""


@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize("word", ["smp_processor_id", "raw_smp_processor_id"])
def test_the_number_is_the_cpu_s(word, memory):
    for number, threads in ((0, 1), (1, 2), (3, 4)):
        assert "WARN_ON()" in fired("", f"WARN_ON({word}() == {number});", threads=threads, memory=memory)
        assert not fired("", f"WARN_ON({word}() > {number});", threads=threads, memory=memory)
    assert not fired("", "int n = 3; n++;", f"WARN_ON({word}() != 1);", memory=memory)
    assert fired("", f"WARN_ON({word}() != 1);", "int n;", memory=memory)


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_current_is_the_same_on_one_cpu_and_another_on_others(memory):
    assert not fired(OWNER, "WARN_ON(current != current || !current);", memory=memory)
    assert not fired(OWNER, IN + " WARN_ON(READ_ONCE(owner) == current);", memory=memory)
    assert fired(OWNER, "WRITE_ONCE(owner, current); WARN_ON(READ_ONCE(owner) != current);", memory=memory)


def test_a_function_far_in_and_one_with_objects_on_its_stack_know_it_too():
    text = "int deep(int *x) { int y[2] = { 5, 6 }; int *p = y; p[1] += *x; return p[1] + smp_processor_id(); }\n"
    text += "int middle(void) { int x = 10, *p = &x; return deep(p); }\n"
    assert not fired(text, "int z = 1, *q = &z; WARN_ON(middle() != 16 || *q != 1);", "WARN_ON(middle() != 17);")
    assert value_of(text, "middle", ()) == 16


def test_a_get_and_a_put_ask_for_it():
    text = Path(data_path("designs/v6.c")).read_text(encoding="utf-8")
    assert HEAD in text
    for number, verdict in ((1, "violation"), (2, "ok")):
        asks = text.replace(HEAD, f"{HEAD}\tWARN_ON(smp_processor_id() == {number});\n")
        assert explore(scenario_of_c(asks), "none").verdict == verdict


def test_who_does_not_ask_has_no_number():
    same = scenario_of_c("int n;", run=("n++;",))
    assert same.threads[0] == same.threads[1]


@pytest.mark.parametrize(
    "run,error,said",
    [
        ("smp_processor_id(1);", InputError, "it takes 0 arguments, and gets 1"),
        ("n = current->pid;", InputError, "struct task_struct has no such member here; paste the struct's definition"),
        (
            "struct t *t = (struct t *)current; n = t->x;",
            ModelError,
            "`current` of CPU 0: what is in a task is not modelled; compare it",
        ),
    ],
)
def test_what_is_not_known_of_a_task(run, error, said):
    with pytest.raises(error) as told:
        fired("int n; struct t { int x; };", run)
    assert said in str(told.value)


def test_a_variable_of_the_text_is_its_own():
    assert not fired("int current = 4;", "WARN_ON(current != 4);")


def test_the_run_names_the_task():
    scenario = scenario_of_c(OWNER, run=("owner = current; WARN_ON(owner != current);",))
    told = str(replay(scenario, explore(scenario).schedule))
    assert "owner CPU 0's task, 0 → CPU 1's task, 0" in told


ASKED = [  # what runs, what holds while it does: in_atomic, in_interrupt, irqs_disabled
    ("", "", (0, 0, 0)),
    ("preempt_disable();", "preempt_enable();", (1, 0, 0)),
    ("local_irq_disable();", "local_irq_enable();", (0, 0, 1)),
    ("unsigned long f; local_irq_save(f);", "local_irq_restore(f);", (0, 0, 1)),
    ("local_bh_disable();", "local_bh_enable();", (1, 1, 0)),
    ("spin_lock(&s);", "spin_unlock(&s);", (1, 0, 0)),
    ("raw_spin_lock(&raw);", "raw_spin_unlock(&raw);", (1, 0, 0)),
    ("spin_lock_irq(&s);", "spin_unlock_irq(&s);", (1, 0, 1)),
    ("spin_lock_bh(&s);", "spin_unlock_bh(&s);", (1, 1, 0)),
    ("unsigned long f; spin_lock_irqsave(&s, f);", "spin_unlock_irqrestore(&s, f);", (1, 0, 1)),
    ("unsigned long f; if (!spin_trylock_irqsave(&s, f)) return;", "spin_unlock_irqrestore(&s, f);", (1, 0, 1)),
    ("write_lock_bh(&w);", "write_unlock_bh(&w);", (1, 1, 0)),
    ("read_lock_irq(&w);", "read_unlock_irq(&w);", (1, 0, 1)),
    ("write_seqlock_irq(&q);", "write_sequnlock_irq(&q);", (1, 0, 1)),
    ("bit_spin_lock(1, &bits);", "bit_spin_unlock(1, &bits);", (1, 0, 0)),
    ("if (!atomic_dec_and_lock(&one, &s)) return;", "spin_unlock(&s);", (1, 0, 0)),
    ("xa_lock_bh(&xa);", "xa_unlock_bh(&xa);", (1, 1, 0)),
    ("rcu_read_lock();", "rcu_read_unlock();", (0, 0, 0)),
    ("mutex_lock(&m);", "mutex_unlock(&m);", (0, 0, 0)),
    ("local_irq_disable(); preempt_disable();", "preempt_enable(); local_irq_enable();", (1, 0, 1)),
]  # fmt: skip
LOCKS = "DEFINE_SPINLOCK(s); DEFINE_RAW_SPINLOCK(raw); DEFINE_RWLOCK(w); DEFINE_MUTEX(m); DEFINE_SEQLOCK(q); DEFINE_XARRAY(xa); unsigned long bits; atomic_t one = ATOMIC_INIT(2); int n;\n"
WORDS = ("in_atomic", "in_interrupt", "irqs_disabled")


def asked(values):
    return " ".join(f"BUG_ON({word}() != {value});" for word, value in zip(WORDS, values))


@pytest.mark.slow
@pytest.mark.parametrize("off,on,values", ASKED, ids=range(len(ASKED)))
def test_what_is_switched_off_by_whom(off, on, values):
    run = f"{asked((0, 0, 0))} {off} {asked(values)} n++; {asked(values)} {on} {asked((0, 0, 0))}"
    for memory in ("sc", "tso"):
        assert not fired(LOCKS, run, memory=memory), run
    assert fired(LOCKS, f"{off} n++; WARN_ON({WORDS[0]}() == {values[0]}); {on}")


def test_a_function_that_is_called_sees_it_and_a_rule_that_is_not_asked_changes_nothing():
    text = LOCKS + f"void check(void) {{ {asked((1, 0, 1))} }}\nvoid off(void) {{ local_irq_disable(); }}\n"
    run = "off(); { guard(spinlock)(&s); check(); } BUG_ON(!irqs_disabled()); local_irq_enable(); BUG_ON(irqs_disabled());"
    scenario = scenario_of_c(text, run=(run,))
    assert explore(scenario, "none").verdict == "ok"
    assert explore(replace(scenario, properties=()), "none").verdict == "ok"


def test_a_try_that_fails_switches_nothing_off():
    run = "if (spin_trylock_bh(&s)) { n++; spin_unlock_bh(&s); } else { BUG_ON(in_interrupt() || in_atomic()); n = 0; }"
    assert not fired(LOCKS, run)
    assert fired(LOCKS, run.replace("in_interrupt() || in_atomic()", "!in_interrupt()"))


def test_a_guard_that_switches_interrupts_off():
    run = f"{{ guard(spinlock_irqsave)(&s); {asked((1, 0, 1))} scoped_guard(irqsave) {{ n++; {asked((1, 0, 1))} }} {asked((1, 0, 1))} }} {asked((0, 0, 0))}"
    assert not fired(LOCKS, run)


def test_what_is_simplified_is_said_where_it_is_asked():
    lines = scenario_of_c(LOCKS, run=("n = in_atomic();",)).card.simplified
    assert any("in_atomic()" in line for line in lines)
    assert not any(
        "in_atomic()" in line
        for line in scenario_of_c(LOCKS, run=("preempt_disable(); preempt_enable();",)).card.simplified
    )


def test_a_stub_a_text_of_its_own_and_what_is_only_printed():
    run = "spin_lock(&s); spin_unlock(&s); WARN_ON(in_atomic());"
    assert explore(scenario_of_c(LOCKS, run=(run,), stubs={"in_atomic": 0}), "none").verdict == "ok"
    assert not fired(LOCKS + "int in_atomic(void) { return 0; }", run)
    assert not fired(LOCKS, 'spin_lock(&s); pr_info("%d", in_atomic()); spin_unlock(&s);')
