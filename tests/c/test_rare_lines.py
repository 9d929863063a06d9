"""Ways through the reader that few texts take, each with the text that takes it: what comes of it, or what is said."""

import pytest

from tdxkit.c.designs import FLAGS, _alike, _does, _failing, _tables_of, design_in_c, in_c
from tdxkit.c.harness import scenario_of_c
from tdxkit.c.kernel.lists import EMPTY, GONE, ON, _fromshared, _without_page
from tdxkit.c.naming import scenario_of
from tdxkit.c.paste import pasted
from tdxkit.c.program import program
from tdxkit.c.runtime import PAGE
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.judging import judge
from tdxkit.explore.telling import replay
from tdxkit.linux.refcount.naming import scenario_of as design
from tdxkit.linux.refcount.registry import FAULTS, Variant
from tests.c.kernel.alone import alone, each_alone

pytestmark = pytest.mark.many

T = """struct in { int a, b; }; struct o { int n; struct in in; struct list_head l; u8 t[4]; } o = { 1, { 2, 3 } }, *p = &o, *g; struct flex { int n; struct in items[]; } *f; int n, r, x[3], *q; u64 w; spinlock_t l; static LIST_HEAD(h); DEFINE_PER_CPU(int, mine); DEFINE_PER_CPU(struct in, pair) = { 4, 5 }; static DEFINE_PER_CPU(int, row[3]);
"""
GIVES = [
    ("r = container_of(&o.in.b, struct o, in.b)->n;", 1), ("r = container_of(&p->in, struct o, in)->in.b;", 3), ("r = list_entry(&o.l, struct o, l)->n;", 1), ("r = sizeof_field(struct o, t) * 10 + sizeof_field(struct in, b);", 44), ("r = IS_ERR_VALUE(-5L) * 10 + IS_ERR_VALUE(5);", 10), ("r = +n + +o.n;", 1), ("unsigned char u = 200; r = +u;", 200), ("n ? (void)0 : (void)(r = 5);", 5), ("r = (&o)->in.b;", 3), ("; ; r = 2; ;", 2), ("enum e { A = 3, B }; enum e v = B; r = v;", 4), ("enum e : u8; r = 6;", 6),
    ("int a[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } }; r = a[1][2];", 6), ("struct in c = o.in; r = c.b;", 3), ("*(int *)&n = 7; r = n;", 7), ("(*(struct o *)p).n = 4; r = o.n;", 4), ("int v = 1; r = (v, v = 2, v);", 2), ("int d = 0; if (0) r = 1 / d; r = 8;", 8), ("lab: r = 1;", 1), ("int i; for (i = 3; i--; ) r += i;", 3),
]  # fmt: skip


def test_what_comes_of_it():
    assert dict(zip((run for run, _ in GIVES), each_alone(T, [run for run, _ in GIVES]))) == dict(GIVES)


@pytest.mark.parametrize(
    "run, gives",
    [
        ("r = smp_processor_id() + get_cpu(); put_cpu();", 0), ("get_cpu_var(mine) = 4; put_cpu_var(mine); r = per_cpu(mine, 0);", 4), ("r = per_cpu(pair, 0).b + per_cpu(pair, 0).a;", 9), ("this_cpu_write(row[1], 6); r = this_cpu_read(row[1]) + this_cpu_read(row[2]);", 6), ("this_cpu_add(pair.b, 3); r = this_cpu_ptr(&pair)->b;", 8), ("r = get_cpu_var(mine) + 2; put_cpu_var(mine);", 2), ("int *e = alloc_percpu(int); *this_cpu_ptr(e) = 5; r = *per_cpu_ptr(e, 0); free_percpu(e);", 5), ("struct in *e = alloc_percpu(struct in); this_cpu_inc(e->b); r = per_cpu_ptr(e, 0)->b; free_percpu(e);", 1), ("int *e = alloc_percpu(int); this_cpu_add(*e, 4); r = this_cpu_read(*e); free_percpu(e);", 4),
        ("this_cpu_or(mine, 6); this_cpu_and(mine, 3); r = this_cpu_read(mine);", 2), ("r = this_cpu_inc_return(mine) * 10 + this_cpu_dec_return(mine);", 10), ("r = this_cpu_xchg(mine, 3) * 10 + this_cpu_cmpxchg(mine, 3, 4); r = r * 10 + this_cpu_read(mine);", 34), ("r = raw_cpu_cmpxchg(mine, 3, 4) * 10 + raw_cpu_read(mine);", 0), ("__this_cpu_sub(mine, 2); r = __this_cpu_add_return(mine, 5);", 3),
    ],
)  # fmt: skip
def test_variables_of_a_cpu(run, gives):
    ran = alone(T, run)
    assert (ran.memory["r"], ran.broken) == (gives, ())


@pytest.mark.parametrize(
    "run, said",
    [
        ("r = per_cpu(n, 0);", "it is no variable of which each CPU has one"), ("x[1 ... 2] = 1;", "`...`: a range stands in a case only; write the elements one by one"), ("r = x[0 ... 1];", "`...`: a range stands in a case only"), ("int t[1 ... 2];", "a range stands in a case only"), ("xa_for_each(&o.l, n) r = 1;", "it takes 3 arguments"), ("hlist_for_each_foo(q, &h) { }", "this loop is not known"), ("r = _Generic(n, int: 1);", ""), ("r = { 1 };", ""), ("q = kmalloc(struct_bytes(o), 0);", ""), ("g = kmalloc(n, GFP_KERNEL); g = kzalloc(7, 0);", "struct o has"), ("r = y.z;", "`y`: it is not declared"), ("y.z = 1;", "`y`: it is not declared"), ("guard(mutex)(n);", "it takes the address of a lock"), ("r = offsetof(struct o, zz);", "has none such here"), ("int (*v)(void) = 0; r = *v;", "functions are called by name"), ("typeof(x[9]) v; typeof(zz) u;", ""), ("r = x @ 1;", "C has no such sign"), ("r = container_of(&n, struct o, in.z)->n;", "none such here"), ("r = container_of(&n, struct o, zz.a)->n;", "none such here"),
    ],
)  # fmt: skip
def test_what_is_said(run, said):
    with pytest.raises(InputError) as error:
        program(T, runs=(run,))
    assert said in str(error.value)


def test_elements_behind_a_struct_by_the_bytes_of_a_variable():
    ran = alone(T, "w = sizeof(*f) + 3 * sizeof(struct in); f = kzalloc(w, GFP_KERNEL); f->items[2].b = 5; r = f->items[2].b;")  # fmt: skip
    assert (ran.memory["r"], ran.broken) == (5, ())
    (said,) = alone(T, "w = sizeof(*f) + 3 * sizeof(struct in); f = kzalloc(w, GFP_KERNEL); f->items[3].b = 5;").broken
    assert "which has 3" in said
    assert alone(T, "w = 8; q = kzalloc(w, GFP_KERNEL); q[1] = 5; r = q[1];").memory["r"] == 5
    assert "which has 2" in alone(T, "w = 8; q = kzalloc(w, GFP_KERNEL); q[2] = 5;").broken[0]
    assert alone(T, "q = kzalloc(65 * 4, GFP_KERNEL); q[63] = 5; r = q[63];").memory["r"] == 5


# Pages in hand, on lists of a CPU and on those that CPUs share
class Memory:
    """Two shared lists of pages, and how many pages the CPU has in hand."""

    def __init__(self, first=EMPTY, second=EMPTY):
        self.c_cells, self.c_heap, self.c_counted, self.c_lists = (
            {"a": ("a",), "b": ("b",)},
            {},
            {},
            (("a", 0), ("b", 0)),
        )
        self.a, self.b, self.hand = first, second, 0

    def note(self, what, by=0):
        self.hand += by
        return self.hand


def ran(program_, *values):
    while True:
        try:
            next(program_)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize(
    "first, second, stack, left",
    [
        ((PAGE, PAGE), (), (1,), ((PAGE,), (), (1,), 1)), ((("x", 0), PAGE, ("y", 0)), (PAGE,), (), ((("x", 0), ("y", 0)), (PAGE,), (), 1)), ((), (PAGE,), (), ((), (), (), 1)), ((), (), (5, (PAGE, PAGE), (PAGE,)), ((), (), (5, (PAGE,), (PAGE,)), 0)), ((("x", 0),), (), ((), (PAGE,)), ((("x", 0),), (), ((), ()), 0)),
    ],
)  # fmt: skip
def test_a_page_is_taken_off_the_first_list_that_has_one(first, second, stack, left):
    m = Memory(first, second)
    made = ran(_fromshared(m, "list_del", stack))
    assert (m.a, m.b, made, m.hand) == left


def test_a_page_that_is_on_no_list():
    for stack in ((), (1, ()), (("x", 0),)):
        with pytest.raises(AssertionError, match="list_del\\(\\) of a page that is on no list of its CPU"):
            _without_page(stack)


PAIR = "static DEFINE_SPINLOCK(lock);\n%s\nstatic void x_get(u64 pfn)\n{\n\t%s\n}\nstatic void x_put(u64 pfn)\n{\n\t%s\n}\n"
LOST = "no page may be lost"


@pytest.mark.parametrize(
    "get, put, lost",
    [
        ("struct page *p = alloc_page(GFP_KERNEL); if (p) __free_page(p);", "", 0), ("struct page *p = alloc_page(GFP_KERNEL);", "", 1), ("struct page *p = alloc_pages(GFP_KERNEL, 0); __free_page(p);", "", 0), ("struct page *p = alloc_page(GFP_KERNEL); if (p) list_add(&p->lru, &pool);", "", 0), ("LIST_HEAD(own); struct page *p = alloc_page(GFP_KERNEL); list_add(&p->lru, &own); list_del(&p->lru); __free_page(p);", "", 0), ("LIST_HEAD(own); struct page *p = alloc_page(GFP_KERNEL); list_add(&p->lru, &own);", "", 1), ("slot = alloc_page(GFP_KERNEL);", "if (slot) { __free_page(slot); slot = NULL; }", 0),
        ("LIST_HEAD(own); if (!tdx_alloc_pamt_pages(&own)) tdx_free_pamt_pages(&own);", "", 0), ("LIST_HEAD(own); tdx_alloc_pamt_pages(&own);", "", 1), ("struct page *two[2]; if (!alloc_pamt_array(two)) free_pamt_array(two);", "", 0), ("struct page *two[2]; alloc_pamt_array(two);", "", 1),
    ],
)  # fmt: skip
def test_pages_that_a_pair_has_in_hand(get, put, lost):
    text = PAIR % ("static LIST_HEAD(pool); static struct page *slot;", get, put or ";")
    found = judge(scenario_of_c(text, threads=1)).result
    assert bool([rule for rule in (found.broken or ()) if rule == LOST]) == bool(lost), found.broken


# Designs and their C
def test_which_designs_have_c():
    assert (
        design_in_c("nothing") is None
        and design_in_c("v2").title == "v2, in C"
        and len(design_in_c("v2", 3).threads) == 3
    )
    assert len(design_in_c("per-region").shared["refcount"]) == 2 and len(design_in_c("v2").shared["refcount"]) == 1
    assert [len(design_in_c(name, 3).threads) for name in FLAGS] == [2, 2] and design_in_c("v2", rounds=2).rounds == 2
    for word, fault in (
        ("alloc", "enomem"),
        ("add", "add-fails"),
        ("remove", "remove-fails"),
        ("pages", "page-by-page"),
    ):
        assert list(_failing(Variant("", "x", **{FAULTS[fault][1]: True}))) == [word]
    assert list(_failing(Variant(""))) == [] and _does("load(x)") == "load" and _does("load") == "load"
    assert _alike({"refcount[0]": 1, "z": 2}, {"refcount[0]": 1, "z": 3}) and not _alike({"pair[0]": 1}, {"pair[0]": 2}) and _alike({"pair[0]": 1}, {})  # fmt: skip


def test_a_recording_at_the_lines_of_c():
    found = judge(design("inc-first")).result
    run = replay(design("inc-first"), found.schedule)
    told = in_c(run)
    assert told is not None and [s.label for s in told.steps] == [s.label for s in run.steps] and all(s.line and s.line.text in told.texts for s in told.steps)  # fmt: skip
    assert _tables_of("no code") is None and _tables_of(run.code) is _tables_of(run.code)


def test_texts_that_are_given_up_on_in_one_line():
    assert "calls are nested to a depth of 60" in str(
        _error(
            lambda: program(
                "".join(f"int f{k}(void) {{ return f{k + 1}(); }} " for k in range(61)) + "int f61(void) { return 1; }"
            )
        )
    )
    assert "it is Python, and C is read here" in str(
        _error(lambda: scenario_of("def f(m):\n    yield 1\n", run=("f();",)))
    )
    assert "no function and no declaration of C stands in it" in str(_error(lambda: scenario_of("Dear all,\n\nthis is prose about def f(x): and more\n", run=("f();",))))  # fmt: skip
    moved = pasted("--- a/x.c\n+++ b/x.c\n@@ -1,3 +1,3 @@\n void f(void)\n {\n }\n")
    assert not any("told too high" in said for said in moved.remarks)


def _error(how):
    with pytest.raises((InputError, ModelError)) as error:
        how()
    return error.value


def test_what_an_entry_says_that_was_written_over():
    text = "struct e { struct list_head n; } a, b; static LIST_HEAD(h); struct e *p; "
    left = "list_add(&a.n, &h); INIT_LIST_HEAD(&h); "
    for call in ("p = list_next_entry(&a, n)", "list_del(&a.n)", "list_move(&a.n, &h)"):
        assert "of a.n, which was on a list whose head was initialised again" in alone(text, f"{left}{call};").broken[0]
    assert "list_add() of a.n, which is no list that was initialised" in alone(text, f"{left}list_add(&b.n, &a.n);").broken[0]  # fmt: skip
    assert "of a.n, which is on no list" in alone(text, "INIT_LIST_HEAD(&a.n); list_replace(&a.n, &b.n);").broken[0]
    assert (ON, GONE) == ("on", "taken off a list")
