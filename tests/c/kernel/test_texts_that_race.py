"""Small texts with a race that people write, each beside its repaired twin; verdicts, rules and shortest runs counted by hand.

A shortest run's steps are told in the comment: CPU 0's are A, CPU 1's are B.
"""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.explore.search import explore


def found(text: str, *run: str, memory: str = "sc", **more):
    result = explore(scenario_of_c(text, run=run, **more), "none", memory=memory)
    return result.verdict, result.property, result.steps


def broken(text: str, *run: str) -> str:
    """Every rule that some run breaks."""
    return " | ".join(explore(scenario_of_c(text, run=run), "none").broken)


def fine(text: str, *run: str, **more) -> bool:
    return all(found(text, *run, memory=memory, **more)[0] == "ok" for memory in ("sc", "tso"))


KREF = """
struct foo { struct kref ref; int n; };
static struct foo *shared;
static DEFINE_SPINLOCK(lock);
static void release(struct kref *ref) { kfree(container_of(ref, struct foo, ref)); }
void drop(void) { struct foo *p; spin_lock(&lock); p = shared; shared = NULL; spin_unlock(&lock); if (p) kref_put(&p->ref, release); }
void setup(void) { struct foo *p = kzalloc(sizeof(*p), GFP_KERNEL); kref_init(&p->ref); WRITE_ONCE(shared, p); }
"""


def test_a_reference_taken_after_the_look():
    # B: spin_lock, look at shared, spin_unlock, then kref_get(); between them A drops the last one.
    bad = (
        KREF
        + "void use(void) { struct foo *p; spin_lock(&lock); p = shared; spin_unlock(&lock); if (p) { kref_get(&p->ref); p->n = 1; kref_put(&p->ref, release); } }"
    )
    good = bad.replace(
        "p = shared; spin_unlock(&lock); if (p) { kref_get(&p->ref);",
        "p = shared; if (p) kref_get(&p->ref); spin_unlock(&lock); if (p) {",
    )
    verdict, rule, steps = found(bad, "setup(); drop();", "use();")
    # A: alloc, kref_init, store shared; B: lock, load, unlock; A: lock, load, store, unlock, put; B: kref_get of 0; or A: free; B: kref_get
    assert (verdict, steps) == ("violation", 12) and "kref_get() of foo#1.ref.refcount, which is 0" in rule
    assert "use of foo#1.ref.refcount after it was freed" in broken(bad, "setup(); drop();", "use();")
    assert fine(good, "setup(); drop();", "use();")


LAZY = """
struct table { int ready; };
static struct table *table;
static DEFINE_MUTEX(lock);
struct table *get_table(void)
{
	struct table *t = READ_ONCE(table);

	if (t)
		return t;
	mutex_lock(&lock);
	SECOND
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	t->ready = 1;
	smp_store_release(&table, t);
out:
	mutex_unlock(&lock);
	return t;
}
"""


def test_double_checked_initialisation_needs_its_second_look():
    # A, B: look (both see NULL); then each: lock, alloc, store ready, store table, unlock: the first table is lost.
    bad = LAZY.replace("SECOND", "if (0) goto out;")
    good = LAZY.replace("SECOND", "t = table; if (t) goto out;")
    verdict, rule, steps = found(bad, "get_table();")
    assert (verdict, steps) == ("violation", 12) and rule.startswith("no memory may be lost")
    assert fine(good, "get_table();")


LIST = """
struct item { int n; struct list_head node; };
static LIST_HEAD(items);
static DEFINE_SPINLOCK(lock);
static struct item a, b;
"""


def test_a_list_without_a_lock_loses_an_entry():
    # A: look, B: look, A: write, B: write
    assert found(LIST, "list_add(&a.node, &items);", "list_add(&b.node, &items);") == (
        "violation",
        "a list must have what was put on it",
        4,
    )
    assert fine(
        LIST, "guard(spinlock)(&lock); list_add(&a.node, &items);", "guard(spinlock)(&lock); list_add(&b.node, &items);"
    )


def test_what_was_lost_cannot_be_taken_off_again():
    both = [f"list_add(&{x}.node, &items); list_del(&{x}.node);" for x in "ab"]
    assert "list_del() of a.node, which its list has not" in broken(LIST, *both)
    assert fine(LIST, *(f"guard(spinlock)(&lock); {one}" for one in both))


def test_an_unlock_that_an_error_path_forgets():
    text = """
	static DEFINE_MUTEX(lock);
	static int *buffer;
	int fill(void) { mutex_lock(&lock); if (!buffer) { buffer = kmalloc(sizeof(int), GFP_KERNEL); if (!buffer) return -ENOMEM; } mutex_unlock(&lock); return 0; }
	"""
    good = text.replace("return -ENOMEM;", "{ mutex_unlock(&lock); return -ENOMEM; }")
    # A: lock, look, alloc fails, store NULL, look: it ends with the lock
    assert found(text, "fill();", may_fail=("alloc",)) == (
        "violation",
        "a lock must be let go before its holder is done",
        5,
    )
    assert found(text, "fill();")[0] == "ok"
    assert fine(good, "fill();", may_fail=("alloc",))


def test_two_locks_in_opposite_orders():
    text = "static DEFINE_SPINLOCK(a); static DEFINE_SPINLOCK(b); void one(void) { spin_lock(&a); spin_lock(&b); spin_unlock(&b); spin_unlock(&a); }"
    text += "void two(void) { spin_lock(&b); spin_lock(&a); spin_unlock(&a); spin_unlock(&b); }"
    assert found(text, "one();", "two();") == ("deadlock", "deadlock", 2)
    assert fine(text, "one();", "one();")


def test_sleeping_under_a_spinlock():
    text = "static DEFINE_SPINLOCK(lock); static int *p; void f(void) { spin_lock(&lock); if (!p) p = kzalloc(sizeof(*p), FLAGS); spin_unlock(&lock); }"
    # A: lock, look, alloc
    assert found(text.replace("FLAGS", "GFP_KERNEL"), "f();") == ("violation", "nobody may sleep under a spinlock", 3)
    assert fine(text.replace("FLAGS", "GFP_ATOMIC"), "f();")


SEQ = """
static SEQ_TYPE seq;
static int lo, hi;
void set(void) { BEGIN; lo = 1; hi = 1; END; }
void get(void) { int x, y; unsigned int s; do { s = START; x = READ_ONCE(lo); y = READ_ONCE(hi); } while (RETRY); WARN_ON(x != y); }
"""


def test_a_reader_that_sees_half_of_a_write():
    whole = {"SEQ_TYPE": "seqcount_t", "BEGIN": "write_seqcount_begin(&seq)", "END": "write_seqcount_end(&seq)", "START": "read_seqcount_begin(&seq)",
             "RETRY": "read_seqcount_retry(&seq, s)"}  # fmt: skip
    nothing = dict.fromkeys(("BEGIN", "END"), "(void)0")
    # B: begin; A: begin (2), lo; B: lo, hi. Without a writer's half: A: lo; B: begin, lo, hi, retry
    for half, many in ((whole | {"RETRY": "0"}, 6), (whole | nothing, 5)):
        text = SEQ
        for name, code in half.items():
            text = text.replace(name, code)
        assert found(text, "set();", "get();") == ("violation", "WARN_ON() of line 5 never fires", many)
    one = SEQ
    for name, code in (whole | {"BEGIN": "(void)0"}).items():
        one = one.replace(name, code)
    assert found(one, "set();", "get();")[0] in ("deadlock", "violation")  # the number stays odd, and the reader spins
    text = SEQ
    for name, code in whole.items():
        text = text.replace(name, code)
    assert fine(text, "set();", "get();")


PLAIN = """
static seqcount_t seq;
static int lo, hi, other;
void set(void) { write_seqcount_begin(&seq); lo = 1; hi = 1; write_seqcount_end(&seq); }
int get(void) { int x, y; unsigned int s; do { s = read_seqcount_begin(&seq); x = lo; y = hi; } while (read_seqcount_retry(&seq, s)); return x + y; }
"""


def told(text: str, *run: str) -> str:
    """The data races that are told."""
    return " ".join(explore(scenario_of_c(text, run=run), "none").races)


def test_what_a_sequence_counter_guards_is_meant_to_race():
    assert told(PLAIN, "set();", "get();") == ""
    lock = (
        PLAIN.replace("seqcount_t", "seqlock_t")
        .replace("write_seqcount_begin", "write_seqlock")
        .replace("write_seqcount_end", "write_sequnlock")
    )
    lock = lock.replace("read_seqcount_begin", "read_seqbegin").replace("read_seqcount_retry", "read_seqretry")
    assert told(lock, "set();", "get();") == "" and told(lock, "set();", "set();") == ""
    # not what is outside of the section, on either side, nor two writers that no lock keeps apart
    assert "data race on lo" in told(PLAIN, "set();", "get(); other = lo;")
    assert "data race on lo" in told(PLAIN, "set(); lo = 2;", "get();")
    assert "data race on other" in told(PLAIN.replace("lo = 1;", "lo = 1; other = 1;"), "set();", "get(); other = 2;")
    # a look whether to try again ends a section, whatever it says
    late = "unsigned int s = read_seqcount_begin(&seq); read_seqcount_retry(&seq, s); other = hi;"
    assert (
        "data race on hi" in told(PLAIN, "set();", late)
        and told(PLAIN, "set();", late.replace("read_seqcount_retry(&seq, s); ", "")) == ""
    )


def test_two_writers_of_a_sequence_counter_race():
    text = PLAIN.replace("void set(", "static DEFINE_SPINLOCK(l);\nvoid set(")
    races = explore(scenario_of_c(text, run=("set();",)), "none").races
    lock = "may meet, and a compiler may tear or repeat a plain access: use a lock over both"
    assert [race.partition(":")[0] for race in races if race.endswith(lock)] == ["data race on seq", "data race on lo", "data race on hi"]  # fmt: skip
    assert "data race on seq: line 5 of set (a plain load) and line 5 of set (a plain store)" in " ".join(races)
    assert (
        told(text, "spin_lock(&l); set(); spin_unlock(&l);", "spin_lock(&l); set(); spin_unlock(&l);", "get();") == ""
    )


FREED = """
struct o { int v; struct rcu_head rcu; };
static struct o *g;
static void use(void) { struct o *p = READ_ONCE(g); if (p) WARN_ON(p->v); }
static struct o *shown(void) { struct o *p = kzalloc(sizeof(*p), GFP_KERNEL); WRITE_ONCE(g, p); WRITE_ONCE(g, NULL); return p; }
"""


def test_a_use_beside_a_free_is_a_use_after_it_and_no_race():
    for free in ("kfree(shown());", "kfree_rcu(shown(), rcu);"):
        result = explore(scenario_of_c(FREED, run=("use();", free)), "none")
        assert (result.verdict, result.property) == ("violation", "line 4: use of o#1.v after it was freed")
        assert result.races == ()
    within = "rcu_read_lock(); use(); rcu_read_unlock();"
    assert explore(scenario_of_c(FREED, run=(within, "kfree_rcu(shown(), rcu);")), "none").races == ()
    also = told(FREED, "use();", "struct o *p = shown(); p->v = 0; kfree(p);")
    assert "data race on o#1.v" in also and "memory of" not in also and "kfree" not in also


def test_a_race_inside_a_function_of_the_kernel_is_told_at_its_call():
    text = "static LIST_HEAD(h);\nstatic struct list_head a, b;\nstatic void add(struct list_head *e)\n{\n\tlist_add(e,\n\t\t &h);\n}\n"
    said = told(text, "add(&a);", "add(&b);")
    assert "line 5 of add (a plain load) and line 5 of add (a plain store)" in said and "the step after" not in said
    said = told("static LIST_HEAD(h);\nstatic struct list_head a, b;", "list_add(&a, &h);", "list_add(&b, &h);")
    assert "line 1 of --run 1 (a plain store) and line 1 of --run 2 (a plain load)" in said


def test_a_write_that_is_not_ended():
    result = explore(scenario_of_c(PLAIN, run=("write_seqcount_begin(&seq); lo = 1;",), threads=1), "none")
    assert (result.verdict, result.property) == (
        "violation",
        "at the end each write of a sequence counter that began must have ended",
    )


def test_a_completion_that_nobody_waits_for():
    text = "struct completion done; static int result; void work(void) { WRITE_ONCE(result, 1); complete(&done); }"
    # B looks at once
    assert found(text, "work();", "WARN_ON(!READ_ONCE(result));") == (
        "violation",
        "WARN_ON() of --run 2, line 1, column 1 never fires",
        1,
    )
    assert fine(text, "work();", "wait_for_completion(&done); WARN_ON(!READ_ONCE(result));")
    assert found(text, "WRITE_ONCE(result, 1);", "wait_for_completion(&done);")[0] == "deadlock"


def test_a_wait_for_what_never_comes_true_and_one_for_what_does():
    text = "wait_queue_head_t q; static int ready; void wake(void) { WRITE_ONCE(ready, 1); wake_up(&q); }"
    assert fine(text, "wake();", "wait_event(q, READ_ONCE(ready));")
    assert found(text, "wake_up(&q);", "wait_event(q, READ_ONCE(ready));")[0] == "deadlock"
    assert fine(text, "wake_up(&q);", "wait_event_timeout(q, READ_ONCE(ready), HZ);")


RCU = """
struct foo { int n; struct rcu_head rcu; };
static struct foo __rcu *shared;
static void freed(struct rcu_head *head) { struct foo *p = container_of(head, struct foo, rcu); kfree(p); }
void setup(void) { struct foo *p = kzalloc(sizeof(*p), GFP_KERNEL); rcu_assign_pointer(shared, p); }
void look(void) { struct foo *p; rcu_read_lock(); p = rcu_dereference(shared); if (p) WARN_ON(READ_ONCE(p->n)); rcu_read_unlock(); }
void drop(void) { struct foo *p = rcu_dereference_protected(shared, 1); RCU_INIT_POINTER(shared, NULL); FREE; }
"""


@pytest.mark.slow
def test_memory_freed_under_a_reader():
    # A: alloc, store; B: read_lock, load; A: load, store NULL, free; B: load n
    verdict, rule, steps = found(RCU.replace("FREE", "kfree(p)"), "setup(); drop();", "look();")
    assert (verdict, steps) == ("violation", 8) and "use of foo#1.n after it was freed" in rule
    for way in ("synchronize_rcu(); kfree(p)", "kfree_rcu(p, rcu)", "call_rcu(&p->rcu, freed)"):
        assert fine(RCU.replace("FREE", way), "setup(); drop();", "look();"), way
    outside = RCU.replace("FREE", "kfree_rcu(p, rcu)").replace("rcu_read_lock();", "").replace("rcu_read_unlock();", "")
    assert "after it was freed" in found(outside, "setup(); drop();", "look();")[1]


def test_a_callback_that_does_more_is_called_by_who_waited():
    text = RCU.replace("kfree(p);", "WRITE_ONCE(p->n, 1); kfree(p);").replace("FREE", "call_rcu(&p->rcu, freed)")
    assert fine(text, "setup(); drop();", "look();")
    scenario = scenario_of_c(text, run=("setup(); drop();", "look();"))
    assert any("call_rcu()" in line for line in scenario.own.told)


def test_kfree_rcu_waits_for_nobody():
    """The reader takes the lock that the updater holds while it gives the memory away: no deadlock."""
    text = RCU.replace("FREE", "kfree_rcu(p, rcu)") + "static DEFINE_SPINLOCK(lock);"
    assert fine(
        text,
        "setup(); spin_lock(&lock); drop(); spin_unlock(&lock);",
        "rcu_read_lock(); spin_lock(&lock); spin_unlock(&lock); rcu_read_unlock();",
    )


def test_flags_lost_without_an_atomic():
    text = "static unsigned long flags; static atomic_t done; void check(void) { if (atomic_inc_return(&done) == 2) WARN_ON(READ_ONCE(flags) != 3); }"
    # A: load, B: load, A: store, B: store, A: inc, B: inc, B: load
    assert found(text, "__set_bit(0, &flags); check();", "__set_bit(1, &flags); check();") == (
        "violation",
        "WARN_ON() of line 1 never fires",
        7,
    )
    assert fine(text, "set_bit(0, &flags); check();", "set_bit(1, &flags); check();")


def test_a_pointer_freed_twice_by_two():
    text = "struct foo { int n; }; static struct foo *shared; void init(void) { shared = kzalloc(sizeof(*shared), GFP_KERNEL); }"
    plain = "struct foo *p = shared; shared = NULL; kfree(p);"
    # lost: B: load NULL; A: alloc, store; B: store NULL; A: load, store. Twice: A: alloc, store, load; B: load; A: store, free; B: store, free
    verdict, rule, steps = found(text, "init(); " + plain, plain)
    assert (verdict, steps) == ("violation", 6) and rule.startswith("no memory may be lost")
    assert "kfree() of foo#1, which was freed before" in broken(text, "init(); " + plain, plain)
    swapped = "struct foo *p = xchg(&shared, NULL); kfree(p);"
    assert fine(text, "init(); " + swapped, swapped)


def test_the_card_says_what_is_simplified_of_what_is_called():
    plain = scenario_of_c("int x;", run=("x = 1;",)).card.simplified
    rcu = scenario_of_c("int x;", run=("rcu_read_lock(); rcu_read_unlock();",)).card.simplified
    waits = scenario_of_c("wait_queue_head_t q; int x;", run=("wait_event(q, READ_ONCE(x));",)).card.simplified
    assert set(plain) < set(rcu) and any("RCU waits until" in line for line in rcu)
    assert any("no signal ends a wait" in line for line in waits) and not any("RCU" in line for line in waits)


VOLATILE = {
    "an array": ("volatile int t[2];", "t[0] = 1;", "int r = t[0];"),
    "an array in an array": ("volatile int t[2][2];", "t[1][0] = 1;", "int r = t[1][0];"),
    "a member": ("struct { int z; volatile int v; } g;", "g.v = 1;", "int r = g.v;"),
    "a member of what is pointed to": ("struct s { int z; volatile int v; } g; struct s *const p = &g;", "p->v = 1;", "int r = p->v;"),
    "an array in a struct": ("struct { volatile int t[2]; } g;", "g.t[1] = 1;", "int r = g.t[1];"),
    "a struct": ("volatile struct { int v; } g;", "g.v = 1;", "int r = g.v;"),
    "what a pointer points to": ("int y;", "volatile int *p = &y; *p = 1;", "volatile int *p = &y; int r = p[0];"),
    "a member of what such a pointer points to": ("struct s { int v; } g;", "volatile struct s *p = &g; p->v = 1;", "volatile struct s *p = &g; int r = p->v;"),
}  # fmt: skip


@pytest.mark.parametrize("what", VOLATILE)
def test_what_is_volatile_is_marked_and_without_the_word_is_not(what):
    text, *run = VOLATILE[what]
    assert not explore(scenario_of_c(text, run=tuple(run)), "none").races
    bare = [words.replace("volatile ", "") for words in (text, *run)]
    assert explore(scenario_of_c(bare[0], run=tuple(bare[1:])), "none").races


def test_a_pointer_that_is_volatile_points_to_what_is_not():
    assert explore(
        scenario_of_c("int y; int *volatile p = &y;", run=("*p = 1;", "int r = *p;")), "none"
    ).races[0].startswith("data race on y: ")  # fmt: skip
