"""What is said of C that breaks: the lock and the line, who spins and what it sees, the way to a step, and what a build can fail on."""

import json

import pytest

from tdxkit.c.naming import scenario_of
from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.explore.judging import judge
from tdxkit.explore.telling import replay

TEXT = """static DEFINE_MUTEX(a);
static DEFINE_MUTEX(b);
static DEFINE_SPINLOCK(s);
static int x;
static int *p;
static void unlock(struct mutex *m)
{
	mutex_unlock(m);
}
static void l(void)
{
	mutex_lock(&a);
	mutex_lock(&b);
	unlock(&b);
	unlock(&a);
}
static void r(void)
{
	mutex_lock(&b);
	mutex_lock(&a);
	unlock(&a);
	unlock(&b);
}
static void self(void)
{
	spin_lock(&s);
	spin_lock(&s);
}
static void spin(void)
{
	while (!READ_ONCE(x))
		cpu_relax();
}
static void alloc(void)
{
	spin_lock(&s);
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	spin_unlock(&s);
}
"""
MET = "; whoever is in them at once may wait for each other for ever"


def found(*run, text=TEXT, memory="sc", **more):
    return judge(scenario_of(text, run=run, **more).on(memory)).result


def steps(result, *run):
    return replay(scenario_of(TEXT, run=run), result.schedule).steps


@pytest.fixture
def told(tmp_path, capsys):
    (path := tmp_path / "t.c").write_text(TEXT)

    def told(command, *options, result=0):
        assert main([command, str(path), *options]) == result
        return capsys.readouterr().out

    return told


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_who_waits_stands_somewhere(memory):
    assert found("l();", "r();", memory=memory).waits == (
        "CPU 0 waits in line 13 of l for b, held by CPU 1 since step 2",
        "CPU 1 waits in line 20 of r for a, held by CPU 0 since step 1",
    )
    assert found("spin();", memory=memory).waits == tuple(
        f"CPU {k} spins in line 31 of spin (while (!READ_ONCE(x))): x is 0" for k in (0, 1)
    )
    seen = found("WRITE_ONCE(x, 2);", "while (READ_ONCE(x) != 1) cpu_relax();", memory=memory).waits
    assert seen == (f"CPU 1 spins in line 1 of --run 2 (while (READ_ONCE(x) != 1) cpu_relax();): x is 2 (last changed by CPU 0 in step {1 if memory == 'sc' else 2})",)  # fmt: skip


def test_orders_of_locks_that_no_run_met_say_so():
    assert found("l(); r();", threads=1).orders[0].endswith(f"{MET}; no run here did")
    assert found("l();", "r();").orders[0].endswith(MET)


def test_a_rule_about_locks_names_the_lock():
    said = steps(found("alloc();"), "alloc();")[-1].wrong()
    assert said == ("a CPU slept with a spinlock held: kzalloc(int) may sleep, and it holds s, taken in step 1",)
    said = steps(found("self();"), "self();")[-1].wrong()
    assert said == ("a CPU deadlocks with itself on a lock that it holds: spin_lock(s) waits for s, taken in step 1",)


def test_what_else_is_broken_is_said_as_a_result(told):
    out = told("explore", "--run", "WARN_ON(READ_ONCE(x)); WARN_ON(READ_ONCE(x));", "--run", "WRITE_ONCE(x, 1);")
    assert "\nalso broken: WARN_ON() of --run 1, line 1, column 24 fires: t:2x1:" in out and "never fires" not in out


def test_a_step_is_told_by_the_way_to_it(told):
    run = ("--run", "l();\nWARN_ON(!x);", "--run", "WARN_ON(x);", "--threads", "2")
    code = json.loads(told("explore", *run, "--json"))["schedule"]
    out = told("replay", *run[:4], code)
    assert "CPU 0  14 → 8: mutex_unlock(b)" in out and "15 → 8: mutex_unlock(a)" in out
    assert "CPU 0  --run 1, line 2: read x" in out and "__run" not in out
    out = told("replay", *run[:4], code, "--lines", "c")
    assert "   unlock: mutex_unlock(m);\n" in out and "--run 1: WARN_ON(!x);" in out
    one = json.loads(told("explore", "--run", "WARN_ON(!x); x = 3;", "--json"))["schedule"]
    out = told("replay", "--run", "WARN_ON(!x); x = 3;", one, "--lines", "c")
    assert "CPU 0  --run 1: read x\n" in out and "x = 3" not in out
    assert "the 1 step of this code does what it did when it was written" in out


@pytest.mark.parametrize(
    ("kind", "run", "code"),
    [
        ("deadlock", ("self();",), 1),
        ("livelock", ("self();",), 0),
        ("deadlock", ("spin();",), 1),
        ("livelock", ("spin();",), 1),
        ("livelock", ("l();", "r();"), 0),
        ("livelock", ("WRITE_ONCE(x, 1); WRITE_ONCE(x, 0); spin();", "WARN_ON(READ_ONCE(x));"), 1),
        ("deadlock", ("l();",), 0),
    ],
)
def test_a_build_can_fail_on_it(told, kind, run, code):
    told("explore", *(word for words in run for word in ("--run", words)), "--fail-on", kind, result=code)


def test_a_stub_that_nothing_calls_is_a_remark_unless_it_is_a_slip():
    assert "--stub nope: the text does not call it" in found("l();", stubs={"nope": 1}).remarks
    with pytest.raises(InputError, match="--stub unlok: the text does not call it; try unlock"):
        found("l();", stubs={"unlok": 1})


@pytest.mark.parametrize("word", ["my_put", "l2", "unlocked"])
def test_a_helper_that_is_simply_not_there_is_not_taken_for_another(word):
    text = TEXT + f"static void my_get(void) {{ {word}(); }}\n"
    with pytest.raises(InputError, match=rf"`{word}\(…\)`: this function is not known; define it in the text"):
        found("l();", text=text)


COUNTED = """static void get(void *list)
{
	atomic_t *c = tdx_get_pamt_refcount(0);
	if (atomic_inc_return(c) == 1)
		tdh_phymem_pamt_%s(0, list);
	WARN_ON(atomic_read(c) > %d);
}
"""


def test_regions_have_their_counters_whoever_says_what_is_run():
    text = COUNTED.replace("\t\ttdh_phymem_pamt_%s(0, list);\n", "\t\tcpu_relax();\n")
    assert found("get(NULL);", text=text % 2).verdict == "ok"
    assert found("get(NULL);", text=text % 1).defect == "WARN_ON() of line 6 fires"


@pytest.mark.parametrize("leaf", ["add", "remove"])
def test_a_list_of_pages_that_is_null_is_told_in_words_of_c(leaf):
    assert found("get(NULL);", text=COUNTED % (leaf, 2)).defect == "line 5: NULL is followed"


MAY_LOSE = "struct s { int v; }; struct s *get(void) { return kzalloc(sizeof(struct s), GFP_KERNEL); } int lost; void tries(void) { struct s *p = get(); if (!p) WRITE_ONCE(lost, 1); kfree(p); }\n"


@pytest.mark.parametrize(
    ("run", "fires"), [(("WARN_ON(!get());",), 20), (("tries();", "WARN_ON_ONCE(READ_ONCE(lost));"), 0)]
)
def test_a_warn_after_something_was_made_to_fail_is_told_and_breaks_nothing(run, fires):
    scenario = scenario_of(MAY_LOSE, run=run, threads=2, may_fail=("alloc",))
    found = judge(scenario).result
    said = [remark for remark in found.remarks if "fires in a run in which something was made to fail" in remark]
    assert len(said) == 1 and said[0].startswith(f"WARN_ON{'_ONCE' * (not fires)}() of --run ")
    assert not any("WARN" in rule for rule in found.broken) and not any("c_failed" in race for race in found.races)
    assert not any("fires in a run" in r for r in judge(scenario_of(MAY_LOSE, run=run, threads=2)).result.remarks)


def test_what_the_scenario_notes_of_a_failure_is_no_variable_of_the_texts():
    text = "int n = 1;\nvoid a(void) { int *p = kmalloc(sizeof(*p), GFP_KERNEL); WARN_ON(n); kfree(p); }\n"
    found = judge(scenario_of(text, run=("a();",), threads=2, may_fail=("alloc",))).result
    assert found.property == "WARN_ON() of line 2 never fires" and found.races == ()


SEQUENCE = "seqcount_t s = SEQCNT_ZERO(s); int n; void w(void) { write_seqcount_begin(&s); while (!READ_ONCE(n)) cpu_relax(); write_seqcount_end(&s); } void r(void) { while (read_seqcount_retry(&s, read_seqcount_begin(&s))) ; WRITE_ONCE(n, 1); }\n"


def test_who_reads_an_odd_sequence_counter_spins():
    found = judge(scenario_of(SEQUENCE, run=("w();", "r();"))).result
    assert found.verdict == "deadlock" and [" spins in line 1 of " in line for line in found.waits] == [True, True]


ONTO_LISTS = """struct s { struct list_head l; int v; } one;
LIST_HEAD(h);
DEFINE_SPINLOCK(k);
void add(void) { spin_lock(&k); list_add_rcu(&one.l, &h); spin_unlock(&k); }
void last(void) { spin_lock(&k); list_add_tail(&one.l, &h); spin_unlock(&k); }
void bare(void) { list_add(&one.l, &h); }
void walk(void) { struct s *p; rcu_read_lock(); list_for_each_entry_rcu(p, &h, l) WARN_ON(list_empty(&p->l)); rcu_read_unlock(); }
void plain(void) { struct s *p; list_for_each_entry(p, &h, l) if (p->v) break; }"""


@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize(
    ("run", "races"),
    [(("add();", "walk();"), 0), (("last();", "walk();"), 0), (("add();", "plain();"), 1), (("bare();", "last();"), 2)],
)
def test_lists_mark_what_readers_follow_and_lead_somewhere_when_they_are_found(run, races, memory):
    found = judge(scenario_of(ONTO_LISTS, run=run).on(memory)).result
    assert (found.verdict, len(found.races)) == ("violation" if "bare();" in run else "ok", races), found.races
