"""At which line each step stands where a statement takes several, and what a step says of itself; loops that take no step, and those that do."""

import pytest

from tdxkit.c import runtime
from tdxkit.c.harness import scenario_of_c
from tdxkit.c.program import program
from tdxkit.errors import InputError, TdxkitError
from tdxkit.explore.telling import replay_steps
from tests.c.kernel.alone import alone, each_alone
from tests.c.test_layouts import declared

pytestmark = pytest.mark.many

T = """struct s { int n; struct list_head l; struct rcu_head rcu; }; int x, y, *q; struct s *g, o, t[2]; spinlock_t lock; struct mutex m; static LIST_HEAD(h); struct completion c; static DECLARE_WAIT_QUEUE_HEAD(w); struct rw_semaphore rw; struct srcu_struct srcu; unsigned long word; static DEFINE_PER_CPU(int, mine);
int two(int a, int b) { return a + b; }
"""


def steps(run, choices=(), text=T, **more):
    """What one CPU does: to its end, or until it waits."""
    scenario, taken = scenario_of_c(text, run=(run,), threads=1, **more), []
    for _ in range(40):
        at = len(taken)
        try:
            made = replay_steps(scenario, [*taken, (0, choices[at] if at < len(choices) else 0)])
        except TdxkitError:
            break
        taken.append((0, choices[at] if at < len(choices) else 0))
        if made.steps[-1].next is None:
            break
    return list(replay_steps(scenario, taken).steps)


@pytest.mark.slow
@pytest.mark.parametrize(
    "run, lines",
    [  # of each step its line
        ("x =\ny\n+ x;", [2, 3, 1]), ("x\n= y;", [2, 1]), ("if (x\n&& y)\nx = 1;", [1]), ("if (!x\n&& !y)\nx = 1;", [1, 2, 3]), ("while (!x)\nx = 1;", [1, 2, 1]), ("for (x = 0;\nx < 1;\nx++)\ny = 1;", [1, 2, 4, 3, 3, 2]), ("do\nx = 1;\nwhile (!x);", [2, 3]), ("y = two(x,\ny);", [1, 2, 1]), ("y = x\n? 1\n: x;", [1, 3, 1]), ("x++;\n++y;", [1, 1, 2, 2]), ("x +=\ny;", [2, 1, 1]), ("switch (x) {\ncase 0:\ny = 1;\n}", [1, 3]), ("{\nint a = x;\ny = a;\n}", [2, 3]),
        ("q =\nkmalloc(\nsizeof(int),\nGFP_KERNEL);", [2, 1]), ("g = kzalloc(\nsizeof(*g),\nGFP_KERNEL);", [1, 1]), ("q = kmalloc_array(x\n+ 3,\n4, 0);", [1, 1, 1]), ("kfree(\nq);", [2]), ("spin_lock(\n&lock);\nspin_unlock(&lock\n);", [1, 3]), ("guard(spinlock)(\n&lock);\nx = 1;", [1, 3, 3]), ("scoped_guard(spinlock,\n&lock)\n{\nx = 1;\n}", [1, 4, 5]), ("WRITE_ONCE(\nx,\ny);", [3, 2]), ("y = READ_ONCE(\nx);", [2, 1]), ("list_add(\n&o.l,\n&h);", [1, 1]), ("y = smp_load_acquire(\n&x);", [2, 1]),
        ("xchg(&x,\ny);", [2, 1]), ("WARN_ON(x\n|| y);", [1, 2]), ("complete(&c);\nwait_for_completion(\n&c);", [1, 2]), ("x = ({\ny = 1;\ny; });", [2, 3, 1]), ("goto out;\nx = 1;\nout:\ny = 1;", [4]), ("wait_event(w,\n!x);", [1, 2]), ("call_rcu(&o.rcu,\nfree_it);", [1]),
    ],
)  # fmt: skip
def test_the_line_of_each_step(run, lines):
    text = T + "void free_it(struct rcu_head *r) { kfree(container_of(r, struct s, rcu)); }\n"
    assert [step.line.index + 1 for step in steps(run, text=text)] == lines


@pytest.mark.parametrize("run", ["guard(spinlock)(&lock); x = 1;", "guard(spinlock)(&lock);\nif (!x)\nreturn;\nx = 1;", "int v;\nq = &v;", "atomic_t v;\natomic_set(&v, 1);"])  # fmt: skip
def test_what_is_undone_behind_the_last_statement_stands_at_a_line_of_it(run):
    made = replay_steps(scenario_of_c(T, run=(run,), threads=1), [(0, 0)] * len(steps(run)))
    assert all(made.line_at(step.line) in run.split("\n") for step in made.steps) and made.steps[-1].next is None


@pytest.mark.parametrize(
    "run, choices, said",
    [
        ("spin_lock(&lock); spin_unlock(&lock);", (), ["It takes lock.", "It lets go of lock."]), ("mutex_lock(&m); mutex_unlock(&m);", (), ["It takes m.", "It lets go of m."]), ("down_read(&rw); up_read(&rw);", (), ["It takes rw, as a reader.", "It lets go of rw."]), ("down_write(&rw); up_write(&rw);", (), ["It takes rw.", "It lets go of rw."]), ("if (spin_trylock(&lock)) spin_unlock(&lock);", (), ["It takes lock.", "It lets go of lock."]),
        ("g = kmalloc(sizeof(*g), GFP_KERNEL);", (), ["It has s#1.", ""]), ("g = kmalloc(sizeof(*g), GFP_KERNEL);", (1,), ["There is no memory.", ""]), ("kfree(kzalloc(sizeof(*g), GFP_KERNEL));", (), ["It has s#1.", "s#1 is freed."]), ("struct s *p = kmalloc(sizeof(*p), GFP_KERNEL); kfree_rcu(p, rcu);", (), ["It has s#1.", "s#1 is freed."]), ("rcu_read_lock(); struct s *p = kmalloc(sizeof(*p), GFP_ATOMIC); kfree_rcu(p, rcu); rcu_read_unlock();", (), ["", "It has s#1.", "s#1 goes when the readers have gone.", "s#1 is freed."]),
        ("synchronize_rcu();", (), ["No reader is left."]), ("synchronize_srcu(&srcu);", (), ["No reader is left."]), ("wait_for_completion_timeout(&c, 5);", (1,), ["The time is up."]), ("static struct semaphore s; down_timeout(&s, 5);", (1,), ["The time is up."]), ("wait_event_timeout(w, x, 5);", (0, 0, 0, 0, 1), ["", "", "It queues on w.", "", "The time is up.", "", ""]), ("wake_up(&w);", (), [""]), ("{ atomic_t v; atomic_set(&v, 1); }", (), ["", "", "--run 1.v#1 is freed."]),
    ],
)  # fmt: skip
def test_what_a_step_says(run, choices, said):
    made = steps(run, choices, may_fail=("alloc",)) if "no memory" in str(said) else steps(run, choices)
    told = [" ".join(part for part in said if part and part in step.sentence) for step, said in zip(made, [[s] for s in said])]  # fmt: skip
    assert (told, len(made)) == (said, len(said)), [step.sentence for step in made]


# Loops
@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(runtime, "ROUNDS", 4)
    runtime.went()


@pytest.mark.parametrize(
    "run",
    [
        "for (;;) ;", "while (1) ;", "do ; while (1);", "again: goto again;", "int i = 0; while (1) i++;", "int i; for (i = 0; i < 9; i++) ;", "int i = 0; again: if (i++ < 9) goto again;", "int i = 0; do i++; while (i < 9);", "struct s a, *p = &a; while (1) p->n = 1;", "int v[2], i = 0; for (;;) { v[i & 1] = i; i++; }",
    ],
)  # fmt: skip
def test_a_loop_without_a_step_ends(few, run):
    assert "a loop that goes round 4 times and looks at nothing that another CPU could change" in alone(T, run).broken[0]  # fmt: skip


BODIES = ["x = i;", "y = x;", "x++;", "*q2 = i;", "y = *q2;", "WRITE_ONCE(x, i);", "spin_lock(&lock); spin_unlock(&lock);", "y = two(x, 1);", "atomic_inc(&a);", "this_cpu_inc(mine);", "y = READ_ONCE(x);", "smp_mb();", "t[i & 1].n = i;", "memset(&o.n, 0, 4);", "set_bit(1, &word);", "complete(&c);", "wake_up(&w);", "preempt_disable(); preempt_enable();", "swap(x, y);", "xchg(&x, i);"]  # fmt: skip
LOOPS = ["for (i = 0; i < 9; i++) {{ {} }}", "i = 0; while (i < 9) {{ {} i++; }}", "i = 0; do {{ {} }} while (++i < 9);", "i = 0; again: {} if (++i < 9) goto again;"]  # fmt: skip


def test_a_loop_with_a_step_goes_on(few):
    runs = [f"int i, *q2 = &x; {loop.format(body)}" for body in BODIES for loop in LOOPS]
    assert each_alone(T + "atomic_t a; int r;", runs) == [0] * len(runs)


# Layouts, calls and callbacks at their bounds
def test_a_union_is_as_large_as_its_largest_member():
    found = declared("union a { u8 x; u32 y; u16 z; }; union b { u8 x[5]; u16 y; }; union c { struct { u8 a; u64 b; } x; u8 y[17]; }; union d { u32 x : 3; u8 y; };")  # fmt: skip
    assert [(found.tags[f"union {name}"].size, found.tags[f"union {name}"].align) for name in "abcd"] == [(4, 4), (6, 2), (24, 8), (4, 4)]  # fmt: skip


def test_bit_fields_that_are_neighbours_are_told_and_one_alone_is_not():
    assert declared("struct s { int a : 3; int b; int c : 2; };").told == {}
    assert declared("struct s { int a : 3; int : 0; int c : 2; };").told == {}
    (said,) = declared("struct s { int a : 3, b : 2; };").told
    assert "bit-fields that are neighbours are one memory location" in said


@pytest.mark.parametrize("values, size", [("A = 1", 4), ("A = -1", 4), ("A = 1UL << 32", 8), ("A = -1, B = 1L << 31", 8), ("A, B, C = 7", 4)])  # fmt: skip
def test_how_large_an_enum_is(values, size):
    assert declared(f"enum e {{ {values} }};").tags["enum e"].size == size


@pytest.mark.parametrize("values, size, signed", [("A", 1, False), ("A = 255", 1, False), ("A = 256", 2, False), ("A = 65535", 2, False), ("A = 65536", 4, False), ("A = -1", 1, True), ("A = -128, B = 127", 1, True), ("A = -1, B = 128", 2, True), ("A = -32769", 4, True), ("A = 1UL << 32", 8, False), ("A = -1, B = 1L << 31", 8, True)])  # fmt: skip
def test_how_small_a_packed_enum_is(values, size, signed):
    kind = declared(f"enum e {{ {values} }} __packed;").tags["enum e"]
    assert (kind.size, kind.signed) == (size, signed)


def test_the_calls_in_calls_of_one_are_counted_to_the_last():
    def nested(deep):  # 1 + 7 * (1 + 56 * (1 + 50)) is 20,000
        return f"int a(void) {{ return 1; }} int b(void) {{ return 0{' + a()' * 50}; }} int c(void) {{ return 0{' + b()' * 56}; }} int d(void) {{ return 0{' + c()' * 7}{' + a()' * deep}; }}"

    assert len(program(nested(0)).functions) == 4
    with pytest.raises(InputError, match=r"`d\(…\)`: calls in its calls come to more than 20,000"):
        program(nested(1))


@pytest.mark.parametrize(
    "body, waits",
    [("kfree(container_of(r, struct s, rcu));", False), ("struct s *p = container_of(r, struct s, rcu); kfree(p);", False), ("kvfree(r);", False), ("", True), ("x = 1; kfree(r);", True), ("kfree(r); kfree(r);", True), ("if (x) kfree(r);", True), ("kfree(r); two(1, 2);", True), ("two(1, 2);", True)],
)  # fmt: skip
def test_what_only_frees_goes_with_the_last_reader(body, waits):
    made = program(T + f"void free_it(struct rcu_head *r) {{ {body} }}", runs=("call_rcu(&g->rcu, free_it);",))
    assert any("the CPU that calls call_rcu() waits for the readers" in said for said in made.remarks) == waits


def test_a_name_of_the_models_is_told_as_another():
    made = scenario_of_c("int users;\nvoid x_get(u64 p) { users++; }\nvoid x_put(u64 p) { users--; }\n")
    assert "the text's users is told as my_users: the model has a users of its own" in made.own.told and "my_users" in made.shared  # fmt: skip


def test_a_cpus_variables_and_what_is_allocated_for_each():
    text = T + "int __percpu *each;\n"
    asleep = "nobody may sleep under a spinlock"
    assert asleep in alone(text, "spin_lock(&lock); each = alloc_percpu(int); spin_unlock(&lock);").broken
    assert (
        asleep in alone(text, "spin_lock(&lock); each = alloc_percpu_gfp(int, GFP_KERNEL); spin_unlock(&lock);").broken
    )
    assert asleep not in alone(text, "spin_lock(&lock); each = alloc_percpu_gfp(int, GFP_ATOMIC); spin_unlock(&lock);").broken  # fmt: skip
    for take, give in (("get_cpu();", "put_cpu();"), ("get_cpu_var(mine) = 1;", "put_cpu_var(mine);"), ("get_cpu_var(mine) = 1;", "put_cpu_ptr(mine);")):  # fmt: skip
        assert alone(text, f"{take} x = preemptible(); {give} y = preemptible();").memory["y"] == 1
        assert alone(text, f"{take} x = preemptible() + 5; {give}").memory["x"] == 5
        assert alone(text, take).broken == ("at the end preemption and interrupts must be on",)


def test_interrupts_are_on_after_an_xarrays_call_that_is_irq():
    text = "static DEFINE_XARRAY(xa); int r, v;"
    for call in ("xa_store_irq(&xa, 1, &v, GFP_KERNEL)", "xa_erase_irq(&xa, 1)"):
        assert alone(text, f"local_irq_disable(); {call}; r = irqs_disabled();").memory["r"] == 0
    for call in ("xa_store_bh(&xa, 1, &v, GFP_ATOMIC)", "xa_erase(&xa, 1)"):
        assert alone(text, f"local_irq_disable(); {call}; r = irqs_disabled(); local_irq_enable();").memory["r"] == 1


@pytest.mark.parametrize("asked, gives", [("hweight64(-1)", 64), ("hweight_long(-2L)", 63), ("hweight32(-1)", 32), ("fls(-1)", 32), ("ffs(-2)", 2), ("lower_32_bits(-1L) == 0xffffffff", 1), ("upper_32_bits(-1L) == 0xffffffff", 1), ("hweight64(1UL << 63)", 1), ("srcu_read_lock(&srcu)", 0)])  # fmt: skip
def test_numbers_with_a_sign(asked, gives):
    assert alone(T + "long r = 7;", f"r = {asked};").memory["r"] == gives


def test_an_entry_beside_one_of_the_stack_is_no_step():
    own = "LIST_HEAD(mine); struct s a, b; list_add_tail(&a.l, &mine); list_add_tail(&b.l, &mine); "
    assert alone(T, own + "WARN_ON(list_next_entry(&a, l) != &b || list_prev_entry(&b, l) != &a); x = 1;").kinds == ("store",)  # fmt: skip
    shared = "list_add(&t[1].l, &h); list_add(&t[0].l, &h); "
    ran = alone(T, shared + "g = list_next_entry(&t[0], l); g = list_prev_entry(&t[1], l);")
    assert ran.kinds[4:] == ("load", "store", "load", "store") and ran.memory["g"] == ("t", 0)
