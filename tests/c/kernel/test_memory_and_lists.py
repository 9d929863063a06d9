"""Allocated memory, lists, numbers, pages: what one CPU alone makes of each; said by hand."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.search import explore
from tests.c.kernel.alone import alone

FOO = "struct foo { int n; struct foo *next; spinlock_t lock; struct list_head node; int many[2]; }; static struct foo *g; int r = 7; "
NEW = "struct foo *p = kzalloc(sizeof(*p), GFP_KERNEL);"


def broken(text: str, run: str) -> str:
    return " ".join(alone(text, run).broken)


def test_an_object_is_live_until_it_is_freed():
    ran = alone(FOO, NEW + "g = p; r = p->n + p->many[1];")
    assert (ran.memory["g"], ran.memory["r"], ran.memory["memory of foo#1"], ran.kinds[0]) == (
        ("foo#1", 0),
        0,
        "live",
        "alloc",
    )
    ran = alone(FOO, NEW + "kfree(p);")
    assert (ran.memory["memory of foo#1"], ran.kinds, ran.broken) == ("freed", ("alloc", "free"), ())
    assert alone(FOO, "kfree(NULL); kvfree(g);").kinds == ("load",)  # the look at g


@pytest.mark.parametrize(
    "call",
    ["kzalloc(sizeof(struct foo), GFP_KERNEL)", "kmalloc(sizeof(*p), GFP_ATOMIC | __GFP_ZERO)", "kzalloc_obj(*p)", "kzalloc_obj(struct foo, GFP_KERNEL)",
     "kvzalloc(sizeof(*p), GFP_KERNEL)", "kmem_cache_zalloc(cache, GFP_NOWAIT)", "vzalloc(sizeof(*p))", "kcalloc(1, sizeof(*p), GFP_KERNEL)"],
)  # fmt: skip
def test_zeroed_memory_reads_as_zero(call):
    ran = alone(FOO + "static struct kmem_cache { int x; } *cache; ", f"struct foo *p = {call}; g = p; r = p->n;")
    assert ran.memory["r"] == 0 and ran.memory["g"][1] == 0 and not ran.broken


def test_memory_that_was_not_zeroed_has_no_value():
    text = "struct foo *p; p = kmalloc(sizeof(*p), GFP_KERNEL); g = p; "
    assert "foo#1.n is read before it has a value" in broken(FOO, text + "r = p->n;")
    assert not broken(FOO, text + "p->n = 1; r = p->n; spin_lock(&p->lock); spin_unlock(&p->lock);")
    assert "before it has a value" in broken(
        "struct foo { atomic_t c; }; static struct foo *g;", text + "atomic_inc(&p->c);"
    )


def test_what_must_not_be_done_with_memory():
    assert "use of foo#1.n after it was freed" in broken(FOO, NEW + "kfree(p); r = p->n;")
    assert "use of foo#1.n after it was freed" in broken(FOO, NEW + "kfree(p); p->n = 1;")
    assert "use of foo#1.lock after it was freed" in broken(FOO, NEW + "kfree(p); spin_lock(&p->lock);")
    assert "foo#1, which was freed before" in broken(FOO, NEW + "kfree(p); kfree(p);")
    assert "into the middle of foo#1" in broken(FOO, NEW + "kfree(&p->next);")
    assert "never allocated" in broken(FOO, "kfree(&r);")
    assert "cell 1 of" in broken(
        "struct foo { int a, b, c; }; struct foo *g; int r;", "g = kzalloc(sizeof(g), GFP_KERNEL); r = g->c;"
    )
    assert "cell 2 of int[2]#1" in broken("int *g;", "g = kcalloc(2, sizeof(int), GFP_KERNEL); g[2] = 1;")


def test_the_flags_say_whether_the_allocator_may_sleep():
    held = "spinlock_t l; int *g;"
    for flags, sleeps in (
        ("GFP_KERNEL", 1),
        ("GFP_ATOMIC", 0),
        ("GFP_NOWAIT", 0),
        ("GFP_NOIO", 1),
        ("GFP_KERNEL_ACCOUNT | __GFP_ZERO", 1),
    ):
        said = broken(held, f"spin_lock(&l); g = kmalloc(sizeof(int), {flags}); spin_unlock(&l);")
        assert bool(said) == bool(sleeps), flags


def test_memory_runs_out_only_where_that_is_asked_for():
    ran = alone(FOO, NEW + "r = p == NULL;", choose=1)
    assert ran.memory["r"] == 0
    ran = alone(FOO, NEW + "r = p == NULL; WARN_ON(!p);", choose=1, may_fail=("alloc",))
    assert ran.memory["r"] == 1 and not ran.broken  # a WARN breaks nothing where the scenario made an allocation fail


def test_a_pool_has_an_end_and_a_type_must_be_known():
    with pytest.raises(ModelError, match="6 objects of a type"):
        alone("int *g[7];", "for (int i = 0; i < 7; i++) g[i] = kmalloc(sizeof(int), GFP_KERNEL);")
    for call in ("void *p = kmalloc(64, GFP_KERNEL);", "int n = 2; void *p = kmalloc(n, GFP_KERNEL);"):
        with pytest.raises(InputError, match="of which type"):
            alone("int x;", call)
    assert alone("u64 *g;", "g = kmalloc(64, GFP_KERNEL);").memory["g"] == ("unsigned_long_long[8]#1", 0)


def test_whole_objects_are_filled_copied_and_handed_over():
    text = "struct foo { int a, b; }; static struct foo x = { 1, 2 }, y; int r; struct foo *g;"
    ran = alone(text, "memcpy(&y, &x, sizeof(y)); memset(&x, 0, sizeof(x));")
    assert [ran.memory[w] for w in ("x.a", "x.b", "y.a", "y.b")] == [0, 0, 1, 2]
    assert ran.kinds == ("load", "store", "load", "store", "store", "store")
    with pytest.raises(InputError, match="as a whole"):
        alone(text, "memset(&x, 0, 4);")
    ran = alone(text, "struct foo *p __free(kfree) = kzalloc(sizeof(*p), GFP_KERNEL); g = no_free_ptr(p);")
    assert (ran.memory["memory of foo#1"], ran.memory["g"]) == ("live", ("foo#1", 0))
    assert (
        alone(text, "struct foo *p __free(kfree) = kzalloc(sizeof(*p), GFP_KERNEL);").memory["memory of foo#1"]
        == "freed"
    )
    ran = alone(text, "swap(x.a, x.b);")
    assert (ran.memory["x.a"], ran.memory["x.b"], ran.kinds) == (2, 1, ("load", "load", "store", "store"))


def test_pages_are_objects_where_statements_are_run():
    ran = alone("struct page *g;", "g = alloc_page(GFP_KERNEL); __free_page(g); g = alloc_pages(GFP_KERNEL, 0);")
    assert (ran.memory["g"], ran.memory["memory of page#1"]) == (("page#2", 0), "freed")
    assert "freed before" in broken("struct page *g;", "g = alloc_page(GFP_KERNEL); __free_page(g); __free_page(g);")


E = "struct e { int n; struct list_head node; struct hlist_node h; }; static struct e a = {.n = 1}, b = {.n = 2}, c = {.n = 3}, x = {.n = 9}; static LIST_HEAD(l); "
E += "static LIST_HEAD(k); static struct hlist_head h; int r = 7; struct e *p, *q; struct hlist_node *t; "
ALL = "list_add_tail(&a.node, &l); list_add_tail(&b.node, &l); list_add_tail(&c.node, &l); "


def order(value) -> str:
    return "".join(name for name, _ in value)


LISTS = [  # statements, order on l, order on k
    ("list_add(&a.node, &l); list_add(&b.node, &l);", "ba", ""), ("list_add_tail(&a.node, &l); list_add_tail(&b.node, &l);", "ab", ""),
    (ALL + "list_del(&b.node);", "ac", ""), (ALL + "list_del_init(&a.node); list_add(&a.node, &k);", "bc", "a"), (ALL + "list_move(&c.node, &l);", "cab", ""),
    (ALL + "list_move_tail(&a.node, &k);", "bc", "a"), (ALL + "list_add(&b.node, &k);", None, None),
    ("list_add(&a.node, &k);" + "list_add(&b.node, &l); list_splice_init(&l, &k);", "", "ba"),
    ("list_add(&a.node, &k);" + "list_add(&b.node, &l); list_splice_tail_init(&l, &k);", "", "ab"),
]  # fmt: skip


@pytest.mark.parametrize("statements,on_l,on_k", LISTS)
def test_lists_are_in_order(statements, on_l, on_k):
    ran = alone(E, statements)
    if on_l is not None:
        assert (order(ran.memory["l"]), order(ran.memory["k"]), ran.broken) == (on_l, on_k, ())


def test_an_operation_is_a_look_and_a_write():
    assert alone(E, "list_add(&a.node, &l);").kinds == ("load", "store")
    assert alone(E, ALL + "list_del(&a.node);").kinds[-2:] == ("load", "store")
    assert alone(E, "r = list_empty(&l);").kinds == ("load", "store")


LOOKS = [  # what is asked of a list with a, b, c; the answer
    ("list_empty(&l)", 0), ("list_empty(&k)", 1), ("list_is_singular(&l)", 0), ("list_count_nodes(&l)", 3), ("list_is_last(&c.node, &l)", 1),
    ("list_is_first(&c.node, &l)", 0), ("list_first_entry(&l, struct e, node)->n", 1), ("list_last_entry(&l, struct e, node)->n", 3),
    ("list_next_entry(&a, node)->n", 2), ("list_prev_entry(&c, node)->n", 2), ("list_first_entry_or_null(&k, struct e, node) == NULL", 1),
    ("list_first_entry_or_null(&l, struct e, node)->n", 1), ("list_empty(&a.node)", 0), ("hlist_unhashed(&a.h)", 1), ("hlist_empty(&h)", 1),
]  # fmt: skip


@pytest.mark.parametrize("asked,answer", LOOKS)
def test_looks_at_lists(asked, answer):
    ran = alone(E, ALL + f"r = {asked};")
    assert (ran.memory["r"], ran.broken) == (answer, ())


WALKS = [  # a loop over a, b, c that adds up digits; what comes of it
    ("list_for_each_entry(p, &l, node) r = r * 10 + p->n;", 123), ("list_for_each_entry_reverse(p, &l, node) r = r * 10 + p->n;", 321),
    ("list_for_each_entry_rcu(p, &l, node) r = r * 10 + p->n;", 123), ("list_for_each_entry(p, &l, node) { if (p->n == 2) break; r = r * 10 + p->n; }", 1),
    ("list_for_each_entry(p, &l, node) { if (p->n == 2) continue; r = r * 10 + p->n; }", 13), ("list_for_each_entry(p, &k, node) r = 5;", 0),
    ("list_for_each_entry_safe(p, q, &l, node) { r = r * 10 + p->n; list_del(&p->node); }", 123),
    ("struct list_head *i; list_for_each(i, &l) r = r * 10 + list_entry(i, struct e, node)->n;", 123),
    ("list_for_each_entry(p, &l, node) { } r = &p->node == &l;", 1),
    ("hlist_add_head(&a.h, &h); hlist_add_head(&b.h, &h); hlist_for_each_entry(p, &h, h) r = r * 10 + p->n; r = r * 10 + !p;", 211),
    ("hlist_add_head(&a.h, &h); hlist_add_head(&b.h, &h); hlist_for_each_entry_safe(p, t, &h, h) { hlist_del_init(&p->h); r = r * 10 + hlist_empty(&h); }", 1),
    ("unsigned long w = 0x15; ", 0), ("list_for_each_entry(p, &l, node); r = &p->node == &l;", 1), ("list_for_each_entry_safe(p, q, &l, node); r = 5;", 5),
    ("list_for_each_entry_safe_reverse(p, q, &l, node) { r = r * 10 + p->n; list_del(&p->node); }", 321),
    ("p = &a; list_for_each_entry_continue(p, &l, node) r = r * 10 + p->n;", 23), ("p = &c; list_for_each_entry_continue_reverse(p, &l, node) r = r * 10 + p->n;", 21),
    ("p = &b; list_for_each_entry_from(p, &l, node) r = r * 10 + p->n;", 23), ("p = &b; list_for_each_entry_from_reverse(p, &l, node) r = r * 10 + p->n;", 21),
    ("p = &a; list_for_each_entry_safe_continue(p, q, &l, node) { r = r * 10 + p->n; list_del(&p->node); }", 23),
    ("p = &a; list_for_each_entry_safe_from(p, q, &l, node) { r = r * 10 + p->n; list_del(&p->node); }", 123),
    ("p = list_entry(&l, struct e, node); list_for_each_entry_from(p, &l, node) r = 5;", 0), ("p = NULL; p = list_prepare_entry(p, &l, node); list_for_each_entry_continue(p, &l, node) r = r * 10 + p->n;", 123),
    ("p = &b; p = list_prepare_entry(p, &l, node); list_for_each_entry_continue(p, &l, node) r = r * 10 + p->n;", 3), ("p = &a; r = list_entry_is_head(p, &l, node);", 0),
    ("p = list_entry(&l, struct e, node); r = list_entry_is_head(p, &l, node) + 2 * list_is_head(&l, &l);", 3),
    ("struct list_head *i; list_for_each_prev(i, &l) r = r * 10 + list_entry(i, struct e, node)->n;", 321), ("list_for_each_entry_lockless(p, &l, node) r = r * 10 + p->n;", 123),
    ("struct list_head *i, *j; list_for_each_prev_safe(i, j, &l) { r = r * 10 + list_entry(i, struct e, node)->n; list_del(i); }", 321),
    ("list_for_each_entry_rcu(p, &l, node, true) r = r * 10 + p->n;", 123), ("hlist_add_head_rcu(&a.h, &h); hlist_for_each_entry_rcu(p, &h, h) r = r * 10 + p->n;", 1),
    ("list_replace(&b.node, &x.node); list_for_each_entry(p, &l, node) r = r * 10 + p->n;", 193), ("list_replace_init(&a.node, &x.node); r = list_empty(&a.node);", 1),
    ("p = list_first_or_null_rcu(&l, struct e, node); r = p->n;", 1), ("p = list_first_or_null_rcu(&k, struct e, node); r = p == NULL;", 1),
    ("struct list_head *i = &a.node; list_for_each_continue(i, &l) r = r * 10 + list_entry(i, struct e, node)->n;", 23),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("loop,gives", WALKS)
def test_loops_over_lists(loop, gives):
    ran = alone(E, ALL + "r = 0; " + loop)
    assert (ran.memory["r"], ran.broken) == (gives, ())


def test_a_loop_over_bits():
    text = "static DECLARE_BITMAP(map, 70); int r;"
    assert (
        alone(text, "int i; set_bit(3, map); set_bit(69, map); for_each_set_bit(i, map, 70) r = r * 100 + i;").memory[
            "r"
        ]
        == 369
    )


def test_what_must_not_be_done_with_lists():
    assert "taken off a list" in broken(E, "list_add(&a.node, &l); list_del(&a.node); list_del(&a.node);")
    assert "which is on that list" in broken(E, "list_add(&a.node, &l); list_add(&a.node, &l);")
    assert "which is empty" in broken(E, "r = list_first_entry(&l, struct e, node)->n;")
    assert "was taken off the list" in broken(E, ALL + "list_for_each_entry(p, &l, node) list_del(&p->node);")
    assert "no list that was initialised" in broken(FOO, NEW + "g = p; list_add(&p->node, &p->node);")
    assert "which is on no list" in broken(E, "hlist_del(&a.h);")
    assert not broken(E, "hlist_del_init(&a.h); INIT_LIST_HEAD(&a.node); list_del_init(&a.node); list_del(&a.node);")
    for call in ("list_del(&a.node);", "list_del_init(&a.node);", "list_del_rcu(&a.node);", "list_move(&a.node, &l);"):
        assert "which was never put on a list" in broken(E, call)
    assert "no list that was initialised" in broken("static struct list_head l, n;", "list_add(&n, &l);")


def test_a_list_on_the_stack_is_its_cpus_own():
    ran = alone(
        E,
        "LIST_HEAD(mine); list_add(&a.node, &l); list_splice_init(&l, &mine); p = list_first_entry(&mine, struct e, node); list_del(&p->node); r = list_empty(&mine);",
    )
    assert (ran.memory["r"], ran.broken) == (1, ())


NUMBERS = [
    ("min(3, 5)", 3), ("max(3, 5)", 5), ("min(-1, 2)", -1), ("min_t(u32, -1, 2)", 2), ("max_t(int, -1, 2)", 2), ("clamp(7, 1, 5)", 5), ("clamp_t(int, -7, 1, 5)", 1),
    ("min_not_zero(0, 4)", 4), ("min3(4, 2, 3)", 2), ("abs(-4)", 4), ("round_up(5, 4)", 8), ("round_down(7, 4)", 4), ("ALIGN(8, 8)", 8), ("ALIGN_DOWN(15, 8)", 8),
    ("IS_ALIGNED(16, 8)", 1), ("IS_ALIGNED(17, 8)", 0), ("roundup(7, 3)", 9), ("rounddown(8, 3)", 6), ("DIV_ROUND_UP(7, 3)", 3), ("DIV_ROUND_CLOSEST(7, 2)", 4),
    ("BIT(5)", 32), ("BIT_ULL(40) >> 38", 4), ("GENMASK(7, 4)", 240), ("upper_32_bits(0x500000002ULL)", 5), ("lower_32_bits(0x500000002ULL)", 2),
    ("ARRAY_SIZE(many)", 3), ("hweight64(0xff)", 8), ("ilog2(64)", 6), ("fls(0)", 0), ("ffs(8)", 4), ("is_power_of_2(8)", 1), ("is_power_of_2(0)", 0),
    ("FIELD_GET(GENMASK(7, 4), 0x5a)", 5), ("FIELD_PREP(GENMASK(7, 4), 5)", 80), ("PAGE_ALIGN(1)", 4096), ("U8_MAX", 255), ("S32_MIN < 0", 1), ("U64_MAX == -1ULL", 1),
    ("-ENOMEM", -12), ("-EOPNOTSUPP", -95), ("-ERESTARTSYS", -512), ("GFP_KERNEL & __GFP_DIRECT_RECLAIM", 0x400), ("GFP_ATOMIC & __GFP_DIRECT_RECLAIM", 0),
    ("IS_ERR(ERR_PTR(-ENOMEM))", 1), ("PTR_ERR(ERR_PTR(-EIO))", -5), ("IS_ERR(&many[0])", 0), ("IS_ERR(NULL)", 0), ("IS_ERR_OR_NULL(NULL)", 1),
    ("PTR_ERR_OR_ZERO(&many[0])", 0), ("min(many[0], 5)", 0), ("max(n, 2)", 9), ("PAGE_SIZE >> PAGE_SHIFT", 1), ("IS_ENABLED(CONFIG_X)", 0),
]  # fmt: skip


@pytest.mark.parametrize("what,gives", NUMBERS)
def test_numbers(what, gives):
    assert alone("int many[3]; long r;", f"int n = 9; r = {what};").memory["r"] == gives


def test_what_a_text_says_and_nothing_comes_of():
    said = 'pr_err("%d", 1); pr_info_once("x"); dev_warn(NULL, "x"); trace_kvm_entry(1, 2); might_alloc(GFP_ATOMIC); printk(KERN_ERR "x");'
    assert alone("int x;", said).kinds == ()


@pytest.mark.parametrize(
    "call,way",
    [("this_cpu_inc(x)", "DEFINE_PER_CPU"), ("__alloc_percpu(1, 2)", "alloc_percpu.TYPE."), ("prepare_to_wait(&q, 1, 2)", "wait_event"), ("jiffies", "unsigned long jiffies"), ("queue_work(a, b)", "--run"),
     ("kmaloc(1)", "did you mean kmalloc"), ("xa_alloc(&x, &y, 1, 2, 3)", "xa_insert"), ("xa_extract(&x, &y, 1, 2, 3)", "array of pointers"), ("xas_lock(&x)", "calls by index")],
)  # fmt: skip
def test_what_is_not_read_has_a_way_out(call, way):
    with pytest.raises(InputError, match=way):
        alone("int x;", f"x = {call};")


def test_memory_is_used_again_where_none_is_new():
    text = """
struct s { spinlock_t lock; int n; };
static struct s *g;
static int v;
"""
    again = "for (v = 0; v < 9; v++) { struct s *p = kzalloc(sizeof(*p), GFP_KERNEL); spin_lock(&p->lock); p->n = v; kfree(p); }"
    assert not broken(text, again.replace("kfree", "spin_unlock(&p->lock); kfree"))
    seven = "for (v = 0; v < 7; v++) { g = kmalloc(sizeof(*g), GFP_KERNEL); if (v) WARN_ON(g->n); g->n = v; kfree(g); }"
    assert "before it has a value" in broken(text, seven)


def test_a_local_variable_is_not_freed_and_what_must_not_fail_does_not():
    for kind in ("int", "atomic_t"):
        assert "kfree() of v, a local variable" in broken("", f"{kind} v; kfree(&v);")
    made = scenario_of_c(
        "struct s { int n; };", run=("struct s *p = kmalloc(sizeof(*p), GFP_KERNEL | __GFP_NOFAIL); p->n = 1; kfree(p);",), may_fail=("alloc",),
    )  # fmt: skip
    assert explore(made).verdict == "ok"


LOOPS = """
struct o { int v; };
static struct o *g;
static void loses(void) { for (int i = 0; i < 8; i++) { struct o *p = kzalloc(sizeof(*p), GFP_KERNEL); p->v = 1; } }
static void overwrites(void) { for (int i = 0; i < 8; i++) g = kzalloc(sizeof(*g), GFP_KERNEL); kfree(g); }
static void many(void) { struct o *a[8]; for (int i = 0; i < 8; i++) a[i] = kzalloc(sizeof(struct o), GFP_KERNEL); for (int i = 0; i < 8; i++) kfree(a[i]); }
"""


def test_a_loop_that_loses_an_object_on_every_turn_is_told_as_that():
    lost = "no memory may be lost: somebody points to it, or it is freed"
    for run, threads, steps in (
        ("loses();", 1, 2),
        ("loses();", 2, 2),
        ("overwrites();", 1, 4),
        ("overwrites();", 2, 4),
    ):
        found = explore(scenario_of_c(LOOPS, run=(run,), threads=threads), "none")
        assert (found.verdict, found.property, found.steps) == ("violation", lost, steps)
    with pytest.raises(ModelError, match="wants one more; let fewer CPUs or rounds allocate"):
        explore(scenario_of_c(LOOPS, run=("many();",), threads=1), "none")


REST = [  # from where a loop goes on, and what it meets
    ("i = &a; hlist_for_each_entry_continue(i, h)", 23), ("i = &b; hlist_for_each_entry_from(i, h)", 23), ("i = NULL; hlist_for_each_entry_from(i, h)", 0),
    ("i = &c; hlist_for_each_entry_continue_rcu(i, h)", 0), ("i = &a; hlist_for_each_entry_from_rcu(i, h) if (i->n == 2) continue; else", 13),
    ("hlist_for_each_entry(i, &l, h) if (i->n == 2) break; hlist_for_each_entry_continue(i, h)", 3),
]  # fmt: skip


def test_an_hlist_is_gone_over_from_an_entry_on():
    text = "struct e { int n; struct hlist_node h; }; static HLIST_HEAD(l); struct e a = { 1 }, b = { 2 }, c = { 3 }; int r; "
    text += "static void fill(void) { hlist_add_head(&c.h, &l); hlist_add_head(&b.h, &l); hlist_add_head(&a.h, &l); }"
    for loop, met in REST:
        ran = alone(text, f"struct e *i; fill(); {loop} r = r * 10 + i->n; WARN_ON(i);")
        assert (ran.memory["r"], ran.broken) == (met, ()), loop
    said = alone(text, "struct e *i = &b; fill(); hlist_for_each_entry_from(i, h) hlist_del(&i->h);").broken[0]
    assert "b.h, which was taken off a list" in said


def test_the_way_out_for_ids_of_an_xarray_takes_the_first_free_index():
    text = "static DEFINE_XARRAY(xa); int a, b; static int take(void *entry, int *id) { int err; "
    text += "for (*id = 0; (err = xa_insert(&xa, *id, entry, GFP_KERNEL)) == -EBUSY; (*id)++) ; return err; }"
    ran = alone(text, "int i, j; WARN_ON(take(&a, &i) || take(&b, &j) || i || j != 1 || xa_load(&xa, 1) != &b);")
    assert ran.broken == ()
