"""Local variables that another CPU comes to, or that are come to after their block: right programs are right, and what is wrong is told of the object."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.c.program import program
from tdxkit.explore.search import explore
from tests.c.kernel.alone import alone

WAITS = "while (!READ_ONCE(done)) cpu_relax();"
GETS = "while (!(p = READ_ONCE(q))) cpu_relax();"
SHOWN = f"int *q, done; void a(void) {{ int x = 1; WRITE_ONCE(q, &x); {WAITS} %s }}\nvoid b(void) {{ int y = 2, *mine = &y, *p; {GETS} %s }}\n"
ENDS = "WRITE_ONCE(done, 1);"

QUEUED = """
struct waiter { int done; struct list_head node; struct completion woken; };
static LIST_HEAD(queue);
static DEFINE_SPINLOCK(lock);
static int served;
static void join(struct waiter *w) { spin_lock(&lock); list_add_tail(&w->node, &queue); spin_unlock(&lock); }
void a(void)
{
	struct waiter w = { 0 };
	init_completion(&w.woken);
	join(&w);
	WAIT
}
void b(void)
{
	struct waiter *w = NULL;
	while (!w) {
		spin_lock(&lock);
		w = list_first_entry_or_null(&queue, struct waiter, node);
		if (w)
			list_del(&w->node);
		spin_unlock(&lock);
	}
	WAKE
}
"""


def told(text: str, memory: str = "sc"):
    """What two CPUs find: the verdict, and what is said of it."""
    result = explore(scenario_of_c(text, run=("a();", "b();")), "none", memory=memory)
    return result.verdict, str(result.property), tuple(result.races)


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_a_pointer_to_a_local_variable_is_followed_where_the_variable_lies(memory):
    assert told(SHOWN % ("", f"WARN_ON(*p == 1 && *mine == 2); {ENDS}"), memory)[:2] == (
        "violation", "WARN_ON() of line 2 never fires",
    )  # fmt: skip
    assert told(SHOWN % ("", f"WARN_ON(*p != 1 || *mine != 2 || p == mine); {ENDS}"), memory) == ("ok", "None", ())
    assert (
        told(SHOWN % ("WARN_ON(READ_ONCE(x) != 2);", "WRITE_ONCE(*p, 2); smp_store_release(&done, 1);"), memory)[0]
        == "ok"
    )


def test_who_comes_after_the_function_has_ended_is_told():
    verdict, rule, _ = told(SHOWN % ("", f"{ENDS} *p = 4;"))
    assert (verdict, rule) == ("violation", "line 2: use of a.x#1: it is x of a(), whose block has ended")


def test_a_race_on_a_local_variable_is_told():
    text = f"int *q, r, done; void a(void) {{ int x = 1; WRITE_ONCE(q, &x); x = 3; {WAITS} }}\n"
    races = told(text + f"void b(void) {{ int *p; {GETS} r = *p; {ENDS} }}\n")[2]
    assert len(races) == 1 and str(races[0]).startswith(
        "data race on a.x#1: line 1 of a (a plain store) and line 2 of b"
    )


@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize(
    "wait,wake,verdict",
    [
        ("while (!smp_load_acquire(&w.done)) cpu_relax();", "smp_store_release(&w->done, 1);", "ok"),
        ("wait_for_completion(&w.woken); WARN_ON(w.done != 1);", "w->done = 1; complete(&w->woken);", "ok"),
        ("while (!smp_load_acquire(&w.done)) cpu_relax();", "smp_store_release(&w->done, 1); complete(&w->woken);", "violation"),
        ("", "served = 1;", "violation"),
    ],
    ids=["flag", "completion", "touched after the flag", "nobody waits"],
)  # fmt: skip
def test_a_waiter_on_the_stack(wait, wake, verdict, memory):
    text = (
        QUEUED.replace("WAIT", wait)
        .replace("WAKE", wake)
        .replace("struct completion woken", "struct completion woken" if "woken" in wait + wake else "int woken")
    )
    text = text if "struct completion" in text else text.replace("init_completion(&w.woken);", "")
    assert told(text, memory)[0] == verdict


def test_a_request_that_points_to_another_local_variable():
    text = f"struct w {{ int *d; }}; struct w *q; int done; void a(void) {{ struct w x; int v = 1; x.d = &v; WRITE_ONCE(q, &x); {WAITS} }}\n"
    text += "void b(void) { struct w *p; while (!(p = READ_ONCE(q))) cpu_relax(); WARN_ON(*p->d != 1); WRITE_ONCE(done, 1); }\n"
    assert told(text)[0] == "ok"
    shown = f"int *q, done; void show(int x) {{ WRITE_ONCE(q, &x); {WAITS} }} void a(void) {{ show(4); }}\n"
    assert told(shown + f"void b(void) {{ int *p; {GETS} WARN_ON(*p != 4); {ENDS} }}\n")[0] == "ok"


@pytest.mark.parametrize(
    "puts", ["int x = 5; g.p = &x;", "int x = 5, *q = &x; g.p = q;", "struct o *o = &g; int x = 5; o->p = &x;"]
)
def test_what_was_put_into_a_variable_of_all_is_there_while_its_block_lasts(puts):
    text = "struct o { int *p; } g; int r;"
    ran = alone(text, f"{puts} r = *g.p;")
    assert (ran.memory["r"], ran.broken) == (5, ())
    assert "it is x of --run 1, whose block has ended" in alone(text, f"{{ {puts} }} r = *g.p;").broken[0]


STALE = [  # statements of one CPU, which variable
    ("int *p; { int x = 3; p = &x; } r = *p;", "x of --run 1"), ("struct o s; { int x = 3; s.p = &x; } r = *s.p;", "x of --run 1"), ("r = *gives();", "y of gives()"),
    ("int *p; for (int i = 0; i < 1; i++) { int t[2] = { 1, 2 }; p = t + 1; } r = *p;", "t of --run 1"), ("int *p; out(&p); r = *p;", "z of out()"),
]  # fmt: skip


@pytest.mark.parametrize("statements,which", STALE)
def test_a_variable_whose_block_has_ended_is_not_followed(statements, which):
    text = "struct o { int *p; }; int r; int *gives(void) { int y = 1; return &y; } void out(int **to) { int z = 1; *to = &z; }"
    assert f"it is {which}, whose block has ended" in " ".join(alone(text, statements).broken)


def test_what_is_left_on_a_list_is_told():
    text = "struct e { int n; struct list_head node; }; static LIST_HEAD(l);\n"
    rule = "nothing may be on a list that was freed, and no local variable whose block has ended"
    left = explore(scenario_of_c(text, run=("struct e x; list_add(&x.node, &l);",), threads=1), "none")
    assert (left.verdict, left.property) == ("violation", rule)
    freed = "struct e *x = kmalloc(sizeof(*x), GFP_KERNEL); list_add(&x->node, &l); kfree(x);"
    assert explore(scenario_of_c(text, run=(freed,), threads=1), "none").property == rule
    gone = "struct e x; list_add(&x.node, &l); list_del(&x.node);"
    assert explore(scenario_of_c(text, run=(gone,), threads=1), "none").verdict == "ok"


def test_two_local_variables_of_a_name_are_each_of_their_type():
    text = "struct s { int a, b; }; int *q, r;"
    ran = alone(text, "{ int x = 1; q = &x; r += *q; } { struct s x = { 2, 3 }; q = &x.b; r += *q; }")
    assert (ran.memory["r"], ran.broken) == (4, ()) and "--run 1.x (2)#1.b" in ran.memory


GIVEN = [  # an object without a name that other CPUs are shown, and how they come to it
    ("q = (int[]){ 1 };", "*q"), ("xchg(&q, (int[]){ 1 });", "*q"), ("cmpxchg(&q, NULL, (int[]){ 1 });", "*q"), ("w = (unsigned long)(int[]){ 1 };", "*(int *)w"),
    ("smp_store_release(&q, (int[]){ 1 });", "*q"), ("xa_store(&xa, 1, (int[]){ 1 }, GFP_KERNEL);", "*(int *)xa_load(&xa, 1)"),
    ("list_add(&((struct n){ .v = 1 }).l, &lh);", "list_first_entry(&lh, struct n, l)->v"), ("hlist_add_head(&((struct n){ .v = 1 }).h, &hh);", "({ struct n *i; int v = 0; hlist_for_each_entry(i, &hh, h) v = i->v; v; })"),
]  # fmt: skip


@pytest.mark.parametrize("statement,there", GIVEN)
def test_an_object_without_a_name_is_there_for_all_until_its_block_ends(statement, there):
    text = "struct n { int v; struct list_head l; struct hlist_node h; }; int *q, r; unsigned long w; static LIST_HEAD(lh); static HLIST_HEAD(hh); static DEFINE_XARRAY(xa);"
    assert alone(text, f"{statement} r = {there};").memory["r"] == 1
    assert "of --run 1, whose block has ended" in alone(text, f"{{ {statement} }} r = {there};").broken[0]


STAY = [  # functions of which no local variable escapes
    "int f(void) { int x = 1, *p = &x; *p = 2; return x; }", "void set(int *p) { *p = 4; } int f(void) { int x; set(&x); return x; }",
    "int *same(int *p) { return p; } int f(void) { int x = 1; return *same(&x); }", "int n; void f(void) { int x = 1, *p = &x; n = *p; WRITE_ONCE(n, *p); }",
    "struct s { int a; int *b; } g; void f(void) { struct s x = { 1 }, *p = &x; g.a = p->a; }", "int f(void) { int t[2] = { 1, 2 }, *p = t; return p[1] + *(t + 1); }",
    "struct e { int n; struct list_head l; }; void f(void) { LIST_HEAD(h); struct e x, *i; list_add(&x.l, &h); list_for_each_entry(i, &h, l) i->n = 1; list_del(&x.l); }",
]  # fmt: skip


@pytest.mark.parametrize("text", STAY)
def test_what_stays_in_its_function_is_no_object_of_all(text):
    assert not program(text, runs=("f();",)).unit.heap


OF_LITERALS = """
struct q { int n, m; } *g; struct s { int n; atomic_t c; };
static int r;
static int use(struct q *p) { return p->n; }
static struct q *same(struct q *p) { return p; }
static void show(struct q *p) { WRITE_ONCE(g, p); }
"""
ENDED = {  # statements that follow a literal after its block, and what they come to first
    "struct q *p; { p = &(struct q){ 1, 2 }; WARN_ON(p->n != 1); } r = p->m;": "(struct q){}#1.m",
    "struct q *p = NULL; if (!r) p = &(struct q){ 1 }; p->n = 3;": "(struct q){}#1.n",
    "struct q *p = NULL; int i; for (i = 0; i < 3; i++) p = same(&(struct q){ i }); p->n = 3;": "(struct q){}#3.n",
    "int *p; { p = (int[]){ 4, 5 }; WARN_ON(p[1] != 5); } r = p[1];": "(int[2]){}#1[1]",
    "struct q *p; if ((p = &(struct q){ 1 })) r = p->n; r = p->n;": "(struct q){}#1.n",
    "{ show(&(struct q){ 6 }); } r = g->n;": "(struct q){}#1.n",
    "struct q *p = ({ &(struct q){ 3 }; }); r = p->n;": "(struct q){}#1.n",
}
LASTS = (
    "struct q *p = &(struct q){ 1, 2 }; { WARN_ON(p->m != 2); p->n++; } WARN_ON(p->n != 2);",
    "int i; for (i = 0; i < 9; i++) { struct q *p = same(&(struct q){ i }); WARN_ON(p->n != i || p->m); p->m = 2; }",
    "show(&(struct q){ 6 }); WARN_ON(g->n != 6);",
    "int i = 0; again: show(&(struct q){ i }); WARN_ON(g->n != i || g->m); g->m = 3; if (++i < 9) goto again;",
    "struct s *p = &(struct s){ 4 }; atomic_inc(&p->c); WARN_ON(p->n != 4 || atomic_read(&p->c) != 1);",
    "struct q x = (struct q){ 3, 4 }, y; y = (struct q){ 5, 6 }; WARN_ON(x.m + y.m != 10);",
    "int n = 9; while (use(same(&(struct q){ n }))) n--;",
)


def test_an_object_without_a_name_lasts_until_its_block_ends():
    for statements, which in ENDED.items():
        said = f"use of --run 1.{which}: it is {which.partition('#')[0]} of --run 1, whose block has ended"
        assert alone(OF_LITERALS, statements).broken == (f"--run 1, line 1: {said}",), statements
    for statements in LASTS:
        assert alone(OF_LITERALS, statements).broken == (), statements


def test_another_cpu_comes_to_an_object_without_a_name():
    text = f"struct q {{ int n; }} *q; int done; void a(void) {{ WRITE_ONCE(q, &(struct q){{ 1 }}); {WAITS} }}\n"
    text += f"void b(void) {{ struct q *p; {GETS} WARN_ON(p->n != 1); %s }}"
    assert told(text % ENDS, "tso") == ("ok", "None", ())
    assert told(text % f"{ENDS} p->n = 2;")[1] == (
        "line 2: use of a.(struct q){}#1.n: it is (struct q){} of a(), whose block has ended"
    )
