"""What the kernel does as one locked instruction, or as each CPU's own store, on x86's store buffers: many at once, and nothing is lost."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.explore.buffers import DRAIN
from tdxkit.explore.engine import World
from tdxkit.explore.search import explore


def verdict(text: str, *run: str) -> tuple:
    found = explore(scenario_of_c(text, run=run), "none", memory="tso")
    return found.verdict, found.broken


RCU = """
struct o { int v; struct rcu_head rcu; };
static struct o *g;
DEFINE_SRCU(sr);
static void reads(void) { struct o *p; rcu_read_lock(); p = rcu_dereference(g); if (p) WARN_ON(p->v); rcu_read_unlock(); }
static void srcu(void) { struct o *p; int i = srcu_read_lock(&sr); p = srcu_dereference(g, &sr); if (p) WARN_ON(p->v); srcu_read_unlock(&sr, i); }
static struct o *shown(void) { struct o *p = kzalloc(sizeof(*p), GFP_KERNEL); rcu_assign_pointer(g, p); rcu_assign_pointer(g, NULL); return p; }
"""
READERS = [  # what two readers do, and who frees; what is broken
    ("reads();", "struct o *p = shown(); synchronize_rcu(); kfree(p);", ""), ("reads();", "struct o *p = shown(); kfree_rcu(p, rcu);", ""),
    ("srcu();", "struct o *p = shown(); synchronize_srcu(&sr); kfree(p);", ""), ("reads();", "struct o *p = shown(); kfree(p);", "after it was freed"),
    ("srcu();", "struct o *p = shown(); synchronize_rcu(); kfree(p);", "after it was freed"),
    ("rcu_read_lock(); reads(); rcu_read_unlock();", "struct o *p = shown(); synchronize_rcu(); kfree(p);", ""),
    ("struct o *p; rcu_read_lock(); p = rcu_dereference(g); rcu_read_unlock(); if (p) WARN_ON(p->v);", "struct o *p = shown(); kfree_rcu(p, rcu);", "after it was freed"),
    ("struct o *p; rcu_read_lock(); p = rcu_dereference(g); rcu_read_unlock(); if (p) WARN_ON(p->v);", "struct o *p = shown(); synchronize_rcu(); kfree(p);", "after it was freed"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("reads,frees,wrong", READERS)
def test_two_readers_and_a_grace_period(reads, frees, wrong):
    for run in ((reads, frees), (reads, reads, frees)):
        said, broken = verdict(RCU, *run)
        assert (said, wrong in " ".join(broken)) == ("violation" if wrong else "ok", True)


def test_each_reader_has_a_cell_of_its_own():
    scenario = scenario_of_c(RCU, run=("reads();", "reads();"))
    assert [word for word in scenario.shared if "readers" in word] == [
        "sr.readers[0]", "sr.readers[1]", "RCU readers[0]", "RCU readers[1]"
    ]  # fmt: skip
    stays = "rcu_read_lock(); while (!READ_ONCE(x)) cpu_relax(); rcu_read_unlock();"
    told = explore(scenario_of_c("static int x;", run=(stays, "synchronize_rcu(); WRITE_ONCE(x, 1);")))
    assert (
        told.verdict == "deadlock"
        and told.waits[1] == "CPU 1 waits in line 1 of --run 2 for RCU readers[0], held by CPU 0 since step 1"
    )


def test_what_a_reader_stored_is_seen_after_the_grace_period():
    text = "static int x, gone; static atomic_t in;"
    reads = "rcu_read_lock(); atomic_inc(&in); if (!READ_ONCE(gone)) WRITE_ONCE(x, 1); rcu_read_unlock();"
    frees = "WRITE_ONCE(gone, 1); smp_mb(); synchronize_rcu(); int now = READ_ONCE(x); WARN_ON(READ_ONCE(x) != now);"
    assert verdict(text, reads, frees)[0] == "ok"
    assert verdict(text, reads, frees.replace("synchronize_rcu();", ""))[0] == "violation"


def test_who_leaves_without_having_come_in_is_told():
    assert "let go" in " ".join(
        verdict("int x;", "rcu_read_lock(); x = 1; rcu_read_unlock();", "rcu_read_unlock();")[1]
    )


MANY = """
static DEFINE_SEMAPHORE(sm, 0);
static struct lockref lr;
static atomic_t fin;
static unsigned long w;
static DEFINE_RWLOCK(rw);
static DECLARE_RWSEM(rs);
static DECLARE_COMPLETION(done);
static LIST_HEAD(h);
static DEFINE_SPINLOCK(l);
struct e { struct list_head l; struct llist_node n; };
static struct e e1, e2;
static struct llist_head ll;
static DEFINE_XARRAY(xa);
static int n, a, b;
static int last(void) { return atomic_inc_return(&fin) == 2; }
static void semaphore(void) { up(&sm); if (last()) { down(&sm); down(&sm); } }
static void lockref(void) { lockref_get(&lr); if (last()) WARN_ON(lr.count != 2); }
static void bits(int k) { set_bit(k, &w); if (last()) WARN_ON(w != 3); }
static void bit_lock(void) { bit_spin_lock(0, &w); n++; bit_spin_unlock(0, &w); if (last()) WARN_ON(n != 2); }
static void readers(void) { read_lock(&rw); n = n; read_unlock(&rw); if (last()) { WARN_ON(!write_trylock(&rw)); write_unlock(&rw); } }
static void sleepers(void) { down_read(&rs); n = n; up_read(&rs); if (last()) { WARN_ON(!down_write_trylock(&rs)); up_write(&rs); } }
static void completes(void) { complete(&done); if (last()) { wait_for_completion(&done); wait_for_completion(&done); } }
static void adds(struct e *e) { spin_lock(&l); list_add(&e->l, &h); spin_unlock(&l); if (last()) WARN_ON(list_count_nodes(&h) != 2); }
static void links(struct e *e) { llist_add(&e->n, &ll); if (last()) WARN_ON(!ll.first || !ll.first->next); }
static void stores(int k, int *p) { xa_store(&xa, k, p, GFP_KERNEL); if (last()) WARN_ON(!xa_load(&xa, 1) || !xa_load(&xa, 2)); }
static void on_the_stack(void) { DECLARE_COMPLETION_ONSTACK(mine); complete(&mine); wait_for_completion(&mine); }
"""
PAIRS = [
    ("semaphore();",), ("lockref();",), ("bits(0);", "bits(1);"), ("bit_lock();",), ("readers();",), ("sleepers();",), ("completes();",),
    ("adds(&e1);", "adds(&e2);"), ("links(&e1);", "links(&e2);"), ("stores(1, &a);", "stores(2, &b);"), ("on_the_stack();",),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("run", PAIRS)
def test_two_at_once_lose_nothing(run):
    assert verdict(MANY, *run)[0] == "ok"


def test_memory_is_gone_when_the_last_reader_s_store_has_left_its_buffer():
    text = "struct o { int v; struct rcu_head rcu; };"
    frees = "struct o *p = kzalloc(sizeof(*p), GFP_KERNEL); kfree_rcu(p, rcu); WARN_ON(p->v);"
    for drained, wrong in ((False, []), (True, ["--run 2, line 1: use of o#1.v after it was freed"])):
        world = World(scenario_of_c(text, run=("rcu_read_lock(); rcu_read_unlock();", frees)).on("tso"))
        for k in (0, 0, 1, 1):  # the reader leaves, which nobody sees yet; the other allocates, and frees
            world.run_step(k)
        if drained:
            world.run_step(0, DRAIN)
        assert world.run_step(1) == wrong
