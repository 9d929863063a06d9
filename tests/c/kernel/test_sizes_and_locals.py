"""Sizes, words that are structs, and local variables that the kernel's functions work on; what one CPU makes of each, and who comes too late."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.search import explore
from tests.c.kernel.alone import alone

T = "struct foo { int n; struct list_head node; u64 big; int items[]; }; struct pte { unsigned long v; }; struct two { int a, b; }; "
T += "struct bar { u8 x; u32 y; struct { u16 q; u64 in[2]; } z; }; static struct foo *g; static struct pte a = { 3 }, b; static struct two t; long r = 7; "

NUMBERS = [  # what is asked, the answer of x86-64's gcc
    ("offsetof(struct bar, y)", 4), ("offsetof(struct bar, z)", 8), ("offsetof(struct bar, z.in)", 16), ("offsetof(struct bar, z.in[1])", 24), ("sizeof(struct foo)", 32),
    ("struct_size(g, items, 3)", 44), ("struct_size_t(struct foo, items, 2)", 40), ("flex_array_size(g, items, 3)", 12), ("array_size(3, sizeof(u64))", 24),
    ("array3_size(2, 3, 4)", 24), ("size_mul(3, 4)", 12), ("size_add(3, 4)", 7), ("size_sub(4, 3)", 1), ("size_sub(3, 4) == SIZE_MAX", 1),
    ("array_size(1UL << 40, 1UL << 40) == SIZE_MAX", 1), ("size_add(SIZE_MAX, 1) == SIZE_MAX", 1), ("struct_size(g, items, -1) == SIZE_MAX", 1),
    ("roundup_pow_of_two(5)", 8), ("roundup_pow_of_two(8)", 8), ("roundup_pow_of_two(1)", 1), ("rounddown_pow_of_two(7)", 4), ("array_index_nospec(3, 4)", 3),
    ("array_index_nospec(4, 4)", 0), ("BITS_TO_LONGS(65)", 2), ("in_range(3, 3, 1)", 1), ("in_range(4, 3, 1)", 0), ("typecheck(int, 1)", 1),
]  # fmt: skip


@pytest.mark.parametrize("asked,answer", NUMBERS)
def test_sizes(asked, answer):
    assert alone(T, f"r = {asked};").memory["r"] == answer
    if "items, " in asked and "-1" not in asked:
        many = asked.split("items, ")[1][0]
        assert alone(T, f"int n = {many}; r = {asked.replace(f'items, {many}', 'items, n')};").memory["r"] == answer


@pytest.mark.parametrize(
    "kind,call,overflows,stored",
    [("int", "add_overflow(0x7fffffff, 1", 1, -(1 << 31)), ("int", "add_overflow(1, 2", 0, 3), ("u8", "mul_overflow(16, 16", 1, 0), ("u8", "mul_overflow(15, 17", 0, 255),
     ("u32", "sub_overflow(1u, 2u", 1, (1 << 32) - 1), ("s64", "sub_overflow(1, 2", 0, -1), ("u64", "add_overflow(~0ULL, 1ULL", 1, 0)],
)  # fmt: skip
def test_a_sum_that_says_whether_it_fits(kind, call, overflows, stored):
    ran = alone(f"{kind} d = 9; int r = 7;", f"r = check_{call}, &d);")
    assert (ran.memory["r"], ran.memory["d"]) == (overflows, stored)


def test_an_object_that_ends_in_an_array():
    new = "g = kzalloc(struct_size(g, items, 3), GFP_KERNEL); "
    ran = alone(T, new + "g->items[2] = 4; r = g->items[2] + g->items[0];")
    assert (ran.memory["r"], ran.broken, ran.memory["g"]) == (4, (), ("foo_of_3#1", 0))
    assert "which has 6" in alone(T, new + "g->items[3] = 4;").broken[0]
    assert alone("int *p;", "p = kmalloc(array_size(2, sizeof(int)), GFP_KERNEL); p[1] = 3;").broken == ()
    local = "struct foo *f = kzalloc(struct_size(f, items, 1), GFP_KERNEL); f->items[0] = 1; kfree(f);"
    assert alone(T, local).broken == ()
    with pytest.raises(InputError, match="no such array"):
        alone(T, "g = kzalloc(struct_size(g, big, 2), GFP_KERNEL);")


def test_a_struct_of_one_word_is_read_and_written_at_once():
    ran = alone(T, "struct pte x = READ_ONCE(a); WRITE_ONCE(b, x); r = b.v;")
    assert (ran.memory["r"], ran.names[:2]) == (3, ("READ_ONCE", "WRITE_ONCE"))
    for wrong in ("struct two x = READ_ONCE(t);", "struct two x; WRITE_ONCE(t, x);"):
        with pytest.raises(InputError, match="it is of one word"):
            alone(T, wrong)


LOCALS = [  # statements, r
    ("struct completion c; init_completion(&c); complete(&c); wait_for_completion(&c); r = 1;", 1), ("DECLARE_COMPLETION_ONSTACK(c); r = completion_done(&c);", 0),
    ("atomic_t v = ATOMIC_INIT(3); atomic_inc(&v); r = atomic_read(&v);", 4), ("unsigned long bits = 5; set_bit(3, &bits); r = bits;", 13),
    ("DECLARE_BITMAP(map, 70); bitmap_zero(map, 70); __set_bit(66, map); r = find_first_bit(map, 70);", 66), ("int v = 3; r = xchg(&v, 4) * 10 + v;", 34),
    ("spinlock_t l; spin_lock_init(&l); spin_lock(&l); spin_unlock(&l); r = 1;", 1), ("struct { atomic_t n; int m; } s = { .m = 2 }; atomic_set(&s.n, 4); r = s.m + atomic_read(&s.n);", 6),
    ("int n = a.v; struct { int m; spinlock_t l; } s = { .m = n }; r = s.m;", 3), ("for (r = 0; r < 3; r++) { atomic_t v = ATOMIC_INIT(1); atomic_inc(&v); WARN_ON(atomic_read(&v) != 2); }", 3),
]  # fmt: skip


@pytest.mark.parametrize("statements,gives", LOCALS)
def test_a_local_variable_that_the_kernels_functions_work_on(statements, gives):
    ran = alone(T, statements)
    assert (ran.memory["r"], ran.broken, ran.ended) == (gives, (), True)


def test_it_comes_and_goes_with_its_block():
    ran = alone("int r;", "{ atomic_t v; atomic_set(&v, 1); } r = 1;")
    assert ran.names == ("comes_on_the_stack", "atomic_set", "leaves_the_stack", "write r")
    assert ran.memory["memory of --run 1.v#1"] == "freed"
    assert "before it has a value" in alone("int r;", "atomic_t v; atomic_inc(&v);").broken[0]
    assert alone("int r;", "int k; for (k = 0; k < 7; k++) { atomic_t v; atomic_set(&v, k); }").broken == ()
    with pytest.raises(ModelError, match="6 objects of a type at once"):
        alone(
            "struct s { int n; }; struct s *g[7];",
            "int k; for (k = 0; k < 7; k++) g[k] = kmalloc(sizeof(*g[0]), GFP_KERNEL);",
        )
    assert alone("int r; void f(int n) { if (n) return; atomic_t v; atomic_set(&v, 1); }", "f(1); f(0);").broken == ()


WORK = """
struct work { struct completion done; int result; struct list_head node; };
static LIST_HEAD(queue);
static DEFINE_SPINLOCK(lock);
void submit(void)
{
	struct work w;

	init_completion(&w.done);
	spin_lock(&lock);
	list_add(&w.node, &queue);
	spin_unlock(&lock);
	WAIT;
	WARN_ON(w.result != 5);
}
void serve(void)
{
	struct work *w;

	do {
		spin_lock(&lock);
		w = list_first_entry_or_null(&queue, struct work, node);
		if (w)
			list_del(&w->node);
		spin_unlock(&lock);
	} while (!w);
	ANSWER;
}
"""


def test_another_cpu_completes_what_lies_on_the_stack():
    wait, answer = "wait_for_completion(&w.done)", "w->result = 5; complete(&w->done)"
    right = WORK.replace("WAIT", wait).replace("ANSWER", answer)
    late = WORK.replace("WAIT", wait).replace("ANSWER", "complete(&w->done); w->result = 5")
    timed = WORK.replace("WAIT", "if (!wait_for_completion_timeout(&w.done, HZ)) return").replace("ANSWER", answer)
    for memory in ("sc", "tso"):
        result = explore(scenario_of_c(right, run=("submit();", "serve();")), "none", memory=memory)
        assert result.verdict == "ok"
    assert not explore(scenario_of_c(right, run=("submit();", "serve();")), "none").races
    said = " ".join(explore(scenario_of_c(late, run=("submit();", "serve();")), "none").broken)
    assert "submit.w#1.result is read before it has a value" in said
    late = late.replace("struct work w;", "struct work w = { .result = 5 };")
    said = " ".join(explore(scenario_of_c(late, run=("submit();", "serve();")), "none").broken)
    assert "use of submit.w#1.result: it is w of submit(), whose block has ended" in said
    said = " ".join(explore(scenario_of_c(timed, run=("submit();", "serve();")), "none").broken)
    assert "w of submit(), whose block has ended" in said


NULLS = [
    "set_bit(1, &p->word)", "spin_lock(&p->lock)", "atomic_inc(&p->count)", "list_add(&p->node, &l)", "list_add(&q.node, &p->node)", "list_del(&p->node)", "kref_get(&p->ref)",
    "xa_load(&p->xa, 1)", "xa_store(&p->xa, 1, NULL, GFP_KERNEL)", "llist_add(&p->link, &links)", "down(&p->sem)", "lockref_get(&p->ref2)", "complete(&p->done)",
    "write_seqlock(&p->seq)", "bit_spin_lock(1, &p->word)", "wait_on_bit(&p->word, 1, 2)", "refcount_dec_and_lock(&p->ref.refcount, &p->lock)", "init_completion(&p->done)", "p->n++",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("call", NULLS)
@pytest.mark.parametrize("first", ["n", "unsigned long word"])
def test_a_member_of_null_is_null_for_every_function(call, first):
    text = (
        "struct o { "
        + ("int n; " if first == "n" else "unsigned long word; int n; ")
        + "spinlock_t lock; atomic_t count; struct list_head node; struct kref ref; struct xarray xa; struct llist_node link; "
    )
    text += (
        "struct semaphore sem; struct lockref ref2; struct completion done; seqlock_t seq; "
        + ("unsigned long word; " if first == "n" else "")
        + "}; static struct o q, *p; static LIST_HEAD(l); static LLIST_HEAD(links);"
    )
    (said,) = alone(text, f"{call};").broken
    assert "NULL is followed" in said
    assert not any("NULL" in rule for rule in alone(text, f"p = &q; {call};").broken)


def test_what_may_be_null():
    assert (
        alone("struct foo { struct rcu_head r; } *p; int r;", "kfree(p); kvfree(p); kfree_rcu(p, r); r = 1;").memory[
            "r"
        ]
        == 1
    )
    assert alone("struct llist_node *n, *t;", "t = llist_reverse_order(n);").broken == ()
