"""Variables of which each CPU has one: each has its own, whoever asks for another's comes between, and the number is the CPU's."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.c.naming import scenario_of
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.judging import judge
from tdxkit.explore.search import explore

TEXT = """struct st { int n; u8 b; };
static DEFINE_PER_CPU(int, raised);
static DEFINE_PER_CPU(struct st, stats) = { .n = 3 };
static int total;
static void all(void)
{
	this_cpu_inc(raised);
	WARN_ON(this_cpu_read(raised) != 1);
	__this_cpu_add(stats.b, 255);
	WARN_ON(this_cpu_add_return(stats.b, 2) != 1);
	WARN_ON(this_cpu_ptr(&stats)->n != 3);
	get_cpu_var(stats).n = smp_processor_id();
	put_cpu_var(stats);
	WARN_ON(per_cpu(stats, smp_processor_id()).n != smp_processor_id());
	WARN_ON(this_cpu_xchg(raised, 5) != 1);
	WARN_ON(this_cpu_cmpxchg(raised, 5, 7) != 5);
	WARN_ON(raw_cpu_cmpxchg(raised, 5, 8) != 7 || __this_cpu_read(raised) != 7);
	raw_cpu_write(raised, 2);
	this_cpu_dec(raised);
	this_cpu_sub(raised, 3);
	WARN_ON(raw_cpu_read(raised) != -2);
}
static int sum(void)
{
	int cpu, all = 0;
	for_each_possible_cpu(cpu)
		all += READ_ONCE(per_cpu(raised, cpu));
	return all;
}
static void reset(int cpu)
{
	WRITE_ONCE(*per_cpu_ptr(&raised, cpu), 0);
}
"""
BOTH = pytest.mark.parametrize("memory", ["sc", "tso"])


def found(*run, memory="sc", text=TEXT, **more):
    return judge(scenario_of(text, run=run, **more).on(memory)).result


@BOTH
def test_each_cpu_has_its_own(memory):
    result = found("all();", memory=memory)
    assert (result.verdict, result.races, result.doubt) == ("ok", (), "")
    assert found("WARN_ON(num_possible_cpus() != 3); WARN_ON(smp_processor_id() > 2);", threads=3).verdict == "ok"
    assert found("WARN_ON(smp_processor_id() == 2);", threads=3).verdict == "violation"


@BOTH
def test_the_sum_is_of_all_of_them(memory):
    adds = "this_cpu_inc(raised);", "this_cpu_add(raised, 2); WARN_ON(sum() == %d);"
    assert found(adds[0], adds[1] % 3, memory=memory).defect == "WARN_ON() of --run 2, line 1, column 26 fires"
    assert found(adds[0], adds[1] % 2, memory=memory).verdict == "violation"
    assert found(adds[0], adds[1] % 1, memory=memory).verdict == "ok"


@BOTH
def test_another_cpu_that_writes_comes_between_the_load_and_the_store(memory):
    only = "raw_cpu_write(raised, 5); WRITE_ONCE(total, 1); this_cpu_inc(raised); WARN_ON(READ_ONCE(total) == 2 && this_cpu_read(raised) == 6);"
    resets = "if (READ_ONCE(total)) { reset(%d); smp_mb(); WRITE_ONCE(total, 2); }"
    assert found(only, resets % 0, memory=memory).verdict == "violation"
    own = "raw_cpu_write(raised, 5); this_cpu_inc(raised); WARN_ON(this_cpu_read(raised) != 6);"
    assert found(own, "reset(1);", memory=memory).verdict == "ok"
    assert found(own, "reset(0);", memory=memory).verdict == "violation"


def test_two_cpus_are_not_alike_where_they_are_asked_which_they_are():
    text = "static DEFINE_PER_CPU(int, n);\nstatic int x;\nstatic void f(void) { if (smp_processor_id()) WRITE_ONCE(x, 1); this_cpu_inc(n); }\n"
    assert found("f(); WARN_ON(x && !smp_processor_id() && this_cpu_read(n) == 1);", text=text).verdict == "violation"
    assert found("f(); WARN_ON(this_cpu_read(n) > 1);", text=text).verdict == "ok"
    assert found("f(); WARN_ON(this_cpu_read(n) > 1);", text=text, rounds=2).verdict == "violation"


PAIR = """static DEFINE_PER_CPU(int, mine);
static DEFINE_SPINLOCK(lock);
int my_get(unsigned long pfn) { this_cpu_inc(mine); WARN_ON(this_cpu_read(mine) != 1); WARN_ON(smp_processor_id() == %d); return -ENOMEM; }
void my_put(unsigned long pfn) { spin_lock(&lock); this_cpu_dec(mine); spin_unlock(&lock); }
"""


@pytest.mark.parametrize(("cpu", "fires"), [(0, True), (1, True), (2, False)])
def test_a_get_knows_its_cpu(cpu, fires):
    broken = found(text=PAIR % cpu).broken
    assert any("WARN_ON() of line 3" in rule for rule in broken) == fires


def test_what_is_no_variable_of_each_cpu_is_refused_in_a_line():
    with pytest.raises(
        InputError, match="`total`: it is no variable of which each CPU has one; name one that DEFINE_PER_CPU"
    ):
        found("this_cpu_inc(total);")


ALLOCATED = """struct st { int n; u8 b; };
struct dev { struct st __percpu *stats; } d;
struct st __percpu *p; int __percpu *q; int other, r;
static int sum(void) { int cpu, all = 0; for_each_possible_cpu(cpu) all += READ_ONCE(*per_cpu_ptr(q, cpu)); return all; }
"""
ENDED = [  # statements of one CPU, and what they end in
    ("p = alloc_percpu(struct st); this_cpu_inc(p->n); this_cpu_ptr(p)->b = 4; WARN_ON(per_cpu_ptr(p, 0)->n != 1 || this_cpu_read(p->b) != 4); free_percpu(p);", ""),
    ("d.stats = alloc_percpu_gfp(struct st, GFP_KERNEL); this_cpu_add(d.stats->n, 2); WARN_ON(this_cpu_ptr(d.stats)->n != 2); free_percpu(NULL);", ""),
    ("q = alloc_percpu(int); this_cpu_add(*q, 3); WARN_ON(sum() != 3); free_percpu(q); this_cpu_inc(*q);", "use of int_for_each_CPU#1[0] after it was freed"),
    ("struct st *s = alloc_percpu(struct st); this_cpu_inc(s->n);", "no memory may be lost"),
    ("q = alloc_percpu(int); *per_cpu_ptr(q, 1) = 3;", "CPU 1 of 1"),
    ("this_cpu_inc(*q);", "NULL is followed"),
]  # fmt: skip


def test_what_is_allocated_for_each_cpu():
    for statements, said in ENDED:
        result = explore(scenario_of_c(ALLOCATED, run=(statements,), threads=1), "none")
        assert said in (result.property or "") and bool(said) == (result.verdict == "violation"), statements
    install = "int *x = alloc_percpu(int); if (cmpxchg(&q, NULL, x)) free_percpu(x); this_cpu_inc(*q); "
    for asked, verdict in (("this_cpu_read(*q) != 1", "ok"), ("sum() > 1", "violation"), ("sum() > 2", "ok")):
        assert explore(scenario_of_c(ALLOCATED, run=(f"{install}WARN_ON({asked});",)), "none").verdict == verdict
    with pytest.raises(ModelError, match=r"a pointer to other: each CPU has one .* give a pointer that alloc_percpu"):
        explore(scenario_of_c(ALLOCATED, run=("int *s = &other; this_cpu_inc(*s);",)))
